from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import psutil
import pytest

from ecglib.book.execute import kernel_environment
from ecglib.book.results import read_results
from ecglib.book.run import RUN_VARIABLE, output_folder, run, stop_orphans
from ecglib.errors import ChapterError

pytestmark = pytest.mark.book


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, make_book: Callable[[Path], Path]) -> Path:
    """The tests of this module run one book through its life, in order."""
    return make_book(tmp_path_factory.mktemp("run") / "book")


def edit(book: Path, chapter: str, old: str, new: str) -> None:
    source = book / "notebooks" / f"{chapter}.py"
    text = source.read_text(encoding="utf-8")
    assert old in text
    source.write_text(text.replace(old, new), encoding="utf-8")


def test_first_run_executes_every_chapter(book: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(book, "smoke", parameters={"seed": 0.25}) == ["00_first", "01_second", "10_alone"]
    said = capfd.readouterr().out
    for chapter in ("00_first", "01_second", "10_alone"):
        assert f"{chapter}: started at smoke scale\n" in said
        assert f"{chapter}: finished in " in said
    assert said.index("00_first: finished") < said.index("01_second: started")
    output = output_folder(book, "smoke")
    assert read_results(output / "results" / "00_first.json").metrics["cnn.intra.accuracy"].value == 0.75
    notebook = nbformat.read(output / "notebooks" / "00_first.ipynb", as_version=4)
    text = nbformat.writes(notebook)
    assert "seed = 0.25" in text
    assert "injected" not in text
    assert "papermill" not in json.dumps([cell.metadata for cell in notebook.cells])
    assert not list((output / "failed").iterdir())
    assert not list(book.glob("notebooks/*.ipynb"))
    assert not (book / "results").exists()


def test_nothing_changed_or_prose_only(book: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for source in book.glob("notebooks/*.py"):
        os.utime(source)
    edit(book, "00_first", "Some prose", "Better prose")
    assert run(book, "smoke", parameters={"seed": 0.25}) == []
    assert "Nothing to run" in capfd.readouterr().out


def test_failing_chapters_are_named_with_their_cells(book: Path, capfd: pytest.CaptureFixture[str]) -> None:
    edit(book, "10_alone", 'print("alone")', "ratio = 1 / 0")
    edit(book, "01_second", "chapter.close()", "pass")
    with pytest.raises(ChapterError, match="not finished: 01_second, 10_alone"):
        run(book, "smoke", parameters={"seed": 0.25})
    said = capfd.readouterr().out
    line = (book / "notebooks" / "10_alone.py").read_text(encoding="utf-8").splitlines().index("ratio = 1 / 0") + 1
    assert f"notebooks/10_alone.py:{line}: a cell failed with ZeroDivisionError: division by zero" in said
    assert "01_second.json: the chapter wrote no results" in said
    assert "2 of 3 chapters to run" in said
    output = output_folder(book, "smoke")
    assert "division by zero" in (output / "failed" / "10_alone.ipynb").read_text(encoding="utf-8")
    assert not (output / "results" / "10_alone.json").exists()
    assert not (output / "notebooks" / "01_second.ipynb").exists()


def test_a_killed_run_resumes_and_stops_its_orphans(book: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """10_alone is repaired and quick; 00_first is killed while it sleeps; 01_second waits for it."""
    edit(book, "01_second", "pass", "chapter.close()")
    edit(book, "10_alone", "ratio = 1 / 0", 'print("alone again")')
    marker, quick = book / "kernel.pid", book / "quick"
    sleep = (
        "import os, pathlib, time\n"
        f"pathlib.Path({str(marker)!r}).write_text(str(os.getpid()))\n"
        f"time.sleep(0 if pathlib.Path({str(quick)!r}).exists() else 300)\n"
    )
    edit(book, "00_first", "chapter.record", f"{sleep}chapter.record")
    output = output_folder(book, "smoke")
    command = [sys.executable, "-m", "ecglib.book.command", "run", "--scale", "smoke", "--jobs", "2"]
    process = subprocess.Popen(command, cwd=book, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    log = output / "snakemake.log"
    while not (marker.is_file() and marker.read_text() and "Finished jobid" in log.read_text(encoding="utf-8")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with pytest.raises(ChapterError, match="another run of this scale is under way"):
        run(book, "smoke")
    process.send_signal(signal.SIGKILL)
    process.wait()
    kernel = psutil.Process(int(marker.read_text()))
    assert kernel.is_running(), "the orphan must be there, or this test shows nothing"
    alone = (output / "results" / "10_alone.json").stat().st_mtime_ns
    quick.touch()
    assert run(book, "smoke") == ["00_first", "01_second"]
    assert not kernel.is_running() or kernel.status() == psutil.STATUS_ZOMBIE
    assert "of an interrupted run" in capfd.readouterr().out
    assert (output / "results" / "10_alone.json").stat().st_mtime_ns == alone
    assert run(book, "smoke") == []


def test_only_processes_of_this_run_are_stopped(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    ours = subprocess.Popen(command, env={**os.environ, RUN_VARIABLE: str(tmp_path)})
    other = subprocess.Popen(command, env={**os.environ, RUN_VARIABLE: str(tmp_path / "other")})
    try:
        deadline = time.monotonic() + 10
        while stop_orphans(tmp_path) == 0:
            assert time.monotonic() < deadline
        assert not psutil.pid_exists(ours.pid)
        assert other.poll() is None
    finally:
        for process in (ours, other):
            process.kill()
            process.wait()


def test_threads_are_fixed_by_scale() -> None:
    for scale, threads in (("smoke", "1"), ("cpu", "2"), ("gpu", "4")):
        environment = kernel_environment(Path("run"), scale, Path("10_cnn.py"))
        assert {environment[f"{name}_NUM_THREADS"] for name in ("OMP", "MKL", "OPENBLAS")} == {threads}


def test_a_gpu_multiplies_matrices_the_same_way_each_time() -> None:
    environment = kernel_environment(Path("run"), "gpu", Path("10_cnn.py"))
    assert environment["CUBLAS_WORKSPACE_CONFIG"] in (":4096:8", ":16:8"), "cuBLAS knows no other that is repeatable"


def test_an_unknown_scale() -> None:
    with pytest.raises(ChapterError, match="no scale 'huge'"):
        output_folder(Path("book"), "huge")
