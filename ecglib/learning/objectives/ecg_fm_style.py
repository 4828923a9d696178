"""ECG-FM's three tasks at once, in small: hidden stretches, halves of one heart, and leads that are missing."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ecglib.learning.nt_xent import nt_xent
from ecglib.learning.objectives.cmsc import halves
from ecglib.learning.objectives.masked import MaskedPrediction
from ecglib.learning.pretraining_set import PretrainingBatch
from ecglib.models.ecg_encoder import ECGEncoder
from ecglib.models.projector import Projector


class ECGFMStyle(nn.Module):
    """Add masked prediction and the contrast of halves, with each lead missing half of the time.

    Parameters
    ----------
    channels : int
        Channels of the encoder's features, a multiple of 16.
    dimensions : int
        Of the vectors that are compared.

    Notes
    -----
    Each half of a recording misses leads of its own. Stretches of it are hidden and predicted as by
    ``MaskedPrediction``; the features to be predicted miss the same leads. What the encoder makes of the rest, as a
    mean over time, is contrasted with that of the other half as by ``CMSC``. The losses are added. **Only the encoder
    is kept afterwards**, as with every objective here; ECG-FM keeps its attention network too, and contrasts what
    that makes of the halves. With us, that would teach most of all what is thrown away.
    Source: wav2vec 2.0, CMSC and random lead masking by Oh and colleagues (2022), on which ECG-FM (McKeen and
    colleagues, 2024) rests, a rival in rizqyawan2026. **This is its recipe, not its model**, and a low score here
    doesn't judge that: ECG-FM has 90.9 million parameters and learned from 1.5 million ECGs; ours has the encoder and
    the data of all other rows here. Taught in chapter ``35_rivals``.

    Examples
    --------
    >>> none = torch.zeros(0, dtype=torch.long)
    >>> batch = PretrainingBatch(torch.randn(4, 12, 1000), torch.arange(4), none, none)
    >>> ECGFMStyle()(ECGEncoder(), batch, torch.Generator().manual_seed(0)).shape
    torch.Size([])
    """

    def __init__(self, channels: int = 128, dimensions: int = 64) -> None:
        super().__init__()
        self.masked = MaskedPrediction(channels, dimensions)
        self.projector = Projector(channels, channels, dimensions)

    def forward(self, encoder: ECGEncoder, batch: PretrainingBatch, generator: torch.Generator) -> Tensor:
        """Give the loss of a batch; the generator decides which leads are missing and what is hidden."""
        loss, _, features = self.masked.predict(encoder, hide_leads(halves(batch.x), generator), generator)
        return loss + nt_xent(*self.projector(features.mean(dim=2)).chunk(2))


def hide_leads(x: Tensor, generator: torch.Generator) -> Tensor:
    """Set each lead to zero with a chance of one half, but never all of them.

    Parameters
    ----------
    x : tensor, shape (batch, leads, samples)
    generator : torch.Generator

    Returns
    -------
    tensor, shape (batch, leads, samples)

    Notes
    -----
    Source: Oh and colleagues (2022), Lead-agnostic Self-supervised Learning, section 3.3; that one lead always stays
    is our choice. Taught in chapter ``35_rivals``.

    Examples
    --------
    >>> hide_leads(torch.ones(1, 12, 1), torch.Generator().manual_seed(0)).flatten().unique().tolist()
    [0.0, 1.0]
    """
    chance = torch.rand(x.shape[:2], generator=generator, device=generator.device)
    kept = (chance < 0.5) | (chance == chance.amin(dim=1, keepdim=True))
    return x * kept[:, :, None].to(x.device)
