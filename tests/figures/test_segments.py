from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex

from ecglib.errors import ECGError
from ecglib.figures.segments import plot_resampled, plot_segments
from ecglib.figures.style import CLASS_COLOURS


@pytest.fixture
def recording():
    """Ten seconds at 128 Hz, labels of all six kinds, and twelve beats of all five classes."""
    samples = np.arange(60, 1280, 105)
    signal = np.exp(-(((np.arange(1280) - samples[:, None]) / 3) ** 2)).sum(axis=0)
    return signal, np.arange(37) % 6, (samples.astype(float), np.arange(len(samples)) % 5)


def test_middles_lie_side_by_side_in_four_lanes_and_bars_of_one_lane_do_not_overlap(recording, looks):
    figure, _ = plot_segments(*recording)
    rows = figure.axes[1]
    cores = looks.named(rows, "core")
    left = np.array([core.get_x() for core in cores])
    np.testing.assert_allclose(left, 0.375 + 0.25 * np.arange(37))
    np.testing.assert_allclose([core.get_width() for core in cores], 0.25)
    assert [int(core.get_y()) for core in cores] == [index % 4 for index in range(37)]
    bars = [patch for patch in rows.patches if patch.get_gid() is None]
    np.testing.assert_allclose([bar.get_x() for bar in bars], 0.25 * np.arange(37))
    np.testing.assert_allclose([bar.get_width() for bar in bars], 1.0)


def test_every_segment_carries_its_label_in_its_colour(recording, looks):
    figure, _ = plot_segments(*recording)
    letters = [text.get_text() for text in looks.named(figure.axes[1], "label")]
    assert letters == ["NSVFQ–"[index % 6] for index in range(37)]
    colours = [to_hex(core.get_facecolor()).upper() for core in looks.named(figure.axes[1], "core")]
    assert colours[:5] == list(CLASS_COLOURS.values())
    assert colours[5] not in CLASS_COLOURS.values()


def test_the_data_say_at_every_sample_whose_middle_it_lies_in(recording):
    signal, labels, (samples, classes) = recording
    _, data = plot_segments(*recording)
    np.testing.assert_array_equal(data["mV"], signal)
    assert [data["beat"][int(at)] for at in samples] == ["NSVFQ"[kind] for kind in classes]
    for at in range(1280):
        time = at / 128
        if 0.375 <= time < 9.625:
            index = int((time - 0.375) // 0.25)
            assert (data["segment"][at], data["label"][at]) == (index, "NSVFQ–"[labels[index]])
        else:
            assert data["segment"].isna()[at]
            assert data["label"][at] == ""


@pytest.mark.parametrize(("stride", "count", "lanes"), [(0.5, 19, 2), (0.125, 73, 8), (0.3, 31, 4)])
def test_other_strides_have_as_many_lanes_as_segments_overlap(recording, stride, count, lanes):
    signal, _, beats = recording
    figure, _ = plot_segments(signal, np.full(count, 5), beats, stride=stride)
    assert figure.axes[1].get_ylim() == (lanes, 0)


def test_at_a_rate_that_does_not_divide_the_middles_stay_with_their_segments(looks):
    """A quarter of a second at 250 Hz is rounded to 62 samples; after 36 strides that is 18 samples."""
    figure, data = plot_segments(np.zeros(2500), np.arange(37) % 6, ([], []), rate=250)
    cores = looks.named(figure.axes[1], "core")
    centres = [core.get_x() + core.get_width() / 2 for core in cores]
    np.testing.assert_allclose(centres, (125 + 62 * np.arange(37)) / 250)
    for one, following in pairwise(cores):
        assert one.get_x() + one.get_width() == pytest.approx(following.get_x())
    for index in range(37):
        inside = data.index[data["segment"] == index]
        assert (inside.min(), inside.max()) == (125 + 62 * index - 31, 125 + 62 * index + 30)


def test_segments_are_readable(recording, looks):
    looks.readable(plot_segments(*recording)[0])


@pytest.mark.parametrize(
    ("shape", "labels"), [((1280,), np.zeros(36, int)), ((1280,), np.full(37, 6)), ((1, 1280), np.zeros(37, int))]
)
def test_labels_of_another_signal_are_refused(shape, labels):
    with pytest.raises(ECGError, match="segments that can't be drawn"):
        plot_segments(np.zeros(shape), labels, ([], []))


def test_both_rates_are_drawn_on_one_time(looks):
    old, new = np.sin(np.arange(3600) / 36), np.sin(np.arange(1280) / 12.8)
    figure, data = plot_resampled(old, 360, new, 128, start=1.0, stop=3.0)
    looks.readable(figure)
    (before,), (after,) = looks.named(figure.axes[0], "before"), looks.named(figure.axes[0], "after")
    np.testing.assert_allclose(before.get_xydata(), np.c_[np.arange(360, 1080) / 360, old[360:1080]])
    np.testing.assert_allclose(after.get_xydata(), np.c_[np.arange(128, 384) / 128, new[128:384]])
    assert len(data) == 720 + 256


def test_a_stretch_outside_both_signals_is_refused():
    with pytest.raises(ECGError, match="nothing to draw"):
        plot_resampled(np.zeros(3600), 360, np.zeros(1280), 128, start=10.0, stop=12.0)
