"""What the beat classifier learns from: the segments of many windows, each named after the beat in its middle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.aami import aami_classes
from ecglib.errors import ECGError
from ecglib.signals.filters import normalise
from ecglib.signals.rhythm_windows import RhythmWindows
from ecglib.signals.segments import (
    RATE,
    SEGMENT_CLASSES,
    SEGMENT_SECONDS,
    STRIDE_SECONDS,
    segment_labels,
    successive_segments,
)


@dataclass(frozen=True)
class LabelledSegments:
    """Segments of many windows and their labels.

    Attributes
    ----------
    segments : float32 array, shape (windows, segments, samples)
        A view, without unit: each window has mean 0 and standard deviation 1.
    labels : int64 array, shape (windows, segments)
        Index into ``SEGMENT_CLASSES``.

    Notes
    -----
    Source: our choice. Taught in chapter ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> found = LabelledSegments(np.zeros((2, 3, 128), np.float32), np.array([[0, 5, 5], [5, 2, 0]]))
    >>> x, y, window = found.draw([0, 1], most={"no beat": 1}, seed=0)
    >>> x.shape, y, window
    ((4, 128), array([0, 5, 2, 0]), array([0, 0, 1, 1]))
    """

    segments: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.segments)

    def draw(
        self, rows: ArrayLike, *, most: Mapping[str, int], seed: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
        """Take all segments of some windows, but of the frequent classes only so many, drawn at random.

        Parameters
        ----------
        rows : int array, shape (chosen windows,)
            Which windows.
        most : mapping of str to int
            At most so many segments of each class named here, one of ``SEGMENT_CLASSES``.
        seed : int

        Returns
        -------
        float32 array, shape (drawn, samples)
            Segments in the order of ``rows``, and of time within a window; a copy.
        int64 array, shape (drawn,)
            Labels.
        int64 array, shape (drawn,)
            The window of each, counted as in ``rows``: ``patients[window]`` says whose it is.

        Raises
        ------
        ECGError
            If there is no class of such a name.
        """
        unknown = [name for name in most if name not in SEGMENT_CLASSES]
        if unknown:
            raise ECGError(
                "segments have no such class",
                expected=f"names among {', '.join(SEGMENT_CLASSES)}",
                found=", ".join(unknown),
                remedy="choose among these names",
            )
        random, chosen = np.random.default_rng(seed), np.asarray(rows, dtype=np.int64)
        labels = self.labels[chosen]
        kept = np.ones(labels.size, dtype=np.bool_)
        for label, name in enumerate(SEGMENT_CLASSES):
            of_class = np.flatnonzero(labels == label)
            surplus = len(of_class) - most.get(name, len(of_class))
            kept[random.permutation(of_class)[: max(surplus, 0)]] = False
        row, segment = np.nonzero(kept.reshape(labels.shape))
        window = chosen[row]
        return self.segments[window, segment], labels[row, segment], window


def labelled_segments(windows: RhythmWindows, *, stride: float = STRIDE_SECONDS) -> LabelledSegments:
    """Cut each window into successive segments, and name each after the true beat in its middle.

    Parameters
    ----------
    windows : RhythmWindows
    stride : float
        Seconds from one segment to the next, no more than a segment lasts. A beat names a segment if it lies within
        half a stride of its centre.

    Returns
    -------
    LabelledSegments

    Raises
    ------
    AnnotationError
        If the beats of a window are not in order of time, or a symbol is no beat.
    SamplingRateError
        If the stride is less than half a sample.
    ECGError
        If the stride is longer than a segment: beats between two segments would be in neither.

    Notes
    -----
    Normalised is the window, not the segment, so that an ectopic beat stays as much taller than its neighbours as it
    is, and silence between beats stays silent. Source: our choice; jeong2024 does not say how segments are labelled.
    Taught in chapter ``20_segments_and_scalograms``.

    Examples
    --------
    >>> from ecglib.databases.record import Beats
    >>> beats, name = Beats(np.array([180, 540]), np.array(["N", "V"])), np.array(["100"])
    >>> shown = np.sin(np.arange(256, dtype=np.float32))[None]
    >>> window = RhythmWindows(shown, np.array(["N"]), name, name, np.zeros(1), (beats,), 360.0)
    >>> found = labelled_segments(window)
    >>> found.segments.shape, found.labels
    ((1, 5, 128), array([[0, 5, 5, 5, 2]]))
    """
    if stride > SEGMENT_SECONDS:
        raise ECGError(
            "segments that leave gaps between them",
            expected=f"a stride of {SEGMENT_SECONDS:g} s at most, the length of a segment",
            found=f"{stride:g} s",
            remedy="choose a shorter stride",
        )
    samples, to_common = windows.windows.shape[1], RATE / windows.beat_rate
    labels = [
        segment_labels(
            beats.samples * to_common, aami_classes(beats.symbols), samples, RATE, stride=stride, within=stride / 2
        )
        for beats in windows.beats
    ]
    normalised = np.stack([normalise(window) for window in windows.windows])  # one by one, to spare memory
    return LabelledSegments(successive_segments(normalised, RATE, stride=stride), np.stack(labels))
