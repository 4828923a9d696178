"""How a score grows with the number of labels."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from ecglib.errors import ECGError
from ecglib.evaluation.intervals import Interval
from ecglib.figures.style import axes_at, inches_of, styled

_WIDTH, _LEFT, _RIGHT, _TOP, _PANEL, _BOTTOM, _LEGEND_ROW = 6.4, 0.75, 0.15, 0.15, 3.0, 0.62, 0.235
LOOKS = (
    ("#0072B2", "o", "-"),
    ("#C1121F", "s", "--"),
    ("#222222", "^", ":"),
    ("#B07A00", "D", "-."),
    ("#6A1B7A", "v", (0, (5, 1, 1, 1, 1, 1))),
    ("#007A5A", "P", (0, (3, 3))),
    ("#56B4E9", "X", "-"),
    ("#8C564B", "<", "--"),
)
"""Colour, marker and line of each of eight methods."""

_REFERENCES = (("#555555", (0, (1, 1))), ("#555555", (0, (6, 3))))


@styled
def plot_label_curve(
    curves: Mapping[str, Mapping[float, Interval]],
    *,
    references: Mapping[str, float] | None = None,
    score: str = "F1",
    labels: str = "patients with labels",
) -> tuple[Figure, pd.DataFrame]:
    """Draw a score against the number of labels, a line for each method.

    Parameters
    ----------
    curves : mapping of method to mapping of number of labels to Interval
        Such as ``{"Beat-SSL": {10: …, 40: …, 160: …}}``; eight methods at most. Shares are passed in percent.
    references : mapping of str to float, optional
        Scores that need no labels of ours, such as those of neurokit2 and of the paper, drawn across; two at most,
        and none with a method's name.
    score : str
        What the score is.
    labels : str
        What is counted.

    Returns
    -------
    figure : Figure
        Whiskers are 95 % intervals. The numbers of labels stand equally far apart.
    data : DataFrame
        Columns ``method``, ``labels`` (empty for a reference), ``value``, ``low``, ``high``, ``method of interval``,
        ``n``.

    Raises
    ------
    ECGError
        If there is nothing to draw, too many methods or references, or a name stands for both.

    Notes
    -----
    Source: our choice. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> curve = {10: Interval(0.80, 0.77, 0.83, n=40), 160: Interval(0.92, 0.90, 0.93, n=40)}
    >>> figure, data = plot_label_curve({"Beat-SSL": curve}, references={"neurokit2": 0.71})
    >>> data["value"].tolist()
    [0.8, 0.92, 0.71]
    """
    across = dict(references or {})
    if not 0 < len(curves) <= len(LOOKS) or not all(curves.values()) or len(across) > len(_REFERENCES):
        raise ECGError(
            "no curve over labels to draw",
            expected=f"from 1 to {len(LOOKS)} methods with scores, and {len(_REFERENCES)} references at most",
            found=f"{len(curves)} methods, {len(across)} references",
            remedy="choose the methods to compare",
        )
    twice = [name for name in across if name in curves]
    if twice:
        raise ECGError(
            "a reference has a method's name",
            expected="another name for each line",
            found=f"twice {', '.join(twice)}",
            remedy="call the reference what it is, such as 'the paper'",
        )
    rows = [
        {
            "method": method,
            "labels": float(number),
            "value": found.value,
            "low": found.low,
            "high": found.high,
            "method of interval": found.method,
            "n": found.n,
        }
        for method, curve in curves.items()
        for number, found in sorted(curve.items())
    ]
    data = pd.DataFrame(rows + [{"method": name, "value": value} for name, value in across.items()])
    numbers = sorted(data["labels"].dropna().unique())
    place = {number: index for index, number in enumerate(numbers)}

    names = [*curves, *across]
    columns = 1 if max(map(inches_of, names)) > 2.2 else 2
    legend = _LEGEND_ROW * -(-len(names) // columns) + 0.1
    height = _TOP + _PANEL + _BOTTOM + legend
    figure = Figure(figsize=(_WIDTH, height))
    axes = axes_at(figure, _LEFT, _BOTTOM + legend, _WIDTH - _LEFT - _RIGHT, _PANEL)
    shift = 0.07 if len(curves) > 1 else 0.0
    for index, (method, (colour, marker, line)) in enumerate(zip(curves, LOOKS, strict=False)):
        mine = data[data["method"] == method]
        at = mine["labels"].map(place) + shift * (index - (len(curves) - 1) / 2)
        axes.vlines(at, mine["low"], mine["high"], color=colour, linewidth=1.4, alpha=0.8, gid="whisker")
        axes.plot(
            at,
            mine["value"],
            color=colour,
            marker=marker,
            linestyle=line,
            markersize=6,
            linewidth=1.5,
            label=method,
            gid=f"curve {method}",
        )
    for (name, value), (colour, line) in zip(across.items(), _REFERENCES, strict=False):
        axes.axhline(value, color=colour, linestyle=line, linewidth=1.6, zorder=1, label=name, gid=f"reference {name}")
    low, high = data[["low", "value"]].min().min(), data[["high", "value"]].max().max()
    pad = max(0.05 * (high - low), 0.005)
    axes.set(xlim=(-0.5, len(numbers) - 0.5), ylim=(low - pad, high + pad), ylabel=score, xlabel=labels)
    axes.set_xticks(range(len(numbers)), [f"{number:g}" for number in numbers])
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    figure.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 0.02 / height),
        ncols=columns,
        columnspacing=1.5,
        borderpad=0.2,
        handlelength=3.2,
    )
    return figure, data
