"""Which chapters stand as they ran, and which have to run again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecglib.book.headers import SCALES, read_headers
from ecglib.book.provenance import ecglib_sha256, imported_modules, source_sha256
from ecglib.book.results import read_results
from ecglib.book.run import output_folder

FRESH, SOURCE, MODULES, NEVER = "fresh", "source changed", "ecglib changed", "never run"


@dataclass(frozen=True)
class Status:
    """What one chapter's results of one scale are worth now.

    Attributes
    ----------
    chapter, scale : str
    committed : bool
        True for the results that are published with the book, False for those of a run in ``_build``.
    state : {"fresh", "source changed", "ecglib changed", "never run"}
        ``"source changed"`` makes a committed page stale; ``"ecglib changed"`` means that a module which the chapter
        imports, by itself or through another one, is not as it was.
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
    for header in read_headers(root).values():
        now = source_sha256(header.source), ecglib_sha256(imported_modules(header.source))
        for committed in (True, False):
            for scale in SCALES:
                folder = root / "results" / scale if committed else output_folder(root, scale) / "results"
                state, date = _state(folder / f"{header.name}.json", now)
                found.append(Status(header.name, scale, committed, state, date))
    return found


def _state(file: Path, now: tuple[str, str]) -> tuple[str, str]:
    if not file.is_file():
        return NEVER, ""
    provenance = read_results(file).provenance
    date = str(provenance.get("started", ""))[:10]
    if provenance.get("source_sha256") != now[0]:
        return SOURCE, date
    return (MODULES if provenance.get("ecglib_sha256") != now[1] else FRESH), date


def table(found: list[Status]) -> str:
    """Lay the statuses out as text, a line a chapter; scales that nobody has run are left out.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> print(table([Status("10_cnn", "cpu", True, "fresh", "2026-01-31")]))
    chapter  committed cpu
    10_cnn   fresh 2026-01-31
    """
    columns = [
        (committed, scale)
        for committed in (True, False)
        for scale in SCALES
        if any(entry.committed == committed and entry.scale == scale and entry.state != NEVER for entry in found)
    ]
    if not columns:
        return "No chapter has been run. Begin with: ecgbook run --scale smoke"
    cells = {(entry.chapter, entry.committed, entry.scale): f"{entry.state} {entry.date}".strip() for entry in found}
    rows = [["chapter", *(f"{'committed' if committed else 'run'} {scale}" for committed, scale in columns)]]
    for chapter in dict.fromkeys(entry.chapter for entry in found):
        rows.append([chapter, *(cells.get((chapter, *column), NEVER) for column in columns)])
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)
