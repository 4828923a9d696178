"""The small network between features and a contrastive loss, which is thrown away after pretraining."""

from __future__ import annotations

from torch import Tensor, nn


class Projector(nn.Module):
    """Map features to the space in which a contrastive loss compares them.

    Parameters
    ----------
    inputs, hidden, outputs : int
        Numbers that come in, that stand between the two layers, and that come out.

    Notes
    -----
    Takes (..., inputs), gives (..., outputs). The loss divides by the length; a projector doesn't. What a loss makes
    invariant is lost behind the projector more than before it, so that later tasks use the features. Source: Chen and
    colleagues (2020), A Simple Framework for Contrastive Learning, section 4.2; Beat-SSL has one such network for
    recordings and one for beats; **sizes are our choice**. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> import torch
    >>> Projector(128, 128, 64)(torch.zeros(8, 128)).shape
    torch.Size([8, 64])
    """

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, outputs))

    def forward(self, features: Tensor) -> Tensor:
        """Give what the loss compares, shape (..., outputs)."""
        return self.layers(features)
