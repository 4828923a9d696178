"""Any ECG of one lead, 10 s or longer, at any rate: its beat-score maps and its rhythms."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import nn

from ecglib.errors import ECGError, RecordTooShortError, SamplingRateError, SignalQualityError
from ecglib.learning.beat_score_map import beat_score_map
from ecglib.learning.predict import predict
from ecglib.signals.filters import bandpass
from ecglib.signals.recordings import SECONDS
from ecglib.signals.segments import RATE, STRIDE_SECONDS, to_rate

LOWEST_RATE = 80.0
"""Samples a second that the frequencies up to 40 Hz need."""


def ten_seconds(signal: ArrayLike, rate: float) -> NDArray[np.float32]:
    """Make any ECG of one lead into recordings of 10 s as the networks of jeong2024 read them.

    Parameters
    ----------
    signal : array, shape (samples,)
        One lead, 10 s or longer. Millivolts stay millivolts; every other unit is as good, since each recording is
        normalised before it is scored.
    rate : float
        Samples a second.

    Returns
    -------
    float32 array, shape (recordings, 1280)
        Successive 10 s at 128 samples a second, band-passed from 0.5 to 40 Hz; what is left at the end and shorter
        than 10 s is left out.

    Raises
    ------
    ECGError
        If the signal has another shape.
    SamplingRateError
        If the rate is no number, or below 80 samples a second.
    RecordTooShortError
        If the signal is shorter than 10 s.
    SignalQualityError
        If a sample is NaN or infinite, or one of the recordings is flat.

    Notes
    -----
    Source: our choice. Taught in chapter ``22_beat_score_maps``.

    Examples
    --------
    >>> ten_seconds(np.sin(np.arange(12_500)), rate=500).shape
    (2, 1280)
    """
    values = np.asarray(signal, dtype=np.float64)
    if values.ndim != 1:
        raise ECGError(
            "not the signal of one lead",
            expected="shape (samples,)",
            found=f"shape {values.shape}",
            remedy="choose one lead, such as signal[0] of (leads, samples)",
        )
    if not LOWEST_RATE <= rate < math.inf:
        raise SamplingRateError(
            "a rate at which a heart's frequencies up to 40 Hz can't be read",
            expected=f"at least {LOWEST_RATE:g} samples a second",
            found=f"{rate:g}",
            remedy="pass the rate at which the signal was recorded, in samples a second",
        )
    samples = round(SECONDS * RATE)
    if math.ceil(len(values) * RATE / rate) < samples:
        raise RecordTooShortError(
            "too short for a beat-score map",
            expected=f"at least {SECONDS:g} s, which are {math.ceil(SECONDS * rate):,} samples at {rate:g} Hz",
            found=f"{len(values):,} samples",
            remedy="record for longer, or check the rate",
        )
    resampled = to_rate(values, rate)
    count = len(resampled) // samples
    edges = np.round(np.arange(count + 1) * SECONDS * rate).astype(np.int64)
    flat = [index for index in range(count) if not np.ptp(values[edges[index] : edges[index + 1]])]
    if flat:
        raise SignalQualityError(
            "a stretch without any signal",
            expected="values that change within every 10 s",
            found="flat " + ", ".join(f"from {index * SECONDS:g} to {(index + 1) * SECONDS:g} s" for index in flat),
            remedy="choose another lead, or leave this stretch out",
        )
    return bandpass(resampled, RATE)[: count * samples].reshape(count, samples)


def read_rhythm(
    signal: ArrayLike,
    rate: float,
    *,
    beat_model: nn.Module,
    rhythm_model: nn.Module,
    stride: float = STRIDE_SECONDS,
    device: str = "auto",
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Read the rhythm of any ECG of one lead, 10 s by 10 s.

    Parameters
    ----------
    signal : array, shape (samples,)
        One lead, 10 s or longer, in millivolts or any other unit.
    rate : float
        Samples a second.
    beat_model : nn.Module
        Beat classifier: gives logits (batch, beat classes) for segments (batch, samples), as ``BeatClassifier``.
    rhythm_model : nn.Module
        Gives logits (batch, rhythms) for maps (batch, beat classes, segments), as ``RhythmCNN``.
    stride : float
        Seconds from one segment to the next, those of the maps that ``rhythm_model`` was trained on.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.

    Returns
    -------
    maps : float32 array, shape (recordings, beat classes, segments)
        Beat-score map of each successive 10 s: 37 segments in steps of 0.25 s, 145 in steps of 0.0625 s.
    scores : float32 array, shape (recordings, rhythms)
        Probability of each rhythm in each 10 s.

    Raises
    ------
    ECGError, SamplingRateError, RecordTooShortError, SignalQualityError
        As ``ten_seconds`` does, for a signal that can't be read; as ``beat_score_map`` and ``RhythmCNN`` do, for a
        stride that is finer than the samples or isn't that of ``rhythm_model``.

    Notes
    -----
    ``ten_seconds`` gives the recordings themselves, to be drawn above their maps. The networks were trained on single
    leads of adults and say nothing but the rhythms they know: this is a lesson, not a diagnosis.
    Source: our choice. Taught in chapter ``22_beat_score_maps``.

    Examples
    --------
    >>> from ecglib.models.beat_classifier import BeatClassifier
    >>> from ecglib.models.rhythm_cnn import RhythmCNN
    >>> signal = np.random.default_rng(0).normal(size=3_000)
    >>> maps, scores = read_rhythm(signal, rate=300, beat_model=BeatClassifier(), rhythm_model=RhythmCNN())
    >>> maps.shape, scores.shape
    ((1, 6, 37), (1, 2))
    """
    maps = beat_score_map(beat_model, ten_seconds(signal, rate), stride=stride, device=device)
    return maps, predict(rhythm_model, maps, device=device)
