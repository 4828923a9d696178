"""Numbers in, pictures out: every function gives the figure and the data drawn in it."""

from ecglib.figures.beats import plot_beats_by_class, plot_noise
from ecglib.figures.counts import plot_class_counts, plot_confusion
from ecglib.figures.ecg import plot_ecg
from ecglib.figures.history import plot_history
from ecglib.figures.parts import plot_splits
from ecglib.figures.scores import IntervalRow, plot_intervals
from ecglib.figures.style import CLASS_COLOURS, CLASS_NAMES, RHYTHM_NAMES, WAVE_COLOURS
from ecglib.figures.waves import plot_waves

__all__ = [
    "CLASS_COLOURS",
    "CLASS_NAMES",
    "RHYTHM_NAMES",
    "WAVE_COLOURS",
    "IntervalRow",
    "plot_beats_by_class",
    "plot_class_counts",
    "plot_confusion",
    "plot_ecg",
    "plot_history",
    "plot_intervals",
    "plot_noise",
    "plot_splits",
    "plot_waves",
]
