"""Keep the table of claims on a page as the claims and the results are now."""

from __future__ import annotations

import ast

from nbformat import NotebookNode
from nbformat.v4 import new_output

from ecglib.book.claims import Claims
from ecglib.book.claims_page import claims_html, claims_text
from ecglib.book.judge import Runs, judge
from ecglib.book.provenance import syntax_of
from ecglib.book.syntax import statements
from ecglib.errors import ChapterError

CALL = "chapter.claims()"
"""What a cell that shows the claims holds."""

NO_CLAIMS = "No number of the three papers is checked on this page."
"""What a page without claims shows in their place."""


def refresh_claims(notebook: NotebookNode, chapter: str, claims: Claims, runs: Runs) -> NotebookNode:
    """Judge a chapter's claims again, and put the table in place of the one that its run showed.

    Verdicts are computed from results, also from those of other chapters, and reasons are written after the run. So a
    table is older than what it tells of, as soon as one of them changes.

    Parameters
    ----------
    notebook : NotebookNode
        An executed chapter; changed in place.
    chapter : str
    claims : Claims
        All of the book's; those of other chapters are left out.
    runs : mapping of str to mapping of str to Results
        Results by scale, then by chapter.

    Returns
    -------
    NotebookNode
        The same notebook.

    Raises
    ------
    ChapterError
        The table comes from a cell that makes other outputs too.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """
    judged = judge(claims, runs, chapter)
    for cell in notebook.cells:
        if cell.cell_type == "code" and "claims" in cell.source and cell.outputs:
            code = [ast.unparse(statement) for statement in statements(syntax_of(cell, chapter))]
            if CALL not in code:
                continue
            if code != [CALL]:
                raise ChapterError(
                    f"{CALL} stands in a cell with other code",
                    record=chapter,
                    expected="a cell of its own, whose output can be written again",
                    remedy="put it into one",
                )
            if judged:
                data = {"text/html": claims_html(judged), "text/plain": claims_text(judged)}
                cell.outputs = [new_output("display_data", data)]
            elif "text/html" in cell.outputs[0].get("data", {}):
                cell.outputs = [new_output("display_data", {"text/markdown": NO_CLAIMS, "text/plain": NO_CLAIMS})]
    return notebook
