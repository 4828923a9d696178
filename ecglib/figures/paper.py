"""ECG paper: squares of 1 mm, 25 mm to the second and 10 mm to the millivolt, as large across as up."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ecglib.figures.style import FAINT, LARGE_SQUARES, PAPER, SMALL_SQUARES, TRACE

MM_PER_SECOND = 25.0
MM_PER_MILLIVOLT = 10.0
INCHES_PER_MM = 1 / 25.4
SMALL_SECONDS, SMALL_MILLIVOLTS = 0.04, 0.1
LARGE_SECONDS, LARGE_MILLIVOLTS = 0.2, 0.5

_FINEST = 0.022
_LABEL_SPACE = 0.38


def paper_scale(seconds: float, *, narrowest: float, widest: float) -> float:
    """Say how large a millimetre of paper is printed, in inches.

    It is one millimetre where the stretch then fits between the narrowest and widest allowed width (inches); a longer
    one is made smaller and a shorter one larger, both ways alike, so that squares stay square.
    """
    millimetres = seconds * MM_PER_SECOND
    return min(max(INCHES_PER_MM, narrowest / millimetres), widest / millimetres)


def draw_paper(axes: Axes, x: tuple[float, float], y: tuple[float, float], scale: float, origin: float = 0.0) -> None:
    """Turn axes into ECG paper from ``x`` seconds and ``y`` millivolts; large squares start at ``origin`` seconds.

    Small squares are left out where they would be printed too small to see.
    """
    axes.set_xlim(*x)
    axes.set_ylim(*y)
    axes.set_aspect(MM_PER_MILLIVOLT / MM_PER_SECOND, adjustable="box")
    axes.set_facecolor(PAPER)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=3, color=FAINT)
    rulings = [("large squares", LARGE_SECONDS, LARGE_MILLIVOLTS, LARGE_SQUARES, 0.7)]
    if scale >= _FINEST:
        rulings.insert(0, ("small squares", SMALL_SECONDS, SMALL_MILLIVOLTS, SMALL_SQUARES, 0.45))
    for name, across, up, colour, width in rulings:
        style: dict[str, Any] = {"colors": colour, "linewidths": width, "zorder": 0.5, "gid": name}
        axes.vlines(_multiples(x, across, origin), *y, **style)
        axes.hlines(_multiples(y, up), *x, **style)
    axes.set_xlim(*x)
    axes.set_ylim(*y)


def mark_seconds(axes: Axes, scale: float, within: tuple[float, float]) -> None:
    """Put seconds below the paper from first to last, as densely as the text allows."""
    second = scale * MM_PER_SECOND
    steps = (0.2, 0.4, 1, 2, 5) if within[1] - within[0] < 3.5 else (1, 2, 5)
    step = next(step for step in steps if step * second >= _LABEL_SPACE)
    at = _multiples(within, step)
    axes.set_xticks(at, [number(value, 0 if step >= 1 else 1) for value in at])


def number(value: float, decimals: int = 0) -> str:
    """Write a tick's number with a true minus sign, and zero without one."""
    return f"{round(value, 6) + 0.0:.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def mark_millivolts(axes: Axes, marks: dict[float, str]) -> None:
    """Put millivolts beside the paper at the given heights, and the unit as long as the paper is high."""
    axes.set_yticks(list(marks), list(marks.values()))
    figure = axes.figure
    assert figure is not None
    axes.set_ylabel("Amplitude (mV)" if axes.get_window_extent().height / figure.dpi > 1.35 else "mV")


def draw_calibration(axes: Axes, left: float, baseline: float) -> None:
    """Draw the calibration pulse: 1 mV for 0.2 s."""
    axes.plot(
        left + np.array([0, 0.08, 0.08, 0.28, 0.28, 0.36]),
        baseline + np.array([0, 0, 1, 1, 0, 0]),
        color=TRACE,
        linewidth=1.0,
        solid_joinstyle="miter",
        gid="calibration",
    )


def up_to(value: float, step: float) -> float:
    """Round up to a multiple of ``step``."""
    return math.ceil(round(value / step, 6)) * step


def _multiples(limits: tuple[float, float], step: float, origin: float = 0.0) -> np.ndarray:
    first = math.ceil((limits[0] - origin) / step - 1e-6)
    last = math.floor((limits[1] - origin) / step + 1e-6)
    return origin + step * np.arange(first, last + 1)
