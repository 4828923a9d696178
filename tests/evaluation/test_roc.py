"""Curves against counts made by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from ecglib.errors import AnnotationError, ECGError
from ecglib.evaluation import auroc
from ecglib.evaluation.roc import FALSE_POSITIVE_RATES, roc_curves


@pytest.fixture
def beats():
    rng = np.random.default_rng(0)
    true = rng.choice(5, 4000, p=[0.8, 0.05, 0.08, 0.02, 0.05])
    logits = rng.normal(size=(3, 4000, 5))
    logits[:, np.arange(4000), true] += np.array([1.0, 1.5, 2.0])[:, None]
    scores = np.exp(logits)
    return true, scores / scores.sum(axis=-1, keepdims=True)


def test_sensitivity_is_the_share_found_at_a_threshold(beats):
    true, scores = beats
    curves = roc_curves(true, scores)
    assert list(curves) == list("NSVFQ")
    for index, curve in enumerate(curves.values()):
        own, others = scores[:, true == index, index], scores[:, true != index, index]
        assert (curve.positives, curve.negatives) == (own.shape[1], others.shape[1])
        for allowed in (1, 20, 300):
            place = np.searchsorted(FALSE_POSITIVE_RATES, allowed / others.shape[1], side="right") - 1
            rate = FALSE_POSITIVE_RATES[place]
            alarms = int(rate * others.shape[1])
            for found, mine, theirs in zip(curve.by_seed[:, place], own, others, strict=True):
                fewer, more = (np.mean(mine > np.sort(theirs)[-count - 1]) for count in (alarms, alarms + 1))
                assert fewer - 1e-12 <= found <= more + 1e-12


def test_seeds_are_averaged_at_equal_false_positive_rate(beats):
    true, scores = beats
    together = roc_curves(true, scores)["V"]
    alone = [roc_curves(true, seed)["V"] for seed in scores]
    np.testing.assert_array_equal(together.by_seed, np.concatenate([curve.by_seed for curve in alone]))
    np.testing.assert_allclose(together.true_positive_rate, np.mean([c.by_seed[0] for c in alone], axis=0))
    assert together.area == pytest.approx(np.mean([c.area for c in alone]))


def test_areas_are_those_of_the_report_and_of_the_curve(beats):
    true, scores = beats
    curves = roc_curves(true, scores)
    np.testing.assert_allclose([curve.area for curve in curves.values()], auroc(true, scores))
    for index, curve in enumerate(curves.values()):
        expected = np.mean([roc_auc_score(true == index, seed[:, index]) for seed in scores])
        assert curve.area == pytest.approx(expected)
        below = np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
        assert below == pytest.approx(expected, abs=2e-3)


def test_equal_scores_give_the_diagonal_between_their_ends():
    true = np.array([0] * 50 + [1] * 50)
    half = np.full((100, 2), 0.5)
    curve = roc_curves(true, half, classes=("N", "V"))["V"]
    np.testing.assert_allclose(curve.true_positive_rate, FALSE_POSITIVE_RATES)
    assert curve.area == 0.5


def test_the_first_point_is_what_is_found_without_a_false_alarm():
    scores = np.array([0.1, 0.6, 0.2, 0.7, 0.8, 0.3])
    curve = roc_curves([0, 0, 0, 1, 1, 1], np.stack([1 - scores, scores], axis=1), classes=("N", "V"))["V"]
    assert curve.true_positive_rate[0] == pytest.approx(2 / 3)
    assert curve.true_positive_rate[-1] == 1
    reference = roc_curve([0, 0, 0, 1, 1, 1], scores)
    np.testing.assert_allclose(curve.true_positive_rate[0], reference[1][reference[0] == 0].max())


def test_an_absent_class_has_no_curve(beats):
    true, scores = beats
    kept = true != 3
    assert list(roc_curves(true[kept], scores[:, kept])) == list("NSVQ")


def test_what_cannot_be_ranked_is_refused(beats):
    true, scores = beats
    with pytest.raises(ECGError, match="all beats are of one class"):
        roc_curves(np.zeros(4000, dtype=int), scores)
    with pytest.raises(ECGError, match="scores do not match"):
        roc_curves(true[:-1], scores)
    with pytest.raises(ECGError, match="NaN"):
        roc_curves(true, np.where(scores == scores.max(), np.nan, scores))
    with pytest.raises(AnnotationError):
        roc_curves(true + 1, scores)
