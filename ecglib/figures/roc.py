"""ROC curves on an axis that shows where good models differ."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ecglib.errors import ECGError
from ecglib.evaluation.roc import ROCCurve
from ecglib.figures.style import CLASS_COLOURS, INK, axes_at, inches_of, styled

_WIDTH, _LEFT, _PANEL, _TITLE, _GAP, _BOTTOM = 7.0, 0.75, 2.5, 0.4, 0.3, 0.62
_LOWEST = 1e-4
_OTHERS = ("#0072B2", "#D55E00", "#007A5A", "#6A1B7A", "#B07A00", "#222222")
_LINES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)), (0, (1, 1)), (0, (6, 2, 1.5, 2, 1.5, 2)))
_MARKERS = ("o", "s", "^", "D", "v", "P")


@styled
def plot_roc(panels: Mapping[str, Mapping[str, ROCCurve]]) -> tuple[Figure, pd.DataFrame]:
    """Draw sensitivity against the false positive rate, with the range of the seeds as a band.

    Parameters
    ----------
    panels : mapping of str to mapping of str to ROCCurve
        By the panel's title, then by the curve's name: ``{"intra": roc_curves(true, scores)}`` draws the classes of
        one model, ``{"Class S": {"CNN": curve, "CNN-LSTM": curve}}`` compares models on one class. At most six
        curves a panel.

    Returns
    -------
    figure : Figure
        One panel below the other; the area of each curve stands beside its name. The false positive rate is on a
        logarithmic axis: one false alarm among 10,000 other beats at its left end.
    data : DataFrame
        Columns ``panel``, ``curve``, ``false_positive_rate``, ``true_positive_rate`` (mean over seeds), ``lowest``
        and ``highest`` (of the seeds), ``area``, ``positives``, ``negatives``.

    Raises
    ------
    ECGError
        If there is no curve, or a panel has none or too many.

    Notes
    -----
    Fewer than 10,000 other beats can't show a rate of 0.0001: the curve then begins near the share that is found
    without a single false alarm. Source: our choice. Taught in chapter ``15_comparison``.

    Examples
    --------
    >>> from ecglib.evaluation.roc import roc_curves
    >>> curves = roc_curves([0, 0, 1], [[0.9, 0.1], [0.4, 0.6], [0.3, 0.7]], classes=("N", "V"))
    >>> figure, data = plot_roc({"intra": curves})
    >>> data["curve"].unique().tolist()
    ['N', 'V']
    """
    if not panels or not all(0 < len(curves) <= len(_LINES) for curves in panels.values()):
        raise ECGError(
            "these ROC curves cannot be drawn",
            expected=f"at least one panel, each with one to {len(_LINES)} curves",
            found=", ".join(f"{title}: {len(curves)}" for title, curves in panels.items()) or "no panel",
            remedy="leave out empty panels, and spread many curves over several",
        )
    data = pd.concat([_table(title, name, curve) for title, curves in panels.items() for name, curve in curves.items()])
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    right = 0.75 + max(inches_of(f"{name}  0.0000") for name in names)
    height = len(panels) * (_TITLE + _PANEL + _GAP) - _GAP + _BOTTOM
    figure = Figure(figsize=(_WIDTH, height))
    width, at = _WIDTH - _LEFT - right, height
    for index, (title, curves) in enumerate(panels.items()):
        lowest = index == len(panels) - 1
        at -= _TITLE + _PANEL + (_GAP if index else 0)
        axes = axes_at(figure, _LEFT, at, width, _PANEL)
        axes.set_xscale("log")
        for name, curve in curves.items():
            place = names.index(name)
            colour = CLASS_COLOURS.get(name, _OTHERS[place % len(_OTHERS)])
            shown = curve.false_positive_rate >= _LOWEST
            x, y = curve.false_positive_rate[shown], curve.by_seed[:, shown]
            if len(y) > 1:
                axes.fill_between(x, y.min(0), y.max(0), color=colour, alpha=0.18, linewidth=0, gid=f"band {name}")
            axes.plot(
                x,
                y.mean(axis=0),
                color=colour,
                linestyle=_LINES[place % len(_LINES)],
                marker=_MARKERS[place % len(_MARKERS)],
                markevery=(place * 15, 100),
                markersize=5,
                linewidth=1.8,
                label=f"{name}  {_area(curve.area)}",
                gid=f"curve {name}",
            )
        chance = np.geomspace(_LOWEST, 1, 100)
        axes.plot(chance, chance, color=INK, linewidth=1, linestyle=":", label="chance", gid="chance")
        axes.set_xlim(_LOWEST, 1)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xticks([1e-4, 1e-3, 1e-2, 1e-1, 1], ["0.0001", "0.001", "0.01", "0.1", "1"])
        axes.minorticks_off()
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.tick_params(axis="x", labelbottom=lowest)
        axes.grid(color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.set_ylabel("Sensitivity")
        axes.set_xlabel("False positive rate (logarithmic axis)" if lowest else "")
        axes.set_title(title, loc="left", weight="bold")
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), handlelength=2.6, title="area below", alignment="left")
    return figure, data.reset_index(drop=True)


def _table(title: str, name: str, curve: ROCCurve) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "panel": title,
            "curve": name,
            "false_positive_rate": curve.false_positive_rate,
            "true_positive_rate": curve.true_positive_rate,
            "lowest": curve.by_seed.min(axis=0),
            "highest": curve.by_seed.max(axis=0),
            "area": curve.area,
            "positives": curve.positives,
            "negatives": curve.negatives,
        }
    )


def _area(value: float) -> str:
    """Write an area with as many digits as it takes to be told from one."""
    return f"{value:.3f}" if value < 0.9995 else f"{value:.4f}"
