import numpy as np
import pytest
from matplotlib.colors import to_hex

from ecglib.errors import ECGError, RecordTooShortError
from ecglib.figures.beat_score_map import ROWS, MapExample, plot_beat_score_map, plot_maps
from ecglib.figures.style import CLASS_COLOURS


@pytest.fixture
def recording():
    """Ten seconds at 128 Hz, a map of random scores, and twelve beats of all five classes."""
    rng = np.random.default_rng(0)
    samples = np.arange(60, 1280, 105)
    signal = np.exp(-(((np.arange(1280) - samples[:, None]) / 3) ** 2)).sum(axis=0)
    return signal, rng.dirichlet(np.full(6, 0.3), 37).T, (samples, np.arange(len(samples)) % 5)


def test_every_column_lies_below_the_middle_of_its_segment(recording, looks):
    """A segment of 1 s that begins at second 0.25 i has its middle at 0.5 + 0.25 i."""
    signal, scores, _ = recording
    figure, _ = plot_beat_score_map(signal, scores)
    ecg, below = figure.axes[:2]
    (image,) = looks.named(below, "map")
    np.testing.assert_array_equal(image.get_array(), scores)
    left, right, bottom, top = image.get_extent()
    edges = np.linspace(left, right, 38)
    np.testing.assert_allclose((edges[:-1] + edges[1:]) / 2, 0.5 + 0.25 * np.arange(37))
    assert (bottom, top) == (6, 0)
    assert ecg.get_xlim() == below.get_xlim() == (0, 10)
    assert ecg.get_position().x0 == below.get_position().x0
    assert ecg.get_position().x1 == below.get_position().x1


def test_rows_are_named_from_the_top_and_in_the_colours_of_their_classes(recording):
    figure, _ = plot_beat_score_map(*recording[:2])
    labels = figure.axes[1].get_yticklabels()
    assert [label.get_text() for label in labels] == ["N", "S", "V", "F", "Q", "–"]
    assert figure.axes[1].get_yticks().tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert [to_hex(label.get_color()).upper() for label in labels[:5]] == list(CLASS_COLOURS.values())


def test_the_data_hold_what_is_drawn_at_every_sample(recording):
    signal, scores, (samples, classes) = recording
    _, data = plot_beat_score_map(signal, scores, beats=(samples, classes))
    assert list(data) == ["time_s", "mV", "beat", "segment", *ROWS]
    np.testing.assert_allclose(data["time_s"], np.arange(1280) / 128)
    np.testing.assert_array_equal(data["mV"], signal)
    assert [data["beat"][at] for at in samples] == [ROWS[kind] for kind in classes]
    assert (data["beat"] == "").sum() == 1280 - len(samples)
    nearest = [int(np.argmin(np.abs(0.5 + 0.25 * np.arange(37) - time - 1e-9))) for time in data["time_s"]]
    for at in range(1280):
        inside = 0.375 <= at / 128 < 9.625
        assert data["segment"].isna()[at] != inside
        if inside:
            assert data["segment"][at] == nearest[at]
            np.testing.assert_array_equal(data.loc[at, list(ROWS)].to_numpy(float), scores[:, nearest[at]])
    assert data.loc[data["segment"].isna(), list(ROWS)].isna().all().all()


def test_beats_are_written_above_the_ecg_and_lead_into_the_map(recording, looks):
    signal, scores, (samples, classes) = recording
    figure, _ = plot_beat_score_map(signal, scores, beats=(samples, classes))
    ecg, below = figure.axes[:2]
    letters = looks.named(ecg, "beat")
    assert [letter.get_text() for letter in letters] == [ROWS[kind] for kind in classes]
    np.testing.assert_allclose([letter.xy[0] for letter in letters], samples / 128)
    for axes in (ecg, below):
        np.testing.assert_allclose([line.get_xdata()[0] for line in looks.named(axes, "beat line")], samples / 128)


def test_beats_beyond_the_recording_are_not_drawn(recording, looks):
    figure, data = plot_beat_score_map(*recording[:2], beats=([-1, 5, 1279, 1280], [1, 0, 2, 1]))
    assert [letter.get_text() for letter in looks.named(figure.axes[0], "beat")] == ["N", "V"]
    assert set(data["beat"]) == {"", "N", "V"}


def test_another_rate_stride_and_length(looks):
    scores = np.full((6, 17), 1 / 6)
    figure, data = plot_beat_score_map(np.zeros(3600), scores, rate=360, length=2.0, stride=0.5)
    (image,) = looks.named(figure.axes[1], "map")
    np.testing.assert_allclose(image.get_extent()[:2], [0.75, 9.25])
    np.testing.assert_array_equal(data["segment"].value_counts().sort_index().to_numpy(int), 180)


def test_a_single_segment_is_drawn():
    _, data = plot_beat_score_map(np.zeros(128), np.full((6, 1), 1 / 6))
    assert data["segment"].eq(0).all()


@pytest.mark.parametrize("marked", [False, True])
def test_the_text_is_readable(recording, looks, marked):
    signal, scores, beats = recording
    figure, _ = plot_beat_score_map(signal, scores, beats=beats if marked else None)
    looks.readable(figure)


def test_white_is_zero_black_is_one_and_a_bar_says_so(recording, looks):
    figure, _ = plot_beat_score_map(*recording[:2])
    (image,) = looks.named(figure.axes[1], "map")
    shades = image.to_rgba(np.array([0.0, 0.25, 0.5, 0.75, 1.0]))[:, :3]
    np.testing.assert_allclose(shades[0], 1)
    np.testing.assert_allclose(shades[-1], 0, atol=0.01)
    assert (np.diff(shades.mean(axis=1)) < -0.1).all()
    assert [tick.get_text() for tick in figure.axes[-1].get_yticklabels()] == ["0.0", "0.5", "1.0"]


def test_four_rhythms_are_drawn_below_each_other_and_readable(recording, looks):
    signal, scores, beats = recording
    examples = [
        MapExample("Sinus rhythm", signal, scores, beats),
        ("Atrial fibrillation", 2 * signal, scores[:, ::-1], beats),
        MapExample("Ventricular bigeminy", signal, scores),
        MapExample("Paced rhythm", signal, scores, beats),
    ]
    figure, data = plot_maps(examples)
    looks.readable(figure)
    assert [text.get_text() for text in figure.texts] == [example[0] for example in examples]
    assert data["example"].unique().tolist() == [example[0] for example in examples]
    maps = [looks.named(axes, "map")[0].get_array() for axes in figure.axes if looks.named(axes, "map")]
    np.testing.assert_array_equal(maps, [example[2] for example in examples])
    heights = [axes.get_position().y0 for axes in figure.axes[:8]]
    assert heights == sorted(heights, reverse=True)
    second = data[data["example"] == "Atrial fibrillation"]
    np.testing.assert_array_equal(second["mV"], 2 * signal)
    np.testing.assert_array_equal(second.iloc[640][list(ROWS)].to_numpy(float), scores[:, ::-1][:, 18])


@pytest.mark.parametrize(
    ("signal", "scores"),
    [
        (np.zeros(1280), np.zeros((6, 36))),
        (np.zeros(1280), np.zeros((5, 37))),
        (np.zeros(1280), np.zeros((1, 6, 37))),
        (np.zeros((1, 1280)), np.zeros((6, 37))),
        (np.zeros(1280), np.full((6, 37), np.nan)),
        (np.zeros(1280), np.full((6, 37), -0.1)),
        (np.zeros(1280), np.full((6, 37), 3.0)),
    ],
)
def test_maps_that_are_not_this_signals_are_refused(signal, scores):
    with pytest.raises(ECGError, match=r"map that can't be drawn"):
        plot_beat_score_map(signal, scores)


def test_examples_that_can_not_be_drawn_together_are_refused():
    ten, five = (MapExample("one", np.zeros(n * 128), np.zeros((6, 4 * n - 3))) for n in (10, 5))
    for examples in ([], [ten, five]):
        with pytest.raises(ECGError, match="no maps that can be drawn together"):
            plot_maps(examples)


def test_the_error_names_the_example():
    with pytest.raises(ECGError, match="bad one: a beat-score map"):
        plot_maps([MapExample("bad one", np.zeros(1280), np.zeros((6, 3)))])


def test_a_signal_shorter_than_a_segment_is_refused():
    with pytest.raises(RecordTooShortError):
        plot_beat_score_map(np.zeros(100), np.zeros((6, 0)))


def test_at_a_rate_that_does_not_divide_the_steps_are_whole_samples(looks):
    """A quarter of a second at 250 Hz is rounded to 62 samples."""
    figure, data = plot_beat_score_map(np.zeros(2500), np.zeros((6, 37)), rate=250)
    (image,) = looks.named(figure.axes[1], "map")
    np.testing.assert_allclose(image.get_extent()[:2], [(125 - 31) / 250, (125 + 36 * 62 + 31) / 250])
    np.testing.assert_array_equal(data["segment"].value_counts().to_numpy(int), 62)


@pytest.mark.parametrize("beats", [([5], [5]), ([5], [-1]), ([5, 9], [0])])
def test_beats_without_a_class_are_refused(recording, beats):
    with pytest.raises(ECGError, match="a class from 0 to 4 for each beat"):
        plot_beat_score_map(*recording[:2], beats=beats)
