"""Made beats beside real ones, how near they come to copies, and the contest that made them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import ECGError
from ecglib.figures.style import FAINT, INK, TRAIN, VALIDATION, axes_at, styled

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM, _GAP = 7.6, 0.75, 0.1, 0.1, 0.58, 0.08
_LINES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1, 1, 1, 1, 1)))
_COLOURS = (VALIDATION, TRAIN, "#007A5A", "#6A1B7A", FAINT)


@styled
def plot_made_beats(
    rows: Mapping[str, NDArray[np.float32]], *, rate: float, before: int, columns: int = 6
) -> tuple[Figure, pd.DataFrame]:
    """Draw single beats, a row of them for each origin.

    Parameters
    ----------
    rows : mapping of str to float32 array, shape (beats, 1, samples)
        Beats in millivolts by origin, such as ``real``, ``GAN`` and, of each beat above, ``nearest real``.
    rate : float
        Samples a second.
    before : int
        Samples of the window before the beat's sample.
    columns : int
        Beats to draw of each row, from its first.

    Returns
    -------
    figure : Figure
        All panels on one scale; what is named ``real`` or begins with ``nearest`` is black.
    data : DataFrame
        Columns ``origin``, ``beat``, ``time_s``, ``mV``.

    Raises
    ------
    ECGError
        If there are no rows, or one has fewer beats than columns.

    Notes
    -----
    Source: our choice. Taught in chapter ``14_gan``.

    Examples
    --------
    >>> beats = np.zeros((3, 1, 260), np.float32)
    >>> figure, data = plot_made_beats({"real": beats, "GAN": beats}, rate=360, before=100, columns=3)
    >>> len(figure.axes), len(data)
    (6, 1560)
    """
    if not rows or min(len(beats) for beats in rows.values()) < columns:
        raise ECGError(
            "too few beats to draw",
            expected=f"at least {columns} in each row",
            found=", ".join(f"{len(beats)} of {origin}" for origin, beats in rows.items()) or "no rows",
            remedy="make more beats, or draw fewer columns",
        )
    drawn = {origin: np.asarray(beats[:columns, 0], dtype=np.float64) for origin, beats in rows.items()}
    samples = next(iter(drawn.values())).shape[1]
    time = (np.arange(samples) - before) / rate
    low, high = min(map(np.min, drawn.values())), max(map(np.max, drawn.values()))
    margin = 0.06 * max(high - low, 0.1)
    across = (_WIDTH - _LEFT - _RIGHT - (columns - 1) * _GAP) / columns
    up, title = 0.95, 0.27
    figure = Figure(figsize=(_WIDTH, _TOP + len(rows) * (up + title) + _BOTTOM))
    for line, (origin, beats) in enumerate(drawn.items()):
        bottom = _BOTTOM + (len(drawn) - 1 - line) * (up + title)
        for column, beat in enumerate(beats):
            axes = axes_at(figure, _LEFT + column * (across + _GAP), bottom, across, up)
            is_real = origin == "real" or origin.startswith("nearest")
            axes.plot(time, beat, color=INK if is_real else VALIDATION, linewidth=1.3, gid=f"beat {origin}")
            axes.set_xlim(time[0], time[-1])
            axes.set_ylim(low - margin, high + margin)
            axes.grid(color="#DDDDDD", linewidth=0.6)
            axes.set_axisbelow(True)
            axes.xaxis.set_major_locator(MaxNLocator(2, prune="both"))
            axes.yaxis.set_major_locator(MaxNLocator(3))
            axes.tick_params(labelbottom=line == len(drawn) - 1, labelleft=column == 0, length=0)
            if column == 0:
                axes.set_title(origin, loc="left", weight="bold", pad=3)
                axes.set_ylabel("mV")
    figure.text(0.5, 0.08 / figure.get_figheight(), "Time (s)", ha="center", va="bottom")
    table = [
        pd.DataFrame({"origin": origin, "beat": index, "time_s": time, "mV": beat})
        for origin, beats in drawn.items()
        for index, beat in enumerate(beats)
    ]
    return figure, pd.concat(table, ignore_index=True)


@styled
def plot_distances(panels: Mapping[str, Mapping[str, ArrayLike]]) -> tuple[Figure, pd.DataFrame]:
    """Draw, for every distance, the share of beats that lie nearer than that to a training beat.

    Parameters
    ----------
    panels : mapping of str to mapping of str to float array, shape (beats,)
        For each panel, such as a class, distances in millivolts by origin. ``unseen real`` is drawn thick and black:
        what lies left of it is nearer to training than a new real beat is.

    Returns
    -------
    figure : Figure
        A panel beside the other, distances on a logarithmic scale from 0.001 mV.
    data : DataFrame
        Columns ``panel``, ``origin``, ``share``, ``distance_mV``, at 101 shares.

    Raises
    ------
    ECGError
        If there is nothing to draw.

    Notes
    -----
    Source: our choice. Taught in chapter ``14_gan``.

    Examples
    --------
    >>> figure, data = plot_distances({"F": {"unseen real": [0.1, 0.2], "GAN": [0.1, 0.3]}})
    >>> data.groupby("origin")["distance_mV"].median().round(2).tolist()
    [0.2, 0.15]
    """
    shares = np.linspace(0, 1, 101)
    table = [
        pd.DataFrame(
            {"panel": panel, "origin": origin, "share": shares, "distance_mV": np.quantile(np.asarray(values), shares)}
        )
        for panel, curves in panels.items()
        for origin, values in curves.items()
    ]
    if not table:
        raise ECGError("no distances to draw", expected="at least one panel", found="none", remedy="pass distances")
    data = pd.concat(table, ignore_index=True)
    origins = [origin for origin in data["origin"].unique() if origin != "unseen real"]
    legend, up, left, gap = 0.3 * -(-(len(origins) + 1) // 3) + 0.3, 2.5, 0.8, 0.2
    across = (_WIDTH - left - _RIGHT - (len(panels) - 1) * gap) / len(panels)
    figure = Figure(figsize=(_WIDTH, legend + up + _BOTTOM))
    handles = {}
    for column, panel in enumerate(panels):
        axes = axes_at(figure, left + column * (across + gap), _BOTTOM, across, up)
        for origin in [*origins, "unseen real"]:
            curve = data[(data["panel"] == panel) & (data["origin"] == origin)]
            if curve.empty:
                continue
            real = origin == "unseen real"
            index = 0 if real else origins.index(origin)
            (handles[origin],) = axes.plot(
                curve["distance_mV"].clip(lower=1e-3),
                curve["share"],
                color=INK if real else _COLOURS[index % len(_COLOURS)],
                linestyle="-" if real else _LINES[index % len(_LINES)],
                linewidth=3.0 if real else 1.8,
                gid=f"origin {origin}",
            )
        axes.set_xscale("log")
        axes.set_xlim(1e-3, max(1.0, float(data["distance_mV"].max())))
        axes.set_xticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
        axes.minorticks_off()
        axes.set_ylim(0, 1.02)
        axes.grid(color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(labelleft=column == 0)
        axes.set_ylabel("Share of beats" if column == 0 else "")
        axes.set_title(panel, loc="left", weight="bold", pad=4)
    figure.text(0.5, 0.08 / figure.get_figheight(), "Distance to the nearest training beat (mV)", ha="center")
    figure.legend(
        handles.values(),
        handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=3,
        columnspacing=1.4,
        handlelength=2.6,
        borderpad=0.2,
    )
    return figure, data


@styled
def plot_contest(histories: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[Figure, pd.DataFrame]:
    """Draw how the critic scored real and made beats while a GAN was trained.

    Parameters
    ----------
    histories : mapping of str to sequence of mapping
        The history of ``fit_gan`` by run, such as ``seed 0``.

    Returns
    -------
    figure : Figure
        A line for each run: solid with dots for real beats, dashed for made ones.
    data : DataFrame
        Columns ``run``, ``step``, ``real``, ``made``.

    Raises
    ------
    ECGError
        If there is no history.

    Notes
    -----
    Two bands that stay apart by about the same distance are a contest in balance. Bands that meet: the critic has
    given up. Bands that drift far apart: the generator has lost. Source: our choice. Taught in chapter ``14_gan``.

    Examples
    --------
    >>> history = [{"step": 100, "real": 0.5, "made": -0.5}, {"step": 200, "real": 0.4, "made": -0.4}]
    >>> figure, data = plot_contest({"seed 0": history, "seed 1": history})
    >>> len(data)
    4
    """
    if not histories or not all(histories.values()):
        raise ECGError("no contest to draw", expected="histories of fit_gan", found="none", remedy="pass histories")
    data = pd.DataFrame(
        [
            {"run": run, "step": row["step"], "real": row["real"], "made": row["made"]}
            for run, rows in histories.items()
            for row in rows
        ]
    )
    up, top = 2.4, 0.45
    figure = Figure(figsize=(_WIDTH, top + up + _BOTTOM))
    axes = axes_at(figure, _LEFT, _BOTTOM, _WIDTH - _LEFT - _RIGHT - 0.1, up)
    for index, run in enumerate(histories):
        rows = data[data["run"] == run]
        for name, style, marker, colour in (("real", "-", "o", INK), ("made", (0, (4, 2)), "", VALIDATION)):
            axes.plot(
                rows["step"],
                rows[name],
                linestyle=style,
                marker=marker,
                markersize=3.5,
                color=colour,
                linewidth=1.5,
                alpha=max(0.4, 1 - 0.25 * index),
                label=f"{name} beats" if index == 0 else None,
                gid=f"{name} {run}",
            )
    axes.axhline(0, color=FAINT, linewidth=1.0, linestyle=":")
    axes.set_xlabel("Step")
    axes.set_ylabel("Critic's mean score")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.98), ncols=2, handlelength=2.8)
    return figure, data
