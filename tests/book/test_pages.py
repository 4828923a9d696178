import re
from pathlib import Path

import nbformat
import pytest

from ecglib.book.claims import Claim, read_claims
from ecglib.book.claims_output import refresh_claims
from ecglib.book.pages import claims_html, claims_page, judge_best, what_ran_where_page, write_pages
from ecglib.book.results import Metric, Results, difference_name, write_results
from ecglib.book.states import CONFIRMED, MEANINGS, STALE, UNVERIFIED
from ecglib.errors import ChapterError

ROOT = Path(__file__).parents[2]
OURS, OTHER = "new.task.f1", "old.task.f1"
DIFFERENCE = difference_name(OURS, OTHER)


def claim(kind="absolute", **more):
    fields = {
        "absolute": {"value": 0.9, "baseline": 0.5},
        "relative_gain": {"value": 10.0, "versus": (OTHER,)},
        "ordering": {"versus": (OTHER,)},
    }[kind]
    fields |= {"id": kind, "paper": "song2026", "statement": f"About {kind}.", "where": "abstract", "mark": "P"}
    return Claim(**(fields | {"kind": kind, "chapter": "98_demo", "metric": OURS} | more))


def results(scale="cpu", chapter="98_demo", value=0.93, **provenance):
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
    metrics = {
        OURS: Metric(value, value - 0.01, value + 0.01),
        OTHER: Metric(0.8),
        DIFFERENCE: Metric(0.13, 0.1, 0.16, p_value=0.001),
    }
    return {chapter: Results(chapter, scale, made | provenance, metrics)}


def cells(page):
    return [" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in re.findall("<td>(.*?)</td>", page)]


def test_each_kind_of_claim_has_its_row():
    page = claims_page([claim(kind) for kind in ("absolute", "relative_gain", "ordering")], {"cpu": results()})
    rows = cells(page)
    assert rows[:3] == ["About absolute. song2026, abstract; mark P", "0.900", "0.930 (0.920 to 0.940)"]
    assert rows[3].startswith("reproduced ")
    assert rows[3].endswith(" 98_demo , scale cpu")
    assert rows[5:7] == ["+10.00 %", "+16.2 % (+12.5 to +20.0)"]
    assert rows[7].startswith("reproduced ")
    assert rows[9:11] == ["above old", "+0.130 (+0.100 to +0.160) over old"]
    assert rows[11].startswith("reproduced ")
    assert "3 reproduced" in page


def test_verdicts_are_never_taken_from_the_claims_file():
    with pytest.raises(TypeError):
        claim(verdict="reproduced")


def test_the_largest_scale_that_has_results_is_shown():
    runs = {"smoke": results("smoke"), "cpu": results("cpu"), "gpu": results("gpu", value=0.95)}
    (judged,) = judge_best([claim()], runs)
    assert (judged.scale, judged.ours[0].value) == ("gpu", 0.95)
    (judged,) = judge_best([claim()], {"smoke": runs["smoke"], "cpu": {}})
    assert (judged.scale, judged.verdict) == ("smoke", "not testable here")
    (judged,) = judge_best([claim()], {})
    assert judged.reason == "chapter 98_demo is not written yet, or has not been run"


def test_a_chapter_without_page_is_not_linked():
    page = claims_page([claim(), claim(id="later", chapter="99_later")], {"cpu": results()})
    assert page.count("98_demo.html") == 1
    assert "99_later.html" not in page
    assert "99_later" in page


def test_our_reason_follows_the_computed_one():
    html = claims_html(judge_best([claim(why="our networks are small")], {"cpu": results(value=0.8)}))
    assert "does not reach 0.9. Our networks are small.</small></td>" in html


def test_text_of_claims_cannot_break_the_page():
    evil = claim(statement="<script>alert(1)</script>", where="a & b", why="1 < 2")
    page = claims_page([evil], {"cpu": results()})
    assert "<script>" not in page
    assert "a &amp; b" in page
    assert "1 &lt; 2" in page


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
    assert (cells(page)[10], cells(page)[21]) == (UNVERIFIED, CONFIRMED)
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
    assert set(before) == {"claims.md", "what_ran_where.md"}
    write_pages(tmp_path, tmp_path / "site", scale)
    assert before == {file.name: file.read_bytes() for file in (tmp_path / "site").iterdir()}


def test_a_book_without_results_has_both_pages(tmp_path):
    (tmp_path / "claims.yml").write_text((ROOT / "claims.yml").read_text())
    write_pages(tmp_path, tmp_path)
    claims = read_claims(ROOT / "claims.yml")
    page = (tmp_path / "claims.md").read_text()
    assert f"{len(claims)} not testable here" in page
    assert len(cells(page)) == 4 * len(claims)
    assert "No chapter has been run yet." in (tmp_path / "what_ran_where.md").read_text()


def test_every_table_scrolls_by_itself_and_is_one_line_of_html():
    page = claims_page([claim()], {"cpu": results()}) + what_ran_where_page({"cpu": results()})
    tables = [line for line in page.splitlines() if "<table" in line]
    assert len(tables) == 2
    for line in tables:
        assert line.startswith('<div class="ecg-table" role="region"')
        assert "overflow-x: auto" in line
        assert 'tabindex="0"' in line
        assert line.endswith("</div>")


def test_a_table_on_a_page_follows_claims_and_results() -> None:
    """As they are now, not as they were when the chapter ran."""
    cells = [
        nbformat.v4.new_code_cell(source) for source in ("chapter.claims()", "chapter.close()", "chapter.claims()")
    ]
    for cell in cells[:2]:
        cell.outputs = [nbformat.v4.new_output("display_data", {"text/plain": "as it was"})]
    notebook = nbformat.v4.new_notebook(cells=cells)
    runs = {"cpu": results(value=0.8)}
    shown = refresh_claims(notebook, "98_demo", [claim(why="our networks are small"), claim(chapter="99_other")], runs)
    (output,) = shown.cells[0].outputs
    assert "does not reach 0.9. Our networks are small." in output.data["text/plain"]
    assert output.data["text/html"].count("<tr>") == 2, "a header, and the one claim of this chapter"
    assert shown.cells[1].outputs[0].data == {"text/plain": "as it was"}
    assert shown.cells[2].outputs == [], "a cell that never ran stays so"
    nbformat.validate(shown)


@pytest.mark.parametrize("code", ["# All of them.\nchapter.claims()", "import os\n\nchapter.claims( )"])
def test_layout_does_not_keep_a_table_from_being_judged_again(code: str) -> None:
    cell = nbformat.v4.new_code_cell(code, outputs=[nbformat.v4.new_output("stream", text="as it was")])
    refresh_claims(nbformat.v4.new_notebook(cells=[cell]), "98_demo", [claim()], {"cpu": results()})
    assert "table" in cell.outputs[0].data["text/html"]


def test_a_table_beside_other_outputs_is_refused() -> None:
    cell = nbformat.v4.new_code_cell("x\nchapter.claims()", outputs=[nbformat.v4.new_output("stream", text="x")])
    with pytest.raises(ChapterError, match=r"98_demo: chapter\.claims\(\) stands in a cell with other code"):
        refresh_claims(nbformat.v4.new_notebook(cells=[cell]), "98_demo", [claim()], {"cpu": results()})


def test_a_chapter_without_claims_keeps_its_words() -> None:
    cell = nbformat.v4.new_code_cell("chapter.claims()")
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/plain": "No number is checked"})]
    refresh_claims(nbformat.v4.new_notebook(cells=[cell]), "97_demo", [claim()], {"cpu": results()})
    assert cell.outputs[0].data == {"text/plain": "No number is checked"}
