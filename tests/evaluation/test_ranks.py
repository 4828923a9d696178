"""Friedman and Nemenyi against Demšar's own example and the studentized range."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import studentized_range

from ecglib.errors import ECGError
from ecglib.evaluation.ranks import rank_test

# Demšar (2006), table 6: the areas under the curves of C4.5 with four settings on 14 data sets.
TABLE = pd.DataFrame(
    {
        "C4.5": [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.000, 0.940, 0.619, 0.972, 0.957],
        "C4.5+m": [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.000, 0.962, 0.666, 0.981, 0.978],
        "C4.5+cf": [0.771, 0.590, 0.968, 0.654, 0.886, 0.916, 0.609, 0.563, 0.866, 1.000, 0.965, 0.614, 0.9751, 0.946],
        "C4.5+m+cf": [0.798, 0.569, 0.967, 0.657, 0.898, 0.931, 0.685, 0.625, 0.875, 1.000, 0.962, 0.669, 0.975, 0.970],
    }
)


def test_the_example_of_demsar():
    found = rank_test(TABLE)
    ranks = {"C4.5+m+cf": 1.964, "C4.5+m": 2.000, "C4.5+cf": 2.893, "C4.5": 3.143}
    assert found.mean_ranks.to_dict() == pytest.approx(ranks, abs=5e-4)
    assert list(found.mean_ranks.index) == list(ranks)
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)
    assert found.blocks == 14
    published = 12 * 14 / 20 * ((found.mean_ranks**2).sum() - 4 * 5**2 / 4)
    assert published == pytest.approx(9.28, abs=0.005)
    ties = sum(count**3 - count for row in TABLE.to_numpy() for count in np.unique(row, return_counts=True)[1])
    assert found.statistic == pytest.approx(published / (1 - ties / (14 * (4**3 - 4)))), "scipy corrects for ties"
    assert found.p_value < 0.05


def test_pairs_are_those_of_the_studentized_range():
    found = rank_test(TABLE)
    names = list(found.mean_ranks.index)
    assert list(found.pairs.index) == list(found.pairs.columns) == names
    for one in names:
        for other in set(names) - {one}:
            apart = abs(found.mean_ranks[one] - found.mean_ranks[other])
            expected = studentized_range.sf(apart / np.sqrt(4 * 5 / (6 * 14)) * np.sqrt(2), 4, np.inf)
            assert found.pairs.loc[one, other] == pytest.approx(expected, abs=1e-6)
            assert (found.pairs.loc[one, other] < 0.05) == (apart > found.critical_difference)


def test_groups_are_the_largest_sets_that_are_alike():
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {name: level + random.random(30) for name, level in zip("dacb", (0, 1.2, 0.4, 0.9), strict=True)}
    )
    found = rank_test(table)
    assert list(found.mean_ranks.index) == ["a", "b", "c", "d"]
    ranks, reach = found.mean_ranks.to_numpy(), found.critical_difference
    alike = {
        tuple("abcd"[first : last + 1])
        for first in range(4)
        for last in range(first + 1, 4)
        if ranks[last] - ranks[first] < reach
    }
    largest = [one for one in sorted(alike) if not any(set(one) < set(other) for other in alike)]
    assert found.groups() == largest
    assert 0 < len(largest) < 3


def test_all_apart_and_all_alike():
    apart = pd.DataFrame({name: np.arange(40) + 100 * place for place, name in enumerate("abc")})
    assert rank_test(apart).groups() == []
    random = np.random.default_rng(1)
    alike = pd.DataFrame({name: random.random(40) for name in "abc"})
    assert [set(group) for group in rank_test(alike).groups()] == [set("abc")]


@pytest.mark.parametrize("table", [np.ones((5, 3)), [[1, 2, 3], [2, 3, 1], [3, 1, 2]]])
def test_where_all_mean_ranks_are_equal_nothing_differs(table):
    found = rank_test(pd.DataFrame(table, columns=list("abc"), dtype=float))
    assert found.mean_ranks.tolist() == [2, 2, 2]
    assert (found.statistic, found.p_value) == (0.0, 1.0)
    assert found.groups() == [("a", "b", "c")]


@pytest.mark.parametrize(
    "table",
    [
        TABLE.iloc[:, :2],
        TABLE.iloc[:1],
        TABLE.mask(TABLE == 0.625),
        pd.concat([TABLE, TABLE["C4.5"]], axis=1),
    ],
)
def test_bad_tables_are_refused(table):
    with pytest.raises(ECGError, match="can't be ranked"):
        rank_test(table)
