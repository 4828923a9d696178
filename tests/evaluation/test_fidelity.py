"""Each measure of fidelity gives what theory says where theory says something, and finds the fault it is for."""

import numpy as np
import pytest
from scipy.fft import dct
from scipy.spatial.distance import cdist
from sklearn.ensemble import RandomForestClassifier

from ecglib.errors import ECGError
from ecglib.evaluation.fidelity import (
    interpolated,
    jittered,
    mixture,
    nearest_neighbours,
    train_on_made,
    two_sample_test,
)


def beats(count: int, seed: int, kind: int = 0, noise: float = 0.01) -> np.ndarray:
    """Windows of one smooth wave each, whose height, place and width vary."""
    random = np.random.default_rng(seed)
    time = np.arange(120) - 60
    height, place, width = (random.normal(mean, spread, (count, 1)) for mean, spread in ((1, 0.2), (0, 5), (8, 1)))
    wave = (height if kind == 0 else -height) * np.exp(-(((time - place) / width) ** 2))
    return (wave + noise * random.standard_normal(wave.shape))[:, None].astype(np.float32)


def test_beats_of_the_same_kind_are_told_apart_by_chance_alone():
    tests = [two_sample_test(beats(100, seed), beats(150, 50 + seed), seed=seed) for seed in range(3)]
    assert np.mean([test.accuracy.value for test in tests]) == pytest.approx(0.5, abs=0.08)
    assert min(test.p_value for test in tests) > 0.005
    assert {test.accuracy.n for test in tests} == {200}
    for test in tests:
        assert test.accuracy.low < test.accuracy.value < test.accuracy.high


@pytest.mark.parametrize("fault", ["larger", "too smooth", "one beat"])
def test_a_fault_is_found(fault):
    real, other = beats(100, 0), beats(100, 1)
    made = {
        "larger": 1.5 * other,
        "too smooth": beats(100, 1, noise=0.002),
        "one beat": np.repeat(other[:1], 100, axis=0),
    }[fault]
    test = two_sample_test(real, made)
    assert test.accuracy.value > 0.7
    assert test.p_value < 1e-6


def test_distances_are_those_of_scipy():
    made, training, unseen = beats(30, 0), beats(40, 1), beats(20, 2)
    found = nearest_neighbours(made, training, unseen)
    distances = cdist(made[:, 0], training[:, 0]) / np.sqrt(120)
    np.testing.assert_allclose(found.made_mV, distances.min(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(found.nearest, distances.argmin(axis=1))
    np.testing.assert_allclose(
        found.unseen_mV, cdist(unseen[:, 0], training[:, 0]).min(axis=1) / np.sqrt(120), rtol=1e-6
    )
    among = np.sort(cdist(unseen[:, 0], unseen[:, 0]), axis=1)[:, 5]
    reached = cdist(unseen[:, 0], made[:, 0]).min(axis=1) <= among
    assert found.coverage == pytest.approx(reached.mean())


def test_copies_are_found_and_fresh_beats_are_not():
    training, unseen = beats(200, 0), beats(100, 1)
    fresh = nearest_neighbours(beats(400, 2), training, unseen)
    assert fresh.nearer_to_training == pytest.approx(0.5, abs=0.1)
    assert fresh.coverage > 0.9
    copies = nearest_neighbours(training + np.float32(1e-4), training, unseen)
    assert copies.nearer_to_training > 0.7
    assert copies.made_mV.max() == pytest.approx(1e-4, rel=0.01)
    assert nearest_neighbours(np.repeat(training[:1], 50, axis=0), training, unseen).coverage < 0.2


def test_made_beats_stand_in_for_their_class_only():
    x, y = np.concatenate([beats(60, 0), beats(60, 1, kind=1)]), np.repeat([0, 3], 60)
    test, truth = np.concatenate([beats(50, 2), beats(50, 3, kind=1)]), np.repeat([0, 3], 50)
    assert (train_on_made(x, y, beats(60, 4, kind=1), np.full(60, 3), test) == truth).mean() > 0.97
    wrong = train_on_made(x, y, beats(60, 4), np.full(60, 3), test)
    assert (wrong[truth == 0] == 3).mean() > 0.2, "beats made in the likeness of class 0 must confuse"
    none = train_on_made(x, y, x[:0], y[:0], test, seed=3)
    low = dct(x[:, 0].astype(float), norm="ortho", axis=1)[:, :30]
    forest = RandomForestClassifier(100, class_weight="balanced_subsample", random_state=3).fit(low, y)
    expected = forest.predict(dct(test[:, 0].astype(float), norm="ortho", axis=1)[:, :30])
    np.testing.assert_array_equal(none, expected)


def test_jittered_beats_stay_near_their_beat():
    real = beats(20, 0)
    made = jittered(real, 300, seed=1)
    assert made.shape == (300, 1, 120)
    assert made.dtype == np.float32
    assert np.ptp(made.argmax(axis=2)) > np.ptp(real.argmax(axis=2))
    flat = jittered(np.ones((1, 1, 120), np.float32), 500, seed=1)
    assert 0.89 < flat.mean(axis=2).min() < 0.93
    assert 1.07 < flat.mean(axis=2).max() <= 1.11
    assert flat.std(axis=2).mean() == pytest.approx(0.01, rel=0.1)


def test_interpolated_beats_lie_on_the_line_to_one_of_five_neighbours():
    real = beats(30, 0)
    flat = real[:, 0].astype(float)
    near = cdist(flat, flat).argsort(axis=1)[:, 1:6]
    for made in interpolated(real, 40, seed=2)[:, 0].astype(float):
        ends = [(flat[i], flat[j]) for i in range(30) for j in near[i]]
        off = min(
            np.linalg.norm(made - a - np.clip((made - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1) * (b - a))
            for a, b in ends
        )
        assert off < 1e-5


def test_mixture_has_mean_and_covariance_of_the_beats():
    random = np.random.default_rng(0)
    real = (random.standard_normal((49, 1)) @ random.standard_normal((1, 30)))[:, None].astype(np.float32)
    made = mixture(real, 4000, seed=1)
    np.testing.assert_allclose(made.mean(axis=0), real.mean(axis=0), atol=0.1)
    np.testing.assert_allclose(np.cov(made[:, 0].T), np.cov(real[:, 0].T), atol=0.25)


@pytest.mark.parametrize("make", [jittered, interpolated, mixture])
def test_same_seed_same_beats(make):
    real = beats(60, 0)
    np.testing.assert_array_equal(make(real, 9, seed=4), make(real, 9, seed=4))
    assert not np.array_equal(make(real, 9, seed=4), make(real, 9, seed=5))


def test_bad_input_is_refused():
    real = beats(20, 0)
    with pytest.raises(ECGError, match="differ in length"):
        two_sample_test(real, real[:, :, :50])
    with pytest.raises(ECGError, match="can't be compared"):
        two_sample_test(real, np.full_like(real, np.nan))
    with pytest.raises(ECGError, match="too few beats"):
        two_sample_test(real, real[:4])
    with pytest.raises(ECGError, match="too few unseen"):
        nearest_neighbours(real, real, real[:5])
    with pytest.raises(ECGError, match="too few beats to interpolate"):
        interpolated(real[:5], 3)
    with pytest.raises(ECGError, match="train a classifier together"):
        train_on_made(real, np.zeros(19), real, np.zeros(20), real)
