"""What an encoder learns from before it sees a label: recordings on disk, their beats, and what is known of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ecglib.errors import ECGError

_CHUNK = 4096


@dataclass(frozen=True)
class PretrainingBatch:
    """Some recordings with their beats, as tensors on one device.

    Attributes
    ----------
    x : float32 tensor, shape (batch, leads, samples)
    index : int64 tensor, shape (batch,)
        Row of each recording in the set's arrays.
    recording : int64 tensor, shape (beats,)
        Which recording of the batch each beat belongs to, from 0.
    sample : int64 tensor, shape (beats,)
        Its R peak.
    recording_features, beat_features : mapping of str to float32 tensor, shape (batch or beats, numbers)
        By the name of the soft target that is made of them.
    pseudo_labels : int64 tensor, shape (beats,), or None
        Class of each beat, as a classifier names it.

    Notes
    -----
    Source: our choice. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> none = torch.zeros(0, dtype=torch.long)
    >>> batch = PretrainingBatch(torch.zeros(2, 12, 1000), torch.arange(2), none, none)
    >>> batch.to("cpu").x.shape
    torch.Size([2, 12, 1000])
    """

    x: Tensor
    index: Tensor
    recording: Tensor
    sample: Tensor
    recording_features: Mapping[str, Tensor] = field(default_factory=dict)
    beat_features: Mapping[str, Tensor] = field(default_factory=dict)
    pseudo_labels: Tensor | None = None

    def to(self, device: torch.device | str) -> PretrainingBatch:
        """Give the same batch on another device."""
        return PretrainingBatch(
            self.x.to(device),
            self.index.to(device),
            self.recording.to(device),
            self.sample.to(device),
            {name: values.to(device) for name, values in self.recording_features.items()},
            {name: values.to(device) for name, values in self.beat_features.items()},
            None if self.pseudo_labels is None else self.pseudo_labels.to(device),
        )


@dataclass(frozen=True)
class PretrainingSet:
    """Recordings for pretraining, and what was computed of them before.

    Parameters
    ----------
    x : float32 array, shape (recordings, leads, samples)
        Millivolts; may be memory-mapped: only the rows of a batch are read.
    samples : int64 array, shape (beats,), optional
        R peaks, those of the first recording first; None where no objective needs beats.
    counts : int64 array, shape (recordings,), optional
        Beats of each recording; zero is allowed.
    recording_features, beat_features : mapping of str to float32 array, shape (recordings or beats, numbers)
        By the name of the soft target that is made of them, such as ``"soft_1"``; may be memory-mapped.
    pseudo_labels : int64 array, shape (beats,), optional
        Class of each beat, as a classifier names it.
    rows : int64 array, optional
        Recordings that belong to this set, as rows of the arrays above; None takes all.

    Raises
    ------
    ECGError
        If the arrays differ in length, there is no recording, or a feature of one that belongs here, or of its beats,
        is not finite.

    Notes
    -----
    ``FeatureTables`` has all of it but the pseudo-labels: its ``recordings`` and ``beats`` are ``"soft_1"``, its
    ``recording_shapes`` and ``beat_shapes`` are ``"soft_2"``, its ``known`` are the rows. Source: our choice. Taught in
    chapter ``32_pretraining``.

    Examples
    --------
    >>> x = np.zeros((3, 12, 1000), np.float32)
    >>> data = PretrainingSet(x, np.array([100, 200, 150, 50, 550]), np.array([2, 1, 2]))
    >>> batch = data.batch([2, 0])
    >>> batch.recording.tolist(), batch.sample.tolist()
    ([0, 0, 1, 1], [50, 550, 100, 200])
    >>> len(data.take([0, 2]))
    2
    """

    x: NDArray[np.float32]
    samples: NDArray[np.int64] | None = None
    counts: NDArray[np.int64] | None = None
    recording_features: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    beat_features: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    pseudo_labels: NDArray[np.int64] | None = None
    rows: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        beats = 0 if self.samples is None else len(self.samples)
        of_recordings: list[NDArray] = list(self.recording_features.values())
        of_beats: list[NDArray] = list(self.beat_features.values())
        if self.counts is not None:
            of_recordings.append(self.counts)
        if self.pseudo_labels is not None:
            of_beats.append(self.pseudo_labels)
        fits = all(len(part) == len(self.x) for part in of_recordings) and all(len(part) == beats for part in of_beats)
        fits = fits and beats == (0 if self.counts is None else int(self.counts.sum()))
        if not fits or not len(self):
            raise ECGError(
                "these can't be a pretraining set",
                expected="one entry a recording or a beat in each array, counts that add up, and a recording",
                found=f"{len(self.x)} recordings, {beats} beats, arrays of {[len(part) for part in of_recordings]} for "
                f"recordings and {[len(part) for part in of_beats]} for beats, {len(self)} chosen",
                remedy="compute peaks, features and pseudo-labels of exactly these recordings",
            )
        rows = np.arange(len(self.x)) if self.rows is None else self.rows
        for name, values in self.recording_features.items():
            _check_finite(name, values, _chunks(rows))
        for name, values in self.beat_features.items():
            beats_of = (self._beats(chunk)[1] for chunk in _chunks(rows))
            _check_finite(name, values, (chunk for some in beats_of for chunk in _chunks(some)))

    def __len__(self) -> int:
        return len(self.x) if self.rows is None else len(self.rows)

    @cached_property
    def _first_beat(self) -> NDArray[np.int64]:
        counts = np.zeros(len(self.x), np.int64) if self.counts is None else self.counts
        return np.concatenate([[0], np.cumsum(counts)])

    def _beats(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give, for each beat of these recordings, the position of its recording in ``rows``, and its own row."""
        first = self._first_beat
        counts = first[rows + 1] - first[rows]
        recording = np.repeat(np.arange(len(rows)), counts)
        before = np.cumsum(counts) - counts
        return recording, first[rows][recording] + np.arange(len(recording)) - before[recording]

    def take(self, positions: ArrayLike) -> PretrainingSet:
        """Give the recordings at these positions as a set of their own, without copying one."""
        chosen = np.asarray(positions, dtype=np.int64)
        rows = chosen if self.rows is None else self.rows[chosen]
        return PretrainingSet(
            self.x, self.samples, self.counts, self.recording_features, self.beat_features, self.pseudo_labels, rows
        )

    def batch(self, positions: ArrayLike) -> PretrainingBatch:
        """Gather the recordings at these positions, with their beats, on the processor."""
        rows = np.asarray(positions, dtype=np.int64)
        rows = rows if self.rows is None else self.rows[rows]
        recording, beats = self._beats(rows)
        samples = np.zeros(0, np.int64) if self.samples is None else self.samples
        return PretrainingBatch(
            torch.from_numpy(np.array(self.x[rows])),
            torch.from_numpy(rows),
            torch.from_numpy(recording),
            torch.from_numpy(np.array(samples[beats])),
            {name: torch.from_numpy(np.array(values[rows])) for name, values in self.recording_features.items()},
            {name: torch.from_numpy(np.array(values[beats])) for name, values in self.beat_features.items()},
            None if self.pseudo_labels is None else torch.from_numpy(np.array(self.pseudo_labels[beats])),
        )


def _chunks(rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    return (rows[at : at + _CHUNK] for at in range(0, len(rows), _CHUNK))


def _check_finite(name: str, values: NDArray[np.float32], chunks: Iterable[NDArray[np.int64]]) -> None:
    """Refuse NaN in the rows of all chunks, without reading all of a memory-mapped array at a time."""
    bad = sum(np.count_nonzero(~np.isfinite(values[chunk])) for chunk in chunks)
    if bad:
        raise ECGError(
            f"features for {name} that are no numbers",
            expected="finite values",
            found=f"{bad} that are NaN or infinite",
            remedy="leave out the recordings in which no rhythm was found: name the others in rows",
        )
