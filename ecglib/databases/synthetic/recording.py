"""A heart, a rhythm and a torso make a recording whose every wave is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from ecglib.databases.synthetic.bumps import VISIBLE, Bumps, place, render
from ecglib.databases.synthetic.heart import Heart
from ecglib.databases.synthetic.leads import dipole_to_leads, electrodes_to_leads
from ecglib.databases.synthetic.noise import electrode_noise
from ecglib.databases.synthetic.rhythms import (
    WITHOUT_SINUS_P,
    Course,
    fibrillatory_wave,
    flutter_wave,
    ventricular_flutter_wave,
)


def generator(seed: int, *who: str) -> np.random.Generator:
    """Give the random numbers of one person or record, the same whatever else is made."""
    return np.random.default_rng([seed, *"/".join(who).encode()])


@dataclass(frozen=True)
class Wave:
    """Exact samples of one wave in one lead."""

    beat: int
    kind: str
    onset: int
    peak: int
    offset: int


@dataclass(frozen=True)
class Recording:
    """A made recording.

    Attributes
    ----------
    clean, noise : float64 arrays, shape (leads, samples)
        Millivolts of the heart alone, and of everything else.
    leads : tuple of str
    rate : float
        Samples a second.
    course : Course
        Beats and rhythms as they happened.
    parts : Bumps
        Every bump of every beat, in seconds.
    torso : float64 array, shape (leads, 3)
        What each lead sees of the dipole.

    Notes
    -----
    Source: our construction. Taught in chapter ``00_reading_an_ecg``.
    """

    clean: NDArray[np.float64]
    noise: NDArray[np.float64]
    leads: tuple[str, ...]
    rate: float
    course: Course
    parts: Bumps
    torso: NDArray[np.float64]

    @property
    def signal(self) -> NDArray[np.float64]:
        """What the electrodes give, in millivolts, shape (leads, samples)."""
        return self.clean + self.noise

    @cached_property
    def fiducials(self) -> NDArray[np.int64]:
        """Sample of each beat's largest QRS deflection in the first lead; of a flutter wave, its peak."""
        found = np.rint(self.course.times * self.rate).astype(np.int64)
        for wave in self.waves(self.leads[0], kinds=("QRS",)):
            found[wave.beat] = wave.peak
        return np.clip(found, 0, self.clean.shape[1] - 1)

    def waves(self, lead: str, kinds: Sequence[str] = ("P", "QRS", "T")) -> list[Wave]:
        """Give the exact boundaries of every wave visible in one lead that lies wholly in the record.

        A wave begins with the first of its bumps that reaches ``VISIBLE`` millivolts in the lead and ends with the
        last; its peak is the largest deflection of these bumps alone.
        """
        row = self.torso[self.leads.index(lead)]
        seen = self.parts[np.abs(self.parts.vectors @ row) >= VISIBLE]
        length = self.clean.shape[1]
        found = []
        for kind in kinds:
            of_kind = seen.of(kind)
            beats, first = np.unique(of_kind.beats, return_index=True)
            if not len(beats):
                continue
            height = np.abs(row @ render(of_kind, self.rate, length))
            onsets = np.ceil(np.minimum.reduceat(of_kind.onsets, first) * self.rate).astype(np.int64)
            offsets = np.floor(np.maximum.reduceat(of_kind.offsets, first) * self.rate).astype(np.int64)
            for beat, onset, offset in zip(beats.tolist(), onsets.tolist(), offsets.tolist(), strict=True):
                if onset >= 0 and offset < length:
                    peak = onset + int(height[onset : offset + 1].argmax())
                    found.append(Wave(beat, kind, onset, peak, offset))
        return sorted(found, key=lambda wave: wave.onset)


def make_recording(
    heart: Heart,
    course: Course,
    leads: Sequence[str],
    rate: float,
    length: int,
    rng: np.random.Generator,
    *,
    torso_rng: np.random.Generator | None = None,
    flutter_period: float = 0.2,
    level: float = 1.0,
    mains: float = 50.0,
) -> Recording:
    """Record a heart that goes through a course of rhythms.

    Parameters
    ----------
    heart : Heart
    course : Course
    leads : sequence of str
    rate : float
        Samples a second.
    length : int
        Samples.
    rng : numpy Generator
        Chooses small differences from beat to beat, and the noise.
    torso_rng : numpy Generator, optional
        Makes the person's torso.
    flutter_period : float
        Seconds of one flutter wave of the atria.
    level, mains : float
        Noise, see ``noise.electrode_noise``.

    Notes
    -----
    Source: our construction. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> from ecglib.databases.synthetic.heart import make_heart
    >>> from ecglib.databases.synthetic.rhythms import Habits, run_course
    >>> rng = np.random.default_rng(0)
    >>> course = run_course(rng, Habits(), [("N", 5.0)])
    >>> recording = make_recording(make_heart(rng), course, ["I", "II", "III"], 250.0, 1250, rng)
    >>> bool(np.allclose(recording.signal[0] + recording.signal[2], recording.signal[1]))
    True
    """
    shapes, numbers = [], [number for number, symbol in enumerate(course.symbols) if symbol != "!"]
    for number in numbers:
        p_wave = course.rhythms[number] not in WITHOUT_SINUS_P
        shapes.append(heart.beat(course.symbols[number], rng, p_wave, int(rng.integers(0, len(heart.foci)))))
    parts = place(shapes, course.times[numbers], np.array(numbers))
    parts = _breathing(_repolarised(parts, course), rng)
    dipole = render(parts, rate, length)
    for span in course.spans:
        first, last = round(span.start * rate), min(round(span.stop * rate), length)
        if span.rhythm == "AFIB":
            dipole[:, first:last] += _faded(fibrillatory_wave(rng, rate, last - first), rate)
        elif span.rhythm == "AFL":
            dipole[:, first:last] += _faded(flutter_wave(rate, last - first, flutter_period), rate)
        elif span.rhythm == "VFL":
            inside = [time for time, symbol in zip(course.times, course.symbols, strict=True) if symbol == "!"]
            peaks = np.array([time for time in inside if span.start <= time < span.stop])
            dipole += ventricular_flutter_wave(rng, rate, length, peaks)
    strange = np.array([time for time, symbol in zip(course.times, course.symbols, strict=True) if symbol == "Q"])
    torso = dipole_to_leads(leads, torso_rng)
    wiring = electrodes_to_leads(leads)
    used = np.any(wiring != 0, axis=0)
    noise = electrode_noise(rng, rate, length, int(used.sum()), level=level, mains=mains, bursts=strange)
    return Recording(torso @ dipole, wiring[:, used] @ noise, tuple(leads), rate, course, parts, torso)


def _repolarised(parts: Bumps, course: Course) -> Bumps:
    """Let ST and T follow the heart rate: QT goes with the square root of RR (Bazett), slowly, as in a heart."""
    late = np.isin(parts.kinds, ("ST", "T"))
    slow = lfilter([0.15], [1.0, -0.85], course.intervals, zi=[0.85 * course.intervals[0]])[0]
    factor = np.clip(np.sqrt(slow / 0.9), 0.72, 1.12)[parts.beats[late]]
    start = course.times[parts.beats[late]]
    centres, widths = parts.centres.copy(), parts.widths.copy()
    centres[late] = start + factor * (centres[late] - start)
    widths[late] *= factor
    return replace(parts, centres=centres, widths=widths)


def _breathing(parts: Bumps, rng: np.random.Generator) -> Bumps:
    """Let the heart turn and its voltage change a little with every breath, and from beat to beat."""
    phase = 2 * np.pi * rng.uniform(0.2, 0.33) * parts.centres
    own = rng.normal(0, 0.025, int(parts.beats.max()) + 1)[parts.beats]
    gain = 1 + 0.03 * np.sin(phase) + own
    angle = 0.06 * np.sin(phase + 1.0)
    x, y, z = parts.vectors.T
    turned = np.stack([np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y, z], axis=1)
    return replace(parts, vectors=turned * gain[:, None])


def _faded(wave: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Let a wave begin and end softly, over a tenth of a second."""
    ramp = np.minimum(np.arange(wave.shape[1]) / (0.1 * rate), 1.0)
    return wave * ramp * ramp[::-1]
