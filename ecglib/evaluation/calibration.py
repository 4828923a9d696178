"""Is a model right as often as it says? Reliability, its error with an interval, and temperature scaling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array
from scipy.special import log_softmax, softmax

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.errors import ECGError
from ecglib.evaluation.checks import as_patients, as_resamples, as_scores, as_true
from ecglib.evaluation.intervals import LEVEL, Interval, chunks, draw, percentiles

_SMALLEST = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Reliability:
    """How often a model is right, by how sure it says it is.

    Attributes
    ----------
    edges : float64 array, shape (bins + 1,)
        Ends of the bins of confidence, from 0 to 1.
    beats : float64 array, shape (bins,)
        How many beats fall into each; with several seeds, their mean.
    confidence : float64 array, shape (bins,)
        Mean confidence of a bin's beats; NaN for an empty bin.
    frequency, low, high : float64 array, shape (bins,)
        Share of a bin's beats on which the model is right, and the percentiles 2.5 and 97.5 of the resamples that
        left the bin something; NaN for an empty bin.
    error : Interval
        Expected calibration error: mean distance between confidence and frequency, each bin weighted by its beats.
        The mean over the seeds, each with bins of its own.

    Notes
    -----
    Source: Guo and colleagues (2017), section 2. Taught in chapter ``16_ensembles``.
    """

    edges: NDArray[np.float64]
    beats: NDArray[np.float64]
    confidence: NDArray[np.float64]
    frequency: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    error: Interval


def reliability(
    true: ArrayLike,
    scores: ArrayLike,
    classes: Sequence[str] = AAMI_CLASSES,
    *,
    label: str | None = None,
    patients: ArrayLike | None = None,
    bins: int = 15,
    resamples: int = 500,
    seed: int = 0,
) -> Reliability:
    """Compare how sure a model is of its answers with how often they are right.

    Parameters
    ----------
    true : int array, shape (beats,)
        Index of each beat's true class.
    scores : float array, shape (beats, classes) or (seeds, beats, classes)
        Probabilities.
    classes : sequence of str
        Names of the classes.
    label : str, optional
        Look at one class: its probability on every beat, and how often the beat is of this class. Left out, it is
        the greatest probability of each beat, and how often the class that has it is the true one.
    patients : array, shape (beats,), optional
        Patient of each beat: draws whole patients. Left out, beats are drawn.
    bins : int
        How many, all equally wide.
    resamples : int
        How many times the test set is drawn again.
    seed : int
        Same seed, same numbers.

    Returns
    -------
    Reliability

    Raises
    ------
    AnnotationError
        If an index names no class.
    ECGError
        If lengths differ, the scores are no probabilities, there is no class ``label``, or the number of bins,
        resamples or patients is too small.

    Notes
    -----
    A bin holds its upper end. The error is zero or more by definition, so that chance alone pushes it up: in small
    test sets a perfect model has an error above zero, and so have the resamples of any test set. The lower end of its
    interval can therefore lie above the truth.
    Source: Guo and colleagues, On Calibration of Modern Neural Networks, ICML 2017; 15 bins as there. The intervals
    are our choice. Taught in chapter ``16_ensembles``.

    Examples
    --------
    >>> found = reliability([0, 0, 0, 1], [[0.8, 0.2]] * 4, classes=("N", "V"), bins=5)
    >>> found.frequency[3:], round(found.error.value, 3)
    (array([0.75,  nan]), 0.05)
    """
    checked = as_true(true, classes)
    models = _as_probabilities(scores, len(classes), len(checked))
    if bins < 1 or (label is not None and label not in classes):
        raise ECGError(
            "reliability of what?",
            expected=f"at least one bin, and no label or one of {', '.join(classes)}",
            found=f"{bins} bins, label {label}",
            remedy="correct the arguments",
        )
    as_resamples(resamples)
    owners = np.arange(len(checked)) if patients is None else as_patients(patients, len(checked))
    units, method = int(owners.max()) + 1, "beat bootstrap" if patients is None else "patient bootstrap"

    if label is None:
        sure, right = models.max(axis=-1), models.argmax(axis=-1) == checked
    else:
        index = list(classes).index(label)
        sure, right = models[..., index], np.broadcast_to(checked == index, models.shape[:2])
    bin_of = np.clip(np.ceil(sure * bins).astype(np.int64) - 1, 0, bins - 1)
    columns = bin_of + bins * np.arange(len(models))[:, np.newaxis]
    sums = [_sums(owners, columns, values, (units, len(models) * bins)) for values in (np.ones_like(sure), sure, right)]

    def added(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """Beats, confidence and right answers, each of shape (resamples, seeds, bins)."""
        return tuple((table.T @ weights.T).T.reshape(-1, len(models), bins) for table in sums)

    observed = added(np.ones((1, units)))
    rng, errors, frequencies = np.random.default_rng(seed), np.empty(resamples), np.empty((resamples, bins))
    for chosen in chunks(resamples, units):
        drawn = added(draw(units, chosen.stop - chosen.start, rng).astype(np.float64))
        errors[chosen] = _error(*drawn).mean(axis=-1)
        frequencies[chosen] = _share(drawn[2].sum(axis=1), drawn[0].sum(axis=1))
    number, confident, correct = (values[0].sum(axis=0) for values in observed)
    low, high = np.full(bins, np.nan), np.full(bins, np.nan)
    for position in np.flatnonzero(number):
        kept = frequencies[:, position]
        low[position], high[position] = percentiles(kept[~np.isnan(kept)])
    by_seed = _error(*observed)[0]
    error = Interval(
        float(by_seed.mean()), *percentiles(errors), LEVEL, method, units, tuple(by_seed.tolist()), resamples
    )
    return Reliability(
        np.linspace(0, 1, bins + 1),
        number / len(models),
        _share(confident, number),
        _share(correct, number),
        low,
        high,
        error,
    )


def fit_temperature(true: ArrayLike, scores: ArrayLike, classes: Sequence[str] = AAMI_CLASSES) -> float:
    """Find on validation beats by how much a model has to be cooled or heated to be as sure as it should be.

    Parameters
    ----------
    true : int array, shape (beats,)
        Index of each validation beat's true class.
    scores : float array, shape (beats, classes)
        Probabilities that the model gives the validation beats.
    classes : sequence of str
        Names of the classes.

    Returns
    -------
    float
        Above 1 if the model was too sure of itself, below 1 if it was not sure enough; from 0.05 to 20.

    Raises
    ------
    AnnotationError
        If an index names no class.
    ECGError
        If lengths differ or the scores are no probabilities.

    Notes
    -----
    It makes the mean of −log(probability of the true class) as small as possible. Logarithms of probabilities differ
    from a model's logits by one number for each beat, which the softmax takes out again, so that logits aren't needed.
    Source: Guo and colleagues (2017), section 4.2. Taught in chapter ``16_ensembles``.

    Examples
    --------
    >>> too_sure = np.array([[0.99, 0.01]] * 8)
    >>> round(fit_temperature([0, 0, 0, 0, 0, 0, 1, 1], too_sure, classes=("N", "V")), 2)
    4.18
    """
    checked = as_true(true, classes)
    (model,) = _as_probabilities(np.asarray(scores)[np.newaxis], len(classes), len(checked))
    logits = np.log(np.maximum(model, _SMALLEST))

    def loss(logarithm: float) -> float:
        return float(-log_softmax(logits / np.exp(logarithm), axis=1)[np.arange(len(checked)), checked].mean())

    bounds = (np.log(0.05), np.log(20.0))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-5}).x))


def with_temperature(scores: ArrayLike, temperature: float) -> NDArray[np.float64]:
    """Divide logits by a temperature: the order of the classes stays, only the confidence changes.

    Parameters
    ----------
    scores : float array, shape (..., classes)
        Probabilities.
    temperature : float
        From ``fit_temperature``; above 1 makes all answers less sure.

    Returns
    -------
    float64 array, shape (..., classes)
        Probabilities.

    Raises
    ------
    ECGError
        If the temperature is no positive number.

    Notes
    -----
    Source: Guo and colleagues (2017), section 4.2. Taught in chapter ``16_ensembles``.

    Examples
    --------
    >>> with_temperature([0.8, 0.2], 2.0).round(3)
    array([0.667, 0.333])
    """
    if not (np.isfinite(temperature) and temperature > 0):
        raise ECGError(
            "no such temperature",
            expected="a positive number",
            found=str(temperature),
            remedy="take it from fit_temperature",
        )
    return softmax(np.log(np.maximum(np.asarray(scores, dtype=np.float64), _SMALLEST)) / temperature, axis=-1)


def _as_probabilities(scores: ArrayLike, classes: int, beats: int) -> NDArray[np.float64]:
    models = as_scores(scores, classes, beats).astype(np.float64)
    if not (models >= 0).all() or not np.allclose(models.sum(axis=-1), 1, atol=1e-3):
        raise ECGError(
            "these scores are no probabilities",
            expected="numbers from 0 to 1 that add up to 1 over the classes",
            found=f"numbers from {models.min():g} to {models.max():g}",
            remedy="pass what predict gives",
        )
    return models


def _sums(
    owners: NDArray[np.int64], columns: NDArray[np.int64], values: NDArray[np.generic], shape: tuple[int, int]
) -> csr_array:
    rows = np.broadcast_to(owners, columns.shape)
    return csr_array((np.asarray(values, dtype=np.float64).ravel(), (rows.ravel(), columns.ravel())), shape=shape)


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def _error(
    beats: NDArray[np.float64], confident: NDArray[np.float64], correct: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.abs(correct - confident).sum(axis=-1) / beats.sum(axis=-1)
