"""How many windows a rhythm fills, and in how many hearts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ecglib.errors import ECGError
from ecglib.figures.style import FAINT, INK, RHYTHM_NAMES, axes_at, inches_of, styled

_WIDTH, _ROW, _TOP, _BOTTOM = 7.5, 0.34, 0.1, 0.6


@styled
def plot_rhythm_counts(rhythms: ArrayLike, patients: ArrayLike, names: Sequence[str]) -> tuple[Figure, pd.DataFrame]:
    """Draw a dot for each patient who has a rhythm: how many windows of it, on a logarithmic axis.

    Parameters
    ----------
    rhythms, patients : str arrays, shape (windows,)
        Rhythm that fills each window, and whose window it is.
    names : sequence of str
        Rhythms to draw, from top to bottom.

    Returns
    -------
    figure : Figure
        All windows and patients of a rhythm are written at the right.
    data : DataFrame
        Columns ``rhythm``, ``patient``, ``windows``.

    Raises
    ------
    ECGError
        If none of these rhythms fills a window.

    Notes
    -----
    Source: our choice. Taught in chapter ``26_ten_rhythms``.

    Examples
    --------
    >>> figure, data = plot_rhythm_counts(["N", "N", "VFL"], ["100", "101", "207"], ("N", "VFL"))
    >>> data.to_numpy().tolist()
    [['N', '100', 1], ['N', '101', 1], ['VFL', '207', 1]]
    """
    of, owner = np.asarray(rhythms), np.asarray(patients)
    rows = [
        {"rhythm": name, "patient": str(patient), "windows": int(count)}
        for name in names
        for patient, count in zip(*np.unique(owner[of == name], return_counts=True), strict=True)
    ]
    if not rows:
        raise ECGError(
            "no rhythm to draw",
            expected="windows of at least one of the rhythms",
            found=f"{len(of)} windows, none of {', '.join(names)}",
            remedy="ask for rhythms that fill a window",
        )
    data = pd.DataFrame(rows)
    written = []
    for name in names:
        own = data.loc[data["rhythm"] == name, "windows"]
        written.append(f"{own.sum():,} of {len(own)} patient{'' if len(own) == 1 else 's'}")
    ticks = [f"{RHYTHM_NAMES.get(name, '')}  {name}".strip() for name in names]
    left, right = 0.2 + max(map(inches_of, ticks)), 0.2 + max(map(inches_of, written))
    figure = Figure(figsize=(_WIDTH, _TOP + _ROW * len(names) + _BOTTOM))
    axes = axes_at(figure, left, _BOTTOM, _WIDTH - left - right, _ROW * len(names))
    axes.set_xscale("log")
    axes.set_xlim(0.7, max(10.0, 1.5 * data["windows"].max()))
    axes.set_ylim(len(names) - 0.5, -0.5)
    for row, (name, text) in enumerate(zip(names, written, strict=True)):
        own = data.loc[data["rhythm"] == name, "windows"]
        axes.plot(own, [row] * len(own), "o", color=INK, markersize=7, alpha=0.45, markeredgewidth=0, gid=name)
        axes.annotate(text, (1, row), (8, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                      va="center", color=INK if len(own) else FAINT)  # fmt: skip
    axes.set_yticks(range(len(names)), ticks)
    axes.tick_params(axis="y", length=0)
    axes.minorticks_off()
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("Windows of one patient (logarithmic axis)")
    return figure, data
