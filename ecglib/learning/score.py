"""The score by which validation chooses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def macro_f1(true: ArrayLike, scores: ArrayLike, over: Sequence[int] | None = None) -> float:
    """Mean F1 of the classes, each class with the same weight, however rare.

    Parameters
    ----------
    true : int array, shape (examples,)
        Index of each example's class.
    scores : array, shape (examples, classes)
        The highest is the prediction.
    over : sequence of int, optional
        Classes to take the mean over; None takes those that are true or predicted at least once.

    Returns
    -------
    float

    Notes
    -----
    Source: the usual definition; the same number as scikit-learn's ``f1_score``. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> round(macro_f1([0, 0, 1], [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]]), 3)
    0.667
    """
    truth, predicted = np.asarray(true), np.asarray(scores).argmax(axis=1)
    classes = np.union1d(truth, predicted) if over is None else np.asarray(over)
    hits = np.array([np.count_nonzero((truth == c) & (predicted == c)) for c in classes])
    marked = np.array([np.count_nonzero(truth == c) + np.count_nonzero(predicted == c) for c in classes])
    return float(np.mean(2 * hits / np.maximum(marked, 1)))
