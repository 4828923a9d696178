"""The heart's electric vector: the loop that a beat draws in space, and what turning it does to the twelve leads."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.leads import TWELVE_LEADS
from ecglib.errors import ECGError
from ecglib.figures.paper import INCHES_PER_MM, MM_PER_MILLIVOLT
from ecglib.figures.style import FAINT, INK, TRAIN, axes_at, styled
from ecglib.signals.morphology import PARTS
from ecglib.signals.vcg import COMPONENTS

PLANES = {
    "Frontal, from the front": ("X", "Y"),
    "Horizontal, from above": ("X", "Z"),
    "Sagittal, from the left": ("Z", "Y"),
}
"""The components that each plane shows, across and up or down."""

_ENDS = {"X": ("right", "left"), "Y": ("head", "feet"), "Z": ("front", "back")}
_TURN, _TILT = np.radians(30), np.radians(20)
_FROM_FRONT_LEFT = np.array(
    [
        [np.cos(_TURN), 0, np.sin(_TURN)],
        [-np.sin(_TURN) * np.sin(_TILT), -np.cos(_TILT), np.cos(_TURN) * np.sin(_TILT)],
    ]
)
"""Across and up on the page as an observer sees X, Y and Z from the front, a little from the left and from above."""

_PANEL, _LEFT, _RIGHT, _BETWEEN, _ABOVE, _TITLE, _BELOW = 2.3, 0.72, 0.12, 0.78, 0.3, 0.3, 0.62
_BAR, _BAR_BOTTOM = 0.14, 0.56
_COLOURS = LinearSegmentedColormap.from_list("time", matplotlib.colormaps["plasma"](np.linspace(0, 0.88, 256)))

_COLUMN, _NAME, _GAP, _PAUSE = 2.95, 0.46, 0.1, 0.12
_HIGHEST = 7.0
_GREY, _HIDDEN = "#9A9A9A", "#E9E9E9"


@styled
def plot_loops(vcg: ArrayLike, *, rate: float, peak: int, title: str = "") -> tuple[Figure, pd.DataFrame]:
    """Draw the loop of a beat in three planes and in space, coloured by time.

    Parameters
    ----------
    vcg : float array, shape (3, samples)
        X, Y and Z of one beat, in millivolts, from ``vectorcardiogram``.
    rate : float
        Samples a second.
    peak : int
        Sample of the R peak.
    title : str
        Whose beat it is.

    Returns
    -------
    figure : Figure
        All panels have the same scale. A dot marks the R peak; the bar of colours names the waves where they mostly lie
        (``ecglib.signals.morphology.PARTS``).
    data : DataFrame
        A row for each sample: ``time_s`` from the R peak, ``X``, ``Y``, ``Z``.

    Raises
    ------
    ECGError
        If this is no loop, or the R peak lies outside it.

    Notes
    -----
    Planes as cardiologists draw them: the patient's left on the right of the page, the feet below; from above, the
    front below; from the left, the front on the left.
    Source: our choice. Taught in chapter ``30_loops``.

    Examples
    --------
    >>> time = np.arange(-30, 50) / 100
    >>> beat = np.exp(-((time / 0.03) ** 2)) * np.array([[1.0], [0.8], [0.2]])
    >>> figure, data = plot_loops(beat, rate=100, peak=30)
    >>> data.loc[30].tolist()
    [0.0, 1.0, 0.8, 0.2]
    """
    loop = np.asarray(vcg, dtype=np.float64)
    if loop.ndim != 2 or len(loop) != 3 or loop.shape[1] < 2 or not np.isfinite(loop).all():
        raise ECGError(
            "no loop to draw",
            expected="finite millivolts of shape (3, samples)",
            found=f"shape {loop.shape}, {np.count_nonzero(~np.isfinite(loop))} not finite",
            remedy="pass the vectorcardiogram of one beat",
        )
    if not 0 <= peak < loop.shape[1]:
        raise ECGError(
            "the R peak lies outside the loop",
            expected=f"a sample from 0 to {loop.shape[1] - 1}",
            found=str(peak),
            remedy="count the R peak's sample from the beginning of the beat",
        )
    data = pd.DataFrame(
        {"time_s": (np.arange(loop.shape[1]) - peak) / rate, **dict(zip(COMPONENTS, loop, strict=True))}
    )
    width = _LEFT + 2 * _PANEL + _BETWEEN + _RIGHT
    bottom = _BAR_BOTTOM + _BAR + 0.34 + _BELOW
    height = bottom + 2 * _PANEL + _BELOW + 2 * _ABOVE + (_TITLE if title else 0.05)
    figure = Figure(figsize=(width, height))
    figure.text(0.12 / width, 1 - 0.08 / height, title, va="top", weight="bold", fontsize=11.5)
    colours = Normalize(data["time_s"].iloc[0], data["time_s"].iloc[-1])
    seen = np.concatenate([loop, _FROM_FRONT_LEFT @ loop])
    low, high = np.minimum(seen.min(axis=1), 0), np.maximum(seen.max(axis=1), 0)
    half = max(0.58 * (high - low).max(), 0.15)
    names = (*COMPONENTS, "across", "up")
    limits = {name: (middle - half, middle + half) for name, middle in zip(names, (low + high) / 2, strict=True)}
    for index, (name, (across, up)) in enumerate(PLANES.items()):
        axes = _panel(figure, index, bottom, name)
        axes.set(xlim=limits[across], ylim=limits[up])
        axes.axhline(0, color=FAINT, linewidth=0.6, zorder=1)
        axes.axvline(0, color=FAINT, linewidth=0.6, zorder=1)
        _draw_loop(axes, data[[across, up]].to_numpy(), data["time_s"].to_numpy(), peak, colours)
        axes.set_xlabel(f"← {_ENDS[across][0]}   {across} (mV)   {_ENDS[across][1]} →")
        lower, upper = _ENDS[up] if up == "Z" else _ENDS[up][::-1]
        axes.set_ylabel(f"← {lower}   {up} (mV)   {upper} →")
        if up == "Y":
            axes.invert_yaxis()
    space = _panel(figure, len(PLANES), bottom, "In space, from front left")
    space.set(xlim=limits["across"], ylim=limits["up"], xticks=[], yticks=[])
    space.spines[:].set_visible(False)
    for arrow in 10 * half * _FROM_FRONT_LEFT.T:
        space.plot([-arrow[0], arrow[0]], [-arrow[1], arrow[1]], color=FAINT, linewidth=0.6, zorder=1)
    _draw_loop(space, (_FROM_FRONT_LEFT @ loop).T, data["time_s"].to_numpy(), peak, colours)
    _draw_directions(figure, width - _RIGHT - _PANEL, bottom - _BELOW + 0.02)
    _draw_bar(figure, width, colours)
    return figure, data


@styled
def plot_rotated_leads(
    original: ArrayLike, view: ArrayLike, *, rate: float, hidden: ArrayLike | None = None, title: str = ""
) -> tuple[Figure, pd.DataFrame]:
    """Draw a view of a recording over the recording itself, lead by lead.

    Parameters
    ----------
    original, view : float array, shape (12, samples)
        Millivolts, leads in the order of ``TWELVE_LEADS``; a few seconds can be read on a phone.
    rate : float
        Samples a second.
    hidden : bool array, shape (12, samples), optional
        Where the view is hidden, as ``ThreeKG`` says.
    title : str
        What was done to the view.

    Returns
    -------
    figure : Figure
        Limb leads on the left, chest leads on the right, all at one scale: the original in grey, the view in blue, and
        a grey band instead of the view where it is hidden.
    data : DataFrame
        Columns ``lead``, ``time_s``, ``original_mV``, ``view_mV``, ``hidden``.

    Raises
    ------
    ECGError
        If the shapes differ or are no twelve leads.

    Notes
    -----
    Source: our choice. Taught in chapter ``30_loops``.

    Examples
    --------
    >>> figure, data = plot_rotated_leads(np.zeros((12, 200)), np.ones((12, 200)), rate=100)
    >>> data.groupby("lead")["view_mV"].mean()["aVR"]
    np.float64(1.0)
    """
    before, after = np.asarray(original, dtype=np.float64), np.asarray(view, dtype=np.float64)
    covered = np.zeros(before.shape, bool) if hidden is None else np.asarray(hidden, dtype=bool)
    fits = before.ndim == 2 and len(before) == len(TWELVE_LEADS) and before.shape == after.shape == covered.shape
    if not fits or before.shape[1] < 2 or not np.isfinite([before, after]).all():
        raise ECGError(
            "no leads that can be drawn over each other",
            expected="finite millivolts of shape (12, samples), the same for all",
            found=f"{before.shape}, {after.shape} and {covered.shape}",
            remedy="pass one recording with its view and its mask",
        )
    time = np.arange(before.shape[1]) / rate
    low, high = (pick([before, after], axis=(0, 2)).reshape(2, 6) for pick in (np.min, np.max))
    above, below = np.maximum(high, 0.2), np.minimum(low, -0.2)
    tall = (above - below).sum(axis=1)
    pauses = _PAUSE + (tall.max() - tall) / 5
    top, bottom = 0.05, -tall.max() - 5 * _PAUSE - 0.05
    scale = min(INCHES_PER_MM * MM_PER_MILLIVOLT, _HIGHEST / (top - bottom))
    rows = scale * (top - bottom)
    head, foot = 0.38 if title else 0.08, 0.85
    width, height = 2 * (_NAME + _COLUMN) + _GAP + 0.22, head + rows + foot
    figure = Figure(figsize=(width, height))
    figure.text(0.1 / width, 1 - 0.08 / height, title, va="top", weight="bold", fontsize=11.5)
    for column in range(2):
        axes = axes_at(figure, _NAME + column * (_NAME + _COLUMN + _GAP), foot, _COLUMN, rows)
        axes.set(xlim=(0, len(time) / rate), ylim=(bottom, top), xlabel="Time (s)")
        heights = above[column] - below[column] + pauses[column]
        baselines = -above[column] - np.r_[0, np.cumsum(heights[:-1])]
        axes.set_yticks(baselines, TWELVE_LEADS[6 * column : 6 * column + 6], weight="bold")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        for row, baseline in enumerate(baselines):
            lead = 6 * column + row
            _draw_hidden(axes, time, covered[lead], baseline + below[column, row], baseline + above[column, row], rate)
            axes.plot(time, baseline + before[lead], color=_GREY, linewidth=1.7, gid=f"original {TWELVE_LEADS[lead]}")
            shown = np.where(covered[lead], np.nan, after[lead])
            axes.plot(time, baseline + shown, color=TRAIN, linewidth=1.1, gid=f"view {TWELVE_LEADS[lead]}")
    _draw_legend(figure, scale, bool(covered.any()))
    table = {"lead": np.repeat(TWELVE_LEADS, len(time)), "time_s": np.tile(time, 12), "original_mV": before.ravel()}
    return figure, pd.DataFrame({**table, "view_mV": after.ravel(), "hidden": covered.ravel()})


def _panel(figure: Figure, index: int, bottom: float, name: str) -> Axes:
    row, column = divmod(index, 2)
    up = bottom + (1 - row) * (_PANEL + _BELOW + _ABOVE)
    axes = axes_at(figure, _LEFT + column * (_PANEL + _BETWEEN), up, _PANEL, _PANEL)
    axes.set_title(name, loc="left", fontsize=10.5, weight="bold")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    return axes


def _draw_loop(
    axes: Axes, points: NDArray[np.float64], time: NDArray[np.float64], peak: int, colours: Normalize
) -> None:
    """Draw a loop (samples, 2) with a dot on its R peak and two arrows that say which way it runs."""
    pieces = LineCollection(
        list(np.stack([points[:-1], points[1:]], axis=1)),
        cmap=_COLOURS,
        norm=colours,
        array=(time[:-1] + time[1:]) / 2,
        linewidths=2.0,
        capstyle="round",
        zorder=2,
        gid="loop",
    )
    axes.add_collection(pieces)
    axes.plot(*points[peak], "o", color=INK, markersize=6, zorder=4, gid="R peak")
    way = np.cumsum(np.hypot(*np.diff(points, axis=0).T))
    for share in (0.3, 0.6):
        piece = int(np.searchsorted(way, share * way[-1]))
        start, stop = points[piece : piece + 2]
        middle = (start + stop) / 2
        _draw_arrow(axes, middle, middle + (stop - start) / 1000, INK)  # so short that it is all head


def _draw_directions(figure: Figure, left: float, bottom: float) -> None:
    """Name the directions of X, Y and Z as the panel above shows them."""
    across, up = _PANEL, 0.85
    axes = axes_at(figure, left, bottom, across, up)
    axes.set(xlim=(0, across), ylim=(0, up))
    axes.axis("off")
    origin = np.array([0.85, 0.55])
    sides = (("left", "center"), ("center", "top"), ("left", "center"))
    for component, direction, (ha, va) in zip(COMPONENTS, 0.38 * _FROM_FRONT_LEFT.T, sides, strict=True):
        _draw_arrow(axes, origin, origin + direction, FAINT)
        x, y = origin + 1.2 * direction
        axes.text(x, y, _ENDS[component][1], color=FAINT, ha=ha, va=va)


def _draw_arrow(axes: Axes, start: NDArray[np.float64], tip: NDArray[np.float64], colour: str) -> None:
    axes.add_patch(
        FancyArrowPatch(
            (start[0], start[1]), (tip[0], tip[1]), arrowstyle="-|>", mutation_scale=13, color=colour, shrinkA=0,
            shrinkB=0, zorder=3,
        )
    )  # fmt: skip


def _draw_bar(figure: Figure, width: float, colours: Normalize) -> None:
    """Say below all panels which colour is which time, and which wave mostly lies there."""
    axes = axes_at(figure, _LEFT, _BAR_BOTTOM, width - _LEFT - _RIGHT - 0.2, _BAR)
    mappable = ScalarMappable(colours, _COLOURS)
    figure.colorbar(
        mappable, cax=axes, orientation="horizontal", label="Time from the R peak ● (s)", ticks=MaxNLocator(7)
    )
    first, last = axes.get_xlim()
    for name, (start, stop) in PARTS.items():
        middle = (start + stop) / 2
        if first <= middle <= last:
            axes.annotate(
                name.upper(), (middle, 1), xycoords=("data", "axes fraction"), xytext=(0, 2),
                textcoords="offset points", ha="center", va="bottom", weight="bold", gid="wave",
            )  # fmt: skip


def _draw_hidden(
    axes: Axes, time: NDArray[np.float64], covered: NDArray[np.bool_], low: float, high: float, rate: float
) -> None:
    edges = np.flatnonzero(np.diff(np.r_[False, covered, False]))
    for start, stop in edges.reshape(-1, 2):
        axes.fill_between([start / rate, stop / rate], low, high, color=_HIDDEN, linewidth=0, zorder=0.5, gid="hidden")


def _draw_legend(figure: Figure, scale: float, covered: bool) -> None:
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=_GREY, linewidth=2.2, label="original"),
        Line2D([], [], color=TRAIN, linewidth=1.8, label="view"),
    ]
    if covered:
        handles.append(Patch(facecolor=_HIDDEN, label="hidden"))
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(_NAME / figure.get_figwidth(), 0.02 / figure.get_figheight()),
        ncols=len(handles),
        handlelength=1.6,
        columnspacing=1.4,
        borderaxespad=0,
    )
    # The bar stands for 1 mV at the scale of all leads.
    axes = axes_at(figure, figure.get_figwidth() - 1.0, 0.05, 0.9, max(scale, 0.25))
    axes.set(xlim=(0, 1), ylim=(0, max(scale, 0.25)))
    axes.axis("off")
    axes.plot([0.25, 0.25], [0, scale], color=INK, linewidth=2, solid_capstyle="butt", gid="1 mV")
    axes.text(0.32, scale / 2, "1 mV", va="center", ha="left")
