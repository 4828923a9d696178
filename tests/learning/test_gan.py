"""The GAN learns each class's shape, repeats itself, and refuses what it can't do."""

import numpy as np
import pytest
import torch

from ecglib.errors import ECGError
from ecglib.learning import Examples
from ecglib.learning.gan import fit_gan, generate, vary
from ecglib.learning.weights import load_weights, save_weights
from ecglib.models.gan import BeatGenerator

TIME = (np.arange(104) - 40) / 144
SHAPES = {1: np.cos(2 * np.pi * TIME / 0.7), 3: np.sin(2 * np.pi * TIME / 0.7)}


def bumps(beats: int = 300, seed: int = 0) -> Examples:
    """Class 1 is a cosine, class 3 a sine, class 0 noise that nobody shall learn."""
    random = np.random.default_rng(seed)
    y = random.choice([0, 1, 3], beats, p=[0.4, 0.5, 0.1])
    shapes = np.stack([SHAPES.get(label, 5 * random.standard_normal(104)) for label in y])
    x = random.uniform(0.7, 1.3, (beats, 1)) * shapes + 0.1 * random.standard_normal((beats, 104))
    return Examples(x[:, None].astype(np.float32), y)


def trained(**settings):
    settings = {"steps": 3, "batch_size": 16, "seed": 0, "device": "cpu", "progress": False} | settings
    return fit_gan(settings.pop("train", bumps()), **settings)


def state(generator):
    return {name: tensor.numpy().tobytes() for name, tensor in generator.state_dict().items()}


def test_it_learns_the_shape_of_each_class():
    generator, done = trained(steps=250, batch_size=24, learning_rate=1e-3)
    beats, labels = generate(generator, {1: 50, 3: 50}, seed=1)
    for label, other in ((1, 3), (3, 1)):
        mean = beats[labels == label, 0].mean(axis=0)
        likeness = [np.corrcoef(mean, SHAPES[shape])[0, 1] for shape in (label, other)]
        assert likeness[0] > 0.6, label
        assert likeness[0] > likeness[1] + 0.3, label
        assert 0.5 < np.ptp(mean) / np.ptp(SHAPES[label]) < 2, label
    assert done.beats == {label: int((bumps().targets == label).sum()) for label in (1, 3)}
    assert [row["step"] for row in done.history] == [100, 200, 250]
    assert done.history[0].keys() == {"step", "critic_loss", "generator_loss", "real", "made"}


def test_same_seed_same_weights_whatever_the_caller_did():
    one, _ = trained()
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        torch.manual_seed(99)
        np.random.seed(99)  # noqa: NPY002
        before = torch.get_rng_state()
        two, _ = trained()
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert state(one) == state(two)
    assert state(one) != state(trained(seed=1)[0])


def test_watching_changes_nothing():
    seen = []

    def watch(generator):
        seen.append(generate(generator, {1: 2}, seed=0)[0])
        torch.randn(1)
        return float(len(seen))

    watched, done = trained(steps=4, every=2, watch=watch)
    assert [row["watched"] for row in done.history] == [1.0, 2.0]
    assert not np.array_equal(*seen)
    assert state(watched) == state(trained(steps=4, every=2)[0])


def test_only_training_rows_of_the_chosen_classes_are_read():
    examples = bumps()
    broken = examples.x.copy()
    broken[examples.y == 0] = np.nan
    half = np.arange(150)
    broken[150:] = np.nan
    one, _ = trained(train=examples.take(half))
    two, _ = trained(train=Examples(broken, examples.y).take(half))
    assert state(one) == state(two)


def test_beats_come_in_the_order_and_number_asked_for_and_depend_on_the_seed_alone(tmp_path):
    generator, _ = trained()
    beats, labels = generate(generator, {3: 1030, 1: 2}, seed=5)
    assert beats.shape == (1032, 1, 104)
    assert beats.dtype == np.float32
    assert labels.dtype == np.int64
    assert labels.tolist() == [3] * 1030 + [1] * 2
    save_weights(generator, tmp_path / "generator.safetensors")
    again = load_weights(BeatGenerator(samples=104), tmp_path / "generator.safetensors")
    np.testing.assert_array_equal(generate(again, {3: 1030, 1: 2}, seed=5)[0], beats)
    assert not np.array_equal(generate(again, {3: 1030, 1: 2}, seed=6)[0], beats)


def test_a_class_that_it_never_saw_is_refused():
    generator, _ = trained(classes=[3])
    with pytest.raises(ECGError, match="doesn't know these classes") as error:
        generate(generator, {3: 2, 1: 2}, seed=0)
    assert error.value.found == "[1]"
    assert error.value.remedy


@pytest.mark.parametrize("classes", [(), (1, 2), (4,)])
def test_too_few_beats_are_refused(classes):
    with pytest.raises(ECGError, match="too few beats"):
        trained(classes=classes)


def test_a_loss_that_is_no_number_is_refused():
    examples = bumps()
    x = examples.x.copy()
    x[examples.y == 1] = np.nan
    with pytest.raises(ECGError, match="no longer a number"):
        trained(train=Examples(x, examples.y))


def test_what_the_critic_sees_is_scaled_and_shifted_and_no_more():
    torch.manual_seed(0)
    beats = torch.zeros(200, 1, 260)
    beats[:, :, 130] = 1
    beats.requires_grad_()
    varied = vary(beats)
    heights, places = varied.detach()[:, 0].max(dim=1)
    assert 0.9 <= heights.min() < 0.92
    assert 1.08 < heights.max() <= 1.1
    assert (places.min(), places.max()) == (120, 140)
    assert (varied.detach() > 0).sum() == 200
    varied.sum().backward()
    assert beats.grad[:, :, 130].min() >= 0.9
