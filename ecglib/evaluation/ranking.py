"""Area under the ROC curve of one class against the rest, on a test set and on resamples of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from tqdm.auto import tqdm

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.errors import ECGError
from ecglib.evaluation.checks import as_scores, as_true
from ecglib.evaluation.intervals import chunks, draw


def auroc(true: ArrayLike, scores: ArrayLike, classes: Sequence[str] = AAMI_CLASSES) -> NDArray[np.float64]:
    """Give the area under the ROC curve of each class against the rest.

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
    float64 array, shape (classes,)
        Mean over seeds; NaN for a class that does not occur.

    Raises
    ------
    AnnotationError
        If an index names no class.
    ECGError
        If lengths differ, a score is NaN, or all beats are of one class.

    Notes
    -----
    Equal scores count half, as in the Mann-Whitney statistic. Source: the usual definition, checked against
    scikit-learn and scipy. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> auroc([0, 0, 1], [[0.9, 0.1], [0.4, 0.6], [0.3, 0.7]], classes=("N", "V"))
    array([1., 1.])
    """
    checked = as_true(true, classes)
    ranking = Ranking.of(checked, as_scores(scores, len(classes), len(checked)))
    areas = np.full(len(classes), np.nan)
    areas[ranking.classes] = ranking.areas(np.ones((1, len(checked))))[:, :, 0].mean(axis=0)
    return areas


@dataclass(frozen=True)
class Ranking:
    """Beats sorted by their scores, once, so that every resample only needs sums.

    Attributes
    ----------
    classes : int64 array, shape (occurring classes,)
        Classes that occur, and so have a curve.
    seeds : int
        Number of models.
    curves : list of (below, above, ties)
        For each seed and class: matrices (groups, beats) that add up the weights of the beats of other classes and of
        this class in each group, and whether a group's scores are equal. In an untied group, all beats of other
        classes lie below all beats of this class, so that order inside it no longer matters.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> ranking = Ranking.of(np.array([0, 1]), np.array([[[0.8, 0.2], [0.3, 0.7]]]))
    >>> ranking.areas(np.ones((1, 2))).ravel()
    array([1., 1.])
    """

    classes: NDArray[np.int64]
    seeds: int
    curves: list[tuple[csr_array, csr_array, NDArray[np.bool_]]]

    @classmethod
    def of(
        cls, true: NDArray[np.int64], scores: NDArray[np.floating], patients: NDArray[np.int64] | None = None
    ) -> Ranking:
        """Sort beats by every class's score; with patients, columns are patients instead of beats."""
        occurring = np.unique(true)
        if len(occurring) < 2:
            raise ECGError(
                "no area under a curve where all beats are of one class",
                expected="at least two classes among the true ones",
                found=f"{len(occurring)}",
                remedy="evaluate on beats of several classes, or without scores",
            )
        unit = np.arange(len(true)) if patients is None else patients
        curves = [_curve(true == index, seed[:, index], unit) for seed in scores for index in occurring]
        return cls(occurring, len(scores), curves)

    def areas(self, weights: NDArray[np.number]) -> NDArray[np.float64]:
        """Give areas, shape (seeds, occurring classes, resamples), for weights of shape (resamples, units).

        NaN where a resample holds nothing of a class, or nothing but that class.
        """
        turned = np.ascontiguousarray(weights.T, dtype=np.float64)
        areas = np.empty((len(self.curves), turned.shape[1]))
        for index, (below, above, ties) in enumerate(self.curves):
            negative, positive = below @ turned, above @ turned
            beaten = np.cumsum(negative, axis=0)
            beaten[ties] -= negative[ties] / 2
            pairs = negative.sum(axis=0) * positive.sum(axis=0)
            won = np.einsum("gr,gr->r", positive, beaten)
            areas[index] = np.divide(won, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
        return areas.reshape(self.seeds, len(self.classes), -1)

    def resampled(self, units: int, resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Give areas, mean over seeds, of resamples: shape (resamples, occurring classes)."""
        areas = np.empty((resamples, len(self.classes)))
        widest = max(units, *(below.shape[0] for below, _, _ in self.curves))
        with tqdm(total=resamples, desc="resampling AUROC", unit="resample", delay=2, leave=False) as bar:
            for chosen in chunks(resamples, widest):
                size = chosen.stop - chosen.start
                areas[chosen] = self.areas(draw(units, size, rng)).mean(axis=0).T
                bar.update(size)
        return areas


def _curve(
    positive: NDArray[np.bool_], scores: NDArray[np.floating], unit: NDArray[np.int64]
) -> tuple[csr_array, csr_array, NDArray[np.bool_]]:
    values, rank = np.unique(scores, return_inverse=True)
    has_positive = np.bincount(rank[positive], minlength=len(values)) > 0
    has_negative = np.bincount(rank[~positive], minlength=len(values)) > 0
    tied = has_positive & has_negative
    starts = tied.copy()
    starts[1:] |= tied[:-1] | (has_negative[1:] & has_positive[:-1])
    starts[0] = True
    group_of_value = np.cumsum(starts) - 1
    group, shape = group_of_value[rank], (int(group_of_value[-1]) + 1, int(unit.max()) + 1)
    ties = np.zeros(shape[0], dtype=bool)
    ties[group_of_value[tied]] = True

    def adder(chosen: NDArray[np.bool_]) -> csr_array:
        return csr_array((np.ones(int(chosen.sum())), (group[chosen], unit[chosen])), shape=shape)

    return adder(~positive), adder(positive), ties
