"""The layers of the networks once more, in plain NumPy and float64: what the models are compared with."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn


def shaken(model, seed=0):
    """Give every weight, and every statistic of a batch normalisation, another value: fresh ones hide mistakes."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.running_mean.normal_()
                layer.running_var.uniform_(0.5, 2)
    return model.double().eval()


def convolve(layer, x):
    """Slide the kernel of a convolution along (batch, channels, samples) padded with zeros."""
    kernel, (_, stride), (_, pad), (_, gap) = (
        numbers(layer.weight)[:, :, 0],
        layer.stride,
        layer.padding,
        layer.dilation,
    )
    padded, reach = np.pad(x, ((0, 0), (0, 0), (pad, pad))), (kernel.shape[2] - 1) * gap + 1
    places = range(0, padded.shape[2] - reach + 1, stride)
    return np.stack([np.tensordot(padded[:, :, at : at + reach : gap], kernel, ([1, 2], [1, 2])) for at in places], 2)


def normalise(layer, x):
    """Shift and scale each channel of (batch, channels, samples) by what a batch normalisation has stored."""
    mean, variance, scale, shift = (
        numbers(of)[:, np.newaxis] for of in (layer.running_mean, layer.running_var, layer.weight, layer.bias)
    )
    return (x - mean) / np.sqrt(variance + layer.eps) * scale + shift


def chain(layers, x):
    """Pass (batch, channels, samples) through convolutions, normalisations and rectifiers."""
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            x = convolve(layer, x)
        elif isinstance(layer, nn.BatchNorm2d):
            x = normalise(layer, x)
        else:
            assert isinstance(layer, nn.ReLU)
            x = np.maximum(x, 0)
    return x


def remember(layer, steps):
    """Run a long short-term memory over (batch, steps, features) in both directions, gate by gate."""
    found = []
    for suffix, order in (("", slice(None)), ("_reverse", slice(None, None, -1))):
        into, back, bias_in, bias_back = (
            numbers(getattr(layer, f"{name}_l0{suffix}")) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        held = cell = np.zeros((len(steps), layer.hidden_size))
        outputs = []
        for step in steps[:, order].swapaxes(0, 1):
            gates = step @ into.T + bias_in + held @ back.T + bias_back
            enter, forget, new, leave = np.split(gates, 4, axis=1)
            cell = sigmoid(forget) * cell + sigmoid(enter) * np.tanh(new)
            held = sigmoid(leave) * np.tanh(cell)
            outputs.append(held)
        found.append(np.stack(outputs, axis=1)[:, order])
    return np.concatenate(found, axis=2)


def linear(layer, x):
    """Multiply by a linear layer's weights, and add its bias if it has one."""
    return x @ numbers(layer.weight).T + (0 if layer.bias is None else numbers(layer.bias))


def numbers(tensor):
    return tensor.detach().numpy()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def assert_every_parameter_learns(model, windows):
    model.train()
    torch.manual_seed(0)
    nn.functional.cross_entropy(model(windows), torch.arange(len(windows)) % 5).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def assert_gradient_is_the_slope(model, windows):
    """The gradient with respect to the windows, against finite differences (float64)."""
    inputs = windows.double().requires_grad_()
    assert torch.autograd.gradcheck(model, (inputs,), eps=1e-6, atol=1e-5, fast_mode=True)


@pytest.fixture
def plain():
    return SimpleNamespace(
        shaken=shaken, chain=chain, normalise=normalise, convolve=convolve, remember=remember, linear=linear
    )


@pytest.fixture
def learns():
    return SimpleNamespace(everywhere=assert_every_parameter_learns, slope=assert_gradient_is_the_slope)
