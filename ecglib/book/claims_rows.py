"""How one claim is told: a row of a table, or a cell of a matrix where a paper's own table has many numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from ecglib.book.claims import MARKS, Claim
from ecglib.book.claims_words import (
    DATABASES,
    ICONS,
    answer_words,
    guard_words,
    mark_words,
    metric_words,
    missing_words,
    our_part,
    paper_name,
    paper_parts,
    rerun_words,
    rests_on,
    with_interval,
)
from ecglib.book.judge import Judgement

_CELL = re.compile(r"(?P<table>.+ table), row (?P<row>\d+)")
_HEAD = ("Claim", "Paper", "Ours", "Verdict, and why")


@dataclass(frozen=True)
class Telling:
    """Where claims are told, and what they can point to.

    Attributes
    ----------
    chapters : mapping of str to str
        Titles of the chapters that have a page.
    questions : mapping of str to str
    page : str
        Address of the page of claims; empty on that page itself, where claims have their anchors.
    """

    chapters: Mapping[str, str] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=dict)
    page: str = ""

    def chapter(self, name: str) -> str:
        """Name a chapter by number and title, and link it where it has a page."""
        if name not in self.chapters:
            return f"chapter {int(name[:2])}"
        return f'<a href="../notebooks/{escape(name)}.html">{escape(chapter_name(name, self.chapters))}</a>'

    def linked(self, text: str) -> str:
        """Escape a text, and link the chapters that it names by number."""
        numbers = {int(name[:2]): name for name in self.chapters}

        def link(match: re.Match[str]) -> str:
            name = numbers.get(int(match[1]))
            return f'<a href="../notebooks/{escape(name)}.html">{match[0]}</a>' if name and not self.page else match[0]

        return re.sub(r"\bchapter (\d+)", link, escape(text))


def chapter_name(name: str, chapters: Mapping[str, str]) -> str:
    """Name a chapter by number and title.

    Examples
    --------
    >>> chapter_name("10_cnn", {"10_cnn": "A convolutional network"})
    '10 · A convolutional network'
    """
    return f"{int(name[:2])} · {chapters[name]}"


def badge(verdict: str) -> str:
    """Give a verdict as a sign and a word."""
    kind = verdict.replace(" ", "-")
    return f'<span class="verdict {kind}"><span aria-hidden="true">{ICONS[verdict]}</span> {escape(verdict)}</span>'


def reason(entry: Judgement, telling: Telling) -> str:
    """Say why: what is missing, or what the difference comes from."""
    missing = missing_words(entry.missing, {key: chapter_name(key, telling.chapters) for key in telling.chapters})
    return "; ".join(telling.linked(text) for text in (missing, entry.claim.why) if text)


def claims_tables(judged: Sequence[Judgement], telling: Telling) -> list[tuple[str, str]]:
    """Give title and HTML of each table: claims that stand alone, without a title, then each table of a paper."""
    alone = [entry for entry in judged if not _cell(entry.claim)]
    together: dict[str, list[Judgement]] = {}
    for entry in judged:
        cell = _cell(entry.claim)
        if cell:
            title = f"{paper_name(entry.claim.paper)}: the {cell['table']}, cell by cell"
            together.setdefault(title, []).append(entry)
    tables = [("", _rows(alone, telling))] if alone else []
    return tables + [(title, _matrix(entries, title, telling)) for title, entries in together.items()]


def _cell(claim: Claim) -> re.Match[str] | None:
    """Find table and row of a claim that is one number of a paper's table."""
    return _CELL.fullmatch(claim.where) if claim.value is not None else None


def _rows(judged: Sequence[Judgement], telling: Telling) -> str:
    regimes: dict[str, list[Judgement]] = {}
    for entry in judged:
        regimes.setdefault(_regime(entry.claim), []).append(entry)
    head = "".join(f'<th scope="col">{name}</th>' for name in _HEAD)
    body = "".join(
        f'<tbody><tr class="regime"><th colspan="{len(_HEAD)}" scope="rowgroup">{escape(regime)}</th></tr>'
        f"{''.join(_row(entry, telling) for entry in entries)}</tbody>"
        for regime, entries in regimes.items()
    )
    return f'<table class="table claims"><thead><tr>{head}</tr></thead>{body}</table>'


def _regime(claim: Claim) -> str:
    """Say whose claim it is, and under which conditions it is tested here."""
    return f"{paper_name(claim.paper)}{f': {claim.regime}' if claim.regime else ''}"


def _row(entry: Judgement, telling: Telling) -> str:
    claim = entry.claim
    known = f"{'about a rival; ' if claim.rival else ''}{escape(claim.where)}, mark "
    known += f"{_mark(claim)} · {telling.chapter(claim.chapter)}" if not telling.page else escape(mark_words(claim))
    cells = (
        f'<span class="statement">{_link(claim, claim.statement, telling)}</span><small>{known}</small>',
        "<br>".join(map(escape, paper_parts(claim, entry.parts))),
        _ours(entry),
        f"{_verdict(entry, telling)}<small>{reason(entry, telling)}</small>",
    )
    told = "".join(f'<td data-label="{name}">{cell}</td>' for name, cell in zip(_HEAD, cells, strict=True))
    return f"<tr {_attributes(entry, telling)}>{told}</tr>"


def _attributes(entry: Judgement, telling: Telling) -> str:
    """Name a claim for links, and for the filter."""
    claim = entry.claim
    if telling.page:
        return 'class="claim"'
    part = "value" if claim.value is not None else "effect"
    return (
        f'class="claim" id="{escape(claim.id)}" data-paper="{escape(claim.paper)}" data-part="{part}" '
        f'data-verdict="{entry.verdict}" data-statement="{escape(claim.statement)}"'
    )


def _link(claim: Claim, text: str, telling: Telling) -> str:
    return f'<a href="{telling.page}#{escape(claim.id)}">{escape(text)}</a>'


def _mark(claim: Claim) -> str:
    return f'<abbr title="{escape(MARKS[claim.mark])}">{escape(claim.mark)}</abbr>'


def _ours(entry: Judgement) -> str:
    claim = entry.claim
    if not entry.parts:
        measured = entry.beside if entry.verdict == "not testable here" else None
        return f"–<small>measured anyway: {measured}</small>" if measured else "–"
    told = [
        f'<span class="part">{escape(our_part(claim, part))}: <b>{escape(answer_words(part))}</b></span>'
        for part in entry.parts
    ]
    rest = dict.fromkeys(rests_on(claim, part) for part in entry.parts)
    guards = [f"{words}" for part in entry.parts if (words := guard_words(claim, part))]
    return "".join(told) + "".join(f"<small>{escape(line)}</small>" for line in (*guards, *rest))


def _verdict(entry: Judgement, telling: Telling) -> str:
    """Give the verdict, which opens and tells what stands behind it; on a chapter's own page it is the word alone."""
    if telling.page or not entry.parts:
        return badge(entry.verdict)
    claim = entry.claim
    told = {
        "Mark": mark_words(claim),
        "Question": telling.questions.get(claim.question, ""),
        "Expected range of a rerun": rerun_words(entry),
    }
    body = "<br>".join(f"{name}: {escape(text)}" for name, text in told.items() if text)
    return f"<details><summary>{badge(entry.verdict)}</summary><small>{body}</small></details>"


def _matrix(judged: Sequence[Judgement], title: str, telling: Telling) -> str:
    """Lay out the numbers of a paper's table as the paper does, and say below what all of them have in common."""
    columns = list(dict.fromkeys(_column(entry.claim) for entry in judged))
    rows: dict[str, dict[str, Judgement]] = {}
    for entry in judged:
        cell = _cell(entry.claim)
        assert cell is not None
        name = f"{cell['row']}. {entry.claim.statement.rpartition(': ')[0]}"
        rows.setdefault(name, {})[_column(entry.claim)] = entry
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in ("Row", *columns))
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(_matrix_cell(cells.get(column), column, telling) for column in columns)
        + "</tr>"
        for name, cells in rows.items()
    )
    return (
        f'<table class="table claims matrix" aria-label="{escape(title)}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>{_in_common(judged, telling)}"
    )


def _matrix_cell(entry: Judgement | None, column: str, telling: Telling) -> str:
    if entry is None:
        return "<td></td>"
    return f'<td data-label="{escape(column)}" {_attributes(entry, telling)}>{_number(entry, telling)}</td>'


def _column(claim: Claim) -> str:
    task = claim.metric.split(".")[1]
    return f"{metric_words(claim.metric)} on {DATABASES.get(task, task)}"


def _number(entry: Judgement, telling: Telling) -> str:
    """Give one cell: the paper's number, ours, the verdict, and what stands behind it."""
    claim = entry.claim
    paper = _link(claim, f"paper {paper_parts(claim)[0]}", telling)
    if not entry.parts:
        return f"{paper}<br>{badge(entry.verdict)}"
    part = entry.parts[0]
    paper += f"<br>ours {escape(with_interval(part.ours, difference=False))}"
    answer = "" if part.answer == entry.verdict else f": {escape(answer_words(part))}"
    verdict = badge(entry.verdict) + answer
    if telling.page:
        return f"{paper}<br>{verdict}"
    reruns = rerun_words(entry)
    told = [guard_words(claim, part), f"Expected range of a rerun: {reruns}" if reruns else ""]
    more = "<br>".join(escape(text) for text in told if text)
    return f"{paper}<details><summary>{verdict}</summary><small>{more}</small></details>"


def _in_common(judged: Sequence[Judgement], telling: Telling) -> str:
    """Say once what many cells share: regime, units, mark, chapter, and why."""
    shared: dict[str, dict[str, list[int]]] = {}
    for entry in judged:
        claim, cell = entry.claim, _cell(entry.claim)
        assert cell is not None
        units = f"; {rests_on(claim, entry.parts[0])}" if entry.parts else ""
        told = f"{escape(claim.regime)}{units}; mark {escape(mark_words(claim))}; {telling.chapter(claim.chapter)}."
        why = reason(entry, telling)
        told += f" {badge(entry.verdict)}: {why}." if why else ""
        shared.setdefault(told, {}).setdefault(_column(claim), []).append(int(cell["row"]))
    notes = "".join(
        f"<li>{'; '.join(f'<strong>{escape(name)}</strong>, {_ranges(rows)}' for name, rows in columns.items())}: "
        f"{told}</li>"
        for told, columns in shared.items()
    )
    return f'<ul class="in-common">{notes}</ul>'


def _ranges(rows: Sequence[int]) -> str:
    """Name rows of a table.

    Examples
    --------
    >>> _ranges([2, 3, 4, 10])
    'rows 2 to 4, 10'
    """
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][-1] + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    told = ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
    return f"{'rows' if len(rows) > 1 else 'row'} {told}"
