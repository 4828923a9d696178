"""What every model on top of a pretrained encoder has in common: its own copy of it, frozen or not."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

_FLAT = 1e-6


class WithEncoder(nn.Module):
    """Hold a copy of an encoder, which either learns on or stays as it is.

    Parameters
    ----------
    encoder : nn.Module
        Has ``channels`` and ``step``, as ``ECGEncoder``. It is copied, so one pretrained encoder serves many models.
    frozen : bool
        Whether the copy keeps its weights, whatever the training.

    Attributes
    ----------
    encoder : nn.Module
        The copy.
    frozen : bool

    Notes
    -----
    Source: our choice. Taught in chapter ``33_superdiagnostic``.

    Examples
    --------
    >>> from ecglib.models.ecg_encoder import ECGEncoder
    >>> model = WithEncoder(ECGEncoder(), frozen=True)
    >>> any(parameter.requires_grad for parameter in model.parameters())
    False
    """

    def __init__(self, encoder: nn.Module, *, frozen: bool = False) -> None:
        super().__init__()
        self.encoder: Any = copy.deepcopy(encoder)
        self.encoder.requires_grad_(not frozen)
        self.frozen = frozen

    def train(self, mode: bool = True) -> WithEncoder:
        """Set the mode of all layers; a frozen encoder stays in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self


def scale_recordings(recordings: Tensor) -> Tensor:
    """Divide each recording by its own standard deviation, all leads together.

    Parameters
    ----------
    recordings : tensor, shape (batch, leads, samples)
        Millivolts, band-passed.

    Returns
    -------
    tensor, shape (batch, leads, samples)
        A flat recording becomes zeros: one whose deviation is at most a millionth of its largest voltage, so no more
        than the rounding of float32. NaN stays NaN.

    Notes
    -----
    The models do this themselves, so that none can be trained on one scale and asked on another; what is scaled
    already stays as it is. The voltage itself is lost, the relations between leads are kept. Source: our choice.
    Taught in chapter ``33_superdiagnostic``.

    Examples
    --------
    >>> float(scale_recordings(100 * torch.randn(1, 12, 1000)).std().round(decimals=2))
    1.0
    """
    spread = recordings.std(dim=(1, 2), keepdim=True, correction=0)
    flat = spread <= _FLAT * recordings.abs().amax(dim=(1, 2), keepdim=True)
    return torch.where(flat, 0, recordings / torch.where(flat, 1, spread))
