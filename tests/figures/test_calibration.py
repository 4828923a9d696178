import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.evaluation.calibration import reliability, with_temperature
from ecglib.figures.calibration import plot_reliability


@pytest.fixture
def models():
    rng = np.random.default_rng(0)
    true = rng.choice(5, 3000, p=[0.8, 0.05, 0.08, 0.02, 0.05])
    logits = rng.normal(size=(3000, 5))
    logits[np.arange(3000), true] += 2
    scores = with_temperature(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), 0.5)
    return {
        name: reliability(true, with_temperature(scores, temperature), resamples=100)
        for name, temperature in {"CNN-LSTM": 1, "mean": 2, "Top2-Weighted": 1.5, "mean, with temperature": 3}.items()
    }


@pytest.mark.parametrize("panels", [1, 2, 3])
def test_dots_whiskers_and_beats(looks, models, panels):
    assert any(((found.beats > 0) & (found.beats < 10)).any() for found in models.values())
    titles = ("intra", "blocked", "inter")[:panels]
    figure, data = plot_reliability({title: models for title in titles})
    looks.readable(figure)
    assert len(figure.axes) == 2 * panels
    for above, below, title in zip(figure.axes[::2], figure.axes[1::2], titles, strict=True):
        assert above.get_title(loc="left") == title
        assert above.get_xlim() == below.get_xlim()
        above.apply_aspect()
        pixels = above.transData.transform([(0, 0), (1, 1)])
        np.testing.assert_allclose(*np.diff(pixels, axis=0)[0], rtol=1e-6)
        for name, found in models.items():
            filled, many = found.beats > 0, found.beats >= 10
            (line,) = looks.named(above, f"model {name}")
            np.testing.assert_array_equal(line.get_xdata(), found.confidence[many])
            np.testing.assert_array_equal(line.get_ydata(), found.frequency[many])
            (whiskers,) = looks.named(above, f"interval {name}")
            ends = np.array(whiskers.get_segments())[..., 1]
            np.testing.assert_array_equal(ends, np.stack([found.low, found.high], axis=1)[many])
            (beats,) = looks.named(below, f"beats {name}")
            np.testing.assert_array_equal(beats.get_data().values, found.beats)
            table = data[(data["panel"] == title) & (data["model"] == name)]
            np.testing.assert_array_equal(table["beats"], found.beats[filled])
            assert (table["calibration_error"] == found.error.value).all()


def test_models_are_told_apart_without_colour(looks, models):
    figure, _ = plot_reliability({"intra": models}, confidence="Score of S", frequency="Share that is S")
    lines = [looks.named(figure.axes[0], f"model {name}")[0] for name in models]
    assert len({line.get_marker() for line in lines}) == len(models)
    assert figure.axes[0].get_ylabel() == "Share that is S"
    assert figure.axes[1].get_xlabel() == "Score of S"


def test_nothing_or_too_much_is_refused(models):
    one = models["mean"]
    for panels in ({}, {"intra": {}}, {str(k): models for k in range(4)}, {"a": {str(k): one for k in range(5)}}):
        with pytest.raises(ECGError, match="cannot be drawn"):
            plot_reliability(panels)
