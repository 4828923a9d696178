"""What a signal must be before anything is computed from it."""

from __future__ import annotations

import numpy as np

from ecglib.databases.record import Record
from ecglib.errors import RecordTooShortError, SignalQualityError

HIGHEST_AMPLITUDE = 50.0
"""Millivolts that no surface ECG reaches, whatever the noise; converters of the four databases end at 33 mV."""


def check_quality(record: Record) -> dict[str, str]:
    """Say what is wrong with each lead of a record.

    Parameters
    ----------
    record : Record
        As a database gives it.

    Returns
    -------
    dict of lead name to problem
        Empty where nothing is wrong.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> record = Record("demo", "1", "1", np.zeros((1, 720), np.float32), ("II",), 360.0)
    >>> check_quality(record)
    {'II': 'flat at 0 mV'}
    """
    problems: dict[str, str] = {}
    for lead, signal in zip(record.leads, record.signal, strict=True):
        invalid = np.count_nonzero(~np.isfinite(signal))
        if invalid:
            problems[lead] = f"{invalid:,} samples that are no numbers"
        elif signal.min() == signal.max():
            problems[lead] = f"flat at {signal[0]:g} mV"
        elif np.abs(signal).max() > HIGHEST_AMPLITUDE:
            problems[lead] = f"{np.abs(signal).max():g} mV"
    return problems


def require_quality(record: Record) -> Record:
    """Give a record back if every lead can be used.

    Parameters
    ----------
    record : Record
        As a database gives it. Readers refuse no flat lead, since published records have some.

    Raises
    ------
    SignalQualityError
        If a lead holds NaN, is flat from end to end, or has amplitudes that no heart has.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> record = Record("demo", "1", "1", np.sin(np.arange(720, dtype=np.float32))[None], ("II",), 360.0)
    >>> require_quality(record) is record
    True
    """
    problems = check_quality(record)
    if problems:
        raise SignalQualityError(
            "leads that nothing can be computed from",
            record=record.title,
            file=record.file,
            expected=f"finite samples that change, within ±{HIGHEST_AMPLITUDE:g} mV",
            found="; ".join(f"{lead}: {problem}" for lead, problem in problems.items()),
            remedy="choose other leads, or leave this record out",
        )
    return record


def require_length(record: Record, samples: int) -> Record:
    """Give a record back if it is at least so long.

    Parameters
    ----------
    record : Record
    samples : int
        Length of the window that is to be cut from it.

    Raises
    ------
    RecordTooShortError
        If the record is shorter.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> record = Record("demo", "1", "1", np.zeros((1, 720), np.float32), ("II",), 360.0)
    >>> require_length(record, 260) is record
    True
    """
    if record.signal.shape[1] < samples:
        raise RecordTooShortError(
            "the record is shorter than a window",
            record=record.title,
            file=record.file,
            expected=f"at least {samples:,} samples",
            found=f"{record.signal.shape[1]:,}",
            remedy="choose a shorter window, or leave this record out",
        )
    return record
