"""The built book, served on this machine, and a browser that reads it."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

SITE = Path(os.environ.get("ECGBOOK_SITE", Path(__file__).parents[2] / "_build" / "html"))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 120_000  # milliseconds, for a machine that has other work to do
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def pages() -> list[str]:
    """Name every page of the book below its folder, such as ``notebooks/10_cnn.html``; ``index.html`` only leads on."""
    found = [file.relative_to(SITE).as_posix() for file in SITE.rglob("*.html")]
    return sorted(page for page in found if not page.startswith(("_static", "genindex", "index", "search")))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask a test that takes ``address`` about every page."""
    if "address" in metafunc.fixturenames:
        skipped = [pytest.param("", marks=pytest.mark.skip(reason=NOT_BUILT))]
        metafunc.parametrize("address", pages() or skipped, scope="module")  # all tests of a page one after another


NOT_BUILT = "the book isn't built; run `make book` first"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing of each request."""


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Address of the book on this machine."""
    if not (SITE / "index.html").is_file():
        pytest.skip(NOT_BUILT)
    handler = functools.partial(_Quiet, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}/"
        serving.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, the distribution's own."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


def visit(page: Page, url: str) -> None:
    """Go to a page, unless it is open already."""
    if page.url != url:
        page.goto(url, wait_until="load")


@contextlib.contextmanager
def _window(browser: Browser, size: dict[str, int], **settings: object) -> Iterator[Page]:
    context = browser.new_context(viewport=size, **settings)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def desktop(browser: Browser) -> Iterator[Page]:
    """A window as wide as a laptop's, in light mode."""
    with _window(browser, DESKTOP, color_scheme="light", permissions=["clipboard-read", "clipboard-write"]) as page:
        yield page


@pytest.fixture(scope="module")
def night(browser: Browser) -> Iterator[Page]:
    """A window as wide as a laptop's, in dark mode."""
    with _window(browser, DESKTOP, color_scheme="dark") as page:
        yield page


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[Page]:
    """A window as wide as a phone's."""
    with _window(browser, PHONE, color_scheme="light", has_touch=True, is_mobile=True) as page:
        yield page
