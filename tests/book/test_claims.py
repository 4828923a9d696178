from pathlib import Path

import pytest
import yaml

from ecglib.book.claims import Claim, Effect, Expected, Value, margin, read_claims
from ecglib.errors import ChapterError

ROOT = Path(__file__).parents[2]
OURS, OTHER = "new.task.f1", "old.task.f1"


def claim(**more):
    fields = {"id": "a", "paper": "song2026", "statement": "s", "where": "abstract", "mark": "P"}
    fields |= {"chapter": "10_demo", "metric": OURS}
    return Claim(**(fields | ({"value": Value(0.9, 0.025)} | more)))


@pytest.mark.parametrize(
    ("reported", "nearest", "expected"),
    [
        (0.608, None, 0.05),
        (0.951, None, 0.0123),
        (0.049, None, 0.0123),
        (0.894, 0.869, 0.0125),
        (0.951, 0.958, 0.005),
        (0.99, None, 0.005),
        (0.894, 0.2, 0.0265),
    ],
)
def test_the_margin_follows_from_the_value_and_the_next_method(reported, nearest, expected):
    assert margin(reported, nearest) == expected


def test_a_relative_gain_is_of_the_papers_own_base_where_that_is_known():
    assert Effect(OTHER, gain=27.7, base=0.61).paper_size(ours=0.5) == pytest.approx(0.169, abs=1e-3)
    assert Effect(OTHER, gain=14.27).paper_size(ours=0.5) == pytest.approx(0.07135)
    assert Effect(OTHER, size=0.127).paper_size(ours=0.5) == 0.127
    assert Effect(OTHER).paper_size(ours=0.5) is None


def test_the_one_number_of_a_claim():
    assert claim().reported == 0.9
    assert claim(value=None, question="q", effects=(Effect(OTHER, gain=4.97),)).reported == 4.97
    assert claim(value=None, question="q", effects=(Effect(OTHER), Effect(OTHER, size=0.1))).reported == 0.1
    assert claim(value=None, question="q", effects=(Effect(OTHER),)).reported is None


@pytest.mark.parametrize(
    ("fields", "wrong", "remedy"),
    [
        ({"value": None}, "neither a value nor effects", "value: {reported"),
        ({"value": Value(0.9, 0.0)}, "its margin is 0.0, by the rule 0.025", "write margin: 0.025"),
        ({"value": Value(0.9, 0.05)}, "by the rule 0.025", "write margin: 0.025"),
        ({"value": Value(95.1, 0.05)}, "95.1 is reported", "between 0 and 1"),
        ({"value": Value(0.9, 0.025, sense="near")}, "'near' is no sense", "at most"),
        ({"value": Value(0.9, 0.025, guard="old")}, "no name of a metric", "three parts"),
        ({"effects": (Effect(OTHER),)}, "effects and no question", "write question:"),
        ({"question": "q", "effects": (Effect("old.task.dice"),)}, "of another metric", "ends in .f1"),
        ({"question": "q", "effects": (Effect(OTHER, size=27.7),)}, "the size 27.7", "or as gain: in percent"),
        ({"question": "q", "effects": (Effect(OTHER, size=0.1, gain=2.0),)}, "a size and a gain", "keep one"),
        ({"question": "q", "effects": (Effect(OTHER, gain=-7.0),)}, "the gain -7.0", "turn the comparison round"),
        ({"question": "q", "effects": (Effect(OTHER, gain=7.0, base=61.0),)}, "the base 61.0", "between 0 and 1"),
        ({"question": "q", "effects": (Effect(OTHER, size=0.1, base=0.5),)}, "the base 0.5", "beside a gain"),
        ({"question": "q", "effects": (Effect(OTHER, significant=False),)}, "significant: false, guard: None", "only"),
        ({"question": "q", "effects": (Effect(OTHER, guard=OTHER),)}, "significant: true, guard: old", "only there"),
        ({"paper": "smith"}, "'smith' is no paper", "song2026"),
        ({"mark": "Z"}, "'Z' is no mark", "P, S, T, I"),
        ({"expected": {"tpu": Expected(1, 0, 2)}}, "expected names tpu", "smoke, cpu, gpu"),
        ({"expected": {"cpu": Expected(3, 0, 2)}}, "doesn't hold its value", "ecgbook expect --scale cpu"),
        ({"metric": "f1"}, "no name of a metric", "three parts"),
    ],
)
def test_a_claim_that_is_not_well_formed_says_what_to_write(fields, wrong, remedy):
    with pytest.raises(ChapterError) as caught:
        claim(**fields)
    assert wrong in str(caught.value)
    assert remedy in str(caught.value)


FILE = """\
questions:
  first: Is it better?
claims:
- id: a
  paper: song2026
  statement: "A colon: kept."
  where: abstract
  mark: P
  chapter: 10_demo
  metric: new.task.f1
  value: {reported: 0.9, margin: 0.025}
- id: b
  paper: song2026
  statement: s
  where: abstract
  mark: I
  chapter: 10_demo
  metric: new.task.f1
  effects:
  - {over: old.task.f1, size: 0.1}
  question: first
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("question: first", "question: second", "claim b: there is no question second; expected one of first"),
        ("  chapter: 10_demo\n", "", "claim a has no chapter"),
        ("mark: P", "mark: P\n  worth: 1", "claim a has the unknown field worth"),
        ("margin: 0.025", "margins: 0.025", "claim a: value is {'reported': 0.9, 'margins': 0.025}"),
        ("reported: 0.9, ", "", "claim a: value is {'margin': 0.025}"),
        ("{over: old.task.f1, size: 0.1}", "{size: 0.1}", "claim b: effects is {'size': 0.1}"),
        ("over: old.task.f1", "over: old.task.dice", "claim b: its effect over old.task.dice is one of another metric"),
        ("- id: b", "- id: a", "claim a stands there twice"),
        ("margin: 0.025", "margin: 0", "claim a: its margin is 0, by the rule 0.025"),
        ("claims:", "claims: {", "the claims cannot be read"),
    ],
)
def test_a_bad_entry_is_named_in_one_message_with_the_file(tmp_path, old, new, message):
    file = tmp_path / "claims.yml"
    assert old in FILE
    file.write_text(FILE.replace(old, new, 1))
    with pytest.raises(ChapterError) as caught:
        read_claims(file)
    assert str(caught.value).startswith(str(file))
    assert message in str(caught.value)
    assert "What to do:" in str(caught.value)


@pytest.mark.parametrize("text", ["- id: a", "a: b: c", "[1]", "claims: 3"])
def test_a_file_in_another_form_is_refused_with_its_name(tmp_path, text):
    file = tmp_path / "claims.yml"
    file.write_text(text)
    with pytest.raises(ChapterError, match=r"claims\.yml"):
        read_claims(file)


def test_a_file_is_read_whole(tmp_path):
    file = tmp_path / "claims.yml"
    file.write_text(FILE)
    claims = read_claims(file)
    assert [entry.id for entry in claims] == ["a", "b"]
    assert claims.questions == {"first": "Is it better?"}


def test_the_books_claims_are_well_formed_and_their_marks_are_honest():
    claims = read_claims(ROOT / "claims.yml")
    assert {claim.paper for claim in claims} == {"song2026", "jeong2024", "rizqyawan2026"}
    numbers = {claim.id: claim.reported for claim in claims}
    assert numbers["song2026-cnn-lstm-f1"] == 0.951
    assert numbers["jeong2024-pi-bsm-afib-f1"] == 0.779
    assert numbers["rizqyawan2026-ablation-soft1-hard-50-ludb-f1"] == 0.911
    sizes = {claim.id: claim.effects[0].paper_size(0.5) for claim in claims if claim.effects}
    assert sizes["rizqyawan2026-exponent-ludb"] == pytest.approx(0.911 - 0.784)
    assert sizes["rizqyawan2026-soft-rhythm-ludb"] == pytest.approx(0.895 - 0.802)
    assert sizes["rizqyawan2026-ludb-ts2vec-order"] == pytest.approx(0.894 - 0.869)
    assert sizes["rizqyawan2026-exponent-ptbxl"] == pytest.approx(0.622 - 0.247)
    assert sizes["jeong2024-afib-gain"] == pytest.approx(0.779 - 0.610, abs=1e-3)
    assert sizes["jeong2024-chapman-gain"] == pytest.approx(0.8736 - 0.8322, abs=1e-3)
    assert sum(claim.headline for claim in claims) == 10
    assert all(claim.regime or claim.out_of_scope or claim.requires for claim in claims)


def test_no_verdict_is_typed():
    entries = yaml.safe_load((ROOT / "claims.yml").read_text(encoding="utf-8"))["claims"]
    assert not any("verdict" in entry or "answer" in entry for entry in entries)
