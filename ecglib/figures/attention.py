"""Where a network with attention looks: the weight of each time step, on the beat that it read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.errors import ECGError
from ecglib.figures.style import CLASS_COLOURS, CLASS_NAMES, FAINT, INK, TRACE, axes_at, styled

_WIDTH, _LEFT, _GAP, _RIGHT, _TITLE, _BEAT, _BETWEEN, _BARS, _BOTTOM = 7.0, 0.75, 0.3, 0.1, 0.42, 1.15, 0.15, 0.85, 0.62
_COLUMNS = 2


@styled
def plot_attention(
    windows: ArrayLike,
    weights: ArrayLike,
    classes: ArrayLike,
    *,
    rate: float,
    before: int,
    every: int = 16,
    names: Sequence[str] = AAMI_CLASSES,
) -> tuple[Figure, pd.DataFrame]:
    """Draw the average attention of each class as bars below its average beat.

    Parameters
    ----------
    windows : float array, shape (beats, 1, samples) or (beats, samples)
        One lead, in millivolts.
    weights : float array, shape (beats, steps)
        As ``CNNLSTMAttention.attention`` gives them; they sum to one over the steps.
    classes : int array, shape (beats,)
        Index of each beat's class; classes without beats are left out.
    rate : float
        Samples a second of the windows.
    before : int
        Samples before the R peak, which lies at 0 s.
    every : int
        Samples from one step to the next; step t lies at sample ``every * t``.
    names : sequence of str
        Names of the classes.

    Returns
    -------
    figure : Figure
        For each class the mean beat, behind it the mean weights as shades of grey, and the same as bars with the
        range of four in five beats as whiskers; a dashed line marks equal weights.
    data : DataFrame
        A row for each sample: ``class``, ``time_s``, ``mean_mV``, ``step``, and of the sample's step ``weight`` (mean),
        ``p10``, ``p90``; ``beats`` that the means were taken over.

    Raises
    ------
    ECGError
        If the shapes don't fit each other, or weights don't sum to one.

    Notes
    -----
    Source: our choice. Taught in chapter ``12_cnn_lstm_attention``.

    Examples
    --------
    >>> figure, data = plot_attention(np.zeros((4, 260)), np.full((4, 17), 1 / 17), [0, 0, 2, 2], rate=360, before=100)
    >>> data.groupby("class")["step"].max().to_dict()
    {'N': 16, 'V': 16}
    """
    data = _table(windows, weights, classes, rate, before, every, names)
    present = data["class"].unique().tolist()
    columns = min(_COLUMNS, len(present))
    lines = -(-len(present) // columns)
    panel = _TITLE + _BEAT + _BETWEEN + _BARS
    height = lines * panel + _BOTTOM
    across = min(3.6, (_WIDTH - _LEFT - _RIGHT - (columns - 1) * _GAP) / columns)
    width = _LEFT + columns * across + (columns - 1) * _GAP + _RIGHT
    figure = Figure(figsize=(width, height))
    highest, largest = float(data["p90"].max()), float(data["weight"].max())
    bottom, top = float(data["mean_mV"].min()) - 0.15, float(data["mean_mV"].max()) + 0.15
    for index, name in enumerate(present):
        table = data[data["class"] == name]
        line, column = divmod(index, columns)
        left, at = _LEFT + column * (across + _GAP), height - (line + 1) * panel
        beat = axes_at(figure, left, at + _BARS + _BETWEEN, across, _BEAT)
        bars = axes_at(figure, left, at, across, _BARS)
        steps = table.drop_duplicates("step")
        middle = (steps["step"] * every - before) / rate
        for place, weight in zip(middle, steps["weight"], strict=True):
            half = every / rate / 2
            shade = 0.45 * weight / largest
            beat.axvspan(place - half, place + half, color=INK, alpha=shade, linewidth=0, gid="shade")
        beat.plot(table["time_s"], table["mean_mV"], color=TRACE, linewidth=1.8, gid=f"class {name}")
        beat.tick_params(labelbottom=False, length=0)
        beat.set_ylim(bottom, top)
        colour = CLASS_COLOURS.get(name, INK)
        bars.bar(middle, steps["weight"], width=0.8 * every / rate, color=colour, gid=f"weights {name}")
        bars.vlines(middle, steps["p10"], steps["p90"], color=INK, linewidth=1.0, gid="range")
        bars.axhline(1 / len(steps), color=FAINT, linestyle="--", linewidth=1.0, gid="equal")
        bars.set_ylim(0, 1.05 * highest)
        for axes, unit in ((beat, "mV"), (bars, "weight")):
            axes.set_xlim(float(table["time_s"].iloc[0]), float(table["time_s"].iloc[-1]))
            axes.set_ylabel(unit if column == 0 else "")
            axes.tick_params(labelleft=column == 0)
        lowest = index + columns >= len(present)
        bars.tick_params(labelbottom=lowest)
        bars.set_xlabel("Time from the R peak (s)" if lowest else "")
        counted = f"{table['beats'].iloc[0]:,} beats"
        beat.set_title(f"{name}  {CLASS_NAMES.get(name, '')}, {counted}", loc="left", color=colour, weight="bold")
    figure.align_ylabels()
    return figure, data


def _table(
    windows: ArrayLike,
    weights: ArrayLike,
    classes: ArrayLike,
    rate: float,
    before: int,
    every: int,
    names: Sequence[str],
) -> pd.DataFrame:
    beats = np.asarray(windows)
    beats = beats[:, 0] if beats.ndim == 3 and beats.shape[1] == 1 else beats
    given, belongs = np.asarray(weights, dtype=np.float64), np.asarray(classes)
    fits = beats.ndim == 2 and len(beats) > 0 and given.shape == (len(beats), -(-beats.shape[1] // every))
    if not fits or belongs.shape != (len(beats),) or not np.allclose(given.sum(axis=1), 1, atol=1e-3):
        raise ECGError(
            "attention can't be drawn",
            expected=f"windows of one lead, a class for each, and a weight for every {every} samples, of sum one",
            found=f"windows {beats.shape}, weights {given.shape}, classes {belongs.shape}",
            remedy="pass the weights of these very windows",
        )
    sample = np.arange(beats.shape[1])
    step = np.minimum((sample + every // 2) // every, given.shape[1] - 1)
    tables = []
    for index in np.unique(belongs).tolist():
        chosen = belongs == index
        low, high = np.percentile(given[chosen], [10, 90], axis=0)
        tables.append(
            pd.DataFrame(
                {
                    "class": names[index],
                    "time_s": (sample - before) / rate,
                    "mean_mV": beats[chosen].mean(axis=0, dtype=np.float64),
                    "step": step,
                    "weight": given[chosen].mean(axis=0)[step],
                    "p10": low[step],
                    "p90": high[step],
                    "beats": int(chosen.sum()),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
