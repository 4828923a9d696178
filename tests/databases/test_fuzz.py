"""However a file of a twin is damaged, reading gives a record or an error of the family, soon and in little memory."""

from __future__ import annotations

import resource
import shutil
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecglib.databases import DATABASES, NOT_MARKED, PTBXL, Database, Record, open_database
from ecglib.databases.quality import require_quality
from ecglib.databases.splits import ptbxl_folds
from ecglib.errors import ECGError, MissingFileError

MOST_MEMORY = 300 * 2**20
PLACES = (*DATABASES, "mitbih as FLAC")


@pytest.fixture(scope="module")
def originals(twins: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """For each database a data directory with the first record of its twin, and one with MIT-BIH's as FLAC."""
    folders = {}
    for key in DATABASES:
        database = open_database(key, twins)
        folder = tmp_path_factory.mktemp(key)
        listing = database.root / "RECORDS"
        for file in [
            *database.files(database.names()[0]),
            *database._tables(),
            *([listing] if listing.exists() else []),
        ]:
            copy = folder / file.relative_to(twins)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        folders[key] = folder
    return folders


@pytest.fixture(scope="module")
def places(originals: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    flac = shutil.copytree(originals["mitbih"], tmp_path_factory.mktemp("flac") / "data")
    database = open_database("mitbih", flac)
    _pack(database.header(database.names()[0]).stem)
    return {**originals, "mitbih as FLAC": flac}


def _pack(stem: Path) -> None:
    import wfdb

    record = wfdb.rdrecord(str(stem), physical=False)
    record.fmt, record.byte_offset = ["516"] * record.n_sig, [None] * record.n_sig
    record.wrsamp(write_dir=str(stem.parent))


def _highest_memory() -> int:
    """Give the most bytes that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _flip(content: bytes, draw: Callable) -> bytes:
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4)) if changed else 0):
        # Most of what a reader believes stands at the beginning of a file.
        end = draw(st.sampled_from([min(64, len(changed)), len(changed)]))
        changed[draw(st.integers(0, end - 1))] = draw(st.integers(0, 255))
    return bytes(changed)


def _truncate(content: bytes, draw: Callable) -> bytes:
    return content[: draw(st.integers(0, len(content)))]


def _insert(content: bytes, draw: Callable) -> bytes:
    place = draw(st.integers(0, min(len(content), 200)))
    return content[:place] + draw(st.binary(min_size=1, max_size=40)) + content[place:]


def _change_word(content: bytes, draw: Callable) -> bytes:
    """Put something else in the place of one word, such as an absurd number into a header."""
    words = content[:2000].split(b" ")
    words[draw(st.integers(0, len(words) - 1))] = draw(
        st.sampled_from(
            [
                b"0",
                b"-1",
                b"1000000000000",
                b"9" * 5000,
                b"1e999",
                b"nan",
                b"",
                b"../../x",
                b"/etc/passwd",
                b"~",
                b"516",
            ]
        )
    )
    return b" ".join(words) + content[2000:]


def _repeat_line(content: bytes, draw: Callable) -> bytes:
    lines = content.splitlines(keepends=True)
    if not lines:
        return content
    place = draw(st.integers(0, min(len(lines) - 1, 20)))
    return b"".join(lines[:place] + [lines[place]] * draw(st.sampled_from([0, 2, 100])) + lines[place + 1 :])


def _check(record: Record) -> None:
    """Whatever was read must be a record that the rest of the package can work with."""
    leads, samples = record.signal.shape
    assert record.signal.dtype == np.float32
    assert leads == len(record.leads) > 0
    assert samples > 0
    if record.beats is not None:
        assert len(record.beats) > 0
        assert 0 <= record.beats.samples.min() <= record.beats.samples.max() < samples
    assert all(0 <= span.start < span.stop <= samples for span in record.rhythms)
    for waves in record.waves.values():
        for marks in (waves.onsets, waves.peaks, waves.offsets):
            assert np.all((marks == NOT_MARKED) | ((marks >= 0) & (marks < samples)))


def _use(database: Database) -> None:
    database.digest()
    if isinstance(database, PTBXL):
        ptbxl_folds(database)
    for record in database.read_all(progress=False):
        _check(record)
        require_quality(record)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("place", PLACES)
@settings(
    max_examples=60,
    deadline=timedelta(seconds=10),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_damaged_files_raise_nothing_but_the_family(place: str, places: dict[str, Path], data: st.DataObject) -> None:
    folder = places[place]
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    before = {file: file.read_bytes() for file in files}
    file = data.draw(st.sampled_from(files), label="file")
    how = data.draw(
        st.sampled_from([_flip, _truncate, _insert, _change_word, _repeat_line, "delete", "swap"]), label="how"
    )
    if how == "delete":
        file.unlink()
    elif how == "swap":
        file.write_bytes(before[data.draw(st.sampled_from(files), label="other")])
    else:
        file.write_bytes(how(before[file], data.draw))
    damaged = {file: file.read_bytes() for file in files if file.exists()}
    memory, refusal = _highest_memory(), None
    try:
        _use(open_database(place.split()[0], folder))
    except ECGError as error:
        refusal = error
    finally:
        unchanged = damaged == {file: file.read_bytes() for file in files if file.exists()}
        for path, content in before.items():
            path.write_bytes(content)
    assert unchanged
    assert _highest_memory() - memory < MOST_MEMORY
    if refusal is not None:
        assert refusal.record or refusal.file
        assert refusal.expected
        assert refusal.remedy


@pytest.mark.parametrize("place", PLACES)
def test_the_undamaged_copies_can_be_read(place: str, places: dict[str, Path]) -> None:
    database = open_database(place.split()[0], places[place])
    try:
        _use(database)
    except MissingFileError as error:
        pytest.fail(str(error))
    assert len(database) == 1
