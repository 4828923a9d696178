"""Batches against a search through all beats, and what can't be a set."""

import numpy as np
import pytest
import torch

from ecglib.errors import ECGError
from ecglib.learning.pretraining_set import PretrainingSet

RANDOM = np.random.default_rng(0)
COUNTS = np.array([3, 0, 2, 5, 0, 1])
OWNER = np.repeat(np.arange(6), COUNTS)
ARRAYS = {
    "x": RANDOM.standard_normal((6, 12, 40)).astype(np.float32),
    "samples": RANDOM.integers(0, 40, 11),
    "counts": COUNTS,
    "recording_features": {"soft_1": RANDOM.standard_normal((6, 4)).astype(np.float32)},
    "beat_features": {"soft_2": RANDOM.standard_normal((11, 3)).astype(np.float32)},
    "pseudo_labels": RANDOM.integers(0, 5, 11),
}


def data(**changes):
    return PretrainingSet(**(ARRAYS | changes))


@pytest.mark.parametrize("positions", [[0], [3, 0, 5], [1, 4], [5, 4, 3, 2, 1, 0], [2, 2]])
def test_a_batch_holds_its_recordings_and_exactly_their_beats(positions):
    batch = data().batch(positions)
    np.testing.assert_array_equal(batch.x.numpy(), ARRAYS["x"][positions])
    assert batch.index.tolist() == positions
    expected = [(place, beat) for place, row in enumerate(positions) for beat in range(11) if OWNER[beat] == row]
    beats = [beat for _, beat in expected]
    assert batch.recording.tolist() == [place for place, _ in expected]
    assert batch.sample.tolist() == ARRAYS["samples"][beats].tolist()
    assert batch.pseudo_labels.tolist() == ARRAYS["pseudo_labels"][beats].tolist()
    np.testing.assert_array_equal(batch.recording_features["soft_1"], ARRAYS["recording_features"]["soft_1"][positions])
    np.testing.assert_array_equal(batch.beat_features["soft_2"], ARRAYS["beat_features"]["soft_2"][beats])
    assert {part.dtype for part in (batch.index, batch.recording, batch.sample, batch.pseudo_labels)} == {torch.int64}


def test_positions_count_within_what_was_taken():
    some = data().take([5, 3, 0]).take([1, 2])
    assert len(some) == 2
    assert some.batch([1, 0]).index.tolist() == [0, 3]
    assert some.batch([0]).sample.tolist() == ARRAYS["samples"][OWNER == 3].tolist()
    assert some.x is ARRAYS["x"]


def test_a_set_may_be_recordings_alone():
    batch = PretrainingSet(ARRAYS["x"]).batch([4, 1])
    assert batch.sample.shape == batch.recording.shape == (0,)
    assert batch.pseudo_labels is None
    assert dict(batch.beat_features) == {}


def test_what_is_on_disk_stays_there_and_a_batch_is_a_copy(tmp_path):
    np.save(tmp_path / "x.npy", ARRAYS["x"])
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    some = data(x=mapped).take([2, 3])
    assert isinstance(some.x, np.memmap)
    batch = some.batch([0])
    batch.x.zero_()
    np.testing.assert_array_equal(mapped, ARRAYS["x"])


def test_moving_keeps_everything():
    batch = data().batch([0, 3])
    moved = batch.to("cpu")
    assert torch.equal(moved.x, batch.x)
    assert torch.equal(moved.beat_features["soft_2"], batch.beat_features["soft_2"])
    assert torch.equal(moved.pseudo_labels, batch.pseudo_labels)
    assert batch.to("meta").recording_features["soft_1"].device.type == "meta"


@pytest.mark.parametrize(
    "changes",
    [
        {"x": ARRAYS["x"][:5]},
        {"x": ARRAYS["x"][:0], "counts": COUNTS[:0], "samples": COUNTS[:0], "recording_features": {},
         "beat_features": {}, "pseudo_labels": None},
        {"counts": COUNTS + 1},
        {"counts": None},
        {"samples": None},
        {"pseudo_labels": np.arange(10)},
        {"beat_features": {"soft_1": np.zeros((6, 4), np.float32)}},
        {"rows": np.zeros(0, np.int64)},
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(changes):
    with pytest.raises(ECGError, match="can't be a pretraining set") as error:
        data(**changes)
    assert error.value.remedy


def test_features_that_are_no_numbers_are_refused_unless_their_recording_is_left_out():
    features = ARRAYS["recording_features"]["soft_1"].copy()
    features[4] = np.nan
    with pytest.raises(ECGError, match="features for soft_1 that are no numbers"):
        data(recording_features={"soft_1": features})
    kept = data(recording_features={"soft_1": features}, rows=np.array([0, 1, 2, 3, 5]))
    assert len(kept) == 5


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_beats_with_features_that_are_no_numbers_are_refused_unless_their_recording_is_left_out(bad):
    features = {"soft_2": ARRAYS["beat_features"]["soft_2"].copy()}
    features["soft_2"][OWNER == 2, 1] = bad
    for rows in (None, np.array([0, 2]), np.array([2])):
        with pytest.raises(ECGError, match="features for soft_2 that are no numbers") as error:
            data(beat_features=features, rows=rows)
        assert "2 that are NaN" in str(error.value)
    kept = data(beat_features=features, rows=np.array([5, 3, 0]))
    assert kept.batch([0, 1, 2]).beat_features["soft_2"].isfinite().all()


@pytest.mark.parametrize("rows", [None, np.array([5, 3, 0])])
def test_features_are_looked_at_a_few_at_a_time(rows, monkeypatch):
    class Watched(np.ndarray):
        def __getitem__(self, chosen):
            seen.append(chosen)
            return super().__getitem__(chosen)

    monkeypatch.setattr("ecglib.learning.pretraining_set._CHUNK", 2)
    seen = []
    data(beat_features={"soft_2": ARRAYS["beat_features"]["soft_2"].view(Watched)}, rows=rows)
    expected = np.arange(11) if rows is None else np.flatnonzero(np.isin(OWNER, rows))
    assert sorted(np.concatenate(seen).tolist()) == expected.tolist()
    assert max(map(len, seen)) == 2
