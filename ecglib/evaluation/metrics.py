"""Accuracy, precision, recall and F1, all read from confusion matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.evaluation.checks import as_macro_over, as_predicted, as_true


def confusion_matrix(true: ArrayLike, predicted: ArrayLike, classes: Sequence[str] = AAMI_CLASSES) -> NDArray[np.int64]:
    """Count how often each true class was predicted as each class.

    Parameters
    ----------
    true : int array, shape (beats,)
        Index of each beat's true class.
    predicted : int array, shape (beats,)
        Index of each beat's predicted class.
    classes : sequence of str
        Names of the classes.

    Returns
    -------
    int64 array, shape (classes, classes)
        Rows are true classes, columns are predicted ones.

    Raises
    ------
    AnnotationError
        If an index names no class.
    ECGError
        If the lengths differ.

    Notes
    -----
    Source: the usual definition, checked against scikit-learn. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> confusion_matrix([0, 0, 1], [0, 1, 1], classes=("N", "V"))
    array([[1, 1],
           [0, 1]])
    """
    checked = as_true(true, classes)
    cells = checked * len(classes) + as_predicted(predicted, classes, len(checked))[0]
    return np.bincount(cells, minlength=len(classes) ** 2).reshape(len(classes), len(classes))


def metrics_of_confusion(
    confusion: ArrayLike, classes: Sequence[str] = AAMI_CLASSES, *, macro_over: Sequence[str] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Compute every metric of one confusion matrix, or of a million at once.

    Parameters
    ----------
    confusion : array, shape (..., classes, classes)
        Counts; rows are true classes, columns are predicted ones.
    classes : sequence of str
        Names of the classes.
    macro_over : sequence of str, optional
        Classes that the macro means are taken over; all when left out.

    Returns
    -------
    dict of str to float array, shape (...)
        ``accuracy``, ``macro_precision``, ``macro_recall``, ``macro_f1``, then ``precision_N``, ``recall_N``,
        ``f1_N`` and so on for every class.

    Raises
    ------
    AnnotationError
        If ``macro_over`` names an unknown class.

    Notes
    -----
    0/0 counts as 0, as in scikit-learn with ``zero_division=0``: a class that was never predicted has precision 0,
    one that never occurs has recall 0, and one that neither occurs nor was predicted has F1 0. Macro F1 is the mean
    of the classes' F1, not the F1 of the mean precision and recall.
    Source: the usual definitions, checked against scikit-learn. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> numbers = metrics_of_confusion([[90, 10], [5, 5]], classes=("N", "V"))
    >>> round(float(numbers["f1_V"]), 2)
    0.4
    """
    counts = np.asarray(confusion, dtype=np.float64)
    averaged = as_macro_over(macro_over, classes)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    occurring, predicted = counts.sum(axis=-1), counts.sum(axis=-2)
    per_class = {
        "precision": _ratio(hits, predicted),
        "recall": _ratio(hits, occurring),
        "f1": _ratio(2 * hits, occurring + predicted),
    }
    numbers = {"accuracy": _ratio(hits.sum(axis=-1), occurring.sum(axis=-1))}
    for name, values in per_class.items():
        numbers[f"macro_{name}"] = values[..., averaged].mean(axis=-1)
    for index, label in enumerate(classes):
        for name, values in per_class.items():
            numbers[f"{name}_{label}"] = values[..., index]
    return numbers


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole > 0)
