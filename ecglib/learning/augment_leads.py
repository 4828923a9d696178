"""Recordings of twelve leads that come a little differently each time."""

from __future__ import annotations

import torch
from torch import Tensor

from ecglib.signals.wave_labels import UNKNOWN

SHIFT = 50
"""Samples that a recording moves at most: half a second at 100 samples a second."""

SCALE = 0.1
"""Part by which a lead's voltage grows or shrinks at most."""


def shift_and_scale_leads(recordings: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Move each recording in time, and make each of its leads a little larger or smaller.

    Parameters
    ----------
    recordings : tensor, shape (batch, leads, samples)
        In millivolts.
    labels : tensor, shape (batch, samples) or (batch, classes)
        Those of every sample move along, and are unknown where the recording has nothing to move in; those of the
        whole recording stay.

    Returns
    -------
    recordings : tensor, shape (batch, leads, samples)
        All leads move alike; the first or last sample fills the place that becomes free.
    labels : tensor, same shape

    Notes
    -----
    Electrodes don't lie at the same place twice, and a recording begins anywhere in a beat. For training only. Chance
    comes from torch's generator. Source: our choice, made once and for every method. Taught in chapter
    ``34_wave_segmentation``.

    Examples
    --------
    >>> x, y = shift_and_scale_leads(torch.zeros(8, 12, 1000), torch.zeros(8, 1000, dtype=torch.int64))
    >>> x.shape, y.shape, int(y.min()) == UNKNOWN
    (torch.Size([8, 12, 1000]), torch.Size([8, 1000]), True)
    """
    batch, leads, samples = recordings.shape
    here = recordings.device
    moved = torch.arange(samples, device=here) + torch.randint(-SHIFT, SHIFT + 1, (batch, 1), device=here)
    inside = moved.clamp(0, samples - 1)
    factor = 1 + SCALE * (2 * torch.rand(batch, leads, 1, device=here) - 1)
    shifted = factor * recordings.gather(2, inside.unsqueeze(1).expand(-1, leads, -1))
    if labels.shape[1:] != (samples,):
        return shifted, labels
    return shifted, torch.where(moved == inside, labels.gather(1, inside), UNKNOWN)
