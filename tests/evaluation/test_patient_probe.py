"""The probe finds an identity that is there, finds none in noise, and is not fooled by neighbouring beats."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, recall_score

from ecglib.errors import ECGError
from ecglib.evaluation.patient_probe import MOST, patient_probe

PATIENTS = np.repeat([208, 101, 119, 203], 60)


def noise(beats: int = 240, features: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((beats, features))


def test_noise_names_nobody():
    found = [patient_probe(noise(seed=seed), PATIENTS, seed=seed) for seed in range(4)]
    assert np.mean([probe.accuracy.value for probe in found]) == pytest.approx(0.25, abs=0.05)
    assert sum(probe.accuracy.low <= 0.25 <= probe.accuracy.high for probe in found) >= 3
    assert {probe.chance for probe in found} == {0.25}


def test_identity_names_everybody():
    found = patient_probe(np.eye(4)[np.unique(PATIENTS, return_inverse=True)[1]], PATIENTS, seed=0)
    assert (found.accuracy.value, found.accuracy.low, found.accuracy.high) == (1, 1, 1)
    assert found.share_right == 1
    assert found.by_patient == {101: 1.0, 119: 1.0, 203: 1.0, 208: 1.0}


def test_numbers_are_those_of_folds_written_out():
    counts = {"a": 23, "b": 60, "c": 41}
    patients = np.repeat(list(counts), list(counts.values()))
    x = noise(len(patients)) + np.array([0, 0.6, 1.5])[np.unique(patients, return_inverse=True)[1], None]
    x[:, 0] *= 1000
    fold = np.concatenate([[at * 5 // count for at in range(count)] for count in counts.values()])
    named = np.empty_like(patients)
    for part in range(5):
        known, held_out = x[fold != part], x[fold == part]
        mean, spread = known.mean(axis=0), known.std(axis=0)
        model = LogisticRegression(class_weight="balanced", max_iter=2000)
        model.fit((known - mean) / spread, patients[fold != part])
        named[fold == part] = model.predict((held_out - mean) / spread)
    found = patient_probe(x, patients, seed=0)
    assert found.accuracy.value == pytest.approx(balanced_accuracy_score(patients, named))
    assert found.share_right == pytest.approx(accuracy_score(patients, named))
    assert list(found.by_patient.values()) == pytest.approx(recall_score(patients, named, average=None))
    assert 0.4 < found.accuracy.value < 0.9, "a number that every mistake would give tests nothing"
    assert (found.chance, found.majority, found.accuracy.n) == (1 / 3, 60 / 124, 124)

    random = np.random.default_rng(1)
    drawn = [
        np.mean([random.choice(named[patients == name] == name, count).mean() for name, count in counts.items()])
        for _ in range(1000)
    ]
    assert [found.accuracy.low, found.accuracy.high] == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.015)


def test_a_beat_is_not_named_by_its_neighbour():
    """Features that drift and say nothing of the patient: random folds would find each beat's neighbours."""
    random = np.random.default_rng(0)
    stretches = np.repeat(random.standard_normal((4 * 15, 60)), 4, axis=0) + 0.01 * noise(240, 60)
    found = patient_probe(stretches, PATIENTS, seed=0)
    shuffled = random.permutation(240)
    leaking = patient_probe(stretches[shuffled], PATIENTS[shuffled], seed=0)
    assert found.accuracy.value < 0.5
    assert leaking.accuracy.value > 0.9


def test_beats_may_come_in_any_order_of_patients():
    x = noise() + np.unique(PATIENTS, return_inverse=True)[1][:, None]
    mixed = np.arange(240).reshape(4, 60).T.ravel()
    assert patient_probe(x[mixed], PATIENTS[mixed], seed=0) == patient_probe(x, PATIENTS, seed=0)


def test_no_patient_counts_for_more_than_so_many_beats_and_the_seed_draws_them():
    patients = np.repeat([1, 2, 3], [MOST + 150, MOST, 30])
    x = noise(len(patients)) + 0.5 * patients[:, None]
    one, again, other = (patient_probe(x, patients, seed=seed) for seed in (0, 0, 1))
    assert one.accuracy.n == 2 * MOST + 30
    assert one.majority == MOST / (2 * MOST + 30)
    assert one == again
    assert one.by_patient != other.by_patient


def test_a_frequent_patient_does_not_hide_a_rare_one():
    patients = np.repeat([1, 2], [MOST, 20])
    found = patient_probe(noise(len(patients)), patients, seed=0)
    assert found.accuracy.value == pytest.approx(np.mean(list(found.by_patient.values())))
    assert found.accuracy.value == pytest.approx(0.5, abs=0.15)
    assert found.majority > 0.9


@pytest.mark.parametrize(
    ("features", "patients", "folds", "message"),
    [
        (noise(10), np.repeat([1, 2], 6), 5, "can't read"),
        (noise(10)[:, 0], np.repeat([1, 2], 5), 5, "can't read"),
        (np.full((10, 3), np.nan), np.repeat([1, 2], 5), 5, "can't read"),
        (noise(10), np.ones(10), 5, "apart"),
        (noise(10), np.repeat([1, 2], [6, 4]), 5, "apart"),
        (noise(10), np.repeat([1, 2], 5), 1, "apart"),
        (noise(0), np.array([]), 5, "apart"),
    ],
)
def test_bad_input_is_refused(features, patients, folds, message):
    with pytest.raises(ECGError, match=message) as error:
        patient_probe(features, patients, seed=0, folds=folds)
    assert error.value.remedy
