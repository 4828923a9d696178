"""Methods stand where their two scores say, in both panels alike."""

import pytest

from ecglib.errors import ECGError
from ecglib.evaluation.intervals import Interval
from ecglib.figures.two_tasks import plot_two_tasks

METHODS = ("Beat-SSL", "3KG", "CMSC", "wav2vec-style", "TS2Vec", "ECG-FM-style", "supervised", "Domain-SSL")


def ours(place):
    return Interval(0.6 + place / 50, 0.5, 0.8), Interval(0.9 - place / 30, 0.6, 0.95)


def test_points_and_whiskers_stand_at_their_scores(looks):
    published = {name: (0.5 + place / 20, 0.9 - place / 20) for place, name in enumerate(METHODS[:4])}
    measured = {name: ours(place) for place, name in enumerate(METHODS[1:])}
    figure, data = plot_two_tasks({"published": published, "here": measured}, across="macro F1", up="wave F1")
    looks.readable(figure)
    left, right = figure.axes
    for name, place in published.items():
        (mark,) = looks.named(left, name)
        assert (mark.get_xdata()[0], mark.get_ydata()[0]) == place
    for name in METHODS[1:4]:
        one, other = (looks.named(axes, name)[0] for axes in (left, right))
        assert (one.get_color(), one.get_marker()) == (other.get_color(), other.get_marker())
    whiskers = looks.named(right, "whisker")
    assert [tuple(end) for end in whiskers[0].get_segments()[0]] == [(0.5, 0.9), (0.8, 0.9)]
    assert [tuple(end) for end in whiskers[1].get_segments()[0]] == [(0.6, 0.6), (0.6, 0.95)]
    assert data["method"].tolist() == [*METHODS[:4], *METHODS[1:]]
    assert (left.get_xlabel(), left.get_ylabel()) == ("macro F1", "wave F1")


@pytest.mark.parametrize(
    "panels",
    [{}, {"one": {"A": (0.1, 0.2)}}, {"one": {"A": (0.1, 0.2)}, "two": {}}, {"one": {str(n): (0, 0) for n in range(9)},
                                                                             "two": {"A": (0, 0)}}],
)  # fmt: skip
def test_too_little_and_too_much_are_refused(panels):
    with pytest.raises(ECGError, match="no two tasks"):
        plot_two_tasks(panels, across="a", up="b")
