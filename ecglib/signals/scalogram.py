"""Scalograms: how strong each frequency is at each moment, for thousands of segments by one matrix product."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm.auto import tqdm

from ecglib.errors import ECGError, SamplingRateError
from ecglib.signals.segments import RATE


class Wavelet(NamedTuple):
    """A wavelet as a function of time, and the frequency in hertz that it has at scale 1."""

    shape: Callable[[NDArray[np.float64]], NDArray[np.float64] | NDArray[np.complex128]]
    centre: float


WAVELETS: MappingProxyType[str, Wavelet] = MappingProxyType(
    {
        "morl": Wavelet(lambda t: np.exp(-(t**2) / 2) * np.cos(5 * t), centre=0.8125),
        "cmor1.5-1.0": Wavelet(lambda t: np.exp(-(t**2) / 1.5 + 2j * np.pi * t) / np.sqrt(np.pi * 1.5), centre=1.0),
    }
)
"""Morlet's wavelet, real and complex, by the names and with the centre frequencies that PyWavelets gives them."""

FREQUENCIES = tuple(np.geomspace(1.0, 40.0, 32).tolist())
"""Rows of a scalogram in hertz: each the same factor above the one before."""

_SUPPORT, _POINTS = 8.0, 4096


class Scalogram(nn.Module):
    """Turn segments into scalograms: magnitudes of the continuous wavelet transform.

    Parameters
    ----------
    samples : int
        Samples of a segment.
    rate : float
        Samples a second.
    frequencies : sequence of float
        Hertz, one for each row.
    wavelet : str
        One of ``WAVELETS``. The magnitude of a complex wavelet's transform is an envelope that changes slowly enough
        to be thinned; that of a real one's swings at the frequency itself, and falls to zero twice in each period.
    every : int
        Keep every so many columns.

    Attributes
    ----------
    matrix : tensor, shape (samples, parts * scales * times)
        The transform itself; its two parts are real and imaginary, a real wavelet has one. Never trained, and not
        stored with a model's weights.
    frequencies, scales : float64 arrays, shape (scales,)
        Hertz of each row, and the wavelet's scale in samples.
    times : float64 array, shape (times,)
        Seconds of each column after the segment's first sample.

    Raises
    ------
    ECGError
        If the wavelet is unknown, or forward gets other than (batch, samples).
    SamplingRateError
        If a frequency is not positive, or above half the sampling rate.

    Notes
    -----
    Takes (batch, samples), gives (batch, scales, times). The transform is linear, so one matrix says what it makes of
    every sample, and a batch is a matrix product. Its entries are those of ``pywt.cwt``: the wavelet is summed up,
    stretched, slid along the segment with zeros around it, differenced and multiplied by the root of the scale. It is
    computed in float32 under mixed precision too.
    Source: the scalogram is Lee and Shin's (2024); **wavelet, frequencies and size are our choice**.
    Taught in chapter ``20_segments_and_scalograms``.

    Examples
    --------
    >>> scalogram = Scalogram()
    >>> tone = torch.sin(2 * torch.pi * 10 * torch.arange(128) / 128)
    >>> strength = scalogram(tone[None])
    >>> strength.shape, round(scalogram.frequencies[strength[0, :, 16].argmax()])
    (torch.Size([1, 32, 32]), 10)
    """

    matrix: Tensor

    def __init__(
        self,
        samples: int = 128,
        rate: float = RATE,
        frequencies: Sequence[float] = FREQUENCIES,
        wavelet: str = "cmor1.5-1.0",
        every: int = 4,
    ) -> None:
        super().__init__()
        if wavelet not in WAVELETS:
            raise ECGError(
                f"no wavelet is called {wavelet!r}",
                expected=f"one of {', '.join(WAVELETS)}",
                remedy="choose one of these names",
            )
        self.frequencies = np.asarray(frequencies, dtype=np.float64)
        if not ((self.frequencies > 0) & (self.frequencies <= rate / 2)).all():
            raise SamplingRateError(
                "a scalogram of frequencies that the signal can't hold",
                expected=f"frequencies above 0 and up to {rate / 2:g} Hz, half the sampling rate",
                found=f"{self.frequencies.min():g} to {self.frequencies.max():g} Hz",
                remedy="choose other frequencies, or check the rate",
            )
        self.scales = WAVELETS[wavelet].centre * rate / self.frequencies
        self.times = np.arange(0, samples, every) / rate
        rows = np.stack([_rows(WAVELETS[wavelet], scale, samples)[::every] for scale in self.scales])
        parts = [rows.real, rows.imag] if np.iscomplexobj(rows) else [rows]
        matrix = np.stack(parts).reshape(-1, samples).T
        self.register_buffer("matrix", torch.from_numpy(matrix.astype(np.float32)), persistent=False)

    def forward(self, segments: Tensor) -> Tensor:
        """Give the scalograms (batch, scales, times) of segments (batch, samples)."""
        if segments.ndim != 2 or segments.shape[1] != len(self.matrix):
            raise ECGError(
                "a scalogram of something else",
                expected=f"shape (batch, {len(self.matrix)})",
                found=f"shape {tuple(segments.shape)}",
                remedy="cut segments of one lead with ecglib.signals.segments, at this length and rate",
            )
        with _full_precision(segments.device.type):
            product = segments.to(self.matrix.dtype) @ self.matrix
        parts = product.unflatten(1, (-1, len(self.scales), len(self.times)))
        # The smallest positive number changes no magnitude, and gives the root of zero a slope.
        return (parts.square().sum(dim=1) + torch.finfo(parts.dtype).tiny).sqrt()


@torch.inference_mode()
def scalograms(
    segments: NDArray[np.float32],
    scalogram: Scalogram,
    *,
    batch: int = 4096,
    file: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> NDArray[np.float32]:
    """Make the scalograms of any number of segments, a batch at a time.

    Parameters
    ----------
    segments : float32 array, shape (segments, samples)
        May be memory-mapped, or the view that ``successive_segments`` gives.
    scalogram : Scalogram
        On the device that shall calculate.
    batch : int
        Segments at a time.
    file : path-like, optional
        Where to write the result as ``.npy`` instead of holding it in memory: 4 kB a segment by default, 1.4 GB for
        all of MIT-BIH.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    float32 array, shape (segments, scales, times)
        Memory-mapped where there is a file.

    Raises
    ------
    ECGError
        If the segments have another shape.

    Notes
    -----
    Beside the result, memory holds one batch, however many segments there are. Source: our choice. Taught in chapter
    ``20_segments_and_scalograms``.

    Examples
    --------
    >>> scalograms(np.zeros((10, 128), np.float32), Scalogram(), progress=False).shape
    (10, 32, 32)
    """
    shape = (len(segments), len(scalogram.scales), len(scalogram.times))
    found = (
        np.empty(shape, np.float32)
        if file is None
        else np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=shape)
    )
    with tqdm(total=len(segments), desc="scalograms", unit="segment", disable=not progress) as bar:
        for start in range(0, len(segments), batch):
            some = np.array(segments[start : start + batch], dtype=np.float32)
            found[start : start + batch] = scalogram(torch.from_numpy(some).to(scalogram.matrix.device)).cpu().numpy()
            bar.update(len(some))
    return found


def _full_precision(kind: str) -> AbstractContextManager[object]:
    """Keep 32-bit floats where a training loop multiplies matrices in 16 bits: a rounded transform is 2 % off."""
    return torch.autocast(kind, enabled=False) if torch.amp.is_autocast_available(kind) else nullcontext()


def _rows(wavelet: Wavelet, scale: float, samples: int) -> NDArray[np.float64] | NDArray[np.complex128]:
    """Give the matrix (times, samples) of one scale of ``pywt.cwt(..., method="conv")``."""
    time = np.linspace(-_SUPPORT, _SUPPORT, _POINTS)
    step = time[1] - time[0]
    summed = np.conj(np.cumsum(wavelet.shape(time)) * step)
    points = (np.arange(scale * (time[-1] - time[0]) + 1) / (scale * step)).astype(np.int64)
    kernel = summed[points[points < _POINTS]][::-1]
    differences = np.diff(kernel, prepend=0, append=0)
    # Moment n is the middle of the full convolution, sum over samples m of differences[n + middle - m] * segment[m].
    middle = (len(kernel) - 2) // 2 + 1
    place = np.subtract.outer(np.arange(samples) + middle, np.arange(samples))
    inside = (place >= 0) & (place < len(differences))
    return -np.sqrt(scale) * np.where(inside, differences[place.clip(0, len(differences) - 1)], 0)
