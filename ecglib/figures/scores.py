"""Numbers with their intervals, beside the paper's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ecglib.errors import ECGError
from ecglib.evaluation.intervals import Interval
from ecglib.figures.style import FAINT, INK, REPORTED, axes_at, inches_of, styled

_WIDTH, _ROW, _TITLE, _BOTTOM = 7.0, 0.34, 0.4, 0.75


class IntervalRow(NamedTuple):
    """One line of ``plot_intervals``: a metric on a split, with the paper's value where it gives one."""

    metric: str
    split: str
    interval: Interval
    paper: float | None = None


@styled
def plot_intervals(
    rows: Sequence[IntervalRow | tuple[str, str, Interval] | tuple[str, str, Interval, float | None]],
) -> tuple[Figure, pd.DataFrame]:
    """Draw every number as a dot with its 95 % interval as whisker, and the paper's value as a marked line.

    Parameters
    ----------
    rows : sequence of IntervalRow
        Metric, split, interval and, if there is one, the paper's value. Rows of one metric share a panel.

    Returns
    -------
    figure : Figure
        Small grey dots are the single seeds.
    data : DataFrame
        Columns ``metric``, ``split``, ``value``, ``low``, ``high``, ``method``, ``n``, ``paper``, ``seeds``.

    Raises
    ------
    ECGError
        If there are no rows.

    Notes
    -----
    Source: our choice. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> figure, data = plot_intervals([("macro F1", "inter", Interval(0.42, 0.35, 0.48, n=22), 0.95)])
    >>> data[["value", "paper"]].to_numpy().tolist()
    [[0.42, 0.95]]
    """
    if not rows:
        raise ECGError("no intervals to draw", expected="at least one row", found="none", remedy="pass rows")
    lines = [IntervalRow(*row) for row in rows]
    data = pd.DataFrame(
        [
            {
                "metric": line.metric,
                "split": line.split,
                "value": line.interval.value,
                "low": line.interval.low,
                "high": line.interval.high,
                "method": line.interval.method,
                "n": line.interval.n,
                "paper": np.nan if line.paper is None else line.paper,
                "seeds": " ".join(f"{value:.6g}" for value in line.interval.by_seed),
            }
            for line in lines
        ]
    )
    panels = {metric: [line for line in lines if line.metric == metric] for metric in data["metric"].unique()}
    left = 0.25 + max(inches_of(line.split) for line in lines)
    right = 0.25 + inches_of("0.000 (0.000 to 0.000)")
    low, high = data[["low", "value", "paper"]].min().min(), data[["high", "value", "paper"]].max().max()
    seeds = [value for line in lines for value in line.interval.by_seed]
    low, high = min([low, *seeds]), max([high, *seeds])
    pad = max(0.04 * (high - low), 0.01)
    height = sum(_TITLE + _ROW * len(panel) for panel in panels.values()) + _BOTTOM
    figure = Figure(figsize=(_WIDTH, height))
    at = height
    for index, (metric, panel) in enumerate(panels.items()):
        at -= _TITLE + _ROW * len(panel)
        axes = axes_at(figure, left, at, _WIDTH - left - right, _ROW * len(panel))
        axes.set_xlim(low - pad, high + pad)
        axes.set_ylim(len(panel) - 0.5, -0.5)
        axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
        for row, line in enumerate(panel):
            found = line.interval
            axes.hlines(row, found.low, found.high, color=INK, linewidth=1.8, gid="whisker")
            if len(found.by_seed) > 1:
                axes.plot(found.by_seed, [row + 0.26] * len(found.by_seed), "o", color=FAINT, markersize=3, gid="seeds")
            axes.plot(found.value, row, "o", color=INK, markersize=7, gid="value")
            if line.paper is not None:
                axes.vlines(line.paper, row - 0.38, row + 0.38, color=REPORTED, linewidth=2.5, gid="paper")
            written = f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"
            axes.annotate(
                written, (1, row), (8, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center"
            )
        axes.set_yticks(range(len(panel)), [line.split for line in panel])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        lowest = index == len(panels) - 1
        axes.tick_params(axis="x", labelbottom=lowest, length=3 if lowest else 0)
        axes.set_title(metric, loc="left", weight="bold")
    handles = [Line2D([], [], color=INK, marker="o", markersize=7, linewidth=1.8, label="ours, 95 % interval")]
    if any(len(line.interval.by_seed) > 1 for line in lines):
        handles.append(Line2D([], [], color=FAINT, marker="o", markersize=3, linewidth=0, label="single seeds"))
    if any(line.paper is not None for line in lines):
        handles.append(
            Line2D(
                [], [], color=REPORTED, marker="|", markersize=12, markeredgewidth=2.5, linewidth=0, label="the paper"
            )
        )
    figure.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, 0.03 / height),
        ncols=len(handles),
        columnspacing=1.5,
        borderpad=0.2,
    )
    return figure, data
