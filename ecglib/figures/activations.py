"""What the layers of a network make of one beat, aligned in time with the beat."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ecglib.errors import ECGError
from ecglib.figures.style import FAINT, TRACE, axes_at, styled

_WIDTH, _LEFT, _RIGHT, _BEAT, _LAYER, _GAP, _TOP, _BOTTOM = 6.4, 0.95, 1.0, 1.2, 1.1, 0.34, 0.34, 0.58


@styled
def plot_activations(
    window: ArrayLike, layers: Mapping[str, ArrayLike], *, rate: float, before: int
) -> tuple[Figure, pd.DataFrame]:
    """Draw a beat, and below it one image for each layer: time from left to right, a row for each channel.

    Parameters
    ----------
    window : float array, shape (samples,)
        One lead, in millivolts.
    layers : mapping of str to float array, shape (channels, steps)
        What each layer gave, by the layer's name; each covers the whole window. Channels are sorted by when they are
        strongest, each divided by its largest magnitude.
    rate : float
        Samples a second of the window.
    before : int
        Samples before the R peak, which lies at 0 s.

    Returns
    -------
    figure : Figure
        The beat, and a panel for each layer, dark where a channel is strong.
    data : DataFrame
        ``layer``, ``channel`` (its place before sorting), ``step``, ``time_s`` (the step's middle), ``activation``.

    Raises
    ------
    ECGError
        If there is no layer, or a shape is another.

    Notes
    -----
    Source: our choice. Taught in chapter ``11_cnn_lstm``.

    Examples
    --------
    >>> figure, data = plot_activations(np.zeros(260), {"memory": np.ones((3, 17))}, rate=360, before=100)
    >>> len(figure.axes), len(data)
    (3, 51)
    """
    beat = np.asarray(window, dtype=np.float64)
    given = {name: np.asarray(values, dtype=np.float64) for name, values in layers.items()}
    if beat.ndim != 1 or not given or any(values.ndim != 2 or not values.size for values in given.values()):
        raise ECGError(
            "no activations to draw",
            expected="a window of shape (samples,) and layers of shape (channels, steps)",
            found=f"{beat.shape} and {[values.shape for values in given.values()]}",
            remedy="take one beat and one lead",
        )
    start, end = -before / rate, (len(beat) - before) / rate
    height = _TOP + _BEAT + len(given) * (_GAP + _LAYER) + _BOTTOM
    across = _WIDTH - _LEFT - _RIGHT
    figure = Figure(figsize=(_WIDTH, height))
    bottom = height - _TOP - _BEAT
    axes = axes_at(figure, _LEFT, bottom, across, _BEAT)
    axes.plot((np.arange(len(beat)) - before) / rate, beat, color=TRACE, linewidth=1.3, gid="beat")
    axes.axvline(0, color=FAINT, linewidth=0.8, linestyle=":")
    axes.set(xlim=(start, end), ylabel="mV")
    axes.set_title("the beat", loc="left")
    axes.tick_params(labelbottom=False)
    rows = []
    for name, values in given.items():
        largest = np.abs(values).max(axis=1, keepdims=True)
        scaled = np.divide(np.abs(values), largest, out=np.zeros_like(values), where=largest > 0)
        order = np.argsort(scaled.argmax(axis=1), kind="stable")
        bottom -= _GAP + _LAYER
        axes = axes_at(figure, _LEFT, bottom, across, _LAYER)
        image = axes.imshow(
            scaled[order], aspect="auto", cmap="Greys", vmin=0, vmax=1, extent=(start, end, len(values), 0), gid=name
        )
        axes.set_title(name, loc="left")
        axes.set(ylabel="channel", yticks=[])
        axes.tick_params(labelbottom=False)
        channel, step = np.indices(values.shape)
        middle = start + (step + 0.5) * (end - start) / values.shape[1]
        rows.append(
            pd.DataFrame(
                {
                    "layer": name,
                    "channel": channel.ravel(),
                    "step": step.ravel(),
                    "time_s": middle.ravel(),
                    "activation": values.ravel(),
                }
            )
        )
    axes.tick_params(labelbottom=True)
    axes.set_xlabel("Time from the R peak (s)")
    colours = figure.colorbar(image, cax=axes_at(figure, _WIDTH - _RIGHT + 0.12, bottom, 0.14, _LAYER), ticks=[0, 1])
    colours.set_label("share of largest")
    return figure, pd.concat(rows, ignore_index=True)
