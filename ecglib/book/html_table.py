"""A table of the book's own pages, which scrolls by itself where the page is narrow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def table(head: Sequence[str], rows: Iterable[Sequence[str]], label: str, widths: Sequence[int] = ()) -> str:
    """Lay out cells of HTML, in one line, since Markdown ends raw HTML at an empty one; widths are in percent."""
    columns = "".join(f'<col style="width: {width}%;">' for width in widths)
    first = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    layout = "min-width: 40rem; table-layout: fixed; overflow-wrap: break-word;" if widths else "min-width: 48rem;"
    return (
        f'<div class="ecg-table" role="region" aria-label="{escape(label)}" tabindex="0" style="overflow-x: auto;">'
        f'<table class="table" style="{layout}">{f"<colgroup>{columns}</colgroup>" if columns else ""}'
        f"<thead><tr>{first}</tr></thead><tbody>{body}</tbody></table></div>"
    )
