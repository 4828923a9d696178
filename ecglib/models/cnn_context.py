"""A CNN that also hears the rhythm: what the beat looks like, and when it came."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from ecglib.errors import RecordTooShortError
from ecglib.models.cnn import CNN
from ecglib.models.layers import as_image


def pack_context(windows: ArrayLike, context: ArrayLike) -> NDArray[np.float32]:
    """Put the numbers that go with each window behind its leads, as one lead more.

    Parameters
    ----------
    windows : float array, shape (beats, leads, samples)
    context : float array, shape (beats, features)
        At most as many features as samples.

    Returns
    -------
    float32 array, shape (beats, leads + 1, samples)
        The first samples of the last lead are the context; zeros follow.

    Raises
    ------
    RecordTooShortError
        If a window has fewer samples than there are features.

    Notes
    -----
    The training loop knows inputs as one array, and so needs no change for a model that takes two. Source: our
    choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> pack_context(np.ones((1, 1, 4)), [[7, 8]])
    array([[[1., 1., 1., 1.],
            [7., 8., 0., 0.]]], dtype=float32)
    """
    shapes, numbers = np.asarray(windows, dtype=np.float32), np.asarray(context, dtype=np.float32)
    beats, leads, samples = shapes.shape
    if numbers.shape[0] != beats or numbers.shape[1] > samples:
        raise RecordTooShortError(
            "this context doesn't fit behind these windows",
            expected=f"{beats} rows of at most {samples} features",
            found=f"shape {numbers.shape}",
            remedy="cut longer windows, and describe the same beats",
        )
    packed = np.zeros((beats, leads + 1, samples), np.float32)
    packed[:, :leads] = shapes
    packed[:, leads, : numbers.shape[1]] = numbers
    return packed


class CNNContext(nn.Module):
    """Classify beats by their shape, through the CNN's convolutions, and by their context, through one small layer.

    Parameters
    ----------
    context : int
        Features of the context.
    leads : int
        Leads in a window, without the one that carries the context.
    classes : int
        Beat classes; five in the order N, S, V, F, Q.
    samples : int
        Length of a window.
    hidden : int
        Features that shape and context are turned into, each.
    dropout : float
        Share of these that are hidden from the last layers in training.

    Notes
    -----
    Takes what ``pack_context`` gives, (batch, leads + 1, samples), and gives logits (batch, classes). The context is
    brought to mean 0 and standard deviation 1 by a batch normalisation, whose statistics come from training beats.
    Source: our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> CNNContext(context=14)(torch.zeros(8, 2, 260)).shape
    torch.Size([8, 5])
    """

    def __init__(
        self,
        context: int,
        leads: int = 1,
        classes: int = 5,
        samples: int = 260,
        hidden: int = 32,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.context = context
        self.features = CNN(leads).features
        self.shape = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), nn.Linear(64 * math.ceil(samples / 16), hidden), nn.ReLU()
        )
        self.rhythm = nn.Sequential(nn.BatchNorm1d(context), nn.Linear(context, hidden), nn.ReLU())
        self.classifier = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(2 * hidden, hidden), nn.ReLU(), nn.Linear(hidden, classes)
        )

    def forward(self, packed: Tensor) -> Tensor:
        """Give logits, shape (batch, classes), for packed windows, shape (batch, leads + 1, samples)."""
        windows, context = packed[:, :-1], packed[:, -1, : self.context]
        shape = self.shape(self.features(as_image(windows)))
        return self.classifier(torch.cat([shape, self.rhythm(context)], dim=1))
