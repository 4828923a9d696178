"""What a chapter measured on each test recording, kept for a later chapter's paired tests."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ecglib.errors import DamagedFileError, MissingFileError


def keep_arrays(
    arrays: Mapping[str, NDArray[np.generic]],
    file: str | os.PathLike[str],
    facts: Mapping[str, str | int | float] | None = None,
) -> None:
    """Write arrays as safetensors, whole or not at all.

    Parameters
    ----------
    arrays : mapping of str to array
        Numbers or truth values, of any shape.
    file : path-like
        Ends in ``.safetensors``.
    facts : mapping, optional
        What a reader of the file wants to know; ``read_facts`` reads them.

    Notes
    -----
    Source: our choice; a pickle could run code on the reader's machine. Taught in chapter ``36_comparison``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     keep_arrays({"scores": np.array([0.25, 0.5])}, Path(folder) / "kept.safetensors")
    ...     kept_arrays(Path(folder) / "kept.safetensors")
    {'scores': array([0.25, 0.5 ])}
    """
    file = Path(file)
    unfinished = file.with_name(f"{file.name}.part")
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    save_file(whole, unfinished, {"facts": json.dumps(dict(facts or {}))})
    os.replace(unfinished, file)


def kept_arrays(file: str | os.PathLike[str]) -> dict[str, NDArray[np.generic]]:
    """Read what ``keep_arrays`` wrote.

    Parameters
    ----------
    file : path-like

    Returns
    -------
    dict of str to array

    Raises
    ------
    MissingFileError
        If there is no such file.
    DamagedFileError
        If it can't be read.

    Notes
    -----
    Source: our choice. Taught in chapter ``36_comparison``.
    """
    file = Path(file)
    if not file.is_file():
        raise MissingFileError(
            "no kept arrays here", file=file, expected="a safetensors file", remedy="run the chapter that measures them"
        )
    try:
        return dict(load_file(file))
    except (SafetensorError, OSError) as error:
        raise DamagedFileError(
            "these arrays can't be read",
            file=file,
            expected="a safetensors file",
            found=str(error).splitlines()[0],
            remedy="run the chapter that measures them again",
        ) from error
