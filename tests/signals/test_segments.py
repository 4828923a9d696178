"""Segments, their centres and their labels against plain loops; resampling against the sine it should have given."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ecglib.errors import AnnotationError, RecordTooShortError, SamplingRateError, SignalQualityError
from ecglib.signals.segments import (
    NO_BEAT,
    RATE,
    SEGMENT_CLASSES,
    STRIDE_SECONDS,
    WITHIN_SECONDS,
    segment_centres,
    segment_labels,
    successive_segments,
    to_rate,
)


def test_ten_seconds_are_37_segments():
    assert successive_segments(np.zeros((3, 1280), np.float32), RATE).shape == (3, 37, 128)
    assert WITHIN_SECONDS == STRIDE_SECONDS / 2 == 0.125
    assert NO_BEAT == 5
    assert SEGMENT_CLASSES == ("N", "S", "V", "F", "Q", "no beat")


@pytest.mark.parametrize("rate", [100, 128, 360, 500])
def test_segments_and_centres_are_those_of_a_plain_loop(rate):
    signal = np.random.default_rng(0).standard_normal((2, 4 * rate + 7)).astype(np.float32)
    found = successive_segments(signal, rate, length=1.0, stride=0.25)
    starts = range(0, signal.shape[1] - rate + 1, rate // 4)
    np.testing.assert_array_equal(found, np.stack([signal[:, start : start + rate] for start in starts], axis=1))
    centres = segment_centres(signal.shape[1], rate, length=1.0, stride=0.25)
    np.testing.assert_allclose(centres, [0.5 + 0.25 * index for index in range(len(starts))])


def test_segments_are_a_view_that_nobody_writes_to():
    signal = np.zeros(1280, np.float32)
    found = successive_segments(signal, RATE)
    assert np.shares_memory(found, signal)
    assert not found.flags.writeable


def test_one_segment_fits_exactly_and_one_sample_less_does_not():
    assert successive_segments(np.zeros(128, np.float32), RATE).shape == (1, 128)
    with pytest.raises(RecordTooShortError, match="at least 128 samples, 1 s at 128 Hz, found 127"):
        successive_segments(np.zeros(127, np.float32), RATE)
    with pytest.raises(RecordTooShortError, match="found 127"):
        segment_labels([], [], 127, RATE)
    with pytest.raises(SamplingRateError, match="one sample"):
        segment_centres(1280, RATE, stride=0.001)


def by_brute_force(beats, classes, samples, size, step, reach):
    """Every beat's distance from every centre, in exact fractions."""
    labels = []
    for start in range(0, samples - size + 1, step):
        centre = start + Fraction(size, 2)
        distances = [abs(beat - centre) for beat in beats]
        best = distances.index(min(distances)) if distances else None
        labels.append(NO_BEAT if best is None or distances[best] > reach else classes[best])
    return labels


@given(
    samples=st.integers(8, 90),
    beats=st.lists(st.integers(0, 95), max_size=25, unique=True).map(sorted),
    size=st.integers(1, 8),
    step=st.integers(1, 9),
    reach=st.integers(0, 12),
    seed=st.integers(0, 99),
)
@example(samples=8, beats=[], size=8, step=1, reach=12, seed=0)  # no beats
@example(samples=8, beats=[2, 6], size=8, step=1, reach=2, seed=1)  # two equally near, at the ends of the reach
@example(samples=8, beats=[7], size=8, step=1, reach=2, seed=0)  # one sample too far
@example(samples=20, beats=[0, 19], size=8, step=4, reach=12, seed=2)  # beats before the first and after the last
@settings(deadline=None, max_examples=200)
def test_labels_are_those_of_brute_force(samples, beats, size, step, reach, seed):
    classes = np.random.default_rng(seed).integers(0, 5, len(beats))
    rate = 10
    found = segment_labels(beats, classes, samples, rate, length=size / rate, stride=step / rate, within=reach / rate)
    assert found.dtype == np.int64
    assert found.tolist() == by_brute_force(beats, classes.tolist(), samples, size, step, reach)


def test_the_earlier_of_two_beats_equally_near_and_the_ends_of_the_reach():
    def label(beats):
        return segment_labels(beats, np.arange(len(beats)), 128, RATE)[0]

    assert label([63, 65]) == 0
    assert label([62, 65]) == 1
    assert label([48]) == label([80]) == 0
    assert label([47]) == label([81]) == label([47, 81]) == NO_BEAT


def test_ties_survive_the_change_of_rate():
    """Beats equally far from 0.5 s at 360 samples a second; a float of a 128th a second may miss that."""
    distances = range(1, 46)
    pairs = [np.array([180 - distance, 180 + distance]) * RATE / 360 for distance in distances]
    assert [segment_labels(pair, [1, 2], 128, RATE).tolist() for pair in pairs] == [[1]] * len(distances)


def test_labels_at_the_rate_of_the_record_are_those_at_the_common_rate():
    random = np.random.default_rng(5)
    beats = np.cumsum(random.integers(100, 500, 100))
    classes = random.integers(0, 5, len(beats))
    samples = 36_000
    recorded = segment_labels(beats, classes, samples, 360)
    common = segment_labels(beats * RATE / 360, classes, samples * RATE // 360, RATE)
    np.testing.assert_array_equal(recorded, common)
    assert set(recorded.tolist()) == {0, 1, 2, 3, 4, NO_BEAT}


def test_beats_must_rise_and_have_classes():
    with pytest.raises(AnnotationError, match=r"order of time.*found 2 that don't"):
        segment_labels([300, 200, 200], [0, 0, 0], 1280, RATE)
    with pytest.raises(AnnotationError, match="2 beats, 1 classes"):
        segment_labels([200, 300], [0], 1280, RATE)


@pytest.mark.parametrize("rate", [100, 128, 250, 360, 500, 257.3])
def test_resampling_gives_the_sine_of_the_new_rate(rate):
    seconds = 10
    tones = [(1.0, 1.3, 0.4), (0.5, 7.1, 1.0), (0.2, 31.0, 2.0)]

    def sample(at):
        time = np.arange(round(seconds * at)) / at
        return 0.7 + sum(height * np.sin(2 * np.pi * tone * time + phase) for height, tone, phase in tones)

    found = to_rate(np.stack([sample(rate), -sample(rate)]), rate)
    assert found.dtype == np.float32
    assert found.shape == (2, seconds * RATE)
    np.testing.assert_array_equal(found[0], -found[1])
    middle = slice(RATE // 2, -RATE // 2)
    assert np.abs(found[0] - sample(RATE))[middle].max() < 0.01
    assert np.abs(found[0] - sample(RATE)).max() < 0.2, "the ends ring"


def test_what_the_new_rate_cannot_hold_is_taken_away():
    time = np.arange(3600) / 360
    assert np.abs(to_rate(np.sin(2 * np.pi * 90 * time), 360)[64:-64]).max() < 0.01


def test_the_same_rate_changes_nothing():
    signal = np.random.default_rng(0).standard_normal(500).astype(np.float32)
    np.testing.assert_allclose(to_rate(signal, 128.0), signal, atol=1e-6)


@pytest.mark.parametrize(
    ("signal", "problem"),
    [
        ([0.0, np.nan, 1.0], "1 of 3 NaN"),
        ([0.0, np.inf, 1.0], "1 of 3 NaN"),
        ([[0.0, 1.0], [2.0, 2.0]], "1 flat of 2"),
        ([], "without samples"),
    ],
)
def test_signals_that_are_refused(signal, problem):
    with pytest.raises(SignalQualityError, match=problem):
        to_rate(signal, 360)


@pytest.mark.parametrize("rate", [0, -360, np.nan, np.inf, 360.0001])
def test_rates_that_are_refused(rate):
    with pytest.raises(SamplingRateError, match="can't be resampled"):
        to_rate([0.0, 1.0], rate)
