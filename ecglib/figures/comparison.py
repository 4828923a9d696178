"""Two models on the same beats: their scores resample by resample, and their differences with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from ecglib.errors import ECGError
from ecglib.evaluation.comparison import Difference
from ecglib.figures.style import INK, REPORTED, axes_at, inches_of, styled

_WIDTH, _ROW, _TITLE, _TICKS, _BOTTOM = 7.0, 0.34, 0.42, 0.32, 0.72
_SQUARE, _LEFT, _BELOW, _ABOVE = 3.4, 0.95, 0.65, 0.4
_SIGNIFICANT = 0.05


class DifferenceRow(NamedTuple):
    """One line of ``plot_differences``: which two models, on which split, and the corrected p-value."""

    split: str
    models: str
    difference: Difference
    p_corrected: float


@styled
def plot_differences(
    rows: Sequence[DifferenceRow | tuple[str, str, Difference, float]], *, unit: str = "macro F1"
) -> tuple[Figure, pd.DataFrame]:
    """Draw every difference as a dot with its 95 % interval as whisker, full where it is significant.

    Parameters
    ----------
    rows : sequence of DifferenceRow
        Split, the two models' names, the paired difference, its corrected p-value. Rows of one split share a panel.
    unit : str
        What differs.

    Returns
    -------
    figure : Figure
        **Each panel has an axis of its own**; the line at zero means no difference.
    data : DataFrame
        Columns ``split``, ``models``, ``value``, ``low``, ``high``, ``p_value``, ``p_corrected``, ``method``, ``n``.

    Raises
    ------
    ECGError
        If there are no rows.

    Notes
    -----
    Source: our choice. Taught in chapter ``15_comparison``.

    Examples
    --------
    >>> row = ("intra", "CNN-LSTM minus CNN", Difference(0.02, 0.01, 0.03, 0.001, n=900), 0.004)
    >>> figure, data = plot_differences([row])
    >>> data["p_corrected"].tolist()
    [0.004]
    """
    if not rows:
        raise ECGError("no differences to draw", expected="at least one row", found="none", remedy="pass rows")
    lines = [DifferenceRow(*row) for row in rows]
    data = pd.DataFrame(
        [
            {
                "split": line.split,
                "models": line.models,
                "value": line.difference.value,
                "low": line.difference.low,
                "high": line.difference.high,
                "p_value": line.difference.p_value,
                "p_corrected": line.p_corrected,
                "method": line.difference.method,
                "n": line.difference.n,
            }
            for line in lines
        ]
    )
    panels = {split: [line for line in lines if line.split == split] for split in data["split"].unique()}
    left = 0.25 + max(inches_of(line.models) for line in lines)
    right = 0.3 + inches_of("\N{MINUS SIGN}0.000, p = 0.0000")
    height = sum(_TITLE + _ROW * len(panel) + _TICKS for panel in panels.values()) + _BOTTOM
    figure = Figure(figsize=(_WIDTH, height))
    at = height
    for split, panel in panels.items():
        at -= _TITLE + _ROW * len(panel)
        axes = axes_at(figure, left, at, _WIDTH - left - right, _ROW * len(panel))
        at -= _TICKS
        axes.axvline(0, color=REPORTED, linewidth=1.2, gid="no difference")
        axes.set_ylim(len(panel) - 0.5, -0.5)
        axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
        for place, line in enumerate(panel):
            found, full = line.difference, line.p_corrected < _SIGNIFICANT
            axes.hlines(place, found.low, found.high, color=INK, linewidth=1.8, gid="whisker")
            axes.plot(
                found.value,
                place,
                "o",
                markerfacecolor=INK if full else "white",
                markeredgecolor=INK,
                markersize=7,
                gid="value",
            )
            written = f"{found.value:+.3f}, p = {line.p_corrected:.2g}".replace("-0", "\N{MINUS SIGN}0", 1)
            axes.annotate(
                written, (1, place), (8, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center"
            )
        low, high = min(0.0, *(x.difference.low for x in panel)), max(0.0, *(x.difference.high for x in panel))
        pad = max(0.06 * (high - low), 0.001)
        axes.set_xlim(low - pad, high + pad)
        axes.locator_params(axis="x", nbins=4)
        axes.set_yticks(range(len(panel)), [line.models for line in panel])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_title(split, loc="left", weight="bold")
    figure.text((left + (_WIDTH - left - right) / 2) / _WIDTH, 0.38 / height, f"Difference in {unit}", ha="center")
    figure.legend(
        handles=[
            Line2D([], [], color=INK, marker="o", markersize=7, linewidth=1.8, label="significant (Holm, 0.05)"),
            Line2D([], [], color=INK, marker="o", markersize=7, linewidth=1.8, markerfacecolor="white", label="not"),
            Line2D([], [], color=REPORTED, linewidth=1.2, label="no difference"),
        ],
        loc="lower center",
        bbox_to_anchor=(0.5, 0.02 / height),
        ncols=3,
        columnspacing=1.5,
        borderpad=0.2,
    )
    return figure, data


@styled
def plot_resamples(
    first: ArrayLike, second: ArrayLike, *, names: tuple[str, str], unit: str = "macro F1"
) -> tuple[Figure, pd.DataFrame]:
    """Draw the scores of two models on the same resamples against each other.

    Parameters
    ----------
    first, second : float array, shape (resamples,)
        Scores of the two models on the same resamples of the test set.
    names : tuple of str
        Of the models.
    unit : str
        What the scores are.

    Returns
    -------
    figure : Figure
        A dot for each resample; dots above the line of equal scores are resamples that the second model won.
    data : DataFrame
        Columns ``first``, ``second``.

    Raises
    ------
    ECGError
        If there are not as many scores of the one as of the other, or none.

    Notes
    -----
    Source: our choice. Taught in chapter ``15_comparison``.

    Examples
    --------
    >>> figure, data = plot_resamples([0.90, 0.92], [0.91, 0.93], names=("CNN", "CNN-LSTM"))
    >>> data["second"].gt(data["first"]).tolist()
    [True, True]
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != other.shape or one.ndim != 1 or not len(one):
        raise ECGError(
            "these resamples can't be paired",
            expected="a score of each model for each resample",
            found=f"{one.shape} and {other.shape}",
            remedy="score both models on the same resamples",
        )
    data = pd.DataFrame({"first": one, "second": other})
    low, high = float(data.min().min()), float(data.max().max())
    pad = max(0.05 * (high - low), 1e-4)
    limits = (low - pad, high + pad)
    figure = Figure(figsize=(_LEFT + _SQUARE + 0.3, _BELOW + _SQUARE + _ABOVE))
    axes = axes_at(figure, _LEFT, _BELOW, _SQUARE, _SQUARE)
    axes.plot(limits, limits, color=REPORTED, linewidth=1.2, gid="equal")
    axes.scatter(data["first"], data["second"], s=9, color=INK, alpha=0.35, linewidths=0, gid="resamples")
    share = float((data["second"] > data["first"]).mean())
    axes.set(xlim=limits, ylim=limits, xlabel=f"{unit} of {names[0]}", ylabel=f"{unit} of {names[1]}")
    axes.locator_params(nbins=4)
    axes.grid(color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_title(f"{names[1]} ahead in {share:.1%} of {len(data):,}", loc="left")
    return figure, data
