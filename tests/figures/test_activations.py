import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.figures.activations import plot_activations


@pytest.fixture
def beat():
    return np.exp(-((np.arange(260) - 100.0) ** 2) / 40)


def test_layers_are_aligned_with_the_beat_and_keep_their_numbers(looks, beat):
    late = np.zeros((3, 13))
    late[[0, 1, 2], [9, 2, 5]] = -2.0, 1.0, 4.0
    figure, data = plot_activations(beat, {"one": late, "two": np.zeros((2, 65))}, rate=360, before=100)
    looks.readable(figure)
    assert len({axes.get_xlim() for axes in figure.axes[:3]}) == 1
    drawn = np.asarray(figure.axes[1].images[0].get_array())
    np.testing.assert_array_equal(drawn.argmax(axis=1), [2, 5, 9])
    assert drawn.max() == 1
    one = data[data["layer"] == "one"]
    np.testing.assert_array_equal(one["activation"].to_numpy().reshape(3, 13), late)
    assert one["time_s"].iloc[5] == pytest.approx(-100 / 360 + 5.5 * 20 / 360)


def test_wrong_shapes_are_refused(beat):
    for window, layers in ((beat[None], {"one": np.ones((2, 3))}), (beat, {}), (beat, {"one": np.ones(3)})):
        with pytest.raises(ECGError, match="no activations"):
            plot_activations(window, layers, rate=360, before=100)
