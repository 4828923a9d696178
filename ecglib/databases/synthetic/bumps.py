"""A heartbeat as a sum of short bumps of the heart's dipole, each with an exact beginning and end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

REACH = 2.5
"""A bump begins and ends so many widths from its centre, and is zero outside."""

VISIBLE = 0.02
"""Millivolts that a bump must reach in a lead to count there."""


@dataclass(frozen=True)
class Bumps:
    """Gaussian bumps of the dipole, cut smoothly to zero at ``REACH`` widths.

    Attributes
    ----------
    kinds : str array, shape (bumps,)
        ``"P"``, ``"QRS"``, ``"ST"``, ``"T"`` or ``"spike"`` (a pacemaker's).
    centres, widths : float64 arrays, shape (bumps,)
        Seconds; a beat's own time is zero until ``place`` moves it.
    vectors : float64 array, shape (bumps, 3)
        Dipole at the centre in millivolts: x to the left, y to the feet, z to the back.
    beats : int64 array, shape (bumps,)
        Number of the beat in its record; -1 for bumps that belong to none.

    Notes
    -----
    Source: our construction after McSharry, Clifford, Tarassenko and Smith, "A dynamical model for generating
    synthetic electrocardiogram signals", IEEE Trans. Biomed. Eng. 50 (2003) 289–294 (a beat is a sum of Gaussians),
    and its extension to the dipole by Sameni et al., "Multichannel ECG and noise modeling", EURASIP J. Adv. Signal
    Process. 2007, 043407. The smooth cut is ours: it makes every onset and offset exact. Taught in chapter
    ``00_reading_an_ecg``.

    Examples
    --------
    >>> qrs = bumps([("QRS", 0.0, 0.01, (1.0, 0.0, 0.0))])
    >>> render(qrs, rate=100.0, length=5, start=-0.02)[0].round(2)
    array([0.02, 0.43, 1.  , 0.43, 0.02])
    """

    kinds: NDArray[np.str_]
    centres: NDArray[np.float64]
    widths: NDArray[np.float64]
    vectors: NDArray[np.float64]
    beats: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def onsets(self) -> NDArray[np.float64]:
        """Where each bump begins, in seconds."""
        return self.centres - REACH * self.widths

    @property
    def offsets(self) -> NDArray[np.float64]:
        """Where each bump ends, in seconds."""
        return self.centres + REACH * self.widths

    def of(self, *kinds: str) -> Bumps:
        """Give only the bumps of these kinds."""
        return self[np.isin(self.kinds, kinds)]

    def __getitem__(self, chosen: NDArray[np.bool_]) -> Bumps:
        return Bumps(
            self.kinds[chosen], self.centres[chosen], self.widths[chosen], self.vectors[chosen], self.beats[chosen]
        )

    def scaled(self, gain: float | NDArray[np.float64]) -> Bumps:
        """Multiply the dipole, by one number or one for each bump."""
        return replace(self, vectors=self.vectors * np.reshape(gain, (-1, 1)))

    def turned(self, matrix: NDArray[np.float64]) -> Bumps:
        """Turn the dipole by a matrix of shape (3, 3)."""
        return replace(self, vectors=self.vectors @ matrix.T)

    def stretched(self, factor: float) -> Bumps:
        """Stretch time around the beat's own time."""
        return replace(self, centres=self.centres * factor, widths=self.widths * factor)

    def shifted(self, seconds: float) -> Bumps:
        """Move all bumps in time."""
        return replace(self, centres=self.centres + seconds)


def bumps(rows: Iterable[tuple[str, float, float, ArrayLike]]) -> Bumps:
    """Make bumps from rows of (kind, centre in seconds, width in seconds, dipole in millivolts)."""
    kinds, centres, widths, vectors = zip(*rows, strict=True)
    return Bumps(
        np.array(kinds, dtype="<U5"),
        np.array(centres, dtype=np.float64),
        np.array(widths, dtype=np.float64),
        np.array(vectors, dtype=np.float64),
        np.full(len(kinds), -1, np.int64),
    )


def join(parts: Sequence[Bumps]) -> Bumps:
    """Put bumps of several waves or beats together."""
    return Bumps(
        np.concatenate([part.kinds for part in parts]),
        np.concatenate([part.centres for part in parts]),
        np.concatenate([part.widths for part in parts]),
        np.concatenate([part.vectors for part in parts]),
        np.concatenate([part.beats for part in parts]),
    )


def place(shapes: Sequence[Bumps], times: NDArray[np.float64], numbers: NDArray[np.int64]) -> Bumps:
    """Move each beat's bumps to its time, in seconds, and mark them with its number."""
    parts, sizes = join(shapes), [len(shape) for shape in shapes]
    return replace(parts, centres=parts.centres + np.repeat(times, sizes), beats=np.repeat(numbers, sizes))


def render(parts: Bumps, rate: float, length: int, start: float = 0.0) -> NDArray[np.float64]:
    """Give the dipole in millivolts at each sample, shape (3, length); sample 0 lies at ``start`` seconds."""
    if not len(parts):
        return np.zeros((3, length))
    half = int(np.ceil(REACH * parts.widths.max() * rate)) + 1
    nearest = np.rint((parts.centres - start) * rate).astype(np.int64)
    samples = nearest[:, None] + np.arange(-half, half + 1)
    distance = (samples / rate + start - parts.centres[:, None]) / parts.widths[:, None]
    inside = (np.abs(distance) < REACH) & (samples >= 0) & (samples < length)
    height = np.exp(-0.5 * distance[inside] ** 2) * (1 - (distance[inside] / REACH) ** 2) ** 2
    rows, where = np.nonzero(inside)[0], samples[inside]
    return np.stack([np.bincount(where, height * parts.vectors[rows, axis], length) for axis in range(3)])
