"""Shares of a map, on beats whose waves are known by construction."""

import numpy as np
import pytest

from ecglib.databases.record import NOT_MARKED, Waves
from ecglib.databases.synthetic.mitbih import make_mitbih
from ecglib.errors import ECGError
from ecglib.evaluation.wave_energy import PARTS, UNKNOWN, beat_parts, energy_report, part_shares


@pytest.fixture(scope="module")
def heart():
    """A made recording: its beats away from the ends, their symbols, and the waves of its first lead."""
    _, recording = make_mitbih("106", 0)
    known = recording.waves(recording.leads[0])
    columns = [[getattr(wave, name) for wave in known] for name in ("kind", "onset", "peak", "offset")]
    order = np.argsort(columns[2])
    waves = Waves(np.array(columns[0])[order], *(np.array(column)[order] for column in columns[1:]))
    return recording, known, waves


def test_parts_are_the_waves_that_the_construction_knows(heart):
    recording, known, waves = heart
    chosen = np.arange(3, len(recording.fiducials) - 3)
    parts = beat_parts(waves, recording.fiducials[chosen], 100, 160)
    assert set(np.unique(parts)) == {0, 1, 2, 3}
    for row, beat in zip(parts, chosen, strict=True):
        start = recording.fiducials[beat] - 100
        of_beat = {wave.kind: wave for wave in known if wave.beat == beat}
        for index, kind in enumerate(PARTS[:2]):
            inside = np.flatnonzero(row == index) + start
            if kind not in of_beat:
                assert not len(inside), (beat, kind)
                continue
            first, last = max(of_beat[kind].onset, start), min(of_beat[kind].offset, start + 259)
            taken = {at for other in known if other is not of_beat[kind] for at in range(other.onset, other.offset + 1)}
            expected = set(range(first, last + 1))
            assert expected - taken <= set(inside) <= expected, (beat, kind)


def test_a_ventricular_beat_has_no_p_wave_and_a_wider_qrs(heart):
    recording, _, waves = heart
    symbols = np.array(recording.course.symbols)
    chosen = np.arange(3, len(symbols) - 3)
    durations = part_shares(np.ones((len(chosen), 260)), beat_parts(waves, recording.fiducials[chosen], 100, 160))
    ventricular = symbols[chosen] == "V"
    assert ventricular.sum() > 10
    assert (durations[ventricular, 0] == 0).all()
    assert durations[symbols[chosen] == "N", 0].min() > 0
    assert durations[ventricular, 1].mean() > 1.3 * durations[symbols[chosen] == "N", 1].mean()


def test_shares_add_up_and_find_energy_where_it_was_put(heart):
    recording, _, waves = heart
    parts = beat_parts(waves, recording.fiducials[3:-3], 100, 160)
    rng = np.random.default_rng(0)
    shares = part_shares(rng.random((2, *parts.shape)), parts)
    np.testing.assert_allclose(shares.sum(axis=-1), 1)
    for part in range(4):
        there = (parts == part).any(axis=1)
        on_it = part_shares((parts == part).astype(float), parts)
        np.testing.assert_array_equal(on_it[there], np.eye(4)[np.full(there.sum(), part)])
        assert np.isnan(on_it[~there]).all()


def test_a_map_without_preference_is_at_chance_and_one_on_the_qrs_is_not(heart):
    recording, _, waves = heart
    parts = beat_parts(waves, recording.fiducials[3:-3], 100, 160)
    durations = part_shares(np.ones(parts.shape), parts)
    patients = np.arange(len(parts)) % 12
    blind = energy_report(part_shares(np.random.default_rng(0).random((3, *parts.shape)), parts), durations, patients)
    for part in PARTS:
        assert blind[part].ratio.low < 1.05
        assert blind[part].ratio.high > 0.95
        assert blind[part].ratio.value == pytest.approx(1, abs=0.03)
        assert len(blind[part].energy.by_seed) == 3
    bright = np.where(parts == 1, 3.0, 1.0)
    seen = energy_report(part_shares(bright, parts), durations, patients)
    assert seen["QRS"].ratio.low > 1.5
    assert seen["T"].ratio.high < 1


def test_intervals_are_those_of_a_plain_loop():
    rng = np.random.default_rng(3)
    shares, durations = rng.dirichlet(np.ones(4), (2, 60)), rng.dirichlet(np.full(4, 9.0), 60)
    shares[0, 5:9] = np.nan
    patients = np.repeat(np.arange(6), [20, 5, 5, 10, 10, 10])
    report = energy_report(shares, durations, patients, resamples=4000, seed=1)
    expected = np.mean([np.nanmean(shares[seed, :, 1]) for seed in range(2)])
    assert report["QRS"].energy.value == pytest.approx(expected)
    drawn = []
    for _ in range(4000):
        beats = np.concatenate([np.flatnonzero(patients == who) for who in rng.integers(0, 6, 6)])
        ratios = []
        for seed in range(2):
            kept = beats[~np.isnan(shares[seed, beats, 1])]
            ratios.append(shares[seed, kept, 1].mean() / durations[kept, 1].mean())
        drawn.append(np.mean(ratios))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert report["QRS"].ratio.low == pytest.approx(low, abs=0.02)
    assert report["QRS"].ratio.high == pytest.approx(high, abs=0.02)
    assert report["QRS"].ratio.n == 6


def test_a_part_that_never_occurs_has_no_ratio():
    durations = np.tile([0.0, 0.3, 0.3, 0.4], (6, 1))
    report = energy_report(durations, durations, np.arange(6))
    assert report["P"].ratio is None
    assert report["P"].energy.value == 0
    assert report["QRS"].ratio.value == pytest.approx(1)


def marks(**changed):
    rows = {
        "kinds": np.array(["QRS", "P", "QRS", "T", "QRS"]),
        "onsets": np.array([40, 90, 100, 130, 190]),
        "peaks": np.array([45, 93, 105, 135, 195]),
        "offsets": np.array([50, 96, 110, 140, 200]),
    }
    return Waves(**(rows | changed))


def test_what_nobody_marked_is_unknown():
    assert (beat_parts(marks(), [105], 70, 100)[0] == UNKNOWN).sum() == 5 + 4
    assert (beat_parts(marks(), [105], 60, 90)[0] != UNKNOWN).all()
    assert (beat_parts(marks(), [75], 10, 10, tolerance=10) == UNKNOWN).all()
    bare = marks(offsets=np.array([50, 96, 110, NOT_MARKED, 200]))
    assert (beat_parts(bare, [105], 30, 30) == UNKNOWN).all()
    assert (beat_parts(bare, [195], 30, 5) != UNKNOWN).all()
    assert np.isnan(part_shares(np.ones((1, 60)), beat_parts(bare, [105], 30, 30))).all()


def test_a_p_wave_before_the_previous_qrs_is_not_this_beats():
    own = marks(peaks=np.array([45, 93, 105, 135, 195]))
    assert not (beat_parts(own, [195], 150, 5) == 0).any()
    assert (beat_parts(own, [105], 60, 5) == 0).sum() == 7
    assert not (beat_parts(own, [45], 5, 150) == 2).any()


def test_bad_input_is_refused():
    with pytest.raises(ECGError, match="no QRS"):
        beat_parts(marks().of("P"), [93], 5, 5)
    with pytest.raises(ECGError, match="split"):
        part_shares(np.ones((1, 5)), np.zeros((1, 6), np.int8))
    with pytest.raises(ECGError, match="split"):
        part_shares(-np.ones((1, 6)), np.zeros((1, 6), np.int8))
    with pytest.raises(ECGError, match="no map"):
        energy_report(np.full((3, 4), np.nan), np.full((3, 4), 0.25), np.arange(3))
    with pytest.raises(ECGError, match="differ"):
        energy_report(np.ones((3, 4)), np.ones((2, 4)), np.arange(3))
    with pytest.raises(ECGError, match="two patients"):
        energy_report(np.full((3, 4), 0.25), np.full((3, 4), 0.25), np.zeros(3))
