from dataclasses import replace

import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.evaluation.roc import roc_curves
from ecglib.figures import CLASS_COLOURS
from ecglib.figures.roc import plot_roc


@pytest.fixture
def curves():
    rng = np.random.default_rng(0)
    true = rng.choice(5, 3000, p=[0.8, 0.05, 0.08, 0.02, 0.05])

    def of(skill, seeds):
        scores = rng.normal(size=(seeds, 3000, 5))
        scores[:, np.arange(3000), true] += skill
        return roc_curves(true, scores)

    return of


def test_classes_in_their_colours_with_the_range_of_the_seeds(looks, curves):
    panels = {"intra": curves(4, 3), "blocked": curves(2.5, 3), "inter": curves(1, 3)}
    figure, data = plot_roc(panels)
    looks.readable(figure)
    assert len(figure.axes) == 3
    for axes, (title, drawn) in zip(figure.axes, panels.items(), strict=True):
        assert axes.get_title(loc="left") == title
        assert axes.get_xscale() == "log"
        labels = [text.get_text() for text in axes.get_legend().get_texts()]
        for name, curve in drawn.items():
            (line,) = looks.named(axes, f"curve {name}")
            assert line.get_color() == CLASS_COLOURS[name]
            shown = curve.false_positive_rate >= 1e-4
            np.testing.assert_array_equal(line.get_ydata(), curve.true_positive_rate[shown])
            (band,) = looks.named(axes, f"band {name}")
            corners = band.get_paths()[0].vertices
            assert corners[:, 1].min() == pytest.approx(curve.by_seed[:, shown].min())
            assert f"{name}  {curve.area:.3f}" in labels
            table = data[(data["panel"] == title) & (data["curve"] == name)]
            np.testing.assert_array_equal(table["true_positive_rate"], curve.true_positive_rate)
            assert (table["lowest"] <= table["true_positive_rate"] + 1e-12).all()
            assert (table["true_positive_rate"] <= table["highest"] + 1e-12).all()


def test_models_are_told_apart_without_colour(looks, curves):
    models = ("CNN", "CNN-LSTM", "CNN-LSTM-Attention", "ResNet-1D", "mean", "Top2-Weighted")
    figure, _ = plot_roc({"Class S": {name: curves(2, 1)["S"] for name in models}})
    looks.readable(figure)
    lines = [looks.named(figure.axes[0], f"curve {name}")[0] for name in models]
    assert len({line.get_marker() for line in lines}) == len(models)
    assert not looks.named(figure.axes[0], "band CNN")


@pytest.mark.parametrize(("area", "written"), [(0.8412, "0.841"), (0.99949, "0.999"), (0.99987, "0.9999")])
def test_an_area_just_below_one_is_not_written_as_one(looks, curves, area, written):
    figure, data = plot_roc({"intra": {"S": replace(curves(2, 1)["S"], area=area)}})
    looks.readable(figure)
    assert figure.axes[0].get_legend().get_texts()[0].get_text() == f"S  {written}"
    assert (data["area"] == area).all()


def test_nothing_or_too_much_is_refused(curves):
    drawn = curves(1, 1)
    for panels in ({}, {"intra": {}}, {"intra": {f"model {k}": drawn["S"] for k in range(7)}}):
        with pytest.raises(ECGError, match="cannot be drawn"):
            plot_roc(panels)
