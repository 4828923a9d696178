"""Labels from brackets and back: by hand, sample by sample, and on LUDB."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecglib.databases import LUDB, PTBXL
from ecglib.databases.record import NOT_MARKED, Waves
from ecglib.errors import AnnotationError, ECGError
from ecglib.signals.wave_labels import UNKNOWN, WAVES, labelled_waves, wave_labels, waves_of_labels


def waves(*rows):
    kinds, onsets, peaks, offsets = zip(*rows, strict=True)
    return Waves(np.array(kinds), np.array(onsets), np.array(peaks), np.array(offsets))


BEAT = (("P", 20, 25, 30), ("QRS", 40, 44, 50), ("T", 60, 70, 80))


def test_by_hand_at_the_same_rate():
    found = wave_labels(waves(*BEAT), 100, 100, 100)
    expected = np.repeat([-1, 1, 0, 2, 0, 3, -1], [20, 11, 9, 11, 9, 21, 19])
    np.testing.assert_array_equal(found, expected)


def test_by_hand_at_a_fifth_of_the_rate():
    """A sample at 0.01 k s lies in a wave whose brackets, in 1/500 s, are at or around 5 k."""
    found = wave_labels(waves(("P", 11, 15, 19), ("QRS", 25, 30, 36), ("T", 41, 42, 44)), 52, 500, 100)
    np.testing.assert_array_equal(found, [-1, -1, -1, 1, 0, 2, 2, 2, 0, -1, -1])


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (("QRS", NOT_MARKED, 44, 50), {31: UNKNOWN, 43: UNKNOWN, 44: 2, 50: 2, 51: 0, 30: 1}),
        (("QRS", 40, 44, NOT_MARKED), {39: 0, 40: 2, 44: 2, 45: UNKNOWN, 59: UNKNOWN, 60: 3}),
        (("QRS", NOT_MARKED, 44, NOT_MARKED), {31: UNKNOWN, 43: UNKNOWN, 44: 2, 45: UNKNOWN, 59: UNKNOWN}),
    ],
)
def test_around_a_wave_without_a_bracket_nothing_is_known(missing, expected):
    found = wave_labels(waves(BEAT[0], missing, BEAT[2]), 100, 100, 100)
    assert {at: found[at] for at in expected} == expected


def test_a_bracket_missing_at_either_end_ends_the_span():
    found = wave_labels(waves(("P", NOT_MARKED, 25, 30), BEAT[1], ("T", 60, 70, NOT_MARKED)), 100, 100, 100)
    assert np.flatnonzero(found != UNKNOWN)[[0, -1]].tolist() == [25, 70]
    assert (found[25:71] != UNKNOWN).all()


def test_of_overlapping_waves_the_later_one_counts():
    found = wave_labels(waves(BEAT[0], ("QRS", 40, 44, 64), ("T", 60, 70, 80)), 100, 100, 100)
    np.testing.assert_array_equal(found[38:82], np.repeat([0, 2, 3, UNKNOWN], [2, 20, 21, 1]))
    early = wave_labels(waves(("P", 20, 25, 45), BEAT[1], BEAT[2]), 100, 100, 100)
    np.testing.assert_array_equal(early[20:52], np.repeat([1, 2, 0], [20, 11, 1]))


def test_without_waves_nothing_is_known():
    assert (wave_labels(Waves(np.array([], "<U3"), *np.zeros((3, 0), np.int64)), 500, 500) == UNKNOWN).all()


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_every_sample_has_the_wave_at_its_instant(data):
    """The slow way: each sample asks each wave, in exact integers, whether it lies between its brackets."""
    rate, new = data.draw(st.sampled_from([(500, 100), (500, 250), (360, 128), (100, 100), (128, 500)]))
    borders = sorted(data.draw(st.sets(st.integers(0, 599), min_size=2, max_size=30)))
    pairs = list(zip(borders[::2], borders[1::2], strict=False))
    kinds = [data.draw(st.sampled_from(WAVES)) for _ in pairs]
    marked = waves(*((kind, on, (on + off) // 2, off) for kind, (on, off) in zip(kinds, pairs, strict=True)))
    found = wave_labels(marked, 600, rate, new)
    assert len(found) == -(-600 * new // rate)
    for k, label in enumerate(found):
        inside = [WAVES.index(kind) + 1 for kind, (on, off) in zip(kinds, pairs, strict=True)
                  if on * new <= k * rate <= off * new]  # fmt: skip
        span = pairs[0][0] * new <= k * rate <= pairs[-1][1] * new
        assert label == (inside[0] if inside else 0 if span else UNKNOWN)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(2, 40)), min_size=1, max_size=20))
def test_labels_become_waves_and_the_same_labels_again(runs):
    labels = np.repeat(*np.array(runs).T)
    found = waves_of_labels(labels, 100)
    again = np.maximum(wave_labels(found, len(labels), 100, 100), 0)
    np.testing.assert_array_equal(again, labels)
    assert (found.offsets >= found.onsets + 1).all()


def test_stretches_too_short_for_a_wave_are_left_out():
    labels = np.repeat([0, 1, 0, 2, 0, 3, -1], [5, 1, 5, 2, 5, 9, 3])
    assert waves_of_labels(labels, 100).kinds.tolist() == ["QRS", "T"]
    assert waves_of_labels(labels, 500).kinds.tolist() == []
    assert waves_of_labels(np.repeat(labels, 5), 500).kinds.tolist() == ["QRS", "T"]


def test_other_kinds_and_other_orders_are_refused():
    with pytest.raises(AnnotationError, match="also U"):
        wave_labels(waves(("P", 1, 2, 3), ("U", 5, 6, 7)), 10, 100)
    with pytest.raises(AnnotationError, match="back in time"):
        wave_labels(waves(BEAT[1], BEAT[0]), 100, 100)
    for labels in ([[0, 1]], [0, 4], [0.5], []):
        with pytest.raises(ECGError, match="stand for no waves"):
            waves_of_labels(labels)


def test_a_database_with_waves(twins):
    ludb = LUDB(twins)
    found = labelled_waves(ludb, ["3", "1"], progress=False)
    assert (found.names.tolist(), len(found)) == (["3", "1"], 2)
    record = ludb.read("1")
    np.testing.assert_array_equal(found.signals[1], record.lead("II")[:5000])
    np.testing.assert_array_equal(found.labels[1], wave_labels(record.waves["II"], 5000, 500, 100))
    other = labelled_waves(ludb, ["1"], lead="V3", progress=False)
    assert (other.labels[0] != found.labels[1]).any()


def test_a_database_without_waves_is_refused(twins):
    with pytest.raises(AnnotationError, match="no waves are marked in lead II"):
        labelled_waves(PTBXL(twins), ["00001_lr"], progress=False)


@pytest.mark.real_data
def test_real_counts(real_data):
    names = [str(number) for number in range(1, 201, 8)]
    found = labelled_waves(LUDB(real_data), names, progress=False)
    assert found.labels.shape == (25, 1000)
    for labels, marked in zip(found.labels, found.waves, strict=True):
        for label, wave in enumerate(WAVES, start=1):
            of = marked.of(wave)
            whole = (of.onsets != NOT_MARKED) & (of.offsets != NOT_MARKED)
            seconds = (of.offsets - of.onsets + 1)[whole].sum() / 500
            assert (labels == label).sum() / 100 == pytest.approx(
                seconds, abs=0.006 * whole.sum() + 0.1 * (~whole).sum()
            )
    shares = [(found.labels == label).mean() for label in (UNKNOWN, 0, 1, 2, 3)]
    assert 0.2 < shares[0] < 0.35
    assert shares[1] > shares[4] > max(shares[2], shares[3])
