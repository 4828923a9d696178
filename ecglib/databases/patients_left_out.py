"""Who trains and who tests where few patients have the disease: folds of patients that hold some of each kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ecglib.databases.splits import Split, assert_patient_disjoint
from ecglib.errors import ECGError


def leave_patients_out(patients: ArrayLike, labels: ArrayLike, *, folds: int, seed: int) -> list[Split]:
    """Deal patients into folds, and let each fold test once, the one after it validate and the others train.

    Parameters
    ----------
    patients : str array, shape (windows,)
        Patient of each window.
    labels : int array, shape (windows,)
        0 for a window without the disease, anything else for one with it.
    folds : int
        At least three. With six, each of MIT-BIH's six patients with AFIB tests by himself.
    seed : int
        Who is dealt into which fold.

    Returns
    -------
    list of Split
        As many as folds. A patient's windows are all in one part, and every part holds patients of both kinds.

    Raises
    ------
    ECGError
        If there are fewer than three folds, or fewer patients with or without the disease than folds.
    LeakageError
        If a patient stood in two parts.

    Notes
    -----
    A random split would now and then have a test set without the disease. Here patients with the disease are dealt
    like cards, then those without; every window tests exactly once, so what all folds predict can be scored together.
    Source: our choice. Taught in chapter ``23_rhythm_classifier``.

    Examples
    --------
    >>> patients, ill = np.repeat([f"{number}" for number in range(40)], 5), np.repeat(np.arange(40) < 6, 5)
    >>> splits = leave_patients_out(patients, ill, folds=6, seed=0)
    >>> [sorted(set(patients[split.test[ill[split.test]]].tolist())) for split in splits]
    [['3'], ['2'], ['5'], ['4'], ['0'], ['1']]
    """
    names, of_window = np.unique(np.asarray(patients), return_inverse=True)
    ill = np.bincount(of_window, weights=np.asarray(labels) != 0, minlength=len(names)) > 0
    kinds = [np.flatnonzero(ill), np.flatnonzero(~ill)]
    if folds < 3 or min(map(len, kinds)) < folds:
        raise ECGError(
            "too few patients to train, validate and test on different ones",
            expected="three folds or more, and in each a patient with the disease and one without",
            found=f"{folds} folds, {len(kinds[0])} patients with and {len(kinds[1])} without",
            remedy="ask for fewer folds, or download more records",
        )
    random = np.random.default_rng(seed)
    fold = np.empty(len(names), dtype=np.int64)
    for kind in kinds:
        fold[random.permutation(kind)] = np.arange(len(kind)) % folds
    splits = []
    for tested in range(folds):
        held_out = {"test": fold == tested, "validation": fold == (tested + 1) % folds}
        role = {"train": ~(held_out["test"] | held_out["validation"]), **held_out}
        persons = {part: names[chosen] for part, chosen in role.items()}
        assert_patient_disjoint(persons["train"], persons["validation"], persons["test"])
        assert_patient_disjoint(persons["validation"], persons["test"])
        rows = {part: np.flatnonzero(chosen[of_window]) for part, chosen in role.items()}
        splits.append(Split(f"patients left out {tested + 1}", **rows))
    return splits
