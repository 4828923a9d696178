"""Segments of windows and their labels against plain loops; draws against counting."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, zscore

from ecglib.databases import MITBIH, Beats
from ecglib.databases.aami import AAMI_CLASSES, AAMI_OF_SYMBOL
from ecglib.errors import ECGError, SamplingRateError
from ecglib.signals.labelled_segments import SEGMENT_CLASSES, LabelledSegments, labelled_segments
from ecglib.signals.rhythm_windows import RhythmWindows, rhythm_windows
from ecglib.signals.segments import NO_BEAT


def made(count: int = 7, seed: int = 0, rate: int = 360) -> RhythmWindows:
    """Windows of noise at several amplitudes, the first without a beat, with beats of all symbols."""
    random = np.random.default_rng(seed)
    shown = (random.standard_normal((count, 1280)) * np.arange(1, count + 1)[:, None] + 3).astype(np.float32)
    beats = []
    for index in range(count):
        samples = np.sort(random.choice(10 * rate, 14 * bool(index), replace=False))
        beats.append(Beats(samples, random.choice(list(AAMI_OF_SYMBOL), len(samples))))
    name = np.array([f"{index}" for index in range(count)])
    return RhythmWindows(shown, np.full(count, "N"), name, name, np.zeros(count), tuple(beats), float(rate))


def label_by_loop(beats: Beats, rate: int, segment: int, step: int) -> int:
    """Look at every beat in exact fractions of a second."""
    centre, reach = Fraction(segment * step + 64, 128), Fraction(step, 2 * 128)
    near = [
        (abs(Fraction(int(sample), rate) - centre), symbol)
        for sample, symbol in zip(beats.samples, beats.symbols, strict=True)
        if abs(Fraction(int(sample), rate) - centre) <= reach
    ]
    if not near:
        return NO_BEAT
    return AAMI_CLASSES.index(AAMI_OF_SYMBOL[min(near, key=lambda beat: beat[0])[1]])


@pytest.mark.parametrize("rate", [128, 360])
@pytest.mark.parametrize("step", [16, 32, 128])
def test_segments_and_labels_are_those_of_plain_loops(step: int, rate: int) -> None:
    windows = made(rate=rate)
    found = labelled_segments(windows, stride=step / 128)
    count = (1280 - 128) // step + 1
    assert len(found) == 7
    assert found.segments.dtype == np.float32
    assert found.labels.dtype == np.int64
    assert found.segments.shape == (7, count, 128)
    whole = zscore(windows.windows.astype(np.float64), axis=1)
    for window in range(7):
        for segment in range(count):
            start = segment * step
            np.testing.assert_allclose(
                found.segments[window, segment], whole[window, start : start + 128], rtol=0, atol=1e-5
            )
            assert found.labels[window, segment] == label_by_loop(windows.beats[window], rate, segment, step)
    assert (found.labels[0] == NO_BEAT).all()
    assert set(found.labels.ravel().tolist()) == set(range(6))


def test_segments_are_a_view() -> None:
    found = labelled_segments(made())
    assert np.shares_memory(found.segments[0, 0], found.segments[0, 1])


def test_a_stride_finer_than_the_samples() -> None:
    with pytest.raises(SamplingRateError, match="one sample or more"):
        labelled_segments(made(), stride=0.001)


def numbered(labels: np.ndarray) -> LabelledSegments:
    """Segments that carry their own place: window and segment as samples."""
    return LabelledSegments(np.stack(np.indices(labels.shape), axis=-1).astype(np.float32), labels)


@given(
    windows=st.integers(1, 6),
    rows=st.lists(st.integers(0, 5), max_size=6, unique=True),
    most=st.dictionaries(st.sampled_from(SEGMENT_CLASSES), st.integers(0, 12)),
    seed=st.integers(0, 99),
)
@example(windows=6, rows=[5, 0, 3], most={"N": 3, "no beat": 0}, seed=1)
@settings(deadline=None, max_examples=100)
def test_every_draw(windows: int, rows: list[int], most: dict[str, int], seed: int) -> None:
    rows = [row for row in rows if row < windows]
    source = numbered(np.random.default_rng(seed).choice(6, (windows, 9), p=[0.5, 0.1, 0.05, 0.05, 0, 0.3]))
    x, y, window = source.draw(np.array(rows, dtype=np.int64), most=most, seed=seed)
    assert (x.shape, x.dtype, y.dtype, window.dtype) == ((len(y), 2), np.float32, np.int64, np.int64)
    places = [tuple(place) for place in x.astype(int).tolist()]
    offered = [(row, segment) for row in rows for segment in range(9)]
    assert places == [place for place in offered if place in places]  # in order, and none twice
    assert window.tolist() == [row for row, _ in places]
    assert y.tolist() == [source.labels[place] for place in places]
    for label, name in enumerate(SEGMENT_CLASSES):
        there = sum(source.labels[place] == label for place in offered)
        assert np.count_nonzero(y == label) == min(there, most.get(name, there))


def test_every_segment_of_a_class_is_drawn_equally_often() -> None:
    source, draws, kept = numbered(np.zeros((4, 10), dtype=np.int64)), 400, 10
    counts = np.zeros((4, 10))
    for seed in range(draws):
        x, _, _ = source.draw(np.arange(4), most={"N": kept}, seed=seed)
        counts[tuple(x.astype(int).T)] += 1
    expected = draws * kept / 40
    # Drawing without replacement spreads less than the chi-squared distribution, which is thus a safe bound.
    assert ((counts - expected) ** 2 / expected).sum() < chi2.ppf(0.999, 39)
    assert counts.sum() == draws * kept


def test_seeds_repeat_and_differ_and_the_segments_are_a_copy() -> None:
    found = labelled_segments(made())
    first, again, other = (found.draw([1, 2, 3], most={"no beat": 10}, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])
    first[0][:] = 99
    assert found.segments.max() < 99


def test_a_class_that_segments_have_not() -> None:
    with pytest.raises(ECGError, match=r"names among N, S, V, F, Q, no beat, found normal"):
        labelled_segments(made()).draw([0], most={"N": 1, "normal": 1}, seed=0)


def test_the_twins_show_every_frequent_class(twins: Path) -> None:
    found = labelled_segments(rhythm_windows(MITBIH(twins), progress=False))
    counts = np.bincount(found.labels.ravel(), minlength=6)
    assert counts[NO_BEAT] > counts[0] > 0
    assert counts[[1, 2]].min() > 0
    assert SEGMENT_CLASSES[NO_BEAT] == "no beat"


def test_a_stride_longer_than_a_segment_is_refused():
    assert labelled_segments(made(2), stride=1.0).labels.shape == (2, 10)
    with pytest.raises(ECGError, match="gaps between them; expected a stride of 1 s at most"):
        labelled_segments(made(2), stride=1.25)
