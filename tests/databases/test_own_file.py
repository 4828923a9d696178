from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyedflib
import pytest
import wfdb

from ecglib.databases import MITBIH, Record
from ecglib.databases.own_file import read_own_file
from ecglib.errors import DamagedFileError, ECGError, LeadError, MissingFileError, SamplingRateError, SignalQualityError

LEADS, RATE = ["II", "V5", "aVR"], 250


@pytest.fixture
def ecg() -> np.ndarray:
    """Three leads of twelve seconds, in millivolts."""
    steps = np.random.default_rng(0).normal(0, 0.02, (len(LEADS), 12 * RATE))
    return np.clip(np.cumsum(steps, axis=1), -4, 4)


def write_wfdb(folder: Path, ecg: np.ndarray, leads: list[str], unit: str = "mV", rate: int = RATE) -> Path:
    scaled = ecg * {"mV": 1, "uV": 1000, "V": 0.001}[unit]
    wfdb.wrsamp("mine", rate, [unit] * len(leads), leads, scaled.T, fmt=["16"] * len(leads), write_dir=str(folder))
    return folder / "mine.hea"


def write_edf(folder: Path, ecg: np.ndarray, leads: list[str], unit: str = "mV", rate: int = RATE) -> Path:
    most = {"mV": 5, "uV": 5000, "V": 0.005}[unit]
    writer = pyedflib.EdfWriter(str(folder / "mine.edf"), len(leads), file_type=pyedflib.FILETYPE_EDFPLUS)
    writer.setSignalHeaders(
        [
            {
                "label": lead,
                "dimension": unit,
                "sample_frequency": rate,
                "physical_max": most,
                "physical_min": -most,
                "digital_max": 32767,
                "digital_min": -32768,
            }
            for lead in leads
        ]
    )
    writer.writeSamples([np.ascontiguousarray(row * most / 5) for row in ecg])
    writer.close()
    return folder / "mine.edf"


def write_csv(folder: Path, ecg: np.ndarray, leads: list[str], unit: str = "mV", rate: int = RATE) -> Path:
    scaled = ecg * {"mV": 1, "uV": 1000, "V": 0.001}[unit]
    columns = {"time (s)": np.arange(ecg.shape[1]) / rate}
    columns |= {f"{lead} ({unit})": row for lead, row in zip(leads, scaled, strict=True)}
    pd.DataFrame(columns).to_csv(folder / "mine.csv", index=False)
    return folder / "mine.csv"


WRITERS = {"WFDB": write_wfdb, "EDF": write_edf, "CSV": write_csv}


def read_npy(folder: Path, ecg: np.ndarray, **said: Any) -> Record:
    np.save(folder / "mine.npy", ecg)
    return read_own_file(folder / "mine.npy", **({"rate": RATE, "unit": "mV", "leads": LEADS} | said))


@pytest.mark.parametrize("unit", ["mV", "uV", "V"])
@pytest.mark.parametrize("kind", WRITERS)
def test_every_format_gives_the_same_record_whatever_its_unit(
    kind: str, unit: str, tmp_path: Path, ecg: np.ndarray
) -> None:
    record = read_own_file(WRITERS[kind](tmp_path, ecg, LEADS, unit))
    same = read_npy(tmp_path, ecg)
    assert (
        (record.leads, record.rate, record.name) == (same.leads, same.rate, same.name) == (tuple(LEADS), RATE, "mine")
    )
    assert record.signal.shape == same.signal.shape
    assert record.signal.dtype == np.float32
    np.testing.assert_allclose(record.signal, same.signal, atol=2e-4)
    assert record.notes == {"format": kind, "unit": unit}


@pytest.mark.parametrize("kind", WRITERS)
def test_shuffled_leads_and_another_rate_come_as_the_file_says(kind: str, tmp_path: Path, ecg: np.ndarray) -> None:
    order = [2, 0, 1]
    record = read_own_file(WRITERS[kind](tmp_path, ecg[order], [LEADS[place].upper() for place in order], rate=500))
    assert record.rate == 500
    assert record.leads == ("aVR", "II", "V5")
    np.testing.assert_allclose(record.select(LEADS), ecg, atol=2e-4)


def test_numpy_knows_nothing_and_asks_for_each(tmp_path: Path, ecg: np.ndarray) -> None:
    for missing, option in (("rate", "--rate"), ("unit", "--unit"), ("leads", "--leads")):
        with pytest.raises(ECGError, match=option) as caught:
            read_npy(tmp_path, ecg, **{missing: None})
        for part in ("own/mine", "mine.npy", "expected", "found", "What to do"):
            assert part in str(caught.value)
    in_microvolts = read_npy(tmp_path, (ecg * 1000).astype(np.int16), unit="uV")
    np.testing.assert_allclose(in_microvolts.signal, ecg, atol=1e-3)


def test_stem_signal_file_and_header_are_the_same_wfdb_record(tmp_path: Path, ecg: np.ndarray) -> None:
    header = write_wfdb(tmp_path, ecg, LEADS)
    for name in ("mine", "mine.dat"):
        np.testing.assert_array_equal(read_own_file(tmp_path / name).signal, read_own_file(header).signal)


def test_a_csv_of_another_country_is_read(tmp_path: Path, ecg: np.ndarray) -> None:
    table = pd.DataFrame(ecg.T, columns=LEADS)
    table.to_csv(tmp_path / "mine.csv", index=False, sep=";", decimal=",")
    np.testing.assert_allclose(read_own_file(tmp_path / "mine.csv", rate=RATE, unit="mV").signal, ecg, atol=1e-6)
    table.to_csv(tmp_path / "bare.tsv", index=False, sep="\t", header=False)
    bare = read_own_file(tmp_path / "bare.tsv", rate=RATE, unit="mV", leads=["V1", "-", "I"])
    assert bare.leads == ("V1", "I")
    np.testing.assert_allclose(bare.signal, ecg[[0, 2]], atol=1e-6)


@pytest.mark.parametrize("rate", [128, 250, 360, 1000])
def test_the_rate_of_rounded_times_is_found(rate: int, tmp_path: Path) -> None:
    times = np.round(np.arange(12 * rate) / rate, 3)
    pd.DataFrame({"time_s": times, "II (mV)": np.sin(times)}).to_csv(tmp_path / "a.csv", index=False)
    assert read_own_file(tmp_path / "a.csv").rate == rate
    pd.DataFrame({"time_ms": times * 1000, "II (mV)": np.sin(times)}).to_csv(tmp_path / "a.csv", index=False)
    assert read_own_file(tmp_path / "a.csv").rate == rate


def test_empty_cells_and_invalid_samples_become_nan(tmp_path: Path, ecg: np.ndarray) -> None:
    ecg[1, 100:150] = np.nan
    for write in (write_csv, write_wfdb):
        found = np.isnan(read_own_file(write(tmp_path, ecg, LEADS)).signal)
        np.testing.assert_array_equal(found, np.isnan(ecg))


def test_channels_that_are_no_lead_are_left_out_and_named(tmp_path: Path, ecg: np.ndarray) -> None:
    record = read_own_file(write_edf(tmp_path, ecg, ["Resp", "ECG II", "EKG aVR"]))
    assert record.leads == ("II", "aVR")
    assert record.notes["left out"] == "Resp"
    with pytest.raises(LeadError, match=r"doesn't say which leads.*found A, B, C.*--leads"):
        read_own_file(write_edf(tmp_path, ecg, ["A", "B", "C"]))
    assert read_own_file(write_edf(tmp_path, ecg, ["A", "B", "C"]), leads=["I", "-", "V2"]).leads == ("I", "V2")


@pytest.mark.parametrize(
    ("said", "kind", "problem"),
    [
        ({"rate": 360}, SamplingRateError, "another sampling rate; expected 250 Hz, found 360 Hz"),
        ({"rate": float("nan")}, SamplingRateError, "a rate that can't be"),
        ({"rate": -5}, SamplingRateError, "a rate that can't be"),
        ({"unit": "uV"}, SignalQualityError, "another unit of lead II; expected mV, found uV"),
        ({"unit": "furlong"}, SignalQualityError, "a unit of amplitude that nobody knows"),
        ({"leads": ["II", "V6", "aVR"]}, LeadError, "names a lead otherwise; expected V5, found V6"),
        ({"leads": ["II", "V5"]}, LeadError, "not as many names of leads as channels"),
        ({"leads": ["II", "V5", "X9"]}, LeadError, "a lead that nobody knows"),
        ({"leads": ["-", "-", "-"]}, LeadError, "no lead is left"),
    ],
)
def test_what_contradicts_the_file_is_refused(
    said: dict[str, Any], kind: type[ECGError], problem: str, tmp_path: Path, ecg: np.ndarray
) -> None:
    file = write_csv(tmp_path, ecg, LEADS)
    with pytest.raises(kind, match=problem) as caught:
        read_own_file(file, **said)
    for part in ("own/mine", "mine.csv", "expected", "found", "What to do"):
        assert part in str(caught.value)


def damage_dat(folder: Path, ecg: np.ndarray) -> Path:
    header = write_wfdb(folder, ecg, LEADS)
    whole = header.with_suffix(".dat").read_bytes()
    header.with_suffix(".dat").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    return header


def cut(file: Path) -> Path:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return file


def rewritten(file: Path, old: str, new: str) -> Path:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return file


def no_gain(folder: Path, ecg: np.ndarray) -> Path:
    header = write_wfdb(folder, ecg, LEADS)
    lines = [line.split(" ") for line in header.read_text().splitlines()]
    header.write_text("\n".join(" ".join([*line[:2], "0", *line[3:]] if len(line) > 5 else line) for line in lines))
    return header


def text(folder: Path, name: str, content: str) -> Path:
    (folder / name).write_text(content)
    return folder / name


def array(folder: Path, values: Any) -> Path:
    np.save(folder / "a.npy", values)
    return folder / "a.npy"


@pytest.mark.parametrize(
    ("make", "kind", "problem"),
    [
        (lambda d, x: d / "nothing.edf", MissingFileError, "no such file"),
        (lambda d, x: d, MissingFileError, "found a folder"),
        (lambda d, x: text(d, "a.xml", "<ecg/>"), DamagedFileError, "a format that can't be read.*found .xml"),
        (lambda d, x: text(d, "a.dat", ""), MissingFileError, "the WFDB header is missing"),
        (damage_dat, DamagedFileError, "header and signal disagree"),
        (lambda d, x: cut(write_wfdb(d, x, LEADS).with_suffix(".dat")), DamagedFileError, "can't be decoded"),
        (no_gain, SignalQualityError, "no gain: nobody calibrated"),
        (lambda d, x: text(d, "a.hea", "a/2 2 250 100\n"), DamagedFileError, "header that can't be used"),
        (lambda d, x: text(d, "a.hea", ""), DamagedFileError, "header that can't be used.*found nothing"),
        (
            lambda d, x: rewritten(write_wfdb(d, x, LEADS), "/mV", "/mmHg"),
            SignalQualityError,
            "a unit that no ECG has.*'mmHg'",
        ),
        (lambda d, x: cut(write_edf(d, x, LEADS)), DamagedFileError, "EDF file can't be read"),
        (lambda d, x: text(d, "a.csv", ""), DamagedFileError, "a size that can't be read.*found 0"),
        (lambda d, x: text(d, "a.csv", "II (mV)\n0.1\nabc\n"), DamagedFileError, "line 3 .*found 'abc'"),
        (lambda d, x: text(d, "a.csv", "0.1,0.2\n0.3\n"), DamagedFileError, "line 2 .*expected 2 columns, found 1"),
        (lambda d, x: text(d, "a.csv", ",".join(["1"] * 99)), DamagedFileError, "lies on its side"),
        (lambda d, x: text(d, "a.csv", "time_s\n0\n1\n"), LeadError, "nothing but times"),
        (
            lambda d, x: text(d, "a.csv", "time_s,II (mV)\n" + "".join(f"{t},0\n" for t in (0, 1, 2, 8, 9))),
            SamplingRateError,
            "are uneven.*6 s after 2 s",
        ),
        (lambda d, x: text(d, "a.csv", "time_s,II (mV)\n0,1\n0,1\n"), SamplingRateError, "don't rise"),
        (lambda d, x: text(d, "a.csv", "II,II\n1,1\n2,2\n"), LeadError, "a lead stands twice"),
        (lambda d, x: array(d, x.T), DamagedFileError, "lies on its side.*signal.T"),
        (lambda d, x: array(d, x.astype(complex)), DamagedFileError, "no ECG.*complex128"),
        (lambda d, x: array(d, np.zeros((2, 3, 4))), DamagedFileError, "no ECG"),
        (lambda d, x: text(d, "a.npy", "II"), DamagedFileError, "NumPy file can't be read"),
    ],
)
def test_bad_files_are_refused_with_place_and_remedy(
    make: Any, kind: type[ECGError], problem: str, tmp_path: Path, ecg: np.ndarray
) -> None:
    with pytest.raises(kind, match=f"(?s){problem}") as caught:
        read_own_file(make(tmp_path, ecg))
    for part in ("own/", str(tmp_path), "expected", "found", "What to do"):
        assert part in str(caught.value)


def test_no_pickle_is_ever_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return Path.touch, (tmp_path / "sprung",)

    np.save(tmp_path / "trap.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(DamagedFileError, match="pickles are never opened"):
        read_own_file(tmp_path / "trap.npy", rate=250, unit="mV", leads=["II"])
    assert not (tmp_path / "sprung").exists()


def test_a_header_that_claims_too_much_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    file = text(tmp_path, "a.hea", "a 1 250 99999999999\na.dat 16 200/mV 16 0 0 0 0 II\n")
    (tmp_path / "a.dat").write_bytes(b"\0\0")
    with pytest.raises(DamagedFileError, match="found 99,999,999,999"):
        read_own_file(file)


def test_reading_changes_no_file(tmp_path: Path, ecg: np.ndarray) -> None:
    for write in WRITERS.values():
        write(tmp_path, ecg, LEADS)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    for name in ("mine.hea", "mine.edf", "mine.csv"):
        read_own_file(tmp_path / name)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.real_data
def test_a_database_s_record_is_the_same_read_as_ones_own(real_data: Path) -> None:
    record = MITBIH(real_data).read("114")
    own = read_own_file(record.file or "")
    assert own.leads == record.leads == ("V5", "MLII")
    assert own.rate == record.rate
    np.testing.assert_allclose(own.signal, record.signal, atol=1e-6)
