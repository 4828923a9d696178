"""The ``ecgbook`` command: run, check, build and publish the chapters, and look after their data."""

from __future__ import annotations

import argparse
import ast
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ecglib.book.build import EDITIONS
from ecglib.book.headers import SCALES, book_root, draft_names, read_headers, with_needed
from ecglib.book.say import say
from ecglib.book.settings import find_root
from ecglib.errors import ChapterError, ECGError

JOBS = {"smoke": 2, "cpu": 1, "gpu": 1}
"""Chapters at a time unless told otherwise: real runs use several threads each, and one GPU serves one chapter."""

SUBMITTED = 20
"""Chapters that a cluster has at a time unless told otherwise."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give 0, 1 where something is wrong with the book or its data, 130 where it was stopped.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    options = _parser().parse_args(arguments)
    try:
        return options.do(options) or 0
    except ECGError as error:
        say(f"ecgbook {options.command}: {error}", sys.stderr)
        return 1
    except KeyboardInterrupt:
        goes_on = "" if options.command == "confirm" else " The same command goes on where this one was."
        say(f"Stopped.{goes_on}", sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ecgbook",
        description="Run, check and build the book. Begin with: ecgbook run --scale smoke",
        epilog="ecgbook COMMAND --help says more about a command.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = _add(commands, "run", _run, "execute chapters where something they depend on has changed")
    _add_chapters(run)
    _add_scale(run, default="smoke")
    _add_data(run)
    run.add_argument(
        "--jobs", type=_positive, metavar="N", help="chapters at a time (default: 2 at smoke, else 1; 20 on a cluster)"
    )
    run.add_argument(
        "--executor",
        type=shlex.split,
        default=[],
        metavar="'NAME OPTIONS'",
        help="submit the chapters to a cluster: a Snakemake executor plugin, such as slurm, and options for Snakemake",
    )
    run.add_argument(
        "--drafts",
        action="store_true",
        help="run drafts, all if none is named, and what they need, apart from the rest",
    )
    run.add_argument(
        "--parameter",
        "-p",
        type=_assignment,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="value for the parameters cell, such as seed=3; may be repeated",
    )
    run.add_argument(
        "--pretrained",
        action="store_true",
        help="train nothing whose weights are in weights/: use those, and say so on the page",
    )
    run.add_argument(
        "--publish",
        action="store_true",
        help="then copy notebooks, results, figures' data and weights, with a model card, to where the book keeps them",
    )

    check = _add(commands, "check", _check, "check results, claims, pairs and contents")
    _add_chapters(check)
    _add_scale(check, help="check this run's results instead of the committed ones")
    check.add_argument(
        "--summary", type=Path, metavar="FILE", help="add a Markdown table of the run beside the published numbers"
    )

    build = _add(commands, "build", _build, "build the pages, with every warning an error")
    _add_scale(build, help="build the pages of this run instead of the committed ones")
    build.add_argument(
        "--edition",
        choices=EDITIONS,
        default="published",
        help="student: with stubs in place of the solutions, into _build/student/html",
    )

    data = _add(commands, "data", _data, "show, download or verify the databases")
    data.add_argument("action", nargs="?", choices=("show", "download", "verify"), default="show")
    data.add_argument("databases", nargs="*", metavar="DATABASE", help="mitbih, ludb, ptbxl, chapman (default: all)")
    _add_data(data)
    data.add_argument("--records", nargs="+", metavar="NAME", help="download these records only; patterns are allowed")
    data.add_argument("--mirror", metavar="PLACE", help="download from this folder or address instead of PhysioNet")

    assign = _add(commands, "assign", _assign, "write exercises as an nbgrader course, to hand out and to grade")
    assign.add_argument("chapters", nargs="+", metavar="CHAPTER", help="such as 01_splits_and_leakage")
    assign.add_argument("--out", type=Path, required=True, metavar="DIR", help="the course's folder, new or not")

    _add(
        commands,
        "status",
        _status,
        "say which chapters stand as executed, and which are unverified, stale or never run",
    )

    confirm = _add(
        commands, "confirm", _confirm, "compare the numbers of two commits at smoke, and keep what was found"
    )
    confirm.add_argument("base", metavar="BASE", help="the commit to compare with")
    _add_chapters(confirm)
    confirm.add_argument("--head", default="HEAD", metavar="COMMIT", help="the other one (default: HEAD)")
    confirm.add_argument("--jobs", type=_positive, metavar="N", help="chapters at a time (default: 2)")

    pair = _add(commands, "pair", _pair, "carry what needs no new run into committed notebooks, write model cards")
    _add_chapters(pair)

    expect = _add(commands, "expect", _expect, "write the range that reruns must meet into claims.yml")
    _add_chapters(expect)
    _add_scale(expect, required=True, help="of the committed results")

    predict = _add(commands, "predict", _predict, "read your own ECG: beats, rhythm, waves and a picture; for teaching")
    predict.add_argument("file", type=Path, metavar="FILE", help="WFDB, EDF, CSV or NumPy (.npy)")
    predict.add_argument("--rate", type=float, metavar="HZ", help="samples a second, where the file doesn't say it")
    predict.add_argument("--unit", metavar="UNIT", help="V, mV or uV, where the file doesn't say it")
    predict.add_argument(
        "--leads",
        type=_names,
        metavar="NAMES",
        help="a name for each channel, such as II,V5, and - for one that is no ECG; where the file doesn't say it",
    )
    predict.add_argument("--lead", metavar="NAME", help="the lead to read (default: MLII or II)")
    predict.add_argument(
        "--at", type=float, default=0.0, metavar="SECOND", help="draw the ten seconds that hold this one"
    )
    predict.add_argument("--out", type=Path, metavar="FOLDER", help="a new folder (default: NAME_ecg in this one)")
    predict.add_argument("--weights", type=Path, metavar="FOLDER", help="the networks (default: the book's weights/)")

    bundle = _add(commands, "bundle", _bundle, "pack chapters and their data for a machine without network")
    _add_chapters(bundle)
    bundle.add_argument("--out", type=Path, required=True, metavar="PATH", help="a new folder, a .tar or a .tar.gz")
    _add_data(bundle)
    bundle.add_argument("--wheels", metavar="PYTHON", help="with all packages for this version of Python, such as 3.12")
    bundle.add_argument(
        "--installed", type=Path, metavar="FILE", help="with --wheels: packages that the machine has, one a line"
    )
    bundle.add_argument(
        "--pretrained", action="store_true", help="with published weights in place of the chapters that these need"
    )
    bundle.add_argument("--machine", default="x86_64", help="processor that the wheels are for (default: x86_64)")
    return parser


def _add(commands: Any, name: str, do: Any, help: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".")
    parser.set_defaults(do=do)
    return parser


def _add_chapters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help="such as 10_cnn (default: all)")


def _add_scale(parser: argparse.ArgumentParser, help: str = "smoke, cpu or gpu (default: smoke)", **more: Any) -> None:
    parser.add_argument("--scale", choices=SCALES, help=help, **more)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="folder with the databases (default: what ECGLIB_DATA names)"
    )


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("a whole number from 1")
    return int(text)


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return name, value


def _data_dir(options: argparse.Namespace) -> Path | None:
    named = options.data or os.environ.get("ECGLIB_DATA")
    return Path(named) if named else None


def _run(options: argparse.Namespace) -> None:
    from ecglib.book.run import run

    root, scale = book_root(), options.scale
    parameters = dict(options.parameter)
    if "scale" in parameters:
        raise ChapterError("the scale is no parameter to set", remedy="use --scale")
    if options.publish and scale == "smoke":
        raise ChapterError("a smoke run can't be published", remedy="run on real data: --scale cpu")
    run(
        root,
        scale,
        options.chapters,
        data_dir=_data_dir(options),
        jobs=options.jobs or (SUBMITTED if options.executor else JOBS[scale]),
        parameters=parameters,
        pretrained=options.pretrained,
        drafts=options.drafts,
        executor=options.executor,
    )
    if options.publish:
        from ecglib.book.publish import publish

        chapters = options.chapters or (draft_names(root) if options.drafts else list(read_headers(root)))
        for path in publish(root, scale, chapters, options.drafts):
            print(f"published {path.relative_to(root)}")


def _check(options: argparse.Namespace) -> int:
    from ecglib.book.check import check

    root = book_root()
    if options.summary:
        _add_summary(root, options.scale, options.summary)
    problems = check(root, options.scale, options.chapters)
    for problem in problems:
        print(problem)
    what = f"the {options.scale} run" if options.scale else "the committed book"
    what = f"{', '.join(options.chapters)} in {what}" if options.chapters else what
    print(f"{len(problems)} problems in {what}." if problems else f"All checks of {what} have passed.")
    return bool(problems)


def _add_summary(root: Path, scale: str | None, file: Path) -> None:
    from ecglib.book.rerun import summary

    if scale is None:
        raise ChapterError("a summary is of a run", remedy="say which one with --scale")
    text = summary(root, scale)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(text)


def _build(options: argparse.Namespace) -> None:
    from ecglib.book.build import build

    build(book_root(), options.scale, options.edition)


def _data(options: argparse.Namespace) -> None:
    from ecglib.book.data import describe, verify
    from ecglib.databases import PUBLISHED
    from ecglib.databases.base import DATA_VARIABLE, data_folder
    from ecglib.databases.download import download

    unknown = [key for key in options.databases if key not in PUBLISHED]
    if unknown:
        raise ChapterError(
            f"no database is called {', '.join(unknown)}",
            expected=f"one of {', '.join(PUBLISHED)}",
            remedy="correct the name",
        )
    keys, data_dir = options.databases or list(PUBLISHED), _data_dir(options)
    if options.action == "show":
        print(describe(keys, data_dir))
    elif options.action == "download":
        folder = data_dir or os.environ.get(DATA_VARIABLE) or data_folder()
        for key in keys:
            print(f"{key}: {download(key, folder, options.records, options.mirror)}")
    else:
        for key in keys:
            print(verify(key, data_dir))


def _assign(options: argparse.Namespace) -> None:
    from ecglib.book.assign import assign

    for release in assign(book_root(), options.chapters, options.out):
        print(f"ready to hand out: {release}")


def _status(options: argparse.Namespace) -> None:
    from ecglib.book.status import statuses, table

    root = book_root()
    print(table(statuses(root)))
    drafts = draft_names(root)
    if drafts:
        print(f"drafts: {', '.join(drafts)}")


def _confirm(options: argparse.Namespace) -> int:
    from ecglib.book.confirm import confirm

    outcomes = confirm(book_root(), options.base, options.head, options.chapters, jobs=options.jobs or JOBS["smoke"])
    for outcome in outcomes:
        print(outcome)
    return any(outcome.differing for outcome in outcomes)


def _pair(options: argparse.Namespace) -> None:
    from ecglib.book.publish import pair

    root = book_root()
    changed = pair(root, options.chapters)
    for path in changed:
        print(f"{'wrote' if path.suffix == '.md' else 'brought up to date'}: {path.relative_to(root)}")
    if not changed:
        print("All committed notebooks and model cards are in step with their sources.")


def _expect(options: argparse.Namespace) -> None:
    from ecglib.book.chapter import CLAIMS_FILE
    from ecglib.book.claims import read_claims
    from ecglib.book.expected import expected_ranges, write_expected
    from ecglib.book.results import read_folder

    root = book_root()
    ranges = expected_ranges(
        read_claims(root / CLAIMS_FILE), read_folder(root / "results" / options.scale), options.chapters or None
    )
    changed = write_expected(root / CLAIMS_FILE, options.scale, ranges)
    print(f"{len(changed)} of {len(ranges)} ranges changed in {CLAIMS_FILE}; look at the diff before you commit it.")
    for name in changed:
        print(f"  {name}: {ranges[name].low} to {ranges[name].high}")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _predict(options: argparse.Namespace) -> None:
    from ecglib.book.own_ecg import new_folder, summary, write_own_ecg
    from ecglib.databases.own_file import read_own_file
    from ecglib.figures.own_ecg import drawn_stretch
    from ecglib.learning.own_ecg import predict_own_ecg

    out = new_folder(options.out or Path(f"{options.file.stem}_ecg"))
    weights = options.weights or (find_root() or book_root()) / "weights"
    record = read_own_file(options.file, rate=options.rate, unit=options.unit, leads=options.leads)
    drawn_stretch(record, options.at)  # refuses before the networks have worked for a minute
    found = predict_own_ecg(record, lead=options.lead, weights=weights)
    written = write_own_ecg(found, out, options.at)
    print(summary(found))
    print(f"\nWritten to {out}: {', '.join(file.name for file in written)}")


def _bundle(options: argparse.Namespace) -> None:
    from ecglib.book.bundle import Node, bundle

    root = book_root()
    headers = read_headers(root)
    needed = with_needed(headers, options.chapters or headers)
    chapters = options.chapters if options.pretrained and options.chapters else needed
    installed = options.installed.read_text(encoding="utf-8").splitlines() if options.installed else ()
    node = Node(
        options.wheels, options.machine, frozenset(line.partition("==")[0].strip() for line in installed) - {""}
    )
    path = bundle(
        chapters,
        options.out,
        databases=sorted({key for name in chapters for key in headers[name].databases}),
        root=root,
        data_dir=_data_dir(options),
        artefacts=sorted(
            Path("_build", scale, "artefacts", needed)
            for scale in SCALES
            for name in chapters
            for needed in headers[name].needs
            if not options.pretrained
        ),
        pretrained=set(needed) - set(chapters) if options.pretrained else None,
        wheels=node if options.wheels else None,
    )
    print(f"The bundle is {path}; its BUNDLE.txt says how to run it.")


if __name__ == "__main__":
    sys.exit(main())
