import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ecglib.book.claims import Claim, Claims, Effect, Value
from ecglib.book.judge import (
    BAD,
    GOOD,
    HALF,
    answer_effect,
    answer_none,
    answer_value,
    claim_verdict,
    is_share,
    judge,
    seed_differences,
)
from ecglib.book.results import Metric, Results, difference_name

OURS, OTHER, THIRD = "new.task.f1", "old.task.f1", "third.task.f1"


def claim(name="a", *, effects=(), value=None, **more):
    fields = {"paper": "song2026", "statement": "s", "where": "abstract", "mark": "P", "chapter": "10_demo"}
    fields |= {"metric": OURS, "question": "q", "value": value, "effects": tuple(effects)}
    return Claim(name, **(fields | more))


def measured(metrics, scale="cpu", data=None, chapter="10_demo"):
    data = {"mitbih": {"version": "1", "records": 48, "sha256": "x", "synthetic": False}} if data is None else data
    return Results(chapter, scale, {"data": data}, metrics)


def verdicts(claims, *results):
    runs = {}
    for result in results:
        runs.setdefault(result.scale, {})[result.chapter] = result
    questions = {entry.question: "?" for entry in claims}
    return judge(Claims(tuple(claims), questions), runs)


def one(entry, metrics, **more):
    (judged,) = verdicts([entry], measured(metrics, **more))
    return judged


def difference(value, low, high, versus=OTHER, by_seed=(), n=1000):
    return {difference_name(OURS, versus): Metric(value, low, high, n=n, by_seed=by_seed), versus: Metric(0.5)}


# Value.


@pytest.mark.parametrize(
    ("interval", "answer"),
    [
        ((0.88, 0.92), "matches"),
        ((0.875, 0.925), "matches"),
        ((0.93, 0.95), "higher"),
        ((0.80, 0.87), "lower"),
        ((0.85, 0.92), "undecided"),
        ((0.88, 0.93), "undecided"),
        ((0.50, 0.99), "undecided"),
    ],
)
def test_a_value_is_answered_by_the_whole_interval(interval, answer):
    assert answer_value(*interval, Value(0.9, 0.025)) == answer


@pytest.mark.parametrize(
    ("sense", "interval", "answer"),
    [
        ("at least", (0.88, 0.99), "matches"),
        ("at least", (0.93, 0.99), "matches"),
        ("at least", (0.80, 0.87), "lower"),
        ("at least", (0.80, 0.99), "undecided"),
        ("at most", (0.10, 0.92), "matches"),
        ("at most", (0.93, 0.99), "higher"),
        ("at most", (0.80, 0.99), "undecided"),
    ],
)
def test_only_one_side_counts_where_the_sense_says_so(sense, interval, answer):
    assert answer_value(*interval, Value(0.9, 0.025, sense=sense)) == answer


shares = st.floats(0.02, 0.98).map(lambda x: round(x, 4))
widths = st.floats(0.0, 0.2).map(lambda x: round(x, 4))
senses = st.sampled_from(["equal", "at least", "at most"])
TURNED = {"matches": "matches", "higher": "lower", "lower": "higher", "undecided": "undecided"}
MIRRORED = {"equal": "equal", "at least": "at most", "at most": "at least"}
RANK = {"lower": 0, "undecided": 1, "higher": 1, "matches": 2}  # as the rule has it: both stand below matches


@given(shares, widths, shares, st.floats(0.005, 0.05), senses)
def test_turning_the_axis_round_turns_the_answer_round(middle, half, reported, margin, sense):
    answer = answer_value(middle - half, middle + half, Value(reported, margin, sense))
    turned = Value(-reported, margin, MIRRORED[sense])
    assert answer_value(-middle - half, -middle + half, turned) == TURNED[answer]


@given(shares, widths, st.floats(0, 1), shares, st.floats(0.005, 0.05), senses)
def test_a_narrower_interval_around_the_same_value_stays_decided(middle, half, share, reported, margin, sense):
    value = Value(reported, margin, sense)
    before = answer_value(middle - half, middle + half, value)
    after = answer_value(middle - half * share, middle + half * share, value)
    assert before == "undecided" or after == before


@given(shares, widths, st.floats(0, 1), shares, st.floats(0.005, 0.05), senses)
def test_a_value_that_moves_towards_the_papers_never_gets_worse(middle, half, share, reported, margin, sense):
    """Where one side counts, from that side."""
    assume(sense == "equal" or (middle < reported) == (sense == "at least"))
    value, nearer = Value(reported, margin, sense), reported + share * (middle - reported)
    before = answer_value(middle - half, middle + half, value)
    after = answer_value(nearer - half, nearer + half, value)
    assert RANK[after] >= RANK[before]


def test_a_value_that_an_honest_baseline_reaches_too_counts_half():
    entry = claim(value=Value(0.9, 0.025, guard=OTHER))
    metrics = {OURS: Metric(0.9, 0.89, 0.91, n=1000)}
    assert one(entry, metrics | difference(0.1, 0.05, 0.15)).verdict == "reproduced"
    judged = one(entry, metrics | difference(0.01, -0.01, 0.03))
    assert (judged.parts[0].answer, judged.verdict) == ("reached by the baseline too", "partly reproduced")


def test_a_baseline_that_was_not_paired_is_compared_as_if_independent():
    entry = claim(value=Value(0.9, 0.025, guard=OTHER))
    ours = {OURS: Metric(0.9, 0.89, 0.91, n=1000)}
    near = one(entry, ours | {OTHER: Metric(0.89, 0.88, 0.90, n=1000)})
    assert (near.parts[0].answer, near.verdict) == ("not distinguished from the baseline", "partly reproduced")
    assert near.parts[0].guard.high - near.parts[0].guard.low == pytest.approx(0.02 * math.sqrt(2), rel=0.01)
    far = one(entry, ours | {OTHER: Metric(0.5, 0.49, 0.51, n=1000)})
    assert far.verdict == "reproduced"


# Effect.


@pytest.mark.parametrize(
    ("interval", "p", "size", "answer"),
    [
        ((-0.02, 0.02), 1.0, 0.1, "absent"),
        ((0.001, 0.02), 0.01, 0.1, "absent"),
        ((-0.009, 0.009), 1.0, None, "absent"),
        ((-0.05, -0.03), 0.01, 0.1, "reversed"),
        ((0.03, 0.12), 0.01, 0.1, "holds"),
        ((0.03, 0.12), 0.01, None, "holds"),
        ((0.03, 0.12), 0.06, 0.1, "undecided"),
        ((0.03, 0.09), 0.01, 0.1, "smaller"),
        ((-0.03, 0.09), 0.30, 0.1, "smaller, if any"),
        ((-0.03, 0.12), 0.30, 0.1, "undecided"),
        ((-0.03, 0.12), 0.30, None, "undecided"),
    ],
)
def test_an_effect_is_answered_by_the_first_rule_that_applies(interval, p, size, answer):
    equivalence = 0.01 if size is None else size / 4
    assert answer_effect(*interval, p, size, equivalence) == answer


@given(st.floats(-0.2, 0.2), st.floats(0.001, 0.2), st.floats(0, 1), st.one_of(st.none(), st.floats(0.01, 0.3)))
def test_a_narrower_difference_stays_decided(middle, half, share, size):
    equivalence = 0.01 if size is None else size / 4

    def answer(half):
        p = 0.001 if abs(middle) > half else 0.5
        return answer_effect(middle - half, middle + half, p, size, equivalence)

    assert answer(half) == "undecided" or answer(half * share) != "undecided"


@given(st.floats(-0.2, 0.2), st.floats(0.001, 0.2))
def test_turning_a_comparison_round_turns_its_answer_round(middle, half):
    p = 0.001 if abs(middle) > half else 0.5
    turned = {"holds": "reversed", "reversed": "holds", "absent": "absent", "undecided": "undecided"}
    answer = answer_effect(middle - half, middle + half, p, None, 0.01)
    assert answer_effect(-middle - half, -middle + half, p, None, 0.01) == turned[answer]


@pytest.mark.parametrize(
    ("interval", "p", "answer"),
    [((0.01, 0.03), 0.01, "differs"), ((-0.01, 0.012), 0.5, "holds"), ((-0.01, 0.02), 0.5, "undecided")],
)
def test_a_difference_that_the_paper_marks_as_none(interval, p, answer):
    assert answer_none(*interval, p, 0.05) == answer


def test_a_mark_of_no_significance_says_little_of_methods_that_are_not_ahead_of_a_baseline():
    entry = claim(effects=[Effect(OTHER, size=0.1, significant=False, guard=THIRD)])
    metrics = {OURS: Metric(0.9, 0.89, 0.91, n=1000)} | difference(0.0, -0.01, 0.01)
    ahead = one(entry, metrics | difference(0.1, 0.05, 0.15, THIRD))
    assert (ahead.parts[0].answer, ahead.verdict) == ("holds", "reproduced")
    level = one(entry, metrics | difference(0.01, -0.05, 0.07, THIRD))
    assert (level.parts[0].answer, level.verdict) == ("reached by the baseline too", "partly reproduced")


def test_other_claims_of_a_question_do_not_help_a_mark_of_no_significance():
    """Its p-value is not corrected: a correction would make it easier to hold."""
    metrics = {OURS: Metric(0.9, 0.89, 0.91, n=1000)} | difference(0.02, 0.002, 0.038)
    metrics |= difference(0.1, 0.05, 0.15, THIRD)
    entry = claim("a", effects=[Effect(OTHER, size=0.4, significant=False, guard=THIRD)])
    others = [claim(name, effects=[Effect(THIRD, size=0.1 + k / 100)]) for k, name in enumerate("bcd")]
    assert verdicts([entry, *others], measured(metrics))[0].verdict == "contradicted"


def test_the_same_comparison_counts_once_in_a_question():
    metrics = {OURS: Metric(0.9)} | difference(0.05, 0.005, 0.095)
    twice = [claim("a", effects=[Effect(OTHER)]), claim("b", effects=[Effect(OTHER, size=0.05)])]
    for judged in verdicts(twice, measured(metrics)):
        assert judged.parts[0].p_corrected == pytest.approx(judged.parts[0].ours.p_value)


def test_a_wide_interval_is_no_proof_of_no_difference():
    """Without the paper's size no interval is narrow enough, so that such a claim can fail."""
    assert answer_none(-0.001, 0.001, 0.9, None) == "undecided"


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        (["matches"], "reproduced"),
        (["matches", "holds"], "reproduced"),
        (["holds", "undecided"], "undecided"),
        (["undecided"], "undecided"),
        (["holds", "absent"], "partly reproduced"),
        (["higher"], "partly reproduced"),
        (["smaller", "undecided"], "partly reproduced"),
        (["reached by the baseline too"], "partly reproduced"),
        (["not distinguished from the baseline", "absent"], "partly reproduced"),
        (["lower"], "contradicted"),
        (["absent", "undecided"], "contradicted"),
        (["smaller", "absent"], "contradicted"),
        (["smaller, if any"], "contradicted"),
        (["differs"], "contradicted"),
    ],
)
def test_the_verdict_follows_from_the_parts(answers, verdict):
    assert claim_verdict(answers) == verdict


@given(st.lists(st.sampled_from(sorted(GOOD | HALF | BAD | {"undecided"})), min_size=1, max_size=4))
def test_a_better_part_never_makes_a_worse_verdict(answers):
    order = ["contradicted", "undecided", "partly reproduced", "reproduced"]
    verdict = claim_verdict(["holds", *answers[1:]])
    if verdict == "undecided":
        assert claim_verdict(answers) in {"undecided", "contradicted", "partly reproduced"}
    else:
        assert order.index(verdict) >= order.index(claim_verdict(answers))


# Seeds, Holm, and what is missing.


def test_a_p_value_knows_the_seeds():
    """The book once called this difference significant: by seed it is +0.079, +0.121 and −0.011."""
    entry, metric = claim(effects=[Effect(OTHER)]), {OURS: Metric(0.9)}
    alone = one(entry, metric | difference(0.063, 0.037, 0.089))
    assert alone.parts[0].answer == "holds"
    seeds = one(entry, metric | difference(0.063, 0.037, 0.089, by_seed=(0.079, 0.121, -0.011)))
    assert seeds.parts[0].answer == "undecided"
    assert seeds.parts[0].ours.p_value > 0.1


def test_older_results_have_their_differences_from_the_two_metrics():
    entry = claim(effects=[Effect(OTHER)])
    metrics = difference(0.063, 0.037, 0.089) | {
        OURS: Metric(0.9, by_seed=(0.579, 0.621, 0.489)),
        OTHER: Metric(0.5, by_seed=(0.5, 0.5, 0.5)),
    }
    assert one(entry, metrics).parts[0].answer == "undecided"


def test_seeds_are_paired_as_far_as_both_have_them():
    three, two = Metric(0.5, by_seed=(0.5, 0.6, 0.7)), Metric(0.4, by_seed=(0.3, 0.5))
    assert seed_differences(three, two) == pytest.approx((0.2, 0.1))
    assert seed_differences(three, Metric(0.4)) == pytest.approx((0.1, 0.2, 0.3))


def test_holm_runs_over_the_claims_of_one_question():
    def judged(*claims):
        metrics = {OURS: Metric(0.9)} | difference(0.05, 0.005, 0.095) | difference(0.01, -0.1, 0.12, THIRD)
        return verdicts(claims, measured(metrics))[0].parts[0]

    first = claim("a", effects=[Effect(OTHER)])
    alone = judged(first)
    assert alone.p_corrected == pytest.approx(alone.ours.p_value)
    same = judged(first, claim("b", effects=[Effect(THIRD)]))
    assert same.p_corrected == pytest.approx(2 * alone.ours.p_value)
    assert (alone.answer, same.answer) == ("holds", "undecided")
    other = judged(first, claim("b", effects=[Effect(THIRD)], question="another"))
    assert other.p_corrected == pytest.approx(alone.ours.p_value)


def test_a_claim_enters_holm_with_the_largest_p_of_its_parts():
    metrics = {OURS: Metric(0.9)} | difference(0.05, 0.04, 0.06) | difference(0.01, -0.1, 0.12, THIRD)
    both = claim("a", effects=[Effect(OTHER), Effect(THIRD)])
    lone = claim("b", effects=[Effect(OTHER, size=0.05)])
    judged = {entry.claim.id: entry for entry in verdicts([both, lone], measured(metrics))}
    assert judged["b"].parts[0].p_corrected == pytest.approx(2 * judged["b"].parts[0].ours.p_value)
    assert judged["a"].parts[1].p_corrected == pytest.approx(judged["a"].parts[1].ours.p_value)


def test_a_size_is_compared_in_the_metrics_units():
    entry = claim(effects=[Effect(OTHER, gain=20.0)])
    metrics = {OURS: Metric(0.55)} | difference(0.05, 0.03, 0.07)
    judged = one(entry, metrics)
    assert judged.parts[0].paper == pytest.approx(0.1)
    assert judged.parts[0].answer == "smaller"


GOOD_METRIC = {OURS: Metric(0.9, 0.89, 0.91, n=1000)}
VALUE = Value(0.9, 0.025)


@pytest.mark.parametrize(
    ("entry", "results", "missing"),
    [
        (claim(value=VALUE), [], "chapter 10_demo has not been run"),
        (claim(value=VALUE), [measured({})], "did not record new.task.f1"),
        (claim(value=VALUE), [measured({OURS: Metric(0.95)})], "has no interval"),
        (claim(value=VALUE), [measured(GOOD_METRIC, data={"mitbih": {"records": 48, "synthetic": True}})], "synthetic"),
        (claim(value=VALUE), [measured(GOOD_METRIC, scale="smoke")], "synthetic"),
        (claim(value=VALUE, requires={"mitbih": 49}), [measured(GOOD_METRIC)], "49 records of mitbih, of which this"),
        (claim(value=VALUE, requires={"ptbxl": 21799}), [measured(GOOD_METRIC)], "21,799 records of ptbxl, of which"),
        (claim(effects=[Effect(OTHER)]), [measured(GOOD_METRIC)], "did not record new.task.f1_minus_old"),
        (claim(value=Value(0.9, 0.025, guard=OTHER)), [measured(GOOD_METRIC)], "no chapter recorded old.task.f1"),
        (
            claim(value=Value(0.9, 0.025, guard=OTHER)),
            [measured(GOOD_METRIC | {OTHER: Metric(0.5)})],
            "old.task.f1 has no interval",
        ),
    ],
)
def test_what_is_missing_is_said(entry, results, missing):
    (judged,) = verdicts([entry], *results)
    assert judged.verdict == "not testable here"
    assert missing in judged.missing
    assert judged.parts == ()


def test_what_was_run_stands_beside_an_untestable_claim():
    assert one(claim(value=VALUE, requires={"mitbih": 49}), GOOD_METRIC).beside == GOOD_METRIC[OURS]


def test_what_nobody_can_rerun_is_out_of_scope_whatever_was_run():
    judged = one(claim(value=VALUE, out_of_scope="a private model"), GOOD_METRIC)
    assert (judged.verdict, judged.missing, judged.parts) == ("out of scope", "a private model", ())


def test_the_largest_scale_that_has_results_is_judged():
    lower = {OURS: Metric(0.7, 0.69, 0.71, n=1000)}
    judged = verdicts([claim(value=VALUE)], measured(lower), measured(GOOD_METRIC, scale="gpu"))
    assert (judged[0].scale, judged[0].verdict) == ("gpu", "reproduced")


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("a.b.macro_f1", True),
        ("a.b.f1_S", True),
        ("a.b.auroc", True),
        ("a.b.wave_dice", True),
        ("a.b.macro_f1_minus_c", False),
        ("a.b.imbalance_effect", False),
        ("a.b.recordings", False),
    ],
)
def test_which_metrics_end_at_zero_and_one(name, share):
    assert is_share(name) is share


def test_one_chapters_claims_are_judged_with_all_of_their_questions():
    """The correction counts the claims of a question on other pages too."""
    metrics = {OURS: Metric(0.9)} | difference(0.05, 0.005, 0.095) | difference(0.01, -0.1, 0.12, THIRD)
    claims = [claim("a", effects=[Effect(OTHER)]), claim("b", effects=[Effect(THIRD)], chapter="11_other")]
    runs = {"cpu": {name: measured(metrics, chapter=name) for name in ("10_demo", "11_other")}}
    (own,) = judge(Claims(tuple(claims), {"q": "?"}), runs, "10_demo")
    assert own == judge(Claims(tuple(claims), {"q": "?"}), runs)[0]
    assert own.parts[0].p_corrected == pytest.approx(2 * own.parts[0].ours.p_value)
