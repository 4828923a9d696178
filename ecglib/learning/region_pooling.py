"""Features of single beats: cut out of a recording's features around each R peak."""

from __future__ import annotations

import torch
from torch import Tensor

from ecglib.errors import ECGError


def pool_regions(
    features: Tensor, recording: Tensor, centre_steps: Tensor, half_width_steps: float, bins: int
) -> Tensor:
    """Read a batch of features at evenly spaced places around each beat.

    Parameters
    ----------
    features : tensor, shape (batch, channels, steps)
        From an encoder.
    recording : int64 tensor, shape (beats,)
        Which row of the batch each beat belongs to, from 0; a recording may have any number of beats, or none.
    centre_steps : float tensor, shape (beats,)
        Where each R peak lies on the axis of steps: the sample divided by the encoder's step.
    half_width_steps : float
        How far a region reaches to either side.
    bins : int
        Parts of equal length that a region is divided into.

    Returns
    -------
    tensor, shape (beats, channels, bins)
        The features in the middle of each part, between two steps by linear interpolation. What lies before the
        first step counts as the first, what lies after the last as the last.

    Raises
    ------
    ECGError
        If the shapes don't fit, or the width or the bins are not positive.

    Notes
    -----
    RoIAlign (He and colleagues, 2017) in one dimension, with one point a bin: choose bins no wider than a step, and no
    step is passed over. Gradients flow back into the features. Indexing, not ``index_select``, reads the steps, because
    its gradient adds up in the same order every time on a GPU too.
    Source: rizqyawan2026 draws a region of interest around each R peak; its form and width are our choice. Taught in
    chapter ``32_pretraining``.

    Examples
    --------
    >>> ramp = torch.arange(10.0).expand(2, 1, 10)
    >>> pool_regions(ramp, torch.tensor([0, 0, 1]), torch.tensor([4.0, 5.5, 9.0]), half_width_steps=2, bins=4)[:, 0]
    tensor([[2.5000, 3.5000, 4.5000, 5.5000],
            [4.0000, 5.0000, 6.0000, 7.0000],
            [7.5000, 8.5000, 9.0000, 9.0000]])
    """
    fits = features.ndim == 3 and recording.ndim == 1 and recording.shape == centre_steps.shape
    if not fits or not half_width_steps > 0 or bins < 1:
        raise ECGError(
            "no regions to pool",
            expected="features (batch, channels, steps), a recording and a centre for each beat, a width, and bins",
            found=f"features {tuple(features.shape)}, {tuple(recording.shape)} recordings, "
            f"{tuple(centre_steps.shape)} centres, half width {half_width_steps}, {bins} bins",
            remedy="pass flat arrays with one entry for each beat",
        )
    last = features.shape[2] - 1
    middle = (torch.arange(bins, dtype=centre_steps.dtype, device=centre_steps.device) + 0.5) / bins
    place = (centre_steps[:, None] + half_width_steps * (2 * middle - 1)).clamp(0, last)
    before = place.floor().long()
    after = (before + 1).clamp(max=last)
    share = (place - before)[:, :, None].to(features.dtype)

    by_step = features.transpose(1, 2)
    rows = recording[:, None]
    return torch.lerp(by_step[rows, before], by_step[rows, after], share).transpose(1, 2)
