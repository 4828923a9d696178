"""Repeated splits by patient: nobody on two sides, the disease in every part, everybody tested equally often."""

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


@given(ill=st.integers(3, 12), well=st.integers(3, 40), repeats=st.integers(1, 8), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_every_split(ill: int, well: int, repeats: int, seed: int) -> None:
    patients, labels = windows(ill, well, seed)
    splits = leave_patients_out(patients, labels, repeats=repeats, seed=seed)
    assert len(splits) == repeats
    for split in splits:
        parts = (split.train, split.validation, split.test)
        assert sorted(np.concatenate(parts).tolist()) == list(range(len(patients)))
        people = [set(patients[part].tolist()) for part in parts]
        assert sum(map(len, people)) == len(set.union(*people)) == ill + well
        for part in parts:
            assert labels[part].any()
            assert not labels[part].all()
            assert (np.diff(part) > 0).all()


@pytest.mark.parametrize(("repeats", "well_tests"), [(6, {1, 2}), (12, {2, 3}), (33, {7})])
def test_everybody_tests_equally_often(repeats: int, well_tests: set[int]) -> None:
    patients, labels = windows(6, 33)
    tested = dict.fromkeys(patients.tolist(), 0)
    for split in leave_patients_out(patients, labels, repeats=repeats, seed=1):
        people = set(patients[split.test].tolist())
        assert len(people) == 1 + 7
        assert len(set(patients[split.validation].tolist())) == 1 + 3
        for patient in people:
            tested[patient] += 1
    ill = {patient for patient, label in zip(patients.tolist(), labels, strict=True) if label}
    assert {count for patient, count in tested.items() if patient not in ill} == well_tests
    assert {tested[patient] for patient in ill} <= {repeats // 6, -(-repeats // 6)}


def test_seeds_repeat_and_differ_and_so_do_repeats() -> None:
    patients, labels = windows(6, 33)
    first, again, other = (
        [split.test.tolist() for split in leave_patients_out(patients, labels, repeats=4, seed=seed)]
        for seed in (0, 0, 1)
    )
    assert first == again != other
    assert len({tuple(test) for test in first}) == 4


def test_the_order_of_the_windows_does_not_matter() -> None:
    patients, labels = windows(5, 9)
    order = np.random.default_rng(9).permutation(len(patients))
    for one, other in zip(
        leave_patients_out(patients, labels, repeats=3, seed=2),
        leave_patients_out(patients[order], labels[order], repeats=3, seed=2),
        strict=True,
    ):
        assert set(patients[one.test].tolist()) == set(patients[order][other.test].tolist())
        assert set(patients[one.validation].tolist()) == set(patients[order][other.validation].tolist())


@pytest.mark.parametrize(("ill", "well"), [(2, 9), (9, 2), (0, 0)])
def test_too_few_patients(ill: int, well: int) -> None:
    patients, labels = windows(ill, well)
    with pytest.raises(ECGError, match=f"found {ill} with and {well} without"):
        leave_patients_out(patients, labels, repeats=1, seed=0)
