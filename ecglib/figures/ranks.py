"""Mean ranks of several methods, with bars that join those which can't be told apart."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from ecglib.evaluation.ranks import RankTest
from ecglib.figures.style import FAINT, INK, REPORTED, axes_at, inches_of, styled

_WIDTH, _ROW, _TOP, _BOTTOM, _BAR = 6.4, 0.32, 0.62, 0.62, 0.16


@styled
def plot_ranks(test: RankTest) -> tuple[Figure, pd.DataFrame]:
    """Draw each method's mean rank, the best on top, and a bar at the right beside methods that are alike.

    Parameters
    ----------
    test : RankTest
        From ``rank_test``.

    Returns
    -------
    figure : Figure
        The line above is as long as the critical difference, and the axis no shorter. A bar spans methods of which no
        two differ.
    data : DataFrame
        A row for each method: ``method``, ``mean_rank``, and its p-value against the best, ``p_against_best``.

    Notes
    -----
    Turned by a quarter from the usual picture, so that names have room on a phone. Source: Demšar (2006), figure 1.
    Taught in chapter ``36_comparison``.

    Examples
    --------
    >>> ranks = pd.Series({"A": 1.2, "B": 1.9, "C": 2.9})
    >>> pairs = pd.DataFrame([[1, 0.3, 0.01], [0.3, 1, 0.06], [0.01, 0.06, 1]], index=ranks.index, columns=ranks.index)
    >>> figure, data = plot_ranks(RankTest(ranks, 9.1, 0.01, pairs, 1.05, 10))
    >>> data["p_against_best"].tolist()
    [1.0, 0.3, 0.01]
    """
    names, ranks, groups = list(test.mean_ranks.index), test.mean_ranks.to_numpy(), test.groups()
    left = 0.2 + max(inches_of(name) for name in names)
    right = 0.2 + inches_of("0.00") + _BAR * max(len(groups), 1)
    across, panel = _WIDTH - left - right, _ROW * len(names)
    height = _TOP + panel + _BOTTOM
    figure = Figure(figsize=(_WIDTH, height))
    axes = axes_at(figure, left, _BOTTOM, across, panel)
    end = 1 + test.critical_difference
    axes.set(xlim=(0.8, max(len(names) + 0.2, end)), ylim=(len(names) - 0.5, -0.5))
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    for row, rank in enumerate(ranks):
        axes.hlines(row, 0.8, rank, color="#CCCCCC", linewidth=1.2, zorder=1)
        axes.plot(rank, row, "o", color=INK, markersize=8, gid="mean rank")
        axes.annotate(
            f"{rank:.2f}", (1, row), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center"
        )
    places = {name: row for row, name in enumerate(names)}
    for column, group in enumerate(groups):
        at = 1 + (0.16 + inches_of("0.00") + _BAR * column) / across
        axes.plot(
            [at, at],
            [places[group[0]] - 0.25, places[group[-1]] + 0.25],
            color=REPORTED,
            linewidth=4,
            solid_capstyle="butt",
            transform=axes.get_yaxis_transform(),
            clip_on=False,
            gid="alike",
        )
    above = 1 + 0.14 / panel
    axes.annotate(
        "",
        (end, above),
        (1, above),
        xycoords=axes.get_xaxis_transform(),
        arrowprops={"arrowstyle": "|-|,widthA=0.25,widthB=0.25", "color": REPORTED, "linewidth": 1.8, "shrinkA": 0,
                    "shrinkB": 0},
        annotation_clip=False,
        gid="critical difference",
    )  # fmt: skip
    explained = f"bars join methods nearer than the critical difference, {test.critical_difference:.2f}"
    figure.text(0.12 / _WIDTH, 1 - 0.1 / height, explained, va="top", color=REPORTED)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.set_xticks(range(1, len(names) + 1))
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.set_xlabel(f"mean rank over {test.blocks:,} blocks (1 is best)")
    against_best = test.pairs.loc[names[0], names].to_numpy(dtype=float)
    return figure, pd.DataFrame({"method": names, "mean_rank": ranks, "p_against_best": against_best})
