from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecglib.databases import LUDB, NOT_MARKED, Record
from ecglib.databases.leads import TWELVE_LEADS


def test_a_record_has_everything_that_its_files_say(tiny: Path) -> None:
    first, second = LUDB(tiny)
    assert first.leads == TWELVE_LEADS
    assert (first.patient, first.age, first.sex) == ("1", 51.0, "F")
    assert first.labels == ("Sinus bradycardia", "LVH", "LAH")
    assert first.notes["Rhythms"] == "Sinus bradycardia"
    assert first.beats is None
    assert (second.age, second.sex, second.labels) == (90.0, "M", ("Sinus rhythm",))
    assert "89" in second.notes["age"]


def test_waves_without_a_bracket_are_not_marked(tiny: Path) -> None:
    waves = LUDB(tiny).read("1").waves
    assert tuple(waves) == TWELVE_LEADS
    marked = waves["aVF"]
    assert marked.kinds.tolist() == ["P", "QRS", "T", "QRS"]
    assert marked.onsets.tolist() == [100, 200, NOT_MARKED, 395]
    assert marked.peaks.tolist() == [120, 215, 330, 700]
    assert marked.offsets.tolist() == [140, 240, 350, NOT_MARKED]


@pytest.fixture(scope="module")
def records(real_data: Path) -> dict[str, Record]:
    return {record.name: record for record in LUDB(real_data)}


@pytest.mark.real_data
def test_real_counts(records: dict[str, Record]) -> None:
    assert list(records) == [str(number) for number in range(1, 201)]
    waves = [waves for record in records.values() for waves in record.waves.values()]
    assert len(waves) == 200 * 12
    assert sum(len(part.of("QRS")) for part in waves) == 21_965
    assert sum(np.count_nonzero(part.of("QRS").onsets == NOT_MARKED) for part in waves) == 122
    assert sum(np.count_nonzero((w.onsets == NOT_MARKED) | (w.offsets == NOT_MARKED)) for w in waves) == 134
    assert len({record.patient for record in records.values()}) == 200
    assert sum(record.sex == "F" for record in records.values()) == 85
    assert sum("Atrial fibrillation" in record.labels for record in records.values()) == 15
    assert max(record.age or 0 for record in records.values()) == 90


@pytest.mark.real_data
def test_real_boundaries_enclose_their_peaks(records: dict[str, Record]) -> None:
    for record in records.values():
        for waves in record.waves.values():
            assert np.all((waves.onsets == NOT_MARKED) | (waves.onsets < waves.peaks))
            assert np.all((waves.offsets == NOT_MARKED) | (waves.offsets > waves.peaks))


@pytest.mark.real_data
def test_real_millivolts_are_those_of_wfdb(records: dict[str, Record], real_data: Path) -> None:
    for name in ("1", "77", "200"):
        wanted = wfdb.rdrecord(str(real_data / "ludb/1.0.1/data" / name)).p_signal
        np.testing.assert_array_equal(records[name].signal, wanted.T.astype(np.float32))
