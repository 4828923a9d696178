"""The scalograms of 2,000 segments: PyWavelets, ptwt where it is installed, and ecglib's one matrix product."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import numpy as np

SEGMENTS, SAMPLES, RATE = 2000, 128, 128
WAVELET = "cmor1.5-1.0"

Timed = Callable[[], object]
"""What is timed; it returns what it made, so that all ways can be seen to have made the same."""


def _segments() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((SEGMENTS, SAMPLES)).astype(np.float32)


def _scales() -> np.ndarray:
    """Scales of a scalogram's 32 frequencies; this wavelet has its scale in samples over the frequency."""
    from ecglib.signals.scalogram import FREQUENCIES

    return RATE / np.array(FREQUENCIES)


def _made(magnitudes: np.ndarray) -> list[float]:
    """Shape and mean of (segments, scales, times)."""
    return [*magnitudes.shape, round(float(magnitudes.mean()), 3)]


def scalogram_pywt(every: str = "4") -> Timed:
    import pywt

    segments, scales = _segments(), _scales()

    def run() -> list[float]:
        found, _ = pywt.cwt(segments, scales, WAVELET, method="conv", axis=-1)
        return _made(np.abs(found).swapaxes(0, 1)[..., :: int(every)])

    return run


def scalogram_ptwt(every: str = "4") -> Timed:
    """One thread, as ecglib."""
    import torch

    ptwt = import_module("ptwt")  # a guest that the lock does not hold
    torch.set_num_threads(1)
    segments, scales = torch.from_numpy(_segments()), _scales()

    def run() -> list[float]:
        found, _ = ptwt.cwt(segments, scales, WAVELET)
        return _made(np.abs(found.numpy()).swapaxes(0, 1)[..., :: int(every)])

    return run


def scalogram_ecglib(every: str = "4") -> Timed:
    import torch

    from ecglib.signals.scalogram import Scalogram, scalograms

    torch.set_num_threads(1)
    segments, module = _segments(), Scalogram(SAMPLES, RATE, wavelet=WAVELET, every=int(every))
    return lambda: _made(scalograms(segments, module, progress=False))
