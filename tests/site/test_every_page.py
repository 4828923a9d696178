"""What must hold on each page, whatever it is about."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

from .conftest import PHONE, SITE, visit

RULES = ("color-contrast", "heading-order", "page-has-heading-one", "empty-heading", "image-alt", "link-name")
RULES += ("button-name", "label", "duplicate-id-aria", "html-has-lang", "document-title", "list", "listitem")


def test_it_loads_with_no_error_and_no_missing_file(address: str, server: str, desktop: Page) -> None:
    said: list[str] = []

    def console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    def failed(request: Request) -> None:
        said.append(f"{request.url}: {request.failure}")

    def answered(response: Response) -> None:
        if response.status >= 400:
            said.append(f"{response.url}: {response.status}")
        if not response.url.startswith((server, "data:")):
            said.append(f"{response.url}: not the book's own")

    def crashed(error: Error) -> None:
        said.append(str(error))

    handlers = {"console": console, "requestfailed": failed, "response": answered, "pageerror": crashed}
    for event, handler in handlers.items():
        desktop.on(event, handler)
    desktop.goto(server + address, wait_until="networkidle")
    for event, handler in handlers.items():
        desktop.remove_listener(event, handler)
    assert said == []


def test_every_picture_has_words_and_is_there(address: str, server: str, desktop: Page) -> None:
    visit(desktop, server + address)
    pictures = desktop.eval_on_selector_all(
        "article img", "all => all.map(one => [one.src.slice(0, 80), one.alt.trim(), one.naturalWidth])"
    )
    assert [source for source, words, width in pictures if len(words) < 10 or not width] == []


def test_no_page_scrolls_sideways_on_a_phone(address: str, server: str, phone: Page) -> None:
    visit(phone, server + address)
    assert phone.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("mode", ["desktop", "night"])
def test_axe_finds_nothing(address: str, mode: str, server: str, request: pytest.FixtureRequest) -> None:
    page: Page = request.getfixturevalue(mode)
    visit(page, server + address)
    assert page.evaluate("document.documentElement.dataset.theme") == {"desktop": "light", "night": "dark"}[mode]
    rules = RULES if mode == "desktop" else RULES[:1]  # by night the colours are others, and nothing else is
    found = Axe().run(page, options={"runOnly": {"type": "rule", "values": list(rules)}})
    told = [
        f"{violation['id']}: {node['target'][0]}: {node['html'][:120]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]
    assert told == []


def test_links_lead_somewhere(address: str) -> None:
    file = SITE / address
    missing = []
    for link in BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser").select("[href], [src]"):
        target, place = urldefrag(urljoin(address, str(link.get("href") or link.get("src"))))
        if "://" in target or target.startswith(("data:", "mailto:", "javascript:")):
            continue
        wanted = SITE / unquote(target).split("?")[0] if target else file
        if wanted.is_dir():
            wanted = wanted / "index.html"
        if not wanted.is_file() or (place and place not in _places(wanted)):
            missing.append(f"{target}#{place}" if place else target)
    assert missing == []


_KNOWN: dict[Path, set[str]] = {}


def _places(file: Path) -> set[str]:
    """Give the ids of a page: where its links may point."""
    if file not in _KNOWN:
        page = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
        _KNOWN[file] = {str(tag["id"]) for tag in page.select("[id]")}
    return _KNOWN[file]
