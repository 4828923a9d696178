"""A model's weights on disk, for readers who want the model without the training."""

from __future__ import annotations

import os
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from ecglib.errors import DamagedFileError, MissingFileError


def save_weights(model: nn.Module, file: str | os.PathLike[str]) -> None:
    """Write a model's weights as safetensors, whole or not at all.

    Parameters
    ----------
    model : nn.Module
    file : path-like
        Ends in ``.safetensors``.

    Notes
    -----
    Source: our choice; a pickle could run code on the reader's machine. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_weights(nn.Linear(3, 2), Path(folder) / "linear.safetensors")
    ...     load_weights(nn.Linear(3, 2), Path(folder) / "linear.safetensors").weight.shape
    torch.Size([2, 3])
    """
    file = Path(file)
    unfinished = file.with_name(f"{file.name}.part")
    save_file({name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}, unfinished)
    os.replace(unfinished, file)


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
    file = Path(file)
    if not file.is_file():
        raise MissingFileError(
            "no weights here", file=file, expected="a safetensors file", remedy="run the chapter that trains this model"
        )
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
