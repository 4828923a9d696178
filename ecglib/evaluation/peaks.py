"""How many beats a detector of R peaks finds, and how many of its peaks are beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import AnnotationError, ECGError
from ecglib.evaluation.intervals import LEVEL, Interval, draw, keep_defined, percentiles

TOLERANCE = 0.15
"""Seconds that a found peak may lie from the marked beat, ends included."""

RESAMPLES = 2000
"""How often the interval draws the patients again."""

_ROUNDING = 1e-6  # of a sample, by which floating point may miss what is equal


@dataclass(frozen=True)
class PeakReport:
    """What a detector found.

    Attributes
    ----------
    sensitivity : Interval
        Share of the marked beats that were found.
    positive_predictive_value : Interval
        Share of the found peaks that are marked beats.
    hits, missed, extra : int64 arrays, shape (recordings,)
        Beats found, beats not found, and peaks without a beat.

    Notes
    -----
    Source: ANSI/AAMI EC57. Taught in chapter ``31_like_beats``.
    """

    sensitivity: Interval
    positive_predictive_value: Interval
    hits: NDArray[np.int64]
    missed: NDArray[np.int64]
    extra: NDArray[np.int64]


def peak_report(
    found: Sequence[ArrayLike],
    marked: Sequence[ArrayLike],
    rate: float,
    patients: ArrayLike,
    *,
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> PeakReport:
    """Compare the peaks that a detector found with the beats that annotators marked.

    Parameters
    ----------
    found, marked : sequence of arrays, each of shape (peaks,)
        Sample indices of each recording, rising; fractions are welcome.
    rate : float
        Samples a second, of both.
    patients : array, shape (recordings,)
        Whose each recording is; the intervals draw whole patients.
    tolerance : float
        Seconds that a peak may lie from its beat.
    seed : int
        Same seed, same intervals.

    Returns
    -------
    PeakReport
        Over all beats together, so that a patient with many beats weighs more.

    Raises
    ------
    AnnotationError
        If samples don't rise.
    ECGError
        If the recordings are not as many in all three, there are fewer than two patients, or nothing was marked or
        found.

    Notes
    -----
    What ``r_peaks`` reaches on MIT-BIH is measured in the chapter.
    Source: the counts are those of ANSI/AAMI EC57, which allows 0.15 s; the intervals are our choice. Taught in chapter
    ``31_like_beats``.

    Examples
    --------
    >>> report = peak_report([[100, 200, 290], [50]], [[100, 201], [51, 150]], rate=100, patients=["a", "b"])
    >>> report.sensitivity.value, report.positive_predictive_value.value
    (0.75, 0.75)
    """
    whose = np.asarray(patients)
    names, owner = np.unique(whose, return_inverse=True)
    if not len(found) == len(marked) == len(whose) or len(names) < 2:
        raise ECGError(
            "these peaks can't be compared",
            expected="found peaks, marked beats and a patient for each recording, of two patients or more",
            found=f"{len(found)}, {len(marked)} and {len(whose)}, of {len(names)} patients",
            remedy="pass all three in the same order",
        )
    pairs = [(_rising(ours), _rising(true)) for ours, true in zip(found, marked, strict=True)]
    hits = np.array([matches(ours, true, tolerance * rate + _ROUNDING) for ours, true in pairs], dtype=np.int64)
    peaks, beats = (
        np.array(counts, dtype=np.int64) for counts in zip(*((len(a), len(b)) for a, b in pairs), strict=True)
    )
    weights = draw(len(names), RESAMPLES, np.random.default_rng(seed)).astype(np.float64)

    def share(whole: NDArray[np.int64], name: str) -> Interval:
        if not whole.sum():
            raise ECGError(f"no {name} of no beats", expected="one or more", remedy="look at the signals and the marks")
        part_of, whole_of = weights @ np.bincount(owner, hits), weights @ np.bincount(owner, whole)
        defined = whole_of > 0
        resampled = keep_defined(part_of / np.where(defined, whole_of, 1), defined, name)
        value, (low, high) = float(hits.sum() / whole.sum()), percentiles(resampled)
        return Interval(value, low, high, LEVEL, "patient bootstrap", len(names), (), len(resampled))

    return PeakReport(share(beats, "sensitivity"), share(peaks, "predictive value"), hits, beats - hits, peaks - hits)


def matches(found: NDArray[np.float64], marked: NDArray[np.float64], tolerance: float) -> int:
    """Count the pairs of a found and a marked sample within the tolerance, each in one pair at most.

    Parameters
    ----------
    found, marked : float64 arrays, shape (peaks,)
        Rising.
    tolerance : float
        In samples, ends included.

    Returns
    -------
    int
        The largest number of such pairs that there is.

    Notes
    -----
    From the left, a sample that is too early for the other train's first one is alone; two that are near each other
    are a pair. No other choice gives more pairs. Source: our choice; EC57 has each beat take the nearest peak, which
    can leave one without where three crowd, and gives the same count where beats are 0.3 s apart. Taught in chapter
    ``31_like_beats``.

    Examples
    --------
    >>> matches(np.array([10.0, 20.0, 31.0]), np.array([9.0, 32.0]), tolerance=2)
    2
    """
    pairs = ours = true = 0
    while ours < len(found) and true < len(marked):
        late = found[ours] - marked[true]
        if abs(late) <= tolerance:
            pairs, ours, true = pairs + 1, ours + 1, true + 1
        elif late < 0:
            ours += 1
        else:
            true += 1
    return pairs


def _rising(samples: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim != 1 or not (np.diff(values) > 0).all():
        raise AnnotationError(
            "peaks are not in order of time",
            expected="sample indices that rise",
            found=f"shape {values.shape}, {np.count_nonzero(np.diff(values) <= 0)} that don't",
            remedy="sort the peaks, and leave doubled ones out",
        )
    return values
