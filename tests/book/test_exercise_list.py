from __future__ import annotations

from pathlib import Path

from ecglib.book.build import contents
from ecglib.book.exercise_list import exercises_page
from ecglib.book.headers import read_headers
from ecglib.book.pages import committed_runs

REPOSITORY = Path(__file__).parents[2]


def test_every_chapter_has_a_row_with_an_exercise_of_each_kind() -> None:
    headers = read_headers(REPOSITORY)
    page = exercises_page(headers.values(), committed_runs(REPOSITORY))
    rows = {
        line.split("../notebooks/")[1].split(".ipynb")[0]: line for line in page.splitlines() if "../notebooks/" in line
    }
    assert set(rows) == set(headers)
    for name, row in rows.items():
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert len(cells) == 5
        assert all("{ref}`" in cell for cell in cells[1:4]), f"{name} lacks a kind"
        assert "GB, cpu" in cells[4]
    assert rows["00_reading_an_ecg"].count(", checked") == 2
    assert ", checked" not in rows["15_comparison"]


def test_a_chapter_that_has_not_run_says_so() -> None:
    header = read_headers(REPOSITORY)["00_reading_an_ecg"]
    assert exercises_page([header], {"smoke": {}}).rstrip().endswith("| not run |")


def test_it_is_in_the_contents() -> None:
    assert "book/exercises" in contents(REPOSITORY)
