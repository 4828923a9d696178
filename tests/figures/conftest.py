"""What every figure must be: narrow, readable, with no text on other text or beyond the edge."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.path import Path
from matplotlib.text import Text


def texts(figure):
    """Every text that is drawn, with its box in pixels."""
    figure.draw_without_rendering()
    ticks, drawn = set(), set()
    for axes in figure.axes:
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            ticks |= set(axis.findobj(Text)) - {axis.label, axis.offsetText}
            for tick in axis.get_major_ticks():
                if min(limits) - 1e-9 <= tick.get_loc() <= max(limits) + 1e-9:
                    drawn |= {tick.label1, tick.label2}
    shown = [artist for artist in figure.findobj(Text) if artist.get_visible() and artist.get_text().strip()]
    return [(artist, artist.get_window_extent()) for artist in shown if artist not in ticks or artist in drawn]


def assert_readable(figure):
    assert figure.get_figwidth() <= 8.0 + 1e-9
    assert figure.get_facecolor()[:3] == (1.0, 1.0, 1.0)
    assert figure.get_facecolor()[3] == 1.0
    found = texts(figure)
    assert found
    across, up = figure.get_size_inches() * figure.dpi
    for artist, box in found:
        assert artist.get_fontsize() >= 10, artist
        assert box.x0 >= -1, artist
        assert box.y0 >= -1, artist
        assert box.x1 <= across + 1, artist
        assert box.y1 <= up + 1, artist
    for index, (artist, box) in enumerate(found):
        for other, another in found[index + 1 :]:
            overlap = (
                min(box.x1, another.x1) - max(box.x0, another.x0),
                min(box.y1, another.y1) - max(box.y0, another.y0),
            )
            assert min(overlap) <= 2, f"{artist} and {other} overlap"


def named(axes, name):
    return [artist for artist in axes.get_children() if artist.get_gid() == name]


def assert_ecg_paper(axes, origin=0.0):
    """Squares of 0.04 s and 0.1 mV within squares of 0.2 s and 0.5 mV, as long across as up once printed."""
    for name, seconds, millivolts in (("small squares", 0.04, 0.1), ("large squares", 0.2, 0.5)):
        vertical, horizontal = named(axes, name)
        xs = np.array([segment[0, 0] for segment in vertical.get_segments()])
        ys = np.array([segment[0, 1] for segment in horizontal.get_segments()])
        np.testing.assert_allclose(np.diff(xs), seconds, atol=1e-9)
        np.testing.assert_allclose(np.diff(ys), millivolts, atol=1e-9)
        np.testing.assert_allclose((xs - origin) / seconds, np.round((xs - origin) / seconds), atol=1e-6)
        left, right = axes.get_xlim()
        assert xs[0] - left < seconds
        assert right - xs[-1] < seconds
    return square(axes)


def square(axes):
    """Width of a small square in inches, once asserted that it is as high."""
    axes.apply_aspect()
    pixels = axes.transData.transform([(0, 0), (0.04, 0.1)])
    width, height = np.diff(pixels, axis=0)[0] / axes.figure.dpi
    np.testing.assert_allclose(width, height, rtol=1e-6)
    return width


def assert_text_clear_of_traces(figure, gids):
    """No trace runs through lead names, beat symbols or wave names."""
    found = [(artist, box) for artist, box in texts(figure) if artist.get_gid() in gids]
    assert {artist.get_gid() for artist, _ in found} == set(gids)
    lines = [line for axes in figure.axes for line in axes.lines if str(line.get_gid()).startswith("lead ")]
    assert lines
    for line in lines:
        path = Path(line.get_transform().transform(line.get_xydata()))
        for artist, box in found:
            assert not path.intersects_bbox(box, filled=False), f"{line.get_gid()} runs through {artist}"


@pytest.fixture
def looks():
    return SimpleNamespace(
        readable=assert_readable,
        ecg_paper=assert_ecg_paper,
        square=square,
        named=named,
        clear_of_traces=assert_text_clear_of_traces,
        texts=texts,
    )
