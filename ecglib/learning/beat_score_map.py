"""The beat-score map of an ECG: what a beat classifier says of each successive segment, side by side in time order.

BSM and PI-BSM are made by the same two functions. What differs is the classifier that is handed to them: one trained in
the ordinary way gives a beat-score map (BSM), one trained against an adversary that names the patient gives a
patient-independent beat-score map (PI-BSM).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import nn
from tqdm.auto import tqdm

from ecglib.errors import ECGError
from ecglib.learning.predict import predict
from ecglib.signals.filters import normalise
from ecglib.signals.segments import RATE, SEGMENT_SECONDS, STRIDE_SECONDS, segment_centres, successive_segments


def beat_score_vectors(
    model: nn.Module, segments: ArrayLike, *, device: str = "auto", batch_size: int = 4096
) -> NDArray[np.float32]:
    """Give the beat-score vector of each segment: the probability of each beat class.

    Parameters
    ----------
    model : nn.Module
        Beat classifier: gives logits (batch, classes) for segments (batch, samples), as ``BeatClassifier``.
    segments : float array, shape (segments, samples)
        One lead, normalised as those that the classifier was trained on.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    batch_size : int
        Segments at a time.

    Returns
    -------
    float32 array, shape (segments, classes)
        Softmax of the logits; always computed in float32.

    Raises
    ------
    ECGError
        If there are no segments, or this machine has no such device.

    Notes
    -----
    Source: jeong2024, and Lee and Shin 2024 before it. Taught in chapter ``22_beat_score_maps``.

    Examples
    --------
    >>> from ecglib.models.beat_classifier import BeatClassifier
    >>> vectors = beat_score_vectors(BeatClassifier(), np.random.default_rng(0).normal(size=(3, 128)))
    >>> vectors.shape, vectors.sum(axis=1).round(3)
    ((3, 6), array([1., 1., 1.], dtype=float32))
    """
    given = np.asarray(segments, dtype=np.float32)
    if given.ndim != 2 or not given.size:
        raise _unreadable("segments", "(segments, samples)", given.shape)
    return predict(model, given, device=device, batch_size=batch_size)


def beat_score_map(
    model: nn.Module,
    signal: ArrayLike,
    *,
    length: float = SEGMENT_SECONDS,
    stride: float = STRIDE_SECONDS,
    device: str = "auto",
    batch_size: int = 4096,
    progress: bool = False,
) -> NDArray[np.float32]:
    """Cut recordings into successive segments, and set the segments' beat-score vectors side by side in time order.

    Parameters
    ----------
    model : nn.Module
        Beat classifier: gives logits (batch, classes) for segments (batch, samples), as ``BeatClassifier``.
    signal : array, shape (samples,) or (recordings, samples)
        One lead at 128 samples a second, band-passed; may be memory-mapped. Each recording is normalised by itself
        here, so millivolts and what is normalised already give the same map.
    length, stride : float
        Seconds of a segment, and from the start of one to the start of the next.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    batch_size : int
        Segments at a time.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    float32 array, shape (classes, segments) or (recordings, classes, segments)
        Column i belongs to the segment around second ``length / 2 + i * stride``, and sums to one; 10 s give 37
        columns in steps of 0.25 s, 145 in steps of 0.0625 s. A flat recording is read as zeros: check the signal
        first, as ``read_rhythm`` does.

    Raises
    ------
    SignalQualityError
        If a sample is NaN or infinite.
    RecordTooShortError
        If the recordings are shorter than a segment.
    ECGError
        If there are no recordings, or this machine has no such device.

    Notes
    -----
    No R peak is looked for: a segment without a beat is told by the class "no beat". With a classifier trained in the
    ordinary way this is the BSM, with one trained adversarially the PI-BSM.
    Source: jeong2024, and Lee and Shin 2024 before it; length and stride are our choice. Taught in chapter
    ``22_beat_score_maps``.

    Examples
    --------
    >>> from ecglib.models.beat_classifier import BeatClassifier
    >>> recordings = np.random.default_rng(0).normal(size=(2, 1280))
    >>> beat_score_map(BeatClassifier(), recordings).shape
    (2, 6, 37)
    """
    given = np.asarray(signal)
    if given.ndim not in (1, 2) or not given.size:
        raise _unreadable("recordings", "(samples,) or (recordings, samples)", given.shape)
    recordings = np.atleast_2d(given)
    columns = len(segment_centres(recordings.shape[1], RATE, length=length, stride=stride))
    at_a_time = max(1, batch_size // columns)
    maps = []
    for start in tqdm(
        range(0, len(recordings), at_a_time), desc="scoring segments", unit="batch", disable=not progress
    ):
        normalised = normalise(recordings[start : start + at_a_time])
        segments = successive_segments(normalised, RATE, length=length, stride=stride)
        vectors = beat_score_vectors(
            model, segments.reshape(-1, segments.shape[2]), device=device, batch_size=batch_size
        )
        maps.append(vectors.reshape(len(segments), columns, -1).swapaxes(1, 2))
    found = np.concatenate(maps)
    return found if given.ndim == 2 else found[0]


def _unreadable(what: str, expected: str, found: tuple[int, ...]) -> ECGError:
    return ECGError(
        f"{what} that can't be scored",
        expected=f"an array of shape {expected}, not empty",
        found=f"shape {found}",
        remedy="pass one lead",
    )
