"""The encoder of the third paper's chapters: twelve leads in, local features out, for every task that follows."""

from __future__ import annotations

from torch import Tensor, nn

from ecglib.models.layers import as_image, convolution

STEP = 8
"""Samples from one feature to the next: 80 ms at 100 samples a second, about the width of a QRS complex."""


class ECGEncoder(nn.Module):
    """Make local features of recordings by a convolution and three residual blocks.

    Parameters
    ----------
    leads : int
        Leads of a recording.
    width : int
        Channels of the first stage, a multiple of 8; the later ones have twice and four times as many.

    Attributes
    ----------
    channels : int
        Numbers at each step of the features, four times ``width``.
    step : int
        Samples from one feature to the next, 8.

    Notes
    -----
    Takes (batch, leads, samples), scaled recording by recording, and gives (batch, channels, samples / 8, rounded
    up). Feature ``k`` is centred on sample ``8 k``, so a wave at sample ``s`` stands at step ``s / 8``. Convolutions
    see 0.71 s to each side at 100 samples a second, a beat; the normalisation sees mean and spread of the whole
    recording. With twelve leads and width 32 it has 332,096 parameters. Group normalisation, because statistics of a
    batch would leak from one view of a recording into the other, and because they can't be shared among processors.
    Source: the paper says nothing of its encoder that we could read; the block is that of He and colleagues (2016), the
    normalisation that of Wu and He (2018), **all sizes are our choice**. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> import torch
    >>> encoder = ECGEncoder()
    >>> encoder(torch.zeros(2, 12, 1000)).shape
    torch.Size([2, 128, 125])
    >>> [tuple(stage.shape) for stage in encoder.stages(torch.zeros(2, 12, 1000))]
    [(2, 32, 500), (2, 64, 250), (2, 128, 125)]
    """

    def __init__(self, leads: int = 12, width: int = 32) -> None:
        super().__init__()
        self.channels, self.step = 4 * width, STEP
        self.stem = nn.Sequential(
            convolution(leads, width, width=7, stride=2, bias=False), _norm(width), nn.ReLU(inplace=True)
        )
        self.middle = EncoderBlock(width, 2 * width, stride=2)
        self.last = nn.Sequential(EncoderBlock(2 * width, 4 * width, stride=2), EncoderBlock(4 * width, 4 * width))

    def stages(self, recordings: Tensor) -> list[Tensor]:
        """Give what each stage makes, at 2, 4 and 8 samples a step: a decoder's skip connections, features last."""
        first = self.stem(as_image(recordings))
        second = self.middle(first)
        return [stage.squeeze(2) for stage in (first, second, self.last(second))]

    def forward(self, recordings: Tensor) -> Tensor:
        """Give features, shape (batch, channels, samples / 8), for recordings, shape (batch, leads, samples)."""
        return self.last(self.middle(self.stem(as_image(recordings)))).squeeze(2)


class EncoderBlock(nn.Module):
    """Add to a signal what two convolutions make of it, normalised in groups of channels.

    Parameters
    ----------
    inputs, outputs : int
        Channels; ``outputs`` a multiple of 8.
    stride : int
        Samples from one output to the next.

    Notes
    -----
    Takes (batch, inputs, 1, samples), gives (batch, outputs, 1, samples / stride, rounded up). Where the shapes
    differ, the short cut is a convolution of width one. Source: He and colleagues (2016), Deep Residual Learning for
    Image Recognition, section 3, with the group normalisation of Wu and He (2018). Taught in chapter
    ``32_pretraining``.

    Examples
    --------
    >>> import torch
    >>> EncoderBlock(32, 64, stride=2)(torch.zeros(8, 32, 1, 65)).shape
    torch.Size([8, 64, 1, 33])
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.change = nn.Sequential(
            convolution(inputs, outputs, width=5, stride=stride, bias=False),
            _norm(outputs),
            nn.ReLU(inplace=True),
            convolution(outputs, outputs, width=5, bias=False),
            _norm(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if (inputs, stride) != (outputs, 1):
            self.shortcut = nn.Sequential(
                convolution(inputs, outputs, width=1, stride=stride, bias=False), _norm(outputs)
            )
        self.activation = nn.ReLU(inplace=True)

    def forward(self, signal: Tensor) -> Tensor:
        """Give the activated sum of short cut and change."""
        return self.activation(self.change(signal) + self.shortcut(signal))


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(8, channels)
