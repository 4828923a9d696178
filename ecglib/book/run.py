"""Run chapters in order through Snakemake, and publish what they made."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from ecglib.book.headers import DRAFTS, check_scale, draft_names, no_chapter, read_headers
from ecglib.book.plan import PRETRAINED, Step, make_plan, replaceable, write_plan
from ecglib.book.results import write_text
from ecglib.book.say import say
from ecglib.errors import ChapterError

RUN_VARIABLE = "ECGBOOK_RUN"
"""Environment variable that marks every process of a run with the run's folder."""


def output_folder(root: Path, scale: str, drafts: bool = False) -> Path:
    """Give the folder of the runs at one scale, which holds notebooks, results, artefacts and pages.

    Drafts, and what they need, run in a folder of their own.

    Raises
    ------
    ChapterError
        There is no such scale.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> output_folder(Path("book"), "smoke").as_posix()
    'book/_build/smoke'
    """
    check_scale(scale)
    return root / "_build" / (DRAFTS if drafts else "") / scale


def run(
    root: Path,
    scale: str,
    chapters: Sequence[str] = (),
    *,
    data_dir: Path | None = None,
    jobs: int = 2,
    parameters: Mapping[str, Any] | None = None,
    pretrained: bool = False,
    drafts: bool = False,
    executor: Sequence[str] = (),
) -> list[str]:
    """Run chapters, and those they need, where something that they depend on has changed since they last ran.

    Parameters
    ----------
    root : Path
        The book's folder.
    scale : {"smoke", "cpu", "gpu"}
    chapters : sequence of str
        All, if empty.
    data_dir : Path, optional
        Folder of the real databases.
    jobs : int
        Chapters at a time.
    parameters : mapping, optional
        Values for the parameters cells, beyond the scale.
    pretrained : bool
        Train nothing that has been published: chapters asked for take their own models from ``weights/`` where they
        have the parameter ``pretrained``, and a needed chapter that would have to run is left out where its
        ``weights/`` are there. Each page says whose weights it used.
    drafts : bool
        Run drafts, all if no chapters are named, with the chapters that they need.
    executor : sequence of str
        Name of a Snakemake executor plugin, such as ``slurm``, and options for Snakemake: ``jobs`` chapters are then
        submitted at a time.

    Returns
    -------
    list of str
        The chapters that ran.

    Raises
    ------
    ChapterError
        A chapter failed, another run of this scale is under way, a chapter that is to take published weights has
        none, a chapter named is no draft, or the executor is not installed.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    from ecglib.book.execute import THREADS

    _refuse_missing(executor)
    output = output_folder(root, scale, drafts)
    parameters = dict(parameters or {})
    if drafts:
        chapters = chosen_drafts(root, chapters)
        if not chapters:
            say(f"There are no drafts in notebooks/{DRAFTS}.")
            return []
    with _alone(output):
        stop_orphans(output)
        plan = partial(make_plan, root, output, scale, chapters, data_dir, drafts=drafts)
        if pretrained:
            headers = read_headers(root, drafts)
            able = any(PRETRAINED in headers[name].parameters for name in chapters or headers)
            steps, parameters = _with_published(root, output, plan, chapters, parameters, able)
        else:
            steps = plan(parameters)
        waiting = [step for step in steps.values() if not step.is_done(output)]
        what = "drafts and chapters that they need" if drafts else "chapters"
        if not waiting:
            say(f"Nothing to run: all {len(steps)} {what} are up to date at {scale} scale.")
            return []
        say(f"{len(waiting)} of {len(steps)} {what} to run at {scale} scale, {jobs} at a time.")
        started = time.monotonic()
        log = output / "snakemake.log"
        write_plan(steps, output / "plan.json")
        task = _task(root, output, scale, data_dir, drafts, parameters)
        config = {"plan": str(output / "plan.json"), "threads": THREADS[scale], "task": task}
        code = _snakemake(output, root / "workflow" / "Snakefile", jobs, config, executor, log)
        undone = [step.name for step in waiting if not step.is_done(output)]
        if undone or code:
            for name in undone if executor else ():
                _tell_failure(output / "failed" / f"{name}.txt")
            raise ChapterError(
                f"not finished: {', '.join(undone) or 'the workflow'}",
                file=log if not undone else None,
                remedy="read the message above (the workflow's own log is "
                f"{log}), correct it and run again; finished chapters are kept",
            )
        say(f"{len(waiting)} chapters ran in {time.monotonic() - started:.0f} s.")
        return [step.name for step in waiting]


def _task(
    root: Path,
    output: Path,
    scale: str,
    data_dir: Path | None,
    drafts: bool = False,
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Give what every chapter of a run is told."""
    return {
        "root": str(root),
        "output": str(output),
        "scale": scale,
        "drafts": drafts,
        "data": str(data_dir.resolve()) if data_dir is not None else "",
        "parameters": dict(parameters or {}),
    }


def task_argument(step: Step, root: Path, output: Path, scale: str, data_dir: Path) -> str:
    """Give the argument with which ``python -m ecglib.book.execute`` runs one chapter, without Snakemake."""
    return json.dumps({**_task(root, output, scale, data_dir), **asdict(step)})


def chosen_drafts(root: Path, names: Sequence[str]) -> list[str]:
    """Give the drafts that a command names, or all.

    Raises
    ------
    ChapterError
        There is no such draft.
    """
    there = draft_names(root)
    for name in names:
        if name not in there:
            raise no_chapter(name, there, "draft")
    return list(names) or there


def _refuse_missing(executor: Sequence[str]) -> None:
    for name in executor[:1]:
        if importlib.util.find_spec(f"snakemake_executor_plugin_{name.replace('-', '_')}") is None:
            raise ChapterError(
                f"Snakemake's executor {name} is not installed",
                expected=f"the package snakemake-executor-plugin-{name}",
                remedy=f"install it here: pip install snakemake-executor-plugin-{name}",
            )


def _tell_failure(message: Path) -> None:
    """Say what a chapter on another machine said when it failed; where it said nothing, its cluster's log may."""
    if message.is_file():
        say(message.read_text(encoding="utf-8").rstrip("\n"))


def _with_published(
    root: Path,
    output: Path,
    plan: Callable[..., dict[str, Step]],
    chapters: Sequence[str],
    parameters: dict[str, Any],
    able: bool,
) -> tuple[dict[str, Step], dict[str, Any]]:
    """Plan a run that takes from ``weights/`` what it can, and say what that is."""
    published = replaceable(root, output, plan(parameters), chapters) if chapters else []
    if able:
        parameters = {**parameters, PRETRAINED: True}
    steps = plan(parameters, published)
    used = sorted({name for step in steps.values() for name in step.weights})
    if not used:
        raise ChapterError(
            "there is nothing to take from published weights",
            expected="a chapter that needs another one with a folder in weights/, or has the parameter pretrained",
            remedy="run without --pretrained",
        )
    say(f"Not trained but taken from weights/: {', '.join(used)}.")
    for name in used:
        _set_aside(root, output, name)
    return steps, parameters


def _set_aside(root: Path, output: Path, chapter: str) -> None:
    """Move the artefacts of an earlier run of a chapter away, since pages prefer them to published weights."""
    artefacts, aside = output / "artefacts" / chapter, output / "set_aside" / chapter
    if artefacts.is_dir() and any(artefacts.iterdir()):
        shutil.rmtree(aside, ignore_errors=True)
        aside.parent.mkdir(parents=True, exist_ok=True)
        artefacts.rename(aside)
        for stamp in output.glob(f"ran/{chapter}.*.json"):
            stamp.unlink()
        say(f"What an earlier run of {chapter} had left now lies in {aside.relative_to(root)}.")


def _snakemake(
    output: Path, snakefile: Path, jobs: int, config: Mapping[str, Any], executor: Sequence[str], log: Path
) -> int:
    settings = output / "run.json"
    write_text(settings, json.dumps(config, indent=1) + "\n")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile)]
    command += ["--directory", str(output), "--configfile", str(settings)]
    command += ["--rerun-triggers", "input", "--rerun-incomplete", "--keep-going", "--nolock", "--nocolor"]
    command += ["--scheduler", "greedy"]
    if executor:  # files that another machine wrote may show late
        command += ["--jobs", str(jobs), "--latency-wait", "60", "--executor", *executor]
    else:
        command += ["--cores", str(jobs * config["threads"])]
    environment = {**os.environ, RUN_VARIABLE: str(output)}
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(command, stderr=stream, env=environment, start_new_session=bool(executor))
        with stopping_on_signals():
            try:
                return process.wait()
            except BaseException:
                if executor:  # Snakemake takes back what it has submitted
                    process.send_signal(signal.SIGINT)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(60)
                stop_orphans(output)
                process.wait()
                raise


def stop_orphans(output: Path) -> int:
    """End what a killed run left behind: every process that carries the run's folder in its environment.

    Parameters
    ----------
    output : Path
        The run's folder.

    Returns
    -------
    int
        How many processes were ended.

    Notes
    -----
    Source: our choice: after ``kill -9``, Snakemake and the kernels go on, and would write over the next run's files.
    What a cluster runs on other machines is not seen here: take it back with the cluster's own command.
    """
    import psutil

    orphans = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(RUN_VARIABLE) == str(output):
                orphans.append(process)
    for process in orphans:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(orphans, timeout=10)
    if orphans:
        say(f"Stopped {len(orphans)} processes of an interrupted run.")
    return len(orphans)


@contextlib.contextmanager
def _alone(output: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    output.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(output / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise ChapterError(
            "another run of this scale is under way", file=output, remedy="wait until it ends, or stop it"
        ) from error


@contextlib.contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Let SIGTERM end a run the way Ctrl-C does, with its kernels."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
