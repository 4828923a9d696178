import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.evaluation import Interval, classification_report, confusion_report
from ecglib.figures import (
    CLASS_COLOURS,
    IntervalRow,
    plot_beats_by_class,
    plot_class_counts,
    plot_confusion,
    plot_history,
    plot_intervals,
    plot_noise,
)


@pytest.fixture
def predictions():
    rng = np.random.default_rng(0)
    true = rng.choice(5, 5000, p=[0.85, 0.05, 0.06, 0.02, 0.02])
    return true, np.where(rng.random((3, 5000)) < 0.9, true, rng.integers(0, 5, (3, 5000)))


@pytest.fixture
def windows():
    rng = np.random.default_rng(1)
    time = (np.arange(260) - 100) / 360
    classes = rng.choice([0, 1, 2, 4], 400, p=[0.7, 0.1, 0.1, 0.1])
    shapes = np.stack([(2 - 0.7 * c) * np.exp(-((time / (0.02 + 0.01 * c)) ** 2)) for c in range(5)])
    return (shapes[classes] + 0.1 * rng.normal(size=(400, 260)))[:, None].astype(np.float32), classes


def test_the_average_beat_of_each_class_lies_in_the_range_of_its_beats(looks, windows):
    beats, classes = windows
    figure, data = plot_beats_by_class(beats, classes, rate=360.0, before=100)
    looks.readable(figure)
    sizes = {round(looks.ecg_paper(axes), 6) for axes in figure.axes}
    assert len(sizes) == 1
    assert data["class"].unique().tolist() == ["N", "S", "V", "Q"]
    for axes, (name, table) in zip(figure.axes, data.groupby("class", sort=False), strict=True):
        index = "NSVFQ".index(name)
        np.testing.assert_allclose(table["mean_mV"], beats[classes == index, 0].mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(table["p90_mV"], np.percentile(beats[classes == index, 0], 90, axis=0), atol=1e-5)
        assert (table["beats"] == (classes == index).sum()).all()
        assert table["time_s"].iloc[100] == 0
        (line,) = looks.named(axes, f"class {name}")
        assert line.get_color() == CLASS_COLOURS[name]
        np.testing.assert_array_equal(line.get_ydata(), table["mean_mV"])
        shown = [artist.get_text() for artist in axes.texts]
        assert name in shown
        assert f"{(classes == index).sum():,} beats" in shown
    low, high = axes.get_ylim()
    assert low <= data["p10_mV"].min()
    assert high >= data["p90_mV"].max()


def test_two_leads_or_missing_classes_are_refused(windows):
    beats, classes = windows
    for wrong in ((np.repeat(beats, 2, axis=1), classes), (beats, classes[:-1]), (beats[:0], classes[:0])):
        with pytest.raises(ECGError, match="cannot be averaged"):
            plot_beats_by_class(*wrong, rate=360.0, before=100)


@pytest.mark.parametrize("seconds", [0.7, 1.0, 3.0])
def test_noise_is_compared_at_one_scale_with_the_clean_beat_behind(looks, seconds):
    length = int(360 * seconds)
    clean = np.exp(-(((np.arange(length) - 100) / 8.0) ** 2))
    versions = {
        "clean": clean,
        "baseline wander": clean + 0.4 * np.sin(np.arange(length) / 100),
        "muscle noise": clean + 0.1 * np.random.default_rng(0).normal(size=length),
        "mains": clean + 0.1 * np.sin(np.arange(length)),
    }
    figure, data = plot_noise(versions, rate=360.0, before=100)
    looks.readable(figure)
    assert len({round(looks.square(axes), 6) for axes in figure.axes}) == 1
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    for axes, (name, values) in zip(figure.axes, versions.items(), strict=True):
        (line,) = looks.named(axes, f"version {name}")
        np.testing.assert_array_equal(line.get_ydata(), values)
        np.testing.assert_array_equal(data[name], values)
        assert len(looks.named(axes, "clean")) == (name != "clean")


def test_versions_of_different_length_are_refused():
    for versions in ({}, {"clean": np.zeros(10), "mains": np.zeros(9)}, {"clean": np.zeros((2, 10))}):
        with pytest.raises(ECGError, match="versions of a beat"):
            plot_noise(versions, rate=360.0, before=5)


@pytest.mark.parametrize("largest", [3, 900, 90_125])
def test_class_counts_are_written_beside_a_logarithmic_axis(looks, largest):
    groups = {"DS1": np.array([0] * largest + [2] * 2 + [4]), "DS2": np.array([0] * 50 + [1] * 7)}
    figure, data = plot_class_counts(groups)
    looks.readable(figure)
    for axes, (name, classes) in zip(figure.axes, groups.items(), strict=True):
        counts = np.bincount(classes, minlength=5)
        assert axes.get_xscale() == "log"
        written = [artist.get_text() for artist in axes.texts]
        assert [text.split()[0] for text in written] == [f"{count:,}" for count in counts]
        dots = {line.get_color(): line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"}
        assert dots == {CLASS_COLOURS["NSVFQ"[i]]: count for i, count in enumerate(counts) if count}
        assert data[data["group"] == name]["beats"].tolist() == counts.tolist()
        assert data[data["group"] == name]["share"].sum() == pytest.approx(1)


def test_groups_without_beats_are_refused():
    for groups in ({}, {"DS1": np.zeros(0, dtype=np.int64)}):
        with pytest.raises(ECGError, match="no beats to count"):
            plot_class_counts(groups)


def test_a_confusion_matrix_shows_shares_of_rows_and_counts(looks, predictions):
    true, predicted = predictions
    report = confusion_report(true, predicted)
    figure, data = plot_confusion(report)
    looks.readable(figure)
    axes = figure.axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), report.share)
    assert axes.images[0].get_clim() == (0, 1)
    cells = {artist.get_position(): artist.get_text() for artist in axes.texts}
    assert len(cells) == 25
    for (column, row), text in cells.items():
        assert text == f"{100 * report.share[row, column]:.1f} %\n{report.counts[row, column]:,.0f}"
    assert [label.get_text() for label in axes.get_xticklabels()] == list("NSVFQ")
    assert data.groupby("true")["share"].sum().to_numpy() == pytest.approx(1)
    assert (data["low"] <= data["share"]).all()
    assert (data["share"] <= data["high"]).all()


def test_a_class_that_does_not_occur_leaves_its_row_blank(looks):
    figure, data = plot_confusion(confusion_report([0, 0, 1, 1], [0, 0, 1, 2], classes=("N", "S", "V")))
    looks.readable(figure)
    assert {artist.get_position()[1] for artist in figure.axes[0].texts} == {0, 1}
    assert data[data["true"] == "V"]["share"].isna().all()


def test_intervals_are_dots_and_whiskers_beside_the_papers_value(looks, predictions):
    true, predicted = predictions
    report = classification_report(true, predicted, resamples=200)
    rows = [
        IntervalRow("Macro F1", "intra, by beat", report["macro_f1"], 0.95),
        IntervalRow("Macro F1", "inter, by patient", Interval(0.4, 0.3, 0.5, n=22)),
        ("Accuracy", "intra, by beat", report["accuracy"], 0.98),
    ]
    figure, data = plot_intervals(rows)
    looks.readable(figure)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Macro F1", "Accuracy"]
    first = figure.axes[0]
    assert [line.get_xdata()[0] for line in looks.named(first, "value")] == [report["macro_f1"].value, 0.4]
    whiskers = [artist.get_segments()[0][:, 0].tolist() for artist in looks.named(first, "whisker")]
    assert whiskers == [[report["macro_f1"].low, report["macro_f1"].high], [0.3, 0.5]]
    assert [artist.get_segments()[0][0, 0] for artist in looks.named(first, "paper")] == [0.95]
    (seeds,) = looks.named(first, "seeds")
    assert tuple(seeds.get_xdata()) == report["macro_f1"].by_seed
    assert {axes.get_xlim() for axes in figure.axes} == {first.get_xlim()}
    assert data["paper"].isna().tolist() == [False, True, False]
    assert first.get_xlim()[0] < 0.3
    assert first.get_xlim()[1] > 0.98


def test_no_intervals_are_refused():
    with pytest.raises(ECGError, match="no intervals"):
        plot_intervals([])


@pytest.mark.parametrize("epochs", [1, 12, 300])
def test_history_draws_losses_above_the_score_and_marks_the_kept_epoch(looks, epochs):
    history = [
        {"epoch": i, "loss": 3 / i, "validation_loss": 3 / i + 0.1, "score": 1 - 0.6 / i} for i in range(1, epochs + 1)
    ]
    figure, data = plot_history(history, best_epoch=epochs)
    looks.readable(figure)
    losses, score = figure.axes
    for axes, names in ((losses, ("loss", "validation_loss")), (score, ("score",))):
        for name in names:
            (line,) = looks.named(axes, name)
            assert line.get_ydata().tolist() == [row[name] for row in history]
        assert looks.named(axes, "kept")[0].get_xdata()[0] == epochs
    assert data.to_dict("records") == history


def test_history_without_epochs_or_scores_is_refused():
    for history in ([], [{"epoch": 1, "loss": 0.5}]):
        with pytest.raises(ECGError, match="no history"):
            plot_history(history)
