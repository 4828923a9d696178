"""Alignment and uniformity against loops, and against what they are known to be on a sphere."""

import numpy as np
import pytest
from scipy.special import gamma, iv

from ecglib.errors import ECGError
from ecglib.evaluation.embedding_quality import alignment, uniformity

RANDOM = np.random.default_rng(0)


def unit(rows):
    return [row / np.sqrt((row**2).sum()) for row in rows]


def test_both_are_their_loops():
    first, second = RANDOM.standard_normal((2, 12, 5))
    apart = [((one - other) ** 2).sum() for one, other in zip(unit(first), unit(second), strict=True)]
    assert alignment(first, second) == pytest.approx(np.mean(apart), rel=1e-12)
    points = unit(first)
    pairs = [np.exp(-2 * ((points[i] - points[j]) ** 2).sum()) for i in range(12) for j in range(i)]
    assert uniformity(first) == pytest.approx(np.log(np.mean(pairs)), rel=1e-12)


def test_lengths_do_not_matter():
    first, second = RANDOM.standard_normal((2, 12, 5))
    scale = RANDOM.uniform(0.1, 10, (12, 1))
    assert alignment(scale * first, 3 * second) == pytest.approx(alignment(first, second))
    assert uniformity(scale * first) == pytest.approx(uniformity(first))


@pytest.mark.parametrize("numbers", [2, 3, 16])
def test_points_spread_evenly_have_the_known_uniformity(numbers):
    """The mean of exp(-4 + 4 cos) over a sphere is a Bessel function."""
    points = RANDOM.standard_normal((1200, numbers))
    half = numbers / 2 - 1
    expected = -4 + np.log(gamma(numbers / 2) * (2 / 4) ** half * iv(half, 4))
    assert uniformity(points) == pytest.approx(expected, abs=0.05)


def test_an_encoder_that_gives_one_vector_for_all_is_aligned_and_not_uniform():
    same = np.ones((20, 4))
    assert alignment(same, same) == 0
    assert uniformity(same) == pytest.approx(0, abs=1e-12)


def test_views_that_have_nothing_to_do_with_each_other_are_two_apart():
    first, second = RANDOM.standard_normal((2, 4000, 16))
    assert alignment(first, second) == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("bad", [np.zeros((3, 4)), np.full((3, 4), np.nan), np.ones(4), np.ones((0, 4))])
def test_what_lies_on_no_sphere_is_refused(bad):
    for ask in (lambda: uniformity(bad), lambda: alignment(bad, bad)):
        with pytest.raises(ECGError, match="laid on a sphere") as error:
            ask()
        assert error.value.remedy


def test_a_single_point_and_views_of_other_things_are_refused():
    with pytest.raises(ECGError, match="laid on a sphere"):
        uniformity(np.ones((1, 3)))
    with pytest.raises(ECGError, match="laid on a sphere"):
        alignment(np.ones((3, 4)), np.ones((2, 4)))
