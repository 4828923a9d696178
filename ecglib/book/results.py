"""What a chapter measured: one JSON file, written whole or not at all, that prose, tables and checks all read."""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecglib.errors import ChapterError

METRIC_NAME = re.compile(r"[a-z0-9][a-z0-9_]*\.[a-z0-9][a-z0-9_]*\.[A-Za-z0-9][A-Za-z0-9_]*")
"""``method.task.metric``; only the last part may hold capitals, for the names of classes."""


@dataclass(frozen=True)
class Metric:
    """One number with its interval.

    Attributes
    ----------
    value : float
        With several seeds, their mean.
    low, high : float or None
        Ends of the interval; None where the number has none, such as a count.
    level : float or None
        0.95 for a 95 % interval.
    method : str or None
        How the interval was made, such as ``"patient bootstrap"``.
    n : int or None
        How many beats, patients or records it rests on.
    by_seed : tuple of float
        The number of each seed by itself; empty where nothing is random.
    p_value : float or None
        Of a paired difference, two-sided and not yet corrected; see ``difference_name``.

    Raises
    ------
    ChapterError
        If a number is NaN or infinite, an end of the interval is missing, or the ends are the wrong way round.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> print(Metric(0.906, 0.893, 0.918, method="beat bootstrap"))
    0.906 (0.893 to 0.918)
    """

    value: float
    low: float | None = None
    high: float | None = None
    level: float | None = None
    method: str | None = None
    n: int | None = None
    by_seed: tuple[float, ...] = ()
    p_value: float | None = None

    def __post_init__(self) -> None:
        numbers = [self.value, *self.by_seed, *(x for x in (self.low, self.high, self.p_value) if x is not None)]
        if not all(map(math.isfinite, numbers)):
            raise ChapterError(
                "a number is not finite",
                expected="finite numbers",
                found=", ".join(map(str, numbers)),
                remedy="find out why it is undefined; leave it out where the test set holds no such class",
            )
        if (self.low is None) != (self.high is None) or (self.low or 0) > (self.high or 0):
            raise ChapterError(
                "the interval makes no sense",
                expected="low not above high, both or neither",
                found=f"{self.low} to {self.high}",
                remedy="pass both ends, the smaller first",
            )

    def __str__(self) -> str:
        return f"{self.value:.3f}" + ("" if self.low is None else f" ({self.low:.3f} to {self.high:.3f})")

    def to_json(self) -> dict[str, Any]:
        """Give the entry of the results file; ``by_seed`` and ``p_value`` only where there are any."""
        entry: dict[str, Any] = {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "level": self.level,
            "method": self.method,
            "n": self.n,
        }
        if self.by_seed:
            entry["by_seed"] = list(self.by_seed)
        if self.p_value is not None:
            entry["p_value"] = self.p_value
        return entry

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Metric:
        """Read an entry of the results file."""
        return cls(**{**entry, "by_seed": tuple(entry.get("by_seed", ()))})


@dataclass(frozen=True)
class Results:
    """All numbers of one chapter at one scale, and where they come from.

    Attributes
    ----------
    chapter, scale : str
    provenance : dict
        ``commit``, ``dirty``, ``source_sha256``, ``ecglib_sha256``, ``data``, ``seeds``, ``device``, ``versions``,
        ``started``, ``wall_s``, ``peak_rss_mb``; ``read``, the SHA-256 of files of other chapters, by chapter and file;
        ``wrote``, that of the chapter's own artefacts, by file. Results of 2026-11 and before lack the last two.
    metrics : dict of str to Metric
        By ``method.task.metric``.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """

    chapter: str
    scale: str
    provenance: dict[str, Any]
    metrics: dict[str, Metric] = field(default_factory=dict)


def check_name(name: str) -> None:
    """Raise ChapterError where a metric's name is not ``method.task.metric``.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> check_name("cnn.intra.f1_S")
    """
    if not METRIC_NAME.fullmatch(name):
        raise ChapterError(
            f"{name!r} is no name of a metric",
            expected="method.task.metric, such as cnn.intra.macro_f1",
            found=repr(name),
            remedy="write three parts of letters, digits and underscores; capitals only in the last",
        )


def difference_name(metric: str, versus: str) -> str:
    """Name the paired difference of two metrics, under which a chapter records it with its p-value.

    Parameters
    ----------
    metric, versus : str
        Names of metrics of the same kind; the difference is the first minus the second.

    Raises
    ------
    ChapterError
        If the two differ in their last part: accuracy minus F1 means nothing.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> difference_name("pi_bsm.mitbih.afib_f1", "bsm.mitbih.afib_f1")
    'pi_bsm.mitbih.afib_f1_minus_bsm'
    >>> difference_name("cnn.intra.macro_f1", "cnn.inter.macro_f1")
    'cnn.intra.macro_f1_minus_cnn_inter'
    """
    check_name(metric)
    check_name(versus)
    (_, task, kind), (other, other_task, other_kind) = metric.split("."), versus.split(".")
    if kind != other_kind or metric == versus:
        raise ChapterError(
            f"{metric} and {versus} cannot be subtracted",
            expected="two metrics whose names end alike",
            remedy="compare numbers of the same kind",
        )
    return f"{metric}_minus_{other}" if task == other_task else f"{metric}_minus_{other}_{other_task}"


def write_results(folder: Path | str, results: Results) -> Path:
    """Write ``<chapter>.json`` into a folder, whole or not at all.

    Parameters
    ----------
    folder : path-like
        ``results/<scale>`` of a run; made where it is missing.
    results : Results

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ChapterError
        If a metric's name is not ``method.task.metric``, or the provenance holds what JSON does not.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_results(folder, Results("10_cnn", "cpu", {}, {"cnn.intra.accuracy": Metric(0.98)}))
    ...     read_results(path).metrics["cnn.intra.accuracy"].value
    0.98
    """
    for name in results.metrics:
        check_name(name)
    content = {
        "chapter": results.chapter,
        "scale": results.scale,
        "provenance": results.provenance,
        "metrics": {name: metric.to_json() for name, metric in results.metrics.items()},
    }
    file = Path(folder) / f"{results.chapter}.json"
    try:
        text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as problem:
        raise ChapterError(
            "the results cannot be written as JSON",
            file=file,
            expected="plain numbers, strings, lists and dictionaries, all finite",
            found=str(problem),
            remedy="turn NumPy values into float, int or str",
        ) from problem
    write_text(file, text + "\n")
    return file


def read_results(file: Path | str) -> Results:
    """Read one results file.

    Raises
    ------
    ChapterError
        If it is missing, damaged, or holds a number or a name that ``write_results`` would refuse.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    try:
        content = json.loads(Path(file).read_text(encoding="utf-8"))
        metrics = {name: Metric.from_json(entry) for name, entry in content["metrics"].items()}
        for name in metrics:
            check_name(name)
        return Results(str(content["chapter"]), str(content["scale"]), dict(content["provenance"]), metrics)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ChapterError) as problem:
        raise ChapterError(
            "the results cannot be read",
            file=file,
            expected="JSON with chapter, scale, provenance and metrics, as a chapter writes it",
            found=f"{type(problem).__name__}: {problem}",
            remedy="run the chapter again",
        ) from problem


def read_folder(folder: Path | str) -> dict[str, Results]:
    """Read all results files of one folder, by chapter, in order of their names.

    Raises
    ------
    ChapterError
        If a file is damaged, or lies under another chapter's name.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> read_folder("no such folder")
    {}
    """
    found = {}
    for file in sorted(Path(folder).glob("*.json")):
        results = read_results(file)
        if results.chapter != file.stem:
            raise ChapterError(
                "the results lie under another chapter's name",
                file=file,
                expected=file.stem,
                found=results.chapter,
                remedy="run the chapter again under its own name",
            )
        found[file.stem] = results
    return found


def write_text(file: Path | str, text: str) -> None:
    """Write a UTF-8 text file through a temporary one beside it, so that a cut leaves the old content."""
    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
