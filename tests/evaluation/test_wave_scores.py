"""F1 and Dice of waves against scikit-learn, and their intervals against patients drawn one by one."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from ecglib.errors import ECGError
from ecglib.evaluation.wave_scores import METRICS, dice_of_recordings, wave_counts, wave_difference, wave_report
from ecglib.signals.wave_labels import UNKNOWN, WAVES


@pytest.fixture(scope="module")
def made():
    """Two seeds' predictions of fourteen recordings of nine patients; some labels unknown, some waves absent."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, (14, 120))
    labels[3][labels[3] == 1] = 0
    labels[:, :15] = UNKNOWN
    noise = random.random((2, 14, 120)) < np.linspace(0.05, 0.5, 14)[:, None]
    predicted = np.where(noise, random.integers(0, 4, (2, 14, 120)), labels.clip(0))
    patients = np.array(list("aabbccddeefghi"))
    return predicted, labels, patients


def by_hand(predicted, labels):
    """Every metric of one seed, with scikit-learn."""
    known = labels != UNKNOWN
    found = dict(zip([f"f1_{w}" for w in WAVES], f1_score(labels[known], predicted[known], labels=[1, 2, 3],
                                                          average=None), strict=True))  # fmt: skip
    found["wave_f1"] = np.mean(list(found.values()))
    dice = [
        f1_score(true[here], ours[here], labels=[1, 2, 3], average=None, zero_division=1)
        for ours, true, here in zip(predicted, labels, known, strict=True)
    ]
    found |= dict(zip([f"dice_{w}" for w in WAVES], np.mean(dice, axis=0), strict=True))
    found["wave_dice"] = np.mean(dice)
    return found


def test_numbers_are_those_of_scikit_learn(made):
    predicted, labels, patients = made
    report = wave_report(wave_counts(predicted, labels), patients, resamples=100)
    expected = [by_hand(one, labels) for one in predicted]
    assert tuple(report) == METRICS
    for name, interval in report.items():
        assert interval.by_seed == pytest.approx([one[name] for one in expected], abs=1e-12)
        assert interval.value == pytest.approx(np.mean(interval.by_seed))
        assert interval.low < interval.value < interval.high
    assert (report["wave_f1"].n, report["wave_f1"].method) == (9, "patient bootstrap")


def test_intervals_are_those_of_patients_drawn_one_by_one(made):
    predicted, labels, patients = made
    report = wave_report(wave_counts(predicted, labels), patients, resamples=3000)
    random, names = np.random.default_rng(5), np.unique(patients)
    drawn = []
    for _ in range(500):
        rows = np.concatenate([np.flatnonzero(patients == name) for name in random.choice(names, 9)])
        true, known = labels[rows], labels[rows] != UNKNOWN
        numbers = []
        for ours in predicted[:, rows]:
            hit, called, truly = (
                (of & known).astype(int) for of in ((ours == true) & (true == 2), ours == 2, true == 2)
            )
            dice = 2 * hit.sum(axis=1) / (called.sum(axis=1) + truly.sum(axis=1))
            numbers.append((2 * hit.sum() / (called.sum() + truly.sum()), dice.mean()))
        drawn.append(np.mean(numbers, axis=0))
    for name, numbers in zip(("f1_QRS", "dice_QRS"), np.transpose(drawn), strict=True):
        ends = np.quantile(numbers, [0.025, 0.975])
        assert [report[name].low, report[name].high] == pytest.approx(ends, abs=0.25 * np.ptp(ends))


def test_dice_of_each_recording(made):
    predicted, labels, _ = made
    known = labels != UNKNOWN
    expected = [
        f1_score(labels[row][known[row]], predicted[1, row][known[row]], labels=[1, 2, 3], average=None,
                 zero_division=1) for row in range(14)
    ]  # fmt: skip
    np.testing.assert_allclose(dice_of_recordings(wave_counts(predicted, labels))[1], expected, atol=1e-12)


def test_a_wave_that_is_absent_and_not_called_is_right_and_one_that_is_called_is_wrong():
    labels = np.array([[0, 0, 2, 2, 3], [1, 1, 2, 2, 3]])
    good, bad = labels.copy(), labels.copy()
    bad[0, 0] = 1
    assert dice_of_recordings(wave_counts(good, labels)).tolist() == [[1, 1, 1], [1, 1, 1]]
    assert dice_of_recordings(wave_counts(bad, labels))[0].tolist() == [0, 1, 1]
    assert dice_of_recordings(wave_counts(np.zeros_like(labels), labels)).tolist() == [[1, 0, 0], [0, 0, 0]]


def test_what_is_called_where_nobody_knows_does_not_count(made):
    predicted, labels, patients = made
    other = np.where(labels == UNKNOWN, 3 - predicted, predicted)
    assert (other != predicted).any()
    assert wave_report(wave_counts(other, labels), patients) == wave_report(wave_counts(predicted, labels), patients)


def test_differences_are_paired(made):
    predicted, labels, patients = made
    counts = wave_counts(predicted, labels)
    same = wave_difference(counts, counts, patients)
    assert (same.value, same.low, same.high, same.p_value) == (0, 0, 0, 1)
    better = wave_counts(np.where(np.arange(120) < 60, labels.clip(0), predicted), labels)
    found = wave_difference(better, counts, patients, "wave_dice")
    one, other = (wave_report(model, patients)["wave_dice"] for model in (better, counts))
    assert found.value == pytest.approx(one.value - other.value)
    assert found.high - found.low < (one.high - one.low) + (other.high - other.low)
    assert found.low > 0
    assert found.p_value < 0.01
    turned = wave_difference(counts, better, patients, "wave_dice")
    assert (turned.value, turned.low) == pytest.approx((-found.value, -found.high))


def test_bad_input_is_refused(made):
    predicted, labels, patients = made
    for models, true in ((predicted[:, :3], labels), (predicted - 1, labels), (predicted, labels + 9), (predicted, 0)):
        with pytest.raises(ECGError, match="can't be compared"):
            wave_counts(models, true)
    counts = wave_counts(predicted, labels)
    with pytest.raises(ECGError, match="no P occurs"):
        wave_report(wave_counts(predicted, np.where(labels == 1, 0, labels)), patients)
    with pytest.raises(ECGError, match="at least two patients"):
        wave_report(wave_counts(predicted, labels), ["a"] * 14)
    with pytest.raises(ECGError, match="unknown metric"):
        wave_difference(counts, counts, patients, "f1")
    with pytest.raises(ECGError, match="no counts of waves"):
        wave_report(predicted, patients)
