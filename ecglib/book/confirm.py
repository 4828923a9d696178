"""Whether a change of the library leaves the numbers alone: two commits run at smoke on one machine, and compared."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ecglib.book.provenance import SOURCE_PLACES, source_sha256
from ecglib.book.results import Results, read_results, write_text
from ecglib.book.run import RUN_VARIABLE, output_folder, stop_orphans, stopping_on_signals
from ecglib.book.say import say
from ecglib.book.settings import OUTPUT_VARIABLE
from ecglib.book.states import CONFIRMATIONS, read_confirmations
from ecglib.errors import ChapterError

_OTHERS = {"ECGLIB_DATA", OUTPUT_VARIABLE, RUN_VARIABLE}

_SURVEY = """\
import json
from importlib.util import find_spec
from pathlib import Path
from {package}.headers import read_headers
from {package}.provenance import ecglib_sha256, imported_modules
found = {{}}
for header in read_headers(Path.cwd()).values():
    library = ecglib_sha256(imported_modules(header.source))
    found[header.name] = dict(source=str(header.source), needs=list(header.needs), library=library)
print(json.dumps([[find_spec("ecglib").origin, find_spec("{module}").origin], found]))
"""

_MACHINE = """\
import json, torch
from ecglib.learning.device import make_fabric
print(json.dumps(dict(torch=torch.__version__, precision=make_fabric()[1])))
"""


@dataclass(frozen=True)
class Outcome:
    """What came of one chapter.

    Attributes
    ----------
    chapter : str
    reason : str
        Why it was not compared; empty where it was.
    before, after : str
        Hashes of the library at the two commits.
    metrics : int
        How many there are on either side.
    differing : tuple of str
        Metrics whose value, values by seed or n are not the same, or that one side lacks.
    intervals : int
        Metrics with another interval or p-value, which don't count as differing.

    Examples
    --------
    >>> print(Outcome("10_cnn", metrics=83, intervals=3))
    10_cnn: equal in 83 metrics; 3 intervals differ
    >>> print(Outcome("10_cnn", reason="it is not there at 0123456"))
    10_cnn: not compared: it is not there at 0123456
    """

    chapter: str
    reason: str = ""
    before: str = ""
    after: str = ""
    metrics: int = 0
    differing: tuple[str, ...] = ()
    intervals: int = 0

    @property
    def equal(self) -> bool:
        """True where it was compared and no metric differs."""
        return not self.reason and not self.differing

    def __str__(self) -> str:
        if self.reason:
            return f"{self.chapter}: not compared: {self.reason}"
        apart = (
            f"; {self.intervals} interval{'s differ' if self.intervals > 1 else ' differs'}" if self.intervals else ""
        )
        if self.equal:
            return f"{self.chapter}: equal in {self.metrics} metrics{apart}"
        more = len(self.differing) - 5
        names = ", ".join(self.differing[:5]) + (f" and {more} more" if more > 0 else "")
        return f"{self.chapter}: {len(self.differing)} of {self.metrics} metrics differ: {names}{apart}"


def confirm(root: Path, base: str, head: str = "HEAD", chapters: Sequence[str] = (), *, jobs: int = 2) -> list[Outcome]:
    """Run chapters at smoke as they were at two commits, compare their numbers, and add what was found to the book.

    Parameters
    ----------
    root : Path
        The book's folder, which is a git repository.
    base, head : str
        The two commits, by any name that git knows.
    chapters : sequence of str
        All, if empty. What they need runs along.
    jobs : int
        Chapters at a time.

    Returns
    -------
    list of Outcome
        One a chapter. Those with the same library on both sides, other code of their own, or a failed run are not
        compared. The others now stand in ``results/confirmations.json``.

    Raises
    ------
    ChapterError
        There is no such commit or chapter, a commit can't be read, or ``HEAD`` lacks changes of the working tree.

    Notes
    -----
    Each commit runs with its own code, in a work tree of its own that is removed afterwards, on synthetic twins that
    it makes itself, and with a cache of its own.
    """
    root = Path(root).resolve()
    commits = _commits(root, base, head)
    with stopping_on_signals(), _work_trees(root, commits) as trees:
        before, after = (_Side(tree, commit) for tree, commit in zip(trees, commits, strict=True))
        names = list(chapters) or list(after.chapters)
        _refuse_unknown(names, before, after)
        reasons = {name: _obstacle(name, before, after) for name in names}
        waiting = [name for name, reason in reasons.items() if not reason]
        for side in (before, after):
            if waiting:
                say(f"At {side}:")
                side.run(waiting, jobs)
            waiting = [name for name in waiting if side.results(name) is not None]
        outcomes = [
            Outcome(name, reason) if reason else _outcome(name, before, after) for name, reason in reasons.items()
        ]
        compared = [outcome for outcome in outcomes if not outcome.reason]
        if compared:
            _keep(root, commits, after.machine(), compared)
    return outcomes


def compare(before: Results, after: Results) -> tuple[tuple[str, ...], int]:
    """Name the metrics that differ in value, by seed or in n, or that one side lacks; count other intervals apart.

    Numbers by seed that only the later side records are an addition, and no difference. A metric whose last part begins
    with ``seconds`` is a time that a run took, which no two runs share.

    Examples
    --------
    >>> from ecglib.book.results import Metric
    >>> old = Results("10_cnn", "smoke", {}, {"a.b.c": Metric(0.5, 0.4, 0.6), "a.b.d": Metric(1.0)})
    >>> new = Results("10_cnn", "smoke", {}, {"a.b.c": Metric(0.5, 0.3, 0.6), "a.b.e": Metric(1.0)})
    >>> compare(old, new)
    (('a.b.d', 'a.b.e'), 1)
    """
    both = {
        name: (metric, after.metrics[name])
        for name, metric in before.metrics.items()
        if name in after.metrics and not name.rpartition(".")[2].startswith("seconds")
    }
    differing = before.metrics.keys() ^ after.metrics.keys()
    differing |= {
        name
        for name, (a, b) in both.items()
        if (a.value, a.n) != (b.value, b.n) or (a.by_seed and a.by_seed != b.by_seed)
    }
    intervals = sum(
        (a.low, a.high, a.level, a.method, a.p_value) != (b.low, b.high, b.level, b.method, b.p_value)
        for a, b in both.values()
    )
    return tuple(sorted(differing)), intervals


class _Side:
    """One commit in its work tree, and the chapters that it has."""

    def __init__(self, tree: Path, commit: str) -> None:
        self.tree, self.commit = tree, commit
        try:
            settings = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))
            self.module = settings["project"]["scripts"]["ecgbook"].partition(":")[0]
        except (OSError, ValueError, KeyError, AttributeError) as problem:
            raise self._unreadable(f"{type(problem).__name__}: {problem}") from problem
        survey = self._ask(_SURVEY.format(module=self.module, package=self.module.rpartition(".")[0]))
        places: list[str]
        self.chapters: dict[str, dict[str, Any]]
        places, self.chapters = json.loads(survey)
        if not all(Path(place).is_relative_to(tree) for place in places):
            raise self._unreadable("no code of its own")

    def __str__(self) -> str:
        return self.commit[:10]

    @property
    def environment(self) -> dict[str, str]:
        """Variables under which this commit's own code runs, and knows no data and no cache but its own."""
        ours = {name: value for name, value in os.environ.items() if name not in _OTHERS}
        return {**ours, "PYTHONPATH": str(self.tree), "ECGLIB_CACHE": str(self.tree / "_build" / "cache")}

    def run(self, chapters: Sequence[str], jobs: int) -> None:
        """Run chapters, and those that they need; one that fails doesn't keep others from running."""
        print(f"At {self}:", flush=True)
        command = [sys.executable, "-m", self.module, "run", "--scale", "smoke", "--jobs", str(jobs), *chapters]
        process = subprocess.Popen(command, cwd=self.tree, env=self.environment)
        try:
            process.wait()
        except BaseException:
            process.send_signal(signal.SIGTERM)
            process.wait()
            stop_orphans(output_folder(self.tree, "smoke"))
            raise
        if process.returncode not in (0, 1):  # 1 where a chapter failed
            raise ChapterError(
                f"the run at {self} was stopped from outside, with status {process.returncode}",
                remedy="run the command again",
            )

    def results(self, chapter: str) -> Results | None:
        """Give what a chapter measured; None where it did not run to its end."""
        output = output_folder(self.tree, "smoke")
        finished = any(output.glob(f"ran/{chapter}.*.json"))
        return read_results(output / "results" / f"{chapter}.json") if finished else None

    def machine(self) -> dict[str, str]:
        """Say on what the networks were trained, and in which precision."""
        found = json.loads(self._ask(_MACHINE))
        return {"torch": found["torch"], "processor": _processor(), "precision": found["precision"]}

    def source_sha256(self, chapter: str) -> str:
        """Hash a chapter's own code by today's rule."""
        return source_sha256(self.chapters[chapter]["source"])

    def needed(self, chapter: str) -> set[str]:
        """Name the chapters that one needs, by itself or through another."""
        direct = self.chapters[chapter]["needs"]
        return {*direct, *(name for needed in direct for name in self.needed(needed))}

    def _ask(self, code: str) -> str:
        """Let this commit's own code answer."""
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=self.tree, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise self._unreadable((done.stderr.strip().splitlines() or ["nothing"])[-1])
        return done.stdout

    def _unreadable(self, found: str) -> ChapterError:
        return ChapterError(
            f"the book of commit {self} cannot be read",
            expected="a book whose chapters and library can be listed",
            found=found,
            remedy="choose another commit",
        )


def _commits(root: Path, base: str, head: str) -> tuple[str, str]:
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != root:
        raise ChapterError(
            "two commits can't be compared here",
            file=root,
            expected="a clone of the book's repository",
            remedy="clone it, and run the command there",
        )
    found = []
    for name in (base, head):
        commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if not commit:
            raise ChapterError(f"there is no commit {name}", remedy="choose one that git log shows, or fetch it first")
        found.append(commit)
    changed = _git(root, "status", "--porcelain", "--untracked-files=all", "--", *SOURCE_PLACES)
    if head == "HEAD" and changed:
        files = [line[2:].strip() for line in changed.splitlines()]
        raise ChapterError(
            "the working tree has changes that HEAD lacks",
            found=", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else ""),
            remedy="commit them first",
        )
    return found[0], found[1]


@contextlib.contextmanager
def _work_trees(root: Path, commits: Sequence[str]) -> Iterator[list[Path]]:
    """Check commits out below a temporary folder, and leave no trace of it in the end."""
    folder = Path(tempfile.mkdtemp(prefix="ecgbook-confirm-")).resolve()
    trees = [folder / name for name in ("base", "head")]
    try:
        for tree, commit in zip(trees, commits, strict=True):
            if _git(root, "worktree", "add", "--quiet", "--detach", str(tree), commit) is None:
                raise ChapterError(
                    f"commit {commit[:10]} cannot be checked out",
                    file=tree,
                    remedy=f"try it by hand: git worktree add --detach FOLDER {commit[:10]}",
                )
        yield trees
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _git(root, "worktree", "prune")


def _refuse_unknown(names: Sequence[str], before: _Side, after: _Side) -> None:
    unknown = [name for name in names if name not in before.chapters and name not in after.chapters]
    if unknown:
        raise ChapterError(
            f"there is no chapter {', '.join(unknown)} at {before} or {after}",
            expected=f"one of {', '.join(after.chapters)}",
            remedy="correct the name",
        )


def _obstacle(chapter: str, before: _Side, after: _Side) -> str:
    """Say why a chapter need not be run, or can't; empty where it is to run."""
    for side in (before, after):
        if chapter not in side.chapters:
            return f"it is not there at {side}"
    if before.source_sha256(chapter) != after.source_sha256(chapter):
        return "its own code differs"
    if before.chapters[chapter]["library"] == after.chapters[chapter]["library"]:
        return "nothing to confirm, the library is the same"
    return ""


def _outcome(chapter: str, before: _Side, after: _Side) -> Outcome:
    old, new = before.results(chapter), after.results(chapter)
    if old is None or new is None:
        return Outcome(chapter, f"it did not finish at {before if old is None else after}")
    differing, intervals = compare(old, new)
    blame = _other_causes(chapter, before, after, old, new) if differing else ""
    if blame:
        return Outcome(chapter, f"{len(differing)} metrics differ, but {blame}")
    return Outcome(
        chapter,
        "",
        old.provenance["ecglib_sha256"],
        new.provenance["ecglib_sha256"],
        len(old.metrics.keys() | new.metrics.keys()),
        differing,
        intervals,
    )


def _other_causes(chapter: str, before: _Side, after: _Side, old: Results, new: Results) -> str:
    """Say what beside the library may have changed a chapter's numbers; empty where it can only be the library."""

    def digests(results: Results) -> dict[str, str]:
        return {key: entry["sha256"] for key, entry in results.provenance["data"].items()}

    if digests(old) != digests(new):
        return "so do the synthetic recordings"
    needs = before.needed(chapter), after.needed(chapter)
    if needs[0] != needs[1]:
        return "it needs other chapters"
    changed = sorted(name for name in needs[0] if before.source_sha256(name) != after.source_sha256(name))
    return f"so does the code of {', '.join(changed)}, which it needs" if changed else ""


def _keep(root: Path, commits: tuple[str, str], machine: dict[str, str], compared: Sequence[Outcome]) -> None:
    """Add one entry to the book's confirmations."""
    entry = {
        "base": commits[0],
        "head": commits[1],
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(),
        **machine,
        "chapters": {
            outcome.chapter: {
                "from": outcome.before,
                "to": outcome.after,
                "equal": outcome.equal,
                "metrics": outcome.metrics,
                "differing": list(outcome.differing),
                "intervals": outcome.intervals,
            }
            for outcome in compared
        },
    }
    text = json.dumps([*read_confirmations(root), entry], indent=1, ensure_ascii=False)
    write_text(root / CONFIRMATIONS, text + "\n")


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(root: Path, *arguments: str) -> str | None:
    """Give what git answers, None where it refuses."""
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.rstrip()
