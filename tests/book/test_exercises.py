from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ecglib.book.exercises import (
    BEGIN,
    END,
    EVENING,
    NO_CODE,
    POINTS,
    TEN_MINUTES,
    Exercise,
    exercises_of,
    marked,
    published,
    stub,
    student_edition,
)
from ecglib.book.headers import read_header, read_headers
from ecglib.book.pairs import join, read_source
from ecglib.book.provenance import source_sha256
from ecglib.errors import ChapterError

REPOSITORY = Path(__file__).parents[2]
WITH_CHECKS = ("00_reading_an_ecg", "01_splits_and_leakage", "10_cnn", "30_loops", "31_like_beats")
"""Chapters whose exercises nbgrader grades by itself; the term plan of the page for instructors leans on them."""

EXERCISES = """\
known = 3

# %% [markdown]
# ## Exercises
#
# ```{exercise-start} Double it
# :label: exercise-double
# ```
# *Ten minutes.* Write `double(x)`, and let `six` be twice `known`.
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
six = double(known)

# %% tags=["exercise", "check"]
assert six == 6, "six is not twice known."

# %% tags=["exercise", "hidden-check"]
for number in (0, 5):
    assert double(number) == number + number, "double is wrong."

# %% [markdown]
# Doubling is adding.
#
# ````{solution-end}
# ````
#
# ```{exercise} A question without code
# :label: exercise-why
#
# Why is twice a number even?
# ```"""

Write = Callable[..., Path]


def parsed(tmp_path: Path, write_chapter: Write, text: str = EXERCISES) -> list[Exercise]:
    return exercises_of(read_source(read_header(write_chapter(tmp_path, "10_cnn", text))).cells, "10_cnn")


def test_an_exercise_is_read_whole(tmp_path: Path, write_chapter: Write) -> None:
    double, why = parsed(tmp_path, write_chapter)
    assert (double.label, double.title, double.kind) == ("exercise-double", "Double it", TEN_MINUTES)
    assert double.statement.endswith("let `six` be twice `known`.")
    assert double.solution.endswith("return 2 * x\n\nsix = double(known)")
    assert double.answers == ("double", "six"), "known is the chapter's"
    assert double.answer == "Doubling is adding."
    assert "six is not twice" in double.check
    assert "number + number" in double.hidden_check
    assert double.points == (1, 2)
    assert (why.label, why.kind, why.points, why.solution) == ("exercise-why", NO_CODE, (3, 0), "")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("*Ten minutes.* ", "", "doesn't say how long it takes"),
        ("*Ten minutes.*", "*An hour.*", "doesn't say how long it takes"),
        (":label: exercise-why", ":label: exercise-double", "the label stands twice"),
        ("`six`", "six", "a check reads six, which the statement doesn't name"),
        ("known = 3", "known = 3\nsix = 6", "an earlier cell already gives six"),
        (', "double is wrong."', "", "the assertion double.* says nothing"),
        ('"exercise", "check"', '"check"', "not tagged as part of an exercise"),
        ("solution-start} exercise-double", "solution-start} exercise-triple", "a solution belongs to no exercise"),
        ("````{solution-end}\n# ````", "", "the solution has no end"),
        ("````{solution-start} exercise-double\n# :class: dropdown\n# ````", "", "stands outside a solution"),
        ("```{exercise-end}\n# ```", "", "a block is malformed"),
        ('tags=["solution"]', 'tags=["other"]', "the exercise has no solution"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, write_chapter: Write, old: str, new: str, words: str) -> None:
    assert old in EXERCISES
    with pytest.raises(ChapterError, match=words):
        parsed(tmp_path, write_chapter, EXERCISES.replace(old, new))


def test_the_stub_keeps_signatures_and_docstrings_only() -> None:
    code = (
        "import secret\n\n\n@secret.cached\ndef area(\n    width: float,\n    height=2,\n):\n"
        '    """Say what it gives."""\n    # A secret comment.\n    size = width * height\n\n    return size\n\n\n'
        "# Another secret.\nanswer = area(3)\n\nprint(answer)\n# The last secret."
    )
    start = stub(code)
    assert '):\n    """Say what it gives."""\n    # Your code here.\n    raise NotImplementedError' in start
    assert "def area(\n    width: float," in start
    for word in ("secret", "size", "answer"):
        assert word not in start
    ast.parse(start)
    without_marks = [line for line in marked(code).split("\n") if line.strip() not in (BEGIN, END)]
    assert without_marks == code.split("\n"), "the source version runs the same code"


def test_editing_an_exercise_leaves_the_page_valid(tmp_path: Path, write_chapter: Write) -> None:
    """The case that must hold, and the measured code beside it that must not."""
    header = read_header(write_chapter(tmp_path, "10_cnn", EXERCISES))
    executed, digest = read_source(header), source_sha256(header.source)
    text = header.source.read_text(encoding="utf-8")
    for old, new in (("2 * x", "x + x"), ("six == 6", "six == 3 + 3"), ("(0, 5)", "(1, 7)"), ("Double it", "Twice")):
        text = text.replace(old, new)
    header.source.write_text(text, encoding="utf-8")
    assert source_sha256(header.source) == digest
    assert "(1, 7)" in str(join(header, executed).cells)
    header.source.write_text(text.replace("known = 3", "known = 4"), encoding="utf-8")
    assert source_sha256(header.source) != digest
    with pytest.raises(ChapterError, match="code was changed after it ran"):
        join(header, executed)


def test_the_two_editions(tmp_path: Path, write_chapter: Write) -> None:
    header = read_header(write_chapter(tmp_path, "10_cnn", EXERCISES))
    book, student = published(read_source(header)), student_edition(read_source(header))
    shown, kept = "\n".join(cell.source for cell in book.cells), "\n".join(cell.source for cell in student.cells)
    assert "return 2 * x" in shown
    assert "Doubling is adding" in shown
    for secret in ("return 2 * x", "double(known)", "Doubling is adding", "{solution-"):
        assert secret not in kept
    for text in (shown, kept):
        assert "number + number" not in text
        assert "six is not twice known" in text
        assert "Why is twice a number even?" in text
        assert "*Ten minutes.* Write" in text
    assert kept.count("raise NotImplementedError") == 2, "one for the function, one for the rest"
    assert len({cell.id for cell in student.cells}) == len(student.cells)


def test_every_chapter_has_its_exercises() -> None:
    """Two with code, of ten minutes and of an evening, and one without; labels are unique in the whole book."""
    labels: list[str] = []
    for header in read_headers(REPOSITORY).values():
        exercises = exercises_of(read_source(header).cells, header.name)
        kinds = Counter(exercise.kind for exercise in exercises)
        assert set(kinds) == set(POINTS), f"{header.name} has {dict(kinds)}"
        labels += [exercise.label for exercise in exercises]
        for exercise in exercises:
            assert bool(exercise.check) == bool(exercise.hidden_check), exercise.label
            if header.name in WITH_CHECKS and exercise.kind != NO_CODE:
                assert exercise.check, f"{exercise.label} has no checks"
                assert exercise.answers, f"{exercise.label} has no named answer"
                assert sum(exercise.points) == POINTS[exercise.kind]
            ast.parse(exercise.stub)
        kept = student_edition(read_source(header), header.name).cells
        assert not any("{solution-" in cell.source for cell in kept), header.name
        assert not any({"solution", "hidden-check"} & set(cell.metadata.get("tags", [])) for cell in kept), header.name
    assert not [label for label, count in Counter(labels).items() if count > 1]
    assert POINTS[EVENING] > POINTS[TEN_MINUTES]
