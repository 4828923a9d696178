"""Losses for classes that are rare: the focal loss, and weights by class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from ecglib.errors import AnnotationError, ECGError


class FocalLoss(nn.Module):
    """Cross-entropy that turns away from examples which the model has right already.

    Parameters
    ----------
    gamma : float
        How strongly it turns away, from 0 on; at 0 every example counts as in the cross-entropy.
    alpha : float or sequence of float
        Weight of an example by its class, or one for all; each positive.

    Raises
    ------
    ECGError
        If ``gamma`` is negative, a weight isn't positive, or there is not one weight for each class.

    Notes
    -----
    Takes logits (batch, classes) and targets (batch,) int64, and gives their mean loss. With p the probability that
    the model gives to the true class c, an example's loss is −α(c) (1 − p)^γ log p. The mean is over the examples and
    not over their weights: weights that are twice as large give a loss that is twice as large.
    Source: Lin et al. (2017), Focal Loss for Dense Object Detection, equation 5, for several classes; a summary of
    song2026 names a focal loss with α and γ, but **their values are our choice**. Taught in chapter
    ``17_class_imbalance``.

    Examples
    --------
    >>> logits, targets = torch.tensor([[3.0, 0.0], [0.5, 0.0]]), torch.tensor([0, 0])
    >>> round(FocalLoss(gamma=0)(logits, targets).item(), 4) == round(
    ...     nn.functional.cross_entropy(logits, targets).item(), 4)
    True
    >>> round(FocalLoss(gamma=2)(logits, targets).item(), 3)
    0.034
    """

    alpha: Tensor

    def __init__(self, gamma: float = 2.0, alpha: float | Sequence[float] | NDArray[np.floating] = 1.0) -> None:
        super().__init__()
        weights = torch.as_tensor(alpha, dtype=torch.float32)
        if not (gamma >= 0 and weights.ndim <= 1 and bool(((weights > 0) & weights.isfinite()).all())):
            raise ECGError(
                "no such focal loss",
                expected="gamma of at least 0, and positive weights",
                found=f"gamma={gamma}, alpha={weights.tolist()}",
                remedy="take the weights from class_weights",
            )
        self.gamma = float(gamma)
        self.register_buffer("alpha", weights)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Give the mean loss, shape (), for logits, shape (batch, classes), and targets, shape (batch,)."""
        weights = self.alpha.to(logits.device)
        if weights.ndim and len(weights) != logits.shape[1]:
            raise ECGError(
                "the weights of the loss don't fit the model",
                expected=f"{logits.shape[1]} weights, one for each class",
                found=str(len(weights)),
                remedy="count the classes with class_weights(labels, classes=...)",
            )
        log_p = torch.log_softmax(logits, dim=1).gather(1, targets.unsqueeze(1)).squeeze(1)
        missed = -torch.expm1(log_p)
        if self.gamma:
            # At p = 1 a power below one has an infinite slope.
            missed = missed.clamp_min(torch.finfo(missed.dtype).tiny)
        return -((weights[targets] if weights.ndim else weights) * missed**self.gamma * log_p).mean()

    def __repr__(self) -> str:
        """Name gamma and alpha, by which a checkpoint knows its run."""
        return f"FocalLoss(gamma={self.gamma:g}, alpha={self.alpha.tolist()})"


def class_weights(labels: ArrayLike, classes: int = 5, *, power: float = 1.0) -> NDArray[np.float64]:
    """Weigh each class by how rare it is, so that the mean weight of an example is one.

    Parameters
    ----------
    labels : int array, shape (examples,)
        Class of each training example. Validation and test have no say.
    classes : int
        How many classes there are.
    power : float
        A class's weight falls with its number of examples to this power: at 1 all classes have the same say
        together, at 0 all examples have.

    Returns
    -------
    float64 array, shape (classes,)
        A class without examples has the weight 1; none uses it.

    Raises
    ------
    AnnotationError
        If there are no labels, or one that is not from 0 to ``classes`` − 1.

    Notes
    -----
    At power 1 these are scikit-learn's "balanced" weights, where every class occurs. Source: King and Zeng (2001),
    Logistic Regression in Rare Events Data, for power 1; smaller powers are our choice. Taught in chapter
    ``17_class_imbalance``.

    Examples
    --------
    >>> class_weights([0, 0, 0, 0, 0, 0, 1, 1], classes=2).round(3)
    array([0.667, 2.   ])
    >>> class_weights([0, 0, 0, 0, 0, 0, 1, 1], classes=2, power=0.0)
    array([1., 1.])
    """
    found = np.asarray(labels)
    if found.size == 0 or found.dtype.kind not in "iu" or found.min() < 0 or found.max() >= classes:
        raise AnnotationError(
            "these labels can't be counted",
            expected=f"class indices from 0 to {classes - 1}, at least one",
            found=f"{found.size} of type {found.dtype}" + (f", up to {found.max()}" if found.size else ""),
            remedy="pass the classes of the training examples",
        )
    counts = np.bincount(found.ravel(), minlength=classes)
    weights = np.where(counts > 0, np.maximum(counts, 1.0) ** -power, 0.0)
    weights *= counts.sum() / (weights @ counts)
    return np.where(counts > 0, weights, 1.0)
