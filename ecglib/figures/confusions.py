"""Confusion matrices of several methods beside each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ecglib.errors import ECGError
from ecglib.evaluation.report import ConfusionMatrix
from ecglib.figures.style import FAINT, INK, WIDEST, axes_at, inches_of, styled

_TITLE, _NAMES, _GAP, _EDGE, _HIGH = 0.34, 0.3, 0.16, 0.1, 0.46


@styled
def plot_confusions(methods: Mapping[str, ConfusionMatrix]) -> tuple[Figure, pd.DataFrame]:
    """Draw confusion matrices side by side: share of each true class as shade and in percent, with the counts below.

    Parameters
    ----------
    methods : mapping of str to ConfusionMatrix
        By name of the method, from ``ecglib.evaluation.confusion_report``; all over the same classes.

    Returns
    -------
    figure : Figure
        Rows are true classes and add up to 100.
    data : DataFrame
        Columns ``method``, ``true``, ``predicted``, ``count``, ``share``, ``low``, ``high`` (95 % interval of the
        share).

    Raises
    ------
    ECGError
        If there are no matrices, they differ in their classes, or they are too many for one row.

    Notes
    -----
    Source: our choice. Taught in chapter ``24_across_databases``.

    Examples
    --------
    >>> from ecglib.evaluation import confusion_report
    >>> one = confusion_report([0, 0, 1, 1], [0, 1, 1, 1], classes=("SR", "AFIB"))
    >>> figure, data = plot_confusions({"BSM": one, "PI-BSM": one})
    >>> data.loc[data["method"] == "BSM", "share"].tolist()
    [0.5, 0.5, 0.0, 1.0]
    """
    if len({confusion.classes for confusion in methods.values()}) != 1:
        raise ECGError(
            "no matrices that can be drawn together",
            expected="at least one, and all over the same classes",
            found=f"{len(methods)} over {len({found.classes for found in methods.values()})} sets of classes",
            remedy="draw those of other classes in a figure of their own",
        )
    classes = next(iter(methods.values())).classes
    left = 0.35 + max(inches_of(name, bold=True) for name in classes)
    room = (WIDEST - left - _EDGE - _GAP * (len(methods) - 1)) / (len(methods) * len(classes))
    cell = min(0.8, room)
    needed = max(inches_of(name, bold=True) for name in (*classes, "100")) + 0.04
    panel = max(cell * len(classes), max(inches_of(name, 11.5, bold=True) for name in methods))
    if cell < needed:
        raise ECGError(
            "too many matrices for one row",
            expected=f"cells of {needed:.2f} inches",
            found=f"{len(methods)} matrices of {len(classes)} classes, cells of {cell:.2f} inches",
            remedy="draw them in two figures",
        )
    width = left + len(methods) * panel + (len(methods) - 1) * _GAP + _EDGE
    height = _TITLE + _NAMES + len(classes) * _HIGH + _EDGE
    figure = Figure(figsize=(min(width, WIDEST), height))
    tables = []
    for index, (method, confusion) in enumerate(methods.items()):
        start = left + index * (panel + _GAP)
        axes = axes_at(figure, start, _EDGE, cell * len(classes), len(classes) * _HIGH)
        axes.imshow(np.nan_to_num(confusion.share), cmap="Blues", vmin=0, vmax=1, aspect="auto", gid="shares")
        for (row, column), share in np.ndenumerate(confusion.share):
            if np.isnan(share):
                continue
            axes.text(
                column,
                row,
                f"{100 * share:.0f}\n{confusion.counts[row, column]:,.0f}",
                ha="center",
                va="center",
                color="white" if share > 0.55 else INK if confusion.counts[row, column] else FAINT,
                weight="bold" if row == column else "normal",
                linespacing=1.1,
            )
        axes.xaxis.tick_top()
        axes.set_xticks(range(len(classes)), classes, weight="bold")
        axes.set_yticks(range(len(classes)), classes if index == 0 else [], weight="bold")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        for edge in np.arange(len(classes) - 1) + 0.5:
            axes.axvline(edge, color="white", linewidth=1.5)
            axes.axhline(edge, color="white", linewidth=1.5)
        if index == 0:
            axes.set_ylabel("True class", labelpad=3)
        figure.text(start / figure.get_figwidth(), 1 - 0.05 / height, method, va="top", weight="bold", fontsize=11.5)
        tables.append(_table(method, confusion))
    return figure, pd.concat(tables, ignore_index=True)


def _table(method: str, confusion: ConfusionMatrix) -> pd.DataFrame:
    names, size = np.array(confusion.classes), len(confusion.classes)
    rows, columns = np.divmod(np.arange(size * size), size)
    return pd.DataFrame(
        {
            "method": method,
            "true": names[rows],
            "predicted": names[columns],
            "count": confusion.counts.ravel(),
            "share": confusion.share.ravel(),
            "low": confusion.low.ravel(),
            "high": confusion.high.ravel(),
        }
    )
