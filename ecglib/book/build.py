"""Build the pages: from the committed notebooks, or from a run's own, with a banner that says so."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from ecglib.book.headers import read_headers
from ecglib.book.results import write_text
from ecglib.book.run import output_folder
from ecglib.book.settings import repository_url
from ecglib.errors import ChapterError

BANNERS = {
    "smoke": "A smoke run on synthetic recordings: it shows that the code works, and no number here is a result.",
    "cpu": "A run of your own at scale cpu, not the published book.",
    "gpu": "A run of your own at scale gpu, not the published book.",
}
"""What stands at the top of every page of a run."""

EDITIONS = ("published", "student")
"""The published book has solutions in closed boxes; the student edition has stubs in their place."""

STUDENT_BANNER = "Student edition: the exercises are yours to solve, and no solution is in these pages."
"""What stands at the top of every page of the student edition."""

_WARNING = re.compile(r"WARNING|ERROR|CRITICAL")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def build(root: Path, scale: str | None = None, edition: str = "published") -> Path:
    """Build the book as HTML, with every warning an error.

    Parameters
    ----------
    root : Path
        The book's folder.
    scale : {"smoke", "cpu", "gpu"}, optional
        Build the notebooks and results of this run; by default the committed ones.
    edition : {"published", "student"}
        The student edition leaves out every solution, before Sphinx sees it, and every link to the repository.

    Returns
    -------
    Path
        The first page: ``_build/html/index.html``, ``_build/student/html/index.html``, or below
        ``_build/<scale>/html``.

    Raises
    ------
    ChapterError
        There is no such edition, an exercise is malformed, a chapter in the contents was not run, its code was changed
        since, it shows source that is gone, or Sphinx warned. The former pages stay.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    if edition not in EDITIONS or (edition != "published" and scale):
        raise ChapterError(
            f"there is no {edition} edition" + (f" of a {scale} run" if scale else ""),
            expected=f"one of {', '.join(EDITIONS)}, the latter of the committed book",
            remedy="leave the scale out, or choose another edition",
        )
    started = time.monotonic()
    output = output_folder(root, scale) if scale else root / "_build"
    output = output / edition if edition != "published" else output
    pages, mark = output / "html", output / "html.sha256"
    stage = output / "site"
    _remove(stage)
    stage.mkdir(parents=True)
    _fill(stage, root, scale, edition)
    digest = _digest(stage)
    if (pages / "index.html").is_file() and mark.is_file() and mark.read_text(encoding="utf-8") == digest:
        print(f"Nothing to build: the pages are up to date: {pages / 'index.html'}", flush=True)
        _remove(stage)
        return pages / "index.html"
    book = "the committed book" if edition == "published" else f"the {edition} edition"
    print(f"Building {book if scale is None else f'the book of the {scale} run'} …", flush=True)
    made = _jupyter_book(stage, output / "build.log")
    mark.unlink(missing_ok=True)
    _remove(pages)
    made.rename(pages)
    write_text(mark, digest)
    _remove(stage)
    print(f"The book is at {pages / 'index.html'} ({time.monotonic() - started:.0f} s).", flush=True)
    return pages / "index.html"


def contents(root: Path) -> list[str]:
    """Give the pages that ``_toc.yml`` lists, in order, such as ``notebooks/10_cnn``.

    Raises
    ------
    ChapterError
        The file is missing or no table of contents.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "_toc.yml").write_text("format: jb-book\\nroot: book/intro\\nchapters: [{file: a}]\\n")
    ...     contents(Path(folder))
    ['book/intro', 'a']
    """
    file = root / "_toc.yml"
    try:
        toc = yaml.safe_load(file.read_text(encoding="utf-8"))
        return [str(toc["root"]), *_files(toc)]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ChapterError(
            "the table of contents cannot be read",
            file=file,
            expected="YAML with root: and parts: or chapters:",
            found=f"{type(error).__name__}: {error}",
            remedy="correct the file",
        ) from error


def _files(node: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for key in ("parts", "chapters", "sections"):
        for child in node.get(key) or []:
            found += [str(child["file"])] if "file" in child else []
            found += _files(child)
    return found


def _fill(stage: Path, root: Path, scale: str | None, edition: str) -> None:
    """Put everything that the pages are made of into one folder, notebooks with the prose as it is now."""
    from ecglib.book.api_pages import write_api_pages
    from ecglib.book.claims import read_claims
    from ecglib.book.exercise_list import exercises_page
    from ecglib.book.exercises import published, student_edition
    from ecglib.book.pages import committed_runs, write_pages
    from ecglib.book.pairs import join, read_notebook, write_notebook
    from ecglib.book.refresh import refresh

    repository = repository_url(root) if edition == "published" else ""
    shutil.copytree(root / "book", stage / "book", dirs_exist_ok=True)
    shutil.copy(root / "_toc.yml", stage)
    write_text(stage / "_config.yml", yaml.safe_dump(_settings(root, repository, scale, edition), sort_keys=False))
    listed, claims = set(contents(root)), read_claims(root / "claims.yml")
    runs = committed_runs(root)
    headers = {f"notebooks/{header.name}": header for header in read_headers(root).values()}
    for page, header in headers.items():
        if page in listed:
            executed = output_folder(root, scale) / "notebooks" if scale else root / "notebooks"
            notebook = join(header, read_notebook(executed / f"{header.name}.ipynb"), repository)
            notebook = notebook if scale else refresh(notebook, header.name, claims, runs)
            edited = (published if edition == "published" else student_edition)(notebook, header.name)
            write_notebook(edited, stage / "notebooks" / f"{header.name}.ipynb")
    write_pages(root, stage / "book", scale)
    if "book/exercises" in listed:
        chapters = [headers[page] for page in contents(root) if page in headers]
        write_text(stage / "book" / "exercises.md", exercises_page(chapters, runs))
    if "book/api/index" in listed:
        write_api_pages(stage / "book" / "api")


def _settings(root: Path, repository: str, scale: str | None, edition: str) -> dict[str, Any]:
    settings = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    html = settings.setdefault("html", {})
    if repository:
        html["use_repository_button"] = html["use_issues_button"] = True
        settings["launch_buttons"] = {
            "colab_url": "https://colab.research.google.com",
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        }
    else:
        settings["repository"] = {"url": ""}
    if scale:
        html["announcement"] = BANNERS[scale]
    if edition == "student":
        html["announcement"] = STUDENT_BANNER
    return settings


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            total.update(f"{file.relative_to(folder).as_posix()}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _jupyter_book(stage: Path, log: Path) -> Path:
    """Call Jupyter Book on a fresh folder, since pages that Sphinx has kept don't repeat their warnings."""
    command = [
        sys.executable,
        "-c",
        "from jupyter_book.cli.main import main; main()",
        "build",
        str(stage),
        "-n",
        "-W",
        "--keep-going",
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    said = _COLOUR.sub("", done.stdout).replace(str(stage) + "/", "")
    write_text(log, said)
    warnings = [line for line in said.splitlines() if _WARNING.search(line)]
    made = stage / "_build" / "html"
    if done.returncode or warnings or not (made / "index.html").is_file():
        print("\n".join(_first(warnings or said.splitlines()[-20:], 20)), flush=True)
        raise ChapterError(
            f"Sphinx gave {len(warnings)} warnings" if warnings else "the pages could not be built",
            file=log,
            remedy="correct the pages that the lines above name; the former pages are kept",
        )
    return made


def _first(lines: list[str], count: int) -> Iterable[str]:
    return [*lines[:count], *([f"… and {len(lines) - count} more"] if len(lines) > count else [])]


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
