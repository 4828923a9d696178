"""Shifted and scaled recordings, against the shift and scale of each, found by search."""

import numpy as np
import torch

from ecglib.learning.augment_leads import SCALE, SHIFT, shift_and_scale_leads
from ecglib.signals.wave_labels import UNKNOWN


def drawn(labels=None, batch=64, samples=400):
    torch.manual_seed(0)
    x = torch.randn(batch, 3, samples)
    y = torch.randint(0, 4, (batch, samples)) if labels is None else labels
    return (x, y, *shift_and_scale_leads(x, y))


def test_leads_move_together_with_their_labels_and_are_scaled_by_themselves():
    x, y, moved, labels = (of.numpy() for of in drawn())
    shifts, factors = [], []
    for one, true, other, known in zip(x, y, moved, labels, strict=True):
        padded = np.pad(one, ((0, 0), (SHIFT, SHIFT)), mode="edge")
        fits = [
            shift
            for shift in range(-SHIFT, SHIFT + 1)
            if abs(np.corrcoef(padded[0, SHIFT + shift : SHIFT + shift + 400], other[0])[0, 1]) > 0.9999
        ]
        assert len(fits) == 1
        window = padded[:, SHIFT + fits[0] : SHIFT + fits[0] + 400]
        factor = (other * window).sum(axis=1) / (window**2).sum(axis=1)
        np.testing.assert_allclose(other, factor[:, None] * window, atol=1e-5)
        expected = np.pad(true, SHIFT, constant_values=UNKNOWN)[SHIFT + fits[0] : SHIFT + fits[0] + 400]
        np.testing.assert_array_equal(known, expected)
        shifts.append(fits[0])
        factors.append(factor)
    assert min(shifts) < -SHIFT / 2
    assert max(shifts) > SHIFT / 2
    factors = np.array(factors)
    assert np.abs(factors - 1).max() <= SCALE + 1e-5
    assert factors.std(axis=1).min() > 0
    assert np.abs(factors - 1).max() > 0.9 * SCALE


def test_labels_of_whole_recordings_stay():
    labels = torch.eye(64, 5)
    *_, moved, found = drawn(labels)
    assert found is labels
    assert moved.shape == (64, 3, 400)


def test_chance_comes_from_the_generator():
    first, again = drawn()[2], drawn()[2]
    assert torch.equal(first, again)
