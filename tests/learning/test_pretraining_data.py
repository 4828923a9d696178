"""What Beat-SSL learns from: only the chosen recordings, and units that are theirs."""

import numpy as np
import pytest
import torch

from ecglib.errors import ECGError
from ecglib.learning import soft_targets
from ecglib.learning.pretraining_data import pretraining_data
from ecglib.learning.soft_targets import FeatureSimilarity
from ecglib.signals.ecg_features import BEAT_GROUPS, RECORDING_GROUPS
from ecglib.signals.feature_tables import FeatureTables
from ecglib.signals.twelve_lead import TwelveLead

RANDOM = np.random.default_rng(0)
COUNTS = np.array([3, 0, 4, 5, 3, 6])
CHOSEN = np.array([True, True, True, False, True, False])


def normal(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


NAMES = np.array([f"{k}" for k in range(6)])
RECORDINGS = TwelveLead(normal(6, 12, 1000), NAMES, NAMES, {}, "made by hand")
FEATURES = normal(6, len(RECORDING_GROUPS))
FEATURES[1] = np.nan
TABLES = FeatureTables(
    FEATURES, normal(6, 384), normal(21, len(BEAT_GROUPS)), normal(21, 96), RANDOM.integers(0, 1000, 21), COUNTS
)
CLASSES = RANDOM.integers(0, 5, 21)


def test_only_chosen_recordings_with_features_are_learned_from():
    data = pretraining_data(RECORDINGS, TABLES, CLASSES, CHOSEN)
    assert data.recordings.rows.tolist() == [0, 2, 4]
    batch = data.recordings.batch([1])
    np.testing.assert_array_equal(batch.x[0], RECORDINGS.signals[2])
    assert batch.pseudo_labels.tolist() == CLASSES[3:7].tolist()
    np.testing.assert_array_equal(batch.recording_features["soft_2"][0], TABLES.recording_shapes[2])
    np.testing.assert_array_equal(batch.beat_features["soft_1"], TABLES.beats[3:7])


def test_units_come_from_the_chosen_ones_alone():
    data = pretraining_data(RECORDINGS, TABLES, CLASSES, CHOSEN)
    of_chosen = np.isin(np.repeat(np.arange(6), COUNTS), [0, 2, 4])
    for found, table, groups in (
        (data.rhythm_similarity["soft_1"], FEATURES[[0, 2, 4]], RECORDING_GROUPS),
        (data.beat_similarity["soft_1"], TABLES.beats[of_chosen], BEAT_GROUPS),
    ):
        alone = FeatureSimilarity.fit(table, groups)
        torch.testing.assert_close(found.centre, alone.centre)
        torch.testing.assert_close(found.scale, alone.scale)
    others = pretraining_data(RECORDINGS, TABLES, CLASSES, ~CHOSEN | (np.arange(6) == 0))
    assert not torch.equal(others.beat_similarity["soft_1"].centre, data.beat_similarity["soft_1"].centre)


def test_of_very_many_beats_some_give_the_units(monkeypatch):
    whole = pretraining_data(RECORDINGS, TABLES, CLASSES, CHOSEN)
    monkeypatch.setattr(soft_targets, "_ROWS", 5)
    drawn = [pretraining_data(RECORDINGS, TABLES, CLASSES, CHOSEN, seed=3).beat_similarity["soft_1"] for _ in range(2)]
    assert torch.equal(drawn[0].centre, drawn[1].centre)
    assert not torch.equal(drawn[0].centre, whole.beat_similarity["soft_1"].centre)


@pytest.mark.parametrize("chosen", [np.array([0, 2]), CHOSEN[:5], CHOSEN.astype(int)])
def test_what_chooses_must_be_a_mask_of_these_recordings(chosen):
    with pytest.raises(ECGError, match="choose by a mask"):
        pretraining_data(RECORDINGS, TABLES, CLASSES, chosen)
