import numpy as np
import pytest
from matplotlib.colors import to_hex

from ecglib.errors import ECGError
from ecglib.figures.attention import plot_attention
from ecglib.figures.style import CLASS_COLOURS


@pytest.fixture
def beats():
    """Beats of five classes; the attention of class k is all on step 3 k."""
    rng = np.random.default_rng(0)
    classes = np.repeat(np.arange(5), 4)
    windows = rng.normal(0, 0.1, (20, 1, 260)).astype(np.float32)
    windows[:, 0, 95:106] += 1.5
    weights = np.full((20, 17), 0.01)
    weights[np.arange(20), 3 * classes] = 1 - 16 * 0.01
    return windows, weights, classes


def test_the_data_are_means_by_class_and_step(beats):
    windows, weights, classes = beats
    _, data = plot_attention(windows, weights, classes, rate=360, before=100)
    assert len(data) == 5 * 260
    for index, name in enumerate("NSVFQ"):
        table = data[data["class"] == name]
        np.testing.assert_allclose(table["mean_mV"], windows[classes == index, 0].mean(0), atol=1e-6)
        by_step = table.groupby("step")["weight"].first()
        np.testing.assert_allclose(by_step, weights[classes == index].mean(0))
        assert by_step.idxmax() == 3 * index
        assert set(table["beats"]) == {4}


def test_the_range_holds_four_in_five_beats():
    weights = np.full((11, 17), 0.05)
    weights[:, 0] = np.linspace(0.1, 0.2, 11)
    weights[:, 1] = 1 - weights[:, 0] - 15 * 0.05
    _, data = plot_attention(np.zeros((11, 260)), weights, np.zeros(11, int), rate=360, before=100)
    first = data[data["step"] == 0].iloc[0]
    np.testing.assert_allclose(first[["weight", "p10", "p90"]].astype(float), [0.15, 0.11, 0.19])


def test_a_step_covers_the_samples_around_its_place(beats):
    """Step t of the convolutions lies at sample 16 t."""
    figure, data = plot_attention(*beats, rate=360, before=100)
    table = data[data["class"] == "N"]
    assert table.loc[table["step"] == 6, "time_s"].mul(360).round().add(100).tolist() == list(range(88, 104))
    bars = figure.axes[1].containers[0]
    middle = [bar.get_x() + bar.get_width() / 2 for bar in bars]
    np.testing.assert_allclose(middle, (np.arange(17) * 16 - 100) / 360)
    np.testing.assert_allclose([bar.get_height() for bar in bars], table.groupby("step")["weight"].first())


def test_the_shade_behind_the_beat_is_darkest_at_the_largest_weight(beats, looks):
    figure, _ = plot_attention(*beats, rate=360, before=100)
    for index in range(5):
        shades = [patch.get_alpha() for patch in looks.named(figure.axes[2 * index], "shade")]
        assert int(np.argmax(shades)) == 3 * index


def test_every_class_has_its_colour_and_the_text_is_readable(beats, looks):
    figure, _ = plot_attention(*beats, rate=360, before=100)
    looks.readable(figure)
    assert [to_hex(axes.patches[0].get_facecolor()).upper() for axes in figure.axes[1::2]] == list(
        CLASS_COLOURS.values()
    )


@pytest.mark.parametrize("count", [1, 2, 3])
def test_fewer_classes_are_readable_too(beats, looks, count):
    windows, weights, classes = beats
    chosen = classes < count
    figure, data = plot_attention(windows[chosen], weights[chosen], classes[chosen], rate=360, before=100)
    looks.readable(figure)
    assert len(figure.axes) == 2 * count
    assert data["class"].nunique() == count


@pytest.mark.parametrize(
    ("windows", "weights", "classes"),
    [
        ((4, 2, 260), (4, 17), 4),
        ((4, 260), (4, 16), 4),
        ((4, 260), (3, 17), 4),
        ((4, 260), (4, 17), 3),
        ((0, 260), (0, 17), 0),
    ],
)
def test_shapes_that_do_not_fit_are_refused(windows, weights, classes):
    with pytest.raises(ECGError, match="attention can't be drawn"):
        plot_attention(
            np.zeros(windows), np.full(weights, 1 / weights[1]), np.zeros(classes, int), rate=360, before=100
        )


def test_numbers_that_are_no_weights_are_refused():
    with pytest.raises(ECGError, match="attention can't be drawn"):
        plot_attention(np.zeros((4, 260)), np.ones((4, 17)), np.zeros(4, int), rate=360, before=100)
