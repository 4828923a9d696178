import base64
import json
import os
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from ecglib.book import chapter as chapter_module
from ecglib.book import open_chapter, show_source
from ecglib.book.alt_text import AltText
from ecglib.book.chapter import twins_folder
from ecglib.book.provenance import source_sha256
from ecglib.book.results import read_results
from ecglib.book.settings import repository_url
from ecglib.book.source_view import in_notebook
from ecglib.databases import DATABASES, open_database
from ecglib.errors import ChapterError, MissingFileError
from ecglib.evaluation.comparison import Difference
from ecglib.evaluation.intervals import Interval

REPOSITORY = Path(__file__).parents[2]
NAME = "cnn.intra.macro_f1"
INTERVAL = Interval(0.95, 0.945, 0.955, method="beat bootstrap", n=900, by_seed=(0.949, 0.95, 0.951))


@pytest.fixture
def root(tmp_path, monkeypatch, write_chapter):
    (tmp_path / "_config.yml").write_text("title: A book\n")
    (tmp_path / "claims.yml").write_text(
        "questions:\n  better: Is it better?\nclaims:\n"
        "- {id: number, paper: song2026, statement: The CNN has 0.951., where: abstract, mark: I, "
        f"value: {{reported: 0.951, margin: 0.0123}}, chapter: 98_demo, metric: {NAME}, requires: {{mitbih: 0}}}}\n"
        "- {id: order, paper: song2026, statement: Better., where: abstract, mark: P, question: better, "
        f"chapter: 98_demo, metric: {NAME}, effects: [{{over: forest.intra.macro_f1}}]}}\n"
    )
    write_chapter(tmp_path, "98_demo", "pass")
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.delenv("ECGBOOK_OUTPUT", raising=False)
    return tmp_path


@pytest.fixture
def notebook():
    """Run a function as a cell of a notebook would run, and give its outputs."""

    def run(function):
        InteractiveShell.instance()
        try:
            with capture_output() as captured:
                function()
        finally:
            InteractiveShell.clear_instance()
        return captured.outputs

    return run


def demo(scale="cpu", **more):
    return open_chapter("98_demo", scale=scale, **more)


def test_a_name_that_is_no_chapter_of_the_book_is_refused(root, tmp_path, monkeypatch, write_chapter, write_draft):
    write_draft(root, "97_draft", "pass")
    write_chapter(root, "96_other", "pass")
    with pytest.raises(ChapterError, match=r"no chapter 98_dmo; .*What to do: write 98_demo"):
        open_chapter("98_dmo")
    assert open_chapter("97_draft").name == "97_draft"
    monkeypatch.setenv("ECGBOOK_CHAPTER", str(root / "notebooks" / "98_demo.py"))
    assert open_chapter("98_demo").name == "98_demo"
    with pytest.raises(ChapterError, match=r"98_demo\.py: the chapter opens another one's name; .*found 96_other"):
        open_chapter("96_other")
    monkeypatch.delenv("ECGBOOK_CHAPTER")
    outside = tmp_path.parent / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    monkeypatch.setattr("ecglib.book.settings.find_root", lambda: None)
    assert open_chapter("11_hosted").name == "11_hosted"


def test_the_digest_is_that_of_the_source_that_runs(root, monkeypatch, write_draft):
    draft = write_draft(root, "98_demo", "other = 1")
    for folder, executed, source in (
        ("notebooks", None, root / "notebooks" / "98_demo.py"),
        ("notebooks", draft, draft),
        ("notebooks/drafts", None, draft),
    ):
        monkeypatch.chdir(root / folder)
        monkeypatch.delenv("ECGBOOK_CHAPTER", raising=False)
        if executed:
            monkeypatch.setenv("ECGBOOK_CHAPTER", str(executed))
        demo().close()
        assert results_of(root).provenance["source_sha256"] == source_sha256(source)


def results_of(root, scale=None):
    return read_results(root / "_build" / (scale or "interactive") / "results" / "98_demo.json")


def test_the_visible_line_says_scale_data_device_seed_and_date(root, capsys):
    demo("smoke", seed=7, device="cpu")
    line = capsys.readouterr().out
    for word in ("smoke", "synthetic twins", "cpu", "**Seed** 7", "**Date** 20"):
        assert word in line
    demo("cpu")
    assert "real databases" in capsys.readouterr().out


def test_an_unknown_scale_is_refused(root):
    with pytest.raises(ChapterError, match="no scale 'huge'"):
        demo("huge")


def test_results_hold_numbers_and_provenance(root):
    chapter = demo(seed=3)
    assert chapter.seeds(smoke=2, cpu=3, gpu=10) == [3, 4, 5]
    chapter.record(NAME, INTERVAL)
    chapter.record(
        "rr.afib.variation", np.float32(0.25), low=np.float64(0.125), high=0.5, method="patients", n=np.int64(4)
    )
    chapter.record("mitbih.beats.count", 109494, n=48)
    chapter.record_report("cnn.inter", {"accuracy": INTERVAL, "f1_S": INTERVAL})
    chapter.record_difference(NAME, "forest.intra.macro_f1", Difference(0.1, 0.05, 0.15, 0.01, n=9))
    chapter.close()
    found = results_of(root)
    assert set(found.metrics) == {
        NAME,
        "rr.afib.variation",
        "mitbih.beats.count",
        "cnn.inter.accuracy",
        "cnn.inter.f1_S",
        "cnn.intra.macro_f1_minus_forest",
    }
    assert found.metrics[NAME].by_seed == INTERVAL.by_seed
    assert found.metrics[NAME].method == "beat bootstrap"
    assert found.metrics["rr.afib.variation"].level == 0.95
    assert found.metrics["mitbih.beats.count"].level is None
    assert found.metrics["cnn.intra.macro_f1_minus_forest"].p_value == 0.01
    made = found.provenance
    assert set(made) == {
        "commit",
        "dirty",
        "source_sha256",
        "ecglib_sha256",
        "data",
        "read",
        "wrote",
        "seeds",
        "device",
        "versions",
        "started",
        "wall_s",
        "peak_rss_mb",
    }
    assert made["seeds"] == [3, 4, 5]
    assert len(made["source_sha256"]) == len(made["ecglib_sha256"]) == 64


def test_numbers_are_refused_that_are_no_numbers_or_come_twice(root):
    chapter = demo()
    with pytest.raises(ChapterError, match="not finite"):
        chapter.record(NAME, float("nan"))
    with pytest.raises(ChapterError, match=r"method\.task\.metric"):
        chapter.record("macro_f1", 0.9)
    chapter.record(NAME, 0.9)
    with pytest.raises(ChapterError, match="recorded twice"):
        chapter.record(NAME, 0.9)
    chapter.close()
    with pytest.raises(ChapterError, match="closed"):
        chapter.record("cnn.intra.accuracy", 0.9)
    with pytest.raises(ChapterError, match="closed already"):
        chapter.close()
    assert set(results_of(root).metrics) == {NAME}


def test_a_chapter_that_stops_half_way_leaves_no_results(root):
    demo().close()
    assert results_of(root)
    demo().record(NAME, 0.9)
    with pytest.raises(ChapterError):
        results_of(root)


def test_the_runner_says_where_results_go(root, monkeypatch):
    monkeypatch.setenv("ECGBOOK_OUTPUT", str(root / "_build" / "cpu"))
    chapter = demo()
    (chapter.folder / "weights.txt").write_text("1")
    chapter.close()
    assert results_of(root, "cpu").scale == "cpu"
    assert (root / "_build" / "cpu" / "artefacts" / "98_demo" / "weights.txt").is_file()


def test_a_chapter_finds_what_it_needs_in_the_run_then_in_the_books_weights(root):
    chapter = demo()
    with pytest.raises(ChapterError, match="ecgbook run 97_before --scale cpu"):
        chapter.needs("97_before")
    kept = root / "weights" / "97_before"
    kept.mkdir(parents=True)
    (kept / "a.safetensors").write_text("")
    assert chapter.needs("97_before") == kept
    fresh = chapter.output / "artefacts" / "97_before"
    fresh.mkdir(parents=True)
    assert chapter.needs("97_before") == kept, "an empty folder is no artefact"
    (fresh / "a.safetensors").write_text("")
    assert chapter.needs("97_before") == fresh


def test_files_that_are_read_and_written_are_noted(root):
    before = root / "weights" / "97_before" / "seeds"
    before.mkdir(parents=True)
    (before / "a.safetensors").write_bytes(b"abc")
    (before.parent / "README.md").write_text("a card")
    chapter = demo()
    chapter.needs("97_before")
    (chapter.folder / "b.safetensors").write_bytes(b"abc")
    chapter.close()
    made = results_of(root).provenance
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert made["read"] == {"97_before": {"seeds/a.safetensors": abc}}
    assert made["wrote"] == {"b.safetensors": abc}


def test_a_run_begins_without_what_an_earlier_one_left(root):
    chapter = demo()
    (chapter.folder / "of_an_earlier_run.npy").write_bytes(b"abc")
    chapter.close()
    demo().close()
    assert results_of(root).provenance["wrote"] == {}
    assert not list(chapter.folder.iterdir())


def test_outside_the_book_a_chapter_still_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(chapter_module, "find_root", lambda: None)
    monkeypatch.delenv("ECGBOOK_OUTPUT", raising=False)
    chapter = demo()
    chapter.record(NAME, INTERVAL)
    chapter.claims()
    chapter.close()
    assert f"{NAME}: 0.950 (0.945 to 0.955)" in capsys.readouterr().out
    assert results_of(tmp_path).provenance["source_sha256"] is None
    with pytest.raises(ChapterError, match="clone"):
        chapter.claim_value("number")


def test_smoke_scale_opens_the_twin_and_tells_where_data_come_from(root, twins, monkeypatch, capsys):
    monkeypatch.setattr(chapter_module, "twins_folder", lambda root, databases: twins)
    chapter = demo("smoke")
    database = chapter.database("ludb")
    chapter.close()
    printed = capsys.readouterr().out
    for part in ("synthetic twin", "version 1.0.1", database.published.citation, database.published.licence):
        assert part in printed
    data = results_of(root).provenance["data"]
    assert data == {
        "ludb": {"version": "1.0.1", "records": len(database), "sha256": database.decoded_digest(), "synthetic": True}
    }


def test_a_flac_copy_has_the_provenance_of_the_original(root, twins, packed, capsys):
    def data_of(folder):
        chapter = demo(data_dir=folder)
        for key in DATABASES:
            chapter.database(key)
        chapter.close()
        return results_of(root).provenance["data"]

    original = data_of(twins)
    assert set(original) == set(DATABASES)
    assert data_of(packed) == original
    assert "digest of" not in capsys.readouterr().err, "a progress bar would stand on the page"


@pytest.mark.parametrize("by", ["parameter", "variable"])
def test_other_scales_open_the_data_directory(root, twins, monkeypatch, by):
    monkeypatch.setenv("ECGLIB_DATA", str(twins if by == "variable" else root))
    assert len(demo(data_dir=str(twins) if by == "parameter" else "").database("ludb")) > 0
    monkeypatch.delenv("ECGLIB_DATA")
    with pytest.raises(MissingFileError):
        demo().database("ludb")


def test_two_chapters_that_start_at_once_share_the_twins(root):
    found, errors = [], []

    def start():
        try:
            found.append(open_database("ludb", twins_folder(root, ("ludb",))).digest())
        except Exception as problem:
            errors.append(problem)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert found[0] == found[1]


DATA = pd.DataFrame({"seconds": [0.0, 1.0], "millivolts": [0.1234567, 2.0]})


def a_figure():
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot(DATA["seconds"], DATA["millivolts"])
    return figure


def test_a_figure_carries_its_alternative_text_and_its_data(root, notebook):
    figure = a_figure()
    chapter = demo()
    outputs = notebook(lambda: chapter.show(figure, name="line", alt="A line that rises.", data=DATA))
    image, note = outputs
    assert image.metadata == {"image/png": {"alt": "A line that rises."}}
    assert base64.b64decode(image.data["image/png"]).startswith(b"\x89PNG")
    assert "figures/98_demo/line.csv" in note.data["text/markdown"]
    assert not plt.fignum_exists(figure.number)
    file = root / "_build" / "interactive" / "figures" / "98_demo" / "line.csv"
    assert file.read_bytes() == b"seconds,millivolts\n0,0.123457\n1,2\n"


@pytest.mark.parametrize(
    "wrong",
    [{"alt": " "}, {"name": "../line"}, {"name": "Line"}, {"data": DATA.iloc[:0]}],
    ids=lambda wrong: str([*wrong]),
)
def test_a_figure_without_text_name_or_data_is_refused(root, wrong):
    figure = a_figure()
    with pytest.raises(ChapterError, match="not complete"):
        demo().show(figure, **({"name": "line", "alt": "A line.", "data": DATA} | wrong))
    plt.close(figure)


def test_in_a_notebook_numbers_are_glued_as_plain_floats(root, notebook):
    chapter = demo()
    (glued,) = notebook(lambda: chapter.record(NAME, Interval(np.float64(0.94), 0.9, 0.95)))
    assert glued.data == {"application/papermill.record/text/plain": "0.94"}
    assert glued.metadata["scrapbook"]["name"] == NAME


def test_without_myst_nb_numbers_are_printed(root, notebook, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "myst_nb", None)
    chapter = demo()
    InteractiveShell.instance()
    try:
        assert in_notebook()
        chapter.record(NAME, INTERVAL)
    finally:
        InteractiveShell.clear_instance()
    assert f"{NAME}: 0.950 (0.945 to 0.955)" in capsys.readouterr().out


def test_claims_stand_beside_what_was_measured(root, capsys):
    chapter = demo()
    chapter.record(NAME, INTERVAL)
    chapter.claims()
    printed = capsys.readouterr().out
    assert "The CNN has 0.951." in printed
    assert "0.950 (0.94" in printed
    assert "reproduced" in printed
    assert "did not record the difference in macro F1" in printed
    assert chapter.claim_value("number") == 0.951
    with pytest.raises(ChapterError, match="gives no number"):
        chapter.claim_value("order")


def test_seeds_that_belong_to_another_difference_are_left_out(root):
    chapter = demo()
    chapter.seeds(smoke=1, cpu=2, gpu=2)
    six = Difference(0.0, -0.1, 0.1, 0.9, n=9, by_seed=(0.0,) * 6)
    chapter.record_difference(NAME, "six.intra.macro_f1", six)
    assert chapter.metrics[f"{NAME}_minus_six"].by_seed == ()
    chapter.record_difference(NAME, "forest.intra.macro_f1", Difference(0.1, 0.0, 0.2, 0.1, n=9, by_seed=(0.05, 0.15)))
    chapter.record_difference(NAME, "lookup.intra.macro_f1", Difference(0.2, 0.0, 0.4, 0.1, n=9, by_seed=(0.05, 0.15)))
    assert chapter.metrics[f"{NAME}_minus_forest"].by_seed == (0.05, 0.15)
    assert chapter.metrics[f"{NAME}_minus_lookup"].by_seed == ()


def test_claims_in_a_notebook_are_a_table_that_fits_a_phone(root, notebook):
    chapter = demo()
    chapter.record(NAME, INTERVAL)
    (table,) = notebook(chapter.claims)
    assert '<table class="table claims">' in table.data["text/html"]
    assert 'data-label="Paper"' in table.data["text/html"], "each cell of a card says its column"
    assert 'class="verdict reproduced"' in table.data["text/html"]
    assert "reproduced" in table.data["text/plain"]


def test_source_is_shown_from_the_library_itself(notebook):
    from ecglib.databases import aami

    (shown,) = notebook(lambda: show_source(aami.aami_classes))
    text = shown.data["text/markdown"]
    assert text.startswith("````python\n# ecglib/databases/aami.py\ndef aami_classes(")
    assert text.endswith("\n````")
    (module,) = notebook(lambda: show_source(aami))
    assert Path(aami.__file__).read_text().rstrip() in module.data["text/markdown"]


def test_opening_a_chapter_is_light():
    heavy = ["torch", "pandas", "matplotlib", "wfdb", "scipy", "jupytext"]
    code = f"import sys, ecglib.book; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("title: a", ""),
        ("repository:\n  url: ''", ""),
        ("repository:", ""),
        ("repository: {url: 'https://example.org/a/b/'}", "https://example.org/a/b"),
    ],
)
def test_the_repositorys_address_is_one_setting(tmp_path, text, address):
    (tmp_path / "_config.yml").write_text(text)
    assert repository_url(tmp_path) == address


@pytest.mark.parametrize("text", ["repository: {url: 'javascript:alert(1)'}", "repository: {", "repository: [a]"])
def test_a_setting_that_cannot_be_used_is_refused(tmp_path, text):
    (tmp_path / "_config.yml").write_text(text)
    with pytest.raises(ChapterError, match=r"_config\.yml"):
        repository_url(tmp_path)


def test_this_package_tells_myst_nb_about_the_alternative_text():
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    plugins = settings["project"]["entry-points"]["myst_nb.mime_renderers"]
    assert "ecglib.book.alt_text:AltText" in plugins.values()


def test_the_page_has_the_alternative_text_and_the_tables(root, tmp_path, notebook, monkeypatch):
    """Built by Sphinx with warnings as errors: the image with its text, the claims table, both generated pages."""
    from myst_nb.core import render
    from sphinx.application import Sphinx

    from ecglib.book.pages import write_pages

    chapter = demo()
    alt = 'Lead II, "calm" & <slow>.'
    outputs = [
        *notebook(lambda: chapter.show(a_figure(), name="line", alt=alt, data=DATA)),
        *notebook(lambda: chapter.record(NAME, INTERVAL)),
        *notebook(chapter.claims),
    ]
    chapter.close()
    (root / "results").mkdir()
    (root / "_build" / "interactive" / "results").rename(root / "results" / "cpu")
    site = tmp_path / "site"
    cell = nbformat.v4.new_code_cell("draw()", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("display_data", out.data, metadata=out.metadata or {}) for out in outputs]
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Demo"), cell])
    page.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    (site / "notebooks").mkdir(parents=True)
    nbformat.write(page, site / "notebooks" / "98_demo.ipynb")
    write_pages(root, site / "book")
    (site / "book" / "how_to_read.md").write_text("# How to read this book\n")
    (site / "index.md").write_text(
        "# Book\n\n```{toctree}\nnotebooks/98_demo\nbook/claims\nbook/how_to_read\nbook/what_ran_where\n```\n"
    )
    monkeypatch.setattr(render, "load_mime_renders", lambda: [AltText()])
    settings = {"extensions": ["myst_nb"], "nb_execution_mode": "off", "nitpicky": True}
    built = tmp_path / "html"
    Sphinx(
        site, None, built, tmp_path / "trees", "html", settings, status=None, warning=None, warningiserror=True
    ).build()
    html = (built / "notebooks" / "98_demo.html").read_text()
    assert 'alt="Lead II, &quot;calm&quot; &amp; &lt;slow&gt;."' in html
    assert 'class="table claims"' in html
    claims = (built / "book" / "claims.html").read_text()
    assert "../notebooks/98_demo.html" in claims
    assert (built / "notebooks" / "98_demo.html").is_file()
    assert '<a href="../notebooks/98_demo.html">98_demo</a>' in (built / "book" / "what_ran_where.html").read_text()


def test_a_results_file_holds_nothing_of_this_machine(root, twins, monkeypatch):
    monkeypatch.setenv("ECGLIB_DATA", str(twins))
    chapter = demo()
    chapter.database("ludb")
    chapter.close()
    text = (root / "_build" / "interactive" / "results" / "98_demo.json").read_text()
    for private in (str(root), str(twins), str(Path.home()), os.uname().nodename):
        assert len(private) < 4 or private not in text
    assert json.loads(text)["chapter"] == "98_demo"
