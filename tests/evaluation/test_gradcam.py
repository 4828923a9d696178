"""Grad-CAM against captum, against arithmetic done by hand, and against what it must show by construction."""

import time

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

from ecglib.errors import ECGError
from ecglib.evaluation.gradcam import grad_cam, last_features, over_samples, rank_correlation
from ecglib.models import CNN, CNNLSTM, CNNLSTMAttention, ResNet1D
from ecglib.models.layers import as_image, convolution

MODELS = [CNN, CNNLSTM, CNNLSTMAttention, ResNet1D]


def awake(make, seed=0):
    """Give a model whose batch normalisations have seen beats, in evaluation mode."""
    torch.manual_seed(seed)
    model = make()
    model.train()
    with torch.no_grad():
        for _ in range(5):
            model(torch.randn(64, 1, 260))
    return model.eval()


@pytest.fixture
def beats():
    return np.random.default_rng(1).standard_normal((20, 1, 260)).astype(np.float32)


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("batch_size", [7, 64])
def test_the_same_map_as_captum(make, batch_size, beats):
    attr = pytest.importorskip("captum.attr")
    model = awake(make)
    targets = np.arange(20) % 5
    theirs = attr.LayerGradCam(model, last_features(model)).attribute(
        torch.from_numpy(beats), torch.from_numpy(targets), relu_attributions=True
    )
    ours = grad_cam(model, beats, targets, device="cpu", batch_size=batch_size)
    assert ours.max() > 0
    np.testing.assert_allclose(ours, theirs.detach().numpy()[:, 0, 0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("make", MODELS)
def test_gradients_by_small_steps(make, beats):
    model = awake(make).double()
    layer = last_features(model)
    features = {}
    hook = layer.register_forward_hook(lambda module, given, output: features.update(at=output.detach().clone()))
    with torch.no_grad():
        model(torch.from_numpy(beats[:1]).double())
    hook.remove()
    at = features["at"]

    def logit(changed):
        hook = layer.register_forward_hook(lambda module, given, output: changed)
        with torch.no_grad():
            value = model(torch.from_numpy(beats[:1]).double())[0, 3]
        hook.remove()
        return float(value)

    step, weights = 1e-5, np.zeros(at.shape[1])
    for channel in range(at.shape[1]):
        up, down = at.clone(), at.clone()
        up[0, channel] += step
        down[0, channel] -= step
        weights[channel] = (logit(up) - logit(down)) / (2 * step) / at.shape[-1]
    by_hand = np.maximum(weights @ at[0, :, 0].numpy(), 0)
    model.float()
    np.testing.assert_allclose(grad_cam(model, beats[:1], [3], device="cpu")[0], by_hand, rtol=1e-3, atol=1e-5)


def test_elementwise_map_of_the_cnn_adds_up_to_its_logit(beats):
    model = awake(CNN)
    linear = model.classifier[-1]
    with torch.no_grad():
        linear.weight.abs_()
        logits = model(torch.from_numpy(beats)).numpy()
    maps = grad_cam(model, beats, np.full(20, 2), pooled=False, device="cpu")
    np.testing.assert_allclose(maps.sum(axis=1), logits[:, 2] - float(linear.bias[2].detach()), rtol=1e-4)
    assert not np.allclose(maps, grad_cam(model, beats, np.full(20, 2), device="cpu"))


class OneFeature(nn.Module):
    """Sees upward spikes for class 0, downward ones for class 1."""

    def __init__(self):
        super().__init__()
        first = convolution(1, 2, 1, 4, bias=False)
        with torch.no_grad():
            first.weight.copy_(torch.tensor([1.0, -1.0]).view(2, 1, 1, 1))
        self.features = nn.Sequential(first, nn.ReLU())

    def forward(self, windows):
        return self.features(as_image(windows)).sum(dim=(2, 3))


@pytest.mark.parametrize("place", [0, 40, 200])
def test_the_map_lies_where_the_reason_is(place):
    beat = np.zeros((1, 1, 260), np.float32)
    beat[0, 0, place] = 2.0
    model = OneFeature()
    steps = grad_cam(model, beat, [0], device="cpu")
    assert steps.shape == (1, 65)
    expected = np.zeros(65)
    expected[place // 4] = 2.0
    np.testing.assert_allclose(steps[0], expected)
    assert over_samples(steps, 260)[0].argmax() == place
    assert not grad_cam(model, beat, [1], device="cpu").any()


def test_steps_lie_where_the_convolutions_have_their_middle():
    model = awake(CNN)
    for parameter in model.features.parameters():
        nn.init.ones_(parameter)
    for module in model.features.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            nn.init.zeros_(module.bias)
    for place in (32, 128, 208):
        beat = torch.zeros(1, 1, 260)
        beat[0, 0, place] = 1.0
        seen = model.features(as_image(beat)).detach()[0, 0, 0].numpy()
        assert seen[place // 16] == seen.max()
        spread = over_samples(seen[None], 260)[0]
        assert abs(np.average(np.arange(260), weights=spread) - place) < 4


def test_over_samples_is_numpy_interp():
    steps = np.random.default_rng(0).random((3, 17))
    expected = [np.interp(np.arange(260), np.arange(17) * 16, row) for row in steps]
    np.testing.assert_allclose(over_samples(steps, 260), expected, rtol=1e-5)
    with pytest.raises(ECGError, match="spread"):
        over_samples(np.ones(17), 260)


@pytest.mark.parametrize("training", [True, False])
def test_the_model_comes_back_as_it_was(training, beats):
    model = awake(CNNLSTM).train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with torch.no_grad():
        grad_cam(model, beats, np.zeros(20, int), device="cpu")
    assert model.training is training
    assert not last_features(model)._forward_hooks
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


@pytest.mark.parametrize("make", MODELS)
def test_a_thousand_beats_in_two_seconds_of_one_core(make):
    model, beats = awake(make), np.random.default_rng(0).standard_normal((1000, 1, 260)).astype(np.float32)
    grad_cam(model, beats[:64], np.zeros(64, int), device="cpu")
    started = time.process_time()
    grad_cam(model, beats, np.zeros(1000, int), device="cpu")
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("windows", "targets"),
    [
        (np.zeros((2, 260), np.float32), [0, 0]),
        (np.zeros((2, 1, 260), np.float32), [0]),
        (np.zeros((0, 1, 260), np.float32), []),
        (np.zeros((2, 1, 260), np.float32), [0, 5]),
        (np.zeros((2, 1, 260), np.float32), [0, -1]),
        (np.zeros((2, 1, 260), np.float32), [0.0, 1.0]),
    ],
)
def test_bad_input_is_refused(windows, targets):
    model = CNN()
    with pytest.raises(ECGError):
        grad_cam(model, windows, targets, device="cpu")
    assert not last_features(model)._forward_hooks


def test_a_model_that_hides_its_convolutions_is_refused():
    with pytest.raises(ECGError, match="convolutions end"):
        last_features(nn.Linear(3, 2))
    model = CNN()
    with pytest.raises(ECGError, match="nothing to weigh"):
        grad_cam(model, np.zeros((1, 1, 260), np.float32), [0], layer=model.classifier, device="cpu")


def test_rank_correlation_is_scipys():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 6, (5, 17)).astype(float), rng.random((5, 17))
    expected = [spearmanr(x, y).statistic for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(rank_correlation(a, b), expected)
    assert np.isnan(rank_correlation(np.ones((1, 4)), np.arange(4.0)[None])).all()
    with pytest.raises(ECGError, match="compared"):
        rank_correlation(a, b[:, :5])
