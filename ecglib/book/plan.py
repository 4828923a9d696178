"""What each chapter's outputs depend on, by content: a chapter whose digest has changed has to run again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ecglib.book.headers import Header, read_headers, with_needed
from ecglib.book.provenance import ecglib_sha256, imported_modules, source_sha256
from ecglib.book.results import write_text
from ecglib.errors import ChapterError

PRETRAINED = "pretrained"
"""Parameter of chapters that can take their own models from ``weights/`` instead of training them."""

_WEIGHTS = "weights "


@dataclass(frozen=True)
class Step:
    """One chapter in the graph of a run.

    Attributes
    ----------
    name : str
        The chapter.
    needs : tuple of str
        Chapters that must have run before.
    inputs : mapping of str to str
        Digest of each thing that the outputs depend on: source, ecglib modules, lock, parameters, data, chapters,
        published weights.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> Step("10_cnn", (), {"source": "ab"}).stamp == Step("10_cnn", (), {"source": "cd"}).stamp
    False
    """

    name: str
    needs: tuple[str, ...]
    inputs: Mapping[str, str]

    @property
    def weights(self) -> list[str]:
        """Chapters whose published weights stand in for a training, this one among them where it skips its own."""
        return [key.removeprefix(_WEIGHTS) for key in self.inputs if key.startswith(_WEIGHTS)]

    @property
    def stamp(self) -> str:
        """File, below the run's folder, that stands for outputs made from exactly these inputs."""
        return f"ran/{self.name}.{digest_of(self.inputs)[:16]}.json"

    @property
    def outputs(self) -> tuple[str, str, str]:
        """Files that a finished run of the chapter leaves below the run's folder."""
        return (f"notebooks/{self.name}.ipynb", f"results/{self.name}.json", self.stamp)

    def is_done(self, output: Path) -> bool:
        """Say whether the run's folder holds all outputs made from these inputs."""
        return all((output / file).is_file() for file in self.outputs)

    def write_stamp(self, output: Path) -> None:
        """Declare the outputs finished, and those from other inputs gone."""
        self.remove_stamps(output)
        write_text(output / self.stamp, json.dumps(asdict(self), indent=1) + "\n")

    def remove_stamps(self, output: Path) -> None:
        """Declare that no finished outputs of this chapter exist."""
        for stamp in output.glob(f"ran/{self.name}.*.json"):
            stamp.unlink()

    def changes(self, output: Path) -> list[str] | None:
        """Name the inputs that differ from those of the last finished run; None if there was no such run."""
        for stamp in output.glob(f"ran/{self.name}.*.json"):
            before = json.loads(stamp.read_text(encoding="utf-8"))["inputs"]
            return [key for key in sorted({*before, *self.inputs}) if before.get(key) != self.inputs.get(key)]
        return None


def digest_of(value: object) -> str:
    """Give the SHA-256 of a value that JSON can hold.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def make_plan(
    root: Path,
    output: Path,
    scale: str,
    chapters: Sequence[str] = (),
    data_dir: Path | None = None,
    parameters: Mapping[str, object] | None = None,
    published: Collection[str] = (),
    drafts: bool = False,
) -> dict[str, Step]:
    """Give the steps of a run, each after those that it needs.

    Parameters
    ----------
    root : Path
        The book's folder.
    output : Path
        The run's folder, which keeps the digests of databases whose files have not changed.
    scale : {"smoke", "cpu", "gpu"}
    chapters : sequence of str
        Chapters asked for; all, if empty. The chapters that they need come along.
    data_dir : Path, optional
        Folder of the real databases. At smoke scale the twins are written by ``ecglib``, so its modules stand for them.
    parameters : mapping, optional
        Values for the parameters cell, beyond the scale; ``pretrained`` is for the chapters asked for, and not for
        those that they need.
    published : collection of str
        Chapters that others need and that are not run: their ``weights/`` stand in for them.
    drafts : bool
        Take drafts in place of the chapters of the same names.

    Raises
    ------
    ChapterError
        A chapter is unknown or its header is wrong, or no chapter asked for has such a parameter.
    MissingFileError
        A database that a chapter needs is not in ``data_dir``.
    ECGError
        As the readers do, where a record is damaged.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     make_plan(Path(folder), Path(folder, "_build", "smoke"), "smoke")
    {}
    """
    headers = read_headers(root, drafts)
    shortened = {name: replace(h, needs=()) if name in published else h for name, h in headers.items()}
    names = [name for name in with_needed(shortened, chapters or headers) if name not in published]
    parameters = parameters or {}
    for name in chapters or names:
        _refuse_unknown(parameters, headers[name])
    lock = root / "requirements.lock"
    common = {
        "scale": scale,
        "lock": hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else "none",
    }
    data: dict[str, str] = {}
    steps: dict[str, Step] = {}
    for name in names:
        header, values = headers[name], dict(parameters)
        if chapters and name not in chapters:
            values.pop(PRETRAINED, None)
        inputs = {
            **common,
            "source": source_sha256(header.source),
            "ecglib": ecglib_sha256(imported_modules(header.source)),
            "parameters": digest_of({key: values[key] for key in sorted(values) if key in header.parameters}),
        }
        for key in header.databases:
            if key not in data:
                cache = output / "digests" / f"{key}.json"
                data[key] = _twins_sha256() if scale == "smoke" else _data_sha256(key, data_dir, cache)
            inputs[f"data {key}"] = data[key]
        for needed in header.needs:
            if needed in steps:
                inputs[f"chapter {needed}"] = digest_of(steps[needed].inputs)
            if needed in published or needed in steps[needed].weights:
                inputs[f"{_WEIGHTS}{needed}"] = _weights_sha256(root, needed)
        if PRETRAINED in header.parameters and values.get(PRETRAINED):
            inputs[f"{_WEIGHTS}{name}"] = _weights_sha256(root, name)
        steps[name] = Step(name, tuple(needed for needed in header.needs if needed not in published), inputs)
    return steps


def replaceable(root: Path, output: Path, steps: Mapping[str, Step], chapters: Sequence[str]) -> list[str]:
    """Name the chapters that published weights can stand in for.

    Parameters
    ----------
    root, output : Path
        The book's folder and the run's.
    steps : mapping of str to Step
        The plan of a run in which nothing is replaced.
    chapters : sequence of str
        Chapters asked for; they run in any case.

    Returns
    -------
    list of str
        Chapters of the plan that were not asked for, whose last run is not up to date, and that have a folder below
        ``weights/``.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """
    return [
        name
        for name, step in steps.items()
        if name not in chapters and not step.is_done(output) and _weight_files(root, name)
    ]


def _weight_files(root: Path, chapter: str) -> list[Path]:
    return sorted((root / "weights" / chapter).glob("*.safetensors"))


def _weights_sha256(root: Path, chapter: str) -> str:
    files = _weight_files(root, chapter)
    if not files:
        raise ChapterError(
            f"there are no published weights of {chapter}",
            file=root / "weights" / chapter,
            expected="files that end in .safetensors",
            remedy="run without --pretrained, so that the models are trained",
        )
    return digest_of({file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files})


def write_plan(steps: Mapping[str, Step], file: Path) -> None:
    """Keep a plan, so that all of a run follows one, whatever is edited meanwhile."""
    write_text(file, json.dumps([asdict(step) for step in steps.values()], indent=1) + "\n")


def read_plan(file: Path) -> dict[str, Step]:
    """Read what ``write_plan`` wrote."""
    entries = json.loads(file.read_text(encoding="utf-8"))
    return {entry["name"]: Step(entry["name"], tuple(entry["needs"]), entry["inputs"]) for entry in entries}


def _refuse_unknown(parameters: Mapping[str, object], header: Header) -> None:
    unknown = [name for name in parameters if name not in header.parameters]
    if unknown:
        raise ChapterError(
            f"the chapter has no parameter {', '.join(unknown)}",
            file=header.source,
            expected=f"one of {', '.join(header.parameters)}",
            remedy="correct the name, or add it to the chapter's parameters cell",
        )


def _twins_sha256() -> str:
    """Digest the code that writes the twins: its modules stand for their files."""
    from ecglib.databases import synthetic

    modules = [module.stem for folder in synthetic.__path__ for module in Path(folder).glob("*.py")]
    return ecglib_sha256(f"{synthetic.__name__}.{name}".removesuffix(".__init__") for name in modules)


def _data_sha256(key: str, data_dir: Path | None, cache: Path) -> str:
    """Digest what a database's files mean; where all have the size and time stamp of the last time, read none."""
    from ecglib.databases import open_database

    database = open_database(key, data_dir)
    paths = sorted(Path(folder, name) for folder, _, names in os.walk(database.root) for name in names)
    stats = [(path.relative_to(database.root).as_posix(), path.stat()) for path in paths]
    files = digest_of([(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats])
    known = json.loads(cache.read_text(encoding="utf-8")) if cache.is_file() else {}
    if known.get("files") != files:
        known = {"files": files, "sha256": database.decoded_digest()}
        write_text(cache, json.dumps(known) + "\n")
    return known["sha256"]
