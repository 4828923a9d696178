"""Successive segments below the ECG that they were cut from, and an ECG at two sampling rates."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.errors import ECGError
from ecglib.figures.beat_score_map import ROWS
from ecglib.figures.style import CLASS_COLOURS, FAINT, INK, TRACE, axes_at, styled
from ecglib.signals.segments import NO_BEAT, RATE, SEGMENT_SECONDS, STRIDE_SECONDS, segment_centres

_WIDTH, _LEFT, _RIGHT = 7.6, 0.78, 0.1
_LETTERS, _ECG, _GAP, _LANE, _BOTTOM = 0.3, 1.2, 0.12, 0.27, 0.55
_BODY, _CORE = "#EEEEEE", "#C9C9C9"
_OLD, _NEW = "#8A8A8A", "#0072B2"


@styled
def plot_segments(
    signal: ArrayLike,
    labels: ArrayLike,
    beats: tuple[ArrayLike, ArrayLike],
    *,
    rate: float = RATE,
    length: float = SEGMENT_SECONDS,
    stride: float = STRIDE_SECONDS,
) -> tuple[Figure, pd.DataFrame]:
    """Draw a stretch of ECG, and below it each segment that a sliding window cuts from it, with its label.

    Parameters
    ----------
    signal : float array, shape (samples,)
        One lead, in millivolts.
    labels : int array, shape (segments,)
        From ``segment_labels``.
    beats : (float array, int array)
        Sample and class (index into ``AAMI_CLASSES``) of each annotated beat.
    rate : float
        Samples a second, of signal and beats.
    length, stride : float
        Seconds of a segment, and from one to the next, as the labels were made with.

    Returns
    -------
    figure : Figure
        Segments lie in as many lanes as overlap. The dark middle of each, one stride wide, is where a beat gives the
        segment its name; the middles of all segments lie side by side.
    data : DataFrame
        A row for each sample: ``time_s``, ``mV``, ``beat`` (class of the beat nearest to this sample, else empty),
        ``segment`` (whose middle it lies in; empty at both ends) and that segment's ``label``.

    Raises
    ------
    ECGError
        If the labels are not those of a signal of this length.

    Notes
    -----
    Source: our choice. Taught in chapter ``20_segments_and_scalograms``.

    Examples
    --------
    >>> labels = np.full(37, 5)
    >>> labels[4] = 2
    >>> figure, data = plot_segments(np.zeros(1280), labels, ([192.0], [2]))
    >>> data.loc[192, "beat"], int(data.loc[192, "segment"]), data.loc[192, "label"]
    ('V', 4, 'V')
    """
    values, names = np.asarray(signal, dtype=np.float64), np.asarray(labels, dtype=np.int64)
    centres = segment_centres(values.size, rate, length=length, stride=stride)
    if values.ndim != 1 or names.shape != centres.shape or not np.isin(names, range(NO_BEAT + 1)).all():
        raise ECGError(
            "segments that can't be drawn",
            expected=f"a signal of one lead, and {len(centres)} labels from 0 to {NO_BEAT}",
            found=f"a signal of shape {values.shape}, and labels of shape {names.shape}",
            remedy="pass the labels of this very signal, and the rate, length and stride that they were made with",
        )
    at, kinds = np.asarray(beats[0], dtype=np.float64) / rate, np.asarray(beats[1], dtype=np.int64)
    step = float(centres[1] - centres[0]) if len(centres) > 1 else stride  # whole samples, as the segments have
    lanes = int(np.ceil(length / step - 1e-9))
    seconds = len(values) / rate
    across, below = _WIDTH - _LEFT - _RIGHT, lanes * _LANE
    figure = Figure(figsize=(_WIDTH, _LETTERS + _ECG + _GAP + below + _BOTTOM))
    ecg = axes_at(figure, _LEFT, _BOTTOM + below + _GAP, across, _ECG)
    rows = axes_at(figure, _LEFT, _BOTTOM, across, below)
    ecg.plot(np.arange(len(values)) / rate, values, color=TRACE, linewidth=1.0, gid="ecg")
    for index, (centre, name) in enumerate(zip(centres, names, strict=True)):
        lane, named = index % lanes, name != NO_BEAT
        rows.add_patch(
            Rectangle((centre - length / 2, lane + 0.08), length, 0.84, facecolor=_BODY, edgecolor=FAINT, linewidth=0.6)
        )
        letter = ROWS[name]
        core = Rectangle((centre - step / 2, lane + 0.08), step, 0.84)
        core.set(facecolor=CLASS_COLOURS[letter] if named else _CORE, linewidth=0, gid="core")
        rows.add_patch(core)
        colour, weight = ("white", "bold") if named else (INK, "normal")
        rows.text(centre, lane + 0.5, letter, color=colour, weight=weight, ha="center", va="center", gid="label")
    for time, kind in zip(at, kinds, strict=True):
        colour = CLASS_COLOURS[AAMI_CLASSES[kind]]
        letter = AAMI_CLASSES[kind]
        ecg.annotate(
            letter,
            (time, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 1),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=colour,
            weight="bold",
            gid="beat",
        )
        for axes in (ecg, rows):
            axes.axvline(time, color=colour, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1.5, gid="beat line")
    for axes in (ecg, rows):
        axes.set_xlim(0, seconds)
    ecg.set_ylabel("mV")
    ecg.yaxis.set_major_locator(MaxNLocator(3))
    ecg.tick_params(labelbottom=False, length=0)
    ecg.spines["bottom"].set_visible(False)
    rows.set_ylim(lanes, 0)
    rows.set_yticks([])
    rows.set_ylabel("segments")
    rows.spines["left"].set_visible(False)
    rows.set_xlabel("Time (s)")
    return figure, _table(values, names, at, kinds, centres, rate, step)


@styled
def plot_resampled(
    signal: ArrayLike, rate: float, resampled: ArrayLike, new_rate: float, *, start: float, stop: float
) -> tuple[Figure, pd.DataFrame]:
    """Draw a signal as a line, and the samples that it has at another rate on top.

    Parameters
    ----------
    signal, resampled : float array, shape (samples,)
        Millivolts, before and after.
    rate, new_rate : float
        Samples a second.
    start, stop : float
        Seconds from the beginning that are drawn.

    Returns
    -------
    figure : Figure
    data : DataFrame
        Columns ``rate_Hz``, ``time_s``, ``mV``.

    Raises
    ------
    ECGError
        If nothing of the signals lies in the stretch.

    Notes
    -----
    Source: our choice. Taught in chapter ``20_segments_and_scalograms``.

    Examples
    --------
    >>> figure, data = plot_resampled(np.zeros(3600), 360, np.zeros(1280), 128, start=1.0, stop=2.0)
    >>> data["rate_Hz"].value_counts().to_dict()
    {360.0: 360, 128.0: 128}
    """
    tables = []
    for values, each in ((np.asarray(signal), float(rate)), (np.asarray(resampled), float(new_rate))):
        time = np.arange(len(values)) / each
        inside = (time >= start - 1e-9) & (time < stop - 1e-9)
        tables.append(pd.DataFrame({"rate_Hz": each, "time_s": time[inside], "mV": values[inside]}))
    before, after = tables
    if before.empty or after.empty:
        raise ECGError(
            "nothing to draw",
            expected=f"samples between {start:g} and {stop:g} s",
            found=f"{len(before)} and {len(after)}",
            remedy="choose a stretch within both signals",
        )
    figure = Figure(figsize=(_WIDTH, 3.2))
    axes = axes_at(figure, _LEFT, _BOTTOM, _WIDTH - _LEFT - 0.25, 2.25)
    axes.plot(before["time_s"], before["mV"], color=_OLD, linewidth=3.2, label=f"{rate:g} Hz", gid="before")
    axes.plot(after["time_s"], after["mV"], "o", color=_NEW, markersize=3.6, label=f"{new_rate:g} Hz", gid="after")
    axes.set_xlim(start, stop)
    axes.set_xlabel("Time (s)")
    axes.set_ylabel("mV")
    figure.legend(loc="upper right", ncols=2, bbox_to_anchor=(1, 1), borderaxespad=0.2)
    return figure, pd.concat(tables, ignore_index=True)


def _table(
    values: np.ndarray,
    labels: np.ndarray,
    beat_times: np.ndarray,
    kinds: np.ndarray,
    centres: np.ndarray,
    rate: float,
    step: float,
) -> pd.DataFrame:
    time = np.arange(len(values)) / rate
    beat = np.full(len(values), "", dtype="<U1")
    nearest = np.round(beat_times * rate).astype(np.int64)
    seen = (nearest >= 0) & (nearest < len(values))
    beat[nearest[seen]] = np.array(AAMI_CLASSES)[kinds[seen]]
    segment = np.floor((time - centres[0]) / step + 0.5 + 1e-9).astype(np.int64)
    inside = (segment >= 0) & (segment < len(centres))
    words = np.array(ROWS)[labels]
    table = pd.DataFrame({"time_s": time, "mV": values, "beat": beat})
    table["segment"] = pd.arrays.IntegerArray(segment, ~inside)
    table["label"] = np.where(inside, words[np.clip(segment, 0, len(centres) - 1)], "")
    return table
