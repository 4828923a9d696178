"""What ``ecgbook data`` does: say which databases are here, and hold their files against the published checksums."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tqdm.auto import tqdm

from ecglib.databases import PUBLISHED, open_database
from ecglib.databases.download import CHECKSUMS, read_checksums
from ecglib.databases.flac import DECODED_CHECKSUMS
from ecglib.databases.flac import verify as verify_packed
from ecglib.errors import ChecksumError, MissingFileError


def describe(keys: list[str], data_dir: Path | None) -> str:
    """Say of each database what was published, and what of it is here.

    Parameters
    ----------
    keys : list of str
        Short names of databases.
    data_dir : Path, optional
        Folder in which they lie; None takes ``ECGLIB_DATA``.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> print(describe(["mitbih"], Path("nowhere")).splitlines()[0])
    mitbih: MIT-BIH Arrhythmia Database 1.0.0, not here
    """
    lines = []
    for key in keys:
        published = PUBLISHED[key]
        try:
            database = open_database(key, data_dir)
            here = f"{len(database):,} of {published.records:,} records in {database.root}"
            here += ", a synthetic twin" if database.synthetic else ""
        except MissingFileError:
            here = "not here"
        lines += [
            f"{key}: {published.title} {published.version}, {here}",
            f"    {published.licence}, {published.url}",
            f"    {published.citation}",
        ]
    return "\n".join(lines)


def verify(key: str, data_dir: Path | None) -> str:
    """Hold the files of a database that are here against their published checksums; a packed copy by its samples.

    Parameters
    ----------
    key : str
        Short name of the database.
    data_dir : Path, optional
        Folder in which it lies; None takes ``ECGLIB_DATA``.

    Returns
    -------
    str
        What was found, in one line.

    Raises
    ------
    ChecksumError
        A file or a record is not the published one.
    MissingFileError
        The database or its list of checksums is not there.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    root = open_database(key, data_dir).root
    if (root / DECODED_CHECKSUMS).is_file():
        return f"{key}: {verify_packed(root)} packed records decode to the published samples."
    digests = read_checksums(root / CHECKSUMS)
    here = [name for name in digests if (root / name).is_file()]
    wrong = []
    for name in tqdm(here, desc=f"verifying {key}", unit="file", leave=False):
        with (root / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digests[name]:
                wrong.append(name)
    if wrong:
        raise ChecksumError(
            f"{len(wrong)} of {len(here)} files are not the published ones",
            record=key,
            file=root,
            found=", ".join(wrong[:5]) + (" …" if len(wrong) > 5 else ""),
            remedy=f"remove them and run: ecgbook data download {key}",
        )
    return f"{key}: {len(here):,} of {len(digests):,} published files are here, each with its published checksum."
