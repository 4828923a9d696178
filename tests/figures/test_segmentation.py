import numpy as np
import pytest
from matplotlib.colors import to_hex

from ecglib.errors import ECGError
from ecglib.figures.segmentation import plot_segmentation
from ecglib.figures.style import WAVE_COLOURS


@pytest.fixture
def recording():
    time = np.arange(1000)
    beats = np.arange(60, 1000, 85)
    marked, signal = np.zeros(1000, np.int64), np.zeros(1000)
    for beat in beats:
        for label, (at, half, height) in enumerate(((-16, 5, 0.15), (0, 4, 1.2), (28, 9, 0.3)), start=1):
            marked[max(0, beat + at - half) : beat + at + half + 1] = label
            signal += height * np.exp(-(((time - beat - at) / half * 1.7) ** 2))
    marked[:120], marked[900:] = -1, -1
    found = np.roll(np.maximum(marked, 0), 2)
    return signal, marked, {"Beat-SSL": found, "neurokit2": np.roll(found, 3)}


def spans(axes):
    return {
        (patch.get_gid(), round(patch.get_x(), 6), round(patch.get_x() + patch.get_width(), 6))
        for patch in axes.patches
        if str(patch.get_gid()).startswith("wave ")
    }


def test_every_strip_shows_its_labels_where_they_are(recording):
    signal, marked, found = recording
    figure, _ = plot_segmentation(signal, marked, found, start=1, stop=4)
    upper, ecg, *lower = figure.axes
    for axes, labels in ((upper, marked), (ecg, marked), *zip(lower, found.values(), strict=True)):
        part, expected = labels[100:400], set()
        start = 0
        for at in range(1, 301):
            if at == 300 or part[at] != part[start]:
                if part[start] > 0:
                    name = ("P", "QRS", "T")[part[start] - 1]
                    expected.add((f"wave {name}", 1 + (start - 0.5) / 100, 1 + (at - 0.5) / 100))
                start = at
        assert spans(axes) == {(name, round(a, 6), round(b, 6)) for name, a, b in expected}
        assert axes.get_xlim() == pytest.approx((0.995, 3.995))
        assert axes.get_position().x0 == upper.get_position().x0
        assert axes.get_position().x1 == upper.get_position().x1
    tops = [axes.get_position().y0 for axes in figure.axes]
    assert tops == sorted(tops, reverse=True)


def test_colours_are_those_of_the_waves(recording):
    figure, _ = plot_segmentation(*recording)
    for axes in figure.axes:
        for patch in axes.patches:
            name = str(patch.get_gid())
            if name.startswith("wave "):
                assert to_hex(patch.get_facecolor()).upper() == WAVE_COLOURS[name.removeprefix("wave ")]


def test_what_is_not_annotated_is_hatched_in_the_upper_strip(recording):
    figure, _ = plot_segmentation(*recording)
    hatched = [[patch for patch in axes.patches if patch.get_gid() == "unknown"] for axes in figure.axes]
    assert [len(patches) for patches in hatched] == [1, 0, 0, 0]
    assert hatched[0][0].get_x() + hatched[0][0].get_width() == pytest.approx(1.195)
    assert "not annotated" in [text.get_text() for text in figure.legends[0].get_texts()]
    inside, _ = plot_segmentation(*recording, start=2, stop=4)
    assert "not annotated" not in [text.get_text() for text in inside.legends[0].get_texts()]


def test_the_data_hold_what_is_drawn(recording):
    signal, marked, found = recording
    _, data = plot_segmentation(signal, marked, found, start=0.5, stop=3)
    words = np.array(["unknown", "", "P", "QRS", "T"])
    assert list(data) == ["time_s", "mV", "marked", "Beat-SSL", "neurokit2"]
    np.testing.assert_allclose(data["time_s"], np.arange(50, 300) / 100)
    np.testing.assert_array_equal(data["mV"], signal[50:300])
    for name, labels in {"marked": marked, **found}.items():
        assert data[name].tolist() == words[labels[50:300] + 1].tolist()


@pytest.mark.parametrize(("stop", "title"), [(4, "LUDB 17, lead II"), (10, "")])
def test_the_text_is_readable(recording, looks, stop, title):
    figure, _ = plot_segmentation(*recording, stop=stop, title=title)
    looks.readable(figure)


def test_what_does_not_belong_together_is_refused(recording):
    signal, marked, found = recording
    for arguments in (
        (signal[:50], marked, found),
        (signal, marked, {}),
        (signal, marked, {"marked": marked}),
        (signal, marked + 3, found),
        (signal, marked, {"a": marked[:9]}),
    ):
        with pytest.raises(ECGError, match="can't be drawn"):
            plot_segmentation(*arguments)
    with pytest.raises(ECGError, match="can't be drawn"):
        plot_segmentation(*recording, start=11, stop=12)
