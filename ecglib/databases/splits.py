"""Who trains, who validates, who tests: the splits of the book, and the checks that nothing leaks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.mitbih import patient_of
from ecglib.databases.ptbxl import PTBXL
from ecglib.errors import LeakageError, MissingFileError, RecordTooShortError

# fmt: off
DS1 = (
    "101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122", "124",
    "201", "202", "203", "205", "207", "208", "209", "215", "220", "223", "230",
)
"""Records for training: de Chazal et al. (2004), with 202 moved here because it is the person of 201."""

DS2 = (
    "100", "103", "105", "111", "113", "117", "121", "123",
    "200", "210", "212", "213", "214", "219", "221", "222", "228", "231", "232", "233", "234",
)
"""Records for testing: de Chazal et al. (2004), without 202."""
# fmt: on

PACED = ("102", "104", "107", "217")
"""Records of paced patients, left out of the inter-patient split as AAMI recommends."""

DS1_VALIDATION = ("114", "118", "205", "223")
"""Records of DS1 held out for validation: four patients with beats of N, S, V and F (our choice)."""

TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1
"""Parts of every random split that test and that validate."""


@dataclass(frozen=True)
class Split:
    """Indices of the beats or records that train, validate and test.

    Attributes
    ----------
    name : str
        How the book calls this split.
    train, validation, test : int64 arrays
        Sorted, without common elements.

    Notes
    -----
    Source: our choice. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> split = Split("intra", np.array([0, 1]), np.array([2]), np.array([3]))
    >>> len(split.train)
    2
    """

    name: str
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]

    def __post_init__(self) -> None:
        parts = np.concatenate([self.train, self.validation, self.test])
        if len(np.unique(parts)) != len(parts):
            raise LeakageError(
                f"the split {self.name} puts one example into two parts",
                expected="each example once",
                remedy="report this as a defect of the split",
            )


def intra_patient(labels: ArrayLike, seed: int) -> Split:
    """Split beats at random, 70 to 10 to 20, each class by itself.

    Parameters
    ----------
    labels : array, shape (beats,)
        Class of each beat.
    seed : int

    Returns
    -------
    Split

    Notes
    -----
    The custom of the papers. Beats of one patient, and windows that overlap, stand on both sides: scores say
    nothing about new patients. Source: 80/20 is the custom, song2026 states no split; validation comes out of the
    80. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> split = intra_patient(["N"] * 70 + ["V"] * 30, seed=0)
    >>> len(split.train), len(split.validation), len(split.test)
    (70, 10, 20)
    """
    random = np.random.default_rng(seed)
    labels = np.asarray(labels)
    parts: tuple[list[NDArray[np.int64]], ...] = ([], [], [])
    for label in np.unique(labels):
        for part, chosen in zip(parts, _cut(random.permutation(np.flatnonzero(labels == label))), strict=True):
            part.append(chosen)
    return Split("intra", *(np.sort(np.concatenate(part)) for part in parts))


def blocked(
    records: ArrayLike,
    samples: ArrayLike,
    rate: float,
    window: tuple[int, int],
    seed: int = 0,
    *,
    blocks: int = 10,
    gap: float = 1.0,
) -> Split:
    """Split each record into contiguous blocks of time, so that no test window shares a sample with training.

    Parameters
    ----------
    records : array, shape (beats,)
        Record of each beat.
    samples : int array, shape (beats,)
        Sample index of each beat.
    rate : float
        Samples a second.
    window : (int, int)
        Samples before and after a beat that its window covers.
    seed : int
        Decides which blocks test and which validate.
    blocks : int
        Blocks a record, of equally many beats: 70 % of them train, 10 % validate, 20 % test.
    gap : float
        Seconds that lie at least between windows on two sides of a border, so that a filter's response to one
        heartbeat has died away.

    Returns
    -------
    Split
        Every record is in all three parts. Beats too near to a border are in none.

    Raises
    ------
    RecordTooShortError
        If a record has too few beats for its blocks.

    Notes
    -----
    The same patients stand on both sides: scores say nothing about new patients. Source: our choice, to tell what
    overlap alone adds to ``intra``. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> split = blocked(["100"] * 1000, np.arange(1000) * 300, rate=360, window=(100, 160))
    >>> len(split.train) + len(split.validation) + len(split.test) < 1000
    True
    """
    random = np.random.default_rng(seed)
    records, samples = np.asarray(records), np.asarray(samples, dtype=np.int64)
    test, validation = max(round(blocks * TEST_SHARE), 1), max(round(blocks * VALIDATION_SHARE), 1)
    roles = np.array(["test"] * test + ["validation"] * validation + ["train"] * (blocks - test - validation))
    role_of_beat = np.full(len(records), "", dtype=roles.dtype)
    for record in np.unique(records):
        beats = np.flatnonzero(records == record)
        beats = beats[np.argsort(samples[beats], kind="stable")]
        role = random.permutation(roles)[np.arange(len(beats)) * blocks // max(len(beats), 1)]
        kept = _clear_of_borders(samples[beats], role, window, round(gap * rate))
        if {*role[kept]} != {*roles}:
            raise RecordTooShortError(
                "too few beats for blocks of time",
                record=str(record),
                expected=f"beats in each part after {blocks} blocks with gaps of {gap:g} s",
                found=f"{len(beats)} beats",
                remedy="leave this record out, or ask for fewer blocks",
            )
        role_of_beat[beats[kept]] = role[kept]
    split = Split("blocked", *(np.flatnonzero(role_of_beat == part) for part in ("train", "validation", "test")))
    check = partial(assert_no_shared_samples, records, samples, window)
    check(split.train, split.test)
    check(split.validation, split.test)
    check(split.train, split.validation)
    return split


def inter_patient(records: ArrayLike) -> Split:
    """Split beats by patient: DS1 trains and validates, DS2 tests, paced patients are in none.

    Parameters
    ----------
    records : array, shape (beats,)
        MIT-BIH record of each beat.

    Returns
    -------
    Split
        Validation is the patients of ``DS1_VALIDATION``.

    Raises
    ------
    LeakageError
        If a patient stood on two sides.
    MissingFileError
        If no record of one of the three parts is there.

    Notes
    -----
    Source: de Chazal, O'Dwyer, Reilly (IEEE TBME 51:1196, 2004), with record 202 moved to DS1 because it is the
    person of 201; the validation patients are our choice. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> inter_patient(["101", "114", "202", "100"]).train
    array([0, 2])
    """
    records = np.asarray(records)
    train = np.isin(records, [name for name in DS1 if name not in DS1_VALIDATION])
    parts = {"train": train, "validation": np.isin(records, DS1_VALIDATION), "test": np.isin(records, DS2)}
    for part, inside in parts.items():
        if not inside.any():
            raise MissingFileError(
                f"no record of the inter-patient split's {part} part is here",
                record="mitbih",
                expected="records of DS1 other than DS1_VALIDATION, of DS1_VALIDATION, and of DS2",
                found=", ".join(np.unique(records)),
                remedy="download the missing records",
            )
    split = Split("inter", *(np.flatnonzero(inside) for inside in parts.values()))
    patients = [{patient_of(str(name)) for name in np.unique(records[inside])} for inside in parts.values()]
    assert_patient_disjoint(*patients)
    assert_patient_disjoint(*patients[1:])
    return split


def three_splits(
    records: ArrayLike, samples: ArrayLike, classes: ArrayLike, rate: float, window: tuple[int, int], seed: int
) -> dict[str, Split]:
    """Split the beats of MIT-BIH in the book's three ways, each of which checks itself for leaks.

    Parameters
    ----------
    records : array, shape (beats,)
        Record of each beat.
    samples : int array, shape (beats,)
        Sample index of each beat.
    classes : array, shape (beats,)
        Class of each beat.
    rate : float
        Samples a second.
    window : (int, int)
        Samples before and after a beat that its window covers.
    seed : int
        Decides ``intra`` and ``blocked``.

    Returns
    -------
    dict of str to Split
        ``intra``, ``blocked`` and ``inter``.

    Raises
    ------
    LeakageError
        If a beat stood in two parts, a window of ``blocked`` shared a sample with another part's, or a patient of
        ``inter`` stood on two sides.
    RecordTooShortError
        If a record has too few beats for ``blocked``.
    MissingFileError
        If no record of a part of ``inter`` is there.

    Notes
    -----
    Source: our choice. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> records, samples = np.repeat(["101", "114", "100"], 500), np.tile(np.arange(500) * 300, 3)
    >>> cuts = three_splits(records, samples, np.zeros(1500), rate=360, window=(100, 160), seed=0)
    >>> {name: len(cut.test) for name, cut in cuts.items()}
    {'intra': 300, 'blocked': 290, 'inter': 500}
    """
    return {
        "intra": intra_patient(classes, seed),
        "blocked": blocked(records, samples, rate, window, seed),
        "inter": inter_patient(records),
    }


def ptbxl_folds(database: PTBXL) -> Split:
    """Split PTB-XL's records by its official folds: 1–8 train, 9 validates, 10 tests.

    Parameters
    ----------
    database : PTBXL

    Returns
    -------
    Split
        Indices into ``database.names()``.

    Raises
    ------
    MissingFileError
        If nothing says to which fold a record belongs.
    LeakageError
        If a known patient stood on two sides.

    Notes
    -----
    Source: Wagner et al., 2020. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.databases.synthetic import write_twins
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data_dir = write_twins(folder, databases=["ptbxl"], progress=False)
    ...     split = ptbxl_folds(PTBXL(data_dir))
    >>> len(split.train) > len(split.test)
    True
    """
    names = database.names()
    role = np.array([database.split(name) for name in names])
    split = Split("folds", *(np.flatnonzero(role == part) for part in ("train", "validation", "test")))
    patients = [[database.patient(names[i]) for i in part] for part in (split.train, split.validation, split.test)]
    assert_patient_disjoint(*patients)
    assert_patient_disjoint(*patients[1:])
    return split


def ludb_by_patient(names: Sequence[str], seed: int) -> Split:
    """Split LUDB's records at random, 70 to 10 to 20; each record is a patient of its own.

    Parameters
    ----------
    names : sequence of str
        ``LUDB.names()``.
    seed : int

    Returns
    -------
    Split
        Indices into ``names``.

    Notes
    -----
    Source: our choice. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> split = ludb_by_patient([str(number) for number in range(1, 201)], seed=0)
    >>> len(split.train), len(split.validation), len(split.test)
    (140, 20, 40)
    """
    shuffled = np.random.default_rng(seed).permutation(len(names))
    split = Split("by patient", *(np.sort(part) for part in _cut(shuffled)))
    patients = [[names[index] for index in part] for part in (split.train, split.validation, split.test)]
    assert_patient_disjoint(*patients)
    assert_patient_disjoint(*patients[1:])
    return split


def assert_patient_disjoint(train_patients: Iterable[str], *others: Iterable[str]) -> None:
    """Make sure that no training patient is in another part.

    Parameters
    ----------
    train_patients : iterable of str
    *others : iterables of str
        Patients of validation, of test, ….

    Raises
    ------
    LeakageError
        With the patients' names.

    Notes
    -----
    Source: our choice. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> assert_patient_disjoint(["100", "101"], ["201"])
    """
    train = {str(patient) for patient in train_patients}
    shared = sorted(train & {str(patient) for patients in others for patient in patients})
    if shared:
        raise LeakageError(
            "patients stand on both sides of a split",
            expected="each patient on one side",
            found=", ".join(shared[:10]) + (f" and {len(shared) - 10} more" if len(shared) > 10 else ""),
            remedy="move all records of these patients to one side",
        )


def overlapping_fraction(records: ArrayLike, samples: ArrayLike, window: tuple[int, int]) -> NDArray[np.bool_]:
    """Say which beats' windows share samples with a neighbour's; the mean is the fraction that does.

    Parameters
    ----------
    records : array, shape (beats,)
        Record of each beat.
    samples : int array, shape (beats,)
        Sample index of each beat.
    window : (int, int)
        Samples before and after a beat that its window covers.

    Returns
    -------
    bool array, shape (beats,)

    Notes
    -----
    Source: our choice. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> overlapping_fraction(["100", "100", "100"], [100, 300, 900], window=(100, 160))
    array([ True,  True, False])
    """
    records, samples = np.asarray(records), np.asarray(samples, dtype=np.int64)
    order = np.lexsort((samples, records))
    near = (np.diff(samples[order]) < sum(window)) & (records[order][1:] == records[order][:-1])
    shares = np.empty(len(samples), dtype=np.bool_)
    shares[order] = np.append(near, False) | np.append(False, near)
    return shares


def assert_no_shared_samples(
    records: ArrayLike, samples: ArrayLike, window: tuple[int, int], one: ArrayLike, other: ArrayLike
) -> None:
    """Make sure that no window of one part shares a sample with a window of another.

    Parameters
    ----------
    records : array, shape (beats,)
        Record of each beat.
    samples : int array, shape (beats,)
        Sample index of each beat.
    window : (int, int)
        Samples before and after a beat that its window covers.
    one, other : int arrays
        Indices of the beats of the two parts.

    Raises
    ------
    LeakageError
        With the number of such pairs' beats and the first of them.

    Notes
    -----
    Source: our choice. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> assert_no_shared_samples(["100"] * 2, [100, 400], (100, 160), [0], [1])
    """
    records, samples = np.asarray(records), np.asarray(samples, dtype=np.int64)
    parts = [np.asarray(part, dtype=np.int64) for part in (one, other)]
    # Windows of one length share a sample if their beats are nearer than it; the nearest pair of two parts is
    # always next to each other in time once the beats of both are sorted together.
    beats = np.concatenate(parts)
    side = np.repeat([0, 1], [len(part) for part in parts])
    order = np.lexsort((samples[beats], records[beats]))
    beats, side = beats[order], side[order]
    shared = (
        (np.diff(samples[beats]) < sum(window)) & (records[beats][1:] == records[beats][:-1]) & (side[1:] != side[:-1])
    )
    if shared.any():
        first = beats[np.flatnonzero(shared)[0]]
        raise LeakageError(
            "windows of two parts of a split share samples",
            record=str(records[first]),
            expected="no sample in two parts",
            found=f"{np.count_nonzero(shared):,} pairs, the first at sample {samples[first]:,}",
            remedy="leave out the beats near the borders between the parts",
        )


def _cut(shuffled: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cut a shuffled list into train, validation and test."""
    test = round(len(shuffled) * TEST_SHARE)
    validation = round(len(shuffled) * VALIDATION_SHARE)
    return shuffled[test + validation :], shuffled[test : test + validation], shuffled[:test]


def _clear_of_borders(
    samples: NDArray[np.int64], role: NDArray[np.str_], window: tuple[int, int], gap: int
) -> NDArray[np.bool_]:
    """Say which beats of one record, in order of time, keep their window clear of every border between two roles."""
    before, after = window
    kept = np.ones(len(samples), dtype=np.bool_)
    for last in np.flatnonzero(role[1:] != role[:-1]):
        border = (samples[last] + samples[last + 1]) / 2
        left = np.arange(len(samples)) <= last
        kept &= np.where(left, samples + after + gap / 2 <= border, samples - before - gap / 2 >= border)
    return kept
