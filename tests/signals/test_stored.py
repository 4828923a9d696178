"""Folders are complete or absent; their names follow facts and code."""

import importlib
import os
import time

import pytest

from ecglib.signals.stored import complete_folder, name_after


def test_an_error_leaves_nothing(tmp_path):
    def stop_in_the_middle():
        with complete_folder(tmp_path / "kind-1") as unfinished:
            (unfinished / "half").write_text("half")
            assert not (tmp_path / "kind-1").exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_in_the_middle()
    assert list(tmp_path.iterdir()) == []


def test_the_faster_process_wins(tmp_path):
    with complete_folder(tmp_path / "kind-1") as slow:
        with complete_folder(tmp_path / "kind-1") as fast:
            (fast / "who").write_text("fast")
        (slow / "who").write_text("slow")
    assert [folder.name for folder in tmp_path.iterdir()] == ["kind-1"]
    assert (tmp_path / "kind-1" / "who").read_text() == "fast"


def test_only_old_leavings_of_the_same_kind_go(tmp_path):
    old, new, other = (tmp_path / f"{name}.partial" for name in ("kind-1.a", "kind-2.b", "beats-1.c"))
    for folder in (old, new, other):
        folder.mkdir()
    for folder in (old, other):
        os.utime(folder, (time.time() - 90_000,) * 2)
    with complete_folder(tmp_path / "kind-3"):
        pass
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["beats-1.c.partial", "kind-2.b.partial", "kind-3"]


def test_a_name_follows_facts_and_code(tmp_path, monkeypatch):
    (tmp_path / "made_for_this_test.py").write_text("answer = 1")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("made_for_this_test")
    names = {name_after("a", ["made_for_this_test"]), name_after("b", ["made_for_this_test"])}
    assert name_after("a", ["made_for_this_test"]) in names
    (tmp_path / "made_for_this_test.py").write_text("answer = 2")
    names.add(name_after("a", ["made_for_this_test"]))
    assert len(names) == 3
