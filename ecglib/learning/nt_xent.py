"""NT-Xent: find among all other embeddings those that are alike: one with hard targets, more or less with soft ones."""

from __future__ import annotations

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn.functional import normalize

from ecglib.errors import ECGError

TEMPERATURE = 0.1
"""What cosines are divided by: the smaller, the more the nearest neighbours count."""


def nt_xent(
    first: Tensor, second: Tensor, targets: Tensor | None = None, *, temperature: float = TEMPERATURE
) -> Tensor:
    """Give the contrastive loss of two views of the same recordings, or beats.

    Parameters
    ----------
    first, second : tensor, shape (n, numbers)
        Embeddings; row ``i`` of both belongs to the same recording. Their lengths don't matter.
    targets : tensor, shape (n, n), optional
        How far each recording is like each other, from 0 to 1, and 1 on the diagonal. None is the hard target: a
        recording is like its own other view only.
    temperature : float
        Above 0.

    Returns
    -------
    tensor, shape ()
        Mean over all 2n embeddings; 0 where there are none.

    Raises
    ------
    ECGError
        If the shapes don't fit, or the temperature is not above 0.

    Notes
    -----
    With 2n embeddings in a row, let p_ij be the softmax over all j but i of cosine_ij / temperature, and q_ij the
    target of the two recordings, 0 for j = i, divided by the sum of its row. The loss is the mean over i of
    −Σ_j q_ij log p_ij: a cross-entropy. With the hard target one q_ij is 1 and this is NT-Xent; with targets of 0
    and 1 it is the supervised contrastive loss (Khosla and colleagues, 2020, L_out). Its least value is the entropy
    of q, which is above 0 for soft targets: losses of different targets can't be compared. Computed in float32 also
    under autocast, in float64 where the embeddings are.
    Source: NT-Xent of Chen and colleagues (2020), section 2.1; rizqyawan2026 draws the targets as such a matrix of
    2n × 2n; **the formula of the soft loss and the temperature are our choice**, the latter that of a public 3KG.
    Taught in chapter ``31_like_beats``.

    Examples
    --------
    >>> apart = torch.eye(4)
    >>> round(float(nt_xent(apart, apart)), 4), round(float(nt_xent(apart, apart.roll(1, 0))), 4)
    (0.0003, 10.0003)
    >>> alike = torch.ones(4, 4)
    >>> round(float(nt_xent(apart, apart, alike)), 2), round(float(nt_xent(alike, alike, alike)), 2)  # log 7
    (8.57, 1.95)
    """
    count = len(first)
    if first.ndim != 2 or first.shape != second.shape or not temperature > 0:
        raise ECGError(
            "no two views to contrast",
            expected="embeddings of two views, both of shape (n, numbers), and a temperature above 0",
            found=f"shapes {tuple(first.shape)} and {tuple(second.shape)}, temperature {temperature}",
            remedy="pass one row for each recording, in the same order",
        )
    if targets is not None and targets.shape != (count, count):
        raise ECGError(
            "targets of other recordings",
            expected=f"shape ({count}, {count})",
            found=f"{tuple(targets.shape)}",
            remedy="pass the likeness of each recording of the batch to each other",
        )
    both = torch.cat([first, second])
    own = torch.eye(2 * count, dtype=torch.bool, device=both.device)
    logits = cosines(both, both) / temperature
    log_chance = logits - logits.masked_fill(own, -torch.inf).logsumexp(dim=1, keepdim=True)

    alike = torch.eye(count, device=both.device) if targets is None else targets
    wanted = alike.to(logits).repeat(2, 2).masked_fill(own, 0)
    wanted = wanted / wanted.sum(dim=1, keepdim=True)
    return -(wanted * log_chance).sum() / max(2 * count, 1)


def cosines(first: Tensor, second: Tensor) -> Tensor:
    """Give the cosine of each row of one matrix with each row of another.

    Parameters
    ----------
    first : tensor, shape (..., n, numbers)
    second : tensor, shape (..., m, numbers)

    Returns
    -------
    tensor, shape (..., n, m)
        In float32 also under autocast, in float64 where both are.

    Notes
    -----
    In bfloat16 a cosine is off by up to 0.004, which a temperature of 0.1 makes 0.04 of a logit. Source: our choice.
    Taught in chapter ``31_like_beats``.

    Examples
    --------
    >>> cosines(torch.tensor([[2.0, 0.0]]), torch.tensor([[3.0, 0.0], [0.0, 5.0], [-1.0, 0.0]]))
    tensor([[ 1.,  0., -1.]])
    """
    with torch.autocast(first.device.type, enabled=False):
        one, other = (rows if rows.dtype == torch.float64 else rows.float() for rows in (first, second))
        return normalize(one, dim=-1) @ normalize(other, dim=-1).mT


def gather(fabric: Fabric, rows: Tensor) -> Tensor:
    """Give the rows of all processes, one process's after the other's, so that a loss can contrast them all.

    Parameters
    ----------
    fabric : Fabric
    rows : tensor, shape (n, ...)
        As many in each process.

    Returns
    -------
    tensor, shape (n * processes, ...)
        Gradients flow back. A loss of gathered embeddings, computed in every process, gives the gradients of one
        process with the whole batch, once data-parallel training has averaged them.

    Notes
    -----
    Source: our choice. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> gather(Fabric(accelerator="cpu", devices=1), torch.zeros(8, 64)).shape
    torch.Size([8, 64])
    """
    if fabric.world_size == 1:
        return rows
    gathered = fabric.all_gather(rows, sync_grads=True)
    assert isinstance(gathered, Tensor)
    together = gathered.flatten(0, 1)
    if together.requires_grad:
        together.register_hook(Tensor.contiguous)  # what gloo sends back is wrong for a transposed gradient
    return together
