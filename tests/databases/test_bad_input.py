"""Each kind of bad input gives one error of the family that says record, file, expectation and remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecglib.databases import DATABASES, MITBIH, Record, open_database
from ecglib.databases.quality import check_quality, require_length, require_quality
from ecglib.errors import (
    AnnotationError,
    DamagedFileError,
    ECGError,
    LeadError,
    MissingFileError,
    RecordTooShortError,
    SamplingRateError,
    SignalQualityError,
    UnsafePathError,
)

MIT, LUDB, PTB, CHAPMAN = "mitdb/1.0.0/", "ludb/1.0.1/", "ptb-xl/1.0.3/", "ecg-arrhythmia/1.0.0/"


def _replaced(old: str, new: str) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    return damage


def _written(content: bytes) -> Callable[[Path], None]:
    return lambda file: (file.write_bytes(content), None)[1]


def _cut(length: int) -> Callable[[Path], None]:
    return lambda file: (file.write_bytes(file.read_bytes()[:length]), None)[1]


def _flipped(place: int) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[place] ^= 1
        file.write_bytes(content)

    return damage


def _annotated(symbols: list[str], samples: list[int]) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        wfdb.wrann(file.stem, file.suffix[1:], np.array(samples), symbol=symbols, write_dir=str(file.parent))

    return damage


def _swapped_leads(file: Path) -> None:
    text = file.read_text()
    file.write_text(text.replace(" ii\n", " ?\n").replace(" i\n", " ii\n").replace(" ?\n", " i\n"))


def _foreign_wave(file: Path) -> None:
    other = file.with_suffix(".tmp")  # wrann refuses a digit in the suffix
    _annotated(["N", "V"], [100, 200])(other)
    other.replace(file)


@dataclass(frozen=True)
class Case:
    damage: Callable[[Path], None]
    file: str
    """The file that is damaged."""
    error: type[ECGError]
    expected: str
    remedy: str
    record: str | None = "mitbih/100"
    blamed: str | None = None
    """The file that the message names, where it is another."""


def _mit(damage: Callable[[Path], None], suffix: str, error: type[ECGError], expected: str, remedy: str) -> Case:
    return Case(damage, f"{MIT}100.{suffix}", error, expected, remedy)


AGAIN = "fetch the file again"
CASES = {
    "no signal": _mit(Path.unlink, "dat", MissingFileError, "the samples of 2 leads", "download it"),
    "no annotation file": _mit(Path.unlink, "atr", MissingFileError, "as it was published", "download it"),
    "a folder in place of a file": _mit(
        lambda file: (file.unlink(), file.mkdir(), None)[2], "atr", DamagedFileError, "a readable file", "permissions"
    ),
    "signal cut short": _mit(_cut(5000), "dat", DamagedFileError, "6,000 bytes", "fetch header and signal again"),
    "signal too long": _mit(
        lambda file: (file.write_bytes(file.read_bytes() + b"\0"), None)[1],
        "dat",
        DamagedFileError,
        "6,000 bytes",
        "fetch header and signal again",
    ),
    "one bit of the signal": _mit(_flipped(3000), "dat", DamagedFileError, "checksum", "fetch header and signal again"),
    "one sample fewer in the header": Case(
        _replaced(" 2000", " 1999"),
        f"{MIT}100.hea",
        DamagedFileError,
        "5,997 bytes",
        "fetch header and signal again",
        blamed=f"{MIT}100.dat",
    ),
    "an absurd length": _mit(_replaced(" 2000", " 1000000000000"), "hea", DamagedFileError, "25,000,000 values", AGAIN),
    "no length": _mit(_replaced(" 2000", ""), "hea", DamagedFileError, "25,000,000 values", AGAIN),
    "a million leads": _mit(_replaced("100 2 ", "100 1000000 "), "hea", DamagedFileError, "1000000 signal", AGAIN),
    "an empty header": _mit(_written(b""), "hea", DamagedFileError, "a record line", AGAIN),
    "a header of noise": _mit(_written(bytes(range(256)) * 8), "hea", DamagedFileError, "a record line", AGAIN),
    "a huge header": _mit(_written(b"# \n" * 30000), "hea", DamagedFileError, "65,536 bytes", AGAIN),
    "segments": _mit(_replaced("100 2 ", "100/3 2 "), "hea", DamagedFileError, "one segment", AGAIN),
    "frames": _mit(_replaced(" 212 ", " 212x4 "), "hea", DamagedFileError, "one sample a frame", AGAIN),
    "an unknown format": _mit(_replaced(" 212 ", " 61 "), "hea", DamagedFileError, "16, 212, 516", AGAIN),
    "two formats in one file": _mit(_replaced(" 212 ", " 16 "), "hea", DamagedFileError, "in one format", AGAIN),
    "other units": _mit(_replaced("/mV", "/uV"), "hea", DamagedFileError, "signals in mV", AGAIN),
    "an absurd gain": _mit(_replaced(" 200.0(", " 1e-9("), "hea", DamagedFileError, "units per millivolt", AGAIN),
    "an absurd baseline": _mit(_replaced("(0)", "(99999999999)"), "hea", DamagedFileError, "24 bits", AGAIN),
    "a number too long to read": _mit(
        _replaced("(0)", f"({'9' * 5000})"), "hea", DamagedFileError, "numbers in WFDB's format", AGAIN
    ),
    "a signal file outside": _mit(_replaced("100.dat", "../100.dat"), "hea", DamagedFileError, "signal lines", AGAIN),
    "another rate": _mit(_replaced(" 360 ", " 250 "), "hea", SamplingRateError, "360 Hz", "resample"),
    "an unknown lead": _mit(_replaced("V5", "X9"), "hea", LeadError, "one of I, II", "name the lead"),
    "a lead twice": _mit(_replaced("V5", "MLII"), "hea", LeadError, "each lead once", AGAIN),
    "leads in another order": Case(
        _swapped_leads,
        f"{LUDB}data/1.hea",
        LeadError,
        "I, II, III, aVR",
        "published order",
        record="ludb/1",
    ),
    "an empty annotation": _mit(_written(b"\0\0"), "atr", AnnotationError, "at least one annotation", AGAIN),
    "no bytes of annotation": _mit(_written(b""), "atr", DamagedFileError, "end in two zeros", AGAIN),
    "annotation cut short": _mit(_cut(11), "atr", DamagedFileError, "end in two zeros", AGAIN),
    "annotation of noise": _mit(
        _written(bytes(range(1, 255)) + b"\xec\0\0\0"), "atr", DamagedFileError, "annotations in the MIT format", AGAIN
    ),
    "an unknown symbol": _mit(
        _annotated(["N", "p"], [100, 200]), "atr", AnnotationError, "symbols among", "correct the annotation"
    ),
    "no beat": _mit(_annotated(["+", "~"], [100, 200]), "atr", AnnotationError, "at least one beat", AGAIN),
    "a beat after the end": _mit(
        _annotated(["N", "N"], [100, 2000]), "atr", DamagedFileError, "between 0 and 2,000", AGAIN
    ),
    "an unknown wave": Case(
        _foreign_wave,
        f"{LUDB}data/1.v1",
        AnnotationError,
        "symbols among",
        "correct the annotation",
        record="ludb/1",
    ),
    "a path that climbs": Case(
        _replaced("100\n", "../../../100\n"), f"{MIT}RECORDS", UnsafePathError, "below this folder", "you trust", None
    ),
    "an absolute path": Case(
        _replaced("100\n", "/tmp/100\n"), f"{MIT}RECORDS", UnsafePathError, "below this folder", "you trust", None
    ),
    "a path of another system": Case(
        _replaced("100\n", "C:\\100\n"), f"{MIT}RECORDS", UnsafePathError, "below this folder", "you trust", None
    ),
    "a list of noise": Case(
        _written(b"\xff\xfe\n"), f"{MIT}RECORDS", DamagedFileError, "UTF-8", "fetch the file again", None
    ),
    "an empty list": Case(
        _written(b""), f"{MIT}RECORDS", MissingFileError, "headers such as", "download", "mitbih", MIT.rstrip("/")
    ),
    "no table": Case(
        Path.unlink, f"{PTB}ptbxl_database.csv", MissingFileError, "as it was published", "download it", None
    ),
    "a table without its columns": Case(
        _replaced("patient_id", "person"), f"{PTB}ptbxl_database.csv", DamagedFileError, "columns ecg_id", AGAIN, None
    ),
    "a row too long": Case(
        _replaced(",3\n", ",3,4,5\n"), f"{PTB}ptbxl_database.csv", DamagedFileError, "7 fields", AGAIN, None
    ),
    "a table of noise": Case(
        _written(b"ecg_id\0\xff"), f"{PTB}ptbxl_database.csv", DamagedFileError, "UTF-8", AGAIN, None
    ),
    "statements that are none": Case(
        _replaced("{'NORM': 100.0", "__import__('os')"),
        f"{PTB}ptbxl_database.csv",
        DamagedFileError,
        "scp_codes such as",
        AGAIN,
        "ptbxl/1",
    ),
    "no names of conditions": Case(
        Path.unlink,
        f"{CHAPMAN}ConditionNames_SNOMED-CT.csv",
        MissingFileError,
        "as it was published",
        "download it",
        None,
    ),
}
KEY_OF_FOLDER = {MIT: "mitbih", LUDB: "ludb", PTB: "ptbxl", CHAPMAN: "chapman"}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_clearly(name: str, tiny: Path) -> None:
    case = CASES[name]
    key = next(key for folder, key in KEY_OF_FOLDER.items() if case.file.startswith(folder))
    case.damage(tiny / case.file)
    with pytest.raises(case.error) as caught:
        list(open_database(key, tiny).read_all(progress=False))
    error = caught.value
    assert error.record == case.record
    assert Path(str(error.file)) == tiny / (case.blamed or case.file)
    assert error.expected
    assert case.expected in error.expected
    assert error.remedy
    assert case.remedy in error.remedy
    for part in (error.record, error.file, error.expected, error.remedy):
        assert part is None or str(part) in str(error)


def test_one_damaged_record_leaves_the_others_readable(tiny: Path) -> None:
    (tiny / MIT / "100.dat").unlink()
    assert MITBIH(tiny).read("201").signal.shape == (2, 2000)


def test_a_fold_that_is_none_is_refused(tiny: Path) -> None:
    _replaced(",3\n", ",eleven\n")(tiny / PTB / "ptbxl_database.csv")
    database = open_database("ptbxl", tiny)
    with pytest.raises(DamagedFileError, match=r"ptbxl/1.*ptbxl_database\.csv.*a fold from 1 to 10.*eleven"):
        database.split("00001_lr")  # type: ignore[attr-defined]
    with pytest.raises(MissingFileError, match=r"ptbxl/00003_lr.*ptbxl_database\.csv.*a row.*download"):
        database.split("00003_lr")  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", DATABASES)
def test_a_name_that_is_not_there_is_refused(key: str, tiny: Path) -> None:
    database = open_database(key, tiny)
    for name in ("999", "../100", "", "/etc/passwd"):
        with pytest.raises(MissingFileError, match="such as") as caught:
            database.read(name)
        assert caught.value.record == f"{key}/{name}"
        assert caught.value.file == database.root


@pytest.mark.parametrize("key", DATABASES)
def test_a_database_that_is_not_there_is_refused(key: str, tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="download") as caught:
        open_database(key, tmp_path)
    assert str(tmp_path) in str(caught.value.file)
    with pytest.raises(MissingFileError, match="an existing folder"):
        open_database(key, tmp_path / "nowhere")


@pytest.fixture
def record(tiny: Path) -> Record:
    return MITBIH(tiny).read("100")


def _spoiled(record: Record, lead: int, value: float, stop: int | None) -> Record:
    signal = record.signal.copy()
    signal[lead, :stop] = value
    return replace(record, signal=signal)


@pytest.mark.parametrize(
    ("value", "stop", "found"),
    [(np.nan, 3, "V5: 3 samples that are no numbers"), (0.25, None, "V5: flat at 0.25 mV"), (80.0, 1, "V5: 80 mV")],
)
def test_leads_that_nothing_can_be_computed_from_are_refused(
    record: Record, value: float, stop: int | None, found: str
) -> None:
    assert require_quality(record) is record
    with pytest.raises(SignalQualityError, match=re.escape(found)) as caught:
        require_quality(_spoiled(record, 1, value, stop))
    error = caught.value
    assert (error.record, error.file) == ("mitbih/100", record.file)
    assert "finite samples that change" in str(error.expected)
    assert "leave this record out" in str(error.remedy)


def test_samples_marked_as_invalid_become_nan(tiny: Path) -> None:
    file = tiny / MIT / "100"
    read = wfdb.rdrecord(str(file), physical=False)
    read.d_signal[10:15, 1] = -2048
    read.set_d_features()
    read.wrsamp(write_dir=str(file.parent))
    record = MITBIH(tiny).read("100")
    assert np.flatnonzero(np.isnan(record.lead("V5"))).tolist() == [10, 11, 12, 13, 14]
    assert check_quality(record) == {"V5": "5 samples that are no numbers"}
    np.testing.assert_array_equal(record.signal, wfdb.rdrecord(str(file)).p_signal.T.astype(np.float32))


def test_a_record_shorter_than_a_window_is_refused(record: Record) -> None:
    assert require_length(record, 2000) is record
    with pytest.raises(RecordTooShortError, match="at least 2,001 samples, found 2,000") as caught:
        require_length(record, 2001)
    assert (caught.value.record, caught.value.file) == ("mitbih/100", record.file)
    assert "shorter window" in str(caught.value.remedy)


def test_a_lead_that_the_record_lacks_is_refused(record: Record) -> None:
    with pytest.raises(LeadError, match="no lead aVR") as caught:
        record.lead("aVR")
    assert (caught.value.record, caught.value.file) == ("mitbih/100", record.file)
    assert "leads among MLII, V5" in str(caught.value.expected)
    assert caught.value.remedy
