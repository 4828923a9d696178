"""The waves that a cardiologist marked, and those that models found, above and below one ECG."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import ECGError
from ecglib.figures.style import FAINT, TRACE, WAVE_COLOURS, axes_at, inches_of, styled
from ecglib.signals.twelve_lead import RATE
from ecglib.signals.wave_labels import NO_WAVE, UNKNOWN, WAVES

_WIDTH, _RIGHT, _TOP, _ECG, _STRIP, _GAP, _BOTTOM = 6.4, 0.15, 0.34, 1.5, 0.24, 0.07, 0.95
_WORDS = {UNKNOWN: "unknown", NO_WAVE: "", **{place + 1: wave for place, wave in enumerate(WAVES)}}


@styled
def plot_segmentation(
    signal: ArrayLike,
    marked: ArrayLike,
    found: Mapping[str, ArrayLike],
    *,
    rate: float = RATE,
    start: float = 0.0,
    stop: float = 4.0,
    title: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw one lead between the waves that were marked in it, above, and those that models found, below.

    Parameters
    ----------
    signal : float array, shape (samples,)
        One lead in millivolts.
    marked : int array, shape (samples,)
        True labels: ``NO_WAVE``, 1 for P, 2 for QRS, 3 for T, or ``UNKNOWN``.
    found : mapping of str to int array, shape (samples,)
        Labels by each model, under its name.
    rate : float
        Samples a second, of all.
    start, stop : float
        Seconds to draw.
    title : str
        Such as the record's name.

    Returns
    -------
    figure : Figure
        The marked waves also shade the ECG, so that an early onset or a late offset below shows at its edges.
    data : DataFrame
        A row for each sample: ``time_s``, ``mV``, ``marked``, and a column for each model with ``P``, ``QRS``, ``T``,
        empty between waves or, in ``marked`` alone, ``unknown``.

    Raises
    ------
    ECGError
        If labels and signal differ in length, a model is called ``marked``, or the stretch is empty.

    Notes
    -----
    Source: our choice. Taught in chapter ``34_wave_segmentation``.

    Examples
    --------
    >>> labels = np.repeat([-1, 1, 0, 2, 0, 3, -1], [50, 12, 5, 10, 10, 20, 93])
    >>> figure, data = plot_segmentation(np.zeros(200), labels, {"a model": labels.clip(0)}, stop=2)
    >>> data["marked"].value_counts().to_dict()
    {'unknown': 143, 'T': 20, '': 15, 'P': 12, 'QRS': 10}
    """
    data, labels = _table(signal, marked, found, rate, start, stop)
    time = data["time_s"].to_numpy()
    edges = (time[0] - 0.5 / rate, time[-1] + 0.5 / rate)
    left = 0.2 + max(0.5, *(inches_of(name) for name in labels))
    across, strips = _WIDTH - left - _RIGHT, _STRIP + _GAP
    height = _TOP * bool(title) + 0.06 + strips + _ECG + len(found) * strips + _BOTTOM
    figure = Figure(figsize=(_WIDTH, height))

    at = height - _TOP * bool(title) - 0.06 - _STRIP
    strip = axes_at(figure, left, at, across, _STRIP)
    _draw_strip(strip, "marked", time, labels["marked"], rate)
    at -= _GAP + _ECG
    ecg = axes_at(figure, left, at, across, _ECG)
    _shade(ecg, time, labels["marked"], rate, alpha=0.22)
    ecg.plot(time, data["mV"], color=TRACE, linewidth=1.1, zorder=3, gid="ecg")
    ecg.set_ylabel("mV")
    ecg.yaxis.set_major_locator(MaxNLocator(3))
    ecg.tick_params(axis="x", length=0, labelbottom=False)
    ecg.spines["bottom"].set_visible(False)
    panels = [strip, ecg]
    for name in found:
        at -= strips
        strip = axes_at(figure, left, at, across, _STRIP)
        _draw_strip(strip, name, time, labels[name], rate)
        panels.append(strip)
    for axes in panels:
        axes.set_xlim(*edges)
    strip.tick_params(axis="x", length=3, labelbottom=True)
    strip.set_xlabel("Time (s)")
    figure.text(left / _WIDTH, 1 - 0.08 / height, title, va="top", weight="bold", fontsize=11.5)

    names = {"P": "P wave", "QRS": "QRS complex", "T": "T wave"}
    handles = [Patch(facecolor=WAVE_COLOURS[wave], label=names[wave]) for wave in WAVES]
    if (labels["marked"] == UNKNOWN).any():
        handles.append(Patch(facecolor="white", edgecolor=FAINT, hatch="////", linewidth=0, label="not annotated"))
    figure.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, 0.02 / height),
        ncols=len(handles),
        columnspacing=1.0,
        handlelength=1.3,
        handletextpad=0.5,
        borderpad=0.2,
    )
    return figure, data


def _draw_strip(axes: Axes, name: str, time: NDArray[np.float64], labels: NDArray[np.int64], rate: float) -> None:
    _shade(axes, time, labels, rate, alpha=1.0)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.5], [name])
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.axhline(0, color=FAINT, linewidth=1.2, zorder=1, clip_on=False)


def _shade(axes: Axes, time: NDArray[np.float64], labels: NDArray[np.int64], rate: float, alpha: float) -> None:
    """Colour every stretch of one label, half a sample further to each side than its outermost samples."""
    borders = np.flatnonzero(np.diff(labels)) + 1
    for first, last in zip([0, *borders], [*(borders - 1), len(labels) - 1], strict=True):
        left, right, word = time[first] - 0.5 / rate, time[last] + 0.5 / rate, _WORDS[int(labels[first])]
        if word in WAVE_COLOURS:
            axes.axvspan(left, right, color=WAVE_COLOURS[word], alpha=alpha, linewidth=0, zorder=1, gid=f"wave {word}")
        elif word and alpha == 1:
            axes.axvspan(
                left, right, facecolor="white", edgecolor=FAINT, hatch="////", linewidth=0, zorder=0.5, gid="unknown"
            )


def _table(
    signal: ArrayLike, marked: ArrayLike, found: Mapping[str, ArrayLike], rate: float, start: float, stop: float
) -> tuple[pd.DataFrame, dict[str, NDArray[np.int64]]]:
    values = np.asarray(signal, dtype=np.float64)
    labels = {name: np.asarray(of) for name, of in {"marked": marked, **found}.items()}
    first, last = max(0, round(start * rate)), min(values.size, round(stop * rate))
    known = all(np.isin(of, list(_WORDS)).all() for of in labels.values())
    alike = values.ndim == 1 and all(of.shape == values.shape for of in labels.values())
    if not found or "marked" in found or not (known and alike) or last - first < 2:
        raise ECGError(
            "a segmentation that can't be drawn",
            expected="one lead, a label from -1 to 3 for each of its samples by each model, and a stretch inside it",
            found=f"a signal of shape {values.shape}, {', '.join(f'{name} {of.shape}' for name, of in labels.items())},"
            f" and {start:g} to {stop:g} s",
            remedy="pass labels of this very lead, at the rate of the signal",
        )
    labels = {name: of[first:last].astype(np.int64) for name, of in labels.items()}
    table: dict[str, object] = {"time_s": np.arange(first, last) / rate, "mV": values[first:last]}
    table |= {name: [_WORDS[label] for label in of.tolist()] for name, of in labels.items()}
    return pd.DataFrame(table), labels
