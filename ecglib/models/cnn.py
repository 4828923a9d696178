"""The CNN of song2026: three convolutions along time, then one linear layer."""

from __future__ import annotations

import math

from torch import Tensor, nn

from ecglib.models.layers import as_image, convolution


class CNN(nn.Module):
    """Classify beats by convolution alone.

    Parameters
    ----------
    leads : int
        Leads in a window.
    classes : int
        Beat classes; five in the order N, S, V, F, Q.
    samples : int
        Length of a window.
    dropout : float
        Share of the 64 features that are hidden from the linear layer in training, each over its whole length.

    Notes
    -----
    Takes (batch, leads, samples) in millivolts, made for 260 samples at 360 Hz, and gives logits (batch, classes).
    A signal below 40 Hz needs no more than 90 samples a second, so the first layer keeps every fourth; the others keep
    every second. The linear layer sees when each feature occurs, since the beat's R peak is always in the same place.
    Source: song2026 names a CNN; **all its layers are our choice**. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> import torch
    >>> CNN()(torch.zeros(8, 1, 260)).shape
    torch.Size([8, 5])
    """

    def __init__(self, leads: int = 1, classes: int = 5, samples: int = 260, dropout: float = 0.2) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *self._block(leads, 32, width=7, stride=4),
            *self._block(32, 64, width=5, stride=2),
            *self._block(64, 64, width=5, stride=2),
        )
        instants = math.ceil(samples / 16)
        self.classifier = nn.Sequential(nn.Dropout2d(dropout), nn.Flatten(), nn.Linear(64 * instants, classes))

    @staticmethod
    def _block(inputs: int, outputs: int, width: int, stride: int) -> list[nn.Module]:
        return [
            convolution(inputs, outputs, width, stride, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        ]

    def forward(self, windows: Tensor) -> Tensor:
        """Give logits, shape (batch, classes), for windows, shape (batch, leads, samples)."""
        return self.classifier(self.features(as_image(windows)))
