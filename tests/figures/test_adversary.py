"""The figures of the chapter on the beat classifier and its patients."""

import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.figures.adversary import plot_panels, plot_two_heads

WEIGHTS = ["0", "0.03", "0.1", "0.3", "1"]
PANELS = {
    "Macro F1,\nvalidation": {"with the adversary": [0.6, 0.61, 0.6, 0.58, 0.4]},
    "Patients named\nrightly": {
        "training patients, held-out segments": [0.8, 0.7, 0.7, 0.5, 0.4],
        "validation patients": [0.9, 0.9, 0.95, 0.9, 0.8],
    },
}


def test_every_line_of_the_two_heads_joins_boxes_that_are_there(looks):
    figure, data = plot_two_heads()
    looks.readable(figure)
    boxes = {artist.get_gid() for artist in figure.axes[0].patches} - set(data["carries"])
    assert set(data["from"]) | set(data["to"]) == boxes
    backwards = data[data["carries"] != "signal"]
    assert set(backwards["to"]) == {"features"}
    assert set(backwards["from"]) == set(data[data["from"] == "features"]["to"])


def test_a_sweep_shows_every_number_and_the_chosen_weight(looks):
    figure, data = plot_panels(
        PANELS,
        WEIGHTS,
        label="weight of the adversary",
        levels={"Patients named\nrightly": {"chance, 18 patients": 1 / 18, "chance, 4": 0.25}},
        marked="0.1",
        kept="chosen weight",
    )
    looks.readable(figure)
    first, second = figure.axes
    (line,) = looks.named(second, "validation patients")
    assert line.get_ydata().tolist() == PANELS["Patients named\nrightly"]["validation patients"]
    (chance,) = looks.named(second, "chance, 4")
    assert set(chance.get_ydata()) == {0.25}
    for axes in (first, second):
        (band,) = looks.named(axes, "marked")
        assert set(band.get_xdata()) == {2}
    assert [text.get_text() for text in second.get_xticklabels()] == WEIGHTS
    assert len(data) == 17
    assert data["weight of the adversary"].isna().sum() == 2


def test_numbers_on_the_axis_stand_where_they_belong(looks):
    parts = np.linspace(0, 1, 101)
    figure, data = plot_panels({"Share": {"strength": parts**0.5, "learning rate": 1 - parts}}, parts, label="done")
    looks.readable(figure)
    (line,) = looks.named(figure.axes[0], "strength")
    assert line.get_xdata().tolist() == parts.tolist()
    assert data.loc[data["curve"] == "learning rate", "value"].tolist() == (1 - parts).tolist()


@pytest.mark.parametrize("panels", [{}, {"a": {"b": [1.0]}}, {"a": {str(n): [0.0, 1.0] for n in range(5)}}])
def test_curves_that_do_not_fit_are_refused(panels):
    with pytest.raises(ECGError, match="no curves to draw"):
        plot_panels(panels, [0, 1], label="x")


def test_a_mark_where_nothing_stands_and_an_axis_without_places_are_refused():
    with pytest.raises(ECGError, match="2 among the places"):
        plot_panels({"a": {"curve": [0.0, 1.0]}}, [0, 1], label="x", marked=2)
    with pytest.raises(ECGError, match="no curves to draw"):
        plot_panels({"a": {"curve": []}}, [], label="x")


@pytest.mark.parametrize("levels", [{"b": {"chance": 0.1}}, {"a": {"one": 0.1, "two": 0.2, "three": 0.3}}])
def test_levels_that_would_not_be_seen_are_refused(levels):
    with pytest.raises(ECGError, match="no curves to draw"):
        plot_panels({"a": {"curve": [0.0, 1.0]}}, [0, 1], label="x", levels=levels)
