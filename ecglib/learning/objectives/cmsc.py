"""CMSC: the two halves of a recording come from one heart."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ecglib.learning.nt_xent import nt_xent
from ecglib.learning.pretraining_set import PretrainingBatch
from ecglib.models.ecg_encoder import ECGEncoder
from ecglib.models.projector import Projector


class CMSC(nn.Module):
    """Contrast the first half of a recording with its second.

    Parameters
    ----------
    channels : int
        Channels of the encoder's features.
    dimensions : int
        Of the vectors that are compared.

    Notes
    -----
    The two views are what a few seconds change: the phase, the breath, a single odd beat. Whose heart it is stays,
    and so an encoder may learn to name patients. Source: contrastive multi-segment coding of Kiyasseh and colleagues
    (2021), CLOCS. Two things differ. CLOCS compares first halves with second ones only; ``nt_xent`` also pushes each
    half away from the same half of other recordings. And CLOCS counts all segments of a patient as alike; here
    another recording of the same patient is pushed away like anyone else's. **Layers are our choice**. Taught in
    chapter ``35_rivals``.

    Examples
    --------
    >>> none = torch.zeros(0, dtype=torch.long)
    >>> batch = PretrainingBatch(torch.randn(4, 12, 1000), torch.arange(4), none, none)
    >>> CMSC()(ECGEncoder(), batch, torch.Generator()).shape
    torch.Size([])
    """

    def __init__(self, channels: int = 128, dimensions: int = 64) -> None:
        super().__init__()
        self.projector = Projector(channels, channels, dimensions)

    def forward(self, encoder: ECGEncoder, batch: PretrainingBatch, generator: torch.Generator) -> Tensor:
        """Give the loss of a batch; nothing is drawn."""
        features = encoder(halves(batch.x)).mean(dim=2)
        return nt_xent(*self.projector(features).chunk(2))


def halves(x: Tensor) -> Tensor:
    """Give the first halves of all recordings, and then the second.

    Parameters
    ----------
    x : tensor, shape (batch, leads, samples)
        An odd last sample is left out.

    Returns
    -------
    tensor, shape (2 * batch, leads, samples // 2)

    Notes
    -----
    Source: our choice. Taught in chapter ``35_rivals``.

    Examples
    --------
    >>> halves(torch.tensor([[[1, 2, 3, 4]], [[5, 6, 7, 8]]])).squeeze(1).tolist()
    [[1, 2], [5, 6], [3, 4], [7, 8]]
    """
    middle = x.shape[2] // 2
    return torch.cat([x[:, :, :middle], x[:, :, middle : 2 * middle]])
