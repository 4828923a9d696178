"""Two numbers about embeddings, without labels: do views of one thing meet, and do all things fill the sphere?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import ECGError


def alignment(first: ArrayLike, second: ArrayLike) -> float:
    """Give how far apart two views of the same things lie, on the unit sphere.

    Parameters
    ----------
    first, second : array, shape (things, numbers)
        Embeddings, a row of both for each thing; each is divided by its length.

    Returns
    -------
    float
        Mean of the squared distances: 0 where views meet, 2 where they have nothing to do with each other.

    Raises
    ------
    ECGError
        If the shapes differ, or an embedding is zero or not finite.

    Notes
    -----
    The lower, the better, but only together with ``uniformity``: an encoder that gives one vector for all has 0.
    Source: Wang and Isola (2020), Understanding Contrastive Representation Learning through Alignment and Uniformity,
    section 4.1, with their α = 2. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> alignment([[1, 0], [0, 3]], [[2, 0], [-1, 0]])
    1.0
    """
    one, other = _on_sphere(first), _on_sphere(second)
    if one.shape != other.shape:
        raise _unusable(f"two of shape {one.shape} and {other.shape}")
    return float(((one - other) ** 2).sum(axis=1).mean())


def uniformity(embeddings: ArrayLike) -> float:
    """Give how evenly embeddings lie on the unit sphere.

    Parameters
    ----------
    embeddings : array, shape (things, numbers)
        Of different things, two at least; each is divided by its length.

    Returns
    -------
    float
        Logarithm of the mean of exp(−2 d²) over all pairs, d being their distance: 0 where all are one point, near
        −4 where they are spread evenly over a sphere of many dimensions.

    Raises
    ------
    ECGError
        If there are fewer than two, or an embedding is zero or not finite.

    Notes
    -----
    The lower, the better, together with ``alignment``. All pairs are looked at: 3,000 things take 36 MB. Source: Wang
    and Isola (2020), section 4.2, with their t = 2. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> round(uniformity([[1, 0], [-5, 0]]), 6), round(uniformity([[1, 1], [2, 2]]), 6) + 0
    (-8.0, 0.0)
    """
    from scipy.spatial.distance import pdist
    from scipy.special import logsumexp

    points = _on_sphere(embeddings)
    if len(points) < 2:
        raise _unusable(f"{len(points)}")
    distances = pdist(points, "sqeuclidean")
    return float(logsumexp(-2 * distances) - np.log(len(distances)))


def _on_sphere(embeddings: ArrayLike) -> NDArray[np.float64]:
    points = np.asarray(embeddings, dtype=np.float64)
    if points.ndim != 2 or not len(points):
        raise _unusable(f"shape {points.shape}")
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise _unusable(f"{np.count_nonzero(~(np.isfinite(lengths) & (lengths > 0)))} that are zero or not finite")
    return points / lengths


def _unusable(found: str) -> ECGError:
    return ECGError(
        "embeddings that can't be laid on a sphere",
        expected="finite rows that are not zero, as many in both views, and two at least",
        found=found,
        remedy="look for flat recordings, and for an encoder that learned nothing",
    )
