"""A chapter's notebook beside its source: the same cells, and the outputs of the run that made them."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from ecglib.book.headers import Header, assigned_literals
from ecglib.book.matching import counterparts, held_statements, is_parameters, refuse_change
from ecglib.book.provenance import is_covered
from ecglib.book.results import write_text
from ecglib.errors import ChapterError

RUN_FIRST = {
    "27_more_people": ("23_rhythm_classifier",),
    "36_comparison": ("33_superdiagnostic", "34_wave_segmentation"),
}
"""Chapters that read what another made of the same records: networks of each fold, scores of each recording."""

SETUP_COMMENT = "# A hosted notebook installs the package here; elsewhere there is nothing to do."


def read_source(header: Header) -> NotebookNode:
    """Turn a chapter's source into a notebook without outputs, whose cell ids are the same every time.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    import jupytext

    notebook = jupytext.read(header.source)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def substitute(code: str, values: Mapping[str, Any]) -> str:
    """Write values into a parameters cell, and leave its comments alone.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> print(substitute("scale = 'smoke'  # of the run\\nseed = 0", {"scale": "cpu"}))
    scale = "cpu"  # of the run
    seed = 0
    """
    lines = code.encode().split(b"\n")
    for name, literal in reversed(assigned_literals(code).items()):
        if name in values and ast.literal_eval(literal) != values[name]:
            assert literal.end_lineno is not None
            assert literal.end_col_offset is not None
            first, last = literal.lineno - 1, literal.end_lineno - 1
            value = values[name]
            written = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
            after = lines[last][literal.end_col_offset :]
            lines[first : last + 1] = [lines[first][: literal.col_offset] + written.encode() + after]
    return b"\n".join(lines).decode()


def setup_code(repository: str, first: Sequence[str] = ()) -> str:
    """Give the code of the set-up cell: it gets the book where ``ecglib`` is missing, and does without the real data.

    Parameters
    ----------
    repository : str
        The book's address; without one, nothing can be got.
    first : sequence of str
        Chapters whose measurements this one reads, so that twins want them run before.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> print(setup_code(""))
    # A hosted notebook installs the package here; elsewhere there is nothing to do.
    from ecglib.book.interactive import use_twins_without_data
    <BLANKLINE>
    use_twins_without_data()
    """
    install = (
        "import importlib.util",
        "from pathlib import Path",
        "",
        'if importlib.util.find_spec("ecglib") is None:',
        f"    !git clone --quiet --depth 1 {repository} ecg-reproduced",
        "    %pip install --quiet ./ecg-reproduced",
        'if Path("ecg-reproduced/notebooks").is_dir():',
        "    %cd ecg-reproduced/notebooks",
        "",
    )
    named = ", ".join(json.dumps(chapter) for chapter in first)
    fall_back = ("from ecglib.book.interactive import use_twins_without_data", "", f"use_twins_without_data({named})")
    return "\n".join((SETUP_COMMENT, *(install if repository else ()), *fall_back))


def clean(executed: NotebookNode) -> NotebookNode:
    """Take out of an executed notebook what Papermill and the clock left: injected cell, metadata, widgets.

    A progress bar that is a widget goes with its text, which is its first state and never the last.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    cells = [cell for cell in executed.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number:02d}"
        tags = cell.metadata.get("tags", [])
        cell.metadata = NotebookNode({"tags": tags} if tags else {})
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                output.text = output.text.replace("\x1b[A", "")
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("text") or _shows(output.get("data", True))]
    executed.cells = cells
    for key in ("papermill", "widgets"):
        executed.metadata.pop(key, None)
    executed.nbformat, executed.nbformat_minor = 4, 5
    return executed


def _shows(data: Any) -> bool:
    return bool(data) and (data is True or not any("widget" in mime for mime in data))


def join(header: Header, executed: NotebookNode, repository: str = "") -> NotebookNode:
    """Give the cells of a chapter's source, as they are now, with the outputs of a run.

    Prose, imports, comments, layout and the borders of cells may have changed since the run, and so may exercises,
    whose outputs are then left out. Other code may not. Outputs stand in the cell that holds the last statement of the
    cell that made them.

    Parameters
    ----------
    header : Header
    executed : NotebookNode
        The chapter's notebook, cleaned.
    repository : str
        The book's address, for the set-up cell.

    Raises
    ------
    ChapterError
        Code that is no exercise was changed after the run.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    notebook = read_source(header)
    notebook.metadata = executed.metadata
    cells, others = _by_coverage(notebook)
    runs, other_runs = _by_coverage(executed)
    now, then = held_statements(cells, header.source), held_statements(runs, header.notebook)
    refuse_change(header, cells, now, then)
    for run, place in zip(runs, counterparts(then, now), strict=True):
        cells[place].outputs += run.outputs
    for cell, place in zip(cells, counterparts(now, then), strict=True):
        cell.execution_count = runs[place].execution_count
        if is_parameters(cell):
            values = {name: ast.literal_eval(value) for name, value in assigned_literals(runs[place].source).items()}
            cell.source = substitute(cell.source, values)
    _join_uncovered(others, other_runs, setup_code(repository, RUN_FIRST.get(header.name, ())))
    return notebook


def _by_coverage(notebook: NotebookNode) -> tuple[list[NotebookNode], list[NotebookNode]]:
    """Give the code cells whose change makes the page stale, and the others."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [cell for cell in code if is_covered(cell)], [cell for cell in code if not is_covered(cell)]


def _join_uncovered(cells: Sequence[NotebookNode], runs: Sequence[NotebookNode], setup: str) -> None:
    """Give exercises and solutions that are as they ran their outputs, and the set-up cell its code."""
    position = 0
    for cell in cells:
        is_setup = "setup" in cell.metadata.get("tags", [])
        for place in range(position, len(runs)):
            if runs[place].source == cell.source or (is_setup and "setup" in runs[place].metadata.get("tags", [])):
                cell.outputs, cell.execution_count = runs[place].outputs, runs[place].execution_count
                position = place + 1
                break
        if is_setup:
            cell.source = setup


def in_step(header: Header, repository: str = "") -> bool:
    """Say whether the committed notebook has the cells of its source, up to the values of its parameters.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    committed = read_notebook(header.notebook)
    try:
        return join(header, read_notebook(header.notebook), repository).cells == committed.cells
    except ChapterError:
        return False


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook; raises ChapterError where it is missing or damaged."""
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError as error:
        raise ChapterError(
            "the chapter has not been run", file=path, remedy=f"run it: ecgbook run {path.stem} --scale …"
        ) from error
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise ChapterError(
            "the notebook is damaged", file=path, remedy=f"run the chapter again: ecgbook run {path.stem} --scale …"
        ) from error


def write_notebook(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook whole or not at all."""
    write_text(path, nbformat.writes(notebook) + "\n")
