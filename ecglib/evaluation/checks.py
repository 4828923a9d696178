"""Input of the evaluation, checked once at the door."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import AnnotationError, ECGError


def as_true(true: ArrayLike, classes: Sequence[str]) -> NDArray[np.int64]:
    """Give true class indices as int64, shape (beats,); raises ECGError or AnnotationError."""
    checked = _class_indices(true, classes, "true")
    if checked.ndim != 1 or checked.size == 0:
        raise ECGError(
            "true classes cannot be evaluated",
            expected="one class index for each of at least one beat",
            found=f"an array of shape {checked.shape}",
            remedy="pass an integer array of shape (beats,)",
        )
    return checked


def as_predicted(predicted: ArrayLike, classes: Sequence[str], beats: int) -> NDArray[np.int64]:
    """Give predicted class indices as int64, shape (seeds, beats); raises ECGError or AnnotationError."""
    checked = np.atleast_2d(_class_indices(predicted, classes, "predicted"))
    if checked.ndim != 2 or checked.shape[1] != beats or checked.shape[0] == 0:
        raise ECGError(
            "predicted and true classes differ in length",
            expected=f"shape ({beats},) or (seeds, {beats})",
            found=f"shape {np.shape(predicted)}",
            remedy="predict for exactly the beats whose true classes are given, in the same order",
        )
    return checked


def as_scores(scores: ArrayLike, classes: int, beats: int) -> NDArray[np.floating]:
    """Give scores as floating point, shape (seeds, beats, classes); raises ECGError."""
    checked = np.asarray(scores)
    if checked.ndim == 2:
        checked = checked[np.newaxis]
    if checked.ndim != 3 or checked.shape[0] == 0 or checked.shape[1:] != (beats, classes):
        raise ECGError(
            "scores do not match the true classes",
            expected=f"shape ({beats}, {classes}) or (seeds, {beats}, {classes})",
            found=f"shape {np.shape(scores)}",
            remedy="pass one score for every beat and class",
        )
    if not np.issubdtype(checked.dtype, np.floating):
        checked = checked.astype(np.float64)
    undefined = int(np.isnan(checked).any(axis=(0, 2)).sum())
    if undefined:
        raise ECGError(
            "scores hold NaN",
            expected="a number for every beat and class",
            found=f"NaN at {undefined} of {beats} beats",
            remedy="find out why the model gave NaN; a number computed without those beats would be too good",
        )
    return checked


def as_patients(patients: ArrayLike, beats: int) -> NDArray[np.int64]:
    """Give every beat the index of its patient, shape (beats,); raises ECGError."""
    named = np.asarray(patients)
    if named.shape != (beats,):
        raise ECGError(
            "patients and true classes differ in length",
            expected=f"shape ({beats},)",
            found=f"shape {named.shape}",
            remedy="pass the patient of every beat",
        )
    names, index = np.unique(named, return_inverse=True)
    if len(names) < 2:
        raise ECGError(
            "patients cannot be resampled",
            expected="at least two patients",
            found=f"{len(names)}",
            remedy="evaluate on more patients, or leave patients out to resample beats",
        )
    return index.astype(np.int64)


def as_macro_over(macro_over: Sequence[str] | None, classes: Sequence[str]) -> NDArray[np.int64]:
    """Give the indices of the classes that a macro mean is taken over; raises AnnotationError."""
    chosen = tuple(classes) if macro_over is None else tuple(macro_over)
    unknown = [name for name in chosen if name not in classes]
    if unknown or not chosen or len(set(chosen)) < len(chosen):
        raise AnnotationError(
            "macro mean over classes that cannot be averaged",
            expected=f"different names among {', '.join(classes)}",
            found=", ".join(chosen) or "none",
            remedy="name each class once",
        )
    return np.array([list(classes).index(name) for name in chosen], dtype=np.int64)


def as_resamples(resamples: int) -> int:
    """Give the number of resamples; raises ECGError where 2.5 % of them would be less than one."""
    if resamples < 40:
        raise ECGError(
            "too few resamples for a 95 % interval",
            expected="40 or more, better 1,000 or more",
            found=str(resamples),
            remedy="raise resamples",
        )
    return resamples


def _class_indices(values: ArrayLike, classes: Sequence[str], which: str) -> NDArray[np.int64]:
    indices = np.asarray(values)
    if not np.issubdtype(indices.dtype, np.integer):
        raise AnnotationError(
            f"{which} classes are no indices",
            expected=f"integers from 0 to {len(classes) - 1}",
            found=f"values of type {indices.dtype}",
            remedy=f"give the position of each class in {', '.join(classes)}",
        )
    outside = indices[(indices < 0) | (indices >= len(classes))]
    if outside.size:
        raise AnnotationError(
            f"unknown {which} class index",
            expected=f"0 to {len(classes) - 1} for {', '.join(classes)}",
            found=", ".join(str(value) for value in np.unique(outside)[:5]),
            remedy="name all classes, or leave out the beats that have none",
        )
    return indices.astype(np.int64, copy=False)
