"""How many beats of each class there are, and as what they were predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.errors import ECGError
from ecglib.evaluation.report import ConfusionMatrix
from ecglib.figures.style import CLASS_COLOURS, CLASS_NAMES, FAINT, INK, axes_at, inches_of, styled

_WIDTH = 6.4


@styled
def plot_class_counts(
    groups: Mapping[str, NDArray[np.int64]], names: Sequence[str] = AAMI_CLASSES
) -> tuple[Figure, pd.DataFrame]:
    """Draw how many beats of each class every group has, on a logarithmic axis with the counts written.

    Parameters
    ----------
    groups : mapping of str to int array, shape (beats,)
        Class index of each beat, by name of the group, such as ``{"DS1": …, "DS2": …}``.
    names : sequence of str
        Names of the classes.

    Returns
    -------
    figure : Figure
        A panel for each group.
    data : DataFrame
        Columns ``group``, ``class``, ``beats``, ``share``.

    Raises
    ------
    ECGError
        If there is no group, or one without beats.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> figure, data = plot_class_counts({"all": np.array([0, 0, 0, 2])})
    >>> data["beats"].tolist()
    [3, 0, 1, 0, 0]
    """
    if not groups or not all(len(classes) for classes in groups.values()):
        raise ECGError(
            "no beats to count",
            expected="at least one group, each with beats",
            found=", ".join(f"{name}: {len(classes)}" for name, classes in groups.items()) or "no group",
            remedy="leave out groups without beats",
        )
    counts = {name: np.bincount(classes, minlength=len(names)) for name, classes in groups.items()}
    data = pd.DataFrame(
        [
            {"group": group, "class": name, "beats": int(count), "share": count / found.sum()}
            for group, found in counts.items()
            for name, count in zip(names, found, strict=True)
        ]
    )
    panel, top, bottom, left = 0.33 * len(names), 0.42, 0.55, 1.75
    figure = Figure(figsize=(_WIDTH, len(groups) * (panel + top) + bottom))
    most, room = max(found.max() for found in counts.values()), _WIDTH - left - 0.2
    text_room = inches_of(f"{most:,}  (99.9 %)") + 0.25
    end = 0.7 * (most / 0.7) ** (room / (room - text_room))
    for index, (group, found) in enumerate(counts.items()):
        lowest = index == len(groups) - 1
        height = bottom + (len(groups) - 1 - index) * (panel + top)
        axes = axes_at(figure, left, height, room, panel)
        axes.set_xscale("log")
        axes.set_xlim(0.7, end)
        axes.set_ylim(len(names) - 0.4, -0.6)
        for row, (name, count) in enumerate(zip(names, found.tolist(), strict=True)):
            colour = CLASS_COLOURS.get(name, INK)
            if count:
                axes.hlines(row, 0.7, count, color=colour, linewidth=2.5)
                axes.plot(count, row, "o", color=colour, markersize=8)
            share = count / found.sum()
            part = "<0.1" if count and share < 0.001 else f"{100 * share:.1f}"
            written = f"{count:,}  ({part} %)"
            axes.annotate(
                written,
                (max(count, 0.7), row),
                (9, 0),
                textcoords="offset points",
                va="center_baseline",
            )
        axes.set_yticks(range(len(names)), [f"{CLASS_NAMES.get(name, '')}  {name}".strip() for name in names])
        axes.tick_params(axis="y", length=0)
        axes.minorticks_off()
        axes.set_xticks(10.0 ** np.arange(int(np.log10(most)) + 1))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.tick_params(axis="x", labelbottom=lowest, length=3 if lowest else 0)
        axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines["left"].set_visible(False)
        axes.set_title(group, loc="left", weight="bold")
        axes.set_xlabel("Beats (logarithmic axis)" if lowest else "")
    return figure, data


@styled
def plot_confusion(confusion: ConfusionMatrix) -> tuple[Figure, pd.DataFrame]:
    """Draw a confusion matrix: share of each true class as shade and number, with the beats below.

    Parameters
    ----------
    confusion : ConfusionMatrix
        From ``ecglib.evaluation.confusion_report``.

    Returns
    -------
    figure : Figure
        Rows are true classes and add up to 100 %.
    data : DataFrame
        Columns ``true``, ``predicted``, ``beats``, ``share``, ``low``, ``high`` (95 % interval of the share).

    Raises
    ------
    ECGError
        If there are no beats.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> from ecglib.evaluation import confusion_report
    >>> figure, data = plot_confusion(confusion_report([0, 0, 1, 1], [0, 1, 1, 1], classes=("N", "V")))
    >>> data["share"].tolist()
    [0.5, 0.5, 0.0, 1.0]
    """
    if not confusion.counts.sum() > 0:
        raise ECGError("no beats in the confusion matrix", expected="counts", found="zeros", remedy="pass predictions")
    names, size = confusion.classes, len(confusion.classes)
    rows, columns = np.divmod(np.arange(size * size), size)
    data = pd.DataFrame(
        {
            "true": np.array(names)[rows],
            "predicted": np.array(names)[columns],
            "beats": confusion.counts.ravel(),
            "share": confusion.share.ravel(),
            "low": confusion.low.ravel(),
            "high": confusion.high.ravel(),
        }
    )
    left, top, below = 0.75, 0.75, 0.1
    cell = min(1.08, (_WIDTH - left - 0.1) / size)
    figure = Figure(figsize=(left + size * cell + 0.1, top + size * cell * 0.72 + below))
    axes = axes_at(figure, left, below, size * cell, size * cell * 0.72)
    axes.imshow(np.nan_to_num(confusion.share), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        share, count = confusion.share[row, column], confusion.counts[row, column]
        if np.isnan(share):
            continue
        text = f"{100 * share:.1f} %\n{count:,.0f}"
        weight = "bold" if row == column else "normal"
        colour = "white" if share > 0.55 else INK if count else FAINT
        axes.text(column, row, text, ha="center", va="center", color=colour, weight=weight, linespacing=1.25)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xticks(range(size), names, weight="bold")
    axes.set_yticks(range(size), names, weight="bold")
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        for label, name in zip(labels, names, strict=True):
            label.set_color(CLASS_COLOURS.get(name, INK))
    axes.tick_params(length=0)
    axes.set_xlabel("Predicted class", labelpad=7)
    axes.set_ylabel("True class")
    axes.spines[:].set_visible(False)
    for edge in np.arange(size - 1) + 0.5:
        axes.axvline(edge, color="white", linewidth=1.5)
        axes.axhline(edge, color="white", linewidth=1.5)
    return figure, data
