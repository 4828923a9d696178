"""The exercises of a chapter: statement, solution and checks; the student's stub and edition are derived from them.

The source of a chapter holds each exercise once, with its solution::

    # %% [markdown]
    # ```{exercise-start} How fast does it beat?
    # :label: exercise-heart-rate
    # ```
    # *Ten minutes.* Write a function `rate_of(record)` that gives beats a minute.
    # ```{exercise-end}
    # ```

    # %% [markdown]
    # ````{solution-start} exercise-heart-rate
    # :class: dropdown
    # ````

    # %% tags=["solution"]
    def rate_of(record):
        return 60 * len(record.beats) / record.seconds

    # %% tags=["exercise", "check"]
    assert 20 < rate_of(record) < 300, "Beats a *minute*: did you divide by seconds and multiply by 60?"

    # %% tags=["exercise", "hidden-check"]
    assert rate_of(other) == 72, "rate_of gives something else than beats a minute for another record."

    # %% [markdown]
    # What is worth knowing about the answer.
    #
    # ````{solution-end}
    # ````

A question without code is one ``{exercise}`` block. Cells tagged ``solution``, ``check`` and ``hidden-check`` run with
the chapter, so a wrong check fails it. A visible check teaches: students have it. A hidden check only grades: it is on
no page. The stub keeps the signature and the docstring of each function of the solution; the rest is for the student.
"""

from __future__ import annotations

import ast
import itertools
import re
import symtable
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from ecglib.errors import ChapterError

TEN_MINUTES, EVENING, NO_CODE = "ten minutes", "an evening", "no code"
"""Kinds of exercise: two with code, which begin with ``*Ten minutes.*`` or ``*An evening.*``, and one without."""

POINTS = {TEN_MINUTES: 3, EVENING: 6, NO_CODE: 3}
"""Points of an exercise; with checks, the visible one gives a third and the hidden one the rest."""

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
"""Lines between which nbgrader puts the stub."""

STUB = '# Your code here.\nraise NotImplementedError("your code here")'
"""What stands in place of each stretch of a solution."""

_EXERCISE = re.compile(
    r"^(?P<fence>`{3,})\{exercise-start\} *(?P<title>.*)\n:label: *(?P<label>\S+)\n(?P=fence)\n"
    r"(?P<statement>.*?)\n(?P<end>`{3,})\{exercise-end\}\n(?P=end)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
_QUESTION = re.compile(
    r"^(?P<fence>`{3,})\{exercise\} *(?P<title>.*)\n:label: *(?P<label>\S+)\n(?P<statement>.*?)\n(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
_SOLUTION = re.compile(
    r"^(?P<fence>`{3,})\{solution-start\} *(?P<label>\S+)\n(?::.*\n)*(?P=fence)[ ]*$|"
    r"^(?P<fence2>`{3,})\{solution-end\}\n(?P=fence2)[ ]*$",
    re.MULTILINE,
)
_ANY = re.compile(r"^`{3,}\{(exercise(?:-start)?|solution(?:-start)?)\}", re.MULTILINE)
_MAGIC = re.compile(r"^( *)[%!].*$", re.MULTILINE)
_TIME = re.compile(r"\*([^*]+)\.\*")


@dataclass(frozen=True)
class Exercise:
    """One exercise as the source of a chapter has it.

    Attributes
    ----------
    label, title : str
    kind : {"ten minutes", "an evening", "no code"}
    statement : str
        In Markdown.
    solution : str
        Code of all cells tagged ``solution``; empty for a question without code.
    check, hidden_check : str
        Code that students see, and code that they don't.
    answer : str
        Prose in the solution.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``, at its end.

    Examples
    --------
    >>> Exercise("exercise-sum", "Add", TEN_MINUTES, "Give `total`.", "total = 1 + 1", "assert total, 'Add!'").answers
    ('total',)
    """

    label: str
    title: str
    kind: str
    statement: str
    solution: str = ""
    check: str = ""
    hidden_check: str = ""
    answer: str = ""

    @property
    def points(self) -> tuple[int, int]:
        """Points of the visible and of the hidden check; without checks, all are given by hand and stand first."""
        whole = POINTS[self.kind]
        return (whole // 3, whole - whole // 3) if self.check and self.hidden_check else (whole, 0)

    @property
    def answers(self) -> tuple[str, ...]:
        """Names that the solution gives and a check reads; the statement has to name each."""
        given = _names(self.solution)[0]
        wanted: set[str] = set()
        for code in (self.check, self.hidden_check):
            own, read = _names(code)
            wanted |= given & (read - own)
        return tuple(sorted(wanted))

    @property
    def stub(self) -> str:
        """What a student starts from."""
        return stub(self.solution)


def marked(solution: str) -> str:
    """Put nbgrader's marks around what a student has to write: all but signatures and docstrings of functions.

    Parameters
    ----------
    solution : str
        Python code.

    Returns
    -------
    str
        The same code, with lines ``### BEGIN SOLUTION`` and ``### END SOLUTION``.

    Notes
    -----
    Source: our choice, for nbgrader. Taught in chapter ``00_reading_an_ecg``, at its end.

    Examples
    --------
    >>> print(marked("def double(x):\\n    return 2 * x"))
    def double(x):
        ### BEGIN SOLUTION
        return 2 * x
        ### END SOLUTION
    """
    lines = solution.strip("\n").split("\n")
    indents: list[str | None] = ["" for _ in lines]
    for node in ast.parse("\n".join(lines)).body:
        if isinstance(node, ast.FunctionDef) and node.body[0].lineno > node.lineno:
            documented = ast.get_docstring(node) is not None and len(node.body) > 1
            opening = (node.body[0].end_lineno or 0) if documented else _end_of_signature(node, lines)
            indents[node.lineno - 1 : opening] = [None] * (opening - node.lineno + 1)
            last = node.end_lineno or opening
            indents[opening:last] = [" " * node.body[0].col_offset] * (last - opening)
    written: list[str] = []
    for indent, stretch in itertools.groupby(zip(indents, lines, strict=True), key=lambda pair: pair[0]):
        code = [line for _, line in stretch]
        if indent is None or not any(map(str.strip, code)):
            written += code
            continue
        before = next(number for number, line in enumerate(code) if line.strip())
        after = next(number for number, line in enumerate(reversed(code)) if line.strip())
        code, blanks = code[: len(code) - after], code[len(code) - after :]
        written += [*code[:before], indent + BEGIN, *code[before:], indent + END, *blanks]
    return "\n".join(written)


def stub(solution: str) -> str:
    """Give what a student starts from: signatures and docstrings of functions, and an error for all the rest.

    Parameters
    ----------
    solution : str
        Python code.

    Returns
    -------
    str
        Code that raises ``NotImplementedError`` until the student has written something.

    Notes
    -----
    Source: our choice. It is what nbgrader makes of ``marked``. Taught in chapter ``00_reading_an_ecg``, at its end.

    Examples
    --------
    >>> print(stub("def double(x):\\n    return 2 * x"))
    def double(x):
        # Your code here.
        raise NotImplementedError("your code here")
    """
    written: list[str] = []
    inside = False
    for line in marked(solution).split("\n"):
        if line.strip() == BEGIN:
            indent, inside = line[: len(line) - len(line.lstrip())], True
            written += [indent + part for part in STUB.split("\n")]
        elif line.strip() == END:
            inside = False
        elif not inside:
            written.append(line)
    return "\n".join(written)


def exercises_of(cells: Sequence[NotebookNode], chapter: str = "") -> list[Exercise]:
    """Give the exercises of a notebook, in order.

    Parameters
    ----------
    cells : sequence of notebook cells
    chapter : str
        For messages.

    Returns
    -------
    list of Exercise

    Raises
    ------
    ChapterError
        A block is malformed, a label stands twice, an exercise has no time or no solution, a check stands outside a
        solution or has an assertion without words, or a name that a check reads isn't in the statement or was
        already given by another cell, so that a student would get points for nothing.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``, at its end.
    """
    found: dict[str, Exercise] = {}
    earlier: dict[str, set[str]] = {}
    given: set[str] = set()
    for cell, solving, prose in _walk(cells, chapter):
        if cell.cell_type == "markdown":
            if solving:
                _known(found, solving, chapter)
                answer = f"{found[solving].answer}\n\n{prose}".strip()
                found[solving] = replace(found[solving], answer=answer)
                continue
            for exercise in _stated(prose, chapter):
                if exercise.label in found:
                    raise _wrong(chapter, exercise.label, "the label stands twice", "give one of them another label")
                found[exercise.label] = exercise
            continue
        tags = set(cell.metadata.get("tags", []))
        parts = {
            "solution": "solution" in tags,
            "check": "check" in tags,
            "hidden_check": "hidden-check" in tags,
        }
        part = next((name for name, here in parts.items() if here), None)
        if part is None:
            given |= _names(cell.source)[0]
            continue
        if not solving:
            first = cell.source.strip().split("\n")[0]
            raise _wrong(chapter, first, f"a {part} cell stands outside a solution", "move it into a solution block")
        if part != "solution" and "exercise" not in tags:
            remedy = f'tag it ["exercise", "{part.replace("_", "-")}"], so that a change of it leaves the page valid'
            raise _wrong(chapter, solving, "a check is not tagged as part of an exercise", remedy)
        _known(found, solving, chapter)
        before = getattr(found[solving], part)
        found[solving] = replace(found[solving], **{part: f"{before}\n\n{cell.source}".strip("\n")})
        earlier.setdefault(solving, set(given))
        if part == "solution":
            given |= _names(cell.source)[0]
    for exercise in found.values():
        _refuse_unfit(exercise, earlier.get(exercise.label, set()), chapter)
    return list(found.values())


def published(notebook: NotebookNode, chapter: str = "") -> NotebookNode:
    """Take the hidden checks out of a notebook, for the published book.

    Parameters
    ----------
    notebook : NotebookNode
    chapter : str
        For messages.

    Returns
    -------
    NotebookNode
        The same notebook, changed.

    Raises
    ------
    ChapterError
        As ``exercises_of`` does.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``, at its end.
    """
    exercises_of(notebook.cells, chapter)
    notebook.cells = [cell for cell in notebook.cells if "hidden-check" not in cell.metadata.get("tags", [])]
    return notebook


def student_edition(notebook: NotebookNode, chapter: str = "") -> NotebookNode:
    """Put a stub in place of each solution, with its prose, outputs and hidden checks; visible checks stay.

    Parameters
    ----------
    notebook : NotebookNode
        With outputs or without.
    chapter : str
        For messages.

    Returns
    -------
    NotebookNode
        The same notebook, changed.

    Raises
    ------
    ChapterError
        As ``exercises_of`` does.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``, at its end.
    """
    exercises = {exercise.label: exercise for exercise in exercises_of(notebook.cells, chapter)}
    kept: list[NotebookNode] = []
    stubbed: set[str] = set()
    for cell, solving, prose in _walk(notebook.cells, chapter):
        if solving:
            exercise = exercises[solving]
            if exercise.solution and solving not in stubbed:
                kept.append(_cell(new_code_cell(exercise.stub), "exercise"))
                if exercise.check:
                    kept.append(_cell(new_code_cell(exercise.check), "exercise", "check"))
            stubbed.add(solving)
        elif cell.cell_type == "markdown":
            if prose.strip():
                kept.append(_cell(new_markdown_cell(prose.strip("\n")), *cell.metadata.get("tags", [])))
        else:
            kept.append(cell)
    for number, cell in enumerate(kept):
        cell["id"] = f"cell-{number:02d}"
    notebook.cells = kept
    return notebook


def _walk(cells: Iterable[NotebookNode], chapter: str) -> Iterator[tuple[NotebookNode, str, str]]:
    """Give each cell, Markdown by its parts, with the label of the solution that it is in (or "") and its prose."""
    solving = ""
    for cell in cells:
        if cell.cell_type != "markdown":
            yield cell, solving, ""
            continue
        begin = 0
        for mark in _SOLUTION.finditer(cell.source):
            yield cell, solving, cell.source[begin : mark.start()]
            label = mark["label"] or ""
            if bool(label) == bool(solving):
                remedy = "write solution-start and solution-end in turns"
                raise _wrong(chapter, label or solving or "solution-end", "solutions overlap", remedy)
            solving, begin = label, mark.end()
        yield cell, solving, cell.source[begin:]
    if solving:
        raise _wrong(chapter, solving, "the solution has no end", "write solution-end")


def _stated(prose: str, chapter: str) -> Iterator[Exercise]:
    blocks = sorted([*_EXERCISE.finditer(prose), *_QUESTION.finditer(prose)], key=lambda block: block.start())
    opened = [match.group(1) for match in _ANY.finditer(prose)]
    if len(opened) != len(blocks):
        remedy = "write it as the documentation of ecglib.book.exercises shows, in one cell"
        raise _wrong(chapter, ", ".join(opened), "a block is malformed", remedy)
    for block in blocks:
        kind, statement = NO_CODE, block["statement"].strip()
        if block.re is _EXERCISE:
            time = _TIME.match(statement)
            kind = time[1].lower() if time else ""
            if kind not in (TEN_MINUTES, EVENING):
                remedy = "begin the statement with *Ten minutes.* or *An evening.*"
                raise _wrong(chapter, block["label"], "the exercise doesn't say how long it takes", remedy)
        yield Exercise(block["label"], block["title"].strip(), kind, statement)


def _refuse_unfit(exercise: Exercise, earlier: set[str], chapter: str) -> None:
    label = exercise.label
    if exercise.kind != NO_CODE and not exercise.solution:
        raise _wrong(chapter, label, "the exercise has no solution", "write one, in a cell tagged solution")
    for code in (exercise.check, exercise.hidden_check):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Assert) and node.msg is None:
                what = f"the assertion {ast.unparse(node.test)} says nothing"
                raise _wrong(chapter, label, what, "add words that tell a student what to do")
    for name in exercise.answers:
        if not re.search(rf"`{name}\b", exercise.statement):
            remedy = f"write in the statement that the answer is called `{name}`"
            raise _wrong(chapter, label, f"a check reads {name}, which the statement doesn't name", remedy)
        if name in earlier:
            remedy = "choose another name, or an empty answer passes the check"
            raise _wrong(chapter, label, f"an earlier cell already gives {name}", remedy)


def _known(found: dict[str, Exercise], label: str, chapter: str) -> None:
    if label not in found:
        raise _wrong(chapter, label, "a solution belongs to no exercise", "correct its label")


def _wrong(chapter: str, label: str, what: str, remedy: str) -> ChapterError:
    return ChapterError(what, record=": ".join(filter(None, (chapter, label))), remedy=remedy)


def _names(code: str) -> tuple[set[str], set[str]]:
    """Names that code gives at its top level, and names that it reads from there, functions included."""
    try:
        top = symtable.symtable(code, "cell", "exec")
    except SyntaxError:  # IPython's own lines, which are no Python
        top = symtable.symtable(_MAGIC.sub(r"\1pass", code), "cell", "exec")
    given = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    read: set[str] = set()
    waiting = [top]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        read |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (table is top or symbol.is_global())
        }
    return given, read


def _end_of_signature(node: ast.FunctionDef, lines: list[str]) -> int:
    """The last line of a function's signature: the one above its first statement and the comments before that."""
    last = node.body[0].lineno - 1
    while not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#"):
        last -= 1
    return last


def _cell(cell: Any, *tags: str) -> NotebookNode:
    cell.metadata = NotebookNode({"tags": list(tags)} if tags else {})
    return cell
