"""Windows reach the classifier as those of MIT-BIH did; beats without a whole window get no name."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ecglib.databases import MITBIH
from ecglib.errors import ECGError
from ecglib.learning.pseudo_labels import NO_CLASS, pseudo_labels
from ecglib.learning.weights import load_weights
from ecglib.models import CNN
from ecglib.signals.filters import bandpass
from ecglib.signals.segments import to_rate

WEIGHTS = Path(__file__).parents[2] / "weights" / "10_cnn" / "cnn_inter_0.safetensors"


class Telltale(nn.Module):
    """Keeps what it is given, and names a beat by the sign of its R peak and of the sample 0.2 s later."""

    def __init__(self):
        super().__init__()
        self.anything = nn.Parameter(torch.zeros(1))
        self.seen = []

    def forward(self, windows):
        self.seen.append(windows.clone())
        sign = 2 * (windows[:, 0, 100] > 0) + (windows[:, 0, 172] > 0)
        return nn.functional.one_hot(sign.long(), 5) * 3.0


def waves(recordings=3):
    """Each recording's lead II: sines below 40 Hz, known between the samples as well."""
    random = np.random.default_rng(0)
    frequencies, phases = random.uniform(1, 20, (recordings, 4)), random.uniform(0, 6, (recordings, 4))

    def at(recording, seconds):
        return np.sin(2 * np.pi * np.outer(seconds, frequencies[recording]) + phases[recording]).sum(axis=1)

    signals = random.normal(size=(recordings, 12, 1000)).astype(np.float32)
    for row in range(recordings):
        signals[row, 1] = at(row, np.arange(1000) / 100)
    return signals, at


def test_windows_are_those_of_lead_ii_at_360_around_each_peak():
    signals, at = waves()
    peaks = [np.array([100, 333, 512]), np.array([], int), np.array([250, 900])]
    model = Telltale()
    found = pseudo_labels(model, signals, peaks, device="cpu", progress=False)
    windows = torch.cat(model.seen).numpy()
    expected = []
    for row, beats in enumerate(peaks):
        for beat in beats:
            middle = np.rint(beat * 3.6)
            expected.append(at(row, np.arange(middle - 100, middle + 160) / 360))
    assert windows.shape == (5, 1, 260)
    np.testing.assert_allclose(windows[:, 0], expected, atol=0.05)
    np.testing.assert_array_equal(found.classes, [2 * (w[100] > 0) + (w[172] > 0) for w in windows[:, 0]])
    np.testing.assert_allclose(found.scores, np.exp(3) / (np.exp(3) + 4), rtol=1e-5)


def test_beats_near_the_ends_have_no_class():
    signals, _ = waves(1)
    peaks = np.array([0, 27, 28, 500, 955, 956, 999])
    found = pseudo_labels(Telltale(), signals, [peaks], device="cpu", progress=False)
    whole = (np.rint(peaks * 3.6) >= 100) & (np.rint(peaks * 3.6) + 160 <= 3600)
    assert whole.tolist() == [False, False, True, True, True, False, False]
    np.testing.assert_array_equal(found.classes == NO_CLASS, ~whole)
    np.testing.assert_array_equal(found.scores == 0, ~whole)


def test_many_recordings_are_the_same_as_one_at_a_time():
    signals, _ = waves(3)
    many = np.tile(signals, (100, 1, 1))
    peaks = [np.array([100, 500]), np.array([500]), np.array([], int)] * 100
    found = pseudo_labels(Telltale(), many, peaks, device="cpu", progress=False)
    alone = pseudo_labels(Telltale(), signals, peaks[:3], device="cpu", progress=False)
    np.testing.assert_array_equal(found.classes, np.tile(alone.classes, 100))


def test_nothing_to_name_and_refusal():
    signals, _ = waves(2)
    found = pseudo_labels(Telltale(), signals, [[], []], progress=False)
    assert (found.classes.dtype, found.scores.dtype, len(found.classes)) == (np.int64, np.float32, 0)
    with pytest.raises(ECGError, match="2 recordings, 1 lists of peaks"):
        pseudo_labels(Telltale(), signals, [[100]], progress=False)


@pytest.mark.real_data
def test_names_survive_the_way_over_100_samples_a_second(real_data):
    """Beats of record 200 named from its own 360 Hz, and from 100 Hz as a recording would be: nearly always alike."""
    model = load_weights(CNN(), WEIGHTS)
    record = MITBIH(real_data).read("200")
    seconds = np.arange(30) * 10
    slow = to_rate(record.lead("MLII")[: 300 * 360], 360, 100)
    signals = np.zeros((30, 12, 1000), np.float32)
    signals[:, 1] = bandpass(slow, 100).reshape(30, 1000)
    beats = record.beats.samples[record.beats.samples < 300 * 360]
    peaks = [
        np.rint(beats[(beats >= start * 360) & (beats < (start + 10) * 360)] / 3.6).astype(int) for start in seconds
    ]
    found = pseudo_labels(model, signals, [p - 100 * s for p, s in zip(peaks, seconds, strict=True)], progress=False)
    symbols = record.beats.symbols[: len(found.classes)]
    named = found.classes != NO_CLASS
    ventricular = symbols[named] == "V"
    assert ventricular.sum() > 50
    assert ((found.classes[named] == 2) == ventricular).mean() > 0.9
