import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.evaluation.intervals import Interval
from ecglib.figures.gradcam import plot_heat, plot_heat_by_class, plot_parts

RNG = np.random.default_rng(0)
BEATS = RNG.standard_normal((30, 260)).astype(np.float32)
CLASSES = np.arange(30) % 5
PARTS = np.tile(np.repeat(np.array([3, 0, 3, 1, 3, 2, 3], np.int8), [40, 25, 15, 35, 35, 60, 50]), (30, 1))
METHODS = ("CNN", "CNN-LSTM", "CNN-LSTM-Attention", "ResNet-1D")
ROWS = [
    (method, f"{name}: class", part, Interval(value, value - 0.05, value + 0.05, n=22), 0.2)
    for method, value in zip(METHODS, (0.2, 0.3, 0.4, 0.5), strict=True)
    for name in "NSVFQ"
    for part in ("P", "QRS", "T", "rest")
]


def test_all_figures_are_readable(looks):
    heat = RNG.random((30, 260))
    looks.readable(plot_heat(BEATS[0], heat[0], PARTS[0], rate=360, before=100)[0])
    maps = dict.fromkeys((*METHODS, "attention weights"), heat)
    looks.readable(plot_heat_by_class(BEATS, CLASSES, maps, rate=360, before=100, parts=PARTS)[0])
    looks.readable(plot_heat_by_class(BEATS[:1], CLASSES[:1], {"CNN": heat[:1]}, rate=360, before=100)[0])
    looks.readable(plot_parts(ROWS, label="share of the heat")[0])
    looks.readable(plot_parts(ROWS[:1], label="share of the heat")[0])


def test_every_beat_counts_the_same_in_the_average_heat():
    heat = np.zeros((3, 260))
    heat[0, 10], heat[1, 20] = 100.0, 1.0
    _, data = plot_heat_by_class(BEATS[:3], np.zeros(3, int), {"CNN": heat}, rate=360, before=100)
    assert data["CNN"][10] == data["CNN"][20] == 0.5
    assert data["CNN"].sum() == pytest.approx(1)
    np.testing.assert_allclose(data["mean_mV"], BEATS[:3].mean(axis=0), rtol=1e-5)


def test_strips_show_the_numbers_of_the_table():
    maps = {"one": RNG.random((30, 260)), "two": RNG.random((30, 260))}
    figure, data = plot_heat_by_class(BEATS, CLASSES, maps, rate=360, before=100, parts=PARTS)
    drawn = [axes.images[0].get_array()[0] for axes in figure.axes if axes.images]
    expected = [data.loc[data["class"] == name, which] for name in "NSVFQ" for which in maps]
    for shown, numbers in zip(drawn, expected, strict=True):
        np.testing.assert_allclose(shown, numbers)


def test_waves_are_shaded_where_they_are(looks):
    figure, data = plot_heat(BEATS[0], BEATS[0] ** 2, PARTS[0], rate=360, before=100)
    (span,) = looks.named(figure.axes[0], "wave QRS")
    inside = data.loc[data["part"] == "QRS", "time_s"]
    assert span.get_x() == pytest.approx(inside.min())
    assert span.get_x() + span.get_width() == pytest.approx(inside.max())
    assert data["heat"].max() == pytest.approx(1)


def test_dots_are_the_values_and_chance_is_marked(looks):
    figure, data = plot_parts(ROWS, label="share of the heat")
    assert len(data) == len(ROWS)
    for panel in figure.axes:
        for method, value in zip(METHODS, (0.2, 0.3, 0.4, 0.5), strict=True):
            dots = [line for line in panel.lines if line.get_gid() == method]
            assert [float(line.get_xdata()[0]) for line in dots] == [value] * 4
    assert (data["chance"] == 0.2).all()


def test_bad_input_is_refused():
    with pytest.raises(ECGError, match="differ"):
        plot_heat(BEATS[0], BEATS[0, :5], PARTS[0], rate=360, before=100)
    with pytest.raises(ECGError, match="differ"):
        plot_heat_by_class(BEATS, CLASSES[:3], {"CNN": BEATS}, rate=360, before=100)
    with pytest.raises(ECGError, match="drawn"):
        plot_parts([], label="nothing")
