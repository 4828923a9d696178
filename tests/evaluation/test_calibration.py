"""Reliability against scikit-learn and a plain loop; temperature against torch; intervals against brute force."""

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.calibration import calibration_curve

from ecglib.errors import AnnotationError, ECGError
from ecglib.evaluation.calibration import fit_temperature, reliability, with_temperature


def draw(temperature, beats=4000, seeds=1, seed=0):
    """Scores of a model whose logits have to be divided by this temperature to be as sure as it should be."""
    rng = np.random.default_rng(seed)
    logits = 2.5 * rng.normal(size=(seeds, beats, 5))
    logits[1:] = logits[0] + 0.3 * rng.normal(size=logits[1:].shape)
    chance = softmax(logits[0], axis=1).cumsum(axis=1)
    true = np.minimum((chance < rng.random((beats, 1))).sum(axis=1), 4)
    return true, softmax(temperature * logits, axis=-1)


def plain_error(true, scores, bins=15):
    """The definition, bin by bin."""
    sure, right, total = scores.max(axis=1), scores.argmax(axis=1) == true, 0.0
    for k in range(bins):
        inside = (sure > k / bins) & (sure <= (k + 1) / bins)
        if inside.any():
            total += inside.sum() * abs(sure[inside].mean() - right[inside].mean())
    return total / len(true)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_error_is_the_weighted_distance_from_the_diagonal(temperature):
    true, scores = draw(temperature)
    found = reliability(true, scores[0])
    assert found.error.value == pytest.approx(plain_error(true, scores[0]))
    assert found.beats.sum() == 4000
    filled = found.beats > 0
    expected = np.sum(found.beats[filled] * np.abs(found.frequency - found.confidence)[filled]) / 4000
    assert found.error.value == pytest.approx(expected)


@pytest.mark.parametrize("label", list("NSVFQ"))
def test_one_class_is_scikit_learns_calibration_curve(label):
    true, scores = draw(2.0)
    index = "NSVFQ".index(label)
    found = reliability(true, scores[0], label=label, bins=10)
    frequency, confidence = calibration_curve(true == index, scores[0][:, index], n_bins=10)
    filled = found.beats > 0
    np.testing.assert_allclose(found.frequency[filled], frequency)
    np.testing.assert_allclose(found.confidence[filled], confidence)


def test_a_calibrated_model_is_told_from_one_that_is_too_sure():
    true, scores = draw(1.0, beats=20_000)
    calibrated, too_sure = reliability(true, scores[0]), reliability(true, with_temperature(scores[0], 0.5))
    assert calibrated.error.value < 0.015
    assert too_sure.error.low > calibrated.error.high
    busy = too_sure.beats > 200
    assert (too_sure.frequency < too_sure.confidence)[busy].all()
    busy = calibrated.beats > 50
    covered = (calibrated.low <= calibrated.confidence) & (calibrated.confidence <= calibrated.high)
    assert covered[busy].mean() > 0.7


def test_seeds_have_bins_of_their_own_and_are_averaged():
    true, scores = draw(2.0, seeds=3)
    found = reliability(true, scores)
    np.testing.assert_allclose(found.error.by_seed, [plain_error(true, seed) for seed in scores])
    assert found.error.value == pytest.approx(np.mean(found.error.by_seed))
    assert found.beats.sum() == pytest.approx(4000)
    alone = [reliability(true, seed) for seed in scores]
    np.testing.assert_allclose(found.beats, np.mean([one.beats for one in alone], axis=0))


@pytest.mark.parametrize("by_patient", [False, True])
def test_intervals_are_those_of_drawing_again_by_hand(by_patient):
    true, scores = draw(2.0, beats=900)
    patients = np.arange(900) // 60 if by_patient else None
    found = reliability(true, scores[0], patients=patients, resamples=1000)
    rng, errors, shares = np.random.default_rng(7), [], []
    owner = patients if by_patient else np.arange(900)
    members = [np.flatnonzero(owner == k) for k in range(owner.max() + 1)]
    for _ in range(800):
        rows = np.concatenate([members[k] for k in rng.integers(0, len(members), len(members))])
        errors.append(plain_error(true[rows], scores[0][rows]))
        last = scores[0][rows].max(axis=1) > 14 / 15
        shares.append((scores[0][rows].argmax(axis=1) == true[rows])[last].mean())
    np.testing.assert_allclose((found.error.low, found.error.high), np.percentile(errors, [2.5, 97.5]), atol=6e-3)
    np.testing.assert_allclose((found.low[-1], found.high[-1]), np.percentile(shares, [2.5, 97.5]), atol=6e-3)
    assert found.error.method == ("patient bootstrap" if by_patient else "beat bootstrap")
    assert found.error.n == len(members)


def test_empty_bins_are_marked():
    found = reliability([0, 1], [[1.0, 0.0], [1.0, 0.0]], classes=("N", "V"))
    assert found.beats.tolist() == [0.0] * 14 + [2.0]
    for values in (found.confidence, found.frequency, found.low, found.high):
        assert np.isnan(values[:-1]).all()
        assert np.isfinite(values[-1])
    assert found.error.value == 0.5


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_temperature_is_what_torch_finds_on_logits(temperature):
    true, scores = draw(temperature)
    found = fit_temperature(true, scores[0])
    assert found == pytest.approx(temperature, rel=0.1)
    logits, targets = torch.tensor(np.log(scores[0])) + torch.randn(4000, 1), torch.tensor(true)
    logarithm = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([logarithm], max_iter=200, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(logits / logarithm.exp(), targets)
        value.backward()
        return value

    optimizer.step(loss)
    assert found == pytest.approx(logarithm.exp().item(), rel=1e-3)


def test_temperature_changes_confidence_and_no_answer():
    true, scores = draw(2.0)
    for temperature in (0.3, 1.0, 4.0):
        changed = with_temperature(scores, temperature)
        np.testing.assert_array_equal(changed.argmax(axis=-1), scores.argmax(axis=-1))
        np.testing.assert_allclose(changed.sum(axis=-1), 1)
    np.testing.assert_allclose(with_temperature(scores, 1.0), scores, rtol=1e-9)
    cooled = with_temperature(scores[0], fit_temperature(true, scores[0]))
    assert reliability(true, cooled).error.value < reliability(true, scores[0]).error.value / 2


def test_scores_of_exactly_zero_and_one_stay_finite():
    changed = with_temperature(np.array([[1.0, 0.0, 0.0]]), 2.0)
    assert np.isfinite(changed).all()
    assert 0.05 <= fit_temperature([0, 0], [[1.0, 0.0], [1.0, 0.0]], classes=("N", "V")) <= 20


def test_bad_input_is_refused():
    true, scores = draw(1.0, beats=100)
    for call in (reliability, fit_temperature):
        with pytest.raises(ECGError, match="no probabilities"):
            call(true, np.log(scores[0]))
        with pytest.raises(ECGError, match="do not match"):
            call(true[:-1], scores[0])
        with pytest.raises(AnnotationError):
            call(true + 1, scores[0])
    for wrong in ({"label": "X"}, {"bins": 0}):
        with pytest.raises(ECGError, match="reliability of what"):
            reliability(true, scores[0], **wrong)
    with pytest.raises(ECGError, match="too few resamples"):
        reliability(true, scores[0], resamples=3)
    with pytest.raises(ECGError, match="patients"):
        reliability(true, scores[0], patients=np.zeros(100))
    for temperature in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ECGError, match="no such temperature"):
            with_temperature(scores[0], temperature)
