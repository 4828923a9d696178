from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecglib.databases import MITBIH, Record
from ecglib.databases.aami import AAMI_CLASSES, AAMI_OF_SYMBOL, aami_classes
from ecglib.databases.splits import DS1, DS2, PACED


def test_a_record_has_everything_that_its_files_say(tiny: Path) -> None:
    record = MITBIH(tiny).read("100")
    assert record.signal.shape == (2, 2000)
    assert record.signal.dtype == np.float32
    assert record.signal.flags.c_contiguous
    assert (record.leads, record.rate, record.age, record.sex) == (("MLII", "V5"), 360.0, 69.0, "M")
    assert record.beats is not None
    assert record.beats.samples.dtype == np.int64
    assert record.beats.samples.tolist() == [77, 370, 662, 1231]
    assert record.beats.symbols.tolist() == ["N", "N", "V", "N"]
    assert [(span.start, span.stop, span.name) for span in record.rhythms] == [(18, 946, "N"), (946, 2000, "AFIB")]
    assert record.notes == {
        "recording": "69 M 1085 1629 x1",
        "medication": "Aldomet, Inderal",
        "comments": "The PVCs are uniform.",
    }
    assert record.file == tiny / "mitdb/1.0.0/100.hea"


def test_an_unknown_age_is_none(tiny: Path) -> None:
    header = tiny / "mitdb/1.0.0/100.hea"
    header.write_text(header.read_text().replace("69 M", "-1 M"))
    assert MITBIH(tiny).read("100").age is None


def test_201_and_202_are_one_patient(tiny: Path) -> None:
    assert [record.patient for record in MITBIH(tiny)] == ["100", "201", "201"]


def test_leads_stay_in_the_order_of_the_file(tiny: Path) -> None:
    record = MITBIH(tiny).read("202")
    assert record.leads == ("V1", "MLII")
    np.testing.assert_array_equal(record.lead("MLII"), record.signal[1])


@pytest.fixture(scope="module")
def records(real_data: Path) -> dict[str, Record]:
    return {record.name: record for record in MITBIH(real_data)}


@pytest.mark.real_data
def test_real_counts(records: dict[str, Record]) -> None:
    assert len(records) == 48
    beats = [record.beats for record in records.values() if record.beats is not None]
    assert sum(map(len, beats)) == 109_494
    symbols = Counter(symbol for part in beats for symbol in part.symbols.tolist())
    assert set(symbols) == set(AAMI_OF_SYMBOL)
    assert (symbols["N"], symbols["V"], symbols["F"], symbols["/"], symbols["Q"]) == (75_052, 7_130, 803, 7_028, 33)
    per_class = np.bincount(np.concatenate([aami_classes(part.symbols) for part in beats]))
    assert dict(zip(AAMI_CLASSES, per_class.tolist(), strict=True)) == {
        "N": 90_631,
        "S": 2_781,
        "V": 7_236,
        "F": 803,
        "Q": 8_043,
    }
    assert {*DS1, *DS2, *PACED} == set(records)


@pytest.mark.real_data
def test_real_patients_leads_and_rhythms(records: dict[str, Record]) -> None:
    assert len({record.patient for record in records.values()}) == 47
    assert records["201"].patient == records["202"].patient
    assert records["114"].leads == ("V5", "MLII")
    assert [name for name, record in records.items() if "MLII" not in record.leads] == ["102", "104"]
    of_rhythm = {name: {span.name for span in record.rhythms} for name, record in records.items()}
    assert {name for name, rhythms in of_rhythm.items() if "AFIB" in rhythms and name not in PACED} == {
        "201",
        "202",
        "203",
        "210",
        "219",
        "221",
        "222",
    }
    assert [name for name, rhythms in of_rhythm.items() if "VFL" in rhythms] == ["207"]
    assert sum(len(record.rhythms) > 1 for record in records.values()) == 29
    for record in records.values():
        spans = record.rhythms
        assert all(one.stop == other.start for one, other in pairwise(spans))
        assert spans[-1].stop == record.signal.shape[1] == 650_000


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["100", "114", "207"])
def test_real_millivolts_are_those_of_wfdb(records: dict[str, Record], real_data: Path, name: str) -> None:
    wanted = wfdb.rdrecord(str(real_data / "mitdb/1.0.0" / name)).p_signal
    np.testing.assert_array_equal(records[name].signal, wanted.T.astype(np.float32))
