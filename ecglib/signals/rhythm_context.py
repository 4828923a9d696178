"""When a beat comes, and what its neighbours do: the intervals between beats, seen from one beat at a time."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import AnnotationError, RecordTooShortError

RHYTHM_FEATURES = (
    "previous",
    "next",
    "previous_to_record",
    "next_to_record",
    "previous_to_last_ten",
    "previous_to_around",
    "next_to_around",
    "previous_to_next",
    "previous_to_earlier",
    "next_to_later",
    "around_to_record",
    "irregularity",
    "earliness",
    "rank",
)
"""Columns of ``rhythm_context``."""

CAUSAL_FEATURES = ("previous", "previous_to_last_ten", "previous_to_earlier")
"""Columns that a monitor knows at the moment of the beat."""

AROUND, LAST = 20, 10
"""Intervals on each side, and intervals before, that a local median is taken over."""

STEADY = 0.03
"""Spread of the intervals, as a share, below which a rhythm counts as steady."""


def rhythm_context(records: ArrayLike, samples: ArrayLike, rate: float) -> NDArray[np.float32]:
    """Describe the rhythm around each beat by the intervals between beats (RR intervals).

    Parameters
    ----------
    records : array, shape (beats,)
        Record of each beat.
    samples : int array, shape (beats,)
        Sample index of each beat, rising within a record.
    rate : float
        Samples a second.

    Returns
    -------
    float32 array, shape (beats, 14)
        Columns ``RHYTHM_FEATURES``. ``previous`` and ``next`` are the intervals before and after the beat in seconds.
        All with ``_to_`` are natural logarithms of a ratio, 0 where both are equal: of the interval before or after
        to the median interval of the whole record, to that of the ten intervals before it, to that of 41 around the
        beat, to each other, or to the interval one earlier or later. ``irregularity`` is the median change, as a
        logarithm, from one interval to the next around the beat; ``earliness`` is ``previous_to_around`` in units of
        the spread around it; ``rank`` is the share of the intervals around that are shorter than the one before.
        Where a record begins or ends and an interval is missing, the record's median stands in for it.

    Raises
    ------
    RecordTooShortError
        If a record has fewer than three beats.
    AnnotationError
        If two beats of a record are not in order of time.

    Notes
    -----
    Every record is described by itself, so nothing is learnt from other patients; no label is used. All columns but
    ``CAUSAL_FEATURES`` look at what comes after the beat: they need a recording, and no monitor has them at once.
    Source: RR features are those of de Chazal and colleagues (2004), section on heartbeat intervals, and of the
    literature after them; the logarithms, medians and the last three columns are our choice. Taught in chapter
    ``19_new_patients``.

    Examples
    --------
    >>> context = rhythm_context(["100"] * 6, [0, 360, 720, 972, 1440, 1800], rate=360)
    >>> context[3, :4].round(2)
    array([ 0.7 ,  1.3 , -0.36,  0.26], dtype=float32)
    """
    names, beats = np.asarray(records), np.asarray(samples, dtype=np.int64)
    found = np.empty((len(beats), len(RHYTHM_FEATURES)), np.float32)
    for name in np.unique(names):
        rows = np.flatnonzero(names == name)
        found[rows] = _of_record(str(name), beats[rows], rate)
    return found


def _of_record(name: str, samples: NDArray[np.int64], rate: float) -> NDArray[np.float64]:
    if len(samples) < 3:
        raise RecordTooShortError(
            "too few beats for a rhythm",
            record=name,
            expected="at least three beats",
            found=f"{len(samples)}",
            remedy="leave this record out",
        )
    intervals = np.diff(samples) / rate
    if intervals.min() <= 0:
        raise AnnotationError(
            "beats are not in order of time",
            record=name,
            expected="sample indices that rise",
            found=f"{np.count_nonzero(intervals <= 0)} that don't",
            remedy="sort the beats, or look for doubled annotations",
        )
    usual = np.median(intervals)
    previous, following = np.append(usual, intervals), np.append(intervals, usual)
    before, after = np.log(previous), np.log(following)
    around = sliding_window_view(np.pad(before, AROUND, mode="reflect"), 2 * AROUND + 1)
    local = np.median(around, axis=1)
    spread = np.median(np.abs(around - local[:, None]), axis=1)
    last = sliding_window_view(np.append(np.full(LAST, np.log(usual)), before[:-1]), LAST)
    return np.stack(
        [
            previous,
            following,
            before - np.log(usual),
            after - np.log(usual),
            before - np.median(last, axis=1),
            before - local,
            after - local,
            before - after,
            before - np.append(before[0], before[:-1]),
            after - np.append(after[1:], after[-1]),
            local - np.log(usual),
            np.median(np.abs(np.diff(around, axis=1)), axis=1),
            (before - local) / np.maximum(spread, STEADY),
            (around < before[:, None]).mean(axis=1),
        ],
        axis=1,
    )
