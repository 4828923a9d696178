"""Features of recordings whose every wave is known, and of real ones against the cardiologists' marks."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from ecglib.databases import LUDB
from ecglib.errors import AnnotationError, SignalQualityError
from ecglib.signals.detected_rr import r_peaks
from ecglib.signals.ecg_features import (
    BEAT_FEATURES,
    BEAT_GROUPS,
    RECORDING_FEATURES,
    RECORDING_GROUPS,
    SHAPE_EDGES,
    SHAPE_POINTS,
    recording_features,
)
from ecglib.signals.rr_statistics import rr_statistics
from ecglib.signals.twelve_lead import LEADS
from ecglib.signals.vcg import vectorcardiogram

R = np.linspace(0.2, 1.3, 12) * [1, 1, 1, -1, 1, 1, 1, 1, 1, 1, 1, 1]
S = -np.linspace(0.9, 0.1, 12) * [1, 1, 1, -1, 1, 1, 1, 1, 1, 1, 1, 1]
T = np.linspace(-0.3, 0.4, 12)


def bump(time, centre, width):
    """A raised cosine: zero outside its width."""
    inside = np.abs(time - centre) < width / 2
    return np.where(inside, (1 + np.cos(2 * np.pi * (time - centre) / width)) / 2, 0)


def made(beats, seconds=10, qrs=0.08, t_end=0.36):
    """Twelve leads whose R, S and T have the heights above: R at each beat, S after it, T until t_end."""
    time = np.arange(100 * seconds) / 100
    r = sum(bump(time, beat, qrs) for beat in beats)
    s = sum(bump(time, beat + 0.05, qrs) for beat in beats)
    t = sum(bump(time, beat + t_end - 0.08, 0.16) for beat in beats)
    return np.outer(R, r) + np.outer(S, s) + np.outer(T, t)


def named(recording, peaks):
    return dict(zip(RECORDING_FEATURES, recording_features(recording, peaks).features.tolist(), strict=True))


BEATS = np.array([0.6, 1.4, 2.2, 3.1, 3.9, 4.8, 5.6, 6.4, 7.2, 8.0, 8.9])
PEAKS = np.rint(BEATS * 100).astype(int)


def test_there_is_a_group_for_each_feature():
    assert len(RECORDING_FEATURES) == len(RECORDING_GROUPS) == len(set(RECORDING_FEATURES)) == 55
    assert len(BEAT_FEATURES) == len(BEAT_GROUPS) == len(set(BEAT_FEATURES)) == 39
    assert {
        name[:2] for name, group in zip(RECORDING_FEATURES, RECORDING_GROUPS, strict=True) if group == "height"
    } == {
        "r_",
        "s_",
        "t_",
    }


def test_rhythm_is_that_of_the_intervals():
    found = named(made(BEATS), PEAKS)
    intervals = np.diff(BEATS)
    assert found["heart_rate"] == pytest.approx(60 / np.median(intervals))
    assert found["rr_sd"] == pytest.approx(intervals.std(), rel=1e-5)
    assert found["rmssd"] == pytest.approx(rr_statistics(PEAKS, 100)[2])


def test_heights_of_r_s_and_t_in_each_lead():
    """R and S overlap by half, so the maximum of R plus S is sought where both are known: on a fine grid."""
    found = named(made(BEATS), PEAKS)
    time = np.arange(-0.1, 0.2, 0.01)
    both = np.outer(R, bump(time, 0, 0.08)) + np.outer(S, bump(time, 0.05, 0.08))
    for row, lead in enumerate(LEADS):
        assert found[f"r_{lead}"] == pytest.approx(both[row].max(), abs=1e-4)
        assert found[f"s_{lead}"] == pytest.approx(both[row].min(), abs=1e-4)
        assert found[f"t_{lead}"] == pytest.approx(T[row], abs=1e-4)
        assert found[f"t_to_qrs_{lead}"] == pytest.approx(T[row] / np.ptp(both[row]), abs=1e-3)


def test_an_offset_of_a_lead_plays_no_part():
    lifted = made(BEATS) + np.linspace(-2, 2, 12)[:, None]
    np.testing.assert_allclose(
        recording_features(lifted, PEAKS).features, recording_features(made(BEATS), PEAKS).features, atol=1e-5
    )


def test_wider_complexes_and_later_t_waves_are_seen():
    usual, wide, late = (named(made(BEATS, **change), PEAKS) for change in ({}, {"qrs": 0.12}, {"t_end": 0.42}))
    assert usual["qrs_width"] == pytest.approx(0.13, abs=0.025)
    assert wide["qrs_width"] - usual["qrs_width"] == pytest.approx(0.04, abs=0.015)
    assert usual["qt"] == pytest.approx(0.04 + 0.36, abs=0.03)
    assert late["qt"] - usual["qt"] == pytest.approx(0.06, abs=0.01)


@pytest.mark.parametrize("degrees", [-150, -60, 0, 30, 90, 135, 179])
def test_axis_is_where_the_vector_points(degrees):
    """A vector of the frontal plane: lead I sees its cosine, aVF its sine times the root of 3/4."""
    time = np.arange(1000) / 100
    size = sum(bump(time, beat, 0.08) for beat in BEATS)
    angle, recording = np.deg2rad(degrees), np.outer(np.full(12, 0.5), size)
    recording[LEADS.index("I")] = np.cos(angle) * size
    recording[LEADS.index("aVF")] = np.sqrt(3) / 2 * np.sin(angle) * size
    found = named(recording, PEAKS)
    assert (found["axis_cosine"], found["axis_sine"]) == pytest.approx((np.cos(angle), np.sin(angle)), abs=1e-5)


def test_beats_have_intervals_of_their_own_and_one_wide_beat_is_wide():
    early = BEATS.copy()
    early[4] -= 0.3
    recording = made(early)
    at = slice(int(early[4] * 100) - 15, int(early[4] * 100) + 50)
    recording[:, at] = made([early[4]], qrs=0.14)[:, at]
    peaks = np.rint(early * 100).astype(int)
    found = recording_features(recording, peaks)
    beats = dict(zip(BEAT_FEATURES, found.beat_features.T, strict=True))
    usual = np.median(np.diff(peaks))
    np.testing.assert_allclose(beats["rr_before"], [1, *np.diff(peaks) / usual])
    np.testing.assert_allclose(beats["rr_after"], [*np.diff(peaks) / usual, 1])
    assert beats["qrs_width"].argmax() == 4
    assert beats["qrs_width"][4] - np.median(beats["qrs_width"]) == pytest.approx(0.06, abs=0.025)
    np.testing.assert_array_equal(found.samples, peaks)


@pytest.mark.parametrize(("coupling", "t_end"), [(0.35, 0.32), (0.4, 0.36), (0.45, 0.36), (0.5, 0.36)])
def test_a_premature_beat_leaves_the_t_waves_of_the_others_as_they_are(coupling, t_end):
    beats = np.arange(0.6, 9, 0.8)
    beats[5] = beats[4] + coupling
    peaks = np.rint(beats * 100).astype(int)
    found = dict(zip(BEAT_FEATURES, recording_features(made(beats, t_end=t_end), peaks).beat_features.T, strict=True))
    heights = np.array([found[f"t_{lead}"] for lead in LEADS])
    usual = np.arange(len(beats)) != 5
    np.testing.assert_allclose(heights[:, usual], np.tile(T[:, None], usual.sum()), atol=1e-4)


def test_shapes_are_means_of_samples_around_the_peak():
    recording = made(BEATS) + 0.01 * np.random.default_rng(0).normal(size=(12, 1000))
    found = recording_features(recording, PEAKS)
    padded = np.pad(recording, ((0, 0), (100, 100)), mode="edge")
    beats = []
    for peak in PEAKS + 100:
        level = padded[:, peak - 10 : peak - 6].mean(axis=1)
        beats.append(padded[:, peak - 30 : peak + 50] - level[:, None])
    bins = list(zip(SHAPE_EDGES[:-1] + 30, SHAPE_EDGES[1:] + 30, strict=True))

    def points(beat):
        return np.concatenate([[row[start:stop].mean() for start, stop in bins] for row in beat])

    assert SHAPE_POINTS == 32
    np.testing.assert_allclose(found.shape, points(np.median(beats, axis=0)), atol=1e-5)
    np.testing.assert_allclose(found.beat_shapes, [points(vectorcardiogram(beat)) for beat in beats], atol=1e-5)


def test_beats_at_the_very_ends_are_described():
    found = recording_features(made(BEATS), [0, 60, 140, 999])
    assert len(found.beat_features) == 4
    for values in (found.features, found.shape, found.beat_features, found.beat_shapes):
        assert np.isfinite(values).all()


def test_hostile_signals_give_finite_features():
    random = np.random.default_rng(0)
    for recording in (random.normal(size=(12, 1000)), np.zeros((12, 1000)), np.eye(12, 1000) * 1e3):
        for peaks in (np.arange(0, 1000, 30), [3, 500, 990], np.arange(0, 1000)):
            found = recording_features(recording, peaks)
            assert np.isfinite(found.features).all()
            assert np.isfinite(found.beat_features).all()


@pytest.mark.parametrize("peaks", [[], [300], [300, 400]])
def test_fewer_than_three_peaks_are_no_rhythm(peaks):
    found = recording_features(made(BEATS), peaks)
    assert np.isnan(found.features).all()
    assert np.isnan(found.shape).all()
    assert (len(found.beat_features), len(found.beat_shapes), len(found.samples)) == (0, 0, 0)
    assert found.features.shape == (55,)


def test_refusals():
    with pytest.raises(SignalQualityError, match=r"shape \(11, 1000\)"):
        recording_features(np.zeros((11, 1000)), PEAKS)
    with pytest.raises(SignalQualityError, match="with 1 NaN"):
        recording_features(np.where(np.arange(12000).reshape(12, 1000) == 5, np.nan, 1), PEAKS)
    with pytest.raises(AnnotationError, match=r"60 to 1000"):
        recording_features(made(BEATS), [60, 140, 1000])
    with pytest.raises(AnnotationError, match="order of time"):
        recording_features(made(BEATS), [60, 220, 140])


@pytest.mark.real_data
def test_qt_and_width_follow_the_cardiologists(real_data, tmp_path):
    from ecglib.signals.twelve_lead import twelve_lead_recordings

    database = LUDB(real_data)
    recordings = twelve_lead_recordings(database, database.names()[:40], cache=tmp_path, progress=False)
    pairs = []
    for name, signal in zip(recordings.names, recordings.signals, strict=True):
        waves = database.read(name).waves["II"]
        qrs, t = waves.of("QRS"), waves.of("T")
        complete = (qrs.onsets >= 0) & (qrs.offsets >= 0)
        peaks = r_peaks(signal[1], 100)
        if len(peaks) < 3 or not complete.any() or not (t.offsets > qrs.onsets[complete][0]).any():
            continue
        found = named(signal, peaks)
        onsets = qrs.onsets[complete]
        ends = t.offsets[t.offsets > onsets[0]]
        qt = np.median(ends - onsets[np.searchsorted(onsets, ends) - 1]) / 500
        width = np.median((qrs.offsets - qrs.onsets)[complete]) / 500
        pairs.append((found["qrs_width"], width, found["qt"], qt))
    widths, marked_widths, qts, marked_qts = np.array(pairs).T
    assert len(pairs) > 35
    assert abs(np.median(widths - marked_widths)) < 0.015
    assert abs(np.median(qts - marked_qts)) < 0.03
    assert spearmanr(qts, marked_qts)[0] > 0.8
