import pytest
import torch
from torch import nn

from ecglib.errors import DamagedFileError, MissingFileError
from ecglib.learning.weights import load_weights, save_weights
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
