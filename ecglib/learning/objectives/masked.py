"""wav2vec 2.0's task: hide stretches of a recording's features, and tell which hidden feature belongs where."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy, max_pool1d, pad

from ecglib.learning.nt_xent import TEMPERATURE, cosines
from ecglib.learning.pretraining_set import PretrainingBatch
from ecglib.models.ecg_encoder import ECGEncoder

START, SPAN = 0.065, 10
"""Chance that a hidden stretch begins at a step, and its steps: about half of all steps are hidden."""


class MaskedPrediction(nn.Module):
    """Predict hidden features of a recording from those around, well enough to tell each from the others.

    Parameters
    ----------
    channels : int
        Channels of the encoder's features, a multiple of 16.
    numbers : int
        Of the vectors that are compared.

    Notes
    -----
    Stretches of 0.8 s are replaced by one learned vector; two layers of attention see what is left; what they say of
    a hidden step must be closer to the true feature there than to those of all other hidden steps of the recording.
    Source: wav2vec 2.0 (Baevski and colleagues, 2020), with its chance and span of a mask; two things differ. Its
    quantiser is left out: the targets are features, not entries of a codebook. And its encoder sees 25 ms at a step,
    ours 1.4 s, so features beside a stretch have seen part of it, and the task is easier. **Sizes are our choice**.
    Taught in chapter ``35_rivals``.

    Examples
    --------
    >>> none = torch.zeros(0, dtype=torch.long)
    >>> batch = PretrainingBatch(torch.randn(4, 12, 1000), torch.arange(4), none, none)
    >>> MaskedPrediction()(ECGEncoder(), batch, torch.Generator().manual_seed(0)).shape
    torch.Size([])
    """

    def __init__(self, channels: int = 128, numbers: int = 64) -> None:
        super().__init__()
        self.hidden = nn.Parameter(torch.randn(channels))
        self.position = nn.Conv1d(channels, channels, 31, padding=15, groups=16)
        layer = nn.TransformerEncoderLayer(
            channels, nhead=4, dim_feedforward=2 * channels, dropout=0.0, batch_first=True, norm_first=True
        )
        self.attention = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.guess, self.target = nn.Linear(channels, numbers), nn.Linear(channels, numbers)

    def forward(self, encoder: ECGEncoder, batch: PretrainingBatch, generator: torch.Generator) -> Tensor:
        """Give the loss of a batch; the generator decides what is hidden."""
        return self.predict(encoder(batch.x), generator)[0]

    def predict(self, features: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Hide parts of features, shape (batch, channels, steps), and guess them.

        Parameters
        ----------
        features : tensor, shape (batch, channels, steps)
        generator : torch.Generator

        Returns
        -------
        loss : tensor, shape ()
        context : tensor, shape (batch, steps, channels)
            What attention makes of what is not hidden.
        """
        true = features.transpose(1, 2)
        hidden = hidden_stretches(len(true), true.shape[1], generator).to(true.device)
        seen = torch.where(hidden[:, :, None], self.hidden.to(true), true)
        seen = seen + self.position(seen.transpose(1, 2)).transpose(1, 2)
        with sdpa_kernel(SDPBackend.MATH):  # the faster kernels add up gradients in another order every time
            context = self.attention(seen)
        logits = cosines(self.guess(context), self.target(true)) / TEMPERATURE
        candidates = logits.masked_fill(~hidden[:, None, :], -torch.inf)[hidden]
        place = torch.arange(true.shape[1], device=true.device).expand_as(hidden)[hidden]
        return cross_entropy(candidates, place), context


def hidden_stretches(batch: int, steps: int, generator: torch.Generator) -> Tensor:
    """Draw which steps are hidden.

    Parameters
    ----------
    batch, steps : int
    generator : torch.Generator

    Returns
    -------
    bool tensor, shape (batch, steps)
        On the generator's device. Stretches of ``SPAN`` steps begin at each step with the chance ``START``, may
        overlap, and are cut at the end; each row has one at least.

    Notes
    -----
    Source: wav2vec 2.0 (Baevski and colleagues, 2020), section 3.1 and appendix A. Taught in chapter ``35_rivals``.

    Examples
    --------
    >>> hidden = hidden_stretches(1000, 125, torch.Generator().manual_seed(0))
    >>> bool(hidden.any(dim=1).all()), round(float(hidden.float().mean()), 1)
    (True, 0.5)
    """
    begins = torch.rand(batch, steps, generator=generator, device=generator.device) < START
    surely = torch.randint(max(steps - SPAN, 0) + 1, (batch, 1), generator=generator, device=generator.device)
    begins.scatter_(1, surely, True)
    return max_pool1d(pad(begins.float(), (SPAN - 1, 0)), SPAN, stride=1) > 0
