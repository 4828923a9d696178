"""Folds of patients: nobody on two sides, the disease in every part, everybody tested once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecglib.databases.patients_left_out import leave_patients_out
from ecglib.errors import ECGError


def windows(ill: int, well: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Windows in no order: patients with the disease have windows of both kinds."""
    random = np.random.default_rng(seed)
    patients, labels = [], []
    for number in range(ill + well):
        count = random.integers(2, 9)
        patients += [f"p{number}"] * count
        labels += [int(number < ill)] + [int(number < ill and random.random() < 0.5) for _ in range(count - 1)]
    order = random.permutation(len(patients))
    return np.array(patients)[order], np.array(labels)[order]


@given(ill=st.integers(3, 12), well=st.integers(3, 40), seed=st.integers(0, 99), data=st.data())
@settings(deadline=None, max_examples=60)
def test_every_split(ill: int, well: int, seed: int, data: st.DataObject) -> None:
    folds = data.draw(st.integers(3, min(ill, well)))
    patients, labels = windows(ill, well, seed)
    splits = leave_patients_out(patients, labels, folds=folds, seed=seed)
    assert len(splits) == folds
    for split in splits:
        parts = (split.train, split.validation, split.test)
        assert sorted(np.concatenate(parts).tolist()) == list(range(len(patients)))
        people = [set(patients[part].tolist()) for part in parts]
        assert sum(map(len, people)) == len(set.union(*people)) == ill + well
        for part in parts:
            assert labels[part].any()
            assert not labels[part].all()
            assert (np.diff(part) > 0).all()


@pytest.mark.parametrize("part", ["test", "validation"])
def test_every_window_tests_once_and_validates_once(part: str) -> None:
    patients, labels = windows(6, 33)
    splits = leave_patients_out(patients, labels, folds=6, seed=1)
    rows = np.concatenate([getattr(split, part) for split in splits])
    assert sorted(rows.tolist()) == list(range(len(patients)))
    assert {len(set(patients[getattr(split, part)].tolist())) for split in splits} == {1 + 5, 1 + 6}
    for split in splits:
        chosen = getattr(split, part)
        assert len(set(patients[chosen][labels[chosen] == 1].tolist())) == 1


def test_seeds_repeat_and_differ() -> None:
    patients, labels = windows(6, 33)
    first, again, other = (
        [split.test.tolist() for split in leave_patients_out(patients, labels, folds=4, seed=seed)]
        for seed in (0, 0, 1)
    )
    assert first == again != other


def test_the_order_of_the_windows_does_not_matter() -> None:
    patients, labels = windows(5, 9)
    order = np.random.default_rng(9).permutation(len(patients))
    for one, other in zip(
        leave_patients_out(patients, labels, folds=3, seed=2),
        leave_patients_out(patients[order], labels[order], folds=3, seed=2),
        strict=True,
    ):
        assert set(patients[one.test].tolist()) == set(patients[order][other.test].tolist())
        assert set(patients[one.validation].tolist()) == set(patients[order][other.validation].tolist())


@pytest.mark.parametrize(("ill", "well", "folds"), [(2, 9, 3), (9, 2, 3), (0, 0, 3), (9, 9, 2), (6, 33, 7)])
def test_too_few_patients(ill: int, well: int, folds: int) -> None:
    patients, labels = windows(ill, well)
    with pytest.raises(ECGError, match=f"found {folds} folds, {ill} patients with and {well} without"):
        leave_patients_out(patients, labels, folds=folds, seed=0)
