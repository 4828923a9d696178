"""Four tiny databases in the published layouts, written by wfdb: the bad-input tests damage copies of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import wfdb

TWELVE = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]


def write_signal(
    folder: Path,
    name: str,
    leads: list[str],
    rate: int,
    *,
    fmt: str = "16",
    suffix: str = "dat",
    gain: float = 1000.0,
    comments: tuple[str, ...] = (),
    seed: int = 0,
    samples: int = 2000,
) -> None:
    random = np.random.default_rng(seed)
    digital = np.round(np.cumsum(random.normal(0, 4, (samples, len(leads))), axis=0)).astype(np.int64)
    record = wfdb.Record(
        record_name=name,
        n_sig=len(leads),
        fs=rate,
        sig_len=samples,
        file_name=[f"{name}.{suffix}"] * len(leads),
        fmt=[fmt] * len(leads),
        adc_gain=[gain] * len(leads),
        baseline=[0] * len(leads),
        units=["mV"] * len(leads),
        sig_name=leads,
        d_signal=np.clip(digital, -2000, 2000),
        comments=list(comments),
    )
    record.set_d_features()
    record.set_defaults()
    record.wrsamp(write_dir=str(folder))


def write_mitbih(root: Path) -> None:
    root.mkdir(parents=True)
    for seed, (name, leads) in enumerate({"100": ["MLII", "V5"], "201": ["MLII", "V1"], "202": ["V1", "MLII"]}.items()):
        comments = ("69 M 1085 1629 x1", "Aldomet, Inderal", "The PVCs are uniform.")
        write_signal(root, name, leads, 360, fmt="212", gain=200.0, comments=comments, seed=seed)
        wfdb.wrann(
            name,
            "atr",
            np.array([18, 77, 370, 600, 662, 946, 1231, 1500]),
            symbol=["+", "N", "N", "~", "V", "+", "N", '"'],
            aux_note=["(N\0", "", "", "", "", "(AFIB\0", "", "TS"],
            write_dir=str(root),
        )
    (root / "RECORDS").write_text("100\n201\n202\n")


def write_ludb(root: Path) -> None:
    (root / "data").mkdir(parents=True)
    for name in ("1", "2"):
        write_signal(root / "data", name, [lead.lower() for lead in TWELVE], 500, seed=int(name))
        for lead in TWELVE:
            wfdb.wrann(  # refuses a digit in the suffix
                name,
                "tmp",
                np.array([100, 120, 140, 200, 215, 240, 330, 350, 395, 700]),
                symbol=["(", "p", ")", "(", "N", ")", "t", ")", "(", "N"],
                write_dir=str(root / "data"),
            )
            (root / "data" / f"{name}.tmp").rename(root / "data" / f"{name}.{lead.lower()}")
    (root / "RECORDS").write_text("data/1\ndata/2\n")
    (root / "ludb.csv").write_text(
        "ID,Sex,Age,Rhythms,Hypertrophies\n"
        '1,"F\n","51\n",Sinus bradycardia,"LVH\nLAH"\n2,"M\n",">89\n","Sinus rhythm\n",\n'
    )


def write_ptbxl(root: Path) -> None:
    leads = ["I", "II", "III", "AVR", "AVL", "AVF", *TWELVE[6:]]
    for number in (1, 2, 3):
        for rate, suffix in ((100, "lr"), (500, "hr")):
            folder = root / f"records{rate}" / "00000"
            folder.mkdir(parents=True, exist_ok=True)
            write_signal(folder, f"{number:05d}_{suffix}", leads, rate, seed=number, samples=10 * rate)
    (root / "ptbxl_database.csv").write_text(
        "ecg_id,patient_id,age,sex,report,scp_codes,strat_fold\n"
        "1,15709.0,56.0,1,sinusrhythmus,\"{'NORM': 100.0, 'SR': 0.0}\",3\n"
        "2,13243.0,300.0,0,,\"{'IMI': 80.0, 'LVH': 50.0, 'ABQRS': 0.0}\",10\n"
    )
    (root / "scp_statements.csv").write_text(
        ",description,diagnostic,diagnostic_class\nNORM,normal,1.0,NORM\nIMI,infarction,1.0,MI\n"
        "LVH,hypertrophy,1.0,HYP\nABQRS,form,,\nSR,rhythm,,\n"
    )


def write_chapman(root: Path) -> None:
    folder = root / "WFDBRecords" / "01" / "010"
    folder.mkdir(parents=True)
    for seed, codes in enumerate(("164890007,59118001", "426177001,195101003,55827005"), start=1):
        comments = ("Age: 85", "Sex: Male", f"Dx: {codes}", "Rx: Unknown")
        write_signal(folder, f"JS0000{seed}", TWELVE, 500, suffix="mat", comments=comments, seed=seed)
    (root / "RECORDS").write_text("WFDBRecords/01/010/\n")
    (root / "ConditionNames_SNOMED-CT.csv").write_bytes(
        "\ufeffAcronymName,FullName,Snomed_CT\nRBBB,right bundle branch block,59118001\nWAVN,wandering,195101003\n"
        "SB,Sinus Bradycardia,426177001\nAF,Atrial Flutter,164890007\nSAAWR,wandering,195101003\n".encode()
    )


@pytest.fixture(scope="session")
def tiny_original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    write_mitbih(folder / "mitdb" / "1.0.0")
    write_ludb(folder / "ludb" / "1.0.1")
    write_ptbxl(folder / "ptb-xl" / "1.0.3")
    write_chapman(folder / "ecg-arrhythmia" / "1.0.0")
    return folder


@pytest.fixture
def tiny(tiny_original: Path, tmp_path: Path) -> Path:
    """Data directory with tiny databases that this test may damage."""
    return shutil.copytree(tiny_original, tmp_path / "data")


@pytest.fixture
def pack_as_flac() -> Callable[[Path, int], None]:
    """Function that writes a record's signals again as FLAC, so many leads a file, and removes the published file."""

    def pack(stem: Path, leads_a_file: int) -> None:
        record = wfdb.rdrecord(str(stem), physical=False)
        old = set(record.file_name)
        record.file_name = [f"{stem.name}_{lead // leads_a_file}.dat" for lead in range(record.n_sig)]
        record.fmt = ["516"] * record.n_sig
        record.byte_offset = [None] * record.n_sig
        record.wrsamp(write_dir=str(stem.parent))
        for name in old:
            (stem.parent / name).unlink()

    return pack
