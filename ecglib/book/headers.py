"""What a chapter says about itself in the header of its source: title, chapters and databases it needs.

A chapter is one file ``notebooks/NN_topic.py`` in Jupytext's percent format. Its header is YAML behind ``#``; the
``ecgbook`` block is the book's own, the rest is Jupytext's. This is a whole chapter, ready to copy::

    # ---
    # jupyter:
    #   ecgbook:
    #     title: A convolutional network for beats
    #     needs: [01_splits_and_leakage]
    #     databases: [mitbih]
    #   jupytext:
    #     cell_metadata_filter: tags,-all
    #     formats: ipynb,py:percent
    #     notebook_metadata_filter: ecgbook,-jupytext.text_representation.jupytext_version
    #     text_representation:
    #       extension: .py
    #       format_name: percent
    #       format_version: '1.3'
    #   kernelspec:
    #     display_name: Python 3
    #     language: python
    #     name: python3
    # ---

    # %% [markdown]
    # # A convolutional network for beats

    # %% tags=["setup", "remove-cell"]
    # A hosted notebook installs the package here; elsewhere there is nothing to do.

    # %% tags=["parameters"]
    scale = "smoke"
    seed = 0
    data_dir = ""
    device = "auto"

    # %%
    from ecglib.book import open_chapter

    chapter = open_chapter("10_cnn", scale=scale, seed=seed, data_dir=data_dir, device=device)
    database = chapter.database("mitbih")

    # %%
    chapter.close()

``notebook_metadata_filter`` keeps the ``ecgbook`` block when Jupytext writes the source; ``cell_metadata_filter`` keeps
what Papermill leaves behind out of it. Papermill needs the kernel's language.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ecglib.errors import ChapterError

SCALES = ("smoke", "cpu", "gpu")
"""Sizes of a run: synthetic twins in seconds, real databases on a processor, real databases on a GPU."""

PARAMETERS = ("scale", "seed", "data_dir", "device")
"""Names that the parameters cell of every chapter assigns."""

DRAFTS = "drafts"
"""Folder below ``notebooks/`` for chapters that are not finished, in most cases to replace one of the same name."""

_NAME = re.compile(r"\d\d_[a-z0-9_]+")
_OPENED = re.compile(r"^(?!\s*#).*\bopen_chapter\(\s*[\"']([^\"']*)[\"']", re.MULTILINE)
_CELL = re.compile(r"^# %%(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Header:
    """One chapter as its source declares it.

    Attributes
    ----------
    name : str
        The file's stem, such as ``10_cnn``.
    source : Path
        The percent-format file.
    title : str
    needs : tuple of str
        Chapters whose results or weights this one reads.
    databases : tuple of str
        Keys of the databases that it reads.
    parameters : tuple of str
        Names that its parameters cell assigns.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``, which is such a file.

    Examples
    --------
    >>> Header("10_cnn", Path("notebooks/10_cnn.py"), "A CNN", (), ("mitbih",), ("scale", "seed")).notebook.as_posix()
    'notebooks/10_cnn.ipynb'
    """

    name: str
    source: Path
    title: str
    needs: tuple[str, ...]
    databases: tuple[str, ...]
    parameters: tuple[str, ...]

    @property
    def notebook(self) -> Path:
        """The paired notebook that carries the outputs."""
        return self.source.with_suffix(".ipynb")

    @property
    def is_draft(self) -> bool:
        """Whether it is a draft, which stands in no contents and of which nothing is checked or published."""
        return self.source.parent.name == DRAFTS


def check_scale(scale: str) -> None:
    """Raise ChapterError where there is no such scale."""
    if scale not in SCALES:
        raise ChapterError(f"there is no scale {scale!r}", expected=f"one of {', '.join(SCALES)}", remedy="choose one")


def book_root(start: Path | str | None = None) -> Path:
    """Find the folder of the book: the nearest one upwards that holds ``_config.yml`` and ``notebooks/``.

    Parameters
    ----------
    start : path, optional
        Where to begin; the current folder by default.

    Raises
    ------
    ChapterError
        No folder upwards is a book.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     root = Path(folder).resolve()
    ...     (root / "notebooks").mkdir()
    ...     _ = (root / "_config.yml").write_text("title: Book")
    ...     book_root(root / "notebooks") == root
    True
    """
    start = Path.cwd() if start is None else Path(start).resolve()
    for folder in (start, *start.parents):
        if (folder / "_config.yml").is_file() and (folder / "notebooks").is_dir():
            return folder
    raise ChapterError(
        "this folder is not inside the book",
        file=start,
        expected="a folder upwards with _config.yml and notebooks/",
        remedy="change into the repository and try again",
    )


def read_header(source: Path | str) -> Header:
    """Read and check the header of one chapter.

    Parameters
    ----------
    source : path
        A file ``NN_topic.py`` in percent format.

    Raises
    ------
    ChapterError
        The header, the kernel's language or the parameters cell is missing or malformed, the chapter opens another
        one's name, or ``draft: true`` stands elsewhere than in ``notebooks/drafts``.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> template = __doc__.split("::\\n\\n")[1].split("\\n\\n``")[0]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source = Path(folder, "10_cnn.py")
    ...     _ = source.write_text("\\n".join(line[4:] for line in template.splitlines()))
    ...     header = read_header(source)
    >>> header.needs, header.databases, header.parameters
    (('01_splits_and_leakage',), ('mitbih',), ('scale', 'seed', 'data_dir', 'device'))
    """
    source = Path(source)
    if not _NAME.fullmatch(source.stem):
        raise ChapterError(
            "this is no name for a chapter", file=source, expected="NN_topic.py in lower case", remedy="rename the file"
        )
    text = source.read_text(encoding="utf-8")
    jupyter = _front_matter(text, source)
    if "language" not in jupyter.get("kernelspec", {}):
        raise _malformed("the header names no kernel language", source, "display_name, language and name in kernelspec")
    block = jupyter.get("ecgbook")
    if isinstance(block, dict):
        _refuse_misplaced(block.pop("draft", None), source)
    if not isinstance(block, dict) or set(block) != {"title", "needs", "databases"}:
        found = ", ".join(map(str, block)) if isinstance(block, dict) else repr(block)
        what = "the ecgbook block of the header is not complete"
        raise _malformed(what, source, "exactly title, needs and databases", found)
    for opened in _OPENED.finditer(text):
        if opened[1] != source.stem:
            raise ChapterError(
                "the chapter opens another name than its own",
                file=f"{source}:{text.count(chr(10), 0, opened.start(1)) + 1}",
                expected=f'open_chapter("{source.stem}", …), as the file is called',
                found=opened[1],
                remedy="correct the name in open_chapter, or rename the file",
            )
    return Header(
        source.stem,
        source,
        str(block["title"]),
        _names(block["needs"], "needs", source),
        _names(block["databases"], "databases", source),
        _parameters(text, source),
    )


def sources(root: Path | str, drafts: bool = False) -> dict[str, Path]:
    """Give the source of every chapter by name, without reading any.

    Parameters
    ----------
    root : path
        The folder that holds ``notebooks/``.
    drafts : bool
        Take a draft in place of the chapter of the same name, and the other drafts too.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for file in ("10_cnn.py", "11_cnn_lstm.py", "drafts/10_cnn.py"):
    ...         path = Path(folder, "notebooks", file)
    ...         path.parent.mkdir(parents=True, exist_ok=True)
    ...         path.touch()
    ...     [path.relative_to(folder).as_posix() for path in sources(folder, drafts=True).values()]
    ['notebooks/drafts/10_cnn.py', 'notebooks/11_cnn_lstm.py']
    """
    notebooks = Path(root, "notebooks")
    found = {path.stem: path for path in sorted(notebooks.glob("*.py"))}
    if drafts:
        found |= {path.stem: path for path in sorted((notebooks / DRAFTS).glob("*.py"))}
    return dict(sorted(found.items()))


def draft_names(root: Path | str) -> list[str]:
    """Name the drafts in ``notebooks/drafts``."""
    return sorted(path.stem for path in Path(root, "notebooks", DRAFTS).glob("*.py"))


def read_headers(root: Path | str, drafts: bool = False) -> dict[str, Header]:
    """Read the headers of all chapters, each after the chapters that it needs.

    Parameters
    ----------
    root : path
        The folder that holds ``notebooks/``.
    drafts : bool
        Take a draft in place of the chapter of the same name, and the other drafts too.

    Raises
    ------
    ChapterError
        A header is wrong, a chapter needs one that is not there, or chapters need each other in a circle.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_headers(folder)
    {}
    """
    headers = {name: read_header(source) for name, source in sources(root, drafts).items()}
    ordered: dict[str, Header] = {}

    def place(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ChapterError(
                f"chapters need each other in a circle: {' → '.join((*path[path.index(name) :], name))}",
                file=headers[name].source,
                remedy="take one of them out of a header's needs",
            )
        if name not in headers:
            raise ChapterError(
                f"the header needs {name}, which is no chapter",
                file=headers[path[-1]].source,
                expected=f"one of {', '.join(headers)}",
                remedy="correct the name in the header",
            )
        if name not in ordered:
            for needed in headers[name].needs:
                place(needed, (*path, name))
            ordered[name] = headers[name]

    for name in headers:
        place(name, ())
    return ordered


def with_needed(headers: dict[str, Header], chosen: Iterable[str]) -> list[str]:
    """Give the chosen chapters and all that they need, in the order in which they can run.

    Raises
    ------
    ChapterError
        A chosen name is no chapter.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> first = Header("01_a", Path("01_a.py"), "A", (), (), ())
    >>> second = Header("02_b", Path("02_b.py"), "B", ("01_a",), (), ())
    >>> with_needed({"01_a": first, "02_b": second}, ["02_b"])
    ['01_a', '02_b']
    """
    wanted: set[str] = set()
    waiting = list(chosen)
    while waiting:
        name = waiting.pop()
        if name not in headers:
            raise no_chapter(name, headers)
        if name not in wanted:
            wanted.add(name)
            waiting.extend(headers[name].needs)
    return [name for name in headers if name in wanted]


def no_chapter(name: str, names: Iterable[str], what: str = "chapter") -> ChapterError:
    """Make the error that says that a name is none of these, and which of them are near to it.

    Examples
    --------
    >>> print(no_chapter("10_cn", ["10_cnn", "13_resnet1d"]))
    there is no chapter 10_cn; expected one of 10_cnn, 13_resnet1d, found 10_cn. What to do: write 10_cnn.
    """
    names = list(names)
    near = " or ".join(difflib.get_close_matches(name, names))
    return ChapterError(
        f"there is no {what} {name}",
        expected=f"one of {', '.join(names)}",
        found=name,
        remedy=f"write {near}" if near else "write the name as its file in notebooks/ has it, without the ending",
    )


def _refuse_misplaced(draft: object, source: Path) -> None:
    if source.parent.name == DRAFTS and draft is not True:
        raise ChapterError(
            "the header of a draft doesn't say that it is one",
            file=source,
            expected="draft: true in the ecgbook block",
            remedy="add that line, or move the file to notebooks/",
        )
    if source.parent.name != DRAFTS and draft is not None:
        raise ChapterError(
            "a draft lies among the chapters",
            file=source,
            expected="no line draft: in the ecgbook block",
            remedy=f"move the file to notebooks/{DRAFTS}/, or take that line out",
        )


def _front_matter(text: str, source: Path) -> dict[str, Any]:
    lines = text.splitlines()
    try:
        if lines[0] != "# ---":
            raise ValueError("the first line is not '# ---'")
        stop = lines.index("# ---", 1)
        header = yaml.safe_load("\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[1:stop]))
        return header["jupyter"]
    except (ValueError, IndexError, KeyError, TypeError, yaml.YAMLError) as error:
        found = str(error).splitlines()[0] if str(error) else type(error).__name__
        expected = "YAML with the key jupyter between two lines '# ---' at the top"
        raise _malformed("the header cannot be read", source, expected, found) from error


def _malformed(what: str, source: Path, expected: str, found: str | None = None) -> ChapterError:
    remedy = "copy it from the documentation of ecglib.book.headers"
    return ChapterError(what, file=source, expected=expected, found=found, remedy=remedy)


def _names(value: object, key: str, source: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ChapterError(
            f"{key} in the header is not a list of names",
            file=source,
            expected=f"{key}: [] or {key}: [name, …]",
            found=repr(value),
            remedy="write it as a list",
        )
    return tuple(value)


def _parameters(text: str, source: Path) -> tuple[str, ...]:
    """Names that the cell tagged ``parameters`` assigns, each by one plain literal."""
    starts = [*_CELL.finditer(text)]
    cells = [
        text[start.end() : stop.start() if stop else None]
        for start, stop in zip(starts, [*starts[1:], None], strict=True)
        if re.search(r'"parameters"', start.group(1))
    ]
    found = f"{len(cells)} such cells"
    if len(cells) == 1:
        try:
            names = tuple(assigned_literals(cells[0]))
        except (SyntaxError, ValueError) as error:
            found = str(error)
        else:
            if set(PARAMETERS) <= set(names):
                return names
            found = ", ".join(names)
    expected = f'one cell tagged "parameters" that gives each of {", ".join(PARAMETERS)} a plain value'
    raise _malformed("the chapter has no usable parameters cell", source, expected, found)


def assigned_literals(code: str) -> dict[str, ast.expr]:
    """Give name and value of every line ``name = literal`` in a parameters cell; raise ValueError at any other line.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> list(assigned_literals("scale = 'smoke'  # synthetic\\nseed = 0"))
    ['scale', 'seed']
    """
    values: dict[str, ast.expr] = {}
    for statement in ast.parse(code).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                ast.literal_eval(value)
                values[name] = value
            case _:
                raise ValueError(f"line {statement.lineno} is not of the form name = value")
    return values
