import numpy as np
import pytest
from matplotlib.colors import to_hex

from ecglib.databases.ptbxl import SUPERCLASSES
from ecglib.errors import ECGError
from ecglib.figures.embedding_over_training import plot_embedding_over_training

MOMENTS = ("untrained", "step 200", "step 400")


@pytest.fixture
def training():
    """Points of two methods at three moments, and the five superclasses, NORM the most frequent and HYP the rarest."""
    rng = np.random.default_rng(0)
    classes = rng.permutation(np.repeat(np.arange(5), [60, 40, 30, 20, 10]))
    rows = {method: {moment: rng.normal(size=(160, 2)) for moment in MOMENTS} for method in ("3KG", "Beat-SSL")}
    return rows, classes


def drawn(axes):
    return {artist.get_gid(): np.asarray(artist.get_offsets()) for artist in axes.collections}


def entries(figure):
    (legend,) = figure.legends
    return [text.get_text() for text in legend.get_texts()]


def test_each_panel_holds_its_points_once(training, looks):
    rows, classes = training
    figure, _ = plot_embedding_over_training(rows, classes, SUPERCLASSES)
    looks.readable(figure)
    expected = [(moment, rows[method][moment]) for method in rows for moment in MOMENTS]
    for axes, (moment, points) in zip(figure.axes, expected, strict=True):
        assert axes.get_title(loc="left") == moment
        found = drawn(axes)
        assert set(found) == {f"class {name}" for name in SUPERCLASSES}
        for index, name in enumerate(SUPERCLASSES):
            np.testing.assert_array_equal(found[f"class {name}"], points[classes == index])


def test_data_are_the_input(training):
    rows, classes = training
    _, data = plot_embedding_over_training(rows, classes, SUPERCLASSES)
    assert data.columns.tolist() == ["method", "moment", "x", "y", "class"]
    assert len(data) == 2 * 3 * 160
    for method, row in rows.items():
        for moment, points in row.items():
            part = data[(data["method"] == method) & (data["moment"] == moment)]
            np.testing.assert_array_equal(part[["x", "y"]], points)
            assert part["class"].tolist() == np.array(SUPERCLASSES)[classes].tolist()


def test_moments_in_another_order_keep_their_columns(training):
    rows, classes = training
    turned = {"3KG": rows["3KG"], "Beat-SSL": dict(reversed(rows["Beat-SSL"].items()))}
    figure, data = plot_embedding_over_training(turned, classes, SUPERCLASSES)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [*MOMENTS, *MOMENTS]
    np.testing.assert_array_equal(
        drawn(figure.axes[3])["class NORM"], rows["Beat-SSL"]["untrained"][classes == SUPERCLASSES.index("NORM")]
    )
    assert data["moment"].unique().tolist() == list(MOMENTS)


def test_methods_are_named_in_bold_above_their_row(training, looks):
    rows, classes = training
    figure, _ = plot_embedding_over_training(rows, classes, SUPERCLASSES)
    titles = [(text, box) for text, box in looks.texts(figure) if text.get_gid() == "method"]
    assert [text.get_text() for text, _ in titles] == list(rows)
    assert {text.get_weight() for text, _ in titles} == {"bold"}
    tops = [axes.get_window_extent().y1 for axes in figure.axes]
    (_, first), (_, second) = titles
    assert first.y0 > tops[0]
    assert figure.axes[0].get_window_extent().y0 > second.y1 > second.y0 > tops[3]


def test_panels_are_square_without_ticks_and_apart(training):
    figure, _ = plot_embedding_over_training(*training, SUPERCLASSES)
    figure.draw_without_rendering()
    boxes = [axes.get_window_extent() for axes in figure.axes]
    for axes, box in zip(figure.axes, boxes, strict=True):
        np.testing.assert_allclose(box.width, box.height)
        across, up = np.diff(axes.transData.transform([(0, 0), (1, 1)]), axis=0)[0]
        np.testing.assert_allclose(across, up)
        assert len(axes.get_xticks()) == len(axes.get_yticks()) == 0
    for index, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[index + 1 :])


def test_without_colour_every_class_still_differs_in_its_marker():
    names = [f"class {index}" for index in range(8)]
    points = np.random.default_rng(0).normal(size=(8, 2))
    figure, _ = plot_embedding_over_training({"3KG": {"untrained": points}}, np.arange(8), names)
    (axes,) = figure.axes
    assert len({to_hex(artist.get_facecolor()[0]) for artist in axes.collections}) == 8
    outlines = [artist.get_paths()[0].vertices for artist in axes.collections]
    for index, one in enumerate(outlines):
        for other in outlines[index + 1 :]:
            assert one.shape != other.shape or not np.allclose(one, other)


def test_rarer_classes_lie_on_top_and_only_the_most_frequent_is_pale(training):
    rows, classes = training
    figure, _ = plot_embedding_over_training(rows, (classes + 1) % 5, SUPERCLASSES)
    for axes in figure.axes:
        order = sorted(axes.collections, key=lambda artist: artist.get_zorder())
        assert [artist.get_label() for artist in order] == ["MI", "STTC", "CD", "HYP", "NORM"]
        alphas = [artist.get_facecolor()[0, 3] for artist in order]
        assert alphas[0] < 0.6
        assert alphas[1:] == [1.0] * 4


def test_classes_look_alike_in_every_panel_and_the_legend(training):
    figure, _ = plot_embedding_over_training(*training, SUPERCLASSES)
    (legend,) = figure.legends
    shown = dict(zip(entries(figure), legend.legend_handles, strict=True))
    for axes in figure.axes:
        for artist in axes.collections:
            handle = shown[artist.get_label()]
            np.testing.assert_array_equal(artist.get_facecolor(), handle.get_facecolor())
            np.testing.assert_array_equal(artist.get_paths()[0].vertices, handle.get_paths()[0].vertices)


def test_the_legend_lies_below_and_leaves_out_absent_classes(training, looks):
    rows, classes = training
    figure, _ = plot_embedding_over_training(rows, np.where(classes == 1, 0, classes), SUPERCLASSES)
    assert entries(figure) == ["NORM", "STTC", "CD", "HYP"]
    looks.readable(figure)
    (legend,) = figure.legends
    assert legend.get_window_extent().y1 < min(axes.get_window_extent().y0 for axes in figure.axes)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(
    "names", [SUPERCLASSES, ["normal", "myocardial infarction", "ST/T change", "conduction disturbance", "hypertrophy"]]
)
def test_nothing_is_cut_off_with_fewer_moments_or_longer_names(training, looks, count, names):
    rows, classes = training
    fewer = {method: {moment: row[moment] for moment in MOMENTS[:count]} for method, row in rows.items()}
    figure, _ = plot_embedding_over_training(fewer, classes, names)
    looks.readable(figure)
    assert entries(figure) == list(names)
    assert len(figure.axes) == 2 * count


POINTS = np.zeros((4, 2))


@pytest.mark.parametrize(
    ("rows", "classes", "names"),
    [
        ({}, [0, 0, 1, 1], "ab"),
        ({"3KG": {}}, [0, 0, 1, 1], "ab"),
        ({"3KG": {"untrained": POINTS}, "Beat-SSL": {"step 200": POINTS}}, [0, 0, 1, 1], "ab"),
        ({"3KG": {"untrained": POINTS}, "Beat-SSL": {}}, [0, 0, 1, 1], "ab"),
        ({"3KG": {f"step {step}": POINTS for step in range(4)}}, [0, 0, 1, 1], "ab"),
        ({"3KG": {"untrained": np.zeros((4, 3))}}, [0, 0, 1, 1], "ab"),
        ({"3KG": {"untrained": POINTS, "step 200": POINTS[:3]}}, [0, 0, 1, 1], "ab"),
        ({"3KG": {"untrained": POINTS}}, [0, 0, 1], "ab"),
        ({"3KG": {"untrained": POINTS}}, [[0], [0], [1], [1]], "ab"),
        ({"3KG": {"untrained": POINTS[:0]}}, np.zeros(0, int), "ab"),
        ({"3KG": {"untrained": np.full((4, 2), np.nan)}}, [0, 0, 1, 1], "ab"),
        ({"3KG": {"untrained": POINTS, "step 200": np.full((4, 2), np.inf)}}, [0, 0, 1, 1], "ab"),
        ({"3KG": {"untrained": POINTS}}, [0, 0, 1, 2], "ab"),
        ({"3KG": {"untrained": POINTS}}, [0, 0, 1, -1], "ab"),
        ({"3KG": {"untrained": POINTS}}, [0.0, 0.0, 1.0, 1.0], "ab"),
        ({"3KG": {"untrained": POINTS}}, [0, 0, 1, 1], "aa"),
        ({"3KG": {"untrained": POINTS}}, [0, 0, 1, 1], "abcdefghi"),
    ],
)
def test_embeddings_that_can_not_be_drawn_are_refused(rows, classes, names):
    with pytest.raises(ECGError, match="embeddings that can't be drawn"):
        plot_embedding_over_training(rows, classes, names)
