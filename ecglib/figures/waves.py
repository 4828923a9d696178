"""P wave, QRS complex and T wave, with the boundaries that cardiologists drew."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ecglib.databases.record import NOT_MARKED, Record
from ecglib.errors import AnnotationError
from ecglib.figures.ecg import stretch
from ecglib.figures.paper import (
    LARGE_MILLIVOLTS,
    MM_PER_MILLIVOLT,
    MM_PER_SECOND,
    SMALL_MILLIVOLTS,
    draw_paper,
    mark_millivolts,
    mark_seconds,
    number,
    paper_scale,
    up_to,
)
from ecglib.figures.style import FAINT, FONT_SIZE, INK, TRACE, WAVE_COLOURS, axes_at, inches_of, styled

_LEFT, _RIGHT, _TOP, _BOTTOM = 0.68, 0.15, 0.36, 0.92
_WIDTH = 7.2
_SHADE = 0.3


@styled
def plot_waves(record: Record, lead: str, start: float = 0.0, stop: float = 3.0) -> tuple[Figure, pd.DataFrame]:
    """Draw one lead on ECG paper, every marked wave shaded from onset to offset with a dot on its peak.

    Parameters
    ----------
    record : Record
        A record whose waves are marked, such as one of LUDB.
    lead : str
        Name of the lead.
    start, stop : float
        Seconds from the record's beginning, 15 apart at most; a stretch that ends after the record is cut there.

    Returns
    -------
    figure : Figure
        What lies before the first and after the last marked wave is greyed: there the annotators say nothing.
    data : DataFrame
        One row per sample: ``time_s``, the lead's millivolts, ``wave`` (P, QRS, T, empty between waves, ``unknown``
        outside the annotated span) and ``mark`` (onset, peak, offset).

    Raises
    ------
    LeadError
        If the record lacks the lead.
    AnnotationError
        If no waves are marked in it.
    RecordTooShortError
        If nothing of the record lies in the stretch.
    ECGError
        If the stretch is longer than 15 s.

    Notes
    -----
    A boundary that was left out has no edge; the shading then ends at the peak.
    Source: LUDB's annotation (Kalyakulina et al., IEEE Access 8:186181, 2020). Taught in chapter
    ``00_reading_an_ecg``.

    Examples
    --------
    >>> from ecglib.databases.record import Waves
    >>> waves = {"II": Waves(np.array(["QRS"]), np.array([240]), np.array([250]), np.array([262]))}
    >>> record = Record("demo", "1", "1", np.zeros((1, 1000), np.float32), ("II",), 500.0, waves=waves)
    >>> figure, data = plot_waves(record, "II", stop=2)
    >>> data["wave"].value_counts()["QRS"]
    np.int64(23)
    """
    first, last = stretch(record, start, stop)
    signal = record.lead(lead)[first:last]
    waves = record.waves.get(lead)
    if waves is None or len(waves) == 0:
        raise AnnotationError(
            f"no waves are marked in lead {lead}",
            record=record.title,
            expected="P, QRS or T marks",
            found=f"marks in {', '.join(record.waves) or 'no lead'}",
            remedy="choose a lead with marks, or a record of LUDB",
        )
    time = np.arange(first, last) / record.rate
    width = time[-1] - time[0]
    scale = paper_scale(width, narrowest=_WIDTH - _LEFT - _RIGHT, widest=_WIDTH - _LEFT - _RIGHT)
    line = FONT_SIZE * 1.25 / 72 / (scale * MM_PER_MILLIVOLT)
    named = np.flatnonzero((waves.peaks >= first) & (waves.peaks < last))
    levels = _levels(waves.peaks[named] / record.rate, waves.kinds[named], scale)
    level = dict(zip(named.tolist(), levels, strict=True))
    top = max(1.0, float(np.nanmax(signal))) + 0.15
    y = (
        -up_to(max(0.5, 0.1 - float(np.nanmin(signal))), LARGE_MILLIVOLTS),
        up_to(top + (max(levels, default=0) + 1.2) * line, SMALL_MILLIVOLTS),
    )
    height = (y[1] - y[0]) * MM_PER_MILLIVOLT * scale
    figure = Figure(figsize=(_WIDTH, height + _TOP + _BOTTOM))
    axes = axes_at(figure, _LEFT, _BOTTOM, _WIDTH - _LEFT - _RIGHT, height)
    draw_paper(axes, (float(time[0]), float(time[-1])), y, scale, origin=float(time[0]))

    onsets = np.where(waves.onsets == NOT_MARKED, waves.peaks, waves.onsets)
    offsets = np.where(waves.offsets == NOT_MARKED, waves.peaks, waves.offsets)
    kind, mark = np.full(len(time), "", dtype=object), np.full(len(time), "", dtype=object)
    for sides in (slice(0, max(0, onsets.min() - first)), slice(max(0, offsets.max() + 1 - first), None)):
        kind[sides] = "unknown"
        outside = time[sides]
        if len(outside) > 1:
            axes.axvspan(outside[0], outside[-1], color=FAINT, alpha=0.16, linewidth=0, zorder=1, gid="not marked")
    present = []
    for index, name in enumerate(waves.kinds):
        begin, end = max(onsets[index], first), min(offsets[index], last - 1)
        if begin > end:
            continue
        colour = WAVE_COLOURS[str(name)]
        present.append(str(name))
        kind[begin - first : end + 1 - first] = name
        left, right = begin / record.rate, end / record.rate
        axes.axvspan(left, right, color=colour, alpha=_SHADE, linewidth=0, zorder=1, gid=f"wave {name}")
        for what, at in (("onset", waves.onsets[index]), ("offset", waves.offsets[index])):
            if at != NOT_MARKED and first <= at < last:
                axes.axvline(at / record.rate, color=colour, linewidth=1.1, zorder=1.5, gid=what)
                mark[at - first] = what
        peak = waves.peaks[index]
        if first <= peak < last:
            mark[peak - first] = "peak"
            axes.plot(peak / record.rate, signal[peak - first], "o", color=INK, markersize=5, zorder=4, gid="peak")
            height_of_name = y[1] - (0.1 + level[index]) * line
            axes.text(
                peak / record.rate,
                height_of_name,
                name,
                ha="center",
                va="top",
                weight="bold",
                zorder=4,
                gid="wave name",
            )
    axes.plot(time, signal, color=TRACE, linewidth=1.2, zorder=3, gid=f"lead {lead}")
    mark_seconds(axes, scale, (float(time[0]), float(time[-1])))
    axes.set_xlabel("Time (s)")
    mark_millivolts(axes, {mv: number(mv) for mv in np.arange(np.ceil(y[0]), np.floor(top) + 1)})
    title = f"{record.title}, lead {lead}"
    figure.text(_LEFT / _WIDTH, 1 - 0.1 / figure.get_figheight(), title, va="top", weight="bold")
    squares = "small square: 0.04 s, 0.1 mV"
    figure.text(1 - _RIGHT / _WIDTH, 1 - 0.1 / figure.get_figheight(), squares, va="top", ha="right")
    _draw_legend(figure, present, bool((kind == "unknown").any()))
    return figure, pd.DataFrame({"time_s": time, lead: signal, "wave": kind, "mark": mark})


def _levels(times: np.ndarray, names: np.ndarray, scale: float) -> list[int]:
    """Give each name the highest of the lines on which it touches no name before it."""
    ends: list[float] = []
    levels = []
    for time, name in zip(times, names, strict=True):
        half = (inches_of(str(name), bold=True) / 2 + 0.04) / (scale * MM_PER_SECOND)
        level = next((level for level, end in enumerate(ends) if time - half >= end), len(ends))
        ends[level : level + 1] = [time + half]
        levels.append(level)
    return levels


def _draw_legend(figure: Figure, present: list[str], unknown: bool) -> None:
    names = {"P": "P wave", "QRS": "QRS complex", "T": "T wave"}
    handles: list[Patch | Line2D] = [
        Patch(facecolor=(WAVE_COLOURS[kind], _SHADE), edgecolor=WAVE_COLOURS[kind], label=names[kind])
        for kind in names
        if kind in present
    ]
    handles.append(Line2D([], [], color=INK, marker="o", markersize=5, linewidth=0, label="peak"))
    if unknown:
        handles.append(Patch(facecolor=(FAINT, 0.2), label="not annotated"))
    place = (0.5, 0.02 / figure.get_figheight())
    figure.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=place,
        ncols=len(handles),
        columnspacing=1.0,
        handlelength=1.3,
        handletextpad=0.5,
        borderpad=0.2,
    )
