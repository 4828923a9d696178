"""Whether the book tells the truth: pages fresh, numbers inside their ranges, claims measured, protocol kept."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from ecglib.book.claims import Claims, read_claims
from ecglib.book.headers import SCALES, assigned_literals, read_headers, with_needed
from ecglib.book.judge import Runs, judge
from ecglib.book.model_card import card_problems
from ecglib.book.pairs import in_step
from ecglib.book.provenance import code_cells, files_sha256, is_covered, source_sha256, syntax_of
from ecglib.book.refresh import outdated
from ecglib.book.rerun import compare
from ecglib.book.results import Results, difference_name, read_folder, read_results
from ecglib.book.settings import repository_url
from ecglib.errors import ChapterError

LEAST_SEEDS = 3
"""Seeds behind every mean of a published number."""

NEW_PATIENTS = "inter"
"""Task whose numbers are about new patients, so that its chapter has to assert that patients are disjoint."""

DISJOINT = {"assert_patient_disjoint", "three_splits"}
"""Calls that stop a chapter at a patient on two sides; one of them has to stand in it."""

_GLUED = re.compile(r"\{glue:[a-z]*\}`([^`]+)`|```\{glue:[a-z]*\}\s+(\S+)")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the book.

    Attributes
    ----------
    kind : str
        ``contents``, ``results``, ``notebook``, ``pair``, ``stale``, ``read``, ``glue``, ``data``, ``seeds``,
        ``leak``, ``weights``, ``claims``, ``drift`` or ``too good``.
    place : str
        The chapter or the claim.
    message : str
        What is wrong and what to do.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> print(Problem("stale", "10_cnn", "its code changed after it ran; run it again"))
    10_cnn: stale: its code changed after it ran; run it again
    """

    kind: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.kind}: {self.message}"


def check(root: Path | str, scale: str | None = None, only: Sequence[str] = ()) -> list[Problem]:
    """Check a run, or the committed book.

    Parameters
    ----------
    root : path-like
        The book's folder.
    scale : {"smoke", "cpu", "gpu"}, optional
        Check the run below ``_build/<scale>``; by default the committed notebooks with ``results/<scale>/``, each at
        the scale that its parameters cell names.
    only : sequence of str
        Chapters to check, with their claims; the others are read where these quote them or are compared with them.

    Returns
    -------
    list of Problem
        Empty for a healthy book. Found are: a chapter missing from the contents, or the other way round; results
        missing, damaged, or of another chapter or scale; a notebook missing, not executed, without outputs or with
        an error (a leaked patient raises one, and leaves no results); a pair out of step; a table of claims that is
        older than claims or results, or shown source that is older than the library; code that changed after it ran;
        files of another chapter that it read and that have changed since; numbers on the page that differ from the
        results, or that prose quotes and nobody recorded;
        synthetic data at a real scale; too few seeds; numbers about new patients without ``assert_patient_disjoint`` or
        ``three_splits``; committed weights without a card, or with one that doesn't name every file or isn't that of
        these weights and results; claims about metrics that nobody recorded, without range, or without the sentence
        that says why we differ; and values below or above the range that ``expected`` gives.

    Raises
    ------
    ChapterError
        If there is no such chapter, or the headers of the chapters, ``_toc.yml`` or ``claims.yml`` can't be read.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    root = Path(root)
    headers = read_headers(root)
    chapters = sorted(headers)
    with_needed(headers, only)  # refuses an unknown name
    problems = list(_contents(root, chapters))
    found: dict[str, Results] = {}
    claims = read_claims(root / "claims.yml")
    notebooks: dict[str, Any] = {}
    for chapter in chapters:
        try:
            results, notebook = _read(root, chapter, scale)
        except ChapterError as problem:
            missing = "results" if str(problem.file or "").endswith(".json") else "notebook"
            problems.append(Problem(missing, chapter, str(problem)))
            continue
        found[chapter] = results
        if only and chapter not in only:
            continue
        notebooks[chapter] = notebook
        source = root / "notebooks" / f"{chapter}.py"
        problems += _notebook(chapter, notebook)
        if scale is None and not in_step(headers[chapter], repository_url(root)):
            problems.append(Problem("pair", chapter, "the notebook is not in step with its source: ecgbook pair"))
        problems += _glue(chapter, notebook, results)
        problems += _provenance(chapter, results, source)
        problems += _protocol(chapter, results, source)
    problems += _quotes(root, found, chapters)
    problems += _repeated(found)
    problems += _read_files(root, found, scale)
    if scale is None:
        problems += [Problem("weights", name, message) for name, message in card_problems(root, headers, found)]
        problems += _shown(claims, found, notebooks)
    problems += _unmeasured(claims, found, headers)
    published = {name: read_folder(root / "results" / name) for name in SCALES} if scale else _by_scale(found)
    problems += _drift(claims, found, published)
    if scale is None:
        problems += _verdicts(claims, found)
    places = {*only, *(claim.id for claim in claims if claim.chapter in only)}
    return [problem for problem in problems if not only or problem.place in places]


def _contents(root: Path, chapters: list[str]) -> Iterator[Problem]:
    from ecglib.book.build import contents

    listed = [page.removeprefix("notebooks/") for page in contents(root) if page.startswith("notebooks/")]
    for chapter in chapters:
        if chapter not in listed:
            yield Problem("contents", chapter, "the chapter is missing from _toc.yml; add it there")
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        yield Problem("contents", name, "_toc.yml lists it twice; take one out")
    for name in sorted(set(listed) - set(chapters)):
        yield Problem("contents", name, f"_toc.yml lists it, but there is no notebooks/{name}.py")


def _read(root: Path, chapter: str, scale: str | None) -> tuple[Results, nbformat.NotebookNode]:
    file = (root / "_build" / scale if scale else root) / "notebooks" / f"{chapter}.ipynb"
    try:
        notebook = nbformat.read(file, as_version=4)
    except Exception as problem:
        raise ChapterError(
            "there is no executed notebook",
            file=file,
            expected="a notebook with the outputs of a run",
            found=type(problem).__name__,
            remedy=f"run it: ecgbook run {chapter} --scale {scale or 'cpu --publish'}",
        ) from problem
    ran = _scale_of(notebook)
    if ran not in SCALES or (scale is not None and ran != scale):
        raise ChapterError(
            "the notebook is of another scale",
            file=file,
            expected=scale or f"one of {', '.join(SCALES)}",
            found=str(ran),
            remedy=f"run it again: ecgbook run {chapter} --scale {scale or 'cpu --publish'}",
        )
    folder = root / "_build" / ran / "results" if scale else root / "results" / ran
    results = read_results(folder / f"{chapter}.json")
    if (results.chapter, results.scale) != (chapter, ran):
        raise ChapterError(
            "the results are of another chapter or scale",
            file=folder / f"{chapter}.json",
            expected=f"{chapter} at {ran}",
            found=f"{results.chapter} at {results.scale}",
            remedy="run the chapter again",
        )
    return results, notebook


def _scale_of(notebook: nbformat.NotebookNode) -> Any:
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", ()):
            value = assigned_literals(cell.source).get("scale")
            return None if value is None else ast.literal_eval(value)
    return None


def _notebook(chapter: str, notebook: nbformat.NotebookNode) -> Iterator[Problem]:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    idle = [cell for cell in code if is_covered(cell) and cell.source.strip() and cell.execution_count is None]
    if idle:
        first = idle[0].source.strip().splitlines()[0]
        yield Problem("notebook", chapter, f"{len(idle)} cells were not executed, the first begins with {first!r}")
    if not any(cell.outputs for cell in code):
        yield Problem("notebook", chapter, "it has no outputs; run it")
    for cell in code:
        for output in cell.outputs:
            if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", ()):
                yield Problem("notebook", chapter, f"a cell failed with {output.ename}: {output.evalue}")


def _glued(notebook: nbformat.NotebookNode) -> dict[str, str]:
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            mark = output.get("metadata", {}).get("scrapbook")
            if mark:
                found[mark["name"]] = str(output.data.get(mark.get("mime_prefix", "") + "text/plain", ""))
    return found


def _glue(chapter: str, notebook: nbformat.NotebookNode, results: Results) -> Iterator[Problem]:
    glued = _glued(notebook)
    for name, metric in results.metrics.items():
        if name not in glued:
            yield Problem("glue", chapter, f"{name} is in the results but not on the page; run the chapter again")
        elif glued[name] != repr(metric.value):
            yield Problem("glue", chapter, f"{name} is {glued[name]} on the page and {metric.value!r} in the results")
    for name in sorted(set(glued) - set(results.metrics)):
        yield Problem("glue", chapter, f"{name} is on the page but not in the results; use chapter.record")


def _quotes(root: Path, found: Mapping[str, Results], chapters: list[str]) -> Iterator[Problem]:
    """Find numbers that prose quotes and nobody recorded; a chapter without results is a problem of its own."""
    texts = {chapter: root / "notebooks" / f"{chapter}.py" for chapter in found}
    texts |= {f"book/{file.name}": file for file in sorted((root / "book").glob("*.md"))}
    for place, file in texts.items():
        for quoted in _GLUED.finditer(file.read_text(encoding="utf-8")):
            target = (quoted.group(1) or quoted.group(2)).strip()
            page, _, key = target.rpartition("::")
            chapter = Path(page).stem if page else place
            name = key.split(":")[0]
            if chapter not in chapters or (chapter in found and name not in found[chapter].metrics):
                yield Problem("glue", place, f"it quotes {target}, which chapter {chapter} did not record")


def _provenance(chapter: str, results: Results, source: Path) -> Iterator[Problem]:
    made = results.provenance
    if made.get("source_sha256") != source_sha256(source):
        again = f"ecgbook run {chapter} --scale {results.scale}"
        yield Problem("stale", chapter, f"its code changed after it ran; run it again: {again}")
    for key, entry in made.get("data", {}).items():
        if bool(entry.get("synthetic")) != (results.scale == "smoke"):
            kind = "synthetic" if entry.get("synthetic") else "real"
            yield Problem("data", chapter, f"{key} was {kind} at scale {results.scale}")
    seeds = made.get("seeds", [])
    for name, metric in results.metrics.items():
        if len(metric.by_seed) not in (0, 1, len(seeds)):
            yield Problem(
                "seeds", chapter, f"{name} has {len(metric.by_seed)} seeds, the run {len(seeds)}; use chapter.seeds"
            )
        elif results.scale != "smoke" and 1 < len(metric.by_seed) < LEAST_SEEDS:
            yield Problem(
                "seeds", chapter, f"{name} is a mean over {len(metric.by_seed)} seeds, fewer than {LEAST_SEEDS}"
            )


def _read_files(root: Path, found: Mapping[str, Results], scale: str | None) -> Iterator[Problem]:
    """Compare the files of other chapters that a chapter read with what those have now.

    A run may have read published weights (``--pretrained``) although the other chapter has run too.
    """
    for chapter, results in found.items():
        for other, files in results.provenance.get("read", {}).items():
            wrote = found[other].provenance.get("wrote") if other in found else None
            weights = files_sha256(root / "weights" / other) if scale or wrote is None else {}
            again = f"run it again: ecgbook run {chapter} --scale {results.scale}"
            for file, digest in files.items():
                now = [digests[file] for digests in (wrote or {}, weights) if file in digests]
                if now and digest not in now:
                    yield Problem("read", chapter, f"it read {file} of {other}, which has changed since: {again}")
                elif wrote and not now:
                    yield Problem("read", chapter, f"it read {file} of {other}, which is gone since: {again}")


def _protocol(chapter: str, results: Results, source: Path) -> Iterator[Problem]:
    if not any(name.split(".")[1] == NEW_PATIENTS for name in results.metrics):
        return
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for cell in code_cells(source)
        if is_covered(cell)
        for node in ast.walk(syntax_of(cell, source))
        if isinstance(node, ast.Call)
    }
    if not called & DISJOINT:
        yield Problem(
            "leak",
            chapter,
            "its numbers are about new patients; call splits.assert_patient_disjoint or splits.three_splits",
        )


def _repeated(found: Mapping[str, Results]) -> Iterator[Problem]:
    """Two chapters may record one number under one name, but not two numbers."""
    first: dict[tuple[str, str], tuple[str, float]] = {}
    for chapter, results in found.items():
        for name, metric in results.metrics.items():
            where, value = first.setdefault((results.scale, name), (chapter, metric.value))
            if not math.isclose(value, metric.value, rel_tol=1e-9, abs_tol=1e-12):
                yield Problem(
                    "results",
                    chapter,
                    f"{name} is {metric.value} here and {value} in {where}; give one of them another name",
                )


def _shown(claims: Claims, found: Mapping[str, Results], notebooks: Mapping[str, Any]) -> Iterator[Problem]:
    runs = _by_scale(found)
    for chapter, notebook in notebooks.items():
        yield from (Problem("pair", chapter, message) for message in outdated(notebook, chapter, claims, runs))


def _unmeasured(claims: Claims, found: Mapping[str, Results], chapters: Mapping[str, Any]) -> Iterator[Problem]:
    """Find claims whose chapter isn't there, or did not record what they are judged by."""
    for claim in claims:
        if claim.chapter not in chapters:
            known = ", ".join(chapters)
            yield Problem("claims", claim.id, f"there is no chapter {claim.chapter}; write one of {known}")
        elif claim.chapter in found and not claim.out_of_scope:
            own = found[claim.chapter].metrics
            for name in (claim.metric, *(difference_name(claim.metric, effect.over) for effect in claim.effects)):
                if name not in own:
                    yield Problem("claims", claim.id, f"chapter {claim.chapter} did not record {name}")


def _drift(claims: Claims, found: Mapping[str, Results], published: Runs) -> Iterator[Problem]:
    for results in _by_scale(found).values():
        for entry in compare(claims, results, published):
            if entry.state == "failed":
                advice = "look for a leak before you rejoice" if entry.too_good else "find out what changed"
                yield Problem("too good" if entry.too_good else "drift", entry.claim.id, f"{entry.what}; {advice}")


def _verdicts(claims: Claims, found: Mapping[str, Results]) -> Iterator[Problem]:
    """Find published claims without a range of reruns, or without the sentence that says why we differ."""
    for entry in judge(claims, _by_scale(found)):
        claim = entry.claim
        if not entry.parts:
            if entry.scale in claim.expected:
                yield Problem("claims", claim.id, f"it was tested, and isn't any more: {entry.missing}")
            continue
        if entry.scale not in claim.expected:
            yield Problem(
                "claims", claim.id, f"it expects nothing at {entry.scale}: ecgbook expect --scale {entry.scale}"
            )
        if entry.verdict != "reproduced" and not claim.why.strip():
            yield Problem("claims", claim.id, f"the verdict is '{entry.verdict}': say why in one sentence")


def _by_scale(found: Mapping[str, Results]) -> dict[str, dict[str, Results]]:
    runs: dict[str, dict[str, Results]] = {}
    for chapter, results in found.items():
        runs.setdefault(results.scale, {})[chapter] = results
    return runs
