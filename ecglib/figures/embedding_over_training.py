"""How embeddings come apart while a network trains: a row for each method, a column for each moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ecglib.errors import ECGError
from ecglib.figures.style import CLASS_COLOURS, FAINT, FONT_SIZE, INK, WAVE_COLOURS, axes_at, inches_of, styled

MOST_MOMENTS = 3
"""With more columns than these a phone would show stamps."""

_LOOKS = (
    (CLASS_COLOURS["N"], "o", 1.0),
    (CLASS_COLOURS["V"], "^", 1.3),
    (WAVE_COLOURS["QRS"], "s", 0.8),
    (CLASS_COLOURS["F"], "D", 0.9),
    (INK, "v", 1.3),
    (WAVE_COLOURS["T"], "P", 1.3),
    (WAVE_COLOURS["P"], "X", 1.3),
    (CLASS_COLOURS["Q"], "*", 1.8),
)
"""Colour, marker, and what makes the marker look as large as the others."""

_WIDTH, _MARGIN, _LARGEST, _GAP = 6.4, 0.06, 3.05, 0.12
_TITLE, _MOMENT, _BETWEEN, _LINE, _ENTRY = 0.3, 0.2, 0.14, 0.23, 0.42


@styled
def plot_embedding_over_training(
    rows: Mapping[str, Mapping[str, ArrayLike]], classes: ArrayLike, names: Sequence[str]
) -> tuple[Figure, pd.DataFrame]:
    """Draw embeddings that were brought to two dimensions, for each method at some moments of its training.

    Parameters
    ----------
    rows : mapping of str to mapping of str to float array, shape (recordings, 2)
        The name of each method; for each moment, such as ``"step 200"``, the points, such as a t-SNE of the embeddings.
        The moments, three at most, are the same for each method, and their names short.
    classes : int array, shape (recordings,)
        Index of each recording's class in ``names``.
    names : sequence of str
        Names of the classes, eight at most.

    Returns
    -------
    figure : Figure
        Classes differ in colour and marker. The most frequent one is pale, rarer ones lie on top.
    data : DataFrame
        Columns ``method``, ``moment``, ``x``, ``y``, ``class``, a row for each recording in each panel.

    Raises
    ------
    ECGError
        If the moments differ between methods, shapes differ, a point is no number, a class has no name, or there are
        more moments than three or more names than eight.

    Notes
    -----
    Each panel has its own scale and no ticks: the axes of a t-SNE mean nothing, nor does how far apart its heaps lie.
    Source: our choice. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> before, after = np.random.default_rng(0).normal(size=(2, 4, 2))
    >>> rows = {"3KG": {"untrained": before, "step 200": after}}
    >>> figure, data = plot_embedding_over_training(rows, [0, 0, 1, 0], ["NORM", "MI"])
    >>> len(figure.axes), data["class"].tolist()[:4]
    (2, ['NORM', 'NORM', 'MI', 'NORM'])
    """
    kinds = np.asarray(classes)
    panels = {
        (method, moment): np.asarray(points, dtype=np.float64)
        for method, row in rows.items()
        for moment, points in row.items()
    }
    moments = list(next(iter(rows.values()), {}))
    _check(panels, [set(row) for row in rows.values()], moments, kinds, names)
    called = np.array(names)[kinds]
    parts = [
        pd.DataFrame({"method": method, "moment": moment, "x": places[:, 0], "y": places[:, 1], "class": called})
        for method in rows
        for moment in moments
        for places in [panels[method, moment]]
    ]
    data = pd.concat(parts, ignore_index=True)

    present = [name for index, name in enumerate(names) if (kinds == index).any()]
    longest = max(map(inches_of, present)) + _ENTRY
    columns = min(len(present), max(1, int((_WIDTH - 2 * _MARGIN) / longest)))
    legend = _LINE * -(-len(present) // columns) + 0.12
    panel = min(_LARGEST, (_WIDTH - 2 * _MARGIN - (len(moments) - 1) * _GAP) / len(moments))
    line = _TITLE + _MOMENT + panel + _BETWEEN
    height = len(rows) * line - _BETWEEN + 0.1 + legend
    figure = Figure(figsize=(_WIDTH, height))
    for index, method in enumerate(rows):
        top = height - index * line
        figure.text(
            _MARGIN / _WIDTH, (top - 0.08) / height, method, va="top", weight="bold", fontsize=11.5, gid="method"
        )
        for column, moment in enumerate(moments):
            left, bottom = _MARGIN + column * (panel + _GAP), top - _TITLE - _MOMENT - panel
            axes = axes_at(figure, left, bottom, panel, panel)
            _scatter(axes, panels[method, moment], called, names)
            axes.set_title(moment, loc="left", fontsize=FONT_SIZE, pad=3)
    handles = {handle.get_label(): handle for handle in figure.axes[0].collections}
    figure.legend(
        handles=[handles[name] for name in present],
        loc="upper left",
        bbox_to_anchor=(_MARGIN / _WIDTH, legend / height),
        ncols=columns,
        borderaxespad=0,
        borderpad=0.1,
        handlelength=1.2,
        handletextpad=0.3,
        columnspacing=0.9,
        markerscale=(42 / _size(len(kinds))) ** 0.5,
    )
    return figure, data


def _check(
    panels: Mapping[tuple[str, str], np.ndarray],
    inner: Sequence[set[str]],
    moments: Sequence[str],
    kinds: np.ndarray,
    names: Sequence[str],
) -> None:
    """Refuse what can't be drawn."""
    fits = kinds.ndim == 1 and len(kinds) > 0 and np.issubdtype(kinds.dtype, np.integer)
    fits = fits and bool(np.isin(kinds, range(len(names))).all())
    fits = fits and len(set(names)) == len(names) <= len(_LOOKS)
    fits = fits and 0 < len(moments) <= MOST_MOMENTS and all(row == set(moments) for row in inner)
    fits = fits and all(places.shape == (len(kinds), 2) and np.isfinite(places).all() for places in panels.values())
    if not fits:
        shown = ", ".join(f"{method}, {moment}: {places.shape}" for (method, moment), places in panels.items())
        raise ECGError(
            "embeddings that can't be drawn",
            expected=f"for each method the same moments, {MOST_MOMENTS} at most, each with finite points of shape "
            f"(recordings, 2); for each recording a class from 0 to {len(names) - 1}, with {len(_LOOKS)} different "
            "names at most",
            found=f"{shown or 'no points'}; classes {kinds.dtype} {kinds.shape}, {len(names)} names",
            remedy="bring the embeddings of the same recordings to two dimensions at each moment",
        )


def _scatter(axes: Axes, places: np.ndarray, called: np.ndarray, names: Sequence[str]) -> None:
    """Draw the classes, the most frequent first and pale."""
    kinds, counts = np.unique(called, return_counts=True)
    for depth, index in enumerate(np.argsort(-counts, kind="stable")):
        name = str(kinds[index])
        colour, marker, scale = _LOOKS[list(names).index(name)]
        chosen = places[called == name]
        axes.scatter(
            chosen[:, 0],
            chosen[:, 1],
            s=_size(len(called)) * scale,
            color=colour,
            marker=marker,
            alpha=0.4 if depth == 0 else 1.0,
            edgecolors="white",
            linewidths=0.3,
            label=name,
            zorder=2 + 0.01 * depth,
            gid=f"class {name}",
        )
    axes.set(xticks=[], yticks=[])
    axes.set_aspect("equal", adjustable="datalim")
    for side in axes.spines.values():
        side.set(visible=True, linewidth=0.6, color=FAINT)


def _size(recordings: int) -> float:
    """Say how large a marker is, in square points."""
    return float(np.clip(9_000 / recordings, 8, 24))
