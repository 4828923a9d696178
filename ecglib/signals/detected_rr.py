"""Rhythm statistics where nobody marked the beats: a detector finds the R peaks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from tqdm.auto import tqdm

from ecglib.errors import RecordTooShortError, SignalQualityError
from ecglib.signals.rr_statistics import LEAST_BEATS, RR_STATISTICS, rr_statistics


def r_peaks(signal: ArrayLike, rate: float) -> NDArray[np.int64]:
    """Find the R peaks of one lead.

    Parameters
    ----------
    signal : array, shape (samples,)
        Millivolts, band-passed, a second or longer; the height plays no part.
    rate : float
        Samples a second.

    Returns
    -------
    int64 array, shape (peaks,)
        Sample indices, rising; none in a flat signal.

    Raises
    ------
    RecordTooShortError
        If the signal is shorter than a second.
    SignalQualityError
        If a sample is NaN or infinite.

    Notes
    -----
    Source: neurokit2's own method, which looks for steep stretches (Makowski et al., 2021). Taught in chapter
    ``24_across_databases``.

    Examples
    --------
    >>> beat = np.exp(-((np.arange(128) - 64) ** 2) / 8)
    >>> np.diff(r_peaks(np.tile(beat, 10), rate=128))
    array([128, 128, 128, 128, 128, 128, 128, 128, 128])
    """
    import neurokit2  # two seconds that no other module need wait for

    values = np.asarray(signal, dtype=np.float64)
    if len(values) < rate:
        raise RecordTooShortError(
            "too short to look for R peaks",
            expected=f"at least 1 s, which are {math.ceil(rate):,} samples at {rate:g} Hz",
            found=f"{len(values):,}",
            remedy="leave this record out, or check the rate",
        )
    if not np.isfinite(values).all():
        raise SignalQualityError(
            "no R peaks can be looked for",
            expected="finite samples",
            found=f"{np.count_nonzero(~np.isfinite(values)):,} of {values.size:,} NaN or infinite",
            remedy="leave these samples or this record out",
        )
    if np.ptp(values) == 0:
        return np.array([], dtype=np.int64)
    found = neurokit2.ecg_findpeaks(values, sampling_rate=rate, method="neurokit")
    return np.asarray(found["ECG_R_Peaks"], dtype=np.int64)


def detected_rr_statistics(signals: ArrayLike, rate: float, *, progress: bool = True) -> NDArray[np.float64]:
    """Describe the rhythm of each recording by the intervals between the R peaks that a detector finds.

    Parameters
    ----------
    signals : array, shape (recordings, samples)
        One lead each, in millivolts, band-passed.
    rate : float
        Samples a second.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    float64 array, shape (recordings, 5)
        ``RR_STATISTICS`` of each; NaN where fewer than three peaks are found.

    Raises
    ------
    RecordTooShortError, SignalQualityError
        As ``r_peaks`` does.

    Notes
    -----
    Source: our choice. Taught in chapter ``24_across_databases``.

    Examples
    --------
    >>> beat = np.exp(-((np.arange(128) - 64) ** 2) / 8)
    >>> detected_rr_statistics([np.tile(beat, 10), np.zeros(1280)], rate=128, progress=False)
    array([[ 1.,  0.,  0.,  0.,  0.],
           [nan, nan, nan, nan, nan]])
    """
    recordings = np.asarray(signals)
    found = np.full((len(recordings), len(RR_STATISTICS)), np.nan)
    for row, signal in enumerate(tqdm(recordings, desc="finding R peaks", unit="recording", disable=not progress)):
        peaks = r_peaks(signal, rate)
        if len(peaks) >= LEAST_BEATS:
            found[row] = rr_statistics(peaks, rate)
    return found
