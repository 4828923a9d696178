"""A training set in which no class and no patient drowns the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import ECGError


def draw_by_patient(
    positions: ArrayLike,
    classes: ArrayLike,
    patients: ArrayLike,
    size: int,
    *,
    class_power: float = 0.5,
    patient_power: float = 0.5,
    seed: int,
) -> NDArray[np.int64]:
    """Draw training beats with replacement: first a class, then one of its patients, then one of the patient's beats.

    Parameters
    ----------
    positions : int array, shape (training beats,)
        Where the training beats stand among all beats.
    classes : int array, shape (beats,)
        Class of every beat.
    patients : array, shape (beats,)
        Patient of every beat.
    size : int
        Beats to draw.
    class_power : float
        From 0, where a class is drawn as often as it has beats, to 1, where all classes are drawn equally often: the
        chance goes with the number of beats to the power of one minus this.
    patient_power : float
        The same for the patients of a class.
    seed : int
        Decides which beats.

    Returns
    -------
    int64 array, shape (size,)
        Positions, in random order; a beat may come more than once.

    Raises
    ------
    ECGError
        If there is nothing to draw from, or a power is not between 0 and 1.

    Notes
    -----
    Most beats of a rare class often come from one patient, and a model then learns that patient. For training only.
    Source: our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> classes, patients = [0] * 97 + [1] * 3, ["100"] * 50 + ["101"] * 50
    >>> drawn = draw_by_patient(range(100), classes, patients, 1000, class_power=1, patient_power=1, seed=0)
    >>> bool(abs((drawn >= 97).mean() - 0.5) < 0.05)
    True
    """
    chosen = np.asarray(positions, dtype=np.int64)
    if not len(chosen) or size < 1 or not (0 <= class_power <= 1 and 0 <= patient_power <= 1):
        raise ECGError(
            "can't draw so",
            expected="training beats, a size above 0, and powers from 0 to 1",
            found=f"{len(chosen)} beats, size {size}, powers {class_power} and {patient_power}",
            remedy="choose others",
        )
    of, owner = np.asarray(classes)[chosen], np.asarray(patients)[chosen]
    chance = np.zeros(len(chosen))
    for one in np.unique(of):
        mine = np.flatnonzero(of == one)
        _, index, beats = np.unique(owner[mine], return_inverse=True, return_counts=True)
        share = beats ** (1.0 - patient_power)
        chance[mine] = len(mine) ** (1.0 - class_power) * (share / share.sum() / beats)[index]
    return np.random.default_rng(seed).choice(chosen, size, p=chance / chance.sum())
