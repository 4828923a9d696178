"""Records whose signals wfdb wrote in its FLAC format 516 read as the published files do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecglib.databases import DATABASES, LUDB, MITBIH, Record, open_database
from ecglib.errors import DamagedFileError

Pack = Callable[[Path, int], None]


def _same(one: Record, other: Record) -> None:
    np.testing.assert_array_equal(one.signal, other.signal)
    assert (one.leads, one.rate, one.labels, one.patient) == (other.leads, other.rate, other.labels, other.patient)


@pytest.mark.parametrize("key", DATABASES)
def test_flac_reads_bit_for_bit_with_twelve_leads_in_two_files(key: str, tiny: Path, pack_as_flac: Pack) -> None:
    published = open_database(key, tiny)
    records, digest, decoded = list(published), published.digest(), published.decoded_digest()
    for name in published.names():
        pack_as_flac(published.header(name).stem, 8)
    packed = open_database(key, tiny)
    assert {packed.header(name).formats[0] for name in packed.names()} == {"516"}
    files = {len(set(packed.header(name).files)) for name in packed.names()}
    assert files == ({1} if key == "mitbih" else {2})
    for one, other in zip(records, packed, strict=True):
        _same(one, other)
    assert packed.digest() != digest
    assert packed.decoded_digest() == decoded


def test_flac_of_another_length_is_refused(tiny: Path, pack_as_flac: Pack) -> None:
    stem = tiny / "mitdb/1.0.0/100"
    pack_as_flac(stem, 8)
    header = stem.with_suffix(".hea")
    header.write_text(header.read_text().replace(" 2000", " 1999", 1))
    with pytest.raises(DamagedFileError, match=r"100_0\.dat.*expected 1999 samples a lead, found 2000"):
        MITBIH(tiny).read("100")


def test_damaged_flac_is_refused(tiny: Path, pack_as_flac: Pack) -> None:
    stem = tiny / "mitdb/1.0.0/100"
    pack_as_flac(stem, 8)
    (file,) = stem.parent.glob("100_0.dat")
    for content in (b"", b"fLaC", file.read_bytes()[: file.stat().st_size // 2], b"RIFF" + file.read_bytes()[4:]):
        file.write_bytes(content)
        with pytest.raises(DamagedFileError, match=r"mitbih/100"):
            MITBIH(tiny).read("100")


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("database", "folder", "name", "leads_a_file"),
    [(MITBIH, "mitdb/1.0.0", "100", 2), (LUDB, "ludb/1.0.1/data", "1", 6)],
)
def test_real_records_as_flac_are_small_and_the_same(
    database: type[MITBIH] | type[LUDB],
    folder: str,
    name: str,
    leads_a_file: int,
    real_data: Path,
    tmp_path: Path,
    pack_as_flac: Pack,
) -> None:
    place = tmp_path / folder
    place.mkdir(parents=True)
    for file in (real_data / folder).glob(f"{name}.*"):
        (place / file.name).write_bytes(file.read_bytes())
    if database is LUDB:
        shutil.copyfile(real_data / "ludb/1.0.1/ludb.csv", tmp_path / "ludb/1.0.1/ludb.csv")
    published, before = database(tmp_path).read(name), database(tmp_path).decoded_digest()
    size = (place / f"{name}.dat").stat().st_size
    pack_as_flac(place / name, leads_a_file)
    _same(published, database(tmp_path).read(name))
    assert database(tmp_path).decoded_digest() == before
    assert sum(file.stat().st_size for file in place.glob(f"{name}_*.dat")) < 0.6 * size
