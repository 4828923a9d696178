"""From an encoder's features to the labels of a whole recording."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ecglib.models.with_encoder import WithEncoder, scale_recordings


class RecordingClassifier(WithEncoder):
    """Score a recording for each of several labels by a linear layer on what its features are on average and at most.

    Parameters
    ----------
    encoder : nn.Module
        Has ``channels``, as ``ECGEncoder``. The model works on a copy of it.
    classes : int
        Labels, of which a recording may have any number.
    frozen : bool
        Whether the encoder keeps its weights: a linear probe of what it has learnt without labels.

    Attributes
    ----------
    feature_count : int
        Numbers in an embedding, twice the encoder's channels.

    Notes
    -----
    Takes (batch, leads, samples) in millivolts and gives logits (batch, classes). The mean says how much of something
    there is in ten seconds, the largest value whether there is any: a single ectopic beat hardly moves a mean.
    Source: the paper keeps the encoder alone; **this head is our choice**. Taught in chapter ``33_superdiagnostic``.

    Examples
    --------
    >>> from ecglib.models.ecg_encoder import ECGEncoder
    >>> model = RecordingClassifier(ECGEncoder(), classes=5)
    >>> model(torch.zeros(2, 12, 1000)).shape, model.features(torch.zeros(2, 12, 1000)).shape
    (torch.Size([2, 5]), torch.Size([2, 256]))
    """

    def __init__(self, encoder: nn.Module, classes: int, *, frozen: bool = False) -> None:
        super().__init__(encoder, frozen=frozen)
        self.feature_count = 2 * self.encoder.channels
        self.classifier = nn.Linear(self.feature_count, classes)
        self.train()

    def features(self, recordings: Tensor) -> Tensor:
        """Give embeddings, shape (batch, feature_count): each channel's mean and maximum over time."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            local = self.encoder(scale_recordings(recordings))
            return torch.cat([local.mean(dim=2), local.amax(dim=2)], dim=1)

    def forward(self, recordings: Tensor) -> Tensor:
        """Give logits, shape (batch, classes)."""
        return self.classifier(self.features(recordings))
