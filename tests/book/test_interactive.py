from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from ecglib.book.headers import read_headers
from ecglib.book.interactive import NOTICE, fall_back
from ecglib.book.pairs import RUN_FIRST, setup_code

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("ECGLIB_DATA", "ECGBOOK_OUTPUT"):
        monkeypatch.delenv(variable, raising=False)


def run_by_hand(folder: Path, *cells: str) -> str:
    """What a reader's Jupyter prints, run from the first cell to the last."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    return "".join(output.get("text", "") for cell in notebook.cells for output in cell.outputs)


def parameters(data_dir: str) -> str:
    return f'scale = "cpu"\nseed = 0\ndata_dir = "{data_dir}"\ndevice = "auto"'


def test_a_notebook_without_data_runs_on_twins_and_says_so(tmp_path: Path) -> None:
    cells = (setup_code(""), parameters(""), "print(scale)")
    printed = run_by_hand(tmp_path, *cells, *cells)
    assert printed == f"{NOTICE}\nsmoke\n" * 2


FIRST = """\
from ecglib.book import open_chapter
print("loud")
open_chapter("33_first", scale="smoke", seed=0, data_dir="", device="cpu").{end}
"""


@pytest.fixture
def notebooks(tmp_path: Path) -> Path:
    """The folder of a book's notebooks, without any."""
    (tmp_path / "_config.yml").write_text("title: A book\n", encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    return tmp_path / "notebooks"


def test_what_a_page_reads_of_the_same_twins_runs_first_and_once(notebooks: Path) -> None:
    (notebooks / "33_first.py").write_text(FIRST.format(end="close()"), encoding="utf-8")
    cells = (setup_code("", ["33_first"]), parameters(""), "print(scale)")
    printed = run_by_hand(notebooks, *cells, *cells)
    assert printed.count("This page reads what 33_first makes of the same twins") == 1
    assert printed.count(NOTICE) == 2
    assert "loud" not in printed


def test_what_fails_before_says_so_and_runs_again(notebooks: Path) -> None:
    (notebooks / "33_first.py").write_text(FIRST.format(end="folder and 1 / 0"), encoding="utf-8")
    cells = (setup_code("", ["33_first"]), parameters(""), "print(scale)")
    printed = run_by_hand(notebooks, *cells, *cells)
    assert printed.count("33_first did not run to its end") == 2
    assert "ZeroDivisionError" in printed


def test_pages_that_need_others_run_are_among_those_that_need_them() -> None:
    headers = read_headers(REPOSITORY)
    for name, first in RUN_FIRST.items():
        assert set(first) <= set(headers[name].needs)
        notebook = nbformat.read(headers[name].notebook, as_version=4)
        (setup,) = [cell for cell in notebook.cells if "setup" in cell.metadata.get("tags", [])]
        assert setup.source.endswith(setup_code("", first).partition("\n")[2])


def test_a_notebook_with_data_runs_as_it_says(tmp_path: Path) -> None:
    assert run_by_hand(tmp_path, setup_code(""), parameters("somewhere"), "print(scale)") == "cpu\n"


def test_a_hosted_notebook_works_in_the_clone_also_after_a_restart(tmp_path: Path) -> None:
    inside = tmp_path / "ecg-reproduced" / "notebooks"
    inside.mkdir(parents=True)
    where = "import os\nprint(os.getcwd())"
    setup = setup_code("https://example.org/book")
    for _ in range(2):  # ecglib is here already, so nothing is cloned
        printed = run_by_hand(tmp_path, setup, where, setup, where).split()
        assert printed.count(str(inside)) >= 2
        assert printed[-1] == str(inside)


def test_a_runner_decides_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECGBOOK_OUTPUT", str(tmp_path))
    assert run_by_hand(tmp_path, setup_code(""), parameters(""), "print(scale)") == "cpu\n"


@pytest.mark.parametrize("names", [{}, {"scale": "smoke"}, {"scale": 3}, {"scale": "gpu", "data_dir": "here"}])
def test_what_stays(names: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    before = dict(names)
    fall_back(names)
    assert names == before
    assert capsys.readouterr().out == ""


def test_data_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECGLIB_DATA", "somewhere")
    names = {"scale": "gpu", "data_dir": ""}
    fall_back(names)
    assert names["scale"] == "gpu"


def test_a_published_chapter_runs_by_hand_without_data(tmp_path: Path) -> None:
    """As in Jupyter, Colab and Binder: the committed notebook, in a clone, from the first cell to the last."""
    for name in ("_config.yml", "claims.yml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    (tmp_path / "notebooks").mkdir()
    for suffix in (".py", ".ipynb"):
        shutil.copy((REPOSITORY / "notebooks" / "00_reading_an_ecg").with_suffix(suffix), tmp_path / "notebooks")
    notebook = nbformat.read(tmp_path / "notebooks" / "00_reading_an_ecg.ipynb", as_version=4)
    assert 'scale = "cpu"' in next(
        cell.source for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])
    )
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path / "notebooks")}}).execute()
    printed = "".join(str(output) for cell in notebook.cells for output in cell.get("outputs", []))
    assert NOTICE in printed
    assert "synthetic twin" in printed
    assert (tmp_path / "_build" / "interactive" / "results" / "00_reading_an_ecg.json").is_file()
