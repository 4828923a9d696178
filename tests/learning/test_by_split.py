"""A network for each split and seed: the same as trained one by one, and no test beat near any of them."""

import numpy as np
import pytest

from ecglib.databases.splits import Split
from ecglib.learning import Examples, predict
from ecglib.learning.by_split import fit_by_split
from ecglib.learning.trained import fit_or_load
from ecglib.models import CNN

SETTINGS = {"batch_size": 16, "device": "cpu", "progress": False}


@pytest.fixture(scope="module")
def examples():
    generator = np.random.default_rng(0)
    return Examples(generator.standard_normal((120, 1, 260)).astype(np.float32), np.arange(120) % 5)


@pytest.fixture(scope="module")
def cuts():
    order = np.random.default_rng(1).permutation(120)
    return {
        "intra": Split("intra", *np.split(order, [60, 80])),
        "inter": Split("inter", *np.split(np.arange(120), [50, 70])),
    }


def test_each_network_is_the_one_that_its_split_and_seed_give_alone(examples, cuts, tmp_path):
    epochs = {"intra": 2, "inter": 1}
    trained = fit_by_split(
        CNN,
        "cnn",
        examples,
        cuts,
        [0, 3],
        folder=tmp_path,
        epochs=epochs,
        facts={"data": "noise"},
        **SETTINGS,
    )
    assert list(trained) == [("intra", 0), ("intra", 3), ("inter", 0), ("inter", 3)]
    for (split, seed), found in trained.items():
        alone, result = fit_or_load(
            CNN,
            tmp_path / "alone.safetensors",
            examples.take(cuts[split].train),
            examples.take(cuts[split].validation),
            seed=seed,
            epochs=epochs[split],
            **SETTINGS,
        )
        np.testing.assert_array_equal(
            predict(found.model, examples, device="cpu"), predict(alone, examples, device="cpu")
        )
        assert [row["loss"] for row in found.fit.history] == [row["loss"] for row in result.history]
        assert (found.facts["split"], found.facts["seed"], found.facts["data"]) == (split, seed, "noise")
        assert found.facts["training_examples"] == len(cuts[split].train)


def test_test_beats_are_not_touched(examples, cuts, tmp_path):
    spoilt = np.array(examples.x)
    spoilt[cuts["intra"].test] = np.nan
    only = {"intra": cuts["intra"]}
    one, other = (
        fit_by_split(CNN, "cnn", Examples(x, examples.y), only, [0], folder=tmp_path, epochs={"intra": 1}, **SETTINGS)
        for x in (examples.x, spoilt)
    )
    windows = examples.x[cuts["intra"].test]
    np.testing.assert_array_equal(*(predict(found["intra", 0].model, windows, device="cpu") for found in (one, other)))


def test_networks_trained_before_are_read(examples, cuts, tmp_path):
    shelf, elsewhere = tmp_path / "weights", tmp_path / "run"
    shelf.mkdir()
    settings = {"epochs": {"intra": 1, "inter": 1}, **SETTINGS}
    trained = fit_by_split(CNN, "cnn", examples, cuts, [0], folder=shelf, **settings)
    read = fit_by_split(CNN, "cnn", examples, cuts, [0], folder=elsewhere, pretrained=shelf, **settings)
    assert not elsewhere.exists()
    for key, found in read.items():
        assert found.fit is None
        assert found.facts == trained[key].facts
        np.testing.assert_array_equal(
            predict(found.model, examples, device="cpu"), predict(trained[key].model, examples, device="cpu")
        )
