"""Stretches of time: every window tests once, never beside a window that trains, and every label is learned first."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecglib.databases.stretches import rotate_stretches
from ecglib.errors import ECGError

SECONDS = 10.0


@given(
    lengths=st.lists(st.integers(20, 60), min_size=1, max_size=4),
    rotations=st.integers(2, 6),
    gap=st.sampled_from([0.0, 10.0, 20.0]),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=80)
def test_every_rotation(lengths: list[int], rotations: int, gap: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    records = np.repeat([f"{100 + number}" for number in range(len(lengths))], lengths)
    starts = np.concatenate([np.arange(length) * SECONDS for length in lengths])
    labels = np.concatenate([np.arange(length) * 2 // length for length in lengths])  # two spells a record
    order = random.permutation(len(records))
    records, starts, labels = records[order], starts[order], labels[order]
    try:
        splits = rotate_stretches(records, starts, labels, seconds=SECONDS, rotations=rotations, gap=gap)
    except ECGError:  # a gap may swallow all of a short spell
        assert gap > 0
        assert min(lengths) / 2 < rotations * (2 + 2 * gap / SECONDS)
        return
    assert len(splits) == rotations
    assert sorted(np.concatenate([split.test for split in splits]).tolist()) == list(range(len(records)))
    for split in splits:
        assert not len(split.validation)
        nearest = np.full(len(records), np.inf)
        for row in range(len(records)):  # brute force
            for test in split.test:
                if records[row] == records[test]:
                    nearest[row] = min(nearest[row], abs(starts[row] - starts[test]) - SECONDS)
        assert split.train.tolist() == [row for row in range(len(records)) if nearest[row] >= gap]
        assert {*labels[split.test].tolist()} <= {*labels[split.train].tolist()}


def test_a_label_is_cut_into_stretches_of_time_in_each_record() -> None:
    starts = np.arange(40) * SECONDS
    labels = np.array((["N"] * 3 + ["VFL"] * 2) * 8)
    splits = rotate_stretches(["207"] * 40, starts, labels, seconds=SECONDS, rotations=4, gap=0)
    for name, share in (("N", 6), ("VFL", 4)):
        tested = [starts[split.test][labels[split.test] == name] for split in splits]
        assert [len(one) for one in tested] == [share] * 4
        assert all(one.max() < later.min() for one, later in pairwise(tested))


def test_rare_windows_of_several_records_test_in_different_rotations() -> None:
    splits = rotate_stretches(["124", "207", "208"], [0, 0, 0], ["IVR"] * 3, seconds=SECONDS, rotations=3, gap=10)
    assert [split.test.tolist() for split in splits] == [[0], [1], [2]]
    assert [split.train.tolist() for split in splits] == [[1, 2], [0, 2], [0, 1]]


@pytest.mark.parametrize(
    ("labels", "rotations", "gap", "message"),
    [
        (["N"] * 8 + ["VT"], 2, 0.0, "nothing left to learn VT from.*in rotation 1 of 2"),
        (["N"] * 9, 2, 90.0, "nothing left to learn N from"),
        (["N"] * 9, 1, 0.0, "found 1 rotations"),
        (["N"] * 8, 2, 0.0, "9 records, 9 starts, 8 labels"),
    ],
)
def test_refused(labels: list[str], rotations: int, gap: float, message: str) -> None:
    with pytest.raises(ECGError, match=message):
        rotate_stretches(["100"] * 9, np.arange(9) * SECONDS, labels, seconds=SECONDS, rotations=rotations, gap=gap)
