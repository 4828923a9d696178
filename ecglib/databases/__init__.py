"""Records as they lie on disk, read into one ``Record``, and the splits between training and test."""

from __future__ import annotations

import os
from types import MappingProxyType

from ecglib.databases.base import Database
from ecglib.databases.catalogue import PUBLISHED, Published
from ecglib.databases.chapman import Chapman
from ecglib.databases.ludb import LUDB
from ecglib.databases.mitbih import MITBIH
from ecglib.databases.ptbxl import PTBXL
from ecglib.databases.record import NOT_MARKED, Beats, Record, RhythmSpan, Waves
from ecglib.errors import MissingFileError

__all__ = [
    "DATABASES",
    "LUDB",
    "MITBIH",
    "NOT_MARKED",
    "PTBXL",
    "PUBLISHED",
    "Beats",
    "Chapman",
    "Database",
    "Published",
    "Record",
    "RhythmSpan",
    "Waves",
    "open_database",
]

DATABASES: MappingProxyType[str, type[Database]] = MappingProxyType(
    {database.key: database for database in (MITBIH, LUDB, PTBXL, Chapman)}
)
"""Reader of each database, by the short name in ``PUBLISHED``."""


def open_database(key: str, data_dir: str | os.PathLike[str] | None = None) -> Database:
    """Open a database by its short name.

    Parameters
    ----------
    key : {"mitbih", "ludb", "ptbxl", "chapman"}
        PTB-XL opens at 100 Hz; ``PTBXL(data_dir, rate=500)`` reads the other copy.
    data_dir : path-like, optional
        Folder above the database's own; None takes the one that the environment variable ``ECGLIB_DATA`` names.

    Returns
    -------
    Database

    Raises
    ------
    MissingFileError
        If there is no such database, or it is not in the folder.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.databases.synthetic import write_twins
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data_dir = write_twins(folder, databases=["chapman"], progress=False)
    ...     database = open_database("chapman", data_dir)
    ...     synthetic = database.synthetic
    >>> database.published.version, synthetic
    ('1.0.0', True)
    """
    if key not in DATABASES:
        raise MissingFileError(
            f"no database is called {key!r}",
            expected=f"one of {', '.join(DATABASES)}",
            found=repr(key),
            remedy="choose one of these names",
        )
    return DATABASES[key](data_dir)
