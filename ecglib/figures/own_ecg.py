"""Ten seconds of a reader's own ECG on paper, with what the networks say of its beats, waves and rhythm."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.databases.record import Record
from ecglib.figures.beat_score_map import ROWS, _draw_map
from ecglib.figures.ecg import TWELVE_LEADS, _depth, _draw_row, _place, _range, _Row, _strips, _twelve, stretch
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
    REPORTED,
    WAVE_COLOURS,
    WIDEST,
    axes_at,
    styled,
)
from ecglib.learning.own_ecg import DISCLAIMER, SECONDS, OwnECG
from ecglib.signals import segments
from ecglib.signals.segments import segment_centres

_LEFT, _RIGHT, _TOP = 0.62, 0.12, 0.62
_TIME, _LINE, _MAP_ROW, _MAP_TITLE = 0.52, 0.27, 0.17, 0.34
_ASIDE, _AFTER = 0.75, 0.2
_OTHERS = 2
_WAVE_NAMES = {"P": "P wave", "QRS": "QRS complex", "T": "T wave"}
_HALF = 0.005  # seconds by which a wave reaches beyond its outermost samples


@styled
def plot_own_ecg(found: OwnECG, at: float = 0.0) -> tuple[Figure, pd.DataFrame]:
    """Draw ten seconds on ECG paper, with beats, waves and, below, the beat-score map and the chance of fibrillation.

    Parameters
    ----------
    found : OwnECG
        From ``predict_own_ecg``.
    at : float
        A second of the record. Drawn are the ten seconds that hold it and begin at a multiple of ten.

    Returns
    -------
    figure : Figure
        Twelve leads come in the standard layout, with the lead that was read as strip below; other records with up to
        two more leads above that strip. A question mark follows the class where the networks disagree; a beat without
        letter has no class, and is grey, or no room. The picture says that it is no medical device.
    data : DataFrame
        One row per sample: ``time_s``, millivolts of each lead (empty where it is not drawn), and ``beat``, the class.

    Raises
    ------
    RecordTooShortError
        If the record has ended before that second.

    Notes
    -----
    Source: the layout of clinical printouts; what is marked, and how, is our choice. Taught on the page
    ``your_own_ecg``.

    Examples
    --------
    >>> figure, data = plot_own_ecg(predict_own_ecg("mine.edf"))  # doctest: +SKIP
    """
    record = found.record
    begin, first, last = drawn_stretch(record, at)
    start, stop = first / record.rate, last / record.rate
    x = (begin - _ASIDE, begin + SECONDS + _AFTER)
    width = x[1] - x[0]
    scale = paper_scale(width, narrowest=5 - _LEFT - _RIGHT, widest=WIDEST - _LEFT - _RIGHT)
    across, line = width * MM_PER_SECOND * scale, FONT_SIZE * 1.25 / 72 / (scale * MM_PER_MILLIVOLT)
    twelve = {lead for row in TWELVE_LEADS for lead in row} <= set(record.leads)
    if twelve:
        layout = [*_twelve(start, stop)[:-1], *_strips((found.lead,), start, stop)]
    else:
        others = tuple(lead for lead in record.leads if lead != found.lead)[:_OTHERS]
        layout = _strips((*others, found.lead), start, stop)
    signals = {trace.lead: record.lead(trace.lead) for traces in layout for trace in traces}
    rows = _place(layout, signals, record.rate, line, len(layout) - 1, 2.7 * line)
    y = (rows[-1].baseline + _depth(rows[-1], signals, record.rate), up_to(rows[0].top, LARGE_MILLIVOLTS))
    paper = (y[1] - y[0]) * MM_PER_MILLIVOLT * scale

    inside = found.beats[(found.beats["sample"] >= first) & (found.beats["sample"] < last)]
    legends = _legends(found, inside)
    window = int(begin // SECONDS)
    mapped = window < len(found.rhythm) and bool(np.isfinite(found.maps[window]).all())
    below = (_MAP_TITLE + _MAP_ROW * len(ROWS)) * mapped
    bottom = _LINE * (len(legends) + 1) + 0.08
    height = _TOP + paper + below + _TIME + bottom
    figure = Figure(figsize=(across + _LEFT + _RIGHT, height))
    axes = axes_at(figure, _LEFT, bottom + _TIME + below, across, paper)
    draw_paper(axes, x, y, scale, origin=begin)
    data = pd.DataFrame({"time_s": np.arange(first, last) / record.rate})
    for row in rows:
        draw_calibration(axes, x[0] + 0.12, row.baseline)
        beside = x[0] + 0.08 if len(row.traces) == 1 else None
        _draw_row(axes, row, signals, record.rate, data, line, beside)
    _draw_waves(axes, found, start, stop, rows[-1], signals)
    _draw_gaps(axes, found, start, stop, rows[-1])
    _draw_beats(axes, found, inside, rows[-1], line, scale)
    data["beat"] = ""
    data.loc[inside["sample"] - first, "beat"] = inside["class"].to_numpy()
    mark_millivolts(axes, {row.baseline + mv: str(mv) for row in rows for mv in (0, 1)})
    timed = axes
    if mapped:
        timed = axes_at(figure, _LEFT, bottom + _TIME, across, _MAP_ROW * len(ROWS))
        centres = segment_centres(SECONDS * segments.RATE, segments.RATE, stride=found.map_stride)
        _draw_map(timed, found.maps[window], begin + centres)
        timed.set_xlim(*x)
        axes.set_xticks([])
        chance = found.rhythm.iloc[window]
        figure.text(
            _LEFT / figure.get_figwidth(),
            (bottom + _TIME + _MAP_ROW * len(ROWS) + 0.08) / height,
            f"Beat-score map. Chance of atrial fibrillation against normal rhythm: {chance['afib']:.2f}"
            f" (networks: {chance['afib_lowest']:.2f} to {chance['afib_highest']:.2f})",
        )
    mark_seconds(timed, scale, (begin, begin + SECONDS))
    timed.set_xlabel("Time (s)")
    _write_around(figure, found, height)
    for number, handles in enumerate(reversed(legends), start=1):
        figure.legend(
            handles=handles,
            loc="lower center",
            bbox_to_anchor=(0.5, (0.06 + _LINE * number) / height),
            ncols=len(handles),
            handlelength=1.2,
            handletextpad=0.3,
            columnspacing=1.0,
            borderpad=0.1,
        )
    return figure, data


def drawn_stretch(record: Record, at: float) -> tuple[float, int, int]:
    """Give the second at which the ten begin that hold ``at``, their first sample (inside) and their last (outside).

    Raises
    ------
    RecordTooShortError
        If the record has ended before that second.

    Notes
    -----
    Source: our choice. Taught on the page ``your_own_ecg``.

    Examples
    --------
    >>> drawn_stretch(Record("own", "1", "1", np.zeros((1, 4000), np.float32), ("II",), 250.0), 13.5)
    (10.0, 2500, 4000)
    """
    begin = float(at // SECONDS * SECONDS)
    return begin, *stretch(record, begin, begin + SECONDS)


def _write_around(figure: Figure, found: OwnECG, height: float) -> None:
    across = figure.get_figwidth()
    name = found.record.name if len(found.record.name) <= 40 else f"{found.record.name[:39]}…"
    top = 1 - 0.1 / height
    figure.text(_LEFT / across, top, f"{name}: lead {found.lead} is read", va="top", weight="bold", fontsize=11.5)
    figure.text(1 - _RIGHT / across, top, "25 mm/s, 10 mm/mV, 0.5–40 Hz", va="top", ha="right")
    named = "Beats and rhythm" if found.waves is None else "Beats, waves and rhythm"
    figure.text(_LEFT / across, 1 - 0.34 / height, f"{named} as networks name them", va="top")
    figure.text(0.5, 0.07 / height, DISCLAIMER, ha="center", va="bottom", weight="bold", color=REPORTED)


def _legends(found: OwnECG, inside: pd.DataFrame) -> list[list[Artist]]:
    """Give the lines of the legend: classes of beats, and waves."""
    classes: list[Artist] = [
        Line2D([], [], color=CLASS_COLOURS[name], linewidth=0, marker="s", markersize=7, label=f"{name} {word}")
        for name, word in CLASS_NAMES.items()
        if (inside["class"] == name).any()
    ]
    if _disputed(found, inside).any():
        classes.append(Line2D([], [], linewidth=0, label="? networks disagree"))
    if (inside["class"] == "").any():
        classes.append(Line2D([], [], color=FAINT, linewidth=0, marker="s", markersize=7, label="no class"))
    waves: list[Artist] = [
        Patch(facecolor=WAVE_COLOURS[wave], alpha=0.45, label=name)
        for wave, name in _WAVE_NAMES.items()
        if found.waves is not None
    ]
    return [handles for handles in (classes, waves) if handles]


def _disputed(found: OwnECG, beats: pd.DataFrame) -> pd.Series:
    return (beats["class"] != "") & (beats["networks_agreeing"] < len(found.networks["beats"]))


def _draw_beats(axes: Axes, found: OwnECG, inside: pd.DataFrame, row: _Row, line: float, scale: float) -> None:
    """Write each beat's class above the strip; rarer classes first where there is no room for all."""
    foot = row.top - 1.45 * line
    disputed = _disputed(found, inside)
    written: list[tuple[float, float]] = []
    order = np.lexsort((inside["time_s"], (inside["class"] == "N").to_numpy()))
    for place in order:
        beat = inside.iloc[place]
        seconds, name = float(beat["time_s"]), str(beat["class"])
        colour = CLASS_COLOURS[name] if name in AAMI_CLASSES else FAINT
        axes.plot([seconds] * 2, [foot, foot + 0.3 * line], color=colour, linewidth=2.2, gid="beat")
        text = f"{name}?" if disputed.iloc[place] else name
        half = len(text) * FONT_SIZE * 0.5 / 72 / (scale * MM_PER_SECOND)
        if name and all(abs(seconds - other) >= half + reach for other, reach in written):
            written.append((seconds, half))
            axes.text(
                seconds, foot + 0.36 * line, text, color=colour, weight="bold", ha="center", va="bottom", gid="beat"
            )


def _draw_waves(
    axes: Axes, found: OwnECG, start: float, stop: float, row: _Row, signals: dict[str, np.ndarray]
) -> None:
    if found.waves is None:
        return
    low, high = _range(row.traces, signals, found.record.rate)
    for wave, onset, offset in found.waves[["wave", "onset_s", "offset_s"]].to_numpy().tolist():
        left, right = max(start, onset - _HALF), min(stop, offset + _HALF)
        if left < right:
            axes.fill_between(
                [left, right],
                row.baseline + low,
                row.baseline + high,
                color=WAVE_COLOURS[wave],
                alpha=0.35,
                linewidth=0,
                zorder=1,
                gid=f"wave {wave}",
            )


def _draw_gaps(axes: Axes, found: OwnECG, start: float, stop: float, row: _Row) -> None:
    for gap in found.gaps:
        left, right = max(start, gap.start), min(stop, gap.stop)
        if left < right:
            axes.fill_between(
                [left, right],
                row.baseline - 0.3,
                row.baseline + 0.8,
                facecolor="white",
                edgecolor=FAINT,
                hatch="////",
                linewidth=0,
                zorder=1,
                gid="gap",
            )
