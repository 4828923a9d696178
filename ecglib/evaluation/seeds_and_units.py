"""Intervals that know two kinds of chance: who is in the test set, and which seed trained the network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecglib.errors import ECGError
from ecglib.evaluation.intervals import LEVEL

_NORMAL = 1.959963984540054

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SeedsAndUnits:
    """A mean over seeds on a test set of units (beats or patients), with an interval for other seeds and other units.

    Attributes
    ----------
    value, low, high : float
        In the metric's units; the interval holds 95 %.
    p_value : float
        Two-sided, of the hypothesis that the true value is 0. It means something for differences only.
    freedom : float
        Satterthwaite's degrees of freedom.
    units, seeds : int
        How many the two variances rest on; 0 seeds where nothing was random.
    """

    value: float
    low: float
    high: float
    p_value: float
    freedom: float
    units: int
    seeds: int


def seeds_and_units(
    value: float,
    unit_interval: tuple[float, float],
    units: int,
    by_seed: Sequence[float] = (),
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> SeedsAndUnits:
    """Widen a bootstrap interval, which held the seeds fixed, by what the seeds add.

    The variance is that of the units plus s²/k of k seeds. The first comes from the width of a 95 % bootstrap
    interval, times n/(n − 1), since a bootstrap of n units shows that much too little. The quantile is Student's,
    with the degrees of freedom (V₁ + V₂)² / (V₁²/(n − 1) + V₂²/(k − 1)) of Satterthwaite (1946).

    Parameters
    ----------
    value : float
        Mean over the seeds, or a paired difference of such means.
    unit_interval : tuple of float
        Ends of its 95 % bootstrap interval over units.
    units : int
        Beats or patients that were resampled; at least 2.
    by_seed : sequence of float
        The number of each seed; for a difference, the difference of each seed. With fewer than two, the units alone
        make the interval.
    bounds : tuple of float
        Least and largest value that the metric can have; the interval is cut there.

    Returns
    -------
    SeedsAndUnits

    Raises
    ------
    ECGError
        If there are fewer than two units, or the ends are the wrong way round.

    Examples
    --------
    >>> fixed = seeds_and_units(0.018, (0.012, 0.024), units=21889)
    >>> round(fixed.low, 3), round(fixed.high, 3)
    (0.012, 0.024)
    >>> free = seeds_and_units(0.018, (0.012, 0.024), units=21889, by_seed=(0.016, 0.017, 0.021))
    >>> round(free.low, 3), round(free.high, 3)
    (0.011, 0.025)
    """
    from scipy.stats import t

    low, high = unit_interval
    if units < 2 or low > high:
        raise ECGError(
            "an interval over seeds and units cannot be computed",
            expected="at least two units, and the lower end first",
            found=f"{units} units, {low} to {high}",
            remedy="pass the bootstrap interval and how many beats or patients it resampled",
        )
    k = len(by_seed)
    of_units = ((high - low) / (2 * _NORMAL)) ** 2 * units / (units - 1)
    of_seeds = float(np.var(by_seed, ddof=1)) / k if k > 1 else 0.0
    if of_units + of_seeds == 0:
        return SeedsAndUnits(value, value, value, float(value == 0), math.inf, units, k)
    error, freedom = (float(number) for number in _error(np.array(of_units), np.array(of_seeds), units, k))
    half = float(t.ppf((1 + LEVEL) / 2, freedom)) * error
    p_value = float(2 * t.sf(abs(value) / error, freedom))
    return SeedsAndUnits(value, max(value - half, bounds[0]), min(value + half, bounds[1]), p_value, freedom, units, k)


def _error(of_units: Floats, of_seeds: Floats, units: int, seeds: int) -> tuple[Floats, Floats]:
    """Give the standard error and Satterthwaite's degrees of freedom of two variances, each with its own."""
    variance = of_units + of_seeds
    uncertainty = of_units**2 / (units - 1) + of_seeds**2 / max(1, seeds - 1)
    return np.sqrt(variance), variance**2 / uncertainty


def simulated_coverage(seeds: int, units: int, of_seeds: float = 0.02, trials: int = 20_000, seed: int = 0) -> float:
    """Give the share of intervals of ``seeds_and_units`` that hold the true value, in a simulated study.

    Each unit (a patient) has its own level, each seed its own, and each pair of the two its own deviation, all normal.
    The metric is the mean over units. Its error and the two variances that an interval is made from are then drawn
    directly: they are independent, one normal and two chi-squared.

    Parameters
    ----------
    seeds, units, trials : int
        Trained networks, patients in the test set, and studies simulated.
    of_seeds : float
        Standard deviation between seeds. Between units it is 0.10 and of the pairs 0.05, as accuracies of one patient
        in this book roughly have.
    seed : int
        Where chance comes from.

    Returns
    -------
    float
        Near 0.95 if the interval keeps its promise.

    Examples
    --------
    >>> simulated_coverage(seeds=3, units=20) > 0.93
    True
    """
    from scipy.stats import t

    rng = np.random.default_rng(seed)
    unit_mean, seed_mean = 0.10**2 + 0.05**2 / seeds, of_seeds**2 + 0.05**2 / units
    truth = 0.10**2 / units + of_seeds**2 / seeds + 0.05**2 / (units * seeds)
    of_units = unit_mean * rng.chisquare(units - 1, trials) / (units - 1) / units
    by_seeds = seed_mean * rng.chisquare(seeds - 1, trials) / (seeds - 1) / seeds
    error, freedom = _error(of_units, by_seeds, units, seeds)
    missed = abs(rng.normal(0, math.sqrt(truth), trials)) > t.ppf((1 + LEVEL) / 2, freedom) * error
    return float(1 - missed.mean())


def least_coverage(seeds: int, units: int) -> float:
    """Give the coverage where seeds and units mix worst: seeds from much less to much more than the units."""
    return min(
        simulated_coverage(seeds, units, of_seeds) for of_seeds in 0.10 / math.sqrt(units) * np.geomspace(0.1, 30, 16)
    )
