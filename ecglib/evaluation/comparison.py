"""Is one model better than another on the same beats? Paired bootstrap, and Holm's correction for many questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.errors import ECGError
from ecglib.evaluation.checks import as_macro_over, as_patients, as_predicted, as_resamples, as_true
from ecglib.evaluation.intervals import LEVEL, keep_defined, percentiles, resample_confusions
from ecglib.evaluation.metrics import metrics_of_confusion
from ecglib.evaluation.report import classes_needed


@dataclass(frozen=True)
class Difference:
    """How much better the first model is than the second, with interval and p-value.

    Attributes
    ----------
    value, low, high : float
        First minus second, and the percentiles 2.5 and 97.5 of the resamples.
    p_value : float
        Two-sided.
    level : float
        Always 0.95.
    method : str
        ``"paired beat bootstrap"`` or ``"paired patient bootstrap"``.
    n : int
        How many beats or patients were resampled.
    resamples : int
        Resamples that the numbers rest on: those in which no class was lost.
    by_seed : tuple of float
        The difference of each seed by itself, which ``seeds_and_units`` needs; empty where the two have other seeds.

    Notes
    -----
    Source: Efron and Tibshirani (1993). Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> print(Difference(0.021, 0.004, 0.039, 0.012, n=22))
    +0.021 (95 % interval +0.004 to +0.039, p = 0.012, paired patient bootstrap, n = 22)
    """

    value: float
    low: float
    high: float
    p_value: float
    level: float = LEVEL
    method: str = "paired patient bootstrap"
    n: int = 0
    resamples: int = 0
    by_seed: tuple[float, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.value:+.3f} (95 % interval {self.low:+.3f} to {self.high:+.3f}, p = {self.p_value:.2g}, "
            f"{self.method}, n = {self.n:,})"
        )


def paired_difference(
    true: ArrayLike,
    predicted_a: ArrayLike,
    predicted_b: ArrayLike,
    metric: str = "macro_f1",
    classes: Sequence[str] = AAMI_CLASSES,
    *,
    patients: ArrayLike | None = None,
    macro_over: Sequence[str] | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> Difference:
    """Compare two models on the same beats: both see every resample.

    Parameters
    ----------
    true : int array, shape (beats,)
        Index of each beat's true class.
    predicted_a, predicted_b : int array, shape (beats,) or (seeds, beats)
        Predictions of the two models. The numbers of seeds may differ; each model's metric is the mean over its seeds.
    metric : str
        A name that ``metrics_of_confusion`` gives, such as ``"macro_f1"``, ``"accuracy"`` or ``"recall_S"``.
    classes, patients, macro_over, resamples, seed
        As in ``classification_report``.

    Returns
    -------
    Difference
        First minus second.

    Raises
    ------
    AnnotationError
        If an index or ``macro_over`` names no class.
    ECGError
        If lengths differ, the metric is unknown, or there are fewer than two patients to draw.

    Notes
    -----
    The p-value asks how many resamples put the difference on the other side of zero, or on it: twice the smaller
    tail, with one added to count and number of resamples, so that it never is 0 (Davison and Hinkley 1997, 4.11).
    Resamples that lost a class are left out as in ``classification_report``.
    Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> true = np.tile([0, 1], 200)
    >>> good, poor = np.where(np.arange(400) < 380, true, 1 - true), np.where(np.arange(400) < 300, true, 1 - true)
    >>> difference = paired_difference(true, good, poor, "accuracy", classes=("N", "V"))
    >>> print(difference)
    +0.200 (95 % interval +0.160 to +0.240, p = 0.001, paired beat bootstrap, n = 400)
    """
    checked = as_true(true, classes)
    first = as_predicted(predicted_a, classes, len(checked))
    second = as_predicted(predicted_b, classes, len(checked))
    averaged = as_macro_over(macro_over, classes)
    owners = None if patients is None else as_patients(patients, len(checked))
    as_resamples(resamples)
    both = np.concatenate([first, second])
    drawn = resample_confusions(checked, both, len(classes), owners, resamples, np.random.default_rng(seed))
    observed = metrics_of_confusion(drawn.observed, classes, macro_over=macro_over)
    if metric not in observed:
        raise ECGError(
            f"unknown metric {metric}",
            expected=f"one of {', '.join(observed)}",
            remedy="choose a metric that is read from predictions",
        )
    resampled = metrics_of_confusion(drawn.resampled, classes, macro_over=macro_over)[metric]
    split = len(first)
    differences = keep_defined(
        resampled[:, :split].mean(axis=1) - resampled[:, split:].mean(axis=1),
        drawn.keeps(classes_needed(metric, classes, averaged)),
        metric,
    )
    low, high = percentiles(differences)
    one, other = observed[metric][:split], observed[metric][split:]
    value, method, number = one.mean() - other.mean(), f"paired {drawn.method}", len(differences)
    seeds = seed_by_seed(one, other)
    return Difference(float(value), low, high, two_sided(differences), LEVEL, method, drawn.n, number, seeds)


def seed_by_seed(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, ...]:
    """Subtract the numbers of two models seed by seed; empty where both have several seeds, but not as many."""
    return tuple((one - other).tolist()) if len(one) == len(other) or 1 in (len(one), len(other)) else ()


def two_sided(differences: NDArray[np.float64]) -> float:
    """Give twice the smaller tail beyond zero of resampled differences, with the +1 correction, at most 1."""
    tail = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    return min(1.0, 2 * (tail + 1) / (len(differences) + 1))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Correct p-values for having asked several questions.

    Parameters
    ----------
    p_values : float array, shape (questions,)
        One for each question, in any order.

    Returns
    -------
    float64 array, shape (questions,)
        Adjusted p-values in the same order: below 0.05 is still below 0.05 with all questions asked.

    Raises
    ------
    ECGError
        If a p-value is NaN or outside 0 to 1.

    Notes
    -----
    Source: Holm, Scandinavian Journal of Statistics 6:65 (1979). Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise ECGError(
            "p-values cannot be corrected",
            expected="numbers from 0 to 1 in one dimension",
            found=str(values.tolist()),
            remedy="pass the p-values of the tests as they came",
        )
    order = np.argsort(values, kind="stable")
    scaled = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted
