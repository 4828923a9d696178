"""Where the book lies, where a run writes, and the repository's address: each set in one place."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

import ecglib
from ecglib.book.headers import book_root
from ecglib.errors import ChapterError

OUTPUT_VARIABLE = "ECGBOOK_OUTPUT"
"""Environment variable by which a runner tells its chapters where to write."""

CHAPTER_VARIABLE = "ECGBOOK_CHAPTER"
"""Environment variable by which a runner tells a chapter which source it executes."""


def find_root() -> Path | None:
    """Find the book's folder from the current one, else from where ``ecglib`` is installed; None outside the book.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    for start in (Path.cwd(), Path(ecglib.__file__).parent):
        try:
            return book_root(start)
        except ChapterError:
            continue
    return None


def output_folder(root: Path | None) -> Path:
    """Give the folder into which a chapter writes results, figures and artefacts.

    Parameters
    ----------
    root : Path or None
        The book's folder; None takes the current one.

    Returns
    -------
    Path
        What ``ECGBOOK_OUTPUT`` names, else ``_build/interactive``; a relative path starts at the book's folder.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    return (root or Path.cwd()) / (os.environ.get(OUTPUT_VARIABLE) or "_build/interactive")


def repository_url(root: Path | str) -> str:
    """Give the repository's address from ``repository: url:`` in ``_config.yml``, or ``""`` while it is not set.

    Parameters
    ----------
    root : path-like
        The book's folder.

    Returns
    -------
    str
        Without a slash at the end. Launch buttons and the install line of hosted notebooks come from it, and are
        left out while it is empty.

    Raises
    ------
    ChapterError
        If ``_config.yml`` is missing or is no YAML, or the address is not ``https://…``.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "_config.yml").write_text("repository:\\n  url: https://example.org/book/\\n")
    ...     repository_url(folder)
    'https://example.org/book'
    """
    file = Path(root) / "_config.yml"
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        url = str((config.get("repository") or {}).get("url") or "").strip().rstrip("/")
    except (OSError, yaml.YAMLError, AttributeError) as problem:
        raise ChapterError(
            "the book's settings cannot be read",
            file=file,
            expected="YAML with repository: url:",
            found=f"{type(problem).__name__}: {problem}",
            remedy="restore the file, or correct its YAML",
        ) from problem
    if url and not url.startswith("https://"):
        raise ChapterError(
            "the repository's address cannot be used",
            file=file,
            expected="an address that begins with https://, or nothing",
            found=url,
            remedy="correct repository: url:",
        )
    return url
