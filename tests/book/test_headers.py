from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ecglib.book.headers import assigned_literals, book_root, read_header, read_headers, with_needed
from ecglib.errors import ChapterError

Write = Callable[..., Path]


def test_a_header_says_what_the_chapter_needs(tmp_path: Path, write_chapter: Write) -> None:
    header = read_header(write_chapter(tmp_path, "20_maps", "1", "10_cnn", "mitbih, ludb", "Maps"))
    assert (header.name, header.title) == ("20_maps", "Maps")
    assert (header.needs, header.databases) == (("10_cnn",), ("mitbih", "ludb"))
    assert header.parameters == ("scale", "seed", "data_dir", "device")


def test_jupytext_keeps_the_header_and_nothing_of_papermill(tmp_path: Path, write_chapter: Write) -> None:
    import jupytext

    source = write_chapter(tmp_path, "10_cnn", "1", databases="mitbih")
    notebook = jupytext.read(source)
    assert notebook.metadata["ecgbook"]["databases"] == ["mitbih"]
    for cell in notebook.cells:
        cell.metadata["papermill"] = {"duration": 1.0}
        cell.metadata["execution"] = {"iopub.execute_input": "now"}
    once = jupytext.writes(notebook, fmt="py:percent")
    assert "papermill" not in once.replace("-papermill", "")
    assert "execution" not in once
    source.write_text(once, encoding="utf-8")
    assert read_header(source).databases == ("mitbih",)
    assert jupytext.writes(jupytext.read(source), fmt="py:percent") == once


def test_chapters_come_after_those_they_need(tmp_path: Path, write_chapter: Write) -> None:
    write_chapter(tmp_path, "00_a", "1", needs="20_c")
    write_chapter(tmp_path, "10_b", "1")
    write_chapter(tmp_path, "20_c", "1", needs="10_b")
    headers = read_headers(tmp_path)
    assert list(headers) == ["10_b", "20_c", "00_a"]
    assert with_needed(headers, ["20_c"]) == ["10_b", "20_c"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("#     language: python\n", "", "kernel language"),
        ("#     title: Chapter 10_cnn\n", "", "not complete"),
        ("needs: []", "needs: 00_a", "not a list"),
        ("needs: []", "needs: [", "cannot be read"),
        ("# ---\n# jupyter", "# jupyter", "cannot be read"),
        ('tags=["parameters"]', 'tags=["other"]', "parameters cell"),
        ("seed = 0", "seed = int(0)", "parameters cell"),
        ("seed = 0", "if True: seed = 0", "parameters cell"),
        ('device = "auto"\n', "", "parameters cell"),
    ],
)
def test_a_bad_header_is_refused_with_its_file(
    tmp_path: Path, write_chapter: Write, old: str, new: str, said: str
) -> None:
    source = write_chapter(tmp_path, "10_cnn", "1")
    text = source.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    source.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ChapterError, match=said) as caught:
        read_header(source)
    assert "10_cnn.py" in str(caught.value)
    assert "What to do" in str(caught.value)


def test_circles_and_unknown_chapters_are_refused(tmp_path: Path, write_chapter: Write) -> None:
    write_chapter(tmp_path, "00_a", "1", needs="10_b")
    with pytest.raises(ChapterError, match="10_b, which is no chapter"):
        read_headers(tmp_path)
    write_chapter(tmp_path, "10_b", "1", needs="00_a")
    with pytest.raises(ChapterError, match="00_a → 10_b → 00_a"):
        read_headers(tmp_path)
    write_chapter(tmp_path, "10_b", "1")
    with pytest.raises(ChapterError, match="no chapter 11_x"):
        with_needed(read_headers(tmp_path), ["11_x"])


def test_a_name_that_is_no_chapter(tmp_path: Path, write_chapter: Write) -> None:
    with pytest.raises(ChapterError, match="no name for a chapter"):
        read_header(write_chapter(tmp_path, "CNN", "1"))


def test_outside_a_book(tmp_path: Path) -> None:
    with pytest.raises(ChapterError, match="not inside the book"):
        book_root(tmp_path)


def test_only_plain_values_are_parameters() -> None:
    assert list(assigned_literals("a = 1\nb = -2.5  # note\nc = (1, 'x')\n")) == ["a", "b", "c"]
    for code in ("a: int = 1", "a = b = 1", "a = f()", "print(1)", "a, b = 1, 2"):
        with pytest.raises(ValueError, match=r"not of the form|malformed"):
            assigned_literals(code)
