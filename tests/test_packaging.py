"""What a stranger meets first: the lock, the environment, the commands, the workflows, the licence, the fixed pages."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, packages_distributions
from itertools import product
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from pybtex.database import parse_file

from ecglib.databases import PTBXL, PUBLISHED, open_database

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = ("3.11", "3.12", "3.13")
LEFT_TO_TORCH = re.compile(r"(cuda|nvidia)-|triton$")
PIN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*==[0-9a-z.]+( ; [^#;]+)?")
AUTHOR = "the ECG Reproduced contributors"


def read(name: str) -> str:
    """Give the text of one file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def locked_lines() -> list[str]:
    """Give the pins of the lock, without comments."""
    lines = (re.sub(r"\s*(^|\s)#.*", "", line) for line in read("requirements.lock").splitlines())
    return [line for line in lines if line]


def locked() -> dict[str, Requirement]:
    """Give the pins of the lock by name."""
    return {canonicalize_name(pin.name): pin for pin in map(Requirement, locked_lines())}


def direct(*extras: str) -> list[Requirement]:
    """Give the direct dependencies of the package, and of the extras named."""
    more = [line for extra in extras for line in PROJECT["optional-dependencies"][extra]]
    return [Requirement(line) for line in PROJECT["dependencies"] + more]


# --- the lock and the environments made from it


def test_every_line_of_the_lock_is_one_pin_without_local_tag_or_address() -> None:
    lines = locked_lines()
    assert [line for line in lines if not PIN.fullmatch(line)] == []
    assert len({canonicalize_name(Requirement(line).name) for line in lines}) == len(lines) > 100
    assert "torch==2.13.0" in lines
    assert not [line for line in lines if LEFT_TO_TORCH.match(line)]


@pytest.mark.parametrize(
    "line",
    [
        "torch==2.13.0+cpu",
        "numpy>=2",
        "numpy",
        "--index-url https://example.org/simple",
        "a @ https://example.org/a.whl",
    ],
)
def test_what_is_no_pin_is_seen(line: str) -> None:
    assert not PIN.fullmatch(line)


@pytest.mark.parametrize(("python", "system"), list(product(PYTHONS, ("linux", "darwin", "win32"))))
def test_the_lock_satisfies_every_dependency_everywhere(python: str, system: str) -> None:
    place = {"python_version": python, "python_full_version": f"{python}.4", "sys_platform": system, "extra": ""}
    environment = {**default_environment(), **place}
    pins = {name: pin for name, pin in locked().items() if pin.marker is None or pin.marker.evaluate(environment)}
    for wanted in direct("book", "dev"):
        version = next(iter(pins[canonicalize_name(wanted.name)].specifier)).version
        assert wanted.specifier.contains(version), f"{wanted} is not satisfied by {version}"


def test_the_lock_holds_what_its_packages_need() -> None:
    pins, waiting, seen = locked(), direct("book", "dev"), set()
    while waiting:
        wanted = waiting.pop()
        name, asked = canonicalize_name(wanted.name), ("", *sorted(wanted.extras))
        if LEFT_TO_TORCH.match(name) or (name, asked) in seen:
            continue
        seen.add((name, asked))
        assert name in pins, f"{name} is not in the lock; run make lock"
        for line in distribution(name).requires or []:
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in asked):
                waiting.append(needed)
    assert len(seen) > 100


def test_environment_yml_equals_the_lock() -> None:
    *packages, pip = yaml.safe_load(read("environment.yml"))["dependencies"]
    assert pip == {"pip": locked_lines()}
    assert packages == [f"python{PROJECT['requires-python']}", "pip", "make"]


def test_the_supported_pythons_are_the_same_everywhere() -> None:
    stated = [line.rsplit(" ", 1)[1] for line in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", line)]
    matrix = yaml.safe_load(read(".github/workflows/tests.yml"))["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert tuple(stated) == tuple(matrix) == PYTHONS
    supported = Requirement(f"python{PROJECT['requires-python']}").specifier
    assert [f"3.{minor}" for minor in range(8, 20) if Version(f"3.{minor}") in supported] == list(PYTHONS)


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("ecglib", ()),
        ("ecglib/book", ("book", "teach")),
        ("tests", ("book", "dev")),
        ("benchmarks", ("book", "dev", "bench")),
    ],
)
def test_every_import_is_declared(folder: str, extras: tuple[str, ...]) -> None:
    files = [
        file for file in (ROOT / folder).rglob("*.py") if folder != "ecglib" or file.parent != ROOT / "ecglib/book"
    ]
    names = {name for file in files for name in imported(file.read_text(encoding="utf-8"))}
    owners = packages_distributions()
    declared = {canonicalize_name(wanted.name) for wanted in direct(*extras)}
    local = {"ecglib", "tests", "benchmarks", *(file.stem for file in files)}
    undeclared = {
        name
        for name in names - set(sys.stdlib_module_names) - local
        # What is not installed here, such as an extra that the lock leaves out, is looked for by its own name.
        if not declared & {canonicalize_name(owner) for owner in owners.get(name, [name])}
    }
    assert undeclared == set()


def imported(code: str) -> set[str]:
    """Give the top-level names that code imports."""
    nodes = list(ast.walk(ast.parse(code)))
    modules = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return {module.split(".")[0] for module in modules}


# --- commands


def make(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Call make as a user would."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, text=True, capture_output=True, check=False
    )


def targets() -> set[str]:
    """Give the names of what the Makefile makes."""
    return set(re.findall(r"(?m)^([a-z]+):(?!=)", read("Makefile")))


def test_every_target_is_documented() -> None:
    listed = set(re.findall(r"(?m)^  make ([a-z]+)", make("help").stdout))
    phony = set(re.search(r"(?m)^\.PHONY: (.*)$", read("Makefile"))[1].split())
    assert listed == targets() == phony
    assert make().stdout == make("help").stdout


@pytest.mark.parametrize(
    "file", ["README.md", "CONTRIBUTING.md", ".ci/run", *sorted(os.listdir(ROOT / ".github/workflows"))]
)
def test_commands_that_texts_name_exist(file: str) -> None:
    text = read(file if (ROOT / file).is_file() else f".github/workflows/{file}")
    named = re.findall(r"(?m)(?:^|`|run: |/cpu )make (?:-k )?([a-z]+)", text)
    assert named
    assert set(named) <= targets()


def test_ci_runs_the_command_that_the_readme_calls_the_test() -> None:
    assert re.search(r"(?s)## Two commands.*?```\nmake reproduce\nmake test\n```", read("README.md"))
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "make test"
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def real_data_line(folder: Path | None) -> subprocess.CompletedProcess[str]:
    """Ask for the line with which CI says what real data it uses; by a Python without site packages."""
    environment = {key: value for key, value in os.environ.items() if key not in {"ECGLIB_DATA", "PYTHONPATH"}}
    environment |= {} if folder is None else {"ECGLIB_DATA": str(folder)}
    script = [sys.executable, "-I", "-S", ROOT / ".ci/real_data.py"]
    return subprocess.run(script, env=environment, text=True, capture_output=True, check=False)


def test_ci_says_which_data_it_uses(twins: Path, tmp_path: Path) -> None:
    assert "python3 .ci/real_data.py\n" in read(".ci/run")
    (line,) = real_data_line(twins).stdout.splitlines()
    for key, published in PUBLISHED.items():
        assert f"{key} {len(open_database(key, twins)):,} of {published.records:,} records (a part" in line
    assert f"{len(PTBXL(twins, rate=500)):,} of them at 500 Hz too" in line
    mitbih = tmp_path / PUBLISHED["mitbih"].folder
    mitbih.mkdir(parents=True)
    for number in range(PUBLISHED["mitbih"].records):
        (mitbih / f"{number}.hea").touch()
    (line,) = real_data_line(tmp_path).stdout.splitlines()
    assert "mitbih 48 of 48 records (whole); ludb 0 of 200 records (not here)" in line
    assert "ECGLIB_DATA is not set" in real_data_line(None).stdout
    wrong = real_data_line(tmp_path / "nowhere")
    assert wrong.returncode == 1
    assert "no folder" in wrong.stderr


FAKE_PYTHON = """#!/bin/sh
case "$*" in
    -c*) exit 0 ;;
    --version) echo Python 3.12.0 ;;
    "-m venv --clear .venv") rm -rf .venv && mkdir -p .venv/bin && cp "$0" .venv/bin/python && echo venv >> calls ;;
    *) echo "$@" >> calls ;;
esac
"""


def test_the_environment_is_made_again_when_contents_change_and_not_when_dates_do(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text(read(name), encoding="utf-8")
    fake = tmp_path / "fake"
    fake.write_text(FAKE_PYTHON, encoding="utf-8")
    fake.chmod(0o755)

    def calls() -> list[str]:
        log = tmp_path / "calls"
        log.write_text("", encoding="utf-8")
        done = make("env", "PYTHON=./fake", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        return log.read_text(encoding="utf-8").splitlines()

    first = calls()
    assert first[0] == "venv"
    assert any("--requirement requirements.lock" in call for call in first)
    assert any("--editable ." in call for call in first)
    assert calls() == []
    for name in ("requirements.lock", "pyproject.toml", "Makefile"):
        (tmp_path / name).touch()
    assert calls() == []
    with (tmp_path / "pyproject.toml").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    assert [call for call in calls() if "--editable ." not in call] == []
    with (tmp_path / "requirements.lock").open("a", encoding="utf-8") as stream:
        stream.write("# changed\n")
    assert calls() == first
    moved = tmp_path.parent / f"{tmp_path.name}_moved"
    tmp_path.rename(moved)
    tmp_path = moved
    assert calls() == first


def test_a_machine_without_a_suitable_python_gets_a_clear_message(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text(read(name), encoding="utf-8")
    done = make("env", "PYTHON=no-such-python", folder=tmp_path)
    assert done.returncode != 0
    assert "No Python 3.11, 3.12 or 3.13" in done.stderr
    assert "make env PYTHON=" in done.stderr
    assert not (tmp_path / ".venv").exists()


# --- workflows, licence, citation


def schema_errors(schema: str, *files: Path) -> str:
    """Check files against a schema that check-jsonschema carries; give what is wrong, or nothing."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, files)]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def workflows() -> list[Path]:
    """Give the workflow files."""
    return sorted((ROOT / ".github/workflows").iterdir())


@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_workflows_are_valid(schema: str) -> None:
    assert [file.name for file in workflows()] == ["gpu.yml", "pages.yml", "tests.yml"]
    assert schema_errors(schema, *workflows()) == ""


def test_a_wrong_workflow_is_seen(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(read(".github/workflows/tests.yml").replace("runs-on:", "runs-at:"), encoding="utf-8")
    assert "runs-on" in schema_errors("vendor.github-workflows", wrong)


def test_workflows_name_no_branch_but_main_and_gpu_runs_by_schedule_and_by_hand() -> None:
    # YAML 1.1 reads the key `on` as true.
    triggers = {file.stem: yaml.safe_load(file.read_text(encoding="utf-8"))[True] for file in workflows()}
    assert {"push", "pull_request"} <= set(triggers["tests"])
    assert set(triggers["gpu"]) == {"schedule", "workflow_dispatch"}
    named = [
        set((trigger or {}).get("branches", []))
        for on in triggers.values()
        for trigger in on.values()
        if not isinstance(trigger, list)
    ]
    assert set().union(*named) == {"main"}
    assert yaml.safe_load(read(".github/workflows/gpu.yml"))["jobs"]["book"]["runs-on"] == ["self-hosted", "gpu"]


def test_citation_is_valid_and_agrees_with_the_package() -> None:
    assert schema_errors("vendor.citation-file-format", ROOT / "CITATION.cff") == ""
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == PROJECT["version"]
    assert " AND ".join(citation["license"]) == PROJECT["license"]
    assert citation["authors"] == [{"name": AUTHOR}] == PROJECT["authors"]


def test_licence_names_author_and_both_licences() -> None:
    text = " ".join(read("LICENSE").split())
    assert f"Copyright (c) 2026 {AUTHOR}" in text
    assert "Permission is hereby granted, free of charge" in text
    assert 'THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND' in text
    assert "https://creativecommons.org/licenses/by/4.0/legalcode" in text


# --- nothing of the machine that it was made on

_PATH = re.compile(
    r"(?<![\w.:/~>-])/(?:home|root|Users|work|tmp|opt|mnt|srv|private|var/folders)/[\w.-]+|\b[A-Z]:\\Users\\"
)
_HOST = re.compile(r"https?://(?:[^\s/@]*@)?([\w.-]+)")
_PRIVATE = re.compile(
    r"(10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01]))\.[\d.]+|.*\.(internal|intranet|lan|local|corp)|[^.]*"
)


def machine_traces(text: str) -> list[str]:
    """Give the absolute paths of a machine, and the hosts that only its network knows, loopback left out."""
    hosts = [host for host in _HOST.findall(text) if host not in {"127.0.0.1", "localhost"}]
    return _PATH.findall(text) + [host for host in hosts if _PRIVATE.fullmatch(host)]


@pytest.mark.parametrize(
    "trace",
    [
        "x = '/" + "home/ann/ecg'",
        "(/" + "root/book)",
        "C:" + "\\Users\\ann",
        "http://10." + "0.0.7:8080/simple",
        "http://" + "registry/simple",
        "https://a." + "internal/x",
    ],
)
def test_traces_of_a_machine_are_seen(trace: str) -> None:
    assert machine_traces(trace)


@pytest.mark.parametrize(
    "text", ["https://physionet.org/content/mitdb", "../" + "tmp/x", "http://127.0.0.1:8000/", "_build/" + "work/x"]
)
def test_other_text_is_no_trace(text: str) -> None:
    assert not machine_traces(text)


def test_no_file_shows_the_machine_that_it_was_made_on() -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout: the list of tracked files is not known")
    found = {}
    for name in filter(None, listing.stdout.decode().split("\0")):
        try:
            traces = machine_traces(read(name))
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        if name.startswith("tests/"):  # where such a path may be bad input
            traces = [trace for trace in traces if not trace.startswith("/tmp/")]
        if traces:
            found[name] = traces[:3]
    assert found == {}


# --- pages that are not chapters


def spaced(text: str) -> str:
    """Give text with single spaces."""
    return " ".join(text.split())


@pytest.mark.parametrize("key", sorted(PUBLISHED))
def test_data_sources_say_what_the_catalogue_says(key: str) -> None:
    entry = PUBLISHED[key]
    sections = {spaced(part.split("\n")[0]): spaced(part) for part in read("book/data_sources.md").split("\n## ")[1:]}
    section = sections[entry.title]
    assert f"| {entry.version}, {entry.records} records |" in section
    assert f"[{entry.licence}]({entry.licence_url})" in section
    assert f"[{entry.doi}](https://doi.org/{entry.doi})" in section
    assert f"{spaced(entry.citation)} {{cite}}`{entry.bibtex_key}`" in section
    assert f"<{entry.url}>" in section


def test_every_citation_has_an_entry_and_every_entry_its_facts() -> None:
    entries = parse_file(ROOT / "book/references.bib").entries
    pages = [*(ROOT / "book").glob("*.md"), *(ROOT / "notebooks").glob("*.py")]
    cited = {
        key.strip()
        for page in pages
        for keys in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", page.read_text(encoding="utf-8"))
        for key in keys.split(",")
    }
    assert cited <= set(entries)
    assert {entry.bibtex_key for entry in PUBLISHED.values()} <= set(entries)
    for key, entry in entries.items():
        assert entry.persons.get("author"), key
        assert {"title", "year"} <= set(entry.fields), key
        assert entry.type != "article" or {"journal", "volume", "pages", "doi"} <= set(entry.fields), key


@pytest.mark.parametrize("identifier", ["10.3390/app14167227", "2602.17701", "2601.16147"])
def test_the_papers_are_the_same_everywhere(identifier: str) -> None:
    for name in ("README.md", "CITATION.cff", "book/references.bib"):
        assert identifier in read(name), name


def test_the_glossary_is_in_order_and_explains_only_words_that_chapters_use() -> None:
    body = re.search(r"(?s)```\{glossary\}\n(.*?)```", read("book/glossary.md"))[1]
    terms = re.findall(r"(?m)^(\S.*)$", body)
    assert terms == sorted(terms, key=str.lower)
    chapters = spaced(
        " ".join(
            file.read_text(encoding="utf-8").replace("\n#", "\n")
            for file in (ROOT / "notebooks").rglob("*.py")  # drafts among them
        )
    )
    chapters += spaced(read("book/before_you_begin.md"))
    shown = spaced(" ".join(read(f"ecglib/databases/{name}.py") for name in ("record", "synthetic/__init__")))
    assert [term for term in terms if term.lower() not in f"{chapters} {shown}".lower()] == []
