"""The CNN with context: what it reads where, and that nothing else gets in."""

import numpy as np
import pytest
import torch
from torch import nn

from ecglib.errors import RecordTooShortError
from ecglib.learning import Examples, fit, predict
from ecglib.models.cnn_context import CNNContext, pack_context


@pytest.mark.parametrize(("leads", "context", "samples"), [(1, 14, 260), (2, 44, 260), (2, 3, 500)])
def test_shapes(leads, context, samples):
    model = CNNContext(context, leads, samples=samples).eval()
    assert model(torch.randn(7, leads + 1, samples)).shape == (7, 5)


def test_packing_keeps_every_number():
    rng = np.random.default_rng(0)
    windows, context = rng.standard_normal((6, 2, 50), np.float32), rng.standard_normal((6, 9), np.float32)
    packed = pack_context(windows, context)
    np.testing.assert_array_equal(packed[:, :2], windows)
    np.testing.assert_array_equal(packed[:, 2, :9], context)
    assert not packed[:, 2, 9:].any()


@pytest.mark.parametrize("shape", [(6, 51), (5, 9)])
def test_context_that_does_not_fit(shape):
    with pytest.raises(RecordTooShortError, match="fit"):
        pack_context(np.zeros((6, 2, 50)), np.zeros(shape))


def test_both_inputs_count_and_nothing_behind_them_does():
    model = CNNContext(context=4).eval()
    packed = torch.randn(3, 2, 260, requires_grad=True)
    model(packed).sum().backward()
    assert (packed.grad[:, 0].abs().sum(1) > 0).all()
    assert (packed.grad[:, 1, :4].abs().sum(1) > 0).all()
    assert not packed.grad[:, 1, 4:].any()


def test_every_parameter_learns():
    model = CNNContext(context=4)
    nn.functional.cross_entropy(model(torch.randn(32, 2, 260)), torch.arange(32) % 5).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_it_learns_what_only_the_context_tells():
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, 400)
    windows = rng.standard_normal((400, 1, 64)).astype(np.float32)
    context = np.stack([1000 + 50 * classes, rng.standard_normal(400)], axis=1)
    examples = Examples(pack_context(windows, context), classes)
    torch.manual_seed(0)
    model = CNNContext(context=2, classes=2, samples=64)
    fit(model, examples.take(np.arange(300)), examples.take(np.arange(300, 400)), epochs=8, seed=0, progress=False,
        batch_size=32, device="cpu")  # fmt: skip
    right = predict(model, examples.take(np.arange(300, 400)), device="cpu").argmax(1) == classes[300:]
    assert right.mean() > 0.95
