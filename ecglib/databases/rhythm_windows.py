"""Ten seconds of one rhythm: windows that lie wholly within one rhythm span of MIT-BIH, with their true beats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.mitbih import MITBIH
from ecglib.databases.record import Beats, Record
from ecglib.databases.splits import PACED
from ecglib.errors import AnnotationError, RecordTooShortError, SignalQualityError
from ecglib.signals.filters import bandpass
from ecglib.signals.segments import RATE, to_rate

LEAD = "MLII"
"""Lead of the rhythm windows; every record of MIT-BIH without a pacemaker has it."""

RR_STATISTICS = ("mean", "sd", "rmssd", "relative_change", "coefficient_of_variation")
"""Columns of ``rr_statistics``."""


@dataclass(frozen=True)
class RhythmWindows:
    """Windows of one rhythm each, and what is known of them.

    Attributes
    ----------
    windows : float32 array, shape (windows, samples)
        Millivolts at ``RATE`` samples a second, band-passed from 0.5 to 40 Hz.
    labels : int64 array, shape (windows,)
        Index into ``rhythms``: 1 for the positive rhythm, 0 for the other.
    records, patients : str arrays, shape (windows,)
        The record's name, and the patient's.
    starts : float64 array, shape (windows,)
        Seconds from the record's beginning to the window's.
    beats : tuple of Beats
        True beats of each window: samples from its beginning, ``beat_rate`` a second.
    beat_rate : float
        Samples a second of the beats, those of the record as it was annotated.
    rhythms : (str, str)
        Annotators' names of the two rhythms, the positive one last.

    Notes
    -----
    Source: our choice. Taught in chapter ``23_rhythm_classifier``.

    Examples
    --------
    >>> one, beats = np.array(["201"]), Beats(np.array([100, 400]), np.array(["N", "N"]))
    >>> start, shown = np.array([0.0]), np.zeros((1, 1280), np.float32)
    >>> found = RhythmWindows(shown, np.array([1]), one, one, start, (beats,), 360.0, ("N", "AFIB"))
    >>> len(found)
    1
    """

    windows: NDArray[np.float32]
    labels: NDArray[np.int64]
    records: NDArray[np.str_]
    patients: NDArray[np.str_]
    starts: NDArray[np.float64]
    beats: tuple[Beats, ...]
    beat_rate: float
    rhythms: tuple[str, str]

    def __len__(self) -> int:
        return len(self.windows)


def rhythm_windows(
    database: MITBIH, *, seconds: int = 10, positive: str = "AFIB", against: str = "N", progress: bool = True
) -> RhythmWindows:
    """Cut every record into successive windows, and keep those that lie wholly within one of two rhythms.

    Parameters
    ----------
    database : MITBIH
    seconds : int
        Length of a window. Windows follow each other from the record's beginning on, without gap or overlap.
    positive, against : str
        Annotators' names of the two rhythms.
    progress : bool
        Whether to show a progress bar while reading.

    Returns
    -------
    RhythmWindows
        In order of record and time, without the paced records.

    Raises
    ------
    AnnotationError
        If one of the rhythms fills no window.
    LeadError
        If a record has no MLII.
    SignalQualityError
        If a sample is NaN or infinite, or a lead is flat.

    Notes
    -----
    Each record is resampled and filtered whole, then cut, so that no window has ends of its own. Amplitudes stay;
    ``normalise`` gives each window mean 0 and standard deviation 1.
    Source: jeong2024 reads ten seconds, one class being AFIB; what AFIB is told from, the lead and the filter are our
    choice. Of the real database: 703 windows of AFIB from six patients, 5,903 of N from 39. Taught in chapter
    ``23_rhythm_classifier``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.databases.synthetic import write_twins
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data_dir = write_twins(folder, databases=["mitbih"], progress=False)
    ...     found = rhythm_windows(MITBIH(data_dir), progress=False)
    >>> found.windows.shape[1], sorted(set(found.patients[found.labels == 1].tolist()))
    (1280, ['201', '203', '210', '219', '221', '222'])
    """
    rhythms = (against, positive)
    names = [name for name in database.names() if name not in PACED]
    cut = [part for record in database.read_all(names, progress) for part in _cut(record, seconds, rhythms)]
    labels = np.array([rhythms.index(rhythm) for _, rhythm, *_ in cut], dtype=np.int64)
    missing = [rhythm for label, rhythm in enumerate(rhythms) if label not in labels]
    if missing:
        raise AnnotationError(
            f"no window lies wholly within the rhythm {' or '.join(missing)}",
            record=database.key,
            expected=f"a rhythm that fills one of the successive windows of {seconds} s",
            found=f"{len(cut)} windows of the other rhythm in {len(names)} records",
            remedy="check the rhythms' names, ask for shorter windows, or download more records",
        )
    windows, _, records, starts, beats = zip(*cut, strict=True)
    return RhythmWindows(
        windows=np.stack(windows),
        labels=labels,
        records=np.array([record.name for record in records]),
        patients=np.array([record.patient for record in records]),
        starts=np.array(starts, dtype=np.float64),
        beats=beats,
        beat_rate=database.rate,
        rhythms=rhythms,
    )


def rr_statistics(beat_samples: ArrayLike, rate: float) -> NDArray[np.float64]:
    """Describe a rhythm by five statistics of the intervals between its beats (RR intervals).

    Parameters
    ----------
    beat_samples : int array, shape (beats,)
        Sample index of each beat, rising.
    rate : float
        Samples a second.

    Returns
    -------
    float64 array, shape (5,)
        ``RR_STATISTICS``: mean and standard deviation of the intervals in seconds; root mean square of the changes
        from one interval to the next, in seconds; median size of these changes, and standard deviation, as shares of
        the mean interval.

    Raises
    ------
    RecordTooShortError
        If there are fewer than three beats.
    AnnotationError
        If the beats are not in order of time.

    Notes
    -----
    Atrial fibrillation makes the intervals irregular without a pattern: five numbers that every map of scores has to
    beat. Source: our choice, from the literature on heart-rate variability. Taught in chapter
    ``23_rhythm_classifier``.

    Examples
    --------
    >>> rr_statistics([0, 360, 720, 1080], rate=360)
    array([1., 0., 0., 0., 0.])
    """
    beats = np.asarray(beat_samples)
    if len(beats) < 3:
        raise RecordTooShortError(
            "too few beats for a rhythm",
            expected="at least three",
            found=f"{len(beats)}",
            remedy="leave this window out, or take a longer one",
        )
    intervals = np.diff(beats) / rate
    if intervals.min() <= 0:
        raise AnnotationError(
            "beats are not in order of time",
            expected="sample indices that rise",
            found=f"{np.count_nonzero(intervals <= 0)} that don't",
            remedy="sort the beats, or look for doubled annotations",
        )
    mean, spread, changes = intervals.mean(), intervals.std(), np.diff(intervals)
    return np.array([mean, spread, np.sqrt(np.mean(changes**2)), np.median(np.abs(changes)) / mean, spread / mean])


def _cut(
    record: Record, seconds: int, rhythms: tuple[str, str]
) -> Iterator[tuple[NDArray[np.float32], str, Record, float, Beats]]:
    """Give window, rhythm, record, start and beats of each window of one record that is kept."""
    assert record.beats is not None  # the reader of MIT-BIH refuses a record without beats
    size = round(seconds * record.rate)
    count = record.signal.shape[1] // size
    starts = np.arange(count) * size
    rhythm_of = np.full(count, "", dtype=np.object_)
    for span in record.rhythms:
        if span.name in rhythms:
            rhythm_of[(span.start <= starts) & (starts + size <= span.stop)] = span.name
    if not rhythm_of.any():
        return
    try:
        signal = bandpass(to_rate(record.lead(LEAD), record.rate), RATE)
    except SignalQualityError as error:
        raise SignalQualityError(
            error.problem,
            record=record.title,
            file=record.file,
            expected=error.expected,
            found=error.found,
            remedy=error.remedy,
        ) from error
    windows = signal[: count * seconds * RATE].reshape(count, seconds * RATE)
    first, last = np.searchsorted(record.beats.samples, [starts, starts + size])
    for index in np.flatnonzero(rhythm_of):
        inside = slice(first[index], last[index])
        beats = Beats(record.beats.samples[inside] - starts[index], record.beats.symbols[inside])
        yield windows[index], rhythm_of[index], record, float(index * seconds), beats
