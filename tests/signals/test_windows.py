"""Windows are what slicing would give; their cache is fast, complete or absent, and never out of date."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecglib.databases import MITBIH
from ecglib.databases.aami import AAMI_CLASSES, aami_classes
from ecglib.databases.record import Record
from ecglib.errors import AnnotationError, DamagedFileError, LeadError, RecordTooShortError, SignalQualityError
from ecglib.signals import bandpass, beat_windows, cut_windows, fits


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def own_twin(twins, tmp_path):
    shutil.copytree(twins / "mitdb", tmp_path / "data" / "mitdb")
    return tmp_path / "data"


@st.composite
def signals_with_beats(draw):
    leads, length = draw(st.integers(1, 3)), draw(st.integers(1, 80))
    before, after = draw(st.integers(0, 20)), draw(st.integers(1, 20))
    beats = draw(st.lists(st.integers(-5, 90), max_size=12))
    values = np.random.default_rng(draw(st.integers(0, 99))).standard_normal((leads, length)).astype(np.float32)
    return values, np.array(beats, dtype=np.int64), before, after


@given(signals_with_beats())
@settings(deadline=None)
def test_gather_is_slicing(drawn):
    values, beats, before, after = drawn
    length = values.shape[1]
    inside = fits(beats, length, before, after)
    assert inside.tolist() == [beat - before >= 0 and beat + after <= length for beat in beats.tolist()]
    if length < before + after:
        with pytest.raises(RecordTooShortError, match="a window of"):
            cut_windows(values, beats[inside], before, after)
        return
    windows = cut_windows(values, beats[inside], before, after)
    assert windows.dtype == np.float32
    assert windows.shape == (inside.sum(), len(values), before + after)
    for window, beat in zip(windows, beats[inside], strict=True):
        np.testing.assert_array_equal(window, values[:, beat - before : beat + after])
    if not inside.all():
        with pytest.raises(RecordTooShortError, match=f"{(~inside).sum()} beats outside"):
            cut_windows(values, beats, before, after)


def test_windows_do_not_change_with_the_signal():
    values = np.zeros((1, 10), np.float32)
    windows = cut_windows(values, [5], 2, 2)
    values += 1
    assert (windows == 0).all()
    assert windows.flags.writeable


def test_every_beat_of_the_twin(twins, cache):
    database = MITBIH(twins)
    found = beat_windows(database, cache=cache, progress=False)
    assert isinstance(found.windows, np.memmap)
    assert not found.windows.flags.writeable
    assert found.windows.dtype == np.float32
    assert set(found.classes.tolist()) == set(range(len(AAMI_CLASSES)))
    assert {"102", "201", "202"} <= set(found.records.tolist())
    assert set(found.patients[found.records == "202"].tolist()) == {"201"}
    at = 0
    for record in database.read_all(progress=False):
        lead = "MLII" if "MLII" in record.leads else "V5"
        filtered = bandpass(record.lead(lead), record.rate)
        for sample, symbol in zip(record.beats.samples, record.beats.symbols, strict=True):
            if sample < 100 or sample + 160 > len(filtered):
                continue
            assert (found.records[at], found.samples[at], found.symbols[at]) == (record.name, sample, symbol)
            assert found.classes[at] == aami_classes([symbol])[0]
            np.testing.assert_array_equal(found.windows[at, 0], filtered[sample - 100 : sample + 160])
            at += 1
    assert at == len(found)


def test_the_second_time_no_record_is_read(twins, cache, monkeypatch):
    first = beat_windows(MITBIH(twins), cache=cache, progress=False)

    def refuse(*_, **__):
        raise AssertionError("a record was read")

    monkeypatch.setattr(MITBIH, "read_all", refuse)
    monkeypatch.setattr(MITBIH, "digest", refuse)
    second = beat_windows(MITBIH(twins), cache=cache, progress=False)
    for name in ("windows", "classes", "symbols", "records", "patients", "samples"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    with pytest.raises(AssertionError, match="a record was read"):
        beat_windows(MITBIH(twins), cache=cache, before=99, progress=False)


def test_parameters_and_data_have_windows_of_their_own(own_twin, tmp_path):
    cache = tmp_path / "cache"
    usual = beat_windows(MITBIH(own_twin), cache=cache, progress=False)
    wide = beat_windows(MITBIH(own_twin), cache=cache, band=(0.5, 100.0), progress=False)
    assert np.abs(usual.windows - wide.windows).max() > 0.01
    shorter = beat_windows(MITBIH(own_twin), cache=cache, before=50, after=50, progress=False)
    assert shorter.windows.shape[2] == 100

    root = own_twin / "mitdb" / "1.0.0"
    names = (root / "RECORDS").read_text().split()
    (root / "RECORDS").write_text("\n".join(names[1:]) + "\n")
    fewer = beat_windows(MITBIH(own_twin), cache=cache, progress=False)
    assert names[0] not in fewer.records
    assert len(fewer) < len(usual)
    assert len(list(cache.glob("beats-*"))) == 4


def test_a_changed_byte_is_seen_even_if_the_clock_was_turned_back(own_twin, tmp_path):
    beat_windows(MITBIH(own_twin), cache=tmp_path / "cache", progress=False)
    file = own_twin / "mitdb" / "1.0.0" / "100.atr"
    times = file.stat()
    file.write_bytes(file.read_bytes()[:-4] + b"\0\0")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    beat_windows(MITBIH(own_twin), cache=tmp_path / "cache", progress=False)
    assert len(list((tmp_path / "cache").glob("beats-*"))) == 2


def test_moved_data_with_the_same_bytes_has_the_same_windows(twins, own_twin, cache):
    beat_windows(MITBIH(twins), cache=cache, progress=False)
    before = set(cache.glob("beats-*"))
    beat_windows(MITBIH(own_twin), cache=cache, progress=False)
    assert set(cache.glob("beats-*")) == before


KILLED_WRITER = """
import os, signal, sys
import numpy as np
from ecglib.databases import MITBIH
from ecglib.signals import beat_windows

open_memmap, calls = np.lib.format.open_memmap, []

def die_at_the_third(file, **arguments):
    stored = open_memmap(file, **arguments)
    calls.append(file)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return stored

np.lib.format.open_memmap = die_at_the_third
beat_windows(MITBIH(sys.argv[1]), cache=sys.argv[2], progress=False)
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_killed_write_leaves_no_half_cache(twins, cache, tmp_path):
    killed = subprocess.run([sys.executable, "-c", KILLED_WRITER, twins, tmp_path], check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = tmp_path.glob("beats-*")
    assert left.suffix == ".partial"
    assert (left / "windows.npy").is_file()

    again = beat_windows(MITBIH(twins), cache=tmp_path, progress=False)
    whole = beat_windows(MITBIH(twins), cache=cache, progress=False)
    np.testing.assert_array_equal(again.windows, whole.windows)
    np.testing.assert_array_equal(again.symbols, whole.symbols)

    assert left.is_dir(), "its writer might still be at work"
    os.utime(left, (0, 0))
    beat_windows(MITBIH(twins), cache=tmp_path, before=90, progress=False)
    assert not left.exists()


def test_a_failed_write_leaves_nothing(twins, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError("no space left on device")

    monkeypatch.setattr(np.lib.format, "open_memmap", fail)
    with pytest.raises(OSError, match="no space left"):
        beat_windows(MITBIH(twins), cache=tmp_path, progress=False)
    assert not list(tmp_path.glob("beats-*"))


def test_two_writers_at_once_do_no_harm(twins, cache, tmp_path, monkeypatch):
    rename = Path.rename

    def late(self, target):
        shutil.copytree(self, target)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", late)
    found = beat_windows(MITBIH(twins), cache=tmp_path, progress=False)
    assert len(found) == len(beat_windows(MITBIH(twins), cache=cache, progress=False))
    assert len(list(tmp_path.glob("beats-*"))) == 1


def test_a_damaged_cache_says_what_to_do(twins, tmp_path):
    beat_windows(MITBIH(twins), cache=tmp_path, progress=False)
    (folder,) = tmp_path.glob("beats-*")
    (folder / "windows.npy").write_bytes((folder / "windows.npy").read_bytes()[:5000])
    with pytest.raises(DamagedFileError, match="delete this folder"):
        beat_windows(MITBIH(twins), cache=tmp_path, progress=False)


def with_records(monkeypatch, **changes):
    """Let the database give records that differ from those on disk."""
    read = MITBIH.read

    def changed(self, name):
        record = read(self, name)
        return Record(**{**record.__dict__, **{key: change(record) for key, change in changes.items()}})

    monkeypatch.setattr(MITBIH, "read", changed)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"beats": lambda record: None}, AnnotationError, "no beats to cut"),
        ({"leads": lambda record: ("V1", "V2")}, LeadError, "no lead V5"),
        ({"signal": lambda record: np.zeros_like(record.signal)}, SignalQualityError, "is flat"),
        ({"signal": lambda record: record.signal * np.nan}, SignalQualityError, "no numbers"),
        ({"signal": lambda record: record.signal[:, :500]}, RecordTooShortError, "too short to be filtered"),
    ],
)
def test_what_can_not_be_cut_is_refused_by_name(twins, tmp_path, monkeypatch, changes, error, words):
    with_records(monkeypatch, **changes)
    with pytest.raises(error, match=words) as refused:
        beat_windows(MITBIH(twins), cache=tmp_path, progress=False)
    assert refused.value.record == "mitbih/100"
    assert refused.value.remedy
    assert not list(tmp_path.glob("beats-*"))


def test_a_window_longer_than_the_record_is_refused(twins, tmp_path):
    with pytest.raises(RecordTooShortError, match="a window of 90000000 samples"):
        beat_windows(MITBIH(twins), cache=tmp_path, before=0, after=90_000_000, progress=False)


SECOND_READ = """
from ecglib.databases import MITBIH
from ecglib.signals import beat_windows
def refuse(*_):
    raise AssertionError("the cache is there, so no record is read")
MITBIH.read = refuse
found = beat_windows(MITBIH(), progress=False)
print(found.windows.shape, float(found.windows[::7].sum(dtype="float64")))
"""


@pytest.mark.real_data
def test_all_beats_of_mitbih_and_a_second_read_from_the_cache_alone(real_data, cache):
    found = beat_windows(MITBIH(real_data), cache=cache, progress=False)
    assert found.windows.shape == (109_448, 1, 260)
    assert np.bincount(found.classes).tolist() == [90_591, 2_781, 7_235, 802, 8_039]
    assert len(set(found.records.tolist())) == 48
    assert len(set(found.patients.tolist())) == 47
    environment = os.environ | {"ECGLIB_DATA": str(real_data), "ECGLIB_CACHE": str(cache)}
    again = subprocess.run([sys.executable, "-c", SECOND_READ], env=environment, capture_output=True, text=True)
    assert again.stdout.split("\n")[0] == f"{found.windows.shape} {float(found.windows[::7].sum(dtype='float64'))}"
