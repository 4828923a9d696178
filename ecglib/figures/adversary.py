"""A classifier and its adversary: how the two hang together, and curves of what they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from ecglib.errors import ECGError
from ecglib.figures.style import FAINT, INK, REPORTED, TRAIN, axes_at, styled

_BOXES = {
    "segment": (0.05, 1.2, 1.2, "segment\n128 samples"),
    "scalogram": (1.55, 1.2, 1.0, "scalogram\n32 × 32"),
    "features": (2.85, 1.2, 1.2, "SE-ResNet\n32 features"),
    "classifier": (5.2, 2.15, 1.7, "classifier\nwhich beat?"),
    "patient head": (5.2, 0.25, 1.7, "patient head\nwhose beat?"),
}
_ARROWS = (
    ("segment", "scalogram", "signal", (1.25, 1.5), (1.55, 1.5)),
    ("scalogram", "features", "signal", (2.55, 1.5), (2.85, 1.5)),
    ("features", "classifier", "signal", (4.05, 1.7), (5.2, 2.6)),
    ("features", "patient head", "signal", (4.05, 1.3), (5.2, 0.4)),
    ("classifier", "features", "gradient", (5.2, 2.35), (4.05, 1.5)),
    ("patient head", "features", "reversed gradient", (5.2, 0.65), (4.05, 1.5)),
)
_ARROW_LOOKS = {"signal": (INK, "-"), "gradient": (TRAIN, (0, (4, 2))), "reversed gradient": (REPORTED, (0, (4, 2)))}

_LOOKS = (
    ("#0072B2", "o", "-"),
    ("#C1121F", "s", "--"),
    ("#222222", "^", ":"),
    ("#B07A00", "D", "-."),
)
_DASHES = ((1, 1.5), (7, 3))
_WIDTH, _LEFT, _RIGHT, _PANEL, _GAP, _BOTTOM, _LEGEND_ROW = 6.6, 0.95, 0.2, 1.75, 0.18, 0.6, 0.25


@styled
def plot_two_heads() -> tuple[Figure, pd.DataFrame]:
    """Draw a classifier of beats with its adversary: what goes forward, and what comes back in training.

    Returns
    -------
    figure : Figure
        Solid lines carry numbers forward, broken ones bring gradients back.
    data : DataFrame
        Columns ``from``, ``to``, ``carries``: a row for each line.

    Notes
    -----
    Source: after figure 1 of Ganin and colleagues (2016), redrawn for our classifier. Taught in chapter
    ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> figure, data = plot_two_heads()
    >>> data["carries"].value_counts().to_dict()
    {'signal': 4, 'gradient': 1, 'reversed gradient': 1}
    """
    across, up = 7.0, 3.05
    figure = Figure(figsize=(across, up))
    axes = axes_at(figure, 0, 0, across, up)
    axes.set(xlim=(0, across), ylim=(0, up))
    axes.axis("off")
    for name, (left, bottom, width, text) in _BOXES.items():
        box = FancyBboxPatch(
            (left, bottom), width, 0.6, boxstyle="round,pad=0,rounding_size=0.08", facecolor="white", edgecolor=INK,
            gid=name,
        )  # fmt: skip
        axes.add_patch(box)
        axes.text(left + width / 2, bottom + 0.3, text, ha="center", va="center", linespacing=1.25)
    for _, _, carries, start, end in _ARROWS:
        colour, line = _ARROW_LOOKS[carries]
        axes.add_patch(
            FancyArrowPatch(
                start,
                end,
                arrowstyle="-|>",
                mutation_scale=13,
                color=colour,
                linestyle=line,
                linewidth=1.5,
                shrinkA=0,
                shrinkB=0,
                gid=carries,
            )
        )
    axes.text(3.35, 2.6, "gradient as it is:\nlowers the class loss", ha="center", va="center", color=TRAIN)
    axes.text(3.35, 0.4, "gradient times \N{MINUS SIGN}λ:\nraises the patient loss", ha="center", va="center",
              color=REPORTED)  # fmt: skip
    return figure, pd.DataFrame([arrow[:3] for arrow in _ARROWS], columns=["from", "to", "carries"])


@styled
def plot_panels(
    panels: Mapping[str, Mapping[str, ArrayLike]],
    at: Sequence[float] | Sequence[str],
    *,
    label: str,
    levels: Mapping[str, Mapping[str, float]] | None = None,
    marked: float | str | None = None,
    kept: str = "chosen",
) -> tuple[Figure, pd.DataFrame]:
    """Draw curves over one common axis, a panel for each quantity.

    Parameters
    ----------
    panels : mapping of str to mapping of str to float array, shape (places,)
        What a panel shows, such as ``"Loss"``; then its curves by name, four at most.
    at : sequence of float, or of str
        Places on the common axis; texts stand at even distances.
    label : str
        What the common axis is.
    levels : mapping of str to mapping of str to float, optional
        For a panel, lines at a height of their own, such as chance; two at most.
    marked : float or str, optional
        One of ``at``: a line through all panels.
    kept : str
        What that place is.

    Returns
    -------
    figure : Figure
        Curves differ in colour, marker and line.
    data : DataFrame
        Columns ``panel``, ``curve``, the common axis by its label, ``value``; levels have no place.

    Raises
    ------
    ECGError
        If there is nothing to draw, a curve has not as many values as there are places, a panel has too many, or
        ``marked`` is no place.

    Notes
    -----
    Source: our choice. Taught in chapter ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> curves = {"Accuracy": {"training patients": [0.9, 0.6], "new patients": [0.8, 0.7]}}
    >>> figure, data = plot_panels(curves, ["0", "0.1"], label="weight", levels={"Accuracy": {"chance": 0.25}})
    >>> data["value"].tolist()
    [0.9, 0.6, 0.8, 0.7, 0.25]
    """
    curves = [
        (name, line, np.asarray(v, dtype=np.float64)) for name, lines in panels.items() for line, v in lines.items()
    ]
    heights = {panel: (levels or {}).get(panel, {}) for panel in panels}
    fits = curves and all(values.shape == (len(at),) for *_, values in curves) and set(levels or {}) <= set(panels)
    fits = fits and len(at) > 0 and (marked is None or marked in list(at))
    if not fits or any(len(panels[p]) > len(_LOOKS) or len(heights[p]) > len(_DASHES) for p in panels):
        raise ECGError(
            "no curves to draw",
            expected=f"from 1 to {len(_LOOKS)} curves a panel, with a value at each of {len(at)} places, and "
            f"{len(_DASHES)} levels at most" + ("" if marked is None else f"; {marked} among the places"),
            found=", ".join(f"{name}: {line} {v.shape}" for name, line, v in curves) or "none",
            remedy="pass one value for each place, and mark one of the places",
        )
    rows = [(panel, line, place, value) for panel, line, v in curves for place, value in zip(at, v, strict=True)]
    data = pd.DataFrame(
        rows + [(panel, line, None, value) for panel, lines in heights.items() for line, value in lines.items()],
        columns=["panel", "curve", label, "value"],
    )
    even = isinstance(at[0], str)
    places = np.arange(len(at)) if even else np.asarray(at, dtype=np.float64)
    entries = {panel: len(panels[panel]) + len(heights[panel]) + (marked is not None) for panel in panels}
    above = {panel: _LEGEND_ROW * -(-count // 2) + 0.12 for panel, count in entries.items()}
    height = sum(above.values()) + len(panels) * _PANEL + (len(panels) - 1) * _GAP + _BOTTOM
    figure = Figure(figsize=(_WIDTH, height))
    top = height
    for index, (panel, lines) in enumerate(panels.items()):
        top -= above[panel] + _PANEL + (_GAP if index else 0)
        axes = axes_at(figure, _LEFT, top, _WIDTH - _LEFT - _RIGHT, _PANEL)
        for (name, values), (colour, marker, style) in zip(lines.items(), _LOOKS, strict=False):
            axes.plot(
                places,
                values,
                color=colour,
                linestyle=style,
                marker=marker if len(places) <= 40 else "",
                markersize=5,
                linewidth=1.7,
                label=name,
                gid=name,
            )
        for (name, value), dash in zip(heights[panel].items(), _DASHES, strict=False):
            axes.axhline(value, color=FAINT, linewidth=1.2, linestyle=(0, dash), label=name, gid=name)
        if marked is not None:
            place = places[list(at).index(marked)]
            axes.axvline(place, color=FAINT, linewidth=6, alpha=0.25, label=kept, gid="marked", zorder=0)
        lowest = index == len(panels) - 1
        if even:
            axes.set_xticks(places, [str(place) if lowest else "" for place in at])
        axes.tick_params(axis="x", labelbottom=lowest, length=3 if lowest else 0)
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.set_ylabel(panel)
        axes.set_xlabel(label if lowest else "")
        axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.98), ncols=2, columnspacing=1.2, handlelength=2.4)
    return figure, data
