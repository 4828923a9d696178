"""Waves as a user of today finds them without training anything: neurokit2's wavelet method."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from tqdm.auto import tqdm

from ecglib.databases.record import Waves
from ecglib.errors import ECGError
from ecglib.signals.twelve_lead import RATE
from ecglib.signals.wave_labels import NO_WAVE, wave_labels

_COLUMNS = {"P": "ECG_P", "QRS": "ECG_R", "T": "ECG_T"}


@dataclass(frozen=True)
class NeurokitWaves:
    """What neurokit2 found in several recordings.

    Attributes
    ----------
    waves : tuple of Waves
        Of each recording, at the rate of its signal; without waves where neurokit2 failed.
    labels : int64 array, shape (recordings, samples)
        The same at ``RATE`` samples a second: ``NO_WAVE``, 1 for P, 2 for QRS, 3 for T.
    failed : mapping of int to str
        Recordings in which neurokit2 gave up, by their place, with its own words.

    Notes
    -----
    Source: our choice. Taught in chapter ``34_wave_segmentation``.
    """

    waves: tuple[Waves, ...]
    labels: NDArray[np.int64]
    failed: Mapping[int, str]


def neurokit_waves(signals: ArrayLike, rate: float, *, progress: bool = True) -> NeurokitWaves:
    """Find P, QRS and T of each recording with neurokit2's wavelets, from its cleaning to its delineation.

    Parameters
    ----------
    signals : float array, shape (recordings, samples)
        One lead each, in millivolts, as recorded: neurokit2 does its own cleaning.
    rate : float
        Samples a second; 250 or more, for the method was made for such.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    NeurokitWaves
        A wave of which no onset or no offset is found is left out.

    Raises
    ------
    ECGError
        If the signals are not recordings of one lead at such a rate.

    Notes
    -----
    ``ecg_clean``, ``ecg_peaks`` and ``ecg_delineate`` with ``method="dwt"``, all with their own settings: a baseline,
    not a tuned rival. It looks for a P wave before every beat, also where there is none, and its QRS complexes begin
    too early (version 0.2.13, known as issue 1042 of NeuroKit). In a recording that is flat or too short it raises
    errors of many kinds; those have no waves and stand in ``failed``.
    Source: Makowski et al. (2021), after Martínez et al. (2004). Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> found = neurokit_waves(np.zeros((1, 5000)), rate=500, progress=False)
    >>> len(found.failed), found.labels.shape, int(found.labels.max())
    (1, (1, 1000), 0)
    """
    values = np.asarray(signals, dtype=np.float64)
    if values.ndim != 2 or 0 in values.shape or not 250 <= rate < np.inf:
        raise ECGError(
            "neurokit2 can't look for waves here",
            expected="one lead of each recording, shape (recordings, samples), at 250 Hz or more",
            found=f"shape {values.shape} at {rate:g} Hz",
            remedy="pass one lead as the database has it",
        )
    waves, labels, failed = [], [], {}
    for place, signal in enumerate(tqdm(values, desc="neurokit2", unit="recording", disable=not progress)):
        try:
            found = _delineate(signal, rate)
        except Exception as error:  # of any kind: IndexError, ValueError, ZeroDivisionError and others were seen
            failed[place] = f"{type(error).__name__}: {error}".splitlines()[0]
            found = Waves(np.array([], dtype="<U3"), *np.zeros((3, 0), dtype=np.int64))
        waves.append(found)
        labels.append(np.maximum(wave_labels(found, values.shape[1], rate, RATE), NO_WAVE))
    return NeurokitWaves(tuple(waves), np.stack(labels), failed)


def _delineate(signal: NDArray[np.float64], rate: float) -> Waves:
    import neurokit2  # two seconds that no other module need wait for

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cleaned = neurokit2.ecg_clean(signal, sampling_rate=round(rate))
        peaks = neurokit2.ecg_peaks(cleaned, sampling_rate=round(rate))[1]["ECG_R_Peaks"]
        found = neurokit2.ecg_delineate(cleaned, peaks, sampling_rate=round(rate), method="dwt")[1]
    rows = []
    for kind, name in _COLUMNS.items():
        onsets, offsets = (np.asarray(found[f"{name}_{side}"], dtype=np.float64) for side in ("Onsets", "Offsets"))
        rows += [
            (int(onset), int(offset), kind)
            for onset, offset in zip(onsets, offsets, strict=True)
            if 0 <= onset < offset < len(signal)
        ]
    rows.sort(key=lambda row: row[0] + row[1])
    onset, offset = (np.array([row[side] for row in rows], dtype=np.int64) for side in (0, 1))
    return Waves(np.array([row[2] for row in rows], dtype="<U3"), onset, (onset + offset) // 2, offset)
