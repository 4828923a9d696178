from itertools import pairwise

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from ecglib.databases.leads import TWELVE_LEADS
from ecglib.errors import ECGError
from ecglib.figures.loops import PLANES, plot_loops, plot_rotated_leads


@pytest.fixture
def beat():
    """0.8 s at 100 Hz with three bumps, each in a direction of its own; the R peak at sample 30."""
    time = (np.arange(80) - 30)[None] / 100
    bumps = [(-0.16, 0.03, (0.1, 0.15, -0.05)), (0.0, 0.02, (1.1, 0.7, 0.4)), (0.27, 0.05, (0.3, 0.2, -0.2))]
    return sum(np.array(towards)[:, None] * np.exp(-(((time - at) / wide) ** 2)) for at, wide, towards in bumps)


@pytest.fixture
def pair():
    """Ten seconds of twelve leads, another view of them, and a mask of half of each lead."""
    rng = np.random.default_rng(0)
    beats = np.exp(-(((np.arange(1000) % 90 - 45) / 3) ** 2))
    original, view = (
        rng.normal(scale=0.8, size=(12, 1)) * beats + rng.normal(scale=0.02, size=(12, 1000)) for _ in "ab"
    )
    start = rng.integers(0, 501, (12, 1))
    hidden = (np.arange(1000) >= start) & (np.arange(1000) < start + 500)
    return original, view, hidden


def test_each_plane_shows_its_two_components(beat, looks):
    figure, data = plot_loops(beat, rate=100, peak=30, title="A beat of ptbxl/00001")
    looks.readable(figure)
    panels = {axes.get_title(loc="left"): axes for axes in figure.axes}
    for name, (across, up) in PLANES.items():
        (loop,) = looks.named(panels[name], "loop")
        assert isinstance(loop, LineCollection)
        begins = np.array([piece[0] for piece in loop.get_segments()])
        np.testing.assert_allclose(begins, data[[across, up]].to_numpy()[:-1])
        (dot,) = looks.named(panels[name], "R peak")
        np.testing.assert_allclose(dot.get_xydata()[0], data.loc[30, [across, up]].to_numpy(float))
    np.testing.assert_allclose(data[["X", "Y", "Z"]].to_numpy().T, beat)
    np.testing.assert_allclose(data["time_s"], (np.arange(80) - 30) / 100)


def test_left_is_right_feet_are_below_and_the_front_is_below_or_left(beat):
    figure, _ = plot_loops(beat, rate=100, peak=30)
    panels = {axes.get_title(loc="left"): axes for axes in figure.axes}
    for name, (across, up) in PLANES.items():
        x, y = panels[name].get_xlim(), panels[name].get_ylim()
        assert x[0] < x[1]
        assert (y[0] > y[1]) == (up == "Y")
        words = panels[name].get_xlabel(), panels[name].get_ylabel()
        assert words[0].split()[1::3] == {"X": ["right", "left"], "Z": ["front", "back"]}[across]
        assert words[1].split()[1::3] == {"Y": ["feet", "head"], "Z": ["front", "back"]}[up]


def test_all_panels_have_one_scale_and_hold_the_whole_loop(beat):
    figure, data = plot_loops(7 * beat, rate=100, peak=30)
    panels = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert len(panels) == 4
    spans = {
        round(float(abs(np.diff(limits)[0])), 9) for axes in panels for limits in (axes.get_xlim(), axes.get_ylim())
    }
    assert len(spans) == 1
    for axes, (across, up) in zip(panels, PLANES.values(), strict=False):
        for values, limits in ((data[across], axes.get_xlim()), (data[up], axes.get_ylim())):
            assert min(limits) < min(0, values.min())
            assert max(limits) > max(0, values.max())


def test_in_space_the_loop_is_seen_from_the_front_the_left_and_above(looks):
    """What points to the left goes right, what points to the feet down, what points back goes up and away."""
    wanted = {0: (1, -1), 1: (0, -1), 2: (1, 1)}
    for component, signs in wanted.items():
        loop = np.zeros((3, 3))
        loop[component, 1] = 1
        figure, _ = plot_loops(loop, rate=100, peak=1)
        (dot,) = looks.named(figure.axes[3], "R peak")
        assert np.sign(dot.get_xydata()[0].round(9)).tolist() == list(signs)
        assert np.hypot(*dot.get_xydata()[0]) <= 1


def test_time_is_a_colour_and_the_waves_are_named_where_they_mostly_lie(beat, looks):
    figure, _ = plot_loops(beat, rate=100, peak=30)
    (loop,) = looks.named(figure.axes[0], "loop")
    np.testing.assert_allclose(loop.get_array(), (np.arange(79) - 29.5) / 100)
    bar = figure.axes[-1]
    assert {text.get_text(): round(float(text.xy[0]), 3) for text in looks.named(bar, "wave")} == {
        "P": -0.16, "QRS": 0.01, "T": 0.27
    }  # fmt: skip
    figure, _ = plot_loops(beat[:, 20:45], rate=100, peak=10)
    assert [text.get_text() for text in looks.named(figure.axes[-1], "wave")] == ["QRS"]
    looks.readable(figure)


def test_a_flat_loop_is_drawn(looks):
    figure, _ = plot_loops(np.zeros((3, 20)), rate=100, peak=4)
    looks.readable(figure)


@pytest.mark.parametrize(
    ("loop", "peak", "match"),
    [
        (np.zeros((12, 80)), 30, "no loop"),
        (np.zeros((3, 1)), 0, "no loop"),
        (np.full((3, 80), np.nan), 30, "no loop"),
        (np.zeros((3, 80)), 80, "outside the loop"),
        (np.zeros((3, 80)), -1, "outside the loop"),
    ],
)
def test_what_is_no_loop_is_refused(loop, peak, match):
    with pytest.raises(ECGError, match=match):
        plot_loops(loop, rate=100, peak=peak)


@pytest.mark.parametrize("masked", [False, True])
def test_both_recordings_lie_on_the_same_baselines_at_one_scale(pair, looks, masked):
    original, view, hidden = pair
    figure, data = plot_rotated_leads(
        original, view, rate=100, hidden=hidden if masked else None, title="A view by 3KG"
    )
    looks.readable(figure)
    scales = set()
    for column, axes in enumerate(figure.axes[:2]):
        names = [label.get_text() for label in axes.get_yticklabels()]
        assert names == list(TWELVE_LEADS[6 * column : 6 * column + 6])
        for row, (name, baseline) in enumerate(zip(names, axes.get_yticks(), strict=True)):
            lead = 6 * column + row
            (grey,), (blue,) = looks.named(axes, f"original {name}"), looks.named(axes, f"view {name}")
            np.testing.assert_allclose(grey.get_ydata() - baseline, original[lead], atol=1e-9)
            shown = np.where(hidden[lead], np.nan, view[lead]) if masked else view[lead]
            np.testing.assert_allclose(blue.get_ydata() - baseline, shown, atol=1e-9)
            np.testing.assert_allclose(grey.get_xdata(), np.arange(1000) / 100)
        scales.add(round(figure.get_figheight() * axes.get_position().height / np.diff(axes.get_ylim())[0], 6))
    (bar,) = looks.named(figure.axes[2], "1 mV")
    ends = figure.axes[2].transData.transform(bar.get_xydata())
    assert scales == {round((ends[1, 1] - ends[0, 1]) / figure.dpi, 6)}
    table = data.pivot(index="time_s", columns="lead", values=["original_mV", "view_mV", "hidden"])
    np.testing.assert_allclose(table["original_mV"][list(TWELVE_LEADS)].to_numpy(float).T, original)
    np.testing.assert_allclose(table["view_mV"][list(TWELVE_LEADS)].to_numpy(float).T, view)
    np.testing.assert_array_equal(table["hidden"][list(TWELVE_LEADS)].to_numpy(bool).T, hidden & masked)


def test_rows_do_not_run_into_each_other(pair):
    original, view, _ = pair
    figure, _ = plot_rotated_leads(3 * original, view, rate=100)
    assert figure.get_figheight() < 8.5
    for axes in figure.axes[:2]:
        rows = [
            np.concatenate([line.get_ydata() for line in axes.lines if line.get_gid().endswith(f" {name.get_text()}")])
            for name in axes.get_yticklabels()
        ]
        for upper, lower in pairwise(rows):
            assert upper.min() > lower.max()
        assert rows[0].max() <= axes.get_ylim()[1]
        assert rows[-1].min() >= axes.get_ylim()[0]


def test_bands_cover_what_is_hidden(pair, looks):
    original, view, hidden = pair
    hidden[:] = False
    hidden[3, 100:250] = hidden[3, 900:] = True
    figure, _ = plot_rotated_leads(original, view, rate=100, hidden=hidden)
    spans = sorted(
        (band.get_paths()[0].vertices[:, 0].min(), band.get_paths()[0].vertices[:, 0].max())
        for axes in figure.axes[:2]
        for band in looks.named(axes, "hidden")
    )
    np.testing.assert_allclose(spans, [(1.0, 2.5), (9.0, 10.0)])


@pytest.mark.parametrize("change", ["leads", "view", "mask", "nan"])
def test_leads_that_do_not_belong_together_are_refused(pair, change):
    original, view, hidden = (part.copy() for part in pair)
    if change == "leads":
        original, view, hidden = original[:8], view[:8], hidden[:8]
    view = view[:, :-1] if change == "view" else view
    hidden = hidden[:11] if change == "mask" else hidden
    original[0, 0] = np.nan if change == "nan" else 0
    with pytest.raises(ECGError, match="no leads that can be drawn"):
        plot_rotated_leads(original, view, rate=100, hidden=hidden)
