"""The intervals around a beat, against plain loops, and against what a rhythm must look like."""

import numpy as np
import pytest

from ecglib.errors import AnnotationError, RecordTooShortError
from ecglib.signals.rhythm_context import CAUSAL_FEATURES, RHYTHM_FEATURES, rhythm_context

RATE = 360.0


def column(context, name):
    return context[:, RHYTHM_FEATURES.index(name)]


@pytest.fixture
def beats():
    steps = np.random.default_rng(0).integers(150, 500, 120)
    return np.cumsum(steps)


def test_against_a_plain_loop(beats):
    found = rhythm_context(["100"] * len(beats), beats, RATE)
    intervals = np.diff(beats) / RATE
    usual = np.median(intervals)
    for beat in range(25, 90):
        before, after = intervals[beat - 1], intervals[beat]
        around = np.log(intervals[beat - 21 : beat + 20])
        local = np.median(around)
        spread = np.median(np.abs(around - local))
        expected = {
            "previous": before,
            "next": after,
            "previous_to_record": np.log(before / usual),
            "next_to_record": np.log(after / usual),
            "previous_to_last_ten": np.log(before) - np.median(np.log(intervals[beat - 11 : beat - 1])),
            "previous_to_around": np.log(before) - local,
            "next_to_around": np.log(after) - local,
            "previous_to_next": np.log(before / after),
            "previous_to_earlier": np.log(before / intervals[beat - 2]),
            "next_to_later": np.log(after / intervals[beat + 1]),
            "around_to_record": local - np.log(usual),
            "irregularity": np.median(np.abs(np.diff(around))),
            "earliness": (np.log(before) - local) / max(spread, 0.03),
            "rank": np.mean(around < np.log(before)),
        }
        assert tuple(expected) == RHYTHM_FEATURES
        np.testing.assert_allclose(found[beat], list(expected.values()), rtol=1e-5, atol=1e-5)


def test_a_beat_that_comes_early_stands_out():
    samples = np.arange(60) * 300
    samples[30] -= 100
    found = rhythm_context(["100"] * 60, samples, RATE)
    assert column(found, "earliness").argmin() == 30
    assert column(found, "previous_to_next").argmin() == 30
    assert column(found, "rank")[30] == 0


def test_a_regular_rhythm_has_no_context():
    found = rhythm_context(["100"] * 60, np.arange(60) * 360, RATE)
    np.testing.assert_allclose(column(found, "previous"), 1)
    np.testing.assert_allclose(found[:, 2:], 0, atol=1e-6)


def test_causal_features_do_not_see_what_comes_after(beats):
    later = beats.copy()
    later[61:] += 77
    before, after = (rhythm_context(["100"] * len(beats), samples, RATE)[10:61] for samples in (beats, later))
    for name in CAUSAL_FEATURES:
        np.testing.assert_array_equal(column(before, name), column(after, name))
    assert (column(before, "next")[-1] != column(after, "next")[-1]).all()


def test_records_do_not_see_each_other(beats):
    two = rhythm_context(["100"] * len(beats) + ["101"] * len(beats), np.append(beats, 2 * beats), RATE)
    alone = rhythm_context(["101"] * len(beats), 2 * beats, RATE)
    np.testing.assert_array_equal(two[len(beats) :], alone)


def test_a_clock_twice_as_fast_changes_nothing(beats):
    names = ["100"] * len(beats)
    np.testing.assert_allclose(
        rhythm_context(names, beats, RATE), rhythm_context(names, 2 * beats, 2 * RATE), rtol=1e-6
    )


def test_a_short_record_is_described():
    assert np.isfinite(rhythm_context(["100"] * 3, [0, 300, 700], RATE)).all()


def test_too_few_beats():
    with pytest.raises(RecordTooShortError, match="2"):
        rhythm_context(["100"] * 2, [0, 360], RATE)


@pytest.mark.parametrize("samples", [[0, 300, 300, 600], [0, 300, 200, 600]])
def test_beats_out_of_order(samples):
    with pytest.raises(AnnotationError, match="order"):
        rhythm_context(["100"] * 4, samples, RATE)
