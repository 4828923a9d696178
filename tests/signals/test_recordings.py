import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy.signal import butter, resample_poly, sosfiltfilt

from ecglib.databases import PTBXL, Chapman
from ecglib.databases.chapman import rhythm_group
from ecglib.databases.record import Record
from ecglib.errors import DamagedFileError, ECGError
from ecglib.signals.recordings import OTHER_RHYTHM, SCP_RHYTHMS, labelled_recordings, scp_rhythm

GROUPS = ("SB", "AFIB", "GSVT", "SR")


def record(name, rhythm="SR", *, seconds=10.0, rate=500.0, leads=("I", "II"), change=lambda signal: signal):
    random = np.random.default_rng(int(name))
    signal = np.cumsum(random.normal(0, 0.02, (len(leads), round(seconds * rate))), axis=1).astype(np.float32)
    return Record("made", name, f"p{name}", change(signal), leads, rate, labels=(rhythm,))


class Made:
    """Records from memory; None stands for a file that can't be read."""

    key = "made"

    def __init__(self, **records):
        self.records = {name.strip("_"): found for name, found in records.items()}

    def names(self):
        return list(self.records)

    def read(self, name):
        found = self.records[name]
        if found is None:
            raise DamagedFileError("cut short", record=name)
        return found


def rhythm_of(found):
    return found.labels[0]


def put(lead, samples, value):
    def change(signal):
        signal[lead, samples] = value
        return signal

    return change


def test_what_is_kept_is_lead_two_on_the_common_grid():
    made = Made(_1=record("1", "SB"), _2=record("2", "SR", rate=100.0), _3=record("3", "SB", seconds=12.5))
    found = labelled_recordings(made, rhythm_of, ("SR", "SB"), progress=False)
    assert found.signals.shape == (3, 1280)
    assert found.signals.dtype == np.float32
    assert (found.labels.tolist(), found.classes) == ([1, 0, 1], ("SR", "SB"))
    assert (found.names.tolist(), found.patients.tolist()) == (["1", "2", "3"], ["p1", "p2", "p3"])
    assert found.left_out == {}
    sections = butter(3, [0.5, 40], btype="bandpass", fs=128, output="sos")
    for row, name, (up, down) in zip(found.signals, found.names, [(32, 125), (32, 25), (32, 125)], strict=True):
        source = made.read(name)
        ten = source.signal[1, : round(10 * source.rate)].astype(np.float64)
        expected = sosfiltfilt(sections, resample_poly(ten, up, down, padtype="line"), padlen=256)
        np.testing.assert_allclose(row, expected, atol=1e-5)


def test_every_reason_to_leave_a_record_out_is_said():
    made = Made(
        _1=record("1"),
        _2=None,
        _3=record("3", leads=("I", "V1")),
        _4=record("4", change=put(1, 77, np.nan)),
        _5=record("5", change=put(1, slice(None), 0.3)),
        _6=record("6", seconds=9.9),
        _7=record("7", "AFLT"),
        _8=record("8", seconds=20.0, change=put(1, slice(None, 5000), 0.0)),
        _9=record("9", change=put(0, slice(None), np.nan)),
    )
    found = labelled_recordings(made, rhythm_of, ("SR",), progress=False)
    assert found.names.tolist() == ["1", "9"]
    assert list(found.left_out) == ["2", "3", "4", "5", "6", "7", "8"]
    assert found.left_out["2"] == "cut short"
    assert found.left_out["3"] == "no lead II"
    assert found.left_out["4"] == "samples that are no numbers"
    assert found.left_out["5"] == found.left_out["8"] == "a flat signal"
    assert "shorter" in found.left_out["6"]
    assert found.left_out["7"] == OTHER_RHYTHM


def test_refuses_when_a_rhythm_is_missing():
    made = Made(_1=record("1"), _2=None)
    with pytest.raises(ECGError, match=r"no recording of the rhythm AFIB.*cut short"):
        labelled_recordings(made, rhythm_of, ("SR", "AFIB"), progress=False)


@pytest.mark.parametrize(
    ("codes", "rhythm"),
    [
        ("{'NORM': 100.0, 'SR': 0.0}", "SR"),
        ("{'AFIB': 0.0, 'NST_': 100.0}", "AFIB"),
        ("{'AFIB': 0.0, 'AFLT': 0.0}", None),
        ("{'NORM': 100.0}", None),
        ("{'SR' : 0.0}", "SR"),
        ("{'SRX': 0.0}", None),
        ("{damaged", None),
    ],
)
def test_rhythm_of_the_statements(codes, rhythm):
    signal = np.zeros((1, 1), np.float32)
    assert scp_rhythm(Record("ptbxl", "1", "1", signal, ("II",), 100.0, notes={"scp_codes": codes})) == rhythm
    assert scp_rhythm(Record("ptbxl", "1", "1", signal, ("II",), 100.0)) is None


@pytest.mark.real_data
def test_real_counts(real_data):
    chapman = labelled_recordings(Chapman(real_data), lambda found: rhythm_group(found.labels), GROUPS, progress=False)
    assert np.bincount(chapman.labels).tolist() == [52, 27, 26, 14]
    assert Counter(chapman.left_out.values()) == {OTHER_RHYTHM: 1}
    assert len(set(chapman.patients)) == 119


@pytest.mark.real_data
def test_real_rhythms_are_those_of_the_table(real_data, ptbxl_rows, monkeypatch):
    database, rows = PTBXL(real_data), ptbxl_rows(100)
    every = math.ceil(len(rows) / 1000)  # all records of a part, a thousand of the whole
    names = database.names()[::every]
    monkeypatch.setattr(database, "names", lambda: names)
    found = labelled_recordings(database, scp_rhythm, ("SR", "AFIB"), progress=False)
    stated = rows["rhythms"].iloc[::every].tolist()
    for label, rhythm in enumerate(found.classes):
        expected = [name for name, codes in zip(names, stated, strict=True) if codes == {rhythm}]
        assert found.names[found.labels == label].tolist() == expected
    assert set(found.left_out.values()) == {OTHER_RHYTHM}
    assert len(found) + len(found.left_out) == len(names)
    statements = pd.read_csv(database.root / "scp_statements.csv", index_col=0)
    assert set(statements.index[statements["rhythm"] == 1]) == set(SCP_RHYTHMS)
