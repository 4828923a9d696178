"""Where a model runs, and how, so that the same seed gives the same numbers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from lightning_fabric import Fabric

from ecglib.errors import ECGError

THREADS = 1
"""Threads of one run on a processor, whatever the machine and however many chapters run at a time.

One and two threads give different weights. A network this small gains little from a second thread, and on a machine
that has other work to do two threads wait for each other.
"""

Precision = Literal["bf16-mixed", "32-true"]

# Fabric names its precision each time it is made, which a page with hundreds of models can't use.
logging.getLogger("lightning_fabric.utilities.rank_zero").setLevel(logging.WARNING)


def make_fabric(device: str = "auto") -> tuple[Fabric, Precision]:
    """Choose the device and the precision of a run.

    Parameters
    ----------
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, or another accelerator of lightning-fabric.

    Returns
    -------
    Fabric
        On one device.
    {"bf16-mixed", "32-true"}
        bfloat16 where the device calculates in it by itself, else float32.

    Raises
    ------
    ECGError
        If this machine has no such device.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> fabric, precision = make_fabric("cpu")
    >>> fabric.device
    device(type='cpu')
    """
    try:
        precision = precision_of(Fabric(accelerator=device, devices=1).device)
        return Fabric(accelerator=device, devices=1, precision=precision), precision
    except (RuntimeError, ValueError) as error:
        raise ECGError(
            "no such device here",
            expected='"auto", "cpu" or "cuda"',
            found=repr(device),
            remedy='use device="auto"',
        ) from error


def precision_of(device: torch.device) -> Precision:
    """Give the precision in which a device trains fastest without harm.

    Parameters
    ----------
    device : torch.device

    Returns
    -------
    {"bf16-mixed", "32-true"}
        bfloat16 only where the hardware has it (AMX or AVX-512 BF16, or a GPU since Ampere); emulated, it is slow.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> precision_of(torch.device("meta"))
    '32-true'
    """
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        able = torch.cpu.get_capabilities() if device.type == "cpu" else {}
        native = bool(able.get("amx_bf16") or able.get("avx512_bf16"))
    return "bf16-mixed" if native else "32-true"


@contextmanager
def repeatable() -> Iterator[None]:
    """Fix the number of threads, choose deterministic kernels, and leave the caller's random numbers alone.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> with repeatable():
    ...     torch.get_num_threads()
    1
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        with torch.random.fork_rng(), torch.backends.cudnn.flags(enabled=True, deterministic=True, benchmark=False):
            yield
    finally:
        torch.set_num_threads(threads)
