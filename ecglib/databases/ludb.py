"""LUDB: ten seconds of twelve leads, the boundaries of every P wave, QRS complex and T wave in each lead."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecglib.databases.base import Database
from ecglib.databases.leads import TWELVE_LEADS
from ecglib.databases.record import NOT_MARKED, Record, Waves
from ecglib.databases.tables import number, read_table
from ecglib.databases.wfdb_files import Annotation, Header, read_annotation

_KIND_OF_SYMBOL = {"p": "P", "N": "QRS", "t": "T"}


class LUDB(Database):
    """The Lobachevsky University Electrocardiography Database: 200 people, waves marked in each of 12 leads.

    Parameters
    ----------
    data_dir : path-like, optional
        Folder that holds ``ludb/1.0.1``; None takes ``ECGLIB_DATA``.

    Notes
    -----
    Cardiologists marked each lead by itself, and mostly not the first and last beats: samples outside the marked
    span are unknown, not background. Some waves lack a boundary, which is then ``NOT_MARKED``.
    Source: Kalyakulina et al., 2020. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.databases.synthetic import write_twins
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data_dir = write_twins(folder, databases=["ludb"], progress=False)
    ...     record = LUDB(data_dir).read("1")
    >>> qrs = record.waves["II"].of("QRS")
    >>> bool((qrs.peaks[1:] > qrs.peaks[:-1]).all())
    True
    """

    key = "ludb"
    pattern = "data/*.hea"
    rate = 500.0

    def _annotation_files(self, header: Header) -> list[Path]:
        return [Path(f"{header.stem}.{lead.lower()}") for lead in TWELVE_LEADS]

    def _tables(self) -> list[Path]:
        return [self.root / "ludb.csv"]

    @cached_property
    def _people(self) -> dict[str, dict[str, str]]:
        return {row["ID"]: row for row in read_table(self.root / "ludb.csv", ("ID", "Sex", "Age", "Rhythms"))}

    def _record(self, name: str, header: Header, signal: NDArray[np.float32]) -> Record:
        row = self._people.get(name, {})
        sex, age = row.get("Sex", ""), row.get("Age", "")
        findings = {column: text for column, text in row.items() if column not in ("ID", "Sex", "Age") and text}
        hidden = {"age": "over 89; the table hides the exact age"} if age == ">89" else {}
        return Record(
            database=self.key,
            name=name,
            patient=name,
            signal=signal,
            leads=header.leads,
            rate=header.rate,
            file=header.file,
            waves={
                lead: _waves(read_annotation(file, header.record, header.samples, ("(", ")", *_KIND_OF_SYMBOL)))
                for lead, file in zip(TWELVE_LEADS, self._annotation_files(header), strict=True)
            },
            labels=tuple(part for text in findings.values() for part in re.split(r"\s*\n\s*", text)),
            age=90.0 if age == ">89" else number(age),
            sex=sex if sex in ("F", "M") else None,
            notes=findings | hidden,
        )


def _waves(annotation: Annotation) -> Waves:
    symbols, samples = annotation.symbols, annotation.samples
    peaks = np.flatnonzero(np.isin(symbols, list(_KIND_OF_SYMBOL)))
    before = np.concatenate([[""], symbols])[peaks] == "("
    after = np.concatenate([symbols, [""]])[peaks + 1] == ")"
    return Waves(
        kinds=np.array([_KIND_OF_SYMBOL[symbol] for symbol in symbols[peaks]], dtype=np.str_),
        onsets=np.where(before, samples[peaks - 1], NOT_MARKED),
        peaks=samples[peaks],
        offsets=np.where(after, samples[np.minimum(peaks + 1, len(samples) - 1)], NOT_MARKED),
    )
