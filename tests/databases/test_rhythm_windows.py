"""Rhythm windows against a plain loop over spans; their counts in the real database; RR statistics by hand."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import resample_poly

from ecglib.databases import MITBIH
from ecglib.databases.rhythm_windows import LEAD, RR_STATISTICS, RhythmWindows, rhythm_windows, rr_statistics
from ecglib.databases.splits import PACED
from ecglib.errors import AnnotationError, RecordTooShortError, SignalQualityError
from ecglib.signals import bandpass

RATE = 128


@pytest.fixture(scope="module")
def found(twins: Path) -> RhythmWindows:
    return rhythm_windows(MITBIH(twins), progress=False)


def test_windows_are_those_of_a_plain_loop(twins: Path, found: RhythmWindows) -> None:
    at = 0
    for record in MITBIH(twins).read_all(progress=False):
        if record.name in PACED:
            continue
        assert record.beats is not None
        whole = bandpass(resample_poly(record.lead(LEAD), 16, 45, padtype="line"), RATE)
        for second in range(0, int(record.seconds) - 9, 10):
            first, last = second * 360, (second + 10) * 360
            shown = {span.name for span in record.rhythms if span.start < last and span.stop > first}
            if first < record.rhythms[0].start or shown not in ({"N"}, {"AFIB"}):
                continue
            assert (found.records[at], found.patients[at], found.starts[at]) == (record.name, record.patient, second)
            assert {found.rhythms[found.labels[at]]} == shown
            np.testing.assert_allclose(found.windows[at], whole[second * RATE : (second + 10) * RATE], atol=1e-5)
            inside = [index for index, sample in enumerate(record.beats.samples) if first <= sample < last]
            assert (found.beats[at].samples + first).tolist() == record.beats.samples[inside].tolist()
            assert found.beats[at].symbols.tolist() == record.beats.symbols[inside].tolist()
            at += 1
    assert at == len(found) == len(found.labels) == len(found.beats)


def test_of_two_rhythms(found: RhythmWindows) -> None:
    assert found.rhythms == ("N", "AFIB")
    assert found.windows.dtype == np.float32
    assert found.windows.shape[1] == 10 * RATE
    assert found.labels.dtype == np.int64
    assert not {*PACED} & {*found.records.tolist()}
    assert {*found.patients[np.isin(found.records, ["201", "202"])].tolist()} == {"201"}
    assert found.beat_rate == 360


def test_other_rhythms_and_lengths(twins: Path) -> None:
    short = rhythm_windows(MITBIH(twins), seconds=4, positive="AFL", against="AFIB", progress=False)
    assert short.windows.shape[1] == 4 * RATE
    assert {*short.records[short.labels == 1].tolist()} == {"203", "222"}
    assert set(np.mod(short.starts, 4)) == {0}


def test_fibrillation_is_less_regular(found: RhythmWindows) -> None:
    change = np.array([rr_statistics(beats.samples, found.beat_rate)[3] for beats in found.beats])
    assert np.median(change[found.labels == 1]) > 3 * np.median(change[found.labels == 0])


def test_a_rhythm_that_nobody_has(twins: Path) -> None:
    with pytest.raises(AnnotationError, match=r"within the rhythm AFIBB; .*windows of 10 s, found \d+ windows"):
        rhythm_windows(MITBIH(twins), positive="AFIBB", progress=False)


def test_a_flat_lead_is_refused_with_its_record(twins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(twins / "mitdb", tmp_path / "mitdb")
    (tmp_path / "mitdb/1.0.0/RECORDS").write_text("201\n")
    database = MITBIH(tmp_path)
    flat = replace(database.read("201"), signal=np.ones_like(database.read("201").signal))
    monkeypatch.setattr(MITBIH, "read", lambda *_: flat)
    with pytest.raises(SignalQualityError, match=r"mitbih/201.*a flat signal"):
        rhythm_windows(database, progress=False)


def test_statistics_by_hand() -> None:
    found = dict(zip(RR_STATISTICS, rr_statistics([0, 100, 250, 350, 600], rate=100), strict=True))
    # intervals 1, 1.5, 1, 2.5 s; changes 0.5, -0.5, 1.5
    spread = np.sqrt((0.5**2 + 0 + 0.5**2 + 1**2) / 4)
    assert found == pytest.approx(
        {
            "mean": 1.5,
            "sd": spread,
            "rmssd": np.sqrt((0.25 + 0.25 + 2.25) / 3),
            "relative_change": 0.5 / 1.5,
            "coefficient_of_variation": spread / 1.5,
        }
    )


def test_a_clock_twice_as_fast_changes_no_statistic() -> None:
    beats = np.cumsum(np.random.default_rng(0).integers(200, 400, 12))
    np.testing.assert_allclose(rr_statistics(beats, 360), rr_statistics(2 * beats + 7, 720))


def test_beats_that_have_no_statistics() -> None:
    with pytest.raises(RecordTooShortError, match="at least three, found 2"):
        rr_statistics([0, 360], 360)
    with pytest.raises(AnnotationError, match="found 1 that don't"):
        rr_statistics([0, 360, 360, 720], 360)


@pytest.mark.real_data
def test_real_counts(real_data: Path) -> None:
    found = rhythm_windows(MITBIH(real_data), progress=False)
    assert np.bincount(found.labels).tolist() == [5_903, 703]
    assert {*found.patients[found.labels == 1].tolist()} == {"201", "203", "210", "219", "221", "222"}
    assert len({*found.patients[found.labels == 0].tolist()}) == 39
    assert len(np.unique(found.patients)) == 42
    assert found.windows.shape == (6_606, 1_280)
    assert np.isfinite(found.windows).all()
    assert np.ptp(found.windows, axis=1).min() > 0.1
    assert min(map(len, found.beats)) >= 5
    ill, counts = np.unique(found.records[found.labels == 1], return_counts=True)
    assert dict(zip(ill.tolist(), counts.tolist(), strict=True)) == {
        "201": 57,
        "202": 54,
        "203": 126,
        "210": 169,
        "219": 133,
        "221": 162,
        "222": 2,
    }
    statistics = np.stack([rr_statistics(beats.samples, found.beat_rate) for beats in found.beats])
    assert np.isfinite(statistics).all()
