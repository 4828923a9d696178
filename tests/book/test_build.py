from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ecglib.book.build import BANNERS, build, contents
from ecglib.book.publish import publish
from ecglib.errors import ChapterError

pytestmark = pytest.mark.book

LOADED = re.compile(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"([^\"]*)\"|<link\b[^>]*\bhref=\"([^\"]*)\"")
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def book(
    tmp_path_factory: pytest.TempPathFactory,
    make_book: Callable[[Path], Path],
    pretend_run: Callable[[Path, str], Path],
) -> Path:
    root = make_book(tmp_path_factory.mktemp("build") / "book")
    pretend_run(root, "cpu")
    publish(root, "cpu", ["00_first", "01_second", "10_alone"])
    source = root / "notebooks" / "00_first.py"
    source.write_text(source.read_text(encoding="utf-8").replace("Some prose", "Better prose"), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def pages(book: Path) -> dict[str, str]:
    """The HTML of the committed book, by page."""
    index = build(book)
    assert index == book / "_build" / "html" / "index.html"
    return {
        str(file.relative_to(index.parent).with_suffix("")): file.read_text(encoding="utf-8")
        for file in index.parent.rglob("*.html")
        if "_static" not in file.parts
    }


def test_every_page_of_the_contents_is_there(book: Path, pages: dict[str, str]) -> None:
    assert set(contents(book)) <= set(pages)
    assert "Better prose" in pages["notebooks/00_first"]
    assert "00_first printed this" in pages["notebooks/00_first"]
    assert "A hosted notebook" not in pages["notebooks/00_first"], "the set-up cell is hidden"


def test_pages_load_nothing_from_elsewhere(book: Path, pages: dict[str, str]) -> None:
    checked = 0
    for name, page in pages.items():
        for match in LOADED.finditer(page):
            address = match[1] or match[2]
            assert not re.match(r"(https?:)?//", address), f"{name} loads {address}"
            if not address.startswith(("#", "data:")):
                file = (book / "_build" / "html" / name).parent / address.split("?")[0].split("#")[0]
                assert file.exists(), f"{name} loads {address}, which is not there"
                checked += 1
        assert not re.search(r"cdn\.|unpkg\.com|cdnjs", page), f"{name} names a content delivery network"
    assert checked > 50
    assert "mathjax/tex-chtml.js" in pages["notebooks/00_first"]
    assert len(list((book / "_build/html/_static/mathjax/output/chtml/fonts/woff-v2").glob("*.woff"))) > 20


def test_pages_have_mode_icon_and_no_buttons_that_lead_nowhere(pages: dict[str, str]) -> None:
    for name in ("book/intro", "notebooks/00_first"):
        assert 'data-default-mode="auto"' in pages[name]
        assert "favicon.svg" in pages[name]
        assert "book.css" in pages[name]
        assert "colab" not in pages[name]
        assert "announcement__content" not in pages[name]


def test_a_second_build_has_nothing_to_do(
    book: Path, pages: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    built = (book / "_build/html/index.html").stat().st_mtime_ns
    assert build(book) == book / "_build/html/index.html"
    assert "Nothing to build" in capsys.readouterr().out
    assert (book / "_build/html/index.html").stat().st_mtime_ns == built


def test_a_warning_fails_and_keeps_the_former_pages(
    book: Path, pages: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    intro = book / "book" / "intro.md"
    before = intro.read_text(encoding="utf-8")
    intro.write_text(before + "\n[a page](nowhere.md) and {cite}`nobody2026`\n", encoding="utf-8")
    try:
        with pytest.raises(ChapterError, match=r"Sphinx gave \d+ warning"):
            build(book)
        assert "nowhere.md" in capsys.readouterr().out
        assert (book / "_build/html/book/intro.html").read_text(encoding="utf-8") == pages["book/intro"]
    finally:
        intro.write_text(before, encoding="utf-8")


def test_a_run_has_its_own_pages_with_a_banner_and_an_address_brings_buttons(book: Path, pages: dict[str, str]) -> None:
    config = yaml.safe_load((book / "_config.yml").read_text(encoding="utf-8"))
    config["repository"]["url"] = "https://github.com/example/book"
    (book / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    index = build(book, "cpu")
    assert index == book / "_build" / "cpu" / "html" / "index.html"
    for name in contents(book):
        page = (index.parent / f"{name}.html").read_text(encoding="utf-8")
        assert BANNERS["cpu"] in page
    chapter = (index.parent / "notebooks" / "00_first.html").read_text(encoding="utf-8")
    assert "colab.research.google.com/github/example/book/blob/main/notebooks/00_first.ipynb" in chapter
    assert "mybinder.org/v2/gh/example/book/main?urlpath=lab/tree/notebooks/00_first.ipynb" in chapter
    downloaded = (index.parent / "_sources" / "notebooks" / "00_first.ipynb").read_text(encoding="utf-8")
    assert "git clone --quiet --depth 1 https://github.com/example/book" in downloaded
    assert (book / "_build/html/book/intro.html").read_text(encoding="utf-8") == pages["book/intro"]


def test_a_chapter_that_never_ran(tmp_path: Path, make_book: Callable[[Path], Path]) -> None:
    root = make_book(tmp_path / "book")
    with pytest.raises(ChapterError, match="has not been run"):
        build(root)
    (root / "_toc.yml").write_text("parts: [1]\n", encoding="utf-8")
    with pytest.raises(ChapterError, match="table of contents cannot be read"):
        contents(root)


def test_settings_of_the_real_book() -> None:
    config = yaml.safe_load((REPOSITORY / "_config.yml").read_text(encoding="utf-8"))
    assert config["execute"]["execute_notebooks"] == "off"
    assert config["only_build_toc_files"] is True
    binder = yaml.safe_load((REPOSITORY / ".binder" / "environment.yml").read_text(encoding="utf-8"))
    assert "pytorch-cpu>=2.11" in binder["dependencies"]
    assert "--constraint pins.txt --editable '.[book]'" in (REPOSITORY / ".binder" / "postBuild").read_text(
        encoding="utf-8"
    )
    assert ".venv" in config["exclude_patterns"]
    mathjax = REPOSITORY / "book" / "_static" / "mathjax"
    assert (mathjax / "LICENSE").is_file()
    assert (mathjax / "tex-chtml.js").stat().st_size < 2_000_000
