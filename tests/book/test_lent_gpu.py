"""The script for a lent GPU, on this processor: from the bundle that travels to the archive that comes back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ecglib.book.command import main

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.book
def test_one_chapter_runs_from_its_bundle_and_comes_back(
    tmp_path: Path,
    make_book: Callable[[Path], Path],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    book = make_book(tmp_path / "book")
    (book / "claims.yml").write_text("claims: []\n", encoding="utf-8")
    shutil.copytree(REPOSITORY / "ecglib", book / "ecglib", ignore=shutil.ignore_patterns("__pycache__"))
    (book / "weights" / "00_first").mkdir(parents=True)
    (book / "weights" / "00_first" / "a.safetensors").write_bytes(b"weights")
    identity = ["-c", "user.name=Reader", "-c", "user.email=reader@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "The book"]):
        subprocess.run(["git", "-C", str(book), *identity, *command], check=True)
    monkeypatch.chdir(book)
    archive = tmp_path / "travels" / "01_second.tar.gz"
    assert main(["bundle", "01_second", "--pretrained", "--out", str(archive)]) == 0
    there = tmp_path / "there"
    with tarfile.open(archive) as tar:
        tar.extractall(there, filter="data")
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "ECGLIB_DATA")}
    script = there / "01_second" / "workflow" / "lent_gpu.sh"
    command = ["bash", str(script), "01_second", "came back"]

    def run(**more: str) -> tuple[int, set[str], str]:
        done = subprocess.run(
            command,
            cwd=there,
            env=environment | {"PYTHON": sys.executable, "SCALE": "smoke", **more},
            capture_output=True,
            text=True,
            check=False,
        )
        with tarfile.open(there / "came back" / "01_second.tar.gz") as tar:
            return done.returncode, set(tar.getnames()), done.stdout + done.stderr

    status, came_back, said = run()
    assert status == 0, said
    assert {f"_build/smoke/{name}" for name in ("results/01_second.json", "notebooks/01_second.ipynb")} <= came_back
    assert {"_build/smoke/01_second.log", "_build/smoke/summary.md"} <= came_back
    assert "All checks of 01_second in the smoke run have passed" in said
    status, came_back, said = run(SECONDS_TO_RUN="0.5")
    assert status == 124
    assert "_build/smoke/01_second.log" in came_back
