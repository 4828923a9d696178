"""Shifted and scaled beats: each is some shift and some size of the beat it came from, and no other."""

import numpy as np
import torch

from ecglib.learning import Examples, fit
from ecglib.learning.augment import shift_and_scale
from ecglib.models import CNN


def test_each_beat_is_one_shift_and_one_size_of_itself_in_all_leads():
    torch.manual_seed(0)
    windows = torch.randn(500, 2, 40, dtype=torch.float64)
    changed = shift_and_scale(windows, shift=3, scale=0.2)
    seen, sizes = set(), []
    for beat, found in zip(windows.numpy(), changed.numpy(), strict=True):
        matches = []
        for shift in range(-3, 4):
            places = np.clip(np.arange(40) + shift, 0, 39)
            size = found[0, 20] / beat[0, places[20]]
            if np.allclose(found, size * beat[:, places], rtol=1e-9):
                matches.append((shift, size))
        assert len(matches) == 1
        seen.add(matches[0][0])
        sizes.append(matches[0][1])
    assert seen == set(range(-3, 4))
    assert 0.8 <= min(sizes) < 0.82
    assert 1.18 < max(sizes) <= 1.2


def test_nothing_moves_where_nothing_may():
    windows = torch.randn(5, 1, 30)
    assert torch.equal(shift_and_scale(windows, shift=0, scale=0), windows)


def test_training_sees_the_changed_beats_and_validation_the_true_ones():
    generator = np.random.default_rng(0)
    examples = Examples(generator.standard_normal((48, 1, 260)).astype(np.float32), np.arange(48) % 5)
    seen = []

    def watch(windows):
        seen.append(len(windows))
        return shift_and_scale(windows)

    def train(augment):
        torch.manual_seed(0)
        return fit(
            CNN(), examples, examples, epochs=2, seed=1, batch_size=16, device="cpu", augment=augment, progress=False
        )

    plain, changed, again = train(None), train(watch), train(shift_and_scale)
    assert seen == [16] * 6
    assert [row["loss"] for row in changed.history] == [row["loss"] for row in again.history]
    assert [row["loss"] for row in changed.history] != [row["loss"] for row in plain.history]
