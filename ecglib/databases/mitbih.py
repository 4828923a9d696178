"""The MIT-BIH Arrhythmia Database: two leads, half an hour, every beat and rhythm marked."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecglib.databases.aami import AAMI_OF_SYMBOL
from ecglib.databases.base import Database
from ecglib.databases.record import Beats, Record, RhythmSpan
from ecglib.databases.wfdb_files import Annotation, Header, read_annotation
from ecglib.errors import AnnotationError

SAME_PERSON = {"202": "201"}
"""Record 202 was taken from the same analog tape as record 201."""

_BEATS = tuple(AAMI_OF_SYMBOL)
_OTHER_MARKS = ("+", "~", "|", "x", "!", "[", "]", '"')
_PERSON = re.compile(r"(?P<age>-?\d+) (?P<sex>[FM])\b")


def patient_of(name: str) -> str:
    """Give the patient of a record.

    Parameters
    ----------
    name : str
        Name of a record, such as ``"202"``.

    Notes
    -----
    Source: header of record 202. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> patient_of("202"), patient_of("100")
    ('201', '100')
    """
    return SAME_PERSON.get(name, name)


class MITBIH(Database):
    """The MIT-BIH Arrhythmia Database: 48 records of 47 people, 109,494 beats.

    Parameters
    ----------
    data_dir : path-like, optional
        Folder that holds ``mitdb/1.0.0``; None takes ``ECGLIB_DATA``.

    Notes
    -----
    Beats are the annotations that mark a heartbeat; marks of noise, rhythm, ventricular flutter waves and blocked
    P waves are none. Record 114 has its leads in the order V5, MLII; records 102 and 104 have no MLII.
    Source: Moody & Mark, 2001. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.databases.synthetic import write_twins
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data_dir = write_twins(folder, databases=["mitbih"], progress=False)
    ...     record = MITBIH(data_dir).read("100")
    >>> record.leads, record.rate
    (('MLII', 'V5'), 360.0)
    """

    key = "mitbih"
    pattern = "*.hea"
    leads = None
    rate = 360.0

    def _annotation_files(self, header: Header) -> list[Path]:
        return [Path(f"{header.stem}.atr")]

    def _record(self, name: str, header: Header, signal: NDArray[np.float32]) -> Record:
        (file,) = self._annotation_files(header)
        annotation = read_annotation(file, header.record, header.samples, (*_BEATS, *_OTHER_MARKS))
        is_beat = np.isin(annotation.symbols, _BEATS)
        if not is_beat.any():
            raise AnnotationError(
                "the annotation file marks no beat",
                record=header.record,
                file=file,
                expected="at least one beat",
                found=f"{len(annotation.symbols)} other annotations",
                remedy="fetch the file again, or leave this record out",
            )
        age, sex, notes = _comments(header.comments)
        return Record(
            database=self.key,
            name=name,
            patient=patient_of(name),
            signal=signal,
            leads=header.leads,
            rate=header.rate,
            file=header.file,
            beats=Beats(annotation.samples[is_beat], annotation.symbols[is_beat]),
            rhythms=_rhythms(annotation, header.samples),
            age=age,
            sex=sex,
            notes=notes,
        )


def _rhythms(annotation: Annotation, samples: int) -> tuple[RhythmSpan, ...]:
    changes = [
        (int(sample), note[1:])
        for sample, symbol, note in zip(annotation.samples, annotation.symbols, annotation.notes, strict=True)
        if symbol == "+" and note.startswith("(")
    ]
    return tuple(
        RhythmSpan(start, stop, name)
        for (start, name), (stop, _) in pairwise([*changes, (samples, "")])
        if start < stop
    )


def _comments(comments: tuple[str, ...]) -> tuple[float | None, str | None, dict[str, str]]:
    """Understand a header's comments: a line with age and sex, then medication, then remarks."""
    person = _PERSON.match(comments[0]) if comments else None
    if person is None:
        return None, None, {"comments": " ".join(comments)} if comments else {}
    age = float(person["age"])
    notes = {
        "recording": " ".join(comments[:1]).strip(),
        "medication": " ".join(comments[1:2]),
        "comments": " ".join(comments[2:]),
    }
    return age if age >= 0 else None, person["sex"], {key: text for key, text in notes.items() if text}
