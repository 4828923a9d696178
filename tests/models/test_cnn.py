"""The CNN's contract: shapes, gradients, what a fast layout may not change."""

import pytest
import torch
from torch import nn

from ecglib.models import CNN
from ecglib.models.layers import as_image, convolution


@pytest.mark.parametrize("leads", [1, 2, 12])
@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("batch", [1, 7])
def test_shapes(leads, classes, batch):
    logits = CNN(leads, classes).eval()(torch.randn(batch, leads, 260))
    assert logits.shape == (batch, classes)
    assert logits.dtype == torch.float32


def test_every_parameter_learns():
    model = CNN(leads=2)
    nn.functional.cross_entropy(model(torch.randn(16, 2, 260)), torch.arange(16) % 5).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_beats_of_a_batch_do_not_see_each_other_in_evaluation():
    model = CNN().eval()
    windows = torch.randn(8, 1, 260)
    torch.testing.assert_close(model(windows)[3:4], model(windows[3:4]))


@pytest.mark.parametrize(("width", "stride", "bias"), [(7, 4, False), (5, 2, True), (3, 1, True)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_convolution_is_conv1d(width, stride, bias, layout):
    fast = convolution(3, 8, width, stride, bias=bias).to(memory_format=layout)
    plain = nn.Conv1d(3, 8, width, stride, padding=width // 2, bias=bias)
    plain.load_state_dict(
        {name: value.squeeze(2) if value.dim() == 4 else value for name, value in fast.state_dict().items()}
    )
    signal = torch.randn(4, 3, 61)
    torch.testing.assert_close(fast(as_image(signal)).squeeze(2), plain(signal), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("samples", [100, 256, 600])
def test_windows_of_another_length(samples):
    assert CNN(samples=samples).eval()(torch.randn(2, 1, samples)).shape == (2, 5)
