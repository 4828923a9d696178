"""Records in, arrays out: filters, and windows around beats."""

from ecglib.signals.filters import bandpass, normalise, remove_baseline
from ecglib.signals.windows import BeatWindows, beat_windows, cut_windows, fits

__all__ = ["BeatWindows", "bandpass", "beat_windows", "cut_windows", "fits", "normalise", "remove_baseline"]
