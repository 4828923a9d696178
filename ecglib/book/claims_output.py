"""Keep the table of claims on a page as the claims and the results are now."""

from __future__ import annotations

from collections.abc import Sequence

from nbformat import NotebookNode
from nbformat.v4 import new_output

from ecglib.book.claims import Claim
from ecglib.book.pages import Runs, claims_html, claims_text, judge_best

CALL = "chapter.claims()"
"""What a cell that shows the claims holds."""


def refresh_claims(notebook: NotebookNode, chapter: str, claims: Sequence[Claim], runs: Runs) -> NotebookNode:
    """Judge a chapter's claims again, and put the table in place of the one that its run showed.

    Verdicts are computed from results, also from those of other chapters, and reasons are written after the run. So a
    table is older than what it tells of, as soon as one of them changes.

    Parameters
    ----------
    notebook : NotebookNode
        An executed chapter; changed in place.
    chapter : str
    claims : sequence of Claim
        All of the book's; those of other chapters are left out.
    runs : mapping of str to mapping of str to Results
        Results by scale, then by chapter.

    Returns
    -------
    NotebookNode
        The same notebook.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """
    judged = judge_best([claim for claim in claims if claim.chapter == chapter], runs)
    for cell in notebook.cells:
        if judged and cell.cell_type == "code" and cell.source.strip() == CALL and cell.outputs:
            data = {"text/html": claims_html(judged), "text/plain": claims_text(judged)}
            cell.outputs = [new_output("display_data", data)]
    return notebook
