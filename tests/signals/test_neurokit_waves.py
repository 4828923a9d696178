"""neurokit2's waves: the right form, the right places, and no crash whatever the signal."""

import numpy as np
import pytest

from ecglib.databases import LUDB
from ecglib.databases.record import NOT_MARKED
from ecglib.errors import ECGError
from ecglib.evaluation.wave_boundaries import boundary_report
from ecglib.evaluation.wave_scores import wave_counts, wave_report
from ecglib.signals.neurokit_waves import METHODS, neurokit_waves
from ecglib.signals.wave_labels import labelled_waves, wave_labels

neurokit2 = pytest.importorskip("neurokit2")

BIAS = {
    "dwt": {"P": (8, -12), "QRS": (-8, 2), "T": (46, -20)},
    "prominence": {"P": (-1, -14), "QRS": (9, -20), "T": (22, 15)},
}
"""Milliseconds by which onset and offset are late on the twins, in the median; a sample is 2 ms."""


@pytest.fixture(scope="module", params=METHODS)
def twin(request, twins):
    known = labelled_waves(LUDB(twins), ["1", "2", "3"], progress=False)
    found = neurokit_waves(known.signals, known.rate, method=request.param, progress=False)
    return known, found, request.param


def test_labels_and_waves_say_the_same(twin):
    known, found, _ = twin
    assert found.labels.shape == known.labels.shape
    assert not found.failed
    for labels, waves in zip(found.labels, found.waves, strict=True):
        assert set(waves.kinds.tolist()) == {"P", "QRS", "T"}
        assert ((waves.onsets < waves.peaks) & (waves.peaks < waves.offsets)).all()
        assert (np.diff(waves.peaks) > 0).all()
        np.testing.assert_array_equal(labels, np.maximum(wave_labels(waves, 5000, 500, 100), 0))


def test_all_six_boundaries_are_where_the_method_puts_them(twin):
    known, found, method = twin
    report = boundary_report(found.waves, known.waves, known.patients, found_rate=500, marked_rate=500, resamples=40)
    for wave, bias in BIAS[method].items():
        for side, late in zip(("onset", "offset"), bias, strict=True):
            score = report[wave, side]
            assert min(score.sensitivity.value, score.predictive_value.value) > 0.95
            assert np.median(score.errors) == pytest.approx(late, abs=8), (wave, side)
            assert score.spread < 25, (wave, side)


def test_a_wave_that_begins_at_the_first_sample_mixes_up_no_beats(twins):
    """Without a second before it, neurokit2 drops this onset and gives fewer onsets than offsets."""
    known = labelled_waves(LUDB(twins), ["1"], progress=False)
    found = neurokit_waves(known.signals[:, 732:3232], 500, method="prominence", progress=False)
    assert not found.failed
    (waves,) = found.waves
    assert (waves.kinds[0], waves.onsets[0]) == ("P", 0)
    whole = (waves.onsets != NOT_MARKED) & (waves.offsets != NOT_MARKED)
    assert ((waves.onsets < waves.peaks) & (waves.peaks < waves.offsets))[whole].all()


@pytest.mark.parametrize("method", METHODS)
def test_a_wave_with_one_bracket_is_kept_and_brackets_lie_in_the_recording(monkeypatch, method):
    """What neurokit2 answers is made up here, in samples of the longer recording that it is given."""
    nan, given = np.nan, {}
    answer = {
        "ECG_P_Onsets": [490, 870, nan, nan, 1290],
        "ECG_P_Peaks": [505, 890, 1090, nan, 1310],
        "ECG_P_Offsets": [520, nan, nan, 1180, 1290],
        "ECG_R_Onsets": [590, 920, 1120, nan, 1330],
        "ECG_R_Offsets": [620, nan, 1150, 1230, 1360],
        "ECG_T_Onsets": [nan, 990, 480, nan, 1460],
        "ECG_T_Peaks": [720, 1010, 495, nan, 1480],
        "ECG_T_Offsets": [750, 1030, 510, nan, 1530],
    }

    def delineate(signal, beats, **settings):
        given.update(signal=signal, beats=beats, **settings)
        return None, answer

    monkeypatch.setattr(neurokit2, "ecg_clean", lambda signal, **_: signal)
    beats = np.array([105, 440, 635, 710, 845])
    monkeypatch.setattr(neurokit2, "ecg_peaks", lambda *_, **__: (None, {"ECG_R_Peaks": beats}))
    monkeypatch.setattr(neurokit2, "ecg_delineate", delineate)
    signal = np.arange(1.0, 1001)
    (waves,) = neurokit_waves(signal[None], 500, method=method, progress=False).waves

    np.testing.assert_array_equal(given["signal"], np.pad(signal, 500, mode="edge"))
    np.testing.assert_array_equal(given["beats"], beats + 500)
    assert (given["sampling_rate"], given["method"]) == (500, method)
    rows = zip(waves.kinds.tolist(), waves.onsets.tolist(), waves.peaks.tolist(), waves.offsets.tolist(), strict=True)
    assert list(rows) == [
        ("P", 0, 5, 20),
        ("QRS", 90, 105, 120),
        ("T", NOT_MARKED, 220, 250),
        ("P", 370, 390, NOT_MARKED),
        ("QRS", 420, 440, NOT_MARKED),
        ("T", 490, 510, 530),
        ("QRS", 620, 635, 650),
        ("QRS", NOT_MARKED, 710, 730),
        ("QRS", 830, 845, 860),
        ("T", 960, 980, 999),
    ]


def test_recordings_in_which_it_gives_up_are_counted(twin):
    known, found, method = twin
    random = np.random.default_rng(0)
    signals = np.stack([np.zeros(5000), known.signals[0], np.full(5000, np.nan), 0.01 * random.standard_normal(5000)])
    mixed = neurokit_waves(signals, 500, method=method, progress=False)
    assert {0, 2} <= set(mixed.failed) <= {0, 2, 3}
    assert all(":" in words for words in mixed.failed.values())
    for place in mixed.failed:
        assert (len(mixed.waves[place]), mixed.labels[place].max()) == (0, 0)
    np.testing.assert_array_equal(mixed.labels[1], found.labels[0])


@pytest.mark.parametrize(("signals", "rate"), [(np.zeros(5000), 500), (np.zeros((0, 5000)), 500), ([[0.0] * 9], 100)])
def test_what_is_no_recording_is_refused(signals, rate):
    with pytest.raises(ECGError, match="250 Hz or more"):
        neurokit_waves(signals, rate, progress=False)


def test_another_method_is_refused():
    with pytest.raises(ECGError, match="one of dwt, prominence"):
        neurokit_waves(np.zeros((1, 5000)), 500, method="cwt", progress=False)


@pytest.mark.real_data
@pytest.mark.parametrize(("method", "wave_f1"), [("dwt", 0.707), ("prominence", 0.846)])
def test_real_scores(real_data, method, wave_f1):
    names = [str(number) for number in range(1, 201, 20)]
    known = labelled_waves(LUDB(real_data), names, progress=False)
    found = neurokit_waves(known.signals, known.rate, method=method, progress=False)
    report = wave_report(wave_counts(found.labels, known.labels), known.patients, resamples=40)
    assert report["wave_f1"].value == pytest.approx(wave_f1, abs=0.02)
    assert len(found.failed) == 0
