"""Search, contents, dropdowns, dark mode, copy buttons: what a reader clicks."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from ecglib.book.build import contents

from .conftest import PATIENCE, SITE

CHAPTER = "notebooks/00_reading_an_ecg.html"


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


def _channels(colour: str) -> list[int]:
    return [int(part) for part in colour.split("(")[1].rstrip(")").split(",")[:3]]
