from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ecglib.book.command import JOBS, main

HEAVY = ("torch", "pandas", "matplotlib", "jupytext", "nbformat", "papermill", "snakemake", "wfdb", "sphinx")


@pytest.fixture
def book(tmp_path: Path, make_book: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_book(tmp_path / "book")
    monkeypatch.chdir(root / "notebooks")
    monkeypatch.delenv("ECGLIB_DATA", raising=False)
    return root


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom ecglib.book.command import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    for command in ("run", "check", "build", "data", "status", "confirm", "bundle", "expect", "pair", "predict"):
        assert f"    {command} " in done.stdout


def test_errors_are_one_line_with_a_remedy(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["run", "11_nobody"], ["run", "-p", "sead=1"], ["run", "--publish"], ["run", "-p", "scale=cpu"]):
        assert main(arguments) == 1
        said = capsys.readouterr().err
        assert said.startswith("ecgbook run: ")
        assert "What to do" in said
        assert said.count("\n") == 1
    assert not (book / "_build" / "smoke" / "plan.json").exists(), "nothing ran"


def test_options_that_make_no_sense_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["run", "--jobs", "0"], ["run", "-p", "seed"], ["run", "--scale", "huge"], ["expect"], []):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)
    capsys.readouterr()


def test_real_scales_run_one_chapter_at_a_time() -> None:
    assert JOBS == {"smoke": 2, "cpu": 1, "gpu": 1}


def test_data_are_shown_and_verified(
    book: Path, twins: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data"]) == 0
    said = capsys.readouterr().out
    for key in ("mitbih", "ludb", "ptbxl", "chapman"):
        assert f"{key}: " in said
    assert said.count("not here") == 4
    data = tmp_path / "data"
    shutil.copytree(twins / "mitdb", data / "mitdb")
    assert main(["data", "show", "mitbih", "--data", str(data)]) == 0
    assert "a synthetic twin" in capsys.readouterr().out
    assert main(["data", "verify", "mitbih", "--data", str(data)]) == 0
    assert "each with its published checksum" in capsys.readouterr().out
    damaged = next((data / "mitdb").rglob("*.dat"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\7")
    assert main(["data", "verify", "mitbih", "--data", str(data)]) == 1
    assert damaged.name in capsys.readouterr().err
    assert main(["data", "download", "nobody"]) == 1
    assert "no database is called nobody" in capsys.readouterr().err


def test_data_are_downloaded_from_a_mirror(
    book: Path, twins: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "new"
    arguments = ["data", "download", "mitbih", "--data", str(data), "--mirror", str(twins), "--records", "100"]
    assert main(arguments) == 0
    assert list((data / "mitdb").rglob("100.dat"))
    assert not list((data / "mitdb").rglob("101.dat"))
    capsys.readouterr()
    assert main(["data", "download", "mitbih"]) == 1
    assert "ECGLIB_DATA" in capsys.readouterr().err


def test_expect_writes_the_ranges_of_committed_results(
    book: Path, pretend_run: Callable[[Path, str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (book / "claims.yml").write_text(
        "claims:\n"
        "- id: song-accuracy\n  paper: song2026\n  statement: The CNN is accurate.\n  where: abstract\n  mark: P\n"
        "  value: {reported: 0.98, margin: 0.005}\n  chapter: 10_alone\n  metric: cnn.10_alone.accuracy\n",
        encoding="utf-8",
    )
    results = pretend_run(book, "cpu") / "results"
    shutil.copytree(results, book / "results" / "cpu")
    assert main(["expect", "--scale", "cpu"]) == 0
    assert "1 of 1 ranges changed" in capsys.readouterr().out
    assert "expected: {cpu: {value: 0.9" in (book / "claims.yml").read_text(encoding="utf-8")
    assert main(["expect", "--scale", "cpu"]) == 0
    assert "0 of 1 ranges changed" in capsys.readouterr().out


def test_check_fails_on_problems_and_passes_without(
    book: Path, pretend_run: Callable[[Path, str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 1
    assert "problems in the committed book" in capsys.readouterr().out
    pretend_run(book, "smoke")
    assert main(["check", "--scale", "smoke"]) == 0
    assert "All checks of the smoke run have passed" in capsys.readouterr().out


def test_outside_the_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["status"]) == 1
    assert "not inside the book" in capsys.readouterr().err


@pytest.mark.book
def test_the_installed_command_runs(book: Path) -> None:
    command = Path(sys.executable).with_name("ecgbook")
    done = subprocess.run([command, "status"], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert "No chapter has been run" in done.stdout
