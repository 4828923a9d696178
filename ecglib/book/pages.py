"""The pages that nobody writes by hand: what the papers claim beside what we measured, and what ran where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from ecglib.book.arithmetic import arithmetic_page, read_checks
from ecglib.book.claims import PAPERS, read_claims
from ecglib.book.claims_page import DATA, claims_page
from ecglib.book.claims_pictures import claims_frame
from ecglib.book.headers import SCALES, read_headers
from ecglib.book.html_table import table
from ecglib.book.judge import Runs, judge
from ecglib.book.results import Results, read_folder, write_text
from ecglib.book.states import MEANINGS, UNVERIFIED, read_confirmations, states

COVERAGE_MARK = "<!-- coverage table -->"
"""Where *How to read this book* wants the table of simulated coverage."""


def committed_runs(root: Path | str) -> dict[str, dict[str, Results]]:
    """Read ``results/<scale>/*.json`` of the book; raises ChapterError where a file is damaged.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    return {scale: read_folder(Path(root) / "results" / scale) for scale in SCALES}


def write_pages(root: Path | str, folder: Path | str, scale: str | None = None) -> None:
    """Write ``claims.md`` with its numbers, ``what_ran_where.md`` and, where there is ``arithmetic.yml``, its page.

    Parameters
    ----------
    root : path-like
        The book's folder.
    folder : path-like
        Where the pages go.
    scale : str, optional
        Tell of the run below ``_build/<scale>``; by default of the committed results.

    Raises
    ------
    ChapterError
        If results or claims are damaged.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    root, folder = Path(root), Path(folder)
    runs: Runs = committed_runs(root) if scale is None else {scale: read_folder(root / "_build" / scale / "results")}
    claims = read_claims(root / "claims.yml")
    judged = judge(claims, runs)
    chapters = {name: header.title for name, header in sorted(read_headers(root).items())}
    write_text(folder / "claims.md", claims_page(judged, claims, chapters))
    write_text(folder / DATA, claims_frame(judged).to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    if scale is None:
        page = what_ran_where_page(runs, states(root, runs), read_confirmations(root))
    else:
        page = what_ran_where_page(runs)
    write_text(folder / "what_ran_where.md", page)
    how_to_read = folder / "how_to_read.md"
    if how_to_read.is_file():
        write_text(how_to_read, how_to_read.read_text(encoding="utf-8").replace(COVERAGE_MARK, coverage_table()))
    if (root / "arithmetic.yml").is_file():
        write_text(folder / "arithmetic.md", arithmetic_page(read_checks(root / "arithmetic.yml"), PAPERS))


def coverage_table() -> str:
    """Give the share of simulated studies whose 95 % interval over seeds and units holds the truth, as Markdown.

    Examples
    --------
    >>> print(coverage_table().splitlines()[0])
    | seeds | 6 patients | 20 patients | 100 patients | worst mix of seeds and 20,000 beats |
    """
    from ecglib.evaluation.seeds_and_units import least_coverage, simulated_coverage

    patients, beats = (6, 20, 100), 20_000
    head = [f"{count} patients" for count in patients]
    rows = [
        [*(simulated_coverage(seeds, count) for count in patients), least_coverage(seeds, beats)]
        for seeds in (3, 5, 10)
    ]
    return "\n".join(
        [
            f"| seeds | {' | '.join(head)} | worst mix of seeds and {beats:,} beats |",
            "|---|---|---|---|---|",
            *(
                f"| {seeds} | {' | '.join(f'{100 * share:.1f} %' for share in row)} |"
                for seeds, row in zip((3, 5, 10), rows, strict=True)
            ),
        ]
    )


def what_ran_where_page(
    runs: Runs,
    states: Mapping[tuple[str, str], str] | None = None,
    confirmations: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Give the page that tells for every chapter when, where and on what it ran, in MyST Markdown.

    Parameters
    ----------
    runs : mapping of scale to mapping of chapter to Results
    states : mapping of (chapter, scale) to str, optional
        What the results are worth now, as ``ecglib.book.status.states`` says; a run's own pages do without.
    confirmations : sequence of mapping
        As ``read_confirmations`` gives them.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    rows: list[list[str]] = []
    environments: dict[str, int] = {}
    for results in sorted((r for by_chapter in runs.values() for r in by_chapter.values()), key=_order):
        made = results.provenance
        environment = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
        number = environments.setdefault(environment, len(environments) + 1)
        data = "<br>".join(
            f"{escape(key)} {escape(str(entry['version']))}, {entry['records']:,} records"
            f"{' (synthetic)' if entry.get('synthetic') else ''}"
            for key, entry in made["data"].items()
        )
        commit = f"<code>{escape(made['commit'][:10])}</code>" if made["commit"] else "unknown"
        rows.append(
            [
                f'<a href="../notebooks/{escape(results.chapter)}.html">{escape(results.chapter)}</a>',
                *([states[results.chapter, results.scale]] if states else []),
                escape(results.scale),
                escape(made["started"][:10]),
                escape(_duration(made["wall_s"])),
                escape(made["device"]),
                data or "none",
                escape(_seeds(made["seeds"])),
                commit + (", changed since" if made["dirty"] else ""),
                f"{made['peak_rss_mb']:,.0f} MB",
                str(number),
            ]
        )
    head = ["Chapter", *(["State"] if states else [])]
    head += ["Scale", "Date", "Took", "Device", "Data", "Seeds", "Commit", "Memory", "Versions"]
    parts = [
        "# What ran where\n",
        "Every number in this book was measured by a chapter that ran as listed here. The table is made from the "
        "results files when the book is built.\n",
        table(head, rows, "What ran where") + "\n" if rows else "No chapter has been run yet.\n",
    ]
    if states:
        parts += [_what_states_mean(states)]
    if confirmations:
        parts += [_confirmations(confirmations)]
    if environments:
        parts += ["## Versions\n", *(f"{number}. {text}" for text, number in environments.items()), ""]
    return "\n".join(parts)


def _what_states_mean(states: Mapping[tuple[str, str], str]) -> str:
    """Explain the states that occur, and name the results that nothing vouches for."""
    parts = [f"- *{state}*: {meaning}." for state, meaning in MEANINGS.items() if state in states.values()]
    unverified = [f"{chapter} at {scale}" for (chapter, scale), state in sorted(states.items()) if state == UNVERIFIED]
    if unverified:
        which = "all of them" if len(unverified) == len(states) else ", ".join(unverified)
        parts += ["", f"Unverified until they are executed again: {which}."]
    return "\n".join(["The states of these results:\n", *parts, ""])


def _confirmations(confirmations: Sequence[Mapping[str, Any]]) -> str:
    head = ["Date", "From commit", "To commit", "Processor", "Precision", "torch", "Python", "Chapters equal"]
    rows = [
        [
            escape(entry["date"]),
            f"<code>{escape(entry['base'][:10])}</code>",
            f"<code>{escape(entry['head'][:10])}</code>",
            *(escape(entry[key]) for key in ("processor", "precision", "torch", "python")),
            f"{sum(found['equal'] for found in entry['chapters'].values())} of {len(entry['chapters'])}",
        ]
        for entry in confirmations
    ]
    return (
        "## Confirmations\n\nTwo commits of the library, run on synthetic recordings on one machine, and all numbers "
        "compared (`ecgbook confirm`). A chapter is confirmed where a chain of them leads from the library that it ran "
        f"with to the present one.\n\n{table(head, rows, 'Confirmations')}\n"
    )


def _order(results: Results) -> tuple[str, int]:
    return results.chapter, SCALES.index(results.scale)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _seeds(seeds: Sequence[int]) -> str:
    consecutive = len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[0] + len(seeds)))
    return f"{seeds[0]} to {seeds[-1]}" if consecutive else ", ".join(map(str, seeds))
