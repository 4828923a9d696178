"""Parts of a training set: nested, by patient, with every label."""

import numpy as np
import pytest

from ecglib.databases.label_fractions import FRACTIONS, LEAST, PATIENT_COUNTS, nested_fractions, nested_patients
from ecglib.errors import ECGError


def test_patients_are_nested_counted_and_whole():
    patients = np.random.default_rng(0).integers(0, 200, 700)
    names = np.unique(patients)
    chosen = nested_patients(patients, PATIENT_COUNTS, seed=0)
    smaller = set()
    for count in PATIENT_COUNTS:
        mine = set(patients[chosen[count]].tolist())
        assert len(mine) == count
        assert smaller < mine
        assert chosen[count].tolist() == np.flatnonzero(np.isin(patients, list(mine))).tolist()
        smaller = mine
    assert len(names) >= 160
    again, other = nested_patients(patients, [10], seed=0)[10], nested_patients(patients, [10], seed=1)[10]
    assert again.tolist() == chosen[10].tolist() != other.tolist()


def test_every_patient_is_chosen_as_often():
    patients = np.arange(20)
    times = sum(np.bincount(nested_patients(patients, [5], seed=seed)[5], minlength=20) for seed in range(400))
    assert times.sum() == 2000
    assert abs(times - 100).max() < 4.5 * np.sqrt(400 * 0.25 * 0.75)


def made(recordings=3000, rare=0.08):
    random = np.random.default_rng(0)
    return random.random((recordings, 3)) < (0.5, 0.2, rare), random.integers(0, recordings * 2 // 3, recordings)


def test_fractions_are_nested_whole_patients_with_every_label():
    labels, patients = made()
    chosen = nested_fractions(labels, patients, [0.1, 0.3, 1.0], seed=0)
    assert chosen[1.0].tolist() == list(range(3000))
    assert set(chosen[0.1].tolist()) < set(chosen[0.3].tolist())
    most = np.bincount(patients).max()
    for share in (0.1, 0.3):
        mine = np.unique(patients[chosen[share]])
        assert chosen[share].tolist() == np.flatnonzero(np.isin(patients, mine)).tolist()
        assert 3000 * share <= len(chosen[share]) < 3000 * share + most
        assert (labels[chosen[share]].sum(axis=0) >= 10).all()
    again, other = (nested_fractions(labels, patients, [0.1], seed=seed)[0.1].tolist() for seed in (0, 1))
    assert again == chosen[0.1].tolist() != other


def like_ptbxl(recordings):
    """As many patients, and as often NORM, MI, STTC, CD and HYP, as in PTB-XL."""
    random = np.random.default_rng(0)
    labels = random.random((recordings, 5)) < (0.436, 0.251, 0.240, 0.225, 0.122)
    people = round(recordings * 18_869 / 21_799)
    return labels, np.concatenate([np.arange(people), random.integers(0, people, recordings - people)])


def test_the_default_fractions_suit_the_full_database_and_no_tenth_of_it():
    labels, patients = like_ptbxl(17_400)
    most = np.bincount(patients).max()
    for seed in range(5):
        chosen = nested_fractions(labels, patients, seed=seed)
        assert tuple(chosen) == FRACTIONS
        for share, places in chosen.items():
            assert 17_400 * share <= len(places) < 17_400 * share + most
            assert (labels[places].sum(axis=0) >= LEAST).all()
        assert set(chosen[0.01].tolist()) < set(chosen[0.1].tolist())
    with pytest.raises(ECGError, match=r"0\.01 of the labels are too few"):
        nested_fractions(*like_ptbxl(1_740), seed=0)


def test_a_rare_label_is_waited_for():
    """At a rate that gives the smallest part ten only now and then, some order is found that does."""
    labels, patients = made(rare=0.024)
    for seed in range(5):
        chosen = nested_fractions(labels, patients, [0.1, 1.0], seed=seed)[0.1]
        assert labels[chosen, 2].sum() >= 10


@pytest.mark.parametrize(
    ("fractions", "message"), [(FRACTIONS, "too few"), ([], "can't be chosen"), ([0.0], "can't"), ([0.5, 1.1], "can't")]
)
def test_what_can_not_be_chosen_is_refused(fractions, message):
    labels, patients = made(rare=0.004)
    with pytest.raises(ECGError, match=message):
        nested_fractions(labels, patients, fractions, seed=0)


@pytest.mark.parametrize("counts", [[], [0], [4]])
def test_so_many_patients_there_are_not(counts):
    with pytest.raises(ECGError, match="numbers from 1 to 3"):
        nested_patients(["a", "b", "c"], counts, seed=0)
