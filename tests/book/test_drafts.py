"""Drafts run beside the book, and only there, until one takes the place of its chapter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ecglib.book.check import check
from ecglib.book.command import main
from ecglib.book.headers import read_headers
from ecglib.book.pairs import in_step
from ecglib.book.provenance import source_sha256
from ecglib.book.publish import publish
from ecglib.book.results import read_results
from ecglib.book.run import run
from ecglib.errors import ChapterError

Write = Callable[..., Path]


@pytest.fixture
def book(tmp_path: Path, make_book: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_book(tmp_path / "book")
    monkeypatch.chdir(root)
    return root


def files(book: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(book)): file.read_bytes()
        for file in book.rglob("*")
        if file.is_file() and "_build" not in file.parts
    }


def list_page(book: Path, name: str) -> None:
    toc = book / "_toc.yml"
    toc.write_text(toc.read_text() + f"  - file: notebooks/{name}\n", encoding="utf-8")


def test_without_drafts_there_is_nothing_to_run(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--drafts"]) == 0
    assert "There are no drafts" in capsys.readouterr().out
    assert main(["status"]) == 0
    assert "drafts" not in capsys.readouterr().out
    assert main(["run", "--drafts", "10_alone"]) == 1
    assert "there is no draft 10_alone" in capsys.readouterr().err


@pytest.mark.book
def test_drafts_run_apart_with_what_they_need(
    book: Path, write_draft: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    write_draft(book, "01_second", 'chapter.record("cnn.intra.accuracy", 0.25)', needs="00_first")
    before = files(book)
    assert run(book, "smoke", drafts=True) == ["00_first", "01_second"]
    assert run(book, "smoke", drafts=True) == []
    assert "all 2 drafts and chapters that they need are up to date" in capfd.readouterr().out
    made = read_results(book / "_build/drafts/smoke/results/01_second.json")
    assert made.metrics["cnn.intra.accuracy"].value == 0.25
    assert made.provenance["source_sha256"] == source_sha256(book / "notebooks/drafts/01_second.py")
    assert not (book / "_build/smoke/results").exists()
    assert files(book) == before


def test_no_other_command_sees_a_draft(
    book: Path, write_draft: Write, pretend_run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    pretend_run(book, "cpu")
    publish(book, "cpu", list(read_headers(book)))
    quiet = check(book)
    before = files(book)
    write_draft(book, "01_second", "1 / 0", needs="20_new")
    draft = write_draft(book, "20_new", "1 / 0")
    draft.write_text(draft.read_text() + "\n# %% [markdown]\n# {glue:text}`nobody.recorded.this`\n", encoding="utf-8")
    assert check(book) == quiet
    assert main(["pair"]) == 0
    assert {name: content for name, content in files(book).items() if "drafts" not in name} == before
    capsys.readouterr()
    assert main(["status"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "drafts: 01_second, 20_new"
    assert not [line for line in said[:-1] if line.startswith("20_new")]


def test_a_draft_becomes_the_chapter(book: Path, write_draft: Write, pretend_run: Callable[..., Path]) -> None:
    pretend_run(book, "cpu")
    publish(book, "cpu", list(read_headers(book)))
    draft = write_draft(book, "10_alone", 'print("better")', needs="00_first")
    digest = source_sha256(draft)
    pretend_run(book, "cpu", drafts=True)
    before = files(book)
    publish(book, "cpu", ["10_alone"], drafts=True)
    source = book / "notebooks" / "10_alone.py"
    assert not draft.exists()
    assert "draft" not in source.read_text(encoding="utf-8")
    assert "draft" not in source.with_suffix(".ipynb").read_text(encoding="utf-8")
    assert source_sha256(source) == digest
    header = read_headers(book)["10_alone"]
    assert header.needs == ("00_first",)
    assert in_step(header)
    assert [problem for problem in check(book) if problem.place == "10_alone"] == []
    changed = {name for name, content in files(book).items() if before.get(name) != content}
    assert changed == {"notebooks/10_alone.py", "notebooks/10_alone.ipynb", "results/cpu/10_alone.json"}


def test_a_draft_that_is_not_ready_changes_nothing(
    book: Path, write_draft: Write, pretend_run: Callable[..., Path]
) -> None:
    write_draft(book, "20_new", "x = 1")
    write_draft(book, "21_newer", "x = 1", needs="20_new")
    output = pretend_run(book, "cpu", drafts=True)
    before = files(book)

    def refused(said: str, *names: str, scale: str = "cpu") -> None:
        with pytest.raises(ChapterError, match=said):
            publish(book, scale, names, drafts=True)

    refused("smoke run can't be published", "20_new", scale="smoke")
    refused(r"_toc.yml: the draft 20_new is missing from the contents.*notebooks/20_new", "20_new")
    assert files(book) == before
    list_page(book, "20_new")
    list_page(book, "21_newer")
    before = files(book)
    refused("ran with drafts that would stay drafts.*20_new, 21_newer", "21_newer")
    notebook = output / "notebooks" / "21_newer.ipynb"
    notebook.rename(notebook.with_suffix(".kept"))
    refused("has not been run", "20_new", "21_newer")
    notebook.with_suffix(".kept").rename(notebook)
    assert files(book) == before
    publish(book, "cpu", ["20_new", "21_newer"], drafts=True)
    assert list(read_headers(book))[-2:] == ["20_new", "21_newer"]


@pytest.mark.book
def test_one_command_runs_a_draft_and_makes_it_the_chapter(
    book: Path, write_draft: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    write_draft(book, "10_alone", 'chapter.record("cnn.intra.accuracy", 0.75)')
    assert main(["run", "--drafts", "10_alone", "--scale", "smoke", "--publish"]) == 1
    assert "a smoke run can't be published" in capfd.readouterr().err
    assert main(["run", "--drafts", "10_alone", "--scale", "cpu", "--publish"]) == 0
    assert "published notebooks/10_alone.py\npublished notebooks/10_alone.ipynb" in capfd.readouterr().out
    assert check(book, only=["10_alone"]) == []
    assert not list(book.glob("notebooks/drafts/*"))
