"""The lead of a reader's own ECG that the networks read: chosen, checked, its gaps bridged and remembered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecglib.databases.record import Record
from ecglib.errors import ECGError, LeadError, RecordTooShortError, SamplingRateError, SignalQualityError
from ecglib.signals.filters import bandpass

LEADS_READ = ("MLII", "II")
"""Leads that the networks of the book learned from, or are nearest to those."""

LOWEST_RATE = 100.0
"""Samples a second that are asked for: frequencies up to 40 Hz, with room for the filter."""

SECONDS, CLEAR_SECONDS = 10, 4
"""Shortest record, and shortest stretch without a gap, that are worth reading."""

SMALLEST, LARGEST = 0.05, 15.0
"""Millivolts from the lowest to the highest point of two seconds, between which a heart's usually lie."""

_FLAT_SECONDS = 2.0
_CLIPPED_SECONDS, _CLIPPED_TIMES = 0.02, 3


@dataclass(frozen=True)
class Gap:
    """A stretch from ``start`` to ``stop`` in which the lead says nothing: seconds, and the reason."""

    start: float
    stop: float
    why: str


@dataclass(frozen=True)
class CleanLead:
    """One lead, ready to be filtered, and what is wrong with it.

    Attributes
    ----------
    name : str
        The lead's name.
    signal : float32 array, shape (samples,)
        Millivolts at the record's rate, not filtered; a gap is bridged by a straight line.
    gaps : tuple of Gap
        In order of time.
    notices : tuple of str
        What the reader has to know, in sentences.

    Notes
    -----
    Source: our choice. Taught on the page ``your_own_ecg``.

    Examples
    --------
    >>> lead = CleanLead("II", np.zeros(1000, np.float32), (Gap(2.0, 3.0, "no numbers"),), ())
    >>> lead.clear(np.array([1.0, 2.5]), before=0.2, after=0.2)
    array([ True, False])
    """

    name: str
    signal: NDArray[np.float32]
    gaps: tuple[Gap, ...]
    notices: tuple[str, ...]

    def clear(self, seconds: NDArray[np.floating], *, before: float, after: float) -> NDArray[np.bool_]:
        """Say for which instants no gap reaches into the time from ``before`` them to ``after`` them."""
        free = np.ones(len(seconds), np.bool_)
        for gap in self.gaps:
            free &= (seconds + after <= gap.start) | (seconds - before >= gap.stop)
        return free


def clean_lead(record: Record, lead: str | None = None) -> CleanLead:
    """Choose the lead that is read, refuse what can't be an ECG, and find the gaps.

    Parameters
    ----------
    record : Record
        Millivolts, such as ``read_own_file`` gives them.
    lead : str, optional
        A lead of the record; None takes MLII or II.

    Returns
    -------
    CleanLead

    Raises
    ------
    LeadError
        If the record lacks the lead, or has neither MLII nor II and none was named.
    SamplingRateError
        If there are fewer than 100 samples a second.
    RecordTooShortError
        If the record is shorter than 10 s, or holds no 4 s without a gap.
    SignalQualityError
        If the lead is flat or empty, or its amplitudes are no heart's, such as microvolts taken for millivolts.

    Notes
    -----
    Samples that are no numbers, and two seconds or more without any change, are gaps. A lead that stays on its highest
    or lowest value for 20 ms, three times or more, is clipped, which is a notice and no refusal. Amplitudes are judged
    by the median over successive two seconds, so that an artefact doesn't decide. All limits are our choice. Source:
    our choice. Taught on the page ``your_own_ecg``.

    Examples
    --------
    >>> signal = np.sin(np.arange(3600, dtype=np.float32) / 20)[None]
    >>> signal[0, 100:180] = np.nan
    >>> found = clean_lead(Record("own", "1", "1", signal, ("II",), 250.0))
    >>> found.name, found.gaps
    ('II', (Gap(start=0.4, stop=0.72, why='no numbers'),))
    """
    name = _choose(record, lead)
    values, rate = record.lead(name).astype(np.float64), record.rate

    def refuse(kind: type[ECGError], problem: str, expected: str, found: str, remedy: str) -> ECGError:
        return kind(
            f"lead {name}: {problem}",
            record=record.title,
            file=record.file,
            expected=expected,
            found=found,
            remedy=remedy,
        )

    if rate < LOWEST_RATE:
        raise refuse(
            SamplingRateError,
            "too few samples a second",
            f"at least {LOWEST_RATE:g} Hz",
            f"{rate:g} Hz",
            "check the rate, or export the ECG as it was recorded",
        )
    if record.seconds < SECONDS:
        raise refuse(
            RecordTooShortError,
            "too short",
            f"at least {SECONDS} s, which are {SECONDS * rate:,.0f} samples at {rate:g} Hz",
            f"{record.seconds:.3g} s",
            "record for longer, or check the rate",
        )
    invalid = ~np.isfinite(values)
    values[invalid] = np.nan
    flat = np.zeros(len(values), np.bool_)
    for start, stop in _runs(np.diff(values) == 0):
        if stop - start + 1 >= _FLAT_SECONDS * rate:
            flat[start : stop + 1] = True
    empty = invalid | flat
    if empty.all():
        raise refuse(
            SignalQualityError,
            "nothing is in it" if invalid.any() else "it is flat",
            "millivolts that change",
            f"{np.count_nonzero(invalid):,} of {len(values):,} samples no numbers, {np.count_nonzero(flat):,} flat",
            "choose another lead with lead= (--lead), or check the electrodes and record again",
        )
    gaps = tuple(
        Gap(start / rate, stop / rate, why)
        for start, stop, why in sorted(
            [(*run, "no numbers") for run in _runs(invalid)] + [(*run, "flat") for run in _runs(flat)]
        )
    )
    longest = max(stop - start for start, stop in _runs(~empty)) / rate
    if longest < CLEAR_SECONDS:
        raise refuse(
            RecordTooShortError,
            "its gaps leave too little",
            f"{CLEAR_SECONDS} s without a gap",
            f"{longest:.3g} s at most; {_in_words(gaps)}",
            "choose another lead with lead= (--lead), or record again",
        )
    places = np.arange(len(values))
    clipped = _clipped(values, rate)
    values[empty] = np.interp(places[empty], places[~empty], values[~empty])
    height = _height(bandpass(values, rate), empty, rate)
    if not SMALLEST <= height <= LARGEST:
        raise refuse(
            SignalQualityError,
            "amplitudes that no heart has",
            f"{SMALLEST:g} to {LARGEST:g} mV from the lowest to the highest point of two seconds",
            f"{height:.3g} mV",
            "check the unit: microvolts taken for millivolts are a thousand times too large, volts a thousand times too"
            " small; pass unit= (--unit) where the file doesn't say it, or correct the unit or the gain in the file",
        )
    notices = []
    if name not in LEADS_READ:
        notices.append(f"Lead {name} is read. The networks learned from MLII, so expect more errors.")
    if gaps:
        notices.append(f"Lead {name} has gaps, and nothing is said about them: {_in_words(gaps)}.")
    if clipped:
        notices.append(
            f"Lead {name} seems clipped: it stays on its highest or lowest value {clipped:,} times for 20 ms or more."
        )
    return CleanLead(name, values.astype(np.float32), gaps, tuple(notices))


def _choose(record: Record, lead: str | None) -> str:
    chosen = lead or next((name for name in LEADS_READ if name in record.leads), None)
    if chosen is None or chosen not in record.leads:
        raise LeadError(
            f"no lead {lead}" if lead else f"neither {' nor '.join(LEADS_READ)}, from which the networks learned",
            record=record.title,
            file=record.file,
            expected=lead or " or ".join(LEADS_READ),
            found=", ".join(record.leads),
            remedy="choose one of these with lead= (--lead on the command line); the result says that it is another",
        )
    return chosen


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Give first place (inside) and last (outside) of each run of true."""
    borders = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return list(zip(borders[::2].tolist(), borders[1::2].tolist(), strict=True))


def _clipped(values: NDArray[np.float64], rate: float) -> int:
    """Count the runs on the highest or lowest value that are too long for a wave's top."""
    least = max(3.0, _CLIPPED_SECONDS * rate)
    found = sum(
        stop - start >= least
        for end in (np.nanmax(values), np.nanmin(values))
        for start, stop in _runs(values == end)
        if stop - start < _FLAT_SECONDS * rate
    )
    return found if found >= _CLIPPED_TIMES else 0


def _height(filtered: NDArray[np.float32], empty: NDArray[np.bool_], rate: float) -> float:
    """Give the median distance from lowest to highest over successive two seconds without a gap."""
    size = round(2 * rate)
    rows = slice(0, len(filtered) // size * size)
    whole = ~empty[rows].reshape(-1, size).any(axis=1)
    return float(np.median(np.ptp(filtered[rows].reshape(-1, size)[whole], axis=1)))


def _in_words(gaps: tuple[Gap, ...]) -> str:
    shown = "; ".join(f"{gap.why} from {gap.start:.2f} to {gap.stop:.2f} s" for gap in gaps[:3])
    return shown if len(gaps) <= 3 else f"{shown}; and {len(gaps) - 3:,} more"
