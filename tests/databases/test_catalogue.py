from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ecglib.databases import DATABASES, MITBIH, PUBLISHED, Database, open_database
from ecglib.databases.base import DATA_VARIABLE
from ecglib.errors import MissingFileError


def test_every_published_database_has_a_reader_and_a_full_citation() -> None:
    assert set(PUBLISHED) == set(DATABASES)
    for key, entry in PUBLISHED.items():
        assert entry.key == key
        assert entry.folder.endswith(f"/{entry.version}")
        assert entry.url == f"https://physionet.org/content/{entry.folder}/"
        assert "doi:10." in entry.citation
        assert entry.doi.startswith("10.13026/")
        assert entry.licence_url.startswith("https://")
    assert [entry.records for entry in PUBLISHED.values()] == [48, 200, 21799, 45152]


@pytest.mark.parametrize("key", DATABASES)
def test_open_database_reads_what_is_in_the_folder(key: str, tiny: Path) -> None:
    database = open_database(key, tiny)
    assert isinstance(database, DATABASES[key])
    assert not database.synthetic
    records = list(database)
    assert [record.name for record in records] == database.names()
    assert len(records) == len(database)
    assert all(record.database == key for record in records)


def test_the_environment_names_the_folder(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tiny))
    assert open_database("mitbih").root == tiny / "mitdb/1.0.0"
    monkeypatch.delenv(DATA_VARIABLE)
    with pytest.raises(MissingFileError, match=DATA_VARIABLE):
        open_database("mitbih")


def test_an_unknown_name_is_refused(tiny: Path) -> None:
    with pytest.raises(MissingFileError, match="mitbih, ludb, ptbxl, chapman"):
        open_database("incart", tiny)


def test_a_twin_says_so(tiny: Path) -> None:
    (tiny / "mitdb/1.0.0/SYNTHETIC").touch()
    assert open_database("mitbih", tiny).synthetic


def test_a_partial_copy_is_said_once_with_counts(tiny: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tiny / "mitdb/1.0.0/201.hea").unlink()
    with caplog.at_level(logging.WARNING, logger="ecglib"):
        assert MITBIH(tiny).names() == ["100", "202"]
        assert MITBIH(tiny).names() == ["100", "202"]
    (message,) = caplog.messages
    assert "2 of 48 records" in message


def test_without_a_list_the_headers_are_found(tiny: Path) -> None:
    (tiny / "mitdb/1.0.0/RECORDS").unlink()
    assert MITBIH(tiny).names() == ["100", "201", "202"]


def _digests(database: Database) -> tuple[str, str]:
    return database.digest(), database.decoded_digest()


@pytest.mark.parametrize("key", DATABASES)
def test_digests_follow_the_content_and_not_the_place(key: str, tiny: Path, tmp_path: Path) -> None:
    before = _digests(open_database(key, tiny))
    moved = tiny.rename(tmp_path / "elsewhere")
    assert _digests(open_database(key, moved)) == before
    database = open_database(key, moved)
    header = database.files(database.names()[0])[0]
    header.write_text(header.read_text() + "# another comment\n")
    after = _digests(open_database(key, moved))
    assert after[0] != before[0]
    assert after[1] != before[1]


@pytest.mark.parametrize("key", DATABASES)
def test_digest_covers_every_file_that_is_read(key: str, tiny: Path) -> None:
    database = open_database(key, tiny)
    before = database.digest()
    for file in [*database._tables(), *database.files(database.names()[0])]:
        content = file.read_bytes()
        file.write_bytes(content + b"\n")
        try:
            changed = open_database(key, tiny).digest()
        finally:
            file.write_bytes(content)
        assert changed != before, file
    assert open_database(key, tiny).digest() == before
