import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from ecglib.errors import ECGError
from ecglib.evaluation.groups import age_group, group_difference, group_table, report_by_group, sex_group

CLASSES = ("N", "S", "V")


@pytest.fixture
def ward():
    """Twelve patients; women have no beat of class S, one man is of unknown age and sex."""
    rng = np.random.default_rng(0)
    patients = np.repeat([f"p{i}" for i in range(12)], 120)
    groups = np.repeat(["women"] * 5 + ["men"] * 6 + ["unknown"], 120)
    true = rng.choice(3, len(patients), p=[0.6, 0.2, 0.2])
    true[(groups == "women") & (true == 1)] = 0
    skill = np.where(groups == "women", 0.95, 0.75)
    predicted = np.where(rng.random((2, len(true))) < skill, true, rng.integers(0, 3, (2, len(true))))
    return true, predicted, groups, patients


def resampled(rng, true, predicted, patients, measure, times):
    """The plain way: draw patients, put their beats together, measure."""
    who = np.unique(patients)
    beats = {name: np.flatnonzero(patients == name) for name in who}
    found = []
    for _ in range(times):
        drawn = np.concatenate([beats[name] for name in rng.choice(who, len(who))])
        found.append(np.mean([measure(true[drawn], model[drawn]) for model in predicted]))
    return np.array(found)


def macro(true, predicted):
    hits = [((true == c) & (predicted == c)).sum() for c in (0, 2)]
    return np.mean(
        [2 * hit / ((true == c).sum() + (predicted == c).sum()) for hit, c in zip(hits, (0, 2), strict=True)]
    )


def test_every_group_is_reported_by_itself(ward):
    true, predicted, groups, patients = ward
    reports = report_by_group(true, predicted, groups, patients, CLASSES)
    assert list(reports) == ["men", "women", "unknown"]
    for name, number in (("women", 5), ("men", 6), ("unknown", 1)):
        mine = groups == name
        report = reports[name]
        assert (report.patients, report.beats) == (number, mine.sum())
        assert report.macro_over == ("N", "V")
        assert report.beats_by_class == {c: int((true[mine] == i).sum()) for i, c in enumerate(CLASSES)}
        if name != "unknown":
            expected = np.mean([f1_score(true[mine], m[mine], labels=[0, 2], average="macro") for m in predicted])
            assert report.metrics["macro_f1"].value == pytest.approx(expected)
            assert report.metrics["macro_f1"].n == number
            one = f1_score(true[mine], predicted[0][mine], average=None, labels=[0, 1, 2], zero_division=0)
            assert report.metrics["f1_V"].by_seed[0] == pytest.approx(one[2])
    assert reports["women"].patients_by_class == {"N": 5, "S": 0, "V": 5}
    assert reports["unknown"].label == "unknown (1 patient)"


def test_a_class_that_a_group_lacks_has_no_number_there(ward):
    reports = report_by_group(*ward, CLASSES)
    assert "f1_S" not in reports["women"].metrics
    assert "recall_S" not in reports["women"].metrics
    assert "f1_S" in reports["men"].metrics
    assert reports["unknown"].metrics == {}
    table = group_table(reports, ["macro_f1", "f1_S"]).set_index("group")
    assert table.loc["women", "f1_S"] == table.loc["unknown", "macro_f1"] == ""
    assert table.loc["men", "f1_S"].startswith(f"{reports['men'].metrics['f1_S'].value:.3f} (")
    assert table.loc["women", "patients with S"] == "0 (0 beats)"


def test_intervals_are_those_of_a_plain_loop(ward):
    true, predicted, groups, patients = ward
    report = report_by_group(*ward, CLASSES, resamples=4000)["women"].metrics["macro_f1"]
    mine = groups == "women"
    reference = resampled(np.random.default_rng(9), true[mine], predicted[:, mine], patients[mine], macro, 1500)
    assert [report.low, report.high] == pytest.approx(np.percentile(reference, [2.5, 97.5]), abs=0.004)


def test_the_difference_of_two_groups_is_that_of_a_plain_loop(ward):
    true, predicted, groups, patients = ward
    found = group_difference(*ward, "women", "men", "macro_f1", CLASSES, macro_over=("N", "V"), resamples=4000)
    reports = report_by_group(*ward, CLASSES)
    assert found.value == pytest.approx(
        reports["women"].metrics["macro_f1"].value - reports["men"].metrics["macro_f1"].value
    )
    draws = []
    for seed, name in enumerate(("women", "men")):
        mine = groups == name
        rng = np.random.default_rng([5, seed])
        draws.append(resampled(rng, true[mine], predicted[:, mine], patients[mine], macro, 1500))
    assert [found.low, found.high] == pytest.approx(np.percentile(draws[0] - draws[1], [2.5, 97.5]), abs=0.006)
    assert found.p_value < 0.01
    assert (found.n, found.method) == (11, "two-sample patient bootstrap")
    back = group_difference(*ward, "men", "women", "macro_f1", CLASSES, macro_over=("N", "V"), resamples=4000)
    assert back.value == pytest.approx(-found.value)


def test_groups_that_do_not_differ_are_not_told_apart():
    """With equal skill a p-value below 0.05 is rare."""
    rng = np.random.default_rng(2)
    patients, groups = np.repeat(np.arange(20), 60), np.repeat(["a", "b"], 600)
    small = 0
    for _ in range(40):
        true = rng.integers(0, 2, 1200)
        predicted = np.where(rng.random(1200) < 0.8, true, 1 - true)
        small += group_difference(true, predicted, groups, patients, "a", "b", "accuracy", ("N", "V")).p_value < 0.05
    assert small <= 7


def test_recall_of_one_class(ward):
    true, predicted, groups, _ = ward
    found = group_difference(*ward, "women", "men", "recall_V", CLASSES)
    both = [
        np.mean([recall_score(true[groups == g], m[groups == g], labels=[2], average="macro") for m in predicted])
        for g in ("women", "men")
    ]
    assert found.value == pytest.approx(both[0] - both[1])


def test_ages_and_sexes():
    assert [age_group(age, (40, 65)) for age in (39, 40, 64, 65, float("nan"), None)] == [
        "under 40 years",
        "40 to 64 years",
        "40 to 64 years",
        "65 years or more",
        "unknown",
        "unknown",
    ]
    assert [sex_group(sex) for sex in ("F", "M", None)] == ["women", "men", "unknown"]


def test_ages_come_in_their_order():
    ages = np.repeat([30, 35, 65, 70, 80, 85], 10)
    groups = np.array([age_group(age) for age in ages])
    reports = report_by_group(np.tile([0, 2], 30), np.zeros(60, int), groups, ages, CLASSES)
    assert list(reports) == ["under 60 years", "60 to 74 years", "75 years or more"]


def test_what_is_refused(ward):
    true, predicted, groups, patients = ward
    with pytest.raises(ECGError, match="two groups"):
        report_by_group(true, predicted, np.where(np.arange(len(true)) == 0, "men", groups), patients, CLASSES)
    with pytest.raises(ECGError, match="differ in length"):
        report_by_group(true, predicted, groups[1:], patients, CLASSES)
    with pytest.raises(ECGError, match="can't be compared"):
        report_by_group(true, predicted, patients, patients, CLASSES)
    with pytest.raises(ECGError, match="at least two patients"):
        group_difference(*ward, "women", "unknown", "accuracy", CLASSES)
    with pytest.raises(ECGError, match="no beat of class S"):
        group_difference(*ward, "women", "men", "macro_f1", CLASSES)
    with pytest.raises(ECGError, match="unknown metric"):
        group_difference(*ward, "women", "men", "weighted_f1", CLASSES)
    with pytest.raises(ECGError, match="edges that rise"):
        age_group(50, (75, 60))
    with pytest.raises(ECGError, match="F, M or None"):
        sex_group("x")


@pytest.mark.real_data
def test_the_test_patients_of_mitbih(real_data):
    """What chapter 19 says of them: no woman has a fusion beat, and one woman has most S beats."""
    from ecglib.databases import MITBIH
    from ecglib.databases.aami import aami_classes
    from ecglib.databases.splits import DS2

    records = list(MITBIH(real_data).read_all([name for name in DS2 if name != "202"], progress=False))
    true = np.concatenate([aami_classes(record.beats.symbols) for record in records])
    patients = np.concatenate([np.full(len(record.beats), record.patient) for record in records])
    sexes = np.concatenate([np.full(len(record.beats), sex_group(record.sex)) for record in records])
    ages = np.concatenate([np.full(len(record.beats), age_group(record.age)) for record in records])
    by_sex = report_by_group(true, true, sexes, patients, macro_over=("N", "S", "V", "F"))
    assert {name: report.patients for name, report in by_sex.items()} == {"men": 10, "women": 11}
    assert by_sex["women"].patients_by_class["F"] == 0
    assert by_sex["women"].macro_over == ("N", "S", "V")
    by_age = report_by_group(true, true, ages, patients, macro_over=("N", "S", "V", "F"))
    assert [report.patients for report in by_age.values()] == [6, 7, 6, 2]
    assert list(by_age)[-1] == "unknown"
    assert (true[patients == "232"] == 1).sum() > 0.8 * by_sex["women"].beats_by_class["S"]
