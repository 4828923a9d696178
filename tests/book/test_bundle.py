"""A bundle holds what chapters need, and they run where it is unpacked, without network and without git."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import ecglib
from ecglib.book.bundle import Node, bundle
from ecglib.databases import PUBLISHED, open_database
from ecglib.databases.flac import DECODED_CHECKSUMS, verify
from ecglib.errors import ChapterError, DownloadError, MissingFileError

CHAPTER = "import json, sys\n" + "\n".join(
    [
        "from ecglib.book.provenance import git_commit_and_dirty",
        "from ecglib.databases import open_database",
        "import ecglib",
        "record = open_database('mitbih').read('100')",
        "print(json.dumps([ecglib.__file__, float(record.signal.sum()), git_commit_and_dirty('.')]))",
    ]
)


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Reader", "-c", "user.email=reader@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True, encoding="utf-8"
    ).stdout


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A small repository with one chapter, weights and outputs that git does not track."""
    root = tmp_path / "book"
    files = {
        "notebooks/10_cnn.py": CHAPTER,
        "requirements.lock": "tinyecg==1.0\n",
        ".gitignore": "_build/\n*.safetensors\n",
        "weights/cnn.safetensors": "weights",
        "_build/cpu/artefacts/01_splits/numbers.json": "{}",
        "_build/cpu/artefacts/02_other/numbers.json": "{}",
        "private.txt": "never asked for",
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    git(tmp_path, "init", "--quiet", "book")
    git(root, "add", "notebooks", "requirements.lock", ".gitignore")
    git(root, "commit", "--quiet", "--message", "first")
    return root


def names(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_a_bundle_holds_what_was_asked_for(book: Path, twins: Path, tmp_path: Path) -> None:
    out = bundle(
        ["10_cnn"],
        tmp_path / "node",
        databases=["mitbih"],
        root=book,
        data_dir=twins,
        artefacts=[Path("_build/cpu/artefacts/01_splits"), Path("_build/cpu/artefacts/never_ran")],
        progress=False,
    )
    held = names(out)
    data = {name for name in held if name.startswith("data/")}
    assert held - data == {
        "notebooks/10_cnn.py",
        "requirements.lock",
        ".gitignore",
        "weights/cnn.safetensors",
        "_build/cpu/artefacts/01_splits/numbers.json",
        "COMMIT",
        "BUNDLE.txt",
    }
    assert all(name.startswith(f"data/{PUBLISHED['mitbih'].folder}/") for name in data)
    assert f"data/{PUBLISHED['mitbih'].folder}/{DECODED_CHECKSUMS}" in data
    assert (out / "COMMIT").read_text().split() == [git(book, "rev-parse", "HEAD").strip()]
    assert "ecgbook run 10_cnn" in (out / "BUNDLE.txt").read_text()
    assert not list(tmp_path.glob(".bundling-*"))


def test_a_chapter_runs_where_the_archive_is_unpacked(book: Path, twins: Path, tmp_path: Path) -> None:
    package = Path(ecglib.__file__).parent
    for file in package.rglob("*.py"):
        target = book / "ecglib" / file.relative_to(package)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    git(book, "add", "ecglib")
    git(book, "commit", "--quiet", "--message", "second")
    (book / "notebooks" / "10_cnn.py").write_text(CHAPTER + "\n")
    out = tmp_path / "node.tar.gz"
    archive = bundle(["10_cnn"], out, databases=["mitbih"], root=book, data_dir=twins, progress=False)
    with tarfile.open(archive) as tar:
        assert {(entry.uid, entry.uname) for entry in tar} == {(0, "")}
        tar.extractall(tmp_path / "there", filter="data")
    there = tmp_path / "there" / "node"
    environment = os.environ | {"ECGLIB_DATA": str(there / "data"), "PYTHONPATH": str(there)}
    done = subprocess.run(
        [sys.executable, "notebooks/10_cnn.py"], cwd=there, env=environment, check=True, capture_output=True
    )
    place, total, commit = json.loads(done.stdout.splitlines()[-1])
    assert Path(place) == there / "ecglib" / "__init__.py"
    assert total == float(open_database("mitbih", twins).read("100").signal.sum())
    assert commit == [git(book, "rev-parse", "HEAD").strip(), True], "the changed chapter makes it dirty"
    assert verify(there / "data" / PUBLISHED["mitbih"].folder, progress=False) == len(open_database("mitbih", twins))


def test_an_archive_is_replaced_only_by_a_whole_one(book: Path, twins: Path, tmp_path: Path) -> None:
    archive = tmp_path / "node.tar"
    archive.write_text("the old one")
    with pytest.raises(MissingFileError):
        bundle(["10_cnn"], archive, databases=["nothing"], root=book, data_dir=twins, progress=False)
    assert archive.read_text() == "the old one"
    assert not list(tmp_path.glob(".bundling-*"))
    bundle(["10_cnn"], archive, databases=[], root=book, progress=False)
    assert tarfile.is_tarfile(archive)


def test_what_cannot_be_bundled(book: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(ChapterError, match="there already"):
        bundle(["10_cnn"], tmp_path / "there", databases=[], root=book)
    with pytest.raises(ChapterError, match="outside the repository"):
        bundle(["10_cnn"], tmp_path / "node", databases=[], root=book, artefacts=[Path("../other")])
    with pytest.raises(ChapterError, match="git repository"):
        bundle(["10_cnn"], tmp_path / "node", databases=[], root=tmp_path / "there")
    assert not (tmp_path / "node").exists()


def wheel(folder: Path, name: str, tag: str) -> None:
    """Write a wheel that holds nothing but its metadata."""
    information = f"{name}-1.0.dist-info"
    files = {
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{information}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    if name == "tinyecg":
        files[f"{information}/METADATA"] += "Requires-Dist: tinycuda\n"
    digests = {
        path: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        for path, text in files.items()
    }
    files[f"{information}/RECORD"] = "".join(f"{path},sha256={digest},\n" for path, digest in digests.items())
    with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


def source(folder: Path, name: str, tag: str) -> None:
    """Write a source distribution whose build, without any tool, gives a wheel with this tag."""
    test = Path(__file__).read_text(encoding="utf-8")
    helper = test[test.index("def wheel(") : test.index("def source(")]
    backend = (
        f"import base64, hashlib, zipfile\nfrom pathlib import Path\n\n{helper}\n"
        f"def build_wheel(folder, *_):\n    wheel(Path(folder), {name!r}, {tag!r})\n    return '{name}-1.0-{tag}.whl'\n"
    )
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
        "backend.py": backend,
    }
    with tarfile.open(folder / f"{name}-1.0.tar.gz", "w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place that pip may look at."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", folder.as_uri())
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return folder


def test_wheels_are_those_of_the_node(book: Path, index: Path, tmp_path: Path) -> None:
    wheel(index, "tinyecg", "cp312-cp312-manylinux_2_17_aarch64")
    wheel(index, "tinyecg", "cp313-cp313-manylinux_2_17_aarch64")
    wheel(index, "tinyecg", "cp312-cp312-manylinux_2_17_x86_64")
    wheel(index, "tinycuda", "py3-none-manylinux_2_28_aarch64")
    source(index, "tinypure", "py3-none-any")
    (book / "requirements.lock").write_text("tinyecg==1.0\ntinypure==1.0\n")
    node = Node("3.12", "aarch64")
    out = bundle(["10_cnn"], tmp_path / "node", databases=[], root=book, wheels=node, progress=False)
    assert names(out / "wheels") == {
        "tinyecg-1.0-cp312-cp312-manylinux_2_17_aarch64.whl",
        "tinycuda-1.0-py3-none-manylinux_2_28_aarch64.whl",
        "tinypure-1.0-py3-none-any.whl",
    }
    assert "pip install --no-index --find-links wheels" in (out / "BUNDLE.txt").read_text()


def test_wheels_that_would_not_run_there(book: Path, index: Path, tmp_path: Path) -> None:
    options = {"databases": [], "root": book, "wheels": Node("3.12", "aarch64"), "progress": False}
    with pytest.raises(DownloadError, match="tinyecg"):
        bundle(["10_cnn"], tmp_path / "node", **options)  # type: ignore[arg-type]
    source(index, "tinyecg", "cp312-cp312-linux_x86_64")
    with pytest.raises(DownloadError, match="would not run there"):
        bundle(["10_cnn"], tmp_path / "node", **options)  # type: ignore[arg-type]
    assert not (tmp_path / "node").exists()


def test_a_lent_machine_gets_what_it_lacks(book: Path, index: Path, tmp_path: Path) -> None:
    """Of what executing a chapter takes, with its own needs; nothing that is there, nothing that is never imported."""
    pins = {"papermill": "1.0", "nbclient": "1.0", "traitlets": "1.0", "numpy": "1.0", "jedi": "1.0", "pytest": "1.0"}
    (book / "requirements.lock").write_text("".join(f"{name}=={pin}  # via x\n" for name, pin in pins.items()))
    for name in ("papermill", "nbclient", "traitlets"):
        wheel(index, name, "py3-none-any")
    node = Node("3.12", installed=frozenset({"NumPy", "torch"}))
    out = bundle(["10_cnn"], tmp_path / "node", databases=[], root=book, wheels=node, progress=False)
    assert {name.split("-")[0] for name in names(out / "wheels")} == {"papermill", "nbclient", "traitlets"}
    assert "workflow/lent_gpu.sh" in (out / "BUNDLE.txt").read_text()


def test_published_weights_stand_in_for_chapters_that_are_not_run(book: Path, tmp_path: Path) -> None:
    for name in ("01_splits/a.safetensors", "02_other/b.safetensors"):
        (book / "weights" / name).parent.mkdir()
        (book / "weights" / name).write_text("weights")
    (book / "notebooks" / "10_cnn.ipynb").write_text("{}")
    git(book, "add", "notebooks")
    out = bundle(["10_cnn"], tmp_path / "node", databases=[], root=book, pretrained=["01_splits"], progress=False)
    assert names(out) == {
        *("notebooks/10_cnn.py", "requirements.lock", ".gitignore", "COMMIT", "BUNDLE.txt"),
        *("weights/cnn.safetensors", "weights/01_splits/a.safetensors"),
    }
    assert "ecgbook run 10_cnn --scale gpu --pretrained" in (out / "BUNDLE.txt").read_text()
