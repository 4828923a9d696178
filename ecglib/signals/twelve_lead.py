"""Ten seconds of twelve leads of every record of a database, filtered, at one rate, on disk and not in memory."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from ecglib.databases.base import Database
from ecglib.databases.leads import TWELVE_LEADS
from ecglib.databases.quality import require_length, require_quality
from ecglib.databases.record import Record
from ecglib.errors import DamagedFileError, ECGError
from ecglib.signals.filters import bandpass
from ecglib.signals.rows_file import RowsFile
from ecglib.signals.segments import to_rate
from ecglib.signals.stored import complete_folder, name_after
from ecglib.signals.windows import _cache_folder, _digest

RATE = 100
"""Samples a second: the rate at which all of PTB-XL is published, and enough for 0.5–40 Hz."""

LEADS = TWELVE_LEADS
"""Leads of a recording, in their order."""

SECONDS = 10
"""Length of a recording."""

SAMPLES = RATE * SECONDS
"""Length of a recording in samples."""

_MODULES = (
    "ecglib.databases.base",
    "ecglib.databases.leads",
    "ecglib.databases.quality",
    "ecglib.databases.wfdb_files",
    "ecglib.signals.filters",
    "ecglib.signals.rows_file",
    "ecglib.signals.segments",
    __name__,
)


@dataclass(frozen=True)
class TwelveLead:
    """Recordings of ten seconds and twelve leads.

    Attributes
    ----------
    signals : float32 array, shape (recordings, 12, 1000)
        Millivolts at ``RATE`` samples a second, band-passed from 0.5 to 40 Hz; memory-mapped and read-only.
    names, patients : str arrays, shape (recordings,)
        The record's name, and the patient's.
    left_out : mapping of str to str
        Why each other record is not here, by its name.
    key : str
        Stands for data, names and code; what is computed from these recordings is stored under a name with it.

    Notes
    -----
    Source: our choice. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> one = np.array(["1"])
    >>> found = TwelveLead(np.zeros((1, 12, 1000), np.float32), one, one, {"2": "a flat signal"}, "made by hand")
    >>> len(found)
    1
    """

    signals: NDArray[np.float32]
    names: NDArray[np.str_]
    patients: NDArray[np.str_]
    left_out: Mapping[str, str]
    key: str

    def __len__(self) -> int:
        return len(self.signals)


def twelve_lead_recordings(
    database: Database,
    names: Sequence[str] | None = None,
    *,
    cache: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> TwelveLead:
    """Read the first ten seconds of twelve leads of every record; the second time, open what the first has written.

    Parameters
    ----------
    database : Database
        One of twelve leads at any rate: PTB-XL, Chapman, LUDB.
    names : sequence of str, optional
        Records to read, in this order; None takes all that are present.
    cache : path-like, optional
        Folder for what is written; None takes ``ECGLIB_CACHE``, or else the user's cache folder.
    progress : bool
        Whether to show a progress bar while reading.

    Returns
    -------
    TwelveLead
        In the order of the names. Whatever the number of records, memory holds one of them at a time.

    Raises
    ------
    ECGError
        If no record can be used.
    DamagedFileError
        If what was written can't be read.

    Notes
    -----
    A file that can't be read, a missing lead, NaN, a flat lead, millivolts that no heart has, or less than ten seconds
    leave the record out, with the reason in ``left_out``: of tens of thousands of published records some are damaged.
    The folder is named after the database's bytes, the names and the code that reads, filters and resamples, and
    gets its name only when it is complete. Leads come as they were recorded: in LUDB, I + III is not exactly II.
    Source: our choice. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.databases import PTBXL
    >>> from ecglib.databases.synthetic import write_twins
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     database = PTBXL(write_twins(folder, databases=["ptbxl"], progress=False))
    ...     found = twelve_lead_recordings(database, database.names()[:3], cache=folder, progress=False)
    >>> found.signals.shape, found.names.tolist()
    ((3, 12, 1000), ['00001_lr', '00002_lr', '00003_lr'])
    """
    chosen = list(database.names() if names is None else names)
    place = _cache_folder(cache)
    key = name_after(f"{_digest(database, place)} {json.dumps(chosen)}", (*_MODULES, type(database).__module__))
    folder = place / f"twelve-lead-{key}"
    if not folder.is_dir():
        _write(folder, database, chosen, progress)
    return _load(folder, key)


def _write(folder: Path, database: Database, names: list[str], progress: bool) -> None:
    kept: list[str] = []
    patients: list[str] = []
    left_out: dict[str, str] = {}
    with complete_folder(folder) as unfinished:
        with RowsFile(unfinished / "signals.npy", (len(LEADS), SAMPLES), np.float32) as signals:
            for name in tqdm(names, desc=f"reading {database.key}", unit="record", disable=not progress):
                try:
                    record = database.read(name)
                    signals.add(_ten_seconds(record)[np.newaxis])
                except ECGError as error:
                    left_out[name] = error.problem
                    continue
                kept.append(name)
                patients.append(record.patient)
        if not kept:
            raise ECGError(
                "no record can be used",
                record=database.key,
                expected=f"records with {SECONDS} s of twelve leads",
                found=f"{len(names)}, left out for: {', '.join(sorted(set(left_out.values()))) or 'none was named'}",
                remedy="look at the files, or download them again",
            )
        about = {"names": kept, "patients": patients, "left_out": left_out}
        (unfinished / "about.json").write_text(json.dumps(about), encoding="utf-8")


def _ten_seconds(record: Record) -> NDArray[np.float32]:
    samples = round(SECONDS * record.rate)
    signal = require_quality(require_length(record, samples)).select(LEADS)[:, :samples]
    return bandpass(to_rate(signal, record.rate, RATE), RATE)


def _load(folder: Path, key: str) -> TwelveLead:
    try:
        signals = np.load(folder / "signals.npy", mmap_mode="r", allow_pickle=False)
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        names, patients, left_out = np.array(about["names"]), np.array(about["patients"]), about["left_out"]
    except (OSError, ValueError, KeyError) as error:
        raise DamagedFileError(
            "stored recordings can't be read",
            file=folder,
            expected="signals.npy and about.json",
            found=str(error),
            remedy="delete this folder; the records are then read again",
        ) from error
    return TwelveLead(signals, names, patients, left_out, key)
