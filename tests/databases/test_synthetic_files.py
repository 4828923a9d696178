"""The twins as files: the published layout, genuine WFDB, the same bytes for the same seed, all or nothing."""

from __future__ import annotations

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import wfdb
from scipy.io import loadmat

from ecglib.databases.catalogue import PUBLISHED
from ecglib.databases.chapman import Chapman, rhythm_group
from ecglib.databases.leads import TWELVE_LEADS
from ecglib.databases.ludb import LUDB
from ecglib.databases.mitbih import MITBIH
from ecglib.databases.ptbxl import PTBXL
from ecglib.databases.synthetic import TWINS, write_twins
from ecglib.databases.synthetic.chapman import SUBJECTS as CHAPMAN_SUBJECTS
from ecglib.databases.synthetic.ludb import make_ludb
from ecglib.databases.synthetic.mitbih import RECORDS, make_mitbih
from ecglib.databases.synthetic.ptbxl import VISITS
from ecglib.errors import ECGError

ONE_OF_EACH = {
    "mitbih": ("114", "212", 2, 360),
    "ludb": ("data/7", "16", 12, 500),
    "ptbxl": ("records500/00000/00012_hr", "16", 12, 500),
    "chapman": ("WFDBRecords/01/010/JS00005", "16", 12, 500),
}


def digests(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.name != "twins.lock")
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes(twins: Path, tmp_path: Path) -> None:
    assert digests(write_twins(tmp_path, progress=False)) == digests(twins)


def test_another_seed_gives_other_signals(twins: Path, tmp_path: Path) -> None:
    write_twins(tmp_path, seed=1, databases=["ludb"], progress=False)
    signals = "ludb/1.0.1/data/1.dat"
    assert (tmp_path / signals).read_bytes() != (twins / signals).read_bytes()


def test_a_twin_alone_is_the_twin_among_others(twins: Path, tmp_path: Path) -> None:
    write_twins(tmp_path, databases=["ludb"], progress=False)
    assert digests(tmp_path / "ludb") == digests(twins / "ludb")


def test_the_whole_set_stays_small(twins: Path) -> None:
    assert sum(path.stat().st_size for path in twins.rglob("*") if path.is_file()) < 25e6


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("mitbih", ["100.dat", "100.hea", "100.atr", "RECORDS"]),
        ("ludb", ["data/1.dat", "data/1.hea", "data/1.i", "data/1.avr", "data/1.v6", "ludb.csv", "RECORDS"]),
        (
            "ptbxl",
            [
                "records100/00000/00001_lr.dat",
                "records500/00000/00001_hr.hea",
                "ptbxl_database.csv",
                "scp_statements.csv",
                "RECORDS",
            ],
        ),
        (
            "chapman",
            [
                "WFDBRecords/01/010/JS00001.hea",
                "WFDBRecords/01/010/JS00001.mat",
                "WFDBRecords/01/010/RECORDS",
                "ConditionNames_SNOMED-CT.csv",
                "RECORDS",
            ],
        ),
    ],
)
def test_layout_is_the_published_one(twins: Path, key: str, expected: list[str]) -> None:
    root = twins / PUBLISHED[key].folder
    missing = [name for name in [*expected, "SYNTHETIC", "SHA256SUMS.txt"] if not (root / name).is_file()]
    assert not missing


@pytest.mark.parametrize("key", TWINS)
def test_checksums_cover_every_file(twins: Path, key: str) -> None:
    root = twins / PUBLISHED[key].folder
    listed = {
        name: digest for digest, name in (line.split() for line in (root / "SHA256SUMS.txt").read_text().splitlines())
    }
    found = digests(root)
    del found["SHA256SUMS.txt"]
    assert listed == found


@pytest.mark.parametrize("key", TWINS)
def test_every_header_agrees_with_its_signal(twins: Path, key: str) -> None:
    for header in (twins / PUBLISHED[key].folder).rglob("*.hea"):
        record = wfdb.rdrecord(str(header.with_suffix("")), physical=False)
        assert [total % 65536 for total in record.checksum] == record.calc_checksum(), header.name
        assert record.init_value == record.d_signal[0].tolist(), header.name


@pytest.mark.parametrize("key", TWINS)
def test_wfdb_reads_what_the_header_says(twins: Path, key: str) -> None:
    name, storage, leads, rate = ONE_OF_EACH[key]
    record = wfdb.rdrecord(str(twins / PUBLISHED[key].folder / name))
    assert (set(record.fmt), record.n_sig, record.fs) == ({storage}, leads, rate)
    assert np.isfinite(record.p_signal).all()
    assert (record.p_signal.std(axis=0) > 0.02).all()


def test_files_hold_the_signal_to_half_a_step(twins: Path) -> None:
    for name, made, step in (
        ("mitdb/1.0.0/207", make_mitbih("207", 0)[1], 1 / 200),
        ("ludb/1.0.1/data/3", make_ludb("3", 0), 1 / 700),
    ):
        read = wfdb.rdrecord(str(twins / name)).p_signal.T
        assert np.abs(read - made.signal).max() <= step / 2 * 1.001


@pytest.mark.parametrize("name", ["mitdb/1.0.0/100", "mitdb/1.0.0/207"])
def test_annotation_bytes_are_those_of_wfdb(twins: Path, tmp_path: Path, name: str) -> None:
    marks = wfdb.rdann(str(twins / name), "atr")
    wfdb.wrann("same", "atr", marks.sample, symbol=marks.symbol, aux_note=marks.aux_note, write_dir=str(tmp_path))
    assert (tmp_path / "same.atr").read_bytes() == (twins / f"{name}.atr").read_bytes()


def test_matlab_reads_chapman_signals(twins: Path) -> None:
    stem = twins / "ecg-arrhythmia/1.0.0/WFDBRecords/01/010/JS00003"
    record = wfdb.rdrecord(str(stem), physical=False)
    assert np.array_equal(loadmat(f"{stem}.mat")["val"].T, record.d_signal)


def test_rhythm_changes_end_in_nul(twins: Path) -> None:
    marks = wfdb.rdann(str(twins / "mitdb/1.0.0/201"), "atr")
    notes = [note for note, symbol in zip(marks.aux_note, marks.symbol, strict=True) if symbol == "+"]
    assert notes == ["(AFIB\0", "(N\0", "(T\0", "(NOD\0", "(AFIB\0"]
    assert (np.diff(marks.sample) >= 0).all()


def test_our_readers_read_all_of_it(twins: Path) -> None:
    mitbih, ludb, chapman = MITBIH(twins), LUDB(twins), Chapman(twins)
    assert all(database.synthetic for database in (mitbih, ludb, chapman))
    assert mitbih.names() == list(RECORDS)
    assert mitbih.read("114").leads == ("V5", "MLII")
    assert "MLII" not in mitbih.read("102").leads + mitbih.read("104").leads
    assert mitbih.read("100").signal.shape == (2, 180 * 360)
    assert all(set(record.waves) == set(TWELVE_LEADS) for record in ludb.read_all(progress=False))
    groups = [rhythm_group(record.labels) for record in chapman.read_all(progress=False)]
    assert {group: groups.count(group) for group in groups} == {"SB": 8, "AFIB": 8, "GSVT": 8, "SR": 8}
    assert len(groups) == len(CHAPMAN_SUBJECTS)
    assert any(label.isdigit() for record in chapman.read_all(progress=False) for label in record.labels)


def test_ptbxl_folds_keep_patients_apart_and_hold_every_superclass(twins: Path) -> None:
    low, high = PTBXL(twins, rate=100), PTBXL(twins, rate=500)
    assert (len(low), len(high)) == (len(VISITS), 30)
    folds_of_patient: dict[str, set[int | None]] = {}
    labels_of_fold: dict[int | None, set[str]] = {}
    for record in low.read_all(progress=False):
        assert record.signal.shape == (12, 1000)
        folds_of_patient.setdefault(record.patient, set()).add(low.fold(record.name))
        labels_of_fold.setdefault(low.fold(record.name), set()).update(record.labels)
    assert all(len(folds) == 1 for folds in folds_of_patient.values())
    assert len(folds_of_patient) < len(low)
    assert set(labels_of_fold) == set(range(1, 11))
    assert all(labels == {"NORM", "MI", "STTC", "CD", "HYP"} for labels in labels_of_fold.values())


def test_ptbxl_at_100_hz_is_the_same_recording(twins: Path) -> None:
    low, high = PTBXL(twins, rate=100), PTBXL(twins, rate=500)
    for name in high.names()[:5]:
        slow, fast = low.read(name.replace("hr", "lr")).signal, high.read(name).signal[:, ::5]
        assert min(np.corrcoef(a, b)[0, 1] for a, b in zip(slow, fast, strict=True)) > 0.9


def test_a_second_call_touches_nothing(tmp_path: Path) -> None:
    write_twins(tmp_path, databases=["chapman"], progress=False)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    write_twins(tmp_path, databases=["chapman"], progress=False)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_another_seed_replaces_the_twin(tmp_path: Path) -> None:
    write_twins(tmp_path, seed=3, databases=["chapman"], progress=False)
    first = digests(tmp_path)
    write_twins(tmp_path, seed=4, databases=["chapman"], progress=False)
    second = digests(tmp_path)
    assert first.keys() == second.keys()
    assert first != second
    assert [path.name for path in tmp_path.iterdir()] == ["ecg-arrhythmia"]


def test_a_write_cut_short_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(folder: Path, seed: int) -> None:
        (folder / "RECORDS").write_text("100\n")
        raise KeyboardInterrupt

    monkeypatch.setitem(TWINS, "ludb", cut)
    with pytest.raises(KeyboardInterrupt):
        write_twins(tmp_path, databases=["ludb"], progress=False)
    assert list(tmp_path.iterdir()) == []


def test_real_data_is_never_overwritten(tmp_path: Path) -> None:
    real = tmp_path / "mitdb" / "1.0.0"
    real.mkdir(parents=True)
    (real / "100.hea").write_text("100 2 360 650000\n")
    with pytest.raises(ECGError, match="is no twin"):
        write_twins(tmp_path, progress=False)
    assert [path.name for path in tmp_path.rglob("*")] == ["mitdb", "1.0.0", "100.hea"]


def test_an_unknown_database_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ECGError, match="no twin of"):
        write_twins(tmp_path, databases=["mimic"], progress=False)


def test_two_writers_at_once_agree(twins: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write_twins, tmp_path, databases=["chapman"], progress=False) for _ in range(2)]:
            done.result()
    assert digests(tmp_path / "ecg-arrhythmia") == digests(twins / "ecg-arrhythmia")
    assert [path.name for path in tmp_path.iterdir()] == ["ecg-arrhythmia"]


def test_a_copy_of_the_twins_may_be_changed(twins: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(twins / "mitdb", tmp_path / "mitdb")
    (copy / "1.0.0" / "100.dat").write_bytes(b"")
    assert (twins / "mitdb" / "1.0.0" / "100.dat").stat().st_size > 0
