import numpy as np
import pytest
from scipy.stats import norm

from ecglib.errors import ECGError
from ecglib.evaluation import Difference, paired_difference
from ecglib.evaluation.sample_size import recordings_needed


@pytest.mark.parametrize("power", [0.8, 0.9])
def test_so_many_recordings_find_the_difference_so_often(power):
    """Simulation: model A is right in 85 %, B in 80 %, drawn together; the paired z test on the needed number."""
    random = np.random.default_rng(0)
    only_a, only_b = 0.10, 0.05  # the shares in which just one of them is right

    def answers(shape):
        kind = random.choice(3, size=shape, p=[1 - only_a - only_b, only_a, only_b])
        return np.select([kind == 1, kind == 2], [1, -1], 0)

    pilot = answers(10_000)
    true = np.zeros(10_000, dtype=np.int64)
    # Right is class 0; only where the two disagree does it matter which is wrong.
    a, b = (pilot == -1).astype(int), (pilot == 1).astype(int)
    measured = paired_difference(true, a, b, "accuracy", classes=("right", "wrong"), resamples=4000)
    needed = recordings_needed(measured, 0.05, power=power)

    differences = answers((4000, needed))
    z = differences.mean(axis=1) / (differences.std(axis=1, ddof=1) / np.sqrt(needed))
    found = (np.abs(z) > norm.ppf(0.975)).mean()
    assert abs(found - power) < 0.03


def test_twice_as_small_needs_four_times_as_many():
    measured = Difference(0.0, -0.1, 0.1, 1.0, n=100)
    once, half = (recordings_needed(measured, sought) for sought in (0.08, 0.04))
    assert once * 4 == pytest.approx(half, abs=4)
    assert recordings_needed(measured, -0.08) == once


def test_what_just_suffices():
    """An interval as wide as 2 * 1.96 errors, of a difference of (1.96 + 0.84) errors, is today's number."""
    error = 0.01
    measured = Difference(0.5, 0.5 - 1.959964 * error, 0.5 + 1.959964 * error, 0.01, n=119)
    assert recordings_needed(measured, 2.801585 * error) == pytest.approx(119, abs=1)


@pytest.mark.parametrize(
    ("low", "high", "sought", "power"), [(0, 0, 0.1, 0.8), (-1, 1, 0, 0.8), (-1, 1, 0.1, 1.0), (-1, 1, 0.1, 0.05)]
)
def test_refuses_the_impossible(low, high, sought, power):
    with pytest.raises(ECGError, match="no number of recordings"):
        recordings_needed(Difference(0.0, low, high, 1.0, n=10), sought, power=power)
