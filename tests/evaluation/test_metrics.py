import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu
from sklearn import metrics as reference

from ecglib.errors import AnnotationError, ECGError
from ecglib.evaluation import auroc, classification_report, confusion_matrix, metrics_of_confusion

CLASSES = ("N", "S", "V", "F", "Q")


@pytest.fixture
def beats():
    rng = np.random.default_rng(3)
    true = rng.choice(5, 3000, p=[0.8, 0.08, 0.07, 0.02, 0.03])
    predicted = np.where(rng.random(3000) < 0.8, true, rng.integers(0, 5, 3000))
    return true, predicted


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
def test_metrics_agree_with_scikit_learn_also_where_classes_are_missing(pairs):
    true, predicted = np.array(pairs).T
    confusion = confusion_matrix(true, predicted)
    np.testing.assert_array_equal(confusion, reference.confusion_matrix(true, predicted, labels=range(5)))
    for macro_over in (CLASSES, ("N", "S", "V", "F")):
        numbers = metrics_of_confusion(confusion, macro_over=macro_over)
        labels = [CLASSES.index(name) for name in macro_over]
        for name, function in {
            "precision": reference.precision_score,
            "recall": reference.recall_score,
            "f1": reference.f1_score,
        }.items():
            macro = function(true, predicted, labels=labels, average="macro", zero_division=0)
            assert numbers[f"macro_{name}"] == pytest.approx(macro)
            per_class = function(true, predicted, labels=range(5), average=None, zero_division=0)
            assert [float(numbers[f"{name}_{label}"]) for label in CLASSES] == pytest.approx(per_class.tolist())
        assert numbers["accuracy"] == pytest.approx(reference.accuracy_score(true, predicted))


def test_many_confusion_matrices_at_once_equal_one_by_one(beats):
    one = confusion_matrix(*beats)
    many = np.stack([one, one.T, one * 0])
    stacked = metrics_of_confusion(many)
    for index, matrix in enumerate(many):
        for name, value in metrics_of_confusion(matrix).items():
            assert stacked[name][index] == value


def test_report_lists_every_metric_with_the_values_of_the_test_set(beats):
    report = classification_report(*beats, resamples=40)
    expected = metrics_of_confusion(confusion_matrix(*beats))
    assert (
        set(report)
        == set(expected)
        == {
            "accuracy",
            *(f"{kind}_{name}" for kind in ("precision", "recall", "f1") for name in CLASSES),
            *(f"macro_{kind}" for kind in ("precision", "recall", "f1")),
        }
    )
    assert {name: interval.value for name, interval in report.items()} == {
        name: pytest.approx(float(value)) for name, value in expected.items()
    }


@pytest.mark.parametrize("decimals", [None, 1], ids=["distinct scores", "many equal scores"])
def test_auroc_agrees_with_scikit_learn_and_the_mann_whitney_statistic(beats, decimals):
    true, _ = beats
    rng = np.random.default_rng(5)
    scores = rng.random((len(true), 5)).astype(np.float32)
    scores[np.arange(len(true)), true] += 0.3
    scores = scores if decimals is None else scores.round(decimals)
    areas = auroc(true, scores)
    for index in range(5):
        positive = true == index
        assert areas[index] == pytest.approx(reference.roc_auc_score(positive, scores[:, index]), abs=1e-12)
        u = mannwhitneyu(scores[positive, index], scores[~positive, index]).statistic
        assert areas[index] == pytest.approx(u / positive.sum() / (~positive).sum(), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=30))
def test_auroc_of_short_lists_with_ties_agrees_with_scikit_learn(pairs):
    true = np.array([int(positive) for positive, _ in pairs])
    scores = np.array([[4 - score, score] for _, score in pairs], dtype=float)
    if len(set(true)) < 2:
        with pytest.raises(ECGError, match="one class"):
            auroc(true, scores, classes=("N", "V"))
        return
    area = reference.roc_auc_score(true, scores[:, 1])
    assert auroc(true, scores, classes=("N", "V")).tolist() == pytest.approx([area, area])


def test_auroc_of_a_class_without_beats_is_nan_and_no_key_of_the_report():
    true = np.array([0, 0, 2, 2, 0, 2])
    scores = np.eye(5)[true]
    assert np.isnan(auroc(true, scores)[[1, 3, 4]]).all()
    report = classification_report(true, true, scores=scores, resamples=60)
    assert {name for name in report if name.startswith("auroc")} == {"auroc", "auroc_N", "auroc_V"}
    assert report["auroc"].value == 1.0


TRUE = np.array([0, 0, 1, 1])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"predicted": [0, 1, 1]}, ECGError, "length"),
        ({"predicted": [[0, 0, 1], [0, 0, 1]]}, ECGError, "length"),
        ({"predicted": [0, 0, 1, 7]}, AnnotationError, "unknown predicted class index"),
        ({"predicted": [0, 0, 1, -1]}, AnnotationError, "unknown predicted class index"),
        ({"predicted": [0.0, 0.0, 1.0, 1.0]}, AnnotationError, "no indices"),
        ({"true": [0, 0, 1, 5]}, AnnotationError, "unknown true class index"),
        ({"true": np.zeros(0, dtype=int), "predicted": np.zeros(0, dtype=int)}, ECGError, "at least one beat"),
        ({"patients": ["a", "b"]}, ECGError, "patients and true classes differ in length"),
        ({"patients": ["a"] * 4}, ECGError, "at least two patients"),
        ({"scores": np.zeros((3, 5))}, ECGError, "scores do not match"),
        ({"scores": np.zeros((4, 2))}, ECGError, "scores do not match"),
        ({"scores": np.full((4, 5), np.nan)}, ECGError, "NaN at 4 of 4 beats"),
        ({"macro_over": ("N", "X")}, AnnotationError, "macro mean"),
        ({"macro_over": ()}, AnnotationError, "macro mean"),
        ({"resamples": 10}, ECGError, "too few resamples"),
    ],
)
def test_bad_input_is_refused_with_a_remedy(arguments, error, words):
    with pytest.raises(error, match=words) as caught:
        classification_report(**({"true": TRUE, "predicted": TRUE} | arguments))
    assert caught.value.remedy
