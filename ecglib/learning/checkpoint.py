"""What a run must remember to go on after it was killed as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from ecglib.errors import DamagedFileError
from ecglib.learning.examples import Examples

_log = logging.getLogger("ecglib")


@dataclass
class Progress:
    """How far a run has come.

    Attributes
    ----------
    epoch : int
        Epochs that are complete.
    history : list of dict
        One for each.
    best_epoch : int
        Epoch with the highest score on validation; 0 before the first.
    best_score : float
    seconds : list of float
        How long each epoch took.
    best : dict of str to tensor
        The model's state after the best epoch.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> Progress(epoch=5, best_epoch=2).should_stop(patience=3)
    True
    """

    epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    best_score: float = float("-inf")
    seconds: list[float] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)

    def should_stop(self, patience: int | None) -> bool:
        """Say whether the score on validation has not risen for so many epochs."""
        return patience is not None and self.epoch - self.best_epoch >= patience


def fingerprint(model: nn.Module, train: Examples, validation: Examples, settings: dict[str, object]) -> str:
    """Digest everything that decides how a run ends: first weights, data and settings.

    Parameters
    ----------
    model : nn.Module
        Before training.
    train, validation : Examples
    settings : dict
        Of JSON values.

    Returns
    -------
    str

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> import numpy as np
    >>> examples = Examples(np.zeros((2, 1, 4), np.float32), np.array([0, 1]))
    >>> one = fingerprint(nn.Linear(4, 2), examples, examples, {"seed": 0})
    >>> len(one), one == fingerprint(nn.Linear(4, 2), examples, examples, {"seed": 0})
    (32, False)
    """
    total = hashlib.sha256(json.dumps([settings, repr(model), torch.__version__], sort_keys=True).encode())
    for name, tensor in model.state_dict().items():
        total.update(name.encode())
        total.update(tensor.cpu().contiguous().numpy().tobytes())
    for examples in (train, validation):
        total.update(examples.digest().encode())
    return total.hexdigest()[:32]


def save_progress(file: Path, run: str, progress: Progress, model: nn.Module, optimizer: Optimizer) -> None:
    """Write a run into one safetensors file; whoever kills the writer leaves the file of the epoch before.

    Parameters
    ----------
    file : Path
    run : str
        The run's fingerprint.
    progress : Progress
    model : nn.Module
    optimizer : Optimizer

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in progress.best.items()}
    for parameter, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{parameter}.{name}": tensor for name, tensor in state.items()}
    numbers = {name: value for name, value in asdict(progress).items() if name != "best"}
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.partial")
    save_file(
        {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
        unfinished,
        metadata={"run": run, "progress": json.dumps(numbers)},
    )
    os.replace(unfinished, file)


def load_progress(file: Path, run: str, model: nn.Module, optimizer: Optimizer) -> Progress:
    """Put model and optimizer back where a run stopped.

    Parameters
    ----------
    file : Path
        Of ``save_progress``; may be missing.
    run : str
        Fingerprint of the run that wants to go on.
    model : nn.Module
    optimizer : Optimizer

    Returns
    -------
    Progress
        A fresh one where there is no file, or where it is of another run; the log says so.

    Raises
    ------
    DamagedFileError
        If the file can't be read.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """
    if not file.is_file():
        return Progress()
    try:
        with safe_open(file, framework="pt") as stored:
            about = stored.metadata()
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        if about["run"] != run:
            _log.warning("%s is of a run with other data, settings or first weights; starting again", file)
            return Progress()
        progress = Progress(**json.loads(about["progress"]), best=_below("best.", tensors))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise DamagedFileError(
            "a checkpoint can't be read",
            file=file,
            expected="a file that fit has written",
            found=str(error),
            remedy="delete it; the run then starts again",
        ) from error
    model.load_state_dict(_below("model.", tensors))
    _restore(optimizer, _below("optimizer.", tensors))
    return progress


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _restore(optimizer: Optimizer, tensors: dict[str, Tensor]) -> None:
    """Give the optimizer its moments back, in the memory layout of their parameters."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, name = key.split(".", maxsplit=1)
        parameter = parameters[int(index)]
        same_shape = tensor.shape == parameter.shape
        state.setdefault(int(index), {})[name] = torch.empty_like(parameter).copy_(tensor) if same_shape else tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
