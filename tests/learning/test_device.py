"""Where a model runs, and how."""

import logging

import torch

from ecglib.learning.device import THREADS, make_fabric, repeatable


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
