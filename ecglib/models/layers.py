"""Layers that several papers share, in the form that this book trains fastest."""

from __future__ import annotations

from torch import Tensor, nn


def as_image(signal: Tensor) -> Tensor:
    """See a batch of signals as images one pixel high.

    Parameters
    ----------
    signal : tensor, shape (batch, channels, samples)

    Returns
    -------
    tensor, shape (batch, channels, 1, samples)

    Notes
    -----
    PyTorch has a channels-last layout for images alone, and convolves fastest in it. Source: our choice. Taught in
    chapter ``10_cnn``.

    Examples
    --------
    >>> import torch
    >>> as_image(torch.zeros(8, 2, 260)).shape
    torch.Size([8, 2, 1, 260])
    """
    return signal.unsqueeze(2)


def convolution(inputs: int, outputs: int, width: int, stride: int = 1, *, bias: bool = True) -> nn.Conv2d:
    """Make a convolution along time, for signals seen as images one pixel high.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    width : int
        Samples that the kernel covers; odd.
    stride : int
        Samples from one output to the next.
    bias : bool
        Leave it out before a batch normalisation, which takes any constant away.

    Returns
    -------
    nn.Conv2d
        Takes (batch, inputs, 1, samples), gives (batch, outputs, 1, samples / stride, rounded up).

    Notes
    -----
    The same numbers as ``nn.Conv1d``, about twice as fast under ``channels_last``. Source: our choice. Taught in
    chapter ``10_cnn``.

    Examples
    --------
    >>> import torch
    >>> convolution(2, 32, width=7, stride=4)(as_image(torch.zeros(8, 2, 260))).shape
    torch.Size([8, 32, 1, 65])
    """
    return nn.Conv2d(inputs, outputs, (1, width), stride=(1, stride), padding=(0, width // 2), bias=bias)
