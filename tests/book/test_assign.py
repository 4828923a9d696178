"""From a chapter to graded submissions, the whole way through nbgrader itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

from ecglib.book.assign import CONFIG, TIME_LIMIT, assign, assignment, read_config
from ecglib.book.exercises import POINTS, STUB, exercises_of
from ecglib.book.headers import read_header, read_headers
from ecglib.book.pairs import read_source
from ecglib.errors import ChapterError

nbgrader = pytest.importorskip("nbgrader.api")
pytestmark = pytest.mark.book

REPOSITORY = Path(__file__).parents[2]
CHAPTER = "00_first"

EXERCISES = """\
secret_number = 7

# %% [markdown]
# ```{exercise-start} Double it
# :label: exercise-double
# ```
# *Ten minutes.* Write a function `double(x)`, and call `fourteen` what it makes of `secret_number`.
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-double
# :class: dropdown
# ````

# %% tags=["solution"]
def double(x):
    \"\"\"Give twice the number.\"\"\"
    return 2 * x


# %% tags=["solution"]
fourteen = double(secret_number)

# %% tags=["exercise", "check"]
assert double(7) == 14, "double(7) is not 14: does the function return twice its argument?"
assert fourteen == 14, "fourteen is not twice secret_number."

# %% tags=["exercise", "hidden-check"]
for number in (0, -3, 2.5):
    assert double(number) == number + number, f"double({number}) is not twice {number}."

# %% [markdown]
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise-start} Something for the evening
# :label: exercise-evening
# ```
# *An evening.* Do what you like, and write down what you found.
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-evening
# :class: dropdown
# ````

# %% tags=["solution"]
print("anything")

# %% [markdown]
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise} A question without code
# :label: exercise-why
#
# Why is twice a number even?
# ```"""

SUBMISSIONS = {
    "solution": "def double(x):\n    return 2 * x\n\n\nfourteen = double(secret_number)",
    "stub": None,
    "hardcoded": "def double(x):\n    return 14\n\n\nfourteen = 14",
    "endless": "while True:\n    pass",
    "gigabyte": 'for _ in range(1000):\n    print("x" * 1_000_000)',
}
"""What five students write into the first answer."""

MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[2:])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
open(sys.argv[1], "w").write(str(peak * (1 if sys.platform == "darwin" else 1024)))
sys.exit(done.returncode)
"""
"""Runs a command, and leaves in a file how many bytes of memory the largest of its processes took."""


@pytest.fixture(scope="module", autouse=True)
def own_jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep nbgrader and Jupyter out of the user's own folders."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(variable, str(tmp_path_factory.mktemp(variable.lower())))
        yield


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, write_chapter: Callable[..., Path]) -> Path:
    root = tmp_path_factory.mktemp("assign") / "book"
    write_chapter(root, CHAPTER, EXERCISES)
    (root / "claims.yml").write_text("claims: []\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def course(book: Path) -> Path:
    """A course with one assignment, five submissions of which nbgrader has collected and graded."""
    from nbgrader.apps import NbGraderAPI

    course = book.parent / "course"
    (release,) = assign(book, [CHAPTER], course)
    config = course / CONFIG
    config.write_text(
        config.read_text(encoding="utf-8").replace(f"timeout = {TIME_LIMIT}", "timeout = 30"), encoding="utf-8"
    )
    for student, answer in SUBMISSIONS.items():
        submit(release, course, student, {"exercise-double-answer": answer})
    api = NbGraderAPI(config=read_config(course))
    for student in SUBMISSIONS:
        if student in ("stub", "gigabyte"):
            nbgrader_command(course, "autograde", CHAPTER, "--student", student)
        else:
            graded = api.autograde(CHAPTER, student)
            assert graded["success"], graded["log"]
    return course


def nbgrader_command(course: Path, *command: str) -> str:
    """Do what an instructor types, in the course's folder."""
    python = [
        sys.executable,
        "-c",
        MEASURED,
        str(course.parent / f"{Path(command[-1]).name}.peak"),
        sys.executable,
        "-m",
        "nbgrader",
    ]
    done = subprocess.run([*python, *command], cwd=course, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def submit(release: Path, course: Path, student: str, answers: dict[str, str | None]) -> None:
    """Do what a student does: take the release version, write answers, hand the folder in."""
    folder = course / "submitted" / student / release.name
    shutil.copytree(release, folder)
    file = folder / f"{release.name}.ipynb"
    notebook = nbformat.read(file, as_version=4)
    for cell in notebook.cells:
        answer = answers.get(cell.metadata.nbgrader.grade_id)
        if answer is not None:
            assert not cell.metadata.nbgrader.locked
            cell.source = answer
    nbformat.write(notebook, file)


def scores(course: Path, student: str, chapter: str = CHAPTER) -> dict[str, float | None]:
    """What nbgrader's gradebook says of each graded cell; None where a person has to look."""
    with nbgrader.Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        (notebook,) = gradebook.find_submission(chapter, student).notebooks
        return {grade.name: None if grade.needs_manual_grade else grade.score for grade in notebook.grades}


def graded(course: Path, student: str) -> str:
    return (course / "autograded" / student / CHAPTER / f"{CHAPTER}.ipynb").read_text(encoding="utf-8")


def test_the_release_has_stubs_visible_checks_and_no_secret(course: Path) -> None:
    release = course / "release" / CHAPTER
    notebook = nbformat.read(release / f"{CHAPTER}.ipynb", as_version=4)
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells}
    (double, *_) = exercises_of(read_source(read_header(course.parent / "book" / "notebooks" / f"{CHAPTER}.py")).cells)
    assert cells["exercise-double-answer"].source == double.stub
    assert "Give twice the number" in double.stub
    assert "return 2 * x" not in double.stub
    assert cells["exercise-double-check"].source == double.check
    assert cells["exercise-evening-answer"].source == STUB
    assert cells["exercise-why-answer"].source == "YOUR ANSWER HERE"
    everything = "".join(file.read_text(encoding="utf-8") for file in release.rglob("*") if file.is_file())
    for secret in ("return 2 * x", "double(secret_number)", "number + number", "anything", "rubric"):
        assert secret not in everything
    source = (course / "source" / CHAPTER / f"{CHAPTER}.ipynb").read_text(encoding="utf-8")
    assert "number + number" in source
    assert "secret_number = 7" in everything, "the chapter's own code is there"
    assert not (release / "_build").exists(), "what the validation wrote is not handed out"


def test_every_graded_cell_has_its_points(course: Path) -> None:
    with nbgrader.Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        (notebook,) = gradebook.find_assignment(CHAPTER).notebooks
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    assert points == {
        "exercise-double-check": 1,
        "exercise-double-hidden": 2,
        "exercise-evening-answer": 6,
        "exercise-why-answer": 3,
    }
    assert sum(points.values()) == sum(POINTS.values())


def test_the_solution_gets_full_points_and_the_stub_none(course: Path) -> None:
    full = {"exercise-double-check": 1, "exercise-double-hidden": 2}
    assert full.items() <= scores(course, "solution").items()
    assert set(scores(course, "stub").values()) == {0}, "nothing written by hand counts as 0 without a look"


def test_a_hardcoded_answer_passes_the_visible_check_only(course: Path) -> None:
    found = scores(course, "hardcoded")
    assert (found["exercise-double-check"], found["exercise-double-hidden"]) == (1, 0)
    assert "double(0) is not twice 0." in graded(course, "hardcoded")


def test_a_submission_that_loops_for_ever_is_stopped_and_said_so(course: Path) -> None:
    found = scores(course, "endless")
    assert (found["exercise-double-check"], found["exercise-double-hidden"]) == (0, 0)
    assert "was stopped. What to do: look for a loop that does not end" in graded(course, "endless")


def test_a_submission_that_prints_a_gigabyte_is_stopped_and_said_so(course: Path) -> None:
    found = scores(course, "gigabyte")
    assert (found["exercise-double-check"], found["exercise-double-hidden"]) == (0, 0)
    said = graded(course, "gigabyte")
    assert "printed or displayed more than 2,000,000 characters and was stopped" in said
    assert len(said) < 5_000_000
    assert int((course.parent / "gigabyte.peak").read_text()) < 700_000_000, "the gigabyte was not kept"


def test_the_commands_of_the_page_for_instructors(course: Path) -> None:
    """The shell finds the same course: nbgrader validates a release, makes the feedback and exports the grades."""
    said = nbgrader_command(course, "validate", f"release/{CHAPTER}/{CHAPTER}.ipynb")
    assert "VALIDATION FAILED ON" in said
    nbgrader_command(course, "generate_feedback", CHAPTER, "--student", "hardcoded")
    page = (course / "feedback" / "hardcoded" / CHAPTER / f"{CHAPTER}.html").read_text(encoding="utf-8")
    assert "double(0) is not twice 0." in page
    nbgrader_command(course, "export")
    assert "hardcoded" in (course / "grades.csv").read_text(encoding="utf-8")


def test_a_wrong_solution_is_never_handed_out(tmp_path: Path, write_chapter: Callable[..., Path]) -> None:
    write_chapter(tmp_path / "book", CHAPTER, EXERCISES.replace("return 2 * x", "return 14"))
    with pytest.raises(ChapterError, match=r"with it 1 checks.*# A check that you.*double\(0\) is not twice 0"):
        assign(tmp_path / "book", [CHAPTER], tmp_path / "course")
    assert not (tmp_path / "course" / "release").exists()


def test_a_chapter_whose_own_cell_fails_is_never_handed_out(tmp_path: Path, write_chapter: Callable[..., Path]) -> None:
    """Even where no check notices."""
    write_chapter(tmp_path / "book", CHAPTER, EXERCISES.replace("secret_number = 7", "secret_number = 7\n1 / 0"))
    with pytest.raises(ChapterError, match=r"with it 0 checks.*'secret_number = 7'; found ZeroDivisionError"):
        assign(tmp_path / "book", [CHAPTER], tmp_path / "course")


def test_chapters_that_cannot_be_assigned(tmp_path: Path, write_chapter: Callable[..., Path]) -> None:
    write_chapter(tmp_path, "00_first", "print(1)")
    write_chapter(tmp_path, "01_second", EXERCISES, needs="00_first")
    for name, words in (
        ("00_first", "the chapter has no exercise"),
        ("01_second", "it reads what 00_first writes"),
        ("02_third", "there is no chapter 02_third"),
    ):
        with pytest.raises(ChapterError, match=words):
            assign(tmp_path, [name], tmp_path / "course")


def test_every_chapter_of_the_book_makes_an_assignment() -> None:
    checked = 0
    for header in read_headers(REPOSITORY).values():
        notebook = assignment(header)
        graded = [cell.metadata.nbgrader for cell in notebook.cells if cell.metadata.nbgrader.grade]
        expected = sum(POINTS[exercise.kind] for exercise in exercises_of(read_source(header).cells, header.name))
        assert sum(cell.points for cell in graded) == expected, header.name
        assert len({cell.metadata.nbgrader.grade_id for cell in notebook.cells}) == len(notebook.cells)
        nbformat.validate(notebook)
        checked += sum(not cell.solution for cell in graded)
    assert checked >= 20, "two checks of each of ten exercises"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("chapter", os.environ.get("ECGBOOK_ASSIGN", "00_reading_an_ecg").split())
def test_a_real_chapter(tmp_path: Path, chapter: str) -> None:
    """The book's solutions get full points on the synthetic twins, and the stubs none."""
    from nbgrader.apps import NbGraderAPI

    (release,) = assign(REPOSITORY, [chapter], tmp_path)
    submit(release, tmp_path, "stub", {})
    graded = NbGraderAPI(config=read_config(tmp_path)).autograde(chapter, "stub")
    assert graded["success"], graded["log"]
    assert set(scores(tmp_path, "stub", chapter).values()) == {0}
