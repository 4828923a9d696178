"""Fewer examples of the class that has most of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import ECGError


def thin(positions: ArrayLike, classes: ArrayLike, keep: float, *, of: int = 0, seed: int) -> NDArray[np.int64]:
    """Keep all training beats of the other classes, and a random part of one class.

    Parameters
    ----------
    positions : int array, shape (training beats,)
        Where the training beats stand among all beats.
    classes : int array, shape (beats,)
        Class of every beat.
    keep : float
        Share of the class to keep, above 0, at most 1.
    of : int
        The class that is thinned; 0 is N.
    seed : int
        Decides which beats stay.

    Returns
    -------
    int64 array
        The positions that stay, in their order.

    Raises
    ------
    ECGError
        If ``keep`` is no such share.

    Notes
    -----
    For training only: a thinned test set would show more of the rare classes than there are. Source: our choice.
    Taught in chapter ``17_class_imbalance``.

    Examples
    --------
    >>> thin([0, 1, 2, 3, 4, 5], [0, 0, 0, 0, 1, 2], 0.5, seed=0)
    array([0, 2, 4, 5])
    """
    if not 0 < keep <= 1:
        raise ECGError("can't thin so", expected="a share above 0, at most 1", found=str(keep), remedy="choose another")
    chosen = np.asarray(positions, dtype=np.int64)
    many = np.flatnonzero(np.asarray(classes)[chosen] == of)
    dropped = np.random.default_rng(seed).permutation(many)[round(keep * len(many)) :]
    return np.delete(chosen, dropped)
