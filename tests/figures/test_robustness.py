import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.evaluation import Interval
from ecglib.figures.robustness import plot_robustness

LEVELS = (24, 12, 6, 0, -6)


def curves(methods):
    return {
        noise: {
            method: {
                level: Interval(0.4 + 0.01 * level - 0.05 * i, 0.3 + 0.01 * level, 0.5 + 0.01 * level, n=21)
                for level in LEVELS
            }
            for i, method in enumerate(methods)
        }
        for noise in ("baseline wander", "muscle", "electrode motion")
    }


@pytest.mark.parametrize("methods", [["CNN"], ["CNN", "CNN-LSTM", "CNN-LSTM-Attention", "ResNet-1D", "forest", "RR"]])
def test_every_value_is_drawn_with_its_interval(looks, methods):
    clean = {method: Interval(0.7, 0.6, 0.8, n=21) for method in methods}
    figure, data = plot_robustness(curves(methods), clean=clean)
    looks.readable(figure)
    assert len(data) == 3 * len(methods) * 6
    assert data["decibels"].unique().tolist() == [np.inf, *LEVELS]
    for axes, noise in zip(figure.axes, data["noise"].unique(), strict=True):
        assert axes.get_title(loc="left") == noise
        for method in methods:
            mine = data[(data["noise"] == noise) & (data["method"] == method)]
            (line,) = looks.named(axes, f"curve {method}")
            np.testing.assert_array_equal(line.get_ydata(), mine["value"])
            assert (np.diff(line.get_xdata()) > 0).all()
        ends = np.concatenate([w.get_segments() for w in looks.named(axes, "whisker")])
        np.testing.assert_allclose(np.sort(ends[:, 0, 1]), np.sort(data["low"][data["noise"] == noise]))
        np.testing.assert_allclose(np.sort(ends[:, 1, 1]), np.sort(data["high"][data["noise"] == noise]))
    shown = [tick.get_text() for tick in figure.axes[-1].get_xticklabels()]
    assert shown == ["clean", "24", "12", "6", "0", "−6"]


def test_methods_can_be_told_apart_without_colour():
    figure, _ = plot_robustness(curves("abcdef"))
    looks = {(line.get_marker(), str(line.get_linestyle())) for line in figure.axes[0].lines}
    assert len({marker for marker, _ in looks}) == 6


def test_nothing_to_draw_is_refused():
    for wrong in ({}, curves("abcdefg")):
        with pytest.raises(ECGError, match="no robustness to draw"):
            plot_robustness(wrong)
