"""No solution anywhere in the student edition: no page, source view, search index or notebook to download has one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
import yaml

from ecglib.book.build import STUDENT_BANNER, build
from ecglib.book.command import main
from ecglib.book.pairs import read_notebook, write_notebook
from ecglib.book.publish import publish
from ecglib.errors import ChapterError

pytestmark = pytest.mark.book

SOLVED, SAID, HIDDEN, PRINTED = "xylophonecode", "xylophoneprose", "xylophonehidden", "xylophoneoutput"
"""Words planted in a solution's code, its prose, a hidden check, and a solution's output."""

EXERCISES = f"""\
known = 3

# %% [markdown]
# ## Exercises
#
# ```{{exercise-start}} Double it
# :label: exercise-double
# ```
# *Ten minutes.* Write a function `double(x)`, and look at marimba.
# ```{{exercise-end}}
# ```

# %% [markdown]
# ````{{solution-start}} exercise-double
# :class: dropdown
# ````

# %% tags=["solution"]
def double(x):
    {SOLVED} = x
    return 2 * {SOLVED}

# %% tags=["exercise", "check"]
assert double(1) == 2, "vibraphone"

# %% tags=["exercise", "hidden-check"]
assert double(5) == 10, "{HIDDEN}"

# %% [markdown]
# This is {SAID}.
#
# ````{{solution-end}}
# ````
#
# ```{{exercise}} A question without code
# :label: exercise-why
#
# Why glockenspiel?
# ```"""


@pytest.fixture(scope="module")
def book(
    tmp_path_factory: pytest.TempPathFactory,
    make_book: Callable[[Path], Path],
    write_chapter: Callable[..., Path],
    pretend_run: Callable[[Path, str], Path],
) -> Path:
    root = make_book(tmp_path_factory.mktemp("student") / "book")
    write_chapter(root, "00_first", EXERCISES)
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    config["repository"]["url"] = "https://github.com/example/book"
    (root / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    pretend_run(root, "cpu")
    publish(root, "cpu", ["00_first", "01_second", "10_alone"])
    notebook = read_notebook(root / "notebooks" / "00_first.ipynb")
    for cell in notebook.cells:
        if "solution" in cell.metadata.get("tags", []):
            figure = {"image/png": "aGVsbG8=", "text/plain": PRINTED, "text/html": f"<b>{PRINTED}</b>"}
            cell.outputs = [nbformat.v4.new_output("display_data", figure)]
    write_notebook(notebook, root / "notebooks" / "00_first.ipynb")
    return root


def holding(folder: Path, word: str) -> list[str]:
    """The files below a folder that hold a word, searched as bytes whatever their kind."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return sorted(str(file.relative_to(folder)) for file in files if word.encode() in file.read_bytes().lower())


def test_the_student_edition_has_no_solution_anywhere(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(book)
    assert main(["build", "--edition", "student"]) == 0
    pages = book / "_build" / "student" / "html"
    for secret in (SOLVED, SAID, HIDDEN, PRINTED, "github.com/example"):
        assert holding(pages, secret) == [], f"{secret} is in the student edition"
    assert not list(pages.rglob("00_first_*.png")), "the figure of a solution"
    for kept in ("marimba", "vibraphone", "glockenspiel", "notimplementederror"):
        found = holding(pages, kept)
        assert {"notebooks/00_first.html", "_sources/notebooks/00_first.ipynb"} <= set(found), kept
    assert "searchindex.js" in holding(pages, "marimba"), "the search index is searched as it is"
    assert STUDENT_BANNER in (pages / "notebooks" / "00_first.html").read_text(encoding="utf-8")


def test_the_published_book_has_solutions_in_closed_boxes_and_no_hidden_check(book: Path) -> None:
    pages = build(book).parent
    for shown in (SOLVED, SAID, PRINTED):
        found = holding(pages, shown)
        assert {"notebooks/00_first.html", "_sources/notebooks/00_first.ipynb"} <= set(found), shown
    assert holding(pages, HIDDEN) == []
    page = (pages / "notebooks" / "00_first.html").read_text(encoding="utf-8")
    assert 'class="solution dropdown admonition"' in page
    assert "notimplementederror" not in page.lower()
    shutil.rmtree(pages)


def test_there_is_no_student_edition_of_a_run(book: Path) -> None:
    for scale, edition in (("cpu", "student"), (None, "teacher")):
        with pytest.raises(ChapterError, match=f"there is no {edition} edition"):
            build(book, scale, edition)
