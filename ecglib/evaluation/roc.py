"""ROC curves of each class against the rest, with several seeds on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import roc_curve

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.errors import ECGError
from ecglib.evaluation.checks import as_scores, as_true
from ecglib.evaluation.ranking import auroc

FALSE_POSITIVE_RATES = np.concatenate([[0.0], np.geomspace(1e-5, 1.0, 501)])
"""Where every curve is read: closer together towards zero, where good models differ."""


@dataclass(frozen=True)
class ROCCurve:
    """How many beats of a class are found at each price in false alarms.

    Attributes
    ----------
    false_positive_rate : float64 array, shape (points,)
        Share of the beats of all other classes that are taken for this one; from 0 to 1.
    by_seed : float64 array, shape (seeds, points)
        Share of the beats of this class that are found (sensitivity), for each seed's model.
    area : float
        Area under the curve, mean over the seeds, computed from the scores and not from these points.
    positives, negatives : int
        Beats of this class, and of the others.

    Notes
    -----
    Source: our choice. Taught in chapter ``15_comparison``.

    Examples
    --------
    >>> curve = ROCCurve(np.array([0.0, 1.0]), np.array([[0.5, 1.0], [0.7, 1.0]]), 0.8, 10, 90)
    >>> curve.true_positive_rate
    array([0.6, 1. ])
    """

    false_positive_rate: NDArray[np.float64]
    by_seed: NDArray[np.float64]
    area: float
    positives: int
    negatives: int

    @property
    def true_positive_rate(self) -> NDArray[np.float64]:
        """Mean sensitivity of the seeds at each false positive rate."""
        return self.by_seed.mean(axis=0)


def roc_curves(true: ArrayLike, scores: ArrayLike, classes: Sequence[str] = AAMI_CLASSES) -> dict[str, ROCCurve]:
    """Give the ROC curve of each class against the rest.

    Parameters
    ----------
    true : int array, shape (beats,)
        Index of each beat's true class.
    scores : float array, shape (beats, classes) or (seeds, beats, classes)
        Higher means more likely.
    classes : sequence of str
        Names of the classes.

    Returns
    -------
    dict of str to ROCCurve
        By class, in the order of ``classes``; a class that does not occur has none.

    Raises
    ------
    AnnotationError
        If an index names no class.
    ECGError
        If lengths differ, a score is NaN, or all beats are of one class.

    Notes
    -----
    Each seed's curve is scikit-learn's, read at ``FALSE_POSITIVE_RATES`` by straight lines between its points, which
    is right for equal scores too. Seeds are averaged at equal false positive rate ("vertical averaging").
    Source: Fawcett, Pattern Recognition Letters 27:861 (2006), section 9.1. Taught in chapter ``15_comparison``.

    Examples
    --------
    >>> curve = roc_curves([0, 0, 1], [[0.9, 0.1], [0.4, 0.6], [0.3, 0.7]], classes=("N", "V"))["V"]
    >>> float(curve.true_positive_rate[0]), curve.area, curve.positives
    (1.0, 1.0, 1)
    """
    checked = as_true(true, classes)
    seeds = as_scores(scores, len(classes), len(checked))
    if len(np.unique(checked)) < 2:
        raise ECGError(
            "no ROC curve where all beats are of one class",
            expected="at least two classes among the true ones",
            found=f"{len(np.unique(checked))}",
            remedy="evaluate on beats of several classes",
        )
    areas = auroc(checked, seeds, classes)
    curves = {}
    for index in np.unique(checked).tolist():
        of_class = checked == index
        by_seed = np.empty((len(seeds), len(FALSE_POSITIVE_RATES)))
        for row, seed in zip(by_seed, seeds, strict=True):
            false_positive_rate, true_positive_rate, _ = roc_curve(of_class, seed[:, index])
            row[:] = np.interp(FALSE_POSITIVE_RATES, false_positive_rate, true_positive_rate)
        positives = int(of_class.sum())
        curves[classes[index]] = ROCCurve(
            FALSE_POSITIVE_RATES, by_seed, float(areas[index]), positives, len(checked) - positives
        )
    return curves
