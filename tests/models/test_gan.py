"""Generator and critic: shapes, what the class changes, smoothness, and a critic that can't be steep."""

import numpy as np
import pytest
import torch
from scipy.fft import dct, idct
from torch import nn

from ecglib.models.gan import BeatCritic, BeatGenerator


def made(generator, labels, seed=0):
    torch.manual_seed(seed)
    return generator(torch.randn(len(labels), generator.latent), torch.tensor(labels))


@pytest.mark.parametrize("samples", [100, 256, 260, 600])
@pytest.mark.parametrize("batch", [1, 7])
def test_shapes(samples, batch):
    generator, critic = BeatGenerator(samples=samples), BeatCritic(samples=samples)
    classes = torch.arange(batch) % 5
    windows = generator(torch.randn(batch, generator.latent), classes)
    assert windows.shape == (batch, 1, samples)
    assert windows.dtype == torch.float32
    assert critic(windows, classes).shape == (batch,)


def test_every_parameter_learns():
    generator, critic = BeatGenerator(), BeatCritic()
    classes = torch.arange(16) % 5
    critic(generator(torch.randn(16, generator.latent), classes), classes).square().sum().backward()
    for network in (generator, critic):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name


def test_the_class_changes_the_beat_and_its_score():
    torch.manual_seed(0)
    generator, critic = BeatGenerator().eval(), BeatCritic().eval()
    one, other = (made(generator, [label]) for label in (1, 3))
    assert (one - other).abs().max() > 1e-3
    scores = [critic(one, torch.tensor([label])) for label in (1, 3)]
    assert (scores[0] - scores[1]).abs() > 1e-6


def test_the_same_noise_gives_another_texture_as_strong_as_the_grain():
    torch.manual_seed(0)
    generator = BeatGenerator()
    noise, classes = torch.randn(1, generator.latent), torch.tensor([3])
    with torch.inference_mode():
        one, other = (generator(noise, classes) for _ in range(2))
        assert not torch.equal(one, other)
        for grain in generator.grain:
            grain.zero_()
        one, other = (generator(noise, classes) for _ in range(2))
        torch.testing.assert_close(one, other)


def test_the_curve_through_few_samples_is_that_of_the_cosine_transform():
    few = np.random.default_rng(0).standard_normal((3, 65))
    padded = np.pad(dct(few, norm="ortho", axis=1), ((0, 0), (0, 195)))
    expected = idct(padded, norm="ortho", axis=1) * 2
    np.testing.assert_allclose(few @ BeatGenerator().waves.double().numpy(), expected, atol=1e-5)


def test_made_beats_hold_nothing_above_a_quarter_of_the_band():
    torch.manual_seed(0)
    generator = BeatGenerator()
    with torch.inference_mode():
        windows = generator(torch.randn(8, generator.latent), torch.full((8,), 3))[:, 0].double().numpy()
    energy = dct(windows, norm="ortho", axis=1) ** 2
    assert energy[:, 65:].sum() < 1e-9 * energy.sum()


def test_scale_is_millivolts_and_travels_with_the_weights():
    torch.manual_seed(0)
    generator = BeatGenerator().eval()
    before = made(generator, [1, 3])
    generator.scale.fill_(0.25)
    torch.testing.assert_close(made(generator, [1, 3]), 0.25 * before)
    generator.learned[[1, 3]] = True
    copy = BeatGenerator()
    copy.load_state_dict(generator.state_dict())
    torch.testing.assert_close(made(copy, [1, 3]), 0.25 * before)
    assert copy.learned.tolist() == [False, True, False, True, False]


def test_spectral_normalisation_against_singular_values():
    torch.manual_seed(0)
    critic = BeatCritic().train()
    with torch.no_grad():
        for _ in range(200):
            critic(torch.randn(2, 1, 260), torch.tensor([1, 3]))
    critic.eval()
    layers = [layer for layer in critic.modules() if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding)]
    assert len(layers) == 6
    for layer in layers:
        largest = np.linalg.svd(layer.weight.detach().flatten(1).numpy(), compute_uv=False)[0]
        assert largest == pytest.approx(1, abs=0.02), layer


def test_critic_is_the_plain_network_of_its_weights():
    critic = BeatCritic().eval()
    windows, classes = torch.randn(4, 1, 260), torch.tensor([0, 1, 3, 4])
    steps = np.diff(windows.numpy(), axis=2, prepend=windows.numpy()[:, :, :1])
    hidden = torch.cat([windows, 8 * torch.from_numpy(steps)], dim=1)
    convolutions = [layer for layer in critic.features if isinstance(layer, nn.Conv2d)]
    for layer in convolutions:
        width = layer.weight.shape[-1]
        hidden = nn.functional.conv1d(hidden, layer.weight.squeeze(2), layer.bias, layer.stride[1], width // 2)
        hidden = torch.where(hidden > 0, hidden, 0.2 * hidden)
    hidden = hidden.flatten(1) @ critic.features[-2].weight.T + critic.features[-2].bias
    hidden = torch.where(hidden > 0, hidden, 0.2 * hidden)
    expected = hidden @ critic.real.weight[0] + critic.real.bias + (hidden * critic.of_class.weight[classes]).sum(1)
    torch.testing.assert_close(critic(windows, classes), expected, rtol=1e-4, atol=1e-5)
