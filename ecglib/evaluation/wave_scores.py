"""How well a model names the wave of every sample: F1 over all samples, Dice of each recording, both with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import ECGError
from ecglib.evaluation.checks import as_patients, as_resamples
from ecglib.evaluation.comparison import Difference, seed_by_seed, two_sided
from ecglib.evaluation.intervals import LEVEL, Interval, draw, keep_defined, percentiles
from ecglib.signals.wave_labels import UNKNOWN, WAVES

METRICS = (*(f"f1_{wave}" for wave in WAVES), "wave_f1", *(f"dice_{wave}" for wave in WAVES), "wave_dice")
"""Names of the numbers: each wave's, and the mean over the three waves."""


def wave_counts(predicted: ArrayLike, labels: ArrayLike) -> NDArray[np.int64]:
    """Count the samples of each wave in each recording: hits, called so, truly so.

    Parameters
    ----------
    predicted : int array, shape (..., recordings, samples)
        Label of each sample: 0 for none, 1 for P, 2 for QRS, 3 for T; such as of several seeds.
    labels : int array, shape (recordings, samples)
        The true ones; samples with ``UNKNOWN`` are left out.

    Returns
    -------
    int64 array, shape (..., recordings, 3, 3)
        P, QRS, T; then hits, called, truly.

    Raises
    ------
    ECGError
        If shapes differ, or a label is none of these.

    Notes
    -----
    All scores of this module follow from these counts, so they are all that need be kept of a prediction. Source: our
    choice. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> wave_counts([[0, 1, 1, 0]], [[0, 1, 0, -1]])[0, 0]
    array([1, 2, 1])
    """
    models, true = _checked(predicted, labels)
    known = true != UNKNOWN
    counts = np.empty((*models.shape[:-1], len(WAVES), 3), dtype=np.int64)
    for place in range(len(WAVES)):
        called, truly = (models == place + 1) & known, true == place + 1
        for column, samples in enumerate((called & truly, called, truly)):
            counts[..., place, column] = samples.sum(axis=-1)
    return counts


def wave_report(counts: ArrayLike, patients: ArrayLike, *, resamples: int = 2000, seed: int = 0) -> dict[str, Interval]:
    """Compute F1 and Dice of P, QRS and T, with intervals by drawing patients again.

    Parameters
    ----------
    counts : int array, shape (recordings, 3, 3) or (seeds, recordings, 3, 3)
        From ``wave_counts``. With several seeds every number is their mean.
    patients : array, shape (recordings,)
        Whose each recording is.
    resamples : int
        How often patients are drawn again.
    seed : int
        Same seed, same intervals.

    Returns
    -------
    dict of str to Interval
        ``METRICS``: ``f1_P``, ``f1_QRS``, ``f1_T``, their mean ``wave_f1``; ``dice_P`` and so on, ``wave_dice``.

    Raises
    ------
    ECGError
        If the counts have another shape, there are fewer than two patients, or a wave never occurs.

    Notes
    -----
    **F1** pools the samples of all recordings: 2 · hits / (called so + truly so), so long recordings and wide waves
    weigh more. **Dice** is the same number for one recording, and then the mean over recordings, so each weighs the
    same. A recording without a wave, and in which none was called, counts 1 for this wave: both agree.
    Source: the definitions are the usual ones; which of them the paper means by F1 and Dice it doesn't say, and this
    is our choice. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> labels = np.tile([[0, 1, 1, 0, 2, 2, 0, 3, 3, -1]], (2, 1))
    >>> predicted = np.tile([[0, 1, 0, 0, 2, 2, 0, 3, 3, 3]], (2, 1))
    >>> report = wave_report(wave_counts(predicted, labels), ["a", "b"])
    >>> round(report["f1_P"].value, 3), report["f1_T"].value
    (0.667, 1.0)
    """
    drawn = _resample(counts, patients, resamples, seed)
    found = {}
    for name, values in drawn.observed.items():
        resampled = keep_defined(drawn.resampled[name].mean(axis=1), drawn.defined, name)
        low, high = percentiles(resampled)
        seeds = tuple(values.tolist())
        found[name] = Interval(
            float(values.mean()), low, high, LEVEL, "patient bootstrap", drawn.patients, seeds, len(resampled)
        )
    return found


def wave_difference(
    first: ArrayLike,
    second: ArrayLike,
    patients: ArrayLike,
    metric: str = "wave_f1",
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> Difference:
    """Compare two models on the same recordings: both see every draw of the patients.

    Parameters
    ----------
    first, second : int array, shape (recordings, 3, 3) or (seeds, recordings, 3, 3)
        Their counts; the numbers of seeds may differ.
    patients, resamples, seed
        As in ``wave_report``.
    metric : str
        One of ``METRICS``.

    Returns
    -------
    Difference
        First minus second.

    Raises
    ------
    ECGError
        As in ``wave_report``, or if there is no such metric.

    Notes
    -----
    Source: the p-value is that of ``paired_difference``. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> labels = np.tile([[0, 1, 1, 0, 2, 2, 0, 3, 3, -1]], (4, 1))
    >>> worse = np.where((labels == 1) & (np.arange(10) == 2), 0, labels).clip(0)
    >>> best, other = wave_counts(labels.clip(0), labels), wave_counts(worse, labels)
    >>> round(wave_difference(best, other, list("abcd"), "f1_P").value, 3)
    0.333
    """
    if metric not in METRICS:
        raise ECGError(
            f"unknown metric {metric}", expected=f"one of {', '.join(METRICS)}", remedy="choose one of these"
        )
    one, other = (_resample(model, patients, resamples, seed) for model in (first, second))
    differences = keep_defined(
        one.resampled[metric].mean(axis=1) - other.resampled[metric].mean(axis=1), one.defined, metric
    )
    low, high = percentiles(differences)
    value = float(one.observed[metric].mean() - other.observed[metric].mean())
    method, number = "paired patient bootstrap", len(differences)
    seeds = seed_by_seed(one.observed[metric], other.observed[metric])
    return Difference(value, low, high, two_sided(differences), LEVEL, method, one.patients, number, seeds)


def dice_of_recordings(counts: ArrayLike) -> NDArray[np.float64]:
    """Give the Dice coefficient of each wave in each recording.

    Parameters
    ----------
    counts : int array, shape (..., recordings, 3, 3)
        From ``wave_counts``.

    Returns
    -------
    float64 array, shape (..., recordings, 3)
        P, QRS, T; 1 where the wave neither is nor was called.

    Notes
    -----
    Source: the usual definition. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> dice_of_recordings(wave_counts([[0, 1, 1, 0]], [[0, 1, 0, -1]])).round(2)
    array([[0.67, 1.  , 1.  ]])
    """
    return _ratio(np.asarray(counts, dtype=np.float64), nothing=1.0)


@dataclass(frozen=True)
class _Drawn:
    observed: dict[str, NDArray[np.float64]]  # (seeds,)
    resampled: dict[str, NDArray[np.float64]]  # (resamples, seeds)
    defined: NDArray[np.bool_]  # (resamples,): draws in which every wave occurs
    patients: int


def _resample(counts: ArrayLike, patients: ArrayLike, resamples: int, seed: int) -> _Drawn:
    """Draw patients again; their counts and sums are added up."""
    by_recording = np.asarray(counts, dtype=np.float64)
    if by_recording.ndim not in (3, 4) or by_recording.shape[-2:] != (len(WAVES), 3):
        raise ECGError(
            "these are no counts of waves",
            expected="shape (recordings, 3, 3) or (seeds, recordings, 3, 3), as wave_counts gives",
            found=f"shape {by_recording.shape}",
            remedy="pass wave_counts(predicted, labels)",
        )
    by_recording = by_recording.reshape(-1, *by_recording.shape[-3:])
    owner = as_patients(patients, by_recording.shape[1])
    as_resamples(resamples)
    missing = [wave for wave, samples in zip(WAVES, by_recording[0, :, :, 2].sum(axis=0), strict=True) if not samples]
    if missing:
        raise ECGError(
            f"no F1 where no {' and no '.join(missing)} occurs",
            expected="recordings with P, QRS and T",
            found=f"none among {by_recording.shape[1]} recordings",
            remedy="evaluate on more recordings",
        )
    number = int(owner.max()) + 1
    membership = (owner == np.arange(number)[:, np.newaxis]).astype(np.float64)
    of_patients = np.einsum("pr,srwc->pswc", membership, by_recording)
    dice = np.einsum("pr,srw->psw", membership, _ratio(by_recording, nothing=1.0))
    weights = draw(number, resamples, np.random.default_rng(seed)).astype(np.float64)

    def numbers(chosen: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Give every metric, shape (draws, seeds), for weights of shape (draws, patients)."""
        recordings = (chosen @ membership.sum(axis=1))[:, np.newaxis, np.newaxis]
        f1 = _ratio(np.tensordot(chosen, of_patients, 1), nothing=0.0)
        mean_dice = np.tensordot(chosen, dice, 1) / recordings
        found: dict[str, NDArray[np.float64]] = {}
        for name, values in (("f1", f1), ("dice", mean_dice)):
            found |= {f"{name}_{wave}": values[..., place] for place, wave in enumerate(WAVES)}
            found[f"wave_{name}"] = values.mean(axis=-1)
        return found

    observed = {name: values[0] for name, values in numbers(np.ones((1, number))).items()}
    defined = np.all(weights @ of_patients[:, 0, :, 2] > 0, axis=1)
    return _Drawn(observed, numbers(weights), defined, number)


def _ratio(counts: NDArray[np.float64], nothing: float) -> NDArray[np.float64]:
    """Give F1 of counts, shape (...) for (..., 3), and ``nothing`` where there is none of either."""
    either = counts[..., 1] + counts[..., 2]
    return np.divide(2 * counts[..., 0], either, out=np.full(either.shape, nothing), where=either > 0)


def _checked(predicted: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    models, true = np.asarray(predicted), np.asarray(labels)
    names = range(len(WAVES) + 1)
    if (
        true.ndim != 2
        or models.shape[-2:] != true.shape
        or not np.isin(models, names).all()
        or not np.isin(true, (UNKNOWN, *names)).all()
    ):
        raise ECGError(
            "these labels can't be compared",
            expected="labels from 0 to 3 of the same recordings and samples, -1 where the true one is unknown",
            found=f"predictions of shape {models.shape}, true labels of shape {true.shape}",
            remedy="predict for exactly the recordings whose labels are given, at the same rate",
        )
    return models.astype(np.int64), true.astype(np.int64)
