"""wav2vec 2.0's task: hide stretches of a recording, and tell which hidden feature belongs where."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy, max_pool1d, pad

from ecglib.learning.nt_xent import TEMPERATURE, cosines
from ecglib.learning.pretraining_set import PretrainingBatch
from ecglib.models.ecg_encoder import ECGEncoder

MASK_PROBABILITY, MASK_LENGTH = 0.065, 10
"""Chance that a hidden stretch begins at a step, and its steps: about half of all steps are hidden."""


class MaskedPrediction(nn.Module):
    """Predict hidden features of a recording from what is around, well enough to tell each from the others.

    Parameters
    ----------
    channels : int
        Channels of the encoder's features, a multiple of 16.
    dimensions : int
        Of the vectors that are compared.

    Notes
    -----
    Stretches of 0.8 s are hidden twice: their samples are zero before the encoder, so that no feature beside them has
    seen them, and their features are replaced by one learned vector. Two layers of attention see what is left. What
    they say of a hidden step must be closer to the feature that the same encoder makes there of the whole recording
    than to those of all other hidden steps. **Only the encoder is kept afterwards**, as with every objective here;
    wav2vec 2.0 keeps its attention network too, so a low score here doesn't judge that model.
    Source: wav2vec 2.0 (Baevski and colleagues, 2020), with its chance and length of a mask. Three things differ. It
    hides features only: its encoder sees 25 ms at a step, ours 1.4 s, and the features around a stretch would give
    most of it away. A target, for the same reason, has often seen beyond its stretch what isn't hidden, and our task
    is easier, most at a stretch's ends. And its quantiser is left out, and its draw of 100 others: the targets are
    features, not entries of a codebook, and all hidden steps are compared. **Sizes are our choice**. Taught in
    chapter ``35_rivals``.

    Examples
    --------
    >>> none = torch.zeros(0, dtype=torch.long)
    >>> batch = PretrainingBatch(torch.randn(4, 12, 1000), torch.arange(4), none, none)
    >>> MaskedPrediction()(ECGEncoder(), batch, torch.Generator().manual_seed(0)).shape
    torch.Size([])
    """

    def __init__(self, channels: int = 128, dimensions: int = 64) -> None:
        super().__init__()
        self.mask_embedding = nn.Parameter(torch.randn(channels))
        self.position = nn.Conv1d(channels, channels, 31, padding=15, groups=16)
        layer = nn.TransformerEncoderLayer(
            channels, nhead=4, dim_feedforward=2 * channels, dropout=0.0, batch_first=True, norm_first=True
        )
        self.attention = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.guess, self.target = nn.Linear(channels, dimensions), nn.Linear(channels, dimensions)

    def forward(self, encoder: ECGEncoder, batch: PretrainingBatch, generator: torch.Generator) -> Tensor:
        """Give the loss of a batch; the generator decides what is hidden."""
        return self.predict(encoder, batch.x, generator)[0]

    def predict(self, encoder: ECGEncoder, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Hide parts of recordings, and guess their features.

        Parameters
        ----------
        encoder : ECGEncoder
        x : tensor, shape (batch, leads, samples)
        generator : torch.Generator

        Returns
        -------
        loss : tensor, shape ()
        context : tensor, shape (batch, steps, channels)
            What attention makes of what is not hidden.
        features : tensor, shape (batch, channels, steps)
            What the encoder makes of what is not hidden.
        """
        samples = x.shape[2]
        steps = math.ceil(samples / encoder.step)
        hidden = mask_spans(len(x), steps, generator).to(x.device)
        nearest = (torch.arange(samples, device=x.device) + encoder.step // 2) // encoder.step
        blanked = x.masked_fill(hidden[:, None, nearest.clamp(max=steps - 1)], 0)
        features, true = encoder(torch.cat([blanked, x])).chunk(2)
        true = true.transpose(1, 2)

        seen = torch.where(hidden[:, :, None], self.mask_embedding.to(true), features.transpose(1, 2))
        seen = seen + self.position(seen.transpose(1, 2)).transpose(1, 2)
        with sdpa_kernel(SDPBackend.MATH):  # the faster kernels add up gradients in another order every time
            context = self.attention(seen)
        logits = cosines(self.guess(context), self.target(true)) / TEMPERATURE
        candidates = logits.masked_fill(~hidden[:, None, :], -torch.inf)[hidden]
        place = torch.arange(steps, device=x.device).expand_as(hidden)[hidden]
        return cross_entropy(candidates, place), context, features


def mask_spans(batch: int, steps: int, generator: torch.Generator) -> Tensor:
    """Draw which steps are hidden.

    Parameters
    ----------
    batch, steps : int
    generator : torch.Generator

    Returns
    -------
    bool tensor, shape (batch, steps)
        On the generator's device. Stretches of ``MASK_LENGTH`` steps begin at each step with the chance
        ``MASK_PROBABILITY``, may overlap, and are cut at the end; each row has one at least.

    Notes
    -----
    Source: wav2vec 2.0 (Baevski and colleagues, 2020), section 3.1 and appendix A; that no row is without one is our
    choice. Taught in chapter ``35_rivals``.

    Examples
    --------
    >>> hidden = mask_spans(1000, 125, torch.Generator().manual_seed(0))
    >>> bool(hidden.any(dim=1).all()), round(float(hidden.float().mean()), 1)
    (True, 0.5)
    """
    begins = torch.rand(batch, steps, generator=generator, device=generator.device) < MASK_PROBABILITY
    surely = torch.randint(max(steps - MASK_LENGTH, 0) + 1, (batch, 1), generator=generator, device=generator.device)
    begins.scatter_(1, surely, True)
    return max_pool1d(pad(begins.float(), (MASK_LENGTH - 1, 0)), MASK_LENGTH, stride=1) > 0
