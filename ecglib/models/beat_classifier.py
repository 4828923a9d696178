"""The beat classifier of jeong2024: segments of an ECG in, a score for each class of beat out, by way of scalograms."""

from __future__ import annotations

from torch import Tensor, nn

from ecglib.models.se_resnet import SEResNet
from ecglib.signals.scalogram import Scalogram


class BeatClassifier(nn.Module):
    """Classify segments of one lead: make a scalogram of each, and let an SE-ResNet read it.

    Parameters
    ----------
    classes : int
        Classes of a segment; six in the order N, S, V, F, Q, no beat.
    width : int
        Channels of the network's first block.

    Attributes
    ----------
    scalogram : Scalogram
        Fixed; neither trained nor stored with the weights.
    network : SEResNet
        All that is learned.
    feature_count : int
        Numbers in an embedding.

    Notes
    -----
    Takes (batch, 128): segments of 1 s at 128 samples a second, from recordings that were normalised whole. Gives
    logits (batch, classes). An adversary listens to ``features``.
    Source: jeong2024 scores segments by their scalograms, and so did Lee and Shin (2024); a third party names the
    SE-ResNet. Making scalograms inside the classifier is our choice: it takes a tenth of the time that the network
    does, and segments are eight times smaller to keep. Taught in chapter ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> import torch
    >>> model = BeatClassifier()
    >>> model(torch.zeros(8, 128)).shape, model.features(torch.zeros(8, 128)).shape
    (torch.Size([8, 6]), torch.Size([8, 32]))
    """

    def __init__(self, classes: int = 6, width: int = 8) -> None:
        super().__init__()
        self.scalogram = Scalogram()
        self.network = SEResNet(classes, width)
        self.feature_count = self.network.feature_count

    @property
    def classifier(self) -> nn.Module:
        """Makes logits of embeddings."""
        return self.network.classifier

    def features(self, segments: Tensor) -> Tensor:
        """Give embeddings, shape (batch, feature_count), of segments, shape (batch, samples)."""
        return self.network.features(self.scalogram(segments))

    def forward(self, segments: Tensor) -> Tensor:
        """Give logits, shape (batch, classes), of segments, shape (batch, samples)."""
        return self.network(self.scalogram(segments))
