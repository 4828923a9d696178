"""The SE-ResNet of jeong2024: a residual network that weighs its channels, reading scalograms."""

from __future__ import annotations

from torch import Tensor, nn


class SEResNet(nn.Module):
    """Classify scalograms of short segments by residual blocks that weigh their channels.

    Parameters
    ----------
    classes : int
        Classes of a segment; six in the order N, S, V, F, Q, no beat.
    width : int
        Channels of the first block; the later ones have twice and four times as many.
    dropout : float
        Share of the embedding that is hidden from the linear layer in training.

    Attributes
    ----------
    feature_count : int
        Numbers in an embedding, four times ``width``.
    classifier : nn.Sequential
        Makes logits of embeddings.

    Notes
    -----
    Takes (batch, scales, times), of any size from 1 × 1 on, made for 32 × 32, and gives logits (batch, classes).
    At 32 × 32 it has 20,548 parameters and needs 0.8 million multiply-adds a segment.
    Source: a third party names an SE-ResNet as the beat classifier of jeong2024; the block is that of Hu and
    colleagues (2018), section 3; **all its sizes are our choice**. Taught in chapter
    ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> import torch
    >>> model = SEResNet()
    >>> model(torch.zeros(8, 32, 32)).shape, model.features(torch.zeros(8, 32, 32)).shape
    (torch.Size([8, 6]), torch.Size([8, 32]))
    """

    def __init__(self, classes: int = 6, width: int = 8, dropout: float = 0.2) -> None:
        super().__init__()
        self.feature_count = 4 * width
        self.stem = nn.Sequential(_convolution(1, width, 5, 2), nn.BatchNorm2d(width), nn.ReLU(inplace=True))
        self.blocks = nn.Sequential(
            SEBlock(width, width), SEBlock(width, 2 * width, stride=2), SEBlock(2 * width, 4 * width, stride=2)
        )
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.feature_count, classes))

    def features(self, scalograms: Tensor) -> Tensor:
        """Give embeddings, shape (batch, feature_count): the last block's mean over scales and times."""
        return self.blocks(self.stem(scalograms.unsqueeze(1))).mean(dim=(2, 3))

    def forward(self, scalograms: Tensor) -> Tensor:
        """Give logits, shape (batch, classes), for scalograms, shape (batch, scales, times)."""
        return self.classifier(self.features(scalograms))


class SEBlock(nn.Module):
    """Add to an image what two convolutions make of it, each channel as strong as the image deserves.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    stride : int
        Pixels from one output to the next, in both directions.

    Notes
    -----
    Takes (batch, inputs, scales, times), gives (batch, outputs, scales / stride, times / stride), rounded up. Where
    the shapes differ, the short cut is a convolution of one pixel. Source: Hu and colleagues (2018),
    Squeeze-and-Excitation Networks, figure 3. Taught in chapter ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> import torch
    >>> SEBlock(16, 32, stride=2)(torch.zeros(8, 16, 17, 16)).shape
    torch.Size([8, 32, 9, 8])
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.change = nn.Sequential(
            _convolution(inputs, outputs, 3, stride),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            _convolution(outputs, outputs, 3),
            nn.BatchNorm2d(outputs),
            SqueezeExcitation(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if (inputs, stride) != (outputs, 1):
            self.shortcut = nn.Sequential(_convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))
        self.activation = nn.ReLU(inplace=True)

    def forward(self, image: Tensor) -> Tensor:
        """Give the activated sum of short cut and change."""
        return self.activation(self.change(image) + self.shortcut(image))


class SqueezeExcitation(nn.Module):
    """Multiply each channel by a number from 0 to 1 that depends on the means of all channels.

    Parameters
    ----------
    channels : int
        At least ``reduction``.
    reduction : int
        Channels for each hidden unit.

    Notes
    -----
    Takes and gives (batch, channels, scales, times). Source: Hu and colleagues (2018), section 3.1 and 3.2, where
    the reduction is 16; ours is 4, because our blocks have 8 to 32 channels where theirs have 256 and more. Taught
    in chapter ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> import torch
    >>> weighed = SqueezeExcitation(16)(torch.ones(8, 16, 4, 4))
    >>> weighed.shape, bool((weighed < 1).all())
    (torch.Size([8, 16, 4, 4]), True)
    """

    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__()
        hidden = channels // reduction
        self.gate = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels), nn.Sigmoid())

    def forward(self, image: Tensor) -> Tensor:
        """Give the image with its channels weighed."""
        return image * self.gate(image.mean(dim=(2, 3)))[:, :, None, None]


def _convolution(inputs: int, outputs: int, side: int, stride: int = 1) -> nn.Conv2d:
    """Make a square convolution without bias, for a batch normalisation follows."""
    return nn.Conv2d(inputs, outputs, side, stride, padding=side // 2, bias=False)
