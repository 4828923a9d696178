"""What a notebook that a reader opens by hand does where the real databases are not at hand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import MutableMapping
from typing import Any

from ecglib.book.settings import OUTPUT_VARIABLE, find_root, output_folder

DATA_VARIABLE = "ECGLIB_DATA"
"""Environment variable that names the folder with the real databases."""

NOTICE = (
    "The real databases are not here, so this notebook runs at scale smoke, on small synthetic twins that it writes "
    "itself. No number below is a result. To run on real data, name their folder in data_dir or ECGLIB_DATA."
)
"""What a reader is told."""


_first: list[str] = []


def use_twins_without_data(*first: str) -> None:
    """Let a notebook run at scale ``smoke`` where its parameters want real data and none are named.

    Parameters
    ----------
    *first : str
        Chapters that have to run before on the same twins, because this one reads what they made of them.

    After each cell it looks whether ``scale`` was set, and changes it with a notice. Outside Jupyter, and where
    ``ecgbook run`` runs the chapter, it does nothing.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> use_twins_without_data()
    """
    _first[:] = first
    shell = _shell()
    if shell is not None and not os.environ.get(OUTPUT_VARIABLE):
        shell.events.register("post_run_cell", _look)


def fall_back(names: MutableMapping[str, Any]) -> None:
    """Change ``scale`` to ``"smoke"`` among a notebook's names, if it wants real data and none are named.

    Parameters
    ----------
    names : mutable mapping
        The notebook's variables.

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
        for chapter in _first:
            _run_first(chapter)


def _run_first(chapter: str) -> None:
    """Run another chapter's source at scale ``smoke``, unless what it makes is there already."""
    root = find_root()
    if root is None or (output_folder(root) / "artefacts" / chapter).is_dir():
        return
    print(f"This page reads what {chapter} makes of the same twins, so that runs first. It takes about a minute.")
    subprocess.run(
        [sys.executable, f"{chapter}.py"],
        cwd=root / "notebooks",
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _look(_result: object) -> None:
    fall_back(_shell().user_ns)


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None
