"""Fewer labels to learn from: nested parts of a training set, by patient."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import ECGError

PATIENT_COUNTS = (10, 20, 40, 80, 160)
"""Patients of LUDB to learn from."""

FRACTIONS = (0.01, 0.1, 1.0)
"""Shares of PTB-XL's training labels to learn from, where the whole database is there."""

LEAST = 10
"""Recordings with each label that the smallest part holds."""

_TRIES = 100


def nested_patients(patients: ArrayLike, counts: Sequence[int], *, seed: int) -> dict[int, NDArray[np.int64]]:
    """Choose so many patients at random, each larger choice holding the smaller ones.

    Parameters
    ----------
    patients : array, shape (recordings,)
        Whose each training recording is.
    counts : sequence of int
        How many patients.
    seed : int
        Decides who.

    Returns
    -------
    dict of int to int64 array
        For each count the places of these patients' recordings, sorted.

    Raises
    ------
    ECGError
        If there are fewer patients than asked for.

    Notes
    -----
    Nested, so that a curve over the number of labels shows what more labels add, not what other ones would. Source:
    our choice. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> chosen = nested_patients(["a", "a", "b", "c"], [1, 3], seed=0)
    >>> chosen[3], set(chosen[1].tolist()) <= set(chosen[3].tolist())
    (array([0, 1, 2, 3]), True)
    """
    names, owner = np.unique(np.asarray(patients), return_inverse=True)
    if not counts or min(counts) < 1 or max(counts) > len(names):
        raise ECGError(
            "so many patients can't be chosen",
            expected=f"numbers from 1 to {len(names)}",
            found=", ".join(map(str, counts)) or "none",
            remedy="ask for fewer, or download more records",
        )
    place = np.empty(len(names), dtype=np.int64)
    place[np.random.default_rng(seed).permutation(len(names))] = np.arange(len(names))
    return {count: np.flatnonzero(place[owner] < count) for count in counts}


def nested_fractions(
    labels: ArrayLike,
    patients: ArrayLike,
    fractions: Sequence[float] = FRACTIONS,
    *,
    least: int = LEAST,
    seed: int,
) -> dict[float, NDArray[np.int64]]:
    """Choose shares of a training set at random, each larger one holding the smaller ones, and all labels in each.

    Parameters
    ----------
    labels : bool or int array, shape (recordings, classes)
        Whether each training recording has each label.
    patients : array, shape (recordings,)
        Whose each is; a patient is chosen with all recordings.
    fractions : sequence of float
        Shares of the recordings, above 0 and at most 1; a part ends with the patient who fills it. The default needs
        the full database, 17,400 training recordings. With fewer choose larger shares, or the smallest part lacks the
        rare labels.
    least : int
        So many recordings with each label there are at least in the smallest part.
    seed : int
        Decides who.

    Returns
    -------
    dict of float to int64 array
        For each share the places of its recordings, sorted.

    Raises
    ------
    ECGError
        If shapes differ, a share is none, or no random order has enough of each label.

    Notes
    -----
    Patients are put in random order, again and again until the smallest part has enough of each label, a hundred times
    at most; one order then gives all parts. Source: our choice; the paper doesn't say how many labels it used. Taught
    in chapter ``33_superdiagnostic``.

    Examples
    --------
    >>> labels = np.random.default_rng(0).random((2000, 5)) < 0.2
    >>> chosen = nested_fractions(labels, np.arange(2000) // 2, [0.05, 0.5, 1], least=10, seed=0)
    >>> {share: len(places) for share, places in chosen.items()}
    {0.05: 100, 0.5: 1000, 1: 2000}
    """
    has, whose = np.asarray(labels), np.asarray(patients)
    if (
        has.ndim != 2
        or whose.shape != has.shape[:1]
        or not fractions
        or not (0 < min(fractions) <= max(fractions) <= 1)
    ):
        raise ECGError(
            "such parts of a training set can't be chosen",
            expected="labels of shape (recordings, classes), the patient of each, and shares above 0 and at most 1",
            found=f"labels of shape {has.shape}, patients of shape {whose.shape}, shares {list(fractions)}",
            remedy="pass the training recordings' labels and patients, in the same order",
        )
    names, owner, counts = np.unique(whose, return_inverse=True, return_counts=True)
    random, smallest = np.random.default_rng(seed), min(fractions)
    for _ in range(_TRIES):
        order = random.permutation(len(names))
        before = np.empty(len(names), dtype=np.int64)
        before[order] = np.cumsum(counts[order]) - counts[order]
        parts = {share: np.flatnonzero(before[owner] < math.ceil(share * len(owner) - 1e-9)) for share in fractions}
        fewest = has[parts[smallest]].sum(axis=0)
        if (fewest >= least).all():
            return parts
    raise ECGError(
        f"{smallest:.3g} of the labels are too few",
        expected=f"{least} recordings or more with each label",
        found=f"{', '.join(map(str, fewest.tolist()))} among {len(parts[smallest])}, the last of {_TRIES} choices",
        remedy="ask for a larger share, or for fewer recordings with each label",
    )
