"""TS2Vec: at every time and on every scale, a feature should be the same whatever is cut off and hidden around it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ecglib.learning.pretraining_set import PretrainingBatch
from ecglib.models.ecg_encoder import ECGEncoder


class TS2Vec(nn.Module):
    """Contrast what two overlapping crops share, between recordings and between times, on scale after scale.

    Parameters
    ----------
    channels : int
        Channels of the encoder's features.
    dimensions : int
        Of the vectors that are compared.

    Notes
    -----
    Both crops lose half of their samples at random times, in all leads at once. In their overlap each feature must be
    found among those of other recordings at the same time, and among those of the same recording at other times;
    then of each two neighbours in time the larger values are kept, and it starts again, until one step is left. Dot
    products are compared, without a temperature. Source: Yue and colleagues (2022), TS2Vec, section 3 and algorithm
    1; a rival in rizqyawan2026. Differences: their time is each sample, ours a step of the encoder, 80 ms. They mask
    behind a first linear layer, which our encoder lacks, and move the crops of each recording a little. A linear layer
    follows here, because our features are never negative. Their code keeps the average of the weights over all
    updates; ours keeps the last. Taught in chapter ``35_rivals``.

    Examples
    --------
    >>> none = torch.zeros(0, dtype=torch.long)
    >>> batch = PretrainingBatch(torch.randn(4, 12, 1000), torch.arange(4), none, none)
    >>> TS2Vec()(ECGEncoder(), batch, torch.Generator().manual_seed(0)).shape
    torch.Size([])
    """

    def __init__(self, channels: int = 128, dimensions: int = 64) -> None:
        super().__init__()
        self.projection = nn.Linear(channels, dimensions)

    def forward(self, encoder: ECGEncoder, batch: PretrainingBatch, generator: torch.Generator) -> Tensor:
        """Give the loss of a batch; the generator decides crops and masks."""
        step = encoder.step
        begin, start, stop, end = draw_crops(batch.x.shape[2] // step, generator)
        seen = []
        for left, right in ((begin, stop), (start, end)):
            crop = batch.x[:, :, left * step : right * step]
            kept = torch.rand(len(crop), 1, crop.shape[2], generator=generator, device=generator.device) < 0.5
            features = self.projection(encoder(crop * kept.to(crop.device)).transpose(1, 2))
            seen.append(features[:, start - left : stop - left])
        return hierarchical_loss(*seen)


def draw_crops(steps: int, generator: torch.Generator) -> tuple[int, int, int, int]:
    """Draw two overlapping crops of a recording.

    Parameters
    ----------
    steps : int
        Steps of the recording, at least 2.
    generator : torch.Generator

    Returns
    -------
    begin, start, stop, end : int
        The first crop reaches from ``begin`` to ``stop``, the second from ``start`` to ``end``; 0 ≤ begin ≤ start <
        stop ≤ end ≤ steps, and the overlap has two steps at least.

    Notes
    -----
    Source: Yue and colleagues (2022), section 3.2, and their code. Taught in chapter ``35_rivals``.

    Examples
    --------
    >>> begin, start, stop, end = draw_crops(125, torch.Generator().manual_seed(0))
    >>> 0 <= begin <= start < stop <= end <= 125
    True
    """

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=generator, device=generator.device))

    overlap = draw(2, steps)
    start = draw(0, steps - overlap)
    return draw(0, start), start, start + overlap, draw(start + overlap, steps)


def hierarchical_loss(first: Tensor, second: Tensor) -> Tensor:
    """Contrast two views at each time and with each time, and again on every coarser scale.

    Parameters
    ----------
    first, second : tensor, shape (batch, steps, dimensions)
        The same times of the same recordings; two recordings at least.

    Returns
    -------
    tensor, shape ()
        Mean over the scales of half the loss between recordings and half that between times.

    Notes
    -----
    Source: Yue and colleagues (2022), section 3.3; on the coarsest scale, a single step, only recordings are
    contrasted. Taught in chapter ``35_rivals``.

    Examples
    --------
    >>> round(float(hierarchical_loss(torch.zeros(4, 5, 8), torch.zeros(4, 5, 8))), 3)  # log 7, log 9, log 3
    1.522
    """
    losses = []
    while True:
        losses.append(_contrast(first.transpose(0, 1), second.transpose(0, 1)) / 2)
        if first.shape[1] == 1:
            return torch.stack(losses).mean()
        losses[-1] = losses[-1] + _contrast(first, second) / 2
        even = first.shape[1] // 2 * 2
        first, second = (view[:, :even].unflatten(1, (-1, 2)).amax(dim=2) for view in (first, second))


def _contrast(first: Tensor, second: Tensor) -> Tensor:
    """Find each row's other view among the 2n rows of its group; shapes (groups, n, dimensions)."""
    with torch.autocast(first.device.type, enabled=False):
        both = torch.cat([first, second], dim=1)
        both = both if both.dtype == torch.float64 else both.float()
        count = both.shape[1]
        own = torch.eye(count, dtype=torch.bool, device=both.device)
        chance = (both @ both.mT).masked_fill(own, -torch.inf).log_softmax(dim=2)
        return (
            -chance.diagonal(count // 2, dim1=1, dim2=2).mean() / 2
            - chance.diagonal(-count // 2, dim1=1, dim2=2).mean() / 2
        )
