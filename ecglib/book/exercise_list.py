"""Write the page that lists all exercises, with what each chapter costs to run: for whoever plans a course."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ecglib.book.exercises import EVENING, NO_CODE, TEN_MINUTES, Exercise, exercises_of
from ecglib.book.headers import Header
from ecglib.book.pages import Runs
from ecglib.book.pairs import read_source
from ecglib.book.results import Results

KINDS = (TEN_MINUTES, EVENING, NO_CODE)


def exercises_page(headers: Iterable[Header], runs: Runs) -> str:
    """Give the page, in MyST Markdown: a row for each chapter that has exercises.

    Parameters
    ----------
    headers : iterable of Header
        The chapters, in the order of the book.
    runs : mapping of str to mapping of str to Results
        Results by scale, then by chapter: how long each ran, and in how much memory.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``, at its end.
    """
    rows = []
    for header in headers:
        found = exercises_of(read_source(header).cells, header.name)
        if found:
            cells = [_titles(found, kind) for kind in KINDS]
            chapter = f"[{header.name[:2]} {header.title}](../notebooks/{header.name}.ipynb)"
            rows.append("| " + " | ".join([chapter, *cells, _cost(header.name, runs)]) + " |")
    return "\n".join(
        (
            "# All exercises\n",
            "Each takes the time that its column says, in a chapter that has run. *Checked* means that nbgrader marks "
            "it; all others you mark by hand. The last column says what the whole chapter took with real data, on the "
            "device that it names, without what it reads from other chapters; often another run had the second core. "
            "At scale `smoke`, on synthetic data, the cells of a chapter take at most 15 seconds on two cores.\n",
            f"| chapter | {' | '.join(KINDS)} | with real data |",
            "|---|" + "---|" * (len(KINDS) + 1),
            *rows,
            "",
        )
    )


def _titles(found: Iterable[Exercise], kind: str) -> str:
    return "<br>".join(
        f"{{ref}}`{exercise.title} <{exercise.label}>`{', checked' if exercise.hidden_check else ''}"
        for exercise in found
        if exercise.kind == kind
    )


def _cost(chapter: str, runs: Mapping[str, Mapping[str, Results]]) -> str:
    made = [run[chapter].provenance for scale, run in runs.items() if chapter in run and scale != "smoke"]
    return (
        "<br>".join(
            f"{max(1, round(one['wall_s'] / 60))} min, {one['peak_rss_mb'] / 1000:.1f} GB, {one['device']}"
            for one in made
        )
        or "not run"
    )
