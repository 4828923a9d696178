import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.figures.similarity import MOST_ITEMS, plot_exponent, plot_similarity


@pytest.fixture
def beats():
    """Similarities of 60 beats of four classes, and their classes."""
    rng = np.random.default_rng(0)
    labels = rng.choice(["N", "S", "V", "F"], 60, p=[0.7, 0.1, 0.15, 0.05])
    points = np.array([("NSVF".index(name), 0) for name in labels]) + rng.normal(scale=0.3, size=(60, 2))
    return np.exp(-((points[:, None] - points) ** 2).sum(axis=2)), labels


def test_beats_of_a_class_lie_beside_each_other(beats, looks):
    similarity, labels = beats
    figure, data = plot_similarity(similarity, labels, order="NSVF", title="Beats of one batch")
    looks.readable(figure)
    items = [item for name in "NSVF" for item in range(60) if labels[item] == name]
    assert data["item"].tolist() == items
    assert data["class"].tolist() == [labels[item] for item in items]
    (image,) = looks.named(figure.axes[0], "similarity")
    wanted = [[similarity[row, column] for column in items] for row in items]
    np.testing.assert_array_equal(image.get_array(), wanted)
    np.testing.assert_array_equal(data[[str(place) for place in range(60)]].to_numpy(), wanted)
    assert image.get_clim() == (0, 1)
    counts = [int((labels == name).sum()) for name in "NSVF"]
    across = [line.get_ydata()[0] for line in looks.named(figure.axes[0], "edge") if line.get_xdata()[0] == 0]
    assert across == np.cumsum(counts)[:-1].tolist()
    names = [text.get_text() for text in looks.named(figure.axes[0], "class")]
    assert names == [f"{name}\n{count}" for name, count in zip("NSVF", counts, strict=True)]


def test_names_stand_beside_their_classes_and_clear_of_each_other(looks):
    """Rare classes at either end, which have less room than their names."""
    labels = ["a"] + ["b"] * 150 + ["c", "d", "e"]
    figure, _ = plot_similarity(np.eye(154), labels)
    looks.readable(figure)
    places = [text.get_position()[1] for text in looks.named(figure.axes[0], "class")]
    assert places == sorted(places)
    assert abs(places[1] - 76) < 1


def test_one_class_alone_and_a_single_item(looks):
    figure, data = plot_similarity([[1.0]], ["N"])
    looks.readable(figure)
    assert not looks.named(figure.axes[0], "edge")
    assert data.loc[0].tolist() == [0, "N", 1.0]


def test_without_an_order_classes_come_by_name(beats):
    _, data = plot_similarity(*beats)
    assert data["class"].unique().tolist() == ["F", "N", "S", "V"]


@pytest.mark.parametrize(
    ("similarity", "labels", "order"),
    [
        (np.eye(3), ["N", "N"], None),
        (np.eye(2), ["N", "V"], ["N"]),
        (np.eye(MOST_ITEMS + 1), ["N"] * (MOST_ITEMS + 1), None),
    ],
)
def test_what_has_no_classes_is_refused(similarity, labels, order):
    with pytest.raises(ECGError, match="can't be drawn by class"):
        plot_similarity(similarity, labels, order=order)


@pytest.mark.parametrize(
    "values", [np.zeros((2, 3)), np.zeros((0, 0)), np.zeros(4), np.full((2, 2), 1.1), [[1, -0.2], [0, 1]], [[np.nan]]]
)
@pytest.mark.parametrize("draw", [lambda values: plot_similarity(values, ["N"] * len(values)), plot_exponent])
def test_what_are_no_similarities_is_refused(draw, values):
    with pytest.raises(ECGError, match="no similarities of all pairs"):
        draw(values)


def test_each_pair_counts_once_before_and_after(beats, looks):
    similarity, _ = beats
    figure, data = plot_exponent(similarity)
    looks.readable(figure)
    pairs = np.array([similarity[row, column] for row in range(60) for column in range(row)])
    for axes, exponent in zip(figure.axes, (1, 50), strict=True):
        own = data[data["exponent"] == exponent]
        raised = pairs**exponent
        for begin, end, share in zip(own["from"], own["to"], own["share"], strict=True):
            inside = (raised >= begin) & ((raised < end) | (end == 1))
            assert share == pytest.approx(inside.mean(), abs=1e-12)
        assert own["share"].sum() == pytest.approx(1)
        heights = [bar.get_height() for bar in axes.patches]
        np.testing.assert_allclose(heights, 100 * own["share"])
        assert axes.get_title(loc="right") == f"{100 * (raised > 0.5).mean():.1f} % above 0.5"
        assert axes.get_ylim()[0] <= 50 / len(pairs)


def test_three_exponents(beats, looks):
    figure, data = plot_exponent(beats[0], exponents=(1, 10, 50))
    looks.readable(figure)
    assert data["exponent"].unique().tolist() == [1, 10, 50]


@pytest.mark.parametrize(("items", "exponents"), [(1, (1, 50)), (3, ()), (3, (1, 0)), (3, (-1,))])
def test_no_pairs_or_no_powers_are_refused(items, exponents):
    with pytest.raises(ECGError, match="no pairs to raise"):
        plot_exponent(np.eye(items), exponents=exponents)
