import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.evaluation import confusion_report
from ecglib.figures.confusions import plot_confusions

RHYTHMS = ("SB", "AFIB", "GSVT", "SR")


@pytest.fixture
def methods():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 4, 119)
    right = {"Forest on RR intervals": 0.9, "BSM": 0.7, "PI-BSM": 1.0}
    answers = {name: np.where(rng.random((3, 119)) < share, true, 1) for name, share in right.items()}
    return {name: confusion_report(true, found, RHYTHMS, resamples=50) for name, found in answers.items()}


def test_each_cell_says_share_and_count(methods, looks):
    figure, data = plot_confusions(methods)
    looks.readable(figure)
    for axes, (name, confusion) in zip(figure.axes, methods.items(), strict=True):
        texts = {text.get_position(): text.get_text() for text in axes.texts}
        assert len(texts) == 16
        for (row, column), share in np.ndenumerate(confusion.share):
            assert texts[column, row] == f"{100 * share:.0f}\n{confusion.counts[row, column]:.0f}"
        (image,) = looks.named(axes, "shares")
        np.testing.assert_array_equal(image.get_array(), confusion.share)
        own = data[data["method"] == name]
        np.testing.assert_array_equal(own["share"].to_numpy().reshape(4, 4), confusion.share)
        np.testing.assert_allclose(own.groupby("true")["share"].sum(), 1)
        assert ((own["low"] <= own["share"]) & (own["share"] <= own["high"])).all()


def test_two_classes_and_one_method(looks):
    confusion = confusion_report([0, 0, 1, 1], [0, 1, 1, 1], classes=("SR", "AFIB"), resamples=50)
    figure, _ = plot_confusions({"RR forest": confusion, "PI-BSM": confusion})
    looks.readable(figure)
    figure, data = plot_confusions({"PI-BSM": confusion})
    looks.readable(figure)
    assert data["count"].tolist() == [1, 1, 0, 2]


def test_an_absent_class_has_an_empty_row():
    confusion = confusion_report([0, 0, 2, 2], [0, 1, 2, 2], classes=("SB", "AFIB", "SR"), resamples=50)
    figure, _ = plot_confusions({"BSM": confusion})
    assert {text.get_position()[1] for text in figure.axes[0].texts} == {0, 2}


def test_refuses_what_does_not_belong_together(methods):
    other = confusion_report([0, 1], [0, 1], classes=("SR", "AFIB"), resamples=50)
    with pytest.raises(ECGError, match="no matrices"):
        plot_confusions({})
    with pytest.raises(ECGError, match="2 sets of classes"):
        plot_confusions({**methods, "other": other})
    with pytest.raises(ECGError, match="too many matrices for one row"):
        plot_confusions({str(number): methods["BSM"] for number in range(6)})
