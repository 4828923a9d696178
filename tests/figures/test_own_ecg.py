import numpy as np
import pytest
from matplotlib.colors import to_hex

from ecglib.databases.leads import TWELVE_LEADS
from ecglib.errors import RecordTooShortError
from ecglib.figures.own_ecg import plot_own_ecg
from ecglib.figures.style import WAVE_COLOURS
from ecglib.learning.own_ecg import DISCLAIMER


def written(figure):
    return [text.get_text() for text in (*figure.texts, *(text for axes in figure.axes for text in axes.texts))]


@pytest.mark.parametrize("leads", [("II",), ("II", "V5"), tuple(reversed(TWELVE_LEADS)), ("V1", "V2", "V3", "V4")])
@pytest.mark.parametrize("waves", [True, False])
def test_every_layout_is_readable_paper_and_says_what_it_is_not(make_own_ecg, looks, leads, waves):
    figure, _ = plot_own_ecg(make_own_ecg(leads=leads, waves=waves))
    looks.readable(figure)
    looks.ecg_paper(figure.axes[0])
    looks.clear_of_traces(figure, {"lead name", "beat"})
    assert DISCLAIMER in [artist.get_text() for artist, _ in looks.texts(figure)]
    assert "Chance of atrial fibrillation against normal rhythm: 0.25 (networks: 0.00 to 0.50)" in " ".join(
        written(figure)
    )


def test_beats_stand_where_they_are_and_disputed_ones_have_a_question_mark(make_own_ecg, looks):
    figure, data = plot_own_ecg(make_own_ecg())
    texts = [text for text in figure.axes[0].texts if text.get_gid() == "beat"]
    shown = {round(text.get_position()[0], 3): text.get_text() for text in texts}
    assert shown == dict(zip(np.arange(1.5, 10), ["N", "N?", "N", "V", "N", "N", "N", "N", "V"], strict=True))
    assert len(looks.named(figure.axes[0], "beat")) == len(texts) + 10  # a tick each, also the one without class
    assert data.loc[data["beat"] != "", "time_s"].tolist() == [place + 0.5 for place in range(1, 10)]


def test_waves_shade_the_strip_of_the_lead_that_was_read(make_own_ecg):
    figure, _ = plot_own_ecg(make_own_ecg())
    shades = [part for part in figure.axes[0].collections if str(part.get_gid()).startswith("wave ")]
    assert len(shades) == 30
    for shade in shades:
        wave = shade.get_gid().removeprefix("wave ")
        assert to_hex(shade.get_facecolor()[0]).upper() == WAVE_COLOURS[wave]
        box = shade.get_paths()[0].get_extents()
        onset, offset = {"P": (-0.2, -0.1), "QRS": (-0.05, 0.05), "T": (0.2, 0.4)}[wave]
        assert (box.x0 - onset + 0.005) % 1 == pytest.approx(0.5)
        assert (box.x1 - offset - 0.005) % 1 == pytest.approx(0.5)
    none, _ = plot_own_ecg(make_own_ecg(waves=False))
    assert not [part for part in none.axes[0].collections if str(part.get_gid()).startswith("wave ")]


def test_the_map_lies_below_on_the_same_time(make_own_ecg):
    for at, begin in ((0, 0), (13, 10)):
        paper, below = plot_own_ecg(make_own_ecg(), at)[0].axes
        assert paper.get_xlim() == below.get_xlim()
        assert paper.get_position().x0 == below.get_position().x0
        left, right, _, _ = below.images[0].get_extent()
        assert (left, right) == pytest.approx((begin + 0.375, begin + 9.625))


def test_a_gap_is_hatched_and_leaves_the_map_out(make_own_ecg, looks):
    figure, data = plot_own_ecg(make_own_ecg(gap=True))
    (gap,) = looks.named(figure.axes[0], "gap")
    box = gap.get_paths()[0].get_extents()
    assert (box.x0, box.x1) == pytest.approx((3.1, 3.9))
    assert len(figure.axes) == 1
    assert np.isnan(data["II"]).sum() == 200
    looks.readable(figure)
    assert len(plot_own_ecg(make_own_ecg(gap=True), 10)[0].axes) == 2


def test_a_second_after_the_end_is_refused(make_own_ecg):
    with pytest.raises(RecordTooShortError, match="nothing to draw"):
        plot_own_ecg(make_own_ecg(), 99)
