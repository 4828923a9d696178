"""Filters keep the heart's frequencies, take the others away, and move nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import correlate

from ecglib.errors import RecordTooShortError, SamplingRateError, SignalQualityError
from ecglib.signals import bandpass, normalise, remove_baseline

RATE = 360.0
TIME = np.arange(7200) / RATE
MIDDLE = slice(1440, -1440)


def amplitude(signal: np.ndarray) -> float:
    return float(np.sqrt(2) * signal[MIDDLE].std())


def tone(frequency: float) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * TIME)


@pytest.mark.parametrize("frequency", [1.5, 5, 10, 15])
def test_bandpass_keeps_the_heart(frequency):
    assert np.abs(bandpass(tone(frequency), RATE) - tone(frequency))[MIDDLE].max() < 0.02


@pytest.mark.parametrize("frequency", [0.1, 0.2, 60, 100, 150])
def test_bandpass_removes_wander_and_mains(frequency):
    assert amplitude(bandpass(tone(frequency), RATE)) < 0.1


@pytest.mark.parametrize("edge", [0.5, 40.0])
def test_edges_are_where_the_amplitude_is_one_half(edge):
    assert amplitude(bandpass(tone(edge), RATE)) == pytest.approx(0.5, abs=0.02)


def test_remove_baseline_keeps_high_frequencies():
    kept = remove_baseline(tone(60) + tone(0.1) + 3, RATE)
    assert np.abs(kept - tone(60))[MIDDLE].max() < 0.02


@pytest.mark.parametrize("method", [bandpass, remove_baseline])
def test_no_delay(method):
    beat = np.exp(-0.5 * ((TIME - 10) / 0.012) ** 2)
    filtered = method(beat, RATE)
    assert filtered.argmax() == beat.argmax()
    lag = correlate(filtered, beat).argmax() - (len(beat) - 1)
    assert lag == 0


def test_zero_phase_means_time_runs_both_ways():
    noise = np.random.default_rng(0).standard_normal(7200)
    np.testing.assert_allclose(bandpass(noise[::-1], RATE)[::-1][MIDDLE], bandpass(noise, RATE)[MIDDLE], atol=1e-3)


def test_leads_are_filtered_by_themselves_in_float32():
    leads = np.random.default_rng(0).standard_normal((2, 3, 2000)).astype(np.float32)
    together = bandpass(leads, RATE)
    assert together.dtype == np.float32
    assert together.shape == leads.shape
    np.testing.assert_array_equal(together[1, 2], bandpass(leads[1, 2], RATE))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("method", [lambda x: bandpass(x, RATE), lambda x: remove_baseline(x, RATE), normalise])
def test_what_is_no_number_is_refused(method, value):
    signal = np.zeros((2, 2000), np.float32)
    signal[1, 77] = value
    with pytest.raises(SignalQualityError, match="1 of 4,000 NaN or infinite"):
        method(signal)


def test_too_short_is_refused_at_the_exact_length():
    with pytest.raises(RecordTooShortError, match="more than 720 samples"):
        bandpass(np.zeros(720), RATE)
    assert bandpass(np.zeros(721), RATE).shape == (721,)


@pytest.mark.parametrize(
    ("rate", "low", "high"),
    [(80, 0.5, 40), (360, 40, 0.5), (360, 0, 40), (360, 0.5, 180), (0, 0.5, 40), (np.nan, 0.5, 40), (360, np.nan, 40)],
)
def test_impossible_bands_are_refused(rate, low, high):
    with pytest.raises(SamplingRateError):
        bandpass(np.zeros(9000), rate, low, high)


@given(arrays(np.float32, (3, 2, 40), elements=st.floats(-30, 30, width=32)))
@settings(deadline=None, max_examples=50)
def test_normalised_windows_have_mean_0_and_deviation_1(windows):
    normalised = normalise(windows)
    assert np.isfinite(normalised).all()
    flat = np.ptp(windows, axis=-1) == 0
    assert (normalised[flat] == 0).all()
    np.testing.assert_allclose(normalised.mean(axis=-1), 0, atol=1e-4)
    np.testing.assert_allclose(normalised.std(axis=-1)[~flat], 1, atol=1e-3)
