from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
import pytest
from safetensors.numpy import save_file

from ecglib.book.command import main
from ecglib.book.headers import read_headers
from ecglib.book.model_card import LARGEST_WEIGHTS
from ecglib.book.pairs import in_step
from ecglib.book.provenance import ecglib_sha256, imported_modules
from ecglib.book.publish import LARGEST_NOTEBOOK, pair, publish
from ecglib.book.results import write_text
from ecglib.book.states import CONFIRMATIONS, CONFIRMED, EXECUTED, MEANINGS, NEVER, STALE, UNVERIFIED
from ecglib.book.status import statuses, table
from ecglib.errors import ChapterError, DamagedFileError

CHAPTERS = ("00_first", "01_second", "10_alone")


@pytest.fixture
def book(tmp_path: Path, make_book: Callable[[Path], Path], pretend_run: Callable[[Path, str], Path]) -> Path:
    root = make_book(tmp_path / "book")
    pretend_run(root, "cpu")
    return root


def tree(book: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(book)): file.read_bytes()
        for file in sorted(book.rglob("*"))
        if file.is_file() and "_build" not in file.parts
    }


def add_output(book: Path, text: str) -> None:
    file = book / "_build" / "cpu" / "notebooks" / "01_second.ipynb"
    notebook = nbformat.read(file, as_version=4)
    notebook.cells[-1].outputs.append(nbformat.v4.new_output("stream", text=text))
    nbformat.write(notebook, file)


def test_publishing_copies_pages_numbers_data_and_weights(book: Path) -> None:
    before = tree(book)
    publish(book, "cpu", CHAPTERS)
    after = tree(book)
    expected = {f"notebooks/{name}.ipynb" for name in CHAPTERS}
    expected |= {f"results/cpu/{name}.json" for name in CHAPTERS}
    expected |= {f"results/cpu/{name}/confusion.csv" for name in CHAPTERS}
    expected |= {"weights/00_first/cnn.safetensors", "weights/00_first/README.md"}
    assert set(after) - set(before) == expected
    assert {name: after[name] for name in before} == before, "sources stay as they are"
    for header in read_headers(book).values():
        assert in_step(header)
        assert 'scale = "cpu"' in header.notebook.read_text(encoding="utf-8").replace('\\"', '"')
    publish(book, "cpu", CHAPTERS)
    assert tree(book) == after


def test_a_figure_that_is_gone_goes(book: Path) -> None:
    publish(book, "cpu", CHAPTERS)
    (book / "_build/cpu/figures/10_alone/confusion.csv").unlink()
    publish(book, "cpu", ["10_alone"])
    assert not (book / "results/cpu/10_alone").exists()
    assert (book / "results/cpu/01_second/confusion.csv").is_file()


def test_what_is_unfit_is_refused_and_nothing_is_written(book: Path) -> None:
    before = tree(book)
    with pytest.raises(ChapterError, match="smoke run can't be published"):
        publish(book, "smoke", CHAPTERS)
    results = book / "_build/cpu/results/01_second.json"
    content = json.loads(results.read_text(encoding="utf-8"))
    content["provenance"]["data"] = {"mitbih": {"synthetic": True}}
    original = results.read_text(encoding="utf-8")
    results.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ChapterError, match="mitbih were synthetic"):
        publish(book, "cpu", CHAPTERS)
    results.write_text(original, encoding="utf-8")
    add_output(book, f"a warning from {book}/notebooks")
    with pytest.raises(ChapterError, match="path of this machine"):
        publish(book, "cpu", CHAPTERS)
    assert tree(book) == before


def test_weights_that_are_unfit_are_refused_and_nothing_is_written(book: Path) -> None:
    before = tree(book)
    weights = book / "_build/cpu/artefacts/00_first/cnn.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:50])
    with pytest.raises(DamagedFileError, match="these weights can't be read"):
        publish(book, "cpu", CHAPTERS)
    save_file({"w": np.zeros(LARGEST_WEIGHTS // 4, np.float32)}, weights)
    with pytest.raises(ChapterError, match=r"less than 2 MB, found 2\.0 MB"):
        publish(book, "cpu", CHAPTERS)
    assert tree(book) == before


def test_a_run_that_skipped_its_training_is_not_published(book: Path) -> None:
    publish(book, "cpu", CHAPTERS)
    before = tree(book)
    file = book / "_build/cpu/notebooks/00_first.ipynb"
    notebook = nbformat.read(file, as_version=4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source += "\npretrained = True"
    nbformat.write(notebook, file)
    source = book / "notebooks" / "00_first.py"
    source.write_text(source.read_text().replace('device = "auto"', 'device = "auto"\npretrained = False'))
    with pytest.raises(ChapterError, match="a run that trains its models"):
        publish(book, "cpu", ["00_first"])
    assert (book / "weights/00_first/cnn.safetensors").read_bytes() == before["weights/00_first/cnn.safetensors"]


def test_pair_writes_the_card_again(book: Path) -> None:
    publish(book, "cpu", CHAPTERS)
    card = book / "weights" / "00_first" / "README.md"
    whole = card.read_text(encoding="utf-8")
    assert pair(book) == []
    card.unlink()
    assert pair(book) == [card]
    assert card.read_text(encoding="utf-8") == whole


def test_a_large_notebook_is_refused(book: Path) -> None:
    add_output(book, "x" * LARGEST_NOTEBOOK)
    with pytest.raises(ChapterError, match=r"too large.*less than 1.5 MB.*chapter.close"):
        publish(book, "cpu", ["01_second"])


def test_pair_carries_prose_and_refuses_code(book: Path) -> None:
    publish(book, "cpu", CHAPTERS)
    source = book / "notebooks" / "00_first.py"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("Some prose", "Better prose"), encoding="utf-8")
    assert pair(book) == [book / "notebooks" / "00_first.ipynb"]
    assert pair(book) == []
    page = (book / "notebooks" / "00_first.ipynb").read_text(encoding="utf-8")
    assert "Better prose" in page
    assert "00_first printed this" in page
    source.write_text(text.replace("chapter.record", "# accuracy\nchapter .record"), encoding="utf-8")
    assert pair(book, ["00_first"]) == [book / "notebooks" / "00_first.ipynb"]
    page = (book / "notebooks" / "00_first.ipynb").read_text(encoding="utf-8")
    assert "# accuracy" in page
    assert "00_first printed this" in page
    source.write_text(text.replace("0.5 + seed", "0.5 - seed"), encoding="utf-8")
    with pytest.raises(ChapterError, match="code was changed"):
        pair(book, ["00_first"])


def test_status_tells_fresh_from_stale(
    book: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(book, "cpu", ["00_first", "01_second"])

    def states(committed: bool) -> dict[str, str]:
        return {s.chapter: s.state for s in statuses(book) if s.scale == "cpu" and s.committed == committed}

    assert states(True) == {"00_first": EXECUTED, "01_second": EXECUTED, "10_alone": NEVER}
    assert states(False) == dict.fromkeys(CHAPTERS, EXECUTED)
    source = book / "notebooks" / "00_first.py"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("Some prose", "Better prose"), encoding="utf-8")
    assert states(True)["00_first"] == EXECUTED
    source.write_text(text.replace("0.5 + seed", "0.6 + seed"), encoding="utf-8")
    assert states(True) == {"00_first": STALE, "01_second": EXECUTED, "10_alone": NEVER}
    results = book / "results/cpu/01_second.json"
    content = json.loads(results.read_text(encoding="utf-8"))
    content["provenance"]["ecglib_sha256"] = "of other modules"
    results.write_text(json.dumps(content), encoding="utf-8")
    assert states(True)["01_second"] == UNVERIFIED
    lines = table(statuses(book)).splitlines()
    assert lines[0].split() == ["chapter", "committed", "cpu", "run", "cpu"]
    monkeypatch.chdir(book)
    assert main(["status"]) == 0
    said = capsys.readouterr().out
    assert "stale 2026-01-31" in said
    assert f"{UNVERIFIED}: {MEANINGS[UNVERIFIED]}." in said
    assert CONFIRMED not in said, "only states that occur are explained"
    confirm_by_hand(book, "01_second", "of other modules")
    assert states(True)["01_second"] == CONFIRMED
    assert max(map(len, table(statuses(book)).splitlines())) <= 100


def confirm_by_hand(book: Path, chapter: str, library: str) -> None:
    """Write the confirmation that leads from a library to today's."""
    now = ecglib_sha256(imported_modules(book / "notebooks" / f"{chapter}.py"))
    about = dict.fromkeys(("base", "head", "date", "python", "torch", "processor", "precision"), "x")
    entry = about | {"chapters": {chapter: {"from": library, "to": now, "equal": True}}}
    write_text(book / CONFIRMATIONS, json.dumps([entry]))
