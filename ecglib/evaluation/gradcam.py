"""Grad-CAM in one dimension: which stretch of a beat speaks for its class."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from ecglib.errors import ECGError
from ecglib.learning.device import make_fabric, repeatable


def last_features(model: nn.Module) -> nn.Module:
    """Give the last layer of a model that still knows where in the beat a feature lies.

    Parameters
    ----------
    model : nn.Module
        ``CNN``, ``CNNLSTM``, ``CNNLSTMAttention``, ``ResNet1D``, or another that names its convolutions ``features``
        or ``blocks``.

    Returns
    -------
    nn.Module
        Gives (batch, channels, 1, steps).

    Raises
    ------
    ECGError
        If the model has no such part.

    Notes
    -----
    Source: Selvaraju and colleagues (2017), section 3: the last convolutional layer. Taught in chapter
    ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> from ecglib.models import ResNet1D
    >>> len(last_features(ResNet1D()))
    3
    """
    for name in ("blocks", "features"):
        layer = getattr(model, name, None)
        if isinstance(layer, nn.Module):
            return layer
    raise ECGError(
        f"{type(model).__name__} does not say where its convolutions end",
        expected="a part named blocks or features",
        found=", ".join(name for name, _ in model.named_children()) or "no parts",
        remedy="pass the layer to look at",
    )


def grad_cam(
    model: nn.Module,
    windows: ArrayLike,
    targets: ArrayLike,
    *,
    layer: nn.Module | None = None,
    pooled: bool = True,
    device: str = "auto",
    batch_size: int = 256,
) -> NDArray[np.float32]:
    """Say for each time step of the last convolutions how much it raises the score of a class.

    Parameters
    ----------
    model : nn.Module
        Gives logits.
    windows : float array, shape (beats, leads, samples)
        Millivolts; may be memory-mapped.
    targets : int array, shape (beats,)
        Class to ask about, one for each beat: the predicted one, or the true one.
    layer : nn.Module, optional
        Layer whose features are weighed, one that gives (batch, channels, 1, steps); None takes ``last_features``.
    pooled : bool
        Grad-CAM takes the mean of each channel's gradient over time. False keeps each step's own gradient (HiResCAM).
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    batch_size : int
        Beats at a time.

    Returns
    -------
    float32 array, shape (beats, steps)
        Nothing below zero, in units of the logit; ``over_samples`` spreads it over the beat. All zero where nothing
        in the beat speaks for the class.

    Raises
    ------
    ECGError
        If windows and targets don't belong together, a target is no class of the model, or the layer gives no time
        steps.

    Notes
    -----
    With A(k, t) what channel k holds at step t, and y the class's logit, channel k weighs w(k), the mean over t of
    dy/dA(k, t), and the map is the sum over k of w(k) A(k, t) where that is positive, else zero. The model is in
    evaluation mode, in float32, and comes back as it was. Where a linear layer follows directly, as in ``CNN``, the
    steps of HiResCAM before the cut at zero add up to the logit less its bias; those of Grad-CAM do not.
    Source: Selvaraju and colleagues, Grad-CAM (2017), equations 1 and 2; Draelos and Carin, HiResCAM (2020).
    song2026 names Grad-CAM; which layer it looks at is our choice. Taught in chapter ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> from ecglib.models import CNN
    >>> grad_cam(CNN(), np.zeros((3, 1, 260), np.float32), [0, 2, 2]).shape
    (3, 17)
    """
    beats, classes = np.asarray(windows), np.asarray(targets)
    if beats.ndim != 3 or len(beats) == 0 or classes.shape != (len(beats),):
        raise ECGError(
            "windows and targets don't belong together",
            expected="windows of shape (beats, leads, samples), at least one, and a class for each",
            found=f"shapes {beats.shape} and {classes.shape}",
            remedy="ask about one class for each beat",
        )
    if not np.issubdtype(classes.dtype, np.integer) or classes.min() < 0:
        raise ECGError(
            "these are no classes",
            expected="integers from 0 on",
            found=f"{classes.dtype}, least {classes.min()}",
            remedy="pass indices of classes",
        )
    fabric, _ = make_fabric(device)
    was_training = model.training
    kept: list[Tensor] = []
    watched = last_features(model) if layer is None else layer
    hook = watched.register_forward_hook(lambda module, given, output: kept.append(output))
    maps = []
    try:
        with repeatable(), torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
            model.to(fabric.device).eval()
            for start in range(0, len(beats), batch_size):
                rows = slice(start, start + batch_size)
                batch = torch.from_numpy(np.array(beats[rows], dtype=np.float32)).to(fabric.device)
                asked = torch.from_numpy(classes[rows].astype(np.int64)).to(fabric.device)
                kept.clear()
                maps.append(_weigh(model(batch), asked, kept[-1], pooled))
    finally:
        hook.remove()
        model.train(was_training).to("cpu")
    return np.concatenate(maps)


def _weigh(logits: Tensor, targets: Tensor, features: Tensor, pooled: bool) -> NDArray[np.float32]:
    if int(targets.max()) >= logits.shape[1] or features.dim() != 4:
        raise ECGError(
            "nothing to weigh",
            expected=f"classes below {logits.shape[1]}, and features of shape (batch, channels, 1, steps)",
            found=f"class {int(targets.max())}, features of shape {tuple(features.shape)}",
            remedy="name a class that the model knows, and a convolutional layer",
        )
    score = logits.gather(1, targets[:, None]).sum()
    (gradient,) = torch.autograd.grad(score, features)
    weights = gradient.mean(dim=(2, 3), keepdim=True) if pooled else gradient
    found = (weights * features).sum(dim=(1, 2)).relu()
    return found.detach().cpu().numpy()


def over_samples(steps: ArrayLike, samples: int) -> NDArray[np.float32]:
    """Spread time steps over the samples of a beat, in straight lines from one step to the next.

    Parameters
    ----------
    steps : float array, shape (beats, steps)
        From ``grad_cam``, or the weights of an attention layer.
    samples : int
        Length of the window.

    Returns
    -------
    float32 array, shape (beats, samples)
        Step t lies at sample t times the stride, where this book's convolutions have its middle; samples after the
        last step hold its value.

    Raises
    ------
    ECGError
        If there are no steps, or more than samples.

    Notes
    -----
    The stride is samples / steps, rounded up to a power of two, as this book's convolutions have it.
    Source: our choice. Taught in chapter ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> over_samples([[0.0, 4.0]], 8)
    array([[0., 1., 2., 3., 4., 4., 4., 4.]], dtype=float32)
    """
    values = np.asarray(steps, dtype=np.float64)
    if values.ndim != 2 or not 0 < values.shape[1] <= samples:
        raise ECGError(
            "these steps can't be spread over a beat",
            expected=f"shape (beats, steps) with 1 to {samples} steps",
            found=f"shape {values.shape}",
            remedy="pass the output of grad_cam, and the length of the window that it saw",
        )
    stride = 1
    while stride * values.shape[1] < samples:
        stride *= 2
    place = np.minimum(np.arange(samples) / stride, values.shape[1] - 1)
    left = np.floor(place).astype(np.int64)
    right = np.minimum(left + 1, values.shape[1] - 1)
    share = place - left
    return ((1 - share) * values[:, left] + share * values[:, right]).astype(np.float32)


def rank_correlation(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Say for each beat how alike two maps are, by Spearman's rank correlation over time.

    Parameters
    ----------
    first, second : float arrays, shape (beats, steps)

    Returns
    -------
    float64 array, shape (beats,)
        From -1 to 1; NaN where a map is the same at every step.

    Raises
    ------
    ECGError
        If the shapes differ.

    Notes
    -----
    A map that stays the same when the network's weights are replaced by random ones does not show what was learnt.
    Source: Adebayo and colleagues, Sanity Checks for Saliency Maps (2018), section 3. Taught in chapter
    ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> rank_correlation([[1, 2, 3], [1, 2, 3]], [[10, 20, 90], [3, 2, 1]])
    array([ 1., -1.])
    """
    from scipy.stats import rankdata

    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.ndim != 2 or a.shape != b.shape:
        raise ECGError(
            "these maps can't be compared",
            expected="two arrays of the same shape (beats, steps)",
            found=f"{a.shape} and {b.shape}",
            remedy="compare maps of the same beats from layers with as many steps",
        )
    ranks = [rankdata(values, axis=1) for values in (a, b)]
    x, y = (values - values.mean(axis=1, keepdims=True) for values in ranks)
    size = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    return np.divide((x * y).sum(axis=1), size, out=np.full(len(x), np.nan), where=size > 0)
