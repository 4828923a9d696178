"""What a model learns from: arrays that may be larger than memory, gathered batch by batch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ecglib.errors import ECGError


@dataclass(frozen=True)
class Examples:
    """Inputs with their targets.

    Parameters
    ----------
    x : float32 array, shape (examples, leads, samples)
        May be memory-mapped; only the rows of a batch are read.
    y : int64 array, shape (examples,)
        Class of each.
    rows : int64 array, optional
        Rows of ``x`` and ``y`` that these examples are; None takes all.

    Raises
    ------
    ECGError
        If there are no examples, or ``x`` and ``y`` differ in length.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> examples = Examples(np.zeros((10, 1, 260), np.float32), np.arange(10) % 2)
    >>> train = examples.take([1, 3, 5])
    >>> len(train), train.targets
    (3, array([1, 1, 1]))
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    rows: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y) or not len(self):
            raise ECGError(
                "these can't be examples",
                expected="as many targets as inputs, and at least one",
                found=f"{len(self.x)} inputs, {len(self.y)} targets, {len(self)} chosen",
                remedy="check how the split was made",
            )

    def __len__(self) -> int:
        return len(self.y) if self.rows is None else len(self.rows)

    @property
    def targets(self) -> NDArray[np.int64]:
        """Class of each example."""
        return np.asarray(self.y if self.rows is None else self.y[self.rows])

    def take(self, positions: ArrayLike) -> Examples:
        """Give the examples at these positions, without copying an input."""
        chosen = np.asarray(positions, dtype=np.int64)
        return Examples(self.x, self.y, chosen if self.rows is None else self.rows[chosen])

    def digest(self) -> str:
        """Give the SHA-256 of all inputs and targets."""
        total = hashlib.sha256(repr((len(self), self.x.shape[1:], self.x.dtype.str, self.y.dtype.str)).encode())
        for start in range(0, len(self), 4096):
            for tensor in self.batch(slice(start, start + 4096)):
                total.update(tensor.numpy().data)
        return total.hexdigest()

    def batch(self, positions: NDArray[np.int64] | slice) -> tuple[Tensor, Tensor]:
        """Gather inputs and targets of a batch."""
        rows: NDArray[np.int64] | slice = positions if self.rows is None else self.rows[positions]
        return torch.from_numpy(np.array(self.x[rows])), torch.from_numpy(np.array(self.y[rows]))
