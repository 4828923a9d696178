"""What the weekly GPU job runs, from its first command to its last, on three tiny chapters and this processor."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ecglib.book.command import main
from ecglib.databases import PUBLISHED
from ecglib.databases.base import SYNTHETIC_MARK
from ecglib.databases.synthetic import write_twins

REPOSITORY = Path(__file__).parents[2]
WORKFLOW = REPOSITORY / ".github" / "workflows" / "gpu.yml"

READ = """\
database = chapter.database("ludb")
seeds = chapter.seeds(smoke=1, cpu=3, gpu=3)
chapter.record("leads.ludb.count", float(len(database.read(database.names()[0]).leads)))"""

SCORE = """\
import os

from ecglib.evaluation.intervals import Interval

database = chapter.database("ludb")
seeds = chapter.seeds(smoke=1, cpu=3, gpu=3)
score = float(os.environ.get("PLANTED_SCORE", 0.9))
by_seed = tuple(score + offset for offset in (-0.002, 0.0, 0.002))
chapter.record("cnn.ludb.wave_f1", Interval(score, score - 0.01, score + 0.01, n=20, by_seed=by_seed))"""

CLAIM = """\
claims:
- id: tiny-wave-f1
  paper: rizqyawan2026
  statement: The network has an F1 of 0.90.
  where: abstract
  mark: P
  chapter: 10_alone
  metric: cnn.ludb.wave_f1
  value: {reported: 0.9, margin: 0.025}
  why: It is made for this test.
"""


@pytest.fixture(scope="module")
def book(
    tmp_path_factory: pytest.TempPathFactory, make_book: Callable[[Path], Path], write_chapter: Callable[..., Path]
) -> Path:
    """A committed book with published numbers at ``cpu``, a database that counts as real, and the real Makefile."""
    place = tmp_path_factory.mktemp("gpu")
    root = make_book(place / "book")
    write_chapter(root, "00_first", READ, databases="ludb")
    write_chapter(root, "10_alone", SCORE, databases="ludb")
    (root / "claims.yml").write_text(CLAIM, encoding="utf-8")
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, root)
    (root / ".gitignore").write_text(".venv/\n_build/\n", encoding="utf-8")
    data = write_twins(place / "data", databases=["ludb"], progress=False)
    (data / PUBLISHED["ludb"].folder / SYNTHETIC_MARK).unlink()
    (place / "bin").mkdir()
    (place / "bin" / "nvidia-smi").write_text("#!/bin/sh\necho 'one GPU, so it says'\n", encoding="utf-8")
    (place / "bin" / "nvidia-smi").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("ECGLIB_DATA", str(data))
        patch.setenv("ECGBOOK_OUTPUT", str(place / "cpu"))
        for source in sorted((root / "notebooks").glob("*.py")):
            exec(source.read_text(encoding="utf-8").replace('scale = "smoke"', 'scale = "cpu"'), {})
        shutil.copytree(place / "cpu" / "results", root / "results" / "cpu")
        assert main(["expect", "--scale", "cpu"]) == 0
    identity = ["-c", "user.name=Reader", "-c", "user.email=reader@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "The book"]):
        subprocess.run(["git", "-C", str(root), *identity, *command], check=True)
    take_this_environment(root)
    return root


def take_this_environment(root: Path) -> None:
    """Let ``make env`` find this environment, with the stamps that say that it is the one of the lock."""
    (root / ".venv").mkdir()
    (root / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    database = subprocess.run(
        ["make", "-pn", "help"], cwd=root, env=plain(), capture_output=True, text=True, check=True
    )
    for stamp in ("LOCK_STAMP", "PACKAGE_STAMP"):
        root.joinpath(re.search(rf"(?m)^{stamp} := (\S+)$", database.stdout)[1]).touch()


def plain() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}


def run_workflow(book: Path, **more: str) -> tuple[dict[str, int], str, str]:
    """Do the job's steps as GitHub does; give the status of each command, what was printed, and the summary."""
    (job,) = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"].values()
    assert job["env"] == {"ECGLIB_DATA": "${{ vars.ECGLIB_DATA }}"}
    place = book.parent
    summary = place / "summary.md"
    summary.unlink(missing_ok=True)
    environment = plain() | {
        "ECGLIB_DATA": str(place / "data"),
        "GITHUB_STEP_SUMMARY": str(summary),
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        **more,
    }
    statuses: dict[str, int] = {}
    printed = ""
    for step in steps(job):
        if any(statuses.values()) and step.get("if") != "always()":
            continue
        assert "${{" not in step["run"]
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=book,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        statuses[step["run"].split()[0]] = done.returncode
        printed += done.stdout
    return statuses, printed, summary.read_text(encoding="utf-8") if summary.is_file() else ""


def steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for step in job["steps"] if "run" in step]


def rows(summary: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in summary.splitlines() if line[:1] == "|"]


@pytest.mark.book
def test_the_job_is_green_where_numbers_agree_and_red_where_one_has_dropped(book: Path) -> None:
    statuses, printed, summary = run_workflow(book)
    assert set(statuses.values()) == {0}, printed
    assert list(statuses) == ["nvidia-smi", "make", ".venv/bin/ecgbook"]
    assert "3 chapters ran" in printed
    assert "The book is at" in printed
    assert summary.count("\n## ") + summary.startswith("## ") == 1
    assert len({len(row) for row in rows(summary)}) == 1
    (row,) = [row for row in rows(summary) if "tiny-wave-f1" in row]
    assert row[0] == "**held**"
    assert (book / "_build" / "gpu" / "html" / "index.html").is_file()

    for stamp in (book / "_build" / "gpu" / "ran").glob("10_alone.*"):
        stamp.unlink()
    statuses, printed, summary = run_workflow(book, PLANTED_SCORE="0.5")
    assert statuses == {"nvidia-smi": 0, "make": 2, ".venv/bin/ecgbook": 1}, printed
    assert "tiny-wave-f1: drift: cnn.ludb.wave_f1 is 0.5, below" in printed
    (row,) = [row for row in rows(summary) if "tiny-wave-f1" in row]
    assert row[0] == "**failed**"


def test_a_summary_is_of_a_run(book: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(book)
    assert main(["check", "--summary", "summary.md"]) == 1
    assert "--scale" in capsys.readouterr().err
