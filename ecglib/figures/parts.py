"""Which beats train, validate and test, against time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ecglib.databases.splits import Split
from ecglib.errors import ECGError
from ecglib.figures.style import FAINT, INK, axes_at, styled

PARTS = ("train", "validation", "test")
PART_COLOURS = {"train": "#0072B2", "validation": "#E69F00", "test": "#C1121F"}
PART_HEIGHTS = {"train": 0.5, "validation": 0.7, "test": 0.9}

_WIDTH, _LEFT, _ROW, _TITLE, _TOP, _BOTTOM = 7.5, 0.75, 0.3, 0.38, 0.35, 0.55


@styled
def plot_splits(
    splits: Sequence[Split],
    records: NDArray[np.str_],
    seconds: NDArray[np.float64],
    shown: Mapping[str, str],
    stop: float,
) -> tuple[Figure, pd.DataFrame]:
    """Draw one tick a beat, against time, in the colour of the part that a split puts it in.

    Parameters
    ----------
    splits : sequence of Split
        One panel each.
    records : str array, shape (beats,)
        Record of each beat.
    seconds : float array, shape (beats,)
        When each beat comes, from the record's beginning.
    shown : mapping of str to str
        Records to draw, and what to write beside each.
    stop : float
        Seconds from each record's beginning that are drawn.

    Returns
    -------
    figure : Figure
        A row for each record; beats that a split leaves out have no tick.
    data : DataFrame
        Columns ``split``, ``record``, ``time_s``, ``part``.

    Raises
    ------
    ECGError
        If no beat lies in the stretch.

    Notes
    -----
    Test ticks are the tallest and training ticks the shortest, so that colour isn't needed to tell them apart.
    Source: our choice. Taught in chapter ``01_splits_and_leakage``.

    Examples
    --------
    >>> split = Split("intra", np.array([0]), np.array([1]), np.array([2]))
    >>> figure, data = plot_splits([split], np.array(["100"] * 3), np.array([0.5, 1.3, 2.1]), {"100": "100"}, 10.0)
    >>> data["part"].tolist()
    ['train', 'validation', 'test']
    """
    drawn = []
    for split in splits:
        part_of_beat = np.full(len(records), "", dtype="<U10")
        for part in PARTS:
            part_of_beat[getattr(split, part)] = part
        for record in shown:
            chosen = np.flatnonzero((records == record) & (seconds <= stop) & (part_of_beat != ""))
            drawn.append(
                pd.DataFrame(
                    {
                        "split": split.name,
                        "record": record,
                        "time_s": seconds[chosen],
                        "part": part_of_beat[chosen],
                    }
                )
            )
    data = pd.concat(drawn, ignore_index=True) if drawn else pd.DataFrame()
    if data.empty:
        raise ECGError(
            "no beat to draw",
            expected=f"beats of {', '.join(shown)} within {stop:g} s",
            found="none",
            remedy="name records that are present",
        )
    panel = _ROW * len(shown)
    height = _TOP + len(splits) * (_TITLE + panel) + _BOTTOM
    figure = Figure(figsize=(_WIDTH, height))
    for index, split in enumerate(splits):
        bottom = height - _TOP - (index + 1) * (_TITLE + panel)
        axes = axes_at(figure, _LEFT, bottom, _WIDTH - _LEFT - 0.1, panel)
        for row, record in enumerate(shown):
            of_record = data[(data["split"] == split.name) & (data["record"] == record)]
            for part in PARTS:
                times = of_record.loc[of_record["part"] == part, "time_s"]
                half = PART_HEIGHTS[part] / 2
                axes.vlines(times, row - half, row + half, color=PART_COLOURS[part], linewidth=1.1)
        axes.set_ylim(len(shown) - 0.45, -0.55)
        axes.set_xlim(0, stop)
        axes.set_yticks(range(len(shown)), list(shown.values()))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_title(split.name, loc="left", weight="bold", pad=4)
        if index < len(splits) - 1:
            axes.tick_params(axis="x", labelbottom=False)
            axes.spines["bottom"].set_color(FAINT)
        else:
            axes.set_xlabel("Time (s)", color=INK)
    handles = [Line2D([], [], color=PART_COLOURS[part], linewidth=4, label=part) for part in PARTS]
    figure.legend(handles=handles, loc="upper right", ncols=3, bbox_to_anchor=(1, 1), borderaxespad=0.2)
    return figure, data
