"""The papers' claims beside ours: on the page of claims, and at the end of each chapter."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import get_args

from ecglib.book.claims import MARKS, Claim, Claims
from ecglib.book.html_table import table
from ecglib.book.judge import Judgement, Part, Runs, Verdict, judge


def claims_page(claims: Claims, runs: Runs) -> str:
    """Give the page of claims, in MyST Markdown."""
    judged = judge(claims, runs)
    counts = {verdict: sum(entry.verdict == verdict for entry in judged) for verdict in get_args(Verdict)}
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    return f"# The papers' claims\n\n{len(judged)} statements: {told}.\n\n{claims_html(judged)}\n"


def claims_html(judged: Sequence[Judgement]) -> str:
    """Give a table of claims for the end of a chapter."""
    rows = []
    for entry in judged:
        claim = entry.claim
        known = f"{claim.paper}, {claim.where}; mark {claim.mark}"
        rows.append(
            [
                f"{escape(claim.statement)}<br><small>{escape(known)}</small>",
                escape(paper_value(claim)),
                "<br>".join(escape(our_value(part)) for part in entry.parts) or "–",
                f"<strong>{escape(entry.verdict)}</strong><br><small>{escape(_reason(entry))}</small>",
            ]
        )
    return table(["Claim", "Paper", "Ours", "Verdict, and why"], rows, "Claims", (36, 14, 18, 32))


def claims_text(judged: Sequence[Judgement]) -> str:
    """Give the same as plain text, a paragraph a claim."""
    return "\n\n".join(
        f"{entry.claim.statement} ({entry.claim.paper}, mark {entry.claim.mark}: {MARKS[entry.claim.mark]})\n"
        f"  paper: {paper_value(entry.claim)}; ours: {', '.join(map(our_value, entry.parts)) or '–'}\n"
        f"  {entry.verdict}: {_reason(entry)}"
        for entry in judged
    )


def paper_value(claim: Claim) -> str:
    """Give the paper's number as a reader wants to see it."""
    if claim.value is not None:
        return f"{claim.value.reported:.3f}"
    return ", ".join(f"{effect.gain:+g} %" if effect.gain else f"{effect.size or 0:+.3f}" for effect in claim.effects)


def our_value(part: Part) -> str:
    """Give our number with its interval over seeds and units, and what it is compared with."""
    ours = part.ours
    if not part.over:
        return f"{ours.value:.3f} ({ours.low:.3f} to {ours.high:.3f})"
    return f"{ours.value:+.3f} ({ours.low:+.3f} to {ours.high:+.3f}) over {part.over.split('.')[0]}"


def _reason(entry: Judgement) -> str:
    answers = "; ".join(part.answer for part in entry.parts)
    return ". ".join(filter(None, (answers or entry.missing, entry.claim.why))) + "."
