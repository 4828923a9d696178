"""How a feature differs between the classes of beats."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.errors import ECGError
from ecglib.figures.style import CLASS_COLOURS, CLASS_NAMES, axes_at, styled

_WIDTH, _LEFT, _RIGHT, _PANEL, _GAP, _TOP, _BOTTOM = 7.0, 0.75, 0.2, 1.7, 0.85, 0.4, 0.95
_LINES = {"N": "-", "S": "--", "V": "-.", "F": ":", "Q": (0, (5, 1, 1, 1, 1, 1))}


@styled
def plot_by_class(
    features: Mapping[str, ArrayLike], classes: ArrayLike, *, share: float = 0.99, bins: int = 60
) -> tuple[Figure, pd.DataFrame]:
    """Draw the distribution of each feature, one line for each class, every class with the same area.

    Parameters
    ----------
    features : mapping of str to float array, shape (beats,)
        Values by what they are, with their unit; a panel each.
    classes : int array, shape (beats,)
        Index into ``AAMI_CLASSES``.
    share : float
        Middle share of all classes' values that the axis shows.
    bins : int
        Across the axis.

    Returns
    -------
    figure : Figure
        Classes differ in colour and line.
    data : DataFrame
        Columns ``feature``, ``class``, ``beats``, ``from``, ``to``, ``percent`` of the class's beats in this bin.

    Raises
    ------
    ECGError
        If there is nothing to draw, or lengths differ.

    Notes
    -----
    Source: our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> figure, data = plot_by_class({"time (s)": [0.5, 0.8, 0.9, 1.0]}, [1, 0, 0, 0], bins=2)
    >>> data["percent"].tolist()
    [0.0, 100.0, 100.0, 0.0]
    """
    of = np.asarray(classes)
    columns = {name: np.asarray(values, dtype=np.float64) for name, values in features.items()}
    if not columns or not len(of) or any(values.shape != of.shape for values in columns.values()):
        raise ECGError(
            "no features to draw",
            expected="at least one feature, with a value for each beat",
            found=f"{len(columns)} features, {len(of)} beats",
            remedy="describe the same beats that the classes belong to",
        )
    present = [index for index in range(len(AAMI_CLASSES)) if (of == index).any()]
    rows = []
    below = _BOTTOM + (0.25 if len(present) > 4 else 0.0)
    height = _TOP + len(columns) * (_PANEL + _GAP) - _GAP + below
    figure = Figure(figsize=(_WIDTH, height))
    for place, (name, values) in enumerate(columns.items()):
        bottom = height - _TOP - _PANEL - place * (_PANEL + _GAP)
        axes = axes_at(figure, _LEFT, bottom, _WIDTH - _LEFT - _RIGHT, _PANEL)
        ends = np.array([np.quantile(values[of == index], [(1 - share) / 2, (1 + share) / 2]) for index in present])
        edges = np.linspace(ends.min(), ends.max() if ends.max() > ends.min() else ends.min() + 1, bins + 1)
        for index in present:
            letter, own = AAMI_CLASSES[index], values[of == index]
            percent = 100 * np.histogram(np.clip(own, edges[0], edges[-1]), edges)[0] / len(own)
            axes.stairs(
                percent,
                edges,
                color=CLASS_COLOURS[letter],
                linestyle=_LINES[letter],
                linewidth=1.7,
                label=f"{letter}, {CLASS_NAMES[letter]}",
                gid=f"class {letter}",
            )
            rows += [
                {"feature": name, "class": letter, "beats": len(own), "from": low, "to": high, "percent": value}
                for low, high, value in zip(edges[:-1], edges[1:], percent, strict=True)
            ]
        axes.set(xlim=(edges[0], edges[-1]), ylim=(0, None), xlabel=name, ylabel="% of class")
        axes.grid(color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(),
        loc="lower center",
        bbox_to_anchor=(0.5, 0.02 / height),
        ncols=min(len(present), 4),
        columnspacing=1.2,
        borderpad=0.2,
        handlelength=2.6,
    )
    return figure, pd.DataFrame(rows)
