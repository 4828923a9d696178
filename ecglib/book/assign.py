"""Write an nbgrader course from the exercises of the book: what to hand out, and what grades it."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ecglib.book.chapter import CLAIMS_FILE
from ecglib.book.exercises import NO_CODE, STUB, Exercise, exercises_of, marked
from ecglib.book.grading import LARGEST_OUTPUT
from ecglib.book.headers import Header, read_headers
from ecglib.book.pairs import read_source, write_notebook
from ecglib.book.results import write_text
from ecglib.errors import ChapterError

CONFIG = "nbgrader_config.py"
"""File that makes a folder an nbgrader course."""

TIME_LIMIT = 300
"""Seconds that one cell may take; a whole chapter takes 15 at smoke scale, but a machine that grades may be busy."""

CONFIGURATION = f'''"""Settings of this nbgrader course. `ecgbook assign` wrote them; it leaves your changes alone."""

import os
import sys
from pathlib import Path

# nbgrader calls a program that lies beside this Python, whether its environment is activated or not.
os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))

c = get_config()  # noqa: F821

c.CourseDirectory.root = str(Path(__file__).parent)
c.CourseDirectory.course_id = "ecg"
c.ClearSolutions.code_stub = {{"python": {STUB!r}}}
c.OverwriteCells.add_missing_cells = True

# A cell that runs for longer than this many seconds is stopped, and the graded notebook says so. One that can't be
# stopped within the second number makes autograde fail for this student, and its log says so.
c.Execute.timeout = {TIME_LIMIT}
c.Execute.iopub_timeout = 60
c.Execute.error_on_timeout = {{
    "ename": "TooMuchTime",
    "evalue": "stopped after {TIME_LIMIT} seconds",
    "traceback": [
        "TooMuchTime: This cell ran for more than {TIME_LIMIT} seconds and was stopped. "
        "What to do: look for a loop that does not end."
    ],
}}
# A cell that prints more than {LARGEST_OUTPUT:,} characters is stopped, and the graded notebook says so.
c.Execute.extra_arguments = [
    "--HistoryManager.hist_file=:memory:",
    "--IPKernelApp.extra_extensions=ecglib.book.grading",
]
'''
"""What the course's ``nbgrader_config.py`` says."""

_FOLDER_NOTE = "ecglib takes a folder with `_config.yml` and `notebooks/` for the book's, and writes below it.\n"
_ROLE = re.compile(r"\{[\w:]+\}`([^`]+)`")


def assign(root: Path, chapters: Sequence[str], out: Path) -> list[Path]:
    """Write each chapter as an assignment of an nbgrader course, solve it, and make the release version.

    Parameters
    ----------
    root : Path
        The book's folder.
    chapters : sequence of str
        One assignment is made of each, and named after it.
    out : Path
        The course's folder. Where it is a course already, these assignments are added to it, or made anew.

    Returns
    -------
    list of Path
        The folders to hand out, ``release/<chapter>/``. Beside them lie ``source/<chapter>/`` with the solutions and
        the hidden checks, ``nbgrader_config.py`` and the gradebook. Each folder is complete: a student needs it and
        ``ecglib``, and it runs on synthetic twins that it writes itself.

    Raises
    ------
    ChapterError
        nbgrader is not installed, a chapter is unknown, needs what no published weights can stand in for, or has no
        exercise, a cell of it or the book's own solution fails, or nbgrader refuses the assignment.

    Notes
    -----
    Source: our choice. Taught on the page for instructors, ``book/instructors.md``.
    """
    try:
        from nbgrader.apps import NbGraderAPI
    except ImportError as error:
        raise ChapterError(
            "nbgrader is not installed",
            expected="the packages of the extra teach",
            remedy='pip install "ecglib[teach]"',
        ) from error
    headers = read_headers(root)
    for name in chapters:
        _refuse_unfit(root, headers, name)
    out = out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    if not (out / CONFIG).exists():
        write_text(out / CONFIG, CONFIGURATION)
    config = read_config(out)
    for name in chapters:
        source = out / "source" / name
        shutil.rmtree(source, ignore_errors=True)
        write_notebook(assignment(headers[name]), source / f"{name}.ipynb")
        _write_surroundings(root, headers[name], source)
        print(f"{name}: solving the exercises with the book's own solutions …", flush=True)
        _refuse_unsolved(config, name, source)
        made = NbGraderAPI(config=config).generate_assignment(name)
        if not made["success"]:
            raise ChapterError(
                "nbgrader can't make the release version",
                record=name,
                found=str(made["log"]).strip().split("\n")[-1],
                remedy=f"read its whole log: cd {out} && nbgrader generate_assignment {name} --force",
            )
    return [out / "release" / name for name in chapters]


def read_config(course: Path) -> Any:
    """Read the settings of a course, for nbgrader's own classes.

    Notes
    -----
    Source: our choice. Taught on the page for instructors.
    """
    from traitlets.config import PyFileConfigLoader

    return PyFileConfigLoader(CONFIG, path=str(course)).load_config()


def assignment(header: Header) -> NotebookNode:
    """Give the source version of a chapter's assignment: all code of the chapter, locked, and its exercises.

    Parameters
    ----------
    header : Header

    Returns
    -------
    NotebookNode
        With nbgrader's metadata. An exercise with checks is graded by them, one without by hand, as is a question
        without code.

    Raises
    ------
    ChapterError
        As ``exercises_of`` does, or the chapter has no exercise.

    Notes
    -----
    Source: our choice. Taught on the page for instructors.
    """
    source = read_source(header)
    exercises = exercises_of(source.cells, header.name)
    if not exercises:
        raise ChapterError("the chapter has no exercise", file=header.source, remedy="assign another chapter")
    worth = sum(sum(exercise.points) for exercise in exercises)
    opening = (
        f"# {header.title}\n\n{len(exercises)} exercises, {worth} points. The cells of the chapter come first, and are "
        "locked: run them all once. Then solve the exercises below. They run on synthetic recordings, so no number "
        "here is a result. The page of the book explains what the cells do."
    )
    cells = [_locked(new_markdown_cell(opening), "opening")]
    for number, cell in enumerate(source.cells):
        if cell.cell_type == "code" and not {"solution", "exercise", "setup"} & set(cell.metadata.get("tags", [])):
            cells.append(_locked(new_code_cell(cell.source), f"chapter-{number:02d}"))
    for exercise in exercises:
        cells += _cells(exercise)
    kernel = source.metadata.get("kernelspec", {})
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def _cells(exercise: Exercise) -> list[NotebookNode]:
    """Statement, answer and checks of one exercise."""
    label, (first, rest) = exercise.label, exercise.points
    statement = _ROLE.sub(r"`\1`", exercise.statement)
    asked = f"## {exercise.title}\n\n{statement}\n\n*{first + rest} points"
    if exercise.kind == NO_CODE:
        answer = new_markdown_cell("Marked by hand, with the rubric of the page for instructors.")
        return [
            _locked(new_markdown_cell(f"{asked}, marked by hand.*"), label),
            _graded(answer, f"{label}-answer", first, solution=True),
        ]
    code = new_code_cell(marked(exercise.solution))
    if not rest:
        return [
            _locked(new_markdown_cell(f"{asked}, marked by hand.*"), label),
            _graded(code, f"{label}-answer", first, solution=True),
        ]
    asked += f": {first} for the check below the answer, {rest} for one that you don't see.*"
    hidden = f"### BEGIN HIDDEN TESTS\n{exercise.hidden_check}\n### END HIDDEN TESTS"
    return [
        _locked(new_markdown_cell(asked), label),
        _nbgrader(code, f"{label}-answer", solution=True, locked=False),
        _graded(new_code_cell(exercise.check), f"{label}-check", first),
        _graded(new_code_cell(f"# A check that you don't see.\n{hidden}"), f"{label}-hidden", rest),
    ]


def _locked(cell: Any, grade_id: str) -> NotebookNode:
    return _nbgrader(cell, grade_id, locked=True)


def _graded(cell: Any, grade_id: str, points: int, solution: bool = False) -> NotebookNode:
    return _nbgrader(cell, grade_id, grade=True, solution=solution, locked=not solution, points=points)


def _nbgrader(cell: Any, grade_id: str, **more: Any) -> NotebookNode:
    common = {"schema_version": 3, "grade_id": grade_id, "grade": False, "solution": False, "task": False}
    cell["id"] = re.sub(r"\W", "-", grade_id)[:64]
    cell.metadata = NotebookNode({"nbgrader": NotebookNode({**common, **more})})
    return cell


def _write_surroundings(root: Path, header: Header, folder: Path) -> None:
    """Put what the chapter reads beside its notebook, so that the folder is all that a student needs."""
    write_text(folder / "_config.yml", "title: An assignment\n")
    write_text(folder / "notebooks" / "README.md", _FOLDER_NOTE)
    if (root / CLAIMS_FILE).is_file():
        shutil.copy(root / CLAIMS_FILE, folder)
    for needed in header.needs:
        for file in _weights(root, needed):
            place = folder / file.relative_to(root)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)


def _weights(root: Path, chapter: str) -> list[Path]:
    return sorted((root / "weights" / chapter).glob("*.safetensors"))


def _refuse_unfit(root: Path, headers: dict[str, Header], name: str) -> None:
    if name not in headers:
        raise ChapterError(
            f"there is no chapter {name}",
            expected=f"one of {', '.join(headers)}",
            remedy="write the name as its file in notebooks/ has it, without the ending",
        )
    missing = [needed for needed in headers[name].needs if not _weights(root, needed)]
    if missing:
        raise ChapterError(
            f"it can't be handed out by itself: it reads what {', '.join(missing)} writes",
            record=name,
            file=root / "weights" / missing[0],
            expected="published weights of each chapter that it needs",
            remedy="publish those first, or assign another chapter",
        )


def _refuse_unsolved(config: Any, name: str, source: Path) -> None:
    """Let nbgrader validate the source version, in a copy, so that nothing of this run is handed out."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from nbgrader.validator import Validator

    class Keeping(Validator):
        """Keeps the executed notebook, whose first error says more than the first check that fails for it."""

        def _preprocess(self, nb: NotebookNode) -> NotebookNode:
            self.executed = super()._preprocess(nb)
            return self.executed

    validator = Keeping(config=config)
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(source, copy, dirs_exist_ok=True)
        try:
            failed = validator.validate(str(Path(copy, f"{name}.ipynb"))).get("failed", [])
        except (CellTimeoutError, DeadKernelError) as error:
            raise ChapterError(
                "the book's own solution can't be run to its end",
                record=name,
                found=type(error).__name__,
                remedy=f"try again when the machine is less busy, or raise the limits in {CONFIG}",
            ) from error
    broken = {
        cell.source: [output for output in cell.get("outputs", []) if output.output_type == "error"]
        for cell in validator.executed.cells
    }
    first = next(((code, errors[-1]) for code, errors in broken.items() if errors), None)
    if first is None and not failed:
        return
    code, found = (first[0], f"{first[1].ename}: {first[1].evalue}") if first else (failed[0]["source"], "lost points")
    raise ChapterError(
        f"the book's own solution fails, and with it {len(failed)} checks; the first error is in the cell that begins "
        f"with {code.strip().splitlines()[0]!r}",
        record=name,
        found=found.rstrip("."),
        remedy=f"correct notebooks/{name}.py, and see that this passes: ecgbook run {name} --scale smoke",
    )
