"""Digests of code: the same for the same code on every Python, others for other code."""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jupytext
import pytest

from ecglib.book import syntax
from ecglib.book.provenance import is_covered

CHAPTERS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.py"))

EVERY_SYNTAX = r'''
"""A module's docstring, µV."""
from __future__ import annotations
x = y = 1; z: int = 2; u: list[int]
big, hexadecimal, real, tiny, imaginary, dots = 123456789012345678901234567890, 0xFF, 1.0, 1e-400, 2.5j, ...
words = "a" 'b' u"c" """d
e""" r"\d" "\x00\ud800" "é" "🫨" f""
bytes_ = b"a" b"\xff" rb"\d"
flags = True, False, None
f"{x}", f"a{x!r}b{{c}}", f"{x:>{y}}", f"{x:{y}.{z}f}", f"{x=}", f"{x = !s:^10}", f"{x:}", f"{x:{y:}{z!a:}}"
"a" f"{x}" "b" f"" f"c{y}" 'd', f"{f'{x!r:>{y}}' + 'z'}", rf"\d{x}\n", f"""{
    x:%H:%M}""", f"{ {1: 2}[1] }", f"{(lambda: 1)()}", f"{x:a{y}b}", f"{x,}", f"\t{x!r:\t>9}"
lambda: 0, lambda a, /, b=1, *c, d, e=2, **f: (yield)
[a for a in b if c if d for e in f], {a for a in b}, {a: b for a, b in c}, (a async for a in b), {**a, "b": 1}
(n := 3), x if y else z, not x, -x, +x, ~x, x and y or z, [1, *x], (*x,), {1, *x}, f(*a, b, *c, d=1, **e), (), {}
x + y - z * a / b // c % d @ e ** f << g >> h & i | j ^ k
x < y <= z == a != b > c >= d is e is not f in g not in h
a[1], a[1:2], a[::2, ..., None], a[*b], a[1, 2:3], a.b.c, a[:]
x += 1; x -= 1; x *= 1; x /= 1; x //= 1; x %= 1; x @= 1; x **= 1; x <<= 1; x >>= 1; x &= 1; x |= 1; x ^= 1
a, (b, *c) = d; a.b = c[d] = e; del a, b[0], c.d
if x:
    import os
    from sys import path as p
    pass
elif y: ...
else: import json
for a, b in c:
    continue
else:
    x
while x:
    break
else:
    y
try: x
except ValueError: y
except (TypeError, OSError) as error: raise
else: z
finally: a
try: x
except* ValueError as group: raise KeyError from group
with a, b as c, d as (e, f): pass
with (
    a as b,
    c,
): pass
assert x, "message"
@decorated
@a.b(1)
def function(a: int, b: "str" = "", /, c=None, *d: float, e, f: int = 2, **g: dict) -> tuple[int, ...]:
    """A docstring
    of two lines."""
    global x, y
    def inner():
        nonlocal a
        yield from b
        return
    return (yield a)
@dataclass(frozen=True)
class Class(Base, *bases, metaclass=Meta, **more):
    """A docstring."""
    field: int = 0
    @property
    def one(self): return self.__field
async def later():
    async with a as b, c: await d
    async for e in f: [g async for g in h if await i]
    else: pass
    return {j: await k async for j, k in l}
match x:
    case 1 | -2.5 | 3 + 4j | "a" "b" | b"c": pass
    case None | True | False: pass
    case [a, *_, b] | (a, b, *_): pass
    case {"k": v, 1: _, **rest}: pass
    case {}: pass
    case Class(1, field=b) as c if c: pass
    case a.b.C: pass
    case str() | []: pass
    case _: pass
await x
if x:
    %cd notebooks
!git clone "it's \
  here"
%matplotlib inline
value = (x
    % y)
text = """
%cd
"""
'''

EVERY_SYNTAX_SHA256 = "f57cec0ebf9bffd7cd6675ceb756a1dc684687e98a501c439336ec44203247cf"


def whole(code: str) -> str:
    """One digest of all statements of a cell."""
    digests = [syntax.digest(statement) for statement in syntax.statements(syntax.parse(code))]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def test_every_kind_of_syntax_has_the_digest_that_it_has_on_other_versions() -> None:
    """The number was computed on 3.11, 3.12 and 3.13, which see f-strings, defaults and type parameters differently."""
    assert whole(EVERY_SYNTAX) == EVERY_SYNTAX_SHA256


def test_the_sample_holds_every_kind_of_node() -> None:
    kinds = {type(node) for node in ast.walk(syntax.parse(EVERY_SYNTAX))}
    known = {kind for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST)}
    concrete = {kind for kind in known if not kind.__subclasses__() and kind.__module__ == "ast" and kind._fields}
    old = {"Num", "Str", "Bytes", "NameConstant", "Ellipsis", "Index", "ExtSlice", "Suite", "AugLoad", "AugStore"}
    not_on_all = {"TypeAlias", "TypeVar", "ParamSpec", "TypeVarTuple", "TemplateStr", "Interpolation"}
    no_code = {"Expression", "Interactive", "FunctionType", "TypeIgnore"}
    assert {kind.__name__ for kind in concrete - kinds} <= old | not_on_all | no_code


def test_the_module_needs_the_standard_library_only() -> None:
    code = f"import runpy, sys; runpy.run_path({syntax.__file__!r}); print('ecglib' in sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def covered(chapter: Path) -> list[str]:
    cells = jupytext.read(chapter).cells
    return [cell.source for cell in cells if cell.cell_type == "code" and is_covered(cell)]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_another_layout_is_the_same_code(chapter: Path) -> None:
    """Whatever layout there is: Python writes each cell anew, without comments, in its own way."""
    for code in covered(chapter):
        tree = syntax.parse(code)
        again = syntax.parse(ast.unparse(tree))
        assert [*map(syntax.digest, syntax.statements(again))] == [*map(syntax.digest, syntax.statements(tree))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = f(1, 2)", "x = f(\n    1,  # one\n    2,\n)"),
        ("x = 'a'", 'x = "a"  # text'),
        ("x = 'a'", "x = u'a'"),
        ("x = 'ab'", "x = ('a'\n     'b')"),
        ("x = 1000", "x = 1_000"),
        ("x = (1 + 2)", "\n\nx=1+2\n"),
        ("x = 1\ny = 2", "x = 1; y = 2"),
        ("if x: y", "if x:\n  y"),
        ("f'a{x}b'", "f'a' f'{x}' 'b'"),
        ("import a\nx = a.b", "import c as a\n\nx = a.b"),
        ("def f():\n    import a\n    return 1", "def f():\n    return 1"),
        ("if x:\n    y\nelse:\n    import a", "if x:\n    y"),
        ("%cd a\nx = 1", "%cd a\n\nx = (1)"),
        ("\n%%bash\nls", "%%bash\nls\n"),
    ],
)
def test_layout_comments_and_imports_are_left_alone(one: str, other: str) -> None:
    assert whole(one) == whole(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "y = 1"),
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("x = None", "x = ..."),
        ("x = 'a'", "x = b'a'"),
        ("x = 'a'", "x = f'a'"),
        ("x = '1'", "x = 1"),
        ("x = None", "x = 'None'"),
        ("x = 1", "x: int = 1"),
        ("x + y", "x - y"),
        ("x < y", "x <= y"),
        ("x - y - z", "x - (y - z)"),
        ("x = 1\ny = 2", "y = 2\nx = 1"),
        ("if a:\n    b\nc", "if a:\n    b\n    c"),
        ("if a:\n    b\nc", "if a:\n    b\nelse:\n    c"),
        ("f(a)", "f(*a)"),
        ("f(a=b)", "f(b=a)"),
        ("f(**a)", "f(*a)"),
        ("{**a, 'b': 1}", "{'b': 1, **a}"),
        ("def f(*, a, b=1): 0", "def f(*, a=1, b): 0"),
        ("def f(a, /): 0", "def f(a): 0"),
        ("def f(): return", "def f(): return None"),
        ("def f():\n    'a'", "def f():\n    'b'"),
        ("f'{x}'", "f'{x!r}'"),
        ("f'{x:2}'", "f'{x:3}'"),
        ("f'{x} '", "f' {x}'"),
        ("f'{x}{y}'", "f'{y}{x}'"),
        ("(x, y)", "[x, y]"),
        ("(x)", "(x,)"),
        ("a[1:]", "a[:1]"),
        ("a[::1]", "a[:1]"),
        ("global_ = 1", "def f():\n    global x\n    x = 1"),
        ("%cd a", "%cd b"),
        ("!ls a", "%ls a"),
        ("!ls \\\n a", "!ls \\\n b"),
        ("%%bash\nls", "%%bash\nls -a"),
        ("%%time\nx = 1", "%%timeit\nx = 1"),
        ("x = 1", "%time x = 1"),
        ("import a\nx = 1", "import a\nx = 1\nx"),
    ],
)
def test_any_other_change_counts(one: str, other: str) -> None:
    assert whole(one) != whole(other)


def changed(node: ast.AST, field: str, value: object) -> object:
    """Give another value for a field of a node; None where this test changes nothing."""
    if isinstance(node, ast.Import | ast.ImportFrom | ast.alias):
        return None
    if isinstance(node, ast.Constant) and field == "value" and not isinstance(value, str):
        return [value]
    if isinstance(value, str) and field in ("id", "attr", "arg", "name", "rest", "value"):
        return value + "_"
    if isinstance(value, ast.operator | ast.unaryop | ast.boolop | ast.cmpop):
        return ast.Pow() if isinstance(value, ast.Add) else ast.Add()
    if isinstance(value, ast.expr):
        return ast.Starred(value)
    if isinstance(value, list):
        kept = [item for item in value if not isinstance(item, ast.Import | ast.ImportFrom)]
        if len(kept) > 1:
            return kept[::-1] if field == "body" else kept[:-1]
    return None


def changes(code: str) -> Iterator[tuple[str, ast.Module]]:
    """Change one thing of a program at a time: each name, constant, operator and order, and what an expression is."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            other = changed(node, field, value)
            if other is not None:
                setattr(node, field, other)
                yield f"{type(node).__name__}.{field} in line {getattr(node, 'lineno', '?')}", tree
                setattr(node, field, value)


@pytest.mark.parametrize("chapter", CHAPTERS[:3], ids=lambda chapter: chapter.stem)
def test_each_change_of_a_chapter_counts(chapter: Path) -> None:
    for code in covered(chapter):
        before = [*map(syntax.digest, syntax.statements(ast.parse(code)))]
        for what, tree in changes(code):
            after = [*map(syntax.digest, syntax.statements(tree))]
            assert after != before, what


@pytest.mark.parametrize("code", ["x = = 1", "x = (1\n%cd a", "files = !ls", "if x:\n%cd a"])
def test_what_is_no_python_is_refused(code: str) -> None:
    with pytest.raises(SyntaxError):
        syntax.parse(code)


def test_lines_keep_their_numbers() -> None:
    code = "%cd a\n!ls \\\n  b\nx = (1\n% 2)\ny = '''\n!a\n'''\n%cd c\nz = 3"
    assert [statement.lineno for statement in syntax.parse(code).body] == [1, 2, 4, 6, 9, 10]


def test_imports_below_a_cell_magic_are_seen() -> None:
    kinds = {type(node) for node in ast.walk(syntax.parse("%%time\nimport a\n"))}
    assert ast.Import in kinds
