"""What a network's features hold: the same points twice, once by class and once by patient."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ecglib.errors import ECGError
from ecglib.figures.style import CLASS_COLOURS, FAINT, FONT_SIZE, axes_at, styled
from ecglib.signals.segments import NO_BEAT, SEGMENT_CLASSES

MOST_PATIENTS = 8
"""More patients than these nobody could tell apart."""

_WIDTH, _PANEL, _GAP, _TITLE, _LINE = 6.0, 2.85, 0.12, 0.62, 0.24
_PALE = ("N", SEGMENT_CLASSES[NO_BEAT])
_MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")


@styled
def plot_embedding(
    points: ArrayLike,
    classes: ArrayLike,
    patients: ArrayLike,
    *,
    title: str,
    names: Sequence[str] = SEGMENT_CLASSES,
) -> tuple[Figure, pd.DataFrame]:
    """Draw features that were brought to two dimensions, marked by class on the left and by patient on the right.

    Parameters
    ----------
    points : float array, shape (beats, 2)
        Such as two principal components of the features, or a t-SNE of them.
    classes : int array, shape (beats,)
        Index of each beat's class in ``names``.
    patients : array, shape (beats,)
        Whose beat it is; eight patients at most.
    title : str
        What the points are.
    names : sequence of str
        Names of the classes.

    Returns
    -------
    figure : Figure
        Classes differ in colour and marker, N and no beat being pale, since they are many; patients differ in shade and
        marker. Rarer ones lie on top.
    data : DataFrame
        Columns ``x``, ``y``, ``class``, ``patient``, a row for each beat.

    Raises
    ------
    ECGError
        If the shapes differ, a point is no number, a class has no name, or there are more patients than eight.

    Notes
    -----
    Features that hold who the patient is fall into one heap for each shade on the right. A picture shows only two
    directions; ``patient_probe`` measures with all of them.
    Source: our choice. Taught in chapter ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> points = np.random.default_rng(0).normal(size=(6, 2))
    >>> figure, data = plot_embedding(points, [0, 0, 2, 0, 2, 5], ["101"] * 3 + ["106"] * 3, title="Untrained")
    >>> data.groupby("class").size().to_dict()
    {'N': 3, 'V': 2, 'no beat': 1}
    """
    places, kinds, owners = np.asarray(points, dtype=np.float64), np.asarray(classes), np.asarray(patients)
    people = sorted(set(owners.tolist())) if owners.ndim == 1 else []
    fits = places.ndim == 2 and places.shape[1:] == (2,) and kinds.shape == owners.shape == places.shape[:1]
    fits = fits and bool(np.isin(kinds, range(len(names))).all())
    if not fits or not np.isfinite(places).all() or not 0 < len(people) <= MOST_PATIENTS:
        raise ECGError(
            "points that can't be drawn",
            expected=f"finite points of shape (beats, 2), for each a class from 0 to {len(names) - 1} and a patient, "
            f"{MOST_PATIENTS} at most",
            found=f"points {places.shape}, classes {kinds.shape}, patients {owners.shape}, {len(people)} different",
            remedy="choose some patients, and bring their features to two dimensions",
        )
    data = pd.DataFrame(
        {"x": places[:, 0], "y": places[:, 1], "class": np.array(names)[kinds], "patient": owners.astype(str)}
    )
    present = [name for name in names if (data["class"] == name).any()]
    shades = matplotlib.colormaps["viridis"](np.linspace(0, 0.92, len(people)))
    looks = {
        "class": {
            name: (CLASS_COLOURS.get(name, FAINT), _MARKERS[names.index(name) % len(_MARKERS)]) for name in present
        },
        "patient": {
            str(name): (to_hex(shade), marker) for name, shade, marker in zip(people, shades, _MARKERS, strict=False)
        },
    }
    legend = _LINE * max(-(-len(look) // 3) for look in looks.values()) + 0.1
    height = _TITLE + _PANEL + legend
    figure = Figure(figsize=(_WIDTH, height))
    left = (_WIDTH - 2 * _PANEL - _GAP) / 2
    figure.text(left / _WIDTH, 1 - 0.08 / height, title, va="top", weight="bold", fontsize=11.5)
    for index, (column, look) in enumerate(looks.items()):
        axes = axes_at(figure, left + index * (_PANEL + _GAP), legend, _PANEL, _PANEL)
        _scatter(axes, data, column, look)
        axes.set_title(f"by {column}", loc="left")
    return figure, data


def _scatter(axes: Axes, data: pd.DataFrame, column: str, look: dict[str, tuple[str, str]]) -> None:
    """Draw the groups, the most frequent first, and their legend below."""
    size = float(np.clip(20_000 / len(data), 12, 40))
    counts = data[column].value_counts()
    for depth, name in enumerate(counts.index):
        chosen, (colour, marker) = data[data[column] == name], look[name]
        axes.scatter(
            chosen["x"],
            chosen["y"],
            s=size,
            color=colour,
            marker=marker,
            alpha=0.4 if name in _PALE else 1.0,
            edgecolors="white" if column == "class" else FAINT,
            linewidths=0.3,
            label=name,
            zorder=2 + 0.01 * depth,
            gid=f"{column} {name}",
        )
    axes.set(xticks=[], yticks=[])
    axes.set_aspect("equal", adjustable="datalim")
    for side in axes.spines.values():
        side.set_visible(True)
    handles = {handle.get_label(): handle for handle in axes.collections}
    axes.legend(
        handles=[handles[name] for name in look],
        loc="upper left",
        bbox_to_anchor=(0, -0.01),
        ncols=min(3, len(look)),
        borderaxespad=0,
        borderpad=0.1,
        handletextpad=0.1,
        columnspacing=0.9,
        markerscale=(42 / size) ** 0.5,
        fontsize=FONT_SIZE,
    )
