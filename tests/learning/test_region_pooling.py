"""Regions around beats against numpy's interpolation, one beat and one channel at a time."""

import numpy as np
import pytest
import torch

from ecglib.errors import ECGError
from ecglib.learning.region_pooling import pool_regions

torch.set_num_threads(1)


def by_numpy(features, recording, centres, half, bins):
    """(beats, channels, bins): np.interp holds the first and last value beyond the ends."""
    steps = np.arange(features.shape[2])
    found = np.empty((len(recording), features.shape[1], bins))
    for beat, (row, centre) in enumerate(zip(recording, centres, strict=True)):
        width = 2 * half / bins
        places = [centre - half + width / 2 + width * part for part in range(bins)]
        for channel, values in enumerate(features[row]):
            found[beat, channel] = np.interp(places, steps, values)
    return found


@pytest.mark.parametrize(
    ("steps", "half", "bins"), [(125, 5.0, 10), (125, 3.7, 7), (20, 30.0, 9), (1, 2.0, 3), (2, 0.4, 1)]
)
def test_equal_to_numpy_for_any_number_of_beats(steps, half, bins):
    rng = np.random.default_rng(steps)
    features = rng.standard_normal((5, 3, steps))
    recording = np.array([3, 0, 0, 4, 3, 3, 0])  # recordings 1 and 2 have no beats; in any order
    centres = np.array([0.0, steps - 1, steps / 2, -4.5, steps + 7.25, 0.3, 1.0])
    found = pool_regions(torch.from_numpy(features), torch.from_numpy(recording), torch.from_numpy(centres), half, bins)
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found, by_numpy(features, recording, centres, half, bins), atol=1e-12)


def test_single_precision_of_features_and_places():
    rng = np.random.default_rng(1)
    features = rng.standard_normal((4, 2, 125)).astype(np.float32)
    recording, samples = rng.integers(0, 4, 40), rng.integers(0, 1000, 40)
    centres = torch.from_numpy(samples) / 8
    found = pool_regions(torch.from_numpy(features), torch.from_numpy(recording), centres, 5.0, 12)
    wanted = by_numpy(features, recording, samples / 8, 5.0, 12)
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    half = pool_regions(torch.from_numpy(features).bfloat16(), torch.from_numpy(recording), centres, 5.0, 12)
    assert half.dtype == torch.bfloat16
    np.testing.assert_allclose(half.float(), wanted, atol=0.06)


def test_no_beats_at_all_still_have_a_gradient():
    features = torch.randn(3, 4, 20, requires_grad=True)
    found = pool_regions(features, torch.zeros(0, dtype=torch.int64), torch.zeros(0), 2.0, 5)
    assert found.shape == (0, 4, 5)
    found.sum().backward()
    assert torch.equal(features.grad, torch.zeros(3, 4, 20))


def test_a_part_of_a_step_belongs_to_its_middle():
    """On a ramp, each bin reads the place of its own middle."""
    ramp = torch.arange(50.0, dtype=torch.float64).expand(1, 1, 50)
    found = pool_regions(ramp, torch.tensor([0]), torch.tensor([20.5], dtype=torch.float64), 4.0, 4)
    np.testing.assert_allclose(found[0, 0], [17.5, 19.5, 21.5, 23.5])


def test_gradients():
    features = torch.randn(3, 2, 12, dtype=torch.float64, requires_grad=True)
    recording = torch.tensor([0, 2, 2, 2])
    centres = torch.tensor([3.3, 0.1, 11.7, 6.45], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda *both: pool_regions(both[0], recording, both[1], 2.1, 4), (features, centres)
    )


def test_a_beats_gradient_stays_in_its_own_recording_and_region():
    features = torch.randn(3, 2, 30, requires_grad=True)
    pool_regions(features, torch.tensor([1]), torch.tensor([15.0]), 3.0, 6).sum().backward()
    touched = features.grad.abs().sum(dim=1).numpy() > 0
    assert not touched[[0, 2]].any()
    assert np.flatnonzero(touched[1]).tolist() == [12, 13, 14, 15, 16, 17, 18]


@pytest.mark.parametrize(
    ("features", "recording", "centres", "half", "bins"),
    [
        ((3, 20), (4,), (4,), 2.0, 5),
        ((2, 3, 20), (4,), (5,), 2.0, 5),
        ((2, 3, 20), (4, 1), (4, 1), 2.0, 5),
        ((2, 3, 20), (4,), (4,), 0.0, 5),
        ((2, 3, 20), (4,), (4,), float("nan"), 5),
        ((2, 3, 20), (4,), (4,), 2.0, 0),
    ],
)
def test_what_does_not_fit_is_refused(features, recording, centres, half, bins):
    with pytest.raises(ECGError, match="no regions to pool"):
        pool_regions(torch.zeros(features), torch.zeros(recording, dtype=torch.int64), torch.zeros(centres), half, bins)
