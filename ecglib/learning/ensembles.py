"""Ensembles of song2026: the scores that several models give one beat, made into one score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression

from ecglib.errors import ECGError
from ecglib.learning.score import macro_f1

_SMALLEST = 1e-6


def validation_weights(true: ArrayLike, scores: ArrayLike, over: Sequence[int] | None = None) -> NDArray[np.float64]:
    """Give each model its macro F1 on validation beats as its weight.

    Parameters
    ----------
    true : int array, shape (beats,)
        Index of each validation beat's true class.
    scores : float array, shape (models, beats, classes)
        Probabilities that the models give the validation beats.
    over : sequence of int, optional
        Classes that the mean is taken over, as in ``macro_f1``.

    Returns
    -------
    float64 array, shape (models,)
        From 0 to 1; they need not add up to one.

    Raises
    ------
    ECGError
        If the scores are no probabilities of these beats.

    Notes
    -----
    Source: the papers' texts that we have speak of weights and don't say which; this is our choice. Taught in chapter
    ``16_ensembles``.

    Examples
    --------
    >>> validation_weights([0, 1], [[[0.9, 0.1], [0.2, 0.8]], [[0.9, 0.1], [0.7, 0.3]]]).round(2)
    array([1.  , 0.33])
    """
    models, truth = _checked(scores), np.asarray(true)
    if truth.shape != models.shape[1:2]:
        raise ECGError(
            "no validation scores for these beats",
            expected=f"{models.shape[1]} true classes",
            found=f"shape {truth.shape}",
            remedy="pass the true classes of the same validation beats, in the same order",
        )
    return np.array([macro_f1(truth, model, over) for model in models])


def mean(scores: ArrayLike) -> NDArray[np.float64]:
    """Average the models' probabilities, every model with the same weight.

    Parameters
    ----------
    scores : float array, shape (models, beats, classes)
        Probabilities.

    Returns
    -------
    float64 array, shape (beats, classes)
        Probabilities.

    Raises
    ------
    ECGError
        If the scores are no probabilities.

    Notes
    -----
    Source: the usual definition ("soft voting"). Taught in chapter ``16_ensembles``.

    Examples
    --------
    >>> mean([[[0.9, 0.1]], [[0.3, 0.7]]])
    array([[0.6, 0.4]])
    """
    models = _checked(scores)
    return _weighted(models, np.ones(len(models)))


def validation_weighted(scores: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
    """Average the models' probabilities, a model that did better on validation with the greater weight.

    Parameters
    ----------
    scores : float array, shape (models, beats, classes)
        Probabilities.
    weights : float array, shape (models,)
        From ``validation_weights``.

    Returns
    -------
    float64 array, shape (beats, classes)
        Probabilities.

    Raises
    ------
    ECGError
        If the scores are no probabilities, or the weights don't fit them.

    Notes
    -----
    Source: the usual definition; the weights are our choice. Taught in chapter ``16_ensembles``.

    Examples
    --------
    >>> validation_weighted([[[0.9, 0.1]], [[0.3, 0.7]]], [0.8, 0.4])
    array([[0.7, 0.3]])
    """
    models = _checked(scores)
    return _weighted(models, _checked_weights(weights, len(models)))


def dynamic(scores: ArrayLike) -> NDArray[np.float64]:
    """Average the models' probabilities, on each beat with more weight for the model that is surer of itself.

    Parameters
    ----------
    scores : float array, shape (models, beats, classes)
        Probabilities.

    Returns
    -------
    float64 array, shape (beats, classes)
        Probabilities.

    Raises
    ------
    ECGError
        If the scores are no probabilities.

    Notes
    -----
    A model's weight on a beat is 1 − H / log(classes), where H is the entropy of its scores of that beat: 1 where it
    is certain, 0 where it gives every class the same. Where no model knows anything, all have the same weight.
    Source: song2026's abstract calls its fusion dynamic and doesn't say how; the rule is our choice. Taught in
    chapter ``16_ensembles``.

    Examples
    --------
    >>> dynamic([[[1.0, 0.0]], [[0.5, 0.5]]])
    array([[1., 0.]])
    """
    models = _checked(scores)
    return _weighted(models, confidence(models))


def confidence(scores: ArrayLike) -> NDArray[np.float64]:
    """Say how sure each model is of each beat: 1 minus the entropy of its scores, as a share of the greatest possible.

    Parameters
    ----------
    scores : float array, shape (models, beats, classes)
        Probabilities.

    Returns
    -------
    float64 array, shape (models, beats)
        From 0 to 1.

    Raises
    ------
    ECGError
        If the scores are no probabilities.

    Notes
    -----
    Source: our choice. Taught in chapter ``16_ensembles``.

    Examples
    --------
    >>> confidence([[[0.25, 0.25, 0.25, 0.25], [0.5, 0.5, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]])
    array([[0. , 0.5, 1. ]])
    """
    models = _checked(scores)
    logarithm = np.log(models, out=np.zeros_like(models), where=models > 0)
    entropy = -(models * logarithm).sum(axis=-1)
    return np.clip(1 - entropy / np.log(models.shape[-1]), 0.0, 1.0)


def top2_weighted_predictions(scores: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
    """Let each model name its two most likely classes of a beat, and add up what they say, weighted.

    Parameters
    ----------
    scores : float array, shape (models, beats, classes)
        Probabilities.
    weights : float array, shape (models,)
        From ``validation_weights``.

    Returns
    -------
    float64 array, shape (beats, classes)
        Adds up to one over the classes; 0 for a class that no model named.

    Raises
    ------
    ECGError
        If the scores are no probabilities, or the weights don't fit them.

    Notes
    -----
    A model's two greatest scores of a beat are kept, the others are set to zero, and the sum over the models is
    scaled to add up to one. Of equal scores the first in the order of classes is taken. It differs from the weighted
    mean only where some model's third choice matters.
    Source: **one of two readings** of song2026's Top2-Weighted: "top two predictions from each model, weighted" (a
    blog post's words). That the weights are those of validation is our choice. Taught in chapter ``16_ensembles``.

    Examples
    --------
    >>> top2_weighted_predictions([[[0.5, 0.3, 0.2]], [[0.1, 0.5, 0.4]]], [1.0, 1.0]).round(3)
    array([[0.294, 0.471, 0.235]])
    """
    models = _checked(scores)
    named = np.argsort(-models, axis=-1, kind="stable")[..., :2]
    kept = np.zeros_like(models)
    np.put_along_axis(kept, named, np.take_along_axis(models, named, axis=-1), axis=-1)
    return _weighted(kept, _checked_weights(weights, len(models)))


def top2_weighted_models(scores: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
    """Average the probabilities of the two models with the greatest weights, weighted.

    Parameters
    ----------
    scores : float array, shape (models, beats, classes)
        Probabilities, of at least two models.
    weights : float array, shape (models,)
        From ``validation_weights``: choose on validation beats, never on test beats. At equal weights the earlier
        model is taken.

    Returns
    -------
    float64 array, shape (beats, classes)
        Probabilities.

    Raises
    ------
    ECGError
        If the scores are no probabilities, the weights don't fit them, or there is only one model.

    Notes
    -----
    Source: **the other of two readings** of song2026's Top2-Weighted: a README says "CNN-LSTM + ResNet", which are
    two models and not two predictions. That the two are the best on validation, and weighted by it, is our choice.
    Taught in chapter ``16_ensembles``.

    Examples
    --------
    >>> top2_weighted_models([[[0.9, 0.1]], [[0.5, 0.5]], [[0.3, 0.7]]], [0.6, 0.1, 0.6]).round(3)
    array([[0.6, 0.4]])
    """
    models = _checked(scores)
    checked = _checked_weights(weights, len(models))
    if len(models) < 2:
        raise ECGError("one model has no second", expected="at least two models", found="1", remedy="pass more scores")
    best = np.argsort(-checked, kind="stable")[:2]
    return _weighted(models[best], checked[best])


@dataclass(frozen=True)
class Stacking:
    """A logistic regression that reads the models' scores of a beat and gives its own.

    Attributes
    ----------
    regression : LogisticRegression
        Fitted by ``fit_stacking``; reads the logarithms of all models' scores side by side.
    models, classes : int
        Shape of the scores that it was fitted on.

    Notes
    -----
    Source: Wolpert, Neural Networks 5:241 (1992). Taught in chapter ``16_ensembles``.
    """

    regression: LogisticRegression
    models: int
    classes: int

    def __call__(self, scores: ArrayLike) -> NDArray[np.float64]:
        """Give probabilities, shape (beats, classes), for the models' scores, shape (models, beats, classes).

        A class that no validation beat had gets the probability 0. Raises ECGError if the shape is another than that
        of the validation scores.
        """
        models = _checked(scores)
        if (len(models), models.shape[-1]) != (self.models, self.classes):
            raise ECGError(
                "these scores are not those of the stacked models",
                expected=f"{self.models} models and {self.classes} classes",
                found=f"{len(models)} models and {models.shape[-1]} classes",
                remedy="pass the scores of the same models, in the same order, as on validation",
            )
        found = np.zeros(models.shape[1:])
        found[:, self.regression.classes_] = self.regression.predict_proba(_features(models))
        return found


def fit_stacking(true: ArrayLike, scores: ArrayLike, strength: float = 1.0) -> Stacking:
    """Learn on validation beats how to read the models' scores.

    Parameters
    ----------
    true : int array, shape (beats,)
        Index of each validation beat's true class; at least two classes occur.
    scores : float array, shape (models, beats, classes)
        Probabilities that the models give the validation beats. Never those of training beats, which the models know
        by heart, and never those of test beats.
    strength : float
        Of the ridge penalty on the weights.

    Returns
    -------
    Stacking
        Call it with the models' scores of other beats.

    Raises
    ------
    ECGError
        If the scores are no probabilities of these beats, or all beats are of one class.

    Notes
    -----
    The logarithms of the scores are read, no score below one in a million. Its score on the beats that it was fitted
    on is too good. Source: Wolpert (1992); scikit-learn's ``LogisticRegression`` is our choice. Taught in chapter
    ``16_ensembles``.

    Examples
    --------
    >>> swapped = np.array([[[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.1, 0.9]]])
    >>> stacking = fit_stacking([1, 0, 1, 0], swapped, strength=0.01)
    >>> stacking(swapped).argmax(axis=1)
    array([1, 0, 1, 0])
    """
    models, truth = _checked(scores), np.asarray(true)
    if truth.shape != models.shape[1:2] or len(np.unique(truth)) < 2:
        raise ECGError(
            "stacking cannot be learned from these beats",
            expected=f"{models.shape[1]} true classes, not all the same",
            found=f"shape {truth.shape}, {len(np.unique(truth))} classes",
            remedy="pass the true classes of the same validation beats, in the same order",
        )
    regression = LogisticRegression(C=1 / strength, solver="newton-cg", tol=1e-6, max_iter=1000)
    regression.fit(_features(models), truth)
    return Stacking(regression, len(models), models.shape[-1])


def _features(models: NDArray[np.float64]) -> NDArray[np.float64]:
    beats = models.shape[1]
    return np.log(np.maximum(models, _SMALLEST)).transpose(1, 0, 2).reshape(beats, -1)


def _weighted(models: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add up (models, beats, classes) with weights (models,) or (models, beats), scaled to add up to one."""
    per_beat = np.broadcast_to(weights if weights.ndim == 2 else weights[:, np.newaxis], models.shape[:2])
    per_beat = np.where(per_beat.sum(axis=0) > 0, per_beat, 1.0)
    total = np.einsum("mb,mbc->bc", per_beat, models)
    return total / total.sum(axis=1, keepdims=True)


def _checked(scores: ArrayLike) -> NDArray[np.float64]:
    models = np.asarray(scores, dtype=np.float64)
    if (
        models.ndim != 3
        or 0 in models.shape
        or models.shape[-1] < 2
        or not (models >= 0).all()
        or not np.allclose(models.sum(axis=-1), 1, atol=1e-3)
    ):
        raise ECGError(
            "these scores are no probabilities",
            expected="shape (models, beats, classes), no number below 0 or NaN, adding up to 1 over the classes",
            found=f"shape {models.shape}",
            remedy="pass what predict gives, one array a model, stacked",
        )
    return models


def _checked_weights(weights: ArrayLike, models: int) -> NDArray[np.float64]:
    checked = np.asarray(weights, dtype=np.float64)
    if checked.shape != (models,) or not np.isfinite(checked).all() or (checked < 0).any() or not checked.any():
        raise ECGError(
            "these weights don't fit the models",
            expected=f"{models} finite numbers, none below 0, not all 0",
            found=str(checked.tolist()),
            remedy="take them from validation_weights",
        )
    return checked
