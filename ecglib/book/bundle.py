"""Pack chapters with everything they need, so that they run on a compute node without network."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecglib.book.provenance import COMMIT_FILE, git_commit_and_dirty
from ecglib.databases.base import data_folder
from ecglib.databases.flac import pack
from ecglib.errors import ChapterError, DownloadError, MissingFileError

_GLIBC = 28
_INSTRUCTIONS = """\
Chapters {chapters}, made from commit {commit}.

In this folder, on the machine without network:

{install}
    export ECGLIB_DATA=$PWD/data
    ecgbook run {chapters} --scale gpu{options}

data/ holds the databases in WFDB's FLAC format; they decode to the published samples. To check:

    python -c "from ecglib.databases.flac import verify; print(verify('data/{folder}'))"
"""
_INSTALL = """\
    python -m venv .venv && . .venv/bin/activate
    pip install --no-index --find-links wheels -r requirements.lock
    pip install --no-index --find-links wheels --no-deps --editable .
"""
_INSTALL_WITHOUT_WHEELS = """\
    # in an environment that has the packages of requirements.lock:
    pip install --no-deps --no-build-isolation --editable .
"""
_LENT = """\
    # on a machine that is lent for minutes, one chapter, without a call of ecgbook run:
    bash workflow/lent_gpu.sh CHAPTER OUT
"""

RUN = ("ecglib", "ipykernel", "jupytext", "lightning-fabric", "myst-nb", "nbclient", "nbformat", "papermill")
"""What executing one chapter needs, with what these need themselves."""

NOT_IMPORTED = frozenset({"babel", "debugpy", "jedi", "sqlalchemy"})
"""Packages that these ask for and that executing a chapter never imports: a third of the wheels by size."""


@dataclass(frozen=True)
class Node:
    """The machine that wheels are for: Linux with glibc 2.28 or newer.

    Attributes
    ----------
    python : str
        Version of Python there, such as ``"3.12"``.
    machine : str
        Processor there, as ``uname -m`` prints it.
    installed : frozenset of str
        Packages that it has. Where some are named, the wheels are those that executing one chapter, without Snakemake,
        still takes: enough for ``workflow/lent_gpu.sh``.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> Node("3.12").options[:4]
    ['--python-version', '3.12', '--implementation', 'cp']
    """

    python: str
    machine: str = "x86_64"
    installed: frozenset[str] = frozenset()

    @property
    def options(self) -> list[str]:
        """Options that make pip choose files for that machine instead of this one."""
        names = [f"manylinux_2_{minor}" for minor in range(_GLIBC, 4, -1)] + ["manylinux2014", "manylinux1", "linux"]
        platforms = [option for name in names for option in ("--platform", f"{name}_{self.machine}")]
        return ["--python-version", self.python, "--implementation", "cp", *platforms]


def bundle(
    chapters: Sequence[str],
    out: str | os.PathLike[str],
    *,
    databases: Iterable[str],
    root: Path,
    data_dir: str | os.PathLike[str] | None = None,
    artefacts: Iterable[Path] = (),
    pretrained: Collection[str] | None = None,
    wheels: Node | None = None,
    progress: bool = True,
) -> Path:
    """Pack the repository's tracked files, weights, databases and, on request, wheels into one folder or archive.

    Parameters
    ----------
    chapters : sequence of str
        Names of the chapters, such as ``10_cnn``; they stand in the instructions that travel along.
    out : path-like
        A folder that is not there yet, or an archive: ``.tar``, or ``.tar.gz``, which saves a tenth. An archive that
        is there is replaced when the new one is whole.
    databases : iterable of str
        Databases that these chapters read; packed without loss as FLAC into ``data/``.
    root : Path
        The repository.
    data_dir : path-like, optional
        Folder in which the databases lie; None takes ``ECGLIB_DATA``.
    artefacts : iterable of Path
        Files and folders below ``root`` that git does not track and the chapters need, such as the outputs of the
        chapters before them. Those that are not there are left out.
    pretrained : collection of str, optional
        Chapters whose published weights stand in for a run of them: then only their weights are packed, and no
        executed notebooks. None packs all.
    wheels : Node, optional
        Download the wheels of ``requirements.lock`` for this machine into ``wheels/``; needs a network, and several
        gigabytes where the node has a GPU.
    progress : bool
        Show progress bars.

    Returns
    -------
    Path
        The folder or archive.

    Raises
    ------
    ChapterError
        If ``out`` is a folder that is there already, ``root`` is no git repository with a commit, or an artefact lies
        outside it.
    DownloadError
        If pip can't get the wheels.
    ECGError
        As ``ecglib.databases.flac.pack`` does.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> bundle(["10_cnn"], "node.tar", databases=["mitbih"], root=Path("."))  # doctest: +SKIP
    PosixPath('node.tar')
    """
    out, root = Path(out), Path(root).resolve()
    databases, artefacts = list(databases), [Path(root, artefact).resolve() for artefact in artefacts]
    archive = out.name.endswith((".tar", ".tar.gz", ".tgz"))
    if not archive and out.exists():
        raise ChapterError("the folder is there already", file=out, remedy="remove it, or name another")
    for artefact in artefacts:
        if not artefact.is_relative_to(root):
            raise ChapterError(
                "an artefact lies outside the repository",
                file=artefact,
                expected=f"a path below {root}",
                remedy="copy it into the repository's _build folder",
            )
    data = data_folder(data_dir) if databases else None
    commit, dirty = git_commit_and_dirty(root)
    if commit is None or not (root / ".git").exists():
        raise ChapterError(
            "git can't say what belongs to the book",
            file=root,
            expected="a git repository with at least one commit",
            remedy="make bundles in a clone of the repository",
        )
    commit += " dirty" if dirty else ""

    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".bundling-") as folder:
        content = Path(folder, out.name.removesuffix(".gz").removesuffix(".tar").removesuffix(".tgz"))
        content.mkdir()
        weights = [file for file in (root / "weights").rglob("*") if file.is_file()]
        extra = [file for artefact in artefacts for file in (artefact, *artefact.rglob("*")) if file.is_file()]
        for file in {*_tracked(root), *weights, *extra}:
            if pretrained is not None and not _is_run(file.relative_to(root).parts, pretrained):
                continue
            target = content / file.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
        (content / COMMIT_FILE).write_text(f"{commit}\n", encoding="utf-8")
        packed = [pack(key, data, content / "data", progress) for key in databases if data is not None]
        if wheels is not None:
            _download_wheels(root / "requirements.lock", content / "wheels", wheels, progress)
        (content / "BUNDLE.txt").write_text(
            _INSTRUCTIONS.format(
                chapters=" ".join(chapters),
                options="" if pretrained is None else " --pretrained",
                commit=commit,
                install=_INSTALL_WITHOUT_WHEELS if wheels is None else _LENT if wheels.installed else _INSTALL,
                folder=packed[0].relative_to(content / "data").as_posix() if packed else "…",
            ),
            encoding="utf-8",
        )
        if archive:
            unfinished = Path(folder, "archive")
            with tarfile.open(unfinished, "w" if out.suffix == ".tar" else "w:gz") as tar:
                tar.add(content, content.name, filter=_anonymous)
            os.replace(unfinished, out)
        else:
            os.replace(content, out)
    return out


def _is_run(parts: tuple[str, ...], pretrained: Collection[str]) -> bool:
    """Say whether a run reads a file: no executed notebook, and no weights of chapters other than these."""
    if parts[0] == "weights" and len(parts) > 2:
        return parts[1] in pretrained
    return not (parts[0] == "notebooks" and parts[-1].endswith(".ipynb"))


def _tracked(root: Path) -> list[Path]:
    """Give the files that git tracks, as they are now."""
    listing = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], check=True, capture_output=True).stdout
    files = [root / os.fsdecode(name) for name in listing.split(b"\0") if name]
    return [file for file in files if file.is_file()]


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Keep who packed it out of the archive."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = int(entry.mtime)  # a fraction costs a kilobyte for every file
    return entry


def _download_wheels(lock: Path, folder: Path, node: Node, progress: bool) -> None:
    """Get a wheel of everything in the lock and, for torch, of the CUDA libraries that the lock leaves to it."""
    if not lock.is_file():
        raise MissingFileError(
            "there is no lock", file=lock, remedy="make it with `make lock`, or leave out the wheels"
        )
    folder.mkdir()
    if node.installed:
        wanted = folder / "missing.txt"
        wanted.write_text("\n".join(_missing(lock, node)) + "\n", encoding="utf-8")
    else:
        wanted = lock
    _pip(["download", "--no-deps", "-r", str(wanted), *node.options], folder, progress)
    (folder / "missing.txt").unlink(missing_ok=True)
    for source in [file for file in folder.iterdir() if file.suffix != ".whl"]:
        built = {*folder.glob("*.whl")}
        _pip(["wheel", "--no-deps", str(source)], folder, progress)
        for wheel in {*folder.glob("*.whl")} - built:
            if not wheel.name.endswith("-none-any.whl"):
                raise DownloadError(
                    "a package has no wheel for the node, and one made here would not run there",
                    file=source.name,
                    expected=f"a wheel for Python {node.python} on {node.machine}",
                    found=wheel.name,
                    remedy="make the bundle on a machine like the node, or install this package there",
                )
        source.unlink()
    if not node.installed:
        options = ["--only-binary=:all:", "--find-links", str(folder), "-r", str(lock), *node.options]
        _pip(["download", *options], folder, progress)


def _missing(lock: Path, node: Node) -> list[str]:
    """Give the lock's lines of what executing a chapter takes and the node doesn't have, as packages here state it."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    there = {canonicalize_name(name) for name in (*node.installed, *NOT_IMPORTED)}
    place = {"python_version": node.python, "python_full_version": f"{node.python}.0", "sys_platform": "linux"}
    place |= {"platform_system": "Linux", "platform_machine": node.machine, "os_name": "posix"}
    pins: dict[str, str] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        text = line.partition(" #")[0].strip()
        if text and not text.startswith("#"):
            pin = Requirement(text)
            if pin.marker is None or pin.marker.evaluate(place):
                pins[canonicalize_name(pin.name)] = f"{pin.name}{pin.specifier}"
    needed: dict[str, str] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [(name, ("",)) for name in RUN]
    while waiting:
        name, extras = waiting.pop()
        if name in there or name in needed:
            continue
        needed[name] = pins.get(name, "")
        for stated in map(Requirement, importlib.metadata.requires(name) or []):
            if stated.marker is None or any(stated.marker.evaluate({**place, "extra": extra}) for extra in extras):
                waiting.append((canonicalize_name(stated.name), ("", *stated.extras)))
    return sorted(filter(None, needed.values()))


def _pip(arguments: list[str], folder: Path, progress: bool) -> None:
    target = "--wheel-dir" if arguments[0] == "wheel" else "--dest"
    done = subprocess.run(
        [sys.executable, "-m", "pip", *arguments, target, str(folder)],
        stdout=None if progress else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise DownloadError(
            "pip could not get the wheels",
            expected="every package of requirements.lock",
            found="; ".join(lines[-3:]),
            remedy="look at pip's message; without a network, leave out the wheels and install the lock on the node",
        )
