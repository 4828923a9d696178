"""The rhythm classifier of jeong2024: four dilated convolutions along a map, then the mean and the highest."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ecglib.errors import ECGError
from ecglib.models.layers import as_image

DILATIONS = (1, 2, 4, 8)
"""Columns from one weight of a kernel to the next, in each convolution."""

_WIDTH = 9


class RhythmCNN(nn.Module):
    """Name the rhythm of a beat-score map by convolution along time, the beat classes being the channels.

    Parameters
    ----------
    classes : int
        Rhythms; two are AFIB against the rest.
    beat_classes : int
        Rows of the map: N, S, V, F, Q and no beat.
    segments : int
        Columns of the map; 37 are 10 s in steps of 0.25 s, 145 in steps of 0.0625 s.
    dropout : float
        Share of the 64 features that are hidden from the linear layer in training.

    Raises
    ------
    ECGError
        When called with a map of another shape: its columns would stand for other times than those it learned from.

    Notes
    -----
    Takes (batch, beat_classes, segments) and gives logits (batch, classes). Kernels have 9 weights, and spread: those
    of the second convolution take every second column, of the third every fourth, of the fourth every eighth. So one
    feature of the last sees 121 columns, which are 7.5 s in steps of 0.0625 s and hold several beats and the pauses
    between them, while no column is skipped: a heart beats irregularly by fractions of a second. A rhythm is the same
    rhythm wherever it begins, so what is kept of a feature is its mean over time, how much of it there is, and its
    highest value, whether it ever occurs. Source: jeong2024 reads the map with a classifier; **all its layers are our
    choice**. Taught in chapter ``23_rhythm_classifier``.

    Examples
    --------
    >>> RhythmCNN(classes=4)(torch.zeros(8, 6, 37)).shape
    torch.Size([8, 4])
    """

    def __init__(self, classes: int = 2, beat_classes: int = 6, segments: int = 37, dropout: float = 0.3) -> None:
        super().__init__()
        self.shape = (beat_classes, segments)
        layers: list[nn.Module] = []
        for inputs, dilation in zip((beat_classes, 32, 32, 32), DILATIONS, strict=True):
            reach = dilation * (_WIDTH // 2)
            layers.append(nn.Conv2d(inputs, 32, (1, _WIDTH), padding=(0, reach), dilation=(1, dilation), bias=False))
            layers += [nn.BatchNorm2d(32), nn.ReLU(inplace=True)]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * 32, classes))

    def forward(self, maps: Tensor) -> Tensor:
        """Give logits, shape (batch, classes), for maps, shape (batch, beat_classes, segments)."""
        if maps.ndim != 3 or maps.shape[1:] != self.shape:
            raise ECGError(
                "a beat-score map that this classifier can't read",
                expected=f"maps of shape (batch, {self.shape[0]}, {self.shape[1]})",
                found=f"{tuple(maps.shape)}",
                remedy="make maps with the stride that it was trained with, or train one for these",
            )
        features = self.features(as_image(maps))
        return self.classifier(torch.cat([features.mean(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1))
