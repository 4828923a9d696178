"""Pack a database without loss into WFDB's FLAC format 516, a third of its size, and prove that nothing changed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from ecglib.databases import PTBXL, Database, open_database
from ecglib.databases.download import CHECKSUMS, read_checksums
from ecglib.databases.wfdb_files import Header, header_file, read_bytes, read_digital, read_header
from ecglib.errors import ChecksumError, DamagedFileError, ECGError, MissingFileError

DECODED_CHECKSUMS = "DECODED_SHA256SUMS.txt"
"""SHA-256 of each record's samples (int16, little-endian, lead after lead in the header's order)."""

_CHANNELS = 8
_COMPRESSION = 1.0
_AT_ONCE = 2
_INVALID_IN_212 = -(2**11)
_SIGNAL_LINE = re.compile(r"(\s*)\S+(\s+)\S+(.*)", re.DOTALL)

T = TypeVar("T")


def pack(key: str, data_dir: Path, out: Path, progress: bool = True) -> Path:
    """Write a copy of a database whose signals are FLAC, and check that it decodes to the same samples.

    Headers keep their gains, baselines, checksums and comments; only file and format of each lead change. Twelve
    leads go into two files, since FLAC holds eight channels. Annotations and tables are copied byte for byte. A
    record that format 516 can't hold, since its format marks invalid samples by another value, is copied as it is.

    Parameters
    ----------
    key : {"mitbih", "ludb", "ptbxl", "chapman"}
    data_dir : path-like
        Folder in which the databases lie. Files that its ``SHA256SUMS.txt`` lists must have the digest listed.
    out : path-like
        Data directory to write to; it must not hold this database yet.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Path
        The packed database's folder, with checksums of its own in ``SHA256SUMS.txt``, and of the decoded samples in
        ``DECODED_SHA256SUMS.txt``.

    Raises
    ------
    ChecksumError
        If a file is not the published one, or a packed record decodes to other samples.
    ECGError
        As the readers do, where a record is damaged; or if the folder is there already.

    Notes
    -----
    Source: WFDB's signal formats. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> pack("mitbih", Path("data"), Path("packed"))  # doctest: +SKIP
    PosixPath('packed/mitdb/1.0.0')
    """
    parts = _parts(key, data_dir)
    source, target = parts[0].root, Path(out) / parts[0].published.folder
    if target.exists():
        raise ECGError("the folder is there already", file=target, remedy="remove it, or pack into another folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    published = read_checksums(source / CHECKSUMS) if (source / CHECKSUMS).is_file() else {}
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".packing-") as folder:
        packed = Path(folder, target.name)
        packed.mkdir()

        def pack_one(database: Database, name: str) -> tuple[str, str]:
            for file in database.files(name):
                _check_published(file, source, published)
            return _pack_record(database, name, packed)

        records = [(database, name) for database in parts for name in database.names()]
        decoded = _each(pack_one, records, f"packing {key}", progress)
        written = {file for database, name in records for file in database.files(name)}
        tables = {file for file in source.iterdir() if file.is_file() and not file.name.startswith(".")}
        for file in sorted(tables - written - {source / CHECKSUMS}):
            _check_published(file, source, published)
            shutil.copyfile(file, packed / file.name)
        _write_list(packed / DECODED_CHECKSUMS, decoded)
        files = sorted(file for file in packed.rglob("*") if file.is_file())
        _write_list(packed / CHECKSUMS, [(file.relative_to(packed).as_posix(), _digest(file)) for file in files])
        os.replace(packed, target)
    return target


def verify(folder: Path, progress: bool = True) -> int:
    """Decode every record of a packed database and hold its samples against their recorded digests.

    Parameters
    ----------
    folder : path-like
        The packed database's folder, as ``pack`` returns it.
    progress : bool
        Show a progress bar.

    Returns
    -------
    int
        Number of records that decode to the published samples.

    Raises
    ------
    ChecksumError
        If a record decodes to other samples.
    ECGError
        As the readers do, where a record is damaged or missing.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> verify(Path("packed/mitdb/1.0.0"))  # doctest: +SKIP
    48
    """
    folder = Path(folder)

    def verify_one(stem: str, digest: str) -> None:
        header = read_header(folder / stem, record=stem)
        _check_samples(header, read_digital(header), digest)

    return len(_each(verify_one, read_checksums(folder / DECODED_CHECKSUMS).items(), "verifying", progress))


def _parts(key: str, data_dir: Path) -> list[Database]:
    """Give the readers that together see all records of a database: PTB-XL has one for each rate."""
    if key != PTBXL.key:
        return [open_database(key, data_dir)]
    parts: list[Database] = []
    for rate in (100, 500):
        try:
            database = PTBXL(data_dir, rate)
            database.names()
            parts.append(database)
        except MissingFileError:
            if rate == 500 and not parts:
                raise
    return parts


def _each(action: Callable[..., T], arguments: Iterable[tuple], title: str, progress: bool) -> list[T]:
    """Call the action for each tuple of arguments, two at once (decoding releases Python's lock), in order."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        running = [pool.submit(action, *chosen) for chosen in arguments]
        try:
            for done in tqdm(as_completed(running), title, len(running), unit="record", disable=not progress):
                done.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        return [done.result() for done in running]


def _pack_record(database: Database, name: str, packed: Path) -> tuple[str, str]:
    """Write one record; give its path without suffix and the digest of its samples."""
    header = database.header(name)
    stem = header.stem.relative_to(database.root)
    (packed / stem).parent.mkdir(parents=True, exist_ok=True)
    digital = read_digital(header)
    digest = _samples_digest(digital)

    copied = set(database.files(name))
    if not (set(header.formats) == {"212"} and np.any(digital == _INVALID_IN_212)) and "516" not in header.formats:
        copied -= {header.file, *header.files}
        _write_flac(header, digital, packed / stem)
    for file in copied:
        shutil.copyfile(file, packed / file.relative_to(database.root))

    written = read_header(packed / stem, record=header.record)
    _check_samples(written, read_digital(written), digest)
    if written != replace(
        header, stem=written.stem, files=written.files, formats=written.formats, offsets=written.offsets
    ):
        raise DamagedFileError(
            "the packed header is not the same as its source",
            record=header.record,
            file=written.file,
            expected="the same rate, leads, gains, baselines, checksums and comments",
            remedy="check the disk and pack again",
        )
    return stem.as_posix(), digest


def _write_flac(header: Header, digital: NDArray[np.int16], stem: Path) -> None:
    import soundfile

    groups = np.array_split(np.arange(len(header.leads)), -(-len(header.leads) // _CHANNELS))
    files: list[str] = []
    for number, group in enumerate(groups, start=1):
        name = f"{stem.name}.flac" if len(groups) == 1 else f"{stem.name}_{number}.flac"
        soundfile.write(
            stem.parent / name,
            np.ascontiguousarray(digital[group].T),
            samplerate=96000,  # WFDB takes the rate from the header; its own writer puts this in
            subtype="PCM_16",
            format="FLAC",
            compression_level=_COMPRESSION,
        )
        files += [name] * len(group)

    remaining = iter(files)
    lines = read_bytes(header.file).decode("latin-1").splitlines(keepends=True)
    spoken = [place for place, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")]
    for place in spoken[1:]:
        lines[place] = _SIGNAL_LINE.sub(rf"\g<1>{next(remaining)}\g<2>516\g<3>", lines[place])
    header_file(stem).write_bytes("".join(lines).encode("latin-1"))


def _digest(file: Path) -> str:
    return hashlib.sha256(read_bytes(file)).hexdigest()


def _samples_digest(digital: NDArray[np.int16]) -> str:
    return hashlib.sha256(np.ascontiguousarray(digital, "<i2").data).hexdigest()


def _check_samples(header: Header, digital: NDArray[np.int16], expected: str) -> None:
    found = _samples_digest(digital)
    if found != expected:
        raise ChecksumError(
            "the packed record decodes to other samples",
            record=header.record,
            file=header.files[0],
            expected=f"SHA-256 {expected}",
            found=found,
            remedy="pack or copy it again",
        )


def _check_published(file: Path, root: Path, published: dict[str, str]) -> None:
    expected = published.get(file.relative_to(root).as_posix())
    if expected is not None and (found := _digest(file)) != expected:
        raise ChecksumError(
            "a file is not the published one",
            file=file,
            expected=f"SHA-256 {expected}",
            found=found,
            remedy="fetch it again with ecglib.databases.download",
        )


def _write_list(file: Path, entries: list[tuple[str, str]]) -> None:
    file.write_text("".join(f"{digest}  {name}\n" for name, digest in entries), encoding="utf-8", newline="\n")
