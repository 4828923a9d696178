"""Chapman-Shaoxing-Ningbo: ten seconds of twelve leads with rhythms and conditions in SNOMED codes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ecglib.databases.base import Database
from ecglib.databases.record import Record
from ecglib.databases.tables import number, read_table
from ecglib.databases.wfdb_files import Header

RHYTHM_GROUPS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "SB": ("SB",),
        "AFIB": ("AFIB", "AF"),
        "GSVT": ("ST", "SVT", "AT", "AVNRT", "AVRT", "SAAWR"),
        "SR": ("SR", "SA"),
    }
)
"""The authors' four groups of rhythms. Their AF is atrial flutter, their AFIB atrial fibrillation."""

_GROUP_OF_LABEL = {label: group for group, labels in RHYTHM_GROUPS.items() for label in labels}
_NAME_OF_SHARED_CODE = {"195101003": "SAAWR"}
_SEX = {"Male": "M", "Female": "F"}


def rhythm_group(labels: Iterable[str]) -> str | None:
    """Give the group of rhythms of a record.

    Parameters
    ----------
    labels : iterable of str
        The record's labels.

    Returns
    -------
    {"SB", "AFIB", "GSVT", "SR"} or None
        None where no rhythm is coded, or rhythms of two groups are.

    Notes
    -----
    Source: Zheng et al. (Scientific Data 7:48, 2020), the merging of rhythms. Taught in chapter
    ``00_reading_an_ecg``.

    Examples
    --------
    >>> rhythm_group(["TWC", "AF"]), rhythm_group(["TWC"])
    ('AFIB', None)
    """
    groups = {_GROUP_OF_LABEL[label] for label in labels if label in _GROUP_OF_LABEL}
    return groups.pop() if len(groups) == 1 else None


class Chapman(Database):
    """The Chapman-Shaoxing-Ningbo database: 45,152 people, rhythms and conditions as labels.

    Parameters
    ----------
    data_dir : path-like, optional
        Folder that holds ``ecg-arrhythmia/1.0.0``; None takes ``ECGLIB_DATA``.

    Notes
    -----
    Labels are the acronyms of ``ConditionNames_SNOMED-CT.csv`` in the order of the header; where several share a
    code the first stands, but 195101003, wandering atrial pacemaker, is the rhythm SAAWR. A code that the file lacks
    stays a number.
    Source: Zheng et al., 2020. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.databases.synthetic import write_twins
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data_dir = write_twins(folder, databases=["chapman"], progress=False)
    ...     record = next(iter(Chapman(data_dir)))
    >>> record.signal.shape
    (12, 5000)
    """

    key = "chapman"
    pattern = "WFDBRecords/*/*/*.hea"
    rate = 500.0

    def _tables(self) -> list[Path]:
        return [self.root / "ConditionNames_SNOMED-CT.csv"]

    @cached_property
    def _acronyms(self) -> dict[str, str]:
        rows = read_table(self.root / "ConditionNames_SNOMED-CT.csv", ("AcronymName", "Snomed_CT"))
        first = {row["Snomed_CT"]: row["AcronymName"] for row in reversed(rows)}
        return first | _NAME_OF_SHARED_CODE

    def _record(self, name: str, header: Header, signal: NDArray[np.float32]) -> Record:
        said = {key.strip(): text.strip() for key, _, text in (line.partition(":") for line in header.comments)}
        codes = [code.strip() for code in said.get("Dx", "").split(",")]
        return Record(
            database=self.key,
            name=name,
            patient=name,
            signal=signal,
            leads=header.leads,
            rate=header.rate,
            file=header.file,
            labels=tuple(dict.fromkeys(self._acronyms.get(code, code) for code in codes if code)),
            age=number(said.get("Age", "")),
            sex=_SEX.get(said.get("Sex", "")),
            notes={key: text for key, text in said.items() if key not in ("Age", "Sex") and text != "Unknown"},
        )
