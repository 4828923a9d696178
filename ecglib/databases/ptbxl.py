"""PTB-XL: ten seconds of twelve leads with diagnostic statements, and folds that keep patients apart."""

from __future__ import annotations

import ast
import os
import re
from functools import cached_property
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from ecglib.databases.base import Database
from ecglib.databases.record import Record
from ecglib.databases.tables import number, read_table
from ecglib.databases.wfdb_files import Header
from ecglib.errors import DamagedFileError, MissingFileError, SamplingRateError

SUPERCLASSES = ("NORM", "MI", "STTC", "CD", "HYP")
"""Normal, myocardial infarction, ST/T change, conduction disturbance, hypertrophy."""

_SUFFIX_OF_RATE = {100: "lr", 500: "hr"}
_SEX = {"0": "M", "1": "F"}
_SPLIT_OF_FOLD = {9: "validation", 10: "test"} | dict.fromkeys(range(1, 9), "train")
_SPLIT_OF_WORD = {"train": "train", "val": "validation", "test": "test"}
_OLDEST = 300
"""The table's age of everyone over 89."""


class PTBXL(Database):
    """PTB-XL: 21,799 records of 18,869 patients, with the five diagnostic superclasses as labels.

    Parameters
    ----------
    data_dir : path-like, optional
        Folder that holds ``ptb-xl/1.0.3``; None takes ``ECGLIB_DATA``.
    rate : {100, 500}
        Which of the two published copies to read, in hertz.

    Raises
    ------
    SamplingRateError
        If the rate is another.

    Notes
    -----
    Superclasses and the official split come from ``superclasses.csv`` where the folder has it (not a PTB-XL file),
    else from ``scp_codes`` and ``strat_fold`` of the table. A record without a table row has no known patient; it
    then counts as a patient of its own, and the official split stands in.
    Source: Wagner et al., 2020. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.databases.synthetic import write_twins
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data_dir = write_twins(folder, databases=["ptbxl"], progress=False)
    ...     record = PTBXL(data_dir, rate=100).read("00001_lr")
    >>> record.signal.shape
    (12, 1000)
    """

    key = "ptbxl"

    def __init__(self, data_dir: str | os.PathLike[str] | None = None, rate: int = 100) -> None:
        if rate not in _SUFFIX_OF_RATE:
            raise SamplingRateError(
                "PTB-XL has no such copy",
                record=self.key,
                file=self.published.folder,
                expected="100 or 500 Hz",
                found=f"{rate} Hz",
                remedy="read one of the two and resample it",
            )
        self.rate = float(rate)
        self._suffix = _SUFFIX_OF_RATE[rate]
        self._folder = f"records{rate}"
        self.pattern = f"{self._folder}/*/*.hea"
        super().__init__(data_dir)

    def fold(self, name: str) -> int | None:
        """Give a record's fold, 1 to 10; None where the table has no row for it."""
        row = self._table.get(_ecg_id(name))
        return None if row is None else self._fold_of(row)

    def split(self, name: str) -> str:
        """Give a record's side of the official split.

        Returns
        -------
        {"train", "validation", "test"}
            Folds 1–8, 9 and 10.

        Raises
        ------
        MissingFileError
            If neither the table nor ``superclasses.csv`` knows the record.
        """
        fold = self.fold(name)
        if fold is not None:
            return _SPLIT_OF_FOLD[fold]
        row = self._superclasses.get(_ecg_id(name))
        if row is not None:
            return row[0]
        raise MissingFileError(
            "nobody says to which fold this record belongs",
            record=f"{self.key}/{name}",
            file=self._file("ptbxl_database.csv"),
            expected="a row for this record",
            remedy="download ptbxl_database.csv",
        )

    def patient(self, name: str) -> str:
        """Give a record's patient; ``record-<ecg_id>`` where the table doesn't know."""
        row = self._table.get(_ecg_id(name))
        patient = number(row["patient_id"]) if row else None
        return f"record-{_ecg_id(name)}" if patient is None else f"{patient:.0f}"

    def _file(self, name: str) -> Path:
        return self.root / name

    def _belongs(self, path: PurePosixPath) -> bool:
        return path.parts[0] == self._folder

    def _tables(self) -> list[Path]:
        names = ("ptbxl_database.csv", "scp_statements.csv", "superclasses.csv")
        return [self._file(name) for name in names if self._file(name).is_file()]

    @cached_property
    def _table(self) -> dict[str, dict[str, str]]:
        columns = ("ecg_id", "patient_id", "age", "sex", "scp_codes", "strat_fold")
        return {row["ecg_id"]: row for row in read_table(self._file("ptbxl_database.csv"), columns)}

    @cached_property
    def _superclasses(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Split and superclasses by ecg_id, from the file that stands beside the published ones, if it does."""
        file = self._file("superclasses.csv")
        if not file.is_file():
            return {}
        known = {}
        for row in read_table(file, ("ecg_id", "split", "superclasses")):
            labels = tuple(row["superclasses"].split())
            if row["split"] not in _SPLIT_OF_WORD or not set(labels) <= set(SUPERCLASSES):
                raise self._refuse(file, row["ecg_id"], "train, val or test and superclasses", str(row))
            known[row["ecg_id"]] = _SPLIT_OF_WORD[row["split"]], _in_order(labels)
        return known

    @cached_property
    def _superclass_of_statement(self) -> dict[str, str]:
        rows = read_table(self._file("scp_statements.csv"), ("", "diagnostic", "diagnostic_class"))
        return {row[""]: row["diagnostic_class"] for row in rows if number(row["diagnostic"]) == 1}

    def _fold_of(self, row: dict[str, str]) -> int:
        fold = number(row["strat_fold"])
        if fold not in _SPLIT_OF_FOLD:
            raise self._refuse(
                self._file("ptbxl_database.csv"), row["ecg_id"], "a fold from 1 to 10", row["strat_fold"]
            )
        return int(fold)

    def _statements(self, row: dict[str, str]) -> dict[str, float]:
        try:
            codes = ast.literal_eval(row["scp_codes"])
            return {str(code): float(likelihood) for code, likelihood in codes.items()}
        except (ValueError, SyntaxError, TypeError, AttributeError, RecursionError, MemoryError) as error:
            raise self._refuse(
                self._file("ptbxl_database.csv"), row["ecg_id"], "scp_codes such as {'NORM': 100.0}", row["scp_codes"]
            ) from error

    def _labels(self, name: str, row: dict[str, str] | None) -> tuple[str, ...]:
        known = self._superclasses.get(_ecg_id(name))
        if known is not None:
            return known[1]
        if row is None:
            return ()
        found = {self._superclass_of_statement.get(code) for code in self._statements(row)}
        return _in_order(tuple(label for label in found if label is not None))

    def _refuse(self, file: Path, ecg_id: str, expected: str, found: str) -> DamagedFileError:
        return DamagedFileError(
            "a row of the table is damaged",
            record=f"{self.key}/{ecg_id}",
            file=file,
            expected=expected,
            found=found[:120],
            remedy="fetch the file again",
        )

    def _record(self, name: str, header: Header, signal: NDArray[np.float32]) -> Record:
        row = self._table.get(_ecg_id(name))
        age, notes = number(row["age"]) if row else None, {"ecg_id": _ecg_id(name)}
        if age == _OLDEST:
            age, notes["age"] = 90.0, "over 89; the table hides the exact age"
        if row:
            texts = {"report": row.get("report", ""), "scp_codes": row["scp_codes"]}
            notes |= {key: text for key, text in texts.items() if text}
        return Record(
            database=self.key,
            name=name,
            patient=self.patient(name),
            signal=signal,
            leads=header.leads,
            rate=header.rate,
            file=header.file,
            labels=self._labels(name, row),
            age=age,
            sex=_SEX.get(row["sex"]) if row else None,
            notes=notes,
        )


def _ecg_id(name: str) -> str:
    """Give a record's number in the tables: ``00001_lr`` is 1."""
    digits = re.match(r"\d+", name)
    return str(int(digits.group())) if digits else name


def _in_order(labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(label for label in SUPERCLASSES if label in labels)
