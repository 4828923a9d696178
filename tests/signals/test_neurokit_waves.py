"""neurokit2's waves: the right form, the right places, and no crash whatever the signal."""

import numpy as np
import pytest

from ecglib.databases import LUDB
from ecglib.errors import ECGError
from ecglib.evaluation.wave_boundaries import boundary_report
from ecglib.signals.neurokit_waves import neurokit_waves
from ecglib.signals.wave_labels import labelled_waves, wave_labels


@pytest.fixture(scope="module")
def twin(twins):
    known = labelled_waves(LUDB(twins), ["1", "2", "3"], progress=False)
    return known, neurokit_waves(known.signals, known.rate, progress=False)


def test_labels_and_waves_say_the_same(twin):
    known, found = twin
    assert found.labels.shape == known.labels.shape
    assert not found.failed
    for labels, waves in zip(found.labels, found.waves, strict=True):
        assert set(waves.kinds.tolist()) == {"P", "QRS", "T"}
        assert (waves.onsets < waves.offsets).all()
        np.testing.assert_array_equal(labels, np.maximum(wave_labels(waves, 5000, 500, 100), 0))


def test_boundaries_are_near_those_of_the_twin(twin):
    known, found = twin
    report = boundary_report(found.waves, known.waves, known.patients, found_rate=500, marked_rate=500)
    for wave in ("P", "QRS"):
        assert report[wave, "onset"].sensitivity.value > 0.8
        assert abs(np.median(report[wave, "onset"].errors)) < 40


def test_recordings_in_which_it_gives_up_are_counted(twin):
    known, found = twin
    random = np.random.default_rng(0)
    signals = np.stack([np.zeros(5000), known.signals[0], np.full(5000, np.nan), 0.01 * random.standard_normal(5000)])
    mixed = neurokit_waves(signals, 500, progress=False)
    assert {0, 2} <= set(mixed.failed) <= {0, 2, 3}
    assert all(":" in words for words in mixed.failed.values())
    for place in mixed.failed:
        assert (len(mixed.waves[place]), mixed.labels[place].max()) == (0, 0)
    np.testing.assert_array_equal(mixed.labels[1], found.labels[0])


@pytest.mark.parametrize(("signals", "rate"), [(np.zeros(5000), 500), (np.zeros((0, 5000)), 500), ([[0.0] * 9], 100)])
def test_what_is_no_recording_is_refused(signals, rate):
    with pytest.raises(ECGError, match="250 Hz or more"):
        neurokit_waves(signals, rate, progress=False)
