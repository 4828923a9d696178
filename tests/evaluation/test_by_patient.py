"""Means over patients and their paired differences, against a bootstrap written out and against scipy's."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from ecglib.errors import ECGError
from ecglib.evaluation.by_patient import mean_of_patients, paired_over_patients


@pytest.fixture
def shares():
    rng = np.random.default_rng(0)
    easy = rng.uniform(0.2, 0.9, 18)
    plain = np.clip(easy + rng.normal(0, 0.05, (3, 18)), 0, 1)
    return plain, np.clip(easy - 0.06 + rng.normal(0, 0.05, (2, 18)), 0, 1)


def test_the_mean_has_the_interval_of_scipy(shares):
    found = mean_of_patients(shares[0], resamples=20_000, seed=1)
    of_patient = shares[0].mean(axis=0)
    reference = bootstrap(
        (of_patient,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((reference.low, reference.high), abs=0.005)
    assert found.value == pytest.approx(shares[0].mean())
    assert found.by_seed == pytest.approx([row.mean() for row in shares[0]])
    assert (found.n, found.method, found.resamples) == (18, "patient bootstrap", 20_000)


def test_the_difference_is_paired_by_patient(shares):
    found = paired_over_patients(*shares, resamples=20_000, seed=1)
    by_hand = shares[0].mean(axis=0) - shares[1].mean(axis=0)
    reference = bootstrap(
        (by_hand,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert found.value == pytest.approx(by_hand.mean())
    assert (found.low, found.high) == pytest.approx((reference.low, reference.high), abs=0.002)
    unpaired = mean_of_patients(shares[0])
    assert found.high - found.low < (unpaired.high - unpaired.low) / 2, "patients differ more than methods do"
    assert found.p_value < 0.05
    back = paired_over_patients(*shares[::-1], resamples=20_000, seed=1)
    assert (back.value, back.low, back.high) == pytest.approx((-found.value, -found.high, -found.low))
    assert paired_over_patients(*shares[::-1], resamples=20_000, seed=1) == back


def test_methods_that_do_not_differ_are_not_told_apart():
    rng = np.random.default_rng(0)
    found = [paired_over_patients(*rng.normal(0.5, 0.1, (2, 1, 20)), resamples=400, seed=0) for _ in range(200)]
    assert np.mean([one.p_value < 0.05 for one in found]) < 0.12
    assert paired_over_patients([[0.5, 0.7]], [[0.5, 0.7]], resamples=100).p_value == 1


@pytest.mark.parametrize("shares", [[0.1, 0.2], [[0.1]], [[0.1, np.nan]], np.zeros((0, 3))])
def test_numbers_without_patients_are_refused(shares):
    with pytest.raises(ECGError, match="no mean over these patients"):
        mean_of_patients(shares)


def test_other_patients_are_refused():
    with pytest.raises(ECGError, match="2 and 3 patients"):
        paired_over_patients([[0.1, 0.2]], [[0.1, 0.2, 0.3]])
