"""The rhythm classifier against its own maths in NumPy, and what it must and must not care about."""

import numpy as np
import pytest
import torch

from ecglib.errors import ECGError
from ecglib.models.layers import as_image
from ecglib.models.rhythm_cnn import RhythmCNN


def maps(batch, classes=6, segments=37, seed=0):
    """Columns that sum to one, as a softmax gives them."""
    return torch.from_numpy(np.random.default_rng(seed).dirichlet(np.ones(classes), (batch, segments))).mT.contiguous()


@pytest.mark.parametrize("segments", [1, 19, 37, 91])
def test_logits_are_those_of_the_maths_written_out(plain, segments):
    model = plain.shaken(RhythmCNN(classes=4, segments=segments))
    given = maps(3, segments=segments)
    features = plain.chain(model.features, given.numpy())
    assert features.shape == (3, 32, segments)
    kept = np.concatenate([features.mean(axis=2), features.max(axis=2)], axis=1)
    expected = plain.linear(model.classifier[-1], kept)
    np.testing.assert_allclose(model(given).detach().numpy(), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("classes", "beat_classes", "batch"), [(2, 6, 1), (4, 6, 7), (2, 5, 3)])
def test_shapes(classes, beat_classes, batch):
    logits = RhythmCNN(classes, beat_classes).eval()(maps(batch, beat_classes).float())
    assert logits.shape == (batch, classes)
    assert logits.dtype == torch.float32


def test_it_is_small():
    assert sum(parameter.numel() for parameter in RhythmCNN().parameters()) < 50_000


@pytest.mark.parametrize("shape", [(4, 6, 36), (4, 5, 37), (6, 37), (4, 6, 1, 37), (4, 37, 6)])
def test_maps_of_another_shape_are_refused(shape):
    with pytest.raises(ECGError, match=r"expected maps of shape \(batch, 6, 37\)"):
        RhythmCNN().eval()(torch.rand(shape))


def test_a_feature_sees_121_columns(plain):
    """The features of a column depend on it and on the sixty at each side, and no more."""
    model = plain.shaken(RhythmCNN(segments=145))
    given = maps(1, segments=145).requires_grad_()
    model.features(as_image(given))[0, :, 0, 72].sum().backward()
    seen = torch.argwhere(given.grad[0].abs().sum(dim=0)).flatten().tolist()
    assert seen == list(range(12, 133))


def test_a_rhythm_is_the_same_wherever_it_begins():
    """A pattern that begins five columns later, far from both ends, gives the same mean and highest values."""
    model = RhythmCNN(segments=400).eval()
    pattern = maps(1, segments=4, seed=1).float().repeat(1, 1, 25)
    early, late = torch.full((2, 1, 6, 400), 1 / 6)
    early[:, :, 140:240], late[:, :, 145:245] = pattern, pattern
    torch.testing.assert_close(model(early), model(late))


def test_every_parameter_learns(learns):
    learns.everywhere(RhythmCNN(classes=5), maps(16).float())


def test_the_gradient_is_the_slope(plain, learns):
    learns.slope(plain.shaken(RhythmCNN()), maps(2))


def test_maps_of_a_batch_do_not_see_each_other_in_evaluation():
    model, given = RhythmCNN().eval(), maps(8).float()
    torch.testing.assert_close(model(given)[3:4], model(given[3:4]))


def test_the_map_that_goes_in_is_left_as_it_was():
    model, given = RhythmCNN(), maps(8).float()
    before = given.clone()
    model(given)
    torch.testing.assert_close(given, before, rtol=0, atol=0)
