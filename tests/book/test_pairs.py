from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from ecglib.book.headers import Header, read_header
from ecglib.book.pairs import clean, in_step, join, read_notebook, read_source, setup_code, substitute, write_notebook
from ecglib.book.provenance import source_sha256
from ecglib.errors import ChapterError

Write = Callable[..., Path]


@pytest.fixture
def header(tmp_path: Path, write_chapter: Write) -> Header:
    return read_header(write_chapter(tmp_path, "10_cnn", 'print("hello")'))


def ran(header: Header, scale: str = "cpu") -> nbformat.NotebookNode:
    """What a run leaves, without running."""
    notebook = read_source(header)
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text=f"out of {cell.id}\n")]
            cell.execution_count = number
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = substitute(cell.source, {"scale": scale})
    return notebook


def test_substitution_keeps_lines_and_comments() -> None:
    code = 'scale = "smoke"  # µV\nseed = 0\ndata_dir = (\n    ""\n)\ndevice = "auto"'
    assert substitute(code, {"scale": "gpu", "seed": 3, "other": 1}) == code.replace("smoke", "gpu").replace("0", "3")
    assert substitute(code, {"data_dir": 'a"b'}).count('"a\\"b"') == 1
    assert substitute("x = 1", {"x": None}) == "x = None"


def test_cleaning_removes_what_papermill_leaves(header: Header) -> None:
    executed = ran(header)
    injected = nbformat.v4.new_code_cell("scale = 'cpu'", metadata={"tags": ["injected-parameters"]})
    executed.cells.insert(3, injected)
    executed.metadata["papermill"] = {"duration": 3}
    executed.metadata["widgets"] = {"state": {}}
    for cell in executed.cells:
        cell.metadata.setdefault("tags", [])
        cell.metadata["papermill"], cell.metadata["execution"] = {"a": 1}, {"b": 1}
    executed.cells[3].outputs = []
    widget = nbformat.v4.new_output(
        "display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}, "text/plain": "100%"}
    )
    bar = nbformat.v4.new_output("stream", name="stderr", text="100%|###| 3/3\n\x1b[A")
    executed.cells[-1].outputs = [widget, bar]
    cleaned = clean(executed)
    assert [cell.id for cell in cleaned.cells] == [f"cell-{k:02d}" for k in range(len(read_source(header).cells))]
    assert not any({"papermill", "execution"} & set(cell.metadata) for cell in cleaned.cells)
    assert all(cell.metadata.get("tags") != [] for cell in cleaned.cells)
    assert not {"papermill", "widgets"} & set(cleaned.metadata)
    assert [output.get("text") for output in cleaned.cells[-1].outputs] == ["100%|###| 3/3\n"], (
        "no widget, no text of it"
    )
    nbformat.validate(cleaned)


def test_prose_and_exercises_may_change_after_the_run(header: Header) -> None:
    executed = ran(header)
    text = header.source.read_text(encoding="utf-8")
    text = text.replace("Some prose", "Better prose").replace("# Try another seed.", "# Try seed 7.")
    header.source.write_text(text, encoding="utf-8")
    page = join(header, executed)
    assert "Better prose" in page.cells[0].source
    outputs = {cell.source: cell.outputs for cell in page.cells if cell.cell_type == "code"}
    assert outputs['print("hello")'][0].text == "out of cell-04\n"
    assert outputs["# Try seed 7."] == []
    assert any('scale = "cpu"' in source and "# the runner sets it" in source for source in outputs)


def test_changed_code_is_refused(header: Header) -> None:
    executed = ran(header)
    text = header.source.read_text(encoding="utf-8")
    header.source.write_text(text.replace("hello", "goodbye"), encoding="utf-8")
    line = text.split("\n").index('print("hello")') + 1
    with pytest.raises(ChapterError, match=rf"10_cnn\.py:{line}: code was changed after it ran: .*goodbye.* ran"):
        join(header, executed)


CELLS = """\
import os

# %%
x = 1
print(x)

# %%
import sys

# %%
y = [2,3]
print(y)"""

ORIGINAL = {"import os": [4], "x = 1\nprint(x)": [5], "import sys": [6], "y = [2,3]\nprint(y)": [7]}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[2,3]", "[2,3]", ORIGINAL),
        ("y = [2,3]", "y = [2, 3]", {"y = [2, 3]\nprint(y)": [7]}),
        ("y = [2,3]", "y = [  # two\n    2,\n    3,\n]", {"y = [  # two\n    2,\n    3,\n]\nprint(y)": [7]}),
        ("print(x)", "# the first\nprint(x)", {"x = 1\n# the first\nprint(x)": [5], "y = [2,3]\nprint(y)": [7]}),
        ("x = 1\n", "x = 1\n\n# %%\n", {"x = 1": [], "print(x)": [5], "y = [2,3]\nprint(y)": [7]}),
        ("print(x)\n\n# %%\nimport sys\n\n# %%\n", "print(x)\n", {"x = 1\nprint(x)\ny = [2,3]\nprint(y)": [5, 6, 7]}),
        (
            "print(x)\n\n# %%\nimport sys\n\n# %%\ny = [2,3]",
            "print(x)\ny = [2,3]\n\n# %%",
            {"x = 1\nprint(x)\ny = [2,3]": [5, 6], "print(y)": [7]},
        ),
        ("import os\n\n# %%\n", "", {"x = 1\nprint(x)": [4, 5]}),
        ("import sys\n\n# %%\n", "", {"y = [2,3]\nprint(y)": [6, 7]}),
        ("import os", "import json\n\n# %%\nimport os", {"import json": [4], "import os": []}),
        ("import sys", "import json", {"import os": [4], "import json": [6]}),
        (
            "print(x)",
            "print(x)\n\n# %%\n# nothing yet",
            {"x = 1\nprint(x)": [5], "# nothing yet": [6], "import sys": []},
        ),
    ],
)
def test_what_the_hash_leaves_free_is_carried_and_outputs_stay(
    tmp_path: Path, write_chapter: Write, old: str, new: str, expected: dict[str, list[int]]
) -> None:
    """Layout, comments, imports and the borders of cells."""
    header = read_header(write_chapter(tmp_path, "10_cnn", CELLS))
    executed, digest = ran(header), source_sha256(header.source)
    write_notebook(join(header, executed), header.notebook)
    assert in_step(header)
    text = header.source.read_text(encoding="utf-8")
    assert old in text
    header.source.write_text(text.replace(old, new), encoding="utf-8")
    assert source_sha256(header.source) == digest
    assert in_step(header) == (old == new)
    page = join(header, read_notebook(header.notebook))
    code = {cell.source: cell for cell in page.cells if cell.cell_type == "code"}
    found = {source: [int(output.text.split("-")[1]) for output in code[source].outputs] for source in expected}
    assert found == expected
    assert all(cell.execution_count is not None for cell in code.values())
    assert code["chapter.close()"].outputs[0].text == "out of cell-09\n"
    assert sum(len(cell.outputs) for cell in code.values()) == len([c for c in executed.cells if c.cell_type == "code"])
    nbformat.validate(page)
    write_notebook(page, header.notebook)
    assert in_step(header), "a second time, nothing changes"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("print(x)", "print(y)", r"10_cnn.py:{}: code was changed after it ran: 'print\(y\)' where 'print\(x\)' ran"),
        ("x = 1", "x = True", r"10_cnn.py:{}: .*'x = True' where 'x = 1' ran"),
        ("x = 1\nprint(x)", "print(x)\nx = 1", r"10_cnn.py:{}: .*'print\(x\)' where 'x = 1' ran"),
        ("chapter.close()", "chapter.close()\n1", r"10_cnn.py:{}: .*'1' is new"),
        ("\n# %%\nchapter.close()", "", r"10_cnn.py: .*'chapter.close\(\)' is gone"),
        ("print(x)", "    print(x)", r"10_cnn.py: a cell is no Python: 'x = 1'"),
    ],
)
def test_a_changed_statement_is_named_with_its_line(
    tmp_path: Path, write_chapter: Write, old: str, new: str, message: str
) -> None:
    header = read_header(write_chapter(tmp_path, "10_cnn", CELLS))
    executed = ran(header)
    text = header.source.read_text(encoding="utf-8").replace(old, new)
    header.source.write_text(text, encoding="utf-8")
    lines = text.split("\n")
    place = lines.index(new.split("\n")[-1 if new.endswith("\n1") else 0]) + 1 if "{}" in message else 0
    with pytest.raises(ChapterError, match=message.format(place)):
        join(header, executed)


def test_an_exercise_that_becomes_measured_code_is_refused(header: Header) -> None:
    executed = ran(header)
    text = header.source.read_text(encoding="utf-8").replace("# Try another seed.", "seed + 1")
    header.source.write_text(text, encoding="utf-8")
    join(header, executed)
    header.source.write_text(text.replace(' tags=["exercise"]', ""), encoding="utf-8")
    with pytest.raises(ChapterError, match=r"'seed \+ 1' where 'chapter\.close\(\)' ran"):
        join(header, executed)


def test_a_pair_is_in_step_until_its_prose_changes(header: Header) -> None:
    write_notebook(join(header, ran(header)), header.notebook)
    assert in_step(header)
    text = header.source.read_text(encoding="utf-8")
    header.source.write_text(text.replace("Some prose", "Better prose"), encoding="utf-8")
    assert not in_step(header)
    header.source.write_text(text.replace("hello", "goodbye"), encoding="utf-8")
    assert not in_step(header)


def test_the_install_line_comes_with_the_address(header: Header) -> None:
    address = "https://example.org/book"
    assert "pip" not in setup_code("")
    page = join(header, ran(header), address)
    (setup,) = [cell for cell in page.cells if "setup" in cell.metadata.get("tags", [])]
    assert f"!git clone --quiet --depth 1 {address} ecg-reproduced" in setup.source
    assert setup.source.endswith(setup_code("").partition("\n")[2]), "without data it does without, hosted or not"
    write_notebook(page, header.notebook)
    assert in_step(header, address)
    assert not in_step(header, "https://example.org/elsewhere")


def test_missing_and_damaged_notebooks(header: Header) -> None:
    with pytest.raises(ChapterError, match="has not been run"):
        read_notebook(header.notebook)
    header.notebook.write_text('{"cells": [', encoding="utf-8")
    with pytest.raises(ChapterError, match="damaged"):
        read_notebook(header.notebook)
