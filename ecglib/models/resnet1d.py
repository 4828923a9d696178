"""The ResNet-1D of song2026: convolutions with short cuts around them, so that a deeper network still learns."""

from __future__ import annotations

from torch import Tensor, nn

from ecglib.models.layers import as_image, convolution


class ResNet1D(nn.Module):
    """Classify beats by a convolution, three residual blocks, and the mean over time.

    Parameters
    ----------
    leads : int
        Leads in a window.
    classes : int
        Beat classes; five in the order N, S, V, F, Q.
    dropout : float
        Share of the features that are hidden from the linear layer in training.

    Notes
    -----
    Takes (batch, leads, samples) in millivolts, any length from 1 sample on, made for 260 samples at 360 Hz, and
    gives logits (batch, classes). Source: song2026 names a ResNet-1D; the block is that of He and colleagues (2016);
    **all its sizes are our choice**. Taught in chapter ``13_resnet1d``.

    Examples
    --------
    >>> import torch
    >>> ResNet1D()(torch.zeros(8, 1, 260)).shape
    torch.Size([8, 5])
    """

    def __init__(self, leads: int = 1, classes: int = 5, dropout: float = 0.2) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            convolution(leads, 32, width=7, stride=4, bias=False), nn.BatchNorm2d(32), nn.ReLU(inplace=True)
        )
        self.blocks = nn.Sequential(
            ResidualBlock(32, 32), ResidualBlock(32, 64, stride=2), ResidualBlock(64, 64, stride=2)
        )
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(64, classes)
        )

    def forward(self, windows: Tensor) -> Tensor:
        """Give logits, shape (batch, classes), for windows, shape (batch, leads, samples)."""
        return self.classifier(self.blocks(self.stem(as_image(windows))))


class ResidualBlock(nn.Module):
    """Add to a signal what two convolutions make of it.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    stride : int
        Samples from one output to the next.

    Notes
    -----
    Takes (batch, inputs, 1, samples), gives (batch, outputs, 1, samples / stride, rounded up). Where the shapes
    differ, the short cut is a convolution of width one. Source: He and colleagues (2016), Deep Residual Learning for
    Image Recognition, section 3. Taught in chapter ``13_resnet1d``.

    Examples
    --------
    >>> import torch
    >>> ResidualBlock(32, 64, stride=2)(torch.zeros(8, 32, 1, 65)).shape
    torch.Size([8, 64, 1, 33])
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.change = nn.Sequential(
            convolution(inputs, outputs, width=5, stride=stride, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            convolution(outputs, outputs, width=5, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if (inputs, stride) != (outputs, 1):
            self.shortcut = nn.Sequential(
                convolution(inputs, outputs, width=1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )
        self.activation = nn.ReLU(inplace=True)

    def forward(self, signal: Tensor) -> Tensor:
        """Give the activated sum of short cut and change."""
        return self.activation(self.change(signal) + self.shortcut(signal))
