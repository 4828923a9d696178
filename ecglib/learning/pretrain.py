"""The loop that pretrains an encoder, whatever the objective, whole, from top to bottom."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from tqdm.auto import tqdm

from ecglib.errors import ECGError
from ecglib.learning.device import Precision, make_fabric, repeatable
from ecglib.learning.fit import one_cycle
from ecglib.learning.nt_xent import gather
from ecglib.learning.pretraining_set import PretrainingBatch, PretrainingSet
from ecglib.models.with_encoder import scale_recordings

CLIP = 1.0
"""Length that the gradient has at most."""


@dataclass(frozen=True)
class Pretraining:
    """What happened while an encoder was pretrained.

    Attributes
    ----------
    history : list of dict
        Every so many steps: ``step``, ``loss``, the mean since the row before, and ``watched`` where something was.
    seconds : float
        Duration.
    recordings_per_second : float
        Recordings that were read and learned from, without what was watched.
    device, precision : str
        Where it ran, and how: ``"32-true"`` or ``"bf16-mixed"``.

    Notes
    -----
    Source: our choice. Taught in chapter ``32_pretraining``.
    """

    history: list[dict[str, Any]]
    seconds: float
    recordings_per_second: float
    device: str
    precision: str


def pretrain(
    encoder: nn.Module,
    objective: nn.Module,
    data: PretrainingSet,
    *,
    steps: int,
    seed: int,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    device: str | Fabric = "auto",
    progress: bool = True,
    watch: Callable[[nn.Module], Any] | None = None,
    every: int = 50,
) -> Pretraining:
    """Train an encoder without labels, and leave the weights of the last step in it.

    Parameters
    ----------
    encoder : nn.Module
        Such as ``ECGEncoder``. Its first weights come from its maker: call ``torch.manual_seed`` before.
    objective : nn.Module
        Called with the encoder, a batch and a generator, gives the loss. It has its own projectors, which learn too.
    data : PretrainingSet
        Of training patients only. All are shuffled, and again when fewer than a batch are left of them.
    steps : int
        Batches.
    seed : int
        Decides the order of recordings and all that the objective draws.
    batch_size : int
        Recordings at a time, or all if there are fewer; two at least.
    learning_rate : float
        Of AdamW; it rises and falls as one cycle over all steps.
    device : str or Fabric
        ``"auto"``, ``"cpu"`` or ``"cuda"``; or a launched Fabric of several devices, of which each encodes its share
        of every batch.
    progress : bool
        Whether to show a progress bar.
    watch : callable, optional
        Given the encoder in evaluation mode, gives what the history shall keep. It decides nothing.
    every : int
        Steps between two rows of the history.

    Returns
    -------
    Pretraining

    Raises
    ------
    ECGError
        If a batch would hold one recording only, or can't be shared out among the processes; a recording holds NaN;
        the loss is no longer a number; or there is no such device.

    Notes
    -----
    Memory holds one batch at a time, however many recordings there are. Each is scaled by ``scale_recordings``
    before the objective sees it. Gradients longer than 1 are shortened to 1. What the objective draws comes from a
    generator on the processor, so that it is the same on every device.
    With several processes, all draw the same and compute the same loss: that of one process with the same batch. What
    costs time, encoding, is shared out; the features are gathered, so that each recording is contrasted with all.
    Source: our choice; the paper says neither optimiser nor length. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> from ecglib.learning.objectives import CMSC
    >>> from ecglib.models.ecg_encoder import ECGEncoder
    >>> x = np.random.default_rng(0).standard_normal((4, 12, 200)).astype(np.float32)
    >>> done = pretrain(ECGEncoder(), CMSC(), PretrainingSet(x), steps=2, seed=0, batch_size=4, progress=False)
    >>> [row["step"] for row in done.history]
    [2]
    """
    size = min(batch_size, len(data))
    if size < 2 or steps < 1 or every < 1:
        raise ECGError(
            "nothing to contrast",
            expected="a step, and at least two recordings in each batch",
            found=f"{steps} steps of {batch_size} of {len(data)} recordings",
            remedy="pass more recordings, or a larger batch",
        )
    if isinstance(device, Fabric):
        fabric = device
        with fabric.autocast():
            mixed = torch.is_autocast_enabled(fabric.device.type)
        precision: Precision = "bf16-mixed" if mixed else "32-true"
    else:
        fabric, precision = make_fabric(device)
    shared = _Shared(encoder, fabric)
    history: list[dict[str, Any]] = []
    order = np.empty(0, dtype=np.int64)
    with repeatable():
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        random = np.random.default_rng(seed)
        encoder.to(fabric.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        objective.to(fabric.device).train()
        parameters = [*encoder.parameters(), *objective.parameters()]
        optimizer = torch.optim.AdamW(parameters, lr=learning_rate, fused=True)

        total, counted, watching = torch.zeros((), device=fabric.device), 0, 0.0
        started = time.perf_counter()
        bar = tqdm(range(1, steps + 1), unit="step", disable=not (progress and fabric.is_global_zero))
        for step in bar:
            if len(order) < size:
                order = random.permutation(len(data))
            chosen, order = np.sort(order[:size]), order[size:]
            batch = data.batch(chosen)
            _check_finite(batch)
            batch = batch.to(fabric.device)
            batch = replace(batch, x=scale_recordings(batch.x))

            for group in optimizer.param_groups:
                group["lr"] = learning_rate * one_cycle((step - 1) / steps)
            with fabric.autocast():
                loss = objective(shared, batch, generator)
            optimizer.zero_grad()
            loss.backward()
            shared.add_up_gradients()
            clip_grad_norm_(parameters, CLIP)
            optimizer.step()

            total, counted = total + loss.detach(), counted + 1
            if step % every == 0 or step == steps:
                row: dict[str, Any] = {"step": step, "loss": float(total) / counted}
                if not math.isfinite(row["loss"]):
                    raise ECGError(
                        "the loss is no longer a number",
                        expected="finite values",
                        found=f"{row['loss']} within the {counted} steps up to step {step}",
                        remedy="lower the learning rate",
                    )
                if watch is not None:
                    watching -= time.perf_counter()
                    with torch.random.fork_rng(), torch.no_grad():
                        row["watched"] = watch(encoder.eval())
                    encoder.train()
                    watching += time.perf_counter()
                history.append(row)
                total, counted = torch.zeros_like(total), 0
                bar.set_postfix(loss=f"{row['loss']:.4f}")
        seconds = time.perf_counter() - started
        for module in (encoder, objective):
            module.to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return Pretraining(history, seconds, steps * size / (seconds - watching), fabric.device.type, precision)


class _Shared(nn.Module):
    """An encoder of which each process does its share of the rows, and has all features in the end."""

    def __init__(self, encoder: nn.Module, fabric: Fabric) -> None:
        super().__init__()
        self.encoder, self.fabric, self.step = encoder, fabric, encoder.step

    def forward(self, recordings: Tensor) -> Tensor:
        """Give the features of all rows, whoever computed them."""
        processes = self.fabric.world_size
        if len(recordings) % processes:
            raise ECGError(
                "a batch that can't be shared out",
                expected=f"a multiple of {processes} rows, one part for each process",
                found=f"{len(recordings)} rows",
                remedy="choose another batch_size",
            )
        return gather(self.fabric, self.encoder(recordings.chunk(processes)[self.fabric.global_rank]))

    def add_up_gradients(self) -> None:
        """Give every process the encoder's gradient of the whole batch; what follows the features has it already."""
        if self.fabric.world_size > 1:
            for parameter in self.encoder.parameters():
                if parameter.grad is not None:
                    average = self.fabric.all_reduce(parameter.grad, reduce_op="mean")
                    assert isinstance(average, Tensor)
                    parameter.grad = average


def _check_finite(batch: PretrainingBatch) -> None:
    bad = ~torch.isfinite(batch.x).flatten(1).all(dim=1)
    if bad.any():
        raise ECGError(
            "recordings that are no numbers",
            expected="finite millivolts",
            found=f"NaN or infinite ones in rows {batch.index[bad].tolist()}",
            remedy="leave them out: name the other rows in the pretraining set",
        )
