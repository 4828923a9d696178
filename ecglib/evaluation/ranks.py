"""Several methods on the same blocks: who ranks first, and which ranks can't be told apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import friedmanchisquare, rankdata, studentized_range

from ecglib.errors import ECGError
from ecglib.evaluation.intervals import LEVEL


@dataclass(frozen=True)
class RankTest:
    """Mean ranks of several methods, and the tests on them.

    Attributes
    ----------
    mean_ranks : Series
        Of each method, the best first; 1 is best.
    statistic, p_value : float
        Of the Friedman test, which asks whether any method differs from the others. If all mean ranks are equal, 0 and
        1.
    pairs : DataFrame
        p-value of each pair of methods after Nemenyi, already corrected for their number.
    critical_difference : float
        Two methods differ at the level of 0.05 if their mean ranks are so far apart.
    blocks : int
        How many rankings there are.

    Notes
    -----
    Source: Demšar, Journal of Machine Learning Research 7:1 (2006). Taught in chapter ``36_comparison``.
    """

    mean_ranks: pd.Series
    statistic: float
    p_value: float
    pairs: pd.DataFrame
    critical_difference: float
    blocks: int

    def groups(self) -> list[tuple[str, ...]]:
        """Give the largest sets of neighbouring methods that can't be told apart, the best first."""
        names = list(self.mean_ranks.index)
        found: list[tuple[str, ...]] = []
        reached = 0
        for first, name in enumerate(names):
            alike = self.pairs.loc[name, names[first + 1 :]].to_numpy() >= 1 - LEVEL
            last = first + int(np.argmin(np.append(alike, False)))
            if last > max(first, reached):
                found.append(tuple(names[first : last + 1]))
                reached = last
        return found


def rank_test(table: pd.DataFrame) -> RankTest:
    """Rank methods within each block, and test which mean ranks differ.

    Parameters
    ----------
    table : DataFrame, shape (blocks, methods)
        A score for each method on each block, such as a patient or a run; higher is better.

    Returns
    -------
    RankTest

    Raises
    ------
    ECGError
        If there are fewer than three methods or two blocks, a name comes twice, or a score is no number.

    Notes
    -----
    The Friedman test, then Nemenyi's for all pairs. Equal scores share their ranks. Both take the blocks for
    independent: patients are; **runs on one test set are not**, and make small differences look certain.
    Source: the paper compares its rivals so; the tests are those of scipy and scikit-posthocs, and the critical
    difference is that of Demšar (2006). Taught in chapter ``36_comparison``.

    Examples
    --------
    >>> table = pd.DataFrame({"A": [0.9, 0.8, 0.9, 0.7], "B": [0.8, 0.7, 0.8, 0.6], "C": [0.5, 0.4, 0.6, 0.3]})
    >>> found = rank_test(table)
    >>> found.mean_ranks.to_dict(), round(found.critical_difference, 3), found.groups()
    ({'A': 1.0, 'B': 2.0, 'C': 3.0}, 1.657, [('A', 'B'), ('B', 'C')])
    """
    from scikit_posthocs import posthoc_nemenyi_friedman  # brings a plotting library that no other module need wait for

    scores = _checked(table)
    blocks, methods = scores.shape
    mean_ranks = pd.Series(rankdata(-scores, axis=1).mean(axis=0), index=table.columns).sort_values(kind="stable")
    # With ties alone scipy would divide zero by zero.
    statistic, p_value = friedmanchisquare(*scores.T) if np.ptp(mean_ranks) > 0 else (0.0, 1.0)
    # Passed as numbers, so that the answer's order is that of the columns whatever their names.
    pairs = pd.DataFrame(
        np.asarray(posthoc_nemenyi_friedman(scores), dtype=np.float64), index=table.columns, columns=table.columns
    )
    quantile = studentized_range.ppf(LEVEL, methods, np.inf) / math.sqrt(2)
    return RankTest(
        mean_ranks,
        float(statistic),
        float(p_value),
        pairs.loc[mean_ranks.index, mean_ranks.index],
        float(quantile * math.sqrt(methods * (methods + 1) / (6 * blocks))),
        blocks,
    )


def _checked(table: pd.DataFrame) -> NDArray[np.float64]:
    scores = table.to_numpy(dtype=np.float64)
    if scores.shape[1] < 3 or len(scores) < 2 or not table.columns.is_unique or not np.isfinite(scores).all():
        raise ECGError(
            "these methods can't be ranked",
            expected="finite scores of three methods or more with different names, on two blocks or more",
            found=f"{scores.shape[1]} methods, {len(scores)} blocks, {int((~np.isfinite(scores)).sum())} not finite",
            remedy="compare two methods by a paired bootstrap, and leave out blocks that lack a score",
        )
    return scores
