"""Reports by split: each is the report that the split calls for, on its own test beats."""

import numpy as np
import pytest

from ecglib.databases.splits import Split
from ecglib.evaluation import classification_report
from ecglib.evaluation.by_split import ROWS, interval_table, reports_by_split


@pytest.fixture(scope="module")
def drawn():
    random = np.random.default_rng(0)
    classes = random.integers(0, 5, 900)
    patients = random.choice(["100", "103", "105", "111"], 900)
    cuts = {
        name: Split(name, np.arange(0), np.arange(0), np.sort(random.permutation(900)[:count]))
        for name, count in (("intra", 500), ("blocked", 400), ("inter", 300))
    }
    scores = {name: random.dirichlet(np.ones(5), (2, len(cut.test))) for name, cut in cuts.items()}
    return classes, patients, cuts, scores


def test_each_report_is_that_of_its_own_test_beats(drawn):
    classes, patients, cuts, scores = drawn
    reports = reports_by_split(*drawn, resamples=60, seed=3)
    for name, cut in cuts.items():
        between = {"patients": patients[cut.test], "macro_over": ("N", "S", "V", "F")} if name == "inter" else {}
        wanted = classification_report(
            classes[cut.test], scores[name].argmax(-1), scores=scores[name], resamples=60, seed=3, **between
        )
        assert reports[name] == wanted
    assert reports["inter"]["macro_f1"].method == "patient bootstrap"
    assert reports["blocked"]["macro_f1"].method == "beat bootstrap"
    four = [reports["inter"][f"f1_{name}"].value for name in "NSVF"]
    assert reports["inter"]["macro_f1"].value == pytest.approx(np.mean(four))
    assert reports["intra"]["macro_f1"].value == pytest.approx(
        np.mean([*(reports["intra"][f"f1_{name}"].value for name in "NSVFQ")])
    )


def test_a_table_holds_every_number_with_its_interval(drawn):
    reports = reports_by_split(*drawn, resamples=60)
    table = interval_table(reports)
    assert list(table.index) == list(ROWS)
    assert list(table.columns) == ["intra", "blocked", "inter"]
    interval = reports["blocked"]["f1_F"]
    assert table.loc["f1_F", "blocked"] == f"{interval.value:.3f} ({interval.low:.3f}–{interval.high:.3f})"
