"""The beat classifier is its scalogram and its SE-ResNet, one after the other, and stores the latter alone."""

import numpy as np
import pytest
import pywt
import torch

from ecglib.errors import ECGError
from ecglib.models.beat_classifier import BeatClassifier
from ecglib.models.se_resnet import SEResNet
from ecglib.signals.scalogram import FREQUENCIES


def test_what_the_network_reads_is_the_magnitude_of_pywavelets_transform():
    """Every fourth column of 32 rows from 1 to 40 Hz."""
    torch.manual_seed(0)
    model = BeatClassifier().eval()
    segments = np.random.default_rng(0).standard_normal((5, 128)).astype(np.float32)
    transform, hertz = pywt.cwt(segments, 128 / np.array(FREQUENCIES), "cmor1.5-1.0", sampling_period=1 / 128)
    np.testing.assert_allclose(hertz, np.geomspace(1, 40, 32))
    images = torch.from_numpy(np.abs(transform)[:, :, ::4].swapaxes(0, 1).astype(np.float32))
    assert images.shape == (5, 32, 32)
    given = torch.from_numpy(segments)
    torch.testing.assert_close(model.features(given), model.network.features(images), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(model(given), model.network(images), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("classes", "width", "batch"), [(6, 8, 1), (3, 16, 7)])
def test_shapes(classes, width, batch):
    model = BeatClassifier(classes, width).eval()
    segments = torch.randn(batch, 128)
    assert model(segments).shape == (batch, classes)
    assert model.features(segments).shape == (batch, model.feature_count) == (batch, 4 * width)


def test_logits_are_what_the_classifier_makes_of_the_features():
    """The adversary trains by the two halves, everything else by the whole."""
    model = BeatClassifier().eval()
    segments = torch.randn(4, 128)
    torch.testing.assert_close(model.classifier(model.features(segments)), model(segments), rtol=0, atol=0)


def test_only_the_network_is_learned_and_stored():
    model = BeatClassifier()
    network = SEResNet(width=8)
    assert list(model.state_dict()) == [f"network.{name}" for name in network.state_dict()]
    assert sum(of.numel() for of in model.parameters()) == sum(of.numel() for of in network.parameters())


def test_stored_weights_give_the_same_scores():
    one, other = BeatClassifier().eval(), BeatClassifier().eval()
    segments = torch.randn(4, 128)
    assert not torch.equal(one(segments), other(segments))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(segments), other(segments))


def test_every_parameter_learns(learns):
    learns.everywhere(BeatClassifier(), torch.randn(16, 128))


def test_louder_segments_score_differently():
    """Amplitudes tell beats of one recording apart; the recording is normalised, the segment isn't."""
    model = BeatClassifier().eval()
    segments = torch.randn(4, 128)
    assert not torch.allclose(model(segments), model(3 * segments), atol=1e-3)


@pytest.mark.parametrize("shape", [(4, 127), (4, 1, 128), (128,)])
def test_segments_of_another_shape_are_refused(shape):
    with pytest.raises(ECGError, match=r"expected shape \(batch, 128\)"):
        BeatClassifier().eval()(torch.zeros(shape))
