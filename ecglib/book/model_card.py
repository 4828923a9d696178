"""The card beside every folder of weights: data, splits, seeds, command, measured scores, limits, how to load them."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

import ecglib
from ecglib.book.headers import Header
from ecglib.book.plan import PRETRAINED
from ecglib.book.results import Results, write_text
from ecglib.databases.catalogue import PUBLISHED
from ecglib.errors import ChapterError, DamagedFileError

CARD = "README.md"
"""Name of a card, so that a browser of the repository shows it with the folder."""

LARGEST_WEIGHTS = 2_000_000
"""Bytes of one file of weights at most: every clone of the book carries them all."""

HEADLINES = ("accuracy", "macro_f1", "macro_precision", "macro_recall", "auroc", *(f"f1_{c}" for c in "NSVFQ"))
"""Metrics that a card shows, where the chapter measured them for the model of the file."""

_TASKS = ("intra", "blocked", "inter")

_SPLITS = {
    "intra": "has seen other beats of every test patient, and windows that share samples with test windows. Its scores "
    "say nothing about new patients.",
    "blocked": "has seen other minutes of every test patient. Its scores say nothing about new patients.",
    "inter": "has never seen a test patient. Its macro means are over N, S, V and F.",
}

_DATA = {
    "mitbih": "MIT-BIH holds 48 half-hour records of 47 people, taken at one hospital from 1975 to 1979 and chosen "
    "in part for rare beats. Other recorders, leads, ages and illnesses are other data. Its beats were found by "
    "cardiologists: the score of a detector is not in these numbers.",
    "ludb": "LUDB holds ten seconds of 200 people. Boundaries were marked by cardiologists.",
    "ptbxl": "PTB-XL holds ten-second records of one manufacturer's devices.",
    "chapman": "Chapman-Shaoxing-Ningbo holds ten-second records of patients in China.",
}


def model_card(folder: Path, header: Header, results: Results) -> str:
    """Write what a reader must know before using the weights in a folder.

    Parameters
    ----------
    folder : Path
        ``weights/<chapter>``; its ``.safetensors`` files carry their facts, as ``save_weights`` notes them.
    header : Header
        Of the chapter that trained them.
    results : Results
        Of the run that made them.

    Returns
    -------
    str
        Markdown. The same files and results always give the same card.

    Raises
    ------
    ChapterError
        If the folder holds no weights, or a file of 2 MB or more.
    DamagedFileError
        If a file is no safetensors file.

    Notes
    -----
    Source: our choice, after Mitchell et al., *Model Cards for Model Reporting* (2019). Taught in chapter ``10_cnn``.
    """
    files = weight_files(folder)
    if not files:
        raise ChapterError(
            "there are no weights to write a card for",
            file=folder,
            expected="files that end in .safetensors",
            remedy="save weights with save_weights(model, chapter.folder / …)",
        )
    for file in files:
        if file.stat().st_size >= LARGEST_WEIGHTS:
            raise ChapterError(
                "a file of weights is too large for the repository",
                file=file,
                expected=f"less than {LARGEST_WEIGHTS / 1e6:.0f} MB",
                found=f"{file.stat().st_size / 1e6:.1f} MB",
                remedy="save a smaller model, or fewer of its numbers",
            )
    facts = {file.name: _facts(file) for file in files}
    parts = [
        f"# Weights of {header.title}",
        f"Models of chapter `{header.name}`, trained at `{results.scale}` scale by",
        f"```\necgbook run {header.name} --scale {results.scale} --publish\n```",
        f"That command writes this card too. The run began on {_day(results)}, on {_provenance(results, 'device')}, "
        f"with ecglib at commit `{(_provenance(results, 'commit') or 'unknown')[:12]}`, torch "
        f"{results.provenance.get('versions', {}).get('torch', 'unknown')}. Numbers, seeds and versions in full: "
        f"`results/{results.scale}/{header.name}.json`.",
        "## Data",
        *_data(results),
        "## Files",
        *_file_table(files, facts, results),
        *_inputs(facts.values()),
        "## Measured scores",
        *_scores([file.stem for file in files], results),
        "## Limits",
        *_limits(facts.values(), results),
        "## How to load",
        *_loading(header, files, facts),
    ]
    return "\n\n".join(parts) + "\n"


def write_card(folder: Path, header: Header, results: Results) -> Path:
    """Write the card of a folder of weights into it, whole or not at all.

    Parameters
    ----------
    folder, header, results
        As in ``model_card``.

    Returns
    -------
    Path
        The card.

    Raises
    ------
    ChapterError, DamagedFileError
        As in ``model_card``.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """
    write_text(folder / CARD, model_card(folder, header, results))
    return folder / CARD


def card_problems(
    root: Path, headers: Mapping[str, Header], results: Mapping[str, Results]
) -> Iterator[tuple[str, str]]:
    """Find committed weights without a card, and cards that don't say what the files and the results say.

    Parameters
    ----------
    root : Path
        The book's folder.
    headers : mapping of str to Header
        All chapters.
    results : mapping of str to Results
        Of the committed chapters.

    Yields
    ------
    (str, str)
        Name of the folder below ``weights/``, and what is wrong with it.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """
    for folder in sorted(path for path in (root / "weights").glob("*") if path.is_dir()):
        name = folder.name
        if name not in headers:
            yield name, "weights/ holds a folder that belongs to no chapter; remove it"
            continue
        if name not in results:
            continue
        card = folder / CARD
        written = card.read_text(encoding="utf-8") if card.is_file() else ""
        remedy = f"write it again: ecgbook pair {name}"
        unnamed = [file.name for file in weight_files(folder) if f"`{file.name}`" not in written]
        if not written:
            yield name, f"its weights have no card; write it: ecgbook pair {name}"
        elif unnamed:
            yield name, f"its card doesn't name {', '.join(unnamed)}; {remedy}"
        else:
            try:
                if written != model_card(folder, headers[name], results[name]):
                    yield (
                        name,
                        f"its card is not that of these weights and results; {remedy}",
                    )
            except (ChapterError, DamagedFileError) as problem:
                yield name, str(problem)


def weight_files(folder: Path) -> list[Path]:
    """Give the files of weights in a folder, in order of name.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> weight_files(Path("no such folder"))
    []
    """
    return sorted(folder.glob("*.safetensors"))


def _facts(file: Path) -> dict[str, Any]:
    """Read what ``save_weights`` noted; torch isn't needed for it."""
    try:
        with safe_open(file, framework="np") as opened:
            noted = json.loads((opened.metadata() or {}).get("facts", "{}"))
            numbers = sum(_size(opened.get_slice(name).get_shape()) for name in opened.keys())  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise DamagedFileError(
            "these weights can't be read",
            file=file,
            expected="a safetensors file",
            found=str(error).splitlines()[0],
            remedy="run the chapter that trains them again",
        ) from error
    return {**noted, "numbers": numbers}


def _size(shape: Iterable[int]) -> int:
    product = 1
    for length in shape:
        product *= length
    return product


def _provenance(results: Results, key: str) -> str:
    return str(results.provenance.get(key) or "")


def _day(results: Results) -> str:
    return _provenance(results, "started")[:10] or "an unknown day"


def _data(results: Results) -> list[str]:
    lines = []
    for key, entry in results.provenance.get("data", {}).items():
        published = PUBLISHED[key]
        lines.append(
            f"- [{published.title}]({published.url}), version {entry.get('version')}, {entry.get('records')} of "
            f"{published.records:,} records, SHA-256 of the data `{str(entry.get('sha256', ''))[:16]}…`. "
            f"{published.citation}. Licence: [{published.licence}]({published.licence_url})."
        )
    return ["\n".join(lines)] if lines else ["The chapter read no database."]


def _file_table(files: list[Path], facts: Mapping[str, Mapping[str, Any]], results: Results) -> list[str]:
    lines = [
        "| file | model | split | seed | trained on | epochs (best) | validation | test macro F1 | bytes | SHA-256 |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for file in files:
        known = facts[file.name]
        examples, epochs, score = (known.get(k) for k in ("training_examples", "epochs", "validation_score"))
        tested = _tested(file.stem, known, results)
        cells = [
            f"`{file.name}`",
            str(known.get("make") or known.get("model") or "–"),
            str(known.get("split", "–")),
            str(known.get("seed", "–")),
            "–" if examples is None else f"{examples:,}",
            "–" if epochs is None else f"{epochs} ({known.get('best_epoch', '–')})",
            "–" if score is None else f"{score:.3f}",
            "–" if tested is None else f"{tested:.3f}",
            f"{file.stat().st_size:,}",
            f"`{hashlib.sha256(file.read_bytes()).hexdigest()[:16]}`",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    lines = ["\n".join(lines)]
    if any("validation_score" in known for known in facts.values()):
        lines.append(
            "*Trained on* counts examples after the thinning of classes, where the chapter thins them. *Validation* "
            "is the score that chose the epoch: macro F1 over all classes, unless the chapter says otherwise."
        )
    return lines


def _tested(stem: str, known: Mapping[str, Any], results: Results) -> float | None:
    """Give the test macro F1 of the very model in a file, where the run measured each seed by itself."""
    method = _method(stem, results)
    metric = results.metrics.get(f"{method}.{known.get('split')}.macro_f1")
    seeds = results.provenance.get("seeds", [])
    if metric is None or known.get("seed") not in seeds or len(metric.by_seed) != len(seeds):
        return None
    return metric.by_seed[seeds.index(known["seed"])]


def _method(stem: str, results: Results) -> str | None:
    """Find the method that a file belongs to: the longest whose name its own begins with."""
    methods = {name.split(".")[0] for name in results.metrics}
    return max((m for m in methods if stem == m or stem.startswith(f"{m}_")), key=len, default=None)


def _inputs(facts: Iterable[Mapping[str, Any]]) -> list[str]:
    lines = []
    for name in sorted({str(known["model"]) for known in facts if "model" in known}):
        module, notes = _class(name)
        lines.append(f"- `{module}.{name}`: {notes}" if notes else f"- `{name}`")
    if not lines:
        return []
    return ["What the models take and give (how the windows are cut stands in the chapter):", "\n".join(lines)]


def _class(name: str) -> tuple[str, str]:
    """Find the module of a model, and the first paragraph of its notes, by reading the source."""
    for file in sorted((Path(ecglib.__file__).parent / "models").glob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                notes = (ast.get_docstring(node) or "").partition("Notes\n-----\n")[2]
                return f"ecglib.models.{file.stem}", " ".join(notes.partition("\n\n")[0].split())
    return "", ""


def _scores(stems: Iterable[str], results: Results) -> list[str]:
    methods = list(dict.fromkeys(method for stem in stems if (method := _method(stem, results))))
    parts = []
    for method in methods:
        measured = {
            tuple(name.split(".")[1:]): metric
            for name, metric in results.metrics.items()
            if name.split(".")[0] == method
        }
        found = {task for task, kind in measured if kind in HEADLINES}
        tasks = sorted(found, key=lambda task: (_TASKS.index(task) if task in _TASKS else len(_TASKS), task))
        if not tasks:
            continue
        lines = [f"| `{method}` | {' | '.join(tasks)} |", "|---|" + "---:|" * len(tasks)]
        for kind in HEADLINES:
            cells = [measured.get((task, kind)) for task in tasks]
            if any(cells):
                lines.append(f"| {kind} | " + " | ".join("–" if c is None else str(c) for c in cells) + " |")
        drawn = [next(measured[task, kind] for kind in HEADLINES if (task, kind) in measured) for task in tasks]
        lines.append("| interval | " + " | ".join(f"{m.method}, n = {m.n:,}" if m.n else "–" for m in drawn) + " |")
        parts.append("\n".join(lines))
    if not parts:
        shown = {name: metric for name, metric in results.metrics.items() if "_minus_" not in name}
        lines = ["| number | value | interval |", "|---|---:|---|"]
        lines += [
            f"| `{name}` | {metric} | {f'{metric.method}, n = {metric.n:,}' if metric.method and metric.n else '–'} |"
            for name, metric in shown.items()
        ]
        parts.append("\n".join(lines))
    seeds = ", ".join(map(str, results.provenance.get("seeds", [])))
    return [f"On test data, mean over seeds {seeds}, with 95 % interval.", *parts]


def _limits(facts: Iterable[Mapping[str, Any]], results: Results) -> list[str]:
    splits = {str(known["split"]) for known in facts if "split" in known}
    lines = [f"- A file of split `{name}` {text}" for name, text in _SPLITS.items() if name in splits]
    lines += [f"- {_DATA[key]}" for key in results.provenance.get("data", {}) if key in _DATA]
    lines.append(
        "- The scores are those of this book's test data, cut and filtered as the chapter does. Expect less elsewhere."
    )
    lines.append("- This is no medical device. It must not decide about patients.")
    return ["\n".join(lines)]


def _loading(header: Header, files: list[Path], facts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    known = next((facts[file.name] for file in files if "model" in facts[file.name]), None)
    first = next((file for file in files if facts[file.name] is known), files[0])
    name = "Model" if known is None else str(known["model"])
    module = "" if known is None else _class(name)[0]
    made = f"{name}()" if known is None else str(known.get("make", f"{name}()"))
    parts = sorted(set(re.findall(r"\b[A-Z]\w*", made)) - {name})
    imports = [f"from {where} import {part}" for part in parts if (where := _class(part)[0])]
    code = [
        "from ecglib.learning.weights import load_weights, read_facts",
        f"from {module} import {name}" if module else f"# {name} is the class that chapter {header.name} trains",
        *imports,
        "",
        f'file = "weights/{header.name}/{first.name}"',
        f"model = load_weights({made}, file)  # in evaluation mode",
        "print(read_facts(file))",
    ]
    lines = [
        "From the book's folder. The files are safetensors: no code in them runs when they are read.",
        "```python\n" + "\n".join(code) + "\n```",
    ]
    if PRETRAINED in header.parameters:
        lines.append(f"Or run the chapter without training: `ecgbook run {header.name} --pretrained`.")
    return lines
