from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecglib.databases import PTBXL, Record
from ecglib.databases.leads import TWELVE_LEADS
from ecglib.errors import SamplingRateError


def test_the_table_gives_patient_labels_age_and_fold(tiny: Path) -> None:
    database = PTBXL(tiny)
    assert database.names() == ["00001_lr", "00002_lr", "00003_lr"]
    first, second, third = database
    assert first.leads == TWELVE_LEADS
    assert first.signal.shape == (12, 1000)
    assert (first.patient, first.labels, first.age, first.sex) == ("15709", ("NORM",), 56.0, "F")
    assert (second.labels, second.age, second.sex) == (("MI", "HYP"), 90.0, "M")
    assert "89" in second.notes["age"]
    assert (third.patient, third.labels, third.age) == ("record-3", (), None)
    assert [database.fold(name) for name in database.names()] == [3, 10, None]
    assert database.split("00002_lr") == "test"


def test_superclasses_stand_in_where_the_table_has_no_row(tiny: Path) -> None:
    (tiny / "ptb-xl/1.0.3/superclasses.csv").write_text("ecg_id,split,superclasses\n2,test,CD MI\n3,val,STTC HYP\n")
    database = PTBXL(tiny)
    assert database.read("00003_lr").labels == ("STTC", "HYP")
    assert database.read("00002_lr").labels == ("MI", "CD")
    assert database.split("00003_lr") == "validation"


def test_both_rates_read_their_own_copy(tiny: Path) -> None:
    record = PTBXL(tiny, rate=500).read("00001_hr")
    assert (record.rate, record.signal.shape, record.labels) == (500.0, (12, 5000), ("NORM",))
    (tiny / "ptb-xl/1.0.3/RECORDS").write_text("records100/00000/00001_lr\nrecords500/00000/00002_hr\n")
    assert PTBXL(tiny, rate=500).names() == ["00002_hr"]
    assert PTBXL(tiny, rate=100).names() == ["00001_lr"]
    with pytest.raises(SamplingRateError, match="100 or 500"):
        PTBXL(tiny, rate=250)


@pytest.fixture(scope="module")
def records(real_data: Path) -> dict[str, Record]:
    return {record.name: record for record in PTBXL(real_data)}


@pytest.mark.real_data
def test_real_counts(records: dict[str, Record], real_data: Path) -> None:
    assert len(records) == 987
    labels = Counter(label for record in records.values() for label in record.labels)
    assert labels == {"NORM": 528, "MI": 183, "STTC": 230, "CD": 193, "HYP": 97}
    assert sum(not record.labels for record in records.values()) == 12
    assert all(record.leads == TWELVE_LEADS for record in records.values())
    with (real_data / "ptb-xl/1.0.3/ptbxl_database.csv").open() as file:
        rows = {int(row["ecg_id"]) for row in csv.DictReader(file)}
    slow, fast = PTBXL(real_data, rate=100).names(), PTBXL(real_data, rate=500).names()
    assert (len(rows), len(fast)) == (661, 500)
    assert sum(int(name[:5]) in rows for name in slow) == 649
    assert sum(int(name[:5]) in rows for name in fast) == 500
    assert sum(record.patient.startswith("record-") for record in records.values()) == 338


@pytest.mark.real_data
def test_real_statements_and_folds_agree_with_the_superclasses_beside_them(
    records: dict[str, Record], real_data: Path
) -> None:
    database = PTBXL(real_data)
    rows = {row["ecg_id"]: row for row in database._table.values()}
    compared = 0
    for name, record in records.items():
        row = rows.get(str(int(name[:5])))
        if row is not None:
            database._superclasses.pop(row["ecg_id"])
            assert database._labels(name, row) == record.labels
            compared += 1
    assert compared == 649
    fresh = PTBXL(real_data)
    for name in records:
        fold = fresh.fold(name)
        if fold is not None:
            assert fresh._superclasses[str(int(name[:5]))][0] == fresh.split(name)


@pytest.mark.real_data
def test_all_fast_records_can_be_read(real_data: Path) -> None:
    fast = list(PTBXL(real_data, rate=500))
    assert {record.signal.shape for record in fast} == {(12, 5000)}
    wanted = wfdb.rdrecord(str(real_data / "ptb-xl/1.0.3/records500/00000/00001_hr")).p_signal
    np.testing.assert_array_equal(fast[0].signal, wanted.T.astype(np.float32))
