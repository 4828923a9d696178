"""A record seen by its own measure: each beat beside what is usual for this person."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import SignalQualityError


def typical_beats(windows: ArrayLike, records: ArrayLike) -> dict[str, NDArray[np.float32]]:
    """Give the median of all beats of each record, sample by sample.

    Parameters
    ----------
    windows : float array, shape (beats, leads, samples)
        Millivolts; each window around one beat.
    records : array, shape (beats,)
        Record of each beat.

    Returns
    -------
    dict of str to float32 array, shape (leads, samples)
        Millivolts, by the record's name.

    Notes
    -----
    In most records this is a normal beat; where most beats are ectopic it is one of them. No label is used. Source:
    our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> typical_beats([[[0.0, 1.0]], [[0.0, 1.2]], [[3.0, -2.0]]], ["100"] * 3)["100"]
    array([[0., 1.]], dtype=float32)
    """
    names = np.asarray(records)
    return {
        str(name): np.median(np.asarray(windows)[names == name], axis=0).astype(np.float32) for name in np.unique(names)
    }


def beside_typical(windows: ArrayLike, records: ArrayLike) -> NDArray[np.float32]:
    """Measure each beat by its record: in units of the typical beat's height, and beside its difference from it.

    Parameters
    ----------
    windows : float array, shape (beats, leads, samples)
        Millivolts; each window around one beat.
    records : array, shape (beats,)
        Record of each beat.

    Returns
    -------
    float32 array, shape (beats, 2 * leads, samples)
        First the leads, then the leads minus the record's typical beat, all divided by the height of the typical beat
        in that lead, from its lowest to its highest sample.

    Raises
    ------
    SignalQualityError
        If a record's typical beat is flat.

    Notes
    -----
    The whole record is used, later beats as well: this is for recordings, not for a monitor in its first minute. A
    record is measured by itself, so nothing leaks from one patient to another. Source: our choice. Taught in chapter
    ``19_new_patients``.

    Examples
    --------
    >>> beside_typical([[[0.0, 2.0]], [[0.0, 2.0]], [[0.0, 3.0]]], ["100"] * 3)[2]
    array([[0. , 1.5],
           [0. , 0.5]], dtype=float32)
    """
    names, beats = np.asarray(records), np.asarray(windows)
    count, leads, samples = beats.shape
    found = np.empty((count, 2 * leads, samples), np.float32)
    for name, typical in typical_beats(beats, names).items():
        height = np.ptp(typical, axis=1, keepdims=True)
        if not np.all(height > 0):
            raise SignalQualityError(
                "a record's typical beat is flat",
                record=name,
                expected="a wave in every lead",
                remedy="choose another lead, or leave this record out",
            )
        own = names == name
        found[own, :leads] = beats[own] / height
        found[own, leads:] = (beats[own] - typical) / height
    return found


def beside_usual(
    features: ArrayLike, records: ArrayLike, *, in_spreads: bool = False, least: float = 0.01
) -> NDArray[np.float32]:
    """Measure each feature of a beat from the record's median, as the difference or in units of the record's spread.

    Parameters
    ----------
    features : float array, shape (beats, features)
    records : array, shape (beats,)
        Record of each beat.
    in_spreads : bool
        Whether to divide by the record's median absolute deviation (times 1.4826, so that it is the standard
        deviation where values are normally distributed), and to cut off at 20 of them.
    least : float
        Spread to divide by at least, in the features' unit.

    Returns
    -------
    float32 array, shape (beats, features)

    Notes
    -----
    In units of spread, a noisy record's beats all look usual, and so do the beats of a record in which every third is
    ectopic: good for small waves, bad for large ones. No label is used, and no other record. Source: our choice.
    Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> beside_usual([[1.0], [2.0], [6.0]], ["100"] * 3).tolist()
    [[-1.0], [0.0], [4.0]]
    """
    names, values = np.asarray(records), np.asarray(features, dtype=np.float64)
    found = np.empty(values.shape, np.float32)
    for name in np.unique(names):
        own = names == name
        difference = values[own] - np.median(values[own], axis=0)
        if in_spreads:
            spread = 1.4826 * np.median(np.abs(difference), axis=0)
            difference = np.clip(difference / np.maximum(spread, least), -20, 20)
        found[own] = difference
    return found
