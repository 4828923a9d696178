"""Several labels a recording: against scikit-learn, and against patients drawn one by one."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from ecglib.errors import ECGError
from ecglib.evaluation.multilabel import Scored, best_thresholds, multilabel_difference, multilabel_report

CLASSES = ("NORM", "MI", "STTC")


@pytest.fixture(scope="module")
def made():
    random = np.random.default_rng(0)
    true = random.random((150, 3)) < (0.5, 0.3, 0.2)
    scores = (0.3 * true + 0.7 * random.random((2, 150, 3))).round(2)
    patients = random.integers(0, 60, 150)
    return true, Scored(scores, np.array([[0.5, 0.45, 0.6], [0.4, 0.5, 0.55]])), patients


def by_hand(true, scores, thresholds):
    each = f1_score(true, scores >= thresholds, average=None)
    found = dict(zip([f"f1_{name}" for name in CLASSES], each, strict=True)) | {"macro_f1": each.mean()}
    areas = roc_auc_score(true, scores, average=None)
    return found | dict(zip([f"auroc_{name}" for name in CLASSES], areas, strict=True)) | {"macro_auroc": areas.mean()}


def test_numbers_are_those_of_scikit_learn(made):
    true, scored, patients = made
    report = multilabel_report(true, scored, patients, CLASSES, resamples=100)
    expected = [by_hand(true, *one) for one in zip(*scored, strict=True)]
    assert list(report) == list(expected[0])
    for name, interval in report.items():
        assert interval.by_seed == pytest.approx([one[name] for one in expected], abs=1e-12)
        assert interval.value == pytest.approx(np.mean(interval.by_seed))
        assert interval.low < interval.value < interval.high
        assert (interval.n, interval.method) == (len(np.unique(patients)), "patient bootstrap")


def f1(true, called):
    return 2 * (true & called).sum(axis=0) / (true.sum(axis=0) + called.sum(axis=0))


def area(true, scores):
    above = np.subtract.outer(scores[true], scores[~true])
    return (above > 0).mean() + (above == 0).mean() / 2


def test_intervals_are_those_of_patients_drawn_one_by_one(made):
    true, (scores, thresholds), patients = made
    scores, thresholds = scores[0], thresholds[0]
    report = multilabel_report(true, (scores, thresholds), patients, CLASSES, resamples=2000)
    random, names = np.random.default_rng(3), np.unique(patients)
    rows_of = {name: np.flatnonzero(patients == name) for name in names}
    drawn = []
    for _ in range(500):
        rows = np.concatenate([rows_of[name] for name in random.choice(names, len(names))])
        each = f1(true[rows], scores[rows] >= thresholds)
        areas = [area(true[rows, place], scores[rows, place]) for place in range(3)]
        drawn.append([each[1], each.mean(), areas[2], np.mean(areas)])
    for name, numbers in zip(("f1_MI", "macro_f1", "auroc_STTC", "macro_auroc"), np.transpose(drawn), strict=True):
        ends = np.quantile(numbers, [0.025, 0.975])
        assert [report[name].low, report[name].high] == pytest.approx(ends, abs=0.2 * np.ptp(ends))


def test_no_threshold_is_better(made):
    true, (scores, _), _ = made
    found = best_thresholds(true, scores[0])
    tried = [f1(true, scores[0] >= at) for at in np.arange(0, 1.005, 0.01)]
    np.testing.assert_allclose(f1(true, scores[0] >= found), np.nanmax(tried, axis=0))
    assert all(threshold in column for threshold, column in zip(found, scores[0].T, strict=True))


def test_differences_are_paired(made):
    true, scored, patients = made
    same = multilabel_difference(true, scored, scored, patients, CLASSES)
    assert (same.value, same.low, same.high, same.p_value) == (0, 0, 0, 1)
    better = Scored(np.asarray(scored.scores) + 0.3 * true, np.array([0.6, 0.6, 0.6]))
    for metric in ("macro_f1", "auroc_MI"):
        found = multilabel_difference(true, better, scored, patients, CLASSES, metric)
        one, other = (multilabel_report(true, model, patients, CLASSES)[metric] for model in (better, scored))
        assert found.value == pytest.approx(one.value - other.value)
        assert 0 < found.low < found.value < found.high
        assert found.p_value < 0.01


def test_a_single_seed_may_come_without_its_axis(made):
    true, (scores, thresholds), patients = made
    plain = multilabel_report(true.astype(int), (scores[0], thresholds[0]), patients, CLASSES, resamples=100)
    deep = multilabel_report(true, (scores[:1], thresholds[:1]), patients, CLASSES, resamples=100)
    assert plain == deep


def test_bad_input_is_refused(made):
    true, (scores, thresholds), patients = made
    with pytest.raises(ECGError, match="can't be evaluated"):
        multilabel_report(true & [1, 1, 0], (scores, thresholds), patients, CLASSES)
    with pytest.raises(ECGError, match="don't match"):
        multilabel_report(true, (scores[:, :9], thresholds), patients, CLASSES)
    with pytest.raises(ECGError, match="1 that are not finite"):
        multilabel_report(true, (np.where(np.arange(900).reshape(scores.shape) == 5, np.nan, scores), thresholds),
                          patients, CLASSES)  # fmt: skip
    with pytest.raises(ECGError, match="differ in number"):
        multilabel_report(true, (scores, thresholds), patients, CLASSES[:2])
    with pytest.raises(ECGError, match="unknown metric"):
        multilabel_difference(true, (scores, thresholds), (scores, thresholds), patients, CLASSES, "accuracy")
    with pytest.raises(ECGError, match="don't match"):
        best_thresholds(true, scores)
