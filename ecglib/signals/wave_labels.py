"""Which wave each sample belongs to, as numbers that a model learns, and back to waves with a beginning and an end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from tqdm.auto import tqdm

from ecglib.databases.base import Database
from ecglib.databases.quality import require_length
from ecglib.databases.record import NOT_MARKED, Waves
from ecglib.errors import AnnotationError, ECGError
from ecglib.signals.twelve_lead import RATE, SECONDS

WAVES = ("P", "QRS", "T")
"""The waves, labelled 1, 2 and 3."""

NO_WAVE, UNKNOWN = 0, -1
"""Labels of a sample between two waves, and of one about which the annotators say nothing."""

SHORTEST = 0.02
"""Seconds; what a model calls a wave for a shorter time is none."""

_ROUNDING = 1e-6  # of a sample, by which floating point may miss what is equal


@dataclass(frozen=True)
class LabelledWaves:
    """One lead of several recordings, with its waves as the database marks them and as labels.

    Attributes
    ----------
    labels : int64 array, shape (recordings, samples)
        At ``RATE`` samples a second: ``NO_WAVE``, 1 for P, 2 for QRS, 3 for T, or ``UNKNOWN``.
    waves : tuple of Waves
        What was marked, at ``rate``.
    signals : float32 array, shape (recordings, seconds * rate)
        The lead in millivolts, as the database has it.
    rate : float
        Samples a second of the waves and the signals.
    names, patients : str arrays, shape (recordings,)

    Notes
    -----
    Source: our choice. Taught in chapter ``34_wave_segmentation``.
    """

    labels: NDArray[np.int64]
    waves: tuple[Waves, ...]
    signals: NDArray[np.float32]
    rate: float
    names: NDArray[np.str_]
    patients: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.labels)


def labelled_waves(
    database: Database, names: Sequence[str] | None = None, *, lead: str = "II", progress: bool = True
) -> LabelledWaves:
    """Read the first ten seconds of one lead of each recording, and label every sample with its wave.

    Parameters
    ----------
    database : Database
        One that marks waves: LUDB.
    names : sequence of str, optional
        Records in the order asked for, such as ``TwelveLead.names``; None takes all.
    lead : str
        The lead whose marks count; LUDB marks each lead by itself.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    LabelledWaves
        In the order of the names.

    Raises
    ------
    AnnotationError
        If no waves of this lead are marked in a record.
    LeadError, RecordTooShortError
        If a record lacks the lead, or ten seconds.

    Notes
    -----
    Source: our choice. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.databases import LUDB
    >>> from ecglib.databases.synthetic import write_twins
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data_dir = write_twins(folder, databases=["ludb"], progress=False)
    ...     found = labelled_waves(LUDB(data_dir), ["1", "2"], progress=False)
    >>> found.labels.shape, found.signals.shape, found.rate
    ((2, 1000), (2, 5000), 500.0)
    """
    chosen = list(database.names() if names is None else names)
    labels, waves, signals, patients = [], [], [], []
    for name in tqdm(chosen, desc=f"reading waves of {database.key}", unit="record", disable=not progress):
        record = database.read(name)
        samples = round(SECONDS * record.rate)
        signals.append(require_length(record, samples).lead(lead)[:samples])
        marked = record.waves.get(lead)
        if marked is None or len(marked) == 0:
            raise AnnotationError(
                f"no waves are marked in lead {lead}",
                record=record.title,
                expected="P, QRS or T marks",
                found=f"marks in {', '.join(record.waves) or 'no lead'}",
                remedy="choose a lead with marks, or leave this record out",
            )
        labels.append(wave_labels(marked, samples, record.rate))
        waves.append(marked)
        patients.append(record.patient)
    return LabelledWaves(
        np.stack(labels), tuple(waves), np.stack(signals), database.rate, np.array(chosen), np.array(patients)
    )


def wave_labels(waves: Waves, samples: int, rate: float, new_rate: float = RATE) -> NDArray[np.int64]:
    """Say of every sample of a recording in which wave it lies.

    Parameters
    ----------
    waves : Waves
        In order of time, at ``rate``.
    samples : int
        Of the recording, at ``rate``.
    rate : float
        Samples a second.
    new_rate : float
        Samples a second of the labels.

    Returns
    -------
    int64 array, shape (samples * new_rate / rate, rounded up)
        ``NO_WAVE``, 1 for P, 2 for QRS, 3 for T, or ``UNKNOWN``. Sample ``k`` is at ``k / new_rate`` seconds.

    Raises
    ------
    AnnotationError
        If the waves are not in order of time, or of other kinds.

    Notes
    -----
    A sample lies in a wave if its instant is between the wave's brackets, both included. Where waves overlap, the
    later one counts. Unknown is all before the first and after the last mark, because LUDB's cardiologists left the
    outer beats out; and where a wave lacks a bracket, everything between its peak and the next wave on that side. A
    model neither learns nor is judged there.
    Source: the marks are LUDB's (Kalyakulina et al., 2020); this reading of them is our choice. Taught in chapter
    ``34_wave_segmentation``.

    Examples
    --------
    >>> marked = Waves(np.array(["P", "QRS"]), np.array([10, 30]), np.array([15, 36]), np.array([20, NOT_MARKED]))
    >>> wave_labels(marked, samples=50, rate=500)
    array([-1, -1,  1,  1,  1,  0,  2,  2, -1, -1])
    """
    unknown_kinds = sorted(set(waves.kinds.tolist()) - set(WAVES))
    if unknown_kinds or (np.diff(waves.peaks) < 0).any():
        raise AnnotationError(
            "waves that can't be turned into labels",
            expected="P, QRS and T in order of time",
            found=f"also {', '.join(unknown_kinds)}" if unknown_kinds else "peaks that go back in time",
            remedy="sort the waves by their peaks, and leave others out",
        )
    ratio = new_rate / rate
    labels = np.full(math.ceil(samples * ratio - _ROUNDING), UNKNOWN, dtype=np.int64)
    if len(waves) == 0:
        return labels

    def between(first: int, last: int) -> slice:
        return slice(max(0, math.ceil(first * ratio - _ROUNDING)), max(0, math.floor(last * ratio + _ROUNDING) + 1))

    begins = np.where(waves.onsets == NOT_MARKED, waves.peaks, waves.onsets)
    ends = np.where(waves.offsets == NOT_MARKED, waves.peaks, waves.offsets)
    labels[between(begins.min(), ends.max())] = NO_WAVE
    for index in np.flatnonzero(waves.onsets == NOT_MARKED).tolist():
        labels[between(ends[max(index - 1, 0)], waves.peaks[index])] = UNKNOWN
    for index in np.flatnonzero(waves.offsets == NOT_MARKED).tolist():
        labels[between(waves.peaks[index], begins[min(index + 1, len(waves) - 1)])] = UNKNOWN
    for kind, begin, end in zip(waves.kinds, begins, ends, strict=True):
        labels[between(begin, end)] = WAVES.index(kind) + 1
    return labels


def waves_of_labels(labels: ArrayLike, rate: float = RATE) -> Waves:
    """Give the waves that labels stand for: a beginning and an end for every stretch of one label.

    Parameters
    ----------
    labels : int array, shape (samples,)
        What a model says of one recording: ``NO_WAVE``, 1 for P, 2 for QRS, 3 for T.
    rate : float
        Samples a second.

    Returns
    -------
    Waves
        In order of time. ``peaks`` is the middle of each wave, for labels don't say where it is highest.

    Raises
    ------
    ECGError
        If the labels are not those of one recording.

    Notes
    -----
    Stretches shorter than ``SHORTEST`` are left out. Source: our choice. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> found = waves_of_labels([0, 1, 1, 1, 0, 2, 2, 0, 3, 0])
    >>> found.kinds.tolist(), found.onsets, found.offsets
    (['P', 'QRS'], array([1, 5]), array([3, 6]))
    """
    values = np.asarray(labels)
    if values.ndim != 1 or len(values) == 0 or not np.isin(values, range(UNKNOWN, len(WAVES) + 1)).all():
        raise ECGError(
            "labels that stand for no waves",
            expected=f"whole numbers from {UNKNOWN} to {len(WAVES)}, of one recording",
            found=f"shape {values.shape} with {', '.join(map(str, np.unique(values)[:6]))}",
            remedy="pass the labels of one recording at a time",
        )
    borders = np.flatnonzero(np.diff(values)) + 1
    starts, stops = np.concatenate([[0], borders]), np.concatenate([borders, [len(values)]])
    kept = (values[starts] > NO_WAVE) & (stops - starts >= SHORTEST * rate - _ROUNDING)
    onsets, offsets = starts[kept], stops[kept] - 1
    kinds = np.array(WAVES)[values[starts[kept]] - 1]
    return Waves(kinds, onsets, (onsets + offsets) // 2, offsets)
