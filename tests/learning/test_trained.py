"""Thinned training beats, and a model that is trained once and read afterwards."""

import numpy as np
import pytest
import torch

from ecglib.errors import ECGError, MissingFileError
from ecglib.learning import Examples, fit, predict
from ecglib.learning.thinning import thin
from ecglib.learning.trained import fit_or_load
from ecglib.learning.weights import read_facts
from ecglib.models import CNN


@pytest.fixture(scope="module")
def examples():
    generator = np.random.default_rng(0)
    return Examples(generator.standard_normal((96, 1, 260)).astype(np.float32), np.arange(96) % 5)


def test_thinning_takes_from_one_class_only_and_in_the_right_number():
    classes = np.random.default_rng(0).choice(5, 4000, p=[0.8, 0.05, 0.1, 0.02, 0.03])
    positions = np.sort(np.random.default_rng(1).permutation(4000)[:3000])
    kept = thin(positions, classes, 0.25, seed=3)
    assert (np.diff(kept) > 0).all()
    assert set(kept) <= set(positions)
    before, after = np.bincount(classes[positions]), np.bincount(classes[kept])
    assert after[0] == round(before[0] / 4)
    np.testing.assert_array_equal(after[1:], before[1:])
    np.testing.assert_array_equal(thin(positions, classes, 0.25, seed=3), kept)
    assert set(thin(positions, classes, 0.25, seed=4)) != set(kept)
    np.testing.assert_array_equal(thin(positions, classes, 1.0, seed=3), positions)


def test_each_beat_of_the_class_is_as_likely_to_stay():
    classes = np.zeros(40, dtype=int)
    stayed = np.zeros(40)
    for seed in range(2000):
        stayed[thin(np.arange(40), classes, 0.5, seed=seed)] += 1
    assert 900 < stayed.min() < stayed.max() < 1100


@pytest.mark.parametrize("keep", [0, -0.5, 1.5])
def test_a_share_that_is_none_is_refused(keep):
    with pytest.raises(ECGError, match="can't thin"):
        thin([0, 1], [0, 1], keep, seed=0)


def test_training_is_that_of_fit_and_its_facts_lie_beside_the_weights(examples, tmp_path):
    settings = {"epochs": 2, "batch_size": 32, "device": "cpu", "progress": False}
    torch.manual_seed(5)
    plain = CNN()
    expected = fit(plain, examples, examples, seed=5, **settings)
    file = tmp_path / "cnn_intra_5.safetensors"
    torch.manual_seed(99)
    model, result = fit_or_load(CNN, file, examples, examples, seed=5, facts={"split": "intra"}, **settings)
    np.testing.assert_array_equal(predict(model, examples, device="cpu"), predict(plain, examples, device="cpu"))
    assert [row["loss"] for row in result.history] == [row["loss"] for row in expected.history]
    facts = read_facts(file)
    assert (facts["model"], facts["split"], facts["seed"], facts["epochs"]) == ("CNN", "intra", 5, 2)
    assert (facts["best_epoch"], facts["validation_score"]) == (result.best_epoch, result.best_score)
    assert facts["training_examples"] == 96


def test_a_model_trained_before_is_read_and_nothing_is_written(examples, tmp_path):
    shelf = tmp_path / "weights"
    shelf.mkdir()
    file = shelf / "cnn_intra_0.safetensors"
    trained, _ = fit_or_load(CNN, file, examples, examples, seed=0, epochs=1, device="cpu", progress=False)
    elsewhere = tmp_path / "run" / file.name
    model, result = fit_or_load(CNN, elsewhere, examples, examples, seed=0, pretrained=shelf, epochs=1)
    assert result is None
    assert not elsewhere.parent.exists()
    np.testing.assert_array_equal(predict(model, examples, device="cpu"), predict(trained, examples, device="cpu"))
    with pytest.raises(MissingFileError, match="cnn_intra_1"):
        fit_or_load(CNN, shelf / "cnn_intra_1.safetensors", examples, examples, seed=1, pretrained=shelf)
