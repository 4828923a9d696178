"""What a pretrained encoder is for: a model on top of it learns a task from few labels, in a fixed number of steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from tqdm.auto import tqdm

from ecglib.errors import ECGError
from ecglib.learning.augment_leads import shift_and_scale_leads
from ecglib.learning.device import make_fabric, repeatable
from ecglib.learning.examples import Examples
from ecglib.learning.fit import one_cycle
from ecglib.learning.predict import logits, predict
from ecglib.models.recording_classifier import RecordingClassifier
from ecglib.models.segmenter import Segmenter
from ecglib.models.with_encoder import WithEncoder
from ecglib.signals.wave_labels import UNKNOWN

ROWS = 40
"""Rows of a history, each the mean over its share of the steps."""

_BATCH = 256  # recordings at a time in evaluation; 4,096 would need gigabytes


@dataclass(frozen=True)
class Downstream:
    """What happened while a model was trained on top of an encoder.

    Attributes
    ----------
    history : list of dict
        ``step`` and ``loss``, the mean over the steps since the row before.
    seconds : float
        How long it took.
    device, precision : str
        Where it ran, and how: ``"32-true"`` or ``"bf16-mixed"``.

    Notes
    -----
    Source: our choice. Taught in chapter ``33_superdiagnostic``.
    """

    history: list[dict[str, float]]
    seconds: float
    device: str
    precision: str


def fit_segmenter(
    model: Segmenter,
    train: Examples,
    *,
    steps: int,
    seed: int,
    batch_size: int = 16,
    learning_rate: float = 2e-3,
    encoder_learning_rate: float = 1e-3,
    device: str = "auto",
    progress: bool = True,
) -> Downstream:
    """Teach a segmenter the wave of every sample, and leave in it the weights of the last step.

    Parameters
    ----------
    model : Segmenter
        The first weights of its decoder come from its maker: call ``torch.manual_seed`` before.
    train : Examples
        ``x``: millivolts, shape (recordings, leads, samples). ``y``: labels, shape (recordings, samples); samples
        with ``UNKNOWN`` teach nothing.
    steps : int
        Batches to learn from, however many recordings there are.
    seed : int
        Decides the order of recordings and the augmentation.
    batch_size : int
        Recordings at a time.
    learning_rate, encoder_learning_rate : float
        Of AdamW for the decoder and, lower, for the encoder; both rise and fall as one cycle. An encoder that starts
        from random weights learns best at the decoder's rate: pass that for it, so that a method without pretraining
        isn't held back.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Downstream

    Raises
    ------
    ECGError
        If the loss is no longer a number, the samples' labels are of another shape or none of the model's classes, or
        there is no such device.

    Notes
    -----
    Nothing is chosen on other recordings, neither step nor rate, so that methods differ in their encoders alone.
    Source: our choice. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> from ecglib.models.ecg_encoder import ECGEncoder
    >>> x = np.random.default_rng(0).standard_normal((4, 12, 400)).astype(np.float32)
    >>> train = Examples(x, (x[:, 1] > 0.5).astype(np.int64))
    >>> model = Segmenter(ECGEncoder(width=8))
    >>> done = fit_segmenter(model, train, steps=2, seed=0, batch_size=2, progress=False)
    >>> len(done.history), predict_waves(model, x).shape
    (2, (4, 400))
    """
    classes = model.classifier.out_channels
    fit = train.y.shape[1:] == train.x.shape[2:] and bool(np.isin(train.targets, np.arange(UNKNOWN, classes)).all())
    _check_targets(fit, f"a label from 0 to {classes - 1}, or {UNKNOWN} for unknown, for every sample", train)
    rates = (learning_rate, encoder_learning_rate)
    return _fit(model, train, known_cross_entropy, steps, seed, batch_size, rates, device, progress)


def fit_labels(
    model: RecordingClassifier,
    train: Examples,
    *,
    steps: int,
    seed: int,
    batch_size: int = 64,
    learning_rate: float = 2e-3,
    encoder_learning_rate: float = 5e-4,
    device: str = "auto",
    progress: bool = True,
) -> Downstream:
    """Teach a classifier the labels of whole recordings, and leave in it the weights of the last step.

    Parameters
    ----------
    model : RecordingClassifier
        The first weights of its head come from its maker: call ``torch.manual_seed`` before.
    train : Examples
        ``x``: millivolts, shape (recordings, leads, samples). ``y``: 0 or 1, shape (recordings, classes).
    steps, seed, batch_size, learning_rate, encoder_learning_rate, device, progress
        As in ``fit_segmenter``, with a head in place of the decoder; so also for an encoder with random weights.

    Returns
    -------
    Downstream

    Raises
    ------
    ECGError
        If the loss is no longer a number, the labels are not 0 and 1 for each class, or there is no such device.

    Notes
    -----
    Each label is a question of its own: binary cross-entropy, all weighed alike. Source: our choice. Taught in chapter
    ``33_superdiagnostic``.

    Examples
    --------
    >>> from ecglib.models.ecg_encoder import ECGEncoder
    >>> train = Examples(np.random.default_rng(0).random((4, 12, 400), dtype=np.float32), np.eye(4, 5, dtype=int))
    >>> model = RecordingClassifier(ECGEncoder(width=8), classes=5, frozen=True)
    >>> done = fit_labels(model, train, steps=2, seed=0, progress=False)
    >>> label_scores(model, train.x).shape
    (4, 5)
    """
    binary = train.y.ndim == 2 and bool(np.isin(train.y, (0, 1)).all())
    _check_targets(binary and train.y.shape[1] == model.classifier.out_features, "0 or 1 for each class", train)
    rates = (learning_rate, encoder_learning_rate)
    return _fit(model, train, _binary_cross_entropy, steps, seed, batch_size, rates, device, progress)


def predict_waves(model: Segmenter, x: NDArray[np.float32] | Examples, *, device: str = "auto") -> NDArray[np.int64]:
    """Give the most probable label of every sample.

    Parameters
    ----------
    model : Segmenter
    x : float32 array, shape (recordings, leads, samples), or Examples
        Millivolts.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.

    Returns
    -------
    int64 array, shape (recordings, samples)
        As ``wave_labels`` has them, without ``UNKNOWN``.

    Notes
    -----
    Source: our choice. Taught in chapter ``34_wave_segmentation``.
    """
    return predict(model, x, device=device, batch_size=_BATCH).argmax(axis=1)


def label_scores(
    model: RecordingClassifier, x: NDArray[np.float32] | Examples, *, device: str = "auto"
) -> NDArray[np.float32]:
    """Give the probability of each label for each recording.

    Parameters
    ----------
    model : RecordingClassifier
    x : float32 array, shape (recordings, leads, samples), or Examples
        Millivolts.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.

    Returns
    -------
    float32 array, shape (recordings, classes)
        Each from 0 to 1 by itself: a recording may have several labels or none.

    Notes
    -----
    Source: our choice. Taught in chapter ``33_superdiagnostic``.
    """
    examples = x if isinstance(x, Examples) else Examples(x, np.zeros(len(x), np.int64))
    fabric, _ = make_fabric(device)
    with repeatable(), _at_work(model, fabric):
        return logits(model, examples, _BATCH).sigmoid().numpy()


def known_cross_entropy(scores: Tensor, labels: Tensor) -> Tensor:
    """Give the mean cross-entropy over the samples whose label is known.

    Parameters
    ----------
    scores : tensor, shape (batch, classes, samples)
        Logits.
    labels : int64 tensor, shape (batch, samples)
        ``UNKNOWN`` where nobody says.

    Returns
    -------
    tensor, no dimensions
        Zero where no label is known.

    Notes
    -----
    Source: our choice. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> known_cross_entropy(torch.zeros(1, 4, 3), torch.tensor([[2, UNKNOWN, 0]])).round(decimals=4)
    tensor(1.3863)
    """
    known = (labels != UNKNOWN).sum().clamp_min(1)
    return cross_entropy(scores, labels, ignore_index=UNKNOWN, reduction="sum") / known


def _fit(
    model: WithEncoder,
    train: Examples,
    loss: Callable[[Tensor, Tensor], Tensor],
    steps: int,
    seed: int,
    batch_size: int,
    rates: tuple[float, float],
    device: str,
    progress: bool,
) -> Downstream:
    fabric, precision = make_fabric(device)
    started = time.perf_counter()
    with repeatable(), _at_work(model, fabric):
        head = [parameter for name, parameter in model.named_parameters() if not name.startswith("encoder.")]
        groups = [{"params": head, "peak": rates[0]}]
        if not model.frozen:
            groups.append({"params": list(model.encoder.parameters()), "peak": rates[1]})
        optimizer = torch.optim.AdamW(groups, fused=True)
        learner, stepper = fabric.setup(model, optimizer)

        torch.manual_seed(seed)
        history: list[dict[str, float]] = []
        total, since = torch.zeros((), device=fabric.device), 0
        learner.train()
        bar = tqdm(_batches(len(train), batch_size, steps, seed), total=steps, unit="step", disable=not progress)
        for step, chosen in enumerate(bar):
            x, y = shift_and_scale_leads(*fabric.to_device(train.batch(chosen)))
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * one_cycle(step / steps)
            error = loss(learner(x).float(), y)
            stepper.zero_grad()
            fabric.backward(error)
            fabric.clip_gradients(learner, stepper, max_norm=1.0, error_if_nonfinite=False)
            stepper.step()

            total, since = total + error.detach(), since + 1
            if (step + 1) * ROWS // steps > step * ROWS // steps:
                history.append({"step": step + 1, "loss": float(total) / since})
                total, since = torch.zeros_like(total), 0
                bar.set_postfix(loss=f"{history[-1]['loss']:.4f}")
                _check_finite(history[-1])
    return Downstream(history, time.perf_counter() - started, fabric.device.type, precision)


@contextmanager
def _at_work(model: WithEncoder, fabric: Fabric) -> Iterator[None]:
    """Hold a model on the device, and bring it back to the processor, also after an error."""
    try:
        model.to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        yield
    finally:
        model.to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]


def _batches(examples: int, batch_size: int, steps: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Give the places of each batch: all examples in random order, then all in another, without a gap between."""
    random, left = np.random.default_rng(seed), np.array([], dtype=np.int64)
    for _ in range(steps):
        while len(left) < batch_size:
            left = np.concatenate([left, random.permutation(examples)])
        yield left[:batch_size]
        left = left[batch_size:]


def _binary_cross_entropy(scores: Tensor, labels: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(scores, labels.float())


def _check_targets(fit: bool, expected: str, train: Examples) -> None:
    if not fit:
        raise ECGError(
            "these labels can't be learnt",
            expected=f"recordings of shape (recordings, leads, samples), and {expected}",
            found=f"recordings of shape {train.x.shape}, labels of shape {train.y.shape} with "
            f"{', '.join(map(str, np.unique(train.targets)[:6]))}",
            remedy="pass the labels of exactly these recordings",
        )


def _check_finite(row: dict[str, float]) -> None:
    if not math.isfinite(row["loss"]):
        raise ECGError(
            "the loss is no longer a number",
            expected="a finite value",
            found=f"{row['loss']} before step {row['step']:.0f}",
            remedy="lower the learning rates, and look for NaN in the recordings",
        )
