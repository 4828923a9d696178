"""FLAC copies decode to the same samples, keep their headers, and are a third of the size."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import wfdb

from ecglib.databases import PTBXL, PUBLISHED, open_database
from ecglib.databases.download import CHECKSUMS, read_checksums
from ecglib.databases.flac import DECODED_CHECKSUMS, pack, verify
from ecglib.errors import ChecksumError, DamagedFileError, ECGError, MissingFileError

MITBIH = PUBLISHED["mitbih"].folder


@pytest.fixture(scope="module")
def packed(twins: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    for key in PUBLISHED:
        pack(key, twins, folder, progress=False)
    return folder


@pytest.fixture
def copy(twins: Path, tmp_path: Path) -> Path:
    """One record of the MIT-BIH twin, free to change: no list of checksums holds it."""
    root = tmp_path / "data" / MITBIH
    root.mkdir(parents=True)
    for suffix in ("hea", "dat", "atr"):
        shutil.copyfile(twins / MITBIH / f"100.{suffix}", root / f"100.{suffix}")
    return tmp_path / "data"


def write_record(root: Path, digital: np.ndarray, kind: str) -> None:
    """Write record 100 anew with wfdb's own writer."""
    leads = digital.shape[1]
    wfdb.wrsamp(
        "100",
        fs=360,
        units=["mV"] * leads,
        sig_name=["MLII", "V5"][:leads],
        d_signal=digital,
        fmt=[kind] * leads,
        adc_gain=[200.0] * leads,
        baseline=[1024] * leads,
        comments=["69 M"],
        write_dir=str(root),
    )


@pytest.mark.parametrize("key", PUBLISHED)
def test_a_packed_database_says_the_same(twins: Path, packed: Path, key: str) -> None:
    before, after = open_database(key, twins), open_database(key, packed)
    assert after.names() == before.names()
    assert after.decoded_digest() == before.decoded_digest()
    assert after.digest() != before.digest()
    assert after.synthetic


@pytest.mark.parametrize("key", PUBLISHED)
def test_wfdb_alone_decodes_the_same(twins: Path, packed: Path, key: str) -> None:
    database = open_database(key, twins)
    stem = database.header(database.names()[0]).stem.relative_to(twins)
    before = wfdb.rdrecord(str(twins / stem), physical=False)
    after = wfdb.rdrecord(str(packed / stem), physical=False)
    np.testing.assert_array_equal(before.d_signal, after.d_signal)
    assert set(after.fmt) == {"516"}
    kept = ("adc_gain", "baseline", "units", "adc_res", "adc_zero", "init_value", "checksum", "sig_name", "comments")
    assert {name: getattr(before, name) for name in kept} == {name: getattr(after, name) for name in kept}


def test_only_file_and_format_change_in_a_header(twins: Path, packed: Path) -> None:
    database = open_database("ludb", twins)
    name = database.names()[0]
    header = database.header(name)
    lines = header.file.read_bytes().splitlines(keepends=True)
    again = (packed / header.file.relative_to(twins)).read_bytes().splitlines(keepends=True)
    assert len(again) == len(lines)
    for number, (line, packed_line) in enumerate(zip(lines, again, strict=True)):
        if 1 <= number <= 12:
            file = f"{name}_{1 if number <= 6 else 2}.flac".encode()
            assert packed_line == b" ".join([file, b"516", *line.split(b" ")[2:]])
        else:
            assert packed_line == line


def test_twelve_leads_go_into_two_files(twins: Path, packed: Path) -> None:
    database = open_database("ludb", packed)
    files = list(dict.fromkeys(database.header(database.names()[0]).files))
    assert [soundfile.info(str(file)).channels for file in files] == [6, 6]
    assert [file.suffix for file in open_database("mitbih", packed).header("100").files] == [".flac"] * 2


def test_both_rates_of_ptbxl_are_packed(twins: Path, packed: Path) -> None:
    for rate in (100, 500):
        assert PTBXL(packed, rate).names() == PTBXL(twins, rate).names()
        assert PTBXL(packed, rate).decoded_digest() == PTBXL(twins, rate).decoded_digest()


@pytest.mark.parametrize("key", PUBLISHED)
def test_all_other_files_are_the_same_bytes(twins: Path, packed: Path, key: str) -> None:
    before, after = twins / PUBLISHED[key].folder, packed / PUBLISHED[key].folder
    made = {CHECKSUMS, DECODED_CHECKSUMS}
    copied = [file for file in after.rglob("*") if file.is_file() and file.suffix not in (".flac", ".hea")]
    copied = [file for file in copied if file.name not in made]
    assert any(file.name == "SYNTHETIC" for file in copied)
    for file in copied:
        assert file.read_bytes() == (before / file.relative_to(after)).read_bytes()
    assert not list(after.rglob("*.dat"))
    assert not list(after.rglob("*.mat"))


@pytest.mark.parametrize("key", PUBLISHED)
def test_its_own_checksums_hold_for_every_file(packed: Path, key: str) -> None:
    root = packed / PUBLISHED[key].folder
    digests = read_checksums(root / CHECKSUMS)
    assert set(digests) == {f.relative_to(root).as_posix() for f in root.rglob("*") if f.is_file()} - {CHECKSUMS}
    assert all(hashlib.sha256((root / name).read_bytes()).hexdigest() == digest for name, digest in digests.items())


def test_decoded_samples_are_recorded(twins: Path, packed: Path) -> None:
    recorded = read_checksums(packed / MITBIH / DECODED_CHECKSUMS)
    assert set(recorded) == set(open_database("mitbih", twins).names())
    samples = wfdb.rdrecord(str(twins / MITBIH / "100"), physical=False).d_signal.astype("<i2")
    assert recorded["100"] == hashlib.sha256(samples.T.tobytes()).hexdigest()
    assert verify(packed / MITBIH, progress=False) == len(recorded)


def test_verify_finds_another_signal(packed: Path, tmp_path: Path) -> None:
    root = tmp_path / "1.0.0"
    shutil.copytree(packed / MITBIH, root)
    samples, rate = soundfile.read(root / "100.flac", dtype="int16")
    samples[1000, 0] += 1
    samples[1001, 0] -= 1  # WFDB's own 16-bit sum does not see this
    soundfile.write(root / "100.flac", samples, rate, subtype="PCM_16", format="FLAC")
    with pytest.raises(ChecksumError, match=r"100.*decodes to other samples"):
        verify(root, progress=False)
    (root / "100.flac").write_bytes((root / "100.flac").read_bytes()[:5000])
    with pytest.raises(DamagedFileError, match=r"100\.flac"):
        verify(root, progress=False)
    (root / "100.flac").unlink()
    with pytest.raises(MissingFileError, match=r"100\.flac"):
        verify(root, progress=False)


def test_a_packed_copy_can_be_packed_again(packed: Path, tmp_path: Path) -> None:
    again = pack("mitbih", packed, tmp_path, progress=False)
    for file in (packed / MITBIH).iterdir():
        assert (again / file.name).read_bytes() == file.read_bytes()


def test_a_database_is_not_written_over(packed: Path, twins: Path) -> None:
    with pytest.raises(ECGError, match="there already"):
        pack("mitbih", twins, packed, progress=False)


def test_a_source_that_is_not_the_published_one_is_refused(twins: Path, tmp_path: Path) -> None:
    shutil.copytree(twins / MITBIH, tmp_path / "data" / MITBIH)
    annotation = tmp_path / "data" / MITBIH / "100.atr"
    annotation.write_bytes(annotation.read_bytes()[:-4] + b"\0\0")
    with pytest.raises(ChecksumError, match=r"100\.atr"):
        pack("mitbih", tmp_path / "data", tmp_path / "out", progress=False)
    assert not list((tmp_path / "out").rglob("*.flac")), "nothing half is left"
    assert not (tmp_path / "out" / MITBIH).exists()


@pytest.mark.parametrize("kind", ["16", "212"])
def test_every_value_that_a_format_can_hold(copy: Path, tmp_path: Path, kind: str) -> None:
    limit = 2**15 if kind == "16" else 2**11
    generator = np.random.default_rng(0)
    digital = generator.integers(-limit + 1, limit, (4000, 2))
    digital[:2] = [[limit - 1, -limit + 1], [0, -1]]
    write_record(copy / MITBIH, digital, kind)
    pack("mitbih", copy, tmp_path / "out", progress=False)
    after = open_database("mitbih", tmp_path / "out")
    assert set(after.header("100").formats) == {"516"}
    np.testing.assert_array_equal(wfdb.rdrecord(str(after.root / "100"), physical=False).d_signal, digital)


@pytest.mark.parametrize(("kind", "formats"), [("16", {"516"}), ("212", {"212"})])
def test_invalid_samples_stay_invalid(copy: Path, tmp_path: Path, kind: str, formats: set[str]) -> None:
    """Format 212 marks them by a value that means -2048 in FLAC, so such a record is copied as it is."""
    digital = np.zeros((70_000, 2), np.int64)
    digital[::7] = 100
    digital[500:510, 0] = -(2**15) if kind == "16" else -(2**11)
    write_record(copy / MITBIH, digital, kind)
    pack("mitbih", copy, tmp_path / "out", progress=False)
    before, after = open_database("mitbih", copy), open_database("mitbih", tmp_path / "out")
    assert set(after.header("100").formats) == formats
    np.testing.assert_array_equal(before.read("100").signal, after.read("100").signal)
    assert np.isnan(after.read("100").signal[0]).sum() == 10


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("key", "names", "published", "share"),
    [("mitbih", ["100", "102", "114", "203"], 48, 31.9), ("ludb", ["1", "17", "104"], 200, 7.8)],
)
def test_real_records_are_bit_identical_and_small(
    real_data: Path, tmp_path: Path, key: str, names: list[str], published: int, share: float
) -> None:
    """The four or three records stand for all: together the two databases must stay below 48 MB."""
    source = real_data / PUBLISHED[key].folder
    root = tmp_path / "data" / PUBLISHED[key].folder
    database = open_database(key, real_data)
    for file in [file for name in names for file in database.files(name)] + database._tables():
        (root / file.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, root / file.relative_to(source))
    shutil.copyfile(source / CHECKSUMS, root / CHECKSUMS)
    target = pack(key, tmp_path / "data", tmp_path / "out", progress=False)
    packed = open_database(key, tmp_path / "out")
    for name in names:
        before = wfdb.rdrecord(str(database.header(name).stem), physical=False).d_signal
        np.testing.assert_array_equal(wfdb.rdrecord(str(packed.header(name).stem), physical=False).d_signal, before)
    assert packed.decoded_digest() == open_database(key, tmp_path / "data").decoded_digest()
    size = sum(file.stat().st_size for name in names for file in packed.files(name))
    assert size / len(names) * published < share * 1.2e6
    assert verify(target, progress=False) == len(names)
