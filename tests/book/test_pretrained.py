"""A run with published weights: what is trained, what is not, and what the pages say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from ecglib.book.run import output_folder, run
from ecglib.errors import ChapterError

pytestmark = pytest.mark.book

LOOK = 'print("weights from", chapter.needs("00_first").parent.name)'
TRAIN = '(chapter.folder / "own.safetensors").write_bytes(b"trained now") if not pretrained else print("skipped")'


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, make_book: Callable[[Path], Path]) -> Path:
    """Published weights of 00_first, which has the parameter and which 01_second needs; tests run in order."""
    root = make_book(tmp_path_factory.mktemp("run") / "book")
    for name, old, new in (
        ("00_first", 'device = "auto"', 'device = "auto"\npretrained = False'),
        ("00_first", "chapter.record", f"{TRAIN}\nchapter.record"),
        ("01_second", "print(scale)", LOOK),
    ):
        source = root / "notebooks" / f"{name}.py"
        source.write_text(source.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    (root / "notebooks" / "10_alone.py").unlink()
    weights = root / "weights" / "00_first"
    weights.mkdir(parents=True)
    (weights / "own.safetensors").write_bytes(b"published")
    return root


def said(book: Path, chapter: str) -> str:
    notebook = nbformat.read(output_folder(book, "smoke") / "notebooks" / f"{chapter}.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text") or output["data"].get("text/markdown", "") for output in outputs)


def test_a_needed_chapter_with_published_weights_does_not_run(book: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(book, "smoke", ["01_second"], pretrained=True) == ["01_second"]
    assert "Not trained but taken from weights/: 00_first." in capfd.readouterr().out
    assert not (output_folder(book, "smoke") / "notebooks" / "00_first.ipynb").exists()
    page = said(book, "01_second")
    assert page.startswith("**Pretrained.** Not trained in this run, but read from the book's `weights/`: `00_first`.")
    assert "weights from weights" in page
    assert run(book, "smoke", ["01_second"], pretrained=True) == []


def test_without_it_everything_is_trained(book: Path) -> None:
    assert run(book, "smoke", ["01_second"]) == ["00_first", "01_second"]
    assert (output_folder(book, "smoke") / "artefacts" / "00_first" / "own.safetensors").read_bytes() == b"trained now"
    for chapter in ("00_first", "01_second"):
        assert "Pretrained" not in said(book, chapter)
    assert "weights from artefacts" in said(book, "01_second")


def test_a_chapter_asked_for_skips_its_own_training(book: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What an earlier run left would be preferred to the published weights, so it is moved away, not lost."""
    assert run(book, "smoke", ["00_first"], pretrained=True) == ["00_first"]
    page = said(book, "00_first")
    assert page.startswith("**Pretrained.** Not trained in this run, but read from the book's `weights/`: this chapter")
    assert "skipped" in page
    output = output_folder(book, "smoke")
    assert (output / "set_aside" / "00_first" / "own.safetensors").read_bytes() == b"trained now"
    assert "_build/smoke/set_aside/00_first" in capfd.readouterr().out
    text = (output / "notebooks" / "00_first.ipynb").read_text(encoding="utf-8")
    assert "pretrained = True" in text
    assert "00_first" in run(book, "smoke")
    assert "Pretrained" not in said(book, "00_first")


def test_nothing_to_take_is_refused(book: Path) -> None:
    (book / "weights" / "00_first" / "own.safetensors").unlink()
    with pytest.raises(ChapterError, match="nothing to take from published weights"):
        run(book, "smoke", ["01_second"], pretrained=True)
    with pytest.raises(ChapterError, match="no published weights of 00_first"):
        run(book, "smoke", ["00_first"], pretrained=True)
