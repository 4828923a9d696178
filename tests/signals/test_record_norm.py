"""A record measured by itself."""

import numpy as np
import pytest
import scipy.stats

from ecglib.errors import SignalQualityError
from ecglib.signals.record_norm import beside_typical, beside_usual, typical_beats


@pytest.fixture
def beats():
    windows = np.random.default_rng(0).standard_normal((30, 2, 50)).astype(np.float32)
    return windows, np.repeat(["100", "101", "102"], 10)


def test_typical_beat_is_the_median(beats):
    windows, records = beats
    np.testing.assert_allclose(typical_beats(windows, records)["101"], np.median(windows[10:20], axis=0), rtol=1e-6)


def test_an_amplifier_changes_nothing(beats):
    windows, records = beats
    louder = windows * np.where(records == "101", 3, 1)[:, None, None]
    np.testing.assert_allclose(beside_typical(louder, records), beside_typical(windows, records), rtol=1e-4, atol=1e-5)


def test_other_records_change_nothing(beats):
    windows, records = beats
    np.testing.assert_array_equal(beside_typical(windows, records)[:10], beside_typical(windows[:10], records[:10]))


def test_difference_and_height(beats):
    windows, records = beats
    found = beside_typical(windows, records)
    typical = np.median(windows[:10], axis=0)
    height = typical.max(axis=1) - typical.min(axis=1)
    np.testing.assert_allclose(found[3, :2] * height[:, None], windows[3], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[3, 2:] * height[:, None], windows[3] - typical, rtol=1e-4, atol=1e-5)


def test_a_flat_record():
    with pytest.raises(SignalQualityError, match="flat"):
        beside_typical(np.ones((3, 1, 10), np.float32), ["100"] * 3)


def test_features_beside_the_usual_ones():
    features = np.random.default_rng(0).standard_normal((40, 3)) * [1, 5, 0.001] + [3, -2, 1]
    records = np.repeat(["100", "101"], 20)
    found = beside_usual(features, records)
    np.testing.assert_allclose(found[20:], features[20:] - np.median(features[20:], axis=0), rtol=1e-5, atol=1e-6)
    spreads = beside_usual(features, records, in_spreads=True)
    expected = scipy.stats.median_abs_deviation(features[:20], scale="normal")
    np.testing.assert_allclose(spreads[:20, :2], found[:20, :2] / expected[:2], rtol=1e-3)
    np.testing.assert_allclose(spreads[:20, 2], found[:20, 2] / 0.01, rtol=1e-3)
    assert np.abs(beside_usual([[0.0], [0.0], [9.0]], ["100"] * 3, in_spreads=True)).max() == 20
