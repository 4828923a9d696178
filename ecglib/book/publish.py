"""Copy what a run made to where the published book keeps it: notebooks, results, figures' data, weights with a card."""

from __future__ import annotations

import ast
import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat

from ecglib.book.claims import read_claims
from ecglib.book.headers import Header, assigned_literals, read_headers, with_needed
from ecglib.book.model_card import CARD, model_card, weight_files, write_card
from ecglib.book.pages import committed_runs
from ecglib.book.pairs import join, read_notebook, write_notebook
from ecglib.book.refresh import refresh
from ecglib.book.results import read_results, write_text
from ecglib.book.run import output_folder
from ecglib.book.settings import repository_url
from ecglib.errors import ChapterError

LARGEST_NOTEBOOK = 1_500_000
"""Bytes of a published notebook at most: readers open it on a phone, and git keeps every version."""

_DRAFT_LINE = re.compile(r"^#\s+draft: *true *\n", re.MULTILINE)


def publish(root: Path, scale: str, chapters: Sequence[str], drafts: bool = False) -> list[Path]:
    """Publish chapters that have run: all of them, or none if one is refused.

    Parameters
    ----------
    root : Path
        The book's folder.
    scale : {"cpu", "gpu"}
        A smoke run is never published: its data are synthetic.
    chapters : sequence of str
    drafts : bool
        These are drafts: each becomes the chapter of its name, so its source moves to ``notebooks/``.

    Returns
    -------
    list of Path
        The files and folders written: ``notebooks/NN_topic.ipynb``, ``results/<scale>/<chapter>.json``, the data of
        figures in ``results/<scale>/<chapter>/`` and weights with their card in ``weights/<chapter>/``.

    Raises
    ------
    ChapterError
        The scale is ``smoke``, data were synthetic, a notebook is too large, shows an error or holds a path of this
        machine, code was changed since it ran, the chapter's own training was skipped, a file of weights is too
        large, or a draft is missing from the contents or needs another that isn't published with it.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    if scale == "smoke":
        raise ChapterError(
            "a smoke run can't be published", expected="scale cpu or gpu", remedy="run on real data: --scale cpu"
        )
    output, repository = output_folder(root, scale, drafts), repository_url(root)
    headers = read_headers(root, drafts)
    if drafts:
        _refuse_unready(root, headers, chapters)
    claims, runs = read_claims(root / "claims.yml"), committed_runs(root)
    for name in chapters:
        _refuse_synthetic(output / "results" / f"{name}.json")
        runs[scale][name] = read_results(output / "results" / f"{name}.json")
    notebooks, cards = {}, {}
    for name in chapters:
        executed = read_notebook(output / "notebooks" / f"{name}.ipynb")
        notebooks[name] = refresh(join(headers[name], executed, repository), name, claims, runs)
        notebooks[name].metadata.get("ecgbook", {}).pop("draft", None)
        _refuse_unfit(notebooks[name], headers[name], root)
        if weight_files(output / "artefacts" / name):
            cards[name] = model_card(output / "artefacts" / name, headers[name], runs[scale][name])
    written: list[Path] = []
    for name in chapters if drafts else ():
        written.append(root / "notebooks" / f"{name}.py")
        write_text(written[-1], _DRAFT_LINE.sub("", headers[name].source.read_text(encoding="utf-8"), count=1))
        headers[name].source.unlink()
        headers[name] = replace(headers[name], source=written[-1])
    for name in chapters:
        results = root / "results" / scale
        results.mkdir(parents=True, exist_ok=True)
        write_notebook(notebooks[name], headers[name].notebook)
        shutil.copy(output / "results" / f"{name}.json", results)
        written += [headers[name].notebook, results / f"{name}.json"]
        written += _replace(sorted((output / "figures" / name).glob("*.csv")), results / name)
        written += _replace(weight_files(output / "artefacts" / name), root / "weights" / name)
        if name in cards:
            write_text(root / "weights" / name / CARD, cards[name])
    return written


def _refuse_unready(root: Path, headers: dict[str, Header], chapters: Sequence[str]) -> None:
    from ecglib.book.build import contents

    listed = contents(root)
    for name in chapters:
        if f"notebooks/{name}" not in listed:
            raise ChapterError(
                f"the draft {name} is missing from the contents",
                file=root / "_toc.yml",
                expected=f"a line with notebooks/{name}",
                remedy="add it where the page belongs",
            )
        if not _DRAFT_LINE.search(headers[name].source.read_text(encoding="utf-8")):
            raise ChapterError(
                "draft: true can't be taken out of the header",
                file=headers[name].source,
                expected="a line of its own that holds nothing else",
                remedy="write it so, as jupytext does",
            )
        others = [needed for needed in with_needed(headers, [name]) if headers[needed].is_draft]
        if not set(others) <= set(chapters):
            raise ChapterError(
                f"the draft {name} ran with drafts that would stay drafts",
                file=headers[name].source,
                expected=f"to publish {', '.join(others)} together",
                remedy=f"ecgbook run --drafts {' '.join(others)} --scale … --publish",
            )


def pair(root: Path, chapters: Sequence[str] = ()) -> list[Path]:
    """Carry what may change without a run into the committed notebooks, whose other outputs stay; write model cards.

    That is prose, exercises, imports, layout, the borders of cells, verdicts and the source that is shown.

    Parameters
    ----------
    root : Path
        The book's folder.
    chapters : sequence of str
        All that are published, if empty.

    Returns
    -------
    list of Path
        The notebooks and model cards that changed.

    Raises
    ------
    ChapterError
        Code that is no exercise was changed since the outputs were made, or a cell shows source that is gone.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    headers, repository = read_headers(root), repository_url(root)
    claims, runs = read_claims(root / "claims.yml"), committed_runs(root)
    changed = []
    for header in headers.values():
        if header.name in chapters or (not chapters and header.notebook.is_file()):
            before = read_notebook(header.notebook)
            after = join(header, read_notebook(header.notebook), repository)
            after = refresh(after, header.name, claims, runs)
            if after != before:
                write_notebook(after, header.notebook)
                changed.append(header.notebook)
            changed += _card(root, header, after)
    return changed


def _card(root: Path, header: Header, notebook: nbformat.NotebookNode) -> list[Path]:
    """Write the card of a published chapter's weights again, where it has any and the card differs."""
    folder = root / "weights" / header.name
    if not weight_files(folder):
        return []
    card = folder / CARD
    before = card.read_bytes() if card.is_file() else b""
    write_card(folder, header, read_results(root / "results" / _parameter(notebook, "scale") / f"{header.name}.json"))
    return [card] if card.read_bytes() != before else []


def _parameter(notebook: nbformat.NotebookNode, name: str) -> Any:
    """Give a value of a notebook's parameters cell; None where it assigns no such name."""
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            value = assigned_literals(cell.source).get(name)
            return None if value is None else ast.literal_eval(value)
    return None


def _replace(files: list[Path], folder: Path) -> list[Path]:
    """Make a folder hold exactly these files; a folder without files is no folder."""
    if folder.is_dir():
        shutil.rmtree(folder)
    if not files:
        return []
    folder.mkdir(parents=True)
    for file in files:
        shutil.copy(file, folder)
    return [folder]


def _refuse_synthetic(file: Path) -> None:
    synthetic = [key for key, data in read_results(file).provenance.get("data", {}).items() if data.get("synthetic")]
    if synthetic:
        raise ChapterError(
            f"the data of {', '.join(synthetic)} were synthetic",
            file=file,
            expected="real databases",
            remedy="set ECGLIB_DATA to the folder of the real databases and run again",
        )


def _refuse_unfit(notebook: nbformat.NotebookNode, header: Header, root: Path) -> None:
    if _parameter(notebook, "pretrained"):
        raise ChapterError(
            "this run used published weights, so it has none of its own to publish",
            file=header.notebook,
            expected="a run that trains its models",
            remedy=f"run it whole: ecgbook run {header.name} --scale …",
        )
    text = nbformat.writes(notebook)
    if len(text.encode()) >= LARGEST_NOTEBOOK:
        largest = max(notebook.cells, key=lambda cell: len(str(cell.get("outputs", ""))))
        raise ChapterError(
            "the executed notebook is too large to publish",
            file=header.notebook,
            expected=f"less than {LARGEST_NOTEBOOK / 1e6:.1f} MB",
            found=f"{len(text.encode()) / 1e6:.1f} MB, most of it from the cell {_first_line(largest)}",
            remedy="draw fewer or smaller figures, or print less",
        )
    private = [str(root), sys.prefix, str(Path.home()), os.environ.get("ECGLIB_DATA", "")]
    for cell in notebook.cells:
        shown = str(cell)
        if any(len(path) > 4 and path in shown for path in private):
            raise ChapterError(
                f"a path of this machine shows in the cell {_first_line(cell)}",
                file=header.notebook,
                expected="nothing that only this machine has",
                remedy="don't print paths, and look for the warning that shows one",
            )


def _first_line(cell: nbformat.NotebookNode) -> str:
    return repr(cell.source.strip().split("\n")[0])
