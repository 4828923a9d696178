from __future__ import annotations

import os
import shutil
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from ecglib.book import provenance
from ecglib.book.plan import Step, make_plan, read_plan, replaceable, write_plan
from ecglib.databases import DATABASES, Database
from ecglib.errors import ChapterError, MissingFileError

Write = Callable[..., Path]


@pytest.fixture
def book(tmp_path: Path, write_chapter: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two chapters and a third that needs the first, over a package of two modules."""
    write_chapter(tmp_path, "00_first", "import ecglib.outer")
    write_chapter(tmp_path, "01_second", "x = 1", needs="00_first")
    write_chapter(tmp_path, "10_alone", "y = 1")
    (tmp_path / "requirements.lock").write_text("numpy==2.0.0\n", encoding="utf-8")
    package = tmp_path / "ecglib"
    package.mkdir()
    for name, code in (("__init__", ""), ("outer", "from ecglib import inner\n"), ("inner", "z = 1\n"), ("other", "")):
        (package / f"{name}.py").write_text(code, encoding="utf-8")
    fake = types.SimpleNamespace(__file__=str(package / "__init__.py"))
    monkeypatch.setattr(provenance, "ecglib", fake)
    provenance.module_file.cache_clear()
    yield tmp_path
    provenance.module_file.cache_clear()


def changed(book: Path, before: dict[str, Step], **options: object) -> set[str]:
    after = make_plan(book, book / "_build" / "smoke", "smoke", **options)  # type: ignore[arg-type]
    return {name for name in after if after[name].stamp != before[name].stamp}


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def before(book: Path) -> dict[str, Step]:
    return make_plan(book, book / "_build" / "smoke", "smoke")


def test_time_stamps_prose_and_exercises_change_nothing(book: Path, before: dict[str, Step]) -> None:
    source = book / "notebooks" / "00_first.py"
    os.utime(source, (1, 1))
    edit(source, "Some prose", "Better prose")
    edit(source, "# Try another seed.", "# Try seed 7.")
    edit(book / "ecglib" / "other.py", "", "nobody = 'imports this'\n")
    assert changed(book, before) == set()


def test_code_changes_a_chapter_and_those_that_need_it(book: Path, before: dict[str, Step]) -> None:
    edit(book / "notebooks" / "01_second.py", "x = 1", "x = 2")
    assert changed(book, before) == {"01_second"}
    edit(book / "notebooks" / "00_first.py", "import ecglib.outer", "import ecglib.outer\necglib.outer")
    assert changed(book, before) == {"00_first", "01_second"}


def test_a_module_imported_through_another_counts(book: Path, before: dict[str, Step]) -> None:
    edit(book / "ecglib" / "inner.py", "z = 1", "z = 2")
    assert changed(book, before) == {"00_first", "01_second"}


def test_the_lock_and_the_parameters_count(book: Path, before: dict[str, Step]) -> None:
    assert changed(book, before, parameters={"seed": 3}) == set(before)
    edit(book / "requirements.lock", "2.0.0", "2.0.1")
    assert changed(book, before) == set(before)


def test_unknown_parameters_are_refused(book: Path) -> None:
    with pytest.raises(ChapterError, match=r"no parameter sead.*expected one of scale, seed"):
        make_plan(book, book / "_build" / "smoke", "smoke", parameters={"sead": 1})


@pytest.mark.parametrize("key", DATABASES)
def test_a_flac_copy_is_the_same_data(
    key: str, tmp_path: Path, twins: Path, packed: Path, write_chapter: Write
) -> None:
    write_chapter(tmp_path, "00_first", "x = 1", databases=key)
    one, other = (make_plan(tmp_path, tmp_path / "_build" / "cpu", "cpu", data_dir=data) for data in (twins, packed))
    assert one == other


def test_data_count_by_content(
    tmp_path: Path, twins: Path, write_chapter: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_chapter(tmp_path, "00_first", "x = 1", databases="mitbih")
    write_chapter(tmp_path, "10_alone", "y = 1")
    data = tmp_path / "data"
    shutil.copytree(twins / "mitdb", data / "mitdb")
    output = tmp_path / "_build" / "cpu"

    def stamps() -> dict[str, str]:
        return {name: step.stamp for name, step in make_plan(tmp_path, output, "cpu", data_dir=data).items()}

    before = stamps()
    for file in (data / "mitdb").rglob("*"):
        os.utime(file, (1, 1))
    assert stamps() == before
    annotations = next((data / "mitdb").rglob("*.atr"))
    annotations.write_bytes(annotations.read_bytes() + b"\0\0")
    after = stamps()
    with monkeypatch.context() as patch:
        patch.delattr(Database, "decoded_digest")
        assert stamps() == after, "files that have not changed are not read again"
    assert after["00_first"] != before["00_first"]
    assert after["10_alone"] == before["10_alone"]
    shutil.rmtree(data / "mitdb")
    with pytest.raises(MissingFileError):
        stamps()


def test_stamps_stand_for_finished_outputs(tmp_path: Path) -> None:
    step, edited = Step("10_cnn", (), {"source": "a", "lock": "b"}), Step("10_cnn", (), {"source": "c", "lock": "b"})
    assert step.changes(tmp_path) is None
    for file in step.outputs[:2]:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    assert not step.is_done(tmp_path)
    step.write_stamp(tmp_path)
    assert step.is_done(tmp_path)
    (tmp_path / "results" / "10_cnn.json").rename(tmp_path / "kept")
    assert not step.is_done(tmp_path), "a deleted result is made again"
    (tmp_path / "kept").rename(tmp_path / "results" / "10_cnn.json")
    assert not edited.is_done(tmp_path)
    assert edited.changes(tmp_path) == ["source"]
    edited.write_stamp(tmp_path)
    assert not step.is_done(tmp_path), "an edit and its undoing must not pass for a run"


def test_a_plan_reads_back(tmp_path: Path) -> None:
    steps = {"10_cnn": Step("10_cnn", ("00_a",), {"source": "a"})}
    write_plan(steps, tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json") == steps


@pytest.fixture
def weights(book: Path) -> Path:
    """Published weights of 00_first, which 01_second needs."""
    file = book / "weights" / "00_first" / "cnn.safetensors"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    return file


def test_published_weights_stand_in_for_a_needed_chapter(book: Path, weights: Path, before: dict[str, Step]) -> None:
    output = book / "_build" / "smoke"
    assert replaceable(book, output, before, ["01_second"]) == ["00_first"]
    assert replaceable(book, output, before, ["00_first", "01_second"]) == []
    steps = make_plan(book, output, "smoke", ["01_second"], published=["00_first"])
    assert list(steps) == ["01_second"]
    assert steps["01_second"].needs == ()
    assert steps["01_second"].weights == ["00_first"]
    assert steps["01_second"].stamp != before["01_second"].stamp
    weights.write_bytes(b"other weights")
    again = make_plan(book, output, "smoke", ["01_second"], published=["00_first"])
    assert again["01_second"].stamp != steps["01_second"].stamp
    edit(book / "notebooks" / "00_first.py", "import ecglib.outer", "import ecglib.other")
    same = make_plan(book, output, "smoke", ["01_second"], published=["00_first"])
    assert same["01_second"].stamp == again["01_second"].stamp


def test_a_chapter_that_is_up_to_date_or_has_no_weights_is_not_replaced(book: Path, weights: Path) -> None:
    output = book / "_build" / "smoke"
    steps = make_plan(book, output, "smoke", ["01_second"])
    for file in steps["00_first"].outputs:
        (output / file).parent.mkdir(parents=True, exist_ok=True)
        (output / file).write_text("{}", encoding="utf-8")
    assert replaceable(book, output, steps, ["01_second"]) == []
    (output / steps["00_first"].stamp).unlink()
    assert replaceable(book, output, steps, ["01_second"]) == ["00_first"]
    weights.unlink()
    assert replaceable(book, output, steps, ["01_second"]) == []


def test_only_chapters_asked_for_skip_their_own_training(book: Path, weights: Path) -> None:
    output = book / "_build" / "smoke"
    for name in ("00_first", "01_second"):
        edit(book / "notebooks" / f"{name}.py", 'device = "auto"', 'device = "auto"\npretrained = False')
    before = make_plan(book, output, "smoke")
    steps = make_plan(book, output, "smoke", ["00_first"], parameters={"pretrained": True})
    assert steps["00_first"].weights == ["00_first"]
    assert steps["00_first"].stamp != before["00_first"].stamp
    with pytest.raises(ChapterError, match="no published weights of 01_second"):
        make_plan(book, output, "smoke", ["01_second"], parameters={"pretrained": True})
    (book / "weights" / "01_second").mkdir()
    (book / "weights" / "01_second" / "a.safetensors").write_bytes(b"a")
    steps = make_plan(book, output, "smoke", ["01_second"], parameters={"pretrained": True})
    assert (steps["00_first"].weights, steps["00_first"].stamp) == ([], before["00_first"].stamp)
    assert steps["01_second"].weights == ["01_second"]
    both = make_plan(book, output, "smoke", ["00_first", "01_second"], parameters={"pretrained": True})
    assert both["01_second"].weights == ["00_first", "01_second"], "its page uses the first's weights, too"
