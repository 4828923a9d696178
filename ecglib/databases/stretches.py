"""Who trains and who tests where a rhythm lives in one heart: the same patients, at other times."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ecglib.databases.splits import Split
from ecglib.errors import ECGError


def rotate_stretches(
    records: ArrayLike, starts: ArrayLike, labels: ArrayLike, *, seconds: float, rotations: int, gap: float
) -> list[Split]:
    """Cut each label's windows of each record into stretches of time, and let each stretch test once.

    Parameters
    ----------
    records : str array, shape (windows,)
        Record of each window.
    starts : float array, shape (windows,)
        Seconds from the record's beginning to the window's.
    labels : array, shape (windows,)
        Such as the rhythm of each window.
    seconds : float
        Length of a window.
    rotations : int
        At least two: into so many stretches the windows of one label in one record are cut, as equal as can be.
    gap : float
        Seconds that lie at least between a training window and a test window of one record. Training windows that are
        nearer stand in no part of this rotation.

    Returns
    -------
    list of Split
        As many as rotations. Every window tests exactly once; nothing validates.

    Raises
    ------
    ECGError
        If there are fewer than two rotations, the lengths differ, or a label that tests has no window left to train on.

    Notes
    -----
    ``blocked`` deals blocks of a record whatever is in them, so a rhythm of ten windows may miss the training or the
    test. Here every label is dealt by itself. A label's stretches begin at another rotation in each record, so that
    rare ones do not all meet in one. The same patients stand on both sides: scores say nothing about new patients.
    Source: our choice. Taught in chapter ``26_ten_rhythms``.

    Examples
    --------
    >>> starts, rhythms = np.arange(12) * 10.0, np.array(["N"] * 6 + ["VFL"] * 6)
    >>> for split in rotate_stretches(["207"] * 12, starts, rhythms, seconds=10, rotations=2, gap=10):
    ...     print(split.train, split.test)
    [ 4 10 11] [0 1 2 6 7 8]
    [0 1 7] [ 3  4  5  9 10 11]
    """
    record_of, start_of, label_of = np.asarray(records), np.asarray(starts, dtype=np.float64), np.asarray(labels)
    if rotations < 2 or not len(record_of) == len(start_of) == len(label_of):
        raise ECGError(
            "no stretches of time to deal",
            expected="at least two rotations; a record, a start and a label for each window",
            found=f"{rotations} rotations; {len(record_of)} records, {len(start_of)} starts, {len(label_of)} labels",
            remedy="pass all three of the same windows",
        )
    tested_in = np.empty(len(record_of), dtype=np.int64)
    for label in np.unique(label_of):
        of_label = label_of == label
        for turn, record in enumerate(np.unique(record_of[of_label])):
            rows = np.flatnonzero(of_label & (record_of == record))
            rows = rows[np.argsort(start_of[rows], kind="stable")]
            tested_in[rows] = (np.arange(len(rows)) * rotations // len(rows) + turn) % rotations
    splits = []
    for rotation in range(rotations):
        tests = tested_in == rotation
        trains = ~tests
        for record in np.unique(record_of[tests]):
            rows = np.flatnonzero(trains & (record_of == record))
            distance = np.abs(start_of[rows, np.newaxis] - start_of[tests & (record_of == record)])
            trains[rows[distance.min(axis=1) < seconds + gap]] = False
        missing = sorted({*label_of[tests].tolist()} - {*label_of[trains].tolist()})
        if missing:
            raise ECGError(
                f"nothing left to learn {', '.join(map(str, missing))} from",
                expected="a training window of each label that tests",
                found=f"none in rotation {rotation + 1} of {rotations}",
                remedy="leave out labels with so few windows, ask for more rotations, or for a shorter gap",
            )
        nothing = np.array([], dtype=np.int64)
        splits.append(Split(f"stretches {rotation + 1}", np.flatnonzero(trains), nothing, np.flatnonzero(tests)))
    return splits
