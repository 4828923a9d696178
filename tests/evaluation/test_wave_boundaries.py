"""Boundaries counted by hand, paired against every possible pairing, and compared with ``boundary_errors``."""

from itertools import permutations

import numpy as np
import pytest

from ecglib.databases.record import NOT_MARKED, Waves
from ecglib.errors import ECGError
from ecglib.evaluation.wave_boundaries import BOUNDARIES, boundary_report, boundary_table, match_boundaries
from ecglib.signals.delineation import boundary_errors


def waves(*rows):
    kinds, onsets, offsets = zip(*rows, strict=True)
    onsets, offsets = np.array(onsets), np.array(offsets)
    peaks = np.where(
        onsets == NOT_MARKED, offsets - 5, np.where(offsets == NOT_MARKED, onsets + 5, (onsets + offsets) // 2)
    )
    return Waves(np.array(kinds), onsets, peaks, offsets)


MARKED = waves(("P", 100, 150), ("QRS", 200, 240), ("T", 300, 400), ("P", 600, 650), ("QRS", 700, 740), ("T", 800, 900))


def report(found, marked=MARKED, rate=500, **settings):
    return boundary_report([found, found], [marked, marked], ["a", "b"], found_rate=rate, marked_rate=500, **settings)


def test_what_is_marked_is_found():
    for score in report(MARKED).values():
        assert (score.sensitivity.value, score.predictive_value.value, score.mean, score.spread) == (1, 1, 0, 0)
        assert (score.sensitivity.low, score.predictive_value.low) == (1, 1)


def test_by_hand():
    found = waves(
        ("P", 20, 60), ("P", 104, 150), ("QRS", 196, 250), ("T", 300, 500), ("P", 420, 450), ("QRS", 700, 740),
        ("T", 875, 905), ("P", 950, 980),
    )  # fmt: skip
    scores = report(found)
    errors = {name: score.errors.round(6).tolist() for name, score in scores.items()}
    assert errors["P", "onset"] == [8, 8]
    assert scores["P", "onset"].sensitivity.value == 1 / 2
    assert scores["P", "onset"].predictive_value.value == 1 / 2, "those before and after the marked span don't count"
    assert errors["QRS", "onset"] == [-8, 0, -8, 0]
    assert scores["QRS", "onset"].mean == pytest.approx(-4)
    assert scores["QRS", "onset"].spread == pytest.approx(np.std([-8, 0, -8, 0], ddof=1))
    assert errors["QRS", "offset"] == [20, 0, 20, 0]
    assert errors["T", "offset"] == [10, 10], "0.2 s is too far"
    assert (scores["T", "offset"].sensitivity.value, scores["T", "offset"].predictive_value.value) == (0.5, 0.5)
    assert errors["T", "onset"] == [0, 150, 0, 150], "0.15 s is not"


def test_nothing_found_and_nothing_marked():
    nothing = Waves(np.array([], "<U3"), *np.zeros((3, 0), np.int64))
    scores = report(nothing)
    for score in scores.values():
        assert (score.sensitivity.value, score.predictive_value.value, len(score.errors)) == (0, 0, 0)
        assert np.isnan([score.mean, score.spread]).all()
    with pytest.raises(ECGError, match="no onset of P is marked"):
        report(MARKED, nothing)


def test_beside_a_wave_without_a_bracket_nothing_is_invented():
    marked = waves(("P", 100, 150), ("QRS", NOT_MARKED, 240), ("T", 300, 400))
    found = waves(("P", 100, 150), ("QRS", 200, 240), ("T", 300, 400))
    other = waves(("P", 100, 150), ("QRS", 260, 290), ("T", 300, 400))
    both = waves(*zip(found.kinds, found.onsets, found.offsets, strict=True), ("QRS", 320, 380))
    elsewhere = waves(("P", 100, 150), ("QRS", 200, 240), ("T", 300, 400))
    marks = [marked, elsewhere]
    for ours, invented in ((found, 0), (other, 1), (both, 1)):
        scores = boundary_report([ours, elsewhere], marks, ["a", "b"], found_rate=500, marked_rate=500)
        assert scores["QRS", "onset"].predictive_value.value == 1 / (1 + invented)
        assert scores["QRS", "onset"].sensitivity.value == 1


def test_marks_of_another_rate_are_compared_at_their_edges():
    """Labels at 100 Hz, exact but for their grid, are as often early as late."""
    from ecglib.signals.wave_labels import wave_labels, waves_of_labels

    random = np.random.default_rng(0)
    marked = []
    for _ in range(40):
        borders = np.cumsum(random.integers(21, 90, 12))
        marked.append(waves(*zip(["P", "QRS", "T"] * 2, borders[::2], borders[1::2], strict=True)))
    found = [waves_of_labels(np.maximum(wave_labels(one, 1500, 500, 100), 0)) for one in marked]
    scores = boundary_report(found, marked, np.arange(40), found_rate=100, marked_rate=500)
    for score in scores.values():
        assert score.sensitivity.value == score.predictive_value.value == 1
        assert np.abs(score.errors).max() <= 4 + 1e-9
        assert abs(score.mean) < 1


@pytest.mark.parametrize("seed", range(30))
def test_no_pairing_is_better(seed):
    random = np.random.default_rng(seed)
    ours, true = (np.sort(random.uniform(0, 1, random.integers(0, 6))) for _ in range(2))
    apart = np.abs(np.subtract.outer(ours, true))
    best = (0, 0.0)
    few, many = sorted((len(ours), len(true)))
    for order in permutations(range(many), few):
        pairs = [apart[k, order[k]] if len(ours) <= len(true) else apart[order[k], k] for k in range(few)]
        near = [distance for distance in pairs if distance <= 0.15]
        best = max(best, (len(near), -sum(near)))
    left, right = match_boundaries(ours, true, 0.15)
    assert len(set(left)) == len(set(right)) == len(left) == best[0]
    assert apart[left, right].sum() == pytest.approx(-best[1])


def test_where_waves_overlap_the_errors_are_those_of_boundary_errors():
    random = np.random.default_rng(1)
    found = Waves(MARKED.kinds, MARKED.onsets + random.integers(-9, 10, 6), MARKED.peaks, MARKED.offsets + 7)
    scores, errors = report(found), boundary_errors(found, MARKED, 500)
    for wave, side in BOUNDARIES:
        np.testing.assert_allclose(scores[wave, side].errors[:2], 1000 * errors[wave][side], atol=1e-9)


def test_intervals_draw_patients():
    late = waves(
        *((kind, on, off + 100) for kind, on, off in zip(MARKED.kinds, MARKED.onsets, MARKED.offsets, strict=True))
    )
    patients = np.repeat(np.arange(10), 2)
    scores = boundary_report([MARKED] * 16 + [late] * 4, [MARKED] * 20, patients, found_rate=500, marked_rate=500)
    found = scores["QRS", "offset"].sensitivity
    assert (found.value, found.n) == (0.8, 10)
    random = np.random.default_rng(0)
    low, high = np.quantile(random.binomial(10, 0.8, 20_000) / 10, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.051)


def test_a_table():
    table = boundary_table(report(MARKED))
    assert table["boundary"].tolist() == ["P onset", "P offset", "QRS onset", "QRS offset", "T onset", "T offset"]
    assert table["error (ms)"].tolist() == ["0.0 ± 0.0"] * 6
    assert table["sensitivity (%)"][0] == "100.0 (100.0 to 100.0)"


def test_as_many_found_as_marked():
    with pytest.raises(ECGError, match="1 and 2 recordings"):
        boundary_report([MARKED], [MARKED] * 2, ["a", "b"], found_rate=500, marked_rate=500)
