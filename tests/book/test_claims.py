from pathlib import Path

import pytest
import yaml
from scipy import stats

from ecglib.book.claims import (
    Claim,
    Expected,
    expected_range,
    expected_ranges,
    judge,
    read_claims,
    write_expected,
)
from ecglib.book.results import Metric, Results, difference_name
from ecglib.errors import ChapterError

ROOT = Path(__file__).parents[2]
OURS, OTHER, THIRD = "new.task.f1", "old.task.f1", "third.task.f1"


def absolute(value=0.9, baseline=0.5, **more):
    return Claim("a", "song2026", "s", "abstract", "P", "absolute", "10_demo", OURS, value, baseline=baseline, **more)


def gain(value=10.0, **more):
    return Claim("g", "song2026", "s", "abstract", "P", "relative_gain", "10_demo", OURS, value, (OTHER,), **more)


def ordering(*versus, **more):
    return Claim("o", "song2026", "s", "abstract", "P", "ordering", "10_demo", OURS, None, versus or (OTHER,), **more)


def run(metrics, scale="cpu", data=None, chapter="10_demo"):
    data = {"mitbih": {"version": "1", "records": 48, "sha256": "x", "synthetic": False}} if data is None else data
    return {chapter: Results(chapter, scale, {"data": data}, metrics)}


def verdict(claim, *interval, **metrics):
    value, low, high = interval
    return judge(claim, run({OURS: Metric(value, low, high)} | metrics), "cpu").verdict


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((0.88, 0.85, 0.91), "reproduced"),
        ((0.95, 0.93, 0.97), "reproduced"),
        ((0.88, 0.85, 0.90), "reproduced"),
        ((0.88, 0.501, 0.95), "reproduced"),
        ((0.80, 0.75, 0.899), "direction holds"),
        ((0.80, 0.501, 0.85), "direction holds"),
        ((0.80, 0.50, 0.95), "inconclusive"),
        ((0.70, 0.40, 0.90), "inconclusive"),
        ((0.60, 0.50, 0.70), "not reproduced"),
        ((0.60, 0.40, 0.899), "not reproduced"),
        ((0.40, 0.30, 0.50), "not reproduced"),
        ((0.40, 0.30, 0.45), "not reproduced"),
    ],
)
def test_an_absolute_claim_is_placed_between_paper_and_baseline(interval, expected):
    assert verdict(absolute(), *interval) == expected


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((0.90, 0.85, 0.95), "inconclusive"),
        ((0.95, 0.94, 0.96), "reproduced"),
        ((0.91, 0.90, 0.92), "not reproduced"),
        ((0.80, 0.75, 0.85), "not reproduced"),
    ],
)
def test_a_baseline_above_the_papers_value_has_to_be_beaten(interval, expected):
    assert verdict(absolute(baseline=0.93), *interval) == expected


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((0.32, 0.28, 0.36), "reproduced"),
        ((0.20, 0.15, 0.25), "reproduced"),
        ((0.40, 0.35, 0.45), "direction holds"),
        ((0.40, 0.30, 0.55), "inconclusive"),
        ((0.45, 0.35, 0.55), "not reproduced"),
        ((0.60, 0.55, 0.65), "not reproduced"),
    ],
)
def test_at_most_is_the_mirror_of_at_least(interval, expected):
    assert verdict(absolute(0.3, 0.5, sense="at most"), *interval) == expected
    mirrored = tuple(1 - end for end in (interval[0], interval[2], interval[1]))
    assert verdict(absolute(0.7, 0.5), *mirrored) == expected


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((0.89, 0.88, 0.899), "reproduced"),
        ((0.89, 0.88, 0.90), "inconclusive"),
        ((0.91, 0.89, 0.93), "inconclusive"),
        ((0.92, 0.90, 0.94), "not reproduced"),
        ((0.95, 0.93, 0.97), "not reproduced"),
    ],
)
def test_a_ceiling_needs_the_whole_interval_below(interval, expected):
    assert verdict(absolute(baseline=None, sense="below"), *interval) == expected


def test_a_baseline_may_be_a_metric_of_another_chapter():
    results = run({OURS: Metric(0.88, 0.85, 0.91)}) | run({OTHER: Metric(0.87)}, chapter="09_before")
    assert judge(absolute(baseline=OTHER), results, "cpu").verdict == "inconclusive"
    results |= run({OTHER: Metric(0.84)}, chapter="09_before")
    assert judge(absolute(baseline=OTHER), results, "cpu").verdict == "reproduced"
    del results["09_before"]
    judged = judge(absolute(baseline=OTHER), results, "cpu")
    assert judged.verdict == "not testable here"
    assert OTHER in judged.reason


def difference(value, low, high, p=0.01, versus=OTHER):
    return {difference_name(OURS, versus): Metric(value, low, high, p_value=p)}


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((0.05, 0.03, 0.07), "reproduced"),
        ((0.10, 0.08, 0.12), "reproduced"),
        ((0.03, 0.01, 0.049), "direction holds"),
        ((0.03, -0.01, 0.06), "inconclusive"),
        ((0.03, 0.0, 0.05), "inconclusive"),
        ((0.01, -0.01, 0.03), "not reproduced"),
        ((-0.03, -0.05, -0.01), "not reproduced"),
    ],
)
def test_a_relative_gain_is_judged_in_percent_of_the_other(interval, expected):
    metrics = {OURS: Metric(0.55), OTHER: Metric(0.5), **difference(*interval)}
    judged = judge(gain(10.0), run(metrics), "cpu")
    assert judged.verdict == expected
    assert judged.ours[0].value == pytest.approx(100 * interval[0] / 0.5)


@pytest.mark.parametrize("missing", [OTHER, difference_name(OURS, OTHER)])
def test_a_relative_gain_without_its_parts_is_not_testable(missing):
    metrics = {OURS: Metric(0.55), OTHER: Metric(0.5), **difference(0.05, 0.03, 0.07)}
    del metrics[missing]
    judged = judge(gain(), run(metrics), "cpu")
    assert judged.verdict == "not testable here"
    assert missing in judged.reason


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((0.05, 0.01), (0.04, 0.02), "reproduced"),
        ((0.05, 0.01), (0.02, 0.20), "direction holds"),
        ((0.05, 0.03), (0.04, 0.04), "inconclusive"),
        ((0.05, 0.30), (0.02, 0.20), "inconclusive"),
        ((0.05, 0.01), (-0.01, 0.40), "inconclusive"),
        ((0.05, 0.01), (0.0, 1.0), "inconclusive"),
        ((0.05, 0.01), (-0.04, 0.02), "not reproduced"),
    ],
)
def test_an_ordering_is_judged_by_corrected_paired_tests(first, second, expected):
    metrics = {OURS: Metric(0.9)}
    for (value, p), other in zip((first, second), (OTHER, THIRD), strict=True):
        metrics |= difference(value, value - 0.02, value + 0.02, p, other)
    judged = judge(ordering(OTHER, THIRD), run(metrics), "cpu")
    assert judged.verdict == expected
    assert [metric.value for metric in judged.ours] == [first[0], second[0]]


def test_holms_correction_is_made_over_all_differences_of_the_chapter():
    alone = {OURS: Metric(0.9), **difference(0.05, 0.01, 0.09, 0.04)}
    assert judge(ordering(), run(alone), "cpu").verdict == "reproduced"
    among = alone | {"a.task.f1_minus_b": Metric(0.1, 0.0, 0.2, p_value=0.5)}
    assert judge(ordering(), run(among), "cpu").verdict == "inconclusive"


def test_an_ordering_without_a_p_value_is_not_testable():
    metrics = {OURS: Metric(0.9), **difference(0.05, 0.01, 0.09, None)}
    judged = judge(ordering(), run(metrics), "cpu")
    assert judged.verdict == "not testable here"
    assert "p-value" in judged.reason


GOOD = {OURS: Metric(0.95, 0.94, 0.96)}


@pytest.mark.parametrize(
    ("claim", "results", "reason"),
    [
        (absolute(), {}, "chapter 10_demo has no results"),
        (absolute(), run({}), "did not record new.task.f1"),
        (absolute(), run({OURS: Metric(0.95)}), "has no interval"),
        (absolute(), run(GOOD, data={"mitbih": {"records": 48, "synthetic": True}}), "synthetic"),
        (absolute(), run(GOOD, scale="smoke"), "synthetic"),
        (absolute(requires={"mitbih": 49}), run(GOOD), "49 records of mitbih, of which this ran on 48"),
        (absolute(requires={"ptbxl": 21799}), run(GOOD), "21,799 records of ptbxl, of which this ran on 0"),
        (absolute(requires={"mitbih": 48}), run(GOOD, data={}), "48 records of mitbih, of which this ran on 0"),
    ],
)
def test_what_is_missing_is_said(claim, results, reason):
    judged = judge(claim, results, "cpu")
    assert judged.verdict == "not testable here"
    assert reason in judged.reason


def test_what_was_run_stands_beside_an_untestable_claim():
    assert judge(absolute(requires={"mitbih": 49}), run(GOOD), "cpu").ours == (GOOD[OURS],)
    assert judge(absolute(requires={"mitbih": 48}), run(GOOD), "cpu").verdict == "reproduced"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: absolute(value=None), "has no value"),
        (lambda: absolute(baseline=None), "unless it is a ceiling"),
        (lambda: absolute(sense="below"), "unless it is a ceiling"),
        (lambda: absolute(sense="near"), "sense is one of"),
        (lambda: absolute(expected={"tpu": Expected(1, 0, 2)}), "by scale"),
        (lambda: absolute(expected={"cpu": Expected(3, 0, 2)}), "holds its own value"),
        (lambda: gain(baseline=0.5), "only an absolute claim"),
        (lambda: Claim("x", "smith", "s", "w", "P", "absolute", "10_a", OURS, 1.0, baseline=0.5), "paper is one of"),
        (lambda: Claim("x", "song2026", "s", "w", "Z", "absolute", "10_a", OURS, 1.0, baseline=0.5), "mark is one of"),
        (lambda: Claim("x", "song2026", "s", "w", "P", "ordering", "10_a", OURS), "at least one"),
        (lambda: Claim("x", "song2026", "s", "w", "P", "ordering", "10_a", OURS, 1.0, (OTHER,)), "no value"),
        (lambda: Claim("x", "song2026", "s", "w", "P", "relative_gain", "10_a", OURS, 1.0), "one metric in versus"),
        (lambda: ordering("old.task.accuracy"), "cannot be subtracted"),
        (lambda: absolute(baseline="old"), "no name of a metric"),
    ],
)
def test_a_claim_that_contradicts_itself_is_refused(make, message):
    with pytest.raises(ChapterError, match=message):
        make()


@pytest.mark.parametrize("seeds", [(0.90, 0.91, 0.92), tuple(0.9 + 0.001 * k for k in range(10))])
def test_the_range_of_reruns_is_the_prediction_interval_for_a_mean_of_new_seeds(seeds):
    mean = sum(seeds) / len(seeds)
    found = expected_range(Metric(mean, by_seed=seeds))
    spread = stats.tstd(seeds) * (2 / len(seeds)) ** 0.5
    low, high = stats.t.interval(0.99, len(seeds) - 1, loc=mean, scale=spread)
    assert low - 1e-3 <= found.low <= low
    assert high <= found.high <= high + 1e-3


def test_99_of_100_honest_reruns_stay_inside_the_range():
    import numpy as np

    rng = np.random.default_rng(0)
    inside, trials = 0, 1000
    for _ in range(trials):
        first, again = rng.normal(0.9, 0.004, (2, 5))
        found = expected_range(Metric(float(first.mean()), by_seed=tuple(first)))
        inside += found.low <= again.mean() <= found.high
    assert 0.98 <= inside / trials <= 1.0


def test_a_range_never_reaches_the_baseline():
    wide = Metric(0.6, by_seed=(0.5, 0.6, 0.7))
    assert expected_range(wide).low < 0.45 < expected_range(wide, 0.45).low + 1e-9
    assert expected_range(wide, 0.75).high == 0.75


def test_a_number_that_no_seed_changes_has_a_narrow_range():
    found = expected_range(Metric(109494.0))
    assert (found.value, found.low, found.high) == (109494.0, pytest.approx(109384.506), pytest.approx(109603.494))
    assert expected_range(Metric(0.0)) == Expected(0.0, 0.0, 0.0)


@pytest.mark.parametrize("seeds", [(0.9,), (0.9, 0.91)])
def test_one_or_two_seeds_give_no_range(seeds):
    with pytest.raises(ChapterError, match="three seeds"):
        expected_range(Metric(0.9, by_seed=seeds))


FILE = """\
# A comment to keep.
- id: first
  paper: song2026
  statement: "A colon: kept."
  where: abstract
  mark: P
  kind: absolute
  value: 0.951
  chapter: 10_demo
  metric: new.task.f1
  baseline: 0.2
  expected: {gpu: {value: 0.94, low: 0.93, high: 0.95}}
  why: Because.

# Another.
- id: second
  paper: song2026
  statement: s
  where: abstract
  mark: I
  kind: absolute
  value: 0.951
  chapter: 10_demo
  metric: third.task.f1
  sense: below
"""


def test_ranges_are_written_and_everything_else_stays(tmp_path):
    file = tmp_path / "claims.yml"
    file.write_text(FILE)
    ranges = {"first": Expected(0.93, 0.92, 0.94), "second": Expected(0.9, 0.89, 0.91)}
    assert write_expected(file, "cpu", ranges) == ["first", "second"]
    first, second = read_claims(file)
    assert first.expected == {"gpu": Expected(0.94, 0.93, 0.95), "cpu": ranges["first"]}
    assert second.expected == {"cpu": ranges["second"]}
    kept = [line for line in file.read_text().splitlines() if "expected:" not in line]
    assert kept == [line for line in FILE.splitlines() if "expected:" not in line]
    assert file.read_text().count("\n  why: Because.\n\n# Another.\n- id: second") == 1
    before = file.read_bytes()
    assert write_expected(file, "cpu", ranges) == []
    assert file.read_bytes() == before


def test_a_range_stands_with_its_claim_and_not_below_the_comment_on_the_next(tmp_path):
    file = tmp_path / "claims.yml"
    file.write_text(FILE.replace("  why: Because.\n", "").replace("# Another.\n", "# Another\n#\n# paper.\n"))
    write_expected(file, "cpu", {name: Expected(0.93, 0.92, 0.94) for name in ("first", "second")})
    first, second = file.read_text().split("\n# Another\n#\n# paper.\n")
    assert "cpu" in first.rstrip("\n").splitlines()[-1]
    assert "cpu" in second.rstrip("\n").splitlines()[-1]


def test_an_unknown_claim_or_a_file_in_another_form_changes_nothing(tmp_path):
    file = tmp_path / "claims.yml"
    file.write_text(FILE)
    with pytest.raises(ChapterError, match="no such claim"):
        write_expected(file, "cpu", {"third": Expected(1, 1, 1)})
    assert file.read_text() == FILE
    other = yaml.safe_dump(yaml.safe_load(FILE), default_flow_style=True)
    file.write_text(other)
    with pytest.raises(ChapterError, match="cannot be written"):
        write_expected(file, "cpu", {"second": Expected(0.9, 0.89, 0.91)})
    assert file.read_text() == other


def test_ranges_are_computed_for_what_was_measured_on_real_data():
    claims = [absolute(baseline=OTHER), absolute(requires={"mitbih": 49})]
    metrics = {OURS: Metric(0.6, 0.5, 0.7, by_seed=(0.5, 0.6, 0.7)), OTHER: Metric(0.45)}
    found = expected_ranges(claims[:1], run(metrics))
    assert found["a"] == expected_range(metrics[OURS], 0.45)
    assert expected_ranges(claims[1:], run(metrics)) == {}
    assert expected_ranges(claims[:1], run(metrics, scale="smoke")) == {}
    assert expected_ranges(claims[:1], run(metrics), chapters=["11_other"]) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- id: a",
        "- [1]",
        "a: b",
        "- {",
        FILE.replace("value: 0.951", "worth: 1", 1),
        FILE.replace("second", "first"),
    ],
)
def test_a_malformed_file_is_refused_with_its_name(tmp_path, text):
    file = tmp_path / "claims.yml"
    file.write_text(text)
    with pytest.raises(ChapterError, match=r"claims\.yml"):
        read_claims(file)


def test_the_books_claims_are_well_formed_and_their_marks_are_honest():
    claims = read_claims(ROOT / "claims.yml")
    assert {claim.paper for claim in claims} == {"song2026", "jeong2024", "rizqyawan2026"}
    assert {claim.mark for claim in claims} == {"P", "S", "T", "I"}
    numbers = {claim.id: claim.value for claim in claims}
    assert numbers["song2026-cnn-lstm-f1"] == 0.951
    for claim in claims:
        if claim.kind == "absolute" and isinstance(claim.baseline, str):
            baseline = [other for other in claims if other.metric == claim.baseline and other.kind == "absolute"]
            for other in baseline:
                worse = claim.value < other.value
                assert (claim.sense == "at most") == worse, (
                    f"{claim.id}: its sense contradicts the paper's own baseline"
                )
