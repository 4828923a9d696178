"""The first task of the third paper's chapters: one linear layer on an encoder learns labels of whole recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from tqdm.auto import tqdm

from ecglib.databases import splits
from ecglib.databases.label_fractions import LEAST, nested_fractions
from ecglib.errors import ECGError
from ecglib.evaluation.multilabel import Scored, best_thresholds
from ecglib.learning import Examples
from ecglib.learning.downstream import fit_labels, label_scores
from ecglib.models.recording_classifier import RecordingClassifier

PARTS = ("train", "validation", "test")
"""Who learns, who chooses the thresholds, who is tested."""


@dataclass(frozen=True)
class LabelledRecordings:
    """Recordings of a training, a validation and a test set, with their labels.

    Attributes
    ----------
    x : dict of str to float32 array, shape (recordings, leads, samples)
        For each of ``PARTS``, in millivolts.
    y : dict of str to bool array, shape (recordings, classes)
    patients : dict of str to str array, shape (recordings,)

    Notes
    -----
    That no patient is in two parts is asserted. Source: our choice. Taught in chapter ``33_superdiagnostic``.
    """

    x: Mapping[str, NDArray[np.float32]]
    y: Mapping[str, NDArray[np.bool_]]
    patients: Mapping[str, NDArray[np.str_]]

    def __post_init__(self) -> None:
        train, validation, test = (self.patients[part] for part in PARTS)
        splits.assert_patient_disjoint(train, validation, test)
        splits.assert_patient_disjoint(validation, test)


@dataclass(frozen=True)
class LabelledByShare:
    """Scores of the test set by models that learnt from parts of the training set.

    Attributes
    ----------
    scored : dict of float to Scored
        For each share of the labels; scores of shape (seeds, recordings, classes).
    used : dict of float to int
        How many recordings the first seed's models learnt from.
    model : RecordingClassifier
        That of the first seed, which learnt from the most recordings.

    Notes
    -----
    Source: our choice. Taught in chapter ``33_superdiagnostic``.
    """

    scored: dict[float, Scored]
    used: dict[float, int]
    model: RecordingClassifier


def label_by_share(
    encoder_of: Callable[[int], nn.Module],
    recordings: LabelledRecordings,
    *,
    shares: Sequence[float],
    seeds: Sequence[int],
    steps: int,
    encoder_learning_rate: float,
    frozen: bool,
    least: int = LEAST,
    device: str = "auto",
    progress: bool = True,
) -> LabelledByShare:
    """Let a linear layer, and the encoder below it unless frozen, learn labels from shares of the training set.

    Parameters
    ----------
    encoder_of : callable
        Gives for a seed the encoder to begin from. Torch's generator is seeded before, so that encoders of the same
        kind are followed by the same first weights of the layer.
    recordings : LabelledRecordings
    shares : sequence of float
        Of the training set; the choices are nested.
    seeds : sequence of int
        Each chooses other patients.
    steps : int
    encoder_learning_rate : float
        As in ``fit_labels``.
    frozen : bool
        Whether the encoder stays as it is: a linear probe.
    least : int
        So many recordings of each class the smallest share holds, as in ``nested_fractions``.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    LabelledByShare

    Raises
    ------
    ECGError
        If there are no seeds or shares, or the smallest share can't hold so many of each class.

    Notes
    -----
    The thresholds come from the validation set, whose labels every model so has. Methods that are called with the
    same seeds learn from the same recordings in the same order. Source: our choice. Taught in chapter
    ``33_superdiagnostic``.

    Examples
    --------
    >>> from ecglib.models.ecg_encoder import ECGEncoder
    >>> random = np.random.default_rng(0)
    >>> recordings = LabelledRecordings(
    ...     {part: random.standard_normal((8, 12, 400)).astype(np.float32) for part in PARTS},
    ...     {part: np.tile([[True, False], [False, True]], (4, 1)) for part in PARTS},
    ...     {part: np.array([f"{part} {row}" for row in range(8)]) for part in PARTS},
    ... )
    >>> found = label_by_share(
    ...     lambda seed: ECGEncoder(width=8), recordings, shares=[0.5, 1], seeds=[0], steps=1,
    ...     encoder_learning_rate=1e-3, frozen=False, least=1, progress=False,
    ... )
    >>> found.used, found.scored[1].scores.shape, found.scored[1].thresholds.shape
    ({0.5: 4, 1: 8}, (1, 8, 2), (1, 2))
    """
    if not (seeds and shares):
        raise ECGError(
            "nothing to learn",
            expected="at least one seed and one share",
            found=f"seeds {list(seeds)}, shares {list(shares)}",
            remedy="pass both",
        )
    x, y = recordings.x, recordings.y
    scores: dict[float, list[NDArray[np.float32]]] = {share: [] for share in shares}
    thresholds: dict[float, list[NDArray[np.float64]]] = {share: [] for share in shares}
    used: dict[float, int] = {}
    kept: list[RecordingClassifier] = []
    with tqdm(total=len(seeds) * len(shares), unit="model", disable=not progress) as bar:
        for seed in seeds:
            chosen = nested_fractions(y["train"], recordings.patients["train"], shares, least=least, seed=seed)
            for share, places in chosen.items():
                with torch.random.fork_rng():
                    torch.manual_seed(seed)
                    model = RecordingClassifier(encoder_of(seed), classes=y["train"].shape[1], frozen=frozen)
                fit_labels(
                    model,
                    Examples(x["train"][places], y["train"][places].astype(np.int64)),
                    steps=steps,
                    seed=seed,
                    encoder_learning_rate=encoder_learning_rate,
                    device=device,
                    progress=False,
                )
                scores[share].append(label_scores(model, x["test"], device=device))
                validated = label_scores(model, x["validation"], device=device)
                thresholds[share].append(best_thresholds(y["validation"], validated))
                used.setdefault(share, len(places))
                if share == max(shares) and not kept:
                    kept.append(model)
                bar.update()
    scored = {share: Scored(np.stack(scores[share]), np.stack(thresholds[share])) for share in shares}
    return LabelledByShare(scored, used, kept[0])
