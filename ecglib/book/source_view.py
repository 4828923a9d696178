"""Show a reader the code that runs, from the library itself, never a copy of it."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import ecglib

FENCE = "````python"
"""Line above the source that a page shows."""


def show_source(thing: Any) -> None:
    """Show the source of a class, a function or a module of ``ecglib``, highlighted, with the file that it is in.

    Parameters
    ----------
    thing : class, function or module

    Raises
    ------
    TypeError
        If it has no Python source, such as an instance.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> from ecglib.errors import MissingFileError
    >>> show_source(MissingFileError)
    # ecglib/errors.py
    class MissingFileError(ECGError):
        \"\"\"A file or folder that a database needs is not there.\"\"\"
    """
    code = source_of(thing)
    show_markdown(as_markdown(code), plain=code)


def source_of(thing: Any) -> str:
    """Give what ``show_source`` shows; raises TypeError where there is no Python source."""
    code = inspect.getsource(thing).rstrip()
    file = Path(inspect.getsourcefile(thing) or "").resolve()
    package = Path(ecglib.__file__).resolve().parent
    if file.is_relative_to(package):
        code = f"# {file.relative_to(package.parent).as_posix()}\n{code}"
    return code


def as_markdown(code: str) -> str:
    """Put code into the fence in which a page shows it."""
    return f"{FENCE}\n{code}\n````"


def in_notebook() -> bool:
    """Say whether this code runs in IPython, where rich output can be displayed; IPython is not imported for it."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def show_markdown(text: str, plain: str | None = None) -> None:
    """Display Markdown in a notebook; print it elsewhere, or ``plain`` where that is given."""
    if in_notebook():
        from IPython.display import Markdown, display

        display(Markdown(text))
    else:
        print(text if plain is None else plain)
