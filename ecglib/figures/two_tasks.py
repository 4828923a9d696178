"""How good methods are at two tasks at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ecglib.errors import ECGError
from ecglib.evaluation.intervals import Interval
from ecglib.figures.label_curve import LOOKS
from ecglib.figures.style import axes_at, styled

_WIDTH, _LEFT, _GAP, _RIGHT, _TOP, _BOTTOM, _ENTRY = 7.0, 0.75, 0.72, 0.15, 0.4, 0.62, 0.25
_COLUMNS = 3


@styled
def plot_two_tasks(
    panels: Mapping[str, Mapping[str, tuple[float | Interval, float | Interval]]], *, across: str, up: str
) -> tuple[Figure, pd.DataFrame]:
    """Draw methods on the plane of two scores, a panel for each source of numbers.

    Parameters
    ----------
    panels : mapping of str to mapping of method to (score, score)
        Two panels, such as *published* and *measured here*; eight methods at most. A score is a number or an interval.
    across, up : str
        What the two scores are.

    Returns
    -------
    figure : Figure
        A method has one colour and marker in both panels. **Each panel has axes of its own.** Whiskers are 95 %
        intervals.
    data : DataFrame
        Columns ``panel``, ``method``, ``across``, ``across_low``, ``across_high``, ``up``, ``up_low``, ``up_high``.

    Raises
    ------
    ECGError
        If there are not two panels, one is empty, or there are too many methods.

    Notes
    -----
    Source: our choice. Taught in chapter ``36_comparison``.

    Examples
    --------
    >>> ours = {"A": (Interval(0.6, 0.5, 0.7), Interval(0.9, 0.8, 0.95))}
    >>> figure, data = plot_two_tasks({"published": {"A": (0.61, 0.89), "B": (0.5, 0.7)}, "here": ours},
    ...                               across="F1 on one task", up="F1 on another")
    >>> data["across"].tolist()
    [0.61, 0.5, 0.6]
    """
    methods = list(dict.fromkeys(method for panel in panels.values() for method in panel))
    if len(panels) != 2 or not all(panels.values()) or len(methods) > len(LOOKS):
        raise ECGError(
            "no two tasks to draw",
            expected=f"two panels with methods, {len(LOOKS)} methods at most",
            found=f"{len(panels)} panels, {len(methods)} methods",
            remedy="choose the methods to compare",
        )
    rows: list[dict[str, Any]] = [
        {"panel": panel, "method": method, **_ends("across", x), **_ends("up", y)}
        for panel, points in panels.items()
        for method, (x, y) in points.items()
    ]
    side = (_WIDTH - _LEFT - _GAP - _RIGHT) / 2
    legend = _ENTRY * -(-len(methods) // _COLUMNS) + 0.1
    height = _TOP + side + _BOTTOM + legend
    figure = Figure(figsize=(_WIDTH, height))
    looks = dict(zip(methods, LOOKS, strict=False))
    for column, panel in enumerate(panels):
        axes = axes_at(figure, _LEFT + column * (side + _GAP), legend + _BOTTOM, side, side)
        for row in (row for row in rows if row["panel"] == panel):
            colour, marker, _ = looks[row["method"]]
            x, y = row["across"], row["up"]
            axes.hlines(y, row["across_low"], row["across_high"], color=colour, linewidth=1.4, gid="whisker")
            axes.vlines(x, row["up_low"], row["up_high"], color=colour, linewidth=1.4, gid="whisker")
            axes.plot(x, y, marker, color=colour, markersize=8, gid=row["method"])
        axes.set_title(panel, loc="left", pad=6)
        axes.margins(0.12)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.grid(color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.set_xlabel(across)
        axes.set_ylabel(up if column == 0 else "")
    handles = [Line2D([], [], color=c, marker=m, linestyle="", markersize=8, label=n) for n, (c, m, _) in looks.items()]
    figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 0), ncols=min(_COLUMNS, len(handles)))
    return figure, pd.DataFrame(rows)


def _ends(name: str, score: float | Interval) -> dict[str, float]:
    if isinstance(score, Interval):
        return {name: score.value, f"{name}_low": score.low, f"{name}_high": score.high}
    return {name: score, f"{name}_low": score, f"{name}_high": score}
