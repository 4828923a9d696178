"""The CNN-LSTM-Attention of song2026: the CNN-LSTM, which now weighs its time steps itself."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ecglib.models.cnn import CNN
from ecglib.models.layers import as_image


class CNNLSTMAttention(nn.Module):
    """Classify beats by convolutions, a long short-term memory, and attention over its time steps.

    Parameters
    ----------
    leads : int
        Leads in a window.
    classes : int
        Beat classes; five in the order N, S, V, F, Q.
    hidden : int
        Numbers that the memory holds, in each of its two directions.
    dropout : float
        Share of the attended features that are hidden from the linear layer in training.

    Notes
    -----
    Takes (batch, leads, samples) in millivolts, any length from 1 sample on, made for 260 samples at 360 Hz, and
    gives logits (batch, classes). With h(t) what the memory holds at time step t, a step's key is
    k(t) = tanh(W h(t) + b), its weight is the softmax over all steps of the product of k(t) with a learned context
    vector c, and the linear layer sees the weighted mean of h(t). Source: a summary of song2026 names a softmax over
    LSTM time steps against a context vector; **all sizes are our choice**. Taught in chapter
    ``12_cnn_lstm_attention``.

    Examples
    --------
    >>> model = CNNLSTMAttention()
    >>> model(torch.zeros(8, 1, 260)).shape
    torch.Size([8, 5])
    >>> model.attention(torch.zeros(8, 1, 260)).shape
    torch.Size([8, 17])
    """

    def __init__(self, leads: int = 1, classes: int = 5, hidden: int = 64, dropout: float = 0.2) -> None:
        super().__init__()
        self.features = CNN(leads).features
        self.memory = nn.LSTM(64, hidden, batch_first=True, bidirectional=True)
        self.key = nn.Sequential(nn.Linear(2 * hidden, 2 * hidden), nn.Tanh())
        self.context = nn.Linear(2 * hidden, 1, bias=False)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * hidden, classes))

    def forward(self, windows: Tensor) -> Tensor:
        """Give logits, shape (batch, classes), for windows, shape (batch, leads, samples)."""
        remembered = self._remember(windows)
        weights = self._weigh(remembered).unsqueeze(1)
        return self.classifier((weights @ remembered).squeeze(1))

    def attention(self, windows: Tensor) -> Tensor:
        """Give the weight of each time step, shape (batch, steps), which sum to one over the steps.

        A step stands for 16 samples of the window: step t for the samples around 16 t.
        """
        return self._weigh(self._remember(windows))

    def _remember(self, windows: Tensor) -> Tensor:
        steps = self.features(as_image(windows)).squeeze(2).transpose(1, 2)
        return self.memory(steps)[0]

    def _weigh(self, remembered: Tensor) -> Tensor:
        return torch.softmax(self.context(self.key(remembered)).squeeze(2), dim=1)
