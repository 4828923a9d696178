"""What a notebook that a reader opens by hand does where the real databases are not at hand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import MutableMapping, Sequence
from typing import Any

from ecglib.book.results import read_results
from ecglib.book.settings import OUTPUT_VARIABLE, find_root, output_folder

DATA_VARIABLE = "ECGLIB_DATA"
"""Environment variable that names the folder with the real databases."""

NOTICE = (
    "The real databases are not here, so this notebook runs at scale smoke, on small synthetic twins that it writes "
    "itself. No number below is a result. To run on real data, name their folder in data_dir or ECGLIB_DATA."
)
"""What a reader is told."""


def use_twins_without_data(*first: str) -> None:
    """Let a notebook run at scale ``smoke`` where its parameters want real data and none are named.

    After each cell it looks whether ``scale`` was set, and changes it with a notice. Outside Jupyter, and where
    ``ecgbook run`` runs the chapter, it does nothing.

    Parameters
    ----------
    *first : str
        Chapters that have to run before on the same twins, because this one reads what they made of them.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> use_twins_without_data()
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None and not os.environ.get(OUTPUT_VARIABLE):
        shell.events.register("post_run_cell", lambda _result: fall_back(shell.user_ns, first))


def fall_back(names: MutableMapping[str, Any], first: Sequence[str] = ()) -> None:
    """Change ``scale`` to ``"smoke"`` among a notebook's names, if it wants real data and none are named.

    Parameters
    ----------
    names : mutable mapping
        The notebook's variables.
    first : sequence of str
        Chapters that then run before, at scale ``smoke`` too.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> names = {"scale": "cpu", "data_dir": "somewhere"}
    >>> fall_back(names)
    >>> names["scale"]
    'cpu'
    """
    if names.get("scale") in ("cpu", "gpu") and not (names.get("data_dir") or os.environ.get(DATA_VARIABLE)):
        names["scale"] = "smoke"
        print(NOTICE)
        for chapter in first:
            _run_first(chapter)


def _run_first(chapter: str) -> None:
    """Run another chapter's source at scale ``smoke``, unless it has run to its end on twins already."""
    root = find_root()
    if root is None:
        return
    results = output_folder(root) / "results" / f"{chapter}.json"  # its last cell writes them
    if results.is_file() and read_results(results).scale == "smoke":
        return
    print(f"This page reads what {chapter} makes of the same twins, so that runs first. It takes about a minute.")
    done = subprocess.run(
        [sys.executable, f"{chapter}.py"],
        cwd=root / "notebooks",
        env=os.environ | {"PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        print(f"{chapter} did not run to its end; cells below that need it will fail. It said:\n{done.stderr[-2000:]}")
