"""What the four databases have in common: where they lie, which records are there, how they are read."""

from __future__ import annotations

import hashlib
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from ecglib.databases.catalogue import PUBLISHED, Published
from ecglib.databases.leads import TWELVE_LEADS
from ecglib.databases.record import Record
from ecglib.databases.wfdb_files import (
    Header,
    header_file,
    read_bytes,
    read_digital,
    read_header,
    read_signal,
    read_text,
    safe_path,
)
from ecglib.errors import LeadError, MissingFileError, SamplingRateError

DATA_VARIABLE = "ECGLIB_DATA"
"""Environment variable that names the folder in which the databases lie."""

SYNTHETIC_MARK = "SYNTHETIC"
"""File that stands in the folder of a synthetic twin, and in no published database."""

_log = logging.getLogger("ecglib")
_said: set[tuple[Path, float]] = set()


def data_folder(data_dir: str | os.PathLike[str] | None = None) -> Path:
    """Give the folder in which the databases lie.

    Parameters
    ----------
    data_dir : path-like, optional
        The folder itself; None takes the one that ``ECGLIB_DATA`` names.

    Raises
    ------
    MissingFileError
        If neither says where the data is, or the folder is not there.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> data_folder(".").is_dir()
    True
    """
    named = data_dir if data_dir is not None else os.environ.get(DATA_VARIABLE) or None
    if named is None:
        raise MissingFileError(
            "nobody said where the databases are",
            expected=f"a data directory, or the environment variable {DATA_VARIABLE}",
            found="neither",
            remedy=f"set {DATA_VARIABLE} to the folder that holds mitdb/, ludb/, …, or pass data_dir",
        )
    folder = Path(named)
    if not folder.is_dir():
        raise MissingFileError(
            "the data directory is not there",
            file=folder,
            expected="an existing folder",
            remedy=f"correct {DATA_VARIABLE} or data_dir, or download the databases into this folder",
        )
    return folder


class Database(ABC):
    """A database as PhysioNet publishes it, whole or partly present on this disk.

    Parameters
    ----------
    data_dir : path-like, optional
        Folder above the database's own, such as the one that holds ``mitdb/1.0.0``; None takes ``ECGLIB_DATA``.

    Attributes
    ----------
    published : Published
        Version, licence and citation.
    root : Path
        The database's folder.
    synthetic : bool
        True for a synthetic twin.

    Raises
    ------
    MissingFileError
        If the folder is not there.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.databases import Chapman
    >>> from ecglib.databases.synthetic import write_twins
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     database = Chapman(write_twins(folder, databases=["chapman"], progress=False))
    ...     rates = {record.rate for record in database.read_all(progress=False)}
    >>> rates
    {500.0}
    """

    key: ClassVar[str]
    pattern: str
    """Where headers lie below the root, for a copy without RECORDS."""
    leads: ClassVar[tuple[str, ...] | None] = TWELVE_LEADS
    """Leads of every record in their order; None where records differ."""
    rate: float

    def __init__(self, data_dir: str | os.PathLike[str] | None = None) -> None:
        self.root = data_folder(data_dir) / self.published.folder
        if not self.root.is_dir():
            raise MissingFileError(
                f"{self.published.title} is not in the data directory",
                file=self.root,
                expected=f"a folder {self.published.folder} as PhysioNet publishes it",
                remedy=f"download it with ecglib.databases.download, or from {self.published.url}",
            )

    @property
    def published(self) -> Published:
        """What was published: version, licence, citation."""
        return PUBLISHED[self.key]

    @property
    def synthetic(self) -> bool:
        """Whether this is a synthetic twin."""
        return (self.root / SYNTHETIC_MARK).is_file()

    def names(self) -> list[str]:
        """Give the names of the records present, in natural order; raises MissingFileError where there is none."""
        return list(self._stems)

    def read(self, name: str) -> Record:
        """Read one record.

        Parameters
        ----------
        name : str
            One of ``names()``.

        Returns
        -------
        Record

        Raises
        ------
        ECGError
            Of the family, by what is wrong with the record's files.
        """
        header = self.header(name)
        return self._record(name, header, read_signal(header))

    def read_all(self, names: Iterable[str] | None = None, progress: bool = True) -> Iterator[Record]:
        """Read records one after the other, with a progress bar; all that are present where ``names`` is None."""
        chosen = self.names() if names is None else list(names)
        for name in tqdm(chosen, desc=f"reading {self.key}", unit="record", disable=not progress):
            yield self.read(name)

    def header(self, name: str) -> Header:
        """Read and check the header of one record: its leads, rate and signal files."""
        header = read_header(self._stem(name), record=f"{self.key}/{name}")
        if header.rate != self.rate:
            raise SamplingRateError(
                "another sampling rate than this database's",
                record=header.record,
                file=header.file,
                expected=f"{self.rate:g} Hz",
                found=f"{header.rate:g} Hz",
                remedy="fetch the file again, or resample your own recordings before adding them",
            )
        if self.leads is not None and header.leads != self.leads:
            raise LeadError(
                "other leads than this database's, or in another order",
                record=header.record,
                file=header.file,
                expected=", ".join(self.leads),
                found=", ".join(header.leads),
                remedy="write the signals in the published order and name them so in the header",
            )
        return header

    def files(self, name: str) -> list[Path]:
        """Give the files of one record: header, signals, annotations."""
        header = self.header(name)
        return [header.file, *dict.fromkeys(header.files), *self._annotation_files(header)]

    def digest(self) -> str:
        """Give the SHA-256 of everything read from this database: names and bytes of all files present.

        Notes
        -----
        A FLAC copy has other bytes than the published files, thus another digest; ``decoded_digest`` is the same.
        """
        total = hashlib.sha256()
        for file in chain(self._tables(), (file for name in self.names() for file in self.files(name))):
            content = read_bytes(file)
            total.update(f"{file.relative_to(self.root).as_posix()}\0{len(content)}\0".encode())
            total.update(content)
        return total.hexdigest()

    def decoded_digest(self) -> str:
        """Give the SHA-256 of what the files mean: samples, gains, leads, comments, annotations and tables.

        Notes
        -----
        Source: our choice: a copy in WFDB's FLAC format gives the same digest as the published files.
        """
        total = hashlib.sha256()
        for file in self._tables():
            total.update(read_bytes(file))
        for name in tqdm(self.names(), desc=f"digest of {self.key}", unit="record", delay=2, leave=False):
            header = self.header(name)
            what = (name, header.rate, header.samples, header.leads, header.gains, header.baselines, header.comments)
            total.update(repr(what).encode())
            total.update(read_digital(header).data)
            for file in self._annotation_files(header):
                total.update(read_bytes(file, header.record))
        return total.hexdigest()

    def __len__(self) -> int:
        return len(self._stems)

    def __iter__(self) -> Iterator[Record]:
        return self.read_all()

    @abstractmethod
    def _record(self, name: str, header: Header, signal: NDArray[np.float32]) -> Record:
        """Put together what the database says about a record whose signal has been read."""

    def _annotation_files(self, header: Header) -> list[Path]:
        return []

    def _tables(self) -> list[Path]:
        """Give the files that speak about all records, as far as they are present."""
        return []

    def _belongs(self, path: PurePosixPath) -> bool:
        """Say whether an entry of RECORDS is one of this database's records."""
        return True

    def _stem(self, name: str) -> Path:
        try:
            return self._stems[name]
        except KeyError:
            raise MissingFileError(
                "no such record here",
                record=f"{self.key}/{name}",
                file=self.root,
                expected=f"one of the {len(self):,} records present, such as {next(iter(self._stems))}",
                remedy="ask for one of names(), or download this record",
            ) from None

    @cached_property
    def _stems(self) -> dict[str, Path]:
        """Path without suffix of each record whose header is here, by name."""
        listing = self.root / "RECORDS"
        if listing.is_file():
            present = []
            for line in filter(None, map(str.strip, read_text(listing).splitlines())):
                entry = safe_path(line, file=listing)
                if line.endswith("/"):
                    present += [file.with_suffix("") for file in (self.root / entry).glob("*.hea")]
                elif self._belongs(entry) and os.path.isfile(header_file(self.root / entry)):
                    present.append(self.root / entry)
        else:
            present = [file.with_suffix("") for file in self.root.glob(self.pattern)]
        if not present:
            raise MissingFileError(
                "no record is here",
                record=self.key,
                file=self.root,
                expected=f"headers such as {self.pattern}",
                found="none",
                remedy=f"download records with ecglib.databases.download, or from {self.published.url}",
            )
        present.sort(key=lambda stem: (len(stem.name), stem.name))
        self._say(len(present))
        return {stem.name: stem for stem in present}

    def _say(self, present: int) -> None:
        """Say once for each place how many records are there, where not all are."""
        if present < self.published.records and (self.root, self.rate) not in _said:
            _said.add((self.root, self.rate))
            whose = "a synthetic twin with " if self.synthetic else ""
            _log.warning(
                "%s at %g Hz: %s%d of %d records are here; working on these",
                self.published.title,
                self.rate,
                whose,
                present,
                self.published.records,
            )
