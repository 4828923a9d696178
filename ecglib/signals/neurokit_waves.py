"""Waves as neurokit2 finds them, without training anything: by its wavelets, or by the prominence of peaks."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from tqdm.auto import tqdm

from ecglib.databases.record import NOT_MARKED, Waves
from ecglib.errors import ECGError
from ecglib.signals.twelve_lead import RATE
from ecglib.signals.wave_labels import NO_WAVE, wave_labels

METHODS = ("dwt", "prominence")
"""Those of neurokit2's methods that give both ends of all three waves."""

_COLUMNS = {"P": "ECG_P", "QRS": "ECG_R", "T": "ECG_T"}


@dataclass(frozen=True)
class NeurokitWaves:
    """What neurokit2 found in several recordings.

    Attributes
    ----------
    waves : tuple of Waves
        Of each recording, at the rate of its signal; without waves where neurokit2 failed.
    labels : int64 array, shape (recordings, samples)
        The same at ``RATE`` samples a second: ``NO_WAVE``, 1 for P, 2 for QRS, 3 for T. A wave that lacks a bracket
        begins or ends at its peak.
    failed : mapping of int to str
        Recordings in which neurokit2 gave up, by their place, with its own words.

    Notes
    -----
    Source: our choice. Taught in chapter ``34_wave_segmentation``.
    """

    waves: tuple[Waves, ...]
    labels: NDArray[np.int64]
    failed: Mapping[int, str]


def neurokit_waves(
    signals: ArrayLike, rate: float, *, method: Literal["dwt", "prominence"] = "dwt", progress: bool = True
) -> NeurokitWaves:
    """Find P, QRS and T of each recording with neurokit2, from its cleaning to its delineation.

    Parameters
    ----------
    signals : float array, shape (recordings, samples)
        One lead each, in millivolts, as recorded: neurokit2 does its own cleaning.
    rate : float
        Samples a second; 250 or more, for the methods were made for such.
    method : {"dwt", "prominence"}
        ``"dwt"`` is the wavelet method, for long the usual one. ``"prominence"`` is newer; the chapter measures both.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    NeurokitWaves
        In order of peaks. A wave of which only the onset or only the offset is found has ``NOT_MARKED`` for the other;
        one without both, or without a peak in the recording, is left out.

    Raises
    ------
    ECGError
        If the signals are not recordings of one lead at such a rate, or there is no such method.

    Notes
    -----
    ``ecg_clean``, ``ecg_peaks`` and ``ecg_delineate``, all with their own settings: a baseline, not a tuned rival. A
    second is added at either end before the last, for it drops what begins at sample 0 and then mixes up the beats.
    Both methods look for a P wave before every beat, also where there is none. The QRS complexes of ``"dwt"`` begin
    too early (version 0.2.13, known as issue 1042 of NeuroKit). In a recording that is flat or too short neurokit2
    raises errors of many kinds; those have no waves and stand in ``failed``.
    Source: Makowski et al. (2021); ``"dwt"`` after Martínez et al. (2004), ``"prominence"`` after Emrich et al. (2024).
    Taught in chapter ``34_wave_segmentation``.

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
    if method not in METHODS:
        raise ECGError(
            f"unknown method {method}", expected=f"one of {', '.join(METHODS)}", remedy="choose one of these"
        )
    waves, labels, failed = [], [], {}
    for place, signal in enumerate(tqdm(values, desc="neurokit2", unit="recording", disable=not progress)):
        try:
            found = _delineate(signal, round(rate), method)
        except Exception as error:  # of any kind: IndexError, ValueError, ZeroDivisionError and others were seen
            failed[place] = f"{type(error).__name__}: {error}".splitlines()[0]
            found = Waves(np.array([], dtype="<U3"), *np.zeros((3, 0), dtype=np.int64))
        waves.append(found)
        labels.append(np.maximum(wave_labels(found, values.shape[1], rate, RATE), NO_WAVE))
    return NeurokitWaves(tuple(waves), np.stack(labels), failed)


def _delineate(signal: NDArray[np.float64], rate: int, method: str) -> Waves:
    import neurokit2  # two seconds that no other module need wait for

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cleaned = neurokit2.ecg_clean(signal, sampling_rate=rate)
        beats = neurokit2.ecg_peaks(cleaned, sampling_rate=rate)[1]["ECG_R_Peaks"] + rate
        longer = np.pad(cleaned, rate, mode="edge")
        found = neurokit2.ecg_delineate(longer, beats, sampling_rate=rate, method=method)[1]
    last = len(signal) - 1
    kinds, columns = [], []
    for kind, name in _COLUMNS.items():
        peaks = np.asarray(beats if kind == "QRS" else found[f"{name}_Peaks"], dtype=np.float64) - rate
        onsets, offsets = (
            np.clip(np.asarray(found[f"{name}_{side}"], dtype=np.float64) - rate, 0, last)
            for side in ("Onsets", "Offsets")
        )
        # Comparisons with NaN, which is neurokit2's "not found", are false.
        kept = (peaks >= 0) & (peaks <= last) & ((onsets >= 0) | (offsets >= 0)) & ~(onsets >= offsets)
        kinds.append(np.full(int(kept.sum()), kind))
        columns.append(np.nan_to_num(np.stack([onsets, peaks, offsets])[:, kept], nan=NOT_MARKED).astype(np.int64))
    onset, peak, offset = np.concatenate(columns, axis=1)
    order = np.argsort(peak, kind="stable")
    return Waves(np.concatenate(kinds)[order], onset[order], peak[order], offset[order])
