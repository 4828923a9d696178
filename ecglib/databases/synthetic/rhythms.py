"""When a heart beats: rhythms as sequences of beats, and the atria's own waves in fibrillation and flutter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from numpy.typing import NDArray

WITHOUT_SINUS_P = ("AFIB", "AFL", "VFL", "NOD", "IVR", "VT", "SVT")
"""Rhythms in which the sinus node does not drive the atria."""

Step = tuple[float, str]


@dataclass(frozen=True)
class Habits:
    """How a person's heart tends to beat.

    Attributes
    ----------
    rr : float
        Mean seconds between sinus beats.
    conduction : str
        Symbol of a conducted beat.
    ectopy : mapping of str to float
        How probable each other symbol is, beat by beat, in sinus rhythm or fibrillation.
    planned : mapping of int to str
        Ectopic beats that come for certain: number of the sinus beat they replace, and their symbol.
    flutter_period : float
        Seconds of one flutter wave.
    breathing : float
        How far sinus intervals follow the breath, as a share of ``rr``.
    other_conduction : str, optional
        Second conduction, which comes in runs.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """

    rr: float = 0.85
    conduction: str = "N"
    ectopy: Mapping[str, float] = field(default_factory=dict)
    planned: Mapping[int, str] = field(default_factory=dict)
    flutter_period: float = 0.2
    breathing: float = 0.03
    other_conduction: str | None = None


@dataclass(frozen=True)
class Span:
    """One stretch of one rhythm, in seconds."""

    start: float
    stop: float
    rhythm: str


@dataclass(frozen=True)
class Course:
    """What a heart did: beats with times, symbols, RR intervals and rhythm spans."""

    times: NDArray[np.float64]
    symbols: tuple[str, ...]
    intervals: NDArray[np.float64]
    rhythms: tuple[str, ...]
    spans: tuple[Span, ...]


def _choose(rng: np.random.Generator, ectopy: Mapping[str, float]) -> str | None:
    draw = rng.random()
    for symbol, probability in ectopy.items():
        draw -= probability
        if draw < 0:
            return symbol
    return None


def _sinus(rng: np.random.Generator, habits: Habits, rr: float | None = None) -> Iterator[Step]:
    """Sinus rhythm with breathing and slow changes; ectopic beats come early and are followed by their pauses."""
    rr = rr or habits.rr
    breath, phase, clock, drift = rng.uniform(3.2, 5.0), rng.uniform(0, 2 * np.pi), 0.0, 0.0
    symbol, waited = habits.conduction, False
    for number in count():
        drift = 0.95 * drift + rng.normal(0, 0.008)
        usual = rr * (1 + habits.breathing * np.sin(2 * np.pi * clock / breath + phase) + drift + rng.normal(0, 0.008))
        ectopic = habits.planned.get(number) or (None if waited else _choose(rng, habits.ectopy))
        if habits.other_conduction and rng.random() < 0.04:
            symbol = habits.other_conduction if symbol == habits.conduction else habits.conduction
        waited = ectopic is not None
        if ectopic is None:
            steps = [(usual, symbol)]
        elif ectopic == "V":
            early = usual * rng.uniform(0.58, 0.75)
            steps = [(early, "V"), (2 * usual - early, symbol)]
        elif ectopic in "AaJS":
            steps = [(usual * rng.uniform(0.58, 0.75), ectopic), (usual * rng.uniform(1.02, 1.12), symbol)]
        elif ectopic == "F":
            early = usual * rng.uniform(0.93, 1.0)
            steps = [(early, "F"), (2 * usual - early, symbol)]
        elif ectopic in "ejE":
            steps = [(usual * rng.uniform(1.35, 1.6), ectopic), (usual, symbol)]
        else:
            steps = [(usual, ectopic)]
        for step in steps:
            clock += step[0]
            yield step


def _bradycardia(rng: np.random.Generator, habits: Habits) -> Iterator[Step]:
    return _sinus(rng, habits, rr=max(1.2, habits.rr))


def _fibrillation(rng: np.random.Generator, habits: Habits) -> Iterator[Step]:
    """Atrial fibrillation: intervals without order, from a gamma distribution above the node's refractory time."""
    while True:
        interval = 0.34 + rng.gamma(3.2, max(habits.rr - 0.34, 0.15) / 3.2)
        ectopic = _choose(rng, {symbol: p for symbol, p in habits.ectopy.items() if symbol in "VaFQ"})
        if ectopic == "V":
            interval = rng.uniform(0.42, 0.52)
        yield min(interval, 1.9), ectopic or habits.conduction


def _flutter(rng: np.random.Generator, habits: Habits) -> Iterator[Step]:
    """Atrial flutter: every second, third or fourth wave is conducted, mostly the same for a while."""
    block = int(rng.choice((2, 3, 4)))
    while True:
        if rng.random() < 0.08:
            block = int(rng.choice((2, 3, 4)))
        yield block * habits.flutter_period, habits.conduction


def _pattern(cycle: str) -> Callable[[np.random.Generator, Habits], Iterator[Step]]:
    """Bigeminy or trigeminy: the same cycle of conducted (N) and ventricular (V) beats again and again."""

    def steps(rng: np.random.Generator, habits: Habits) -> Iterator[Step]:
        early = 0.0
        while True:
            for symbol in cycle:
                usual = habits.rr * (1 + rng.normal(0, 0.015))
                if symbol == "V":
                    early = usual * rng.uniform(0.58, 0.66)
                    yield early, "V"
                else:
                    yield (2 * usual - early if early else usual), habits.conduction
                    early = 0.0

    return steps


def _regular(symbol: str | None, rr: float, spread: float) -> Callable[[np.random.Generator, Habits], Iterator[Step]]:
    """One symbol again and again; None means the conducted one, at the person's own rate."""

    def steps(rng: np.random.Generator, habits: Habits) -> Iterator[Step]:
        base = rr * rng.uniform(0.94, 1.06)
        while True:
            yield base * (1 + rng.normal(0, spread)), symbol or habits.conduction

    return steps


def _paced(rng: np.random.Generator, habits: Habits) -> Iterator[Step]:
    """A demand pacemaker: fixed rate, with runs of the heart's own beats and fusions between the two."""
    while True:
        for _ in range(int(rng.integers(12, 30))):
            yield 0.86, "/"
        yield 0.86, "f"
        for _ in range(int(rng.integers(3, 8))):
            yield 0.82 * (1 + rng.normal(0, 0.015)), habits.conduction
        yield 0.85, "f"


RHYTHMS: Mapping[str, Callable[[np.random.Generator, Habits], Iterator[Step]]] = {
    "N": _sinus,
    "SBR": _bradycardia,
    "AFIB": _fibrillation,
    "AFL": _flutter,
    "B": _pattern("NV"),
    "T": _pattern("NNV"),
    "VT": _regular("V", 0.40, 0.02),
    "SVTA": _regular("A", 0.42, 0.015),
    "SVT": _regular(None, 0.37, 0.005),
    "IVR": _regular("E", 1.35, 0.03),
    "NOD": _regular("j", 1.10, 0.02),
    "P": _paced,
    "VFL": _regular("!", 0.24, 0.03),
}
"""MIT-BIH's names of rhythms, with SVT for a tachycardia that hides its P waves, and the sequence of their beats."""


def run_course(
    rng: np.random.Generator, habits: Habits, programme: Sequence[tuple[str, float]], start: float = 0.35
) -> Course:
    """Let a heart beat through a programme of rhythms.

    Parameters
    ----------
    rng : numpy Generator
    habits : Habits
        Rate and ectopic beats of this person.
    programme : sequence of (rhythm, seconds)
        In order; names are those of ``RHYTHMS``.
    start : float
        Time of the first beat.

    Returns
    -------
    Course
        Beats in order of time; a flutter wave of the ventricles has the symbol ``!`` and is no beat.

    Notes
    -----
    Source: our construction; coupling intervals and pauses are textbook values. Taught in chapter
    ``00_reading_an_ecg``.

    Examples
    --------
    >>> course = run_course(np.random.default_rng(0), Habits(rr=1.0), [("N", 10.0)])
    >>> len(course.times)
    10
    """
    times: list[float] = []
    symbols: list[str] = []
    intervals: list[float] = []
    rhythms: list[str] = []
    spans: list[Span] = []
    clock, began = start, 0.0
    for rhythm, seconds in programme:
        stop = began + seconds
        steps = RHYTHMS[rhythm](rng, habits)
        interval, symbol = next(steps)
        if times:
            clock = max(times[-1] + interval, began + 0.12)
        while clock < stop:
            times.append(clock)
            symbols.append(symbol)
            intervals.append(interval)
            rhythms.append(rhythm)
            interval, symbol = next(steps)
            clock += interval
        spans.append(Span(began, stop, rhythm))
        began = stop
    return Course(np.array(times), tuple(symbols), np.array(intervals), tuple(rhythms), tuple(spans))


def fibrillatory_wave(rng: np.random.Generator, rate: float, length: int) -> NDArray[np.float64]:
    """Give the dipole of fibrillating atria in millivolts, shape (3, length).

    A saw-toothed wave of 5 to 7 Hz whose frequency and amplitude wander, largest towards V1.

    Notes
    -----
    Source: the model of Stridh and Sörnmo, "Spatiotemporal QRST cancellation techniques for analysis of atrial
    fibrillation", IEEE Trans. Biomed. Eng. 48 (2001) 105–111; amplitudes are our choice. Taught in chapter
    ``00_reading_an_ecg``.

    Examples
    --------
    >>> fibrillatory_wave(np.random.default_rng(0), 100.0, 50).shape
    (3, 50)
    """
    seconds = np.arange(length) / rate
    wave = np.zeros((3, length))
    for direction, size in (((-0.5, 0.3, -0.9), 0.065), ((0.4, 0.9, 0.1), 0.045)):
        frequency = rng.uniform(5.0, 7.0)
        wander = 0.25 / 0.11 * np.sin(2 * np.pi * 0.11 * seconds + rng.uniform(0, 2 * np.pi))
        phase = 2 * np.pi * frequency * seconds + wander + rng.uniform(0, 2 * np.pi)
        swell = 1 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.15, 0.4) * seconds + rng.uniform(0, 2 * np.pi))
        tooth = sum(np.sin(harmonic * phase) / harmonic for harmonic in (1, 2, 3))
        wave += np.outer(direction, size * swell * tooth)
    return wave


def flutter_wave(rate: float, length: int, period: float, size: float = 0.22) -> NDArray[np.float64]:
    """Give the dipole of fluttering atria in millivolts, shape (3, length): a saw tooth, downwards in II, III, aVF.

    Notes
    -----
    Source: textbook shape of typical flutter, our construction. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> flutter_wave(100.0, 50, 0.2).shape
    (3, 50)
    """
    phase = (np.arange(length) / rate / period) % 1.0
    tooth = np.where(phase < 0.7, 0.5 - phase / 0.7, -0.5 + (phase - 0.7) / 0.3)
    smooth = np.convolve(np.pad(tooth, 4, mode="edge"), np.ones(9) / 9, mode="valid") if rate >= 250 else tooth
    return np.outer((-0.15, 1.0, -0.35), 1.4 * size * smooth)


def ventricular_flutter_wave(
    rng: np.random.Generator, rate: float, length: int, peaks: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give the dipole of fluttering ventricles in millivolts, shape (3, length): one big smooth wave, peak after peak.

    Parameters
    ----------
    peaks : float64 array
        Seconds of the peaks; the wave fades in before the first and out after the last.

    Notes
    -----
    Source: textbook shape, our construction. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> wave = ventricular_flutter_wave(np.random.default_rng(0), 100.0, 100, np.array([0.3, 0.5, 0.7]))
    >>> int(np.argmax(wave[1, 20:40])) + 20
    30
    """
    seconds = np.arange(length) / rate
    half = np.median(np.diff(peaks)) / 2
    cycle = np.interp(seconds, peaks, np.arange(len(peaks)))
    edge = np.interp(seconds, [peaks[0] - half, peaks[0], peaks[-1], peaks[-1] + half], [0.0, 1.0, 1.0, 0.0])
    swell = 1 + 0.12 * np.sin(2 * np.pi * 0.3 * seconds + rng.uniform(0, 2 * np.pi))
    return np.outer((0.45, 0.85, -0.35), edge * swell * (np.cos(2 * np.pi * cycle) + 0.12 * np.cos(4 * np.pi * cycle)))
