"""Recall and precision of our models beside those that others report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ecglib.errors import ECGError
from ecglib.evaluation.intervals import Interval
from ecglib.figures.style import FAINT, INK, REPORTED, axes_at, styled

_SIDE, _LEFT, _GAP, _RIGHT, _TOP, _BOTTOM, _ROW = 2.75, 0.7, 0.75, 0.2, 0.4, 0.65, 0.24
_MARKERS = "sD^vP*Xp<>h8"


class PublishedRow(NamedTuple):
    """One point of ``plot_published``: a class of beats, whose result it is, its recall and its precision."""

    beat: str
    who: str
    recall: float | Interval
    precision: float | Interval


@styled
def plot_published(
    rows: Sequence[PublishedRow | tuple[str, str, float | Interval, float | Interval]],
) -> tuple[Figure, pd.DataFrame]:
    """Draw precision against recall, a panel for each class; our results have intervals, others' are points.

    Parameters
    ----------
    rows : sequence of PublishedRow
        A result with intervals is ours, one of plain numbers somebody else's. Rows of one class share a panel.

    Returns
    -------
    figure : Figure
        Thin curves join the points of equal F1.
    data : DataFrame
        Columns ``class``, ``who``, ``recall``, ``recall_low``, ``recall_high``, ``precision``, ``precision_low``,
        ``precision_high``, ``f1`` (from recall and precision).

    Raises
    ------
    ECGError
        If there are no rows, or more than twelve names.

    Notes
    -----
    Source: our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> ours = ("V", "our CNN", Interval(0.8, 0.7, 0.9, n=21), Interval(0.9, 0.8, 0.95, n=21))
    >>> figure, data = plot_published([ours, ("V", "somebody, 2004", 0.777, 0.819)])
    >>> data["f1"].round(3).tolist()
    [0.847, 0.797]
    """
    points = [PublishedRow(*row) for row in rows]
    names = list(dict.fromkeys(point.who for point in points))
    if not points or len(names) > len(_MARKERS):
        raise ECGError(
            "no results to draw",
            expected=f"from 1 to {len(_MARKERS)} names",
            found=f"{len(names)}",
            remedy="choose the results to compare",
        )
    table = []
    for point in points:
        recall, precision = (_ends(value) for value in (point.recall, point.precision))
        table.append(
            (point.beat, point.who, *recall, *precision, 2 * recall[0] * precision[0] / (recall[0] + precision[0] or 1))
        )
    data = pd.DataFrame(
        table,
        columns=[
            "class",
            "who",
            *(f"{what}{end}" for what in ("recall", "precision") for end in ("", "_low", "_high")),
            "f1",
        ],
    )
    panels = list(dict.fromkeys(point.beat for point in points))
    legend = _ROW * -(-len(names) // 2) + 0.15
    width = _LEFT + len(panels) * (_SIDE + _GAP) - _GAP + _RIGHT
    height = _TOP + _SIDE + _BOTTOM + legend
    figure = Figure(figsize=(width, height))
    handles: dict[str, Line2D] = {}
    for place, beat in enumerate(panels):
        axes = axes_at(figure, _LEFT + place * (_SIDE + _GAP), _BOTTOM + legend, _SIDE, _SIDE)
        for level in (0.2, 0.4, 0.6, 0.8):
            along = np.linspace(level / (2 - level) + 1e-6, 1, 100)
            axes.plot(along, level * along / (2 * along - level), color="#CCCCCC", linewidth=0.8)
            axes.annotate(
                f"F1 {level}", (1, level / (2 - level)), (-2, 2), textcoords="offset points", ha="right", color=FAINT
            )
        for point in points:
            if point.beat != beat:
                continue
            recall, precision = _ends(point.recall), _ends(point.precision)
            ours, marker = isinstance(point.recall, Interval), _MARKERS[names.index(point.who)]
            if ours:
                axes.hlines(precision[0], *recall[1:], color=INK, linewidth=1.5, gid="whisker")
                axes.vlines(recall[0], *precision[1:], color=INK, linewidth=1.5, gid="whisker")
            colour, face = (INK, INK) if ours else (REPORTED, "white")
            (dot,) = axes.plot(
                recall[0],
                precision[0],
                marker,
                markersize=8,
                color=colour,
                markerfacecolor=face,
                label=point.who,
                gid=point.who,
                clip_on=False,
            )
            handles.setdefault(point.who, dot)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="recall", ylabel="precision" if place == 0 else "")
        axes.set_title(f"class {beat}", loc="left", weight="bold")
    figure.legend(
        [handles[name] for name in names],
        names,
        loc="lower center",
        bbox_to_anchor=(0.5, 0.02 / height),
        ncols=2,
        columnspacing=1.5,
        borderpad=0.2,
    )
    return figure, data


def _ends(value: float | Interval) -> tuple[float, float, float]:
    if isinstance(value, Interval):
        return value.value, value.low, value.high
    return float(value), np.nan, np.nan
