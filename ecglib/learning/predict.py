"""Scores of a trained model."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ecglib.learning.device import make_fabric, repeatable
from ecglib.learning.examples import Examples


def predict(
    model: nn.Module, x: NDArray[np.float32] | Examples, *, device: str = "auto", batch_size: int = 4096
) -> NDArray[np.float32]:
    """Give the probability of each class for each example.

    Parameters
    ----------
    model : nn.Module
        Gives logits.
    x : float32 array, shape (examples, leads, samples), or Examples
        May be memory-mapped.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    batch_size : int
        Examples at a time.

    Returns
    -------
    float32 array, shape (examples, classes)
        Softmax of the logits; always computed in float32.

    Raises
    ------
    ECGError
        If this machine has no such device.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> from ecglib.models import CNN
    >>> predict(CNN(), np.zeros((3, 1, 260), np.float32)).shape
    (3, 5)
    """
    examples = x if isinstance(x, Examples) else Examples(x, np.zeros(len(x), np.int64))
    fabric, _ = make_fabric(device)
    with repeatable():
        model.to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        scores = logits(model, examples, batch_size).softmax(dim=1).numpy()
        model.to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return scores


@torch.inference_mode()
def logits(model: Any, examples: Examples, batch_size: int = 4096) -> torch.Tensor:
    """Run a model over examples in their order, in float32, and give its logits on the processor."""
    place, was_training = next(model.parameters()).device, model.training
    model.eval()
    found = [
        model(examples.batch(slice(start, start + batch_size))[0].to(place)).float().cpu()
        for start in range(0, len(examples), batch_size)
    ]
    model.train(was_training)
    return torch.cat(found)
