"""Intervals of 95 % by drawing beats, or whole patients, again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecglib.errors import ECGError

LEVEL = 0.95
"""Share of resamples that lie inside an interval."""

_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Interval:
    """A number with the range that resampling the test set gives it.

    Attributes
    ----------
    value : float
        The number on the test set itself; with several seeds, their mean.
    low, high : float
        Percentiles 2.5 and 97.5 of the resamples.
    level : float
        Always 0.95.
    method : str
        ``"beat bootstrap"`` or ``"patient bootstrap"``.
    n : int
        How many beats or patients were resampled.
    by_seed : tuple of float
        The number of each seed by itself.
    resamples : int
        Resamples that the interval rests on: those in which no class was lost.

    Notes
    -----
    Source: the percentile bootstrap of Efron and Tibshirani (1993). Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> print(Interval(0.906, 0.893, 0.918, n=22))
    0.906 (95 % interval 0.893 to 0.918, patient bootstrap, n = 22)
    """

    value: float
    low: float
    high: float
    level: float = LEVEL
    method: str = "patient bootstrap"
    n: int = 0
    by_seed: tuple[float, ...] = ()
    resamples: int = 0

    def __str__(self) -> str:
        return (
            f"{self.value:.3f} ({100 * self.level:.0f} % interval {self.low:.3f} to {self.high:.3f}, "
            f"{self.method}, n = {self.n:,})"
        )


def percentiles(resampled: NDArray[np.float64]) -> tuple[float, float]:
    """Give the 2.5th and 97.5th percentile of resampled numbers, shape (resamples,)."""
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def keep_defined(resampled: NDArray[np.float64], defined: NDArray[np.bool_], name: str) -> NDArray[np.float64]:
    """Leave out resamples that lost a class; raises ECGError where none is left."""
    if not defined.any():
        raise ECGError(
            f"no interval for {name}",
            expected="resamples in which every class of the test set occurs",
            found=f"none among {len(defined)}",
            remedy="raise resamples, or take classes out of the macro mean that too few patients have",
        )
    return resampled if defined.all() else resampled[defined]


@dataclass(frozen=True)
class Resampling:
    """Confusion matrices of a test set, and of the test sets drawn from it again.

    Attributes
    ----------
    observed : float64 array, shape (seeds, classes, classes)
        Of the test set itself.
    resampled : float64 array, shape (resamples, seeds, classes, classes)
        Of each resample; all seeds see the same resample.
    method : str
        What was drawn.
    n : int
        How many of it.
    """

    observed: NDArray[np.float64]
    resampled: NDArray[np.float64]
    method: str
    n: int

    def keeps(self, needed: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say of each resample whether those of the needed classes that the test set has all occur in it."""
        occurring = needed[self.observed[0].sum(axis=-1)[needed] > 0]
        return (self.resampled[:, 0].sum(axis=-1)[:, occurring] > 0).all(axis=1)


def resample_confusions(
    true: NDArray[np.int64],
    predicted: NDArray[np.int64],
    classes: int,
    patients: NDArray[np.int64] | None,
    resamples: int,
    rng: np.random.Generator,
) -> Resampling:
    """Draw the test set again many times, and give each draw's confusion matrices.

    Parameters
    ----------
    true : int64 array, shape (beats,)
        True class of each beat.
    predicted : int64 array, shape (seeds, beats)
        Predicted class of each beat by each seed's model.
    classes : int
        Number of classes.
    patients : int64 array, shape (beats,), or None
        Index of each beat's patient to draw whole patients; None to draw beats.
    resamples : int
        How many times.
    rng : numpy Generator
        Where chance comes from.

    Returns
    -------
    Resampling
        Observed and resampled confusion matrices.

    Notes
    -----
    Beats that share the true class and the predictions of all seeds cannot be told apart by any metric. Drawing
    beats is therefore the same as drawing counts of these kinds of beat from one multinomial distribution: exact,
    and thousands of times faster than drawing indices. Drawing patients gives each patient's own matrices a weight.
    Source: our choice. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> drawn = resample_confusions(np.array([0, 1]), np.array([[0, 1]]), 2, None, 100, np.random.default_rng(0))
    >>> drawn.resampled.shape
    (100, 1, 2, 2)
    """
    seeds = len(predicted)
    cells = true * classes + predicted + np.arange(seeds)[:, np.newaxis] * classes**2
    width = seeds * classes**2
    if patients is None:
        kind = true
        for row in predicted:
            kind = np.unique(kind * classes + row, return_inverse=True)[1]
        first, counts = np.unique(kind, return_index=True, return_counts=True)[1:]
        unit, units, method = np.arange(len(first)), len(true), "beat bootstrap"
        cells = cells[:, first]
    else:
        unit, units, method = patients, int(patients.max()) + 1, "patient bootstrap"
        counts = np.ones(units, dtype=np.int64)
    rows = len(counts)
    table = np.bincount((unit * width + cells).ravel(), minlength=rows * width).reshape(rows, width).astype(float)
    resampled = np.empty((resamples, width))
    for chosen in chunks(resamples, max(rows, width)):
        size = chosen.stop - chosen.start
        weights = rng.multinomial(units, counts / units, size) if patients is None else draw(units, size, rng)
        resampled[chosen] = weights.astype(float) @ table
    shape = (seeds, classes, classes)
    return Resampling((counts @ table).reshape(shape), resampled.reshape(resamples, *shape), method, units)


def draw(units: int, resamples: int, rng: np.random.Generator) -> NDArray[np.unsignedinteger]:
    """Draw units with replacement and count how often each came, shape (resamples, units)."""
    counts = np.empty((resamples, units), dtype=np.min_scalar_type(units))
    for row, drawn in zip(counts, rng.integers(0, units, (resamples, units), dtype=np.int32), strict=True):
        row[:] = np.bincount(drawn, minlength=units)
    return counts


def chunks(total: int, cells: int) -> Iterator[slice]:
    """Cut resamples into slices whose arrays, ``cells`` wide, stay below a fixed size."""
    step = max(1, _CELLS_AT_ONCE // max(1, cells))
    for start in range(0, total, step):
        yield slice(start, min(start + step, total))
