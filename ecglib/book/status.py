"""Which chapters stand as they ran, and which have to run again."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

from ecglib.book.headers import SCALES, read_headers
from ecglib.book.results import read_results
from ecglib.book.run import output_folder
from ecglib.book.states import CONFIRMED, MEANINGS, NEVER, STALE, UNVERIFIED, digests_now, read_confirmations, state_of


@dataclass(frozen=True)
class Status:
    """What one chapter's results of one scale are worth now.

    Attributes
    ----------
    chapter, scale : str
    committed : bool
        True for the results that are published with the book, False for those of a run in ``_build``.
    state : {"executed", "confirmed at smoke", "unverified", "stale", "never run"}
        As ``MEANINGS`` tells. The library is every module that the chapter imports, by itself or through another one.
        Only committed results can be confirmed: a run in ``_build`` is repeated instead.
    date : str
        Day of the run, empty if there was none.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """

    chapter: str
    scale: str
    committed: bool
    state: str
    date: str = ""


def statuses(root: Path) -> list[Status]:
    """Compare all results with the sources and modules as they are now.

    Parameters
    ----------
    root : Path
        The book's folder.

    Returns
    -------
    list of Status
        For each chapter: the committed results and those of the last runs, by scale.

    Raises
    ------
    ChapterError
        A header or a results file is damaged.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     statuses(Path(folder))
    []
    """
    found = []
    confirmations = read_confirmations(root)
    for header in read_headers(root).values():
        now = digests_now(header)
        for committed in (True, False):
            for scale in SCALES:
                folder = root / "results" / scale if committed else output_folder(root, scale) / "results"
                file = folder / f"{header.name}.json"
                if file.is_file():
                    results = read_results(file)
                    state = state_of(results, now, confirmations if committed else ())
                    found.append(
                        Status(header.name, scale, committed, state, str(results.provenance.get("started", ""))[:10])
                    )
                else:
                    found.append(Status(header.name, scale, committed, NEVER))
    return found


def table(found: list[Status]) -> str:
    """Lay the statuses out as text, a line a chapter, and say what the states mean that need a word.

    Scales that nobody has run are left out, and the day of a run that isn't committed.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> print(table([Status("10_cnn", "cpu", True, "executed", "2026-01-31")]))
    chapter  committed cpu
    10_cnn   executed 2026-01-31
    """
    columns = [
        (committed, scale)
        for committed in (True, False)
        for scale in SCALES
        if any(entry.committed == committed and entry.scale == scale and entry.state != NEVER for entry in found)
    ]
    if not columns:
        return "No chapter has been run. Begin with: ecgbook run --scale smoke"
    cells = {
        (entry.chapter, entry.committed, entry.scale): f"{entry.state} {entry.date if entry.committed else ''}".strip()
        for entry in found
    }
    rows = [["chapter", *(f"{'committed' if committed else 'run'} {scale}" for committed, scale in columns)]]
    for chapter in dict.fromkeys(entry.chapter for entry in found):
        rows.append([chapter, *(cells.get((chapter, *column), NEVER) for column in columns)])
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    present = {entry.state for entry in found}
    said = [
        textwrap.fill(f"{state}: {MEANINGS[state]}.", 100, subsequent_indent="  ")
        for state in (CONFIRMED, UNVERIFIED, STALE)
        if state in present
    ]
    return "\n".join([*lines, *(["", *said] if said else [])])
