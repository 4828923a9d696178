"""The SE-ResNet against its own maths in NumPy, and the gate for what it is there for."""

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn

from ecglib.models.se_resnet import SEBlock, SEResNet, SqueezeExcitation


def convolve(layer, x):
    """Slide the square kernel of a convolution over (batch, channels, scales, times) padded with zeros."""
    kernel, stride, pad = layer.weight.detach().numpy(), layer.stride[0], layer.padding[0]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    patches = sliding_window_view(padded, kernel.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("bihwkl,oikl->bohw", patches, kernel)


def weigh(plain, layer, x):
    """Squeeze to channel means, excite through two linear layers, and multiply."""
    hidden = np.maximum(plain.linear(layer.gate[0], x.mean(axis=(2, 3))), 0)
    return x / (1 + np.exp(-plain.linear(layer.gate[2], hidden)))[:, :, None, None]


def chain(plain, layers, x):
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            x = convolve(layer, x)
        elif isinstance(layer, nn.BatchNorm2d):
            x = plain.normalise(layer, x.reshape(*x.shape[:2], -1)).reshape(x.shape)
        elif isinstance(layer, SqueezeExcitation):
            x = weigh(plain, layer, x)
        else:
            assert isinstance(layer, nn.ReLU)
            x = np.maximum(x, 0)
    return x


def written_out(plain, block, x):
    around = x if isinstance(block.shortcut, nn.Identity) else chain(plain, block.shortcut, x)
    return np.maximum(chain(plain, block.change, x) + around, 0)


@pytest.mark.parametrize(("channels", "reduction", "hidden"), [(16, 4, 4), (8, 8, 1), (6, 4, 1)])
def test_gate_is_its_maths_written_out(plain, channels, reduction, hidden):
    gate = plain.shaken(SqueezeExcitation(channels, reduction))
    assert gate.gate[0].out_features == hidden
    image = torch.randn(3, channels, 5, 7, dtype=torch.float64)
    np.testing.assert_allclose(gate(image).detach().numpy(), weigh(plain, gate, image.numpy()), rtol=1e-12)


@pytest.mark.parametrize(("inputs", "outputs", "stride"), [(8, 8, 1), (8, 16, 2), (8, 8, 2), (8, 16, 1)])
@pytest.mark.parametrize(("scales", "times"), [(1, 1), (8, 9), (7, 4)])
def test_block_is_its_maths_written_out(plain, inputs, outputs, stride, scales, times):
    block = plain.shaken(SEBlock(inputs, outputs, stride))
    image = torch.randn(3, inputs, scales, times, dtype=torch.float64)
    found = block(image)
    assert found.shape == (3, outputs, -(-scales // stride), -(-times // stride))
    np.testing.assert_allclose(found.detach().numpy(), written_out(plain, block, image.numpy()), rtol=1e-9, atol=1e-9)


def test_features_and_logits_are_those_of_the_maths_written_out(plain):
    model = plain.shaken(SEResNet(width=8))
    scalograms = torch.rand(3, 32, 30, dtype=torch.float64)
    image = chain(plain, model.stem, scalograms.numpy()[:, None])
    assert image.shape == (3, 8, 16, 15)
    for block in model.blocks:
        image = written_out(plain, block, image)
    assert image.shape == (3, 32, 4, 4)
    features = image.mean(axis=(2, 3))
    np.testing.assert_allclose(model.features(scalograms).detach().numpy(), features, rtol=1e-9, atol=1e-9)
    expected = plain.linear(model.classifier[-1], features)
    np.testing.assert_allclose(model(scalograms).detach().numpy(), expected, rtol=1e-9, atol=1e-9)


def test_a_closed_gate_leaves_the_short_cut_alone():
    block = SEBlock(8, 8).eval()
    nn.init.constant_(block.change[-1].gate[2].bias, -1e4)
    image = torch.rand(3, 8, 6, 6, requires_grad=True)
    out = block(image)
    torch.testing.assert_close(out, image)
    out.sum().backward()
    torch.testing.assert_close(image.grad, torch.ones_like(image))


def test_the_image_that_goes_in_is_left_as_it_was():
    """The rectifiers work in place; the short cut needs what went in."""
    block, image = SEBlock(8, 8).eval(), torch.randn(3, 8, 6, 6)
    before = image.clone()
    block(image)
    torch.testing.assert_close(image, before)


@pytest.mark.parametrize(("scales", "times"), [(32, 32), (1, 1), (24, 40)])
@pytest.mark.parametrize(("classes", "width", "batch"), [(6, 8, 1), (5, 16, 7)])
def test_shapes(classes, width, batch, scales, times):
    model = SEResNet(classes, width).eval()
    scalograms = torch.rand(batch, scales, times)
    assert model(scalograms).shape == (batch, classes)
    assert model.features(scalograms).shape == (batch, model.feature_count) == (batch, 4 * width)


def test_it_is_as_small_as_its_documentation_says():
    model, multiply_adds = SEResNet().eval(), []

    def count(layer, _, out):
        places = out[0, 0].numel() if isinstance(layer, nn.Conv2d) else 1
        multiply_adds.append(layer.weight.numel() * places)

    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(count)
    model(torch.zeros(1, 32, 32))
    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert f"{parameters:,} parameters" in SEResNet.__doc__
    assert f"{sum(multiply_adds) / 1e6:.1f} million multiply-adds" in SEResNet.__doc__


def test_every_parameter_learns(learns):
    learns.everywhere(SEResNet(), torch.rand(16, 32, 32))


def test_the_gradient_is_the_slope(plain, learns):
    learns.slope(plain.shaken(SEResNet(width=8)), torch.rand(2, 16, 16))


def test_segments_of_a_batch_do_not_see_each_other_in_evaluation():
    model = SEResNet().eval()
    scalograms = torch.rand(8, 32, 32)
    torch.testing.assert_close(model(scalograms)[3:4], model(scalograms[3:4]))
