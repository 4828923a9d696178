"""Rhythm windows against a plain loop over spans, and their counts in the real database."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import resample_poly

from ecglib.databases import MITBIH, Beats, Record, RhythmSpan
from ecglib.databases.splits import PACED
from ecglib.errors import AnnotationError, RecordTooShortError, SignalQualityError
from ecglib.signals import bandpass
from ecglib.signals.rhythm_windows import LEAD, RhythmWindows, rhythm_windows
from ecglib.signals.rr_statistics import rr_statistics

RATE = 128


@pytest.fixture(scope="module")
def found(twins: Path) -> RhythmWindows:
    return rhythm_windows(MITBIH(twins), progress=False)


def rhythm_of_samples(record: Record) -> list[str]:
    names = [""] * record.signal.shape[1]
    for span in record.rhythms:
        names[span.start : span.stop] = [span.name] * (span.stop - span.start)
    return names


def test_windows_are_those_of_a_plain_loop(twins: Path, found: RhythmWindows) -> None:
    at = 0
    for record in MITBIH(twins).read_all(progress=False):
        if record.name in PACED:
            continue
        assert record.beats is not None
        whole = bandpass(resample_poly(record.lead(LEAD), 16, 45, padtype="line"), RATE)
        names = rhythm_of_samples(record)
        for second in range(0, int(record.seconds) - 9, 10):
            first, last = second * 360, (second + 10) * 360
            assert (found.records[at], found.patients[at], found.starts[at]) == (record.name, record.patient, second)
            shown = set(names[first:last])
            assert found.rhythms[at] == (shown.pop() if len(shown) == 1 else "")
            np.testing.assert_allclose(found.windows[at], whole[second * RATE : (second + 10) * RATE], atol=1e-5)
            inside = [index for index, sample in enumerate(record.beats.samples) if first <= sample < last]
            assert (found.beats[at].samples + first).tolist() == record.beats.samples[inside].tolist()
            assert found.beats[at].symbols.tolist() == record.beats.symbols[inside].tolist()
            at += 1
    assert at == len(found) == len(found.rhythms) == len(found.beats)
    assert {"", "N", "AFIB", "AFL"} <= set(found.rhythms.tolist())


def test_who_and_at_which_rate(found: RhythmWindows) -> None:
    assert found.windows.dtype == np.float32
    assert found.windows.shape[1] == 10 * RATE
    assert not {*PACED} & {*found.records.tolist()}
    assert {*found.patients[np.isin(found.records, ["201", "202"])].tolist()} == {"201"}
    assert found.beat_rate == 360


@pytest.mark.parametrize(
    ("spans", "rhythms"),
    [
        ([(0, 7200, "N")], ["N", "N"]),
        ([(1, 7200, "N")], ["", "N"]),  # nothing is marked at the first sample
        ([(0, 3599, "N"), (3599, 7200, "AFIB")], ["", "AFIB"]),
        ([(0, 3600, "N"), (3600, 7200, "AFIB")], ["N", "AFIB"]),
        ([(0, 3601, "N"), (3601, 7200, "AFIB")], ["N", ""]),
        ([(0, 3000, "N"), (3000, 3300, "VFL"), (3300, 7200, "N")], ["", "N"]),
    ],
)
def test_where_a_rhythm_begins_and_ends(
    twins: Path, monkeypatch: pytest.MonkeyPatch, spans: list[tuple[int, int, str]], rhythms: list[str]
) -> None:
    signal = np.random.default_rng(0).standard_normal((1, 7300)).astype(np.float32)
    beats = Beats(np.array([0, 3599, 3600, 7250]), np.array(["N", "A", "V", "N"]))
    record = Record("mitbih", "100", "100", signal, (LEAD,), 360.0, beats, tuple(RhythmSpan(*span) for span in spans))
    monkeypatch.setattr(MITBIH, "names", lambda _: ["100", "102"])
    monkeypatch.setattr(MITBIH, "read", lambda _, name: {"100": record}[name])
    found = rhythm_windows(MITBIH(twins), progress=False)
    assert found.rhythms.tolist() == rhythms
    assert [part.samples.tolist() for part in found.beats] == [[0, 3599], [0]]
    assert [part.symbols.tolist() for part in found.beats] == [["N", "A"], ["V"]]


def test_other_lengths(twins: Path, found: RhythmWindows) -> None:
    short = rhythm_windows(MITBIH(twins), seconds=4, progress=False)
    assert short.windows.shape[1] == 4 * RATE
    assert set(np.mod(short.starts, 4)) == {0}
    assert {*short.records[short.of("AFL")].tolist()} == {"203", "222"}
    np.testing.assert_array_equal(short.windows[:2].reshape(-1), found.windows[0, : 8 * RATE])


def test_rows_of_rhythms(found: RhythmWindows) -> None:
    rows = found.of("AFIB", "N")
    assert rows.tolist() == [row for row, rhythm in enumerate(found.rhythms) if rhythm in ("N", "AFIB")]
    assert rows.tolist() == sorted([*found.of("N").tolist(), *found.of("AFIB").tolist()])
    with pytest.raises(AnnotationError, match=r"within the rhythm AFIBB or VF; .* found .*AFIB.*, N"):
        found.of("N", "AFIBB", "VF")


def test_take_keeps_the_order_and_everything_together(found: RhythmWindows) -> None:
    rows = np.array([5, 2, 9, 2])
    some = found.take(rows)
    assert len(some) == len(some.beats) == 4
    for at, row in enumerate(rows):
        np.testing.assert_array_equal(some.windows[at], found.windows[row])
        assert some.beats[at] is found.beats[row]
        assert (some.rhythms[at], some.records[at], some.patients[at], some.starts[at]) == (
            found.rhythms[row],
            found.records[row],
            found.patients[row],
            found.starts[row],
        )
    assert len(found.take([])) == 0
    assert found.take(found.of("AFIB")).of("AFIB").tolist() == list(range(len(found.of("AFIB"))))


def test_fibrillation_is_less_regular(found: RhythmWindows) -> None:
    irregular, regular = (
        np.median([rr_statistics(found.beats[row].samples, found.beat_rate)[3] for row in found.of(rhythm)])
        for rhythm in ("AFIB", "N")
    )
    assert irregular > 3 * regular


def test_what_is_refused_is_named(twins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(twins / "mitdb", tmp_path / "mitdb")
    (tmp_path / "mitdb/1.0.0/RECORDS").write_text("201\n")
    database = MITBIH(tmp_path)
    record = database.read("201")
    with pytest.raises(RecordTooShortError, match=r"mitbih/201.*at least 100000 s, found \d+"):
        rhythm_windows(database, seconds=100_000, progress=False)
    monkeypatch.setattr(MITBIH, "read", lambda *_: replace(record, signal=np.ones_like(record.signal)))
    with pytest.raises(SignalQualityError, match=r"mitbih/201.*a flat signal"):
        rhythm_windows(database, progress=False)


@pytest.mark.real_data
def test_real_counts(real_data: Path) -> None:
    found = rhythm_windows(MITBIH(real_data), progress=False)
    assert found.windows.shape == (7_920, 1_280)
    assert (len(np.unique(found.records)), len(np.unique(found.patients))) == (44, 43)
    healthy, ill = found.of("N"), found.of("AFIB")
    assert (len(healthy), len(ill)) == (5_903, 703)
    assert {*found.patients[ill].tolist()} == {"201", "203", "210", "219", "221", "222"}
    assert len(np.unique(found.patients[healthy])) == 39
    assert np.isfinite(found.windows).all()
    assert np.ptp(found.windows[found.of("N", "AFIB")], axis=1).min() > 0.1
    names, counts = np.unique(found.records[ill], return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == {
        "201": 57,
        "202": 54,
        "203": 126,
        "210": 169,
        "219": 133,
        "221": 162,
        "222": 2,
    }
    flutter = found.of("VFL")
    assert {*found.records[flutter].tolist()} == {"207"}
    assert min(len(found.beats[row]) for row in flutter) == 0
    both = [found.beats[row].samples for row in found.of("N", "AFIB")]
    assert np.isfinite([rr_statistics(samples, found.beat_rate) for samples in both]).all()
