"""The loop repeats itself, reads each recording as often as it says, keeps memory small, and stops when it must."""

import json
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import torch
from torch import nn

from ecglib.errors import ECGError
from ecglib.learning.embed import recording_embeddings
from ecglib.learning.objectives.cmsc import CMSC
from ecglib.learning.objectives.ecg_fm_style import ECGFMStyle
from ecglib.learning.pretrain import _Shared, pretrain
from ecglib.learning.pretraining_set import PretrainingSet
from ecglib.models.ecg_encoder import ECGEncoder


def hearts(recordings: int, samples: int = 160, seed: int = 0) -> np.ndarray:
    """Recordings that each have a pattern of leads of their own, under noise."""
    random = np.random.default_rng(seed)
    axis = random.standard_normal((recordings, 12, 1))
    beat = np.sin(np.arange(samples) * 2 * np.pi / random.uniform(15, 40, (recordings, 1, 1)))
    return (axis * beat + 0.3 * random.standard_normal((recordings, 12, samples))).astype(np.float32)


DATA = PretrainingSet(hearts(24))


def trained(seed: int = 0, data: PretrainingSet = DATA, objective=None, **settings):
    torch.manual_seed(0)
    encoder = ECGEncoder(width=8)
    objective = CMSC(32, 8) if objective is None else objective
    settings = {"steps": 6, "batch_size": 8, "device": "cpu", "progress": False, "every": 2} | settings
    return encoder, pretrain(encoder, objective, data, seed=seed, **settings)


def weights(model: nn.Module) -> dict[str, bytes]:
    return {name: tensor.contiguous().numpy().tobytes() for name, tensor in model.state_dict().items()}


class Listening(nn.Module):
    """An objective that notes what it was given."""

    def __init__(self, loss=1.0):
        super().__init__()
        self.weight, self.factor, self.seen, self.drawn = nn.Parameter(torch.ones(())), loss, [], []

    def forward(self, encoder, batch, generator):
        self.seen.append(batch)
        self.drawn.append(float(torch.rand((), generator=generator)))
        return self.factor * self.weight + 0 * sum(parameter.sum() for parameter in encoder.parameters())


def test_it_learns():
    _, done = trained(steps=40, every=10, learning_rate=3e-3)
    assert [row["step"] for row in done.history] == [10, 20, 30, 40]
    assert done.history[-1]["loss"] < 0.7 * done.history[0]["loss"]
    assert done.recordings_per_second > 0
    assert done.seconds > 0
    assert done.device == "cpu"


def test_same_seed_same_weights_whatever_the_caller_did_and_another_seed_others():
    torch.manual_seed(3)
    objective = ECGFMStyle(32, 8)
    start = objective.state_dict()
    start = {name: tensor.clone() for name, tensor in start.items()}
    threads = torch.get_num_threads()
    found = []
    for seed, count in ((0, 1), (0, 2), (1, 1)):
        objective.load_state_dict(start)
        torch.set_num_threads(count)
        try:
            encoder, done = trained(seed, objective=objective, steps=2)
        finally:
            torch.set_num_threads(threads)
        found.append((weights(encoder), weights(objective), done.history))
    assert found[0] == found[1]
    assert found[0][0] != found[2][0]


def test_the_callers_random_numbers_are_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    objective = Listening()
    encoder = ECGEncoder(width=8)
    torch.manual_seed(5)
    pretrain(encoder, objective, DATA, steps=2, seed=1, batch_size=8, device="cpu", progress=False)
    assert torch.equal(torch.rand(3), expected)


def test_all_recordings_come_once_before_any_comes_again_and_never_twice_in_a_batch():
    objective = Listening()
    trained(data=DATA.take(range(10)), objective=objective, steps=6, batch_size=4)
    batches = [batch.index.tolist() for batch in objective.seen]
    assert all(len(set(batch)) == 4 for batch in batches)
    for one, other in zip(batches[::2], batches[1::2], strict=True):  # two are left of ten, and wait for another turn
        assert not set(one) & set(other)
    assert len({tuple(batch) for batch in batches}) > 1
    assert len(set(objective.drawn)) == 6


def test_an_objective_sees_recordings_of_one_spread_with_their_leads_in_proportion():
    objective = Listening()
    flat = DATA.x.copy()
    flat[3] = 0
    trained(data=PretrainingSet(flat), objective=objective, steps=3)
    for batch in objective.seen:
        for x, row in zip(batch.x.numpy(), batch.index.tolist(), strict=True):
            expected = flat[row] / flat[row].std() if row != 3 else flat[row]
            np.testing.assert_allclose(x, expected, rtol=1e-4, atol=1e-6)


def test_a_batch_is_no_larger_than_the_data():
    objective = Listening()
    trained(data=DATA.take([0, 1, 2]), objective=objective, batch_size=128)
    assert {tuple(batch.index.tolist()) for batch in objective.seen} == {(0, 1, 2)}


def test_what_is_watched_is_kept_and_decides_nothing():
    modes = []

    def watch(encoder):
        modes.append(encoder.training)
        return float(recording_embeddings(encoder, DATA.x[:4]).mean() + torch.rand(()))

    plain, without = trained()
    watched, done = trained(watch=watch)
    assert weights(plain) == weights(watched)
    assert [row["loss"] for row in done.history] == [row["loss"] for row in without.history]
    assert modes == [False] * 3
    assert all(np.isfinite(row["watched"]) for row in done.history)
    assert watched.training
    assert "watched" not in without.history[0]


def test_the_loss_of_a_row_is_the_mean_since_the_row_before():
    class Counting(Listening):
        def forward(self, encoder, batch, generator):
            return super().forward(encoder, batch, generator) * 0 + len(self.seen)

    _, done = trained(objective=Counting(), steps=5, every=2)
    assert [(row["step"], row["loss"]) for row in done.history] == [(2, 1.5), (4, 3.5), (5, 5.0)]


def test_long_gradients_are_shortened():
    seen = []
    objective = Listening(loss=1e6)
    objective.weight.register_post_accumulate_grad_hook(lambda weight: seen.append(weight))
    lengths = []
    step = torch.optim.AdamW.step

    def watched_step(self, *arguments, **named):
        lengths.append(float(torch.stack([p.grad.norm() for g in self.param_groups for p in g["params"]]).norm()))
        return step(self, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", watched_step)
        trained(objective=objective, steps=2)
    assert lengths == pytest.approx([1.0, 1.0], rel=1e-4)


def test_everything_is_on_the_processor_afterwards_in_the_usual_layout():
    encoder, _ = trained(steps=1)
    assert all(parameter.is_contiguous() and parameter.device.type == "cpu" for parameter in encoder.parameters())


def test_memory_does_not_grow_with_the_recordings(tmp_path):
    """Two gigabytes on disk (a file of holes, which takes no room), a few megabytes in memory."""
    many = np.lib.format.open_memmap(tmp_path / "x.npy", mode="w+", dtype=np.float32, shape=(40_000, 12, 1000))
    peaks = []
    for recordings in (400, 40_000):
        tracemalloc.start()
        trained(data=PretrainingSet(many[:recordings]), objective=Listening(), steps=3, batch_size=16)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert many.nbytes > 1.9e9
    assert peaks[1] < peaks[0] + 2e6
    assert peaks[1] < 2e7


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_recording_with_nan_stops_the_run_and_is_named(bad):
    broken = DATA.x.copy()
    broken[7, 3, 5] = bad
    with pytest.raises(ECGError, match=r"no numbers.*rows \[7\]") as error:
        trained(data=PretrainingSet(broken))
    assert error.value.remedy


def test_a_loss_that_is_no_number_stops_the_run():
    with pytest.raises(ECGError, match="no longer a number") as error:
        trained(objective=Listening(loss=float("nan")))
    assert error.value.remedy


@pytest.mark.parametrize("settings", [{"data": DATA.take([0])}, {"batch_size": 1}, {"steps": 0}, {"every": 0}])
def test_nothing_to_contrast_is_refused(settings):
    with pytest.raises(ECGError, match="nothing to contrast") as error:
        trained(**settings)
    assert error.value.remedy


def test_a_missing_device_is_refused():
    with pytest.raises(ECGError, match="no such device"):
        trained(device="abacus")


def test_embeddings_are_means_of_features_in_any_batch_and_leave_the_encoder_as_it_was():
    encoder, _ = trained(steps=1)
    encoder.train()
    x = DATA.x[:5]
    found = recording_embeddings(encoder, x, batch_size=2)
    assert encoder.training
    assert found.dtype == np.float32
    with torch.no_grad():
        for row, recording in zip(found, x, strict=True):
            expected = encoder(torch.from_numpy(recording / recording.std())[None]).mean(dim=2)[0]
            np.testing.assert_allclose(row, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(recording_embeddings(encoder, 7 * x, device="cpu"), found, rtol=1e-4, atol=1e-5)
    assert all(parameter.is_contiguous() for parameter in encoder.parameters())
    encoder.zero_grad()
    encoder(torch.from_numpy(x)).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in encoder.parameters())


TWO = """
import json, sys
import numpy as np
import torch
from lightning_fabric import Fabric
from ecglib.learning.objectives import RhythmAndBeatContrast, TS2Vec
from ecglib.learning.pretrain import pretrain
from ecglib.learning.pretraining_set import PretrainingSet
from ecglib.models.ecg_encoder import ECGEncoder

# A fork need not import all of it again; elsewhere than on Linux it is not safe.
STRATEGY = "ddp_fork" if sys.platform == "linux" else "ddp_spawn"
random = np.random.default_rng(0)
samples = np.sort(random.integers(20, 140, 30))
DATA = PretrainingSet(
    random.standard_normal((12, 12, 160)).astype(np.float32),
    samples,
    np.array([3, 2] * 6),
    pseudo_labels=random.integers(0, 3, 30),
)
OBJECTIVES = {
    "contrast": lambda: RhythmAndBeatContrast(32, beat="hard", dimensions=8),
    "ts2vec": lambda: TS2Vec(32, 8),
}


def trained(make, device):
    torch.manual_seed(0)
    encoder = ECGEncoder(width=8)
    done = pretrain(encoder, make(), DATA, steps=2, seed=0, batch_size=4, every=1, device=device, progress=False)
    return [row["loss"] for row in done.history], [p.detach().flatten() for p in encoder.parameters()]


def work(fabric):
    found = {}
    for name, make in OBJECTIVES.items():
        losses, weights = trained(make, fabric)
        alone, wanted = trained(make, Fabric(accelerator="cpu", devices=1, precision="32-true"))
        apart = max(float((one - other).abs().max()) for one, other in zip(weights, wanted))
        found[name] = [losses, alone, apart, fabric.world_size]
    return found


if __name__ == "__main__":
    print(json.dumps(Fabric(accelerator="cpu", devices=2, strategy=STRATEGY, precision="32-true").launch(work)))
"""


def test_two_processes_pretrain_as_one_does_with_the_same_batch(tmp_path):
    script = tmp_path / "two.py"
    script.write_text(TWO, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", script], text=True, capture_output=True, check=False, timeout=570
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert set(found) == {"contrast", "ts2vec"}
    for name, (losses, alone, apart, processes) in found.items():
        assert processes == 2
        assert losses == pytest.approx(alone, rel=1e-4), name
        assert apart < 1e-4, name


def test_a_batch_that_two_processes_cannot_share_is_refused():
    class Two:
        world_size, global_rank = 2, 0

    with pytest.raises(ECGError, match="can't be shared out"):
        _Shared(ECGEncoder(width=8), Two())(torch.zeros(3, 12, 160))
