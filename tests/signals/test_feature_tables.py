"""Tables of features are those of each recording by itself; they are written once."""

import numpy as np
import pytest

from ecglib.databases import PTBXL
from ecglib.errors import DamagedFileError
from ecglib.signals import feature_tables as module
from ecglib.signals.detected_rr import r_peaks
from ecglib.signals.ecg_features import recording_features
from ecglib.signals.feature_tables import feature_tables
from ecglib.signals.twelve_lead import TwelveLead, twelve_lead_recordings


@pytest.fixture(scope="module")
def recordings(twins, tmp_path_factory):
    """Eight recordings of the twin; the third has no R peak."""
    database = PTBXL(twins)
    found = twelve_lead_recordings(database, database.names()[:8], cache=tmp_path_factory.mktemp("r"), progress=False)
    signals = np.array(found.signals)
    signals[2] = 0
    return TwelveLead(signals, found.names, found.patients, {}, "made for this test")


def test_rows_are_those_of_each_recording(recordings, tmp_path):
    tables = feature_tables(recordings, cache=tmp_path, progress=False)
    assert len(tables) == 8
    assert tables.counts[2] == 0
    assert tables.known.tolist() == [0, 1, 3, 4, 5, 6, 7]
    assert np.isnan(tables.recordings[2]).all()
    first = 0
    for row, signal in enumerate(recordings.signals):
        peaks = r_peaks(signal[1], 100)
        found, last = recording_features(signal, peaks), first + tables.counts[row]
        np.testing.assert_array_equal(tables.peaks[row], peaks)
        np.testing.assert_array_equal(tables.recordings[row], found.features)
        np.testing.assert_array_equal(tables.recording_shapes[row], found.shape)
        np.testing.assert_array_equal(tables.beats[first:last], found.beat_features)
        np.testing.assert_array_equal(tables.beat_shapes[first:last], found.beat_shapes)
        first = last
    assert first == len(tables.samples) == len(tables.beats) > 50
    for name in ("recordings", "recording_shapes", "beats", "beat_shapes", "samples"):
        assert not getattr(tables, name).flags.writeable


def test_the_second_time_nothing_is_computed(recordings, tmp_path, monkeypatch):
    first = feature_tables(recordings, cache=tmp_path, progress=False)

    def refuse(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr(module, "recording_features", refuse)
    np.testing.assert_array_equal(first.beats, feature_tables(recordings, cache=tmp_path, progress=False).beats)
    other = TwelveLead(recordings.signals, recordings.names, recordings.patients, {}, "another set")
    with pytest.raises(AssertionError, match="computed again"):
        feature_tables(other, cache=tmp_path, progress=False)
    assert len(list(tmp_path.iterdir())) == 1


def test_no_beats_at_all(recordings, tmp_path):
    flat = TwelveLead(np.zeros((2, 12, 1000), np.float32), recordings.names[:2], recordings.patients[:2], {}, "flat")
    tables = feature_tables(flat, cache=tmp_path, progress=False)
    assert (len(tables.beats), len(tables.known), [len(peaks) for peaks in tables.peaks]) == (0, 0, [0, 0])


def test_damaged_tables_say_so(recordings, tmp_path):
    feature_tables(recordings, cache=tmp_path, progress=False)
    (folder,) = tmp_path.iterdir()
    (folder / "beats.npy").unlink()
    with pytest.raises(DamagedFileError, match="delete this folder"):
        feature_tables(recordings, cache=tmp_path, progress=False)
