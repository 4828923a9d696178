"""A wavelet at several scales, its transform as the matrix product that it is, and scalograms side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from numpy.typing import ArrayLike, NDArray

from ecglib.errors import ECGError
from ecglib.figures.style import CLASS_COLOURS, FAINT, INK, TRACE, axes_at, styled
from ecglib.signals.segments import RATE

if TYPE_CHECKING:
    from ecglib.signals.scalogram import Scalogram, Wavelet

_WIDTH, _BOTTOM = 7.6, 0.55
_TICKS = (1, 2, 5, 10, 20, 40)
_COLUMNS = 3


class ScalogramExample(NamedTuple):
    """One panel of ``plot_scalograms``: title, segment (samples,), scalogram (scales, times), and its class or ""."""

    title: str
    segment: ArrayLike
    scalogram: ArrayLike
    name: str = ""


@styled
def plot_wavelets(wavelet: Wavelet, frequencies: Sequence[float]) -> tuple[Figure, pd.DataFrame]:
    """Draw a complex wavelet at some frequencies: real part, imaginary part and size.

    Parameters
    ----------
    wavelet : Wavelet
        A complex one of ``WAVELETS``.
    frequencies : sequence of float
        Hertz, one panel each.

    Returns
    -------
    figure : Figure
        All panels over the same time, one second to each side.
    data : DataFrame
        Columns ``frequency_Hz``, ``time_s``, ``real``, ``imaginary``, ``size``.

    Raises
    ------
    ECGError
        If the wavelet is real, or there is no frequency.

    Notes
    -----
    Source: our choice. Taught in chapter ``20_segments_and_scalograms``.

    Examples
    --------
    >>> from ecglib.signals.scalogram import WAVELETS
    >>> figure, data = plot_wavelets(WAVELETS["cmor1.5-1.0"], [2.0, 8.0])
    >>> round(float(data["size"].max()), 3), float(data.loc[data["size"].idxmax(), "time_s"])
    (0.461, 0.0)
    """
    time = np.linspace(-1, 1, 2001)
    tables = []
    for frequency in frequencies:
        values = wavelet.shape(time * frequency / wavelet.centre)
        parts = {"real": values.real, "imaginary": values.imag, "size": np.abs(values)}
        tables.append(pd.DataFrame({"frequency_Hz": float(frequency), "time_s": time} | parts))
    if not tables or not any(table["imaginary"].any() for table in tables):
        raise ECGError(
            "a wavelet that can't be drawn",
            expected="a complex wavelet, and at least one frequency",
            found=f"{len(tables)} frequencies",
            remedy="name frequencies, and take a complex wavelet",
        )
    panel, title, top = 1.05, 0.34, 0.32
    figure = Figure(figsize=(_WIDTH, top + len(tables) * (title + panel) + _BOTTOM))
    for index, table in enumerate(tables):
        at = _BOTTOM + (len(tables) - 1 - index) * (title + panel)
        axes = axes_at(figure, 0.3, at, _WIDTH - 0.6, panel)
        axes.plot(time, table["size"], color=FAINT, linewidth=1.2, linestyle=":", label="size", gid="size")
        axes.plot(time, table["real"], color=TRACE, linewidth=1.5, label="real part", gid="real")
        axes.plot(
            time, table["imaginary"], color="#D55E00", linewidth=1.5, linestyle="--", label="imaginary part", gid="imag"
        )
        axes.set_xlim(-1, 1)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        scale = wavelet.centre / frequencies[index]
        axes.set_title(f"{frequencies[index]:g} Hz: scale {scale:.3g} s", loc="left", weight="bold", pad=5)
        axes.tick_params(labelbottom=index == len(tables) - 1)
    axes.set_xlabel("Time (s)")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper right", ncols=3, bbox_to_anchor=(1, 1), borderaxespad=0.2)
    return figure, pd.concat(tables, ignore_index=True)


@styled
def plot_transform(
    scalogram: Scalogram, segment: ArrayLike, frequencies: Sequence[float], *, rate: float = RATE
) -> tuple[Figure, pd.DataFrame]:
    """Draw the wavelet transform as a matrix product: the segment above, rows of the matrix below, sums at the right.

    Parameters
    ----------
    scalogram : Scalogram
        With a complex wavelet.
    segment : float array, shape (samples,)
    frequencies : sequence of float
        Hertz; of each, the rows of the nearest frequency that the scalogram has are drawn.
    rate : float
        Samples a second.

    Returns
    -------
    figure : Figure
        The matrix's real part, mid-grey where it is zero and each block by its own largest entry. At the right, what
        each row gives: the real sum, and the strength, which is the size of real and imaginary sum together.
    data : DataFrame
        A row for each drawn entry: ``frequency_Hz``, ``moment_s`` (of the matrix's row), ``sample_s`` (of its column),
        ``entry``, ``segment``, ``sum`` and ``strength``.

    Raises
    ------
    ECGError
        If the wavelet is real, or the segment has another length.

    Notes
    -----
    Source: our choice. Taught in chapter ``20_segments_and_scalograms``.

    Examples
    --------
    >>> from ecglib.signals.scalogram import Scalogram
    >>> figure, data = plot_transform(Scalogram(), np.ones(128), [2.0, 8.0])
    >>> len(data), bool(np.allclose(data.groupby(["frequency_Hz", "moment_s"])["entry"].sum(), data["sum"][::128]))
    (8192, True)
    """
    values, shape = np.asarray(segment, dtype=np.float64), (2, len(scalogram.scales), len(scalogram.times))
    matrix = scalogram.matrix.detach().cpu().double().numpy()
    if values.shape != (len(matrix),) or matrix.shape[1] != np.prod(shape):
        raise ECGError(
            "a transform that can't be drawn",
            expected=f"a complex wavelet, and a segment of shape ({len(matrix)},)",
            found=f"{matrix.shape[1] // np.prod(shape[1:])} part, and a segment of shape {values.shape}",
            remedy="take a complex wavelet, and a segment of this length",
        )
    parts = matrix.T.reshape(*shape, len(values))
    rows = [int(np.abs(np.log(scalogram.frequencies / frequency)).argmin()) for frequency in frequencies]
    time, moments = np.arange(len(values)) / rate, scalogram.times
    left, across, right, sums = 0.75, 3.9, 0.35, 2.15
    above, gap, title, block, top = 0.85, 0.14, 0.32, 1.3, 0.1
    height = top + above + gap + len(rows) * (title + block) + _BOTTOM
    figure = Figure(figsize=(left + across + right + sums + 0.2, height))
    ecg = axes_at(figure, left, height - top - above, across, above)
    ecg.plot(time, values, color=TRACE, linewidth=1.4, gid="segment")
    ecg.set_xlim(-0.5 / rate, time[-1] + 0.5 / rate)
    ecg.set_yticks([])
    ecg.set_ylabel("segment")
    ecg.tick_params(labelbottom=False)
    ecg.spines["left"].set_visible(False)
    tables = []
    for index, row in enumerate(rows):
        real, imaginary = parts[:, row]
        total, strength = real @ values, np.hypot(real @ values, imaginary @ values)
        at = _BOTTOM + (len(rows) - 1 - index) * (title + block)
        axes = axes_at(figure, left, at, across, block)
        beside = axes_at(figure, left + across + right, at, sums, block)
        largest = np.abs(real).max()
        sample, step = 0.5 / rate, (moments[1] - moments[0]) / 2
        edges = (-sample, time[-1] + sample, moments[-1] + step, -step)
        axes.imshow(
            real, cmap="gray", vmin=-largest, vmax=largest, extent=edges, aspect="auto", interpolation="nearest",
            gid="matrix",
        )  # fmt: skip
        axes.set_ylabel("moment (s)")
        axes.set_title(f"rows of {scalogram.frequencies[row]:.3g} Hz, real part", loc="left", weight="bold", pad=5)
        beside.axvline(0, color=FAINT, linewidth=0.8)
        beside.plot(total, moments, color=TRACE, linewidth=1.4, label="real sum", gid="sum")
        beside.plot(strength, moments, color="#D55E00", linewidth=1.8, linestyle="--", label="strength", gid="strength")
        beside.set_ylim(axes.get_ylim())
        beside.set_xticks([0])
        beside.tick_params(labelleft=False, labelbottom=index == len(rows) - 1)
        axes.tick_params(labelbottom=index == len(rows) - 1)
        grid = np.meshgrid(moments, time, indexing="ij")
        tables.append(
            pd.DataFrame(
                {
                    "frequency_Hz": scalogram.frequencies[row],
                    "moment_s": grid[0].ravel(),
                    "sample_s": grid[1].ravel(),
                    "entry": real.ravel(),
                    "segment": np.tile(values, len(moments)),
                    "sum": np.repeat(total, len(values)),
                    "strength": np.repeat(strength, len(values)),
                }
            )
        )
    axes.set_xlabel("Time of the sample (s)")
    beside.set_xlabel("what the rows give")
    handles, labels = beside.get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper right", bbox_to_anchor=(1, 1), borderaxespad=0.2)
    return figure, pd.concat(tables, ignore_index=True)


@styled
def plot_scalograms(
    examples: Sequence[ScalogramExample | tuple],
    frequencies: NDArray[np.float64],
    reach: NDArray[np.float64],
    *,
    rate: float = RATE,
) -> tuple[Figure, pd.DataFrame]:
    """Draw scalograms side by side, each below its segment, all in one scale of grey.

    Parameters
    ----------
    examples : sequence of ScalogramExample
        Segments and scalograms of one size; a class's name gives the title its colour.
    frequencies : float64 array, shape (scales,)
        Hertz of the rows, each the same factor above the one before.
    reach : float64 array, shape (scales,)
        Seconds from an end of the segment, within which the end is felt; drawn as dashed lines.
    rate : float
        Samples a second.

    Returns
    -------
    figure : Figure
        White is nothing, black the largest strength of all panels; the shade grows with the root. Time runs from the
        segment's middle.
    data : DataFrame
        Columns ``panel``, ``frequency_Hz``, ``time_s``, ``strength``, and the ``segment`` at that moment.

    Raises
    ------
    ECGError
        If there are no examples, or their sizes differ.

    Notes
    -----
    Source: our choice. Taught in chapter ``20_segments_and_scalograms``.

    Examples
    --------
    >>> rows = np.geomspace(1, 40, 32)
    >>> figure, data = plot_scalograms([("one", np.zeros(128), np.ones((32, 32)))], rows, 1.2 / rows)
    >>> len(data), round(float(data["frequency_Hz"].max()), 6), float(data["time_s"].min())
    (1024, 40.0, -0.5)
    """
    given = [ScalogramExample(*example) for example in examples]
    segments = [np.asarray(example.segment, dtype=np.float64) for example in given]
    images = [np.asarray(example.scalogram, dtype=np.float64) for example in given]
    sizes = {(segment.shape, image.shape) for segment, image in zip(segments, images, strict=True)}
    fits = len(sizes) == 1 and images[0].ndim == 2 and len(images[0]) == len(frequencies) == len(reach)
    if not fits or len(segments[0]) % images[0].shape[1]:
        raise ECGError(
            "scalograms that can't be drawn together",
            expected=f"at least one, all of one size and {len(frequencies)} rows, with a column every few samples",
            found=", ".join(f"segment {segment} and scalogram {image}" for segment, image in sorted(sizes)) or "none",
            remedy="pass scalograms of segments of one length",
        )
    every, seconds = len(segments[0]) // images[0].shape[1], len(segments[0]) / rate
    largest, tallest = max(float(image.max()) for image in images), np.array(segments)
    columns = min(_COLUMNS, len(given))
    lines = -(-len(given) // columns)
    left, right, gap, above, between, high, title, end = 0.6, 0.95, 0.22, 0.6, 0.06, 1.55, 0.56, 0.12
    across = (_WIDTH - left - right - (_COLUMNS - 1) * gap) / _COLUMNS
    panel = title + above + between + high + end
    height = lines * panel + _BOTTOM
    width = left + columns * across + (columns - 1) * gap + right
    figure = Figure(figsize=(width, height))
    edges = np.sqrt(frequencies[1:] * frequencies[:-1])
    edges = np.r_[frequencies[0] ** 2 / edges[0], edges, frequencies[-1] ** 2 / edges[-1]]
    moments = np.arange(images[0].shape[1]) * every / rate - seconds / 2
    borders = np.r_[moments - every / rate / 2, seconds / 2]
    tables = []
    for index, (example, segment, image) in enumerate(zip(given, segments, images, strict=True)):
        line, column = divmod(index, columns)
        x, y = left + column * (across + gap), height - (line + 1) * panel + end
        below, ecg = axes_at(figure, x, y, across, high), axes_at(figure, x, y + high + between, across, above)
        ecg.plot(np.arange(len(segment)) / rate - seconds / 2, segment, color=TRACE, linewidth=1.3, gid="segment")
        ecg.set_ylim(tallest.min() - 0.2, tallest.max() + 0.2)
        ecg.set_xticks([])
        ecg.set_yticks([])
        ecg.spines[["left", "bottom"]].set_visible(False)
        drawn = below.pcolormesh(
            borders,
            edges,
            image,
            cmap="Greys",
            norm=PowerNorm(0.5, vmin=0, vmax=largest or 1.0),
            gid="scalogram",
            rasterized=True,
        )
        for border in (reach - seconds / 2, seconds / 2 - reach):
            near = reach <= seconds / 2
            below.plot(border[near], frequencies[near], color=INK, linewidth=1.0, linestyle="--", gid="reach")
        below.set_yscale("log")
        below.set_ylim(edges[0], edges[-1])
        below.yaxis.set_major_locator(FixedLocator(_TICKS))
        below.yaxis.set_minor_locator(NullLocator())
        below.set_yticks(_TICKS, [str(tick) for tick in _TICKS])
        below.set_xticks([-0.25, 0, 0.25], ["−0.25", "0", "0.25"])
        lowest = index + columns >= len(given)
        below.tick_params(labelleft=column == 0, labelbottom=lowest)
        below.set_ylabel("Hz" if column == 0 else "", labelpad=1)
        below.set_xlabel("Time (s)" if lowest else "")
        for axes in (ecg, below):
            axes.set_xlim(-seconds / 2, seconds / 2)
        colour = CLASS_COLOURS.get(example.name, INK)
        ecg.set_title(example.title, loc="left", color=colour, weight="bold", fontsize=10.5, pad=2)
        tables.append(
            pd.DataFrame(
                {
                    "panel": example.title.replace("\n", ", "),
                    "frequency_Hz": np.repeat(frequencies, len(moments)),
                    "time_s": np.tile(moments, len(frequencies)),
                    "strength": image.ravel(),
                    "segment": np.tile(segment[::every], len(frequencies)),
                }
            )
        )
    place = axes_at(figure, width - right + 0.14, _BOTTOM + end, 0.14, high)
    figure.colorbar(drawn, cax=place, label="strength", ticks=MaxNLocator(5))
    return figure, pd.concat(tables, ignore_index=True)
