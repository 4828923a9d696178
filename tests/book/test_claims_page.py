import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import nbformat
import pytest
from bs4 import BeautifulSoup

from ecglib.book.claims import Claim, Claims, Effect, Expected, Value, margin, read_claims
from ecglib.book.claims_output import NO_CLAIMS, refresh_claims
from ecglib.book.claims_page import PAGE, claims_html, claims_page, claims_text
from ecglib.book.claims_pictures import claims_frame, headline_picture
from ecglib.book.claims_words import _ANSWERS, DATABASES, ICONS, KINDS, METHODS, UNITS, method_words
from ecglib.book.headers import read_headers
from ecglib.book.judge import BAD, GOOD, HALF, Verdict, judge
from ecglib.book.pages import committed_runs
from ecglib.book.results import METRIC_NAME, Metric, Results, difference_name
from ecglib.errors import ChapterError

ROOT = Path(__file__).parents[2]
OURS, OTHER = "pi_bsm.mitbih.afib_f1", "bsm.mitbih.afib_f1"
CHAPTERS = {"98_demo": "A demonstration"}
QUESTIONS = {"q": "Which is better?"}


def claim(kind="value", **more):
    parts = {
        "value": {"value": Value(0.9, margin(0.9), guard=OTHER)},
        "effect": {"effects": (Effect(OTHER, size=0.1),), "question": "q"},
    }[kind]
    fields = {"id": kind, "paper": "song2026", "statement": f"About the {kind}.", "where": "abstract", "mark": "P"}
    return Claim(**(fields | {"chapter": "98_demo", "metric": OURS} | parts | more))


def runs(value=0.9, difference=0.1, chapter="98_demo", **metrics):
    made = {"data": {"mitbih": {"version": "1.0.0", "records": 48, "sha256": "x", "synthetic": False}}}
    seeds = (value - 0.001, value, value + 0.001)
    numbers = {
        OURS: Metric(value, value - 0.01, value + 0.01, n=42, by_seed=seeds),
        OTHER: Metric(value - difference, value - difference - 0.01, value - difference + 0.01, n=42, by_seed=seeds),
        difference_name(OURS, OTHER): Metric(
            difference, difference - 0.02, difference + 0.02, n=42, by_seed=(difference,) * 3, p_value=0.001
        ),
    }
    return {"cpu": {chapter: Results(chapter, "cpu", made, numbers | metrics)}}


def judged(*claims, results=None):
    return judge(Claims(claims, QUESTIONS), runs() if results is None else results)


def page_of(*claims, results=None):
    return BeautifulSoup(
        claims_page(judged(*claims, results=results), Claims(claims, QUESTIONS), CHAPTERS), "html.parser"
    )


def words(node):
    return " ".join(node.get_text(" ").replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.fixture(scope="module")
def book():
    claims = read_claims(ROOT / "claims.yml")
    titles = {name: header.title for name, header in read_headers(ROOT).items()}
    found = judge(claims, committed_runs(ROOT))
    return found, BeautifulSoup(claims_page(found, claims, titles), "html.parser")


def test_a_value_is_told_with_its_margin_its_guard_and_its_verdict():
    cells = page_of(claim(regime="inter", why="ours is as good")).select("tr.claim td")
    assert words(cells[0]) == "About the value. abstract, mark P · 98 · A demonstration"
    assert words(cells[1]) == "0.900 ± 0.025"
    assert words(cells[2]).startswith("F1 of atrial fibrillation 0.900 (0.890 to 0.910): matches")
    assert "+0.100 (+0.079 to +0.121) over plain beat-score maps" in words(cells[2])
    assert "42 patients, 3 seeds" in words(cells[2])
    assert words(cells[3]).startswith("✓ reproduced Mark: P, the authors' own words or figures")
    assert words(cells[3]).endswith("ours is as good")


def test_an_effect_is_told_with_its_size_its_p_value_and_its_question():
    cells = page_of(claim("effect")).select("tr.claim td")
    assert words(cells[1]) == "+0.100"
    assert re.search(r"\+0.100 \(.*\) over plain beat-score maps: holds, p < 0.001", words(cells[2]))
    assert "Question: Which is better?" in words(cells[3])


@pytest.mark.parametrize(
    ("effect", "told"),
    [
        (Effect(OTHER), "size not stated"),
        (Effect(OTHER, gain=27.7, base=0.61), "+0.169 (+27.7 %)"),
        (Effect(OTHER, size=0.05, significant=False, guard=OTHER), "+0.050, not significant"),
    ],
)
def test_what_the_paper_says_of_a_size_is_told(effect, told):
    assert words(page_of(claim("effect", effects=(effect,))).select("tr.claim td")[1]) == told


def test_a_guard_that_was_not_paired_is_called_that():
    results = runs()
    del results["cpu"]["98_demo"].metrics[difference_name(OURS, OTHER)]
    assert "over plain beat-score maps, not paired" in words(page_of(claim(), results=results))


def test_one_seed_is_called_one_seed():
    assert "42 patients, one seed" in words(
        page_of(claim(), results=runs(**{OURS: Metric(0.9, 0.89, 0.91, n=42, by_seed=(0.9,))}))
    )


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        ({OTHER: (0.05, 0.15)}, "0.850 to 0.950; a model no better than plain beat-score maps would be noticed"),
        ({}, "0.850 to 0.950; a model no better than plain beat-score maps would not be noticed here"),
    ],
)
def test_whether_a_collapse_would_be_noticed_is_said(ahead, told):
    entry = claim(expected={"cpu": Expected(0.9, 0.85, 0.95, ahead)})
    assert f"Expected range of a rerun: {told} " in words(page_of(entry)) + " "


def test_what_is_missing_is_said_in_words():
    told = [
        words(page_of(entry, results=results).select("tr.claim td")[3])
        for entry, results in (
            (claim(requires={"mitbih": 99}), runs()),
            (claim(), {}),
            (claim("effect", metric=OTHER, effects=(Effect(OURS),)), runs()),
            (claim(out_of_scope="nobody has the data"), runs()),
        )
    ]
    assert told == [
        "– not testable here needs 99 records of MIT-BIH, of which this ran on 48",
        "– not testable here 98 · A demonstration has not been run",
        "– not testable here 98 · A demonstration did not record the difference in F1 of atrial fibrillation between "
        "plain beat-score maps and patient-independent beat-score maps",
        "∅ out of scope nobody has the data",
    ]


def test_rivals_are_counted_apart():
    page = page_of(claim(), claim(id="rival", rival=True))
    assert words(page.select_one("p.verdicts")) == "1 ✓ reproduced"
    assert "1 more are about rivals: 1 reproduced" in words(page)
    assert "about a rival; abstract" in words(page.select_one("#rival"))


def test_a_headline_leads_to_its_entry_and_its_chapter():
    headline = page_of(claim(headline=True, why="ours is as good")).select_one(".headline")
    assert "About the value. ✓ reproduced : ours is as good" in words(headline)
    assert [link["href"] for link in headline.select("a")] == ["../notebooks/98_demo.html", "#value"]


def test_a_small_picture_shows_on_which_side_ours_is():
    for value, sign in ((0.8, -1), (0.95, 1)):
        (entry,) = judged(claim(), results=runs(value))
        drawn = BeautifulSoup(headline_picture(entry), "html.parser")
        paper = float(re.match(r"M([\d.]+)", drawn.select_one(".paper-line")["d"])[1])
        assert (float(drawn.select_one(".ours-dot")["cx"]) - paper) * sign > 20
        assert f"paper 0.900\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}0.025; ours {value:.3f}" in drawn.svg["aria-label"]


def test_an_untested_number_is_drawn_as_one():
    (entry,) = judged(claim(requires={"mitbih": 99}))
    assert 'class="untested-dot"' in headline_picture(entry)
    assert 'class="ours-dot"' not in headline_picture(entry)


def test_the_cells_of_a_papers_table_make_one_matrix():
    cells = [
        claim(id=f"cell-{row}-{kind}", metric=f"ts2vec.ludb.{kind}", where=f"ablation table, row {row}", why="as it is")
        for row in (1, 2, 3)
        for kind in ("wave_f1", "wave_dice")
    ]
    cells = [replace(cell, statement=f"Way {cell.where[-1]}: a number.", value=Value(0.9, 0.025)) for cell in cells]
    page = page_of(claim(), *cells)
    alone, matrix = page.select("table.claims")
    assert [words(row) for row in alone.select("tr.claim .statement")] == ["About the value."]
    assert [words(name) for name in matrix.select("tbody th")] == ["1. Way 1", "2. Way 2", "3. Way 3"]
    assert [words(name) for name in matrix.select("thead th")][1:] == [
        "mean F1 of P, QRS and T on LUDB",
        "mean Dice score of P, QRS and T on LUDB",
    ]
    assert [cell["id"] for cell in matrix.select("td.claim")] == [cell.id for cell in cells]
    assert "rows 1 to 3" in words(page.select_one(".in-common"))


def test_text_of_claims_cannot_break_the_page():
    evil = claim(statement="<script>alert(1)</script>", where="a & b", why="1 < 2", regime="<b>", headline=True)
    for page in (claims_page(judged(evil), Claims((evil,), QUESTIONS), CHAPTERS), claims_html(judged(evil))):
        assert "<script>alert" not in page
        assert "<b>:" not in page
        assert "a &amp; b" in page
        assert "1 &lt; 2" in page


def test_every_claim_of_the_book_has_one_anchor(book):
    found, page = book
    ids = [node["id"] for node in page.select("[id]")]
    assert len(ids) == len(set(ids))
    assert {entry.claim.id for entry in found} <= set(ids)
    assert {node["href"][1:] for node in page.select("a[href^='#']")} <= set(ids)


def test_every_claim_of_the_book_can_be_filtered(book):
    _, page = book
    for name in ("paper", "part", "verdict"):
        options = {option["value"] for option in page.select(f"select[name={name}] option")}
        assert {node[f"data-{name}"] for node in page.select(".claim")} <= options


def test_no_identifier_is_on_the_page(book):
    _, page = book
    text = words(page).partition("The papers' claims")[2].replace("claims.csv", "").replace("how_to_read.md", "")
    assert METRIC_NAME.findall(text) == []
    assert re.findall(r"\b\w*[a-z]_[a-z]\w*|\b\d\d_\w+", text) == []
    assert set(re.findall(r"records of (\w+)", text)) <= {"PTB", "VFDB"}


def test_every_name_of_the_claims_has_words():
    """Add what is missing here to METHODS, KINDS, UNITS or DATABASES in ecglib/book/claims_words.py."""
    names = [name for c in read_claims(ROOT / "claims.yml") for name in (c.metric, *c.comparators)]
    methods, tasks, kinds = (set(parts) for parts in zip(*(name.split(".") for name in names), strict=True))
    assert {name for name in methods if not name.startswith("ssl_")} - set(METHODS) == set()
    assert {name for name in methods if "_" in method_words(f"{name}.a.b").replace("soft_", "")} == set()
    assert kinds - set(KINDS) == set()
    assert tasks - set(UNITS) == set()
    assert {key for c in read_claims(ROOT / "claims.yml") for key in c.requires} - set(DATABASES) == set()


def test_units_are_those_of_the_recorded_intervals():
    results = committed_runs(ROOT)["cpu"]
    for c in read_claims(ROOT / "claims.yml"):
        metric = results[c.chapter].metrics.get(c.metric)
        if metric is not None:
            assert ("patient" in str(metric.method)) == (UNITS[c.metric.split(".")[1]] == "patients"), c.id


def test_every_answer_and_verdict_has_words():
    assert set(_ANSWERS) == GOOD | HALF | BAD | {"undecided"}
    assert set(ICONS) == set(get_args(Verdict))


def test_pictures_are_one_line_of_svg_without_white_paper(book):
    _, page = book
    pictures = page.select("svg.claims-figure")
    assert len(pictures) == 3
    for picture in pictures:
        assert "\n" not in str(picture)
        assert "currentcolor" in str(picture).lower()
        assert len(picture["aria-label"]) > 20


def test_the_data_of_the_pictures_have_a_row_for_each_part(book):
    found, _ = book
    frame = claims_frame(found)
    assert len(frame) == sum(max(len(entry.parts), 1) for entry in found)
    assert set(frame["claim"]) == {entry.claim.id for entry in found}


def test_a_chapter_links_each_claim_to_its_entry(book):
    found, page = book
    anchors = {node["id"] for node in page.select(".claim")}
    for name in {entry.claim.chapter for entry in found}:
        own = [entry for entry in found if entry.claim.chapter == name]
        html = claims_html(own)
        assert "<script" not in html
        assert "\n" not in html
        links = [node["href"] for node in BeautifulSoup(html, "html.parser").select("a")]
        assert sorted(links) == sorted(f"{PAGE}#{entry.claim.id}" for entry in own)
        assert {link.partition("#")[2] for link in links} <= anchors


def test_a_chapter_without_page_is_not_linked():
    page = page_of(claim(), claim(id="later", chapter="99_later"))
    assert [link["href"] for link in page.select("table a[href*=notebooks]")] == ["../notebooks/98_demo.html"]
    assert "chapter 99" in words(page.select_one("#later"))


def test_a_book_without_results_has_its_page():
    page = page_of(claim(headline=True), claim("effect", headline=True), results={})
    assert words(page.select_one("p.verdicts")) == "2 – not testable here"
    assert len(page.select(".claim")) == 2


def test_plain_text_says_the_same():
    (entry,) = judged(claim(why="ours is as good"))
    assert claims_text([entry]).replace("\N{NO-BREAK SPACE}", " ") == (
        "About the value. (Song 2026, mark P, the authors' own words or figures)\n"
        "  paper: 0.900 ± 0.025\n"
        "  ours: F1 of atrial fibrillation 0.900 (0.890 to 0.910): matches\n"
        "  reproduced: ours is as good"
    )


def test_a_table_on_a_page_follows_claims_and_results():
    """As they are now, not as they were when the chapter ran."""
    cells = [nbformat.v4.new_code_cell(code) for code in ("chapter.claims()", "chapter.close()", "chapter.claims()")]
    for cell in cells[:2]:
        cell.outputs = [nbformat.v4.new_output("display_data", {"text/plain": "as it was"})]
    notebook = nbformat.v4.new_notebook(cells=cells)
    claims = Claims((claim(why="our networks are small"), claim(id="other", chapter="99_other")), QUESTIONS)
    shown = refresh_claims(notebook, "98_demo", claims, runs(0.8))
    (output,) = shown.cells[0].outputs
    assert "contradicted: our networks are small" in output.data["text/plain"]
    assert output.data["text/html"].count('class="claim"') == 1, "the one claim of this chapter"
    assert shown.cells[1].outputs[0].data == {"text/plain": "as it was"}
    assert shown.cells[2].outputs == [], "a cell that never ran stays so"
    nbformat.validate(shown)


def test_a_chapter_whose_claims_are_gone_says_so():
    cell = nbformat.v4.new_code_cell("chapter.claims()")
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": "<table>", "text/plain": "as it was"})]
    refresh_claims(nbformat.v4.new_notebook(cells=[cell]), "97_demo", Claims((claim(),), QUESTIONS), runs())
    assert cell.outputs[0].data == {"text/markdown": NO_CLAIMS, "text/plain": NO_CLAIMS}


def test_a_chapter_without_claims_keeps_its_words():
    cell = nbformat.v4.new_code_cell("chapter.claims()")
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/plain": "No number is checked"})]
    refresh_claims(nbformat.v4.new_notebook(cells=[cell]), "97_demo", Claims((claim(),), QUESTIONS), runs())
    assert cell.outputs[0].data == {"text/plain": "No number is checked"}


@pytest.mark.parametrize("code", ["# All of them.\nchapter.claims()", "import os\n\nchapter.claims( )"])
def test_layout_does_not_keep_a_table_from_being_judged_again(code):
    cell = nbformat.v4.new_code_cell(code, outputs=[nbformat.v4.new_output("stream", text="as it was")])
    refresh_claims(nbformat.v4.new_notebook(cells=[cell]), "98_demo", Claims((claim(),), QUESTIONS), runs())
    assert "table" in cell.outputs[0].data["text/html"]


def test_a_table_beside_other_outputs_is_refused():
    cell = nbformat.v4.new_code_cell("x\nchapter.claims()", outputs=[nbformat.v4.new_output("stream", text="x")])
    with pytest.raises(ChapterError, match=r"98_demo: chapter\.claims\(\) stands in a cell with other code"):
        refresh_claims(nbformat.v4.new_notebook(cells=[cell]), "98_demo", Claims((claim(),), QUESTIONS), runs())


def test_a_book_without_claims_has_a_page_that_says_so():
    page = claims_page([], Claims((), {}), CHAPTERS)
    assert "# The papers' claims" in page
    assert "No claim has been entered yet." in page
