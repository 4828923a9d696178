"""The second task of the third paper's chapters: an encoder learns to segment waves from few patients or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import KFold
from torch import nn
from tqdm.auto import tqdm

from ecglib.databases import splits
from ecglib.databases.label_fractions import nested_patients
from ecglib.errors import ECGError
from ecglib.learning import Examples
from ecglib.learning.downstream import fit_segmenter, predict_waves
from ecglib.models.segmenter import Segmenter


@dataclass(frozen=True)
class SegmentedByFold:
    """Labels of all recordings, each by models that learnt from other patients.

    Attributes
    ----------
    labels : dict of int to int64 array, shape (seeds, recordings, samples)
        For each number of patients to learn from.
    model : Segmenter
        That of the first seed and fold, which learnt from the most patients.
    left_out : str array
        The patients that this model was tested on.

    Notes
    -----
    Source: our choice. Taught in chapter ``34_wave_segmentation``.
    """

    labels: dict[int, NDArray[np.int64]]
    model: Segmenter
    left_out: NDArray[np.str_]


def folds_of_patients(
    patients: NDArray[np.str_], folds: int, *, seed: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Deal patients into folds, each of which is tested once.

    Parameters
    ----------
    patients : str array, shape (recordings,)
    folds : int
    seed : int
        Decides who is in which.

    Returns
    -------
    list of (int64 array, int64 array)
        The recordings to learn from and those to test on, patients disjoint, which is asserted.

    Notes
    -----
    Source: scikit-learn's ``KFold`` on patients. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> [tested.tolist() for _, tested in folds_of_patients(np.array(["a", "a", "b", "c"]), 3, seed=1)]
    [[0, 1], [3], [2]]
    """
    people, owner = np.unique(patients, return_inverse=True)
    dealt = []
    for _, testing in KFold(folds, shuffle=True, random_state=seed).split(people):
        tests = np.isin(owner, testing)
        known, tested = np.flatnonzero(~tests), np.flatnonzero(tests)
        splits.assert_patient_disjoint(patients[known], patients[tested])
        dealt.append((known, tested))
    return dealt


def segment_by_fold(
    encoder_of: Callable[[int], nn.Module],
    recordings: NDArray[np.float32],
    labels: NDArray[np.int64],
    patients: NDArray[np.str_],
    *,
    counts: Sequence[int],
    seeds: Sequence[int],
    folds: int,
    steps: int,
    encoder_learning_rate: float,
    device: str = "auto",
    progress: bool = True,
) -> SegmentedByFold:
    """Let an encoder with a new decoder learn waves from some patients, and label those of the others, fold by fold.

    Parameters
    ----------
    encoder_of : callable
        Gives for a seed the encoder to begin from. Torch's generator is seeded before, so that encoders of the same
        kind are followed by the same first weights of the decoder.
    recordings : float32 array, shape (recordings, leads, samples)
        Millivolts.
    labels : int64 array, shape (recordings, samples)
        The true labels.
    patients : str array, shape (recordings,)
    counts : sequence of int
        How many patients to learn from; where a fold leaves fewer, all of them. The choices are nested.
    seeds : sequence of int
        Each deals the folds anew, and chooses other patients.
    folds, steps : int
    encoder_learning_rate : float
        As in ``fit_segmenter``.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    SegmentedByFold

    Raises
    ------
    ECGError
        If there are no seeds or no numbers of patients.

    Notes
    -----
    Steps and rates are the same for all counts, and nothing is chosen on test patients. Methods that are called with
    the same seeds learn from the same patients in the same order. Source: our choice. Taught in chapter
    ``34_wave_segmentation``.

    Examples
    --------
    >>> from ecglib.models.ecg_encoder import ECGEncoder
    >>> x = np.random.default_rng(0).standard_normal((4, 12, 400)).astype(np.float32)
    >>> found = segment_by_fold(
    ...     lambda seed: ECGEncoder(width=8), x, (x[:, 1] > 0).astype(np.int64), np.array(list("abcd")),
    ...     counts=[1, 2], seeds=[0], folds=2, steps=1, encoder_learning_rate=1e-3, progress=False,
    ... )
    >>> found.labels[2].shape, found.left_out.tolist()
    ((1, 4, 400), ['c', 'd'])
    """
    if not (seeds and counts):
        raise ECGError(
            "nothing to learn",
            expected="at least one seed and one number of patients",
            found=f"seeds {list(seeds)}, numbers of patients {list(counts)}",
            remedy="pass both",
        )
    found = {count: np.empty((len(seeds), *labels.shape), dtype=np.int64) for count in counts}
    kept: list[tuple[Segmenter, NDArray[np.str_]]] = []
    with tqdm(total=len(seeds) * folds * len(counts), unit="model", disable=not progress) as bar:
        for run, seed in enumerate(seeds):
            for known, tested in folds_of_patients(patients, folds, seed=seed):
                people = len(np.unique(patients[known]))
                chosen = nested_patients(patients[known], [min(count, people) for count in counts], seed=seed)
                for count in counts:
                    rows = known[chosen[min(count, people)]]
                    with torch.random.fork_rng():
                        torch.manual_seed(seed)
                        model = Segmenter(encoder_of(seed))
                    fit_segmenter(
                        model,
                        Examples(recordings[rows], labels[rows]),
                        steps=steps,
                        seed=seed,
                        encoder_learning_rate=encoder_learning_rate,
                        device=device,
                        progress=False,
                    )
                    found[count][run, tested] = predict_waves(model, recordings[tested], device=device)
                    if count == max(counts) and not kept:
                        kept.append((model, np.unique(patients[tested])))
                    bar.update()
    return SegmentedByFold(found, *kept[0])
