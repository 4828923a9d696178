import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from ecglib.errors import ECGError
from ecglib.figures.embedding import plot_embedding
from ecglib.figures.style import CLASS_COLOURS


@pytest.fixture
def beats():
    """Points of six classes and eight patients."""
    rng = np.random.default_rng(0)
    classes = np.repeat(np.arange(6), [60, 5, 20, 3, 4, 30])
    patients = rng.choice(["100", "101", "103", "105", "106", "108", "109", "111"], len(classes))
    return rng.normal(size=(len(classes), 2)), classes, patients


def drawn(axes):
    return {artist.get_gid(): np.asarray(artist.get_offsets()) for artist in axes.collections}


def test_both_panels_hold_every_point_once(beats, looks):
    points, classes, patients = beats
    figure, data = plot_embedding(points, classes, patients, title="Features of the plain classifier")
    looks.readable(figure)
    names = np.array(["N", "S", "V", "F", "Q", "no beat"])[classes]
    for axes, column, groups in zip(figure.axes, ("class", "patient"), (names, patients), strict=True):
        found = drawn(axes)
        assert set(found) == {f"{column} {name}" for name in set(groups)}
        for name in set(groups):
            np.testing.assert_array_equal(found[f"{column} {name}"], points[groups == name])
    np.testing.assert_array_equal(data[["x", "y"]], points)
    assert data["class"].tolist() == names.tolist()
    assert data["patient"].tolist() == patients.tolist()


def test_classes_have_their_colours(beats):
    figure, _ = plot_embedding(*beats, title="Features")
    colours = {artist.get_gid(): to_hex(artist.get_facecolor()[0]).upper() for artist in figure.axes[0].collections}
    assert {name: colours[f"class {name}"] for name in "NSVFQ"} == dict(CLASS_COLOURS)


def test_without_colour_every_group_still_differs_in_its_marker(beats):
    figure, _ = plot_embedding(*beats, title="Features")
    for axes in figure.axes:
        outlines = [artist.get_paths()[0].vertices for artist in axes.collections]
        for index, one in enumerate(outlines):
            for other in outlines[index + 1 :]:
                assert one.shape != other.shape or not np.allclose(one, other)


def test_patients_differ_in_lightness_too(beats):
    figure, _ = plot_embedding(*beats, title="Features")
    lightness = sorted(
        float(np.dot(to_rgb(artist.get_facecolor()[0]), (0.2126, 0.7152, 0.0722)))
        for artist in figure.axes[1].collections
    )
    assert min(np.diff(lightness)) > 0.03


def test_rarer_groups_lie_on_top(beats):
    _, classes, _ = beats
    figure, _ = plot_embedding(*beats, title="Features")
    heights = {artist.get_gid(): artist.get_zorder() for artist in figure.axes[0].collections}
    counts = {f"class {name}": int((classes == index).sum()) for index, name in enumerate(["N", "S", "V", "F", "Q"])}
    assert sorted(counts, key=lambda name: heights[name]) == sorted(counts, key=lambda name: -counts[name])


@pytest.mark.parametrize("count", [1, 2, 8])
def test_the_legend_names_every_patient_in_order(beats, looks, count):
    points, classes, _ = beats
    patients = np.arange(len(classes)) % count + 200
    figure, _ = plot_embedding(points, classes, patients, title="Features")
    looks.readable(figure)
    words = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert words == [str(200 + index) for index in range(count)]


@pytest.mark.parametrize(
    ("points", "classes", "patients"),
    [
        (np.zeros((4, 3)), np.zeros(4, int), np.zeros(4)),
        (np.zeros((4, 2)), np.zeros(3, int), np.zeros(4)),
        (np.zeros((4, 2)), np.zeros(4, int), np.zeros(5)),
        (np.zeros((0, 2)), np.zeros(0, int), np.zeros(0)),
        (np.full((4, 2), np.nan), np.zeros(4, int), np.zeros(4)),
        (np.zeros((9, 2)), np.zeros(9, int), np.arange(9)),
        (np.zeros((4, 2)), np.array([0, 1, 5, 6]), np.zeros(4)),
        (np.zeros((4, 2)), np.array([0, 1, 5, -1]), np.zeros(4)),
    ],
)
def test_points_that_can_not_be_drawn_are_refused(points, classes, patients):
    with pytest.raises(ECGError, match="points that can't be drawn"):
        plot_embedding(points, classes, patients, title="Features")
