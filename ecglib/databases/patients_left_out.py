"""Who trains and who tests where few patients have the disease: repeated splits that leave some of each kind out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.splits import TEST_SHARE, VALIDATION_SHARE, Split, assert_patient_disjoint
from ecglib.errors import ECGError


def leave_patients_out(patients: ArrayLike, labels: ArrayLike, *, repeats: int, seed: int) -> list[Split]:
    """Split windows by patient, again and again, so that every part always holds patients with the disease.

    Parameters
    ----------
    patients : str array, shape (windows,)
        Patient of each window.
    labels : int array, shape (windows,)
        0 for a window without the disease, anything else for one with it.
    repeats : int
        Splits to make. After six, each of MIT-BIH's six patients with AFIB has tested once.
    seed : int

    Returns
    -------
    list of Split
        About 70 % of the patients train, 10 % validate, 20 % test: of those with the disease and of those without,
        each kind by itself and at least one patient in each part. A patient's windows are all in one part.

    Raises
    ------
    ECGError
        If fewer than three patients have the disease, or fewer than three have not.
    LeakageError
        If a patient stood in two parts.

    Notes
    -----
    A random split would now and then have a test set without the disease, and would test some patients five times and
    others never. Here each patient tests as often as every other of the kind, give or take one; who validates is drawn
    each time. Source: our choice, with the shares of the book's other random splits. Taught in chapter
    ``23_rhythm_classifier``.

    Examples
    --------
    >>> patients, ill = np.repeat([f"{number}" for number in range(40)], 5), np.repeat(np.arange(40) < 6, 5)
    >>> splits = leave_patients_out(patients, ill, repeats=6, seed=0)
    >>> [sorted(set(patients[split.test[ill[split.test]]].tolist())) for split in splits]
    [['3'], ['2'], ['5'], ['4'], ['0'], ['1']]
    """
    names, of_window = np.unique(np.asarray(patients), return_inverse=True)
    ill = np.bincount(of_window, weights=np.asarray(labels) != 0, minlength=len(names)) > 0
    kinds = [np.flatnonzero(ill), np.flatnonzero(~ill)]
    if min(map(len, kinds)) < 3:
        raise ECGError(
            "too few patients to train, validate and test on different ones",
            expected="at least three patients with the disease and three without",
            found=f"{len(kinds[0])} with and {len(kinds[1])} without",
            remedy="download more records",
        )
    random = np.random.default_rng(seed)
    orders = [random.permutation(kind) for kind in kinds]
    return [_split(repeat, orders, names, of_window, random) for repeat in range(repeats)]


def _split(
    repeat: int,
    orders: list[NDArray[np.int64]],
    names: NDArray[np.str_],
    of_window: NDArray[np.int64],
    random: np.random.Generator,
) -> Split:
    """Let the next patients of each order test, draw those who validate from the rest, and let the others train."""
    role = np.full(len(names), "train", dtype="<U10")
    for order in orders:
        test, validation = (max(round(len(order) * share), 1) for share in (TEST_SHARE, VALIDATION_SHARE))
        rest = np.roll(order, -repeat * test)
        role[rest[:test]] = "test"
        role[random.choice(rest[test:], validation, replace=False)] = "validation"
    parts = ("train", "validation", "test")
    persons = [names[role == part] for part in parts]
    assert_patient_disjoint(*persons)
    assert_patient_disjoint(*persons[1:])
    return Split(f"patients left out {repeat + 1}", *(np.flatnonzero(role[of_window] == part) for part in parts))
