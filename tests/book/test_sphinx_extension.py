from __future__ import annotations

import subprocess
import sys

import pytest
from bs4 import BeautifulSoup, Tag
from docutils import nodes

from ecglib.book.sphinx_extension import _inside, pattern_of

GLOSSARY = """# Glossary

```{glossary}
Lead
  A direction from which
  the heart is looked at.

AUROC
  The area under the ROC curve.

ROC curve
  Sensitivity over one minus specificity.

R peak
  The highest point of a beat.

Block
  What methods are ranked in.

F1
  A harmonic mean.
```
"""
PAGE = """# Lead, in a title

Twelve leads, `lead` and [a lead](../book/other.md), then more leads. **An R peak** and an auroc, AUROC too.

| lead |
|---|
| R peak |

- ROC curves in a list

A block of beats. The **F1** is a mean, and the F1 again.
"""
API = """# A reference

```{eval-rst}
.. autofunction:: made_for_this_test.threshold
```

Of leads.
"""
MODULE = '''"""A module."""


def threshold(rows):
    """Give a threshold for an array of shape (n, *shape).

    Notes
    -----
    Taught in chapter ``00_first``, and ``99_missing``.
    """
'''


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BeautifulSoup]:
    source = tmp_path_factory.mktemp("source")
    pages = {"book/glossary": GLOSSARY, "notebooks/01_page": PAGE, "book/api/functions": API}
    pages |= {"book/other": "# Other\n\nNo word of a lead.\n", "notebooks/00_first": "# First\n"}
    pages["index"] = "# Book\n\n```{toctree}\n" + "\n".join(pages) + "\n```\n"
    for name, text in pages.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / f"{name}.md").write_text(text, encoding="utf-8")
    (source / "made_for_this_test.py").write_text(MODULE, encoding="utf-8")
    (source / "conf.py").write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(source)!r})\n"
        "extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon', 'ecglib.book.sphinx_extension']\n"
        "html_theme = 'basic'\n",
        encoding="utf-8",
    )
    out = source / "out"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(source), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # one Sphinx a process
    assert done.returncode == 0, done.stderr
    return {
        name: BeautifulSoup((out / f"{name}.html").read_text(encoding="utf-8"), "html.parser").select_one("[role=main]")
        or pytest.fail("no article")
        for name in pages
    }


def explained(page: Tag) -> dict[str, Tag]:
    return {link.get_text(): link for link in page.select("a.explained")}


def test_the_first_place_of_each_word_shows_its_meaning(built: dict[str, BeautifulSoup]) -> None:
    found = explained(built["notebooks/01_page"])
    assert list(found) == ["leads", "R peak", "AUROC", "ROC curves"]
    assert found["leads"]["title"] == "A direction from which the heart is looked at."
    assert len(built["notebooks/01_page"].select("a.explained")) == 4, "the page itself explains F1"


def test_it_leads_to_the_glossary(built: dict[str, BeautifulSoup]) -> None:
    file, place = str(explained(built["notebooks/01_page"])["R peak"]["href"]).split("#")
    assert file == "../book/glossary.html"
    assert built["book/glossary"].select_one(f"#{place}") is not None


def test_titles_code_links_and_tables_stay(built: dict[str, BeautifulSoup]) -> None:
    page = built["notebooks/01_page"]
    assert page.select("h1 a.explained, code a, table a.explained") == []
    assert [link.get_text() for link in page.select('a[href="../book/other.html"]')] == ["a lead"]


def test_what_a_cell_printed_stays() -> None:
    said = nodes.paragraph("", "an F1")
    cell = nodes.container("", nodes.container("", said, classes=["cell_output"]), classes=["cell"])
    assert isinstance(cell[0], nodes.container)
    assert _inside(said)
    cell[0]["classes"] = ["cell_input"]
    assert not _inside(said)


@pytest.mark.parametrize("name", ["book/glossary", "book/other", "book/api/functions"])
def test_no_word_is_explained_where_it_should_not_be(name: str, built: dict[str, BeautifulSoup]) -> None:
    assert explained(built[name]) == {}


def test_docstrings_link_to_chapters_that_are_there(built: dict[str, BeautifulSoup]) -> None:
    page = built["book/api/functions"]
    assert [link["href"] for link in page.select("a.reference.internal:has(span.doc)")] == [
        "../../notebooks/00_first.html"
    ]
    assert "99_missing" in page.get_text()
    assert "(n, *shape)" in page.get_text()


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("Lead", "Misleading leaders", None),
        ("Lead", "a lead-in", None),
        ("AAMI class", "five AAMI classes", "AAMI classes"),
        ("Beat", "Each Beat.", "Beat"),
        ("R peak", "R peaks", "R peaks"),
        ("R peak", "an r peak", None),
        ("ROC curve", "a roc curve", None),
    ],
)
def test_words_and_plurals(word: str, text: str, found: str | None) -> None:
    match = pattern_of(word).search(text)
    assert (match and match[0]) == found
