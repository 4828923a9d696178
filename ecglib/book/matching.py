"""Which cell of a run belongs to which cell of its source, by what their statements say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise, zip_longest
from pathlib import Path

from nbformat import NotebookNode

from ecglib.book.headers import Header
from ecglib.book.provenance import syntax_of
from ecglib.book.syntax import digest, statements
from ecglib.errors import ChapterError


@dataclass(frozen=True)
class Statement:
    """One statement of a cell: what it says, the line that it begins with, and the number of that line in the cell."""

    digest: str
    text: str
    line: int


Held = Sequence[Sequence[Statement]]
"""The statements that each cell holds."""


def is_parameters(cell: NotebookNode) -> bool:
    """Say whether a run writes its values into this cell."""
    return "parameters" in cell.metadata.get("tags", [])


def held_statements(cells: Sequence[NotebookNode], file: Path) -> Held:
    """Give the statements of each cell, without imports; a parameters cell is one statement, whatever its values.

    Raises
    ------
    ChapterError
        A cell is no Python.
    """
    held = []
    for cell in cells:
        lines = cell.source.split("\n")
        if is_parameters(cell):
            held.append([Statement("parameters", lines[0].strip(), 1)])
        else:
            nodes = statements(syntax_of(cell, file))
            held.append([Statement(digest(node), lines[node.lineno - 1].strip(), node.lineno) for node in nodes])
    return held


def refuse_change(header: Header, cells: Sequence[NotebookNode], now: Held, then: Held) -> None:
    """Raise ChapterError where a source says something else than what ran: at the first statement that differs.

    Parameters
    ----------
    header : Header
    cells : sequence of NotebookNode
        Cells of the source.
    now, then : sequence of sequences of Statement
        What they hold, and what the cells that ran held.
    """
    for new, old in zip_longest(chain.from_iterable(now), chain.from_iterable(then)):
        if new is not None and old is not None and new.digest == old.digest:
            continue
        if new is None:
            file, what = str(header.source), f"{old.text!r} is gone"
        else:
            file = f"{header.source}{_line(header, cells, now, new)}"
            what = f"{new.text!r} is new" if old is None else f"{new.text!r} where {old.text!r} ran"
        raise ChapterError(
            f"code was changed after it ran: {what}",
            file=file,
            expected="the statements that made the outputs; prose, exercises, imports and layout may change",
            remedy=f"run the chapter again: ecgbook run {header.name} --scale …",
        )


def _line(header: Header, cells: Sequence[NotebookNode], now: Held, wanted: Statement) -> str:
    text, position = header.source.read_text(encoding="utf-8"), 0
    for cell, held in zip(cells, now, strict=True):
        found = text.find(f"\n{cell.source}\n", position)
        position = max(position, found)
        if any(statement is wanted for statement in held):
            return f":{text.count(chr(10), 0, position + 1) + wanted.line}" if found >= 0 else ""
    return ""


def counterparts(these: Held, others: Held) -> Iterator[int]:
    """Name for each cell the number of the other one that holds its last statement.

    A cell that holds none, but imports or comments, has its like at the same place; without one, it goes with the
    statement after it.

    Parameters
    ----------
    these, others : sequence of sequences of Statement
        The same statements, in other cells.

    Examples
    --------
    >>> one, two, three = (Statement(name, name, 1) for name in "abc")
    >>> [*counterparts([[one], [two, three]], [[one, two], [], [three]])]
    [0, 2]
    >>> [*counterparts([[one, two], [], [three]], [[one], [two, three]])]
    [1, 1, 1]
    >>> [*counterparts([[], [], [], [one]], [[], [], [one]])]
    [0, 1, 1, 2]
    """
    spans, other_spans = _spans(these), _spans(others)
    count = other_spans[-1][1]
    for number, (begin, end) in enumerate(spans):
        alike = [k for k, span in enumerate(other_spans) if begin == end and span == (begin, end)]
        if alike:
            yield alike[min(spans[:number].count((begin, end)), len(alike) - 1)]
        else:
            last = end - 1 if begin < end else min(begin, count - 1)
            yield next(k for k, (first, after) in enumerate(other_spans) if first <= last < after)


def _spans(cells: Held) -> list[tuple[int, int]]:
    """Give for each cell the numbers of its first statement, and of the one after its last."""
    return [*pairwise(accumulate(map(len, cells), initial=0))]
