import math

import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.evaluation import paired_difference
from ecglib.evaluation.by_patient import mean_of_patients, paired_over_patients
from ecglib.evaluation.multilabel import multilabel_difference
from ecglib.evaluation.seeds_and_units import seeds_and_units, simulated_coverage


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("units", [6, 20, 100])
def test_the_interval_holds_the_truth_in_93_to_97_of_100_studies(seeds, units):
    assert 0.93 <= simulated_coverage(seeds, units) <= 0.97


def test_the_bootstrap_of_patients_leads_to_the_same_coverage():
    """With the book's own bootstrap in the place of its closed form."""
    rng, held, trials = np.random.default_rng(0), 0, 400
    for trial in range(trials):
        scores = rng.normal(0, 0.05, (3, 20)) + rng.normal(0, 0.10, (1, 20)) + rng.normal(0, 0.02, (3, 1))
        drawn = mean_of_patients(scores, resamples=400, seed=trial)
        found = seeds_and_units(drawn.value, (drawn.low, drawn.high), drawn.n, drawn.by_seed)
        held += found.low <= 0 <= found.high
    assert 0.92 <= held / trials <= 0.98


def test_leaving_the_seeds_out_would_hold_too_little():
    """The check above can fail: what the book did before covers far less."""
    rng, held, trials = np.random.default_rng(0), 0, 2000
    for _ in range(trials):
        scores = rng.normal(0, 0.03, (1, 100)) + rng.normal(0, 0.02, (3, 1))
        half = 1.96 * scores.mean(axis=0).std() / 10
        held += abs(scores.mean()) <= half
    assert held / trials < 0.6


def test_seeds_widen_the_interval_and_agree_with_students_t():
    one = seeds_and_units(0.5, (0.5, 0.5), 10, (0.4, 0.5, 0.6))
    assert one.freedom == pytest.approx(2)
    assert one.high - 0.5 == pytest.approx(4.302653 * 0.1 / math.sqrt(3), rel=1e-5)
    units = seeds_and_units(0.5, (0.4, 0.6), 1000)
    both = seeds_and_units(0.5, (0.4, 0.6), 1000, (0.4, 0.5, 0.6))
    assert both.low < units.low
    assert both.high > units.high
    assert both.p_value > units.p_value


def test_bounds_cut_and_nothing_random_leaves_a_point():
    assert seeds_and_units(0.99, (0.9, 1.0), 5, bounds=(0, 1)).high == 1
    point = seeds_and_units(0.3, (0.3, 0.3), 9, (0.3, 0.3, 0.3))
    assert (point.low, point.high, point.p_value) == (0.3, 0.3, 0.0)
    assert seeds_and_units(0.0, (0.0, 0.0), 9).p_value == 1.0


@pytest.mark.parametrize(("interval", "units"), [((0.4, 0.6), 1), ((0.6, 0.4), 10)])
def test_what_makes_no_interval_is_refused(interval, units):
    with pytest.raises(ECGError, match="seeds and units"):
        seeds_and_units(0.5, interval, units)


def test_differences_carry_each_seeds_own_from_now_on():
    true = np.tile([0, 1], 50)
    worse = np.where(np.arange(100) < 10, 1 - true, true)
    both = paired_difference(true, np.stack([true, worse]), np.stack([worse, worse]), "accuracy", classes=("N", "V"))
    assert both.by_seed == pytest.approx((0.1, 0.0))
    assert both.value == pytest.approx(0.05)
    one = paired_difference(true, np.stack([true, worse]), worse, "accuracy", classes=("N", "V"))
    assert one.by_seed == pytest.approx((0.1, 0.0)), "what no seed changes counts for each"
    unequal = paired_difference(true, np.stack([true, worse, true]), np.stack([worse, worse]), "accuracy", ("N", "V"))
    assert unequal.by_seed == ()
    assert paired_over_patients([[0.9, 0.5], [0.8, 0.4]], [[0.7, 0.5], [0.8, 0.2]]).by_seed == pytest.approx((0.1, 0.1))


def test_differences_of_labels_carry_them_too():
    true = np.tile([[1, 0], [0, 1]], (20, 1))
    good, poor = (np.where(true, 0.9, 0.1), [0.5, 0.5]), (np.where(true, 0.9, 0.8), [0.5, 0.5])
    found = multilabel_difference(true, good, poor, np.arange(40), ("MI", "HYP"))
    assert found.by_seed == pytest.approx((found.value,))
