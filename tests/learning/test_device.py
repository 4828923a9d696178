"""Where a model runs, and how."""

import logging

import pytest
import torch
from lightning_fabric.accelerators import CUDAAccelerator

from ecglib.errors import ECGError
from ecglib.learning.device import THREADS, make_fabric, precision_of, repeatable


@pytest.fixture
def one_gpu(monkeypatch):
    """Let lightning-fabric and torch believe in one GPU, without touching it: what is built, not what it computes."""
    monkeypatch.setattr(CUDAAccelerator, "is_available", staticmethod(lambda: True))
    monkeypatch.setattr(CUDAAccelerator, "auto_device_count", staticmethod(lambda: 1))
    for module in ("lightning_fabric.accelerators.cuda", "lightning_fabric.utilities.device_parser"):
        monkeypatch.setattr(f"{module}.num_cuda_devices", lambda: 1, raising=False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    asked = []

    def supported(including_emulation=True):
        asked.append(including_emulation)
        return not including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    return asked


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_a_gpu_is_chosen_and_its_own_bfloat16(one_gpu, device):
    fabric, precision = make_fabric(device)
    assert (str(fabric.device), precision) == ("cuda:0", "bf16-mixed")
    assert one_gpu == [False], "what is emulated is slow and doesn't count"
    assert make_fabric("cpu")[0].device.type == "cpu"


def test_an_old_gpu_calculates_in_float32(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation)
    assert precision_of(torch.device("cuda")) == "32-true"


def test_without_a_gpu_none_is_built():
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ECGError, match="no such device here"):
        make_fabric("cuda")


def test_a_repeatable_run_uses_cudnn_deterministically_and_restores_what_was():
    cudnn = torch.backends.cudnn
    before = torch.get_num_threads(), cudnn.enabled, cudnn.deterministic, cudnn.benchmark, torch.get_rng_state()
    with repeatable():
        assert (torch.get_num_threads(), cudnn.enabled, cudnn.deterministic, cudnn.benchmark) == (
            THREADS,
            True,
            True,
            False,
        )
        torch.rand(3)
    after = torch.get_num_threads(), cudnn.enabled, cudnn.deterministic, cudnn.benchmark
    assert after == before[:4]
    assert torch.equal(torch.get_rng_state(), before[4])


def test_making_a_fabric_says_nothing(monkeypatch):
    said = []
    handler = logging.Handler()
    handler.emit = said.append
    logger = logging.getLogger("lightning_fabric.utilities.rank_zero")
    logger.addHandler(handler)
    monkeypatch.setattr("ecglib.learning.device.precision_of", lambda device: "bf16-mixed")
    make_fabric("cpu")
    logger.removeHandler(handler)
    assert said == []
