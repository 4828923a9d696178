"""How pretraining went: the loss of each objective, and where the embeddings lie between two goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ecglib.errors import ECGError
from ecglib.figures.style import FAINT, TRAIN, axes_at, styled

_WIDTH, _LEFT, _RIGHT, _PANEL, _GAP, _ACROSS, _TITLE, _BOTTOM = 6.6, 0.62, 0.15, 1.15, 0.22, 0.62, 0.27, 0.58
_LOOKS = (
    ("#0072B2", "o"),
    ("#C1121F", "s"),
    ("#222222", "^"),
    ("#B07A00", "D"),
    ("#007A5A", "v"),
    ("#6A1B7A", "P"),
    ("#56B4E9", "X"),
    ("#777777", "*"),
)
_PLANE, _ENTRY = 3.1, 0.25


@styled
def plot_pretraining(histories: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[Figure, pd.DataFrame]:
    """Draw the loss over the steps of pretraining, a panel for each objective.

    Parameters
    ----------
    histories : mapping of str to sequence of mapping
        The name of each objective, and the history that ``pretrain`` gives: ``step`` and ``loss``.

    Returns
    -------
    figure : Figure
        Two panels a row. Each has its own axis of loss: what one objective calls 2 is not what another calls 2.
    data : DataFrame
        Columns ``objective``, ``step``, ``loss``.

    Raises
    ------
    ECGError
        If there is nothing to draw.

    Notes
    -----
    Source: our choice. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> falling = [{"step": 50, "loss": 4.0}, {"step": 100, "loss": 2.5}]
    >>> figure, data = plot_pretraining({"3KG": falling, "Beat-SSL": falling})
    >>> len(figure.axes), data["loss"].tolist()
    (2, [4.0, 2.5, 4.0, 2.5])
    """
    rows = [(name, row.get("step"), row.get("loss")) for name, history in histories.items() for row in history]
    data = pd.DataFrame(rows, columns=["objective", "step", "loss"])
    if not histories or not all(histories.values()) or data.isna().any(axis=None):
        raise ECGError(
            "no pretraining to draw",
            expected="for each objective some rows with step and loss",
            found=", ".join(f"{name}: {len(history)} rows" for name, history in histories.items()) or "none",
            remedy="pass the history that pretrain gives",
        )
    lines = -(-len(histories) // 2)
    height = lines * (_TITLE + _PANEL + _GAP) - _GAP + _BOTTOM
    across = (_WIDTH - _LEFT - _ACROSS - _RIGHT) / 2
    figure = Figure(figsize=(_WIDTH, height))
    for index, name in enumerate(histories):
        line, column = divmod(index, 2)
        bottom = height - (line + 1) * (_TITLE + _PANEL) - line * _GAP
        axes = axes_at(figure, _LEFT + column * (across + _ACROSS), bottom, across, _PANEL)
        drawn = data[data["objective"] == name]
        axes.plot(drawn["step"], drawn["loss"], color=TRAIN, linewidth=1.8, gid=name)
        axes.set_title(name, loc="left", pad=4)
        axes.set_xlim(0, data["step"].max())
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
        lowest = index + 2 >= len(histories)
        axes.tick_params(axis="x", labelbottom=lowest, length=3 if lowest else 0)
        axes.set_xlabel("Step" if lowest else "")
        axes.set_ylabel("Loss" if column == 0 else "")
    return figure, data


@styled
def plot_alignment_uniformity(points: Mapping[str, tuple[float, float]]) -> tuple[Figure, pd.DataFrame]:
    """Draw encoders on the plane of alignment and uniformity.

    Parameters
    ----------
    points : mapping of str to (float, float)
        The name of each encoder, eight at most; its ``alignment`` and its ``uniformity``.

    Returns
    -------
    figure : Figure
        The best corner, where views meet and recordings fill the sphere, is the lower left one.
    data : DataFrame
        Columns ``encoder``, ``alignment``, ``uniformity``.

    Raises
    ------
    ECGError
        If there is nothing to draw, too much, or a value is not finite.

    Notes
    -----
    Source: after figure 5 of Wang and Isola (2020). Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> figure, data = plot_alignment_uniformity({"untrained": (0.1, -0.2), "3KG": (0.4, -2.5)})
    >>> data["uniformity"].tolist()
    [-0.2, -2.5]
    """
    data = pd.DataFrame([(name, *map(float, place)) for name, place in points.items()],
                        columns=["encoder", "alignment", "uniformity"])  # fmt: skip
    if not 1 <= len(data) <= len(_LOOKS) or not np.isfinite(data[["alignment", "uniformity"]]).all(axis=None):
        raise ECGError(
            "no encoders to draw",
            expected=f"from 1 to {len(_LOOKS)}, each with two finite numbers",
            found=", ".join(f"{name}: {place}" for name, place in points.items()) or "none",
            remedy="pass what alignment and uniformity give for each encoder",
        )
    legend = _ENTRY * -(-len(data) // 3) + 0.1
    height = legend + _PLANE + _BOTTOM
    figure = Figure(figsize=(_WIDTH, height))
    axes = axes_at(figure, 0.95, _BOTTOM, _WIDTH - 0.95 - _RIGHT, _PLANE)
    for (name, x, y), (colour, marker) in zip(data.itertuples(index=False), _LOOKS, strict=False):
        axes.plot(x, y, color=colour, marker=marker, markersize=9, linestyle="", label=name, gid=name)
    axes.margins(0.12)
    axes.annotate("better", (0.03, 0.04), (0.16, 0.15), xycoords="axes fraction", textcoords="axes fraction",
                  color=FAINT, ha="left", va="bottom", arrowprops={"arrowstyle": "-|>", "color": FAINT})  # fmt: skip
    axes.set_xlabel("Alignment: squared distance of two views")
    axes.set_ylabel("Uniformity: log of mean exp(\N{MINUS SIGN}2 d²)")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.grid(color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.99), ncols=3, columnspacing=1.2, handletextpad=0.2)
    return figure, data
