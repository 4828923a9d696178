"""Take a wave out of a beat, to see whether a network misses it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import ECGError


def replace_part(
    windows: ArrayLike, parts: NDArray[np.int8], part: int, by: ArrayLike | None = None
) -> NDArray[np.float32]:
    """Replace one part of each beat by a straight line, or by the same stretch of another beat.

    Parameters
    ----------
    windows : float array, shape (beats, leads, samples)
        Millivolts.
    parts : int8 array, shape (beats, samples)
        From ``beat_parts``.
    part : int
        Index into ``PARTS``.
    by : float array, shape (beats, leads, samples), optional
        What takes its place, such as the mean beat of the record, moved and tilted so that it joins at both ends;
        None takes a straight line from end to end.

    Returns
    -------
    float32 array, shape (beats, leads, samples)
        A copy. A beat that lacks the part is as it was. A part that reaches the window's edge hangs at its inner end.

    Raises
    ------
    ECGError
        If the shapes differ, or a beat is nothing but this part.

    Notes
    -----
    A heat map shows where a network found something; only a change of the input shows what it needs. The changed
    beat is one that no heart makes, so a fall may also be surprise; two replacements tell more than one.
    Source: occlusion after Zeiler and Fergus (2014), with waves in place of squares; the replacements are our
    choice. Taught in chapter ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> beat = np.array([[[0.0, 0.0, 5.0, 9.0, 3.0, 3.0]]])
    >>> replace_part(beat, np.array([[3, 3, 1, 1, 3, 3]], np.int8), 1)
    array([[[0., 0., 1., 2., 3., 3.]]], dtype=float32)
    """
    signal, marked = np.asarray(windows, dtype=np.float64), np.asarray(parts)
    other = np.zeros_like(signal) if by is None else np.asarray(by, dtype=np.float64)
    if signal.ndim != 3 or signal.shape[::2] != marked.shape or other.shape != signal.shape:
        raise ECGError(
            "parts and windows differ",
            expected="windows and their replacement of shape (beats, leads, samples), parts of shape (beats, samples)",
            found=f"{signal.shape}, {other.shape} and {marked.shape}",
            remedy="give the parts of these beats",
        )
    keep = marked != part
    if not keep.any(axis=1).all():
        raise ECGError(
            "nothing of the beat would be left",
            expected="a part that takes up less than the window",
            found=f"{int((~keep.any(axis=1)).sum())} beats that are nothing else",
            remedy="leave these beats out",
        )
    samples = np.arange(marked.shape[1])
    last = np.maximum.accumulate(np.where(keep, samples, -1), axis=1)
    following = np.minimum.accumulate(np.where(keep, samples, len(samples))[:, ::-1], axis=1)[:, ::-1]
    left = np.where(last < 0, following, last)
    right = np.where(following == len(samples), last, following)
    share = (samples - left) / np.maximum(right - left, 1)
    above = signal - other
    at_left, at_right = (np.take_along_axis(above, ends[:, None], axis=2) for ends in (left, right))
    line = at_left + share[:, None] * (at_right - at_left)
    return np.where(keep[:, None], signal, other + line).astype(np.float32)
