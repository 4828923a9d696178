from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ecglib.databases import LUDB, MITBIH, Chapman, Record
from ecglib.databases.aami import AAMI_CLASSES, aami_classes
from ecglib.errors import MissingFileError
from ecglib.learning.downstream import predict_waves
from ecglib.learning.own_ecg import OwnECG, predict_own_ecg
from ecglib.learning.weights import save_weights
from ecglib.models.ecg_encoder import ECGEncoder
from ecglib.models.segmenter import Segmenter
from ecglib.signals.clean_lead import clean_lead
from ecglib.signals.filters import bandpass
from ecglib.signals.segments import to_rate
from ecglib.signals.wave_labels import waves_of_labels

WEIGHTS = Path(__file__).parents[2] / "weights"


def seconds_of(record: Record, stop: float) -> Record:
    return replace(record, signal=record.signal[:, : round(stop * record.rate)])


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed networks of beats and of rhythm, one pair of the latter, and two segmenters that know nothing."""
    folder = tmp_path_factory.mktemp("weights")
    shutil.copytree(WEIGHTS / "10_cnn", folder / "10_cnn")
    (folder / "23_rhythm_classifier").mkdir()
    for part in ("beats", "rhythm"):
        shutil.copy(WEIGHTS / f"23_rhythm_classifier/bsm_{part}_0_0.safetensors", folder / "23_rhythm_classifier")
    return folder


@pytest.fixture(scope="module")
def with_waves(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shutil.copytree(weights, tmp_path_factory.mktemp("waves") / "weights")
    (folder / "34_wave_segmentation").mkdir()
    for seed, name in enumerate(("beat_ssl", "supervised")):
        torch.manual_seed(seed)
        save_weights(
            Segmenter(ECGEncoder()),
            folder / f"34_wave_segmentation/{name}.safetensors",
            {"make": "Segmenter(ECGEncoder())"},
        )
    return folder


@pytest.fixture(scope="module")
def twin(twins: Path) -> Record:
    """Half a minute of a synthetic record whose beats are known."""
    return seconds_of(MITBIH(twins).read("100"), 30)


@pytest.fixture(scope="module")
def found(twin: Record, weights: Path) -> OwnECG:
    return predict_own_ecg(twin, weights=weights, progress=False)


def hits(ours: np.ndarray, true: np.ndarray, within: float = 0.1) -> np.ndarray:
    """For each true beat, the place of ours that lies within, or -1."""
    apart = np.abs(np.subtract.outer(true, ours))
    return np.where(apart.min(axis=1) <= within, apart.argmin(axis=1), -1)


def test_the_beats_of_a_twin_are_found_and_described(found: OwnECG, twin: Record) -> None:
    true = twin.beats.samples[twin.beats.samples < 30 * twin.rate] / twin.rate
    assert (hits(found.beats["time_s"].to_numpy(), true) >= 0).mean() > 0.95
    assert abs(len(found.beats) - len(true)) <= 1
    named = found.beats[found.beats["class"] != ""]
    assert len(named) >= len(found.beats) - 2
    chances = named[[f"p_{name}" for name in AAMI_CLASSES]].to_numpy()
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(chances.max(axis=1), named["probability"], atol=1e-6)
    assert (named["probability_lowest"] <= named["probability"] + 1e-9).all()
    assert (named["probability"] <= named["probability_highest"] + 1e-9).all()
    assert named["networks_agreeing"].between(1, 3).all()
    np.testing.assert_allclose(found.beats["sample"] / twin.rate, found.beats["time_s"], atol=0.5 / twin.rate)
    np.testing.assert_allclose(found.beats["rr_s"][1:], np.diff(found.beats["time_s"]))


def test_the_rhythm_has_a_row_and_a_map_for_each_ten_seconds(found: OwnECG) -> None:
    assert found.rhythm["start_s"].tolist() == [0, 10, 20]
    assert found.rhythm["afib"].between(0, 1).all()
    assert found.maps.shape == (3, 6, 145)
    np.testing.assert_allclose(found.maps.sum(axis=1), 1, atol=1e-4)
    assert found.waves is None
    assert any("Waves are left out" in notice for notice in found.notices)


def test_rate_and_order_of_leads_change_little(found: OwnECG, twin: Record, weights: Path) -> None:
    faster = Record("own", "a", "a", to_rate(twin.signal[::-1], twin.rate, 500), twin.leads[::-1], 500.0)
    again = predict_own_ecg(faster, weights=weights, progress=False)
    assert again.lead == found.lead == "MLII"
    assert len(again.beats) == len(found.beats)
    np.testing.assert_allclose(again.beats["time_s"], found.beats["time_s"], atol=0.02)
    assert (again.beats["class"] == found.beats["class"]).mean() > 0.9
    np.testing.assert_allclose(again.rhythm["afib"], found.rhythm["afib"], atol=0.1)


def test_nothing_is_said_about_a_gap(found: OwnECG, twin: Record, weights: Path) -> None:
    signal = twin.signal.copy()
    signal[list(twin.leads).index("MLII"), round(12 * twin.rate) : round(14 * twin.rate)] = np.nan
    holed = predict_own_ecg(replace(twin, signal=signal), weights=weights, progress=False)
    at = holed.beats["time_s"]
    assert not at.between(12, 14).any()
    assert len(at) < len(found.beats)
    assert holed.beats.loc[at.between(14, 15.5), "rr_s"].isna().sum() == 1, "no interval across the gap"
    assert holed.rhythm["afib"].isna().tolist() == [False, True, False]
    assert np.isnan(holed.maps[1]).all()
    assert any("has gaps" in notice for notice in holed.notices)
    near = holed.beats.loc[at.between(11.6, 14.3), "class"]
    assert (near == "").all()


def test_waves_are_those_of_the_segmenters_mean(twin: Record, with_waves: Path) -> None:
    record = seconds_of(twin, 10)
    waves = predict_own_ecg(record, weights=with_waves, progress=False).waves
    assert waves is not None
    lead = clean_lead(record)
    signal = bandpass(to_rate(lead.signal, record.rate, 100), 100)
    twelve = np.tile(signal, (1, 12, 1))
    scores, labels = [], []
    for seed in (0, 1):
        torch.manual_seed(seed)
        model = Segmenter(ECGEncoder()).eval()
        labels.append(predict_waves(model, twelve)[0])
        with torch.inference_mode():
            scores.append(model(torch.tensor(twelve)).softmax(dim=1).numpy()[0])
    expected = waves_of_labels(np.mean(scores, axis=0).argmax(axis=0))
    assert len(expected) > 0
    assert waves["wave"].tolist() == expected.kinds.tolist()
    np.testing.assert_allclose(waves["onset_s"], expected.onsets / 100)
    np.testing.assert_allclose(waves["offset_s"], expected.offsets / 100)
    assert (waves["onset_earliest_s"] <= waves["onset_latest_s"]).all()
    assert set(waves["networks_finding"]) <= {0, 1, 2}
    assert waves["probability"].between(0.25, 1).all()


def test_long_records_are_segmented_in_one_piece(twin: Record, with_waves: Path) -> None:
    whole = predict_own_ecg(twin, weights=with_waves, progress=False).waves
    assert whole["offset_s"].max() > 29
    for start in (0, 16):  # what is seen in ten seconds by themselves is seen in half a minute too
        part = replace(twin, signal=twin.signal[:, round(start * twin.rate) : round((start + 10) * twin.rate)])
        alone = predict_own_ecg(part, weights=with_waves, progress=False).waves["onset_s"] + start
        alone, seen = (onsets[onsets.between(start + 2, start + 8)].to_numpy() for onsets in (alone, whole["onset_s"]))
        assert len(alone) > 5
        for one, other in ((alone, seen), (seen, alone)):
            assert (np.abs(np.subtract.outer(one, other)).min(axis=1) < 0.011).mean() > 0.9


def test_beats_at_both_ends_are_found_and_have_no_class(weights: Path) -> None:
    time = np.arange(11 * 250) / 250
    signal = np.exp(-((time % 1 - 0.15) ** 2) / 3e-4)[np.newaxis, : round(10.3 * 250)].astype(np.float32)
    beats = predict_own_ecg(Record("own", "a", "a", signal, ("II",), 250.0), weights=weights, progress=False).beats
    np.testing.assert_allclose(beats["time_s"], np.arange(11) + 0.15, atol=0.01)
    assert (beats["class"] == "").tolist() == [True, *[False] * 9, True]


def test_missing_weights_are_named(twin: Record, tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"cnn_inter.*--weights"):
        predict_own_ecg(twin, weights=tmp_path, progress=False)


@pytest.mark.real_data
def test_mit_bih_s_beats_agree_with_the_annotations(real_data: Path) -> None:
    record = seconds_of(MITBIH(real_data).read("200"), 60)
    beats = predict_own_ecg(record, weights=WEIGHTS, progress=False).beats
    inside = record.beats.samples < 60 * record.rate
    true, symbols = record.beats.samples[inside] / record.rate, record.beats.symbols[inside]
    place = hits(beats["time_s"].to_numpy(), true, within=0.15)
    assert (place >= 0).mean() > 0.97
    assert len(beats) < 1.03 * len(true)
    names = np.array(AAMI_CLASSES)[aami_classes(symbols)][place >= 0]
    assert (beats["class"].to_numpy()[place[place >= 0]] == names).mean() > 0.9


@pytest.mark.real_data
def test_ludb_s_beats_agree_with_the_qrs_marks(real_data: Path, weights: Path) -> None:
    record = LUDB(real_data).read("1")
    beats = predict_own_ecg(record, weights=weights, progress=False).beats
    true = record.waves["II"].of("QRS").peaks / record.rate
    assert (hits(beats["time_s"].to_numpy(), true) >= 0).all()


@pytest.mark.real_data
def test_chapman_s_slow_hearts_are_slow(real_data: Path, weights: Path) -> None:
    database = Chapman(real_data)
    records = (database.read(name) for name in database.names())
    slow = next(record for record in records if "SB" in record.labels)
    found = predict_own_ecg(slow, weights=weights, progress=False)
    assert 30 < 60 / found.beats["rr_s"].median() < 62
    assert found.lead == "II"
