"""Pictures of claims: a small one for each headline, and one of all claims, as SVG that follows the page's colours."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import escape
from typing import Any, get_args

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from ecglib.book.claims import Value
from ecglib.book.claims_words import (
    method_words,
    metric_words,
    our_part,
    paper_name,
    paper_parts,
    signed,
)
from ecglib.book.judge import Judgement, Verdict
from ecglib.figures.style import FAINT, INK, styled

_WIDTH, _EDGE = 320, 10
_COLOURS = {
    "reproduced": "#1b9e77",
    "partly reproduced": "#b7791f",
    "contradicted": "#d6404e",
    "undecided": "#7a828a",
}
_MARKERS = {"reproduced": "o", "partly reproduced": "D", "contradicted": "X", "undecided": "s"}


def headline_picture(entry: Judgement) -> str:
    """Draw the paper's number and ours on one line: a value with its margin, or differences around zero."""
    if entry.claim.value is not None:
        return _value_picture(entry, entry.claim.value)
    return _effects_picture(entry) if entry.parts else "<span></span>"


def _value_picture(entry: Judgement, value: Value) -> str:
    least, most = value.reported - value.margin, value.reported + value.margin
    ours = entry.parts[0].ours if entry.parts else entry.beside
    ends = [] if ours is None or ours.low is None or ours.high is None else [ours.low, ours.high]
    place = _Scale([least, most, *ends])
    paper = f"paper {paper_parts(entry.claim)[0]}"
    wide = place(most) - place(least)
    drawn = [
        f'<rect class="paper-band" x="{place(least):.1f}" y="20" width="{wide:.1f}" height="24"/>',
        f'<path class="paper-line" d="M{place(value.reported):.1f} 20v24"/>',
        _text(place(value.reported), 13, paper, "paper-text"),
    ]
    told = f"{metric_words(entry.claim.metric)}: {paper}"
    if ours is not None and ends:
        kind = "ours" if entry.parts else "untested"
        who = "ours" if entry.parts else "ours, no test:"
        mine = f"{who} {ours.value:.3f} ({ours.low:.3f} to {ours.high:.3f})"
        drawn += [_interval(kind, place, 32, ours.value, *ends), _text(place(ours.value), 60, mine, "ours-text")]
        told += f"; {mine}"
    return _svg(66, drawn, told)


def _effects_picture(entry: Judgement) -> str:
    parts, height = entry.parts, 34 * len(entry.parts) + 20
    sizes = [part.paper for part in parts if part.paper is not None]
    place = _Scale([0.0, *sizes, *(end for part in parts for end in (part.ours.low, part.ours.high))])
    zero = place(0)
    drawn = [
        f'<path class="zero-line" d="M{zero:.1f} 16V{height - 16}"/>',
        f'<text class="zero-text" x="{zero + 4:.1f}" y="{height - 3}" text-anchor="end">0</text>',
    ]
    for row, part in enumerate(parts):
        top = 34 * row
        drawn += [
            f'<text x="0" y="{top + 12}">over {escape(method_words(part.over))}</text>',
            f'<text class="ours-text" x="{_WIDTH}" y="{top + 12}" text-anchor="end">{signed(part.ours.value)}</text>',
            _interval("ours", place, top + 24, part.ours.value, part.ours.low, part.ours.high),
        ]
        if part.paper is not None:
            at = place(part.paper)
            drawn.append(f'<path class="paper-mark" d="M{at:.1f} {top + 18}l6 6l-6 6l-6 -6z"/>')
    if sizes:
        drawn.append(_text(max(place(sizes[0]), zero + 60), height - 3, f"paper {signed(sizes[0])}", "paper-text"))
    told = "; ".join([*(our_part(entry.claim, part) for part in parts), *(f"paper {signed(size)}" for size in sizes)])
    return _svg(height, drawn, f"{metric_words(entry.claim.metric)}, differences: {told}")


class _Scale:
    """Places of numbers across a small picture."""

    def __init__(self, numbers: Sequence[float]) -> None:
        self.low, self.high = min(numbers), max(numbers)

    def __call__(self, value: float) -> float:
        across = (value - self.low) / (self.high - self.low or 1)
        return _EDGE + across * (_WIDTH - 2 * _EDGE)


def _interval(kind: str, place: _Scale, y: float, value: float, low: float, high: float) -> str:
    left, right = place(low), place(high)
    return (
        f'<path class="{kind}-line" d="M{left:.1f} {y - 5}v10M{left:.1f} {y}H{right:.1f}M{right:.1f} {y - 5}v10"/>'
        f'<circle class="{kind}-dot" cx="{place(value):.1f}" cy="{y}" r="5"/>'
    )


def _text(x: float, y: float, text: str, kind: str) -> str:
    """Write a text at a place, to that side of it on which there is room."""
    anchor = "start" if x < _WIDTH / 3 else "end" if x > 2 * _WIDTH / 3 else "middle"
    return f'<text class="{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(height: int, drawn: Sequence[str], told: str) -> str:
    return (
        f'<svg class="claim-picture" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(told)}">'
        f"{''.join(drawn)}</svg>"
    )


def claims_frame(judged: Sequence[Judgement]) -> pd.DataFrame:
    """Put claims into a table of numbers, a row for each part; a claim that wasn't tested has one, without ours."""
    rows = []
    for entry in judged:
        claim = entry.claim
        shared = {"claim": claim.id, "paper": claim.paper, "rival": claim.rival, "verdict": entry.verdict}
        shared |= {"chapter": claim.chapter, "metric": claim.metric}
        significant = {effect.over: effect.significant for effect in claim.effects}
        for part in entry.parts or (None,):
            row: dict[str, Any] = {**shared, "part": "effect" if claim.value is None else "value", "over": ""}
            if part is None:
                row |= {"paper_value": claim.reported}
            else:
                row |= {
                    "part": "effect" if part.over else "value",
                    "over": part.over,
                    "paper_value": part.paper,
                    "significant": significant.get(part.over),
                    "margin": part.margin,
                    "ours": part.ours.value,
                    "low": part.ours.low,
                    "high": part.ours.high,
                    "p_corrected": part.p_corrected,
                    "answer": part.answer,
                }
            rows.append(row)
    columns = "claim paper rival chapter part metric over paper_value significant margin ours low high p_corrected"
    return pd.DataFrame(rows, columns=[*columns.split(), "answer", "verdict"])


@styled
def verdicts_picture(judged: Sequence[Judgement]) -> str:
    """Draw how many claims of each paper got which verdict."""
    import seaborn

    names = [paper_name(entry.claim.paper) + (" (rivals)" if entry.claim.rival else "") for entry in judged]
    counts = pd.crosstab(
        pd.Categorical([entry.verdict for entry in judged], categories=get_args(Verdict)),
        pd.Categorical(names, categories=list(dict.fromkeys(names))),
        dropna=False,
    )
    figure = Figure(figsize=(3.6, 3.9), layout="constrained")
    axes = figure.subplots()
    seaborn.heatmap(
        counts, mask=counts == 0, annot=True, fmt="d", cmap="Blues", vmin=-counts.max().max() / 4, cbar=False, ax=axes
    )
    axes.set(xlabel="", ylabel="")
    axes.set_xticklabels([name.replace(" ", "\n", 1) for name in counts.columns], rotation=90)
    axes.set_yticklabels([verdict.replace(" ", "\n", 1) for verdict in counts.index], rotation=0)
    axes.tick_params(length=0)
    told = "; ".join(
        f"{name}: {', '.join(f'{count} {verdict}' for verdict, count in column.items() if count)}"
        for name, column in counts.items()
    )
    return _themed(figure, "verdicts", told)


@styled
def values_picture(frame: pd.DataFrame) -> str:
    """Draw our values against the papers', with the line on which the two are equal."""
    tested = frame[(frame["part"] == "value") & frame["ours"].notna()]
    figure, axes = _scatter(tested)
    least = tested[["paper_value", "ours"]].min().min() - 0.05 if len(tested) else 0.0
    axes.plot([least, 1], [least, 1], color=FAINT, linewidth=1, linestyle="--", zorder=0)
    axes.set(xlabel="the paper's value", ylabel="ours", xlim=(least, 1.01), ylim=(least, 1.01))
    return _themed(figure, "values", f"Our values against the papers', {len(tested)} of them")


@styled
def effects_picture(frame: pd.DataFrame) -> str:
    """Draw our differences against the papers', with the curve on which the two are equal, and the line of none."""
    claimed = (frame["part"] == "effect") & (frame["significant"] == True)  # noqa: E712
    tested = frame[claimed & frame["ours"].notna() & frame["paper_value"].notna()]
    figure, axes = _scatter(tested)
    if len(tested):
        sizes = np.geomspace(tested["paper_value"].min() / 1.3, tested["paper_value"].max() * 1.3)
        axes.plot(sizes, sizes, color=FAINT, linewidth=1, linestyle="--", zorder=0)
        axes.set(xscale="log", xlim=(sizes[0], sizes[-1]))
        axes.set_ylim(1.1 * tested["low"].min(), 1.5 * tested["paper_value"].median() + tested["high"].max())
        axes.xaxis.set_major_locator(FixedLocator([0.01, 0.03, 0.1, 0.3]))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter("{x:g}")
    axes.axhline(0, color=FAINT, linewidth=1, zorder=0)
    axes.set(xlabel="the paper's difference", ylabel="ours")
    return _themed(figure, "effects", f"Our differences against the papers', {len(tested)} of them")


def _scatter(tested: pd.DataFrame) -> tuple[Figure, Axes]:
    import seaborn

    figure = Figure(figsize=(3.6, 3.9), layout="constrained")
    axes = figure.subplots()
    if tested.empty:
        return figure, axes
    colours = [_COLOURS[verdict] for verdict in tested["verdict"]]
    axes.vlines(tested["paper_value"], tested["low"], tested["high"], colors=colours, linewidth=1.2, alpha=0.6)
    present = [verdict for verdict in _COLOURS if verdict in set(tested["verdict"])]
    seaborn.scatterplot(
        tested,
        x="paper_value",
        y="ours",
        hue="verdict",
        style="verdict",
        hue_order=present,
        style_order=present,
        palette=_COLOURS,
        markers=_MARKERS,
        s=36,
        linewidth=0,
        legend="full",
        ax=axes,
    )
    handles, labels = axes.get_legend_handles_labels()
    axes.legend().remove()
    figure.legend(handles, labels, loc="outside upper left", ncols=2, handletextpad=0.2, columnspacing=1.0)
    return figure, axes


def _themed(figure: Figure, name: str, told: str) -> str:
    """Give a figure as one line of SVG whose ink is the page's; ids begin with a name, since a page has several."""
    import matplotlib

    drawn = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None})
    svg = drawn.getvalue()[drawn.getvalue().index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    svg = re.sub(f"{INK}|{FAINT}", "currentColor", svg, flags=re.IGNORECASE)
    wide = round(float(figure.get_figwidth()) * 96)
    opening = f'<svg class="claims-figure" role="img" aria-label="{escape(told)}" style="max-width: {wide}px;"'
    svg = re.sub(r'<svg ([^>]*?)width="[^"]*"', rf"{opening} \1", svg, count=1)
    svg = re.sub(r'(<svg [^>]*?)height="[^"]*"', r"\1", svg, count=1)
    return " ".join(svg.split())
