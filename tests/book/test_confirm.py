"""Two commits of a tiny book: what differs is told, what can't be compared has a reason, and nothing is left behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ecglib.book import confirm as confirm_module
from ecglib.book.command import main
from ecglib.book.confirm import compare, confirm
from ecglib.book.results import Metric, Results
from ecglib.book.states import CONFIRMATIONS, confirmed_from, read_confirmations
from ecglib.errors import ChapterError

REPOSITORY = Path(__file__).parents[2]

SCRIPT = '[project.scripts]\necgbook = "ecglib.book.command:main"\n'
CHANGES = 'from ecglib.added import NUMBER\nchapter.record("cnn.intra.accuracy", NUMBER)'
STAYS = 'from ecglib.added import NUMBER\nchapter.record("cnn.inter.accuracy", 0.5, low=0.4 / NUMBER, high=0.6, n=7)'
FAILS = "from ecglib.added import NUMBER\nassert NUMBER == 1"


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", *who, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.strip()


def commit(book: Path) -> str:
    git(book, "add", "--all")
    git(book, "commit", "--quiet", "--message", "a step")
    return git(book, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def commits(tmp_path_factory: pytest.TempPathFactory, make_book, write_chapter) -> tuple[Path, str, str]:
    """A book with a library of its own, and two commits: a number of the library changes, and one chapter's code."""
    book = make_book(tmp_path_factory.mktemp("confirm").resolve() / "book")
    shutil.copytree(REPOSITORY / "ecglib", book / "ecglib", ignore=shutil.ignore_patterns("__pycache__"))
    (book / "pyproject.toml").write_text(SCRIPT)
    (book / ".gitignore").write_text("_build/\n__pycache__/\n.snakemake/\n")
    (book / "ecglib" / "added.py").write_text("NUMBER = 1\n")
    write_chapter(book, "00_first", CHANGES)
    write_chapter(book, "01_second", STAYS, needs="00_first")
    write_chapter(book, "11_fails", FAILS)
    write_chapter(book, "12_edited", CHANGES.replace("intra", "edited"))
    git(book, "init", "--quiet", "--initial-branch", "main")
    base = commit(book)
    (book / "ecglib" / "added.py").write_text("NUMBER = 2\n")
    write_chapter(book, "12_edited", CHANGES.replace("intra", "edited") + "\nprint(NUMBER)")
    write_chapter(book, "13_later", CHANGES.replace("intra", "later"))
    return book, base, commit(book)


@pytest.fixture
def book(commits: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(commits[0] / "notebooks")
    return commits[0]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[confirm_module._Side, str], float]], None]:
    """A function that lets every chapter measure what it is told instead of running."""

    def pretend(number: Callable[[confirm_module._Side, str], float]) -> None:
        def results(side: confirm_module._Side, chapter: str) -> Results:
            made = {"ecglib_sha256": side.chapters[chapter]["library"], "data": {}}
            return Results(chapter, "smoke", made, {"cnn.intra.accuracy": Metric(number(side, chapter))})

        monkeypatch.setattr(confirm_module._Side, "run", lambda side, chapters, jobs: None)
        monkeypatch.setattr(confirm_module._Side, "results", results)
        machine = {"torch": "2", "processor": "a processor", "precision": "32-true"}
        monkeypatch.setattr(confirm_module._Side, "machine", lambda side: machine)

    return pretend


@pytest.mark.book
def test_two_commits_run_with_their_own_code_and_are_compared(book: Path, commits, capfd) -> None:
    assert main(["confirm", commits[1], "--jobs", "2"]) == 1
    said = capfd.readouterr().out
    for line in (
        "00_first: 1 of 1 metrics differ: cnn.intra.accuracy",
        "01_second: equal in 1 metrics; 1 interval differs",
        "10_alone: not compared: nothing to confirm, the library is the same",
        f"11_fails: not compared: it did not finish at {commits[2][:10]}",
        "12_edited: not compared: its own code differs",
        f"13_later: not compared: it is not there at {commits[1][:10]}",
    ):
        assert line in said
    (entry,) = read_confirmations(book)
    assert (entry["base"], entry["head"]) == commits[1:]
    assert entry["precision"] in ("bf16-mixed", "32-true")
    first, second = entry["chapters"]["00_first"], entry["chapters"]["01_second"]
    assert set(entry["chapters"]) == {"00_first", "01_second"}
    assert (first["equal"], first["differing"], second["equal"], second["intervals"]) == (
        False,
        ["cnn.intra.accuracy"],
        True,
        1,
    )
    assert first["from"] != first["to"], "each side hashes the library of its own tree"
    assert confirmed_from([entry], "01_second", second["to"]) == {second["from"], second["to"]}
    assert confirmed_from([entry], "00_first", first["to"]) == {first["to"]}
    assert git(book, "worktree", "list").count("\n") == 0
    (book / CONFIRMATIONS).unlink()


def test_entries_are_added_and_others_stay(book: Path, commits, measured) -> None:
    measured(lambda side, chapter: 0.5)
    (outcome,) = confirm(book, commits[1], chapters=["00_first"])
    before = (book / CONFIRMATIONS).read_text()
    confirm(book, "HEAD", commits[1], ["01_second"])
    assert json.loads((book / CONFIRMATIONS).read_text())[0] == json.loads(before)[0]
    entries = read_confirmations(book)
    (book / CONFIRMATIONS).unlink()
    assert [list(entry["chapters"]) for entry in entries] == [["00_first"], ["01_second"]]
    assert outcome.equal
    back = entries[1]["chapters"]["01_second"]
    assert back["to"] == outcome.before, "both chapters import the same, so they have the same library"


def test_with_nothing_to_compare_nothing_runs_and_nothing_is_written(book: Path, commits, monkeypatch) -> None:
    monkeypatch.setattr(confirm_module._Side, "run", lambda *_: pytest.fail("nothing is to run"))
    reasons = [outcome.reason for outcome in confirm(book, commits[1], chapters=["10_alone", "12_edited", "13_later"])]
    assert len(reasons) == 3
    assert all(reasons)
    assert not (book / CONFIRMATIONS).exists()


def test_another_cause_than_the_library_is_no_difference(book: Path, commits, measured, write_chapter) -> None:
    measured(lambda side, chapter: float(side.commit == commits[1]))
    write_chapter(book, "00_first", CHANGES + "\nprint(NUMBER)")
    head = commit(book)
    try:
        (outcome,) = confirm(book, commits[1], chapters=["01_second"])
        assert outcome.reason == "1 metrics differ, but so does the code of 00_first, which it needs"
    finally:
        git(book, "reset", "--quiet", "--hard", f"{head}~1")


@pytest.mark.parametrize("planted", [KeyboardInterrupt, ChapterError("planted")])
def test_work_trees_are_removed_after_a_failure(book: Path, commits, monkeypatch, planted) -> None:
    seen = []

    def fail(side, chapters, jobs):
        seen.append(side.tree)
        raise planted

    monkeypatch.setattr(confirm_module._Side, "run", fail)
    with pytest.raises((KeyboardInterrupt, ChapterError)):
        confirm(book, commits[1], chapters=["00_first"])
    assert not seen[0].parent.exists()
    assert git(book, "worktree", "list").count("\n") == 0
    assert not (book / CONFIRMATIONS).exists()


def test_a_run_that_was_stopped_is_no_failure_of_chapters(book: Path, commits, monkeypatch) -> None:
    run = confirm_module._Side.run

    def stopped(side, chapters, jobs):
        (side.tree / "stopped.py").write_text("raise SystemExit(130)")
        side.module = "stopped"
        run(side, chapters, jobs)

    monkeypatch.setattr(confirm_module._Side, "run", stopped)
    with pytest.raises(ChapterError, match=f"the run at {commits[1][:10]} was stopped from outside, with status 130"):
        confirm(book, commits[1], chapters=["00_first"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no_such_commit"], "there is no commit no_such_commit"),
        (["HEAD~1", "99_nobody"], "there is no chapter 99_nobody at"),
        (["HEAD~1", "--head", "v9"], "there is no commit v9"),
    ],
)
def test_what_is_unknown_is_refused(book: Path, arguments, said, capsys) -> None:
    assert main(["confirm", *arguments]) == 1
    message = capsys.readouterr().err
    assert said in message
    assert message.count("\n") == 1


@pytest.mark.parametrize("file", ["ecglib/new.py", "ecglib/added.py", "notebooks/00_first.py"])
def test_changes_that_are_not_committed_are_refused(book: Path, commits, file, capsys) -> None:
    try:
        (book / file).write_text("NUMBER = 3\n")
        assert main(["confirm", commits[1]]) == 1
        message = capsys.readouterr().err
        assert file in message
        assert "commit them first" in message
    finally:
        git(book, "reset", "--quiet", "--hard")
        git(book, "clean", "--quiet", "--force", "ecglib", "notebooks")


def test_a_commit_without_a_library_does_not_run_with_the_installed_one(book: Path, commits) -> None:
    git(book, "rm", "--quiet", "-r", "ecglib")
    head = commit(book)
    try:
        with pytest.raises(ChapterError, match=rf"{head[:10]} cannot be read.*no code of its own"):
            confirm(book, commits[1])
    finally:
        git(book, "reset", "--quiet", "--hard", f"{head}~1")


def test_outside_a_repository(tmp_path: Path) -> None:
    with pytest.raises(ChapterError, match="clone"):
        confirm(tmp_path, "HEAD")


@pytest.mark.parametrize(
    ("change", "differs", "intervals"),
    [
        ({}, False, 0),
        ({"value": 0.51}, True, 0),
        ({"by_seed": (0.4, 0.6)}, True, 0),
        ({"n": 8}, True, 0),
        ({"low": 0.3}, False, 1),
        ({"p_value": 0.2}, False, 1),
    ],
)
def test_value_seeds_and_n_count_and_intervals_are_counted_apart(change, differs, intervals) -> None:
    numbers = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 7, "by_seed": (0.45, 0.55), "p_value": 0.1}
    old, new = (Results("10_cnn", "smoke", {}, {"a.b.c": Metric(**(numbers | more))}) for more in ({}, change))
    assert compare(old, new) == (("a.b.c",) if differs else (), intervals)


def test_numbers_by_seed_that_only_the_later_side_records_are_an_addition() -> None:
    without, with_seeds = (
        Results("10_cnn", "smoke", {}, {"a.b.c": Metric(0.5, n=7, by_seed=seeds)}) for seeds in ((), (0.4, 0.6))
    )
    assert compare(without, with_seeds) == ((), 0)
    assert compare(with_seeds, without) == (("a.b.c",), 0)


def test_the_time_that_a_run_took_is_no_number_of_the_book() -> None:
    def took(seconds: float, accuracy: float = 0.5) -> Results:
        metrics = {"cnn.training.seconds_per_epoch": Metric(seconds), "cnn.intra.accuracy": Metric(accuracy)}
        return Results("10_cnn", "smoke", {}, metrics)

    assert compare(took(1.0), took(2.0)) == ((), 0)
    assert compare(took(1.0), took(1.0, 0.6)) == (("cnn.intra.accuracy",), 0)
