"""A classifier trained against an adversary: from its file where training is to be skipped, else from training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import nn

from ecglib.learning.adversary import AdversarialFit, Form, fit_adversarial
from ecglib.learning.examples import Examples
from ecglib.learning.weights import load_weights, save_weights


def fit_adversarial_or_load(
    make: Callable[[], nn.Module],
    file: Path,
    train: Examples,
    patients: ArrayLike,
    validation: Examples,
    *,
    form: Form = "reversal",
    weight: float,
    seed: int,
    pretrained: Path | None = None,
    facts: Mapping[str, str | int | float] | None = None,
    **settings: Any,
) -> tuple[nn.Module, AdversarialFit | None]:
    """Train a classifier against its adversary and keep the weights, or read those of one that was trained before.

    Parameters
    ----------
    make : callable
        Makes the classifier; its first weights depend on the seed.
    file : Path
        Where the weights go, with what is known of them.
    train, patients, validation, form, weight
        As in ``fit_adversarial``.
    seed : int
        Of the first weights and of the training.
    pretrained : Path, optional
        Folder that holds a file of the same name: it is read, and nothing is trained.
    facts : mapping, optional
        What to note beside the weights, beyond form, weight, seed, epochs, what the adversary could do in the last
        one, seconds an epoch and device.
    **settings
        As in ``fit_adversarial``.

    Returns
    -------
    model : nn.Module
        Trained; in evaluation mode if it was read.
    AdversarialFit or None
        None if nothing was trained.

    Raises
    ------
    ECGError
        As in ``fit_adversarial``, and as in ``load_weights``.

    Notes
    -----
    The adversary itself is not kept: it has done its work. Source: our choice. Taught in chapter
    ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from ecglib.models.beat_classifier import BeatClassifier
    >>> segments = np.random.default_rng(0).standard_normal((64, 128)).astype(np.float32)
    >>> examples, patients = Examples(segments, np.arange(64) % 6), np.arange(64) % 5
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "reversal_0.safetensors"
    ...     both = (BeatClassifier, file, examples, patients, examples)
    ...     _, result = fit_adversarial_or_load(*both, weight=0.1, seed=0, epochs=1, progress=False)
    ...     _, nothing = fit_adversarial_or_load(*both, weight=0.1, seed=0, pretrained=file.parent)
    >>> len(result.history), nothing
    (1, None)
    """
    torch.manual_seed(seed)
    model = make()
    if pretrained is not None:
        return load_weights(model, pretrained / file.name), None
    result = fit_adversarial(model, train, patients, validation, form=form, weight=weight, seed=seed, **settings)
    save_weights(
        model,
        file,
        {
            "model": type(model).__name__,
            **(facts or {}),
            "form": form,
            "weight": weight,
            "seed": seed,
            "training_examples": len(train),
            "training_patients": result.patients,
            "epochs": len(result.history),
            "best_epoch": result.best_epoch,
            "adversary_accuracy": result.history[-1]["patient_accuracy"],
            "seconds_per_epoch": result.seconds_per_epoch,
            "device": result.device,
            "precision": result.precision,
        },
    )
    return model, result
