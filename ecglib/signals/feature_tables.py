"""Features of all recordings and all beats of a set, computed once and kept on disk."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from ecglib.errors import DamagedFileError
from ecglib.signals.detected_rr import r_peaks
from ecglib.signals.ecg_features import BEAT_FEATURES, RECORDING_FEATURES, SHAPE_POINTS, recording_features
from ecglib.signals.rows_file import RowsFile
from ecglib.signals.stored import complete_folder, name_after
from ecglib.signals.twelve_lead import LEADS, RATE, TwelveLead
from ecglib.signals.windows import _cache_folder

PEAK_LEAD = "II"
"""Lead in which R peaks are looked for."""

_FILES: dict[str, tuple[tuple[int, ...], type]] = {
    "recordings": ((len(RECORDING_FEATURES),), np.float32),
    "recording_shapes": ((len(LEADS) * SHAPE_POINTS,), np.float32),
    "beats": ((len(BEAT_FEATURES),), np.float32),
    "beat_shapes": ((3 * SHAPE_POINTS,), np.float32),
    "samples": ((), np.int64),
    "counts": ((), np.int64),
}
_MODULES = (
    "ecglib.signals.detected_rr",
    "ecglib.signals.ecg_features",
    "ecglib.signals.rows_file",
    "ecglib.signals.rr_statistics",
    "ecglib.signals.vcg",
    __name__,
)


@dataclass(frozen=True)
class FeatureTables:
    """R peaks and features of a set of recordings, all memory-mapped and read-only.

    Attributes
    ----------
    recordings : float32 array, shape (recordings, 55)
        ``RECORDING_FEATURES`` of each; NaN where fewer than three beats were found.
    recording_shapes : float32 array, shape (recordings, 384)
        Each one's median beat; NaN likewise.
    beats : float32 array, shape (beats, 39)
        ``BEAT_FEATURES`` of each beat, recording after recording.
    beat_shapes : float32 array, shape (beats, 96)
        Each beat's loop.
    samples : int64 array, shape (beats,)
        R peaks at ``RATE`` samples a second.
    counts : int64 array, shape (recordings,)
        Beats of each recording; zero where fewer than three were found.

    Notes
    -----
    Source: our choice. Taught in chapter ``31_like_beats``.
    """

    recordings: NDArray[np.float32]
    recording_shapes: NDArray[np.float32]
    beats: NDArray[np.float32]
    beat_shapes: NDArray[np.float32]
    samples: NDArray[np.int64]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.recordings)

    @property
    def peaks(self) -> list[NDArray[np.int64]]:
        """R peaks of each recording."""
        return np.split(self.samples, np.cumsum(self.counts)[:-1])

    @property
    def known(self) -> NDArray[np.int64]:
        """Rows of the recordings that have features."""
        return np.flatnonzero(self.counts)


def feature_tables(
    recordings: TwelveLead, *, cache: str | os.PathLike[str] | None = None, progress: bool = True
) -> FeatureTables:
    """Find the R peaks of all recordings in lead II and compute their features; the second time, open the files.

    Parameters
    ----------
    recordings : TwelveLead
    cache : path-like, optional
        Folder for what is written; None takes ``ECGLIB_CACHE``, or else the user's cache folder.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    FeatureTables
        In the order of the recordings; memory holds one recording's features at a time.

    Raises
    ------
    DamagedFileError
        If what was written can't be read.

    Notes
    -----
    A recording in which fewer than three beats are found counts as one without beats. Source: our choice. Taught in
    chapter ``31_like_beats``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.databases import PTBXL
    >>> from ecglib.databases.synthetic import write_twins
    >>> from ecglib.signals.twelve_lead import twelve_lead_recordings
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     database = PTBXL(write_twins(folder, databases=["ptbxl"], progress=False))
    ...     found = twelve_lead_recordings(database, ["00001_lr", "00002_lr"], cache=folder, progress=False)
    ...     tables = feature_tables(found, cache=folder, progress=False)
    >>> len(tables), tables.recordings.shape, len(tables.beats) == tables.counts.sum()
    (2, (2, 55), np.True_)
    """
    depends_on = f"{recordings.key} neurokit2 {version('neurokit2')}"
    folder = _cache_folder(cache) / f"features-{name_after(depends_on, _MODULES)}"
    if not folder.is_dir():
        with complete_folder(folder) as unfinished, ExitStack() as opened:
            files = {
                name: opened.enter_context(RowsFile(unfinished / f"{name}.npy", *row)) for name, row in _FILES.items()
            }
            for signal in tqdm(recordings.signals, desc="features", unit="recording", disable=not progress):
                found = recording_features(signal, r_peaks(signal[LEADS.index(PEAK_LEAD)], RATE))
                files["recordings"].add(found.features[np.newaxis])
                files["recording_shapes"].add(found.shape[np.newaxis])
                files["beats"].add(found.beat_features)
                files["beat_shapes"].add(found.beat_shapes)
                files["samples"].add(found.samples)
                files["counts"].add([len(found.samples)])
    try:
        loaded = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _FILES}
    except (OSError, ValueError) as error:
        raise DamagedFileError(
            "stored features can't be read",
            file=folder,
            expected=f"the arrays {', '.join(_FILES)}",
            found=str(error),
            remedy="delete this folder; the features are then computed again",
        ) from error
    return FeatureTables(**loaded)
