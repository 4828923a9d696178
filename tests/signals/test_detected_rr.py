import numpy as np
import pytest

from ecglib.databases.synthetic.chapman import SUBJECTS, make_chapman
from ecglib.errors import RecordTooShortError, SignalQualityError
from ecglib.signals.detected_rr import detected_rr_statistics, r_peaks
from ecglib.signals.filters import bandpass
from ecglib.signals.rr_statistics import rr_statistics
from ecglib.signals.segments import RATE, to_rate


@pytest.fixture(scope="module")
def made():
    """Lead II of every recording of Chapman's twin at 128 Hz, and its true beats in seconds."""
    found = []
    for subject in SUBJECTS:
        recording = make_chapman(subject, 0)
        found.append((bandpass(to_rate(recording.signal[1], 500), RATE), recording.fiducials / 500))
    return found


def test_finds_the_beats_that_the_synthetic_heart_made(made):
    hits = misses = extra = 0
    for signal, beats in made:
        inside = beats[(beats > 0.3) & (beats < 9.7)]
        peaks = r_peaks(signal, RATE) / RATE
        assert (np.diff(peaks) > 0).all()
        near = np.abs(inside[:, None] - peaks[None]) < 0.08
        hits += near.any(axis=1).sum()
        misses += (~near.any(axis=1)).sum()
        extra += (~near.any(axis=0) & (peaks > 0.38) & (peaks < 9.62)).sum()
    assert misses < 0.03 * hits
    assert extra < 0.03 * hits


def test_statistics_are_those_of_the_peaks(made):
    signals = np.stack([signal for signal, _ in made[:4]])
    found = detected_rr_statistics(signals, RATE, progress=False)
    for row, signal in zip(found, signals, strict=True):
        np.testing.assert_array_equal(row, rr_statistics(r_peaks(signal, RATE), RATE))


def test_too_few_peaks_are_nan_and_not_an_error():
    signals = np.zeros((3, 1280))
    signals[1, 600:610] = 1
    found = detected_rr_statistics(signals, RATE, progress=False)
    assert found.shape == (3, 5)
    assert np.isnan(found).all()


def test_height_and_offset_play_no_part(made):
    signal = made[0][0]
    np.testing.assert_array_equal(r_peaks(1000 * signal, RATE), r_peaks(signal, RATE))


@pytest.mark.parametrize("count", [0, 3, 127])
def test_refuses_less_than_a_second(count):
    with pytest.raises(RecordTooShortError, match=rf"128 samples at 128 Hz, found {count}\. What to do"):
        r_peaks(np.sin(np.arange(count)), RATE)
    assert r_peaks(np.sin(np.arange(128)), RATE).dtype == np.int64


def test_refuses_nan():
    with pytest.raises(SignalQualityError, match="1 of 1,280 NaN"):
        r_peaks(np.where(np.arange(1280) == 7, np.nan, np.sin(np.arange(1280))), RATE)
