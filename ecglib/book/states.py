"""What results are worth now: as executed, confirmed at smoke, unverified or stale."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ecglib.book.headers import Header, read_headers
from ecglib.book.provenance import ecglib_sha256, imported_modules, source_sha256
from ecglib.book.results import Results
from ecglib.errors import ChapterError

CONFIRMATIONS = "results/confirmations.json"
"""File of the book that keeps what was confirmed; it only grows."""

_ENTRY = ("base", "head", "date", "python", "torch", "processor", "precision", "chapters")
_CHAPTER = ("from", "to", "equal")

EXECUTED, CONFIRMED, UNVERIFIED, STALE, NEVER = "executed", "confirmed at smoke", "unverified", "stale", "never run"

MEANINGS = {
    EXECUTED: "the chapter's code and the library are as they were when it ran",
    CONFIRMED: "the library has changed since, and the old and the new one give the same numbers on synthetic "
    "recordings on one machine, and no more than that",
    UNVERIFIED: "the library has changed since, and nothing shows that the numbers have stayed",
    STALE: "the chapter's own code has changed since, so it has to run again",
}
"""What the states of results mean."""


def states(root: Path, runs: Mapping[str, Mapping[str, Results]]) -> dict[tuple[str, str], str]:
    """Say what committed results are worth now.

    Parameters
    ----------
    root : Path
        The book's folder.
    runs : mapping of scale to mapping of chapter to Results

    Returns
    -------
    dict of (chapter, scale) to str
        States as ``Status`` has them; results without a chapter are stale.

    Examples
    --------
    >>> made = {"source_sha256": "a", "ecglib_sha256": "b"}
    >>> states(Path("no such book"), {"cpu": {"10_cnn": Results("10_cnn", "cpu", made)}})
    {('10_cnn', 'cpu'): 'stale'}
    """
    headers, confirmations = read_headers(root), read_confirmations(root)
    wanted = {name for by_chapter in runs.values() for name in by_chapter}
    now = {name: digests_now(headers[name]) for name in sorted(wanted & headers.keys())}
    return {
        (name, scale): state_of(results, now.get(name), confirmations)
        for scale, by_chapter in runs.items()
        for name, results in by_chapter.items()
    }


def digests_now(header: Header) -> tuple[str, str]:
    """Hash a chapter's code and its library as they are."""
    return source_sha256(header.source), ecglib_sha256(imported_modules(header.source))


def state_of(results: Results, now: tuple[str, str] | None, confirmations: Sequence[Mapping[str, Any]]) -> str:
    """Give the state of results, from ``digests_now`` of their chapter, None if it is gone, and from confirmations."""
    made = results.provenance
    if now is None or made.get("source_sha256") != now[0]:
        return STALE
    if made.get("ecglib_sha256") == now[1]:
        return EXECUTED
    confirmed = made.get("ecglib_sha256") in confirmed_from(confirmations, results.chapter, now[1])
    return CONFIRMED if confirmed else UNVERIFIED


def read_confirmations(root: Path | str) -> list[dict[str, Any]]:
    """Read what the book keeps of confirmations; raises ChapterError where the file is damaged.

    Examples
    --------
    >>> read_confirmations("no such folder")
    []
    """
    file = Path(root) / CONFIRMATIONS
    if not file.is_file():
        return []
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        for entry in entries:
            parts = [(entry, _ENTRY), *((found, _CHAPTER) for found in entry["chapters"].values())]
            missing = [key for part, keys in parts for key in keys if key not in part]
            if missing:
                raise KeyError(missing[0])
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
        raise ChapterError(
            "the confirmations cannot be read",
            file=file,
            expected="JSON as ecgbook confirm writes it",
            found=f"{type(problem).__name__}: {problem}",
            remedy=f"restore it: git checkout {CONFIRMATIONS}",
        ) from problem
    return entries


def confirmed_from(confirmations: Sequence[Mapping[str, Any]], chapter: str, library: str) -> set[str]:
    """Give the libraries from which confirmations lead to this one, step by step, for one chapter.

    Parameters
    ----------
    confirmations : sequence of mapping
        As ``read_confirmations`` gives them. A step that was equal on one machine and not on another is no step.
    chapter : str
    library : str
        Hash of the library today.

    Examples
    --------
    >>> steps = [("a", "b"), ("b", "c"), ("d", "a")]
    >>> found = [{"chapters": {"10_cnn": {"from": old, "to": new, "equal": True}}} for old, new in steps]
    >>> sorted(confirmed_from(found, "10_cnn", "b"))
    ['a', 'b', 'd']
    """
    found = [entry["chapters"][chapter] for entry in confirmations if chapter in entry["chapters"]]
    steps = {(step["from"], step["to"]) for step in found if step["equal"]}
    steps -= {(step["from"], step["to"]) for step in found if not step["equal"]}
    reached, waiting = {library}, [library]
    while waiting:
        target = waiting.pop()
        more = {old for old, new in steps if new == target} - reached
        reached |= more
        waiting += more
    return reached
