"""Where a number comes from: the code that made it, the commit, the versions, the machine."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import ecglib
from ecglib.book.syntax import digest, parse, statements
from ecglib.errors import ChapterError

UNCOVERED_TAGS = frozenset({"exercise", "solution", "setup"})
"""Cells with one of these tags may change without making the page stale."""

DATA_MAKERS = ("ecglib.databases.synthetic", "ecglib.databases.download")
"""Modules that only make data: a chapter depends on the data, whose digest is recorded, and not on what made it."""

COMMIT_FILE = "COMMIT"
"""File that tells the commit where there is no git: the commit, then ``dirty`` where source had changed."""

SOURCE_PLACES = ("ecglib", "notebooks/*.py", "workflow", "pyproject.toml", "requirements.lock", "environment.yml")

_PACKAGES = (
    "ecglib",
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "torch",
    "lightning-fabric",
    "wfdb",
    "matplotlib",
)


def code_cells(source: Path | str) -> list[dict[str, Any]]:
    """Give the code cells of a chapter's source or notebook, as notebook nodes with ``source`` and ``metadata``.

    Raises
    ------
    ChapterError
        If the file is missing or is no notebook.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    import jupytext

    try:
        notebook = jupytext.read(source)
    except Exception as problem:
        raise ChapterError(
            "the chapter cannot be read",
            file=source,
            expected="a notebook, or a py:percent file with a Jupytext header",
            found=f"{type(problem).__name__}: {problem}",
            remedy="write it with Jupytext, as CONTRIBUTING.md shows",
        ) from problem
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def is_covered(cell: dict[str, Any]) -> bool:
    """Say whether a change of this code cell makes the page stale: not an exercise, a solution or the set-up."""
    return UNCOVERED_TAGS.isdisjoint(cell["metadata"].get("tags", ()))


def syntax_of(cell: dict[str, Any], source: Path | str) -> ast.Module:
    """Parse a code cell of a chapter; raises ChapterError where it is no Python."""
    try:
        return parse(cell["source"])
    except SyntaxError as problem:
        raise ChapterError(
            f"a cell is no Python: {cell['source'].strip().splitlines()[0]!r}",
            file=source,
            expected="Python, and lines of IPython's own that begin with % or !",
            found=str(problem.msg),
            remedy="correct the cell",
        ) from problem


def source_sha256(source: Path | str) -> str:
    """Give the SHA-256 of what the code of a chapter that makes its numbers says.

    Parameters
    ----------
    source : path-like
        The chapter's py:percent file.

    Returns
    -------
    str
        Hexadecimal digest over the syntax trees of all statements in cells that are no exercise, no solution and no
        set-up. Prose, imports, comments, layout and the borders of cells don't count.

    Raises
    ------
    ChapterError
        If the file is missing or is no notebook, or one of these cells is no Python.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "98_demo.py"
    ...     _ = path.write_text("# %% [markdown]\\n# Prose.\\n\\n# %%\\nx = 1\\n")
    ...     before = source_sha256(path)
    ...     _ = path.write_text("# %% [markdown]\\n# Better prose.\\n\\n# %%\\nx = 1  # one\\n")
    ...     before == source_sha256(path)
    True
    """
    total = hashlib.sha256()
    for cell in filter(is_covered, code_cells(source)):
        for statement in statements(syntax_of(cell, source)):
            total.update(digest(statement).encode())
    return total.hexdigest()


def imported_modules(source: Path | str) -> list[str]:
    """Name every ``ecglib`` module that a chapter imports, by itself or through another one.

    Parameters
    ----------
    source : path-like
        The chapter's py:percent file; it is read, not run.

    Returns
    -------
    list of str
        Sorted dotted names, packages among them. ``DATA_MAKERS`` are left out unless the chapter itself imports them.

    Raises
    ------
    ChapterError
        If the file is missing or is no notebook.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "98_demo.py"
    ...     _ = path.write_text("# %%\\nfrom ecglib.databases.record import Record\\n")
    ...     "ecglib.errors" in imported_modules(path)
    True
    """
    cells = filter(is_covered, code_cells(source))
    waiting = {name for cell in cells for name in _imports(syntax_of(cell, source), package="")}
    reached: set[str] = set()
    while waiting:
        module = waiting.pop()
        reached.add(module)
        waiting |= {name for name in _imports_of(module) if not name.startswith(DATA_MAKERS)} - reached
    return sorted(reached)


def ecglib_sha256(modules: Iterable[str]) -> str:
    """Give the SHA-256 over the source of ``ecglib`` modules, by name; line ends don't count.

    Parameters
    ----------
    modules : iterable of str
        Dotted names, as ``imported_modules`` gives them.

    Raises
    ------
    ChapterError
        If a module is not there.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> ecglib_sha256(["ecglib.errors"]) == ecglib_sha256(["ecglib.databases"])
    False
    """
    total = hashlib.sha256()
    for module in sorted(set(modules)):
        file = module_file(module)
        if file is None:
            raise ChapterError(
                f"there is no module {module}",
                expected="a module of ecglib",
                remedy="correct the import, or install ecglib again",
            )
        total.update(f"{module}\0".encode())
        total.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return total.hexdigest()


def file_sha256(file: Path | str) -> str:
    """Give the SHA-256 of a file; one that has not changed since is read once a process.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "a.txt").write_bytes(b"abc")
    ...     file_sha256(Path(folder) / "a.txt")[:8]
    'ba7816bf'
    """
    state = os.stat(file)
    return _file_sha256(os.path.realpath(file), state.st_size, state.st_mtime_ns)


def files_sha256(folder: Path | str) -> dict[str, str]:
    """Give the SHA-256 of every file below a folder, by its path there; a model card (``.md``) tells, and is left out.

    Examples
    --------
    >>> files_sha256("no such folder")
    {}
    """
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file() and path.suffix != ".md")
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}


@functools.cache
def _file_sha256(path: str, size: int, changed: int) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def git_commit_and_dirty(root: Path | str) -> tuple[str | None, bool | None]:
    """Say which commit the repository stands at, and whether source has changed or was added since.

    Parameters
    ----------
    root : path-like
        The repository's folder. Without git, its file ``COMMIT`` is read, which a bundle brings along.

    Returns
    -------
    commit : str or None
        None where neither git nor the file knows.
    dirty : bool or None
        Looks at the places of source only, where a file that git doesn't know counts as a change: results, pages and
        ignored files don't make a run dirty.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "COMMIT").write_text("0123abc dirty\\n")
    ...     git_commit_and_dirty(folder)
    ('0123abc', True)
    """
    root = Path(root)
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is not None and Path(top).resolve() == root.resolve():
        commit = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=all", "--", *SOURCE_PLACES)
        return commit, None if commit is None or changed is None else bool(changed)
    try:
        words = (root / COMMIT_FILE).read_text(encoding="utf-8").split()
    except OSError:
        return None, None
    return (words[0], "dirty" in words[1:]) if words else (None, None)


def versions() -> dict[str, str]:
    """Give the versions of Python and of the packages that numbers depend on; a package that is absent is left out.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> "numpy" in versions()
    True
    """
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def peak_rss_mb() -> float:
    """Give the most memory that this process has held, in megabytes (10⁶ bytes).

    Notes
    -----
    Source: the operating system. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> peak_rss_mb() > 1
    True
    """
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset / 1e6)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def device_name(device: str) -> str:
    """Put the device of a run into words, without importing torch where the chapter has not.

    Parameters
    ----------
    device : str
        The chapter's parameter: ``"auto"``, ``"cpu"``, ``"cuda"`` …

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> device_name("cpu").startswith("cpu")
    True
    """
    torch = sys.modules.get("torch")
    wanted = device.split(":")[0]
    if torch is not None and wanted in ("auto", "cuda", "gpu") and torch.cuda.is_available():
        index = int(device.split(":")[1]) if ":" in device else 0
        return f"cuda ({torch.cuda.get_device_name(index)})"
    if torch is not None and wanted in ("auto", "mps") and torch.backends.mps.is_available():
        return "mps"
    if torch is None:
        return "cpu"
    threads = torch.get_num_threads()
    return f"cpu ({threads} thread{'s' if threads > 1 else ''})"


def _git(root: Path, *arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


@functools.cache
def module_file(module: str) -> Path | None:
    """Give the file of an ``ecglib`` module, by its dotted name; None where there is none."""
    place = Path(ecglib.__file__).parent.joinpath(*module.split(".")[1:])
    return next((file for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file()), None)


@functools.cache
def _imports_of(module: str) -> frozenset[str]:
    file = module_file(module)
    if file is None:
        return frozenset()
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    return frozenset(_imports(ast.parse(file.read_text(encoding="utf-8")), package))


def _imports(code: ast.Module, package: str) -> Iterator[str]:
    """Name the ecglib modules, and the packages above them, that this code imports anywhere in it."""
    for node in ast.walk(code):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(filter(None, (above, node.module)))
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "ecglib":
                yield from (".".join(parts[:k]) for k in range(1, len(parts) + 1) if module_file(".".join(parts[:k])))
