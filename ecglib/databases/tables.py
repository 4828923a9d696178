"""Comma-separated tables that stand beside the records."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

from ecglib.databases.wfdb_files import read_text
from ecglib.errors import DamagedFileError


def read_table(file: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read a table with a header line.

    Parameters
    ----------
    file : Path
        A CSV file in UTF-8.
    columns : sequence of str
        Columns that must be there.

    Returns
    -------
    list of dict
        One a row; fields without the blanks and newlines around them, empty where a row is short.

    Raises
    ------
    MissingFileError, DamagedFileError
        If the file is missing, is no such table, lacks a column or has fields beyond the last column.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "people.csv")
    ...     _ = file.write_text("ID,Sex\\n1,F\\n")
    ...     rows = read_table(file, ["ID"])
    >>> rows
    [{'ID': '1', 'Sex': 'F'}]
    """

    def refuse(expected: str, found: str) -> DamagedFileError:
        return DamagedFileError(
            "the table is damaged",
            file=file,
            expected=expected,
            found=found[:120],
            remedy="fetch the file again",
        )

    try:
        reader = csv.DictReader(io.StringIO(read_text(file), newline=""), restval="")
        rows = [dict(row) for row in reader]
    except csv.Error as error:
        raise refuse("comma-separated values", str(error)) from error
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing:
        raise refuse(f"columns {', '.join(columns)}", f"no {', '.join(missing)}")
    too_long = [row for row in rows if None in row]
    if too_long:
        raise refuse(f"{len(reader.fieldnames or ())} fields a row", f"more in the row of {too_long[0][columns[0]]!r}")
    return [{column: text.strip() for column, text in row.items()} for row in rows]


def number(text: str) -> float | None:
    """Give a field's number; None where it is empty, no number, or not finite.

    Examples
    --------
    >>> number("51"), number(""), number("NaN")
    (51.0, None, None)
    """
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
