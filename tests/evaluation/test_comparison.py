import numpy as np
import pytest
from scipy import stats
from scipy.stats import false_discovery_control

from ecglib.errors import ECGError
from ecglib.evaluation import classification_report, holm, metrics_of_confusion, paired_difference
from ecglib.evaluation.comparison import two_sided
from ecglib.evaluation.metrics import confusion_matrix

CLASSES = ("N", "S", "V")


@pytest.fixture
def models():
    rng = np.random.default_rng(1)
    true = rng.choice(3, 1500, p=[0.6, 0.2, 0.2])
    good = np.where(rng.random((3, 1500)) < 0.85, true, rng.integers(0, 3, (3, 1500)))
    poor = np.where(rng.random((2, 1500)) < 0.80, true, rng.integers(0, 3, (2, 1500)))
    return true, good, poor, rng.integers(0, 30, 1500)


@pytest.mark.parametrize("metric", ["macro_f1", "accuracy", "recall_S"])
def test_the_difference_is_that_of_the_two_reports(models, metric):
    true, good, poor, patients = models
    for chosen in ({}, {"patients": patients}):
        difference = paired_difference(true, good, poor, metric, CLASSES, **chosen)
        first, second = (classification_report(true, one, CLASSES, **chosen)[metric] for one in (good, poor))
        assert difference.value == pytest.approx(first.value - second.value)
        assert difference.low < difference.value < difference.high
        assert difference.method == f"paired {first.method}"
        assert difference.n == first.n


def test_the_two_models_see_the_same_resamples():
    """Models that differ at ten beats only: far surer of their difference than of either."""
    true = np.tile([0, 1, 2], 200)
    first = np.where(np.arange(600) % 5 == 0, 0, true)
    second = first.copy()
    wrong = np.flatnonzero(first == true)[:10]
    second[wrong] = (true[wrong] + 1) % 3
    difference = paired_difference(true, first, second, "accuracy", CLASSES, resamples=20_000)
    exact = stats.binom(600, 10 / 600).ppf([0.025, 0.975]) / 600
    assert [difference.low, difference.high] == pytest.approx(exact, abs=1.01 / 600)
    same = paired_difference(true, first, first, "macro_f1", CLASSES)
    assert (same.value, same.low, same.high, same.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_swapping_the_models_turns_the_sign_and_keeps_the_p_value(models):
    true, good, poor, _ = models
    forth = paired_difference(true, good[0], poor[0], classes=CLASSES)
    back = paired_difference(true, poor[0], good[0], classes=CLASSES)
    assert forth.value == pytest.approx(-back.value)
    assert 0 < forth.p_value < 0.05


def test_the_p_value_is_twice_the_smaller_tail_with_one_added():
    assert two_sided(np.array([1.0] * 97 + [-1.0] * 2)) == pytest.approx(2 * 3 / 100)
    assert two_sided(-np.array([1.0] * 97 + [-1.0] * 2)) == pytest.approx(2 * 3 / 100)
    assert two_sided(np.ones(1999)) == pytest.approx(2 / 2000)
    assert two_sided(np.array([1.0, -1.0])) == 1.0


def test_equal_models_are_called_different_in_one_of_twenty_cases():
    significant = 0
    for run in range(400):
        rng = np.random.default_rng(run)
        true = rng.integers(0, 2, 300)
        first, second = (np.where(rng.random(300) < 0.8, true, 1 - true) for _ in range(2))
        result = paired_difference(true, first, second, "accuracy", ("N", "V"), resamples=400, seed=run)
        significant += result.p_value < 0.05
    low, high = stats.binom(400, 0.05).ppf([0.001, 0.999])
    assert low <= significant <= high


def test_resamples_that_lost_a_class_are_left_out():
    patients = np.repeat(np.arange(4), 10)
    true = np.where(patients == 3, 2, np.arange(40) % 2)
    result = paired_difference(true, true, np.zeros(40, dtype=int), "macro_f1", CLASSES, patients=patients)
    assert result.resamples < 1500
    expected = 1 - metrics_of_confusion(confusion_matrix(true, np.zeros(40, dtype=int), CLASSES), CLASSES)["macro_f1"]
    assert result.value == pytest.approx(float(expected))
    assert paired_difference(true, true, true, "accuracy", CLASSES, patients=patients).resamples == 2000


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.02, 0.02, 0.02]).tolist() == pytest.approx([0.06, 0.06, 0.06])
    assert holm([0.6, 0.9]).tolist() == [1.0, 1.0]
    assert holm([0.03]).tolist() == [0.03]
    assert holm([]).tolist() == []


def test_holm_lies_between_no_correction_or_false_discovery_rate_and_bonferroni():
    values = np.random.default_rng(0).random(20) ** 3
    adjusted = holm(values)
    assert (adjusted >= false_discovery_control(values)).all()
    assert (adjusted <= np.minimum(values * 20, 1)).all()
    assert (np.argsort(adjusted, kind="stable") == np.argsort(values)).sum() >= 1
    assert (np.diff(adjusted[np.argsort(values)]) >= 0).all()


@pytest.mark.parametrize("values", [[0.1, float("nan")], [-0.1], [1.2], [[0.1], [0.2]]])
def test_holm_refuses_what_is_no_p_value(values):
    with pytest.raises(ECGError, match="p-values"):
        holm(values)


def test_an_unknown_metric_is_refused(models):
    true, good, poor, _ = models
    with pytest.raises(ECGError, match="macro_f1"):
        paired_difference(true, good, poor, "kappa", CLASSES)
