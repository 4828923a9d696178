"""How alike two recordings or beats are, as targets for a contrast: soft ones from features, hard ones from classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from ecglib.errors import ECGError

_ROWS = 20_000
_BATCH = 128
_FIGURE_EXPONENT, _FIGURE_TARGET = 50, 0.8  # of the paper's figure: the middle one of three other recordings


class FeatureSimilarity(nn.Module):
    """Soft targets from features in physical units: soft_1.

    Attributes
    ----------
    centre, scale : float32 tensors, shape (features,)
        Median of each feature, and what its difference from there is multiplied by.
    unit : float32 tensor, shape ()
        Distance at which two rows are alike by 0.61.

    Notes
    -----
    Two rows at distance d are alike by exp(-d² / (2 unit²)); equal ones by 1. The unit is such that, after the exponent
    50, the nearest of 127 others is alike by 0.8, in the median over the pretraining set: in the paper's figure, three
    others have 0.97, 0.8 and 0.7 after this exponent. With another unit, the exponent would mean another thing. All
    tensors are buffers, so they move with the objective that holds them.
    Source: rizqyawan2026 has soft targets from feature similarity, raised to an exponent; **what soft_1 and soft_2 are
    is not told, and these definitions are ours**. Taught in chapter ``31_like_beats``.

    Examples
    --------
    >>> features = np.random.default_rng(0).normal([70, 0.4], [10, 0.02], (500, 2))
    >>> similarity = FeatureSimilarity.fit(features, ["rate", "interval"])
    >>> three = torch.tensor([[60, 0.4], [61, 0.4], [90, 0.3]])
    >>> similarity.soft_targets(three, three, 1.0).round(decimals=2)
    tensor([[1., 1., 0.],
            [1., 1., 0.],
            [0., 0., 1.]])
    """

    centre: Tensor
    scale: Tensor
    unit: Tensor

    def __init__(self, centre: ArrayLike, scale: ArrayLike, unit: float) -> None:
        super().__init__()
        for name, value in (("centre", centre), ("scale", scale), ("unit", unit)):
            self.register_buffer(name, torch.as_tensor(np.asarray(value, dtype=np.float32)))

    @classmethod
    def fit(
        cls, features: ArrayLike, groups: Sequence[str], *, rows: ArrayLike | None = None, seed: int = 0
    ) -> FeatureSimilarity:
        """Learn units from the pretraining set.

        Parameters
        ----------
        features : array, shape (rows, features)
            Of recordings or beats; may be memory-mapped.
        groups : sequence of str, length features
            Features of one group share one vote: 36 heights weigh as much together as three numbers on rhythm.
        rows : int array, optional
            Which of them to learn from; None takes all. Of more than 20,000, so many are drawn and read.
        seed : int
            Decides which rows and pairs are drawn.

        Returns
        -------
        FeatureSimilarity

        Raises
        ------
        ECGError
            If features and groups don't fit together, a feature is NaN, or all rows are the same.

        Notes
        -----
        Each feature is divided by its interquartile range, which no artefact stretches; a feature in which half of
        the rows are the same has none and is left out.
        """
        given = np.asarray(features)
        known = np.arange(len(given)) if rows is None else np.asarray(rows)
        if given.ndim != 2 or given.shape[1] != len(groups) or len(known) < 2:
            raise ECGError(
                "no similarity of these features",
                expected="features of shape (rows, features), two rows or more, and the group of each feature",
                found=f"shape {given.shape}, {len(known)} of its rows, {len(groups)} groups",
                remedy="pass a table of features with its groups, such as RECORDING_GROUPS",
            )
        random = np.random.default_rng(seed)
        drawn = np.sort(random.choice(known, min(len(known), _ROWS), replace=False))
        values = given[drawn].astype(np.float64)
        if not np.isfinite(values).all():
            raise ECGError(
                "features that are no numbers",
                expected="finite values",
                found=f"{np.count_nonzero(~np.isfinite(values).all(axis=1)):,} rows with NaN",
                remedy="pass only recordings with features: FeatureTables.known names their rows",
            )
        low, centre, high = np.percentile(values, [25, 50, 75], axis=0)
        spread = high - low
        sizes = np.array([list(groups).count(group) for group in groups])
        scale = np.where(spread > 0, 1 / np.where(spread > 0, spread, 1), 0) / np.sqrt(sizes)
        nearest = _nearest_of_a_batch(random.permutation((values - centre) * scale))
        unit = nearest * np.sqrt(_FIGURE_EXPONENT / 2 / -np.log(_FIGURE_TARGET))
        if unit == 0:
            raise ECGError(
                "all rows are alike",
                expected="features that differ",
                found=f"a median distance of 0 to the nearest of {len(drawn):,} rows",
                remedy="pass the features of more recordings",
            )
        return cls(centre, scale, unit)

    def soft_targets(self, a: Tensor, b: Tensor, exponent: float) -> Tensor:
        """Say how alike each row of ``a`` and each row of ``b`` are.

        Parameters
        ----------
        a, b : tensors, shape (rows, features)
            On the device of the buffers. Row i of both is the same recording or beat, perhaps in two views.
        exponent : float
            The similarity is raised to it: the larger, the fewer count as alike.

        Returns
        -------
        float32 tensor, shape (rows, rows)
            From 0 to 1; exactly 1 on the diagonal.
        """
        with torch.autocast(a.device.type, enabled=False):
            one, other = ((rows.float() - self.centre) * self.scale / self.unit for rows in (a, b))
            return _own_is_one(torch.exp(-exponent / 2 * _squared_distances(one, other)))


class ShapeSimilarity(nn.Module):
    """Soft targets from the shape of the beat alone: soft_2.

    Notes
    -----
    Two shapes with cosine c are alike by (1 + c) / 2: the same shape at any height by 1, its mirror image by 0. Nothing
    is fitted. Source: as in ``FeatureSimilarity``, **our definition**. Taught in chapter ``31_like_beats``.

    Examples
    --------
    >>> shapes = torch.tensor([[0.0, 1.0], [0.0, 3.0], [2.0, 0.0], [0.0, -1.0]])
    >>> ShapeSimilarity().soft_targets(shapes, shapes, 1.0)[0]
    tensor([1.0000, 1.0000, 0.5000, 0.0000])
    """

    def soft_targets(self, a: Tensor, b: Tensor, exponent: float) -> Tensor:
        """Say how alike each row of ``a`` and each row of ``b`` are, as ``FeatureSimilarity.soft_targets`` does."""
        with torch.autocast(a.device.type, enabled=False):
            one, other = (nn.functional.normalize(rows.float(), dim=1) for rows in (a, b))
            return _own_is_one(((1 + one @ other.T) / 2).clamp(0, 1) ** exponent)


def hard_beat_targets(pseudo_labels: Tensor) -> Tensor:
    """Count beats of one class as alike, and all others as different.

    Parameters
    ----------
    pseudo_labels : int64 tensor, shape (beats,)
        Class of each beat; -1 for one that has none and is like itself alone.

    Returns
    -------
    float32 tensor, shape (beats, beats)
        0 or 1; 1 on the diagonal.

    Notes
    -----
    Source: rizqyawan2026, whose beat classifier gives the hard targets of the beat contrast. Taught in chapter
    ``31_like_beats``.

    Examples
    --------
    >>> hard_beat_targets(torch.tensor([0, 2, 0, -1]))
    tensor([[1., 0., 1., 0.],
            [0., 1., 0., 0.],
            [1., 0., 1., 0.],
            [0., 0., 0., 1.]])
    """
    same = (pseudo_labels[:, None] == pseudo_labels) & (pseudo_labels >= 0)
    return _own_is_one(same.float())


def _nearest_of_a_batch(rows: NDArray[np.float64]) -> float:
    """Give the median distance of a row to the nearest of the others in its batch, some twenty batches being read."""
    size = min(_BATCH, len(rows))
    batches = torch.from_numpy(rows[: 20 * size]).split(size)
    distances = [_squared_distances(batch, batch).fill_diagonal_(torch.inf).amin(dim=1).sqrt() for batch in batches]
    return float(torch.cat([some for some in distances if len(some) == size]).median())


def _squared_distances(one: Tensor, other: Tensor) -> Tensor:
    squares = one.square().sum(dim=1)[:, None] + other.square().sum(dim=1)
    return (squares - 2 * one @ other.T).clamp_min(0)


def _own_is_one(alike: Tensor) -> Tensor:
    if alike.shape[0] != alike.shape[1]:
        raise ECGError(
            "no targets between these",
            expected="the same recordings or beats twice, in the same order",
            found=f"{alike.shape[0]} and {alike.shape[1]} rows",
            remedy="pass as many rows in both",
        )
    return alike.fill_diagonal_(1.0)
