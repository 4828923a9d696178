from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import stats

from ecglib.book.claims import Claim, Effect, Expected, Value, read_claims
from ecglib.book.expected import Spreads, expected_range, expected_ranges, write_expected
from ecglib.book.judge import seed_differences
from ecglib.book.rerun import compare
from ecglib.book.results import Metric, Results, read_folder
from ecglib.errors import ChapterError

ROOT = Path(__file__).parents[2]
OURS, OTHER = "new.task.f1", "old.task.f1"
REAL = {"data": {"mitbih": {"records": 48, "sha256": "x", "synthetic": False}}}


def results(metrics, chapter="10_demo"):
    return Results(chapter, "cpu", REAL, metrics)


def seeds(name, *by_seed):
    return {name: Metric(sum(by_seed) / len(by_seed), by_seed=by_seed)}


def test_alone_a_metric_has_students_prediction_interval_for_a_mean_of_new_seeds():
    by_seed = (0.90, 0.91, 0.92)
    metrics = seeds(OURS, *by_seed)
    found = expected_range(OURS, metrics[OURS], Spreads([results(metrics)]), {})
    low, high = stats.t.interval(0.99, 2, loc=0.91, scale=stats.tstd(by_seed) * (2 / 3) ** 0.5)
    assert found.low == pytest.approx(low, abs=2e-5)
    assert found.high == pytest.approx(min(high, 1.0), abs=2e-5)


def test_metrics_of_a_group_lend_each_other_their_spread():
    """Twenty metrics of one spread: the group's is known, so the one that looks quiet is not believed."""
    rng = np.random.default_rng(0)
    metrics = {}
    for k in range(20):
        metrics |= seeds(f"m{k}.task.f1", *rng.normal(0.8, 0.01, 3))
    metrics |= seeds(OURS, 0.8, 0.803, 0.806) | seeds("quiet.other.f1", 0.8, 0.803, 0.806)
    spreads = Spreads([results(metrics)])
    deviation, freedom = spreads.of(OURS, metrics[OURS].by_seed)
    assert deviation == pytest.approx(0.01, rel=0.4)
    assert freedom > 20
    assert spreads.of("quiet.other.f1", metrics[OURS].by_seed)[0] == pytest.approx(0.003), "another task lends nothing"


def test_a_group_whose_members_differ_lends_little():
    rng = np.random.default_rng(1)
    metrics = {}
    for k in range(30):
        metrics |= seeds(f"m{k}.task.f1", *rng.normal(0.5, 10 ** rng.uniform(-5, -1), 3))
    assert Spreads([results(metrics)]).of(OURS, (0.5, 0.6, 0.7))[1] < 4


def test_shares_end_at_zero_and_one_and_others_do_not():
    wide = (0.2, 0.9, 0.95)
    spreads = Spreads([])
    share = expected_range("a.b.f1", Metric(0.68, by_seed=wide), spreads, {})
    assert (share.low, share.high) == (0.0, 1.0)
    effect = expected_range("a.b.imbalance_effect", Metric(0.68, by_seed=wide), spreads, {})
    assert effect.low < 0 < 1 < effect.high


def test_a_baseline_that_the_seeds_tell_it_from_is_noted_and_another_is_not():
    ours, spreads = Metric(0.9, by_seed=(0.89, 0.90, 0.91)), Spreads([])
    far, near = Metric(0.5, by_seed=(0.49, 0.5, 0.51)), Metric(0.89, by_seed=(0.90, 0.88, 0.89))
    found = expected_range(OURS, ours, spreads, {OTHER: far, "near.task.f1": near})
    assert set(found.ahead) == {OTHER}
    assert found.ahead[OTHER][0] > 0
    assert (found.low, found.high) == (expected_range(OURS, ours, spreads, {}).low, found.high), "nothing is clipped"


def test_a_number_that_no_seed_changes_has_a_narrow_range():
    found = expected_range("a.b.beats", Metric(109494.0), Spreads([]), {})
    assert (found.low, found.high) == (pytest.approx(109384.506), pytest.approx(109603.494))


@pytest.mark.parametrize("by_seed", [(0.9,), (0.9, 0.91)])
def test_one_or_two_seeds_give_no_range(by_seed):
    with pytest.raises(ChapterError, match="three seeds"):
        expected_range(OURS, Metric(0.9, by_seed=by_seed), Spreads([]), {})


# The book's own claims.


@pytest.fixture(scope="module")
def published():
    return read_folder(ROOT / "results" / "cpu")


@pytest.fixture(scope="module")
def claims():
    return read_claims(ROOT / "claims.yml")


def test_the_committed_ranges_are_those_that_the_command_writes(claims, published):
    ranges = expected_ranges(claims, published)
    assert {claim.id: claim.expected["cpu"] for claim in claims if "cpu" in claim.expected} == ranges


def test_98_of_100_honest_reruns_stay_inside_the_ranges(published, claims, capsys):
    """Draw the published seeds and those of a rerun from one distribution, whose spread is as likely as the data allow.

    Every claim's metric, and every difference by which it is told from a baseline.
    """
    rng, trials, spread = np.random.default_rng(0), 200, {}
    spreads = Spreads(published.values())
    for chapter in published.values():
        for name, metric in chapter.metrics.items():
            if len(metric.by_seed) > 2:
                spread[name] = (metric.value, *spreads.of(name, metric.by_seed), len(metric.by_seed))
    ranged = [claim for claim in claims if "cpu" in claim.expected and claim.metric in spread]
    told = {(claim.metric, over) for claim in ranged for over in claim.expected["cpu"].ahead if over in spread}
    inside = dict.fromkeys([*sorted({claim.metric for claim in ranged}), *sorted(told)], 0)
    groups = {name.split(".", 1)[1] for name in spread if any(name in np.atleast_1d(key) for key in inside)}
    drawn = {name: facts for name, facts in spread.items() if name.split(".", 1)[1] in groups}
    for _ in range(trials):
        run, again = {}, {}
        for name, (value, deviation, freedom, n) in drawn.items():
            truth = deviation * np.sqrt(freedom / rng.chisquare(freedom))
            seeds_of_both = rng.normal(value, truth, (2, n))
            run[name] = Metric(float(seeds_of_both[0].mean()), by_seed=tuple(seeds_of_both[0]))
            again[name] = float(seeds_of_both[1].mean())
        lent = Spreads([results(run)])
        for key in inside:
            name, over = (key, None) if isinstance(key, str) else key
            by_seed = run[name].by_seed if over is None else seed_differences(run[name], run[over])
            moved = again[name] - (0 if over is None else again[over])
            half = lent.half_width(name, by_seed, len(by_seed), 1 if over is None else 2)
            inside[key] += abs(moved - float(np.mean(by_seed))) <= half
    with capsys.disabled():
        print("\nShare of honest reruns inside their range:")
        for key, count in inside.items():
            print(f"  {count / trials:.3f} {key if isinstance(key, str) else ' minus '.join(key)}")
    assert np.mean([count / trials for count in inside.values()]) >= 0.98


def test_a_collapse_onto_a_baseline_fails_wherever_a_claim_is_ahead(claims, published):
    """One by one, every claim that is told from a baseline is moved onto it, in value and in every seed."""
    lookup = {name: metric for chapter in published.values() for name, metric in chapter.metrics.items()}
    collapses = 0
    for claim in claims:
        for over in claim.expected["cpu"].ahead if "cpu" in claim.expected else ():
            own = published[claim.chapter]
            metrics = own.metrics | {claim.metric: lookup[over], over: lookup[over]}
            fallen = Results(own.chapter, "cpu", own.provenance, metrics)
            (found,) = compare([claim], {own.chapter: fallen}, {"cpu": published})
            assert found.state == "failed", (claim.id, over)
            collapses += 1
    assert collapses > 0


def test_the_published_run_lies_inside_its_own_ranges(claims, published):
    assert {entry.state for entry in compare(claims, published, {"cpu": published})} == {"held"}


# The file.

FILE = """\
# A comment to keep.
questions:
  q: Is it better?
claims:
- id: first
  paper: song2026
  statement: "A colon: kept."
  where: abstract
  mark: P
  chapter: 10_demo
  metric: new.task.f1
  effects:
  - {over: old.task.f1, size: 0.1}
  question: q
  expected: {gpu: {value: 0.94, low: 0.93, high: 0.95}}
  why: Because.

# Another.
- id: second
  paper: song2026
  statement: s
  where: abstract
  mark: I
  chapter: 10_demo
  metric: third.task.f1
  value: {reported: 0.951, margin: 0.0123}
"""


def test_ranges_are_written_and_everything_else_stays(tmp_path):
    file = tmp_path / "claims.yml"
    file.write_text(FILE)
    ranges = {"first": Expected(0.93, 0.92, 0.94, {OTHER: (0.1, 0.2)}), "second": Expected(0.9, 0.89, 0.91)}
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
    assert [path.name for path in tmp_path.iterdir()] == ["claims.yml"]


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
    assert [path.name for path in tmp_path.iterdir()] == ["claims.yml"]


def test_ranges_are_computed_for_what_was_measured_on_real_data():
    def claim(**more):
        return Claim("a", "song2026", "s", "w", "P", "10_demo", OURS, value=Value(0.6, 0.05), **more)

    run = {"10_demo": results(seeds(OURS, 0.59, 0.60, 0.61) | seeds(OTHER, 0.2, 0.21, 0.22))}
    compared = claim(effects=(Effect(OTHER),), question="q")
    assert set(expected_ranges([compared], run)["a"].ahead) == {OTHER}
    assert expected_ranges([claim(requires={"mitbih": 49})], run) == {}
    assert expected_ranges([claim(out_of_scope="private")], run) == {}
    smoke = {"10_demo": Results("10_demo", "smoke", REAL, run["10_demo"].metrics)}
    assert expected_ranges([claim()], smoke) == {}
    assert expected_ranges([claim()], run, chapters=["11_other"]) == {}
    assert seed_differences(run["10_demo"].metrics[OURS], run["10_demo"].metrics[OTHER]) == pytest.approx((0.39,) * 3)
