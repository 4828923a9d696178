"""Recordings are what reading, resampling and filtering give; their store is fast, complete or absent, and bounded."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from ecglib.databases import LUDB, MITBIH, PTBXL, Chapman
from ecglib.errors import DamagedFileError, ECGError
from ecglib.signals import twelve_lead
from ecglib.signals.filters import bandpass
from ecglib.signals.segments import to_rate
from ecglib.signals.twelve_lead import LEADS, SAMPLES, twelve_lead_recordings


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("recordings")


@pytest.mark.parametrize("kind", [PTBXL, Chapman, LUDB])
def test_signals_are_read_resampled_and_filtered(twins, cache, kind):
    database = kind(twins)
    names = database.names()[:3]
    found = twelve_lead_recordings(database, names, cache=cache, progress=False)
    assert isinstance(found.signals, np.memmap)
    assert not found.signals.flags.writeable
    assert (found.signals.dtype, found.signals.shape) == (np.float32, (3, 12, 1000))
    assert found.names.tolist() == names
    assert len(LEADS) * SAMPLES == found.signals[0].size
    for signal, name, patient in zip(found.signals, found.names, found.patients, strict=True):
        record = database.read(name)
        raw = np.stack([record.lead(lead) for lead in LEADS])[:, : round(10 * record.rate)]
        np.testing.assert_array_equal(signal, bandpass(to_rate(raw, record.rate, 100), 100))
        assert patient == record.patient


def test_waves_stay_where_they_were(twins, cache):
    """Filtering at 500 Hz and then keeping every fifth sample gives nearly the same."""
    database = LUDB(twins)
    found = twelve_lead_recordings(database, database.names()[:3], cache=cache, progress=False)
    for name, signal in zip(found.names, found.signals, strict=True):
        other = bandpass(database.read(name).signal, 500)[:, ::5]
        here, early, late = (np.abs(np.roll(signal, by, axis=1) - other)[:, 50:-50].mean() for by in (0, -1, 1))
        assert here < 0.2 * min(early, late)


def test_the_second_time_no_record_is_read(twins, cache, monkeypatch):
    database = PTBXL(twins)
    first = twelve_lead_recordings(database, database.names()[:4], cache=cache, progress=False)

    def refuse(*_, **__):
        raise AssertionError("a record was read")

    monkeypatch.setattr(PTBXL, "read", refuse)
    monkeypatch.setattr(PTBXL, "digest", refuse)
    second = twelve_lead_recordings(database, database.names()[:4], cache=cache, progress=False)
    np.testing.assert_array_equal(first.signals, second.signals)
    assert first.key == second.key
    with pytest.raises(AssertionError, match="a record was read"):
        twelve_lead_recordings(database, database.names()[1:5], cache=cache, progress=False)


def test_what_can_not_be_used_is_left_out_with_its_reason(twins, tmp_path, monkeypatch):
    shutil.copytree(twins / "ptb-xl", tmp_path / "data" / "ptb-xl")
    database = PTBXL(tmp_path / "data")
    names = database.names()[:6]
    header = database.header(names[1])
    header.files[0].write_bytes(header.files[0].read_bytes()[:100])
    read = PTBXL.read

    def spoilt(self, name):
        record = read(self, name)
        at = names.index(name)
        if at == 2:
            record.signal[5] = 0.25
        if at == 3:
            record.signal[0, 500] = np.nan
        if at == 4:
            record.signal[7, 10] = 99
        return record

    monkeypatch.setattr(PTBXL, "read", spoilt)
    found = twelve_lead_recordings(database, names, cache=tmp_path, progress=False)
    assert found.names.tolist() == [names[0], names[5]]
    assert list(found.left_out) == names[1:5]
    assert [found.left_out[name] for name in names[2:5]] == ["leads that nothing can be computed from"] * 3
    again = twelve_lead_recordings(database, names, cache=tmp_path, progress=False)
    assert again.left_out == found.left_out
    with pytest.raises(ECGError, match=r"no record can be used.*found 3, left out for: leads that nothing"):
        twelve_lead_recordings(database, names[2:5], cache=tmp_path, progress=False)


def test_two_leads_are_refused_and_leave_nothing(twins, tmp_path):
    with pytest.raises(ECGError, match="mitbih: no record can be used"):
        twelve_lead_recordings(MITBIH(twins), ["100"], cache=tmp_path, progress=False)
    assert not list(tmp_path.glob("twelve-lead-*"))


def test_an_interrupted_writer_leaves_nothing(twins, tmp_path, monkeypatch):
    database, made = PTBXL(twins), []

    def stop(record):
        made.append(record)
        if len(made) == 3:
            raise KeyboardInterrupt
        return np.zeros((12, 1000), np.float32)

    monkeypatch.setattr(twelve_lead, "_ten_seconds", stop)
    with pytest.raises(KeyboardInterrupt):
        twelve_lead_recordings(database, cache=tmp_path, progress=False)
    assert not list(tmp_path.glob("twelve-lead-*"))


def test_a_damaged_store_says_so(twins, tmp_path):
    database = PTBXL(twins)
    twelve_lead_recordings(database, database.names()[:2], cache=tmp_path, progress=False)
    (folder,) = tmp_path.glob("twelve-lead-*")
    file = folder / "signals.npy"
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(DamagedFileError, match="delete this folder"):
        twelve_lead_recordings(database, database.names()[:2], cache=tmp_path, progress=False)


MEASURE = """
import resource, sys
from pathlib import Path
import numpy as np
from ecglib.databases import PTBXL
from ecglib.signals import twelve_lead

made = np.random.default_rng(0).normal(size=(12, 1000)).astype(np.float32)
twelve_lead._ten_seconds = lambda record: made
database = PTBXL(sys.argv[1])
record = database.read(database.names()[0])
PTBXL.read = lambda self, name: record
def peak(count):
    names = [f"{index:05d}_lr" for index in range(count)]
    assert len(twelve_lead.twelve_lead_recordings(database, names, cache=sys.argv[2], progress=False)) == count
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
few, many = peak(20), peak(2000)
print((many - few) / 1024)
"""


def test_memory_does_not_grow_with_the_records(twins, tmp_path):
    """2,000 recordings take 96 MB on disk, and next to nothing in memory."""
    asked = [sys.executable, "-c", MEASURE, str(twins), str(tmp_path)]
    grown = float(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
    assert grown < 10


@pytest.mark.real_data
def test_real_recordings(real_data, tmp_path, monkeypatch):
    """Lead I plus lead III is lead II (Einthoven) to the last digit of PTB-XL and Chapman, not so in LUDB."""
    for kind, off in ((PTBXL, 0.001), (Chapman, 0.001), (LUDB, 0.05)):
        database = kind(real_data)
        names = database.names()[:10]
        monkeypatch.setattr(database, "names", lambda names=names: names)  # else every file here is digested
        found = twelve_lead_recordings(database, cache=tmp_path, progress=False)
        assert (len(found), dict(found.left_out)) == (10, {})
        i, ii, iii = found.signals[:, :3].swapaxes(0, 1)
        assert np.abs(i + iii - ii).mean() < off
        assert np.abs(ii).mean() > 0.05
