"""What a beat looks like, in a few numbers that a person could read off the paper."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import RecordTooShortError, SignalQualityError
from ecglib.signals.record_norm import typical_beats

PARTS = {"p": (-0.25, -0.07), "qrs": (-0.1, 0.12), "t": (0.125, 0.415)}
"""Seconds from the R peak in which each wave mostly lies (our choice; no wave is delineated)."""

MORPHOLOGY_FEATURES = (
    *(f"{what}_{part}" for part in (*PARTS, "beat") for what in ("likeness", "difference", "spread")),
    *(f"{what}_{part}" for part in PARTS for what in ("highest", "lowest", "mean")),
    *(f"likeness_{part}_to_{neighbour}" for part in ("p", "qrs") for neighbour in ("previous", "next")),
    "width_half",
    "width_quarter",
    "width_half_to_typical",
    "width_quarter_to_typical",
    "height",
)
"""Columns of ``morphology``."""


def morphology(windows: ArrayLike, records: ArrayLike, rate: float, before: int) -> NDArray[np.float32]:
    """Describe the shape of each beat, mostly by how it differs from its record's typical beat.

    Parameters
    ----------
    windows : float array, shape (beats, 1, samples)
        Millivolts, one lead; the beats of a record in order of time.
    records : array, shape (beats,)
        Record of each beat.
    rate : float
        Samples a second.
    before : int
        Samples of a window before the R peak.

    Returns
    -------
    float32 array, shape (beats, 30)
        Columns ``MORPHOLOGY_FEATURES``, for the parts of the window in which P wave, QRS complex and T wave mostly
        lie, and for the whole beat. ``likeness`` is the correlation with the typical beat (or with the beat before or
        after), from -1 to 1; ``difference`` the root mean square difference from it; ``spread`` the standard
        deviation; ``highest``, ``lowest`` and ``mean`` are of the samples; all these in units of the typical beat's
        height. ``width_half`` is the time in seconds that the QRS complex is above half of its largest value, in
        either direction, ``width_quarter`` above a quarter; ``_to_typical`` the difference to the typical beat's.
        ``height`` is the typical beat's own, in millivolts.

    Raises
    ------
    RecordTooShortError
        If the windows do not reach from 0.25 s before the R peak to 0.415 s after it.
    SignalQualityError
        If there is more than one lead, or a record's typical beat is flat.

    Notes
    -----
    Source: our choice, after the morphology features of de Chazal and colleagues (2004). Taught in chapter
    ``19_new_patients``.

    Examples
    --------
    >>> time = np.arange(-100, 160) / 360
    >>> narrow, wide = np.exp(-((time / 0.02) ** 2)), np.exp(-((time / 0.06) ** 2))
    >>> found = morphology([[narrow], [narrow], [wide]], ["100"] * 3, rate=360, before=100)
    >>> found[:, MORPHOLOGY_FEATURES.index("width_half")].round(2)
    array([0.03, 0.03, 0.1 ], dtype=float32)
    """
    beats, names = np.asarray(windows, dtype=np.float32), np.asarray(records)
    if beats.ndim != 3 or beats.shape[1] != 1:
        raise SignalQualityError(
            "the shape of a beat is described in one lead",
            expected="windows of shape (beats, 1, samples)",
            found=str(beats.shape),
            remedy="choose one lead",
        )
    parts = {
        part: slice(before + round(start * rate), before + round(stop * rate)) for part, (start, stop) in PARTS.items()
    }
    if parts["p"].start < 0 or parts["t"].stop > beats.shape[2]:
        raise RecordTooShortError(
            "windows too short for a P wave and a T wave",
            expected=f"at least {before - parts['p'].start} samples before the R peak and "
            f"{parts['t'].stop - before} after it",
            found=f"{before} and {beats.shape[2] - before}",
            remedy="cut wider windows",
        )
    found = np.empty((len(beats), len(MORPHOLOGY_FEATURES)), np.float32)
    for name, typical in typical_beats(beats, names).items():
        rows = np.flatnonzero(names == name)
        found[rows] = _of_record(name, beats[rows, 0], typical[0], parts, rate)
    return found


def _of_record(
    record: str, beats: NDArray[np.float32], typical: NDArray[np.float32], parts: dict[str, slice], rate: float
) -> NDArray[np.float64]:
    height = float(np.ptp(typical))
    if height == 0:
        raise SignalQualityError(
            "a record's typical beat is flat",
            record=record,
            expected="a wave",
            remedy="choose another lead, or leave this record out",
        )
    beats, typical = beats / height, typical / height
    columns = []
    for part in (*parts.values(), slice(None)):
        own, usual = beats[:, part], typical[part]
        columns += [_likeness(own, usual), np.sqrt(((own - usual) ** 2).mean(axis=1)), own.std(axis=1)]
    for part in parts.values():
        own = beats[:, part]
        columns += [own.max(axis=1), own.min(axis=1), own.mean(axis=1)]
    for name in ("p", "qrs"):
        own = beats[:, parts[name]]
        columns += [_likeness(own, np.roll(own, 1, axis=0)), _likeness(own, np.roll(own, -1, axis=0))]
    for relative in (False, True):
        for level in (0.5, 0.25):
            width = _width(beats[:, parts["qrs"]], level)
            columns.append((width - _width(typical[None, parts["qrs"]], level) * relative) / rate)
    columns.append(np.full(len(beats), height))
    return np.stack(columns, axis=1)


def _likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Correlate each row with a row, or with the same row of another array; 0 where one of them is flat."""
    one, other = one - one.mean(axis=1, keepdims=True), other - other.mean(axis=-1, keepdims=True)
    scale = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=-1))
    return (one * other).sum(axis=1) / np.where(scale > 0, scale, 1)


def _width(complexes: NDArray[np.float32], level: float) -> NDArray[np.int64]:
    """Count the samples of each row that are above a share of the row's largest value, in either direction."""
    size = np.abs(complexes)
    return (size > level * size.max(axis=1, keepdims=True)).sum(axis=1)
