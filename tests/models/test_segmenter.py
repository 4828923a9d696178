"""The decoder against its layers written out, and on encoders of other shapes."""

import numpy as np
import pytest
import torch
from torch import nn

from ecglib.models.ecg_encoder import ECGEncoder
from ecglib.models.layers import as_image, convolution
from ecglib.models.segmenter import DecoderBlock, Segmenter


class Other(nn.Module):
    """An encoder whose first stage has every sample, and whose steps are 1, 3 and 6."""

    channels, step = 16, 6

    def __init__(self):
        super().__init__()
        sizes = ((3, 8, 1), (8, 24, 3), (24, 16, 2))
        self.layers = nn.ModuleList(convolution(inputs, outputs, 5, stride) for inputs, outputs, stride in sizes)

    def stages(self, x):
        found = []
        for layer in self.layers:
            x = layer(x if x.ndim == 4 else as_image(x))
            found.append(x)
        return [stage.squeeze(2) for stage in found]


def group_norm(layer, x):
    batch, channels, steps = x.shape
    grouped = x.reshape(batch, layer.num_groups, -1)
    scaled = (grouped - grouped.mean(2, keepdims=True)) / np.sqrt(grouped.var(2, keepdims=True) + layer.eps)
    weight, bias = (of.detach().numpy()[:, None] for of in (layer.weight, layer.bias))
    return scaled.reshape(batch, channels, steps) * weight + bias


def test_layers_written_out_in_numpy_give_the_same(plain):
    model = plain.shaken(Segmenter(ECGEncoder(leads=3, width=8), classes=4, leads=3, width=8))
    x = np.random.default_rng(0).standard_normal((2, 3, 101))
    scaled = x / x.std(axis=(1, 2), keepdims=True)
    with torch.no_grad():
        *skips, signal = (stage.numpy() for stage in model.encoder.stages(torch.from_numpy(scaled)))
        found = model(torch.from_numpy(x)).numpy()
    for block, skip in zip(model.blocks, [*skips[::-1], scaled], strict=True):
        steps = skip.shape[2]
        repeated = signal[:, :, np.arange(steps) * signal.shape[2] // steps]
        signal = plain.convolve(block.layers[0], np.concatenate([repeated, skip], axis=1))
        signal = np.maximum(group_norm(block.layers[1], signal), 0)
    kernel = model.classifier.weight.detach().numpy()[:, :, 0, 0]
    expected = np.einsum("kc,bct->bkt", kernel, signal) + model.classifier.bias.detach().numpy()[:, None]
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("samples", [1000, 997, 400])
def test_every_sample_has_scores_on_any_encoder(samples):
    assert Segmenter(ECGEncoder(width=8))(torch.randn(2, 12, samples)).shape == (2, 4, samples)
    assert Segmenter(Other(), classes=5, leads=3)(torch.randn(2, 3, samples)).shape == (2, 5, samples)


def test_an_encoder_elsewhere_and_in_other_numbers_is_taken():
    model = Segmenter(ECGEncoder(width=8).to("meta"))
    assert {parameter.device.type for parameter in model.encoder.parameters()} == {"meta"}
    assert len(model.blocks) == 3
    x = torch.randn(1, 12, 80, dtype=torch.float64)
    assert Segmenter(ECGEncoder(width=8).double()).double()(x).dtype == torch.float64


def test_every_parameter_learns_and_the_gradient_is_the_slope(learns):
    model = Segmenter(ECGEncoder(leads=2, width=8), leads=2, width=8)
    x = torch.randn(2, 2, 64)
    loss = nn.functional.cross_entropy(model(x), torch.arange(128).reshape(2, 64) % 4)
    loss.backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in model.parameters())
    learns.slope(Segmenter(ECGEncoder(leads=2, width=8), leads=2, width=8).double(), x[:1, :, :32])


def test_a_frozen_encoder_gets_no_gradient_and_the_decoder_does():
    model = Segmenter(ECGEncoder(width=8), frozen=True)
    model(torch.randn(2, 12, 200)).sum().backward()
    assert all(parameter.grad is None for parameter in model.encoder.parameters())
    assert all(parameter.grad is not None for parameter in model.blocks.parameters())


def test_what_a_sample_is_called_depends_on_what_lies_near_it():
    torch.manual_seed(0)
    model = Segmenter(ECGEncoder(width=8)).eval()
    x = torch.randn(1, 12, 1000)
    other = x.clone()
    other[:, :, 500] += 0.5
    with torch.no_grad():
        change = (model(other) - model(x)).abs().amax(dim=(0, 1))
    assert change.argmax() in range(480, 521)
    assert change[480:521].max() > 20 * change[:100].max()


def test_decoder_parameters_as_the_page_says():
    model = Segmenter(ECGEncoder())
    own = sum(parameter.numel() for name, parameter in model.named_parameters() if not name.startswith("encoder."))
    assert f"{own:,} parameters" in Segmenter.__doc__


def test_a_block_takes_the_finer_length():
    assert DecoderBlock(4, 2, 8)(torch.zeros(1, 4, 1, 3), torch.zeros(1, 2, 1, 8)).shape == (1, 8, 1, 8)


def test_in_bfloat16_the_scores_are_nearly_the_same_and_the_gradients_finite():
    torch.manual_seed(0)
    model, x = Segmenter(ECGEncoder(width=8)), torch.randn(2, 12, 200)
    exact = model(x)
    with torch.autocast("cpu", torch.bfloat16):
        rough = model(x)
    assert (rough.float() - exact).abs().max() < 0.05 * exact.abs().max()
    rough.float().square().mean().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())
