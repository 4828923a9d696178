"""One window around each beat, cut without a loop and kept on disk."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.aami import aami_classes
from ecglib.databases.base import Database
from ecglib.databases.record import Record
from ecglib.errors import AnnotationError, DamagedFileError, ECGError, RecordTooShortError, SignalQualityError
from ecglib.signals.filters import bandpass

CACHE_VARIABLE = "ECGLIB_CACHE"
"""Environment variable that names the folder for cached windows."""

FALLBACK = {"MLII": "V5"}
"""Lead that stands in for one that a record lacks: of MIT-BIH's, 102 and 104 have no MLII."""

_ARRAYS = ("windows", "classes", "symbols", "records", "patients", "samples")
_MODULES = (
    "ecglib.databases.aami",
    "ecglib.databases.base",
    "ecglib.databases.leads",
    "ecglib.databases.record",
    "ecglib.databases.wfdb_files",
    "ecglib.signals.filters",
    __name__,
)
_STALE_SECONDS = 24 * 3600


@dataclass(frozen=True)
class BeatWindows:
    """Windows around the beats of a database, and what is known of each beat.

    Attributes
    ----------
    windows : float32 array, shape (beats, leads, before + after)
        Millivolts; memory-mapped and read-only.
    classes : int64 array, shape (beats,)
        Index into ``AAMI_CLASSES``.
    symbols, records, patients : str arrays, shape (beats,)
        The annotator's symbol, the record's name, the patient's.
    samples : int64 array, shape (beats,)
        Sample index of each beat in its record.
    rate : float
        Samples a second.
    before, after : int
        Samples of the window before the beat's sample, and from it on.

    Notes
    -----
    Source: our choice. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> beat = np.array([0])
    >>> name = np.array(["100"])
    >>> found = BeatWindows(np.zeros((1, 1, 260), np.float32), beat, np.array(["N"]), name, name, beat, 360.0, 100, 160)
    >>> len(found)
    1
    """

    windows: NDArray[np.float32]
    classes: NDArray[np.int64]
    symbols: NDArray[np.str_]
    records: NDArray[np.str_]
    patients: NDArray[np.str_]
    samples: NDArray[np.int64]
    rate: float
    before: int
    after: int

    def __len__(self) -> int:
        return len(self.windows)


def fits(samples: ArrayLike, length: int, before: int, after: int) -> NDArray[np.bool_]:
    """Say which beats have their whole window inside the record.

    Parameters
    ----------
    samples : int array, shape (beats,)
        Sample index of each beat.
    length : int
        Samples in the record.
    before, after : int
        Samples of the window before the beat's sample, and from it on.

    Returns
    -------
    bool array, shape (beats,)

    Notes
    -----
    Source: our choice. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> fits([50, 100, 840, 841], length=1000, before=100, after=160)
    array([False,  True,  True, False])
    """
    beats = np.asarray(samples, dtype=np.int64)
    return (beats >= before) & (beats <= length - after)


def cut_windows(signal: ArrayLike, samples: ArrayLike, before: int, after: int) -> NDArray[np.float32]:
    """Cut one window around each beat, all at once: a strided view of every possible window, and a gather.

    Parameters
    ----------
    signal : array, shape (leads, samples)
        Millivolts.
    samples : int array, shape (beats,)
        Sample index of each beat.
    before, after : int
        Samples of the window before the beat's sample, and from it on.

    Returns
    -------
    float32 array, shape (beats, leads, before + after)
        Millivolts.

    Raises
    ------
    RecordTooShortError
        If the signal is shorter than a window, or a beat lies too near its ends; ``fits`` says which do not.

    Notes
    -----
    Source: our choice. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> cut_windows([[0, 1, 2, 3, 4, 5]], [2, 4], before=1, after=2)
    array([[[1., 2., 3.]],
    <BLANKLINE>
           [[3., 4., 5.]]], dtype=float32)
    """
    leads, beats = np.asarray(signal, dtype=np.float32), np.asarray(samples, dtype=np.int64)
    length, window = leads.shape[-1], before + after
    inside = fits(beats, length, before, after)
    if length < window or not inside.all():
        raise RecordTooShortError(
            "windows reach beyond the record",
            expected=f"beats from sample {before} to {length - after} of {length}",
            found=f"{np.count_nonzero(~inside)} beats outside" if length >= window else f"a window of {window} samples",
            remedy="choose the beats that ecglib.signals.fits, or a shorter window",
        )
    return sliding_window_view(leads, window, axis=-1).swapaxes(0, 1)[beats - before]


def beat_windows(
    database: Database,
    *,
    lead: str = "MLII",
    before: int = 100,
    after: int = 160,
    band: tuple[float, float] = (0.5, 40.0),
    cache: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> BeatWindows:
    """Read every record of a database, filter it, and cut a window around each beat; the second time, read the cache.

    Parameters
    ----------
    database : Database
        One whose beats are annotated, such as MIT-BIH.
    lead : str
        Lead to cut from. Records 102 and 104 have no MLII; as is the custom, their V5 stands in for it.
    before, after : int
        Samples of the window before the beat's sample, and from it on.
    band : (float, float)
        Edges of the band-pass filter in hertz; the whole record is filtered before it is cut.
    cache : path-like, optional
        Folder for cached windows; None takes ``ECGLIB_CACHE``, or else the user's cache folder.
    progress : bool
        Whether to show a progress bar while reading.

    Returns
    -------
    BeatWindows
        In order of record and time, without the beats too near the ends of their record. Windows stay in
        millivolts, since amplitude tells classes apart; ``normalise`` takes it away where a paper does.

    Raises
    ------
    AnnotationError
        If a record has no annotated beats.
    LeadError
        If a record has neither the lead nor its stand-in.
    SignalQualityError
        If the lead is flat or holds NaN.
    RecordTooShortError
        If a record is shorter than a window.

    Notes
    -----
    The cache is keyed by the database's bytes, these parameters and the code that reads, filters and cuts. It
    appears under its name only when it is complete. Source: our choice. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> windows = beat_windows(MITBIH())  # doctest: +SKIP
    >>> windows.windows.shape  # doctest: +SKIP
    (109448, 1, 260)
    """
    parameters = {"lead": lead, "before": before, "after": after, "band": list(band), "rate": database.rate}
    place = _cache_folder(cache)
    folder = place / f"beats-{_key(_digest(database, place), type(database), parameters)}"
    if not folder.is_dir():
        _write(folder, database, lead, before, after, band, progress)
    return BeatWindows(**_load(folder), rate=database.rate, before=before, after=after)


def _cache_folder(cache: str | os.PathLike[str] | None) -> Path:
    named = cache if cache is not None else os.environ.get(CACHE_VARIABLE) or None
    if named is None:
        import pooch  # half a second that most readers need not wait for

        named = pooch.os_cache("ecglib")
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _digest(database: Database, cache: Path) -> str:
    """Give the database's digest, remembered for as long as no file below its folder changes."""
    state = hashlib.sha256(f"{database.root.resolve()} {database.rate}".encode())
    for file in sorted(database.root.rglob("*")):
        seen = file.stat()
        state.update(f"{file} {seen.st_size} {seen.st_mtime_ns} {seen.st_ctime_ns} {seen.st_ino}\n".encode())
    remembered = cache / f"digest-{state.hexdigest()[:32]}.txt"
    if not remembered.is_file():
        with tempfile.NamedTemporaryFile("w", dir=cache, suffix=".partial", delete=False) as unfinished:
            unfinished.write(database.digest())
        os.replace(unfinished.name, remembered)
    return remembered.read_text()


def _key(digest: str, kind: type[Database], parameters: dict[str, object]) -> str:
    """Digest everything that the windows depend on: data, parameters and code."""
    total = hashlib.sha256(f"{digest} {json.dumps(parameters, sort_keys=True)}".encode())
    for file in (Path(str(sys.modules[name].__file__)) for name in (*_MODULES, kind.__module__)):
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:32]


def _write(
    folder: Path, database: Database, lead: str, before: int, after: int, band: tuple[float, float], progress: bool
) -> None:
    """Write the arrays into a folder with another name, and give it its own when all are there."""
    cut = [_cut(record, lead, before, after, band) for record in database.read_all(progress=progress)]
    _remove_stale(folder.parent)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}.", suffix=".partial"))
    try:
        for name in _ARRAYS:
            parts = [arrays[name] for arrays in cut]
            shape = (sum(map(len, parts)), *parts[0].shape[1:])
            stored = np.lib.format.open_memmap(
                unfinished / f"{name}.npy", mode="w+", dtype=np.result_type(*parts), shape=shape
            )
            np.concatenate(parts, out=stored)
            stored.flush()
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process has just written the same windows
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _cut(record: Record, lead: str, before: int, after: int, band: tuple[float, float]) -> dict[str, NDArray[Any]]:
    """Filter one record and cut its beats."""
    if record.beats is None:
        raise AnnotationError(
            "no beats to cut windows around",
            record=record.title,
            expected="annotated beats",
            remedy="choose a database that marks its beats, such as MIT-BIH",
        )
    chosen = lead if lead in record.leads else FALLBACK.get(lead, lead)
    raw = record.select([chosen])
    try:
        if np.ptp(raw) == 0:
            raise SignalQualityError(f"lead {chosen} is flat", remedy="choose another lead, or leave this record out")
        signal = bandpass(raw, record.rate, *band)
        inside = fits(record.beats.samples, signal.shape[1], before, after)
        samples, symbols = record.beats.samples[inside], record.beats.symbols[inside]
        windows = cut_windows(signal, samples, before, after)
    except ECGError as error:
        raise _at(record, error) from error
    return {
        "windows": windows,
        "classes": aami_classes(symbols),
        "symbols": symbols,
        "records": np.full(len(samples), record.name),
        "patients": np.full(len(samples), record.patient),
        "samples": samples,
    }


def _load(folder: Path) -> dict[str, NDArray[Any]]:
    try:
        windows = np.load(folder / "windows.npy", mmap_mode="r", allow_pickle=False)
        others = {name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in _ARRAYS if name != "windows"}
    except (OSError, ValueError) as error:
        raise DamagedFileError(
            "cached windows can't be read",
            file=folder,
            expected=f"the arrays {', '.join(_ARRAYS)}",
            found=str(error),
            remedy="delete this folder; the windows are then cut again",
        ) from error
    return {"windows": windows, **others}


def _remove_stale(cache: Path) -> None:
    """Remove what writers that were killed a day ago or earlier have left."""
    for left in cache.glob("beats-*.partial"):
        if time.time() - left.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def _at(record: Record, error: ECGError) -> ECGError:
    """Say the same error again, with the record in which it arose."""
    return type(error)(
        error.problem,
        record=record.title,
        file=record.file,
        expected=error.expected,
        found=error.found,
        remedy=error.remedy,
    )
