import re
from pathlib import Path

import pytest

from ecglib.book.pages import what_ran_where_page, write_pages
from ecglib.book.results import Results, write_results
from ecglib.book.states import CONFIRMED, MEANINGS, STALE, UNVERIFIED

ROOT = Path(__file__).parents[2]


def results(scale="cpu", chapter="98_demo", **provenance):
    made = {
        "commit": "0123456789abcdef",
        "dirty": False,
        "data": {"mitbih": {"version": "1.0.0", "records": 48, "sha256": "x", "synthetic": False}},
        "seeds": [0, 1, 2],
        "device": "cpu (2 threads)",
        "versions": {"python": "3.11.7", "numpy": "2.0.0"},
        "started": "2026-01-31T12:00:00+00:00",
        "wall_s": 95.0,
        "peak_rss_mb": 1234.5,
    }
    return {chapter: Results(chapter, scale, made | provenance)}


def cells(page):
    return [" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in re.findall("<td>(.*?)</td>", page)]


def test_what_ran_where_tells_everything():
    page = what_ran_where_page(
        {"cpu": results(), "gpu": results("gpu", seeds=list(range(10)), dirty=True, wall_s=30.0)}
    )
    first, second = cells(page)[:10], cells(page)[10:]
    assert first == [
        "98_demo",
        "cpu",
        "2026-01-31",
        "95 s",
        "cpu (2 threads)",
        "mitbih 1.0.0, 48 records",
        "0 to 2",
        "0123456789",
        "1,234 MB",
        "1",
    ]
    assert second[6:8] == ["0 to 9", "0123456789 , changed since"]
    assert page.count("numpy 2.0.0") == 1, "equal environments are told once"


def test_states_and_confirmations_stand_on_what_ran_where():
    runs = {"cpu": results() | results(chapter="97_other")}
    states = {("98_demo", "cpu"): CONFIRMED, ("97_other", "cpu"): UNVERIFIED}
    entry = {
        "base": "0123456789abcdef",
        "head": "fedcba9876543210",
        "date": "2026-02-01",
        "python": "3.11.7",
        "torch": "2.13.0",
        "processor": "A <fast> one",
        "precision": "32-true",
        "chapters": {name: {"from": "a", "to": "b", "equal": name == "98_demo"} for name in ("97_other", "98_demo")},
    }
    page = what_ran_where_page(runs, states, [entry])
    assert (cells(page)[1], cells(page)[12]) == (UNVERIFIED, CONFIRMED)
    assert f"- *{CONFIRMED}*: {MEANINGS[CONFIRMED]}." in page
    assert MEANINGS[STALE] not in page
    assert "Unverified until they are executed again: 97_other at cpu." in page
    row = ["2026-02-01", "0123456789", "fedcba9876", "A &lt;fast&gt; one", "32-true", "2.13.0", "3.11.7", "1 of 2"]
    assert cells(page)[22:] == row
    plain = what_ran_where_page(runs)
    assert "State" not in plain
    assert "Confirmations" not in plain


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"commit": None, "dirty": None}, "unknown"),
        ({"data": {}}, "none"),
        ({"data": {"ludb": {"version": "1.0.1", "records": 9, "sha256": "x", "synthetic": True}}}, "(synthetic)"),
        ({"wall_s": 600.0}, "10 min"),
        ({"seeds": [0, 7]}, "0, 7"),
    ],
)
def test_what_is_unusual_is_said(change, text):
    assert any(text in cell for cell in cells(what_ran_where_page({"cpu": results(**change)})))


@pytest.mark.parametrize("scale", [None, "smoke"])
def test_pages_come_from_the_committed_results_or_from_a_run(tmp_path, scale):
    (tmp_path / "claims.yml").write_text((ROOT / "claims.yml").read_text())
    write_results(tmp_path / "results" / "cpu", results()["98_demo"])
    write_results(tmp_path / "_build" / "smoke" / "results", results("smoke", "97_run")["97_run"])
    write_pages(tmp_path, tmp_path / "site", scale)
    page = (tmp_path / "site" / "what_ran_where.md").read_text()
    assert ("98_demo" in page, "97_run" in page) == (scale is None, scale == "smoke")
    before = {file.name: file.read_bytes() for file in (tmp_path / "site").iterdir()}
    assert set(before) == {"claims.csv", "claims.md", "what_ran_where.md"}
    write_pages(tmp_path, tmp_path / "site", scale)
    assert before == {file.name: file.read_bytes() for file in (tmp_path / "site").iterdir()}


def test_a_book_without_results_has_both_pages(tmp_path):
    (tmp_path / "claims.yml").write_text((ROOT / "claims.yml").read_text())
    write_pages(tmp_path, tmp_path)
    assert "not testable here" in (tmp_path / "claims.md").read_text()
    assert "No chapter has been run yet." in (tmp_path / "what_ran_where.md").read_text()


def test_the_table_scrolls_by_itself_and_is_one_line_of_html():
    page = what_ran_where_page({"cpu": results()})
    (line,) = [line for line in page.splitlines() if "<table" in line]
    assert line.startswith('<div class="ecg-table" role="region"')
    assert "overflow-x: auto" in line
    assert 'tabindex="0"' in line
    assert line.endswith("</div>")
