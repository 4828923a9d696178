"""How far found onsets and offsets of waves lie from those a cardiologist drew, and how many are missed or invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from ecglib.databases.record import NOT_MARKED, Waves
from ecglib.errors import ECGError
from ecglib.evaluation.checks import as_patients, as_resamples
from ecglib.evaluation.intervals import LEVEL, Interval, draw, keep_defined, percentiles
from ecglib.signals.wave_labels import UNKNOWN, WAVES, wave_labels

TOLERANCE = 0.15
"""Seconds that a found boundary may lie from the marked one, ends included."""

BOUNDARIES = tuple((wave, side) for wave in WAVES for side in ("onset", "offset"))
"""The six boundaries of a beat."""


@dataclass(frozen=True)
class BoundaryScore:
    """How well one boundary was found, such as the onset of P.

    Attributes
    ----------
    sensitivity : Interval
        Share of the marked boundaries that were found.
    predictive_value : Interval
        Share of the found boundaries that are marked.
    mean, spread : float
        Mean and standard deviation of the errors in **milliseconds**; later is positive. NaN for fewer than two.
    errors : float64 array, shape (pairs,)
        Milliseconds.

    Notes
    -----
    Source: the form in which delineators are compared since Martínez et al. (2004). Taught in chapter
    ``34_wave_segmentation``.
    """

    sensitivity: Interval
    predictive_value: Interval
    mean: float
    spread: float
    errors: NDArray[np.float64]


def boundary_report(
    found: Sequence[Waves],
    marked: Sequence[Waves],
    patients: ArrayLike,
    *,
    found_rate: float,
    marked_rate: float,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[tuple[str, str], BoundaryScore]:
    """Compare the boundaries of found waves with marked ones, each kind of boundary by itself.

    Parameters
    ----------
    found, marked : sequence of Waves
        Of each recording, such as ``waves_of_labels`` and ``LabelledWaves.waves`` give them. With several seeds pass
        their recordings one after another, and marks and patients as often.
    patients : array, shape (recordings,)
        Whose each recording is; the intervals draw whole patients.
    found_rate, marked_rate : float
        Samples a second of each.
    resamples : int
        How often patients are drawn again.
    seed : int
        Same seed, same intervals.

    Returns
    -------
    dict of (str, str) to BoundaryScore
        For each of ``BOUNDARIES``, such as ``("P", "onset")``.

    Raises
    ------
    ECGError
        If the recordings are not as many in all three, there are fewer than two patients, or a boundary is nowhere
        marked.

    Notes
    -----
    A found and a marked boundary are a pair if they lie within ``TOLERANCE`` of each other; each is in one pair at
    most, there are as many pairs as possible, and among such pairings the one with the smallest errors counts. A found
    one without a partner is invented, but only where the annotators say something: not outside their span, and not
    beside a wave that lacks a bracket. A boundary lies half a sample outside the wave's outermost sample, so that marks
    of different rates can be compared. Unlike ``boundary_errors``, which pairs waves that overlap, this counts a wave
    with a right onset and a wrong offset half.
    Source: tolerance and counts are those customary since Martínez et al. (2004), after ANSI/AAMI EC57:1998; the
    intervals are our choice. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> kinds, peaks = np.array(WAVES), np.array([60, 100, 160])
    >>> marked = Waves(kinds, np.array([50, 90, 140]), peaks, np.array([70, 110, 180]))
    >>> found = Waves(kinds, np.array([52, 90, 140]), peaks, np.array([70, 110, 350]))
    >>> report = boundary_report([found] * 2, [marked] * 2, ["a", "b"], found_rate=500, marked_rate=500)
    >>> round(report["P", "onset"].mean, 6), report["T", "offset"].sensitivity.value
    (4.0, 0.0)
    """
    owner = as_patients(patients, len(marked))
    as_resamples(resamples)
    if len(found) != len(marked):
        raise ECGError(
            "these boundaries can't be compared",
            expected="found and marked waves of each recording",
            found=f"{len(found)} and {len(marked)} recordings",
            remedy="pass both in the same order",
        )
    number = int(owner.max()) + 1
    weights = draw(number, resamples, np.random.default_rng(seed)).astype(np.float64)

    def share(part: NDArray[np.int64], whole: NDArray[np.int64], name: str) -> Interval:
        part_of, whole_of = (weights @ np.bincount(owner, counts, number) for counts in (part, whole))
        resampled = part_of / np.maximum(whole_of, 1)
        if whole.any():
            resampled = keep_defined(resampled, whole_of > 0, name)
        value, ends = float(part.sum() / max(whole.sum(), 1)), percentiles(resampled)
        return Interval(value, *ends, LEVEL, "patient bootstrap", number, (), len(resampled))

    report = {}
    for wave, side in BOUNDARIES:
        rows = [
            _compare(ours, true, wave, side, found_rate, marked_rate) for ours, true in zip(found, marked, strict=True)
        ]
        hits = np.array([len(errors) for errors, _, _ in rows])
        missed, invented = (np.array([row[column] for row in rows]) for column in (1, 2))
        if not (hits + missed).any():
            raise ECGError(
                f"no {side} of {wave} is marked",
                expected="one or more",
                found=f"none in {len(marked)} recordings",
                remedy="evaluate on more recordings",
            )
        errors = 1000 * np.concatenate([errors for errors, _, _ in rows])
        few = len(errors) < 2
        report[wave, side] = BoundaryScore(
            sensitivity=share(hits, hits + missed, f"the sensitivity of {wave} {side}"),
            predictive_value=share(hits, hits + invented, f"the predictive value of {wave} {side}"),
            mean=np.nan if few else float(errors.mean()),
            spread=np.nan if few else float(errors.std(ddof=1)),
            errors=errors,
        )
    return report


def boundary_table(report: Mapping[tuple[str, str], BoundaryScore]) -> pd.DataFrame:
    """Set the boundaries below each other, as papers on delineation do.

    Parameters
    ----------
    report : mapping
        From ``boundary_report``.

    Returns
    -------
    DataFrame
        A row for each boundary: sensitivity and predictive value in percent with their intervals, and the error in
        milliseconds as mean ± standard deviation.

    Notes
    -----
    Source: our choice. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> score = BoundaryScore(Interval(0.98, 0.95, 1, n=40), Interval(0.97, 0.9, 1, n=40), -2.04, 8.61, np.zeros(2))
    >>> boundary_table({("P", "onset"): score}).iloc[0].tolist()
    ['P onset', '98.0 (95.0 to 100.0)', '97.0 (90.0 to 100.0)', '−2.0 ± 8.6']
    """
    rows = []
    for (wave, side), score in report.items():
        row = {"boundary": f"{wave} {side}"}
        for name, share in (("sensitivity", score.sensitivity), ("predictive value", score.predictive_value)):
            row[f"{name} (%)"] = f"{100 * share.value:.1f} ({100 * share.low:.1f} to {100 * share.high:.1f})"
        row["error (ms)"] = f"{score.mean:.1f} ± {score.spread:.1f}".replace("-", "\N{MINUS SIGN}")
        rows.append(row)
    return pd.DataFrame(rows)


def match_boundaries(found: ArrayLike, marked: ArrayLike, tolerance: float) -> tuple[NDArray[np.int64], ...]:
    """Pair found with marked boundaries, as many as possible and with the smallest errors.

    Parameters
    ----------
    found, marked : float arrays, shape (boundaries,)
        Seconds.
    tolerance : float
        Seconds that the two of a pair may be apart, ends included.

    Returns
    -------
    found, marked : int64 arrays, shape (pairs,)
        Places in the two inputs.

    Notes
    -----
    Source: the assignment problem, solved by scipy. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> match_boundaries([1.00, 1.10, 3.00], [1.08, 2.00], tolerance=0.15)
    (array([1]), array([0]))
    """
    apart = np.abs(np.subtract.outer(np.asarray(found, dtype=np.float64), np.asarray(marked, dtype=np.float64)))
    near = apart <= tolerance + 1e-9
    # One pair more is worth more than the errors of all others.
    ours, true = linear_sum_assignment(np.where(near, apart, tolerance * (min(apart.shape, default=0) + 1)))
    kept = near[ours, true]
    return ours[kept], true[kept]


def _compare(
    found: Waves, marked: Waves, wave: str, side: str, found_rate: float, marked_rate: float
) -> tuple[NDArray[np.float64], int, int]:
    """Give the errors of the pairs in seconds, and how many boundaries were missed and invented."""
    ours, true = _seconds(found.of(wave), side, found_rate), _seconds(marked.of(wave), side, marked_rate)
    paired_ours, paired_true = match_boundaries(ours, true, TOLERANCE)
    alone = np.delete(ours, paired_ours)
    ends = np.concatenate([marked.onsets, marked.peaks, marked.offsets])
    labels = wave_labels(marked, int(ends.max(initial=0)) + 1, marked_rate, marked_rate)
    at = np.rint(alone * marked_rate).astype(np.int64)
    at = at[(at >= 0) & (at < len(labels))]
    return ours[paired_ours] - true[paired_true], len(true) - len(paired_true), int((labels[at] != UNKNOWN).sum())


def _seconds(waves: Waves, side: str, rate: float) -> NDArray[np.float64]:
    samples, outwards = (waves.onsets, -0.5) if side == "onset" else (waves.offsets, 0.5)
    return (samples[samples != NOT_MARKED] + outwards) / rate
