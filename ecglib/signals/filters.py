"""Zero-phase filters: they take noise away and leave every wave where it was."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import RecordTooShortError, SamplingRateError, SignalQualityError

ORDER = 3
"""Order of the Butterworth filters; run forwards and backwards they act like one of twice the order."""


def bandpass(
    signal: ArrayLike, rate: float, low: float = 0.5, high: float = 40.0, order: int = ORDER
) -> NDArray[np.float32]:
    """Keep the frequencies of the heart: below them lies baseline wander, above them muscle and mains noise.

    Parameters
    ----------
    signal : array, shape (..., samples)
        Millivolts; each row is filtered by itself.
    rate : float
        Samples a second.
    low, high : float
        Edges in hertz, where the amplitude falls to one half.
    order : int
        Order of the Butterworth filter, which is run forwards and backwards.

    Returns
    -------
    float32 array, shape (..., samples)
        Millivolts, without delay.

    Raises
    ------
    SignalQualityError
        If a sample is NaN or infinite.
    RecordTooShortError
        If the signal is not longer than one period of ``low``.
    SamplingRateError
        If the rate can't hold these frequencies.

    Notes
    -----
    Source: our choice; 0.5–40 Hz is the monitoring band. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> time = np.arange(3600) / 360
    >>> heart, wander = np.sin(2 * np.pi * 8 * time), 2 * np.sin(2 * np.pi * 0.1 * time)
    >>> middle = slice(720, -720)
    >>> bool(np.abs(bandpass(heart + wander, 360) - heart)[middle].max() < 0.05)
    True
    """
    return _filter(signal, rate, low, high, order)


def remove_baseline(signal: ArrayLike, rate: float, low: float = 0.5, order: int = ORDER) -> NDArray[np.float32]:
    """Take baseline wander away and keep everything above it, the noise as well.

    Parameters
    ----------
    signal : array, shape (..., samples)
        Millivolts; each row is filtered by itself.
    rate : float
        Samples a second.
    low : float
        Edge in hertz, where the amplitude falls to one half.
    order : int
        Order of the Butterworth filter, which is run forwards and backwards.

    Returns
    -------
    float32 array, shape (..., samples)
        Millivolts, without delay.

    Raises
    ------
    SignalQualityError, RecordTooShortError, SamplingRateError
        As ``bandpass`` does.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> lifted = remove_baseline(np.full(3600, 1.5), 360)
    >>> bool(np.abs(lifted).max() < 1e-6)
    True
    """
    return _filter(signal, rate, low, None, order)


def normalise(windows: ArrayLike) -> NDArray[np.float32]:
    """Give each lead of each window mean 0 and standard deviation 1, by itself.

    Parameters
    ----------
    windows : array, shape (..., samples)
        Millivolts.

    Returns
    -------
    float32 array, shape (..., samples)
        Without unit. A flat lead becomes zeros.

    Raises
    ------
    SignalQualityError
        If a sample is NaN or infinite.

    Notes
    -----
    Nothing is learnt from other windows, so nothing can leak. The price is amplitude, which tells a ventricular beat
    from a normal one; that is why ``beat_windows`` keeps millivolts.
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> normalise([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]]).round(3)
    array([[-1.225,  0.   ,  1.225],
           [ 0.   ,  0.   ,  0.   ]], dtype=float32)
    """
    values = _finite(windows)
    centred = values - values.mean(axis=-1, keepdims=True)
    spread = centred.std(axis=-1, keepdims=True)
    flat = values.max(axis=-1, keepdims=True) == values.min(axis=-1, keepdims=True)
    return np.where(flat, 0.0, centred / np.where(flat, 1.0, spread)).astype(np.float32)


def _filter(signal: ArrayLike, rate: float, low: float, high: float | None, order: int) -> NDArray[np.float32]:
    from scipy.signal import butter, sosfiltfilt  # a second that readers of cached windows need not wait for

    highest = low if high is None else high
    if not (0 < low <= highest < rate / 2) or low == high:
        raise SamplingRateError(
            f"a filter from {low:g}{'' if high is None else f' to {high:g}'} Hz can't be made",
            expected="edges that rise between 0 and half the sampling rate",
            found=f"a rate of {rate:g} Hz",
            remedy="choose lower edges, or check the rate",
        )
    values = _finite(signal)
    period = round(rate / low)
    if values.shape[-1] <= period:
        raise RecordTooShortError(
            f"too short to be filtered from {low:g} Hz",
            expected=f"more than {period} samples, one period of {low:g} Hz",
            found=f"{values.shape[-1]}",
            remedy="filter the whole record before windows are cut from it, or raise the lower edge",
        )
    if high is None:
        sections = butter(order, low, btype="highpass", fs=rate, output="sos")
    else:
        sections = butter(order, [low, high], btype="bandpass", fs=rate, output="sos")
    return sosfiltfilt(sections, values, axis=-1, padlen=period).astype(np.float32)


def _finite(signal: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(signal, dtype=np.float64)
    invalid = values.size - np.count_nonzero(np.isfinite(values))
    if invalid:
        raise SignalQualityError(
            "samples that are no numbers",
            expected="finite millivolts",
            found=f"{invalid:,} of {values.size:,} NaN or infinite",
            remedy="leave these samples or this record out",
        )
    return values
