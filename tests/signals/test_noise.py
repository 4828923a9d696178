"""Noise has the strength that is stated, the frequencies that its name promises, and its seed decides it."""

import numpy as np
import pytest
from scipy.signal import welch
from scipy.stats import kurtosis

from ecglib.databases import MITBIH
from ecglib.errors import ECGError, RecordTooShortError, SamplingRateError, SignalQualityError
from ecglib.signals import bandpass, beat_windows, cut_windows
from ecglib.signals.noise import NOISES, add_noise, noise_power, noise_windows, qrs_power, record_noise, with_noise

RATE = 360.0
LONG = 600 * 360


def made(kind, seed=0):
    return NOISES[kind](LONG, RATE, np.random.default_rng(seed))


def share(noise, low, high):
    """Share of the power between two frequencies."""
    frequency, density = welch(noise, RATE, nperseg=2**15)
    return density[(frequency >= low) & (frequency < high)].sum() / density.sum()


@pytest.fixture(scope="module")
def ecg():
    """Ten minutes of triangular QRS complexes of 1.2 mV, now and then a ventricular beat twice as high."""
    beats = np.arange(200, LONG - 200, 300)
    signal = np.zeros(LONG)
    triangle = np.interp(np.arange(-18, 19), [-18, 0, 18], [0.0, 1.2, 0.0])
    for index, beat in enumerate(beats):
        signal[beat - 18 : beat + 19] += triangle * (2 if index % 25 == 24 else 1)
    return signal, beats


@pytest.fixture(scope="module")
def cut(twins, tmp_path_factory):
    database = MITBIH(twins)
    return database, beat_windows(database, cache=tmp_path_factory.mktemp("cache"), progress=False)


def test_the_ratio_is_the_one_stated(ecg):
    """Measured again in the test, plainly: sorted heights, loops over seconds."""
    signal, beats = ecg
    heights = sorted(float(max(signal[b - 18 : b + 19]) - min(signal[b - 18 : b + 19])) for b in beats[:300])
    qrs = (sum(heights[15:-15]) / 270) ** 2 / 8
    assert qrs == pytest.approx(1.2**2 / 8)
    for kind in NOISES:
        for decibels in (24, 6, -6):
            added = add_noise(signal, beats, RATE, kind, decibels) - signal
            deviations = sorted(float(np.std(added[360 * s : 360 * (s + 1)])) for s in range(300))
            noise = (sum(deviations[15:-15]) / 270) ** 2
            assert 10 * np.log10(qrs / noise) == pytest.approx(decibels, abs=1e-3), kind


def test_powers_are_those_of_sines():
    time = np.arange(LONG) / RATE
    sine = 0.7 * np.sin(2 * np.pi * 15 * time)
    assert noise_power(sine + 3 * np.floor(time), RATE) == pytest.approx(0.7**2 / 2)
    assert noise_power(sine, RATE) == pytest.approx(0.7**2 / 2)
    assert qrs_power(sine, np.arange(1000, 9000, 37), RATE) == pytest.approx(0.7**2 / 2, rel=0.01)


def test_few_artefacts_do_not_count():
    quiet = 0.1 * np.random.default_rng(0).standard_normal(LONG)
    jolted = quiet.copy()
    jolted[: 10 * 360] += 50 * np.random.default_rng(1).standard_normal(3600)
    assert noise_power(jolted, RATE) == pytest.approx(noise_power(quiet, RATE), rel=0.02)


def test_wander_is_slow():
    assert share(made("baseline wander"), 0, 1.0) > 0.98
    assert share(made("baseline wander"), 0.05, 0.5) > 0.85


def test_muscle_overlaps_the_qrs_and_goes_beyond():
    crackle = made("muscle")
    assert share(crackle, 0, 5) < 0.04
    assert 0.2 < share(crackle, 5, 40) < 0.6
    assert 0.3 < share(crackle, 40, 130) < 0.7


def test_muscle_comes_in_bursts():
    def unsteadiness(noise):
        deviations = noise.reshape(600, 360).std(axis=1)
        return deviations.std() / deviations.mean()

    assert unsteadiness(np.random.default_rng(0).standard_normal(LONG)) < 0.05
    assert 0.3 < unsteadiness(made("muscle")) < 1.0


def test_electrode_motion_jumps():
    """Rare and large, unlike Gaussian noise, and in the band of the ECG, where no filter may go."""
    pushed = made("electrode motion")
    assert kurtosis(pushed) > 2 > 0.5 > abs(kurtosis(made("baseline wander")))
    assert share(bandpass(pushed, RATE), 0.5, 10) * bandpass(pushed, RATE).var() > 0.2 * pushed.var()
    assert share(bandpass(made("baseline wander"), RATE), 0.5, 10) * bandpass(made("baseline wander"), RATE).var() < 0.2


@pytest.mark.parametrize("kind", list(NOISES))
def test_the_seed_decides(kind, ecg):
    np.testing.assert_array_equal(made(kind), made(kind))
    assert abs(np.corrcoef(made(kind), made(kind, seed=1))[0, 1]) < 0.3
    signal, beats = ecg
    weak, strong = (add_noise(signal, beats, RATE, kind, decibels).astype(float) - signal for decibels in (20, 0))
    np.testing.assert_allclose(strong, 10 * weak, atol=2e-5)
    assert add_noise(signal, beats, RATE, kind, 0).dtype == np.float32


def test_kinds_and_records_do_not_share_their_noise(cut):
    database, _ = cut
    first, second = (database.read(name) for name in database.names()[:2])
    length = min(first.signal.shape[1], second.signal.shape[1])
    muscle = record_noise(first, "muscle")[:length]
    assert abs(np.corrcoef(muscle, record_noise(second, "muscle")[:length])[0, 1]) < 0.1
    assert abs(np.corrcoef(muscle, record_noise(first, "electrode motion")[:length])[0, 1]) < 0.1


@pytest.mark.parametrize("kind", list(NOISES))
def test_noise_added_to_windows_is_noise_added_to_the_record(kind, cut):
    """The long way round: add to the raw record, filter, cut."""
    database, beats = cut
    name = "102" if "102" in database.names() else database.names()[0]  # 102 has no MLII
    rows = np.flatnonzero(beats.records == name)
    record = database.read(name)
    lead = record.lead("MLII" if "MLII" in record.leads else "V5")
    noisy = lead + 10 ** (-6 / 20) * record_noise(record, kind, seed=3)
    long_way = cut_windows(bandpass(noisy, RATE)[np.newaxis], beats.samples[rows], 100, 160)
    noise = noise_windows(database, beats, kind, rows=rows, seed=3, progress=False)
    np.testing.assert_allclose(with_noise(beats.windows[rows], noise, 6), long_way, atol=1e-4)
    assert np.abs(noise).max() > 0.1


def test_rows_come_in_the_order_asked_for(cut):
    database, beats = cut
    everything = noise_windows(database, beats, "muscle", progress=False)
    rows = np.random.default_rng(0).permutation(len(beats))[:50]
    np.testing.assert_array_equal(noise_windows(database, beats, "muscle", rows=rows, progress=False), everything[rows])
    assert noise_windows(database, beats, "muscle", rows=[], progress=False).shape == (0, 1, 260)


def test_only_normal_beats_say_how_strong_the_signal_is(cut):
    """A noisy record's ventricular beats are taller; where there are normal ones, they set the scale."""
    database, _ = cut
    for name in database.names():
        record = database.read(name)
        normal = np.isin(record.beats.symbols, list("NLRej"))
        lead = record.lead("MLII" if "MLII" in record.leads else "V5")
        chosen = record.beats.samples[normal] if normal.sum() >= 30 else record.beats.samples
        assert noise_power(record_noise(record, "muscle"), RATE) == pytest.approx(qrs_power(lead, chosen, RATE))


def test_what_is_refused(ecg, cut):
    signal, beats = ecg
    with pytest.raises(ECGError, match="expected one of baseline wander, muscle, electrode motion"):
        add_noise(signal, beats, RATE, "mains", 6)
    with pytest.raises(RecordTooShortError, match="no QRS complex"):
        qrs_power(signal, [3], RATE)
    with pytest.raises(RecordTooShortError, match="at least one second"):
        noise_power(np.zeros(359), RATE)
    with pytest.raises(SignalQualityError):
        qrs_power(np.zeros(1000), [500], RATE)
    with pytest.raises(SignalQualityError):
        qrs_power(np.full(1000, np.nan), [500], RATE)
    with pytest.raises(SamplingRateError, match="200 or more"):
        add_noise(signal, beats, 100.0, "muscle", 6)
    with pytest.raises(ECGError, match="different beats"):
        with_noise(np.zeros((3, 1, 260)), np.zeros((2, 1, 260)), 6)
    database, windows = cut
    with pytest.raises(ECGError, match="no such beats"):
        noise_windows(database, windows, "muscle", rows=[len(windows)], progress=False)
    with pytest.raises(ECGError, match="no noise called"):
        noise_windows(database, windows, "mains", progress=False)
