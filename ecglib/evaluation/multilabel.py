"""Labels of which a recording may have several: thresholds from validation, F1 and AUROC with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import precision_recall_curve

from ecglib.errors import ECGError
from ecglib.evaluation.checks import as_patients, as_resamples
from ecglib.evaluation.comparison import Difference, seed_by_seed, two_sided
from ecglib.evaluation.intervals import LEVEL, Interval, chunks, draw, keep_defined, percentiles
from ecglib.evaluation.ranking import Ranking


class Scored(NamedTuple):
    """A model's scores on the test set, and the thresholds that validation gave it.

    ``scores`` has shape (recordings, classes) or (seeds, recordings, classes), ``thresholds`` (classes,) or (seeds,
    classes). A recording has a label if its score reaches the threshold.
    """

    scores: ArrayLike
    thresholds: ArrayLike


def best_thresholds(true: ArrayLike, scores: ArrayLike) -> NDArray[np.float64]:
    """Find for each label the threshold with the highest F1 on validation.

    Parameters
    ----------
    true : bool or int array, shape (recordings, classes)
        Whether each recording **of the validation set** has each label.
    scores : float array, shape (recordings, classes)

    Returns
    -------
    float64 array, shape (classes,)
        A label is given where the score is as high or higher.

    Raises
    ------
    ECGError
        If shapes differ, a score is no number, or a label never or always occurs.

    Notes
    -----
    The labels are **all** of the validation set's, also where a model learnt from few. So a macro F1 "at 1 % of the
    labels" used more labels than that; AUROC needs no thresholds and did not.
    Source: our choice; the threshold 0.5 would punish rare labels. Taught in chapter ``33_superdiagnostic``.

    Examples
    --------
    >>> best_thresholds([[0], [0], [1], [1]], [[0.1], [0.3], [0.2], [0.9]])
    array([0.2])
    """
    truth, values = _checked_truth(true), np.asarray(scores, dtype=np.float64)
    _check_shape(truth, values[np.newaxis])
    best = []
    for labels, column in zip(truth.T, values.T, strict=True):
        precision, recall, thresholds = precision_recall_curve(labels, column)
        both = precision + recall
        f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)
        best.append(thresholds[f1[:-1].argmax()])  # the last point has no threshold
    return np.array(best, dtype=np.float64)


def multilabel_report(
    true: ArrayLike,
    scored: Scored | tuple[ArrayLike, ArrayLike],
    patients: ArrayLike,
    classes: Sequence[str],
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Interval]:
    """Compute F1 and AUROC of each label and their means, with intervals by drawing patients again.

    Parameters
    ----------
    true : bool or int array, shape (recordings, classes)
    scored : Scored
        Scores on the same recordings, and thresholds that they had no part in. With several seeds every number is
        their mean.
    patients : array, shape (recordings,)
        Whose each recording is. Where that is unknown, give each recording a name of its own: it then counts as a
        patient, as those of ``Record.patient`` do, and the intervals are too narrow if a person comes twice.
    classes : sequence of str
        Names of the labels.
    resamples : int
        How often patients are drawn again.
    seed : int
        Same seed, same intervals.

    Returns
    -------
    dict of str to Interval
        ``f1_NORM`` and so on, ``macro_f1``, then ``auroc_NORM`` and so on, ``macro_auroc``.

    Raises
    ------
    ECGError
        If shapes differ, a score is no number, a label never or always occurs, or there are fewer than two patients.

    Notes
    -----
    Macro numbers are means over labels. Draws in which a label doesn't occur are left out. F1 rests on thresholds,
    and so on all labels of the validation set, see ``best_thresholds``; AUROC does not.
    Source: the usual definitions, checked against scikit-learn. Taught in chapter ``33_superdiagnostic``.

    Examples
    --------
    >>> true = np.tile([[1, 0], [0, 1], [1, 1]], (20, 1))
    >>> scores = np.tile([[0.9, 0.2], [0.4, 0.8], [0.3, 0.7]], (20, 1))
    >>> report = multilabel_report(true, Scored(scores, [0.35, 0.5]), np.arange(60), ("MI", "HYP"))
    >>> report["f1_MI"].value, report["auroc_HYP"].value
    (0.5, 1.0)
    """
    drawn = _resample(true, scored, patients, classes, resamples, seed)
    found = {}
    for name, values in drawn.observed.items():
        resampled = keep_defined(drawn.resampled[name], drawn.defined, name)
        seeds = tuple(values.tolist())
        found[name] = Interval(
            float(values.mean()), *percentiles(resampled), LEVEL, "patient bootstrap", drawn.patients, seeds,
            len(resampled),
        )  # fmt: skip
    return found


def multilabel_difference(
    true: ArrayLike,
    first: Scored | tuple[ArrayLike, ArrayLike],
    second: Scored | tuple[ArrayLike, ArrayLike],
    patients: ArrayLike,
    classes: Sequence[str],
    metric: str = "macro_f1",
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> Difference:
    """Compare two models on the same recordings: both see every draw of the patients.

    Parameters
    ----------
    true, patients, classes, resamples, seed
        As in ``multilabel_report``.
    first, second : Scored
        The numbers of seeds may differ.
    metric : str
        A name that ``multilabel_report`` gives.

    Returns
    -------
    Difference
        First minus second.

    Raises
    ------
    ECGError
        As in ``multilabel_report``, or if there is no such metric.

    Notes
    -----
    Source: the p-value is that of ``paired_difference``. Taught in chapter ``33_superdiagnostic``.

    Examples
    --------
    >>> true = np.tile([[1, 0], [0, 1]], (20, 1))
    >>> good, poor = (np.where(true, 0.9, 0.1), [0.5, 0.5]), (np.where(true, 0.9, 0.8), [0.5, 0.5])
    >>> round(multilabel_difference(true, good, poor, np.arange(40), ("MI", "HYP")).value, 3)
    0.333
    """
    one, other = (_resample(true, model, patients, classes, resamples, seed) for model in (first, second))
    if metric not in one.observed:
        raise ECGError(
            f"unknown metric {metric}", expected=f"one of {', '.join(one.observed)}", remedy="choose one of these"
        )
    differences = keep_defined(one.resampled[metric] - other.resampled[metric], one.defined, metric)
    low, high = percentiles(differences)
    value = float(one.observed[metric].mean() - other.observed[metric].mean())
    method, number = "paired patient bootstrap", len(differences)
    seeds = seed_by_seed(one.observed[metric], other.observed[metric])
    return Difference(value, low, high, two_sided(differences), LEVEL, method, one.patients, number, seeds)


@dataclass(frozen=True)
class _Drawn:
    observed: dict[str, NDArray[np.float64]]  # (seeds,)
    resampled: dict[str, NDArray[np.float64]]  # (resamples,), mean over seeds
    defined: NDArray[np.bool_]  # (resamples,): draws with and without each label
    patients: int


def _resample(
    true: ArrayLike,
    scored: Scored | tuple[ArrayLike, ArrayLike],
    patients: ArrayLike,
    classes: Sequence[str],
    resamples: int,
    seed: int,
) -> _Drawn:
    truth = _checked_truth(true)
    scores, thresholds = (np.asarray(part, dtype=np.float64) for part in scored)
    scores = scores[np.newaxis] if scores.ndim == 2 else scores
    _check_shape(truth, scores)
    if truth.shape[1] != len(classes) or thresholds.shape[-1:] != (len(classes),):
        raise ECGError(
            "labels, thresholds and names differ in number",
            expected=f"{len(classes)} for {', '.join(classes)}",
            found=f"{truth.shape[1]} labels, thresholds of shape {thresholds.shape}",
            remedy="pass a column, a threshold and a name for each label",
        )
    owner = as_patients(patients, len(truth))
    number = int(owner.max()) + 1
    weights = draw(number, as_resamples(resamples), np.random.default_rng(seed))

    called = scores >= thresholds.reshape(-1, 1, len(classes))
    of_patient = np.zeros((number, 3, *scores.shape[::2]))  # hits, called so, truly so; (patients, 3, seeds, classes)
    for column, samples in enumerate((called & truth, called, np.broadcast_to(truth, called.shape))):
        np.add.at(of_patient[:, column], owner, samples.swapaxes(0, 1))
    rankings = [
        Ranking.of(truth[:, place].astype(np.int64), np.stack([-column, column], axis=2), owner)
        for place, column in enumerate(np.moveaxis(scores, 2, 0))
    ]

    def numbers(chosen: NDArray[np.integer]) -> dict[str, NDArray[np.float64]]:
        """Give every metric, shape (draws, seeds), for weights of shape (draws, patients)."""
        hits, said, had = np.moveaxis(np.tensordot(chosen.astype(np.float64), of_patient, 1), 1, 0)
        f1 = np.divide(2 * hits, said + had, out=np.zeros_like(hits), where=said + had > 0)
        areas = np.stack([ranking.areas(chosen)[:, 1].T for ranking in rankings], axis=2)
        found: dict[str, NDArray[np.float64]] = {}
        for name, values in (("f1", f1), ("auroc", areas)):
            found |= {f"{name}_{label}": values[..., place] for place, label in enumerate(classes)}
            found[f"macro_{name}"] = values.mean(axis=-1)
        return found

    observed = {name: values[0] for name, values in numbers(np.ones((1, number), dtype=np.int64)).items()}
    resampled = {name: np.empty(resamples) for name in observed}
    for part in chunks(resamples, len(truth)):
        for name, values in numbers(weights[part]).items():
            resampled[name][part] = values.mean(axis=1)
    return _Drawn(observed, resampled, np.isfinite(resampled["macro_auroc"]), number)


def _checked_truth(true: ArrayLike) -> NDArray[np.bool_]:
    truth = np.asarray(true)
    share = truth.mean(axis=0) if truth.ndim == 2 and len(truth) else np.zeros(1)
    if truth.ndim != 2 or not np.isin(truth, (0, 1)).all() or not ((share > 0) & (share < 1)).all():
        raise ECGError(
            "these labels can't be evaluated",
            expected="0 or 1 of shape (recordings, classes), and each label on some recordings but not on all",
            found=f"shape {truth.shape}, on a share of {', '.join(f'{one:.3g}' for one in np.atleast_1d(share))}",
            remedy="evaluate on more recordings, or without labels that all or none have",
        )
    return truth.astype(bool)


def _check_shape(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> None:
    if scores.ndim != 3 or not len(scores) or scores.shape[1:] != truth.shape or not np.isfinite(scores).all():
        raise ECGError(
            "scores don't match the labels",
            expected=f"finite numbers of shape {truth.shape}, or with seeds before it",
            found=f"shape {scores.shape} with {int((~np.isfinite(scores)).sum())} that are not finite",
            remedy="score exactly the recordings whose labels are given, and find out where NaN comes from",
        )
