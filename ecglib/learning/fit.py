"""The training loop that every chapter uses, whole, from top to bottom."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from tqdm.auto import tqdm

from ecglib.errors import ECGError
from ecglib.learning.checkpoint import Progress, fingerprint, load_progress, save_progress
from ecglib.learning.device import make_fabric, repeatable
from ecglib.learning.examples import Examples
from ecglib.learning.predict import logits
from ecglib.learning.score import macro_f1


@dataclass(frozen=True)
class Fit:
    """What happened while a model was trained.

    Attributes
    ----------
    history : list of dict
        For each epoch: ``epoch``, ``loss`` in training, ``validation_loss``, ``score`` on validation.
    best_epoch : int
        Epoch whose weights the model holds; the first is 1.
    best_score : float
        Its score on validation.
    seconds_per_epoch : float
        Mean.
    device, precision : str
        Where it ran, and how: ``"32-true"`` or ``"bf16-mixed"``.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """

    history: list[dict[str, float]]
    best_epoch: int
    best_score: float
    seconds_per_epoch: float
    device: str
    precision: str


def fit(
    model: nn.Module,
    train: Examples,
    validation: Examples,
    *,
    epochs: int,
    seed: int,
    loss: Callable[[Tensor, Tensor], Tensor] | None = None,
    batch_size: int = 256,
    learning_rate: float = 1e-3,
    device: str = "auto",
    patience: int | None = None,
    checkpoint: Path | None = None,
    progress: bool = True,
    score: Callable[[ArrayLike, ArrayLike], float] = macro_f1,
    augment: Callable[[Tensor], Tensor] | None = None,
) -> Fit:
    """Train a model and leave in it the weights of the epoch that scored best on validation.

    Parameters
    ----------
    model : nn.Module
        Gives logits. Its first weights come from its maker: call ``torch.manual_seed`` before.
    train, validation : Examples
        Of different patients wherever the claim is about new ones. No test example belongs here.
    epochs : int
        At most so many times over all training examples.
    seed : int
        Decides the order of examples, the dropout and the augmentation, and nothing else.
    loss : callable, optional
        Of logits and targets; None takes the cross-entropy.
    batch_size : int
        Examples at a time.
    learning_rate : float
        Of AdamW; it rises and falls as one cycle over all epochs.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    patience : int, optional
        Stop after so many epochs without a better score; None never stops early.
    checkpoint : Path, optional
        File that keeps the run after each epoch. If it is there and of the same run, that run goes on, and ends
        with the same weights, bit for bit, as if it had never been interrupted.
    progress : bool
        Whether to show a progress bar.
    score : callable
        Of the true classes and the scores of shape (examples, classes); higher is better.
    augment : callable, optional
        Changes the inputs of each training batch, such as ``shift_and_scale``. Validation sees them unchanged.

    Returns
    -------
    Fit

    Raises
    ------
    ECGError
        If the loss or the score is no longer a number, or there is no such device.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> from ecglib.models import CNN
    >>> x = np.random.default_rng(0).standard_normal((64, 1, 260)).astype(np.float32)
    >>> examples = Examples(x, np.arange(64) % 2)
    >>> done = fit(CNN(classes=2), examples, examples, epochs=2, seed=0, progress=False)
    >>> len(done.history)
    2
    """
    criterion = loss if loss is not None else nn.functional.cross_entropy
    fabric, precision = make_fabric(device)
    batches = math.ceil(len(train) / batch_size)
    with repeatable():
        model.to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, fused=True)
        learner, stepper = fabric.setup(model, optimizer)

        done, run = Progress(), ""
        if checkpoint is not None:
            settings = {
                "epochs": epochs,
                "seed": seed,
                "loss": _name(criterion),
                "batch_size": batch_size,
                "learning_rate": learning_rate,
                "device": fabric.device.type,
                "precision": precision,
                "patience": patience,
                "score": _name(score),
                "augment": _name(augment),
            }
            run = fingerprint(model, train, validation, settings)
            done = load_progress(checkpoint, run, model, optimizer)

        bar = tqdm(total=epochs * batches, initial=done.epoch * batches, unit="batch", disable=not progress)
        while done.epoch < epochs and not done.should_stop(patience):
            started = time.perf_counter()
            generator = np.random.default_rng([seed, done.epoch])
            torch.manual_seed(int(generator.integers(2**63)))
            order = generator.permutation(len(train))

            learner.train()
            total = torch.zeros((), device=fabric.device)
            for batch in range(batches):
                x, y = fabric.to_device(train.batch(order[batch * batch_size : (batch + 1) * batch_size]))
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate * one_cycle((done.epoch + batch / batches) / epochs)
                error = criterion(learner(x if augment is None else augment(x)), y)
                stepper.zero_grad()
                fabric.backward(error)
                stepper.step()
                total += error.detach() * len(y)
                bar.update()

            with torch.inference_mode():
                outputs, targets = logits(model, validation), validation.targets
                row = {
                    "epoch": done.epoch + 1,
                    "loss": float(total) / len(train),
                    "validation_loss": float(criterion(outputs, torch.from_numpy(targets))),
                    "score": float(score(targets, outputs.softmax(dim=1).numpy())),
                }
            if not math.isfinite(row["loss"] + row["score"]):
                raise ECGError(
                    "the loss or the score is no longer a number",
                    expected="finite values",
                    found=f"loss {row['loss']}, score {row['score']} in epoch {row['epoch']}",
                    remedy="lower the learning rate, and look for NaN in the examples",
                )
            done.epoch += 1
            done.history.append(row)
            if row["score"] > done.best_score:
                done.best_epoch, done.best_score = done.epoch, row["score"]
                done.best = {name: tensor.clone() for name, tensor in model.state_dict().items()}
            done.seconds.append(time.perf_counter() - started)
            bar.set_postfix(epoch=done.epoch, loss=f"{row['loss']:.4f}", score=f"{row['score']:.3f}")
            if checkpoint is not None:
                save_progress(checkpoint, run, done, model, optimizer)
        bar.close()

        model.load_state_dict(done.best)
        model.to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return Fit(
        history=done.history,
        best_epoch=done.best_epoch,
        best_score=done.best_score,
        seconds_per_epoch=float(np.mean(done.seconds)),
        device=fabric.device.type,
        precision=precision,
    )


def one_cycle(done: float) -> float:
    """Give the learning rate's share of its peak when a part of the training, from 0 to 1, is done.

    Notes
    -----
    It rises for the first tenth and falls as a cosine to zero. Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> [round(one_cycle(part), 2) for part in (0, 0.05, 0.1, 0.55, 1)]
    [0.1, 0.55, 1.0, 0.5, 0.0]
    """
    return 0.1 + 9 * done if done < 0.1 else (1 + math.cos(math.pi * (done - 0.1) / 0.9)) / 2


def _name(function: object) -> str:
    return getattr(function, "__qualname__", repr(function))
