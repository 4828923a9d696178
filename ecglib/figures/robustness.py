"""How a score falls as noise rises."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from ecglib.errors import ECGError
from ecglib.evaluation.intervals import Interval
from ecglib.figures.style import axes_at, styled

_WIDTH, _LEFT, _RIGHT, _PANEL, _GAP, _TOP, _BOTTOM, _LEGEND_ROW = 7.0, 0.75, 0.15, 1.9, 0.42, 0.4, 0.65, 0.27
_LOOKS = (
    ("#0072B2", "o", "-"),
    ("#C1121F", "s", "--"),
    ("#222222", "^", ":"),
    ("#B07A00", "D", "-."),
    ("#6A1B7A", "v", (0, (5, 1, 1, 1, 1, 1))),
    ("#007A5A", "P", (0, (3, 3))),
)


@styled
def plot_robustness(
    curves: Mapping[str, Mapping[str, Mapping[float, Interval]]],
    *,
    clean: Mapping[str, Interval] | None = None,
    score: str = "macro F1",
) -> tuple[Figure, pd.DataFrame]:
    """Draw a score against the signal-to-noise ratio, one panel for each kind of noise, noisier to the right.

    Parameters
    ----------
    curves : mapping of noise to mapping of method to mapping of decibels to Interval
        Such as ``{"muscle": {"CNN": {24: …, 12: …, 0: …}}}``; six methods at most.
    clean : mapping of method to Interval, optional
        The score without added noise, drawn at the left of every panel.
    score : str
        What the score is.

    Returns
    -------
    figure : Figure
        Whiskers are 95 % intervals. Methods differ in colour, marker and line.
    data : DataFrame
        Columns ``noise``, ``method``, ``decibels`` (infinite without noise), ``value``, ``low``, ``high``, ``method of
        interval``, ``n``.

    Raises
    ------
    ECGError
        If there is nothing to draw, or more than six methods.

    Notes
    -----
    Source: our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> curve = {24: Interval(0.9, 0.85, 0.94, n=22), 0: Interval(0.6, 0.5, 0.7, n=22)}
    >>> figure, data = plot_robustness({"muscle": {"CNN": curve}}, clean={"CNN": Interval(0.92, 0.9, 0.95, n=22)})
    >>> data["decibels"].tolist()
    [inf, 24.0, 0.0]
    """
    methods = list(dict.fromkeys(method for panel in curves.values() for method in panel))
    if not methods or len(methods) > len(_LOOKS):
        raise ECGError(
            "no robustness to draw",
            expected=f"from 1 to {len(_LOOKS)} methods",
            found=f"{len(methods)}",
            remedy="choose the methods to compare",
        )
    rows = []
    for noise, panel in curves.items():
        for method, curve in panel.items():
            points = [(float("inf"), clean[method])] if clean and method in clean else []
            points += [(float(level), curve[level]) for level in sorted(curve, reverse=True)]
            for level, found in points:
                rows.append(
                    {
                        "noise": noise,
                        "method": method,
                        "decibels": level,
                        "value": found.value,
                        "low": found.low,
                        "high": found.high,
                        "method of interval": found.method,
                        "n": found.n,
                    }
                )
    data = pd.DataFrame(rows)
    levels = sorted(data["decibels"].unique(), reverse=True)
    place = {level: index for index, level in enumerate(levels)}
    low, high = data["low"].min(), data["high"].max()
    columns = 1 if any(len(method) > 24 for method in methods) else 2 if len(methods) > 3 else len(methods)
    legend = _LEGEND_ROW * -(-len(methods) // columns) + 0.1
    height = len(curves) * (_PANEL + _GAP) - _GAP + _TOP + _BOTTOM + legend
    figure = Figure(figsize=(_WIDTH, height))
    shift = 0.09 if len(methods) > 1 else 0.0
    for index, (noise, panel) in enumerate(curves.items()):
        bottom = height - _TOP - _PANEL - index * (_PANEL + _GAP)
        axes = axes_at(figure, _LEFT, bottom, _WIDTH - _LEFT - _RIGHT, _PANEL)
        for method in panel:
            number = methods.index(method)
            colour, marker, line = _LOOKS[number]
            mine = data[(data["noise"] == noise) & (data["method"] == method)]
            at = mine["decibels"].map(place) + shift * (number - (len(methods) - 1) / 2)
            axes.vlines(at, mine["low"], mine["high"], color=colour, linewidth=1.3, alpha=0.8, gid="whisker")
            axes.plot(
                at,
                mine["value"],
                color=colour,
                marker=marker,
                linestyle=line,
                markersize=6,
                linewidth=1.4,
                label=method,
                gid=f"curve {method}",
            )
        axes.set_xlim(-0.5, len(levels) - 0.5)
        pad = max(0.04 * (high - low), 0.01)
        axes.set_ylim(low - pad, high + pad)
        axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
        last = index == len(curves) - 1
        names = ["clean" if level == float("inf") else f"{level:g}".replace("-", "−") for level in levels]
        axes.set_xticks(range(len(levels)), names if last else [""] * len(levels))
        axes.set_title(noise, loc="left", weight="bold")
        axes.set_ylabel(score)
        if last:
            axes.set_xlabel("signal-to-noise ratio (dB)")
    named = {
        label: handle for axes in figure.axes for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        [named[method] for method in methods],
        methods,
        loc="lower center",
        bbox_to_anchor=(0.5, 0.02 / height),
        ncols=columns,
        columnspacing=1.5,
        borderpad=0.2,
        handlelength=3.2,
    )
    return figure, data
