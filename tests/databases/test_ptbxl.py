from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import wfdb

from ecglib.databases import PTBXL, Record
from ecglib.databases.leads import TWELVE_LEADS
from ecglib.databases.ptbxl import SUPERCLASSES
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
    """All records of a part of PTB-XL, a thousand of the whole."""
    database = PTBXL(real_data)
    names = database.names()
    return {name: database.read(name) for name in names[:: math.ceil(len(names) / 1000)]}


@pytest.mark.real_data
def test_real_records_are_those_of_the_tables(
    records: dict[str, Record], real_data: Path, ptbxl_rows: Callable[[int], pd.DataFrame]
) -> None:
    for rate, suffix in ((100, "lr"), (500, "hr")):
        assert PTBXL(real_data, rate).names() == [f"{number:05d}_{suffix}" for number in ptbxl_rows(rate).index]
    rows = ptbxl_rows(100)
    for name, record in records.items():
        row = rows.loc[int(name[:5])]
        known = not math.isnan(row["patient_id"])
        assert record.patient == (f"{row['patient_id']:.0f}" if known else f"record-{int(name[:5])}")
        assert set(record.labels) == row["superclasses"]
        assert record.leads == TWELVE_LEADS
    assert {label for record in records.values() for label in record.labels} == set(SUPERCLASSES)


@pytest.mark.real_data
def test_real_statements_and_folds_agree_with_the_superclasses_beside_them(
    records: dict[str, Record], real_data: Path
) -> None:
    database = PTBXL(real_data)
    if not (database.root / "superclasses.csv").is_file():
        pytest.skip("no superclasses.csv stands beside PTB-XL's own tables")
    both = {name: str(int(name[:5])) for name in records if database.fold(name) is not None}
    assert both
    for name, ecg_id in both.items():
        split, _ = database._superclasses.pop(ecg_id)
        assert split == database.split(name)
        assert database._labels(name, database._table[ecg_id]) == records[name].labels


@pytest.mark.real_data
def test_fast_records_can_be_read(real_data: Path) -> None:
    database = PTBXL(real_data, rate=500)
    fast = list(database.read_all(database.names()[:100], progress=False))
    assert {record.signal.shape for record in fast} == {(12, 5000)}
    wanted = wfdb.rdrecord(str(real_data / "ptb-xl/1.0.3/records500/00000/00001_hr")).p_signal
    np.testing.assert_array_equal(fast[0].signal, wanted.T.astype(np.float32))


@pytest.mark.real_data
def test_the_whole_of_ptbxl_is_what_was_published(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = PTBXL(real_data)
    names = database.names()
    if len(names) < database.published.records:
        pytest.skip(f"PTB-XL is not whole here: {len(names):,} of {database.published.records:,} records at 100 Hz")
    for name in names[::200]:
        assert database.read(name).signal.shape == (12, 1000)
    silence = np.zeros((12, 1000), np.float32)  # 20,000 signals would take a minute and a gigabyte
    monkeypatch.setattr("ecglib.databases.base.read_signal", lambda header: silence)
    records = list(database.read_all(progress=False))
    assert len(records) == 21_799
    assert len({record.patient for record in records}) == 18_869
    folds = Counter(database.fold(name) for name in names)
    assert [folds[fold] for fold in range(1, 11)] == [2175, 2181, 2192, 2174, 2174, 2173, 2176, 2173, 2183, 2198]
    superclasses = Counter(label for record in records for label in record.labels or ("none",))
    assert superclasses == {"NORM": 9514, "MI": 5469, "STTC": 5235, "CD": 4898, "HYP": 2649, "none": 411}
    fibrillating = [record for record in records if "'AFIB'" in record.notes["scp_codes"]]
    assert len(fibrillating) == 1_514
    assert len({record.patient for record in fibrillating}) == 1_245
