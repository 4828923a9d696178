"""The ResNet-1D against its own maths in NumPy, and the short cut for what it is there for."""

import numpy as np
import pytest
import torch
from torch import nn

from ecglib.models import ResNet1D
from ecglib.models.resnet1d import ResidualBlock


def written_out(plain, block, x):
    around = x if isinstance(block.shortcut, nn.Identity) else plain.chain(block.shortcut, x)
    return np.maximum(plain.chain(block.change, x) + around, 0)


@pytest.mark.parametrize(("inputs", "outputs", "stride"), [(8, 8, 1), (8, 16, 2), (8, 8, 2), (8, 16, 1)])
@pytest.mark.parametrize("samples", [1, 32, 33])
def test_block_is_its_maths_written_out(plain, inputs, outputs, stride, samples):
    block = plain.shaken(ResidualBlock(inputs, outputs, stride))
    signal = torch.randn(3, inputs, 1, samples, dtype=torch.float64)
    found = block(signal)
    assert found.shape == (3, outputs, 1, -(-samples // stride))
    expected = written_out(plain, block, signal[:, :, 0].numpy())
    np.testing.assert_allclose(found[:, :, 0].detach().numpy(), expected, rtol=1e-9, atol=1e-9)


def test_logits_are_those_of_the_maths_written_out(plain):
    model = plain.shaken(ResNet1D(leads=2))
    windows = torch.randn(3, 2, 260, dtype=torch.float64)
    signal = plain.chain(model.stem, windows.numpy())
    for block in model.blocks:
        signal = written_out(plain, block, signal)
    assert signal.shape == (3, 64, 17)
    expected = plain.linear(model.classifier[-1], signal.mean(axis=2))
    np.testing.assert_allclose(model(windows).detach().numpy(), expected, rtol=1e-9, atol=1e-9)


def test_a_block_that_changes_nothing_lets_a_signal_and_its_gradient_through():
    block = ResidualBlock(8, 8).eval()
    nn.init.zeros_(block.change[-1].weight)
    signal = torch.rand(3, 8, 1, 32, requires_grad=True)
    out = block(signal)
    torch.testing.assert_close(out, signal)
    out.sum().backward()
    torch.testing.assert_close(signal.grad, torch.ones_like(signal))


def test_the_signal_that_goes_in_is_left_as_it_was():
    """The rectifiers work in place; the short cut needs what went in."""
    block, signal = ResidualBlock(8, 8).eval(), torch.randn(3, 8, 1, 32)
    before = signal.clone()
    block(signal)
    torch.testing.assert_close(signal, before)


@pytest.mark.parametrize("samples", [1, 100, 260, 600])
@pytest.mark.parametrize(("leads", "classes", "batch"), [(1, 5, 1), (2, 4, 7), (12, 2, 7)])
def test_shapes(leads, classes, batch, samples):
    logits = ResNet1D(leads, classes).eval()(torch.randn(batch, leads, samples))
    assert logits.shape == (batch, classes)
    assert logits.dtype == torch.float32


@pytest.mark.parametrize("shape", [(4, 2, 260), (4, 1, 0)])
def test_windows_that_do_not_fit_are_refused(shape):
    with pytest.raises(RuntimeError):
        ResNet1D().eval()(torch.randn(shape))


def test_every_parameter_learns(learns):
    learns.everywhere(ResNet1D(leads=2), torch.randn(16, 2, 260))


def test_the_gradient_is_the_slope(plain, learns):
    learns.slope(plain.shaken(ResNet1D()), torch.randn(2, 1, 260))


def test_beats_of_a_batch_do_not_see_each_other_in_evaluation():
    model = ResNet1D().eval()
    windows = torch.randn(8, 1, 260)
    torch.testing.assert_close(model(windows)[3:4], model(windows[3:4]))
