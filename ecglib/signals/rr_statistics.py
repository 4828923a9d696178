"""Five statistics of the intervals between beats: what any map of scores has to beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import AnnotationError, RecordTooShortError

RR_STATISTICS = ("mean", "sd", "rmssd", "relative_change", "coefficient_of_variation")
"""What ``rr_statistics`` gives, in this order."""

LEAST_BEATS = 3
"""Beats without which there are no statistics: changes need two intervals."""


def rr_statistics(beat_samples: ArrayLike, rate: float) -> NDArray[np.float64]:
    """Describe a rhythm by five statistics of the intervals between its beats (RR intervals).

    Parameters
    ----------
    beat_samples : int array, shape (beats,)
        Sample index of each beat, rising.
    rate : float
        Samples a second.

    Returns
    -------
    float64 array, shape (5,)
        ``RR_STATISTICS``: mean and standard deviation of the intervals in seconds; root mean square of the changes
        from one interval to the next, in seconds; median size of these changes, and standard deviation, as shares of
        the mean interval.

    Raises
    ------
    RecordTooShortError
        If there are fewer than three beats.
    AnnotationError
        If the beats are not in order of time.

    Notes
    -----
    Atrial fibrillation makes the intervals irregular without a pattern, and these numbers see no wave: a method that
    reads the ECG should do better. Source: our choice, from the literature on heart-rate variability. Taught in
    chapter ``23_rhythm_classifier``.

    Examples
    --------
    >>> rr_statistics([0, 360, 720, 1080], rate=360)
    array([1., 0., 0., 0., 0.])
    """
    beats = np.asarray(beat_samples)
    if len(beats) < LEAST_BEATS:
        raise RecordTooShortError(
            "too few beats for a rhythm",
            expected="at least three",
            found=f"{len(beats)}",
            remedy="leave this window out, or take a longer one",
        )
    intervals = np.diff(beats) / rate
    if intervals.min() <= 0:
        raise AnnotationError(
            "beats are not in order of time",
            expected="sample indices that rise",
            found=f"{np.count_nonzero(intervals <= 0)} that don't",
            remedy="sort the beats, or look for doubled annotations",
        )
    mean, spread, changes = intervals.mean(), intervals.std(), np.diff(intervals)
    return np.array([mean, spread, np.sqrt(np.mean(changes**2)), np.median(np.abs(changes)) / mean, spread / mean])
