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

_FEW_UNITS = 256


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
    areas[ranking.classes] = ranking.areas(np.ones((1, len(checked)), dtype=np.int64))[:, :, 0].mean(axis=0)
    return areas


@dataclass(frozen=True)
class Curve:
    """Beats in the order of one score, cut into groups inside which the order no longer matters.

    Attributes
    ----------
    below, above : sparse matrices, shape (groups, units)
        How many beats of the other classes, and of this class, each unit has in each group. A group is either beats
        of one score, or beats of other classes followed by beats of this class.
    tied : bool array, shape (groups,)
        Groups of one score.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """

    below: csr_array
    above: csr_array
    tied: NDArray[np.bool_]

    @classmethod
    def of(cls, positive: NDArray[np.bool_], scores: NDArray[np.floating], unit: NDArray[np.int64]) -> Curve:
        """Sort beats by one score; ``positive`` says which are of the class, ``unit`` what each is drawn with."""
        values, rank = np.unique(scores, return_inverse=True)
        has_positive = np.bincount(rank[positive], minlength=len(values)) > 0
        has_negative = np.bincount(rank[~positive], minlength=len(values)) > 0
        tie = has_positive & has_negative
        starts = tie.copy()
        starts[1:] |= tie[:-1] | (has_negative[1:] & has_positive[:-1])
        starts[0] = True
        group_of_value = np.cumsum(starts) - 1
        group, shape = group_of_value[rank], (int(group_of_value[-1]) + 1, int(unit.max()) + 1)
        tied = np.zeros(shape[0], dtype=bool)
        tied[group_of_value[tie]] = True

        def count(chosen: NDArray[np.bool_]) -> csr_array:
            ones = np.ones(int(chosen.sum()), dtype=np.min_scalar_type(len(unit)))
            return csr_array((ones, (group[chosen], unit[chosen])), shape=shape)

        return cls(count(~positive), count(positive), tied)

    def beaten(self, negative: NDArray[np.integer]) -> NDArray[np.float64]:
        """Say how many beats of other classes a beat of this class beats in each group, from those in each group."""
        beaten = np.cumsum(negative, axis=0, dtype=np.float64)
        beaten[self.tied] -= negative[self.tied] / 2
        return beaten

    def wins(self) -> NDArray[np.float64]:
        """Say how many pairs this class's beats of each unit win against the other beats of each unit."""
        return np.asarray(self.above.T @ self.beaten(self.below.toarray()))


@dataclass(frozen=True)
class Ranking:
    """Beats sorted by their scores, once, so that every resample only needs sums.

    Attributes
    ----------
    classes : int64 array, shape (occurring classes,)
        Classes that occur, and so have a curve.
    seeds : int
        Number of models.
    curves : list of Curve
        Of each seed and class.
    beats : sparse matrix, shape (classes, units)
        How many beats of each class a unit, which is a beat or a patient, has.
    wins : list of float64 array, shape (units, units)
        Of each curve, where units are few; otherwise empty.

    Notes
    -----
    The area is the share of pairs won. Few patients: pairs are won between patients, and a resample multiplies each
    by how often both were drawn. Many patients, or single beats: a resample adds up its beats in each group.
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> ranking = Ranking.of(np.array([0, 1]), np.array([[[0.8, 0.2], [0.3, 0.7]]]))
    >>> ranking.areas(np.ones((1, 2), dtype=int)).ravel()
    array([1., 1.])
    """

    classes: NDArray[np.int64]
    seeds: int
    curves: list[Curve]
    beats: csr_array
    wins: list[NDArray[np.float64]]

    @classmethod
    def of(
        cls, true: NDArray[np.int64], scores: NDArray[np.floating], patients: NDArray[np.int64] | None = None
    ) -> Ranking:
        """Sort beats by every class's score; with patients, units are patients instead of beats."""
        occurring = np.unique(true)
        if len(occurring) < 2:
            raise ECGError(
                "no area under a curve where all beats are of one class",
                expected="at least two classes among the true ones",
                found=f"{len(occurring)}",
                remedy="evaluate on beats of several classes, or without scores",
            )
        unit = np.arange(len(true)) if patients is None else patients
        curves = [Curve.of(true == index, seed[:, index], unit) for seed in scores for index in occurring]
        ones, shape = np.ones(len(true), dtype=np.min_scalar_type(len(true))), (len(occurring), int(unit.max()) + 1)
        beats = csr_array((ones, (np.searchsorted(occurring, true), unit)), shape=shape)
        wins = [curve.wins() for curve in curves] if shape[1] <= _FEW_UNITS else []
        return cls(occurring, len(scores), curves, beats, wins)

    def areas(self, weights: NDArray[np.integer]) -> NDArray[np.float64]:
        """Give areas, shape (seeds, occurring classes, resamples), for weights of shape (resamples, units).

        A unit's weight says how often it was drawn. NaN where a resample holds nothing of a class, or nothing but
        that class.
        """
        # Sums are whole numbers: the smallest type that holds them is exact, and two to four times as fast as floats.
        most = int(self.beats.sum(axis=0).max()) * int(weights.sum(axis=1).max())
        turned = np.ascontiguousarray(weights.T, dtype=np.min_scalar_type(most))
        won = self._won_between_units(turned) if self.wins else self._won_by_groups(turned)
        positive = (self.beats @ turned).astype(np.float64)
        pairs = positive * (positive.sum(axis=0) - positive)
        won = won.reshape(self.seeds, *pairs.shape)
        return np.divide(won, pairs, out=np.full(won.shape, np.nan), where=pairs > 0)

    def resampled(self, units: int, resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Give areas, mean over seeds, of resamples: shape (resamples, occurring classes)."""
        areas = np.empty((resamples, len(self.classes)))
        widest = max(units, *(len(curve.tied) for curve in self.curves))
        with tqdm(total=resamples, desc="resampling AUROC", unit="resample", delay=2, leave=False) as bar:
            for chosen in chunks(resamples, widest):
                size = chosen.stop - chosen.start
                areas[chosen] = self.areas(draw(units, size, rng)).mean(axis=0).T
                bar.update(size)
        return areas

    def _won_between_units(self, turned: NDArray[np.unsignedinteger]) -> NDArray[np.float64]:
        drawn = turned.astype(np.float64)
        return np.stack([np.einsum("ur,ur->r", wins @ drawn, drawn) for wins in self.wins])

    def _won_by_groups(self, turned: NDArray[np.unsignedinteger]) -> NDArray[np.float64]:
        return np.stack(
            [
                np.einsum("gr,gr->r", curve.above @ turned, curve.beaten(curve.below @ turned), dtype=np.float64)
                for curve in self.curves
            ]
        )
