"""Find the source of a name of ``ecglib`` in its files, without importing it: no network has to load for a look."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Sequence
from pathlib import Path

import ecglib
from ecglib.book.provenance import module_file


def source_text(module: str, names: Sequence[str]) -> str:
    """Give what ``show_source`` shows of a module, or of a class or function in it.

    Parameters
    ----------
    module : str
        Dotted name, such as ``"ecglib.models"``.
    names : sequence of str
        A name in it, and names in that; none for the whole module. A name that a package takes from one of its modules
        is followed there.

    Raises
    ------
    LookupError
        If there is no such module, or no such class or function.

    Examples
    --------
    >>> print(source_text("ecglib.errors", ["MissingFileError"]).splitlines()[1])
    class MissingFileError(ECGError):
    """
    file = module_file(module)
    if file is None:
        raise LookupError(f"there is no module {module}")
    if not names:
        return _headed(file, file.read_text(encoding="utf-8"))
    first, *rest = names
    for node in reversed(_parsed(file).body):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) if name == first:
                return _headed(file, _block(file, _inside(node, rest)))
            case ast.ImportFrom():
                for alias in node.names:
                    if (alias.asname or alias.name) == first:
                        return source_text(_absolute(node, module, file), [alias.name, *rest])
    if module_file(f"{module}.{first}"):
        return source_text(f"{module}.{first}", rest)
    raise LookupError(f"{module} has no class or function {first}")


def _inside(node: ast.ClassDef | ast.FunctionDef, names: Sequence[str]) -> ast.ClassDef | ast.FunctionDef:
    for name in names:
        inner = [n for n in node.body if isinstance(n, ast.ClassDef | ast.FunctionDef) and n.name == name]
        if not inner:
            raise LookupError(f"{node.name} has no class or function {name}")
        node = inner[-1]
    return node


def _block(file: Path, node: ast.ClassDef | ast.FunctionDef) -> str:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(inspect.getblock(lines[first - 1 :]))


def _headed(file: Path, code: str) -> str:
    place = file.resolve().relative_to(Path(ecglib.__file__).resolve().parents[1])
    return f"# {place.as_posix()}\n{code.rstrip()}"


def _absolute(node: ast.ImportFrom, module: str, file: Path) -> str:
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    above = package.rsplit(".", node.level - 1)[0] if node.level else ""
    return ".".join(filter(None, (above, node.module)))


@functools.cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))
