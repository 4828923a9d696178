"""A classifier trained on MIT-BIH names the beats of recordings in which nobody named them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import nn
from tqdm.auto import tqdm

from ecglib.errors import ECGError
from ecglib.learning.predict import predict
from ecglib.signals.segments import to_rate
from ecglib.signals.twelve_lead import LEADS, RATE
from ecglib.signals.windows import cut_windows, fits

NO_CLASS = -1
"""Pseudo-label of a beat too near an end of its recording to be seen whole."""

_RATE, _BEFORE, _AFTER, _LEAD = 360, 100, 160, LEADS.index("II")
_AT_A_TIME = 256


@dataclass(frozen=True)
class PseudoLabels:
    """What the classifier said of each beat.

    Attributes
    ----------
    classes : int64 array, shape (beats,)
        Index into ``AAMI_CLASSES``, or ``NO_CLASS``.
    scores : float32 array, shape (beats,)
        Probability that it gave to this class; 0 where there is none.

    Notes
    -----
    Source: our choice. Taught in chapter ``31_like_beats``.
    """

    classes: NDArray[np.int64]
    scores: NDArray[np.float32]


def pseudo_labels(
    model: nn.Module,
    recordings: NDArray[np.float32],
    peaks: Sequence[ArrayLike],
    *,
    device: str = "auto",
    progress: bool = True,
) -> PseudoLabels:
    """Let a beat classifier of MIT-BIH name each beat of lead II.

    Parameters
    ----------
    model : nn.Module
        Gives logits (batch, 5) for windows (batch, 1, 260) in millivolts at 360 samples a second with the R peak at
        sample 100, such as the ``CNN`` of chapter ``10_cnn``.
    recordings : float32 array, shape (recordings, 12, samples)
        Millivolts at ``RATE`` samples a second, band-passed; may be memory-mapped.
    peaks : sequence of int arrays, each of shape (beats,)
        R peaks of each recording.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    PseudoLabels
        The beats of the first recording first.

    Raises
    ------
    ECGError
        If there are not peaks for each recording.
    SignalQualityError
        If lead II of a recording with beats is flat or holds NaN.

    Notes
    -----
    MIT-BIH's lead is MLII, the one of twelve nearest to it is II. A beat less than 0.28 s after the beginning or 0.44 s
    before the end has no whole window, thus no class. Nobody checks these names: the classifier errs on strangers of
    its own database, and these are strangers of another.
    Source: rizqyawan2026 takes hard targets from a beat classifier; that it was trained on MIT-BIH, a summary says;
    which classifier, and lead II, are our choice. Taught in chapter ``31_like_beats``.

    Examples
    --------
    >>> from ecglib.models import CNN
    >>> recordings = np.random.default_rng(0).normal(size=(2, 12, 1000)).astype(np.float32)
    >>> pseudo_labels(CNN(), recordings, [[10, 500], []], progress=False).classes.shape
    (2,)
    """
    if len(recordings) != len(peaks):
        raise ECGError(
            "beats that can't be named",
            expected="peaks for each recording",
            found=f"{len(recordings)} recordings, {len(peaks)} lists of peaks",
            remedy="pass both in the same order, with an empty list where no peak was found",
        )
    classes, scores = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    for start in tqdm(range(0, len(recordings), _AT_A_TIME), desc="naming beats", unit="batch", disable=not progress):
        windows, inside = [np.empty((0, 1, _BEFORE + _AFTER), np.float32)], [np.empty(0, bool)]
        for signal, beats in zip(
            recordings[start : start + _AT_A_TIME], peaks[start : start + _AT_A_TIME], strict=True
        ):
            if len(np.asarray(beats)):
                lead = to_rate(signal[_LEAD], RATE, _RATE)
                samples = np.rint(np.asarray(beats) * (_RATE / RATE)).astype(np.int64)
                inside.append(fits(samples, len(lead), _BEFORE, _AFTER))
                windows.append(cut_windows(lead[np.newaxis], samples[inside[-1]], _BEFORE, _AFTER))
        whole, cut = np.concatenate(inside), np.concatenate(windows)
        named, sure = np.full(len(whole), NO_CLASS, np.int64), np.zeros(len(whole), np.float32)
        if len(cut):
            probabilities = predict(model, cut, device=device)
            named[whole], sure[whole] = probabilities.argmax(axis=1), probabilities.max(axis=1)
        classes.append(named)
        scores.append(sure)
    return PseudoLabels(np.concatenate(classes), np.concatenate(scores))
