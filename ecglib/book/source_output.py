"""Keep the source that a page shows as the library is now."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from nbformat import NotebookNode
from nbformat.v4 import new_output

from ecglib.book.provenance import syntax_of
from ecglib.book.source_text import source_text
from ecglib.book.source_view import FENCE, as_markdown
from ecglib.book.syntax import statements
from ecglib.errors import ChapterError

CALL = "show_source"
"""What a cell calls to show source."""

_SHOWN = f"{FENCE}\n# ecglib/"


def refresh_source(notebook: NotebookNode, chapter: str) -> NotebookNode:
    """Read the source that a chapter shows again, and put it in place of what its run showed.

    Each cell that ran gets as many of these outputs as it calls ``show_source``, in that order; its others stay.

    Parameters
    ----------
    notebook : NotebookNode
        An executed chapter; changed in place.
    chapter : str

    Returns
    -------
    NotebookNode
        The same notebook.

    Raises
    ------
    ChapterError
        A name that a cell shows is no longer in ``ecglib``, is not imported from it, or has no source; or a cell calls
        ``show_source`` inside other code.
    """
    names: dict[str, tuple[str, str]] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code" or cell.execution_count is None:
            continue
        code = syntax_of(cell, chapter)
        names |= _imported(code)
        texts = iter([_text(call, names, chapter) for call in _calls(code, chapter)])
        outputs = []
        for output in cell.outputs:
            if not output.get("data", {}).get("text/markdown", "").startswith(_SHOWN):
                outputs.append(output)
            elif (text := next(texts, None)) is not None:
                output.data["text/markdown"] = text
                outputs.append(output)
        cell.outputs = outputs + [_output(text) for text in texts]
    return notebook


def _imported(code: ast.Module) -> dict[str, tuple[str, str]]:
    """Give what each name that a cell imports stands for: a module, and a name in it, if any."""
    found: dict[str, tuple[str, str]] = {}
    for node in code.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                found[alias.asname or first] = (alias.name if alias.asname else first, "")
    return found


def _calls(code: ast.Module, chapter: str) -> list[ast.Call]:
    """Give the calls that a cell consists of; raises ChapterError where there are others."""
    found = [
        statement.value
        for statement in statements(code)
        if isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Name)
        and statement.value.func.id == CALL
    ]
    used = [node for node in ast.walk(code) if isinstance(node, ast.Name) and node.id == CALL]
    if len(used) != len(found):
        raise _problem(f"{CALL} stands inside other code", chapter)
    return found


def _text(call: ast.Call, names: Mapping[str, tuple[str, str]], chapter: str) -> str:
    written = ast.unparse(call)
    match call:
        case ast.Call(args=[shown], keywords=[]):
            first, *attributes = ast.unparse(shown).split(".")
            module, name = names.get(first, ("", ""))
            if module.split(".")[0] != "ecglib" or not all(map(str.isidentifier, attributes)):
                raise _problem(f"{written} shows what is not imported from ecglib", chapter)
        case _:
            raise _problem(f"{written} doesn't name one thing", chapter)
    try:
        return as_markdown(source_text(module, [*filter(None, [name]), *attributes]))
    except LookupError as problem:
        raise ChapterError(
            f"{written} shows what ecglib no longer has",
            record=chapter,
            expected=f"a class, a function or a module: {'.'.join(filter(None, (module, name, *attributes)))}",
            found=str(problem),
            remedy=f"correct the cell and run the chapter again: ecgbook run {chapter} --scale …",
        ) from problem


def _problem(what: str, chapter: str) -> ChapterError:
    return ChapterError(
        what,
        record=chapter,
        expected=f"a line of its own, {CALL}(module.name), with a name that a cell imports from ecglib",
        remedy="write it so",
    )


def _output(text: str) -> NotebookNode:
    data = {"text/markdown": text, "text/plain": "<IPython.core.display.Markdown object>"}
    return new_output("display_data", data)
