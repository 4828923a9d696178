import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecglib.book import provenance
from ecglib.errors import ChapterError

SOURCE = """\
# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# Prose.

# %% tags=["setup", "remove-cell"]
# nothing to install

# %% tags=["parameters"]
scale = "smoke"

# %%
from ecglib.databases.record import Record
x = 1

# %% tags=["exercise"]
y = ...

# %% tags=["solution"]
y = 2
"""


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "98_demo.py"
    path.write_text(SOURCE)
    return path


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("Prose.", "Better prose.", False),
        ("nothing to install", "pip install ecglib", False),
        ("y = ...", "y = None", False),
        ("y = 2", "y = 3", False),
        ("x = 1", "x = 2", True),
        ('scale = "smoke"', 'scale = "cpu"', True),
        ("x = 1", "x = True", True),
        ("x = 1\n", "x = (\n    1  # one\n)\n\n", False),
        ("import Record\nx", "import Record\n\n# %%\nx", False),
        ("import Record\n", "import Record as Recording\n", False),
        ("x = 1\n", "x = 1\nx = 1\n", True),
        ("x = 1\n", "x = 1\n%cd a\n", True),
        ("# nothing to install", "%cd a", False),
        ("# %%\nfrom", '# %% tags=["exercise"]\nfrom', True),
    ],
)
def test_only_covered_code_makes_a_page_stale(source, old, new, stale):
    before = provenance.source_sha256(source)
    assert old in SOURCE
    source.write_text(SOURCE.replace(old, new))
    assert (provenance.source_sha256(source) != before) == stale


def test_a_changed_magic_makes_a_page_stale(source):
    digests = set()
    for magic in ("%cd a", "%cd b", "!cd a", "if x:\n    %cd a"):
        source.write_text(SOURCE.replace("x = 1", f"x = 1\n{magic}"))
        digests.add(provenance.source_sha256(source))
    assert len(digests) == 4


def test_code_that_is_no_python_is_named(source):
    source.write_text(SOURCE.replace("x = 1", "x = = 1"))
    for read in (provenance.source_sha256, provenance.imported_modules):
        with pytest.raises(ChapterError, match=r"98_demo\.py: a cell is no Python: 'from ecglib"):
            read(source)


def test_a_source_that_is_missing_is_named(tmp_path):
    with pytest.raises(ChapterError, match=r"98_demo\.py"):
        provenance.source_sha256(tmp_path / "98_demo.py")


def test_imports_are_followed_through_ecglib(source):
    modules = provenance.imported_modules(source)
    assert {"ecglib", "ecglib.databases", "ecglib.databases.record", "ecglib.errors"} <= set(modules)
    assert "ecglib.databases.wfdb_files" in modules, "the package's own imports count"
    assert "ecglib.models" not in modules
    assert not any(name.startswith("numpy") for name in modules)


def test_static_imports_cover_what_python_really_loads(source):
    code = (
        "import sys, ecglib.databases.record; print('\\n'.join(m for m in sys.modules if m.split('.')[0] == 'ecglib'))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) <= set(provenance.imported_modules(source))


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("import ecglib.errors as e", "ecglib.errors"),
        ("from ecglib import errors", "ecglib.errors"),
        ("%pip install x\nfrom ecglib.book import pages", "ecglib.book.pages"),
        ("def late():\n    from ecglib.signals import filters", "ecglib.signals.filters"),
    ],
)
def test_every_way_to_import_is_seen(source, line, module):
    source.write_text(SOURCE.replace("x = 1", line))
    assert module in provenance.imported_modules(source)


def test_what_an_exercise_imports_does_not_count(source):
    source.write_text(SOURCE.replace("y = 2", "from ecglib.book import pages"))
    assert "ecglib.book.pages" not in provenance.imported_modules(source)


def test_makers_of_data_count_only_where_the_chapter_names_them(source):
    source.write_text(SOURCE.replace("x = 1", "from ecglib.book import open_chapter"))
    assert not any(name.startswith(provenance.DATA_MAKERS) for name in provenance.imported_modules(source))
    source.write_text(SOURCE.replace("x = 1", "from ecglib.databases.synthetic import write_twins"))
    assert "ecglib.databases.synthetic" in provenance.imported_modules(source)


def test_the_digest_of_modules_sees_bytes_and_not_order(tmp_path, monkeypatch):
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "one.py").write_bytes(b"a = 1\n")
    (tmp_path / "two.py").write_bytes(b"b = 1\n")
    monkeypatch.setattr(provenance.ecglib, "__file__", str(tmp_path / "__init__.py"))
    provenance.module_file.cache_clear()
    try:
        names = ["ecglib.one", "ecglib.two"]
        before = provenance.ecglib_sha256(names)
        assert provenance.ecglib_sha256(reversed(names)) == before
        (tmp_path / "one.py").write_bytes(b"a = 1\r\n")
        assert provenance.ecglib_sha256(names) == before
        (tmp_path / "one.py").write_bytes(b"a = 2\n")
        assert provenance.ecglib_sha256(names) != before
        with pytest.raises(ChapterError, match=r"ecglib\.three"):
            provenance.ecglib_sha256(["ecglib.three"])
    finally:
        provenance.module_file.cache_clear()


def test_a_file_is_read_once_until_it_changes(tmp_path, monkeypatch):
    file = tmp_path / "a.npy"
    file.write_bytes(b"one")
    before = provenance.file_sha256(file)
    with monkeypatch.context() as patch:
        patch.setattr(provenance.hashlib, "file_digest", lambda *_: pytest.fail("it was read again"))
        assert provenance.file_sha256(file) == before
    file.write_bytes(b"others")
    assert provenance.file_sha256(file) != before


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "ecglib").mkdir()
    (tmp_path / "results").mkdir()
    (tmp_path / "ecglib" / "a.py").write_text("a = 1\n")
    (tmp_path / "results" / "a.json").write_text("{}")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    return tmp_path


def test_the_commit_is_gits_and_results_do_not_make_it_dirty(repository):
    commit = git(repository, "rev-parse", "HEAD")
    (repository / ".gitignore").write_text("__pycache__/\n")
    for name in ("results/a.json", "results/b.json", "notebooks/98_demo.ipynb", "ecglib/__pycache__/a.pyc"):
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text('{"new": 1}')
    assert provenance.git_commit_and_dirty(repository) == (commit, False)
    (repository / "ecglib" / "a.py").write_text("a = 2\n")
    assert provenance.git_commit_and_dirty(repository) == (commit, True)


@pytest.mark.parametrize(
    "name",
    ["ecglib/b.py", "ecglib/new/b.py", "notebooks/98_demo.py", "notebooks/drafts/98_demo.py", "workflow/Snakefile"],
)
def test_source_that_git_does_not_know_makes_it_dirty(repository, name):
    git(repository, "config", "status.showUntrackedFiles", "no")
    (repository / name).parent.mkdir(parents=True, exist_ok=True)
    (repository / name).write_text("b = 1\n")
    assert provenance.git_commit_and_dirty(repository)[1] is True
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "second")
    assert provenance.git_commit_and_dirty(repository)[1] is False


def test_a_folder_inside_another_repository_is_not_that_repository(repository):
    inner = repository / "unpacked"
    inner.mkdir()
    assert provenance.git_commit_and_dirty(inner) == (None, None)


def test_the_file_of_a_bundle_stands_in_for_git(tmp_path):
    assert provenance.git_commit_and_dirty(tmp_path) == (None, None)
    (tmp_path / "COMMIT").write_text("0123abc\n")
    assert provenance.git_commit_and_dirty(tmp_path) == ("0123abc", False)


def test_versions_are_those_that_run():
    import numpy

    found = provenance.versions()
    assert found["numpy"] == numpy.__version__
    assert found["python"] == sys.version.split()[0]


def test_the_device_is_named_without_importing_torch():
    code = (
        "import sys; from ecglib.book.provenance import device_name; print(device_name('auto'), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["cpu", "False"]


def test_peak_memory_grows_with_what_is_held():
    before = provenance.peak_rss_mb()
    block = bytearray(int(before * 1e6))
    block[::4096] = b"x" * len(block[::4096])
    assert provenance.peak_rss_mb() > before


def test_a_gpu_is_named_as_the_driver_names_it(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: ("NVIDIA H200", "NVIDIA L4")[index])
    assert provenance.device_name("auto") == provenance.device_name("cuda") == "cuda (NVIDIA H200)"
    assert provenance.device_name("cuda:1") == "cuda (NVIDIA L4)"
    assert provenance.device_name("cpu").startswith("cpu (")
