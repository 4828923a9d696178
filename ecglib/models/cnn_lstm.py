"""The CNN-LSTM of song2026: convolutions say what the wave looks like, a recurrent layer what follows what."""

from __future__ import annotations

import math

from torch import Tensor, nn

from ecglib.models.cnn import CNN
from ecglib.models.layers import as_image


class CNNLSTM(nn.Module):
    """Classify beats by convolutions, and by a long short-term memory that reads what they found in order.

    Parameters
    ----------
    leads : int
        Leads in a window.
    classes : int
        Beat classes; five in the order N, S, V, F, Q.
    samples : int
        Length of a window.
    hidden : int
        Numbers that the memory holds, in each of its two directions.
    dropout : float
        Share of the memory's outputs that are hidden from the linear layer in training.

    Notes
    -----
    Takes (batch, leads, samples) in millivolts, made for 260 samples at 360 Hz, and gives logits (batch, classes).
    The convolutions are those of ``CNN``; 260 samples become 17 time steps of 64 features. The memory reads them
    forwards and backwards, and the linear layer sees what it held at every step. Source: song2026 names a CNN-LSTM;
    **all its layers are our choice**. Taught in chapter ``11_cnn_lstm``.

    Examples
    --------
    >>> import torch
    >>> CNNLSTM()(torch.zeros(8, 1, 260)).shape
    torch.Size([8, 5])
    """

    def __init__(
        self, leads: int = 1, classes: int = 5, samples: int = 260, hidden: int = 64, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.features = CNN(leads).features
        self.memory = nn.LSTM(64, hidden, batch_first=True, bidirectional=True)
        steps = math.ceil(samples / 16)
        self.classifier = nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(steps * 2 * hidden, classes))

    def forward(self, windows: Tensor) -> Tensor:
        """Give logits, shape (batch, classes), for windows, shape (batch, leads, samples)."""
        steps = self.features(as_image(windows)).squeeze(2).transpose(1, 2)
        remembered, _ = self.memory(steps)
        return self.classifier(remembered)
