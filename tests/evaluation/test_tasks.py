"""Both tasks of the third paper's chapters: who learns, who is tested, and that methods see the same."""

import numpy as np
import pytest
import torch

from ecglib.errors import ECGError
from ecglib.evaluation import label_task, wave_task
from ecglib.evaluation.label_task import PARTS, LabelledRecordings, label_by_share
from ecglib.evaluation.multilabel import best_thresholds
from ecglib.evaluation.wave_task import folds_of_patients, segment_by_fold
from ecglib.learning.downstream import fit_segmenter, label_scores, predict_waves
from ecglib.learning.examples import Examples
from ecglib.models.ecg_encoder import ECGEncoder
from ecglib.models.segmenter import Segmenter


def small(_seed):
    return ECGEncoder(width=8)


@pytest.fixture(scope="module")
def waves():
    x = np.random.default_rng(0).standard_normal((9, 12, 160)).astype(np.float32)
    return x, (x[:, 1] > 0).astype(np.int64), np.array(list("aabcdeffg"))


def segment(waves, **changed):
    settings = {"counts": [2, 99], "seeds": [3], "folds": 3, "steps": 2, "encoder_learning_rate": 1e-3}
    return segment_by_fold(small, *waves, **{**settings, **changed}, device="cpu", progress=False)


def test_each_patient_is_tested_once_by_models_that_never_saw_them(waves):
    patients = waves[2]
    dealt = folds_of_patients(patients, 3, seed=5)
    assert sorted(np.concatenate([tested for _, tested in dealt]).tolist()) == list(range(9))
    for known, tested in dealt:
        assert sorted([*known, *tested]) == list(range(9))
        assert not set(patients[known]) & set(patients[tested])
    other = folds_of_patients(patients, 3, seed=6)
    assert any(one[1].tolist() != two[1].tolist() for one, two in zip(dealt, other, strict=True))


def test_a_fold_is_what_one_fit_gives(waves):
    x, y, patients = waves
    found = segment(waves)
    known, tested = folds_of_patients(patients, 3, seed=3)[0]
    assert found.left_out.tolist() == sorted(set(patients[tested]))
    torch.manual_seed(3)
    alone = Segmenter(ECGEncoder(width=8))
    fit_segmenter(
        alone, Examples(x[known], y[known]), steps=2, seed=3, encoder_learning_rate=1e-3, device="cpu", progress=False
    )
    np.testing.assert_array_equal(found.labels[99][0, tested], predict_waves(alone, x[tested], device="cpu"))
    np.testing.assert_array_equal(predict_waves(found.model, x, device="cpu"), predict_waves(alone, x, device="cpu"))


def test_few_patients_are_few(waves, monkeypatch):
    sizes = []

    def counted(model, train, **_):
        sizes.append(len(train))

    monkeypatch.setattr(wave_task, "fit_segmenter", counted)
    segment(waves, counts=[1, 2])
    assert all(1 <= size <= 4 for size in sizes)
    assert all(few < more for few, more in zip(sizes[::2], sizes[1::2], strict=True))


def test_the_caller_keeps_their_random_numbers(waves):
    torch.manual_seed(8)
    expected = torch.rand(3)
    torch.manual_seed(8)
    segment(waves, counts=[1])
    assert torch.equal(torch.rand(3), expected)


@pytest.fixture(scope="module")
def recordings():
    random = np.random.default_rng(1)
    return LabelledRecordings(
        {part: random.standard_normal((24, 12, 160)).astype(np.float32) for part in PARTS},
        {part: random.random((24, 3)) < 0.4 for part in PARTS},
        {part: np.array([f"{part} {row // 2}" for row in range(24)]) for part in PARTS},
    )


def label(recordings, **changed):
    settings = {"shares": [0.5, 1.0], "seeds": [0, 1], "steps": 2, "encoder_learning_rate": 1e-3, "frozen": False}
    return label_by_share(small, recordings, **{**settings, **changed}, least=1, device="cpu", progress=False)


def test_scores_and_thresholds_are_those_of_the_models(recordings):
    found = label(recordings)
    assert found.used == {0.5: 12, 1.0: 24}
    scores = label_scores(found.model, recordings.x["test"], device="cpu")
    np.testing.assert_array_equal(found.scored[1.0].scores[0], scores)
    validated = label_scores(found.model, recordings.x["validation"], device="cpu")
    expected = best_thresholds(recordings.y["validation"], validated)
    np.testing.assert_array_equal(found.scored[1.0].thresholds[0], expected)
    assert not np.array_equal(found.scored[1.0].scores[1], scores)


def test_a_probe_leaves_the_encoder_as_it_was(recordings):
    torch.manual_seed(0)
    before = ECGEncoder(width=8).state_dict()
    probed, tuned = (label(recordings, frozen=frozen, seeds=[0]).model.encoder for frozen in (True, False))
    assert all(torch.equal(value, before[name]) for name, value in probed.state_dict().items())
    assert any(not torch.equal(value, before[name]) for name, value in tuned.state_dict().items())


def test_few_labels_are_few(recordings, monkeypatch):
    sizes = []

    def counted(model, train, **_):
        sizes.append(len(train))

    monkeypatch.setattr(label_task, "fit_labels", counted)
    label(recordings)
    assert sizes == [12, 24, 12, 24]


def test_a_patient_in_two_parts_is_refused(recordings):
    for part, other in (("train", "test"), ("validation", "test")):
        patients = {**recordings.patients, part: recordings.patients[other]}
        with pytest.raises(ECGError, match="patient"):
            LabelledRecordings(recordings.x, recordings.y, patients)


def test_nothing_to_learn_is_said(waves, recordings):
    with pytest.raises(ECGError, match="nothing to learn"):
        segment(waves, seeds=[])
    with pytest.raises(ECGError, match="nothing to learn"):
        label(recordings, shares=[])
