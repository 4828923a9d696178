import numpy as np
import pandas as pd
import pytest

from ecglib.evaluation.ranks import RankTest
from ecglib.figures.ranks import plot_ranks

NAMES = ["Beat-SSL", "3KG", "CMSC", "wav2vec 2.0 style", "TS2Vec", "ECG-FM style", "supervised"]


def made(ranks, reach):
    series = pd.Series(ranks, index=NAMES[: len(ranks)])
    p_values = np.where(np.abs(np.subtract.outer(ranks, ranks)) > reach, 0.01, 0.5)
    return RankTest(series, 9.0, 0.01, pd.DataFrame(p_values, series.index, series.index), reach, 40)


def test_dots_stand_at_the_ranks_and_bars_beside_those_alike(looks):
    test = made([1.4, 2.1, 2.6, 4.9, 5.2, 5.4, 6.4], 1.3)
    figure, data = plot_ranks(test)
    (axes,) = figure.axes
    dots = looks.named(axes, "mean rank")
    np.testing.assert_allclose([dot.get_xdata()[0] for dot in dots], test.mean_ranks)
    assert [label.get_text() for label in axes.get_yticklabels()] == NAMES
    bars = [tuple(bar.get_ydata()) for bar in looks.named(axes, "alike")]
    assert bars == [(-0.25, 2.25), (2.75, 5.25), (3.75, 6.25)]
    assert len({bar.get_xdata()[0] for bar in looks.named(axes, "alike")}) == 3
    assert data["method"].tolist() == NAMES
    assert data["p_against_best"].tolist() == test.pairs.loc["Beat-SSL"].tolist()


@pytest.mark.parametrize(("reach", "end"), [(1.25, 3.2), (2.3, 3.3), (3.6, 4.6)])
def test_the_line_is_as_long_as_the_critical_difference_and_the_axis_no_shorter(looks, reach, end):
    figure, _ = plot_ranks(made([1.4, 2.1, 2.6], reach))
    (axes,) = figure.axes
    (line,) = looks.named(axes, "critical difference")
    assert line.xyann[0] == 1
    assert line.xy[0] - line.xyann[0] == pytest.approx(reach)
    assert axes.get_xlim() == pytest.approx((0.8, end))
    assert axes.get_xticks().tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("ranks", "reach"), [([1.4, 2.1, 2.6, 4.9, 5.2, 5.4, 6.4], 1.3), ([1, 2, 3], 0.4), ([1.8, 2, 2.2], 3.6)]
)
def test_the_text_is_readable(looks, ranks, reach):
    figure, _ = plot_ranks(made(ranks, reach))
    looks.readable(figure)
