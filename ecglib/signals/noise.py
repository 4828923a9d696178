"""Noise as ambulatory recordings have it, synthesised from a seed and added at a stated signal-to-noise ratio."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.aami import AAMI_CLASSES, aami_classes
from ecglib.databases.base import Database
from ecglib.databases.record import Record
from ecglib.errors import ECGError, RecordTooShortError, SamplingRateError, SignalQualityError
from ecglib.signals.filters import bandpass
from ecglib.signals.windows import FALLBACK, BeatWindows, cut_windows

MEASURED = 300
"""QRS complexes, and seconds of noise, that powers are measured on."""

_TRIMMED = 0.05
_QRS_HALF_WIDTH = 0.05
_FEW_NORMAL = 30


def baseline_wander(samples: int, rate: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Synthesise the slow drift that breathing and cables cause; its scale means nothing until noise is added.

    Parameters
    ----------
    samples : int
        Length.
    rate : float
        Samples a second.
    rng : numpy Generator
        Where chance comes from.

    Returns
    -------
    float64 array, shape (samples,)
        Without unit.

    Notes
    -----
    Gaussian noise whose power density is flat from 0.05 to 0.3 Hz, the edge of a Holter recorder and the rate of
    breathing, and falls with the fourth power of the frequency above. A little of it reaches the band of the P and T
    waves, and no filter can take that away. The record ``bw`` of the MIT-BIH noise stress test database holds the
    same kind, recorded. Source: the shape is our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> drift = baseline_wander(3600, 360.0, np.random.default_rng(0))
    >>> bool(np.abs(np.diff(drift)).max() < 0.05 * np.ptp(drift))
    True
    """
    return _coloured(samples, rate, rng, lambda f: (f >= 0.05) / (1 + (f / 0.3) ** 4))


def muscle_noise(samples: int, rate: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Synthesise the crackle of muscles that tense and relax; its scale means nothing until noise is added.

    Parameters
    ----------
    samples, rate, rng
        As ``baseline_wander`` takes them.

    Returns
    -------
    float64 array, shape (samples,)
        Without unit.

    Notes
    -----
    Gaussian noise whose power density rises up to 10 Hz, is flat up to 100 Hz and falls beyond: it overlaps the QRS
    complex and goes on above it. Its strength follows a slow random curve, so that quiet seconds and bursts take
    turns. The record ``ma`` of the noise stress test database holds the same kind, recorded. Source: the shape is our
    choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> crackle = muscle_noise(3600, 360.0, np.random.default_rng(0))
    >>> crackle.shape
    (3600,)
    """
    crackle = _coloured(samples, rate, rng, lambda f: f**2 / (f**2 + 10**2) / (1 + (f / 100) ** 4))
    strength = _coloured(samples, rate, rng, lambda f: 1 / (1 + (f / 0.2) ** 4))
    return crackle * np.exp(0.5 * strength)


def electrode_motion(samples: int, rate: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Synthesise what a pulled electrode does: jumps, each with its own way back; the scale means nothing yet.

    Parameters
    ----------
    samples, rate, rng
        As ``baseline_wander`` takes them.

    Returns
    -------
    float64 array, shape (samples,)
        Without unit.

    Notes
    -----
    On average one push a second, at random times, up or down, of exponentially distributed size. Each rises within
    20 to 100 ms and fades within 50 to 500 ms, so that some look like a broad ectopic beat. Baseline wander and
    muscle noise, each with a tenth of the pushes' power, come along. The record ``em`` of the noise stress test
    database holds the same three, recorded; its authors call this kind the most troublesome. Source: the shape is our
    choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> pushed = electrode_motion(3600, 360.0, np.random.default_rng(0))
    >>> pushed.shape
    (3600,)
    """
    lead_in = round(3 * rate)
    times = np.flatnonzero(rng.random(samples + lead_in) < 1.0 / rate).tolist()
    pushes = np.zeros(samples + lead_in)
    rise, fade = rng.uniform(0.02, 0.1, len(times)), rng.uniform(0.05, 0.5, len(times))
    size = rng.exponential(1.0, len(times)) * rng.choice([-1.0, 1.0], len(times))
    for start, up, down, height in zip(times, rise, fade, size, strict=True):
        seconds = np.arange(min(lead_in, len(pushes) - start)) / rate
        pushes[start : start + len(seconds)] += height * (1 - np.exp(-seconds / up)) * np.exp(-seconds / down)
    parts = [_unit(pushes[lead_in:])]
    parts += [np.sqrt(0.1) * _unit(make(samples, rate, rng)) for make in (baseline_wander, muscle_noise)]
    return np.sum(parts, axis=0)


NOISES: MappingProxyType[str, Callable[[int, float, np.random.Generator], NDArray[np.float64]]] = MappingProxyType(
    {"baseline wander": baseline_wander, "muscle": muscle_noise, "electrode motion": electrode_motion}
)
"""Kinds of noise by name."""


def qrs_power(signal: ArrayLike, beats: ArrayLike, rate: float) -> float:
    """Measure how strong a lead's signal is, by the height of its QRS complexes.

    Parameters
    ----------
    signal : array, shape (samples,)
        Millivolts of one lead, unfiltered.
    beats : int array, shape (beats,)
        Sample index of each beat to measure; the first 300 count.
    rate : float
        Samples a second.

    Returns
    -------
    float
        Square millivolts: the squared mean height from peak to peak, over 8. Height is the range within 50 ms of the
        beat; the largest and smallest 5 % are left out.

    Raises
    ------
    RecordTooShortError
        If no beat has 50 ms on both sides.
    SignalQualityError
        If the signal is flat there, or holds NaN.

    Notes
    -----
    A mean square over the whole signal would rise with the heart rate; this doesn't.
    Source: ``sigamp`` and ``nst`` of the WFDB software, which made the MIT-BIH noise stress test database (Moody,
    Muldrow and Mark, Computers in Cardiology 11:381, 1984). Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> sine = np.sin(2 * np.pi * 10 * np.arange(720) / 360)  # its power is 1/2
    >>> round(qrs_power(sine, [200, 400], 360.0), 3)
    0.5
    """
    lead, reach = np.asarray(signal, dtype=np.float64), round(_QRS_HALF_WIDTH * rate)
    marked = np.asarray(beats, dtype=np.int64)
    inside = marked[(marked >= reach) & (marked + reach < len(lead))][:MEASURED]
    if not len(inside):
        raise RecordTooShortError(
            "no QRS complex to measure",
            expected=f"a beat with {reach} samples on both sides",
            found=f"{len(marked)} beats in {len(lead)} samples",
            remedy="choose a longer stretch",
        )
    heights = np.ptp(lead[inside[:, np.newaxis] + np.arange(-reach, reach + 1)], axis=1)
    power = _trimmed_mean(heights) ** 2 / 8
    if not power > 0:
        raise SignalQualityError(
            "a signal whose QRS complexes have no height",
            expected="QRS complexes above 0 mV",
            found=f"a power of {power}",
            remedy="choose another lead, or leave this record out",
        )
    return power


def noise_power(noise: ArrayLike, rate: float) -> float:
    """Measure how strong noise is, by its deviation within each of its first 300 seconds.

    Parameters
    ----------
    noise : array, shape (samples,)
        In the unit whose square is wanted.
    rate : float
        Samples a second.

    Returns
    -------
    float
        The squared mean of the seconds' standard deviations, the largest and smallest 5 % left out.

    Raises
    ------
    RecordTooShortError
        If there is less than a second.

    Notes
    -----
    What changes from second to second doesn't count. Drift is therefore stronger than its number: at 0 dB, baseline
    wander is several times as high as the QRS complexes.
    Source: ``sigamp`` and ``nst`` of the WFDB software. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> sine = np.sin(2 * np.pi * 10 * np.arange(7200) / 360)
    >>> round(noise_power(sine + 5, 360.0), 3)
    0.5
    """
    values, second = np.asarray(noise, dtype=np.float64), round(rate)
    seconds = min(MEASURED, len(values) // second)
    if not seconds:
        raise RecordTooShortError(
            "too little noise to measure",
            expected=f"at least one second, {second} samples",
            found=f"{len(values)} samples",
            remedy="make more of it",
        )
    return _trimmed_mean(values[: seconds * second].reshape(seconds, second).std(axis=1)) ** 2


def add_noise(
    signal: ArrayLike, beats: ArrayLike, rate: float, kind: str, decibels: float, seed: int = 0
) -> NDArray[np.float32]:
    """Add noise to one lead of a record at a stated signal-to-noise ratio.

    Parameters
    ----------
    signal : array, shape (samples,)
        Millivolts of one lead, unfiltered: noise comes before the filter, as in life.
    beats : int array, shape (beats,)
        Sample index of each normal beat, which say how strong the signal is.
    rate : float
        Samples a second.
    kind : {"baseline wander", "muscle", "electrode motion"}
    decibels : float
        Signal-to-noise ratio: ten times the decimal logarithm of ``qrs_power`` over ``noise_power``. The noise
        stress test database goes from 24, nearly clean, down to -6.
    seed : int
        Same seed, same noise, whatever the ratio.

    Returns
    -------
    float32 array, shape (samples,)
        Millivolts.

    Raises
    ------
    ECGError
        If there is no such kind.
    RecordTooShortError, SamplingRateError, SignalQualityError
        If powers can't be measured, or the rate is too low for muscle noise.

    Notes
    -----
    Source: the definition of the ratio is that of the MIT-BIH noise stress test database; the noise is synthesised,
    since its three recordings of noise are not among the book's data. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> signal = np.zeros(3600)
    >>> signal[180::360] = 1.0
    >>> noisy = add_noise(signal, np.arange(180, 3600, 360), 360.0, "muscle", decibels=6)
    >>> ratio = 10 * np.log10(qrs_power(signal, [180], 360.0) / noise_power(noisy - signal, 360.0))
    >>> round(float(ratio), 3)
    6.0
    """
    lead = np.asarray(signal, dtype=np.float64)
    at_0_db = _at_0_db(lead, np.asarray(beats, dtype=np.int64), rate, kind, [seed])
    return (lead + _gain(decibels) * at_0_db).astype(np.float32)


def noise_windows(
    database: Database,
    beats: BeatWindows,
    kind: str,
    *,
    rows: ArrayLike | None = None,
    lead: str = "MLII",
    band: tuple[float, float] = (0.5, 40.0),
    seed: int = 0,
    progress: bool = True,
) -> NDArray[np.float32]:
    """Give the noise that each beat's window would hold at 0 dB, after the filter; ``with_noise`` adds it.

    Parameters
    ----------
    database : Database
        Where the beats come from.
    beats : BeatWindows
        Of this database, cut from ``lead`` after a filter with edges ``band``.
    kind : {"baseline wander", "muscle", "electrode motion"}
    rows : int array, shape (n,), optional
        Beats wanted, in this order; None takes all.
    lead, band
        As in ``beat_windows``.
    seed : int
        Same seed, same noise. Every record has its own, whichever rows are asked for.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    float32 array, shape (n, 1, before + after)
        Millivolts.

    Raises
    ------
    ECGError
        If there is no such kind, or a row lies outside.
    LeadError, SignalQualityError, RecordTooShortError, SamplingRateError
        As ``beat_windows`` does.

    Notes
    -----
    The filter is linear: noise that is added to a record and filtered with it is the filtered record plus the
    filtered noise. So one pass over the records serves every ratio. The strength of the signal is measured on the
    record's beats of class N, or on all its beats where it has fewer than 30 of them.
    Source: our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> beats = beat_windows(MITBIH())  # doctest: +SKIP
    >>> noise = noise_windows(MITBIH(), beats, "muscle", rows=cut.test)  # doctest: +SKIP
    >>> noisy = with_noise(beats.windows[cut.test], noise, decibels=6)  # doctest: +SKIP
    """
    chosen = np.arange(len(beats)) if rows is None else np.asarray(rows, dtype=np.int64)
    _require_kind(kind)
    if chosen.size and not (chosen.min() >= 0 and chosen.max() < len(beats)):
        raise ECGError(
            "no such beats",
            expected=f"rows from 0 to {len(beats) - 1}",
            found=f"{chosen.min()} to {chosen.max()}",
            remedy="take rows of these windows",
        )
    made = np.empty((len(chosen), 1, beats.before + beats.after), np.float32)
    names = beats.records[chosen]
    for record in database.read_all(np.unique(names).tolist(), progress=progress):
        at_0_db = record_noise(record, kind, lead=lead, seed=seed)
        mine = np.flatnonzero(names == record.name)
        made[mine] = cut_windows(
            bandpass(at_0_db, record.rate, *band)[np.newaxis], beats.samples[chosen[mine]], beats.before, beats.after
        )
    return made


def record_noise(record: Record, kind: str, *, lead: str = "MLII", seed: int = 0) -> NDArray[np.float64]:
    """Give the noise that one lead of a record would hold at 0 dB, before any filter.

    Parameters
    ----------
    record : Record
        With annotated beats.
    kind : {"baseline wander", "muscle", "electrode motion"}
    lead : str
        Lead; as in ``beat_windows``, V5 stands in for a missing MLII.
    seed : int
        Same seed and name of record, same noise.

    Returns
    -------
    float64 array, shape (samples,)
        Millivolts.

    Raises
    ------
    ECGError
        If there is no such kind, or the record has no annotated beats.
    LeadError, SignalQualityError, RecordTooShortError, SamplingRateError
        As ``add_noise`` does, or if the record lacks the lead.

    Notes
    -----
    Source: our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> from ecglib.databases import Beats
    >>> signal = np.zeros((1, 3600), np.float32)
    >>> signal[0, 180::360] = 1.0
    >>> beats = Beats(np.arange(180, 3600, 360), np.full(10, "N"))
    >>> record = Record("demo", "1", "1", signal, ("MLII",), 360.0, beats)
    >>> round(float(noise_power(record_noise(record, "muscle"), 360.0)), 3)  # the QRS complexes' 1 mV squared, over 8
    0.125
    """
    if record.beats is None:
        raise ECGError(
            "no beats that say how strong the signal is",
            record=record.title,
            file=record.file,
            expected="annotated beats",
            remedy="choose a database that marks its beats, such as MIT-BIH",
        )
    signal = record.lead(lead if lead in record.leads else FALLBACK.get(lead, lead))
    normal = aami_classes(record.beats.symbols) == AAMI_CLASSES.index("N")
    marked = record.beats.samples if normal.sum() < _FEW_NORMAL else record.beats.samples[normal]
    return _at_0_db(signal, marked, record.rate, kind, [seed, *record.name.encode()])


def with_noise(windows: ArrayLike, noise: ArrayLike, decibels: float) -> NDArray[np.float32]:
    """Add what ``noise_windows`` gave to the windows of the same beats, at a stated signal-to-noise ratio.

    Parameters
    ----------
    windows, noise : float array, shape (beats, leads, samples)
        Millivolts; the noise is that of 0 dB.
    decibels : float
        Signal-to-noise ratio.

    Returns
    -------
    float32 array, shape (beats, leads, samples)
        Millivolts.

    Raises
    ------
    ECGError
        If the shapes differ.

    Notes
    -----
    Source: our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> with_noise(np.ones((1, 1, 2)), np.ones((1, 1, 2)), decibels=20)
    array([[[1.1, 1.1]]], dtype=float32)
    """
    clean, added = np.asarray(windows, dtype=np.float32), np.asarray(noise, dtype=np.float32)
    if clean.shape != added.shape:
        raise ECGError(
            "noise and windows belong to different beats",
            expected=f"noise of shape {clean.shape}",
            found=f"{added.shape}",
            remedy="ask noise_windows for the same rows",
        )
    return clean + np.float32(_gain(decibels)) * added


def _gain(decibels: float) -> float:
    return float(10 ** (-decibels / 20))


def _at_0_db(
    signal: NDArray[np.floating], beats: NDArray[np.int64], rate: float, kind: str, seed: list[int]
) -> NDArray[np.float64]:
    """Make noise as strong as the signal's QRS complexes."""
    _require_kind(kind)
    if rate < 200:
        raise SamplingRateError(
            "too few samples a second for muscle noise",
            expected="200 or more",
            found=f"{rate:g}",
            remedy="take the signal at its original rate",
        )
    rng = np.random.default_rng([*seed, list(NOISES).index(kind)])
    made = NOISES[kind](len(signal), rate, rng)
    return np.sqrt(qrs_power(signal, beats, rate) / noise_power(made, rate)) * made


def _require_kind(kind: str) -> None:
    if kind not in NOISES:
        raise ECGError(
            f"no noise called {kind!r}", expected=f"one of {', '.join(NOISES)}", remedy="choose one of these"
        )


def _coloured(
    samples: int,
    rate: float,
    rng: np.random.Generator,
    density: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Make Gaussian noise of standard deviation 1 whose power density is proportional to a function of frequency."""
    from scipy.fft import irfft, next_fast_len, rfftfreq  # a moment that those who want no noise need not wait for

    length = next_fast_len(samples, real=True)
    amplitude = np.sqrt(density(rfftfreq(length, 1 / rate)))
    amplitude[0] = 0.0
    parts = rng.standard_normal((2, len(amplitude)))
    return _unit(irfft(amplitude * (parts[0] + 1j * parts[1]), length)[:samples])


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return (values - values.mean()) / values.std()


def _trimmed_mean(values: NDArray[np.float64]) -> float:
    from scipy.stats import trim_mean

    return float(trim_mean(values, _TRIMMED))
