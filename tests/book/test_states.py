"""Chains of confirmations are followed from the library of a run to today's, and in no other direction."""

import json
from pathlib import Path

import pytest

from ecglib.book.results import Results
from ecglib.book.states import (
    CONFIRMATIONS,
    CONFIRMED,
    EXECUTED,
    STALE,
    UNVERIFIED,
    confirmed_from,
    read_confirmations,
    state_of,
    states,
)
from ecglib.errors import ChapterError


def step(old: str, new: str, equal: bool = True, chapter: str = "10_cnn") -> dict:
    return {"chapters": {chapter: {"from": old, "to": new, "equal": equal}}}


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([], UNVERIFIED),
        ([step("old", "today")], CONFIRMED),
        ([step("old", "between"), step("between", "today")], CONFIRMED),
        ([step("between", "today"), step("old", "between")], CONFIRMED),
        ([step("old", "between")], UNVERIFIED),
        ([step("today", "old")], UNVERIFIED),
        ([step("old", "between"), step("today", "between")], UNVERIFIED),
        ([step("old", "today", equal=False)], UNVERIFIED),
        ([step("old", "between"), step("between", "today", equal=False)], UNVERIFIED),
        ([step("old", "today"), step("old", "today", equal=False)], UNVERIFIED),
        ([step("old", "today", chapter="11_cnn_lstm")], UNVERIFIED),
        ([step("old", "between"), step("between", "old"), step("between", "today")], CONFIRMED),
    ],
)
def test_only_a_chain_of_equal_steps_confirms(steps, state):
    made = Results("10_cnn", "cpu", {"source_sha256": "code", "ecglib_sha256": "old"})
    assert state_of(made, ("code", "today"), steps) == state
    assert state_of(made, ("code", "old"), steps) == EXECUTED
    assert state_of(made, ("other code", "today"), steps) == STALE
    assert state_of(made, None, steps) == STALE


def test_a_circle_ends():
    assert confirmed_from([step("a", "b"), step("b", "a")], "10_cnn", "a") == {"a", "b"}


@pytest.mark.parametrize(
    "text", ["{", "{}x", '["x"]', '[{"chapters": {"10_cnn": {"from": "a"}}}]', '[{"chapters": 1}]']
)
def test_damaged_confirmations_are_refused(tmp_path, text):
    (tmp_path / "results").mkdir()
    (tmp_path / CONFIRMATIONS).write_text(text)
    with pytest.raises(ChapterError, match=r"confirmations\.json.*git checkout"):
        read_confirmations(tmp_path)


def test_the_books_own_results_have_states():
    from ecglib.book.pages import committed_runs

    root = Path(__file__).parents[2]
    runs = committed_runs(root)
    found = states(root, runs)
    assert len(found) == sum(map(len, runs.values()))
    assert json.dumps(sorted(set(found.values()))) != "[]"
