import pytest
import torch
from torch import nn

from ecglib.errors import DamagedFileError, MissingFileError
from ecglib.learning.weights import load_weights, read_facts, save_weights
from ecglib.models.cnn import CNN


def test_a_model_comes_back_as_it_was_saved(tmp_path):
    model = CNN().to(memory_format=torch.channels_last).eval()
    save_weights(model, tmp_path / "cnn.safetensors")
    again = load_weights(CNN(), tmp_path / "cnn.safetensors")
    windows = torch.randn(4, 1, 260)
    with torch.inference_mode():
        torch.testing.assert_close(again(windows), model(windows), rtol=0, atol=1e-5)
    assert not again.training
    assert [file.name for file in tmp_path.iterdir()] == ["cnn.safetensors"]


def test_another_models_weights_are_refused(tmp_path):
    save_weights(nn.Linear(3, 2), tmp_path / "linear.safetensors")
    with pytest.raises(DamagedFileError, match="weights of CNN"):
        load_weights(CNN(), tmp_path / "linear.safetensors")


def test_a_cut_file_is_refused_and_a_missing_one_named(tmp_path):
    file = tmp_path / "linear.safetensors"
    save_weights(nn.Linear(3, 2), file)
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(DamagedFileError, match=r"linear\.safetensors"):
        load_weights(nn.Linear(3, 2), file)
    with pytest.raises(MissingFileError, match=r"other\.safetensors"):
        load_weights(nn.Linear(3, 2), tmp_path / "other.safetensors")


def test_facts_come_back_in_their_types_and_the_file_is_the_same_every_time(tmp_path):
    model, facts = nn.Linear(3, 2), {"split": "inter", "seed": 2, "validation_score": 0.75, "epochs": 16}
    for name in ("one", "two"):
        save_weights(model, tmp_path / f"{name}.safetensors", facts)
    assert read_facts(tmp_path / "one.safetensors") == facts
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "two.safetensors").read_bytes()
    save_weights(model, tmp_path / "none.safetensors")
    assert read_facts(tmp_path / "none.safetensors") == {}
    (tmp_path / "one.safetensors").write_bytes(b"no weights")
    with pytest.raises(DamagedFileError, match=r"one\.safetensors"):
        read_facts(tmp_path / "one.safetensors")
