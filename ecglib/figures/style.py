"""One look for every figure: a colour per AAMI class and per wave, and text that a phone can show."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

CLASS_COLOURS = MappingProxyType({"N": "#0072B2", "S": "#B07A00", "V": "#C1121F", "F": "#6A1B7A", "Q": "#555555"})
"""Colour of each AAMI class, apart from each other also for the colour-blind."""

CLASS_NAMES = MappingProxyType(
    {"N": "normal", "S": "supraventricular", "V": "ventricular", "F": "fusion", "Q": "paced, unknown"}
)
"""AAMI classes in words; bundle branch block counts as normal."""

WAVE_COLOURS = MappingProxyType({"P": "#56B4E9", "QRS": "#E69F00", "T": "#007A5A"})
"""Colour of each wave."""

RHYTHM_NAMES = MappingProxyType(
    {
        "AB": "atrial bigeminy",
        "AFIB": "atrial fibrillation",
        "AFL": "atrial flutter",
        "B": "ventricular bigeminy",
        "BII": "2nd degree heart block",
        "IVR": "idioventricular rhythm",
        "N": "normal sinus rhythm",
        "NOD": "nodal rhythm",
        "P": "paced rhythm",
        "PREX": "pre-excitation",
        "SBR": "sinus bradycardia",
        "SVTA": "supraventricular tachycardia",
        "T": "ventricular trigeminy",
        "VFL": "ventricular flutter",
        "VT": "ventricular tachycardia",
    }
)
"""MIT-BIH's rhythm codes in words."""

INK, FAINT, TRACE = "#222222", "#6B6B6B", "#111111"
PAPER, SMALL_SQUARES, LARGE_SQUARES = "#FFF8F6", "#F7DAD5", "#E5A39B"
TRAIN, VALIDATION, REPORTED = "#0072B2", "#D55E00", "#C1121F"

WIDEST = 8.0
"""Inches; no figure is wider."""

FONT_SIZE = 10.5
"""Points of all text but titles."""

_SETTINGS: dict[Any, Any] = {
    "figure.dpi": 150,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "axes.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": FONT_SIZE,
    "axes.labelsize": FONT_SIZE,
    "axes.titlesize": 11.5,
    "figure.titlesize": 11.5,
    "xtick.labelsize": FONT_SIZE,
    "ytick.labelsize": FONT_SIZE,
    "legend.fontsize": FONT_SIZE,
    "legend.frameon": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
}

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def styled(draw: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Make a drawing function use the book's style, whatever the reader's own settings are."""

    @wraps(draw)
    def in_style(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with matplotlib.style.context("default"):
            matplotlib.rcParams.update(_SETTINGS)
            return draw(*args, **kwargs)

    return in_style


def axes_at(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place given in inches."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def inches_of(text: str, size: float = FONT_SIZE, bold: bool = False) -> float:
    """Say how wide a line of text is when printed."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    properties = FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
    return float(TextPath((0, 0), text, size=size, prop=properties).get_extents().width) / 72 if text.strip() else 0.0
