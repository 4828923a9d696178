import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.figures.fidelity import plot_contest, plot_distances, plot_made_beats


@pytest.fixture
def beats():
    return np.random.default_rng(0).normal(size=(8, 1, 260)).astype(np.float32)


@pytest.mark.parametrize("columns", [3, 6])
def test_every_beat_is_drawn_as_it_is_and_all_on_one_scale(looks, beats, columns):
    rows = {"real": beats, "GAN": 2 * beats, "nearest real, to each above": beats - 1}
    figure, data = plot_made_beats(rows, rate=360.0, before=100, columns=columns)
    looks.readable(figure)
    assert len(figure.axes) == 3 * columns
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    for index, axes in enumerate(figure.axes):
        origin, beat = list(rows)[index // columns], index % columns
        (line,) = looks.named(axes, f"beat {origin}")
        np.testing.assert_array_equal(line.get_ydata(), rows[origin][beat, 0])
        kept = data[(data["origin"] == origin) & (data["beat"] == beat)]
        np.testing.assert_array_equal(kept["mV"], rows[origin][beat, 0])
        assert kept["time_s"].iloc[100] == 0
    colours = {looks.named(axes, gid)[0].get_color() for axes, gid in zip(figure.axes[:1], ["beat real"], strict=True)}
    assert looks.named(figure.axes[columns], "beat GAN")[0].get_color() not in colours


def test_distances_are_drawn_as_shares(looks):
    random = np.random.default_rng(0)
    origins = ("GAN", "jittered", "interpolated", "mixture", "unseen real")
    panels = {name: {origin: random.gamma(2, 0.02, 200) for origin in origins} for name in ("S", "F")}
    panels["S"]["GAN"] = np.zeros(200)
    figure, data = plot_distances(panels)
    looks.readable(figure)
    assert len(figure.axes) == 2
    for axes, panel in zip(figure.axes, panels, strict=True):
        styles = set()
        for origin in origins:
            (line,) = looks.named(axes, f"origin {origin}")
            below = np.interp(0.03, line.get_xdata(), line.get_ydata())
            if panels[panel][origin].any():
                assert below == pytest.approx((panels[panel][origin] <= 0.03).mean(), abs=0.02)
            styles.add((line.get_linestyle(), line.get_linewidth()))
        assert looks.named(axes, "origin unseen real")[0].get_linewidth() > 2.5
        assert len({str(looks.named(axes, f"origin {origin}")[0]._unscaled_dash_pattern) for origin in origins}) >= 4
    assert len(data) == 2 * 5 * 101


def test_contest_has_a_line_for_real_and_made_of_every_run(looks):
    histories = {
        f"seed {run}": [{"step": step, "real": 0.3 + 0.1 * run, "made": -0.4} for step in (100, 200, 300)]
        for run in range(3)
    }
    figure, data = plot_contest(histories)
    looks.readable(figure)
    (axes,) = figure.axes
    for run in range(3):
        np.testing.assert_allclose(looks.named(axes, f"real seed {run}")[0].get_ydata(), 0.3 + 0.1 * run)
        assert looks.named(axes, f"made seed {run}")[0].get_linestyle() == "--"
    assert data["run"].unique().tolist() == list(histories)


def test_nothing_to_draw_is_refused(beats):
    with pytest.raises(ECGError, match="too few beats"):
        plot_made_beats({"real": beats, "GAN": beats[:2]}, rate=360, before=100)
    with pytest.raises(ECGError, match="no distances"):
        plot_distances({})
    with pytest.raises(ECGError, match="no contest"):
        plot_contest({"seed 0": []})
