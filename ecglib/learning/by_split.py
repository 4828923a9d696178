"""One network for each split and each seed, as every chapter on an architecture trains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from ecglib.databases.splits import Split
from ecglib.learning.examples import Examples
from ecglib.learning.fit import Fit
from ecglib.learning.trained import fit_or_load
from ecglib.learning.weights import read_facts


@dataclass(frozen=True)
class Trained:
    """A trained network, and what is known of its training.

    Attributes
    ----------
    model : nn.Module
        With the weights of its best epoch.
    fit : Fit or None
        None if the weights were read from a file.
    facts : dict
        What stands beside the weights.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> Trained(nn.Linear(2, 1), None, {"seed": 0}).facts["seed"]
    0
    """

    model: nn.Module
    fit: Fit | None
    facts: dict[str, str | int | float]


def fit_by_split(
    make: Callable[[], nn.Module],
    name: str,
    examples: Examples,
    cuts: Mapping[str, Split],
    seeds: Sequence[int],
    *,
    folder: Path,
    pretrained: Path | None = None,
    epochs: Mapping[str, int],
    facts: Mapping[str, str | int | float] | None = None,
    **settings: Any,
) -> dict[tuple[str, int], Trained]:
    """Train a network for each split and each seed, and keep its weights; or read those trained before.

    Parameters
    ----------
    make : callable
        Makes the network; its first weights depend on the seed.
    name : str
        The files are ``<name>_<split>_<seed>.safetensors``.
    examples : Examples
        All beats, in the order that the splits count them.
    cuts : mapping of str to Split
        The training beats train, the validation beats choose the epoch, and the test beats are not touched.
    seeds : sequence of int
        Each decides the first weights and the order of training.
    folder : Path
        Where the weights go.
    pretrained : Path, optional
        Folder that holds the files: they are read, and nothing is trained.
    epochs : mapping of str to int
        Epochs for each split.
    facts : mapping, optional
        What to note beside the weights, beyond the split and what ``fit_or_load`` notes.
    **settings
        As in ``fit``.

    Returns
    -------
    dict of (str, int) to Trained
        By split and seed.

    Raises
    ------
    ECGError
        As in ``fit_or_load``.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from ecglib.models import CNN
    >>> x = np.random.default_rng(0).standard_normal((90, 1, 260)).astype(np.float32)
    >>> cuts = {"intra": Split("intra", np.arange(50), np.arange(50, 70), np.arange(70, 90))}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     trained = fit_by_split(
    ...         CNN, "cnn", Examples(x, np.arange(90) % 5), cuts, [0], folder=Path(folder), epochs={"intra": 1},
    ...         progress=False,
    ...     )
    >>> trained["intra", 0].facts["training_examples"]
    50
    """
    trained = {}
    for split, cut in cuts.items():
        for seed in seeds:
            file = folder / f"{name}_{split}_{seed}.safetensors"
            model, fit = fit_or_load(
                make,
                file,
                examples.take(cut.train),
                examples.take(cut.validation),
                seed=seed,
                pretrained=pretrained,
                facts={"split": split, **(facts or {})},
                epochs=epochs[split],
                **settings,
            )
            trained[split, seed] = Trained(model, fit, read_facts((pretrained or folder) / file.name))
    return trained
