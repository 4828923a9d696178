"""The training loop learns, repeats itself, chooses on validation only, and survives being killed."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import nn

from ecglib.errors import DamagedFileError, ECGError
from ecglib.learning import Examples, device, fit, macro_f1, predict
from ecglib.learning import fit as fit_function
from ecglib.models import CNN


def waves(examples: int, seed: int) -> Examples:
    """Three classes of windows that differ in frequency, under noise."""
    generator = np.random.default_rng(seed)
    y = generator.integers(0, 3, examples)
    phase = generator.random((examples, 1)) * 2 * np.pi
    x = np.sin(np.arange(260) * np.array([0.05, 0.1, 0.2])[y][:, None] + phase)
    return Examples((x + 0.5 * generator.standard_normal(x.shape))[:, None].astype(np.float32), y)


TRAIN, VALIDATION, TEST = waves(400, 1), waves(150, 2), waves(200, 3)


def trained(seed: int = 0, train: Examples = TRAIN, validation: Examples = VALIDATION, **settings):
    torch.manual_seed(seed)
    model = CNN(classes=3)
    settings = {"epochs": 3, "batch_size": 32, "device": "cpu", "progress": False} | settings
    return model, fit(model, train, validation, seed=seed, **settings)


def weights(model: nn.Module) -> dict[str, bytes]:
    return {name: tensor.contiguous().numpy().tobytes() for name, tensor in model.state_dict().items()}


def test_it_learns():
    model, done = trained(epochs=6)
    assert done.history[-1]["loss"] < 0.5 * done.history[0]["loss"]
    assert macro_f1(TEST.targets, predict(model, TEST, device="cpu")) > 0.9
    assert [row["epoch"] for row in done.history] == [1, 2, 3, 4, 5, 6]
    assert done.seconds_per_epoch > 0
    assert (done.device, done.precision) == ("cpu", str(device.precision_of(torch.device("cpu"))))


def test_same_seed_same_numbers_whatever_the_caller_did():
    first, one = trained()
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        second, two = trained()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert weights(first) == weights(second)
    assert one.history == two.history


def test_another_seed_gives_other_numbers():
    torch.manual_seed(0)
    model = CNN(classes=3)
    fit(model, TRAIN, VALIDATION, seed=1, epochs=3, batch_size=32, device="cpu", progress=False)
    assert weights(model) != weights(trained()[0])


def test_the_callers_random_numbers_are_left_alone():
    torch.manual_seed(5)
    CNN(classes=3)
    expected = torch.rand(3)
    torch.manual_seed(5)
    model = CNN(classes=3)
    fit(model, TRAIN, VALIDATION, seed=1, epochs=1, device="cpu", progress=False)
    assert torch.equal(torch.rand(3), expected)


def test_the_model_holds_the_weights_that_scored_best():
    scores = iter([0.2, 0.9, 0.4, 0.9, 0.1])
    seen = []

    def scripted(true, outputs):
        seen.append(outputs)
        return next(scores)

    model, done = trained(epochs=5, score=scripted)
    assert (done.best_epoch, done.best_score) == (2, 0.9)
    np.testing.assert_array_equal(predict(model, VALIDATION, device="cpu"), seen[1])
    assert not np.array_equal(seen[1], seen[4])


def test_best_score_is_the_score_of_the_models_predictions():
    model, done = trained(epochs=4)
    assert done.best_score == macro_f1(VALIDATION.targets, predict(model, VALIDATION, device="cpu"))
    assert done.best_score == max(row["score"] for row in done.history)
    assert done.history[done.best_epoch - 1]["score"] == done.best_score


def test_patience_stops_and_validation_decides():
    scores = iter([0.1, 0.5, 0.4, 0.5, 0.9])
    _, done = trained(epochs=5, patience=2, score=lambda true, outputs: next(scores))
    assert len(done.history) == 4
    assert done.best_epoch == 2


def test_validation_is_never_trained_on():
    shuffled = Examples(VALIDATION.x, VALIDATION.y[::-1].copy())
    one, _ = trained(epochs=1)
    other, _ = trained(epochs=1, validation=shuffled)
    assert weights(one) == weights(other)


def test_loss_can_be_replaced():
    def doubled(logits, targets):
        return 2 * nn.functional.cross_entropy(logits, targets)

    _, usual = trained(epochs=1)
    _, twice = trained(epochs=1, loss=doubled)
    assert twice.history[0]["validation_loss"] != usual.history[0]["validation_loss"]
    assert twice.history[0]["loss"] == pytest.approx(2 * usual.history[0]["loss"], rel=0.2)


def test_memory_mapped_examples_give_the_same(tmp_path):
    np.save(tmp_path / "x.npy", TRAIN.x)
    mapped = Examples(np.load(tmp_path / "x.npy", mmap_mode="r"), TRAIN.y)
    assert weights(trained(train=mapped)[0]) == weights(trained()[0])


def test_a_loss_that_is_no_number_stops_the_run(tmp_path):
    broken = TRAIN.x.copy()
    broken[7] = np.nan
    with pytest.raises(ECGError, match="no longer a number"):
        trained(train=Examples(broken, TRAIN.y), checkpoint=tmp_path / "run.safetensors")
    assert not list(tmp_path.iterdir())


def test_bfloat16_trains_as_well_and_scores_stay_float32(monkeypatch):
    monkeypatch.setattr(device, "precision_of", lambda _: "bf16-mixed")
    seen = []

    class Watched(CNN):
        def forward(self, windows):
            outputs = super().forward(windows)
            seen.append((self.training, outputs.dtype))
            return outputs

    torch.manual_seed(0)
    model = Watched(classes=3)
    done = fit(model, TRAIN, VALIDATION, seed=0, epochs=6, batch_size=32, device="cpu", progress=False)
    assert done.precision == "bf16-mixed"
    assert set(seen) == {(True, torch.bfloat16), (False, torch.float32)}
    assert all(parameter.dtype == torch.float32 for parameter in model.parameters())
    assert done.best_score > 0.85


@pytest.mark.parametrize(
    ("able", "precision"),
    [
        ({}, "32-true"),
        ({"avx512_f": True}, "32-true"),
        ({"avx512_bf16": True}, "bf16-mixed"),
        ({"amx_bf16": True}, "bf16-mixed"),
    ],
)
def test_precision_follows_the_processor(monkeypatch, able, precision):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert device.precision_of(torch.device("cpu")) == precision


@pytest.mark.parametrize(("native", "precision"), [(True, "bf16-mixed"), (False, "32-true")])
def test_precision_follows_the_gpu(monkeypatch, native, precision):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: native or including_emulation)
    assert device.precision_of(torch.device("cuda")) == precision


def test_weights_are_channels_last_in_training_and_leave_on_the_processor():
    layouts = set()

    class Watched(CNN):
        def forward(self, windows):
            layouts.add(self.features[3].weight.is_contiguous(memory_format=torch.channels_last))
            return super().forward(windows)

    model = Watched(classes=3)
    fit(model, TRAIN, VALIDATION, seed=0, epochs=1, device="cpu", progress=False)
    assert layouts == {True}
    assert {parameter.device.type for parameter in model.parameters()} == {"cpu"}
    assert all(parameter.is_contiguous() for parameter in model.parameters()), "safetensors refuses other layouts"


@pytest.mark.parametrize("name", ["abacus", "cuda"])
def test_a_missing_device_is_refused(name, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(ECGError, match="no such device") as refused:
        trained(device=name)
    assert refused.value.remedy
    with pytest.raises(ECGError, match="no such device"):
        predict(CNN(), TEST, device=name)


def test_predictions_are_probabilities_in_any_batch_size():
    model, _ = trained(epochs=1)
    model.train()
    scores = predict(model, TEST.x, device="cpu")
    assert model.training
    assert scores.dtype == np.float32
    assert scores.shape == (200, 3)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(predict(model, TEST, device="cpu", batch_size=7), scores, atol=1e-6)
    with torch.inference_mode():
        expected = model.eval()(torch.from_numpy(TEST.x)).softmax(dim=1).numpy()
    np.testing.assert_allclose(scores, expected, atol=1e-6)


# Killed and started again.

RUN = """
import os, signal, sys
from pathlib import Path
import torch
from safetensors import torch as storage
from torch.nn.functional import cross_entropy
from ecglib.learning import Examples, checkpoint, fit
from ecglib.models import CNN
import numpy as np

folder, file, die_in_batch, die_in_save, epochs = Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:6])
x, y = np.load(folder / "x.npy", mmap_mode="r"), np.load(folder / "y.npy")
train, validation = Examples(x[:400], y[:400]), Examples(x[400:], y[400:])
batches, saves = [], []

def loss(logits, targets):
    if torch.is_grad_enabled():
        batches.append(None)
        if len(batches) == die_in_batch:
            os.kill(os.getpid(), signal.SIGKILL)
    return cross_entropy(logits, targets)

save_file = checkpoint.save_file

def save_half(tensors, target, metadata):
    saves.append(None)
    save_file(tensors, target, metadata)
    if len(saves) == die_in_save:
        os.truncate(target, 1000)
        os.kill(os.getpid(), signal.SIGKILL)

checkpoint.save_file = save_half
torch.manual_seed(0)
model = CNN(classes=3)
done = fit(model, train, validation, seed=0, epochs=epochs, batch_size=32, device="cpu", loss=loss,
           checkpoint=file, progress=False)
print(len(batches), repr(done.history), done.best_epoch)
storage.save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / f"{file.stem}-end.safetensors")
"""
BATCHES = 13  # 400 examples, 32 at a time


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    np.save(folder / "x.npy", np.concatenate([TRAIN.x, VALIDATION.x]))
    np.save(folder / "y.npy", np.concatenate([TRAIN.y, VALIDATION.y]))
    return folder


def run(folder, file, die_in_batch=0, die_in_save=0, epochs=4):
    arguments = [str(argument) for argument in (folder, file, die_in_batch, die_in_save, epochs)]
    done = subprocess.run([sys.executable, "-c", RUN, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done


@pytest.fixture(scope="module")
def uninterrupted(stored):
    done = run(stored, stored / "whole.safetensors")
    assert done.returncode == 0
    batches, rest = done.stdout.split(maxsplit=1)
    assert int(batches) == 4 * BATCHES
    return rest, (stored / "whole-end.safetensors").read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize(
    ("how", "batches_left"),
    [
        ({"die_in_batch": 2 * BATCHES + 5}, 2 * BATCHES),
        ({"die_in_save": 3}, 2 * BATCHES),
    ],
    ids=["in the third epoch", "while the third checkpoint is written"],
)
def test_a_killed_run_ends_as_if_it_had_not_been_killed(stored, uninterrupted, tmp_path, how, batches_left):
    file = tmp_path / "killed.safetensors"
    assert run(stored, file, **how).returncode == -signal.SIGKILL
    resumed = run(stored, file)
    batches, rest = resumed.stdout.split(maxsplit=1)
    assert int(batches) == batches_left
    assert rest == uninterrupted[0]
    assert (stored / "killed-end.safetensors").read_bytes() == uninterrupted[1]
    assert [path.name for path in tmp_path.iterdir()] == ["killed.safetensors"]


def test_a_finished_run_is_not_run_again(tmp_path, monkeypatch):
    file = tmp_path / "run.safetensors"
    first, one = trained(checkpoint=file)

    def refuse(*_):
        raise AssertionError("trained again")

    monkeypatch.setattr(nn.Module, "train", refuse)
    torch.manual_seed(0)
    second = CNN(classes=3)
    two = fit_function(second, TRAIN, VALIDATION, seed=0, epochs=3, batch_size=32, device="cpu", checkpoint=file)
    assert weights(first) == weights(second)
    assert one == two


@pytest.mark.parametrize(
    "other",
    [{"seed": 1}, {"epochs": 2}, {"learning_rate": 1e-2}, {"train": waves(400, 9)}, {"validation": waves(150, 9)}],
    ids=lambda other: next(iter(other)),
)
def test_a_checkpoint_of_another_run_is_not_taken(tmp_path, other, caplog):
    file = tmp_path / "run.safetensors"
    trained(checkpoint=file, epochs=1)
    continued, _ = trained(checkpoint=file, **({"epochs": 1} | other))
    assert "starting again" in caplog.text
    assert weights(continued) == weights(trained(**({"epochs": 1} | other))[0])


def test_a_damaged_checkpoint_says_what_to_do(tmp_path):
    file = tmp_path / "run.safetensors"
    trained(checkpoint=file)
    file.write_bytes(file.read_bytes()[:3000])
    with pytest.raises(DamagedFileError, match="delete it") as refused:
        trained(checkpoint=file)
    assert str(file) in str(refused.value)
    assert file.stat().st_size == 3000


def test_a_checkpoint_is_plain_tensors_and_json(tmp_path):
    file = tmp_path / "run.safetensors"
    model, done = trained(checkpoint=file)
    with safe_open(file, framework="np") as stored:
        assert json.loads(stored.metadata()["progress"])["history"] == done.history
        np.testing.assert_array_equal(
            stored.get_tensor("best.classifier.2.weight"), model.classifier[2].weight.detach().numpy()
        )
