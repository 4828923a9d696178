"""Code by what it says: digests of statements that layout and comments leave alone, on every version of Python.

Only the standard library is imported, so that the digests can be compared between versions without installing a thing.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import tokenize
from collections.abc import Iterator, Sequence
from typing import Any

MAGIC = "__magic__"
"""Function that a line of IPython's own stands as a call of, with its text."""

_LEFT_OUT = frozenset({"ctx", "kind", "type_comment"})
"""Fields that follow from the place of a node, or from how it is written."""


def parse(code: str) -> ast.Module:
    """Parse a cell; a line that begins with ``%`` or ``!``, and a whole cell that begins with ``%%``, is its text.

    Raises
    ------
    SyntaxError
        The rest is no Python.

    Examples
    --------
    >>> print(ast.unparse(parse("if hosted:\\n    !pip install ecglib\\nx = 1")))
    if hosted:
        __magic__('!pip install ecglib')
    x = 1
    """
    try:
        return ast.parse(code)
    except SyntaxError:
        if code.lstrip().startswith("%%"):
            return _cell_magic(code.strip())
        return ast.parse("\n".join(_without_magics(code.split("\n"))))


def statements(code: ast.Module) -> list[ast.stmt]:
    """Give the statements of a cell in order, without imports."""
    return [statement for statement in code.body if not isinstance(statement, _IMPORTS)]


def digest(statement: ast.stmt) -> str:
    """Give the SHA-256 of a statement's syntax tree; imports inside it don't count.

    Parameters
    ----------
    statement : ast.stmt

    Returns
    -------
    str
        Hexadecimal digest, the same on Python 3.11 and later, over the names of nodes and fields, and over constants
        with their types.

    Examples
    --------
    >>> one, same, other = parse("x = f(1)\\nx = f(  # one\\n    1,\\n)\\nx = f(1.0)").body
    >>> digest(one) == digest(same), digest(one) == digest(other)
    (True, False)
    """
    return hashlib.sha256(_written(statement).encode()).hexdigest()


_IMPORTS = (ast.Import, ast.ImportFrom)


def _written(value: Any) -> str:
    """Write a node, or what one of its fields holds; ``ascii`` since ``repr`` follows the version's Unicode."""
    match value:
        case ast.Constant(value=constant):
            return f"{type(constant).__name__} {constant!a}"
        case ast.JoinedStr(values=parts):
            return f"JoinedStr{_written(list(_merged(parts)))}"
        case ast.AST():
            fields = sorted((name, field) for name, field in ast.iter_fields(value) if name not in _LEFT_OUT)
            kept = ((name, _without_imports(field)) for name, field in fields)
            written = (f"{name}={_written(field)}" for name, field in kept if field not in (None, []))
            return f"{type(value).__name__}({', '.join(written)})"
        case list():
            return f"[{', '.join(map(_written, value))}]"
        case _:
            return ascii(value)


def _without_imports(field: Any) -> Any:
    return [item for item in field if not isinstance(item, _IMPORTS)] if isinstance(field, list) else field


def _merged(parts: Sequence[ast.expr]) -> Iterator[ast.expr]:
    """Put the constants between two values of an f-string into one: how many there are, versions see differently."""
    text = ""
    for part in parts:
        if isinstance(part, ast.Constant):
            text += str(part.value)
            continue
        if text:
            yield ast.Constant(text)
        yield part
        text = ""
    if text:
        yield ast.Constant(text)


def _cell_magic(code: str) -> ast.Module:
    """Give the text as a call, and then what is below the first line, where that is Python, for those who walk it."""
    module = ast.parse(_call(code))
    with contextlib.suppress(SyntaxError):
        module.body += ast.parse("\n" + code.partition("\n")[2]).body
    return module


def _without_magics(lines: Sequence[str]) -> list[str]:
    """Put a call in place of each line of IPython's own; the others keep their numbers."""
    found: list[str] = []
    waiting = iter(lines)
    for line in waiting:
        if not line.lstrip().startswith(("%", "!")) or _goes_on("\n".join(found)):
            found.append(line)
            continue
        text = [line]
        while text[-1].endswith("\\"):
            text.append(next(waiting, ""))
        indent = line[: len(line) - len(line.lstrip())]
        found += [indent + _call("\n".join(text)), *[""] * (len(text) - 1)]
    return found


def _call(text: str) -> str:
    return f"{MAGIC}({text.strip()!r})"


def _goes_on(code: str) -> bool:
    """Say whether the line after this code belongs to its last statement."""
    try:
        for _ in tokenize.generate_tokens(io.StringIO(code).readline):
            pass
    except (tokenize.TokenError, SyntaxError):
        return True
    return code.endswith("\\")
