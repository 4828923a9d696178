"""Beat-score maps against a loop over segments in NumPy and float64."""

import numpy as np
import pytest
import torch
from torch import nn

from ecglib.errors import ECGError, RecordTooShortError, SignalQualityError
from ecglib.learning.beat_score_map import beat_score_map, beat_score_vectors
from ecglib.models.beat_classifier import BeatClassifier


class Absolute(nn.Module):
    """Stands in for a scalogram: the magnitudes."""

    def forward(self, segments):
        return segments.abs()


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(Absolute(), nn.BatchNorm1d(128), nn.Dropout(0.5), nn.Linear(128, 6)).train()


@pytest.fixture
def recordings():
    """Three recordings of 10 s at 128 Hz, of different size and offset."""
    noise = np.random.default_rng(0).normal(size=(3, 1280))
    return (noise * [[0.1], [1], [30]] + [[0], [2], [-5]]).astype(np.float32)


def written_out(model, segment):
    """Normalise with the stored statistics, multiply, softmax."""
    norm, linear = model[1], model[3]
    mean, variance, scale, shift, weight, bias = (
        of.detach().double().numpy()
        for of in (norm.running_mean, norm.running_var, norm.weight, norm.bias, linear.weight, linear.bias)
    )
    logits = weight @ ((np.abs(segment) - mean) / np.sqrt(variance + norm.eps) * scale + shift) + bias
    raised = np.exp(logits - logits.max())
    return raised / raised.sum()


def test_a_column_is_the_score_vector_of_its_segment(model, recordings):
    found = beat_score_map(model, recordings, device="cpu")
    assert found.shape == (3, 6, 37)
    assert found.dtype == np.float32
    for signal, scores in zip(recordings.astype(float), found, strict=True):
        whole = (signal - signal.mean()) / signal.std()
        for column in range(37):
            expected = written_out(model, whole[32 * column : 32 * column + 128])
            np.testing.assert_allclose(scores[:, column], expected, atol=2e-6)


def test_a_vector_is_the_softmax_of_the_segment_as_it_is(model):
    """Segments are not normalised by themselves."""
    segments = 3 + np.random.default_rng(0).normal(size=(5, 128))
    found = beat_score_vectors(model, segments, device="cpu")
    np.testing.assert_allclose(found, [written_out(model, segment) for segment in segments], atol=2e-6)


@pytest.mark.parametrize(("length", "stride", "columns"), [(1.0, 0.5, 19), (1.0, 0.125, 73), (1.0, 1.0, 10)])
def test_another_stride(model, recordings, length, stride, columns):
    found = beat_score_map(model, recordings[0], length=length, stride=stride, device="cpu")
    assert found.shape == (6, columns)
    whole = (recordings[0] - recordings[0].mean(dtype=float)) / recordings[0].std(dtype=float)
    start = round(3 * stride * 128)
    np.testing.assert_allclose(found[:, 3], written_out(model, whole[start : start + 128]), atol=2e-6)


@pytest.mark.parametrize("batch_size", [1, 40, 100, 10_000])
def test_the_batch_size_changes_nothing_but_memory(model, recordings, batch_size):
    """Ten thousand hold all segments at once, 100 two recordings, 1 a single segment."""
    expected = beat_score_map(model, recordings, device="cpu")
    found = beat_score_map(model, recordings, device="cpu", batch_size=batch_size)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_no_more_segments_than_the_batch_size_are_scored_at_a_time(recordings):
    seen = []

    watched = nn.Linear(128, 6)
    watched.register_forward_pre_hook(lambda _, given: seen.append(len(given[0])))
    beat_score_map(watched, recordings, device="cpu", batch_size=80)
    assert sum(seen) == 3 * 37
    assert max(seen) <= 80
    seen.clear()
    beat_score_map(watched, recordings.reshape(-1), device="cpu", batch_size=50)
    assert max(seen) <= 50


def test_one_signal_gives_one_map(model, recordings):
    several = beat_score_map(model, recordings, device="cpu")
    for signal, scores in zip(recordings, several, strict=True):
        np.testing.assert_allclose(beat_score_map(model, signal, device="cpu"), scores, atol=1e-6)


def test_neither_unit_nor_offset_matters_and_normalising_twice_neither(model, recordings):
    expected = beat_score_map(model, recordings, device="cpu")
    spread, mean = recordings.std(axis=1, keepdims=True), recordings.mean(axis=1, keepdims=True)
    for same in (1000 * recordings, (recordings - mean) / spread):
        np.testing.assert_allclose(beat_score_map(model, same, device="cpu"), expected, atol=1e-4)


def test_the_map_moves_with_the_signal(model):
    """Delayed by one stride, all columns move one to the right."""
    signal = np.tile(np.random.default_rng(0).normal(size=320), 5)[: 1280 + 32]
    tiled = signal[:1280], np.roll(signal[:1280], 32)
    early, late = (beat_score_map(model, part, device="cpu") for part in tiled)
    np.testing.assert_allclose(late[:, 1:], early[:, :-1], atol=1e-5)
    assert np.abs(late - early).max() > 0.01


def test_the_models_mode_and_weights_are_left_as_they_were(model, recordings):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    beat_score_map(model, recordings, device="cpu")
    assert model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    broken = recordings.copy()
    broken[1, 5] = np.nan
    with pytest.raises(SignalQualityError):
        beat_score_map(model, broken, device="cpu")
    assert model.training


@pytest.mark.parametrize(
    ("signal", "error", "words"),
    [
        (np.zeros((2, 1, 1280)), ECGError, r"shape \(2, 1, 1280\)"),
        (np.zeros((0, 1280)), ECGError, r"recordings that can't be scored"),
        (np.float64(1), ECGError, r"recordings that can't be scored"),
        (np.ones((2, 127)), RecordTooShortError, "127"),
        (np.full(1280, np.inf), SignalQualityError, "1,280 of 1,280"),
    ],
)
def test_what_can_not_be_scored_is_refused(model, signal, error, words):
    with pytest.raises(error, match=words):
        beat_score_map(model, signal, device="cpu")


@pytest.mark.parametrize("shape", [(128,), (0, 128), (2, 37, 128)])
def test_segments_that_can_not_be_scored_are_refused(model, shape):
    with pytest.raises(ECGError, match="segments that can't be scored"):
        beat_score_vectors(model, np.zeros(shape), device="cpu")


def test_an_unknown_device_is_refused(model, recordings):
    with pytest.raises(ECGError, match="no such device"):
        beat_score_map(model, recordings, device="abacus")


def test_with_the_papers_network_a_map_is_its_segments_one_by_one(recordings):
    torch.manual_seed(0)
    network = BeatClassifier().eval()
    found = beat_score_map(network, recordings[:2], device="cpu")
    assert found.shape == (2, 6, 37)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    whole = ((recordings[1] - recordings[1].mean(dtype=float)) / recordings[1].std(dtype=float)).astype(np.float32)
    for column in (0, 17, 36):
        segment = torch.from_numpy(whole[None, 32 * column : 32 * column + 128].copy())
        with torch.no_grad():
            expected = network(segment).softmax(dim=1)[0].numpy()
        np.testing.assert_allclose(found[1, :, column], expected, atol=1e-5)
