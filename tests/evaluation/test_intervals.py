import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from ecglib.errors import ECGError
from ecglib.evaluation import (
    Interval,
    classification_report,
    confusion_matrix,
    confusion_report,
    metrics_of_confusion,
)
from ecglib.evaluation.intervals import draw, percentiles, resample_confusions
from ecglib.evaluation.ranking import Ranking

CLASSES = ("N", "S", "V")


def some_beats(n, seed=0, seeds=1):
    rng = np.random.default_rng(seed)
    true = rng.choice(3, n, p=[0.7, 0.2, 0.1])
    predicted = np.where(rng.random((seeds, n)) < 0.8, true, rng.integers(0, 3, (seeds, n)))
    return true, predicted, rng


def one_metric(true, predicted, name):
    return float(metrics_of_confusion(confusion_matrix(true, predicted, CLASSES), CLASSES)[name])


def one_area(positive, scores):
    ranks, n = stats.rankdata(scores), positive.sum()
    return (ranks[positive].sum() - n * (n + 1) / 2) / n / (len(positive) - n)


def test_the_level_is_exactly_95_percent():
    ordered = np.arange(1001, dtype=float)
    low, high = percentiles(np.random.default_rng(0).permutation(ordered))
    assert [low, high] == pytest.approx([25, 975])
    assert np.mean((ordered > low) & (ordered < high)) == pytest.approx(0.95, abs=0.002)
    assert classification_report(*some_beats(50)[:2], CLASSES)["accuracy"].level == 0.95


def test_accuracy_resampled_by_beats_is_binomial():
    true, predicted, _ = some_beats(400)
    interval = classification_report(true, predicted, CLASSES, resamples=40_000)["accuracy"]
    exact = stats.binom(400, interval.value).ppf([0.025, 0.975]) / 400
    assert [interval.low, interval.high] == pytest.approx(exact, abs=1.01 / 400)
    drawn = resample_confusions(true, predicted, 3, None, 40_000, np.random.default_rng(1))
    accuracy = np.trace(drawn.resampled[:, 0], axis1=1, axis2=2)
    below = np.cumsum(np.bincount(accuracy.astype(int), minlength=401)) / 40_000
    assert np.abs(below - stats.binom(400, interval.value).cdf(np.arange(401))).max() < 0.01


@pytest.mark.parametrize("metric", ["macro_f1", "recall_V"])
def test_intervals_by_beats_agree_with_scipy(metric):
    true, predicted, _ = some_beats(300)
    interval = classification_report(true, predicted, CLASSES, resamples=8000)[metric]

    def statistic(i):
        return one_metric(true[i], predicted[0][i], metric)

    expected = stats.bootstrap(
        (np.arange(300),), statistic, vectorized=False, method="percentile", n_resamples=1500, rng=4
    ).confidence_interval
    width = expected.high - expected.low
    assert [interval.low, interval.high] == pytest.approx([expected.low, expected.high], abs=0.08 * width)


def test_intervals_by_patients_agree_with_a_loop_that_draws_whole_patients():
    true, predicted, rng = some_beats(600)
    patients = rng.integers(0, 12, 600)
    predicted[0][patients < 3] = 0
    report = classification_report(true, predicted, CLASSES, patients=patients, resamples=8000)
    looped = []
    for _ in range(2000):
        chosen = np.concatenate([np.flatnonzero(patients == patient) for patient in rng.integers(0, 12, 12)])
        looped.append(one_metric(true[chosen], predicted[0][chosen], "macro_f1"))
    expected = np.quantile(looped, [0.025, 0.975])
    interval = report["macro_f1"]
    assert [interval.low, interval.high] == pytest.approx(expected.tolist(), abs=0.08 * np.ptp(expected))
    assert (interval.method, interval.n) == ("patient bootstrap", 12)


def coverage(make, truth, runs, **arguments):
    hits = 0
    for run in range(runs):
        true, predicted, patients = make(np.random.default_rng(run))
        chosen = {"patients": patients} if arguments["by_patients"] else {}
        interval = classification_report(true, predicted, ("N", "V"), resamples=400, seed=run, **chosen)["accuracy"]
        hits += interval.low <= truth <= interval.high
    return hits


def test_95_of_100_intervals_by_beats_hold_the_truth():
    def make(rng):
        true = rng.integers(0, 2, 400)
        return true, np.where(rng.random(400) < 0.8, true, 1 - true), None

    low, high = stats.binom(500, 0.95).ppf([0.001, 0.999])
    assert low <= coverage(make, 0.8, 500, by_patients=False) <= high


def test_only_patients_hold_the_truth_where_beats_of_a_patient_are_alike():
    def make(rng):
        ability = rng.beta(4, 1, 80)
        patients = np.repeat(np.arange(80), 10)
        true = rng.integers(0, 2, 800)
        return true, np.where(rng.random(800) < ability[patients], true, 1 - true), patients

    low, high = stats.binom(400, 0.95).ppf([0.001, 0.999])
    assert low - 4 <= coverage(make, 0.8, 400, by_patients=True) <= high
    assert coverage(make, 0.8, 400, by_patients=False) < low - 4


def test_same_seed_same_numbers_and_another_seed_others():
    true, predicted, rng = some_beats(500)
    scores, patients = rng.random((500, 3)), rng.integers(0, 9, 500)
    for chosen in ({}, {"patients": patients}):
        first, again, other = (
            classification_report(true, predicted, CLASSES, scores=scores, resamples=200, seed=seed, **chosen)
            for seed in (1, 1, 2)
        )
        assert first == again
        assert first["macro_f1"].low != other["macro_f1"].low
        assert first["auroc"].low != other["auroc"].low


def test_several_seeds_are_resampled_together():
    true, predicted, rng = some_beats(800, seeds=3)
    scores = rng.random((3, 800, 3))
    report = classification_report(true, predicted, CLASSES, scores=scores, resamples=400)
    alone = [classification_report(true, predicted[s], CLASSES, scores=scores[s], resamples=40) for s in range(3)]
    for name, interval in report.items():
        assert interval.by_seed == pytest.approx([one[name].value for one in alone])
        assert interval.value == pytest.approx(np.mean(interval.by_seed))
    same = classification_report(true, np.repeat(predicted[:1], 3, axis=0), CLASSES, resamples=400)
    one = classification_report(true, predicted[0], CLASSES, resamples=400)
    assert (same["macro_f1"].low, same["macro_f1"].high) == (one["macro_f1"].low, one["macro_f1"].high)


@pytest.mark.parametrize("units", [200, 400])
@pytest.mark.parametrize("beats_each", [1, 3])
def test_auroc_of_a_resample_is_that_of_the_beats_drawn(units, beats_each):
    """Few units are compared pair by pair, many in groups; a unit is a beat, or a patient with several."""
    true, _, rng = some_beats(units * beats_each)
    scores = rng.random((2, len(true), 3)).round(1)
    owner = rng.permutation(np.arange(len(true)) % units)
    ranking = Ranking.of(true, scores, owner)
    assert bool(ranking.wins) == (units == 200)
    weights = draw(units, 5, rng)
    areas = ranking.areas(weights)
    for resample, weight in enumerate(weights):
        chosen = np.repeat(np.arange(len(true)), weight[owner])
        for seed in range(2):
            for index in range(3):
                expected = reference.roc_auc_score(true[chosen] == index, scores[seed][chosen, index])
                assert areas[seed, index, resample] == pytest.approx(expected)


def test_auroc_intervals_by_beats_and_patients_agree_with_a_loop():
    true, _, rng = some_beats(300)
    scores, patients = rng.random((300, 3)), rng.integers(0, 15, 300)
    scores[np.arange(300), true] += 0.4
    scores[patients < 4] = rng.random((int((patients < 4).sum()), 3))
    for owner, chosen in ((np.arange(300), {}), (patients, {"patients": patients})):
        interval = classification_report(true, true, CLASSES, scores=scores, resamples=4000, **chosen)["auroc_S"]
        members = [np.flatnonzero(owner == unit) for unit in range(owner.max() + 1)]
        looped = []
        for _ in range(1500):
            drawn = np.concatenate([members[unit] for unit in rng.integers(0, len(members), len(members))])
            looped.append(one_area(true[drawn] == 1, scores[drawn, 1]))
        expected = np.quantile(looped, [0.025, 0.975])
        assert [interval.low, interval.high] == pytest.approx(expected.tolist(), abs=0.1 * np.ptp(expected))


def test_draws_are_those_of_the_multinomial_distribution():
    counts = draw(7, 20_000, np.random.default_rng(0))
    assert (counts.sum(axis=1) == 7).all()
    observed = np.bincount(counts.ravel(), minlength=8)
    expected = stats.binom(7, 1 / 7).pmf(np.arange(8))
    assert observed / observed.sum() == pytest.approx(expected, abs=0.004)


def test_a_class_that_a_resample_lost_leaves_it_out_of_its_own_intervals_only():
    """One patient of five holds all V: about a third of the resamples, (4/5)^5, have none."""
    patients = np.repeat(np.arange(5), 20)
    true = np.where(patients == 4, 2, np.arange(100) % 2)
    predicted = np.where(np.arange(100) % 10 == 0, 0, true)
    report = classification_report(true, predicted, CLASSES, patients=patients, resamples=4000)
    assert report["accuracy"].resamples == 4000
    for name in ("f1_V", "recall_V", "precision_V", "macro_f1"):
        assert report[name].resamples == pytest.approx(4000 * (1 - 0.8**5), abs=4 * np.sqrt(4000 * 0.22))
    assert report["recall_V"].low == report["recall_V"].value == pytest.approx(0.9)
    assert report["f1_V"].low > 0.5
    without = classification_report(true, predicted, CLASSES, patients=patients, macro_over=("N", "S"), resamples=4000)
    assert without["macro_f1"].resamples > 3900


def test_a_class_that_the_test_set_lacks_counts_as_zero_everywhere():
    true, predicted = np.array([0, 0, 1, 1] * 30), np.array([0, 0, 1, 0] * 30)
    report = classification_report(true, predicted, CLASSES)
    for name in ("f1_V", "recall_V", "precision_V"):
        assert (report[name].value, report[name].low, report[name].high) == (0.0, 0.0, 0.0)
    assert report["macro_f1"].resamples == 2000
    assert report["macro_f1"].value == pytest.approx((report["f1_N"].value + report["f1_S"].value) / 3)


def test_a_test_set_whose_resamples_all_lose_a_class_is_refused():
    patients = np.arange(60)
    true = np.arange(60)
    with pytest.raises(ECGError, match="no interval for macro"):
        classification_report(true, true, tuple(str(i) for i in range(60)), patients=patients, resamples=40)


def test_confusion_report_gives_every_share_an_interval():
    true, predicted, rng = some_beats(2000, seeds=2)
    patients = rng.integers(0, 20, 2000)
    for chosen in ({}, {"patients": patients}):
        report = confusion_report(true, predicted, CLASSES, resamples=500, **chosen)
        expected = np.mean([reference.confusion_matrix(true, row, normalize="true") for row in predicted], axis=0)
        np.testing.assert_allclose(report.share, expected)
        assert (report.low < report.share).all()
        assert (report.high > report.share).all()
        recalls = classification_report(true, predicted, CLASSES, resamples=500, **chosen)
        for index, name in enumerate(CLASSES):
            assert report.low[index, index] == pytest.approx(recalls[f"recall_{name}"].low)
            assert report.high[index, index] == pytest.approx(recalls[f"recall_{name}"].high)


def test_confusion_report_leaves_rows_of_missing_classes_empty():
    report = confusion_report([0, 0, 1, 1], [0, 0, 1, 2], CLASSES)
    assert np.isnan(report.share[2]).all()
    assert report.counts[1].tolist() == [0.0, 1.0, 1.0]


def test_an_interval_reads_as_a_sentence():
    assert str(Interval(0.5, 0.4, 0.6, method="beat bootstrap", n=21_892)) == (
        "0.500 (95 % interval 0.400 to 0.600, beat bootstrap, n = 21,892)"
    )
