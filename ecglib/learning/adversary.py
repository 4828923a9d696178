"""Adversarial training: a classifier learns beats, and learns not to tell whose they are."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from tqdm.auto import tqdm

from ecglib.errors import ECGError
from ecglib.learning.checkpoint import Progress
from ecglib.learning.device import make_fabric, repeatable
from ecglib.learning.examples import Examples
from ecglib.learning.fit import one_cycle
from ecglib.learning.predict import logits
from ecglib.learning.score import macro_f1

Form = Literal["reversal", "alternating"]


class PatientHead(nn.Module):
    """Name the patient from an embedding: the adversary.

    Parameters
    ----------
    patients : int
        Patients to tell apart.
    features : int
        Numbers in an embedding.

    Notes
    -----
    Takes (batch, features), gives logits (batch, patients). Each embedding is shifted and scaled to mean 0 and
    variance 1 first: the classifier could otherwise blind its adversary by making all numbers small, and hide
    nothing. Source: jeong2024 has a network that names the patient; **its layers are our choice**. Taught in chapter
    ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> PatientHead(patients=18)(torch.zeros(8, 32)).shape
    torch.Size([8, 18])
    """

    def __init__(self, patients: int, features: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(features), nn.Linear(features, 64), nn.ReLU(inplace=True), nn.Linear(64, patients)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Give logits, shape (batch, patients)."""
        return self.layers(features)


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradient, None


def reverse_gradient(x: Tensor, strength: float) -> Tensor:
    """Let numbers through as they are, and their gradient back with its sign changed.

    Parameters
    ----------
    x : tensor, any shape
    strength : float
        What the gradient is multiplied by, beside -1.

    Returns
    -------
    tensor, same shape and values

    Notes
    -----
    What follows learns to lower the loss; what comes before learns to raise it. Source: Ganin and colleagues (2016),
    Domain-Adversarial Training of Neural Networks, section 4.2. Taught in chapter
    ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> x = torch.ones(2, requires_grad=True)
    >>> (3 * reverse_gradient(x, 0.5)).sum().backward()
    >>> x.grad
    tensor([-1.5000, -1.5000])
    """
    return _Reversal.apply(x, strength)


def reversal_schedule(done: float) -> float:
    """Give the adversary's share of its weight when a part of the training, from 0 to 1, is done.

    Notes
    -----
    It starts at zero, while the patient head still guesses, and comes near one in the second half. Source: Ganin
    and colleagues (2016), section 5.2.2, with their γ = 10. Taught in chapter
    ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> [round(reversal_schedule(part), 3) for part in (0, 0.1, 0.5, 1)]
    [0.0, 0.462, 0.987, 1.0]
    """
    return 2 / (1 + math.exp(-10 * done)) - 1


@dataclass(frozen=True)
class AdversarialFit:
    """What happened while a classifier and its adversary were trained.

    Attributes
    ----------
    history : list of dict
        For each epoch: ``epoch``; ``loss``, ``patient_loss`` and ``patient_accuracy`` in training; ``strength``, what
        the patient loss was multiplied by in the last batch; ``validation_loss`` and ``score`` on validation.
    best_epoch : int
        Epoch whose weights the model holds; the first is 1.
    best_score : float
        Its score on validation.
    patients : int
        Patients that the adversary told apart.
    majority : float
        Accuracy of naming always the patient with most examples: what ``patient_accuracy`` falls to.
    seconds_per_epoch : float
        Mean.
    device, precision : str
        Where it ran, and how: ``"32-true"`` or ``"bf16-mixed"``.

    Notes
    -----
    Source: our choice. Taught in chapter ``21_beat_classifier_and_its_patients``.
    """

    history: list[dict[str, float]]
    best_epoch: int
    best_score: float
    patients: int
    majority: float
    seconds_per_epoch: float
    device: str
    precision: str


def fit_adversarial(
    model: nn.Module,
    train: Examples,
    patients: ArrayLike,
    validation: Examples,
    *,
    form: Form = "reversal",
    weight: float,
    epochs: int,
    seed: int,
    batch_size: int = 256,
    learning_rate: float = 1e-3,
    device: str = "auto",
    progress: bool = True,
    score: Callable[[ArrayLike, ArrayLike], float] = macro_f1,
) -> AdversarialFit:
    """Train a classifier against a head that names the patient, and keep the epoch that scored best on validation.

    Parameters
    ----------
    model : nn.Module
        Has ``features``, ``classifier`` and ``feature_count``, as ``BeatClassifier``. Its first weights come from its
        maker: call ``torch.manual_seed`` before.
    train : Examples
    patients : int array, shape (training examples,)
        Whose each training example is.
    validation : Examples
        Of other patients.
    form : {"reversal", "alternating"}
        ``"reversal"``: one step for both, with the patient loss's gradient reversed where it enters the classifier.
        ``"alternating"``: the head takes a step to name the patient; then the classifier takes one that lowers its
        own loss and raises that of the head as it is now.
    weight : float
        What the patient loss is multiplied by at the end, after ``reversal_schedule``. With 0 the head learns and
        the classifier doesn't notice: the same weights as from ``fit``, bit for bit.
    epochs : int
        So many times over all training examples.
    seed : int
        Decides the head's first weights, the order of examples and the dropout.
    batch_size : int
        Examples at a time.
    learning_rate : float
        Of both AdamW; it rises and falls as one cycle over all epochs.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    progress : bool
        Whether to show a progress bar.
    score : callable
        Of the true classes and the scores of shape (examples, classes); higher is better. ``last_epoch()`` keeps the
        weights of the last epoch, when the adversary has its full weight.

    Returns
    -------
    AdversarialFit

    Raises
    ------
    ECGError
        If ``patients`` doesn't fit the examples or holds one patient only, form or weight make no sense, a loss is no
        longer a number, or there is no such device.

    Notes
    -----
    What the head can do never chooses the epoch: an adversary that fails to learn would look like a classifier that
    hides the patient. Ask ``patient_probe`` afterwards. The best epoch may be an early one, when the adversary was
    still weak; its row of ``history`` says how weak.
    Source: jeong2024 names adversarial learning, and what we could read of it doesn't say which form. Reversal is that
    of Ganin and colleagues (2016), alternating steps are those of Goodfellow and colleagues (2014); settings are our
    choice. Taught in chapter ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> from ecglib.models.beat_classifier import BeatClassifier
    >>> x = np.random.default_rng(0).random((64, 128), dtype=np.float32)
    >>> examples = Examples(x, np.arange(64) % 6)
    >>> done = fit_adversarial(
    ...     BeatClassifier(), examples, np.arange(64) % 5, examples, weight=0.1, epochs=1, seed=0, progress=False
    ... )
    >>> done.patients, len(done.history)
    (5, 1)
    """
    owners, counts = _owners(patients, train, form, weight)
    fabric, precision = make_fabric(device)
    batches = math.ceil(len(train) / batch_size)
    network: Any = model
    with repeatable():
        torch.manual_seed(seed)
        head = PatientHead(len(counts), network.feature_count).to(fabric.device)
        model.to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        of_model = AdamW(model.parameters(), lr=learning_rate, fused=True)
        of_head = AdamW(head.parameters(), lr=learning_rate, fused=True)

        done = Progress()
        bar = tqdm(total=epochs * batches, unit="batch", disable=not progress)
        while done.epoch < epochs:
            started = time.perf_counter()
            generator = np.random.default_rng([seed, done.epoch])
            torch.manual_seed(int(generator.integers(2**63)))
            order = generator.permutation(len(train))

            model.train()
            sums = torch.zeros(3, device=fabric.device)
            for batch in range(batches):
                chosen = order[batch * batch_size : (batch + 1) * batch_size]
                x, y = fabric.to_device(train.batch(chosen))
                who = torch.from_numpy(owners[chosen]).to(fabric.device)
                part = (done.epoch + batch / batches) / epochs
                strength = weight * reversal_schedule(part)
                for group in of_model.param_groups + of_head.param_groups:
                    group["lr"] = learning_rate * one_cycle(part)

                with fabric.autocast():
                    features = network.features(x)
                    scores = network.classifier(features)
                features, error = features.float(), cross_entropy(scores.float(), y)

                if form == "reversal":
                    named = head(reverse_gradient(features, strength))
                    patient_error = cross_entropy(named, who)
                    of_model.zero_grad()
                    of_head.zero_grad()
                    (error + patient_error).backward()
                    of_model.step()
                    of_head.step()
                else:
                    named = head(features.detach())
                    patient_error = cross_entropy(named, who)
                    of_head.zero_grad()
                    patient_error.backward()
                    of_head.step()

                    head.requires_grad_(False)
                    of_model.zero_grad()
                    (error - strength * cross_entropy(head(features), who)).backward()
                    of_model.step()
                    head.requires_grad_(True)

                with torch.no_grad():
                    right = (named.argmax(dim=1) == who).float().mean()
                    sums += len(y) * torch.stack([error, patient_error, right])
                bar.update()

            outputs, targets = logits(model, validation), validation.targets
            row: dict[str, float] = {
                "epoch": done.epoch + 1,
                **dict(zip(("loss", "patient_loss", "patient_accuracy"), (sums / len(train)).tolist(), strict=True)),
                "strength": strength,
                "validation_loss": float(cross_entropy(outputs, torch.from_numpy(targets))),
                "score": float(score(targets, outputs.softmax(dim=1).numpy())),
            }
            _check_finite(row)
            done.epoch += 1
            done.history.append(row)
            if row["score"] > done.best_score:
                done.best_epoch, done.best_score = done.epoch, row["score"]
                done.best = {name: tensor.clone() for name, tensor in model.state_dict().items()}
            done.seconds.append(time.perf_counter() - started)
            bar.set_postfix(epoch=done.epoch, loss=f"{row['loss']:.4f}", score=f"{row['score']:.3f}",
                            patient=f"{row['patient_accuracy']:.3f}")  # fmt: skip
        bar.close()

        model.load_state_dict(done.best)
        model.to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return AdversarialFit(
        history=done.history,
        best_epoch=done.best_epoch,
        best_score=done.best_score,
        patients=len(counts),
        majority=float(counts.max() / counts.sum()),
        seconds_per_epoch=float(np.mean(done.seconds)),
        device=fabric.device.type,
        precision=precision,
    )


def embeddings(
    model: nn.Module, x: NDArray[np.float32] | Examples, *, device: str = "auto", batch_size: int = 4096
) -> NDArray[np.float32]:
    """Give the numbers from which a classifier decides.

    Parameters
    ----------
    model : nn.Module
        Has ``features``, as ``BeatClassifier``.
    x : float32 array, shape (examples, samples), or Examples
        May be memory-mapped.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    batch_size : int
        Examples at a time.

    Returns
    -------
    float32 array, shape (examples, features)
        Without dropout; always computed in float32.

    Raises
    ------
    ECGError
        If this machine has no such device.

    Notes
    -----
    They go into ``patient_probe`` and into pictures. Source: our choice. Taught in chapter
    ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> from ecglib.models.beat_classifier import BeatClassifier
    >>> embeddings(BeatClassifier(), np.zeros((3, 128), np.float32)).shape
    (3, 32)
    """
    examples = x if isinstance(x, Examples) else Examples(x, np.zeros(len(x), np.int64))
    fabric, _ = make_fabric(device)
    network: Any = model
    was_training = model.training
    with repeatable():
        model.eval().to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        with torch.inference_mode():
            found = [
                network.features(examples.batch(slice(start, start + batch_size))[0].to(fabric.device)).cpu()
                for start in range(0, len(examples), batch_size)
            ]
        model.train(was_training).to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return torch.cat(found).numpy()


def _owners(
    patients: ArrayLike, train: Examples, form: str, weight: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the index of each example's patient, and how many examples each patient has; raises ECGError."""
    named = np.asarray(patients)
    names, owners, counts = np.unique(named, return_inverse=True, return_counts=True)
    if named.shape != (len(train),) or len(names) < 2:
        raise ECGError(
            "an adversary can't learn these patients",
            expected=f"the patient of each of {len(train)} training examples, and at least two patients",
            found=f"shape {named.shape} with {len(names)} patients",
            remedy="pass the patients of exactly the training examples, in their order",
        )
    if form not in get_args(Form) or not (math.isfinite(weight) and weight >= 0):
        raise ECGError(
            "no such adversarial training",
            expected=f"form {' or '.join(get_args(Form))}, and a weight of 0 or more",
            found=f"form {form}, weight {weight}",
            remedy="choose one of the two forms; weight 0 trains without the adversary",
        )
    return owners.astype(np.int64), counts.astype(np.int64)


def _check_finite(row: dict[str, float]) -> None:
    if not all(math.isfinite(value) for value in row.values()):
        raise ECGError(
            "a loss or the score is no longer a number",
            expected="finite values",
            found=", ".join(f"{name} {value}" for name, value in row.items()),
            remedy="lower the learning rate or the adversary's weight, and look for NaN in the examples",
        )
