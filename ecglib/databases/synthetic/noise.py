"""What is in an ECG besides the heart: baseline wander, muscle, electrode motion, mains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt


def _muscle(rng: np.random.Generator, rate: float, shape: tuple[int, int]) -> NDArray[np.float32]:
    """White noise above 15 Hz, standard deviation 1."""
    shaping = butter(2, (15.0, min(120.0, 0.45 * rate)), "bandpass", fs=rate, output="sos").astype(np.float32)
    shaped = sosfilt(shaping, rng.standard_normal(shape, dtype=np.float32))
    return shaped / shaped.std(axis=1, keepdims=True)


def electrode_noise(
    rng: np.random.Generator,
    rate: float,
    length: int,
    electrodes: int = 9,
    *,
    level: float = 1.0,
    mains: float = 50.0,
    bursts: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """Give the noise at each electrode.

    Parameters
    ----------
    rng : numpy Generator
    rate : float
        Samples a second.
    length : int
        Samples.
    electrodes : int
        How many electrodes.
    level : float
        1 is a quiet recording.
    mains : float
        Frequency of the mains, hertz; left out where ``rate`` is too low to show it.
    bursts : float64 array, optional
        Seconds at which an electrode moves hard.

    Returns
    -------
    float32 array, shape (electrodes, length)
        Millivolts.

    Notes
    -----
    Source: our choice, after the three kinds of the MIT-BIH Noise Stress Test Database (baseline wander, muscle
    artefact, electrode motion; Moody, Muldrow and Mark, Comput. Cardiol. 11 (1984) 381–384), with mains. Taught in
    chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> electrode_noise(np.random.default_rng(0), 360.0, 720).shape
    (9, 720)
    """
    seconds = (np.arange(length) / rate).astype(np.float32)
    own = (electrodes, 1)
    noise = 0.009 * _swell(rng, seconds) * _muscle(rng, rate, (electrodes, length))
    waves = [(rng.uniform(0.2, 0.33), 0.08), (rng.uniform(0.05, 0.15), 0.12), (0.03, 0.1)]
    if mains < 0.45 * rate:
        waves.append((mains, 0.006))
    for frequency, size in waves:
        angle = np.float32(2 * np.pi * frequency) * seconds + np.float32(rng.uniform(0, 2 * np.pi))
        sine, cosine = size * rng.uniform(0.2, 1.0, own), size * rng.normal(0, 0.2, own)
        noise += sine.astype(np.float32) * np.sin(angle) + cosine.astype(np.float32) * np.cos(angle)
    jolts = rng.uniform(0, length / rate, rng.poisson(level * length / rate / 25))
    for moment in [*jolts, *(() if bursts is None else bursts)]:
        first = int(np.clip(moment * rate, 0, length - 1))
        after = seconds[first : first + int(3 * rate)] - np.float32(moment)
        noise[rng.integers(0, electrodes), first : first + len(after)] += _motion(rng, after)
    return level * noise


def _swell(rng: np.random.Generator, seconds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Muscles tense and relax."""
    angle = np.float32(2 * np.pi * rng.uniform(0.02, 0.1)) * seconds + np.float32(rng.uniform(0, 2 * np.pi))
    return 1 + np.float32(0.6) * np.sin(angle)


def _motion(rng: np.random.Generator, seconds: NDArray[np.float32]) -> NDArray[np.float32]:
    """One jolt of an electrode: a swing that dies away within a second."""
    size, swing = rng.uniform(0.08, 0.25) * rng.choice((-1, 1)), rng.uniform(1.0, 3.0)
    return (size * np.sin(2 * np.pi * swing * seconds) * np.exp(-seconds / 0.35)).astype(np.float32)
