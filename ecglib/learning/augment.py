"""Training beats that come a little differently each time."""

from __future__ import annotations

import torch
from torch import Tensor


def shift_and_scale(windows: Tensor, shift: int = 2, scale: float = 0.1) -> Tensor:
    """Move each beat by a few samples, and make it a little larger or smaller.

    Parameters
    ----------
    windows : Tensor, shape (beats, leads, samples)
        In millivolts.
    shift : int
        Samples that a beat moves at most, early or late; the first or last sample fills the place that becomes free.
    scale : float
        Part by which its voltages grow or shrink at most.

    Returns
    -------
    Tensor
        Of the same shape. All leads of a beat are changed alike.

    Notes
    -----
    Marks of the R peak are not exact to the sample, and electrodes don't lie at the same place twice; neither changes
    the class of a beat. For training only. Chance comes from torch's generator. Source: our choice. Taught in chapter
    ``10_cnn``.

    Examples
    --------
    >>> shift_and_scale(torch.zeros(8, 1, 260)).shape
    torch.Size([8, 1, 260])
    """
    beats, leads, samples = windows.shape
    here = windows.device
    moved = torch.arange(samples, device=here) + torch.randint(-shift, shift + 1, (beats, 1, 1), device=here)
    factor = 1 + scale * (2 * torch.rand(beats, 1, 1, device=here) - 1)
    return factor * windows.gather(2, moved.clamp(0, samples - 1).expand(-1, leads, -1))
