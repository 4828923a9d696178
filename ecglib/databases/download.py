"""Fetch a database from PhysioNet or from a mirror: file by file, each held against its published checksum."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import quote

import pooch
from filelock import FileLock
from requests.exceptions import RequestException
from tqdm.auto import tqdm

from ecglib.databases.catalogue import PUBLISHED
from ecglib.databases.wfdb_files import read_text, safe_path
from ecglib.errors import ChecksumError, DamagedFileError, DownloadError, MissingFileError

PHYSIONET = "https://physionet.org/files/"
"""Where PhysioNet serves the files of its databases."""

CHECKSUMS = "SHA256SUMS.txt"
"""The list of a database's files and their SHA-256 digests, as PhysioNet publishes it."""

AT_ONCE = 4
"""Files fetched at the same time: enough to hide waiting, few enough to be polite."""

RETRIES = 2
"""How often a file whose connection failed is tried again, after one second and then two."""

_CHECKSUM_LINE = re.compile(r"([0-9a-fA-F]{64})[ \t]+\*?(\S.*)")
_UNFINISHED = ".unfinished"
_RUN_AGAIN = "run the same call again: files already verified are kept, and only the missing ones are fetched"

_log = logging.getLogger("ecglib")


def read_checksums(file: Path) -> dict[str, str]:
    """Read a database's list of checksums.

    Parameters
    ----------
    file : Path
        A ``SHA256SUMS.txt`` as ``sha256sum`` writes it, with any spacing between digest and path.

    Returns
    -------
    dict of str to str
        Path below the database's folder → SHA-256 digest in lower case, in the file's order.

    Raises
    ------
    MissingFileError, DamagedFileError
        If the file is not there, is cut short, or holds a line that is no checksum.
    UnsafePathError
        If a path leads out of the database's folder.

    Notes
    -----
    Source: the format of ``sha256sum``. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> list_ = Path(folder.name, "SHA256SUMS.txt")
    >>> _ = list_.write_text(f"{'0' * 64}  RECORDS\\n{'1' * 64} *data/1.hea\\n")
    >>> list(read_checksums(list_))
    ['RECORDS', 'data/1.hea']
    """

    def refuse(problem: str, found: str) -> DamagedFileError:
        return DamagedFileError(
            problem,
            file=file,
            expected="lines of a SHA-256 digest and a path, the last one ended",
            found=found,
            remedy="fetch the list again",
        )

    text = read_text(file)
    if not text.endswith("\n"):
        raise refuse("the list of checksums is cut short", f"{text[-40:]!r} at its end")
    digests: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _CHECKSUM_LINE.fullmatch(line)
        if match is None:
            raise refuse("a line of the list of checksums is none", repr(line[:100]))
        digest, path = match[1].lower(), str(safe_path(match[2], file=file))
        if digests.setdefault(path, digest) != digest:
            raise refuse("a file has two checksums", path)
    digests.pop(CHECKSUMS, None)
    return digests


def download(
    key: str,
    data_dir: str | os.PathLike[str],
    records: Collection[str] | None = None,
    mirror: str | os.PathLike[str] | None = None,
    base_url: str = PHYSIONET,
    progress: bool = True,
) -> Path:
    """Fetch a database, whole or some of its records, and verify every file.

    A second call goes on where the first was cut: a file that is there and has the published digest is not fetched
    again, and a file that was cut starts again. No file ever stands half under its own name. Two processes may call
    this at once: one waits for the other.

    Parameters
    ----------
    key : str
        ``"mitbih"``, ``"ludb"``, ``"ptbxl"`` or ``"chapman"``.
    data_dir : path-like
        Folder in which the databases lie; made where it is missing.
    records : collection of str, optional
        Records to fetch, by name (``"100"``) or shell pattern over their path (``"records100/*"``). Tables and other
        files that belong to no record always come along. None fetches everything.
    mirror : path-like or str, optional
        A folder or address to fetch from instead, with the same layout below it (``mitdb/1.0.0/…``): a colleague's
        disk, for one. Where ``data_dir`` already holds the database's checksums, the mirror's files must have them.
        A folder may hold a part of the database: what it holds is taken, and the rest is counted in the log.
    base_url : str
        The server.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Path
        The database's folder.

    Raises
    ------
    MissingFileError
        If the database, a record or the mirror does not exist.
    DownloadError
        If a file can't be fetched or written.
    ChecksumError
        If a file is not the published one; what was fetched is removed.
    UnsafePathError
        If a path in the list of checksums or in RECORDS leads out of the folder.
    DamagedFileError
        If the list of checksums is none.

    Notes
    -----
    Source: our choice, on top of pooch. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> download("mitbih", "data", records=["100", "101"])  # doctest: +SKIP
    PosixPath('data/mitdb/1.0.0')
    """
    if key not in PUBLISHED:
        raise MissingFileError(
            f"no database is called {key!r}", expected=f"one of {', '.join(PUBLISHED)}", remedy="correct the name"
        )
    published = PUBLISHED[key]
    root = Path(data_dir) / published.folder
    source = base_url if mirror is None else os.fspath(mirror)
    local = None if "://" in source else Path(source) / published.folder
    if local is not None and not local.is_dir():
        raise MissingFileError(
            "the mirror does not hold this database",
            file=local,
            expected=f"a folder {published.folder} as PhysioNet publishes it",
            remedy="name the folder above it, or leave the mirror out",
        )
    place = f"{source.rstrip('/')}/{published.folder}/" if local is None else f"{local}{os.sep}"

    _write(lambda: Path(data_dir).mkdir(parents=True, exist_ok=True), Path(data_dir))
    with FileLock(Path(data_dir) / f".{key}.lock"), _quiet_pooch():
        if mirror is None or not (root / CHECKSUMS).is_file():
            _fetch_checksums(place, root)
        digests = read_checksums(root / CHECKSUMS)
        wanted = _wanted(digests, records, root / CHECKSUMS)
        if local is not None:
            wanted = _held(wanted, local, root)
        lists = [name for name in wanted if name.rpartition("/")[2] == "RECORDS"]
        with tqdm(total=len(wanted), desc=published.title, unit="file", disable=not progress) as bar:
            _fetch_all(lists, digests, place, root, bar)
            for name in lists:
                for line in filter(None, map(str.strip, read_text(root / name).splitlines())):
                    safe_path(line, file=root / name)
            _fetch_all([name for name in wanted if name not in lists], digests, place, root, bar)
        shutil.rmtree(root / _UNFINISHED, ignore_errors=True)
    return root


def _fetch_checksums(place: str, root: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        fetched = _fetch(CHECKSUMS, None, place, Path(folder))
        read_checksums(fetched)
        unfinished = root / _UNFINISHED / CHECKSUMS

        def keep() -> None:
            unfinished.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fetched, unfinished)
            os.replace(unfinished, root / CHECKSUMS)

        _write(keep, root / CHECKSUMS)


def _wanted(names: Iterable[str], records: Collection[str] | None, file: Path) -> list[str]:
    """Give the files of the records asked for, and those that belong to no record."""
    names = list(names)
    if records is None:
        return names
    stems = {name.removesuffix(".hea") for name in names if name.endswith(".hea")}
    chosen: set[str] = set()
    for record in [records] if isinstance(records, str) else records:
        found = {stem for stem in stems if fnmatchcase(stem, record) or fnmatchcase(stem.rpartition("/")[2], record)}
        if not found:
            raise MissingFileError(
                f"the database has no record {record}",
                file=file,
                expected=f"one of {len(stems):,} records, such as {min(stems, default='none')}",
                remedy="ask for a record by its name, or by a pattern over its path",
            )
        chosen |= found
    return [name for name in names if (stem := os.path.splitext(name)[0]) in chosen or stem not in stems]


def _held(names: list[str], mirror: Path, root: Path) -> list[str]:
    """Leave out what the mirror has not, unless it is here already."""
    held = [name for name in names if (mirror / name).is_file() or (root / name).is_file()]
    if not any(name.endswith(".hea") for name in held):
        raise MissingFileError(
            "the mirror has none of these records",
            file=mirror,
            expected=f"{len(names):,} files",
            found=f"{len(held):,}, and no header among them",
            remedy="ask for other records, or leave the mirror out",
        )
    if len(held) < len(names):
        _log.warning("%s holds %d of the %d files asked for", mirror, len(held), len(names))
    return held


def _fetch_all(names: list[str], digests: dict[str, str], place: str, root: Path, bar: tqdm) -> None:
    """Fetch files, some at once, each into a folder for unfinished ones and from there to its place."""
    unfinished = root / _UNFINISHED

    def fetch(name: str) -> None:
        target = root / name
        if not (target.is_file() and pooch.file_hash(target) == digests[name]):
            fetched = _fetch(name, digests[name], place, unfinished)
            _write(lambda: os.replace(fetched, target), target)

    def make_folders() -> None:
        for folder in {(base / name).parent for name in names for base in (root, unfinished)}:
            folder.mkdir(parents=True, exist_ok=True)

    _write(make_folders, root)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        fetching = [pool.submit(fetch, name) for name in names]
        try:
            for done in as_completed(fetching):
                done.result()
                bar.update()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _fetch(name: str, digest: str | None, place: str, folder: Path) -> Path:
    """Fetch one file into a folder, under its name only when it is whole."""
    remote = "://" in place
    url = place + (quote(name) if remote else name)

    def fetch(url: str, unfinished: str, _: object) -> None:
        if remote:
            pooch.HTTPDownloader(chunk_size=2**16)(url, unfinished, None)
        else:
            shutil.copyfile(url, unfinished)
        found = pooch.file_hash(unfinished)
        if digest is not None and found != digest:
            raise ChecksumError(
                "what was fetched is not the published file, and was removed",
                file=name,
                expected=f"SHA-256 {digest}",
                found=f"{found} from {url}",
                remedy="run the same call again; if it fails again, the server or mirror holds a wrong copy, "
                "so fetch from another",
            )

    files = pooch.Pooch(folder, place, {name: digest}, {name: url}, retry_if_failed=RETRIES)
    try:
        _write(lambda: files.fetch(name, downloader=fetch), folder / name)
    except RequestException as error:
        raise DownloadError(
            "a file could not be fetched", file=name, expected=f"it at {url}", found=str(error), remedy=_RUN_AGAIN
        ) from error
    return folder / name


def _write(action: Callable[[], object], file: Path) -> None:
    try:
        action()
    except RequestException:
        raise
    except OSError as error:
        raise DownloadError(
            "a file could not be read or written",
            file=file,
            expected="room on the disk and permission to write",
            found=str(error),
            remedy=f"make room or choose another folder, then {_RUN_AGAIN}",
        ) from error


@contextlib.contextmanager
def _quiet_pooch() -> Iterator[None]:
    """Keep pooch from printing a line for each of ten thousand files beside the progress bar."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
