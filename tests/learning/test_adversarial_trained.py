"""A classifier that is trained against its adversary once, and read afterwards."""

import numpy as np
import pytest
import torch

from ecglib.errors import MissingFileError
from ecglib.learning import Examples, predict
from ecglib.learning.adversarial_trained import fit_adversarial_or_load
from ecglib.learning.adversary import fit_adversarial
from ecglib.learning.weights import read_facts
from ecglib.models.beat_classifier import BeatClassifier

SETTINGS = {"form": "alternating", "weight": 0.3, "batch_size": 32, "device": "cpu", "progress": False}


@pytest.fixture(scope="module")
def beats():
    segments = np.random.default_rng(0).standard_normal((96, 128)).astype(np.float32)
    return Examples(segments, np.arange(96) % 6), np.arange(96) % 7


def test_training_is_that_of_fit_adversarial_and_its_facts_lie_beside_the_weights(beats, tmp_path):
    examples, patients = beats
    torch.manual_seed(5)
    plain = BeatClassifier()
    expected = fit_adversarial(plain, examples, patients, examples, seed=5, epochs=2, **SETTINGS)
    file = tmp_path / "alternating_5.safetensors"
    torch.manual_seed(99)
    model, result = fit_adversarial_or_load(
        BeatClassifier, file, examples, patients, examples, seed=5, epochs=2, facts={"data": "mitbih"}, **SETTINGS
    )
    np.testing.assert_array_equal(predict(model, examples, device="cpu"), predict(plain, examples, device="cpu"))
    assert result.history == expected.history
    facts = read_facts(file)
    assert (facts["model"], facts["data"], facts["seed"]) == ("BeatClassifier", "mitbih", 5)
    assert (facts["form"], facts["weight"], facts["epochs"]) == ("alternating", 0.3, 2)
    assert (facts["training_examples"], facts["training_patients"]) == (96, 7)
    assert facts["adversary_accuracy"] == expected.history[-1]["patient_accuracy"]


def test_a_model_trained_before_is_read_and_nothing_is_written(beats, tmp_path):
    examples, patients = beats
    shelf = tmp_path / "weights"
    shelf.mkdir()
    both = (examples, patients, examples)
    file = shelf / "reversal_0.safetensors"
    trained, _ = fit_adversarial_or_load(BeatClassifier, file, *both, seed=0, epochs=1, **SETTINGS)
    elsewhere = tmp_path / "run" / file.name
    model, result = fit_adversarial_or_load(
        BeatClassifier, elsewhere, *both, seed=0, epochs=1, pretrained=shelf, **SETTINGS
    )
    assert result is None
    assert not model.training
    assert not elsewhere.parent.exists()
    np.testing.assert_array_equal(predict(model, examples, device="cpu"), predict(trained, examples, device="cpu"))
    with pytest.raises(MissingFileError, match="reversal_1"):
        fit_adversarial_or_load(
            BeatClassifier, shelf / "reversal_1.safetensors", *both, seed=1, epochs=1, pretrained=shelf, **SETTINGS
        )
