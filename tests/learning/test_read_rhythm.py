"""Any ECG in, maps and rhythm scores out; and what is no ECG of one lead, refused with a reason."""

import numpy as np
import pytest
import torch
from scipy.signal import resample_poly

from ecglib.errors import ECGError, RecordTooShortError, SamplingRateError, SignalQualityError
from ecglib.learning.beat_score_map import beat_score_map
from ecglib.learning.read_rhythm import read_rhythm, ten_seconds
from ecglib.models.beat_classifier import BeatClassifier
from ecglib.models.rhythm_cnn import RhythmCNN
from ecglib.signals import bandpass


def heart(seconds, rate):
    """Millivolts at any rate: R and T waves as Gaussians, 75 beats a minute, on a wandering baseline."""
    time = np.arange(round(seconds * rate)) / rate
    signal = 0.3 * np.sin(2 * np.pi * 0.1 * time)
    for beat in np.arange(0.4, seconds, 0.8):
        signal += np.exp(-(((time - beat) / 0.015) ** 2)) + 0.2 * np.exp(-(((time - beat - 0.25) / 0.05) ** 2))
    return signal


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    return {"beat_model": BeatClassifier(), "rhythm_model": RhythmCNN(classes=3)}


@pytest.mark.parametrize(("rate", "up", "down"), [(500, 32, 125), (360, 16, 45), (250, 64, 125), (100, 32, 25)])
def test_signals_are_resampled_and_filtered(rate, up, down):
    signal = heart(10, rate)
    expected = bandpass(resample_poly(signal, up, down, padtype="line"), 128)
    found = ten_seconds(signal, rate)
    assert found.shape == (1, 1280)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], expected, atol=1e-5)


@pytest.mark.parametrize("rate", [100, 125, 200, 250, 257, 300, 333.3, 360, 500, 512, 1000])
def test_the_same_heart_looks_the_same_at_every_rate(rate):
    expected = ten_seconds(heart(10, 128), 128)
    found = ten_seconds(heart(10, rate), rate)
    assert found.shape == (1, 1280)
    assert np.abs(found - expected)[:, 64:-64].max() < 0.02


def test_longer_signals_are_read_ten_by_ten_seconds_and_the_rest_is_left_out():
    signal = heart(34.9, 250)
    found = ten_seconds(signal, 250)
    assert found.shape == (3, 1280)
    whole = bandpass(resample_poly(signal, 64, 125, padtype="line"), 128)
    np.testing.assert_allclose(found.ravel(), whole[:3840], atol=1e-5)


def test_maps_and_scores_are_those_of_the_two_networks(networks):
    signal = heart(20, 360)
    maps, scores = read_rhythm(signal, 360, **networks, device="cpu")
    assert maps.shape == (2, 6, 37)
    assert scores.shape == (2, 3)
    expected = beat_score_map(networks["beat_model"], ten_seconds(signal, 360), device="cpu")
    np.testing.assert_array_equal(maps, expected)
    with torch.no_grad():
        logits = networks["rhythm_model"].eval()(torch.from_numpy(maps)).double().numpy()
    raised = np.exp(logits)
    np.testing.assert_allclose(scores, raised / raised.sum(axis=1, keepdims=True), atol=1e-6)


def test_neither_unit_nor_rate_matters(networks):
    """Millivolts at 500 samples a second or microvolts at 250: the same heart gives nearly the same map."""
    maps, scores = read_rhythm(heart(10, 500), 500, **networks, device="cpu")
    same_maps, same_scores = read_rhythm(1000 * heart(10, 250), 250, **networks, device="cpu")
    np.testing.assert_allclose(same_maps, maps, atol=0.02)
    np.testing.assert_allclose(same_scores, scores, atol=0.02)


def test_a_signal_a_sample_short_of_ten_seconds_is_read():
    """2,999 samples at 300 Hz still reach over the last of the 1,280."""
    assert ten_seconds(heart(10, 300)[:-1], 300).shape == (1, 1280)


def test_lists_and_integers_are_read():
    counts = np.round(200 * heart(10, 128)).astype(int)
    np.testing.assert_array_equal(ten_seconds(counts.tolist(), 128), ten_seconds(counts.astype(float), 128))


@pytest.mark.parametrize("shape", [(1, 5000), (12, 5000), (5000, 2), ()])
def test_another_shape_is_refused(shape):
    with pytest.raises(ECGError, match=r"expected shape \(samples,\).*What to do: choose one lead"):
        ten_seconds(np.ones(shape), 500)


@pytest.mark.parametrize("count", [0, 1, 2560, 4990])
def test_too_short_a_signal_is_refused(count):
    with pytest.raises(RecordTooShortError, match=rf"at least 10 s.*5,000 samples at 500 Hz, found {count:,} samples"):
        ten_seconds(heart(10, 500)[:count], 500)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused(value):
    signal = heart(10, 500)
    signal[700] = value
    with pytest.raises(SignalQualityError, match="What to do"):
        ten_seconds(signal, 500)


def test_a_flat_signal_is_refused():
    with pytest.raises(SignalQualityError, match=r"flat.*What to do"):
        ten_seconds(np.full(5000, 0.7), 500)


def test_flat_stretches_are_refused_and_named():
    signal = heart(40, 360)
    signal[3600:7200] = 0.2
    signal[10800:] = 0.1
    with pytest.raises(SignalQualityError, match="found flat from 10 to 20 s, from 30 to 40 s"):
        ten_seconds(signal, 360)


@pytest.mark.parametrize("rate", [0, -500, 79.9, np.nan, np.inf])
def test_impossible_rates_are_refused(rate):
    with pytest.raises(SamplingRateError, match="at least 80 samples a second"):
        ten_seconds(heart(10, 500), rate)


def test_errors_come_through_from_reading(networks):
    with pytest.raises(RecordTooShortError):
        read_rhythm(heart(9, 500), 500, **networks, device="cpu")


@pytest.mark.parametrize(("stride", "columns"), [(0.0625, 145), (0.5, 19)])
def test_maps_are_made_with_the_stride_of_the_rhythm_classifier(networks, stride, columns):
    signal, rhythm_model = heart(20, 360), RhythmCNN(classes=3, segments=columns)
    pair = {**networks, "rhythm_model": rhythm_model}
    maps, scores = read_rhythm(signal, 360, **pair, stride=stride, device="cpu")
    assert maps.shape == (2, 6, columns)
    expected = beat_score_map(networks["beat_model"], ten_seconds(signal, 360), stride=stride, device="cpu")
    np.testing.assert_array_equal(maps, expected)
    with torch.no_grad():
        wanted = rhythm_model.eval()(torch.from_numpy(maps)).softmax(dim=1).numpy()
    np.testing.assert_allclose(scores, wanted, atol=1e-6)
    with pytest.raises(ECGError, match=rf"expected maps of shape \(batch, 6, {columns}\), found \(2, 6, 37\)"):
        read_rhythm(signal, 360, **pair, device="cpu")
    with pytest.raises(ECGError, match=r"expected maps of shape \(batch, 6, 37\)"):
        read_rhythm(signal, 360, **networks, stride=stride, device="cpu")


def test_a_stride_finer_than_the_samples_is_refused(networks):
    with pytest.raises(SamplingRateError, match="one sample or more"):
        read_rhythm(heart(10, 360), 360, **networks, stride=0.001, device="cpu")


def test_a_rhythm_classifier_made_for_another_stride_is_refused(networks):
    with pytest.raises(ECGError, match=r"expected maps of shape \(batch, 6, 19\)"):
        read_rhythm(heart(10, 128), 128, **{**networks, "rhythm_model": RhythmCNN(segments=19)}, device="cpu")
