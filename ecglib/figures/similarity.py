"""How alike beats or recordings are: a map of all pairs sorted by class, and what an exponent does to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import ECGError
from ecglib.figures.style import INK, TRAIN, axes_at, inches_of, styled

MOST_ITEMS = 300
"""With more, a pair would be smaller than the dots of a screen."""

_SIDE, _BAR, _TITLE = 4.3, 0.14, 0.36
_WIDTH, _LEFT, _RIGHT, _PANEL, _GAP, _BOTTOM = 6.0, 0.9, 0.2, 1.35, 0.42, 0.58
_BINS = 25


@styled
def plot_similarity(
    similarity: ArrayLike, labels: Sequence[str], *, order: Sequence[str] | None = None, title: str = ""
) -> tuple[Figure, pd.DataFrame]:
    """Draw the similarity of every pair, beats or recordings of one class beside each other.

    Parameters
    ----------
    similarity : float array, shape (items, items)
        From 0 to 1.
    labels : sequence of str, length items
        Class of each.
    order : sequence of str, optional
        Classes from the top down; left out, by name. Within a class the items stay as they come.
    title : str
        What is compared.

    Returns
    -------
    figure : Figure
        White is 0 and black is 1; lines part the classes, whose names stand on the left with their numbers.
    data : DataFrame
        A row for each item from the top down: ``item`` (its row in ``similarity``), ``class``, then its similarity with
        each item, in the same order, as columns ``0``, ``1``, ….

    Raises
    ------
    ECGError
        If this is no matrix of similarities, it is larger than ``MOST_ITEMS``, labels are missing, or ``order`` lacks a
        class.

    Notes
    -----
    Source: rizqyawan2026 draws its targets as such matrices; this form is our choice. Taught in chapter
    ``31_like_beats``.

    Examples
    --------
    >>> figure, data = plot_similarity([[1, 0.2, 0.9], [0.2, 1, 0.3], [0.9, 0.3, 1]], ["V", "N", "V"])
    >>> data["item"].tolist(), data["class"].tolist(), data["2"].tolist()
    ([1, 0, 2], ['N', 'V', 'V'], [0.3, 0.9, 1.0])
    """
    values = _checked(similarity)
    names = [str(label) for label in labels]
    classes = sorted(set(names)) if order is None else [str(name) for name in order if str(name) in names]
    if len(names) != len(values) or len(values) > MOST_ITEMS or set(classes) != set(names):
        raise ECGError(
            "similarities that can't be drawn by class",
            expected=f"{MOST_ITEMS} items at most, a label for each, and every class in the order",
            found=f"{len(values)} items, {len(names)} labels of {', '.join(sorted(set(names)))}",
            remedy="draw some of the items, and name each one's class",
        )
    rank = np.array([classes.index(name) for name in names])
    rows = np.argsort(rank, kind="stable")
    counts = np.bincount(rank, minlength=len(classes))
    edges = np.r_[0, np.cumsum(counts)]

    left = 0.2 + max(inches_of(text, bold=True) for text in [*classes, *map(str, counts)])
    width, height = left + _SIDE + 0.95, (_TITLE if title else 0.1) + _SIDE + 0.12
    figure = Figure(figsize=(width, height))
    figure.text(left / width, 1 - 0.08 / height, title, va="top", weight="bold", fontsize=11.5)
    axes = axes_at(figure, left, 0.12, _SIDE, _SIDE)
    image = axes.imshow(
        values[np.ix_(rows, rows)],
        cmap="Greys",
        vmin=0,
        vmax=1,
        extent=(0, len(rows), len(rows), 0),
        interpolation="nearest",
        gid="similarity",
    )
    for edge in edges[1:-1]:
        axes.axhline(edge, color=TRAIN, linewidth=1.2, gid="edge")
        axes.axvline(edge, color=TRAIN, linewidth=1.2, gid="edge")
    places = _apart((edges[:-1] + edges[1:]) / 2, 0.38 * len(rows) / _SIDE, len(rows))
    axes.set(xticks=[], yticks=[])
    for place, name, count in zip(places, classes, counts, strict=True):
        axes.text(
            -0.08 * len(rows) / _SIDE, place, f"{name}\n{count}", ha="right", va="center", weight="bold",
            linespacing=1.05, gid="class",
        )  # fmt: skip
    axes.spines[:].set_visible(True)
    figure.colorbar(
        image, cax=axes_at(figure, left + _SIDE + 0.12, 0.12, _BAR, _SIDE), ticks=[0, 0.5, 1], label="similarity"
    )
    data = pd.DataFrame(values[np.ix_(rows, rows)], columns=[str(place) for place in range(len(rows))])
    data.insert(0, "class", np.array(names)[rows])
    data.insert(0, "item", rows)
    return figure, data


@styled
def plot_exponent(similarity: ArrayLike, *, exponents: Sequence[float] = (1, 50)) -> tuple[Figure, pd.DataFrame]:
    """Draw how similar pairs are before and after similarities are raised to a power.

    Parameters
    ----------
    similarity : float array, shape (items, items)
        From 0 to 1; each pair counts once, and no item with itself.
    exponents : sequence of float
        One panel each.

    Returns
    -------
    figure : Figure
        The share of pairs in each twenty-fifth of the range, on a logarithmic scale, and how many are above one half.
    data : DataFrame
        Columns ``exponent``, ``from``, ``to``, ``share``.

    Raises
    ------
    ECGError
        If this is no matrix of similarities of at least two items, or an exponent is not positive.

    Notes
    -----
    A high power tells the nearly equal from the merely alike: of 0.99 it leaves 0.61, of 0.9 only 0.005.
    Source: rizqyawan2026 raises its soft targets to the power of 1 or 50. Taught in chapter ``31_like_beats``.

    Examples
    --------
    >>> figure, data = plot_exponent([[1.0, 0.99, 0.9], [0.99, 1.0, 0.5], [0.9, 0.5, 1.0]])
    >>> data.query("exponent == 50 and share > 0")["share"].round(2).tolist()
    [0.67, 0.33]
    """
    values = _checked(similarity)
    if len(values) < 2 or not exponents or not min(exponents) > 0:
        raise ECGError(
            "no pairs to raise to a power",
            expected="two items or more, and positive exponents",
            found=f"{len(values)} items, exponents {', '.join(map(str, exponents)) or 'none'}",
            remedy="pass the similarities of several items",
        )
    pairs = values[np.triu_indices(len(values), k=1)]
    edges = np.linspace(0, 1, _BINS + 1)
    height = len(exponents) * (_PANEL + _GAP) + _BOTTOM
    figure = Figure(figsize=(_WIDTH, height))
    tables = []
    for index, exponent in enumerate(exponents):
        raised = pairs**exponent
        share = np.histogram(raised, edges)[0] / len(pairs)
        tables.append(pd.DataFrame({"exponent": exponent, "from": edges[:-1], "to": edges[1:], "share": share}))
        bottom = height - (index + 1) * (_PANEL + _GAP)
        axes = axes_at(figure, _LEFT, bottom, _WIDTH - _LEFT - _RIGHT, _PANEL)
        axes.bar(edges[:-1], 100 * share, width=1 / _BINS, align="edge", color=TRAIN, edgecolor="white", gid="pairs")
        words = "as they are" if exponent == 1 else f"to the power of {exponent:g}"
        axes.set_title(f"Similarities {words}", loc="left", weight="bold")
        axes.set_title(f"{100 * (raised > 0.5).mean():.1f} % above 0.5", loc="right", fontsize=10.5)
        axes.axvline(0.5, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=3)
        axes.set_yscale("log")
        axes.set(xlim=(-0.01, 1.01), ylim=(min(1, 50 / len(pairs)), 200), ylabel="Pairs (%)")
        axes.yaxis.set_major_locator(LogLocator(numticks=5))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter("{x:g}")
        axes.tick_params(axis="x", labelbottom=index == len(exponents) - 1)
    axes.set_xlabel("Similarity")
    figure.align_ylabels()
    return figure, pd.concat(tables, ignore_index=True)


def _checked(similarity: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(similarity, dtype=np.float64)
    square = values.ndim == 2 and values.shape[0] == values.shape[1] > 0
    if not square or not ((values >= -1e-6) & (values <= 1 + 1e-6)).all():
        raise ECGError(
            "no similarities of all pairs",
            expected="numbers from 0 to 1, shape (items, items)",
            found=f"shape {values.shape}"
            + (f", from {values.min():g} to {values.max():g}" if values.size else ", which is empty"),
            remedy="pass the matrix of soft targets",
        )
    return values.clip(0, 1)


def _apart(middles: NDArray[np.float64], space: float, end: float) -> NDArray[np.float64]:
    """Move names down, then up, as little as keeps them apart and within the map."""
    places = middles.clip(space / 2)
    for row in range(1, len(places)):
        places[row] = max(places[row], places[row - 1] + space)
    limit = end - space / 2
    for row in reversed(range(len(places))):
        places[row] = min(places[row], limit)
        limit = places[row] - space
    return places
