"""The figures of the chapter on new patients."""

import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.evaluation import Interval
from ecglib.figures import CLASS_COLOURS
from ecglib.figures.by_class import plot_by_class
from ecglib.figures.published import plot_published


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    classes = rng.choice(4, 3000, p=[0.8, 0.08, 0.08, 0.04])
    return {"RR (s)": 0.8 - 0.2 * (classes == 1) + 0.05 * rng.standard_normal(3000)}, classes


def test_every_class_has_the_same_area(looks, features):
    values, classes = features
    two = values | {"rank (share)": np.linspace(0, 1, 3000)}
    figure, data = plot_by_class(two, classes)
    looks.readable(figure)
    assert np.allclose(data.groupby(["feature", "class"])["percent"].sum(), 100)
    assert data["class"].unique().tolist() == ["N", "S", "V", "F"]
    (curve,) = looks.named(figure.axes[0], "class S")
    assert curve.get_edgecolor()[:3] == pytest.approx([int(CLASS_COLOURS["S"][i : i + 2], 16) / 255 for i in (1, 3, 5)])
    early = data[(data["class"] == "S") & (data["feature"] == "RR (s)")]
    assert np.average(early["from"], weights=early["percent"]) == pytest.approx(0.6, abs=0.02)
    lines = {artist.get_linestyle() for name in "NSVF" for artist in looks.named(figure.axes[0], f"class {name}")}
    assert len(lines) == 4


def test_a_feature_that_never_changes_is_drawn(looks):
    figure, data = plot_by_class({"nothing": np.ones(8)}, [0, 0, 0, 1, 1, 2, 3, 4])
    looks.readable(figure)
    assert data["percent"].sum() == pytest.approx(500)


@pytest.mark.parametrize("features", [{}, {"x": [1.0, 2.0]}])
def test_features_of_other_beats_are_refused(features):
    with pytest.raises(ECGError, match="no features"):
        plot_by_class(features, [0, 0, 1])


def test_published_points(looks):
    ours = [Interval(0.7, 0.5, 0.85, n=21), Interval(0.6, 0.3, 0.8, n=21)]
    rows = [("S", "this page, the chosen model", *ours), ("S", "somebody, 2004", 0.759, 0.385)]
    rows += [("V", "this page, the chosen model", *ours[::-1]), ("V", "somebody else, 2017", 0.604, 0.668)]
    figure, data = plot_published(rows)
    looks.readable(figure)
    assert data["f1"].tolist() == pytest.approx(
        [2 * 0.7 * 0.6 / 1.3, 2 * 0.759 * 0.385 / 1.144, 2 * 0.7 * 0.6 / 1.3, 2 * 0.604 * 0.668 / 1.272]
    )
    assert data["recall_low"].isna().tolist() == [False, True, False, True]
    first, second = figure.axes
    (dot,) = looks.named(first, "somebody, 2004")
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (0.759, 0.385)
    assert not looks.named(second, "somebody, 2004")
    assert len(looks.named(first, "whisker")) == 2
    assert (
        len({dot.get_marker() for axes in figure.axes for dot in axes.lines if dot.get_gid() in data["who"].tolist()})
        == 3
    )


def test_curves_of_equal_f1_are_that():
    figure, _ = plot_published([("S", "somebody", 0.5, 0.5)])
    for line in figure.axes[0].lines:
        if line.get_color() == "#CCCCCC":
            recall, precision = line.get_xdata(), line.get_ydata()
            f1 = 2 * recall * precision / (recall + precision)
            assert np.ptp(f1) < 1e-9


def test_nothing_to_publish():
    with pytest.raises(ECGError, match="no results"):
        plot_published([])
