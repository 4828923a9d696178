"""The encoder against its own maths in NumPy, and where each of its features lies in time."""

import numpy as np
import pytest
import torch
from torch import nn

from ecglib.models.ecg_encoder import ECGEncoder, EncoderBlock


def normalise_groups(layer, x):
    """Shift and scale groups of channels of (batch, channels, samples), each recording by itself."""
    groups = x.reshape(len(x), layer.num_groups, -1)
    variance = groups.var(axis=2, keepdims=True)
    done = ((groups - groups.mean(axis=2, keepdims=True)) / np.sqrt(variance + layer.eps)).reshape(x.shape)
    scale, shift = (part.detach().numpy()[:, None] for part in (layer.weight, layer.bias))
    return done * scale + shift


def chain(plain, layers, x):
    for layer in layers:
        if isinstance(layer, nn.GroupNorm):
            x = normalise_groups(layer, x)
        elif isinstance(layer, EncoderBlock):
            around = x if isinstance(layer.shortcut, nn.Identity) else chain(plain, layer.shortcut, x)
            x = np.maximum(chain(plain, layer.change, x) + around, 0)
        else:
            x = plain.chain([layer], x)
    return x


def test_every_stage_is_its_maths_written_out(plain):
    encoder = plain.shaken(ECGEncoder(leads=3, width=8))
    x = torch.randn(2, 3, 90, dtype=torch.float64)
    expected = [chain(plain, encoder.stem, x.numpy())]
    expected.append(chain(plain, [encoder.middle], expected[0]))
    expected.append(chain(plain, encoder.last, expected[1]))
    stages = encoder.stages(x)
    for stage, maths in zip(stages, expected, strict=True):
        np.testing.assert_allclose(stage.detach().numpy(), maths, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(encoder(x), stages[-1])


@pytest.mark.parametrize("samples", [1000, 500, 999, 8, 3])
@pytest.mark.parametrize(("leads", "width"), [(12, 32), (1, 8)])
def test_shapes(samples, leads, width):
    encoder = ECGEncoder(leads, width)
    stages = encoder.stages(torch.randn(2, leads, samples))
    assert [stage.shape[1] for stage in stages] == [width, 2 * width, 4 * width]
    assert [stage.shape[2] for stage in stages] == [-(-samples // step) for step in (2, 4, 8)]
    assert (encoder.channels, encoder.step) == (4 * width, 8)


def without_normalisation(encoder):
    for module in encoder.modules():
        for name, layer in list(module.named_children()):
            if isinstance(layer, nn.GroupNorm):
                setattr(module, name, nn.Identity())
    return encoder


@pytest.mark.parametrize("sample", [400, 403, 404])
def test_convolutions_are_centred_on_eight_times_their_step_and_reach_as_far_as_the_documentation_says(sample):
    encoder = without_normalisation(ECGEncoder(leads=1, width=8))
    for layer in encoder.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.ones_(layer.weight)
    impulse = torch.zeros(1, 1, 800)
    impulse[0, 0, sample] = 1
    for step, stage in zip((2, 4, 8), encoder.stages(impulse), strict=True):
        reached = step * stage[0, 0].nonzero()[:, 0]
        reach = {2: 3, 4: 15, 8: 71}[step]
        assert reached.tolist() == [at for at in range(0, 800, step) if abs(at - sample) <= reach]
    assert "0.71 s" in ECGEncoder.__doc__


def test_only_the_normalisation_sees_farther_than_the_convolutions():
    encoder = ECGEncoder(width=8)
    x = torch.randn(1, 12, 800)
    louder = torch.cat([x[..., :400], 10 * x[..., 400:]], dim=-1)
    far = slice(0, 40)  # until sample 312: more than 71 before what is louder
    assert (encoder(x)[..., far] - encoder(louder)[..., far]).abs().max() > 0.1
    without_normalisation(encoder)
    torch.testing.assert_close(encoder(x)[..., far], encoder(louder)[..., far])


def test_it_is_as_large_as_its_documentation_says():
    parameters = sum(parameter.numel() for parameter in ECGEncoder().parameters())
    assert f"{parameters:,} parameters" in ECGEncoder.__doc__
    assert 300_000 <= parameters <= 600_000


def test_recordings_of_a_batch_do_not_see_each_other_even_in_training():
    encoder = ECGEncoder(width=8).train()
    x = torch.randn(4, 12, 200)
    torch.testing.assert_close(encoder(x)[2:3], encoder(x[2:3]))


def test_every_parameter_learns(learns):
    learns.everywhere(nn.Sequential(ECGEncoder(width=8), nn.AdaptiveAvgPool1d(1), nn.Flatten()), torch.randn(8, 12, 80))


def test_the_gradient_is_the_slope(plain, learns):
    learns.slope(plain.shaken(ECGEncoder(leads=2, width=8)), torch.randn(2, 2, 40))


def test_the_recordings_that_go_in_are_left_as_they_were():
    x = torch.randn(2, 12, 80)
    before = x.clone()
    ECGEncoder(width=8)(x)
    torch.testing.assert_close(x, before)
