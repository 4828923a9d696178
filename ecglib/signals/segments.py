"""Successive segments of an ECG: a window that slides over the signal and needs no R peak, and the beat it shows."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.errors import AnnotationError, RecordTooShortError, SamplingRateError, SignalQualityError

RATE = 128
"""Samples a second at which all databases meet: it holds 0.5–40 Hz, and a second is a power of two."""

SEGMENT_SECONDS = 1.0
"""Length of a segment."""

STRIDE_SECONDS = 0.25
"""Time from the beginning of one segment to the beginning of the next."""

WITHIN_SECONDS = STRIDE_SECONDS / 2
"""Farthest that a beat may lie from the centre of a segment that is named after it."""

NO_BEAT = len(AAMI_CLASSES)
"""Label of a segment without a beat near its centre, after those of ``AAMI_CLASSES``."""

SEGMENT_CLASSES = (*AAMI_CLASSES, "no beat")
"""Names of a segment's labels."""

_LARGEST_FACTOR = 10_000
_ROUNDING = 1e-6  # of a sample, by which floating point may miss what is equal


def to_rate(signal: ArrayLike, rate: float, new_rate: float = RATE) -> NDArray[np.float32]:
    """Give a signal as it would look had it been sampled at another rate.

    Parameters
    ----------
    signal : array, shape (..., samples)
        Millivolts; each row is resampled by itself.
    rate, new_rate : float
        Samples a second, before and after.

    Returns
    -------
    float32 array, shape (..., samples * new_rate / rate, rounded up)
        Millivolts. Sample ``k`` lies ``k / new_rate`` seconds after the first, as far as before.

    Raises
    ------
    SamplingRateError
        If a rate is not positive, or the two are in no ratio of whole numbers up to 10,000.
    SignalQualityError
        If a sample is NaN or infinite, or a row is flat.

    Notes
    -----
    Filters with a finite response and linear phase, which keeps every wave in its place and takes away what the new
    rate can't hold. The line from a row's first sample to its last is set aside meanwhile, or the ends would ring.
    Source: our choice. Taught in chapter ``20_segments_and_scalograms``.

    Examples
    --------
    >>> slow, fast = np.sin(2 * np.pi * 5 * np.arange(1280) / 128), np.sin(2 * np.pi * 5 * np.arange(3600) / 360)
    >>> resampled = to_rate(fast, 360)
    >>> len(resampled), bool(np.abs(resampled - slow)[64:-64].max() < 0.003)
    (1280, True)
    """
    from scipy.signal import resample_poly  # a second that readers of cached windows need not wait for

    ratio = _ratio(rate, new_rate)
    values = np.asarray(signal, dtype=np.float64)
    invalid = values.size - np.count_nonzero(np.isfinite(values))
    if invalid or values.shape[-1] == 0:
        raise SignalQualityError(
            "samples that are no numbers" if invalid else "a signal without samples",
            expected="finite millivolts",
            found=f"{invalid:,} of {values.size:,} NaN or infinite" if invalid else "none",
            remedy="leave these samples or this record out",
        )
    flat = np.count_nonzero(np.ptp(values, axis=-1) == 0)
    if flat:
        raise SignalQualityError(
            "a flat signal",
            expected="millivolts that change",
            found=f"{flat} flat of {values[..., 0].size}",
            remedy="choose another lead, or leave this record out",
        )
    resampled = resample_poly(values, ratio.numerator, ratio.denominator, axis=-1, padtype="line")
    return resampled.astype(np.float32)


def successive_segments(
    signal: NDArray[np.float32], rate: float, *, length: float = SEGMENT_SECONDS, stride: float = STRIDE_SECONDS
) -> NDArray[np.float32]:
    """See a signal as the segments that a sliding window shows; nothing is copied.

    Parameters
    ----------
    signal : array, shape (..., samples)
        Millivolts.
    rate : float
        Samples a second.
    length, stride : float
        Seconds that a segment lasts, and from one segment to the next; both are rounded to whole samples.

    Returns
    -------
    array, shape (..., segments, length * rate)
        A view that can't be written to. What is left at the end and shorter than a stride is in no segment.

    Raises
    ------
    RecordTooShortError
        If the signal is shorter than a segment.
    SamplingRateError
        If the length or the stride is less than half a sample.

    Notes
    -----
    Source: Lee and Shin (2024) slide a window over the signal and detect no R peaks; **length and stride are our
    choice**: one second holds a beat with its waves, and a quarter lets no beat slip through between two centres.
    Taught in chapter ``20_segments_and_scalograms``.

    Examples
    --------
    >>> successive_segments(np.zeros(1280, np.float32), rate=128).shape
    (37, 128)
    """
    values = np.asarray(signal)
    starts, size = _starts(values.shape[-1], rate, length, stride)
    return sliding_window_view(values, size, axis=-1)[..., starts, :]


def segment_centres(
    samples: int, rate: float, *, length: float = SEGMENT_SECONDS, stride: float = STRIDE_SECONDS
) -> NDArray[np.float64]:
    """Give the time in the middle of each segment.

    Parameters
    ----------
    samples : int
        Samples of the signal.
    rate : float
        Samples a second.
    length, stride : float
        Seconds, as ``successive_segments`` takes them.

    Returns
    -------
    float64 array, shape (segments,)
        Seconds after the signal's first sample.

    Raises
    ------
    RecordTooShortError, SamplingRateError
        As ``successive_segments`` does.

    Notes
    -----
    Source: our choice. Taught in chapter ``20_segments_and_scalograms``.

    Examples
    --------
    >>> segment_centres(1280, rate=128)[[0, 1, -1]]
    array([0.5 , 0.75, 9.5 ])
    """
    return _centres(samples, rate, length, stride) / rate


def segment_labels(
    beat_samples: ArrayLike,
    beat_classes: ArrayLike,
    samples: int,
    rate: float,
    *,
    length: float = SEGMENT_SECONDS,
    stride: float = STRIDE_SECONDS,
    within: float = WITHIN_SECONDS,
) -> NDArray[np.int64]:
    """Name each segment after the beat nearest to its centre, or after none where no beat is near.

    Parameters
    ----------
    beat_samples : array, shape (beats,)
        Sample index of each beat, rising. Fractions are welcome: a beat at sample ``b`` of 360 a second lies at
        ``b * 128 / 360`` of 128.
    beat_classes : int array, shape (beats,)
        Index into ``AAMI_CLASSES``.
    samples : int
        Samples of the signal.
    rate : float
        Samples a second, of the signal and of the beats.
    length, stride : float
        Seconds, as ``successive_segments`` takes them.
    within : float
        Seconds that the beat may lie from the centre, ends included; of two beats equally near, the earlier counts.

    Returns
    -------
    int64 array, shape (segments,)
        Index into ``AAMI_CLASSES``, or ``NO_BEAT``.

    Raises
    ------
    AnnotationError
        If the beats are not in order of time, or are not as many as their classes.
    RecordTooShortError, SamplingRateError
        As ``successive_segments`` does.

    Notes
    -----
    With half a stride on each side, every beat names at least one segment, unless a nearer beat does or it lies less
    than about half a segment from an end of the signal. Source: our choice; jeong2024 does not say how segments are
    labelled. Taught in chapter ``20_segments_and_scalograms``.

    Examples
    --------
    >>> segment_labels([64, 200], [0, 2], samples=256, rate=128)
    array([0, 5, 5, 5, 2])
    """
    beats, classes = np.asarray(beat_samples, dtype=np.float64), np.asarray(beat_classes, dtype=np.int64)
    backwards = np.count_nonzero(np.diff(beats) <= 0)
    if backwards or len(beats) != len(classes):
        raise AnnotationError(
            "beats are not in order of time" if backwards else "beats and classes differ in number",
            expected="sample indices that rise" if backwards else "a class for each beat",
            found=f"{backwards} that don't" if backwards else f"{len(beats)} beats, {len(classes)} classes",
            remedy="sort the beats, and give each its class",
        )
    centres = _centres(samples, rate, length, stride)
    following = np.searchsorted(beats, centres)
    # A beat infinitely far off at each end stands in where a segment has none before or after it.
    around, names = np.concatenate([[-np.inf], beats, [np.inf]]), np.concatenate([[NO_BEAT], classes, [NO_BEAT]])
    before, after = centres - around[following], around[following + 1] - centres
    nearest = np.where(before <= after + _ROUNDING, following, following + 1)
    near = np.minimum(before, after) <= within * rate + _ROUNDING
    return np.where(near, names[nearest], NO_BEAT)


def _starts(samples: int, rate: float, length: float, stride: float) -> tuple[slice, int]:
    """Give the first samples of all segments as a slice, and the samples of a segment."""
    size, step = round(length * rate), round(stride * rate)
    if min(size, step) < 1:
        raise SamplingRateError(
            "segments finer than the samples",
            expected="a length and a stride of one sample or more",
            found=f"{length:g} s and {stride:g} s at {rate:g} Hz",
            remedy="choose longer ones, or check the rate",
        )
    if samples < size:
        raise RecordTooShortError(
            "shorter than a segment",
            expected=f"at least {size} samples, {length:g} s at {rate:g} Hz",
            found=f"{samples}",
            remedy="leave this signal out, or ask for shorter segments",
        )
    return slice(0, samples - size + 1, step), size


def _centres(samples: int, rate: float, length: float, stride: float) -> NDArray[np.float64]:
    """Give the middle of each segment in samples."""
    starts, size = _starts(samples, rate, length, stride)
    return np.arange(starts.start, starts.stop, starts.step) + size / 2


def _ratio(rate: float, new_rate: float) -> Fraction:
    """Give the ratio of two rates as the whole numbers that resampling goes up and down by."""
    if all(0 < float(value) < np.inf for value in (rate, new_rate)):
        # A rate is taken as it is written: 257.3 as 2573 / 10, not as the nearest binary number.
        ratio = Fraction(str(float(new_rate))) / Fraction(str(float(rate)))
        if max(ratio.numerator, ratio.denominator) <= _LARGEST_FACTOR:
            return ratio
    raise SamplingRateError(
        f"can't be resampled to {new_rate:g} Hz",
        expected=f"positive rates in a ratio of whole numbers up to {_LARGEST_FACTOR:,}",
        found=f"{rate:g} Hz",
        remedy="check the rate, or round it",
    )
