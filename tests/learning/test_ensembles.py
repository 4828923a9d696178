"""Every rule against scikit-learn or a plain loop over beats, and what the rules may not do."""

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import entropy
from sklearn.ensemble import VotingClassifier
from sklearn.metrics import f1_score
from sklearn.preprocessing import LabelEncoder

from ecglib.errors import ECGError
from ecglib.learning import ensembles

WEIGHTS = np.array([0.5, 0.9, 0.7, 0.8])
RULES = {
    "mean": ensembles.mean,
    "dynamic": ensembles.dynamic,
    "validation_weighted": lambda scores: ensembles.validation_weighted(scores, WEIGHTS),
    "top2_weighted_predictions": lambda scores: ensembles.top2_weighted_predictions(scores, WEIGHTS),
    "top2_weighted_models": lambda scores: ensembles.top2_weighted_models(scores, WEIGHTS),
}


def draw(seed, beats=600, skills=(2.5, 4.0, 3.0, 3.5)):
    rng = np.random.default_rng(seed)
    true = rng.choice(5, beats, p=[0.6, 0.1, 0.1, 0.1, 0.1])
    logits = 2 * rng.normal(size=(len(skills), beats, 5))
    logits[:, np.arange(beats), true] += np.array(skills)[:, None]
    scores = np.exp(logits)
    return true, (scores / scores.sum(axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture
def validation():
    return draw(0)


@pytest.fixture
def test():
    return draw(1)


class Fixed:
    """A fitted classifier, in scikit-learn's sense, that gives scores computed elsewhere."""

    def __init__(self, scores):
        self.scores = scores

    def predict_proba(self, _):
        return self.scores


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_means_are_those_of_scikit_learns_soft_voting(test, weights):
    _, scores = test
    voting = VotingClassifier([(str(k), None) for k in range(4)], voting="soft", weights=weights)
    voting.estimators_, voting.le_ = [Fixed(model) for model in scores], LabelEncoder().fit(range(5))
    ours = ensembles.mean(scores) if weights is None else ensembles.validation_weighted(scores, weights)
    np.testing.assert_allclose(ours, voting.predict_proba(np.zeros((600, 1))), rtol=1e-5, atol=1e-7)


def test_weights_are_each_models_macro_f1(validation):
    true, scores = validation
    expected = [f1_score(true, model.argmax(axis=1), average="macro") for model in scores]
    np.testing.assert_allclose(ensembles.validation_weights(true, scores), expected)
    without_q = [f1_score(true, model.argmax(axis=1), average="macro", labels=[0, 1, 2, 3]) for model in scores]
    np.testing.assert_allclose(ensembles.validation_weights(true, scores, over=range(4)), without_q)


def test_top_two_predictions_beat_by_beat(test):
    _, scores = test
    expected = np.zeros((600, 5))
    for beat in range(600):
        for model, weight in zip(scores, WEIGHTS, strict=True):
            for place in sorted(range(5), key=lambda c, said=model[beat]: -said[c])[:2]:
                expected[beat, place] += weight * model[beat, place]
    expected /= expected.sum(axis=1, keepdims=True)
    found = ensembles.top2_weighted_predictions(scores, WEIGHTS)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert (ensembles.top2_weighted_predictions(scores[:1], [1.0]) > 0).sum(axis=1).max() == 2
    assert (found.argmax(1) != ensembles.validation_weighted(scores, WEIGHTS).argmax(1)).any()


def test_two_predictions_are_named_even_where_all_are_equal():
    found = ensembles.top2_weighted_predictions(np.full((1, 3, 5), 0.2), [1.0])
    np.testing.assert_array_equal(found, np.tile([0.5, 0.5, 0, 0, 0], (3, 1)))


def test_top_two_models_are_the_best_on_validation(test):
    _, scores = test
    found = ensembles.top2_weighted_models(scores, WEIGHTS)
    np.testing.assert_allclose(found, (0.9 * scores[1] + 0.8 * scores[3]) / 1.7, rtol=1e-5, atol=1e-7)
    changed = scores.copy()
    changed[[0, 2]] = changed[[2, 0]][:, ::-1]
    np.testing.assert_array_equal(ensembles.top2_weighted_models(changed, WEIGHTS), found)


def test_the_surer_model_weighs_more(test):
    _, scores = test
    weights = 1 - entropy(scores, axis=-1, base=5)
    np.testing.assert_allclose(ensembles.confidence(scores), weights, atol=1e-6)
    expected = np.stack([np.average(scores[:, beat], axis=0, weights=weights[:, beat]) for beat in range(600)])
    np.testing.assert_allclose(ensembles.dynamic(scores), expected, rtol=1e-5, atol=1e-7)


def test_where_no_model_knows_anything_all_weigh_the_same():
    np.testing.assert_allclose(ensembles.dynamic(np.full((3, 2, 5), 0.2)), 0.2)


def test_stacking_is_at_the_optimum_of_the_penalised_likelihood(validation, test):
    true, scores = validation
    stacking = ensembles.fit_stacking(true, scores, strength=0.5)
    features = np.log(np.concatenate(list(scores), axis=1).clip(1e-6), dtype=float)
    weights, offsets = stacking.regression.coef_, stacking.regression.intercept_
    residual = softmax(features @ weights.T + offsets, axis=1) - np.eye(5)[true]
    np.testing.assert_allclose(residual.T @ features + 0.5 * weights, 0, atol=0.02)
    np.testing.assert_allclose(residual.sum(axis=0), 0, atol=0.02)
    assert np.abs(residual.T @ features).max() > 0.2
    new = np.log(np.concatenate(list(test[1]), axis=1).clip(1e-6), dtype=float)
    np.testing.assert_allclose(stacking(test[1]), softmax(new @ weights.T + offsets, axis=1), rtol=1e-6)


def test_stacking_learns_what_weights_cannot(validation, test):
    """A model that always swaps two classes is as good as one that never does."""
    swap = [0, 2, 1, 3, 4]
    fitted = ensembles.fit_stacking(validation[0], validation[1][1:2][..., swap])
    stacked = fitted(test[1][1:2][..., swap]).argmax(axis=1)
    plain = test[1][1].argmax(axis=1)
    assert np.mean(stacked == test[0]) > np.mean(plain == test[0]) - 0.02
    assert np.mean(test[1][1][..., swap].argmax(axis=1) == test[0]) < np.mean(plain == test[0]) - 0.05


def test_stacking_gives_a_class_it_never_saw_no_chance(validation, test):
    true, scores = validation
    kept = true != 3
    found = ensembles.fit_stacking(true[kept], scores[:, kept])(test[1])
    assert (found[:, 3] == 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize("rule", RULES)
class TestEveryRule:
    def test_gives_probabilities(self, rule, test):
        found = RULES[rule](test[1])
        assert found.shape == (600, 5)
        assert (found >= 0).all()
        np.testing.assert_allclose(found.sum(axis=1), 1)

    def test_keeps_what_all_models_agree_on(self, rule, test):
        scores = test[1][:, (test[1].argmax(-1) == test[1][0].argmax(-1)).all(axis=0)]
        assert scores.shape[1] > 50
        np.testing.assert_array_equal(RULES[rule](scores).argmax(axis=1), scores[0].argmax(axis=1))

    def test_treats_each_beat_by_itself(self, rule, test):
        np.testing.assert_allclose(RULES[rule](test[1])[5:9], RULES[rule](test[1][:, 5:9]))

    def test_is_better_than_the_models_on_average(self, rule, test):
        true, scores = test
        single = np.mean([f1_score(true, model.argmax(axis=1), average="macro") for model in scores])
        assert f1_score(true, RULES[rule](scores).argmax(axis=1), average="macro") > single + 0.03

    @pytest.mark.parametrize("wrong", ["logits", "nan", "shape", "empty"])
    def test_refuses_what_is_no_probability(self, rule, test, wrong):
        scores = test[1].copy()
        bad = {"logits": np.log(scores), "nan": scores, "shape": scores[0], "empty": scores[:0]}[wrong]
        if wrong == "nan":
            bad[2, 3, 4] = np.nan
        with pytest.raises(ECGError, match="no probabilities"):
            RULES[rule](bad)


@pytest.mark.parametrize("weights", [[1, 1, 1], [1, 1, 1, -1], [0, 0, 0, 0], [1, 1, 1, np.nan], np.ones((4, 600))])
def test_weights_that_are_none_are_refused(test, weights):
    for rule in (
        ensembles.validation_weighted,
        ensembles.top2_weighted_predictions,
        ensembles.top2_weighted_models,
    ):
        with pytest.raises(ECGError, match="weights don't fit"):
            rule(test[1], weights)


def test_one_model_has_no_second(test):
    with pytest.raises(ECGError, match="no second"):
        ensembles.top2_weighted_models(test[1][:1], [1.0])


def test_beats_and_models_have_to_match(validation, test):
    true, scores = validation
    for refused in (lambda: ensembles.validation_weights(true[:-1], scores), lambda: ensembles.fit_stacking(0, scores)):
        with pytest.raises(ECGError, match="same validation beats"):
            refused()
    with pytest.raises(ECGError, match="stacking cannot be learned"):
        ensembles.fit_stacking(np.zeros(600, dtype=int), scores)
    with pytest.raises(ECGError, match="not those of the stacked models"):
        ensembles.fit_stacking(true, scores)(test[1][:3])
