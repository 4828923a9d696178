"""One family of errors: each says which record and file, what was expected, what was found and what to do."""

from __future__ import annotations

from os import PathLike


class ECGError(Exception):
    """Anything that ``ecglib`` refuses, with the place, the expectation and the remedy in its message.

    Parameters
    ----------
    problem : str
        What is wrong, in one clause.
    record : str, optional
        Name of the record, such as ``"mitbih/201"``.
    file : path-like, optional
        The file in which the problem was seen.
    expected, found : str, optional
        What should have been there, and what was.
    remedy : str, optional
        What the reader can do about it.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> print(ECGError("no such lead", record="mitbih/100", expected="one of MLII, V5", found="aVR",
    ...                remedy="choose a lead that the record has"))
    mitbih/100: no such lead; expected one of MLII, V5, found aVR. What to do: choose a lead that the record has.
    """

    def __init__(
        self,
        problem: str,
        *,
        record: str | None = None,
        file: str | PathLike[str] | None = None,
        expected: str | None = None,
        found: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem, self.record, self.file = problem, record, file
        self.expected, self.found, self.remedy = expected, found, remedy
        place = ", ".join(str(part) for part in (record, file) if part is not None)
        comparison = ", ".join(
            f"{word} {value}" for word, value in (("expected", expected), ("found", found)) if value is not None
        )
        message = f"{place}: {problem}" if place else problem
        if comparison:
            message = f"{message}; {comparison}"
        super().__init__(f"{message}. What to do: {remedy}." if remedy else f"{message}.")


class MissingFileError(ECGError):
    """A file or folder that a database needs is not there."""


class DamagedFileError(ECGError):
    """A file is cut short, unreadable, or disagrees with its header."""


class ChecksumError(ECGError):
    """A file's digest is not the published one."""


class UnsafePathError(ECGError):
    """A path in a list of records leads out of the database's folder."""


class DownloadError(ECGError):
    """A file could not be fetched from the server or its mirror."""


class AnnotationError(ECGError):
    """An annotation file is empty where it must not be, or holds a symbol nobody defined."""


class LeadError(ECGError):
    """A lead is unknown, missing, repeated or in an order that cannot be understood."""


class SamplingRateError(ECGError):
    """A sampling rate is not the one that a step was made for."""


class SignalQualityError(ECGError):
    """A signal holds NaN, is flat, or has amplitudes that no heart has."""


class RecordTooShortError(ECGError):
    """A record is shorter than the window that was asked for."""


class LeakageError(ECGError):
    """The same patient, beat or sample stands on both sides of a split."""


class ChapterError(ECGError):
    """A chapter, its results or a claim breaks the rules of the book."""
