"""What the book adds to Sphinx: a glossary's words explained where they stand, and docstrings that link to chapters."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

GLOSSARY = "book/glossary"
"""The page that explains words; on the pages that teach, the first place of each word leads there."""

TEACHING = ("notebooks/", "book/before_you_begin", "book/how_to_read", "book/intro", "book/your_own_ecg")
"""How the addresses of pages that teach begin."""

EVERYDAY = frozenset({"Baseline", "Block", "blocked", "Calibration", "Gain", "Interval", "Mark", "Segment", "View"})
"""Words of the glossary that often mean something else; they are explained there alone."""

_CHAPTER = re.compile(r"``(\d\d_[a-z0-9_]+)``")
_STAR = re.compile(r"(?<=, )\*(?=\w+\))")  # the star of (rows, *shape) begins no emphasis
_NOT_INSIDE = (
    nodes.reference,
    nodes.title,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.caption,
    nodes.target,
    nodes.term,
    nodes.raw,
    addnodes.desc_signature,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register both with Sphinx, which calls this by itself.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", _link_chapters)
    app.connect("doctree-resolved", _explain_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def explained_words(glossary: nodes.document) -> dict[str, tuple[str, str]]:
    """Give each word of a glossary with its anchor and what it means, in plain text.

    Parameters
    ----------
    glossary : docutils document

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    return {
        term.astext(): (term["ids"][0], " ".join(item[-1].astext().split()))
        for item in glossary.findall(nodes.definition_list_item)
        for term in item.findall(nodes.term)
        if term["ids"]
    }


def pattern_of(word: str) -> re.Pattern[str]:
    """Give what finds a word and its plural in running text; one like ROC or R peak only as it is written.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> pattern_of("Lead").search("Twelve leads are usual.")[0], pattern_of("ROC curve").search("a roc curve")
    ('leads', None)
    """
    return re.compile(rf"(?<![\w-]){re.escape(word)}(?:e?s)?(?![\w-])", 0 if word[:2].isupper() else re.IGNORECASE)


def _link_chapters(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    known = app.env.found_docs
    for number, line in enumerate(lines):
        lines[number] = _STAR.sub(r"\\*", line)
        for chapter in _CHAPTER.findall(line):
            if f"notebooks/{chapter}" in known:
                lines[number] = lines[number].replace(f"``{chapter}``", f":doc:`{chapter} </notebooks/{chapter}>`")


def _explain_words(app: Sphinx, tree: nodes.document, page: str) -> None:
    if not page.startswith(TEACHING) or GLOSSARY not in app.env.found_docs:
        return
    words = explained_words(app.env.get_doctree(GLOSSARY))
    open_words = {word: pattern_of(word) for word in sorted(words, key=len, reverse=True) if word not in EVERYDAY}
    for paragraph in list(tree.findall(nodes.paragraph)):
        if _inside(paragraph):
            continue
        for text in list(paragraph.findall(nodes.Text)):
            if not _inside(text):
                _explain(app, text, page, words, open_words)


def _explain(
    app: Sphinx,
    text: nodes.Text,
    page: str,
    words: dict[str, tuple[str, str]],
    open_words: dict[str, re.Pattern[str]],
) -> None:
    """Turn the first place of each word in a text into a link that shows what the word means.

    A word that stands by itself in bold or italics is explained by the page, so it is left alone, there and later.
    """
    pieces: list[nodes.Node] = [text]
    for word, pattern in list(open_words.items()):
        for place, piece in enumerate(pieces):
            match = pattern.search(piece.astext()) if isinstance(piece, nodes.Text) else None
            if match is None:
                continue
            del open_words[word]
            whole = piece.astext()
            if match[0] == whole and not isinstance(text.parent, nodes.paragraph):
                break
            anchor, meaning = words[word]
            link = nodes.reference(
                "",
                match[0],
                internal=True,
                refuri=f"{app.builder.get_relative_uri(page, GLOSSARY)}#{anchor}",
                reftitle=meaning,
                classes=["explained"],
            )
            around = [whole[: match.start()], link, whole[match.end() :]]
            pieces[place : place + 1] = [
                nodes.Text(part) if isinstance(part, str) else part
                for part in around
                if not isinstance(part, str) or part
            ]
            break
    if pieces != [text]:
        text.parent.replace(text, pieces)


def _inside(node: nodes.Node) -> bool:
    """Say whether a node is part of a link, a heading, code, a table or what a cell printed."""
    above = node.parent
    while above is not None:
        if isinstance(above, (*_NOT_INSIDE, nodes.table)) or "cell_output" in above["classes"]:
            return True
        above = above.parent
    return False
