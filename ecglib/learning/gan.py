"""How the GAN is trained: a generator and a critic, each learning from the other."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm.auto import tqdm

from ecglib.errors import ECGError
from ecglib.learning.device import make_fabric, repeatable
from ecglib.learning.examples import Examples
from ecglib.models.gan import BeatCritic, BeatGenerator

AVERAGING = 0.998
"""Share of the running mean of the generator's weights that a step keeps."""


@dataclass(frozen=True)
class GANHistory:
    """What happened while a GAN was trained.

    Attributes
    ----------
    history : list of dict
        Every so many steps: ``step``, ``critic_loss``, ``generator_loss``, ``real`` and ``made``, the critic's mean
        scores of real and of made beats, and ``watched`` where something was watched.
    beats : dict of int to int
        Training beats of each class.
    seconds : float
        Duration.
    device : str
        Where it ran.

    Notes
    -----
    Source: our choice. Taught in chapter ``14_gan``.
    """

    history: list[dict[str, Any]]
    beats: dict[int, int]
    seconds: float
    device: str


def fit_gan(
    train: Examples,
    *,
    classes: Sequence[int] = (1, 3),
    steps: int = 1000,
    seed: int,
    batch_size: int = 64,
    learning_rate: float = 2e-3,
    device: str = "auto",
    progress: bool = True,
    watch: Callable[[BeatGenerator], Any] | None = None,
    every: int = 100,
) -> tuple[BeatGenerator, GANHistory]:
    """Train a generator on the training beats of some classes.

    Parameters
    ----------
    train : Examples
        Training beats of one split, of one lead, in millivolts; other classes are left aside.
    classes : sequence of int
        Classes to learn, in the order N, S, V, F, Q; each batch holds as many beats of each.
    steps : int
        Steps of the critic, and of the generator.
    seed : int
        Decides the first weights, the order of beats and the noise.
    batch_size : int
        Real beats a step, and made ones.
    learning_rate : float
        Of the critic's Adam; the generator's is half of it.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    progress : bool
        Whether to show a progress bar.
    watch : callable, optional
        Given the averaged generator, gives what the history shall keep, such as beats. It decides nothing.
    every : int
        Steps between two rows of the history.

    Returns
    -------
    BeatGenerator
        With the running mean of its weights over the last steps, which is smoother than the last weights.
    GANHistory

    Raises
    ------
    ECGError
        If a class has fewer than two beats, or a loss is no longer a number.

    Notes
    -----
    Hinge loss (Lim and Ye 2017) with spectral normalisation; gains and shifts in time are drawn at random for
    everything the critic sees, real or made (Zhao et al. 2020), so that it can't learn a few hundred beats by heart.
    Source: song2026 names a GAN; **kind and settings are our choice**. Taught in chapter ``14_gan``.

    Examples
    --------
    >>> x = np.random.default_rng(0).standard_normal((64, 1, 260)).astype(np.float32)
    >>> generator, done = fit_gan(Examples(x, np.arange(64) % 5), steps=2, seed=0, progress=False)
    >>> beats, labels = generate(generator, {1: 3, 3: 2}, seed=0)
    >>> beats.shape, labels.tolist()
    ((5, 1, 260), [1, 1, 1, 3, 3])
    """
    targets = train.targets
    of_class = {label: np.flatnonzero(targets == label) for label in classes}
    _check(of_class)
    fabric, _ = make_fabric(device)
    with repeatable():
        torch.manual_seed(seed)
        random = np.random.default_rng(seed)
        rows = np.concatenate(list(of_class.values()))
        x, y = train.take(rows).batch(slice(None))
        kinds = int(max(5, max(classes) + 1))
        generator = BeatGenerator(kinds, x.shape[-1])
        critic = BeatCritic(kinds, x.shape[-1])
        generator.scale.fill_(float(x.std()))
        generator.learned[list(classes)] = True
        place = fabric.device
        for network in (generator, critic):
            network.to(place, memory_format=torch.channels_last)  # type: ignore[call-overload]
        averaged = copy.deepcopy(generator).eval().requires_grad_(False)
        x = (x / generator.scale.cpu()).to(place)
        makers = torch.optim.Adam(generator.parameters(), lr=learning_rate / 2, betas=(0.0, 0.9))
        judges = torch.optim.Adam(critic.parameters(), lr=learning_rate, betas=(0.0, 0.9))
        positions = [np.flatnonzero(y.numpy() == label) for label in classes]
        y = y.to(place)
        history: list[dict[str, Any]] = []
        sums = torch.zeros(4, device=place)
        started = time.perf_counter()
        for step in tqdm(range(1, steps + 1), unit="step", disable=not progress):
            chosen = torch.from_numpy(_balanced(positions, batch_size, random)).to(place)
            real, labels = x[chosen], y[chosen]

            made = _make(generator, labels)
            scores = critic(vary(torch.cat([real, made.detach()])), labels.repeat(2))
            on_real, on_made = scores.chunk(2)
            critic_loss = torch.relu(1 - on_real).mean() + torch.relu(1 + on_made).mean()
            judges.zero_grad()
            critic_loss.backward()
            judges.step()

            critic.requires_grad_(False)
            generator_loss = -critic(vary(made), labels).mean()
            makers.zero_grad()
            generator_loss.backward()
            makers.step()
            critic.requires_grad_(True)

            kept = min(AVERAGING, step / (step + 10))
            with torch.no_grad():
                for mean, weight in zip(averaged.parameters(), generator.parameters(), strict=True):
                    mean.lerp_(weight, 1 - kept)
                sums += torch.stack([critic_loss, generator_loss, on_real.mean(), on_made.mean()])
            if step % every == 0 or step == steps:
                counted = step % every or every
                row: dict[str, Any] = dict(
                    zip(("critic_loss", "generator_loss", "real", "made"), (sums / counted).tolist(), strict=True)
                )
                if not all(math.isfinite(value) for value in row.values()):
                    raise ECGError(
                        "a loss is no longer a number",
                        expected="finite values",
                        found=f"{row} at step {step}",
                        remedy="lower the learning rate, and look for NaN in the beats",
                    )
                if watch is not None:
                    with torch.random.fork_rng():
                        row["watched"] = watch(averaged)
                history.append({"step": step, **row})
                sums.zero_()
        seconds = time.perf_counter() - started
        averaged.requires_grad_(True).to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    counts = {label: len(found) for label, found in of_class.items()}
    return averaged, GANHistory(history, counts, seconds, place.type)


@torch.inference_mode()
def generate(
    generator: BeatGenerator, counts: Mapping[int, int], *, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Make beats of the classes that are asked for.

    Parameters
    ----------
    generator : BeatGenerator
        Of ``fit_gan``, or with weights that were saved after it.
    counts : mapping of int to int
        How many beats of each class, such as ``{1: 500, 3: 500}``.
    seed : int
        Same seed, same beats.

    Returns
    -------
    x : float32 array, shape (beats, 1, samples)
        Millivolts.
    y : int64 array, shape (beats,)
        Their classes, in the order of ``counts``.

    Raises
    ------
    ECGError
        If the generator never learned one of the classes.

    Notes
    -----
    They belong into a training set, never into validation or test. Source: our choice. Taught in chapter ``14_gan``.

    Examples
    --------
    >>> generator = BeatGenerator()
    >>> generator.learned[3] = True
    >>> generate(generator, {3: 4}, seed=0)[0].shape
    (4, 1, 260)
    """
    learned = np.flatnonzero(generator.learned.cpu().numpy()).tolist()
    unknown = [label for label in counts if label not in learned]
    if unknown:
        raise ECGError(
            "the generator doesn't know these classes",
            expected=f"classes among {learned}",
            found=str(unknown),
            remedy="train it on them, or load the weights of one that was",
        )
    labels = np.repeat(np.array(list(counts), dtype=np.int64), list(counts.values()))
    place = generator.scale.device
    with repeatable():
        torch.manual_seed(seed)
        made = [
            generator(torch.randn(len(some), generator.latent, device=place), some.to(place)).cpu()
            for some in torch.from_numpy(labels).split(1024)
        ]
    return torch.cat(made).numpy(), labels


def vary(windows: Tensor) -> Tensor:
    """Give windows another size and place, at random: up to a tenth larger or smaller, up to 10 samples aside.

    Parameters
    ----------
    windows : tensor, shape (batch, leads, samples)

    Returns
    -------
    tensor, shape (batch, leads, samples)
        Where the shift leaves a gap, the first or last value is repeated. Gradients pass.

    Notes
    -----
    Source: the idea is Zhao et al., NeurIPS 2020; the two kinds are our choice. Taught in chapter ``14_gan``.

    Examples
    --------
    >>> vary(torch.ones(8, 1, 260)).shape
    torch.Size([8, 1, 260])
    """
    batch, leads, samples = windows.shape
    gain = 0.9 + 0.2 * torch.rand(batch, 1, 1, device=windows.device)
    shift = torch.randint(-10, 11, (batch, 1, 1), device=windows.device)
    places = (torch.arange(samples, device=windows.device) + shift).clamp(0, samples - 1)
    return gain * windows.gather(2, places.expand(batch, leads, samples))


def _make(generator: BeatGenerator, labels: Tensor) -> Tensor:
    noise = torch.randn(len(labels), generator.latent, device=labels.device)
    return generator(noise, labels) / generator.scale


def _balanced(positions: Sequence[NDArray[np.int64]], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Draw as many of each class, whatever their number."""
    shares = [count // len(positions) + (k < count % len(positions)) for k in range(len(positions))]
    return np.concatenate([random.choice(place, share) for place, share in zip(positions, shares, strict=True)])


def _check(of_class: Mapping[int, NDArray[np.int64]]) -> None:
    scarce = {label: len(found) for label, found in of_class.items() if len(found) < 2}
    if scarce or not of_class:
        raise ECGError(
            "too few beats for a GAN to learn from",
            expected="at least one class, and two beats of each",
            found=", ".join(f"{count} of class {label}" for label, count in scarce.items()) or "no class",
            remedy="leave these classes out, or train on more records",
        )
