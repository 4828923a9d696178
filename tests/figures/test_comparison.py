import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.evaluation.comparison import Difference
from ecglib.figures.comparison import plot_differences, plot_resamples

ROWS = [
    ("intra", "CNN-LSTM minus CNN", Difference(0.021, 0.010, 0.032, 0.001, n=900), 0.006),
    ("intra", "CNN-LSTM minus ResNet-1D", Difference(-0.004, -0.012, 0.004, 0.3, n=900), 0.9),
    ("inter", "CNN-LSTM minus CNN", Difference(0.05, -0.1, 0.2, 0.5, n=22), 1.0),
]


def test_differences_are_drawn_where_the_data_say(looks):
    figure, data = plot_differences(ROWS)
    looks.readable(figure)
    assert data["split"].tolist() == ["intra", "intra", "inter"]
    for axes, rows in zip(figure.axes, (data.iloc[:2], data.iloc[2:]), strict=True):
        whiskers = [line.get_segments()[0][:, 0] for line in looks.named(axes, "whisker")]
        np.testing.assert_allclose(whiskers, rows[["low", "high"]])
        np.testing.assert_allclose([dot.get_xdata()[0] for dot in looks.named(axes, "value")], rows["value"])
        left, right = axes.get_xlim()
        assert left < min(0, rows["low"].min())
        assert right > max(0, rows["high"].max())


def test_only_a_significant_difference_has_a_full_dot(looks):
    figure, _ = plot_differences(ROWS)
    full = [
        dot.get_markerfacecolor() == dot.get_markeredgecolor()
        for axes in figure.axes
        for dot in looks.named(axes, "value")
    ]
    assert full == [True, False, False]


def test_the_corrected_p_value_is_written(looks):
    figure, _ = plot_differences(ROWS)
    written = [artist.get_text() for artist, _ in looks.texts(figure)]
    assert "+0.021, p = 0.006" in written
    assert "\N{MINUS SIGN}0.004, p = 0.9" in written


def test_no_difference_is_refused():
    with pytest.raises(ECGError, match="no differences to draw"):
        plot_differences([])


def test_resamples_say_how_often_the_second_is_ahead(looks):
    first = np.linspace(0.90, 0.94, 100)
    second = first + np.where(np.arange(100) < 73, 0.005, -0.005)
    figure, data = plot_resamples(first, second, names=("CNN", "CNN-LSTM"))
    looks.readable(figure)
    assert figure.axes[0].get_title(loc="left") == "CNN-LSTM ahead in 73.0% of 100"
    (dots,) = looks.named(figure.axes[0], "resamples")
    np.testing.assert_allclose(dots.get_offsets(), data[["first", "second"]])


@pytest.mark.parametrize(("first", "second"), [([], []), ([0.9], [0.9, 0.8])])
def test_resamples_of_different_draws_are_refused(first, second):
    with pytest.raises(ECGError, match="can't be paired"):
        plot_resamples(first, second, names=("CNN", "CNN-LSTM"))
