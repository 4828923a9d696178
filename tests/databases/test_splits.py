from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ecglib.databases import LUDB, MITBIH, PTBXL
from ecglib.databases.aami import AAMI_CLASSES, aami_classes
from ecglib.databases.mitbih import patient_of
from ecglib.databases.splits import (
    DS1,
    DS1_VALIDATION,
    DS2,
    PACED,
    Split,
    assert_no_shared_samples,
    assert_patient_disjoint,
    blocked,
    inter_patient,
    intra_patient,
    ludb_by_patient,
    overlapping_fraction,
    ptbxl_folds,
    three_splits,
)
from ecglib.errors import LeakageError, MissingFileError, RecordTooShortError

WINDOW = (100, 160)
Beats = tuple[NDArray[np.str_], NDArray[np.int64], NDArray[np.int64]]


def _beats(database: MITBIH) -> Beats:
    """Record, sample and AAMI class of every beat."""
    names, samples, symbols = [], [], []
    for record in database.read_all(progress=False):
        assert record.beats is not None
        names += [record.name] * len(record.beats)
        samples.append(record.beats.samples)
        symbols.append(record.beats.symbols)
    return np.array(names), np.concatenate(samples), aami_classes(np.concatenate(symbols))


def _parts(split: Split) -> tuple[NDArray[np.int64], ...]:
    return split.train, split.validation, split.test


def _covered(records: NDArray[np.str_], samples: NDArray[np.int64], beats: NDArray[np.int64]) -> set[tuple[str, int]]:
    """Every sample that a window of these beats covers, one by one."""
    before, after = WINDOW
    return {
        (str(records[beat]), place) for beat in beats for place in range(samples[beat] - before, samples[beat] + after)
    }


@pytest.fixture(scope="module")
def walks() -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """Beats of three records at random distances, not in order of time."""
    random = np.random.default_rng(3)
    samples = np.concatenate([np.cumsum(random.integers(60, 500, 300)) for _ in range(3)])
    records = np.repeat(["100", "101", "102"], 300)
    order = random.permutation(900)
    return records[order], samples[order]


def test_intra_keeps_the_share_of_each_class_and_every_beat() -> None:
    labels = np.repeat([0, 1, 2], [1000, 100, 10])
    split = intra_patient(labels, seed=1)
    assert [np.bincount(labels[part]).tolist() for part in _parts(split)] == [[700, 70, 7], [100, 10, 1], [200, 20, 2]]
    assert sorted(np.concatenate(_parts(split)).tolist()) == list(range(1110))


def test_seeds_repeat_and_differ(walks: tuple[NDArray[np.str_], NDArray[np.int64]]) -> None:
    records, samples = walks
    names = [str(number) for number in range(30)]
    for make in (
        lambda seed: intra_patient(records, seed),
        lambda seed: blocked(records, samples, 360, WINDOW, seed),
        lambda seed: ludb_by_patient(names, seed),
    ):
        np.testing.assert_array_equal(make(5).test, make(5).test)
        assert make(5).test.tolist() != make(6).test.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_blocked_shares_no_sample_by_brute_force(walks: tuple[NDArray[np.str_], NDArray[np.int64]], seed: int) -> None:
    records, samples = walks
    split = blocked(records, samples, 360, WINDOW, seed)
    train, validation, test = (_covered(records, samples, part) for part in _parts(split))
    assert not test & train
    assert not test & validation
    assert not validation & train
    assert sum(map(len, _parts(split))) > 0.85 * len(records)
    for part in _parts(split):
        assert {*records[part]} == {"100", "101", "102"}


def test_blocked_leaves_the_gap_free(walks: tuple[NDArray[np.str_], NDArray[np.int64]]) -> None:
    records, samples = walks
    split = blocked(records, samples, 360, WINDOW, seed=0, gap=2.0)
    role = np.full(len(records), -1)
    for number, part in enumerate(_parts(split)):
        role[part] = number
    for record in np.unique(records):
        mine = np.flatnonzero((records == record) & (role >= 0))
        mine = mine[np.argsort(samples[mine])]
        borders = role[mine][1:] != role[mine][:-1]
        assert borders.any()
        assert np.all(np.diff(samples[mine])[borders] >= sum(WINDOW) + 2 * 360)


def test_blocked_refuses_a_record_with_few_beats() -> None:
    with pytest.raises(RecordTooShortError, match=r"105.*fewer blocks") as caught:
        blocked(["100"] * 500 + ["105"] * 6, np.arange(506) * 300, 360, WINDOW)
    assert caught.value.record == "105"


@settings(max_examples=200, deadline=None)
@given(
    samples=st.lists(st.integers(0, 600), min_size=2, max_size=12),
    data=st.data(),
    window=st.tuples(st.integers(0, 40), st.integers(1, 60)),
)
def test_shared_samples_are_found_exactly(samples: list[int], data: st.DataObject, window: tuple[int, int]) -> None:
    count = len(samples)
    records = np.array(data.draw(st.lists(st.sampled_from(["a", "b"]), min_size=count, max_size=count)))
    side = np.array(data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count)))
    spans = [(str(r), set(range(s - window[0], s + window[1]))) for r, s in zip(records, samples, strict=True)]
    pairs = [
        (i, j)
        for i in range(count)
        for j in range(count)
        if i != j and spans[i][0] == spans[j][0] and spans[i][1] & spans[j][1]
    ]
    wanted = [any(i == k for i, _ in pairs) for k in range(count)]
    assert overlapping_fraction(records, samples, window).tolist() == wanted
    one, other = np.flatnonzero(side == 0), np.flatnonzero(side == 1)
    if any(side[i] == 0 and side[j] == 1 for i, j in pairs):
        with pytest.raises(LeakageError, match="share samples"):
            assert_no_shared_samples(records, samples, window, one, other)
    else:
        assert_no_shared_samples(records, samples, window, one, other)


def test_inter_keeps_201_and_202_on_one_side_and_paced_patients_out() -> None:
    records = np.repeat([*DS1, *DS2, *PACED], 2)
    split = inter_patient(records)
    assert set(records[split.test]) == set(DS2)
    assert set(records[split.validation]) == set(DS1_VALIDATION)
    assert set(records[split.train]) == set(DS1) - set(DS1_VALIDATION)
    sides = [{patient_of(name) for name in records[part]} for part in _parts(split)]
    assert not sides[0] & sides[1]
    assert not (sides[0] | sides[1]) & sides[2]


def test_inter_catches_a_patient_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecglib.databases.splits.DS2", (*DS2, "202"))
    monkeypatch.setattr("ecglib.databases.splits.DS1", tuple(name for name in DS1 if name != "202"))
    with pytest.raises(LeakageError, match="201"):
        inter_patient([*DS1, *DS2])


def test_inter_needs_records_of_all_three_parts() -> None:
    with pytest.raises(MissingFileError, match="validation part"):
        inter_patient(["101", "100"])


def test_patients_on_both_sides_are_named() -> None:
    assert_patient_disjoint(["100", "101"], ["102"], ["103"])
    with pytest.raises(LeakageError, match="found 101, 103"):
        assert_patient_disjoint(["100", "101", "103"], ["102", "101"], ["103"])


def test_a_split_holds_each_example_once() -> None:
    with pytest.raises(LeakageError, match="two parts"):
        Split("bad", np.array([0, 1]), np.array([1]), np.array([2]))


def test_ptbxl_folds_follow_the_table(tiny: Path) -> None:
    table = tiny / "ptb-xl/1.0.3/ptbxl_database.csv"
    table.write_text(table.read_text() + "3,1.0,60.0,1,,{},9\n")
    split = ptbxl_folds(PTBXL(tiny))
    assert [part.tolist() for part in _parts(split)] == [[0], [2], [1]]


def test_ptbxl_folds_refuse_a_patient_on_both_sides(tiny: Path) -> None:
    table = tiny / "ptb-xl/1.0.3/ptbxl_database.csv"
    table.write_text(table.read_text() + "3,15709.0,60.0,1,,{},10\n")
    with pytest.raises(LeakageError, match="15709"):
        ptbxl_folds(PTBXL(tiny))


def test_three_splits_are_the_three(walks: tuple[NDArray[np.str_], NDArray[np.int64]]) -> None:
    _, samples = walks
    records = np.repeat(["101", "114", "100"], len(samples) // 3)
    samples = samples[: len(records)]
    classes = np.arange(len(records)) % 3
    cuts = three_splits(records, samples, classes, 360, WINDOW, seed=4)
    wanted = (intra_patient(classes, 4), blocked(records, samples, 360, WINDOW, 4), inter_patient(records))
    assert [*cuts] == ["intra", "blocked", "inter"]
    for cut, alone in zip(cuts.values(), wanted, strict=True):
        for one, other in zip(_parts(cut), _parts(alone), strict=True):
            np.testing.assert_array_equal(one, other)


def test_three_splits_stop_at_a_leak(
    walks: tuple[NDArray[np.str_], NDArray[np.int64]], monkeypatch: pytest.MonkeyPatch
) -> None:
    records, samples = walks
    monkeypatch.setattr("ecglib.databases.splits.DS2", (*DS2, "202"))
    monkeypatch.setattr("ecglib.databases.splits.DS1", tuple(name for name in DS1 if name != "202"))
    renamed = np.array(["201", "202", "114"])[np.unique(records, return_inverse=True)[1]]
    with pytest.raises(LeakageError):
        three_splits(renamed, samples, np.zeros(len(records)), 360, WINDOW, seed=0)


def test_twins_can_be_split_in_every_way(twins: Path) -> None:
    records, samples, classes = _beats(MITBIH(twins))
    inter = inter_patient(records)
    for part in _parts(inter):
        assert {*classes[part]} >= {0, 1, 2, 3}
    shared = blocked(records, samples, 360, WINDOW)
    assert {*records[shared.test]} == {*records}
    assert all(len(part) for part in _parts(intra_patient(classes, 0)))
    assert all(len(part) for part in _parts(ptbxl_folds(PTBXL(twins))))
    assert all(len(part) for part in _parts(ludb_by_patient(LUDB(twins).names(), 0)))


@pytest.fixture(scope="module")
def real_beats(real_data: Path) -> Beats:
    return _beats(MITBIH(real_data))


def _counts(classes: NDArray[np.int64], part: NDArray[np.int64]) -> list[int]:
    return np.bincount(classes[part], minlength=len(AAMI_CLASSES)).tolist()


@pytest.mark.real_data
def test_real_intra_and_inter_sizes(real_beats: Beats) -> None:
    records, _, classes = real_beats
    assert [len(part) for part in _parts(intra_patient(classes, 0))] == [76_646, 10_949, 21_899]
    inter = inter_patient(records)
    assert _counts(classes, inter.train) == [39_325, 815, 3_204, 387, 8]
    assert _counts(classes, inter.validation) == [8_602, 184, 603, 29, 0]
    assert _counts(classes, inter.test) == [42_198, 1_782, 3_202, 387, 7]


@pytest.mark.real_data
@pytest.mark.parametrize("seed", range(3))
def test_real_blocked_loses_few_beats_and_no_class(real_beats: Beats, seed: int) -> None:
    records, samples, classes = real_beats
    split = blocked(records, samples, 360, WINDOW, seed)
    assert sum(map(len, _parts(split))) > 0.99 * len(records)
    for part in _parts(split):
        assert len(np.unique(records[part])) == 48
        assert min(_counts(classes, part)) >= 40
    for record in np.unique(records):
        covered = np.zeros((3, 650_000 + sum(WINDOW)), dtype=np.int64)
        for row, part in zip(covered, _parts(split), strict=True):
            for sample in samples[part[records[part] == record]]:
                row[sample : sample + sum(WINDOW)] = 1
        assert covered.sum(axis=0).max() == 1


@pytest.mark.real_data
def test_real_windows_overlap_as_the_traps_say(real_beats: Beats) -> None:
    records, samples, classes = real_beats
    shared = overlapping_fraction(records, samples, WINDOW)
    assert shared.mean() == pytest.approx(0.49, abs=0.005)
    by_class = [shared[classes == index].mean() for index in range(4)]
    assert by_class == pytest.approx([0.49, 0.68, 0.94, 0.98], abs=0.005)


@pytest.mark.real_data
@pytest.mark.parametrize("rate", [100, 500])
def test_real_ptbxl_folds_are_those_of_the_tables(
    real_data: Path, ptbxl_rows: Callable[[int], pd.DataFrame], rate: int
) -> None:
    side = ptbxl_rows(rate)["side"].to_numpy()
    split = ptbxl_folds(PTBXL(real_data, rate=rate))
    for stated, part in zip(("train", "validation", "test"), _parts(split), strict=True):
        np.testing.assert_array_equal(part, np.flatnonzero(side == stated))
    assert sum(map(len, _parts(split))) == len(side)


@pytest.mark.real_data
def test_real_ludb_is_split_by_patient(real_data: Path) -> None:
    assert [len(part) for part in _parts(ludb_by_patient(LUDB(real_data).names(), 0))] == [140, 20, 40]
