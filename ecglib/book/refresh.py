"""Keep what a page shows of other things than its run as they are now: the table of claims, and source."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from nbformat import NotebookNode

from ecglib.book.claims import Claims
from ecglib.book.claims_output import refresh_claims
from ecglib.book.judge import Runs
from ecglib.book.source_output import refresh_source
from ecglib.errors import ChapterError


def refresh(notebook: NotebookNode, chapter: str, claims: Claims, runs: Runs) -> NotebookNode:
    """Judge a chapter's claims again and read the source that it shows again, in place.

    Parameters
    ----------
    notebook : NotebookNode
        An executed chapter; changed in place.
    chapter : str
    claims : Claims
        All of the book's.
    runs : mapping of str to mapping of str to Results
        Results by scale, then by chapter.

    Returns
    -------
    NotebookNode
        The same notebook.

    Raises
    ------
    ChapterError
        A cell shows source that ``ecglib`` no longer has, or claims beside other code.
    """
    return refresh_source(refresh_claims(notebook, chapter, claims, runs), chapter)


def outdated(notebook: NotebookNode, chapter: str, claims: Claims, runs: Runs) -> Iterator[str]:
    """Say what of a page ``refresh`` would change, or can't; the parameters are its own, and nothing is changed."""
    try:
        if refresh_claims(deepcopy(notebook), chapter, claims, runs) != notebook:
            yield "its table of claims is older than claims.yml or the results: ecgbook pair"
        if refresh_source(deepcopy(notebook), chapter) != notebook:
            yield "the source that it shows is older than the library: ecgbook pair"
    except ChapterError as problem:
        yield str(problem)
