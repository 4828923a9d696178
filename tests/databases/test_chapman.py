from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ecglib.databases import Chapman
from ecglib.databases.chapman import rhythm_group
from ecglib.databases.leads import TWELVE_LEADS
from ecglib.databases.quality import check_quality


def test_codes_become_acronyms_and_unknown_ones_stay(tiny: Path) -> None:
    first, second = Chapman(tiny)
    assert (first.name, first.patient, first.age, first.sex) == ("JS00001", "JS00001", 85.0, "M")
    assert first.leads == TWELVE_LEADS
    assert first.labels == ("AF", "RBBB")
    assert second.labels == ("SB", "SAAWR", "55827005")
    assert first.notes == {"Dx": "164890007,59118001"}


def test_without_a_list_the_headers_are_found(tiny: Path) -> None:
    (tiny / "ecg-arrhythmia/1.0.0/RECORDS").unlink()
    assert Chapman(tiny).names() == ["JS00001", "JS00002"]


@pytest.mark.parametrize(
    ("labels", "group"),
    [
        (["AF", "RBBB"], "AFIB"),
        (["AFIB", "AF"], "AFIB"),
        (["ST", "AT"], "GSVT"),
        (["SA"], "SR"),
        (["SB", "AFIB"], None),
        (["RBBB"], None),
        ([], None),
    ],
)
def test_rhythm_groups(labels: list[str], group: str | None) -> None:
    assert rhythm_group(labels) == group


@pytest.mark.real_data
def test_real_counts(real_data: Path) -> None:
    records = list(Chapman(real_data))
    assert len(records) == 120
    assert {record.signal.shape for record in records} == {(12, 5000)}
    labels = Counter(label for record in records for label in record.labels)
    assert {name: labels[name] for name in ("SB", "ST", "AFIB", "SR", "AF", "SA")} == {
        "SB": 52,
        "ST": 26,
        "AFIB": 22,
        "SR": 13,
        "AF": 5,
        "SA": 1,
    }
    groups = Counter(rhythm_group(record.labels) for record in records)
    assert groups == {"SB": 52, "AFIB": 27, "GSVT": 26, "SR": 14, None: 1}
    assert sum(bool(check_quality(record)) for record in records) == 2
