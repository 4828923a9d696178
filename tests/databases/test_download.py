"""Downloads from a server on loopback that serves a twin, cuts connections and serves a wrong byte."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ecglib.databases import PUBLISHED, open_database
from ecglib.databases import download as module
from ecglib.databases.download import AT_ONCE, CHECKSUMS, download, read_checksums
from ecglib.errors import (
    ChecksumError,
    DamagedFileError,
    DownloadError,
    ECGError,
    MissingFileError,
    UnsafePathError,
)

MITBIH = PUBLISHED["mitbih"].folder


@dataclass
class Server:
    """What the server has served, and how it misbehaves."""

    folder: Path
    url: str = ""
    requests: Counter[str] = field(default_factory=Counter)
    cuts: Counter[str] = field(default_factory=Counter)
    wrong: set[str] = field(default_factory=set)
    stalls: set[str] = field(default_factory=set)
    stalled: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    busy: int = 0
    busiest: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def listed(self, key: str = "mitbih") -> dict[str, str]:
        return read_checksums(self.folder / PUBLISHED[key].folder / CHECKSUMS)


class Handler(SimpleHTTPRequestHandler):
    state: Server

    def __init__(self, *arguments: object, **keywords: object) -> None:
        super().__init__(*arguments, directory=str(self.state.folder), **keywords)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        state, name = self.state, self.path.lstrip("/")
        with state.lock:
            state.requests[name] += 1
            state.busy += 1
            state.busiest = max(state.busiest, state.busy)
        try:
            file = Path(self.translate_path(self.path))
            if not file.is_file():
                self.send_error(404)
                return
            content = file.read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if name in state.wrong:
                content = bytes([content[0] ^ 1]) + content[1:]
            if state.cuts[name] > 0:
                state.cuts[name] -= 1
                content = content[: len(content) // 2]
            if name in state.stalls:
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                state.stalled.set()
                state.release.wait(60)
                return
            self.wfile.write(content)
        finally:
            with state.lock:
                state.busy -= 1

    def log_message(self, *arguments: object) -> None:
        pass


def serve(folder: Path) -> tuple[ThreadingHTTPServer, Server]:
    state = Server(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"state": state}))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}/"
    return server, state


@pytest.fixture
def server(twins: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running, state = serve(twins)
    yield state
    state.release.set()
    running.shutdown()
    running.server_close()


@pytest.fixture
def changed(twins: Path, tmp_path: Path) -> Callable[..., Path]:
    """Copy of the MIT-BIH twin in which one file has other content, with checksums that agree."""

    def change(name: str, content: str) -> Path:
        folder = tmp_path / "changed"
        shutil.copytree(twins / MITBIH, folder / MITBIH)
        (folder / MITBIH / name).write_text(content)
        digest = hashlib.sha256(content.encode()).hexdigest()
        if name != CHECKSUMS:
            sums = read_checksums(folder / MITBIH / CHECKSUMS) | {name: digest}
            (folder / MITBIH / CHECKSUMS).write_text("".join(f"{d}  {n}\n" for n, d in sums.items()))
        return folder

    return change


def digest_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def whole(root: Path, digests: dict[str, str]) -> set[str]:
    """Names that are there, after checking that each of them is whole and that nothing else lies about."""
    present = {file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()} - {CHECKSUMS}
    present = {name for name in present if not name.startswith(".unfinished/")}
    assert present <= set(digests)
    assert all(digest_of(root / name) == digests[name] for name in present)
    return present


def fetch(server: Server, folder: Path, key: str = "mitbih", **options: object) -> Path:
    return download(key, folder, base_url=server.url, progress=False, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", PUBLISHED)
def test_a_whole_database_arrives_and_reads(server: Server, tmp_path: Path, key: str) -> None:
    root = fetch(server, tmp_path, key)
    assert whole(root, server.listed(key)) == set(server.listed(key))
    assert not (root / ".unfinished").exists()
    assert 1 <= server.busiest <= AT_ONCE
    database, original = open_database(key, tmp_path), open_database(key, server.folder)
    assert database.digest() == original.digest()


def test_a_second_call_fetches_only_the_list(server: Server, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    server.requests.clear()
    fetch(server, tmp_path)
    assert server.requests == {f"{MITBIH}/{CHECKSUMS}": 1}


def test_a_cut_file_leaves_no_half_and_a_second_call_resumes(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRIES", 0)
    names = list(server.listed())
    signal = names[len(names) // 2]
    server.cuts[f"{MITBIH}/{signal}"] = 1
    with pytest.raises(DownloadError) as caught:
        fetch(server, tmp_path)
    assert signal in str(caught.value)
    assert "run the same call again" in str(caught.value)
    first = whole(tmp_path / MITBIH, server.listed())
    assert signal not in first
    assert first, "some files had arrived before the cut"

    root = fetch(server, tmp_path)
    assert whole(root, server.listed()) == set(server.listed())
    assert all(server.requests[f"{MITBIH}/{name}"] == 1 for name in first)
    assert server.requests[f"{MITBIH}/{signal}"] == 2


def test_a_connection_cut_once_is_tried_again(server: Server, tmp_path: Path) -> None:
    server.cuts[f"{MITBIH}/100.dat"] = 1
    root = fetch(server, tmp_path, records=["100"])
    assert digest_of(root / "100.dat") == server.listed()["100.dat"]
    assert server.requests[f"{MITBIH}/100.dat"] == 2


def test_a_cut_list_is_no_list(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRIES", 0)
    server.cuts[f"{MITBIH}/{CHECKSUMS}"] = 1
    with pytest.raises(DownloadError):
        fetch(server, tmp_path)
    assert not (tmp_path / MITBIH).exists()


def test_a_wrong_byte_is_refused_and_removed(server: Server, tmp_path: Path) -> None:
    server.wrong.add(f"{MITBIH}/101.dat")
    with pytest.raises(ChecksumError) as caught:
        fetch(server, tmp_path)
    content = bytearray((server.folder / MITBIH / "101.dat").read_bytes())
    content[0] ^= 1
    for part in ("101.dat", server.listed()["101.dat"], hashlib.sha256(content).hexdigest(), "What to do"):
        assert part in str(caught.value)
    assert "101.dat" not in whole(tmp_path / MITBIH, server.listed())
    assert not [file for file in (tmp_path / MITBIH / ".unfinished").rglob("*") if file.is_file()]
    server.wrong.clear()
    assert "101.dat" in whole(fetch(server, tmp_path), server.listed())


def test_a_damaged_file_here_is_fetched_again(server: Server, tmp_path: Path) -> None:
    root = fetch(server, tmp_path, records=["100"])
    (root / "100.dat").write_bytes((root / "100.dat").read_bytes()[:1000])
    server.requests.clear()
    fetch(server, tmp_path, records=["100"])
    assert digest_of(root / "100.dat") == server.listed()["100.dat"]
    assert set(server.requests) == {f"{MITBIH}/{CHECKSUMS}", f"{MITBIH}/100.dat"}


def test_a_file_the_server_has_not(
    changed: Callable[..., Path], tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRIES", 0)
    folder = changed("gone.txt", "soon gone")
    (folder / MITBIH / "gone.txt").unlink()
    server.folder = folder
    with pytest.raises(DownloadError, match=r"gone\.txt.*404"):
        fetch(server, tmp_path, records=["100"])


def test_a_server_that_is_down(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRIES", 0)
    with pytest.raises(DownloadError, match="could not be fetched"):
        download("mitbih", tmp_path, base_url="http://127.0.0.1:9/", progress=False)
    assert not (tmp_path / MITBIH).exists()


def test_a_killed_download_leaves_nothing_half_and_goes_on(server: Server, tmp_path: Path) -> None:
    server.stalls.add(f"{MITBIH}/101.dat")
    call = f"download('mitbih', {str(tmp_path)!r}, base_url={server.url!r})"
    code = f"from ecglib.databases.download import download; {call}"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL, env=os.environ) as process:
        assert server.stalled.wait(60)
        while not any((tmp_path / MITBIH).glob("*.dat")):
            time.sleep(0.01)
        process.kill()
    server.stalls.clear()
    server.release.set()
    first = whole(tmp_path / MITBIH, server.listed())
    assert "101.dat" not in first
    before = Counter(server.requests)
    root = fetch(server, tmp_path)
    assert whole(root, server.listed()) == set(server.listed())
    assert all(server.requests[f"{MITBIH}/{name}"] == before[f"{MITBIH}/{name}"] == 1 for name in first)
    assert not (root / ".unfinished").exists()


def test_some_records_come_with_the_tables(server: Server, tmp_path: Path) -> None:
    root = fetch(server, tmp_path, "ludb", records=["1", "data/2"])
    assert open_database("ludb", tmp_path).names() == ["1", "2"]
    assert (root / "ludb.csv").is_file()
    present = whole(root, server.listed("ludb"))
    assert {name for name in server.listed("ludb") if name.startswith(("data/1.", "data/2."))} <= present
    assert not any(name.startswith("data/3.") for name in present)


def test_records_by_pattern(server: Server, tmp_path: Path) -> None:
    present = whole(fetch(server, tmp_path, "ptbxl", records=["records100/*"]), server.listed("ptbxl"))
    assert any(name.startswith("records100/") for name in present)
    assert not any(name.startswith("records500/") for name in present)


def test_unknown_names_are_refused(server: Server, tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no record 999"):
        fetch(server, tmp_path, records=["999"])
    with pytest.raises(MissingFileError, match="no database"):
        download("mitdb", tmp_path)


@pytest.mark.parametrize("path", ["../outside.txt", "/outside.txt", "a/../../outside.txt", "..\\outside.txt", "C:/x"])
@pytest.mark.parametrize("file", [CHECKSUMS, "RECORDS"])
def test_a_path_that_climbs_out(
    server: Server, changed: Callable[..., Path], tmp_path: Path, file: str, path: str
) -> None:
    lines = (server.folder / MITBIH / file).read_text()
    server.folder = changed(file, lines + (f"{'0' * 64}  {path}\n" if file == CHECKSUMS else f"{path}\n"))
    with pytest.raises(UnsafePathError) as caught:
        fetch(server, tmp_path / "here")
    assert file in str(caught.value)
    assert repr(path) in str(caught.value)
    assert not list((tmp_path / "here").rglob("*.dat")), "nothing but the lists may have been fetched"
    assert not (tmp_path / "outside.txt").exists()


def test_a_folder_as_mirror(server: Server, tmp_path: Path) -> None:
    root = download("mitbih", tmp_path, mirror=server.folder, progress=False)
    assert whole(root, server.listed()) == set(server.listed())
    assert not server.requests


def test_an_address_as_mirror(server: Server, tmp_path: Path) -> None:
    root = download("mitbih", tmp_path, mirror=server.url, base_url="http://127.0.0.1:9/", progress=False)
    assert whole(root, server.listed()) == set(server.listed())


def test_a_mirror_that_holds_a_part(server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mirror = tmp_path / "mirror"
    (mirror / MITBIH).mkdir(parents=True)
    for name in ("100.hea", "100.dat", "100.atr", "RECORDS", CHECKSUMS):
        shutil.copyfile(server.folder / MITBIH / name, mirror / MITBIH / name)
    root = download("mitbih", tmp_path / "here", mirror=mirror, progress=False)
    assert whole(root, server.listed()) == {"100.hea", "100.dat", "100.atr", "RECORDS"}
    assert f"holds 4 of the {len(server.listed())} files" in caplog.text
    with pytest.raises(MissingFileError, match="none of these records"):
        download("mitbih", tmp_path / "other", records=["101"], mirror=mirror, progress=False)
    with pytest.raises(MissingFileError, match="does not hold this database"):
        download("ludb", tmp_path / "other", mirror=mirror, progress=False)


def test_a_mirror_must_have_the_published_checksums(
    server: Server, changed: Callable[..., Path], tmp_path: Path
) -> None:
    fetch(server, tmp_path / "here", records=["100"])
    mirror = changed("101.hea", "101 2 360 650000\n")
    with pytest.raises(ChecksumError, match=r"101\.hea"):
        download("mitbih", tmp_path / "here", records=["101"], mirror=mirror, progress=False)
    assert not (tmp_path / "here" / MITBIH / "101.hea").exists()


def test_a_disk_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DownloadError, match="could not be read or written"):
        fetch(server, tmp_path / "file")


def test_the_list_may_be_spaced_in_any_way(tmp_path: Path) -> None:
    file = tmp_path / CHECKSUMS
    file.write_text(f"{'A' * 64} one\n{'b' * 64}  two words.txt\n{'c' * 64} *./three\n\n{'d' * 64}\tfour\r\n")
    assert read_checksums(file) == {"one": "a" * 64, "two words.txt": "b" * 64, "three": "c" * 64, "four": "d" * 64}


@pytest.mark.parametrize(
    "text", [f"{'a' * 64}  one", f"{'a' * 63}  one\n", "<html>\n", f"{'a' * 64}  x\n{'b' * 64}  x\n", f"{'a' * 64}\n"]
)
def test_a_list_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / CHECKSUMS).write_text(text)
    with pytest.raises(DamagedFileError) as caught:
        read_checksums(tmp_path / CHECKSUMS)
    assert isinstance(caught.value, ECGError)
    assert "What to do" in str(caught.value)


@pytest.mark.real_data
@pytest.mark.parametrize(("key", "files"), [("mitbih", 276), ("ludb", 2805)])
def test_published_lists_are_read(real_data: Path, key: str, files: int) -> None:
    root = real_data / PUBLISHED[key].folder
    digests = read_checksums(root / CHECKSUMS)
    assert len(digests) == files
    for name in open_database(key, real_data).names()[:2]:
        for file in open_database(key, real_data).files(name):
            assert digest_of(file) == digests[file.relative_to(root).as_posix()]
