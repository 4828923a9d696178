"""A stretch of ECG as a cardiologist reads it: on paper, with lead names, calibration, beats and rhythms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ecglib.databases.aami import AAMI_CLASSES, aami_classes
from ecglib.databases.record import Record
from ecglib.errors import ECGError, RecordTooShortError
from ecglib.figures.paper import (
    LARGE_MILLIVOLTS,
    MM_PER_MILLIVOLT,
    MM_PER_SECOND,
    draw_calibration,
    draw_paper,
    mark_millivolts,
    mark_seconds,
    paper_scale,
    up_to,
)
from ecglib.figures.style import (
    CLASS_COLOURS,
    CLASS_NAMES,
    FAINT,
    FONT_SIZE,
    INK,
    RHYTHM_NAMES,
    TRACE,
    WIDEST,
    axes_at,
    inches_of,
    styled,
)

TWELVE_LEADS = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))
"""Standard layout: three rows of four columns; lead II runs below as rhythm strip."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 0.62, 0.12, 0.36, 0.56
_AFTER = 0.2
_NARROWEST = 5.0
_LONGEST = 15.0
_BARS = ("#D9D9D9", "#F0F0F0")


@dataclass(frozen=True)
class _Trace:
    lead: str
    start: float
    stop: float


@dataclass(frozen=True)
class _Row:
    traces: tuple[_Trace, ...]
    baseline: float
    top: float


@styled
def plot_ecg(
    record: Record,
    leads: Sequence[str] | None = None,
    start: float = 0.0,
    stop: float = 10.0,
    beats: bool = True,
    rhythms: bool = True,
) -> tuple[Figure, pd.DataFrame]:
    """Draw a stretch of a record on ECG paper, 25 mm/s and 10 mm/mV.

    Parameters
    ----------
    record : Record
        What to draw.
    leads : sequence of str, optional
        Leads as strips below each other. Left out, a record with all twelve leads comes in the standard layout of
        four columns and three rows with lead II as rhythm strip, any other record with all its leads as strips.
    start, stop : float
        Seconds from the record's beginning, 15 apart at most; a stretch that ends after the record is cut there.
    beats : bool
        Write the annotator's symbol of each beat above the first strip (the rhythm strip among twelve leads), in the
        colour of its AAMI class.
    rhythms : bool
        Name the rhythms above everything.

    Returns
    -------
    figure : Figure
        At true size where that is 5 to 8 inches wide, otherwise scaled both ways alike.
    data : DataFrame
        One row per sample: ``time_s``, one column of millivolts per lead (empty where it is not drawn), and, where
        marked, ``beat`` and ``rhythm``.

    Raises
    ------
    LeadError
        If the record lacks a lead.
    RecordTooShortError
        If nothing of the record lies in the stretch.
    ECGError
        If the stretch is longer than 15 s, which nobody could read on a page.

    Notes
    -----
    Source: the layout of clinical twelve-lead printouts. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> signal = np.zeros((2, 3600), np.float32)
    >>> figure, data = plot_ecg(Record("demo", "1", "1", signal, ("MLII", "V1"), 360.0), stop=4)
    >>> list(data), len(data)
    (['time_s', 'MLII', 'V1'], 1440)
    """
    first, last = stretch(record, start, stop)
    start, stop = first / record.rate, last / record.rate
    twelve = leads is None and {lead for row in TWELVE_LEADS for lead in row} <= set(record.leads)
    aside = max(0.6, 0.075 * (stop - start))
    width = aside + stop - start + _AFTER
    scale = paper_scale(width, narrowest=_NARROWEST - _LEFT - _RIGHT, widest=WIDEST - _LEFT - _RIGHT)
    line = FONT_SIZE * 1.25 / 72 / (scale * MM_PER_MILLIVOLT)
    layout = _twelve(start, stop) if twelve else _strips(tuple(leads or record.leads), start, stop)
    marked = beats and record.beats is not None
    signals = {trace.lead: record.lead(trace.lead) for traces in layout for trace in traces}
    rows = _place(layout, signals, record.rate, line, len(layout) - 1 if twelve else 0, 1.6 * line if marked else 0.0)
    bar = line * 1.15 if rhythms and record.rhythms else 0.0
    y = (rows[-1].baseline + _depth(rows[-1], signals, record.rate), up_to(rows[0].top + bar, LARGE_MILLIVOLTS))
    x = (start - aside, stop + _AFTER)

    data = pd.DataFrame({"time_s": np.arange(first, last) / record.rate})
    found = _classes_in(record, first, last) if marked else []
    legend = 0.3 if found else 0.0
    height = (y[1] - y[0]) * MM_PER_MILLIVOLT * scale
    figure = Figure(figsize=(width * MM_PER_SECOND * scale + _LEFT + _RIGHT, height + _TOP + _BOTTOM + legend))
    axes = axes_at(figure, _LEFT, _BOTTOM + legend, width * MM_PER_SECOND * scale, height)
    draw_paper(axes, x, y, scale, origin=start)
    for row in rows:
        draw_calibration(axes, start - aside + 0.12, row.baseline)
        beside = start - aside + 0.08 if len(row.traces) == 1 else None
        _draw_row(axes, row, signals, record.rate, data, line, beside)
    if marked:
        _draw_beats(axes, record, first, last, rows[-1 if twelve else 0], data, line, scale)
    if bar:
        _draw_rhythms(axes, record, first, last, y, line, data, scale)
    mark_seconds(axes, scale, (start, stop))
    axes.set_xlabel("Time (s)")
    mark_millivolts(axes, {row.baseline + mv: str(mv) for row in rows for mv in (0, 1)})
    figure.text(_LEFT / figure.get_figwidth(), 1 - 0.1 / figure.get_figheight(), record.title, va="top", weight="bold")
    figure.text(
        1 - _RIGHT / figure.get_figwidth(), 1 - 0.1 / figure.get_figheight(), "25 mm/s, 10 mm/mV", va="top", ha="right"
    )
    if found:
        _draw_legend(figure, found)
    return figure, data


def stretch(record: Record, start: float, stop: float) -> tuple[int, int]:
    """Give first sample (inside) and last (outside) of a stretch in seconds; raises if it is empty or too long."""
    first, last = max(0, round(start * record.rate)), min(record.signal.shape[1], round(stop * record.rate))
    if last - first < 2:
        raise RecordTooShortError(
            "nothing to draw",
            record=record.title,
            expected=f"a stretch inside 0 to {record.seconds:g} s",
            found=f"{start:g} to {stop:g} s",
            remedy="choose start and stop inside the record, start first",
        )
    if last - first > _LONGEST * record.rate:
        raise ECGError(
            "too long a stretch to be read on one page",
            record=record.title,
            expected=f"at most {_LONGEST:g} s",
            found=f"{(last - first) / record.rate:g} s",
            remedy="draw several shorter stretches",
        )
    return first, last


def _twelve(start: float, stop: float) -> list[tuple[_Trace, ...]]:
    edges = np.linspace(start, stop, 5)
    rows = [
        tuple(_Trace(lead, *edge) for lead, edge in zip(row, pairwise(edges.tolist()), strict=True))
        for row in TWELVE_LEADS
    ]
    return [*rows, (_Trace("II", start, stop),)]


def _strips(leads: tuple[str, ...], start: float, stop: float) -> list[tuple[_Trace, ...]]:
    return [(_Trace(lead, start, stop),) for lead in leads]


def _samples(trace: _Trace, signal: np.ndarray, rate: float) -> slice:
    return slice(round(trace.start * rate), min(len(signal), round(trace.stop * rate)))


def _range(traces: tuple[_Trace, ...], signals: dict[str, np.ndarray], rate: float) -> tuple[float, float]:
    parts = np.concatenate([signals[trace.lead][_samples(trace, signals[trace.lead], rate)] for trace in traces])
    parts = parts[np.isfinite(parts)]
    return min(-0.3, float(parts.min(initial=0.0))), max(1.0, float(parts.max(initial=0.0)))


def _depth(row: _Row, signals: dict[str, np.ndarray], rate: float) -> float:
    return -up_to(-_range(row.traces, signals, rate)[0] + 0.1, LARGE_MILLIVOLTS)


def _place(
    layout: list[tuple[_Trace, ...]],
    signals: dict[str, np.ndarray],
    rate: float,
    line: float,
    beat_row: int,
    beat_space: float,
) -> list[_Row]:
    """Stack rows from the top down, baselines on large squares, so that no trace touches another row's text."""
    rows: list[_Row] = []
    floor = 0.0
    for index, traces in enumerate(layout):
        low, high = _range(traces, signals, rate)
        space = max(line * 1.1, beat_space if index == beat_row else 0.0)
        baseline = -up_to(-floor + high + space, LARGE_MILLIVOLTS)
        rows.append(_Row(traces, baseline, baseline + high + space))
        floor = baseline + low - 0.1
    return rows


def _draw_row(
    axes: Axes,
    row: _Row,
    signals: dict[str, np.ndarray],
    rate: float,
    data: pd.DataFrame,
    line: float,
    beside: float | None,
) -> None:
    offset = round(float(data["time_s"].iloc[0]) * rate)
    for trace in row.traces:
        chosen = _samples(trace, signals[trace.lead], rate)
        values = signals[trace.lead][chosen]
        time = np.arange(chosen.start, chosen.start + len(values)) / rate
        axes.plot(time, row.baseline + values, color=TRACE, linewidth=0.9, gid=f"lead {trace.lead}")
        column = data[trace.lead].to_numpy(copy=True) if trace.lead in data else np.full(len(data), np.nan, np.float32)
        column[chosen.start - offset : chosen.start - offset + len(values)] = values
        data[trace.lead] = column
        place = (trace.start + 0.03, row.top - line * 1.05) if beside is None else (beside, row.baseline + 1.08)
        axes.text(*place, trace.lead, weight="bold", va="bottom", ha="left", gid="lead name")
        if trace is not row.traces[0]:
            axes.plot([trace.start] * 2, [row.baseline - 0.25, row.baseline + 0.25], color=TRACE, linewidth=1.2)


def _inside(record: Record, first: int, last: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    assert record.beats is not None
    chosen = (record.beats.samples >= first) & (record.beats.samples < last)
    symbols = record.beats.symbols[chosen]
    return record.beats.samples[chosen], symbols, np.array(AAMI_CLASSES)[aami_classes(symbols)]


def _classes_in(record: Record, first: int, last: int) -> list[str]:
    found = set(_inside(record, first, last)[2])
    return [name for name in AAMI_CLASSES if name in found]


def _draw_beats(
    axes: Axes, record: Record, first: int, last: int, row: _Row, data: pd.DataFrame, line: float, scale: float
) -> None:
    samples, symbols, classes = _inside(record, first, last)
    column = np.full(len(data), "", dtype=object)
    column[samples - first] = symbols
    data["beat"] = column
    foot = row.top - 1.45 * line
    room = FONT_SIZE * 1.05 / 72 / (scale * MM_PER_SECOND)
    written: list[float] = []
    for index in np.lexsort((samples, classes == "N")):
        at, colour = samples[index] / record.rate, CLASS_COLOURS[str(classes[index])]
        axes.plot([at, at], [foot, foot + 0.3 * line], color=colour, linewidth=2.2, solid_capstyle="butt", gid="beat")
        if all(abs(at - other) >= room for other in written):
            written.append(at)
            axes.text(
                at,
                foot + 0.36 * line,
                symbols[index],
                color=colour,
                weight="bold",
                ha="center",
                va="bottom",
                gid="beat",
            )


def _draw_rhythms(
    axes: Axes,
    record: Record,
    first: int,
    last: int,
    y: tuple[float, float],
    line: float,
    data: pd.DataFrame,
    scale: float,
) -> None:
    column = np.full(len(data), "", dtype=object)
    foot = y[1] - 1.1 * line
    for index, span in enumerate(record.rhythms):
        begin, end = max(span.start, first), min(span.stop, last)
        if begin >= end:
            continue
        column[begin - first : end - first] = span.name
        left, right = begin / record.rate, end / record.rate
        axes.fill_between([left, right], foot, y[1], color=_BARS[index % 2], linewidth=0, zorder=2, gid="rhythm")
        if index and span.start > first:
            axes.plot([left, left], y, color=FAINT, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1, gid="rhythm change")
        room = (right - left) * MM_PER_SECOND * scale - 0.1
        full = RHYTHM_NAMES.get(span.name, span.name)
        fitting = next((text for text in (full, span.name) if inches_of(text) <= room), "")
        axes.text(
            (left + right) / 2, (foot + y[1]) / 2, fitting, ha="center", va="center_baseline", color=INK, gid="rhythm"
        )
    data["rhythm"] = column


def _draw_legend(figure: Figure, classes: list[str]) -> None:
    handles = [
        Line2D([], [], color=CLASS_COLOURS[name], linewidth=0, marker="s", markersize=7, label=CLASS_NAMES[name])
        for name in classes
    ]
    figure.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, 0.02 / figure.get_figheight()),
        ncols=len(handles),
        handletextpad=0.1,
        columnspacing=1.0,
        borderpad=0.2,
    )
