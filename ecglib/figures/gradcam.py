"""Where a network looks: heat maps under the beat, and their share of each wave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.errors import ECGError
from ecglib.evaluation.intervals import Interval
from ecglib.evaluation.wave_energy import PARTS
from ecglib.figures.style import CLASS_NAMES, FAINT, FONT_SIZE, INK, TRACE, WAVE_COLOURS, axes_at, inches_of, styled

_WIDTH, _GAP = 7.6, 0.14
_MARKERS = ("o", "s", "^", "D", "v", "P")
_GREYS = ("#111111", "#0072B2", "#B07A00", "#C1121F", "#6A1B7A", "#007A5A")
_HEAT = "magma_r"


@styled
def plot_heat(
    window: NDArray[np.float32], heat: NDArray[np.float32], parts: NDArray[np.int8], *, rate: float, before: int
) -> tuple[Figure, pd.DataFrame]:
    """Draw one beat with its waves shaded, and the heat map beneath it on the same time.

    Parameters
    ----------
    window : float array, shape (samples,)
        Millivolts.
    heat : float array, shape (samples,)
        From ``over_samples``; its largest value is drawn as one.
    parts : int8 array, shape (samples,)
        From ``beat_parts``.
    rate : float
        Samples a second.
    before : int
        Samples of the window before the beat's sample.

    Returns
    -------
    figure : Figure
    data : DataFrame
        Columns ``time_s``, ``mV``, ``heat``, ``part``.

    Raises
    ------
    ECGError
        If the three differ in length.

    Notes
    -----
    Source: our choice. Taught in chapter ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> parts = np.repeat(np.array([3, 1, 3], np.int8), [100, 40, 120])
    >>> figure, data = plot_heat(np.zeros(260), np.ones(260), parts, rate=360, before=100)
    >>> data["part"].value_counts()["QRS"]
    np.int64(40)
    """
    if not (np.ndim(window) == 1 and np.shape(window) == np.shape(heat) == np.shape(parts)):
        raise ECGError(
            "beat, map and parts differ",
            expected="three arrays of shape (samples,)",
            found=f"shapes {np.shape(window)}, {np.shape(heat)}, {np.shape(parts)}",
            remedy="give one lead of one beat, and its own map and parts",
        )
    time = (np.arange(len(window)) - before) / rate
    scaled = heat / max(float(np.max(heat)), 1e-12)
    figure = Figure(figsize=(_WIDTH, 4.1))
    upper = axes_at(figure, 0.75, 1.85, _WIDTH - 0.9, 1.9)
    lower = axes_at(figure, 0.75, 0.85, _WIDTH - 0.9, 0.85)
    for axes in (upper, lower):
        _shade(axes, time, parts)
        axes.set_xlim(time[0], time[-1])
    upper.plot(time, window, color=TRACE, linewidth=1.5, gid="beat")
    upper.set_ylabel("mV")
    upper.tick_params(labelbottom=False)
    lower.fill_between(time, scaled, color="#555555", linewidth=0, gid="heat")
    lower.set_ylim(0, 1.05)
    lower.set_yticks([0, 1])
    lower.set_ylabel("heat")
    lower.set_xlabel("Time from the R peak (s)")
    present = [part for index, part in enumerate(PARTS[:3]) if (parts == index).any()]
    handles: list[Line2D | Patch] = [Line2D([], [], color=TRACE, linewidth=1.5, label="beat")]
    handles += [Patch(facecolor=(WAVE_COLOURS[part], 0.35), label=_wave_name(part)) for part in present]
    handles.append(Patch(facecolor="#555555", label="Grad-CAM"))
    _legend(figure, handles)
    named = np.array([*PARTS, "unknown"])[parts]
    return figure, pd.DataFrame({"time_s": time, "mV": window, "heat": scaled, "part": named})


@styled
def plot_heat_by_class(
    windows: NDArray[np.float32],
    classes: NDArray[np.int64],
    maps: Mapping[str, NDArray[np.float32]],
    *,
    rate: float,
    before: int,
    parts: NDArray[np.int8] | None = None,
    names: Sequence[str] = AAMI_CLASSES,
) -> tuple[Figure, pd.DataFrame]:
    """Draw the average beat of each class, and below it a strip of average heat for each network.

    Parameters
    ----------
    windows : float array, shape (beats, samples)
        Millivolts.
    classes : int array, shape (beats,)
        Class of each beat; classes without beats are left out.
    maps : mapping of str to float array, shape (beats, samples)
        Name and heat of each network. Each beat's heat is divided by its sum, so that every beat counts the same; a
        beat without heat counts nothing.
    rate : float
        Samples a second.
    before : int
        Samples of the window before the beat's sample.
    parts : int8 array, shape (beats, samples), optional
        From ``beat_parts``: shades where at least half of a class's beats have the wave.
    names : sequence of str
        Names of the classes.

    Returns
    -------
    figure : Figure
        Dark is much heat. Each strip has its own scale, from none to its largest.
    data : DataFrame
        Columns ``class``, ``time_s``, ``mean_mV`` and one for each network: its mean share a sample.

    Raises
    ------
    ECGError
        If there are no beats, or the arrays differ in shape.

    Notes
    -----
    Source: our choice. Taught in chapter ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> beats, heat = np.zeros((4, 260), np.float32), np.ones((4, 260), np.float32)
    >>> figure, data = plot_heat_by_class(beats, np.array([0, 0, 2, 2]), {"CNN": heat}, rate=360, before=100)
    >>> data["class"].unique().tolist()
    ['N', 'V']
    """
    shapes = [np.shape(windows), *(np.shape(heat) for heat in maps.values())]
    if np.ndim(windows) != 2 or not len(windows) or len(set(shapes)) > 1 or np.shape(classes) != shapes[0][:1]:
        raise ECGError(
            "beats and maps differ",
            expected="beats and every map of shape (beats, samples), at least one beat, and a class for each",
            found=f"shapes {', '.join(map(str, shapes))}, {np.shape(classes)}",
            remedy="choose one lead, and spread the maps over samples",
        )
    time = (np.arange(windows.shape[1]) - before) / rate
    present = [index for index in range(len(names)) if (classes == index).any()]
    columns = 2
    lines = -(-len(present) // columns)
    left = 0.2 + max(inches_of(name) for name in maps)
    across = (_WIDTH - left - 0.12 - 0.5) / columns
    trace, strip, title = 1.0, 0.21, 0.3
    panel = title + trace + strip * len(maps) + _GAP
    bottom = 0.95
    figure = Figure(figsize=(_WIDTH, lines * panel + bottom))
    low, high = _limits(np.stack([windows[classes == index].mean(axis=0) for index in present]))
    rows = []
    for position, index in enumerate(present):
        line, column = divmod(position, columns)
        chosen = classes == index
        x = left + column * (across + 0.5)
        top = bottom + (lines - line) * panel - title
        axes = axes_at(figure, x, top - trace, across, trace)
        if parts is not None:
            _shade(axes, time, _usual(parts[chosen]))
        mean = windows[chosen].mean(axis=0)
        axes.plot(time, mean, color=TRACE, linewidth=1.4, gid=f"class {names[index]}")
        axes.set_xlim(time[0], time[-1])
        axes.set_ylim(low, high)
        axes.set_yticks([value for value in (-1, 0, 1, 2) if low <= value <= high])
        axes.tick_params(labelbottom=False, bottom=False)
        if column == 0:
            axes.set_ylabel("mV", labelpad=2)
        words = CLASS_NAMES.get(names[index], "")
        axes.set_title(f"{names[index]}: {words}, {int(chosen.sum()):,} beats", loc="left", weight="bold")
        table = {"class": names[index], "time_s": time, "mean_mV": mean}
        for number, (name, heat) in enumerate(maps.items()):
            mean_heat = _mean_share(heat[chosen])
            table[name] = mean_heat
            strips = axes_at(figure, x, top - trace - (number + 1) * strip, across, strip * 0.92)
            strips.imshow(
                mean_heat[None],
                aspect="auto",
                cmap=_HEAT,
                vmin=0,
                vmax=max(float(mean_heat.max()), 1e-12),
                extent=(time[0], time[-1], 0, 1),
                interpolation="nearest",
            )
            strips.set_yticks([0.5], [name] if column == 0 else [""])
            strips.tick_params(axis="y", length=0)
            last = number == len(maps) - 1 and position + columns >= len(present)
            strips.tick_params(axis="x", labelbottom=last, bottom=last)
            for spine in strips.spines.values():
                spine.set_visible(False)
            if last:
                strips.set_xlabel("Time from the R peak (s)")
        rows.append(pd.DataFrame(table))
    handles: list[Line2D | Patch] = [Line2D([], [], color=TRACE, linewidth=1.4, label="average beat")]
    if parts is not None:
        handles += [Patch(facecolor=(WAVE_COLOURS[part], 0.35), label=_wave_name(part)) for part in PARTS[:3]]
    handles.append(Patch(facecolor="#3B0F70", label="much heat"))
    _legend(figure, handles)
    return figure, pd.concat(rows, ignore_index=True)


class PartRow(NamedTuple):
    """One dot of ``plot_parts``: whose it is, in which panel, on which part of the beat, and what chance gives."""

    method: str
    panel: str
    part: str
    interval: Interval
    chance: float | None = None


@styled
def plot_parts(rows: Sequence[PartRow | tuple], *, label: str) -> tuple[Figure, pd.DataFrame]:
    """Draw a number for each part of the beat and each network, with its interval, and what chance would give.

    Parameters
    ----------
    rows : sequence of PartRow
        Rows of one panel and part share a line; networks differ in marker and colour.
    label : str
        What the number is.

    Returns
    -------
    figure : Figure
    data : DataFrame
        Columns ``method``, ``panel``, ``part``, ``value``, ``low``, ``high``, ``chance``, ``n``.

    Raises
    ------
    ECGError
        If there are no rows, or more than six methods.

    Notes
    -----
    Source: our choice. Taught in chapter ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> figure, data = plot_parts([("CNN", "V", "QRS", Interval(0.5, 0.4, 0.6), 0.2)], label="share of the heat")
    >>> data[["value", "chance"]].to_numpy().tolist()
    [[0.5, 0.2]]
    """
    lines = [PartRow(*row) for row in rows]
    methods = list(dict.fromkeys(line.method for line in lines))
    if not lines or len(methods) > len(_MARKERS):
        raise ECGError(
            "this can't be drawn",
            expected=f"rows of one to {len(_MARKERS)} methods",
            found=f"{len(lines)} rows, {len(methods)} methods",
            remedy="draw several figures",
        )
    data = pd.DataFrame(
        [
            {
                "method": line.method,
                "panel": line.panel,
                "part": line.part,
                "value": line.interval.value,
                "low": line.interval.low,
                "high": line.interval.high,
                "chance": np.nan if line.chance is None else line.chance,
                "n": line.interval.n,
            }
            for line in lines
        ]
    )
    panels = list(dict.fromkeys(line.panel for line in lines))
    columns = min(2, len(panels))
    depth = -(-len(panels) // columns)
    parts = [part for part in PARTS if part in set(data["part"])]
    parts += [part for part in data["part"].unique() if part not in parts]
    left = 0.3 + max(inches_of(part) for part in parts)
    across = (_WIDTH - left - 0.15 - (columns - 1) * _GAP) / columns
    tall = (0.11 * len(methods) + 0.12) * len(parts)
    title, bottom = 0.32, 1.05 + 0.24 * ((len(methods) + 1) // 3)
    figure = Figure(figsize=(_WIDTH, depth * (tall + title + _GAP) + bottom))
    low = min(data["low"].min(), data["value"].min(), data["chance"].min())
    high = max(data["high"].max(), data["value"].max(), data["chance"].max())
    pad = 0.03 * (high - low) or 0.05
    for position, panel in enumerate(panels):
        line, column = divmod(position, columns)
        y = bottom + (depth - 1 - line) * (tall + title + _GAP)
        axes = axes_at(figure, left + column * (across + _GAP), y, across, tall)
        axes.set_xlim(low - pad, high + pad)
        axes.set_ylim(len(parts) - 0.5, -0.5)
        axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
        axes.axvline(0, color=FAINT, linewidth=0.8)
        axes.set_axisbelow(True)
        for row in (found for found in lines if found.panel == panel):
            number = methods.index(row.method)
            at = parts.index(row.part) + 0.76 * ((number + 0.5) / len(methods) - 0.5)
            colour = _GREYS[number]
            axes.hlines(at, row.interval.low, row.interval.high, color=colour, linewidth=1.4, gid="whisker")
            axes.plot(row.interval.value, at, _MARKERS[number], color=colour, markersize=4.5, gid=row.method)
            if row.chance is not None:
                half = 0.76 / len(methods) / 2
                axes.vlines(row.chance, at - half, at + half, color=INK, linewidth=2.2, gid="chance")
        for border in range(1, len(parts)):
            axes.axhline(border - 0.5, color="#BBBBBB", linewidth=0.6)
        axes.set_yticks(range(len(parts)), parts if column == 0 else [""] * len(parts))
        axes.tick_params(axis="y", length=0)
        lowest = position + columns >= len(panels)
        axes.tick_params(axis="x", labelbottom=lowest)
        if lowest:
            axes.set_xlabel(label)
        axes.set_title(panel, loc="left", weight="bold")
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=_GREYS[number], marker=_MARKERS[number], markersize=5, linewidth=1.4, label=method)
        for number, method in enumerate(methods)
    ]
    if data["chance"].notna().any():
        handles.append(
            Line2D([], [], color=INK, marker="|", markersize=11, markeredgewidth=2.2, linewidth=0, label="chance")
        )
    _legend(figure, handles, columns=3)
    return figure, data


def _shade(axes: Axes, time: NDArray[np.float64], parts: NDArray[np.int8]) -> None:
    for index, part in enumerate(PARTS[:3]):
        inside = np.concatenate([[False], parts == index, [False]])
        for start, stop in np.flatnonzero(inside[1:] != inside[:-1]).reshape(-1, 2):
            axes.axvspan(
                time[start], time[stop - 1], color=WAVE_COLOURS[part], alpha=0.35, linewidth=0, gid=f"wave {part}"
            )


def _usual(parts: NDArray[np.int8]) -> NDArray[np.int8]:
    shares = np.stack([(parts == index).mean(axis=0) for index in range(3)])
    return np.where(shares.max(axis=0) >= 0.5, shares.argmax(axis=0), 3).astype(np.int8)


def _mean_share(heat: NDArray[np.float32]) -> NDArray[np.float64]:
    total = heat.sum(axis=1, dtype=np.float64)
    warm = total > 0
    return (heat[warm] / total[warm, None]).mean(axis=0) if warm.any() else np.zeros(heat.shape[1])


def _limits(values: NDArray[np.float32]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    pad = 0.08 * max(high - low, 0.1)
    return low - pad, high + pad


def _wave_name(part: str) -> str:
    return {"P": "P wave", "QRS": "QRS complex", "T": "T wave"}[part]


def _legend(figure: Figure, handles: Sequence[Line2D | Patch], columns: int | None = None) -> None:
    figure.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, 0.02 / figure.get_figheight()),
        ncols=columns or len(handles),
        columnspacing=1.2,
        handlelength=1.4,
        handletextpad=0.5,
        borderpad=0.2,
        fontsize=FONT_SIZE,
    )
