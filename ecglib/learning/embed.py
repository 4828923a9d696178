"""One vector for each recording: the mean over time of an encoder's features."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ecglib.learning.device import make_fabric, repeatable
from ecglib.models.with_encoder import scale_recordings


def recording_embeddings(
    encoder: nn.Module, recordings: NDArray[np.float32], *, device: str | None = None, batch_size: int = 256
) -> NDArray[np.float32]:
    """Give the mean over time of the features of each recording.

    Parameters
    ----------
    encoder : nn.Module
        Such as ``ECGEncoder``.
    recordings : float32 array, shape (recordings, leads, samples)
        Millivolts; may be memory-mapped. Each is scaled as in pretraining.
    device : str, optional
        ``"auto"``, ``"cpu"`` or ``"cuda"``; the encoder is on the processor afterwards. None leaves it where it is,
        as it must be while ``pretrain`` is watched.
    batch_size : int
        Recordings at a time.

    Returns
    -------
    float32 array, shape (recordings, channels)
        Always computed in float32.

    Raises
    ------
    ECGError
        If this machine has no such device.

    Notes
    -----
    They go into ``alignment``, ``uniformity``, pictures and probes. Source: our choice. Taught in chapter
    ``32_pretraining``.

    Examples
    --------
    >>> from ecglib.models.ecg_encoder import ECGEncoder
    >>> recording_embeddings(ECGEncoder(), np.zeros((3, 12, 1000), np.float32)).shape
    (3, 128)
    """
    was_training = encoder.training
    with repeatable():
        if device is not None:
            encoder.to(make_fabric(device)[0].device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        place = next(encoder.parameters()).device
        encoder.eval()
        with torch.inference_mode():  # the encoder moves outside: what moves in here can't be trained again
            found = [
                encoder(scale_recordings(torch.from_numpy(np.array(recordings[at : at + batch_size])).to(place)))
                .mean(dim=2)
                .cpu()
                for at in range(0, len(recordings), batch_size)
            ]
        encoder.train(was_training)
        if device is not None:
            encoder.to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return torch.cat(found).numpy()
