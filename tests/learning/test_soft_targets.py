"""Soft and hard targets against plain loops in float64, and what every similarity must fulfil."""

import math

import numpy as np
import pytest
import torch

from ecglib.errors import ECGError
from ecglib.learning.soft_targets import FeatureSimilarity, ShapeSimilarity, hard_beat_targets
from ecglib.signals.ecg_features import BEAT_GROUPS, RECORDING_GROUPS

GROUPS = ("rhythm", "rhythm", "rhythm", "height", "axis")
SET = np.random.default_rng(0).normal([70, 0.05, 0.04, 1.2, 0], [12, 0.02, 0.03, 0.5, 0.7], (400, 5))
BATCH = torch.tensor(SET[:40], dtype=torch.float32)


def fitted(features=SET, groups=GROUPS):
    return FeatureSimilarity.fit(features, groups)


def shapes(count=40, seed=1):
    return torch.tensor(np.random.default_rng(seed).normal(0.3, 1, (count, 384)), dtype=torch.float32)


EACH = pytest.mark.parametrize(
    ("similarity", "rows"), [(fitted(), BATCH), (ShapeSimilarity(), shapes())], ids=["features", "shapes"]
)


@EACH
@pytest.mark.parametrize("exponent", [1.0, 50.0])
def test_symmetric_from_0_to_1_and_1_for_itself(similarity, rows, exponent):
    targets = similarity.soft_targets(rows, rows, exponent)
    assert targets.shape == (40, 40)
    assert targets.dtype == torch.float32
    assert (targets.diagonal() == 1).all()
    assert ((targets >= 0) & (targets <= 1)).all()
    torch.testing.assert_close(targets, targets.T, rtol=1e-4, atol=1e-6)


@EACH
def test_a_larger_exponent_leaves_less_and_keeps_the_order(similarity, rows):
    off = ~torch.eye(40, dtype=torch.bool)
    one, ten, fifty = (similarity.soft_targets(rows, rows, exponent)[off] for exponent in (1.0, 10.0, 50.0))
    assert (one >= ten).all()
    assert (ten >= fifty).all()
    assert one.mean() > ten.mean() > fifty.mean()
    torch.testing.assert_close(one**10, ten, rtol=1e-3, atol=1e-6)


@EACH
def test_two_views_of_a_recording_are_it_itself(similarity, rows):
    targets = similarity.soft_targets(rows, rows + torch.randn_like(rows), 1.0)
    assert (targets.diagonal() == 1).all()
    assert targets.mean() < 1


def test_features_against_a_plain_loop():
    median, spread = np.median(SET, axis=0), np.subtract(*np.percentile(SET, [75, 25], axis=0))
    share = 1 / np.sqrt([3, 3, 3, 1, 1])
    scaled = (SET - median) / spread * share
    similarity = fitted()
    found = similarity.soft_targets(BATCH, BATCH, 2.0)
    for i in range(40):
        for j in range(40):
            squared = sum((scaled[i, k] - scaled[j, k]) ** 2 for k in range(5)) / float(similarity.unit) ** 2
            assert float(found[i, j]) == pytest.approx(math.exp(-squared / 2) ** 2, abs=2e-6)


def test_after_exponent_50_the_nearest_of_127_others_is_alike_by_four_fifths_as_in_the_papers_figure():
    rows = torch.tensor(np.random.default_rng(1).permutation(SET)[:384], dtype=torch.float32)
    nearest = [
        fitted().soft_targets(batch, batch, 50.0).fill_diagonal_(0).amax(dim=1).median() for batch in rows.split(128)
    ]
    assert float(torch.stack(nearest).mean()) == pytest.approx(0.8, abs=0.05)


def test_units_play_no_part_once_fitted():
    factor, offset = np.array([1 / 60, 1000, 1e-3, 1, -5]), np.array([3, 0, 0, -10, 0])
    changed = fitted(SET * factor + offset).soft_targets(
        torch.tensor(SET[:40] * factor + offset), torch.tensor(SET[:40] * factor + offset), 1.0
    )
    torch.testing.assert_close(changed, fitted().soft_targets(BATCH, BATCH, 1.0), rtol=1e-3, atol=1e-5)


def test_a_group_has_one_vote_however_many_features_it_has():
    doubled = np.column_stack([SET, *[SET[:, 3]] * 9])
    found = FeatureSimilarity.fit(doubled, (*GROUPS, *["height"] * 9))
    rows = torch.tensor(doubled[:40])
    torch.testing.assert_close(
        found.soft_targets(rows, rows, 1.0), fitted().soft_targets(BATCH, BATCH, 1.0), rtol=1e-3, atol=1e-5
    )


def test_one_artefact_and_a_constant_feature_change_little():
    spoilt = np.column_stack([SET, np.full(400, 7.0)])
    spoilt[0, :5] = 1e6
    found = FeatureSimilarity.fit(spoilt, (*GROUPS, "constant"))
    rows = torch.tensor(spoilt[1:40])
    usual = fitted().soft_targets(BATCH[1:], BATCH[1:], 1.0)
    assert (found.soft_targets(rows, rows, 1.0) - usual).abs().max() < 0.03


def test_shapes_against_numpy_and_at_any_height():
    rows = shapes()
    exact = rows.double().numpy()
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    found = ShapeSimilarity().soft_targets(rows, rows, 3.0)
    np.testing.assert_allclose(found, ((1 + exact @ exact.T) / 2) ** 3, atol=1e-6)
    louder = rows * torch.rand(40, 1).add(0.1) * 1000
    torch.testing.assert_close(ShapeSimilarity().soft_targets(louder, louder, 3.0), found, rtol=1e-4, atol=1e-5)


@EACH
def test_mixed_precision_does_not_reach_the_targets(similarity, rows):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = similarity.soft_targets(rows, rows, 50.0)
    assert torch.equal(mixed, similarity.soft_targets(rows, rows, 50.0))


def test_hard_targets_against_a_loop():
    classes = np.random.default_rng(0).integers(-1, 4, 60)
    found = hard_beat_targets(torch.tensor(classes))
    for i in range(60):
        for j in range(60):
            assert float(found[i, j]) == float(i == j or (classes[i] == classes[j] and classes[i] >= 0))
    assert hard_beat_targets(torch.zeros(0, dtype=torch.long)).shape == (0, 0)


def test_buffers_move_with_the_objective_that_holds_them():
    holder = torch.nn.ModuleList([fitted()]).to("meta")
    assert {buffer.device.type for buffer in holder.buffers()} == {"meta"}
    assert not list(holder.parameters())


def test_many_rows_are_drawn_and_the_seed_decides(tmp_path):
    file = np.lib.format.open_memmap(tmp_path / "f.npy", mode="w+", dtype=np.float32, shape=(50_000, 39))
    file[:] = np.random.default_rng(0).normal(size=file.shape)
    one, same, other = (FeatureSimilarity.fit(file, BEAT_GROUPS, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(one.unit, same.unit)
    assert not torch.equal(one.unit, other.unit)
    assert float(one.unit) == pytest.approx(float(other.unit), rel=0.02)


def test_refusals():
    with pytest.raises(ECGError, match=r"shape \(400, 5\), 400 of its rows, 55 groups"):
        FeatureSimilarity.fit(SET, RECORDING_GROUPS)
    spoilt = SET.copy()
    spoilt[[3, 7], 1] = np.nan
    with pytest.raises(ECGError, match=r"found 2 rows with NaN.*known"):
        fitted(spoilt)
    with pytest.raises(ECGError, match="all rows are alike"):
        fitted(np.ones((9, 5)))
    with pytest.raises(ECGError, match="found 40 and 39 rows"):
        fitted().soft_targets(BATCH, BATCH[1:], 1.0)
