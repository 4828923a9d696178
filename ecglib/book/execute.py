"""Run one chapter through Papermill: from its source to a clean notebook, its results and the stamp that it is done.

``python -m ecglib.book.execute CHAPTER …`` is what the workflow calls for each chapter; readers call ``ecgbook run``.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from ecglib.book.headers import Header, read_header, sources
from ecglib.book.interactive import DATA_VARIABLE
from ecglib.book.pairs import clean, read_source, substitute, write_notebook
from ecglib.book.plan import PRETRAINED, Step
from ecglib.book.results import write_text
from ecglib.book.say import say
from ecglib.book.settings import CHAPTER_VARIABLE, OUTPUT_VARIABLE
from ecglib.errors import ChapterError

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

THREADS = {"smoke": 1, "cpu": 2, "gpu": 4}
"""Threads of every chapter, fixed by scale: one and two threads train different weights, whatever ``--jobs`` says."""


def kernel_environment(output: Path, scale: str, source: Path) -> dict[str, str]:
    """Give the environment variables under which a chapter's kernel runs.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> kernel_environment(Path("_build/smoke"), "smoke", Path("notebooks/10_cnn.py"))["OMP_NUM_THREADS"]
    '1'
    """
    libraries = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "VECLIB_MAXIMUM")
    return {
        OUTPUT_VARIABLE: str(output),
        CHAPTER_VARIABLE: str(source),
        **{f"{library}_NUM_THREADS": str(THREADS[scale]) for library in libraries},
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "PYTHONHASHSEED": "0",
        "PYTHONWARNINGS": "ignore:IProgress not found",
        "TQDM_MININTERVAL": "1",
        "TQDM_NCOLS": "80",
        "IPYTHONDIR": str(output / "kernel" / "ipython"),
        "JUPYTER_PATH": str(output / "kernel"),
    }


def execute(
    root: Path, output: Path, header: Header, scale: str, parameters: Mapping[str, Any], weights: Sequence[str] = ()
) -> None:
    """Execute one chapter, and write its notebook below ``output``; the chapter itself writes its results there.

    Parameters
    ----------
    root, output : Path
        The book's folder and the run's.
    header : Header
    scale : {"smoke", "cpu", "gpu"}
    parameters : mapping
        Further values for the parameters cell.
    weights : sequence of str
        Chapters whose published weights stand in for a training; the page says so.

    Raises
    ------
    ChapterError
        A cell failed, the kernel died, or the chapter wrote no results. The unfinished notebook is then in ``failed/``.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    logging.getLogger("papermill").setLevel(logging.ERROR)
    os.environ.update(kernel_environment(output, scale, header.source))
    _write_kernel_spec(output)
    results = output / "results" / f"{header.name}.json"
    results.parent.mkdir(parents=True, exist_ok=True)
    results.unlink(missing_ok=True)
    notebook = read_source(header)
    failed = output / "failed" / f"{header.name}.ipynb"
    failed.parent.mkdir(parents=True, exist_ok=True)
    values = {"scale": scale, **parameters}
    try:
        executed = papermill.execute_notebook(
            notebook,
            failed,
            parameters={name: value for name, value in values.items() if name in header.parameters},
            kernel_name="python3",
            progress_bar=False,
            cwd=root / "notebooks",
            coalesce_streams=True,
        )
    except PapermillExecutionError as error:
        say(_COLOUR.sub("", "\n".join(error.traceback)))
        raise ChapterError(
            f"a cell failed with {error.ename}: {error.evalue.rstrip('.')}",
            record=header.name,
            file=_place(header, error.source, root),
            remedy=f"correct the cell; the notebook as far as it came is {failed.relative_to(root)}",
        ) from error
    except DeadKernelError as error:
        raise ChapterError(
            "the kernel died",
            record=header.name,
            remedy=f"look whether memory ran out; the notebook as far as it came is {failed.relative_to(root)}",
        ) from error
    if not results.is_file():
        raise ChapterError(
            "the chapter wrote no results",
            record=header.name,
            file=results,
            remedy="end the chapter with chapter.close()",
        )
    executed = clean(executed)
    if weights:
        _say_pretrained(executed, header.name, weights)
    for cell in executed.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = substitute(cell.source, values)
    write_notebook(executed, output / "notebooks" / f"{header.name}.ipynb")
    failed.unlink()


def _say_pretrained(executed: NotebookNode, chapter: str, weights: Sequence[str]) -> None:
    """Say on the page, above the first output, that models were not trained in this run."""
    whose = [("this chapter's own" if name == chapter else f"`{name}`") for name in weights]
    text = f"**Pretrained.** Not trained in this run, but read from the book's `weights/`: {', '.join(whose)}."
    first = next(cell for cell in executed.cells if cell.get("outputs"))
    note = nbformat.v4.new_output("display_data", {"text/markdown": text, "text/plain": text})
    first.outputs.insert(0, note)


def _write_kernel_spec(output: Path) -> None:
    """Let ``python3`` mean the Python that runs this, whatever kernels the user has installed under that name."""
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Python 3", "language": "python"}
    write_text(output / "kernel" / "kernels" / "python3" / "kernel.json", json.dumps(spec))


def _place(header: Header, code: str, root: Path) -> str:
    """Name the line of the source at which a cell begins."""
    before, found, _ = header.source.read_text(encoding="utf-8").partition(code)
    line = f":{before.count(chr(10)) + 1}" if found else ""
    return f"{header.source.relative_to(root)}{line}"


def main() -> int:
    """Execute the chapter whose step is given as JSON in the first argument, in the run's folder."""
    task = json.loads(sys.argv[1])
    step = Step(task["name"], tuple(task["needs"]), task["inputs"])
    root, output = Path(task["root"]), Path(task["output"])
    started = time.monotonic()
    if task["data"]:
        os.environ[DATA_VARIABLE] = task["data"]
    said = output / "failed" / f"{step.name}.txt"
    said.unlink(missing_ok=True)
    say(f"{step.name}: started at {task['scale']} scale")
    try:
        step.remove_stamps(output)
        header, parameters = read_header(sources(root, task["drafts"])[step.name]), dict(task["parameters"])
        if step.name not in step.weights:
            parameters.pop(PRETRAINED, None)
        execute(root, output, header, task["scale"], parameters, step.weights)
    except ChapterError as error:
        message = f"{step.name}: failed after {time.monotonic() - started:.1f} s\n{error}"
        write_text(said, f"{message}\n")  # on a cluster, what is printed may be far away
        say(message)
        return 1
    step.write_stamp(output)
    say(f"{step.name}: finished in {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
