"""Search, contents, dropdowns, dark mode, copy buttons: what a reader clicks."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from ecglib.book.build import contents

from .conftest import PATIENCE, SITE

CHAPTER = "notebooks/00_reading_an_ecg.html"
CLAIMS = "book/claims.html"


def test_the_address_of_the_book_leads_to_its_first_page(server: str, desktop: Page) -> None:
    desktop.goto(server)
    desktop.wait_for_url("**/book/intro.html")
    expect(desktop.locator("h1").first).to_contain_text("ECG Deep Learning, Reproduced")


def test_pointing_at_a_word_tells_what_it_means(server: str, desktop: Page) -> None:
    desktop.goto(server + "notebooks/01_splits_and_leakage.html")
    word = desktop.locator("article a.explained", has_text="recall").first
    assert "the share that were called V" in str(word.get_attribute("title"))
    word.click()
    desktop.wait_for_url("**/book/glossary.html#term-Recall")


def test_the_reference_links_to_chapters(server: str, desktop: Page) -> None:
    desktop.goto(server + "book/api/models.html")
    entry = desktop.locator("dl.py:has(dt[id='ecglib.models.cnn.CNN'])")
    expect(entry).to_contain_text("Classify beats by convolution alone.")
    entry.locator("a[href='../../notebooks/10_cnn.html']").first.click()
    desktop.wait_for_url("**/notebooks/10_cnn.html")


def test_a_solution_is_closed_and_opens(server: str, desktop: Page) -> None:
    desktop.goto(server + CHAPTER)
    solution = desktop.locator("div.solution.admonition").first
    inside = solution.locator(".cell, p:not(.admonition-title)").first
    expect(inside).to_be_hidden()
    solution.locator("button.toggle-button").first.click()
    expect(inside).to_be_visible()


def test_an_exercise_is_open(server: str, desktop: Page) -> None:
    desktop.goto(server + CHAPTER)
    expect(desktop.locator("div.exercise.admonition p:not(.admonition-title)").first).to_be_visible()


def test_search_finds_a_word_and_its_page(server: str, desktop: Page) -> None:
    desktop.goto(f"{server}search.html?q=fibrillation", wait_until="networkidle")
    results = desktop.locator(f'#search-results a[href*="{CHAPTER}"]')
    expect(results.first).to_be_visible(timeout=PATIENCE)


def test_search_opens_from_a_page(server: str, desktop: Page) -> None:
    desktop.goto(server + CHAPTER)
    desktop.locator(".search-button-field, .search-button").locator("visible=true").first.click()
    field = desktop.locator("input[type=search]").locator("visible=true").first
    field.fill("leakage")
    field.press("Enter")
    desktop.wait_for_url("**/search.html?q=leakage*")


def test_the_contents_list_every_page(server: str, desktop: Page) -> None:
    desktop.goto(server + CHAPTER)
    listed = {
        str(link).removeprefix(server).split("#")[0]
        for link in desktop.locator("nav.bd-links a").evaluate_all("all => all.map(one => one.href)")
    }
    root = SITE.parents[1]
    wanted = {f"{page}.html" for page in contents(root)}
    assert wanted - listed == set()


def test_dark_mode_darkens_and_is_remembered(server: str, desktop: Page) -> None:
    desktop.goto(server + CHAPTER)
    light = desktop.evaluate("getComputedStyle(document.body).backgroundColor")
    button = desktop.locator(".theme-switch-button").locator("visible=true").first
    for _ in range(3):
        button.click()
        if desktop.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    dark = desktop.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(_channels(dark)) < sum(_channels(light)) / 2
    desktop.goto(server + "book/glossary.html")
    assert desktop.evaluate("document.documentElement.dataset.theme") == "dark"
    desktop.evaluate("localStorage.clear()")


def test_a_copy_button_copies_the_code(server: str, desktop: Page) -> None:
    desktop.goto(server + CHAPTER, wait_until="networkidle")
    block = desktop.locator("div.cell_input div.highlight").locator("visible=true").first
    block.hover()
    block.locator("button.copybtn").click()
    copied = desktop.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == block.locator("pre").inner_text().strip()


def test_folded_code_unfolds(server: str, desktop: Page) -> None:
    desktop.goto(server + CHAPTER)
    folded = desktop.locator("details.hide").first
    assert folded.get_attribute("open") is None
    folded.locator("summary").click()
    expect(folded.locator("pre").first).to_be_visible()


def test_claims_are_filtered_by_keyboard(server: str, desktop: Page) -> None:
    desktop.goto(server + CLAIMS)
    shown = desktop.locator(".claim").locator("visible=true")
    count = shown.count()
    desktop.locator("select[name=paper]").focus()
    desktop.keyboard.type("Jeong")
    desktop.keyboard.press("Tab")
    desktop.keyboard.press("Tab")
    desktop.keyboard.type("contr")
    expect(desktop.locator(".claims-filter output")).to_contain_text(f"of {count} claims")
    papers = shown.evaluate_all("all => all.map(one => one.dataset.paper + ' ' + one.dataset.verdict)")
    assert set(papers) == {"jeong2024 contradicted"}
    desktop.locator("input[name=statement]").fill("no claim says this")
    expect(shown).to_have_count(0)
    desktop.locator("button[type=reset]").focus()
    desktop.keyboard.press("Enter")
    expect(shown).to_have_count(count)


def test_a_chapter_leads_to_its_claim_even_where_it_was_filtered_out(server: str, desktop: Page) -> None:
    desktop.goto(server + "notebooks/15_comparison.html")
    desktop.locator("table.claims .statement a").first.click()
    desktop.wait_for_url("**/book/claims.html#*")
    claim = desktop.locator(".claim:target")
    expect(claim).to_be_in_viewport()
    assert claim.evaluate("one => getComputedStyle(one).backgroundColor") != "rgba(0, 0, 0, 0)"
    desktop.locator("select[name=verdict]").select_option("out of scope")
    expect(claim).to_be_hidden()
    desktop.evaluate("location.hash = document.querySelector('.matrix .claim').id")
    expect(desktop.locator(".matrix .claim:target")).to_be_in_viewport()


def test_claims_can_be_read_without_script(server: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server + CLAIMS)
    expect(page.locator(".claims-filter")).to_be_hidden()
    expect(page.locator(".claim").last).to_be_visible()
    context.close()


def _channels(colour: str) -> list[int]:
    return [int(part) for part in colour.split("(")[1].rstrip(")").split(",")[:3]]
