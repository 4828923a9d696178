"""Beat-score maps, each below the ECG that it was made from, on the same time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.errors import ECGError
from ecglib.figures.style import CLASS_COLOURS, FAINT, TRACE, axes_at, styled
from ecglib.signals.segments import NO_BEAT, RATE, SEGMENT_CLASSES, SEGMENT_SECONDS, STRIDE_SECONDS, segment_centres

ROWS = (*SEGMENT_CLASSES[:NO_BEAT], "–")
"""Names of a map's rows, one letter each: ``SEGMENT_CLASSES``, with a dash for "no beat"."""

_WIDTH, _LEFT, _RIGHT = 6.0, 0.62, 0.85
_TITLE, _ECG, _LETTERS, _GAP, _ROW, _BETWEEN, _BOTTOM = 0.25, 0.8, 0.22, 0.08, 0.19, 0.2, 0.58
_LINES = "#C8C8C8"


class MapExample(NamedTuple):
    """One panel of ``plot_maps``: its title, an ECG in millivolts, its map, and its beats as (samples, classes)."""

    title: str
    signal: ArrayLike
    scores: ArrayLike
    beats: tuple[ArrayLike, ArrayLike] | None = None


@styled
def plot_beat_score_map(
    signal: ArrayLike,
    scores: ArrayLike,
    *,
    rate: float = RATE,
    length: float = SEGMENT_SECONDS,
    stride: float = STRIDE_SECONDS,
    beats: tuple[ArrayLike, ArrayLike] | None = None,
) -> tuple[Figure, pd.DataFrame]:
    """Draw a recording, and below it its beat-score map, each column under the middle of its segment.

    Parameters
    ----------
    signal : float array, shape (samples,)
        One lead, in millivolts.
    scores : float array, shape (6, segments)
        From ``beat_score_map``: probability of N, S, V, F, Q and no beat.
    rate : float
        Samples a second of the signal.
    length, stride : float
        Seconds of a segment, and from one to the next, as the map was made with.
    beats : (int array, int array), optional
        Sample and class (index into ``AAMI_CLASSES``) of each annotated beat; they are written above the ECG.

    Returns
    -------
    figure : Figure
        White is 0 and black is 1. Before the first and after the last segment's middle there is no map.
    data : DataFrame
        A row for each sample: ``time_s``, ``mV``, ``beat`` (the class's name where one is annotated), ``segment`` (the
        column that is drawn below; empty at both ends) and the segment's scores: ``N``, ``S``, ``V``, ``F``, ``Q``,
        ``–``.

    Raises
    ------
    ECGError
        If the map does not belong to a signal of this length, its values are no probabilities, or a beat has no class.

    Notes
    -----
    Source: jeong2024 draws such a map; this form is our choice. Taught in chapter ``22_beat_score_maps``.

    Examples
    --------
    >>> figure, data = plot_beat_score_map(np.zeros(1280), np.full((6, 37), 1 / 6), beats=([64, 192], [0, 2]))
    >>> len(data), data.loc[192, "beat"], int(data["segment"].max())
    (1280, 'V', 36)
    """
    figure, data = _draw([MapExample("", signal, scores, beats)], rate, length, stride)
    return figure, data.drop(columns="example")


@styled
def plot_maps(
    examples: Sequence[MapExample | tuple],
    *,
    rate: float = RATE,
    length: float = SEGMENT_SECONDS,
    stride: float = STRIDE_SECONDS,
) -> tuple[Figure, pd.DataFrame]:
    """Draw several recordings with their beat-score maps below each other, such as one of each rhythm.

    Parameters
    ----------
    examples : sequence of MapExample
        Title, signal, map and, where known, beats, as in ``plot_beat_score_map``; all of one duration.
    rate : float
        Samples a second of the signals.
    length, stride : float
        Seconds of a segment, and from one to the next, as the maps were made with.

    Returns
    -------
    figure : Figure
    data : DataFrame
        As ``plot_beat_score_map`` gives it, with the title as column ``example``.

    Raises
    ------
    ECGError
        If there are no examples, they differ in duration, or as in ``plot_beat_score_map``.

    Notes
    -----
    Source: our choice. Taught in chapter ``22_beat_score_maps``.

    Examples
    --------
    >>> example = MapExample("sinus rhythm", np.zeros(1280), np.full((6, 37), 1 / 6))
    >>> figure, data = plot_maps([example, example._replace(title="atrial fibrillation")])
    >>> data["example"].unique().tolist()
    ['sinus rhythm', 'atrial fibrillation']
    """
    given = [MapExample(*example) for example in examples]
    durations = {np.shape(example.signal) for example in given}
    if len(durations) != 1:
        raise ECGError(
            "no maps that can be drawn together",
            expected="at least one example, and all of one duration",
            found=f"signals of shapes {', '.join(map(str, sorted(durations))) or 'none'}",
            remedy="pass recordings of 10 s each",
        )
    return _draw(given, rate, length, stride)


def _draw(examples: Sequence[MapExample], rate: float, length: float, stride: float) -> tuple[Figure, pd.DataFrame]:
    tables = [_table(example, rate, length, stride) for example in examples]
    map_height, across = _ROW * len(ROWS), _WIDTH - _LEFT - _RIGHT
    above = [_TITLE * bool(example.title) + _LETTERS * (example.beats is not None) + 0.1 for example in examples]
    height = sum(above) + len(examples) * (_ECG + _GAP + map_height) + (len(examples) - 1) * _BETWEEN + _BOTTOM
    figure = Figure(figsize=(_WIDTH, height))
    top = height
    for example, table, space in zip(examples, tables, above, strict=True):
        bottom = top - space - _ECG
        ecg = axes_at(figure, _LEFT, bottom, across, _ECG)
        ecg.plot(table["time_s"], table["mV"], color=TRACE, linewidth=1.0, gid="ecg")
        ecg.set_ylabel("mV")
        ecg.yaxis.set_major_locator(MaxNLocator(3))
        ecg.tick_params(labelbottom=False, length=0)
        ecg.spines["bottom"].set_visible(False)
        bottom -= _GAP + map_height
        below = axes_at(figure, _LEFT, bottom, across, map_height)
        image = _draw_map(
            below, np.asarray(example.scores), segment_centres(len(table), rate, length=length, stride=stride)
        )
        _draw_beats(ecg, below, table[table["beat"] != ""])
        for axes in (ecg, below):
            axes.set_xlim(0, len(table) / rate)
        figure.text(_LEFT / _WIDTH, (top - 0.06) / height, example.title, va="top", weight="bold", fontsize=11.5)
        top = bottom - _BETWEEN
        below.tick_params(axis="x", labelbottom=example is examples[-1])
    below.set_xlabel("Time (s)")
    place = axes_at(figure, _WIDTH - _RIGHT + 0.14, bottom, 0.14, map_height)
    figure.colorbar(image, cax=place, ticks=[0, 0.5, 1], label="score")
    return figure, pd.concat(tables, ignore_index=True)


def _draw_map(axes: Axes, scores: NDArray[np.floating], centres: NDArray[np.float64]) -> AxesImage:
    """Draw one column for each segment, its middle at the segment's."""
    rows, half = len(scores), _step(centres) / 2
    left, right = centres[0] - half, centres[-1] + half
    image = axes.imshow(
        scores,
        aspect="auto",
        cmap="Greys",
        vmin=0,
        vmax=1,
        extent=(left, right, rows, 0),
        interpolation="nearest",
        gid="map",
    )
    axes.hlines(range(1, rows), left, right, color=_LINES, linewidth=0.6)
    axes.add_patch(Rectangle((left, 0), right - left, rows, fill=False, edgecolor=FAINT, linewidth=0.8))
    axes.set_yticks(np.arange(rows) + 0.5, ROWS, weight="bold")
    for label, name in zip(axes.get_yticklabels(), ROWS, strict=True):
        label.set_color(CLASS_COLOURS.get(name, FAINT))
    axes.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    return image


def _draw_beats(ecg: Axes, below: Axes, beats: pd.DataFrame) -> None:
    """Write each beat's class above the ECG, and lead a line from it down through the map."""
    for time, name in zip(beats["time_s"], beats["beat"], strict=True):
        colour = CLASS_COLOURS[name]
        ecg.annotate(
            name,
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
        for axes in (ecg, below):
            axes.axvline(time, color=colour, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1.5, gid="beat line")


def _table(example: MapExample, rate: float, length: float, stride: float) -> pd.DataFrame:
    signal, scores = np.asarray(example.signal, dtype=np.float64), np.asarray(example.scores, dtype=np.float64)
    centres = segment_centres(signal.size, rate, length=length, stride=stride)
    fits = signal.ndim == 1 and scores.shape == (len(ROWS), len(centres))
    if not fits or not np.isfinite(scores).all() or scores.min() < 0 or scores.max() > 1 + 1e-3:
        raise ECGError(
            "a beat-score map that can't be drawn",
            record=example.title or None,
            expected=f"a signal of one lead, and probabilities of shape ({len(ROWS)}, {len(centres)})",
            found=f"a signal of shape {signal.shape}, and a map of shape {scores.shape}",
            remedy="pass the map of this very signal, and the rate, length and stride that it was made with",
        )
    time = np.arange(len(signal)) / rate
    segment = np.floor((time - centres[0]) / _step(centres) + 0.5 + 1e-9).astype(np.int64)
    inside = (segment >= 0) & (segment < len(centres))
    beat = np.full(len(signal), "", dtype="<U1")
    if example.beats is not None:
        samples, classes = (np.asarray(part, dtype=np.int64) for part in example.beats)
        if samples.shape != classes.shape or not np.isin(classes, range(len(AAMI_CLASSES))).all():
            raise ECGError(
                "beats that can't be written above an ECG",
                record=example.title or None,
                expected=f"a class from 0 to {len(AAMI_CLASSES) - 1} for each beat",
                found=f"{samples.size} beats, and classes {', '.join(map(str, np.unique(classes)))}",
                remedy="pass beats only, each with the index of its class in AAMI_CLASSES",
            )
        seen = (samples >= 0) & (samples < len(signal))
        beat[samples[seen]] = np.array(AAMI_CLASSES)[classes[seen]]
    table = pd.DataFrame({"example": example.title, "time_s": time, "mV": signal, "beat": beat})
    table["segment"] = pd.arrays.IntegerArray(segment, ~inside)
    for name, row in zip(ROWS, scores, strict=True):
        table[name] = np.where(inside, row[np.clip(segment, 0, len(centres) - 1)], np.nan)
    return table


def _step(centres: NDArray[np.float64]) -> float:
    """Give the seconds from one segment to the next, which are whole samples; a single segment is drawn 1 s wide."""
    return float(centres[1] - centres[0]) if len(centres) > 1 else SEGMENT_SECONDS
