"""A reader's own ECG, from WFDB, EDF, CSV or NumPy; what the file doesn't say is asked for, never guessed."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ecglib.databases.leads import KNOWN_LEADS, lead_name
from ecglib.databases.record import Record
from ecglib.databases.wfdb_files import LARGEST_RECORD, header_file, read_bytes, read_text
from ecglib.errors import (
    DamagedFileError,
    ECGError,
    LeadError,
    MissingFileError,
    SamplingRateError,
    SignalQualityError,
)

UNITS: MappingProxyType[str, float] = MappingProxyType({"V": 1000.0, "mV": 1.0, "uV": 0.001})
"""Units of amplitude that a file may have, each in millivolts."""

FORMATS = "WFDB (.hea with its .dat or .mat), EDF (.edf), CSV (.csv, .tsv, .txt) and NumPy (.npy)"
"""What can be read, in words."""

LEFT_OUT = "-"
"""Stands in ``leads`` for a channel that is no ECG."""

_OWN = "own"
_WFDB_SUFFIXES = (".hea", ".dat", ".mat")
_MOST_CHANNELS = 64
_PREFIX = re.compile(r"^(?:ECG|EKG|lead)[\s_:-]+", re.IGNORECASE)
_UNIT_IN_NAME = re.compile(r"^(?P<name>.*?)[\s_]*[\[(\s_](?P<unit>[uµμm]?V)[\])]?$")
_TIME = re.compile(r"^(?:time[\s_]*[\[(]?(?P<unit>s|ms)[\])]?|(?P<word>seconds))$", re.IGNORECASE)
_WHOLE = 2e-4  # by which a rate that was counted from rounded times may miss a whole number


@dataclass(frozen=True)
class _Channels:
    """What a file says; None where it doesn't."""

    names: Sequence[str | None]
    units: Sequence[str | None]
    rates: Sequence[float | None]
    signals: Sequence[NDArray[np.floating]]


def read_own_file(
    file: str | os.PathLike[str],
    *,
    rate: float | None = None,
    unit: str | None = None,
    leads: Sequence[str] | None = None,
) -> Record:
    """Read an ECG from a file that no database of the book describes.

    Parameters
    ----------
    file : path-like
        WFDB (the header, a signal file, or their path without suffix), EDF, CSV with a column for each lead, or a
        NumPy array of shape (leads, samples).
    rate : float, optional
        Samples a second; needed where the file doesn't say it: NumPy, and CSV without times in s or ms.
    unit : {"V", "mV", "uV"}, optional
        Unit of amplitude; needed where the file doesn't say it: NumPy, and CSV without units in its first line.
    leads : sequence of str, optional
        Name of each channel in the file's order, ``"-"`` for one that is no ECG; needed where the file doesn't say it.

    Returns
    -------
    Record
        In millivolts, leads in the file's order, NaN where the file has no number. ``notes`` holds the format, the
        unit that the file had, and the channels that were left out because they are no lead.

    Raises
    ------
    MissingFileError, DamagedFileError
        If the file or a part of it is not there or can't be read, or its format is none of these.
    LeadError, SamplingRateError, SignalQualityError
        If leads, rate or unit are neither in the file nor passed, disagree with what is passed, or can't be.

    Notes
    -----
    What is passed must not contradict the file. A rate that is counted from a column of times becomes a whole number
    where it misses one by less than 0.02 %. Source: our choice. Taught on the page ``your_own_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "mine.npy")
    >>> np.save(file, np.array([[0, 500, 1000]]))
    >>> record = read_own_file(file, rate=250, unit="uV", leads=["II"])
    >>> record.leads, record.rate, record.signal
    (('II',), 250.0, array([[0. , 0.5, 1. ]], dtype=float32))
    """
    file = Path(file)
    read, stem, kind = _reader(file)
    if rate is not None and not (math.isfinite(rate) and rate > 0):
        raise SamplingRateError(
            "a rate that can't be",
            record=f"{_OWN}/{stem.name}",
            file=file,
            expected="a positive number of samples a second",
            found=f"{rate:g}",
            remedy="correct rate= (--rate on the command line)",
        )
    if unit is not None and unit not in UNITS:
        raise SignalQualityError(
            "a unit of amplitude that nobody knows",
            record=f"{_OWN}/{stem.name}",
            file=file,
            expected=f"one of {', '.join(UNITS)}",
            found=repr(unit),
            remedy="correct unit= (--unit on the command line)",
        )
    try:
        channels = read(stem if kind == "WFDB" else file)
        kept, names, left_out = _kept(channels.names, leads)
        one_rate = _agree_on_rate([channels.rates[index] for index in kept], rate)
        factors, said = _agree_on_unit([channels.units[index] for index in kept], names, unit)
    except ECGError as error:
        raise type(error)(
            error.problem,
            record=f"{_OWN}/{stem.name}",
            file=error.file or file,
            expected=error.expected,
            found=error.found,
            remedy=error.remedy,
        ) from error
    notes = {"format": kind, "unit": said} | ({"left out": ", ".join(left_out)} if left_out else {})
    with np.errstate(over="ignore", invalid="ignore"):
        millivolts = [
            (np.asarray(channels.signals[index], np.float64) * factor).astype(np.float32)
            for index, factor in zip(kept, factors, strict=True)
        ]
    return Record(
        database=_OWN,
        name=stem.name,
        patient=stem.name,
        signal=np.stack(millivolts),
        leads=names,
        rate=one_rate,
        notes=notes,
        file=header_file(stem) if kind == "WFDB" else file,
    )


def _reader(file: Path) -> tuple[Callable[[Path], _Channels], Path, str]:
    suffix = file.suffix.lower()
    others: dict[str, tuple[Callable[[Path], _Channels], str]] = {
        ".edf": (_read_edf, "EDF"),
        ".npy": (_read_npy, "NumPy"),
        **dict.fromkeys((".csv", ".tsv", ".txt"), (_read_csv, "CSV")),
    }
    if suffix in _WFDB_SUFFIXES or header_file(file).is_file():
        return _read_wfdb, file.with_suffix("") if suffix in _WFDB_SUFFIXES else file, "WFDB"
    if not file.is_file():
        raise MissingFileError(
            "no such file",
            record=f"{_OWN}/{file.stem}",
            file=file,
            expected=f"a file in one of the formats {FORMATS}",
            found="a folder" if file.is_dir() else "nothing",
            remedy="correct the path",
        )
    if suffix not in others:
        raise DamagedFileError(
            "a format that can't be read",
            record=f"{_OWN}/{file.stem}",
            file=file,
            expected=FORMATS,
            found=suffix or "a name without suffix",
            remedy="export the ECG from your program in one of these formats",
        )
    read, kind = others[suffix]
    return read, file.with_suffix(""), kind


# --- what the file and the caller say must agree


def _kept(
    written: Sequence[str | None], leads: Sequence[str] | None
) -> tuple[list[int], tuple[str, ...], tuple[str, ...]]:
    """Give the places of the channels that are leads, the leads' names, and the names of the other channels."""
    shown = ", ".join(name or "a channel without name" for name in written)
    in_file = [_lead_in(name) for name in written]
    if leads is None:
        chosen = in_file
        if not any(chosen):
            raise LeadError(
                "the file doesn't say which leads it holds",
                expected=f"names of leads among {', '.join(KNOWN_LEADS)}",
                found=shown,
                remedy=f"pass leads= (--leads on the command line) with a name for each of the {len(written)} channels"
                f" in their order, and {LEFT_OUT} for one that is no ECG",
            )
    else:
        if len(leads) != len(written):
            raise LeadError(
                "not as many names of leads as channels",
                expected=f"{len(written)} names, for {shown}",
                found=f"{len(leads)}: {', '.join(leads)}",
                remedy=f"name every channel in the file's order, {LEFT_OUT} for one that is no ECG",
            )
        chosen = [None if name.strip() == LEFT_OUT else lead_name(name) for name in leads]
        for name, other in zip(chosen, in_file, strict=True):
            if name and other and name != other:
                raise LeadError(
                    "the file names a lead otherwise",
                    expected=other,
                    found=name,
                    remedy="leave leads= (--leads) out, or correct the file",
                )
    kept = [index for index, name in enumerate(chosen) if name]
    names = tuple(name for name in chosen if name)
    if not names or len(set(names)) != len(names):
        raise LeadError(
            "a lead stands twice" if names else "no lead is left",
            expected="each lead once" if names else f"at least one channel that is no {LEFT_OUT}",
            found=", ".join(names) or ", ".join(leads or ()),
            remedy="name every channel once with leads= (--leads on the command line)",
        )
    left_out = [written[index] or f"channel {index + 1}" for index in range(len(written)) if index not in kept]
    return kept, names, tuple(left_out)


def _lead_in(written: str | None) -> str | None:
    """Give the lead that a channel's name means, such as "ECG aVR", or None."""
    try:
        return lead_name(_PREFIX.sub("", (written or "").strip()))
    except LeadError:
        return None


def _agree_on_rate(rates: Sequence[float | None], passed: float | None) -> float:
    said = sorted({rate for rate in rates if rate is not None})
    if len(said) > 1:
        raise SamplingRateError(
            "the leads have different sampling rates",
            expected="one rate",
            found=" and ".join(f"{rate:g} Hz" for rate in said),
            remedy=f"leave leads out with leads= (--leads, {LEFT_OUT} in the place of a channel), or resample them",
        )
    if said and passed is not None and abs(said[0] - passed) > _WHOLE * said[0]:
        raise SamplingRateError(
            "the file says another sampling rate",
            expected=f"{said[0]:g} Hz",
            found=f"{passed:g} Hz",
            remedy="leave rate= (--rate) out, or correct the file",
        )
    if not said and passed is None:
        raise SamplingRateError(
            "the file doesn't say its sampling rate",
            expected="samples a second",
            found="none",
            remedy="pass rate= (--rate on the command line), such as 250",
        )
    return float(said[0] if said else passed)  # type: ignore[arg-type]


def _agree_on_unit(units: Sequence[str | None], names: Sequence[str], passed: str | None) -> tuple[list[float], str]:
    """Give each lead's unit in millivolts, and the units in words."""
    factors, said = [], []
    for unit, lead in zip(units, names, strict=True):
        if unit is None and passed is None:
            raise SignalQualityError(
                f"the file doesn't say the unit of lead {lead}",
                expected=f"one of {', '.join(UNITS)}",
                found="none",
                remedy="pass unit= (--unit on the command line), such as uV",
            )
        known = _unit_in(unit)
        if unit is not None and known is None:
            raise SignalQualityError(
                f"lead {lead} is in a unit that no ECG has",
                expected=f"one of {', '.join(UNITS)}",
                found=repr(unit),
                remedy=f"leave this channel out with leads= (--leads, {LEFT_OUT} in its place), or correct the file",
            )
        if known and passed and known != passed:
            raise SignalQualityError(
                f"the file says another unit of lead {lead}",
                expected=known,
                found=passed,
                remedy="leave unit= (--unit) out, or correct the file",
            )
        said.append(known or str(passed))
        factors.append(UNITS[said[-1]])
    return factors, ", ".join(dict.fromkeys(said))


def _unit_in(written: str | None) -> str | None:
    spelt = (written or "").strip().replace("µ", "u").replace("μ", "u")
    return {name.lower(): name for name in UNITS}.get(spelt.lower())


def _check_size(values: int) -> None:
    if not 0 < values <= LARGEST_RECORD:
        raise DamagedFileError(
            "a recording of a size that can't be read at once",
            expected=f"between 1 and {LARGEST_RECORD:,} values",
            found=f"{values:,}",
            remedy="cut the file into shorter ones" if values else "export the recording again",
        )


# --- one reader a format


def _read_wfdb(stem: Path) -> _Channels:
    import wfdb
    from wfdb.io.header import parse_header_content, rx_record, rx_signal

    file = header_file(stem)
    if not file.is_file():
        raise MissingFileError(
            "the WFDB header is missing",
            file=file,
            expected="a header beside the signals, which says rate, units and leads",
            found="none",
            remedy="put the .hea file into the same folder, or export the ECG as CSV or EDF",
        )
    lines, _ = parse_header_content(read_bytes(file).decode("ascii", errors="ignore"))
    first = rx_record.match(lines[0]) if lines else None
    signals = [match for match in map(rx_signal.match, lines[1:]) if match]
    if first is None or first["n_seg"] or not first["fs"] or len(signals) != int(first["n_sig"]) or not signals:
        raise DamagedFileError(
            "a WFDB header that can't be used",
            file=file,
            expected="one segment, a rate, and a line for each lead",
            found=lines[0][:80] if lines else "nothing",
            remedy="export the recording again as one segment",
        )
    if any(int(signal["samps_per_frame"] or 1) != 1 for signal in signals):
        raise SamplingRateError(
            "the leads have different sampling rates",
            file=file,
            expected="one sample of each lead a frame",
            found=", ".join(f"{signal['samps_per_frame'] or 1}" for signal in signals),
            remedy="export the leads at one rate",
        )
    # The format takes a missing gain for 200 units per millivolt. That would be a guess.
    if not all(float(signal["adc_gain"] or 0) for signal in signals):
        raise SignalQualityError(
            "the WFDB header has no gain: nobody calibrated these signals",
            file=file,
            expected="units of the converter per millivolt, for each lead",
            found="none for " + ", ".join(s["sig_name"] or "?" for s in signals if not float(s["adc_gain"] or 0)),
            remedy="write the gains into the header",
        )
    _check_size(int(first["sig_len"] or 0) * len(signals))
    try:
        record = wfdb.rdrecord(str(stem.absolute()), physical=False)
        digital = np.asarray(record.d_signal)
        if len(digital) != int(first["sig_len"]):
            raise ValueError(f"{len(digital):,} samples of {int(first['sig_len']):,}")
        physical = record.dac()
    except Exception as error:  # wfdb raises whatever the bytes make it raise
        raise DamagedFileError(
            "the signals can't be decoded",
            file=file,
            expected="signal files as the header describes them",
            found=f"{type(error).__name__}: {error}"[:120],
            remedy="copy header and signal files again, all from the same source",
        ) from error
    for signal, values in zip(signals, digital.T, strict=True):
        if signal["checksum"] and (int(values.sum(dtype=np.int64)) - int(signal["checksum"])) & 0xFFFF:
            raise DamagedFileError(
                f"header and signal disagree in {signal['sig_name']}",
                file=file,
                expected=f"checksum {int(signal['checksum']) & 0xFFFF}",
                found=str(int(values.sum(dtype=np.int64)) & 0xFFFF),
                remedy="copy header and signal files again, all from the same source",
            )
    return _Channels(
        names=[signal["sig_name"] or None for signal in signals],
        units=[signal["units"] or "mV" for signal in signals],  # WFDB: "if the unit is omitted, it is millivolts"
        rates=[float(first["fs"])] * len(signals),
        signals=list(physical.T),
    )


def _read_edf(file: Path) -> _Channels:
    import pyedflib

    try:
        with pyedflib.EdfReader(str(file), pyedflib.DO_NOT_READ_ANNOTATIONS) as reader:
            channels = range(reader.signals_in_file)
            _check_size(int(sum(reader.getNSamples())))
            return _Channels(
                names=[reader.getLabel(channel).strip() or None for channel in channels],
                units=[reader.getPhysicalDimension(channel).strip() or None for channel in channels],
                rates=[round(float(reader.getSampleFrequency(channel)), 6) for channel in channels],
                signals=[reader.readSignal(channel) for channel in channels],
            )
    except ECGError:
        raise
    except Exception as error:  # the decoder has no class of its own for its errors
        raise DamagedFileError(
            "the EDF file can't be read",
            expected="a whole EDF or EDF+ file without interruptions",
            found=str(error).replace(str(file), file.name).rstrip(".")[:120],
            remedy="copy the file again, or export it anew",
        ) from error


def _read_npy(file: Path) -> _Channels:
    try:
        found = np.load(file, mmap_mode="r", allow_pickle=False)
        shape, kind = found.shape, found.dtype
    except (OSError, ValueError, EOFError, AttributeError) as error:
        raise DamagedFileError(
            "the NumPy file can't be read",
            expected="one array of numbers, as np.save writes it; pickles are never opened",
            found=str(error).replace(str(file), file.name).rstrip(".")[:120],
            remedy="save the array itself: np.save(file, signal)",
        ) from error
    if kind.kind not in "iuf" or found.ndim not in (1, 2):
        raise DamagedFileError(
            "an array that is no ECG",
            expected="real numbers of shape (leads, samples)",
            found=f"{kind} of shape {shape}",
            remedy="save numbers, a row for each lead",
        )
    _check_size(found.size)
    signals = np.atleast_2d(found)
    if len(signals) > signals.shape[1] or len(signals) > _MOST_CHANNELS:
        raise _on_its_side("a row", signals.shape, "save its transpose: np.save(file, signal.T)")
    nothing = [None] * len(signals)
    return _Channels(nothing, nothing, nothing, list(np.array(signals, np.float64)))


def _read_csv(file: Path) -> _Channels:
    import pandas as pd

    numbered = [
        (number, line)
        for number, line in enumerate(read_text(file).splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not numbered:
        _check_size(0)
    top = numbered[0][1]
    sign = next((sign for sign in "\t;" if sign in top), ",")
    # Where commas don't divide columns they divide whole numbers from fractions.
    decimal = "," if sign != "," and any("," in line for _, line in numbered[1:3]) else "."
    cells = [cell.strip() for cell in next(csv.reader([top], delimiter=sign))]
    if len(cells) > _MOST_CHANNELS:
        raise _on_its_side("a column", (len(numbered), len(cells)), "write samples below each other")
    headed = any(_no_number(cell, decimal) for cell in cells)
    rows = numbered[headed:]
    for number, line in rows:
        if line.count(sign) != len(cells) - 1:
            raise _bad_line(number, f"{len(cells)} columns", f"{line.count(sign) + 1}")
    _check_size(len(rows) * len(cells))
    try:
        table = pd.read_csv(
            io.StringIO("\n".join(line for _, line in rows)),
            sep=sign,
            decimal=decimal,
            header=None,
            dtype=np.float64,
            skipinitialspace=True,
            skip_blank_lines=False,
        ).to_numpy()
    except ValueError as error:
        for number, line in rows:
            for cell in map(str.strip, line.split(sign)):
                if _no_number(cell, decimal):
                    raise _bad_line(number, "numbers", repr(cell)[:40]) from error
        raise DamagedFileError(
            "the CSV file can't be read", expected="numbers", found=str(error)[:120], remedy="export it again"
        ) from error
    names, units = zip(*(_split_unit(cell if headed else "") for cell in cells), strict=True)
    times = [index for index, name in enumerate(names) if name and _TIME.match(name)]
    rate = _rate_of(table[:, times[0]], str(names[times[0]])) if times else None
    chosen = [index for index in range(len(cells)) if index not in times[:1]]
    if not chosen:
        raise LeadError(
            "nothing but times",
            expected="a column for each lead",
            found=", ".join(cells),
            remedy="export the amplitudes as well",
        )
    return _Channels(
        names=[names[index] for index in chosen],
        units=[units[index] for index in chosen],
        rates=[rate] * len(chosen),
        signals=[table[:, index] for index in chosen],
    )


def _no_number(cell: str, decimal: str) -> bool:
    try:
        float(cell.strip('"').replace(decimal, ".") or "nan")
    except ValueError:
        return cell not in ("NA", "N/A")
    return False


def _split_unit(cell: str) -> tuple[str | None, str | None]:
    """Give name and unit of a column such as "II (uV)"."""
    match = _UNIT_IN_NAME.match(cell)
    return (match["name"].strip() or None, match["unit"]) if match else (cell or None, None)


def _rate_of(times: NDArray[np.float64], name: str) -> float:
    match = _TIME.match(name)
    assert match is not None
    seconds = times / (1000 if (match["unit"] or "s").lower() == "ms" else 1)
    steps = np.diff(seconds)
    if len(steps) < 1 or not np.isfinite(steps).all() or (steps <= 0).any():
        raise SamplingRateError(
            f"the times in column {name} don't rise",
            expected="at least two times, each later than the one before",
            found=f"{len(times):,}, of which {np.count_nonzero(~(steps > 0)):,} don't follow the one before",
            remedy=f"correct the column, or delete it and pass rate= (--rate, with {LEFT_OUT} for it in --leads)",
        )
    step = (seconds[-1] - seconds[0]) / len(steps)
    astray = np.abs(seconds - seconds[0] - step * np.arange(len(seconds))).max()
    if astray > step:
        at = int(np.argmax(steps))
        raise SamplingRateError(
            f"the times in column {name} are uneven",
            expected=f"a sample every {step:.4g} s",
            found=f"{steps[at]:.4g} s after {seconds[at]:.4g} s",
            remedy="fill the gap with empty cells, or export the recording in one piece",
        )
    rate = 1 / float(step)
    return float(round(rate)) if abs(rate - round(rate)) <= _WHOLE * rate else round(rate, 2)


def _bad_line(number: int, expected: str, found: str) -> DamagedFileError:
    return DamagedFileError(
        f"line {number:,} of the CSV file can't be read",
        expected=expected,
        found=found,
        remedy="correct this line, leave a cell empty where a sample is missing, or export the file again",
    )


def _on_its_side(what: str, shape: tuple[int, ...], remedy: str) -> DamagedFileError:
    return DamagedFileError(
        "more leads than samples: the ECG lies on its side",
        expected=f"{what} for each lead, {_MOST_CHANNELS} at most",
        found=f"shape {shape}",
        remedy=remedy,
    )
