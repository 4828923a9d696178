"""The check is green for a healthy book, and red for each fault that is planted here."""

import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from ecglib.book.check import _read_files, check
from ecglib.book.claims import read_claims
from ecglib.book.claims_output import refresh_claims
from ecglib.book.command import main
from ecglib.book.expected import expected_ranges, write_expected
from ecglib.book.headers import read_header
from ecglib.book.pairs import join, read_source, substitute, write_notebook
from ecglib.book.provenance import files_sha256
from ecglib.book.publish import pair, publish
from ecglib.book.results import Results, read_folder
from ecglib.errors import LeakageError

CODE = """\
from ecglib.databases import splits
from ecglib.evaluation.comparison import Difference
from ecglib.evaluation.intervals import Interval

train, test = ["101", "201"], ["103", "200"]
splits.assert_patient_disjoint(train, test)
chapter.seeds(smoke=2, cpu=3, gpu=10)
chapter.record("cnn.inter.accuracy", Interval(0.91, 0.895, 0.925, n=900, by_seed=(0.909, 0.91, 0.911)))
chapter.record("forest.inter.accuracy", 0.8, low=0.78, high=0.82)
chapter.record_difference("cnn.inter.accuracy", "forest.inter.accuracy", Difference(0.11, 0.07, 0.15, 0.001, n=900))"""

CLAIMS = """\
questions:
  forest: Is the CNN better than the forest?
claims:
- id: number
  paper: song2026
  statement: The CNN has an accuracy of 0.91.
  where: abstract
  mark: P
  chapter: 98_demo
  metric: cnn.inter.accuracy
  value: {reported: 0.91, margin: 0.0225, guard: forest.inter.accuracy}

- id: order
  paper: song2026
  statement: The CNN is better than the forest.
  where: abstract
  mark: P
  chapter: 98_demo
  metric: cnn.inter.accuracy
  effects:
  - {over: forest.inter.accuracy}
  question: forest
"""


def run_in_process(root, name, scale):
    """Execute a chapter's cells in this process, and write notebook and results where a published run has them."""
    header = read_header(root / "notebooks" / f"{name}.py")
    notebook = read_source(header)
    patch = pytest.MonkeyPatch()
    patch.chdir(root / "notebooks")
    patch.setenv("ECGBOOK_OUTPUT", str(root / "_build" / scale))
    shell = InteractiveShell.instance()
    try:
        for number, cell in enumerate([cell for cell in notebook.cells if cell.cell_type == "code"], start=1):
            if "parameters" in cell.metadata.get("tags", []):
                cell.source = substitute(cell.source, {"scale": scale})
            with capture_output() as captured:
                shell.run_cell(cell.source).raise_error()
            cell.execution_count = number
            cell.outputs = [
                nbformat.v4.new_output("display_data", output.data, metadata=output.metadata or {})
                for output in captured.outputs
            ]
    finally:
        shell.reset(new_session=False)
        InteractiveShell.clear_instance()
        patch.undo()
    write_notebook(join(header, notebook), header.notebook)
    write_notebook(notebook, root / "_build" / scale / "notebooks" / f"{name}.ipynb")
    results = (root / "_build" / scale / "results" / f"{name}.json").read_text()
    (root / "results" / scale).mkdir(parents=True, exist_ok=True)
    (root / "results" / scale / f"{name}.json").write_text(results)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory, write_chapter):
    """A healthy book of one chapter that has run at scale cpu, with the ranges of reruns written."""
    root = tmp_path_factory.mktemp("healthy")
    (root / "_config.yml").write_text("title: A book\nrepository: {url: ''}\n")
    (root / "_toc.yml").write_text("format: jb-book\nroot: book/intro\nchapters: [{file: notebooks/98_demo}]\n")
    (root / "claims.yml").write_text(CLAIMS)
    (root / "book").mkdir()
    (root / "book" / "intro.md").write_text(
        "The CNN has {glue:text}`../notebooks/98_demo.ipynb::cnn.inter.accuracy:.3f`.\n"
    )
    write_chapter(root, "98_demo", CODE)
    run_in_process(root, "98_demo", "cpu")
    ranges = expected_ranges(read_claims(root / "claims.yml"), read_folder(root / "results" / "cpu"))
    assert set(ranges) == {"number", "order"}
    write_expected(root / "claims.yml", "cpu", ranges)
    return root


@pytest.fixture
def book(healthy, tmp_path):
    """A copy of the healthy book, to plant a fault in."""
    return shutil.copytree(healthy, tmp_path / "book")


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def edit_results(book: Path, change) -> None:
    file = book / "results" / "cpu" / "98_demo.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def edit_notebook(book: Path, change) -> None:
    file = book / "notebooks" / "98_demo.ipynb"
    notebook = nbformat.read(file, as_version=4)
    change(notebook)
    nbformat.write(notebook, file)


def kinds(book: Path, scale=None) -> set[str]:
    return {problem.kind for problem in check(book, scale)}


def test_a_healthy_book_is_green(book):
    assert check(book) == []
    assert check(book, "cpu") == []


def move(book, value):
    """Let a rerun measure another value, on the page as in the results."""
    edit_results(book, lambda content: content["metrics"]["cnn.inter.accuracy"].update(value=value))

    def show(notebook):
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                if output.metadata.get("scrapbook", {}).get("name") == "cnn.inter.accuracy":
                    output.data["application/papermill.record/text/plain"] = repr(value)

    edit_notebook(book, show)


@pytest.mark.parametrize(("value", "kind"), [(0.895, "drift"), (0.925, "too good"), (0.5, "drift"), (1.0, "too good")])
def test_a_metric_outside_its_range_is_caught_on_both_sides(book, value, kind):
    edit(book / "claims.yml", "  expected:", "  why: Our networks are small.\n  expected:")
    move(book, value)
    problems = check(book)
    assert {problem.kind for problem in problems} == {kind}
    assert {problem.place for problem in problems} == {"number", "order"}


def test_a_metric_that_moves_within_its_range_is_fine(book):
    move(book, 0.912)
    assert check(book) == []


def test_a_file_that_was_read_and_has_changed_since_is_named(book):
    before = book / "weights" / "97_before"
    before.mkdir(parents=True)
    (before / "README.md").write_text("a card")
    (before / "a.safetensors").write_bytes(b"first")
    read = {"97_before": files_sha256(before) | {"unpublished.npy": "0"}}
    edit_results(book, lambda content: content["provenance"].update(read=read))
    assert "read" not in kinds(book)
    (before / "a.safetensors").write_bytes(b"other")
    (problem,) = [problem for problem in check(book) if problem.kind == "read"]
    assert str(problem) == (
        "98_demo: read: it read a.safetensors of 97_before, which has changed since: "
        "run it again: ecgbook run 98_demo --scale cpu"
    )


@pytest.mark.parametrize(
    ("wrote", "weights", "scale", "said"),
    [
        ({"a.npy": "1"}, None, None, ""),
        ({"a.npy": "2"}, None, None, "changed"),
        ({"b.npy": "1"}, None, None, "gone"),
        (None, None, None, ""),
        ({"a.npy": "2"}, b"published", None, "changed"),
        ({"a.npy": "2"}, b"published", "cpu", ""),
    ],
)
def test_what_was_read_is_compared_with_what_the_other_chapter_wrote(tmp_path, wrote, weights, scale, said):
    read = "1"
    if weights:
        (tmp_path / "weights" / "97_before").mkdir(parents=True)
        (tmp_path / "weights" / "97_before" / "a.npy").write_bytes(weights)
        read = files_sha256(tmp_path / "weights" / "97_before")["a.npy"]
    found = {
        "97_before": Results("97_before", "cpu", {} if wrote is None else {"wrote": wrote}),
        "98_demo": Results("98_demo", "cpu", {"read": {"97_before": {"a.npy": read}}}),
    }
    problems = [problem.message for problem in _read_files(tmp_path, found, scale)]
    assert len(problems) == bool(said)
    assert all(said in message for message in problems)


def test_a_leaked_patient_stops_the_chapter_and_leaves_no_results(book):
    edit(
        book / "notebooks" / "98_demo.py",
        'test = ["101", "201"], ["103", "200"]',
        'test = ["101", "201"], ["103", "201"]',
    )
    with pytest.raises(LeakageError, match="201"):
        run_in_process(book, "98_demo", "cpu")
    assert not (book / "_build" / "cpu" / "results" / "98_demo.json").exists()
    assert "results" in kinds(book, "cpu")
    assert "stale" in kinds(book)


def test_numbers_about_new_patients_need_the_assertion(book):
    edit(book / "notebooks" / "98_demo.py", "splits.assert_patient_disjoint(train, test)\n", "")
    run_in_process(book, "98_demo", "cpu")
    assert kinds(book) == {"leak"}


def test_the_three_splits_assert_it_too(book):
    three = "splits.three_splits(['101'] * 300 + ['114'] * 300 + ['100'] * 300, [*range(0, 90000, 300)] * 3, "
    three += "[0] * 900, 360, (100, 160), 0)\n"
    edit(book / "notebooks" / "98_demo.py", "splits.assert_patient_disjoint(train, test)\n", three)
    run_in_process(book, "98_demo", "cpu")
    assert kinds(book) == set()


def test_an_assertion_in_an_exercise_does_not_count(book):
    source = book / "notebooks" / "98_demo.py"
    edit(source, "splits.assert_patient_disjoint(train, test)\n", "")
    edit(source, "# Try another seed.", "splits.assert_patient_disjoint(train, test)")
    run_in_process(book, "98_demo", "cpu")
    assert kinds(book) == {"leak"}


def test_a_stale_page_is_caught(book):
    edit(book / "notebooks" / "98_demo.py", '["103", "200"]', '["103", "210"]')
    assert "stale" in kinds(book)
    assert "stale" in kinds(book, "cpu")


def test_prose_and_exercises_leave_a_run_fresh_and_ask_for_pairing(book):
    edit(book / "notebooks" / "98_demo.py", "Some prose", "Better prose")
    assert check(book, "cpu") == []
    assert kinds(book) == {"pair"}


def test_a_chapter_missing_from_the_contents_is_caught(book):
    edit(book / "_toc.yml", "chapters: [{file: notebooks/98_demo}]", "chapters: [{file: book/claims}]")
    assert kinds(book) == {"contents"}


def test_a_chapter_in_the_contents_without_source_is_caught(book):
    edit(book / "_toc.yml", "[{file: notebooks/98_demo}]", "[{file: notebooks/98_demo}, {file: notebooks/99_gone}]")
    assert [str(problem) for problem in check(book)] == [
        "99_gone: contents: _toc.yml lists it, but there is no notebooks/99_gone.py"
    ]


def test_a_chapter_listed_twice_is_caught(book):
    edit(book / "_toc.yml", "[{file: notebooks/98_demo}]", "[{file: notebooks/98_demo}, {file: notebooks/98_demo}]")
    assert kinds(book) == {"contents"}


@pytest.mark.parametrize("scale", [None, "cpu"])
def test_missing_results_and_a_missing_notebook_are_caught(book, scale):
    place = book / "_build" / "cpu" if scale else book
    (place / "results" / ("" if scale else "cpu") / "98_demo.json").unlink()
    assert "results" in kinds(book, scale)
    (place / "notebooks" / "98_demo.ipynb").unlink()
    assert "notebook" in kinds(book, scale)


def test_a_chapter_that_never_ran_is_caught(book, write_chapter):
    write_chapter(book, "99_new", "pass")
    edit(book / "_toc.yml", "[{file: notebooks/98_demo}]", "[{file: notebooks/98_demo}, {file: notebooks/99_new}]")
    assert [(problem.kind, problem.place) for problem in check(book)] == [("notebook", "99_new")]


def test_damaged_results_are_caught(book):
    (book / "results" / "cpu" / "98_demo.json").write_text("{")
    assert "results" in kinds(book)


def test_results_of_another_scale_are_caught(book):
    edit_results(book, lambda content: content.update(scale="gpu"))
    assert "results" in kinds(book)


def test_a_page_of_another_scale_than_asked_for_is_caught(book):
    (book / "_build" / "cpu").rename(book / "_build" / "gpu")
    assert kinds(book, "gpu") == {"notebook"}


def test_a_failed_cell_is_caught(book):
    def fail(notebook):
        notebook.cells[-1].outputs = [nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])]

    edit_notebook(book, fail)
    assert "notebook" in kinds(book)


def test_cells_that_were_not_executed_are_caught_and_exercises_may_be(book):
    def forget(tag):
        def change(notebook):
            for cell in notebook.cells:
                if cell.cell_type == "code" and (tag in cell.metadata.get("tags", [])) == (tag == "exercise"):
                    cell.execution_count, cell.outputs = None, []

        return change

    edit_notebook(book, forget("exercise"))
    assert "notebook" not in kinds(book)
    edit_notebook(book, forget("nothing"))
    assert "notebook" in kinds(book)


def test_a_page_that_shows_another_number_than_the_results_is_caught(book):
    edit_results(book, lambda content: content["metrics"]["forest.inter.accuracy"].update(value=0.8001))
    assert kinds(book) == {"glue"}


def test_a_number_only_on_the_page_or_only_in_the_results_is_caught(book):
    edit_results(
        book, lambda content: content["metrics"].update({"a.b.c": content["metrics"].pop("forest.inter.accuracy")})
    )
    messages = [str(problem) for problem in check(book) if problem.kind == "glue"]
    assert any("a.b.c is in the results but not on the page" in message for message in messages)
    assert any("forest.inter.accuracy is on the page but not in the results" in message for message in messages)


@pytest.mark.parametrize(
    "quote",
    [
        "{glue:text}`../notebooks/98_demo.ipynb::cnn.inter.acuracy:.3f`",
        "{glue:text}`../notebooks/97_gone.ipynb::cnn.inter.accuracy:.3f`",
        "{glue:}`cnn.inter.accuracy`",
        "```{glue:text} ../notebooks/98_demo.ipynb::nothing\n```",
    ],
)
def test_prose_that_quotes_what_nobody_recorded_is_caught(book, quote):
    (book / "book" / "intro.md").write_text(quote)
    assert kinds(book) == {"glue"}


def test_a_chapter_may_quote_itself_without_a_path(book):
    edit(book / "notebooks" / "98_demo.py", "Some prose", "The CNN has {glue:text}`cnn.inter.accuracy:.3f`")
    assert check(book, "cpu") == []
    edit(book / "notebooks" / "98_demo.py", "cnn.inter.accuracy:.3f", "cnn.inter.recall:.3f")
    assert kinds(book, "cpu") == {"glue"}


def test_synthetic_data_at_a_real_scale_are_caught(book):
    twin = {"mitbih": {"version": "1.0.0", "records": 3, "sha256": "x", "synthetic": True}}
    edit_results(book, lambda content: content["provenance"].update(data=twin))
    assert kinds(book) == {"data", "claims"}, "and no claim can be tested with them"


def test_too_few_seeds_are_caught(book):
    def fewer(content):
        content["metrics"]["cnn.inter.accuracy"]["by_seed"] = [0.899, 0.901]
        content["provenance"]["seeds"] = [0, 1]

    edit_results(book, fewer)
    assert kinds(book) == {"seeds"}
    edit_results(book, lambda content: content["provenance"].update(seeds=[0, 1, 2]))
    assert kinds(book) == {"seeds"}


def test_two_chapters_may_share_a_number_but_not_a_name_for_two(book, write_chapter):
    write_chapter(book, "99_copy", CODE)
    edit(book / "_toc.yml", "[{file: notebooks/98_demo}]", "[{file: notebooks/98_demo}, {file: notebooks/99_copy}]")
    run_in_process(book, "99_copy", "cpu")
    assert check(book) == []
    file = book / "results" / "cpu" / "99_copy.json"
    content = json.loads(file.read_text())
    content["metrics"]["forest.inter.accuracy"]["value"] = 0.79
    file.write_text(json.dumps(content))
    (problem,) = (problem for problem in check(book) if problem.kind == "results")
    assert (problem.place, "is 0.79 here and 0.8 in 98_demo" in problem.message) == ("99_copy", True)


@pytest.mark.parametrize("name", ["cnn.inter.accuracy", "cnn.inter.accuracy_minus_forest"])
def test_a_claim_about_what_its_chapter_did_not_record_is_caught(book, name):
    edit_results(book, lambda content: content["metrics"].pop(name))
    assert "claims" in kinds(book)


def test_a_table_of_claims_that_is_older_than_the_claims_is_caught(book):
    def show_claims(notebook):
        cell = next(cell for cell in notebook.cells if cell.cell_type == "code" and "record" in cell.source)
        cell.source = "chapter.claims()"
        runs = {"cpu": read_folder(book / "results" / "cpu")}
        refresh_claims(notebook, "98_demo", read_claims(book / "claims.yml"), runs)

    edit_notebook(book, show_claims)
    message = "its table of claims is older"
    assert not any(message in problem.message for problem in check(book))
    edit(book / "claims.yml", "The CNN is better than the forest.", "The CNN is worse than the forest.")
    assert any(message in problem.message for problem in check(book))


def test_shown_source_that_is_older_than_the_library_is_caught(book):
    code = "from ecglib.book import show_source\nfrom ecglib.errors import ECGError\n\nshow_source(ECGError)\n\n# %%\n"
    edit(book / "notebooks" / "98_demo.py", "chapter.close()", code + "chapter.close()")
    run_in_process(book, "98_demo", "cpu")
    assert check(book) == []

    def age(notebook):
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                shown = output.get("data", {}).get("text/markdown", "")
                output.get("data", {})["text/markdown"] = shown.replace("Anything that", "Whatever")

    edit_notebook(book, age)
    message = "98_demo: pair: the source that it shows is older than the library: ecgbook pair"
    assert [str(problem) for problem in check(book)] == [message]
    assert pair(book) == [book / "notebooks" / "98_demo.ipynb"]
    assert check(book) == []


def test_a_claim_that_is_out_of_scope_may_stay_unmeasured(book):
    claims = book / "claims.yml"
    before = claims.read_text(encoding="utf-8").replace(
        "metric: cnn.inter.accuracy", "metric: absent.inter.accuracy", 1
    )
    claims.write_text(before, encoding="utf-8")
    assert any("did not record absent.inter.accuracy" in problem.message for problem in check(book))
    out = "metric: absent.inter.accuracy\n  out_of_scope: a private model"
    claims.write_text(before.replace("metric: absent.inter.accuracy", out), encoding="utf-8")
    assert check(book) == []


def test_a_claim_that_can_not_be_tested_any_more_is_caught(book):
    edit_results(book, lambda content: content["metrics"]["cnn.inter.accuracy_minus_forest"].update(n=None))
    messages = [problem.message for problem in check(book) if problem.place == "order"]
    assert messages == ["it was tested, and isn't any more: cnn.inter.accuracy_minus_forest has no interval"]


def test_a_claim_of_a_chapter_that_is_not_there_is_caught(book):
    edit(book / "claims.yml", "chapter: 98_demo", "chapter: 99_later")
    messages = [problem.message for problem in check(book)]
    assert "there is no chapter 99_later; write one of 98_demo" in messages


def test_a_measured_claim_without_a_range_is_caught(book):
    (book / "claims.yml").write_text(CLAIMS)
    problems = check(book)
    assert {problem.kind for problem in problems} == {"claims"}
    assert all("ecgbook expect --scale cpu" in problem.message for problem in problems)


def test_a_difference_that_nobody_explains_is_caught(book):
    edit(book / "claims.yml", "reported: 0.91, margin: 0.0225", "reported: 0.99, margin: 0.005")
    assert [problem.place for problem in check(book)] == ["number"]
    edit(book / "claims.yml", "  expected:", "  why: Our networks are small.\n  expected:")
    assert check(book) == []


def test_a_run_at_a_scale_without_ranges_is_red_only_where_it_is_far_worse_on_the_same_data(book):
    (book / "_build" / "cpu").rename(book / "_build" / "gpu")
    file = book / "_build" / "gpu" / "results" / "98_demo.json"
    notebook = book / "_build" / "gpu" / "notebooks" / "98_demo.ipynb"
    file.write_text(file.read_text().replace('"scale": "cpu"', '"scale": "gpu"'))
    notebook.write_text(notebook.read_text().replace('scale = \\"cpu\\"', 'scale = \\"gpu\\"'))
    assert check(book, "gpu") == []
    for value, found in ((0.93, set()), (0.90, set()), (0.6, {"drift"})):
        for place in (file, notebook):
            place.write_text(re.sub(r"\b0\.9(1|3|0)?\b(?=[,\"\\])", str(value), place.read_text()))
        assert kinds(book, "gpu") == found, value


def test_at_smoke_scale_no_range_and_no_reason_is_asked_for(book):
    run_in_process(book, "98_demo", "smoke")
    (book / "claims.yml").write_text(CLAIMS)
    edit(book / "notebooks" / "98_demo.py", "chapter.seeds(smoke=2,", "chapter.seeds(smoke=3,")
    run_in_process(book, "98_demo", "smoke")
    assert check(book, "smoke") == []


def test_only_the_chapters_named_are_checked(tmp_path, make_book, pretend_run, monkeypatch, capsys):
    root = make_book(tmp_path / "book")
    pretend_run(root, "cpu")
    publish(root, "cpu", ["00_first", "01_second", "10_alone"])
    (root / "notebooks" / "10_alone.ipynb").unlink()
    edit(root / "notebooks" / "00_first.py", "0.5 + seed", "0.6 + seed")
    edit(root / "_toc.yml", "  - file: notebooks/10_alone\n", "")
    assert {problem.place for problem in check(root)} == {"00_first", "10_alone"}
    assert check(root, only=["01_second"]) == []
    assert {problem.place for problem in check(root, only=["01_second", "00_first"])} == {"00_first"}
    quoted = "Some prose, {glue:text}`../notebooks/00_first.ipynb::nobody.recorded.this:.3f` and"
    edit(root / "notebooks" / "01_second.py", "Some prose,", quoted)
    assert "glue" in {problem.kind for problem in check(root, only=["01_second"])}
    monkeypatch.chdir(root)
    assert main(["check", "10_alone"]) == 1
    assert "2 problems in 10_alone in the committed book" in capsys.readouterr().out
    assert main(["check", "10_aloe"]) == 1
    assert "there is no chapter 10_aloe; expected one of" in capsys.readouterr().err


def test_a_claim_is_checked_with_its_chapter(healthy, tmp_path):
    root = tmp_path / "book"
    shutil.copytree(healthy, root)
    edit(root / "claims.yml", "inter.accuracy", "inter.auroc")
    assert "claims" in {problem.kind for problem in check(root, only=["98_demo"])}
