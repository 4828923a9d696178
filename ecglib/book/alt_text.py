"""Let the book's pages keep the alternative text that a figure's output carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


class AltText:
    """Plugin of myst-nb: an image output with ``alt`` in its metadata becomes ``<img alt="…">``.

    ``IPython.display.Image(alt=…)`` writes that metadata; myst-nb 1.4 by itself reads only width and height. It is
    found through the entry point ``myst_nb.mime_renderers`` of this package.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """

    mime_priority_overrides: ClassVar[Sequence[tuple[str, str, int | None]]] = ()

    @staticmethod
    def handle_mime(renderer: Any, data: Any, inline: bool) -> list[Any] | None:
        """Render an image that has an alternative text; leave everything else to myst-nb."""
        alt = data.output_metadata.get(data.mime_type, {}).get("alt")
        if inline or not alt or not data.mime_type.startswith("image/"):
            return None
        nodes: list[Any] = renderer.render_image(data)
        for node in nodes:
            node["alt"] = alt
        return nodes
