"""The same graph through Snakemake's generic cluster plugin, with a cluster that is this machine."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from ecglib.book.command import main
from ecglib.book.results import read_results
from ecglib.book.run import run
from ecglib.errors import ChapterError

REPOSITORY = Path(__file__).parents[2]

SUBMIT = """\
#!/bin/bash
# What a cluster does with a job script: start it elsewhere, with little of this environment, and say its number.
cd {place}
setsid env -i PATH="$PATH" HOME="$HOME" PYTHONPATH="$PYTHONPATH" bash "$1" > "job.$$.log" 2>&1 &
echo $! | tee -a submitted
"""
CANCEL = """\
#!/bin/bash
for job in "$@"; do echo "$job" >> {place}/cancelled; kill -- "-$job"; done
"""


def script(file: Path, text: str) -> Path:
    file.write_text(text.format(place=shlex.quote(str(file.parent))), encoding="utf-8")
    file.chmod(0o755)
    return file


@pytest.fixture
def cluster(tmp_path: Path) -> list[str]:
    """What follows ``--executor`` to send chapters to a cluster that is this machine."""
    place = tmp_path / "the cluster"
    place.mkdir()
    submit, cancel = script(place / "submit", SUBMIT), script(place / "cancel", CANCEL)
    given = ["--cluster-generic-submit-cmd", shlex.quote(str(submit)), "--cluster-generic-cancel-cmd", str(cancel)]
    return ["cluster-generic", *given, "--seconds-between-status-checks", "1"]


def edit(book: Path, chapter: str, old: str, new: str) -> None:
    source = book / "notebooks" / f"{chapter}.py"
    text = source.read_text(encoding="utf-8")
    assert old in text
    source.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.book
def test_a_cluster_makes_the_same_results_and_a_failing_chapter_is_named(
    tmp_path: Path, make_book: Callable[[Path], Path], cluster: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    book = make_book(tmp_path / "book")
    data = tmp_path / "data"
    data.mkdir()
    edit(book, "01_second", "print(scale)", 'import os; assert os.path.samefile(os.environ["ECGLIB_DATA"], data_there)')
    edit(book, "01_second", 'device = "auto"', f'device = "auto"\ndata_there = {str(data)!r}')
    edit(book, "10_alone", 'print("alone")', "ratio = 1 / 0")
    options = {"data_dir": data, "jobs": 3}
    with pytest.raises(ChapterError, match="not finished: 10_alone"):
        run(book, "smoke", executor=cluster, **options)
    said = capfd.readouterr().out
    assert "3 of 3 chapters to run at smoke scale, 3 at a time" in said
    assert "10_alone: failed after" in said
    assert "a cell failed with ZeroDivisionError" in said
    submitted = tmp_path / "the cluster" / "submitted"
    assert len(submitted.read_text().split()) == 3
    output = book / "_build" / "smoke"
    far = {name: read_results(output / "results" / f"{name}.json").metrics for name in ("00_first", "01_second")}
    edit(book, "10_alone", "ratio = 1 / 0", "pass")
    assert run(book, "smoke", executor=cluster, **options) == ["10_alone"]
    assert len(submitted.read_text().split()) == 4, "finished chapters are kept"
    assert run(book, "smoke", **options) == [], "here or there, an up-to-date chapter is up to date"
    for stamp in (output / "ran").iterdir():
        stamp.unlink()
    assert run(book, "smoke", **options) == ["00_first", "01_second", "10_alone"]
    assert {name: read_results(output / "results" / f"{name}.json").metrics for name in far} == far


@pytest.mark.book
def test_a_stopped_run_takes_its_jobs_back(
    tmp_path: Path, make_book: Callable[[Path], Path], cluster: list[str]
) -> None:
    book = make_book(tmp_path / "book")
    marker = tmp_path / "kernel.pid"
    sleep = f"import os, pathlib, time\npathlib.Path({str(marker)!r}).write_text(str(os.getpid()))\ntime.sleep(300)"
    edit(book, "10_alone", 'print("alone")', sleep)
    command = [sys.executable, "-m", "ecglib.book.command", "run", "10_alone", "--executor", shlex.join(cluster)]
    process = subprocess.Popen(command, cwd=book, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not (marker.is_file() and marker.read_text()):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    kernel = psutil.Process(int(marker.read_text()))
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Stopped." in said
    place = tmp_path / "the cluster"
    assert (place / "cancelled").read_text().split() == (place / "submitted").read_text().split()
    kernel.wait(timeout=30)


def test_an_executor_that_is_not_installed_is_named_with_its_package(
    tmp_path: Path,
    make_book: Callable[[Path], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    book = make_book(tmp_path / "book")
    monkeypatch.chdir(book)
    assert main(["run", "--executor", "nobodys-cluster --queue long"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "pip install snakemake-executor-plugin-nobodys-cluster" in said
    assert not (book / "_build").exists()


def test_what_stands_behind_the_name_goes_to_snakemake(
    tmp_path: Path, make_book: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line for Slurm, as far as it can be tried without one."""
    book = make_book(tmp_path / "book")
    monkeypatch.chdir(book)
    found = SimpleNamespace(find_spec=lambda name: name == "snakemake_executor_plugin_slurm" or None)
    monkeypatch.setattr("ecglib.book.run.importlib", SimpleNamespace(util=found))
    called: list[list[str]] = []

    class Done:
        def __init__(self, command: list[str], **options: object) -> None:
            called.append(command)

        def wait(self) -> int:
            return 1

    monkeypatch.setattr("ecglib.book.run.subprocess", SimpleNamespace(Popen=Done))
    resources = "--default-resources slurm_account=mine slurm_partition=gpu gpu=1 mem_mb=16000 runtime=60"
    assert resources in (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert main(["run", "--scale", "gpu", "--executor", f"slurm {resources}"]) == 1
    (command,) = called
    assert command[command.index("--jobs") :] == [
        *("--jobs", "20", "--latency-wait", "60", "--executor", "slurm"),
        *resources.split(),
    ]
    assert "--cores" not in command
    settings = json.loads((book / "_build/gpu/run.json").read_text(encoding="utf-8"))
    assert settings["threads"] == 4
    assert os.environ.get("ECGLIB_DATA", "") in settings["task"]["data"]
