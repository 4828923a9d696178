"""A model's weights on disk, for readers who want the model without the training."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from ecglib.errors import DamagedFileError, MissingFileError


def save_weights(
    model: nn.Module, file: str | os.PathLike[str], facts: Mapping[str, str | int | float] | None = None
) -> None:
    """Write a model's weights as safetensors, whole or not at all.

    Parameters
    ----------
    model : nn.Module
    file : path-like
        Ends in ``.safetensors``.
    facts : mapping, optional
        What a reader of the file wants to know, such as split, seed and score on validation; ``read_facts`` reads them.

    Notes
    -----
    Source: our choice; a pickle could run code on the reader's machine. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_weights(nn.Linear(3, 2), Path(folder) / "linear.safetensors", {"seed": 0})
    ...     load_weights(nn.Linear(3, 2), Path(folder) / "linear.safetensors").weight.shape
    torch.Size([2, 3])
    """
    file = Path(file)
    unfinished = file.with_name(f"{file.name}.part")
    save_file(
        {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()},
        unfinished,
        {"facts": json.dumps(dict(facts or {}))},
    )
    os.replace(unfinished, file)


def read_facts(file: str | os.PathLike[str]) -> dict[str, str | int | float]:
    """Read what ``save_weights`` noted beside the weights.

    Parameters
    ----------
    file : path-like
        Written by ``save_weights``.

    Returns
    -------
    dict
        Empty if nothing was noted.

    Raises
    ------
    MissingFileError
        If there is no such file.
    DamagedFileError
        If it can't be read.

    Notes
    -----
    Source: our choice. Taught in chapter ``15_comparison``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_weights(nn.Linear(3, 2), Path(folder) / "linear.safetensors", {"seed": 0})
    ...     read_facts(Path(folder) / "linear.safetensors")
    {'seed': 0}
    """
    file = _present(file)
    try:
        with safe_open(file, framework="pt") as opened:
            return dict(json.loads((opened.metadata() or {}).get("facts", "{}")))
    except (SafetensorError, OSError) as error:
        raise DamagedFileError(
            "these weights can't be read",
            file=file,
            expected="a safetensors file",
            found=str(error).splitlines()[0],
            remedy="get the file again",
        ) from error


def load_weights(model: nn.Module, file: str | os.PathLike[str]) -> nn.Module:
    """Read weights into a model of the same shape, and give the model back in evaluation mode.

    Parameters
    ----------
    model : nn.Module
    file : path-like
        Written by ``save_weights``.

    Returns
    -------
    nn.Module
        The same model.

    Raises
    ------
    MissingFileError
        If there is no such file.
    DamagedFileError
        If it can't be read, or belongs to another model.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """
    file = _present(file)
    try:
        model.load_state_dict(load_file(file))
    except (SafetensorError, RuntimeError, OSError) as error:
        raise DamagedFileError(
            "these weights don't fit the model",
            file=file,
            expected=f"weights of {type(model).__name__}",
            found=str(error).splitlines()[0],
            remedy="get the file again, or make the model with the same arguments",
        ) from error
    return model.eval()


def _present(file: str | os.PathLike[str]) -> Path:
    file = Path(file)
    if not file.is_file():
        raise MissingFileError(
            "no weights here", file=file, expected="a safetensors file", remedy="run the chapter that trains this model"
        )
    return file
