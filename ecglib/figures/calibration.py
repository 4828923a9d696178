"""Reliability diagrams: how often a model is right, by how sure it says it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ecglib.errors import ECGError
from ecglib.evaluation.calibration import Reliability
from ecglib.figures.style import INK, axes_at, styled

_WIDTH, _LEFT, _RIGHT, _GAP, _TOP, _BARS, _BETWEEN, _BOTTOM = 7.6, 0.95, 0.12, 0.22, 0.36, 0.8, 0.14, 0.52
_ROW, _FEWEST = 0.24, 10
_COLOURS = ("#0072B2", "#D55E00", "#007A5A", "#6A1B7A")
_MARKERS = ("o", "s", "^", "D")
_LINES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (2, 1.5)), (0, (5, 2, 1.5, 2)))


@styled
def plot_reliability(
    panels: Mapping[str, Mapping[str, Reliability]], *, confidence: str = "Confidence", frequency: str = "Share right"
) -> tuple[Figure, pd.DataFrame]:
    """Draw how often models are right against how sure they say they are, with the number of beats below.

    Parameters
    ----------
    panels : mapping of str to mapping of str to Reliability
        By the panel's title, then by the model's name; at most three panels of at most four models.
    confidence, frequency : str
        What the axes are, for reliabilities of one class.

    Returns
    -------
    figure : Figure
        Dots with 95 % intervals; on the dotted diagonal a model is as good as it says, below it is too sure. A bin of
        fewer than 10 beats has no dot: its share says nothing, and drawing beats again can't show how little.
    data : DataFrame
        Columns ``panel``, ``model``, ``from``, ``to`` (ends of the bin), ``beats``, ``confidence``, ``frequency``,
        ``low``, ``high``, ``calibration_error``; empty bins are left out.

    Raises
    ------
    ECGError
        If there are no panels, or too many, or a panel has no model or too many.

    Notes
    -----
    Source: the diagram is that of Guo and colleagues (2017); the intervals and the count of beats are our choice.
    Taught in chapter ``16_ensembles``.

    Examples
    --------
    >>> from ecglib.evaluation.calibration import reliability
    >>> found = reliability([0, 0, 0, 1] * 5, [[0.8, 0.2]] * 20, classes=("N", "V"), bins=5)
    >>> figure, data = plot_reliability({"intra": {"CNN": found}})
    >>> data[["from", "to", "beats"]].to_numpy().round(1).tolist()
    [[0.6, 0.8, 20.0]]
    """
    if not 0 < len(panels) <= 3 or not all(0 < len(models) <= len(_COLOURS) for models in panels.values()):
        raise ECGError(
            "these reliabilities cannot be drawn",
            expected=f"one to three panels, each with one to {len(_COLOURS)} models",
            found=", ".join(f"{title}: {len(models)}" for title, models in panels.items()) or "no panel",
            remedy="draw several figures",
        )
    names = list(dict.fromkeys(name for models in panels.values() for name in models))
    side = min((_WIDTH - _LEFT - _RIGHT - _GAP * (len(panels) - 1)) / len(panels), 3.4)
    width = max(_LEFT + len(panels) * (side + _GAP) - _GAP + _RIGHT, 4.6)
    legend = _ROW * ((len(names) + 2) // 2) + 0.1
    height = _TOP + side + _BETWEEN + _BARS + _BOTTOM + legend
    figure = Figure(figsize=(width, height))
    most = max(found.beats.max() for models in panels.values() for found in models.values())
    for index, (title, models) in enumerate(panels.items()):
        left = _LEFT + index * (side + _GAP)
        axes = axes_at(figure, left, legend + _BOTTOM + _BARS + _BETWEEN, side, side)
        below = axes_at(figure, left, legend + _BOTTOM, side, _BARS)
        axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":", gid="as sure as right")
        for name, found in models.items():
            place = names.index(name)
            filled = found.beats >= _FEWEST
            x = found.confidence[filled]
            colour, marker, line = _COLOURS[place], _MARKERS[place], _LINES[place]
            low, high = found.low[filled], found.high[filled]
            axes.vlines(x, low, high, color=colour, linewidth=1.2, alpha=0.7, gid=f"interval {name}")
            axes.plot(
                x,
                found.frequency[filled],
                color=colour,
                marker=marker,
                linestyle=line,
                linewidth=1.4,
                markersize=5,
                gid=f"model {name}",
            )
            below.stairs(found.beats, found.edges, color=colour, linestyle=line, linewidth=1.6, gid=f"beats {name}")
        axes.set_title(title, loc="left", weight="bold")
        below.set_yscale("log")
        below.set_ylim(0.7, 3 * most)
        below.set_yticks(10.0 ** np.arange(0, np.log10(3 * most), 2))
        below.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        below.minorticks_off()
        below.set_xlabel(confidence)
        axes.set_ylim(-0.03, 1.03)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        for part in (axes, below):
            part.set_xlim(-0.03, 1.03)
            part.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
            part.grid(color="#DDDDDD", linewidth=0.6)
            part.set_axisbelow(True)
            part.tick_params(labelleft=index == 0)
        axes.tick_params(labelbottom=False)
        if index == 0:
            axes.set_ylabel(frequency)
            below.set_ylabel("Beats")
    handles = [
        Line2D([], [], color=_COLOURS[place], marker=_MARKERS[place], linestyle=_LINES[place], markersize=5, label=name)
        for place, name in enumerate(names)
    ]
    handles.append(Line2D([], [], color=INK, linewidth=1, linestyle=":", label="as sure as right"))
    figure.legend(
        handles=handles, loc="lower center", ncols=2, handlelength=3, columnspacing=1.5, bbox_to_anchor=(0.5, 0)
    )
    data = pd.concat([_table(title, name, found) for title, models in panels.items() for name, found in models.items()])
    return figure, data.reset_index(drop=True)


def _table(title: str, name: str, found: Reliability) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "panel": title,
            "model": name,
            "from": found.edges[:-1],
            "to": found.edges[1:],
            "beats": found.beats,
            "confidence": found.confidence,
            "frequency": found.frequency,
            "low": found.low,
            "high": found.high,
            "calibration_error": found.error.value,
        }
    )
    return table[table["beats"] > 0]
