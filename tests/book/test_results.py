import json
import math
import os

import pytest

from ecglib.book.results import (
    Metric,
    Results,
    check_name,
    difference_name,
    read_folder,
    read_results,
    write_results,
    write_text,
)
from ecglib.errors import ChapterError

NAME = "cnn.intra.macro_f1"


def some_results(**metrics):
    return Results("10_cnn", "cpu", {"seeds": [0, 1, 2]}, metrics or {NAME: Metric(0.9, 0.88, 0.92, 0.95, "b", 7)})


def test_a_results_file_has_the_form_of_the_design(tmp_path):
    metric = Metric(0.9, 0.88, 0.92, 0.95, "patient bootstrap", 22, (0.89, 0.9, 0.91))
    file = write_results(tmp_path, some_results(**{NAME: metric}))
    assert json.loads(file.read_text()) == {
        "chapter": "10_cnn",
        "scale": "cpu",
        "provenance": {"seeds": [0, 1, 2]},
        "metrics": {
            NAME: {
                "value": 0.9,
                "low": 0.88,
                "high": 0.92,
                "level": 0.95,
                "method": "patient bootstrap",
                "n": 22,
                "by_seed": [0.89, 0.9, 0.91],
            }
        },
    }


def test_what_was_written_reads_back(tmp_path):
    results = some_results(**{NAME: Metric(0.9, 0.88, 0.92, 0.95, "b", 7, (0.9,), 0.01), "a.b.count": Metric(7.0)})
    assert read_results(write_results(tmp_path, results)) == results
    assert read_folder(tmp_path) == {"10_cnn": results}


@pytest.mark.parametrize("name", ["cnn.intra.f1_S", "wav2vec.ptbxl.auroc", "lookup.record_201.share_from_202"])
def test_names_of_the_design_are_accepted(name):
    check_name(name)


@pytest.mark.parametrize(
    "name", ["cnn.macro_f1", "cnn.intra.macro.f1", "CNN.intra.f1", "cnn.intra.", "cnn.in tra.f1", ""]
)
def test_other_names_are_refused(name, tmp_path):
    with pytest.raises(ChapterError, match=r"method\.task\.metric"):
        check_name(name)
    with pytest.raises(ChapterError):
        write_results(tmp_path, some_results(**{name: Metric(1.0)}))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["value", "low", "high", "p_value", "by_seed"])
def test_numbers_that_are_not_finite_are_refused(bad, field):
    numbers = {"value": 0.5, "low": 0.4, "high": 0.6, field: (0.5, bad) if field == "by_seed" else bad}
    with pytest.raises(ChapterError, match="not finite"):
        Metric(**numbers)


@pytest.mark.parametrize("ends", [(0.6, 0.4), (0.4, None), (None, 0.6)])
def test_an_interval_needs_both_ends_in_order(ends):
    with pytest.raises(ChapterError, match="interval makes no sense"):
        Metric(0.5, *ends)


def test_results_that_json_cannot_hold_leave_the_former_file(tmp_path):
    file = write_results(tmp_path, some_results())
    before = file.read_bytes()
    broken = Results("10_cnn", "cpu", {"wall_s": math.nan}, {})
    with pytest.raises(ChapterError, match="cannot be written as JSON"):
        write_results(tmp_path, broken)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["10_cnn.json"]


def test_a_cut_write_leaves_the_former_file_and_no_other(tmp_path, monkeypatch):
    file = tmp_path / "a.txt"
    write_text(file, "old")

    def cut(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", cut)
    with pytest.raises(KeyboardInterrupt):
        write_text(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"chapter": "10_cnn"}',
        '{"chapter": "10_cnn", "scale": "cpu", "provenance": {}, "metrics": {"x": {"value": 1}}}',
        '{"chapter": "10_cnn", "scale": "cpu", "provenance": {}, "metrics": {"a.b.c": {"value": NaN}}}',
        '{"chapter": "10_cnn", "scale": "cpu", "provenance": {}, "metrics": {"a.b.c": {"value": "high"}}}',
        '{"chapter": "10_cnn", "scale": "cpu", "provenance": {}, "metrics": {"a.b.c": {"worth": 1}}}',
    ],
)
def test_damaged_results_are_refused_with_the_file(tmp_path, content):
    file = tmp_path / "10_cnn.json"
    file.write_text(content)
    with pytest.raises(ChapterError, match="run the chapter again") as problem:
        read_results(file)
    assert problem.value.file == file


def test_results_under_another_name_are_refused(tmp_path):
    write_results(tmp_path, some_results()).rename(tmp_path / "11_other.json")
    with pytest.raises(ChapterError, match="another chapter"):
        read_folder(tmp_path)


def test_a_difference_is_named_after_both_metrics():
    assert difference_name(NAME, "cnn_lstm.intra.macro_f1") == "cnn.intra.macro_f1_minus_cnn_lstm"
    assert difference_name(NAME, "cnn.inter.macro_f1") == "cnn.intra.macro_f1_minus_cnn_inter"
    check_name(difference_name(NAME, "cnn.inter.macro_f1"))


@pytest.mark.parametrize("other", ["cnn.inter.accuracy", NAME])
def test_numbers_of_two_kinds_are_not_subtracted(other):
    with pytest.raises(ChapterError, match="cannot be subtracted"):
        difference_name(NAME, other)
