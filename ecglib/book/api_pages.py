"""Write the pages of the reference: one for each part of the package, filled by Sphinx from the docstrings."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from ecglib.book.results import write_text

PARTS = ("databases", "signals", "models", "learning", "evaluation", "figures", "book")
"""The parts of the package, in the order in which data flow through them."""


def write_api_pages(folder: Path | str) -> None:
    """Write ``index.md`` and a page for each part of ``ecglib``, such as ``signals.md``.

    Parameters
    ----------
    folder : path-like
        Where the pages go.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_api_pages(folder)
    ...     sorted(file.name for file in Path(folder).iterdir())[:3]
    ['book.md', 'databases.md', 'evaluation.md']
    """
    folder = Path(folder)
    parts = {part: importlib.import_module(f"ecglib.{part}") for part in PARTS}
    write_text(folder / "index.md", _index(parts))
    for part, package in parts.items():
        write_text(folder / f"{part}.md", _page(package))


def _index(parts: dict[str, ModuleType]) -> str:
    lines = [
        "# The package\n",
        "`ecglib` has seven parts. Data flow down this list and never back up. What a chapter shows is this code. "
        "The pages here are made from its docstrings, whose examples run as tests.\n",
        *(f"- [`ecglib.{part}`]({part}.md): {_first_line(package)}" for part, package in parts.items()),
        "\n## Errors\n",
        "Each error says what is wrong, where, what was expected, and what to do.\n",
        _automodule("ecglib.errors"),
    ]
    return "\n".join(lines) + "\n"


def _page(package: ModuleType) -> str:
    modules = [module for module in _modules(package) if _public(module)]
    listed = [f"   ~{module.__name__}.{name}" for module in modules for name in _public(module)]
    table = ["```{eval-rst}", ".. autosummary::", "   :nosignatures:", "", *listed, "```\n"]
    start = len(package.__name__) + 1
    sections = [f"## {module.__name__[start:]}\n\n{_automodule(module.__name__)}\n" for module in modules]
    return "\n".join([f"# {package.__name__}\n", _first_line(package) + "\n", *table, *sections])


def _automodule(name: str) -> str:
    return f"```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```"


def _first_line(module: ModuleType) -> str:
    return inspect.cleandoc(module.__doc__ or "").split("\n")[0]


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.rpartition(".")[2].startswith("_"):
            yield importlib.import_module(found.name)


def _public(module: ModuleType) -> list[str]:
    """Name the documented classes and functions that a module itself defines."""
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(thing) or inspect.isfunction(thing))
        and thing.__module__ == module.__name__
        and thing.__doc__
    ]
