"""The one place that reads WFDB files: every failure becomes an error that says record, file and remedy."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from ecglib.databases.leads import lead_name
from ecglib.errors import AnnotationError, DamagedFileError, LeadError, MissingFileError, UnsafePathError

LARGEST_RECORD = 25_000_000
"""Most values (leads × samples) that a header may claim: more than an hour of twelve leads at 500 Hz."""

_LARGEST_HEADER = 2**16
_VALUE_OF_NAN = {"16": -(2**15), "212": -(2**11), "516": -(2**15)}
_FETCH_AGAIN = "fetch the file again, or leave this record out"


@dataclass(frozen=True)
class Header:
    """What a record's header promises, checked before anything else is read.

    Attributes
    ----------
    record : str
        Database and name, as error messages print it.
    stem : Path
        The header's path without ``.hea``.
    rate : float
        Samples a second.
    samples : int
        Samples a lead.
    leads : tuple of str
        In the file's order, spelled as in textbooks.
    files : tuple of Path
        Signal file of each lead.
    formats : tuple of str
        WFDB format of each lead: 16, 212 or 516 (FLAC).
    offsets : tuple of int
        Bytes (in FLAC: samples) before the first sample of each lead's file.
    gains, baselines : tuples of float and int
        Digital units per millivolt and digital value of zero millivolts, of each lead.
    checksums : tuple of int or None
        Sum of each lead's samples, of which the last 16 bits count; None where the header has none.
    comments : tuple of str
        Comment lines without their ``#``.

    Notes
    -----
    Source: WFDB's header format. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> one = ("MLII",), (Path("1.dat"),), ("212",), (0,), (200.0,), (0,), (None,)
    >>> header = Header("demo/1", Path("1"), 360.0, 720, *one, comments=())
    >>> header.file.name
    '1.hea'
    """

    record: str
    stem: Path
    rate: float
    samples: int
    leads: tuple[str, ...]
    files: tuple[Path, ...]
    formats: tuple[str, ...]
    offsets: tuple[int, ...]
    gains: tuple[float, ...]
    baselines: tuple[int, ...]
    checksums: tuple[int | None, ...]
    comments: tuple[str, ...]

    @property
    def file(self) -> Path:
        """The header file itself."""
        return header_file(self.stem)


@dataclass(frozen=True)
class Annotation:
    """Annotations of one file in order of time.

    Attributes
    ----------
    samples : int64 array, shape (annotations,)
    symbols : str array, shape (annotations,)
    notes : tuple of str
        Without the NUL at their end; empty where an annotation has none.

    Notes
    -----
    Source: the MIT annotation format. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> Annotation(np.array([18]), np.array(["+"]), ("(N",)).notes
    ('(N',)
    """

    samples: NDArray[np.int64]
    symbols: NDArray[np.str_]
    notes: tuple[str, ...]


def header_file(stem: Path) -> Path:
    """Give the header's path for a record's path."""
    return Path(f"{stem}.hea")


def read_bytes(file: Path, record: str | None = None) -> bytes:
    """Read a file whole; raises MissingFileError where it is not there, DamagedFileError where it can't be read."""
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise MissingFileError(
            "a file is missing",
            record=record,
            file=file,
            expected="the file as it was published",
            remedy="download it, or leave out what needs it",
        ) from error
    except OSError as error:
        raise DamagedFileError(
            "a file can't be read",
            record=record,
            file=file,
            expected="a readable file",
            found=error.strerror or str(error),
            remedy="check the file's permissions and the disk, or fetch it again",
        ) from error


def read_text(file: Path, record: str | None = None) -> str:
    """Read a text file in UTF-8; raises MissingFileError and DamagedFileError as ``read_bytes`` does."""
    try:
        return read_bytes(file, record).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DamagedFileError(
            "a text file holds bytes that are no text",
            record=record,
            file=file,
            expected="UTF-8",
            found=f"byte {error.object[error.start]:#04x} at {error.start}",
            remedy="fetch the file again",
        ) from error


def safe_path(entry: str, *, file: Path, record: str | None = None) -> PurePosixPath:
    """Give a path named inside a file, if it stays below that file's folder.

    Parameters
    ----------
    entry : str
        The path as the file has it.
    file : Path
        The file that names it.
    record : str, optional
        For the message.

    Raises
    ------
    UnsafePathError
        If the path is absolute, climbs upwards, or is no plain path.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> safe_path("data/1", file=Path("RECORDS"))
    PurePosixPath('data/1')
    """
    path = PurePosixPath(entry)
    if path.is_absolute() or ".." in path.parts or not path.parts or any(sign in entry for sign in "\\:\0"):
        raise UnsafePathError(
            "a path leads out of the database's folder",
            record=record,
            file=file,
            expected="a relative path that stays below this folder",
            found=repr(entry),
            remedy="fetch the file again from a source you trust, and open nothing that this copy names",
        )
    return path


def read_header(stem: Path, record: str) -> Header:
    """Read and check a record's header.

    Parameters
    ----------
    stem : Path
        The record's path without suffix.
    record : str
        Database and name, for messages.

    Returns
    -------
    Header

    Raises
    ------
    MissingFileError, DamagedFileError, LeadError, UnsafePathError
        If the header is missing, doesn't parse, claims what no record can be, or names a lead or path it must not.

    Notes
    -----
    Source: WFDB's header format, by wfdb's own grammar. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile, wfdb
    >>> folder = tempfile.TemporaryDirectory()
    >>> wfdb.wrsamp("1", 360, ["mV"], ["MLII"], np.linspace(0, 1, 720)[:, None], fmt=["16"], write_dir=folder.name)
    >>> header = read_header(Path(folder.name, "1"), "demo/1")
    >>> header.leads, header.samples
    (('MLII',), 720)
    """
    from wfdb.io.header import parse_header_content, rx_record, rx_signal

    file = header_file(stem)

    def refuse(expected: str, found: object) -> DamagedFileError:
        return DamagedFileError(
            "the header is damaged",
            record=record,
            file=file,
            expected=expected,
            found=str(found)[:80],
            remedy=_FETCH_AGAIN,
        )

    content = read_bytes(file, record)
    if len(content) > _LARGEST_HEADER:
        raise refuse(f"at most {_LARGEST_HEADER:,} bytes", f"{len(content):,}")
    lines, comments = parse_header_content(content.decode("ascii", errors="ignore"))
    if not lines:
        raise refuse("a record line: name, leads, rate, samples", "nothing")
    first = rx_record.match(lines[0])
    if first is None:
        raise refuse("a record line: name, leads, rate, samples", lines[0])
    if first["n_seg"]:
        raise refuse("a record of one segment", lines[0])
    signals = [rx_signal.match(line) for line in lines[1:]]
    matched = [signal for signal in signals if signal is not None]
    if len(matched) != len(signals):
        raise refuse("signal lines in WFDB's format", lines[1:][signals.index(None)])
    try:
        count, rate, samples = int(first["n_sig"]), float(first["fs"] or 250), int(first["sig_len"] or 0)
        skewed = [signal for signal in matched if int(signal["samps_per_frame"] or 1) != 1 or int(signal["skew"] or 0)]
        gains = [float(signal["adc_gain"] or 200) or 200.0 for signal in matched]
        baselines = [int(signal["baseline"] or signal["adc_zero"] or 0) for signal in matched]
        checksums = [int(signal["checksum"]) if signal["checksum"] else None for signal in matched]
        blocks = [(signal["file_name"], signal["fmt"], int(signal["byte_offset"] or 0)) for signal in matched]
    except ValueError as error:
        raise refuse("numbers in WFDB's format", error) from error
    if count != len(matched) or count < 1:
        raise refuse(f"{count} signal lines", len(matched))
    if not 0 < samples * count <= LARGEST_RECORD:
        raise refuse(f"between 1 and {LARGEST_RECORD:,} values", f"{count} leads of {samples} samples")
    if not (math.isfinite(rate) and rate > 0):
        raise refuse("a positive rate", first["fs"])
    if skewed:
        raise refuse("leads sampled together, one sample a frame", skewed[0].group())
    if not all(0.1 <= gain <= 1e6 for gain in gains):
        raise refuse("between 0.1 and a million units per millivolt", gains)
    if not all(abs(baseline) < 2**24 for baseline in baselines):
        raise refuse("a baseline of at most 24 bits", baselines)
    units = {signal["units"] or "mV" for signal in matched}
    if units != {"mV"}:
        raise refuse("signals in mV", ", ".join(sorted(units)))
    if any(signal["fmt"] not in _VALUE_OF_NAN for signal in matched):
        raise refuse(f"signal formats among {', '.join(_VALUE_OF_NAN)}", ", ".join(s["fmt"] for s in matched))

    # wfdb's grammar lets no slash into a file name; a tilde stands for a signal without a file.
    if any(not signal["file_name"] or signal["file_name"].startswith("~") for signal in matched):
        raise refuse("a signal file for each lead", "a lead without one")
    runs = [block for position, block in enumerate(blocks) if position == 0 or block != blocks[position - 1]]
    if len({name for name, _, _ in runs}) != len(runs):
        raise refuse("the leads of one signal file together, in one format", "leads in turns or in two formats")

    return Header(
        record=record,
        stem=stem,
        rate=rate,
        samples=samples,
        leads=_leads([signal["sig_name"] or "" for signal in matched], record, file),
        files=tuple(stem.parent / name for name, _, _ in blocks),
        formats=tuple(kind for _, kind, _ in blocks),
        offsets=tuple(offset for _, _, offset in blocks),
        gains=tuple(gains),
        baselines=tuple(baselines),
        checksums=tuple(checksums),
        comments=tuple(line.strip(" \t#") for line in comments),
    )


def _leads(written: list[str], record: str, file: Path) -> tuple[str, ...]:
    try:
        leads = tuple(lead_name(name) for name in written)
    except LeadError as error:
        raise LeadError(
            error.problem, record=record, file=file, expected=error.expected, found=error.found, remedy=error.remedy
        ) from None
    if len(set(leads)) != len(leads):
        raise LeadError(
            "a lead stands twice in the header",
            record=record,
            file=file,
            expected="each lead once",
            found=", ".join(leads),
            remedy=_FETCH_AGAIN,
        )
    return leads


def read_digital(header: Header) -> NDArray[np.int16]:
    """Read a record's samples as the recorder's converter gave them.

    Parameters
    ----------
    header : Header
        From ``read_header``.

    Returns
    -------
    int16 array, shape (leads, samples)

    Raises
    ------
    MissingFileError, DamagedFileError
        If a signal file is missing, cut short, too long, unreadable, or disagrees with the header's checksum.

    Notes
    -----
    Source: WFDB's signal formats, decoded by wfdb. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile, wfdb
    >>> folder = tempfile.TemporaryDirectory()
    >>> wfdb.wrsamp("1", 360, ["mV"], ["MLII"], np.linspace(0, 1, 720)[:, None], fmt=["16"], write_dir=folder.name)
    >>> header = read_header(Path(folder.name, "1"), "demo/1")
    >>> read_digital(header).dtype
    dtype('int16')
    """
    # rdrecord would parse the header once more, which takes ten times as long as decoding ten seconds of ECG.
    from wfdb.io._signal import _rd_segment

    for file in dict.fromkeys(header.files):
        _check_length(header, file)
    leads = len(header.leads)
    digital = np.empty((leads, header.samples), np.int16)
    try:
        signals = _rd_segment(
            file_name=[file.name for file in header.files],
            dir_name=str(header.stem.parent.absolute()),
            pn_dir=None,
            fmt=list(header.formats),
            n_sig=leads,
            sig_len=header.samples,
            byte_offset=list(header.offsets),
            samps_per_frame=[1] * leads,
            skew=[0] * leads,
            init_value=[0] * leads,
            sampfrom=0,
            sampto=header.samples,
            channels=list(range(leads)),
            ignore_skew=True,
        )
        for row, signal in zip(digital, signals, strict=True):
            row[:] = signal
    except Exception as error:  # wfdb and soundfile raise whatever the bytes make them raise
        raise DamagedFileError(
            "the signal can't be decoded",
            record=header.record,
            file=header.files[0],
            expected=f"format {', '.join(dict.fromkeys(header.formats))} as the header says",
            found=f"{type(error).__name__}: {error}"[:120],
            remedy=_FETCH_AGAIN,
        ) from error
    sums = digital.sum(axis=1, dtype=np.int64) & 0xFFFF
    for lead, file, total, promised in zip(header.leads, header.files, sums, header.checksums, strict=True):
        if promised is not None and int(total) != promised & 0xFFFF:
            raise DamagedFileError(
                f"header and signal disagree in lead {lead}",
                record=header.record,
                file=file,
                expected=f"checksum {promised & 0xFFFF}",
                found=str(int(total)),
                remedy="fetch header and signal again, both from the same source",
            )
    return digital


def read_signal(header: Header) -> NDArray[np.float32]:
    """Read a record's signal in millivolts.

    Parameters
    ----------
    header : Header
        From ``read_header``.

    Returns
    -------
    float32 array, shape (leads, samples)
        NaN where the recorder marked a sample as invalid.

    Raises
    ------
    MissingFileError, DamagedFileError
        As ``read_digital`` does.

    Notes
    -----
    Source: WFDB's signal formats, decoded by wfdb; the same values as its ``p_signal``, rounded to float32.
    Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile, wfdb
    >>> folder = tempfile.TemporaryDirectory()
    >>> wfdb.wrsamp("1", 360, ["mV"], ["MLII"], np.linspace(0, 1, 720)[:, None], fmt=["16"], write_dir=folder.name)
    >>> header = read_header(Path(folder.name, "1"), "demo/1")
    >>> read_signal(header).shape
    (1, 720)
    """
    digital = read_digital(header)
    signal = digital.astype(np.float32)
    signal -= np.array(header.baselines, np.float32)[:, None]
    signal /= np.array(header.gains, np.float32)[:, None]
    invalid = np.array([_VALUE_OF_NAN[kind] for kind in header.formats], np.int16)[:, None]
    if np.any(digital.min(axis=1, keepdims=True) == invalid):
        signal[digital == invalid] = np.nan
    return signal


def _check_length(header: Header, file: Path) -> None:
    leads = header.files.count(file)
    kind = header.formats[header.files.index(file)]
    if not file.is_file():
        raise MissingFileError(
            "a signal file is missing",
            record=header.record,
            file=file,
            expected=f"the samples of {leads} leads",
            remedy="download it, or leave this record out",
        )
    if kind == "516":
        import soundfile

        try:
            frames = soundfile.info(str(file)).frames
        except Exception as error:  # libsndfile's own errors have no common class in all versions
            raise DamagedFileError(
                "the signal can't be decoded",
                record=header.record,
                file=file,
                expected="a FLAC file",
                found=f"{type(error).__name__}: {error}"[:120],
                remedy=_FETCH_AGAIN,
            ) from error
        if frames != header.samples + header.offsets[header.files.index(file)]:
            raise _length_error(header, file, f"{header.samples} samples a lead", str(frames))
        return
    values = header.samples * leads
    expected = header.offsets[header.files.index(file)] + (values * 2 if kind == "16" else math.ceil(values * 1.5))
    if file.stat().st_size != expected:
        raise _length_error(header, file, f"{expected:,} bytes", f"{file.stat().st_size:,}")


def _length_error(header: Header, file: Path, expected: str, found: str) -> DamagedFileError:
    return DamagedFileError(
        "header and signal disagree about the length",
        record=header.record,
        file=file,
        expected=expected,
        found=found,
        remedy="fetch header and signal again, both from the same source",
    )


@cache
def _symbols() -> dict[int, str]:
    from wfdb.io.annotation import ann_label_table

    return dict(zip(ann_label_table["label_store"].tolist(), ann_label_table["symbol"].tolist(), strict=True))


def read_annotation(file: Path, record: str, samples: int, allowed: Collection[str]) -> Annotation:
    """Read an annotation file.

    Parameters
    ----------
    file : Path
        The annotation file, such as ``100.atr``.
    record : str
        Database and name, for messages.
    samples : int
        Length of the record; annotations must lie inside.
    allowed : collection of str
        Symbols that this database uses.

    Returns
    -------
    Annotation

    Raises
    ------
    MissingFileError, DamagedFileError
        If the file is missing, cut short or unreadable, or its annotations lie outside the record or out of order.
    AnnotationError
        If the file holds no annotation, or a symbol that this database doesn't use.

    Notes
    -----
    Source: the MIT annotation format, decoded by wfdb. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile, wfdb
    >>> folder = tempfile.TemporaryDirectory()
    >>> wfdb.wrann("1", "atr", np.array([77, 370]), ["N", "V"], write_dir=folder.name)
    >>> read_annotation(Path(folder.name, "1.atr"), "demo/1", samples=720, allowed="NV").samples
    array([ 77, 370])
    """
    from wfdb.io.annotation import proc_ann_bytes

    def refuse(expected: str, found: str) -> DamagedFileError:
        return DamagedFileError(
            "the annotation file is damaged",
            record=record,
            file=file,
            expected=expected,
            found=found[:120],
            remedy=_FETCH_AGAIN,
        )

    content = read_bytes(file, record)
    if len(content) % 2 or content[-2:] != b"\0\0":
        raise refuse("pairs of bytes that end in two zeros", "a file cut short")
    try:
        # rdann would read the header once more for every file, and loops for ever on some damaged notes.
        decoded = proc_ann_bytes(np.frombuffer(content, np.uint8).reshape(-1, 2), None)
    except Exception as error:  # wfdb raises whatever the bytes make it raise
        raise refuse("annotations in the MIT format", f"{type(error).__name__}: {error}") from error
    places, codes, _, _, _, notes = decoded
    kept = [
        index
        for index, (place, code, note) in enumerate(zip(places, codes, notes, strict=True))
        if code != 0 and not (place == 0 and note.startswith("## "))
    ]
    if not kept:
        raise AnnotationError(
            "the annotation file holds no annotation",
            record=record,
            file=file,
            expected="at least one annotation",
            found="none",
            remedy=_FETCH_AGAIN,
        )
    symbols = [_symbols().get(codes[index], f"code {codes[index]}") for index in kept]
    unknown = sorted(set(symbols) - set(allowed))
    if unknown:
        raise AnnotationError(
            "annotation symbols that this database doesn't use",
            record=record,
            file=file,
            expected=f"symbols among {' '.join(sorted(allowed))}",
            found=", ".join(unknown),
            remedy="correct the annotation, or leave this record out",
        )
    indices = np.array([places[index] for index in kept], np.int64)
    if indices[0] < 0 or indices[-1] >= samples or np.any(np.diff(indices) < 0):
        raise refuse(f"annotations in order of time between 0 and {samples:,}", f"{indices.min()} … {indices.max()}")
    return Annotation(indices, np.array(symbols, np.str_), tuple(notes[index].rstrip("\0") for index in kept))
