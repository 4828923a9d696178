from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ecglib.book.headers import assigned_literals, book_root, draft_names, read_header, read_headers, with_needed
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
        ('open_chapter("10_cnn"', 'open_chapter("10_cnm"', r"cnn\.py:\d+: the chapter opens another .* found 10_cnm"),
        ('open_chapter("10_cnn", ', "open_chapter(\n    '11_cnn_lstm', ", "opens another name than its own"),
        ("#     title:", "#     draft: true\n#     title:", "a draft lies among the chapters"),
        ("#     title:", "#     draft: false\n#     title:", "a draft lies among the chapters"),
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


def test_the_line_that_opens_another_chapter_is_named(tmp_path: Path, write_chapter: Write) -> None:
    source = write_chapter(tmp_path, "10_cnn", "1")
    text = source.read_text(encoding="utf-8")
    prose = text.replace("# Some prose", '# `open_chapter("NN_topic")` begins a chapter. Some prose')
    source.write_text(prose, encoding="utf-8")
    assert read_header(source).name == "10_cnn"
    source.write_text(prose.replace('= open_chapter("10_cnn"', '= open_chapter("10"'), encoding="utf-8")
    line = prose[: prose.index("= open_chapter")].count("\n") + 1
    with pytest.raises(ChapterError, match=rf"10_cnn\.py:{line}: "):
        read_headers(tmp_path)


def test_drafts_lie_over_the_chapters(tmp_path: Path, write_chapter: Write, write_draft: Write) -> None:
    for name in ("00_a", "10_b"):
        write_chapter(tmp_path, name, "1")
    draft = write_draft(tmp_path, "10_b", "2", needs="20_new")
    write_draft(tmp_path, "20_new", "3", needs="00_a")
    assert list(read_headers(tmp_path)) == ["00_a", "10_b"]
    headers = read_headers(tmp_path, drafts=True)
    assert list(headers) == ["00_a", "20_new", "10_b"]
    assert [name for name, header in headers.items() if header.is_draft] == draft_names(tmp_path)[::-1]
    assert headers["10_b"].source == draft
    draft.write_text(draft.read_text(encoding="utf-8").replace("#     draft: true\n", ""), encoding="utf-8")
    assert len(read_headers(tmp_path)) == 2
    with pytest.raises(ChapterError, match=r"doesn't say that it is one.*drafts/10_b|10_b\.py.*add that line"):
        read_headers(tmp_path, drafts=True)


def test_circles_and_unknown_chapters_are_refused(tmp_path: Path, write_chapter: Write) -> None:
    write_chapter(tmp_path, "00_a", "1", needs="10_b")
    with pytest.raises(ChapterError, match="10_b, which is no chapter"):
        read_headers(tmp_path)
    write_chapter(tmp_path, "10_b", "1", needs="00_a")
    with pytest.raises(ChapterError, match="00_a → 10_b → 00_a"):
        read_headers(tmp_path)
    write_chapter(tmp_path, "10_b", "1")
    with pytest.raises(ChapterError, match=r"no chapter 11_x.*What to do: write the name as"):
        with_needed(read_headers(tmp_path), ["11_x"])
    with pytest.raises(ChapterError, match="What to do: write 10_b"):
        with_needed(read_headers(tmp_path), ["10_bb"])


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
