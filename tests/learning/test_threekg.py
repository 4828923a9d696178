"""Views that 3KG makes, taken apart again: what was turned, stretched and hidden must lie within what was promised."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from scipy.stats import kstest
from torch.utils._python_dispatch import TorchDispatchMode

from ecglib.errors import ECGError, LeadError
from ecglib.learning.threekg import ThreeKG, rotation_matrices
from ecglib.signals.vcg import twelve_leads, vectorcardiogram

torch.set_num_threads(1)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def recordings(batch, samples=16, kind=torch.float64):
    return torch.randn(batch, 12, samples, generator=seeded(99), dtype=kind)


def taken_apart(ecg, views):
    """Angles in degrees about X, Y, Z and factors, (batch, 3) each, found from the loops before and after."""
    before, after = (vectorcardiogram(some.double()).numpy() for some in (ecg, views.ecg))
    angles, factors = [], []
    for one, other in zip(before, after, strict=True):
        change = np.linalg.lstsq(one.T, other.T, rcond=None)[0].T
        np.testing.assert_allclose(change @ one, other, atol=1e-5)
        factor = np.linalg.norm(change, axis=1)
        turn = change / factor[:, None]
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-4)
        assert np.linalg.det(turn) == pytest.approx(1, abs=1e-4)
        angles.append(Rotation.from_matrix(turn).as_euler("xyz", degrees=True))
        factors.append(factor)
    return np.array(angles), np.array(factors)


def test_rotations_are_scipys_and_orthonormal():
    angles = (2 * torch.rand(50, 3, dtype=torch.float64, generator=seeded()) - 1) * torch.pi
    found = rotation_matrices(angles)
    np.testing.assert_allclose(found, Rotation.from_euler("xyz", angles.numpy()).as_matrix(), atol=1e-12)
    np.testing.assert_allclose(found @ found.mT, np.broadcast_to(np.eye(3), found.shape), atol=1e-12)
    np.testing.assert_allclose(torch.linalg.det(found), 1, atol=1e-12)


def test_loops_are_turned_and_stretched_uniformly_within_the_limits():
    ecg = recordings(800)
    angles, factors = taken_apart(ecg, ThreeKG(masked=0)(ecg, seeded(1)))
    for axis in range(3):
        assert kstest(angles[:, axis], "uniform", args=(-45, 90)).pvalue > 0.01
        assert kstest(factors[:, axis], "uniform", args=(1, 0.5)).pvalue > 0.01
    independent = np.corrcoef(np.hstack([angles, factors]).T) - np.eye(6)
    assert np.abs(independent).max() < 0.15


def test_other_limits_are_kept():
    ecg = recordings(100)
    angles, factors = taken_apart(ecg, ThreeKG(rotation=10, scaling=2, masked=0)(ecg, seeded()))
    assert 9 < np.abs(angles).max() <= 10 + 1e-4
    assert 1.9 < factors.max() <= 2
    assert 1 <= factors.min() < 1.1


def test_leads_of_a_view_are_those_that_a_loop_can_make():
    view = ThreeKG(masked=0)(recordings(3, 200), seeded()).ecg
    torch.testing.assert_close(twelve_leads(vectorcardiogram(view)), view)
    torch.testing.assert_close(view[:, 2], view[:, 1] - view[:, 0])
    torch.testing.assert_close(view[:, 3] + view[:, 4] + view[:, 5], torch.zeros(3, 200, dtype=torch.float64))


def test_without_rotation_scaling_and_mask_only_what_the_loop_can_not_hold_is_lost():
    ecg = recordings(4, 50)
    view, hidden = ThreeKG(rotation=0, scaling=1, masked=0)(ecg, seeded())
    torch.testing.assert_close(view, twelve_leads(vectorcardiogram(ecg)))
    assert not hidden.any()


@pytest.mark.parametrize(
    ("masked", "samples", "length"), [(0.5, 1000, 500), (0.5, 25, 12), (0.3, 1000, 300), (0.9, 10, 9)]
)
def test_one_piece_of_each_lead_is_hidden(masked, samples, length):
    ecg = recordings(60, samples)
    view, hidden = ThreeKG(masked=masked)(ecg, seeded(2))
    whole, _ = ThreeKG(masked=0)(ecg, seeded(2))
    assert torch.equal(view, torch.where(hidden, 0, whole))
    assert (hidden.sum(dim=2) == length).all()
    steps = np.diff(hidden.numpy().astype(int), axis=2, prepend=0, append=0)
    assert (np.count_nonzero(steps == 1, axis=2) == 1).all()
    starts = steps.argmax(axis=2)
    assert starts.min() >= 0
    assert starts.max() <= samples - length


def test_pieces_begin_anywhere_and_each_lead_has_its_own():
    _, hidden = ThreeKG()(recordings(300, 1000), seeded(3))
    starts = hidden.to(torch.uint8).argmax(dim=2).numpy()
    assert kstest(starts.ravel() + 0.5, "uniform", args=(0, 501)).pvalue > 0.01
    assert np.abs(np.corrcoef(starts.T) - np.eye(12)).max() < 0.25
    assert (np.ptp(starts, axis=1) > 50).all()


def test_a_seed_decides_the_view_and_the_views_differ():
    ecg = recordings(5, 100, torch.float32)
    state = torch.get_rng_state()
    first, again, other = (ThreeKG()(ecg, seeded(seed)) for seed in (7, 7, 8))
    assert torch.equal(first.ecg, again.ecg)
    assert torch.equal(first.hidden, again.hidden)
    assert not torch.equal(first.hidden, other.hidden)
    assert torch.equal(torch.get_rng_state(), state)
    generator = seeded(7)
    one, next_one = (ThreeKG()(ecg, generator) for _ in range(2))
    assert torch.equal(one.ecg, first.ecg)
    assert not torch.equal(next_one.ecg, first.ecg)


def test_types_stay_and_mixed_precision_rounds_nothing():
    ecg = recordings(3, 100, torch.float32)
    plain = ThreeKG()(ecg, seeded()).ecg
    assert plain.dtype == torch.float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = ThreeKG()(ecg, seeded()).ecg
    assert torch.equal(mixed, plain)
    torch.testing.assert_close(ThreeKG()(ecg.double(), seeded()).ecg, plain.double(), atol=1e-5, rtol=1e-5)


def test_no_recordings_no_views():
    view = ThreeKG()(torch.zeros(0, 12, 1000), seeded())
    assert view.ecg.shape == view.hidden.shape == (0, 12, 1000)


def test_a_larger_batch_takes_no_more_operations():
    class Count(TorchDispatchMode):
        operations = 0

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            self.operations += 1
            return function(*args, **(kwargs or {}))

    counts = []
    for batch in (2, 40):
        with Count() as count:
            ThreeKG()(recordings(batch, 100), seeded())
        counts.append(count.operations)
    assert counts[0] == counts[1] > 10


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_views_of_a_seed_are_the_same_on_a_gpu():
    ecg = recordings(8, 1000, torch.float32)
    here, there = ThreeKG()(ecg, seeded()), ThreeKG()(ecg.cuda(), seeded())
    torch.testing.assert_close(there.ecg.cpu(), here.ecg, atol=1e-5, rtol=1e-4)
    assert torch.equal(there.hidden.cpu(), here.hidden)


@pytest.mark.parametrize(
    "settings", [{"rotation": -1}, {"rotation": 181}, {"scaling": 0.9}, {"masked": 1}, {"masked": -0.1}]
)
def test_impossible_views_are_refused(settings):
    with pytest.raises(ECGError, match="no such views"):
        ThreeKG(**settings)


@pytest.mark.parametrize("shape", [(12, 1000), (4, 8, 1000)])
def test_other_than_a_batch_of_twelve_leads_is_refused(shape):
    with pytest.raises(LeadError, match="no recordings to make views of"):
        ThreeKG()(torch.zeros(shape), seeded())
