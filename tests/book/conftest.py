"""A book of three tiny chapters, with the real workflow, in a folder of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from ecglib.databases import DATABASES
from ecglib.databases.flac import pack

REPOSITORY = Path(__file__).parents[2]

HEADER = """\
# ---
# jupyter:
#   ecgbook:
#     title: {title}
#     needs: [{needs}]
#     databases: [{databases}]
#   jupytext:
#     cell_metadata_filter: tags,-all
#     formats: ipynb,py:percent
#     notebook_metadata_filter: ecgbook,-jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # {title}
#
# Some prose, with $x^2$ in it.

# %% tags=["setup", "remove-cell"]
# A hosted notebook installs the package here; elsewhere there is nothing to do.

# %% tags=["parameters"]
scale = "smoke"  # the runner sets it
seed = 0
data_dir = ""
device = "auto"

# %%
from ecglib.book import open_chapter

chapter = open_chapter("{name}", scale=scale, seed=seed, data_dir=data_dir, device=device)

# %%
{code}

# %% tags=["exercise"]
# Try another seed.

# %%
chapter.close()
"""

WriteChapter = Callable[..., Path]


@pytest.fixture(scope="session")
def write_chapter() -> WriteChapter:
    """A function that writes ``notebooks/<name>.py`` of a book."""

    def write(root: Path, name: str, code: str, needs: str = "", databases: str = "", title: str = "") -> Path:
        source = root / "notebooks" / f"{name}.py"
        source.parent.mkdir(parents=True, exist_ok=True)
        text = HEADER.format(title=title or f"Chapter {name}", needs=needs, databases=databases, name=name, code=code)
        source.write_text(text, encoding="utf-8")
        return source

    return write


@pytest.fixture(scope="session")
def write_draft(write_chapter: WriteChapter) -> WriteChapter:
    """A function that writes ``notebooks/drafts/<name>.py`` of a book, as ``write_chapter`` writes a chapter."""

    def write(root: Path, name: str, code: str, needs: str = "", databases: str = "", title: str = "") -> Path:
        source = write_chapter(root / "elsewhere", name, code, needs, databases, title)
        draft = root / "notebooks" / "drafts" / source.name
        draft.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8").replace("#   ecgbook:\n", "#   ecgbook:\n#     draft: true\n")
        draft.write_text(text, encoding="utf-8")
        shutil.rmtree(root / "elsewhere")
        return draft

    return write


@pytest.fixture(scope="session")
def packed(twins: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data directory with FLAC copies of the twins."""
    folder = tmp_path_factory.mktemp("packed")
    for key in DATABASES:
        pack(key, twins, folder, progress=False)
    return folder


@pytest.fixture(scope="session")
def make_book(write_chapter: WriteChapter) -> Callable[[Path], Path]:
    """A function that makes a book of chapters 00_first, 01_second (which needs it) and 10_alone."""

    def make(root: Path) -> Path:
        write_chapter(root, "00_first", 'chapter.record("cnn.intra.accuracy", 0.5 + seed)')
        write_chapter(root, "01_second", "print(scale)", needs="00_first")
        write_chapter(root, "10_alone", 'print("alone")')
        shutil.copytree(REPOSITORY / "workflow", root / "workflow")
        shutil.copytree(REPOSITORY / "book" / "_static", root / "book" / "_static")
        shutil.copy(REPOSITORY / "_config.yml", root)
        (root / "claims.yml").write_text("claims: []\n", encoding="utf-8")
        (root / "requirements.lock").write_text("numpy==2.0.0\n", encoding="utf-8")
        (root / "book" / "references.bib").write_text("", encoding="utf-8")
        (root / "book" / "intro.md").write_text("# The book\n\nWelcome.\n", encoding="utf-8")
        (root / "book" / "how_to_read.md").write_text("# How to read this book\n\nSlowly.\n", encoding="utf-8")
        (root / "_toc.yml").write_text(
            "format: jb-book\nroot: book/intro\nchapters:\n"
            "  - file: notebooks/00_first\n  - file: notebooks/01_second\n  - file: notebooks/10_alone\n"
            "  - file: book/how_to_read\n  - file: book/claims\n  - file: book/what_ran_where\n",
            encoding="utf-8",
        )
        return root

    return make


@pytest.fixture(scope="session")
def pretend_run() -> Callable[..., Path]:
    """A function that leaves in ``_build/<scale>`` what a run of every chapter leaves, without a kernel."""
    import nbformat

    from ecglib.book.headers import read_headers
    from ecglib.book.pairs import clean, read_source, substitute, write_notebook
    from ecglib.book.provenance import ecglib_sha256, imported_modules, source_sha256
    from ecglib.book.results import Metric, Results, write_results
    from ecglib.book.run import output_folder

    def pretend(book: Path, scale: str, drafts: bool = False) -> Path:
        output = output_folder(book, scale, drafts)
        for header in read_headers(book, drafts).values():
            notebook = read_source(header)
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    cell.execution_count = 1
                    cell.outputs = [nbformat.v4.new_output("stream", text=f"{header.name} printed this\n")]
                if "parameters" in cell.metadata.get("tags", []):
                    cell.source = substitute(cell.source, {"scale": scale})
            metric = f"cnn.{header.name}.accuracy"
            glued = {"scrapbook": {"mime_prefix": "application/papermill.record/", "name": metric}}
            record = {"application/papermill.record/text/plain": "0.9"}
            notebook.cells[-1].outputs.append(nbformat.v4.new_output("display_data", record, metadata=glued))
            write_notebook(clean(notebook), output / "notebooks" / f"{header.name}.ipynb")
            provenance = {
                "commit": None,
                "dirty": None,
                "source_sha256": source_sha256(header.source),
                "ecglib_sha256": ecglib_sha256(imported_modules(header.source)),
                "data": {},
                "seeds": [0, 1, 2],
                "device": "cpu",
                "versions": {"python": "3.11"},
                "started": "2026-01-31T12:00:00+00:00",
                "wall_s": 1.0,
                "peak_rss_mb": 100.0,
            }
            write_results(output / "results", Results(header.name, scale, provenance, {metric: Metric(0.9)}))
            figures = output / "figures" / header.name
            figures.mkdir(parents=True, exist_ok=True)
            (figures / "confusion.csv").write_text("a,b\n1,2\n", encoding="utf-8")
        weights = output / "artefacts" / "00_first"
        weights.mkdir(parents=True, exist_ok=True)
        facts = {"model": "CNN", "split": "intra", "seed": 1, "training_examples": 1234}
        numbers = {"classifier.bias": np.arange(5, dtype=np.float32)}
        save_file(numbers, weights / "cnn.safetensors", {"facts": json.dumps(facts)})
        (weights / "predictions.npy").write_bytes(b"large, and not published")
        return output

    return pretend
