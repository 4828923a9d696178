"""Single beats side by side on ECG paper: the average of each AAMI class, and one beat under noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.errors import ECGError
from ecglib.figures.paper import (
    LARGE_MILLIVOLTS,
    MM_PER_MILLIVOLT,
    MM_PER_SECOND,
    draw_paper,
    mark_millivolts,
    mark_seconds,
    number,
    up_to,
)
from ecglib.figures.style import CLASS_COLOURS, CLASS_NAMES, FAINT, FONT_SIZE, INK, TRACE, axes_at, styled

_WIDTH, _LEFT, _RIGHT, _BOTTOM, _GAP = 7.8, 0.62, 0.12, 0.56, 0.12
_NARROWEST_PANEL = 1.3


@styled
def plot_beats_by_class(
    windows: NDArray[np.float32],
    classes: NDArray[np.int64],
    *,
    rate: float,
    before: int,
    names: Sequence[str] = AAMI_CLASSES,
) -> tuple[Figure, pd.DataFrame]:
    """Draw the average beat of each class with the range of four in five beats.

    Parameters
    ----------
    windows : float32 array, shape (beats, 1, length) or (beats, length)
        Windows around the beats of one lead, in millivolts.
    classes : int array, shape (beats,)
        Index of each beat's class; classes without beats are left out.
    rate : float
        Samples a second.
    before : int
        Samples of the window before the beat's sample.
    names : sequence of str
        Names of the classes.

    Returns
    -------
    figure : Figure
        A panel for each class: the mean as a line, percentiles 10 to 90 as a band, the number of beats.
    data : DataFrame
        Columns ``class``, ``time_s``, ``mean_mV``, ``p10_mV``, ``p90_mV``, ``beats``.

    Raises
    ------
    ECGError
        If there are no beats, several leads, or another number of classes than of windows.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> figure, data = plot_beats_by_class(np.zeros((6, 260), np.float32), np.array([0, 0, 0, 2, 2, 2]), rate=360,
    ...                                    before=100)
    >>> data["class"].unique().tolist()
    ['N', 'V']
    """
    beats = windows[:, 0] if windows.ndim == 3 and windows.shape[1] == 1 else windows
    if beats.ndim != 2 or len(beats) == 0 or np.shape(classes) != (len(beats),):
        raise ECGError(
            "beats cannot be averaged",
            expected="windows of shape (beats, 1, length) with one class each",
            found=f"windows of shape {windows.shape} and classes of shape {np.shape(classes)}",
            remedy="pass one lead, and the class of every beat",
        )
    time = (np.arange(beats.shape[1]) - before) / rate
    tables = []
    for index in np.unique(classes).tolist():
        chosen = np.asarray(beats[classes == index])
        low, high = np.percentile(chosen, [10, 90], axis=0)
        mean = chosen.mean(axis=0, dtype=np.float64)
        tables.append(
            pd.DataFrame(
                {
                    "class": names[index],
                    "time_s": time,
                    "mean_mV": mean,
                    "p10_mV": low,
                    "p90_mV": high,
                    "beats": len(chosen),
                }
            )
        )
    data = pd.concat(tables, ignore_index=True)
    figure, panels = _panels(len(tables), time, float(data["p10_mV"].min()), float(data["p90_mV"].max()), titles=3)
    for axes, table in zip(panels, tables, strict=True):
        name = str(table["class"].iloc[0])
        colour = CLASS_COLOURS.get(name, INK)
        axes.fill_between(
            time, table["p10_mV"], table["p90_mV"], color=colour, alpha=0.25, linewidth=0, zorder=2, gid="range"
        )
        axes.plot(time, table["mean_mV"], color=colour, linewidth=1.8, zorder=3, gid=f"class {name}")
        counted = f"{table['beats'].iloc[0]:,} beats"
        _title(axes, [name, CLASS_NAMES.get(name, ""), counted], colour)
    return figure, data


@styled
def plot_noise(versions: Mapping[str, ArrayLike], *, rate: float, before: int) -> tuple[Figure, pd.DataFrame]:
    """Draw the same stretch of one lead under several kinds of noise, the first one grey behind the others.

    Parameters
    ----------
    versions : mapping of str to float array, shape (samples,)
        Millivolts by name, the clean one first, such as ``clean``, ``baseline wander``, ``muscle noise``, ``mains``.
    rate : float
        Samples a second.
    before : int
        Samples before the beat's own, which lies at 0 s.

    Returns
    -------
    figure : Figure
        A panel for each version on ECG paper.
    data : DataFrame
        ``time_s`` and one column of millivolts per version.

    Raises
    ------
    ECGError
        If there is no version, or their lengths differ.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> clean = np.zeros(260)
    >>> figure, data = plot_noise({"clean": clean, "mains": clean + 0.1}, rate=360, before=100)
    >>> list(data)
    ['time_s', 'clean', 'mains']
    """
    traces = {name: np.asarray(values, dtype=np.float64) for name, values in versions.items()}
    lengths = {values.shape for values in traces.values()}
    if len(lengths) != 1 or len(next(iter(lengths))) != 1:
        raise ECGError(
            "versions of a beat cannot be compared",
            expected="at least one, all of the same shape (samples,)",
            found=", ".join(str(length) for length in sorted(lengths)) or "none",
            remedy="cut every version around the same sample",
        )
    clean = next(iter(traces.values()))
    time = (np.arange(len(clean)) - before) / rate
    low, high = (float(function(list(traces.values()))) for function in (np.min, np.max))
    figure, panels = _panels(len(traces), time, low, high, titles=1)
    for axes, (name, values) in zip(panels, traces.items(), strict=True):
        if values is not clean:
            axes.plot(time, clean, color=FAINT, alpha=0.75, linewidth=1.0, zorder=2, gid="clean")
        axes.plot(time, values, color=TRACE, linewidth=1.2, zorder=3, gid=f"version {name}")
        _title(axes, [name], INK)
    return figure, pd.DataFrame({"time_s": time} | traces)


def _panels(count: int, time: NDArray[np.float64], low: float, high: float, titles: int) -> tuple[Figure, list[Axes]]:
    """Lay out equal panels of ECG paper on one common scale, as many beside each other as stay readable."""
    room = _WIDTH - _LEFT - _RIGHT
    columns = min(count, int((room + _GAP) / (_NARROWEST_PANEL + _GAP)))
    lines = -(-count // columns)
    columns = -(-count // lines)
    x = (float(time[0]), float(time[-1]))
    y = (-up_to(max(0.5, 0.1 - low), LARGE_MILLIVOLTS), up_to(max(1.0, high + 0.1), LARGE_MILLIVOLTS))
    across = min((room - (columns - 1) * _GAP) / columns, 3.4)
    scale = across / ((x[1] - x[0]) * MM_PER_SECOND)
    up = (y[1] - y[0]) * MM_PER_MILLIVOLT * scale
    top = titles * FONT_SIZE * 1.3 / 72 + 0.12
    figure = Figure(
        figsize=(
            _LEFT + columns * across + (columns - 1) * _GAP + _RIGHT,
            lines * (up + top) + (lines - 1) * _GAP + _BOTTOM,
        )
    )
    panels = []
    for index in range(count):
        line, column = divmod(index, columns)
        below = index + columns >= count
        axes = axes_at(
            figure,
            _LEFT + column * (across + _GAP),
            _BOTTOM + (lines - 1 - line) * (up + top + _GAP),
            across,
            up,
        )
        draw_paper(axes, x, y, scale)
        mark_seconds(axes, scale, x)
        axes.tick_params(labelbottom=below)
        marks = np.arange(np.ceil(y[0]), np.floor(y[1]) + 1)
        mark_millivolts(axes, {mv: number(mv) for mv in marks} if column == 0 else {})
        axes.yaxis.label.set_visible(column == 0)
        panels.append(axes)
    middle = (_LEFT + (columns * (across + _GAP) - _GAP) / 2) / figure.get_figwidth()
    figure.text(middle, 0.08 / figure.get_figheight(), "Time (s)", ha="center", va="bottom")
    return figure, panels


def _title(axes: Axes, lines: list[str], colour: str) -> None:
    for index, text in enumerate(reversed(lines)):
        axes.annotate(
            text,
            (0.5, 1.0),
            (0, 4 + index * FONT_SIZE * 1.3),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=colour if index == len(lines) - 1 else INK,
            weight="bold" if index == len(lines) - 1 else "normal",
        )
