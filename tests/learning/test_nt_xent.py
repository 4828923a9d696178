"""The contrastive loss against loops in plain NumPy, in one process and in two."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from ecglib.errors import ECGError
from ecglib.learning.nt_xent import cosines, gather, nt_xent


def written_out(first, second, targets, temperature):
    """Go through all embeddings one by one."""
    rows = [row / math.sqrt(sum(row * row)) for row in np.concatenate([first, second])]
    n, losses = len(first), []
    for i in range(2 * n):
        others = [j for j in range(2 * n) if j != i]
        logits = {j: float(rows[i] @ rows[j]) / temperature for j in others}
        total = sum(math.exp(logit) for logit in logits.values())
        wanted = {j: float(targets[i % n][j % n]) for j in others}
        losses.append(-sum(wanted[j] / sum(wanted.values()) * math.log(math.exp(logits[j]) / total) for j in others))
    return sum(losses) / len(losses)


def example(n, seed=0, numbers=5):
    random = np.random.default_rng(seed)
    first, second = random.standard_normal((2, n, numbers))
    targets = random.random((n, n)) ** 3
    targets = (targets + targets.T) / 2
    np.fill_diagonal(targets, 1)
    return first, second, targets


def tensors(*arrays):
    return [torch.from_numpy(array) for array in arrays]


@pytest.mark.parametrize("temperature", [0.05, 0.1, 1.0])
@pytest.mark.parametrize("n", [1, 2, 9])
def test_soft_and_hard_losses_are_their_loops(n, temperature):
    first, second, targets = example(n)
    soft = nt_xent(*tensors(first, second, targets), temperature=temperature)
    assert float(soft) == pytest.approx(written_out(first, second, targets, temperature), abs=1e-10)
    hard = nt_xent(*tensors(first, second), temperature=temperature)
    assert float(hard) == pytest.approx(written_out(first, second, np.eye(n), temperature), abs=1e-10)
    single = nt_xent(*(t.float() for t in tensors(first, second, targets)), temperature=temperature)
    assert float(single) == pytest.approx(float(soft), rel=1e-5, abs=1e-6)


def test_the_targets_of_one_are_the_hard_loss_bit_for_bit():
    first, second, _ = (t.float() for t in tensors(*example(12)))
    assert torch.equal(nt_xent(first, second), nt_xent(first, second, torch.eye(12)))


def test_targets_of_two_classes_are_the_supervised_contrastive_loss():
    """Khosla and colleagues (2020), equation 2: the mean over the positives of -log p."""
    first, second, _ = example(6)
    labels = np.array([0, 1, 0, 0, 1, 2] * 2)
    rows = np.concatenate([first, second])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    logits = rows @ rows.T / 0.1
    np.fill_diagonal(logits, -np.inf)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    per_row = [-np.mean([log_p[i, j] for j in range(12) if j != i and labels[j] == labels[i]]) for i in range(12)]
    same = labels[:6, None] == labels[:6]
    found = nt_xent(*tensors(first, second, same))
    assert float(found) == pytest.approx(np.mean(per_row), abs=1e-10)


def test_the_least_value_is_the_entropy_of_the_targets():
    """Four embeddings whose cosines make p equal to q reach it; random ones don't."""
    targets = torch.tensor([[1, 0.6065306597], [0.6065306597, 1]], dtype=torch.float64)  # exp(-1/2)
    half = math.acos(0.5)
    one, other = [[1.0, 0.0]] * 2, [[math.cos(half), math.sin(half)]] * 2
    first = torch.tensor([one[0], other[0]], dtype=torch.float64)
    q = np.array([1, 0.6065306597, 0.6065306597])
    q /= q.sum()
    entropy = -(q * np.log(q)).sum()
    assert float(nt_xent(first, first, targets, temperature=1)) == pytest.approx(entropy, abs=1e-9)
    for seed in range(20):
        first, second = tensors(*example(2, seed)[:2])
        assert float(nt_xent(first, second, targets, temperature=1)) > entropy


def test_lengths_and_order_do_not_matter():
    first, second, targets = tensors(*example(8))
    loss = nt_xent(first, second, targets)
    order = torch.randperm(8, generator=torch.Generator().manual_seed(0))
    scale = torch.rand(8, 1, dtype=torch.float64) + 0.1
    for same in (
        nt_xent(second, first, targets),
        nt_xent(first[order], second[order], targets[order][:, order]),
        nt_xent(scale * first, 100 * second, targets),
    ):
        torch.testing.assert_close(same, loss)


def test_the_gradient_is_the_slope():
    first, second, targets = tensors(*example(4))
    for wanted in (None, targets):
        assert torch.autograd.gradcheck(
            lambda one, other, wanted=wanted: nt_xent(one, other, wanted),
            (first.requires_grad_(), second.requires_grad_()),
        )


def test_autocast_changes_nothing():
    first, second, targets = (t.float() for t in tensors(*example(8, numbers=64)))
    expected = nt_xent(first, second, targets)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = nt_xent(first, second, targets)
        halves = nt_xent(first.bfloat16(), second.bfloat16(), targets.bfloat16())
        assert cosines(first.bfloat16(), second.bfloat16()).dtype == torch.float32
    assert torch.equal(found, expected)
    assert halves.dtype == torch.float32
    exact = nt_xent(first.bfloat16().double(), second.bfloat16().double(), targets.bfloat16().double())
    assert float(halves) == pytest.approx(float(exact), rel=1e-5)


@pytest.mark.parametrize("size", [1e-8, 1e12])
def test_large_and_small_embeddings_at_a_low_temperature(size):
    first, second, targets = example(6)
    expected = nt_xent(*tensors(first, second, targets), temperature=0.005)
    one, other, wanted = (t.float() for t in tensors(first * size, second * size, targets))
    one.requires_grad_()
    found = nt_xent(one, other, wanted, temperature=0.005)
    found.backward()
    assert float(found.detach()) == pytest.approx(float(expected), rel=1e-4)
    assert torch.isfinite(one.grad).all()


def test_no_pair_is_no_loss_and_a_gradient_of_nothing():
    layer = torch.nn.Linear(5, 3)
    none = layer(torch.zeros(0, 5))
    loss = nt_xent(none, none, torch.zeros(0, 0))
    assert float(loss.detach()) == 0
    loss.backward()
    assert float(layer.weight.grad.abs().sum()) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.zeros(3, 2), torch.zeros(4, 2)), "no two views"),
        ((torch.zeros(3), torch.zeros(3)), "no two views"),
        ((torch.zeros(3, 2), torch.zeros(3, 2), torch.eye(6)), "targets of other recordings"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(ECGError, match=message) as error:
        nt_xent(*arguments)
    assert error.value.remedy


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_none_is_refused(temperature):
    with pytest.raises(ECGError, match="no two views"):
        nt_xent(torch.ones(2, 2), torch.ones(2, 2), temperature=temperature)


def test_gathering_from_one_process_gives_what_there_is():
    rows = torch.randn(3, 2)
    assert gather(Fabric(accelerator="cpu", devices=1), rows) is rows


TWO = """
import json, sys
import torch
from lightning_fabric import Fabric
from ecglib.learning.nt_xent import gather, nt_xent

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
# A fork need not import all of it again; elsewhere than on Linux it is not safe.
STRATEGY = "ddp_fork" if sys.platform == "linux" else "ddp_spawn"


def work(fabric):
    torch.manual_seed(0)
    layer = torch.nn.Linear(6, 4)
    x, noise, features = torch.randn(8, 6), torch.randn(8, 6), torch.randn(8, 3)
    likeness = torch.exp(-torch.cdist(features, features))
    learner = fabric.setup_module(layer)
    mine = slice(4 * fabric.global_rank, 4 * fabric.global_rank + 4)
    first, second = (gather(fabric, half) for half in learner(torch.cat([x[mine], noise[mine]])).chunk(2))
    loss = nt_xent(first, second, likeness)
    fabric.backward(loss)
    both = layer.weight.grad.flatten().tolist()

    layer.zero_grad()
    alone = nt_xent(layer(x), layer(noise), likeness)
    alone.backward()
    order = gather(fabric, torch.tensor([float(fabric.global_rank)])).tolist()
    return float(loss.detach()), float(alone.detach()), both, layer.weight.grad.flatten().tolist(), order


if __name__ == "__main__":
    fabric = Fabric(accelerator="cpu", devices=2, strategy=STRATEGY)
    print(json.dumps(fabric.launch(work)))
"""


def test_two_processes_have_the_loss_and_the_gradient_of_one(tmp_path):
    script = tmp_path / "two.py"
    script.write_text(TWO, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", script], text=True, capture_output=True, check=False, timeout=570
    )
    assert done.returncode == 0, done.stderr
    together, alone, gradient, gradient_alone, order = json.loads(done.stdout.splitlines()[-1])
    assert together == pytest.approx(alone, rel=1e-12)
    np.testing.assert_allclose(gradient, gradient_alone, rtol=1e-9)
    assert max(map(abs, gradient)) > 1e-3
    assert order == [0, 1]
