"""From an encoder's features back to every sample: a decoder that names the wave each sample lies in."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ecglib.models.layers import as_image, convolution
from ecglib.models.with_encoder import WithEncoder, scale_recordings


class Segmenter(WithEncoder):
    """Score every sample of a recording for each wave, by a decoder with connections to each stage of the encoder.

    Parameters
    ----------
    encoder : nn.Module
        Has ``stages``, ``channels`` and ``step``, as ``ECGEncoder``. The model works on a copy of it.
    classes : int
        Labels of a sample; four are none, P, QRS, T.
    leads : int
        Leads of a recording.
    width : int
        Channels of the decoder, a multiple of 8.
    frozen : bool
        Whether the encoder keeps its weights, and only the decoder learns.

    Notes
    -----
    Takes (batch, leads, samples) in millivolts and gives logits (batch, classes, samples). From the deepest stage
    upwards, features are repeated to the next finer stage's length and put beside its own; the last level has the ECG
    itself beside it. On ``ECGEncoder`` the decoder has 48,324 parameters of its own.
    Source: the paper adds a decoder and says no more that we could read; the form is that of the U-Net (Ronneberger
    and colleagues, 2015), **its sizes are our choice**. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> from ecglib.models.ecg_encoder import ECGEncoder
    >>> Segmenter(ECGEncoder())(torch.zeros(2, 12, 1000)).shape
    torch.Size([2, 4, 1000])
    """

    def __init__(
        self, encoder: nn.Module, classes: int = 4, *, leads: int = 12, width: int = 32, frozen: bool = False
    ) -> None:
        super().__init__(encoder, frozen=frozen)
        with torch.no_grad():
            probe = next(self.encoder.parameters()).new_zeros(1, leads, 16 * self.encoder.step)  # on its device
            stages = self.encoder.eval().stages(probe)
        *skips, coarse = leads, *(stage.shape[1] for stage in stages)
        self.blocks = nn.ModuleList()
        for skip in reversed(skips):
            self.blocks.append(DecoderBlock(coarse, skip, width))
            coarse = width
        self.classifier = convolution(width, classes, width=1)
        self.train()

    def forward(self, recordings: Tensor) -> Tensor:
        """Give logits, shape (batch, classes, samples)."""
        scaled = scale_recordings(recordings)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            *skips, features = self.encoder.stages(scaled)
        signal = as_image(features)
        for block, skip in zip(self.blocks, reversed([scaled, *skips]), strict=True):
            signal = block(signal, as_image(skip))
        return self.classifier(signal).squeeze(2)


class DecoderBlock(nn.Module):
    """Bring coarse features to the length of finer ones, and make one signal of both.

    Parameters
    ----------
    coarse, fine, outputs : int
        Channels; ``outputs`` a multiple of 8.

    Notes
    -----
    Takes (batch, coarse, 1, steps) and (batch, fine, 1, more steps), gives (batch, outputs, 1, more steps).
    Source: Ronneberger and colleagues (2015), with one convolution a level, and repeated features in place of their
    up-convolution. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> DecoderBlock(128, 64, 32)(torch.zeros(2, 128, 1, 125), torch.zeros(2, 64, 1, 250)).shape
    torch.Size([2, 32, 1, 250])
    """

    def __init__(self, coarse: int, fine: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            convolution(coarse + fine, outputs, width=5, bias=False), nn.GroupNorm(8, outputs), nn.ReLU(inplace=True)
        )

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """Give the convolution of both, at the finer one's length."""
        repeated = interpolate(coarse, size=fine.shape[2:], mode="nearest")
        return self.layers(torch.cat([repeated, fine], dim=1))
