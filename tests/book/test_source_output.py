"""The source that a page shows is the library's, as it is now."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from ecglib.book.refresh import outdated, refresh
from ecglib.book.source_output import refresh_source
from ecglib.book.source_view import as_markdown, source_of
from ecglib.databases import aami
from ecglib.errors import ChapterError, ECGError, MissingFileError

IMPORTS = """\
from ecglib.databases import aami
from ecglib.errors import MissingFileError, ECGError as Refused
import ecglib.errors as e"""

PRINTED = new_output("stream", text="printed\n")


def shown(thing: object) -> nbformat.NotebookNode:
    data = {"text/markdown": as_markdown(source_of(thing)), "text/plain": "<IPython.core.display.Markdown object>"}
    return new_output("display_data", data)


def old(file: str = "errors.py") -> nbformat.NotebookNode:
    return new_output(
        "display_data", {"text/markdown": f"````python\n# ecglib/{file}\nold = 1\n````", "text/plain": ""}
    )


def page(code: str, *outputs: nbformat.NotebookNode, count: int | None = 2) -> nbformat.NotebookNode:
    cells = [new_code_cell(IMPORTS, execution_count=1), new_code_cell(code, execution_count=count)]
    cells[1].outputs = [nbformat.from_dict(output) for output in outputs]
    return new_notebook(cells=cells)


@pytest.mark.parametrize(
    ("code", "before", "things"),
    [
        ("show_source(MissingFileError)", [old()], [MissingFileError]),
        ("show_source(Refused)", [old()], [ECGError]),
        ("show_source(e.ECGError)", [old()], [ECGError]),
        ("show_source(aami)", [old()], [aami]),
        ("show_source(aami.aami_classes)  # here", [old()], [aami.aami_classes]),
        ("print(1)\nshow_source(Refused)\nshow_source(aami)", [PRINTED, old(), old()], [None, ECGError, aami]),
        ("show_source(Refused)\nprint(1)\nshow_source(aami)", [old(), PRINTED, old()], [ECGError, None, aami]),
        ("show_source(Refused)\nshow_source(aami)", [old()], [ECGError, aami]),
        ("print(1)", [PRINTED, old()], [None]),
        ("print(1)", [PRINTED], [None]),
        ("show_source(Refused)", [], [ECGError]),
    ],
)
def test_outputs_follow_the_library_in_the_order_of_the_calls(code: str, before: list, things: list) -> None:
    notebook = page(code, *before)
    refresh_source(notebook, "98_demo")
    expected = [PRINTED if thing is None else shown(thing) for thing in things]
    assert [output.get("text") or output.data["text/markdown"] for output in notebook.cells[1].outputs] == [
        output.get("text") or output.data["text/markdown"] for output in expected
    ]
    nbformat.validate(notebook)
    again = refresh_source(nbformat.from_dict(notebook), "98_demo")
    assert again == notebook


def test_what_a_run_shows_is_left_as_it_is() -> None:
    notebook = page("show_source(Refused)", shown(ECGError))
    before = nbformat.from_dict(notebook)
    assert refresh_source(notebook, "98_demo") == before


def test_a_cell_that_never_ran_stays_so() -> None:
    assert refresh_source(page("show_source(Refused)", count=None), "98_demo").cells[1].outputs == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("show_source(aami.gone)", r"98_demo: show_source\(aami\.gone\) shows what ecglib no longer has.*run 98_demo"),
        ("from ecglib.errors import Gone\nshow_source(Gone)", r"no longer has.*ecglib\.errors\.Gone"),
        ("from ecglib.gone import Gone\nshow_source(Gone)", r"no longer has.*ecglib\.gone\.Gone"),
        ("show_source(aami.AAMI)", "no longer has"),
        ("show_source(unknown)", "not imported from ecglib"),
        ("from json import loads\nshow_source(loads)", "not imported from ecglib"),
        ("show_source(Refused('a'))", "not imported from ecglib"),
        ("show_source(aami, Refused)", "doesn't name one thing"),
        ("show_source()", "doesn't name one thing"),
        ("for thing in (aami, Refused):\n    show_source(thing)", "inside other code"),
    ],
)
def test_what_can_not_be_shown_is_named_and_not_a_traceback(code: str, message: str) -> None:
    notebook = page(code, old())
    with pytest.raises(ChapterError, match=message):
        refresh_source(notebook, "98_demo")
    (problem,) = outdated(notebook, "98_demo", [], {})
    assert "98_demo: show_source" in problem


def test_one_function_refreshes_and_another_says_what_is_old() -> None:
    notebook = page("show_source(Refused)", old())
    assert [*outdated(notebook, "98_demo", [], {})] == [
        "the source that it shows is older than the library: ecgbook pair"
    ]
    assert notebook.cells[1].outputs == [old()], "nothing is changed"
    refresh(notebook, "98_demo", [], {})
    assert [*outdated(notebook, "98_demo", [], {})] == []
