"""How many recordings a difference of a given size needs before a test can see it."""

from __future__ import annotations

import math

from ecglib.errors import ECGError
from ecglib.evaluation.comparison import Difference


def recordings_needed(difference: Difference, sought: float, *, power: float = 0.8) -> int:
    """Say how many recordings (or patients, or beats) would show a difference of a given size.

    Parameters
    ----------
    difference : Difference
        Measured on ``difference.n`` of them; only the width of its interval counts, not its value.
    sought : float
        Difference to be seen, in the metric's unit.
    power : float
        Probability with which a two-sided test at 0.05 should then find it.

    Returns
    -------
    int

    Raises
    ------
    ECGError
        If the interval has no width, ``sought`` is 0, or the power is not between 0.05 and 1.

    Notes
    -----
    The interval of a mean over ``n`` recordings shrinks as one over the square root of ``n``. With the standard error
    ``s`` of today, a true difference ``d`` is found with the wanted power once ``s * sqrt(n / needed)`` is
    ``d / (1.96 + z)``, with ``z`` the normal quantile of the power (0.84 for 0.8). Source: the textbook formula, with
    the bootstrap's interval as 3.92 standard errors. Taught in chapter ``24_across_databases``.

    Examples
    --------
    >>> recordings_needed(Difference(0.01, -0.05, 0.07, 0.7, n=120), 0.04)
    552
    """
    from scipy.stats import norm

    error = (difference.high - difference.low) / (2 * norm.ppf(0.975))
    if not (error > 0 and sought != 0 and 0.05 < power < 1):
        raise ECGError(
            "no number of recordings can be given",
            expected="an interval with a width, a difference other than 0, a power between 0.05 and 1",
            found=f"{difference}, {sought:g}, {power:g}",
            remedy="compare models that answer differently on at least some recordings",
        )
    standard_errors = float(norm.ppf(0.975) + norm.ppf(power))
    return math.ceil(difference.n * (standard_errors * error / sought) ** 2)
