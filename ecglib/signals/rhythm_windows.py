"""Ten seconds at a time: every record cut into successive windows, each with its rhythm and its true beats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.mitbih import MITBIH
from ecglib.databases.record import Beats, Record
from ecglib.databases.splits import PACED
from ecglib.errors import AnnotationError, ECGError, RecordTooShortError
from ecglib.signals.filters import bandpass
from ecglib.signals.segments import RATE, to_rate

LEAD = "MLII"
"""Lead of the rhythm windows; every record of MIT-BIH without a pacemaker has it."""


@dataclass(frozen=True)
class RhythmWindows:
    """Successive windows of many records, and what is known of them.

    Attributes
    ----------
    windows : float32 array, shape (windows, samples)
        Millivolts at ``RATE`` samples a second, band-passed from 0.5 to 40 Hz.
    rhythms : str array, shape (windows,)
        The annotators' name of the rhythm that fills the window, such as ``N`` or ``AFIB``; empty where it changes
        inside.
    records, patients : str arrays, shape (windows,)
        The record's name, and the patient's.
    starts : float64 array, shape (windows,)
        Seconds from the record's beginning to the window's.
    beats : tuple of Beats
        True beats of each window: samples from its beginning, ``beat_rate`` a second. Ventricular flutter has none.
    beat_rate : float
        Samples a second of the beats, those of the record as it was annotated.

    Notes
    -----
    Source: our choice. Taught in chapter ``23_rhythm_classifier``.

    Examples
    --------
    >>> beats, record = Beats(np.array([100, 400]), np.array(["N", "N"])), np.array(["201", "201"])
    >>> shown, rhythms, starts = np.zeros((2, 1280), np.float32), np.array(["N", "AFIB"]), np.array([0.0, 10.0])
    >>> found = RhythmWindows(shown, rhythms, record, record, starts, (beats, beats), 360.0)
    >>> found.of("AFIB"), len(found.take(found.of("AFIB")))
    (array([1]), 1)
    """

    windows: NDArray[np.float32]
    rhythms: NDArray[np.str_]
    records: NDArray[np.str_]
    patients: NDArray[np.str_]
    starts: NDArray[np.float64]
    beats: tuple[Beats, ...]
    beat_rate: float

    def __len__(self) -> int:
        return len(self.windows)

    def take(self, rows: ArrayLike) -> RhythmWindows:
        """Give only these windows, in this order."""
        chosen = np.asarray(rows, dtype=np.int64)
        return RhythmWindows(
            windows=self.windows[chosen],
            rhythms=self.rhythms[chosen],
            records=self.records[chosen],
            patients=self.patients[chosen],
            starts=self.starts[chosen],
            beats=tuple(self.beats[row] for row in chosen),
            beat_rate=self.beat_rate,
        )

    def of(self, *rhythms: str) -> NDArray[np.int64]:
        """Give the rows of the windows that one of these rhythms fills, rising; each must fill at least one."""
        missing = [rhythm for rhythm in rhythms if rhythm not in self.rhythms]
        if missing:
            raise AnnotationError(
                f"no window lies wholly within the rhythm {' or '.join(missing)}",
                expected="rhythms that fill a window",
                found=", ".join(sorted({*self.rhythms.tolist()} - {""})) or "none that does",
                remedy="check the rhythms' names, cut shorter windows, or download more records",
            )
        return np.flatnonzero(np.isin(self.rhythms, rhythms))


def rhythm_windows(database: MITBIH, *, seconds: int = 10, progress: bool = True) -> RhythmWindows:
    """Cut every record but the paced ones into successive windows, and say which rhythm fills each.

    Parameters
    ----------
    database : MITBIH
    seconds : int
        Length of a window. Windows follow each other from the record's beginning on, without gap or overlap.
    progress : bool
        Whether to show a progress bar while reading.

    Returns
    -------
    RhythmWindows
        In order of record and time. What is left at a record's end and shorter than a window is in none.

    Raises
    ------
    LeadError
        If a record has no MLII.
    SignalQualityError
        If a sample is NaN or infinite, or a lead is flat.
    RecordTooShortError
        If a record is shorter than a window.

    Notes
    -----
    Each record is resampled and filtered whole, then cut, so that no window has ends of its own. Amplitudes stay;
    ``normalise`` gives each window mean 0 and standard deviation 1.
    Source: jeong2024 reads ten seconds; the lead and the filter are our choice. The real database gives 7,920 windows
    of 43 patients: 703 of AFIB from six of them, 5,903 of N from 39. Taught in chapter ``23_rhythm_classifier``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.databases.synthetic import write_twins
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data_dir = write_twins(folder, databases=["mitbih"], progress=False)
    ...     found = rhythm_windows(MITBIH(data_dir), progress=False)
    >>> found.windows.shape[1], sorted(set(found.patients[found.of("AFIB")].tolist()))
    (1280, ['201', '203', '210', '219', '221', '222'])
    """
    names = [name for name in database.names() if name not in PACED]
    cut = [_cut(record, seconds) for record in database.read_all(names, progress)]
    return RhythmWindows(
        windows=np.concatenate([part.windows for part in cut]),
        rhythms=np.concatenate([part.rhythms for part in cut]),
        records=np.concatenate([part.records for part in cut]),
        patients=np.concatenate([part.patients for part in cut]),
        starts=np.concatenate([part.starts for part in cut]),
        beats=tuple(beats for part in cut for beats in part.beats),
        beat_rate=database.rate,
    )


def _cut(record: Record, seconds: int) -> RhythmWindows:
    """Give all windows of one record."""
    assert record.beats is not None  # the reader of MIT-BIH refuses a record without beats
    size = round(seconds * record.rate)
    count = record.signal.shape[1] // size
    try:
        if count == 0:
            raise RecordTooShortError(
                "shorter than a window",
                expected=f"at least {seconds} s",
                found=f"{record.seconds:g} s",
                remedy="ask for shorter windows, or leave this record out",
            )
        signal = bandpass(to_rate(record.lead(LEAD), record.rate), RATE)
    except ECGError as error:
        raise type(error)(
            error.problem,
            record=record.title,
            file=record.file,
            expected=error.expected,
            found=error.found,
            remedy=error.remedy,
        ) from error
    starts = np.arange(count) * size
    rhythms = np.full(count, "", dtype=np.object_)
    for span in record.rhythms:
        rhythms[(span.start <= starts) & (starts + size <= span.stop)] = span.name
    first, last = np.searchsorted(record.beats.samples, [starts, starts + size])
    return RhythmWindows(
        windows=signal[: count * seconds * RATE].reshape(count, seconds * RATE),
        rhythms=rhythms.astype(np.str_),
        records=np.full(count, record.name),
        patients=np.full(count, record.patient),
        starts=starts / record.rate,
        beats=tuple(
            Beats(record.beats.samples[one:end] - start, record.beats.symbols[one:end])
            for one, end, start in zip(first, last, starts, strict=True)
        ),
        beat_rate=record.rate,
    )
