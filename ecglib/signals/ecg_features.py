"""What a person would note about a recording and its beats: rhythm, intervals, axis, heights; and the shape itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import AnnotationError, SignalQualityError
from ecglib.signals.rr_statistics import LEAST_BEATS, RR_STATISTICS, rr_statistics
from ecglib.signals.twelve_lead import LEADS, RATE
from ecglib.signals.vcg import vectorcardiogram

AMPLITUDES = tuple(f"{wave}_{lead}" for wave in ("r", "s", "t") for lead in LEADS)
"""Heights of R, S and T in each lead."""

RECORDING_FEATURES = (
    *("heart_rate", "rr_sd", "rmssd"),
    *("qrs_width", "qt"),
    *("axis_cosine", "axis_sine"),
    *AMPLITUDES,
    *(f"t_to_qrs_{lead}" for lead in LEADS),
)
"""Columns of ``RecordingFeatures.features``."""

RECORDING_GROUPS = ("rhythm",) * 3 + ("interval",) * 2 + ("axis",) * 2 + ("height",) * 36 + ("ratio",) * 12
"""To which group each of ``RECORDING_FEATURES`` belongs."""

BEAT_FEATURES = ("rr_before", "rr_after", "qrs_width", *AMPLITUDES)
"""Columns of ``RecordingFeatures.beat_features``."""

BEAT_GROUPS = ("rhythm",) * 2 + ("interval",) + ("height",) * 36
"""To which group each of ``BEAT_FEATURES`` belongs."""

SHAPE_EDGES = np.concatenate([np.arange(-24, -8, 4), np.arange(-8, 12), np.arange(12, 45, 4)])
"""Samples from the R peak at which the points of a shape begin; the last one ends the last point.

Every sample around the QRS complex is a point, and so is the mean of each four before and after it."""

SHAPE_POINTS = len(SHAPE_EDGES) - 1
"""Points of a shape in each lead."""

_BEFORE, _AFTER = 30, 50
_LEVEL = slice(_BEFORE - 10, _BEFORE - 6)
_QRS = slice(_BEFORE - 12, _BEFORE + 17)
_QRS_SHARE = 0.15
_T_AFTER_QRS, _T_LAST, _T_LEAST = 4, 0.7, 5
_T_BEFORE_NEXT = 10
_LEAST_HEIGHT = 0.05


@dataclass(frozen=True)
class RecordingFeatures:
    """Features of one recording and of its beats.

    Attributes
    ----------
    features : float32 array, shape (55,)
        ``RECORDING_FEATURES``: beats a minute, seconds, cosine and sine of an angle, millivolts, ratios.
    shape : float32 array, shape (12 * SHAPE_POINTS,)
        The median beat's twelve leads, one after the other, in millivolts.
    beat_features : float32 array, shape (beats, 39)
        ``BEAT_FEATURES``: intervals as shares of the recording's median, seconds, millivolts.
    beat_shapes : float32 array, shape (beats, 3 * SHAPE_POINTS)
        Each beat's loop: X, Y and Z of its vectorcardiogram, in millivolts.
    samples : int64 array, shape (beats,)
        The R peaks.

    Notes
    -----
    Source: our choice. Taught in chapter ``31_like_beats``.
    """

    features: NDArray[np.float32]
    shape: NDArray[np.float32]
    beat_features: NDArray[np.float32]
    beat_shapes: NDArray[np.float32]
    samples: NDArray[np.int64]


def recording_features(recording: ArrayLike, peaks: ArrayLike) -> RecordingFeatures:
    """Describe a recording and each of its beats.

    Parameters
    ----------
    recording : array, shape (12, samples)
        Millivolts at ``RATE`` samples a second, band-passed, leads in the order ``LEADS``.
    peaks : int array, shape (beats,)
        Its R peaks, rising.

    Returns
    -------
    RecordingFeatures
        With fewer than three peaks there is no rhythm: then all features are NaN, and no beat is given.

    Raises
    ------
    SignalQualityError
        If the recording has not twelve leads, or holds NaN.
    AnnotationError
        If the peaks are not in order of time, or outside the recording.

    Notes
    -----
    Heights, widths and shape of a recording are those of its median beat. Millivolts count from the level just before
    the QRS complex (0.1 to 0.06 s before the R peak). R is the highest, S the lowest sample of the QRS complex (a deep
    Q counts as S), T what is farthest from the level after the QRS complex: until 0.7 of the median interval, at most
    until 0.1 s before the next R peak, but over 0.05 s at least. The QRS complex lasts as long as the slope of all
    leads together (the root of the sum of their squared slopes, averaged over 0.03 s) is above 0.15 of its maximum; T
    ends where its steepest descent would reach the lowest level behind it. The axis is that of the net QRS heights in I
    and aVF; as cosine and sine, 179 and -179 degrees are neighbours. The first beat's interval before, and the last
    one's after, are taken to be the median; what a window would see outside the recording is the edge value.

    Source: **our choice**; the paper names an ECG feature extractor and doesn't say what it extracts. Tangents to T are
    an old custom (Lepeschkin and Surawicz, 1952). Taught in chapter ``31_like_beats``.

    Examples
    --------
    >>> time = np.arange(1000) / 100
    >>> lead = sum(np.exp(-(((time - beat) / 0.02) ** 2)) for beat in np.arange(0.5, 10))
    >>> found = recording_features(np.tile(lead, (12, 1)), np.arange(50, 1000, 100))
    >>> dict(zip(RECORDING_FEATURES[:3], found.features[:3].tolist(), strict=True))
    {'heart_rate': 60.0, 'rr_sd': 0.0, 'rmssd': 0.0}
    >>> found.beat_features.shape, found.beat_shapes.shape
    ((10, 39), (10, 96))
    """
    leads, samples = np.asarray(recording, dtype=np.float32), np.asarray(peaks, dtype=np.int64)
    if leads.ndim != 2 or len(leads) != len(LEADS) or not np.isfinite(leads).all():
        raise SignalQualityError(
            "no features of this recording",
            expected=f"finite millivolts of shape ({len(LEADS)}, samples)",
            found=f"shape {leads.shape} with {np.count_nonzero(~np.isfinite(leads)):,} NaN or infinite",
            remedy="leave this recording out",
        )
    if len(samples) < LEAST_BEATS:
        return RecordingFeatures(
            np.full(len(RECORDING_FEATURES), np.nan, np.float32),
            np.full(len(LEADS) * SHAPE_POINTS, np.nan, np.float32),
            np.empty((0, len(BEAT_FEATURES)), np.float32),
            np.empty((0, 3 * SHAPE_POINTS), np.float32),
            np.empty(0, np.int64),
        )
    if samples[0] < 0 or samples[-1] >= leads.shape[1]:
        raise AnnotationError(
            "peaks outside the recording",
            expected=f"samples from 0 to {leads.shape[1] - 1}",
            found=f"{samples[0]} to {samples[-1]}",
            remedy=f"look for peaks in the recording itself, at {RATE} samples a second",
        )
    rhythm = dict(zip(RR_STATISTICS, rr_statistics(samples, RATE), strict=True))
    intervals = np.diff(samples)
    usual = float(np.median(intervals))
    before, after = np.r_[usual, intervals], np.r_[intervals, usual]

    beats = _beats(leads, samples)
    median = np.median(beats, axis=0, keepdims=True)
    width, qt, heights = _measure(median, np.array([usual]), usual)
    r, s, t = heights.reshape(3, len(LEADS))
    axis = np.arctan2(2 / np.sqrt(3) * (r + s)[LEADS.index("aVF")], (r + s)[LEADS.index("I")])
    features = [60 * RATE / usual, rhythm["sd"], rhythm["rmssd"], *width, *qt, np.cos(axis), np.sin(axis), *heights[0]]
    ratios = t / np.maximum(r - s, _LEAST_HEIGHT)

    beat_width, _, beat_heights = _measure(beats, after, usual)
    return RecordingFeatures(
        features=np.array([*features, *ratios], dtype=np.float32),
        shape=_shape(median).ravel(),
        beat_features=np.column_stack([before / usual, after / usual, beat_width, beat_heights]).astype(np.float32),
        beat_shapes=_shape(vectorcardiogram(beats)).reshape(len(beats), -1),
        samples=samples,
    )


def _beats(leads: NDArray[np.float32], peaks: NDArray[np.int64]) -> NDArray[np.float32]:
    """Cut out each beat, shape (beats, leads, time), in millivolts from the level before its QRS complex."""
    places = np.clip(peaks[:, np.newaxis] + np.arange(-_BEFORE, _AFTER), 0, leads.shape[1] - 1)
    beats = leads[:, places].swapaxes(0, 1)
    return beats - beats[..., _LEVEL].mean(axis=-1, keepdims=True)


def _measure(
    beats: NDArray[np.float32], to_next: NDArray[np.float64], usual: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]:
    """Give QRS width and QT in seconds, shape (beats,), and heights of R, S and T, shape (beats, 3 * leads).

    How long a beat's T lasts doesn't depend on when the next beat comes. So its window goes by the usual interval, and
    the interval to the next peak (both in samples) only cuts it short.
    """
    from scipy.ndimage import uniform_filter1d  # a second that readers of stored features need not wait for

    rows = np.arange(len(beats))
    speed = np.sqrt(uniform_filter1d((np.gradient(beats, axis=-1) ** 2).sum(axis=1), 3, axis=-1))
    onset, offset = _fast_stretch(speed[:, _QRS])

    time = np.arange(beats.shape[-1])
    in_qrs = (time >= np.floor(onset)[:, np.newaxis]) & (time <= np.ceil(offset)[:, np.newaxis])
    first = np.ceil(offset).astype(np.int64) + _T_AFTER_QRS
    latest = np.minimum(to_next.astype(np.int64) - _T_BEFORE_NEXT, min(_AFTER - 1, int(_T_LAST * usual)))
    last = np.maximum(_BEFORE + latest, first + _T_LEAST)
    in_t = (time >= first[:, np.newaxis]) & (time <= last[:, np.newaxis])
    r = np.where(in_qrs[:, np.newaxis], beats, -np.inf).max(axis=-1)
    s = np.where(in_qrs[:, np.newaxis], beats, np.inf).min(axis=-1)
    size = np.where(in_t[:, np.newaxis], np.abs(beats), -1)
    t = np.take_along_axis(beats, size.argmax(axis=-1)[..., np.newaxis], axis=-1)[..., 0]

    strength = np.sqrt((beats**2).mean(axis=1))
    top = np.where(in_t, strength, -1).argmax(axis=-1)
    behind = in_t & (time >= top[:, np.newaxis])
    slope = np.where(behind, np.gradient(strength, axis=-1), np.inf)
    steepest = slope.argmin(axis=-1)
    lowest = np.where(behind, strength, np.inf).min(axis=-1)
    fall = np.minimum(slope[rows, steepest], -1e-6)
    end = np.clip(steepest + (lowest - strength[rows, steepest]) / fall, steepest, last)
    return (offset - onset) / RATE, (end - onset) / RATE, np.concatenate([r, s, t], axis=1)


def _fast_stretch(speed: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the times, in samples of a beat's window, between which a row stays above a share of its maximum."""
    fastest = speed.argmax(axis=1)
    level = _QRS_SHARE * speed.max(axis=1)
    onset, offset = np.empty(len(speed)), np.empty(len(speed))
    for row, (values, top, least) in enumerate(zip(speed, fastest, level, strict=True)):
        below = np.flatnonzero(values < least)
        before, after = below[below < top], below[below > top]
        onset[row] = _crossing(values, before[-1], before[-1] + 1, least) if len(before) else 0
        offset[row] = _crossing(values, after[0] - 1, after[0], least) if len(after) else len(values) - 1
    return onset + _QRS.start, offset + _QRS.start


def _crossing(values: NDArray[np.float32], one: int, other: int, level: float) -> float:
    """Give the time between two neighbours at which a straight line between them crosses a level."""
    return float(one + (level - values[one]) / (values[other] - values[one]))


def _shape(beats: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the points of each row of beats, shape (..., SHAPE_POINTS)."""
    edges = SHAPE_EDGES + _BEFORE
    sums = np.add.reduceat(beats[..., : edges[-1]], edges[:-1], axis=-1)
    return (sums / np.diff(edges)).astype(np.float32)
