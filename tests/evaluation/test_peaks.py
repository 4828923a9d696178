"""Peaks matched with beats: against bipartite matching, against wfdb, and against resampling by hand."""

import numpy as np
import pytest
import wfdb.processing
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from ecglib.errors import AnnotationError, ECGError
from ecglib.evaluation.peaks import matches, peak_report

trains = st.lists(st.integers(0, 120), max_size=25, unique=True).map(sorted).map(np.array)


@given(trains, trains, st.integers(0, 20))
@settings(deadline=None, max_examples=150)
def test_no_other_pairing_has_more_pairs(found, marked, tolerance):
    count = matches(found.astype(float), marked.astype(float), tolerance)
    assert count == matches(marked.astype(float), found.astype(float), tolerance)
    if len(found) and len(marked):
        near = csr_array((np.abs(found[:, None] - marked) <= tolerance).astype(np.int8))
        assert count == (maximum_bipartite_matching(near) >= 0).sum()
    else:
        assert count == 0


def made_train(seed, closest):
    """Marked beats at random distances, and what a detector might find: most of them, moved, and some that are none."""
    random = np.random.default_rng(seed)
    marked = np.cumsum(random.integers(closest, 120, 200))
    kept = marked[random.random(200) > 0.1]
    moved = kept + random.integers(-20, 21, len(kept))
    return np.unique(np.concatenate([moved, random.integers(0, marked[-1], 40)])), marked


@pytest.mark.parametrize("seed", range(10))
def test_counts_are_those_of_wfdb(seed):
    """wfdb calls near what is nearer than its window, we also what is as far as the tolerance: one sample between."""
    found, marked = made_train(seed, closest=31)
    compared = wfdb.processing.compare_annotations(marked, found, 15 + 1)
    assert 100 < matches(found.astype(float), marked.astype(float), 15) == compared.tp
    found, marked = made_train(seed, closest=10)
    compared = wfdb.processing.compare_annotations(marked, found, 15 + 1)
    assert compared.tp <= matches(found.astype(float), marked.astype(float), 15) <= 1.05 * compared.tp


def test_report_counts_and_intervals():
    trains = [made_train(seed, closest=31) for seed in range(6)]
    found, marked = [ours for ours, _ in trains], [true for _, true in trains]
    patients = np.array(["b", "a", "b", "c", "d", "e"])
    report = peak_report(found, marked, 100, patients, seed=3)
    compared = [wfdb.processing.compare_annotations(true, ours, 16) for ours, true in trains]
    assert report.hits.tolist() == [each.tp for each in compared]
    assert report.missed.tolist() == [each.fn for each in compared]
    assert report.extra.tolist() == [each.fp for each in compared]
    hits, missed, extra = (sum(getattr(each, name) for each in compared) for name in ("tp", "fn", "fp"))
    assert report.sensitivity.value == hits / (hits + missed)
    assert report.positive_predictive_value.value == hits / (hits + extra)
    assert report.sensitivity.n == 5

    random, resampled = np.random.default_rng(0), []
    for _ in range(4000):
        rows = np.concatenate([np.flatnonzero(patients == name) for name in random.choice(list("abcde"), 5)])
        resampled.append(report.hits[rows].sum() / (report.hits + report.extra)[rows].sum())
    found_interval = report.positive_predictive_value.low, report.positive_predictive_value.high
    np.testing.assert_allclose(found_interval, np.quantile(resampled, [0.025, 0.975]), atol=0.003)
    assert found_interval[1] - found_interval[0] > 0.01


def test_the_tolerance_is_in_seconds_and_its_end_counts():
    for rate, samples in ((100, 15), (360, 54), (500, 75)):
        near = peak_report([[1000 - samples], [1000]], [[1000], [1000]], rate, ["a", "b"])
        far = peak_report([[1000 - samples - 1], [1000]], [[1000], [1000]], rate, ["a", "b"])
        assert (near.sensitivity.value, far.sensitivity.value) == (1, 0.5)
    wide = peak_report([[900], [1000]], [[1000], [1000]], 100, ["a", "b"], tolerance=1)
    assert wide.hits.tolist() == [1, 1]


def test_fractions_of_samples_and_recordings_without_peaks():
    report = peak_report([[], [50], [70]], [[3.5], [35.2], []], 100, ["a", "b", "c"])
    assert (report.hits.tolist(), report.missed.tolist(), report.extra.tolist()) == ([0, 1, 0], [1, 0, 0], [0, 0, 1])


def test_what_can_not_be_compared():
    with pytest.raises(AnnotationError, match=r"order of time.*1 that don't"):
        peak_report([[5, 5], [1]], [[5], [1]], 100, ["a", "b"])
    for found, marked, patients in (
        ([[1]], [[1]], ["a"]),
        ([[1], [1]], [[1]], ["a", "b"]),
        ([[1]] * 2, [[1]] * 2, ["a"]),
    ):
        with pytest.raises(ECGError, match="two patients or more"):
            peak_report(found, marked, 100, patients)
    with pytest.raises(ECGError, match="no sensitivity of no beats"):
        peak_report([[1], [1]], [[], []], 100, ["a", "b"])
    with pytest.raises(ECGError, match="no predictive value of no beats"):
        peak_report([[], []], [[1], [1]], 100, ["a", "b"])
