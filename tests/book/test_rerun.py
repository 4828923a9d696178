import shutil
from pathlib import Path

import pytest

from ecglib.book.check import check
from ecglib.book.claims import Claim, Expected, Value
from ecglib.book.pairs import read_notebook, write_notebook
from ecglib.book.rerun import compare, summary
from ecglib.book.results import Metric, Results, write_results, write_text

ROOT = Path(__file__).parents[2]

OURS, OTHER = "new.task.f1", "old.task.f1"
CPU = Expected(0.90, 0.88, 0.92, {OTHER: (0.05, 0.15)})


def claim(**expected):
    return Claim("a", "song2026", "s", "w", "P", "10_demo", OURS, value=Value(0.9, 0.025), expected=expected)


def run(value, scale, sha="x", other=0.8):
    made = {"data": {"mitbih": {"records": 48, "sha256": sha, "synthetic": False}}}
    metrics = {OURS: Metric(value, value - 0.05, value + 0.05, n=100), OTHER: Metric(other)}
    return {"10_demo": Results("10_demo", scale, made, metrics)}


def state(claim, ours, published):
    (found,) = compare([claim], ours, published)
    return found.state


@pytest.mark.parametrize(
    ("value", "other", "expected"),
    [
        (0.90, 0.80, "held"),
        (0.87, 0.77, "failed"),
        (0.93, 0.83, "failed"),
        (0.89, 0.89, "failed"),
    ],
)
def test_a_scale_with_ranges_fails_outside_them_and_on_a_collapse(value, other, expected):
    assert state(claim(cpu=CPU), run(value, "cpu", other=other), {}) == expected


def test_a_run_without_the_baseline_is_held_against_the_published_one_or_fails():
    """Otherwise a collapse would pass wherever only one chapter ran."""
    alone = {"10_demo": Results("10_demo", "cpu", run(0.9, "cpu")["10_demo"].provenance, {OURS: Metric(0.9)})}
    assert state(claim(cpu=CPU), alone, {"cpu": run(0.9, "cpu")}) == "held"
    assert state(claim(cpu=CPU), alone, {"cpu": run(0.9, "cpu", other=0.89)}) == "failed"
    (found,) = compare([claim(cpu=CPU)], alone, {})
    assert (found.state, "no chapter recorded old.task.f1" in found.what) == ("failed", True)


def test_too_good_is_told_from_too_bad():
    (high,) = compare([claim(cpu=CPU)], run(0.93, "cpu", other=0.83), {})
    (low,) = compare([claim(cpu=CPU)], run(0.87, "cpu", other=0.77), {})
    assert (high.too_good, low.too_good) == (True, False)
    assert "above the expected 0.88 to 0.92" in high.what
    assert "below the expected" in low.what


@pytest.mark.parametrize(
    ("value", "sha", "expected"),
    [
        (0.90, "x", "held"),
        (0.86, "x", "moved"),  # below the range, inside the interval
        (0.80, "x", "failed"),  # below both, on the same data
        (0.80, "y", "moved"),  # below both, on other data
        (0.99, "x", "moved"),
    ],
)
def test_a_first_run_at_another_scale_fails_only_far_below_on_the_same_data(value, sha, expected):
    assert state(claim(cpu=CPU), run(value, "gpu", sha), {"cpu": run(0.90, "cpu")}) == expected


def test_what_was_never_published_is_new():
    assert state(claim(), run(0.5, "gpu"), {"cpu": run(0.90, "cpu")}) == "new"
    assert state(claim(cpu=CPU), run(0.5, "gpu"), {}) == "new"


def test_twins_are_compared_with_nothing():
    assert compare([claim(cpu=CPU)], run(0.5, "smoke"), {"cpu": run(0.90, "cpu")}) == []


def test_the_summary_is_one_table_with_the_failures_first(tmp_path):
    entry = "{paper: song2026, statement: s, where: w, mark: P, chapter: 10_demo, metric: new.task.f1"
    expected = "expected: {cpu: {value: 0.9, low: 0.88, high: 0.92}}"
    value = "value: {reported: 0.9, margin: 0.025}"
    claims = [f"- {entry}, id: held, {value}, {expected}}}", f"- {entry}, id: fresh, {value}}}"]
    fallen = f"- {entry.replace('new.task', 'old.task')}, id: fallen, {value}, {expected}}}"
    (tmp_path / "claims.yml").write_text("claims:\n" + "\n".join([*claims, fallen]) + "\n")
    published = run(0.9, "cpu", other=0.9)["10_demo"]
    write_results(tmp_path / "results" / "cpu", published)
    write_results(tmp_path / "_build" / "gpu" / "results", run(0.9, "gpu", other=0.5)["10_demo"])
    text = summary(tmp_path, "gpu")
    rows = [line for line in text.splitlines() if line.startswith("| **")]
    assert [row.split("|")[2].strip() for row in rows] == ["fallen", "fresh", "held"]
    assert "1 failed, 0 moved, 1 new, 1 held" in text
    assert text.startswith("## The gpu run")
    assert len({row.count("|") for row in text.splitlines() if row.startswith("|")}) == 1


def test_the_published_numbers_as_a_first_run_at_gpu_scale_pass_every_check(tmp_path):
    """No claim has a gpu range: once, that alone made the weekly run red."""
    for name in ("_config.yml", "_toc.yml", "claims.yml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "book", tmp_path / "book")
    shutil.copytree(ROOT / "results" / "cpu", tmp_path / "results" / "cpu")
    (tmp_path / "notebooks").mkdir()
    run = tmp_path / "_build" / "gpu"
    (run / "results").mkdir(parents=True)
    for source in (ROOT / "notebooks").glob("*.py"):
        shutil.copy(source, tmp_path / "notebooks")
        results = (ROOT / "results" / "cpu" / f"{source.stem}.json").read_text(encoding="utf-8")
        write_text(run / "results" / f"{source.stem}.json", results.replace('"scale": "cpu"', '"scale": "gpu"'))
        notebook = read_notebook(source.with_suffix(".ipynb"))
        for cell in notebook.cells:
            if "parameters" in cell.metadata.get("tags", []):
                cell.source = cell.source.replace('scale = "cpu"', 'scale = "gpu"')
        write_notebook(notebook, run / "notebooks" / f"{source.stem}.ipynb")
    assert check(tmp_path, "gpu") == []
