"""A number for each patient: their mean with its interval, and the paired difference of two methods."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import ECGError
from ecglib.evaluation.checks import as_resamples
from ecglib.evaluation.comparison import Difference, seed_by_seed, two_sided
from ecglib.evaluation.intervals import LEVEL, Interval, draw, percentiles


def mean_of_patients(shares: ArrayLike, *, resamples: int = 2000, seed: int = 0) -> Interval:
    """Give the mean over patients, with the interval that drawing patients again gives it.

    Parameters
    ----------
    shares : float array, shape (seeds, patients)
        Such as the share of each patient's beats that a probe names rightly.
    resamples : int
        How many times the patients are drawn again; all seeds see the same draws.
    seed : int
        Same seed, same numbers.

    Returns
    -------
    Interval
        The mean over seeds and patients; each patient weighs the same.

    Raises
    ------
    ECGError
        If a number is not finite, or there are fewer than two patients.

    Notes
    -----
    The percentile bootstrap of Efron and Tibshirani (1993). Taught in chapter
    ``21_beat_classifier_and_its_patients``. Source: our choice.

    Examples
    --------
    >>> print(mean_of_patients([[0.2, 0.4, 0.9], [0.4, 0.4, 0.7]]))
    0.500 (95 % interval 0.300 to 0.800, patient bootstrap, n = 3)
    """
    values = _checked(shares)
    resampled = _resampled(values.mean(axis=0), resamples, seed)
    by_seed = values.mean(axis=1)
    return Interval(
        float(values.mean()), *percentiles(resampled), LEVEL, "patient bootstrap", values.shape[1],
        tuple(by_seed.tolist()), resamples,
    )  # fmt: skip


def paired_over_patients(first: ArrayLike, second: ArrayLike, *, resamples: int = 2000, seed: int = 0) -> Difference:
    """Compare two methods patient by patient: each resample draws the same patients for both.

    Parameters
    ----------
    first, second : float array, shape (seeds, patients)
        A number for each patient, the same patients in the same order. The numbers of seeds may differ.
    resamples, seed
        As in ``mean_of_patients``.

    Returns
    -------
    Difference
        Mean of the first minus mean of the second.

    Raises
    ------
    ECGError
        If a number is not finite, the patients are not as many, or there are fewer than two.

    Notes
    -----
    A patient who is easy to name is easy for both methods, so what differs between patients falls out of the
    difference. The p-value is that of ``paired_difference``. Source: Efron and Tibshirani (1993). Taught in chapter
    ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> difference = paired_over_patients([[0.9, 0.5, 0.7, 0.8]], [[0.8, 0.3, 0.6, 0.8]])
    >>> print(difference)
    +0.100 (95 % interval +0.025 to +0.175, p = 0.007, paired patient bootstrap, n = 4)
    """
    one, other = _checked(first), _checked(second)
    if one.shape[1] != other.shape[1]:
        raise ECGError(
            "these can't be compared patient by patient",
            expected="two methods on the same patients",
            found=f"{one.shape[1]} and {other.shape[1]} patients",
            remedy="pass numbers of the same patients, in the same order",
        )
    differences = one.mean(axis=0) - other.mean(axis=0)
    resampled = _resampled(differences, resamples, seed)
    low, high = percentiles(resampled)
    method, number = "paired patient bootstrap", len(differences)
    value, seeds = float(differences.mean()), seed_by_seed(one.mean(axis=1), other.mean(axis=1))
    return Difference(value, low, high, two_sided(resampled), LEVEL, method, number, resamples, seeds)


def _resampled(values: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Give the means of patients drawn with replacement."""
    as_resamples(resamples)
    return draw(len(values), resamples, np.random.default_rng(seed)) @ values / len(values)


def _checked(shares: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(shares, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] < 1 or values.shape[1] < 2 or not np.isfinite(values).all():
        raise ECGError(
            "no mean over these patients",
            expected="finite numbers of shape (seeds, patients), for two patients or more",
            found=f"shape {values.shape} with {int((~np.isfinite(values)).sum())} that are not finite",
            remedy="pass a number for every patient, and leave out patients who have none",
        )
    return values
