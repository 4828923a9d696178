"""From recordings and their features to what Beat-SSL learns from: one set, and the similarities fitted on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import ECGError
from ecglib.learning.pretraining_set import PretrainingSet
from ecglib.learning.soft_targets import FeatureSimilarity, ShapeSimilarity
from ecglib.signals.ecg_features import BEAT_GROUPS, RECORDING_GROUPS
from ecglib.signals.feature_tables import FeatureTables
from ecglib.signals.twelve_lead import TwelveLead

Similarity = FeatureSimilarity | ShapeSimilarity


@dataclass(frozen=True)
class PretrainingData:
    """Recordings to pretrain on, and how alike they and their beats are.

    Attributes
    ----------
    recordings : PretrainingSet
        The chosen ones that have features.
    rhythm_similarity, beat_similarity : dict of str to FeatureSimilarity or ShapeSimilarity
        For ``"soft_1"`` and ``"soft_2"``; the units of ``"soft_1"`` are those of the chosen recordings.

    Notes
    -----
    Source: our choice. Taught in chapter ``32_pretraining``.
    """

    recordings: PretrainingSet
    rhythm_similarity: dict[str, Similarity]
    beat_similarity: dict[str, Similarity]


def pretraining_data(
    recordings: TwelveLead, tables: FeatureTables, classes: NDArray[np.int64], chosen: ArrayLike, *, seed: int = 0
) -> PretrainingData:
    """Choose recordings to pretrain on, with their features and pseudo-labels, and fit the similarities on them alone.

    Parameters
    ----------
    recordings : TwelveLead
    tables : FeatureTables
        Of exactly these recordings.
    classes : int64 array, shape (beats,)
        Pseudo-label of every beat in ``tables``.
    chosen : bool array, shape (recordings,)
        Which recordings to learn from: those of training patients.
    seed : int
        Decides which rows give the units of ``"soft_1"``.

    Returns
    -------
    PretrainingData
        Without the recordings that have no features. Signals stay on disk.

    Raises
    ------
    ECGError
        If the arrays are not of the same recordings, or too few are chosen.

    Notes
    -----
    Source: our choice; soft_1 and soft_2 are defined by us. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.databases import PTBXL
    >>> from ecglib.databases.synthetic import write_twins
    >>> from ecglib.signals.feature_tables import feature_tables
    >>> from ecglib.signals.twelve_lead import twelve_lead_recordings
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     database = PTBXL(write_twins(folder, databases=["ptbxl"], progress=False))
    ...     found = twelve_lead_recordings(database, database.names()[:6], cache=folder, progress=False)
    ...     tables = feature_tables(found, cache=folder, progress=False)
    ...     named = np.zeros(len(tables.samples), np.int64)
    ...     data = pretraining_data(found, tables, named, np.arange(6) < 4)
    >>> len(data.recordings), sorted(data.rhythm_similarity)
    (4, ['soft_1', 'soft_2'])
    """
    mask = np.asarray(chosen)
    if mask.dtype != np.bool_ or mask.shape != (len(recordings),) or len(tables) != len(recordings):
        raise ECGError(
            "these can't be chosen to pretrain on",
            expected=f"features of {len(recordings)} recordings, and true or false for each",
            found=f"features of {len(tables)}, and {mask.dtype} of shape {mask.shape}",
            remedy="compute the features of these recordings, and choose by a mask",
        )
    rows = tables.known[mask[tables.known]]
    belongs = np.zeros(len(tables), dtype=bool)
    belongs[rows] = True
    beats = np.flatnonzero(np.repeat(belongs, tables.counts))
    return PretrainingData(
        PretrainingSet(
            recordings.signals,
            tables.samples,
            tables.counts,
            recording_features={"soft_1": tables.recordings, "soft_2": tables.recording_shapes},
            beat_features={"soft_1": tables.beats, "soft_2": tables.beat_shapes},
            pseudo_labels=classes,
            rows=rows,
        ),
        {
            "soft_1": FeatureSimilarity.fit(tables.recordings, RECORDING_GROUPS, rows=rows, seed=seed),
            "soft_2": ShapeSimilarity(),
        },
        {
            "soft_1": FeatureSimilarity.fit(tables.beats, BEAT_GROUPS, rows=beats, seed=seed),
            "soft_2": ShapeSimilarity(),
        },
    )
