"""Every number that a chapter prints about a classifier, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.evaluation.checks import as_macro_over, as_patients, as_predicted, as_resamples, as_scores, as_true
from ecglib.evaluation.intervals import LEVEL, Interval, Resampling, keep_defined, percentiles, resample_confusions
from ecglib.evaluation.metrics import metrics_of_confusion
from ecglib.evaluation.ranking import Ranking


def classification_report(
    true: ArrayLike,
    predicted: ArrayLike,
    classes: Sequence[str] = AAMI_CLASSES,
    *,
    patients: ArrayLike | None = None,
    scores: ArrayLike | None = None,
    macro_over: Sequence[str] | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Interval]:
    """Compute every metric of a classifier with its 95 % interval.

    Parameters
    ----------
    true : int array, shape (beats,)
        Index of each beat's true class.
    predicted : int array, shape (beats,) or (seeds, beats)
        Index of each beat's predicted class. With several seeds every number is the mean over seeds, and all seeds
        see the same resamples.
    classes : sequence of str
        Names of the classes.
    patients : array, shape (beats,), optional
        Patient of each beat: draws whole patients. Left out, beats are drawn one by one, as if no two came from the
        same heart.
    scores : float array, shape (beats, classes) or (seeds, beats, classes), optional
        Adds the areas under the ROC curves.
    macro_over : sequence of str, optional
        Classes that the macro means are taken over; all when left out. ``("N", "S", "V", "F")`` between patients.
    resamples : int
        How many times the test set is drawn again.
    seed : int
        Same seed, same numbers.

    Returns
    -------
    dict of str to Interval
        ``accuracy``, ``macro_precision``, ``macro_recall``, ``macro_f1``, then ``precision_N``, ``recall_N``,
        ``f1_N`` for every class; with scores ``auroc`` (macro mean, one class against the rest) and ``auroc_N`` for
        every class that occurs.

    Raises
    ------
    AnnotationError
        If an index or ``macro_over`` names no class.
    ECGError
        If lengths differ, a score is NaN, or there are fewer than two patients to draw.

    Notes
    -----
    0/0 counts as 0 (scikit-learn's ``zero_division=0``). A class that the test set lacks has precision, recall and
    F1 of exactly 0 in every resample, no AUROC, and no part in the macro AUROC. A class that the test set has and a
    resample lost is another matter: such a resample says nothing about that class, so it is left out of the
    intervals of the class and of the macro means that contain it, and stays in the others; ``Interval.resamples``
    says how many were left.
    Source: the percentile bootstrap; the treatment of lost classes is our choice. Taught in chapter
    ``01_splits_and_leakage``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 5, 1000)
    >>> predicted = np.where(rng.random(1000) < 0.9, true, 0)
    >>> print(classification_report(true, predicted)["accuracy"])
    0.929 (95 % interval 0.913 to 0.945, beat bootstrap, n = 1,000)
    """
    checked = as_true(true, classes)
    models = as_predicted(predicted, classes, len(checked))
    averaged = as_macro_over(macro_over, classes)
    owners = None if patients is None else as_patients(patients, len(checked))
    as_resamples(resamples)
    drawn = resample_confusions(checked, models, len(classes), owners, resamples, np.random.default_rng(seed))
    report = _confusion_intervals(drawn, classes, averaged, macro_over)
    if scores is not None:
        ranked = as_scores(scores, len(classes), len(checked))
        ranking = Ranking.of(checked, ranked, owners)
        units = drawn.n
        observed = ranking.areas(np.ones((1, units), dtype=np.int64))[:, :, 0]
        resampled = ranking.resampled(units, resamples, np.random.default_rng([seed, 1]))
        macro = np.isin(ranking.classes, averaged)
        if macro.any():
            report["auroc"] = _interval(observed[:, macro].mean(axis=1), resampled[:, macro].mean(axis=1), drawn)
        for column, index in enumerate(ranking.classes):
            report[f"auroc_{classes[index]}"] = _interval(observed[:, column], resampled[:, column], drawn)
    return report


@dataclass(frozen=True)
class ConfusionMatrix:
    """A confusion matrix whose every share has an interval.

    Attributes
    ----------
    classes : tuple of str
        Names; rows are true classes, columns are predicted ones.
    counts : float64 array, shape (classes, classes)
        Beats; with several seeds, their mean.
    share, low, high : float64 array, shape (classes, classes)
        Share of each true class that was predicted as each class, and the percentiles 2.5 and 97.5 of the resamples;
        NaN in the rows of classes that the test set lacks.
    level : float
        Always 0.95.
    method : str
        ``"beat bootstrap"`` or ``"patient bootstrap"``.
    n : int
        How many beats or patients were resampled.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> confusion_report([0, 0, 1, 1], [0, 1, 1, 1], classes=("N", "V")).share
    array([[0.5, 0.5],
           [0. , 1. ]])
    """

    classes: tuple[str, ...]
    counts: NDArray[np.float64]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    level: float
    method: str
    n: int


def confusion_report(
    true: ArrayLike,
    predicted: ArrayLike,
    classes: Sequence[str] = AAMI_CLASSES,
    *,
    patients: ArrayLike | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> ConfusionMatrix:
    """Count true against predicted classes, with a 95 % interval for the share in every cell.

    Parameters
    ----------
    true, predicted, classes, patients, resamples, seed
        As in ``classification_report``.

    Returns
    -------
    ConfusionMatrix
        Counts and row shares with intervals.

    Raises
    ------
    AnnotationError
        If an index names no class.
    ECGError
        If lengths differ or there are fewer than two patients to draw.

    Notes
    -----
    The seeds' matrices are averaged. Resamples that lost a class are left out of that class's row.
    Source: the percentile bootstrap; the rest is our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> report = confusion_report([0, 0, 0, 1], [0, 0, 1, 1], classes=("N", "V"))
    >>> report.counts
    array([[2., 1.],
           [0., 1.]])
    """
    checked = as_true(true, classes)
    models = as_predicted(predicted, classes, len(checked))
    owners = None if patients is None else as_patients(patients, len(checked))
    as_resamples(resamples)
    drawn = resample_confusions(checked, models, len(classes), owners, resamples, np.random.default_rng(seed))
    counts, resampled = drawn.observed.mean(axis=0), drawn.resampled.mean(axis=1)
    share, low, high = (np.full(counts.shape, np.nan) for _ in range(3))
    for row in np.flatnonzero(counts.sum(axis=1)).tolist():
        share[row] = counts[row] / counts[row].sum()
        kept = keep_defined(resampled[:, row], drawn.keeps(np.array([row])), f"the row of class {classes[row]}")
        low[row], high[row] = np.quantile(
            kept / kept.sum(axis=1, keepdims=True), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0
        )
    return ConfusionMatrix(tuple(classes), counts, share, low, high, LEVEL, drawn.method, drawn.n)


def _confusion_intervals(
    drawn: Resampling, classes: Sequence[str], averaged: NDArray[np.int64], macro_over: Sequence[str] | None
) -> dict[str, Interval]:
    by_seed = metrics_of_confusion(drawn.observed, classes, macro_over=macro_over)
    resampled = metrics_of_confusion(drawn.resampled, classes, macro_over=macro_over)
    report = {}
    for name, values in by_seed.items():
        needed = classes_needed(name, classes, averaged)
        kept = keep_defined(resampled[name].mean(axis=1), drawn.keeps(needed), name)
        low, high = percentiles(kept)
        report[name] = Interval(
            float(values.mean()), low, high, LEVEL, drawn.method, drawn.n, tuple(values.tolist()), len(kept)
        )
    return report


def classes_needed(metric: str, classes: Sequence[str], averaged: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the indices of the classes that a metric is about: none for accuracy, several for a macro mean."""
    if metric == "accuracy":
        return np.array([], dtype=np.int64)
    if metric.startswith("macro_"):
        return averaged
    return np.array([list(classes).index(metric.split("_", 1)[1])], dtype=np.int64)


def _interval(by_seed: NDArray[np.float64], resampled: NDArray[np.float64], drawn: Resampling) -> Interval:
    kept = keep_defined(resampled, ~np.isnan(resampled), "AUROC")
    low, high = percentiles(kept)
    return Interval(float(by_seed.mean()), low, high, LEVEL, drawn.method, drawn.n, tuple(by_seed.tolist()), len(kept))
