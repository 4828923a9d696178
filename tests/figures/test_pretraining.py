"""The figures of pretraining show their numbers and stay readable."""

import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.figures.pretraining import plot_alignment_uniformity, plot_pretraining


def falling(scale, steps=400):
    return [{"step": step, "loss": scale / step**0.3, "watched": None} for step in range(50, steps + 1, 50)]


NAMES = ["Beat-SSL", "3KG", "CMSC", "wav2vec 2.0", "TS2Vec", "ECG-FM's recipe", "soft rhythm", "hard beats"]


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_each_objective_has_a_panel_with_its_losses(looks, count):
    histories = {name: falling(scale + 1) for scale, name in enumerate(NAMES[:count])}
    figure, data = plot_pretraining(histories)
    looks.readable(figure)
    assert len(figure.axes) == count
    for axes, (name, history) in zip(figure.axes, histories.items(), strict=True):
        (line,) = looks.named(axes, name)
        assert line.get_xdata().tolist() == [row["step"] for row in history]
        assert line.get_ydata().tolist() == [row["loss"] for row in history]
        assert axes.get_title(loc="left") == name
        assert data.loc[data["objective"] == name, "loss"].tolist() == [row["loss"] for row in history]
    assert sum(bool(axes.get_xlabel()) for axes in figure.axes) == min(count, 2)


def test_panels_share_the_axis_of_steps(looks):
    figure, _ = plot_pretraining({"long": falling(1, 800), "short": falling(1, 400)})
    assert {axes.get_xlim() for axes in figure.axes} == {(0, 800)}


@pytest.mark.parametrize("histories", [{}, {"3KG": []}, {"3KG": [{"step": 1}]}, {"a": falling(1), "b": []}])
def test_histories_without_losses_are_refused(histories):
    with pytest.raises(ECGError, match="no pretraining to draw") as error:
        plot_pretraining(histories)
    assert error.value.remedy


@pytest.mark.parametrize("count", [1, 3, 8])
def test_every_encoder_stands_where_its_numbers_say(looks, count):
    random = np.random.default_rng(0)
    points = {name: (float(random.uniform(0, 2)), float(random.uniform(-4, 0))) for name in NAMES[:count]}
    figure, data = plot_alignment_uniformity(points)
    looks.readable(figure)
    (axes,) = figure.axes
    marks = [looks.named(axes, name)[0] for name in points]
    for mark, place in zip(marks, points.values(), strict=True):
        assert (mark.get_xdata()[0], mark.get_ydata()[0]) == place
    assert len({(mark.get_color(), mark.get_marker()) for mark in marks}) == count
    assert data[["alignment", "uniformity"]].to_numpy().tolist() == [list(place) for place in points.values()]


@pytest.mark.parametrize("points", [{}, {str(n): (0.0, 0.0) for n in range(9)}, {"3KG": (np.nan, 0.0)}])
def test_too_many_encoders_and_no_numbers_are_refused(points):
    with pytest.raises(ECGError, match="no encoders to draw") as error:
        plot_alignment_uniformity(points)
    assert error.value.remedy
