import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.evaluation.intervals import Interval
from ecglib.figures.label_curve import plot_label_curve

METHODS = ("Beat-SSL", "3KG", "CMSC", "wav2vec 2.0 style", "TS2Vec", "ECG-FM style", "supervised", "linear probe")
NUMBERS = (160, 10, 40)


def curves(methods=METHODS):
    found = {}
    for place, method in enumerate(methods):
        values = {number: 0.95 - 0.5 / number**0.5 - 0.01 * place for number in NUMBERS}
        found[method] = {n: Interval(value, value - 0.02, value + 0.015, n=40) for n, value in values.items()}
    return found


def test_lines_and_whiskers_stand_at_their_values(looks):
    made = curves(METHODS[:3])
    figure, data = plot_label_curve(made, references={"neurokit2": 0.71})
    (axes,) = figure.axes
    for place, (method, curve) in enumerate(made.items()):
        (line,) = looks.named(axes, f"curve {method}")
        np.testing.assert_allclose(line.get_ydata(), [curve[number].value for number in (10, 40, 160)])
        np.testing.assert_allclose(line.get_xdata(), np.arange(3) + 0.07 * (place - 1))
        ends = looks.named(axes, "whisker")[place].get_segments()
        np.testing.assert_allclose([segment[:, 1] for segment in ends],
                                   [(curve[n].low, curve[n].high) for n in (10, 40, 160)])  # fmt: skip
    assert [label.get_text() for label in axes.get_xticklabels()] == ["10", "40", "160"]
    assert looks.named(axes, "reference neurokit2")[0].get_ydata()[0] == 0.71
    assert axes.get_ylim()[0] < 0.71
    assert len(data) == 10
    assert data.loc[data["method"] == "3KG", "value"].tolist() == [made["3KG"][n].value for n in (10, 40, 160)]
    assert data["labels"].isna().tolist() == [False] * 9 + [True]


def test_methods_may_have_different_numbers():
    made = {"a": {1.0: Interval(0.5, 0.4, 0.6), 100.0: Interval(0.7, 0.6, 0.8)}, "b": {10.0: Interval(0.6, 0.5, 0.7)}}
    figure, _ = plot_label_curve(made, labels="labels (%)", score="macro F1")
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["1", "10", "100"]
    assert figure.axes[0].lines[-1].get_xdata()[0] == pytest.approx(1.035)


def test_no_two_methods_look_alike():
    figure, _ = plot_label_curve(curves())
    looks = {(line.get_color(), line.get_marker()) for line in figure.axes[0].lines}
    assert len(looks) == len({colour for colour, _ in looks}) == len({marker for _, marker in looks}) == 8


@pytest.mark.parametrize("number", [1, 8])
def test_the_text_is_readable(looks, number):
    figure, _ = plot_label_curve(
        curves(METHODS[:number]), references={"neurokit2, no training": 0.71, "the paper": 0.911}
    )
    looks.readable(figure)


def test_a_reference_with_a_methods_name_is_refused():
    with pytest.raises(ECGError, match="twice 3KG"):
        plot_label_curve(curves(METHODS[:2]), references={"the paper": 0.9, "3KG": 0.8})


def test_too_much_or_nothing_is_refused():
    for made, references in (
        ({}, {}),
        (curves((*METHODS, "ninth")), {}),
        ({"a": {}}, {}),
        (curves(), dict.fromkeys("abc", 1)),
    ):
        with pytest.raises(ECGError, match="no curve over labels"):
            plot_label_curve(made, references=references)
