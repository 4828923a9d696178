"""The pages that nobody writes by hand: what the papers claim beside what we measured, and what ran where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import get_args

from ecglib.book.claims import MARKS, PAPERS, Claim, Judgement, Verdict, judge, read_claims
from ecglib.book.headers import SCALES
from ecglib.book.results import Metric, Results, read_folder, write_text

Runs = Mapping[str, Mapping[str, Results]]
"""Results by scale, then by chapter."""

_TITLES = {
    "song2026": "Song et al. 2026, four architectures",
    "jeong2024": "Jeong, Lee and Shin 2024, beat-score maps",
    "rizqyawan2026": "Rizqyawan et al. 2026, Beat-SSL",
}


def committed_runs(root: Path | str) -> dict[str, dict[str, Results]]:
    """Read ``results/<scale>/*.json`` of the book; raises ChapterError where a file is damaged.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    return {scale: read_folder(Path(root) / "results" / scale) for scale in SCALES}


def write_pages(root: Path | str, folder: Path | str, scale: str | None = None) -> None:
    """Write ``claims.md`` and ``what_ran_where.md`` from results and ``claims.yml``: the same input, the same bytes.

    Parameters
    ----------
    root : path-like
        The book's folder.
    folder : path-like
        Where the two pages go.
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
    write_text(folder / "claims.md", claims_page(read_claims(root / "claims.yml"), runs))
    write_text(folder / "what_ran_where.md", what_ran_where_page(runs))


def judge_best(claims: Iterable[Claim], runs: Runs) -> list[Judgement]:
    """Judge each claim by the largest scale at which its chapter has results.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """
    judged = []
    for claim in claims:
        scale = next((scale for scale in reversed(SCALES) if claim.chapter in runs.get(scale, {})), None)
        if scale is None:
            reason = f"chapter {claim.chapter} is not written yet, or has not been run"
            judged.append(Judgement(claim, "not testable here", reason, (), ""))
        else:
            judged.append(judge(claim, runs[scale], scale))
    return judged


def claims_page(claims: Sequence[Claim], runs: Runs) -> str:
    """Give the page of claims, in MyST Markdown.

    Parameters
    ----------
    claims : sequence of Claim
    runs : mapping of scale to mapping of chapter to Results

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """
    judged = judge_best(claims, runs)
    counts = {verdict: sum(entry.verdict == verdict for entry in judged) for verdict in get_args(Verdict)}
    parts = [
        "# The papers' claims\n",
        f"Every number that the three papers report, {len(judged)} in all, beside ours. Each verdict is computed from "
        "the results files and never typed: "
        + ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
        + ".\n",
        "**Reproduced** means that our interval reaches the paper's value or passes it, and lies beyond the "
        "baseline's. **Direction holds**: beyond the baseline, but short of the paper's value. **Inconclusive**: the "
        "interval holds both. **Not testable here**: data or a chapter is missing. Intervals are 95 % intervals.\n",
        "A mark says how surely the claim is the paper's: "
        + ", ".join(f"**{mark}** {meaning}" for mark, meaning in MARKS.items())
        + ".\n",
    ]
    for paper in PAPERS:
        chosen = [entry for entry in judged if entry.claim.paper == paper]
        if chosen:
            run = {chapter for results in runs.values() for chapter in results}
            parts += [f"## {_TITLES[paper]}\n", claims_html(chosen, _TITLES[paper], run) + "\n"]
    return "\n".join(parts)


def claims_html(judged: Sequence[Judgement], label: str = "Claims", links: Iterable[str] | None = None) -> str:
    """Give a table of claims that scrolls by itself where the page is narrow.

    Parameters
    ----------
    judged : sequence of Judgement
    label : str
        What a screen reader calls the table.
    links : iterable of str, optional
        Chapters that have a page; given, each verdict names its chapter and scale.
    """
    pages = set(links or ())
    rows = []
    for entry in judged:
        claim = entry.claim
        chapter = escape(claim.chapter)
        linked = f'<a href="../notebooks/{chapter}.html">{chapter}</a>' if claim.chapter in pages else chapter
        place = f"<br><small>{linked}{', scale ' if entry.scale else ''}{escape(entry.scale)}</small>"
        rows.append(
            [
                f"{escape(claim.statement)}<br><small>{escape(claim.paper)}, {escape(claim.where)}; mark "
                f'<abbr title="{escape(MARKS[claim.mark])}">{escape(claim.mark)}</abbr></small>',
                escape(paper_value(claim)),
                "<br>".join(map(escape, our_values(entry))) or "–",
                f"<strong>{escape(entry.verdict)}</strong><br><small>"
                f"{escape(_sentences(entry.reason, claim.why))}</small>{place if links is not None else ''}",
            ]
        )
    return _table(["Claim", "Paper", "Ours", "Verdict, and why"], rows, label, (36, 14, 18, 32))


def claims_text(judged: Sequence[Judgement]) -> str:
    """Give the same as plain text, a paragraph a claim."""
    return "\n\n".join(
        f"{entry.claim.statement} ({entry.claim.paper}, mark {entry.claim.mark})\n"
        f"  paper: {paper_value(entry.claim)}; ours: {', '.join(our_values(entry)) or '–'}\n"
        f"  {entry.verdict}: {_sentences(entry.reason, entry.claim.why)}"
        for entry in judged
    )


def paper_value(claim: Claim) -> str:
    """Give the paper's value as a reader wants to see it.

    Examples
    --------
    >>> paper_value(Claim("a", "song2026", "s", "abstract", "P", "absolute", "10_cnn", "cnn.intra.macro_f1", 0.951,
    ...                   sense="below"))
    'below 0.951'
    """
    if claim.kind == "relative_gain":
        return f"{claim.value:+.2f} %"
    if claim.kind == "ordering":
        return "above " + ", ".join(name.split(".")[0] for name in claim.versus)
    return ("below " if claim.sense == "below" else "") + f"{claim.value:.3f}"


def our_values(entry: Judgement) -> list[str]:
    """Give our numbers with their intervals, one line each."""
    claim = entry.claim
    if claim.kind == "absolute":
        return [str(metric) for metric in entry.ours]
    if claim.kind == "relative_gain" and len(entry.ours) == 1 and entry.verdict != "not testable here":
        gain = entry.ours[0]
        return [f"{gain.value:+.1f} % ({gain.low:+.1f} to {gain.high:+.1f})"]
    if claim.kind == "ordering" and len(entry.ours) == len(claim.versus) and entry.ours[0].p_value is not None:
        return [
            f"{_signed(metric)} over {name.split('.')[0]}"
            for metric, name in zip(entry.ours, claim.versus, strict=True)
        ]
    return [f"{claim.metric} {metric}" for metric in entry.ours]


def what_ran_where_page(runs: Runs) -> str:
    """Give the page that tells for every chapter when, where and on what it ran, in MyST Markdown.

    Parameters
    ----------
    runs : mapping of scale to mapping of chapter to Results

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
    head = ["Chapter", "Scale", "Date", "Took", "Device", "Data", "Seeds", "Commit", "Memory", "Versions"]
    parts = [
        "# What ran where\n",
        "Every number in this book was measured by a chapter that ran as listed here. The table is made from the "
        "results files when the book is built.\n",
        _table(head, rows, "What ran where") + "\n" if rows else "No chapter has been run yet.\n",
    ]
    if environments:
        parts += ["## Versions\n", *(f"{number}. {text}" for text, number in environments.items()), ""]
    return "\n".join(parts)


def _order(results: Results) -> tuple[str, int]:
    return results.chapter, SCALES.index(results.scale)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _seeds(seeds: Sequence[int]) -> str:
    consecutive = len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[0] + len(seeds)))
    return f"{seeds[0]} to {seeds[-1]}" if consecutive else ", ".join(map(str, seeds))


def _signed(metric: Metric) -> str:
    return f"{metric.value:+.3f}" + ("" if metric.low is None else f" ({metric.low:+.3f} to {metric.high:+.3f})")


def _sentences(*parts: str) -> str:
    return " ".join(part[0].upper() + part[1:].rstrip(".") + "." for part in parts if part)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], label: str, widths: Sequence[int] = ()) -> str:
    """Lay out cells of HTML, in one line, since Markdown ends raw HTML at an empty one; widths are in percent."""
    columns = "".join(f'<col style="width: {width}%;">' for width in widths)
    first = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    layout = "min-width: 40rem; table-layout: fixed; overflow-wrap: break-word;" if widths else "min-width: 48rem;"
    return (
        f'<div class="ecg-table" role="region" aria-label="{escape(label)}" tabindex="0" style="overflow-x: auto;">'
        f'<table class="table" style="{layout}">{f"<colgroup>{columns}</colgroup>" if columns else ""}'
        f"<thead><tr>{first}</tr></thead><tbody>{body}</tbody></table></div>"
    )
