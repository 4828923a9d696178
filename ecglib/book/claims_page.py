"""The papers' claims beside ours: on the page of claims, and at the end of each chapter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import get_args

from ecglib.book.claims import MARKS, PAPERS, Claims
from ecglib.book.claims_pictures import (
    claims_frame,
    effects_picture,
    headline_picture,
    values_picture,
    verdicts_picture,
)
from ecglib.book.claims_rows import Telling, badge, claims_tables, reason
from ecglib.book.claims_words import answer_words, mark_words, missing_words, our_part, paper_name, paper_parts
from ecglib.book.judge import Judgement, Verdict

PAGE = "../book/claims.html"
"""Where a chapter finds the page of claims."""

DATA = "claims.csv"
"""The page's numbers, beside it."""

_FRONT_MATTER = "---\nhtml_theme.sidebar_secondary.remove: true\n---"

_VALUES_CAPTION = (
    "Values. On the dashed line ours equals the paper's. Points in a level row: the paper's numbers differ, ours don't."
)

_EFFECTS_CAPTION = (
    "Differences, where the paper gives their size. On the dashed curve ours is as large; on the solid line there is "
    "none."
)


def claims_page(judged: Sequence[Judgement], claims: Claims, chapters: Mapping[str, str]) -> str:
    """Give the page of claims, in MyST Markdown.

    Parameters
    ----------
    judged : sequence of Judgement
    claims : Claims
        For the texts of their questions.
    chapters : mapping of str to str
        Titles of the chapters that have a page.
    """
    if not judged:
        return f"{_FRONT_MATTER}\n\n# The papers' claims\n\nNo claim has been entered yet.\n"
    telling, frame = Telling(chapters, claims.questions), claims_frame(judged)
    own, rivals = ([entry for entry in judged if entry.claim.rival is rival] for rival in (False, True))
    headlines = "".join(_headline(entry, telling) for entry in judged if entry.claim.headline)
    pictures = (
        _figure(verdicts_picture(judged), "How many claims of each paper have which verdict."),
        _figure(values_picture(frame), _VALUES_CAPTION),
        _figure(effects_picture(frame), _EFFECTS_CAPTION),
    )
    sections = [
        _FRONT_MATTER,
        "# The papers' claims",
        f"Here are {len(judged)} statements by the three papers, or about them, that a number can confirm or "
        "contradict. Each stands beside what we measured, with the verdict that follows from the two. "
        "[How to read this book](how_to_read.md) says what the words mean.",
        f'<p class="verdicts">{_counts(own)}</p>',
    ]
    if rivals:
        sections.append(
            f"These are about the papers' own methods. {len(rivals)} more are about rivals: {_told(rivals)}. Reaching "
            "a rival's number is no success for the paper's method, so these are counted separately."
        )
    sections += [
        "## In short",
        "Red is the paper's number, with its margin. Blue is ours, with its 95 % interval.",
        f'<div class="headlines">{headlines}</div>',
        "## All claims in three pictures",
        f'<div class="claims-figures">{"".join(pictures)}</div>',
        f"All numbers are in {{download}}`{DATA}`.",
        "## One by one",
        f"A mark says how surely a statement is the paper's: {_marks()}. Open a verdict to see how it was judged.",
        _filter(judged),
    ]
    for title, table in claims_tables(judged, telling):
        sections += [f"## {title}"] if title else []
        sections.append(f'<div class="all-claims">{table}</div>')
    return "\n\n".join([*sections, '<script src="../_static/claims.js" defer></script>']) + "\n"


def claims_html(judged: Sequence[Judgement]) -> str:
    """Give the claims of a chapter for its end, each linked to its entry on the page of claims."""
    tables = claims_tables(judged, Telling(page=PAGE))
    return f'<div class="all-claims">{"".join(table for _, table in tables)}</div>'


def claims_text(judged: Sequence[Judgement]) -> str:
    """Give the same as plain text, a paragraph a claim."""
    paragraphs = []
    for entry in judged:
        claim = entry.claim
        ours = "; ".join(f"{our_part(claim, part)}: {answer_words(part)}" for part in entry.parts)
        why = "; ".join(filter(None, (missing_words(entry.missing, {}), claim.why)))
        paragraphs.append(
            f"{claim.statement} ({paper_name(claim.paper)}, mark {mark_words(claim)})\n"
            f"  paper: {'; '.join(paper_parts(claim, entry.parts))}\n"
            f"  ours: {ours or '–'}\n"
            f"  {entry.verdict}{f': {why}' if why else ''}"
        )
    return "\n\n".join(paragraphs)


def _counted(judged: Iterable[Judgement]) -> dict[str, int]:
    verdicts = [entry.verdict for entry in judged]
    return {verdict: verdicts.count(verdict) for verdict in get_args(Verdict) if verdict in verdicts}


def _counts(judged: Iterable[Judgement]) -> str:
    return " ".join(f"<span><b>{count}</b> {badge(verdict)}</span>" for verdict, count in _counted(judged).items())


def _told(judged: Iterable[Judgement]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in _counted(judged).items())


def _headline(entry: Judgement, telling: Telling) -> str:
    claim = entry.claim
    why = reason(entry, telling)
    links = f'{paper_name(claim.paper)} · {telling.chapter(claim.chapter)} · <a href="#{escape(claim.id)}">details</a>'
    told = f"<strong>{escape(claim.statement)}</strong> {badge(entry.verdict)}{f': {why}' if why else ''}."
    return f'<div class="headline">{headline_picture(entry)}<p>{told}<small>{links}</small></p></div>'


def _marks() -> str:
    return " · ".join(f"**{mark}** {words}" for mark, words in MARKS.items())


def _figure(svg: str, caption: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


def _filter(judged: Sequence[Judgement]) -> str:
    """Give the form by which a reader finds claims; the script shows it, since without one it does nothing."""
    verdicts = _counted(judged)
    choices = (
        ("paper", "Paper", {key: paper_name(key) for key in PAPERS}),
        ("part", "Part", {"value": "values", "effect": "effects"}),
        ("verdict", "Verdict", {verdict: verdict for verdict in verdicts}),
    )
    selects = "".join(
        f'<label>{label} <select name="{name}"><option value="">all</option>'
        + "".join(f'<option value="{escape(key)}">{escape(words)}</option>' for key, words in options.items())
        + "</select></label>"
        for name, label, options in choices
    )
    return (
        f'<form class="claims-filter" hidden>{selects}<label>Statement <input type="search" name="statement"></label>'
        '<button type="reset">Show all</button><output aria-live="polite"></output></form>'
    )
