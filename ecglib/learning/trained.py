"""A trained model: from its file where training is to be skipped, else from training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ecglib.learning.examples import Examples
from ecglib.learning.fit import Fit, fit
from ecglib.learning.weights import load_weights, save_weights


def fit_or_load(
    make: Callable[[], nn.Module],
    file: Path,
    train: Examples,
    validation: Examples,
    *,
    seed: int,
    pretrained: Path | None = None,
    facts: Mapping[str, str | int | float] | None = None,
    **settings: Any,
) -> tuple[nn.Module, Fit | None]:
    """Train a model and keep its weights, or read the weights of one that was trained before.

    Parameters
    ----------
    make : callable
        Makes the model; its first weights depend on the seed.
    file : Path
        Where the weights go, with what is known of them.
    train, validation : Examples
        As in ``fit``.
    seed : int
        Of the first weights and of the training.
    pretrained : Path, optional
        Folder that holds a file of the same name: it is read, and nothing is trained.
    facts : mapping, optional
        What to note beside the weights, beyond seed, epochs, score on validation, seconds an epoch and device.
    **settings
        As in ``fit``.

    Returns
    -------
    model : nn.Module
        Trained, with the weights of its best epoch.
    Fit or None
        None if nothing was trained.

    Raises
    ------
    ECGError
        As in ``fit``, and as in ``load_weights``.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from ecglib.models import CNN
    >>> x = np.random.default_rng(0).standard_normal((64, 1, 260)).astype(np.float32)
    >>> examples = Examples(x, np.arange(64) % 5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "cnn_intra_0.safetensors"
    ...     _, result = fit_or_load(CNN, file, examples, examples, seed=0, epochs=1, progress=False)
    ...     _, nothing = fit_or_load(CNN, file, examples, examples, seed=0, pretrained=file.parent)
    >>> len(result.history), nothing
    (1, None)
    """
    torch.manual_seed(seed)
    model = make()
    if pretrained is not None:
        return load_weights(model, pretrained / file.name), None
    result = fit(model, train, validation, seed=seed, **settings)
    save_weights(
        model,
        file,
        {
            "model": type(model).__name__,
            **(facts or {}),
            "seed": seed,
            "training_examples": len(train),
            "epochs": len(result.history),
            "best_epoch": result.best_epoch,
            "validation_score": result.best_score,
            "seconds_per_epoch": result.seconds_per_epoch,
            "device": result.device,
            "precision": result.precision,
        },
    )
    return model, result
