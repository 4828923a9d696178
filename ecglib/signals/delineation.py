"""Where waves begin and end, found around beats that are known."""

from __future__ import annotations

import warnings
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.record import NOT_MARKED, Record, Waves
from ecglib.errors import AnnotationError, RecordTooShortError, SignalQualityError

WIDEN = {"P": (0.008, 0.003), "T": (0.008, -0.011)}
"""Seconds by which neurokit2's waves are widened at onset and offset: its median errors, see ``delineate``."""

QRS_SMOOTHING, QRS_STEEPNESS = 0.036, 0.1
"""Seconds over which slope is averaged; share of the steepest slope below which the QRS complex has ended."""

_QRS_CORE, _QRS_BEFORE, _QRS_AFTER, _QRS_FLAT = 0.06, 0.09, 0.14, 0.011
WITHOUT_P = MappingProxyType(
    {"symbols": frozenset("VE/!Jj"), "rhythms": frozenset(("AFIB", "AFL", "VFL", "VT", "IVR", "NOD"))}
)
"""Beats and rhythms of MIT-BIH in which the beat is not begun by a P wave."""

_KINDS = ("P", "QRS", "T")


def delineate(signal: ArrayLike, beats: ArrayLike, rate: float, *, has_p: ArrayLike | None = None) -> Waves:
    """Find onset and offset of P wave, QRS complex and T wave of known beats.

    Parameters
    ----------
    signal : float array, shape (samples,)
        One lead in millivolts, band-passed.
    beats : int array, shape (beats,)
        Sample of each beat, in order of time; every beat of the stretch, so that none is taken for a wave.
    rate : float
        Samples a second.
    has_p : bool array, shape (beats,), optional
        Which beats have a P wave; None lets all have one. The method finds something before every beat, also in
        atrial fibrillation and before a ventricular beat, so the annotators must say.

    Returns
    -------
    Waves
        In order of time; a wave of which no onset or no offset is found is left out.

    Raises
    ------
    RecordTooShortError
        If there are fewer than three beats.
    SignalQualityError
        If a sample is NaN or infinite.

    Notes
    -----
    The QRS complex lasts as long as the signal is steep: from the beat outwards, until the slope, averaged over 0.036
    s, stays below a tenth of its maximum for 0.011 s, and at most from 0.09 s before the beat to 0.14 s after it.
    neurokit2 draws it too narrow, wide ones most of all. P and T are neurokit2's, each widened by its median error.
    Both numbers of the first rule, and these errors, are fitted to the cardiologists' marks in LUDB's records of odd
    number; the chapter measures what remains in the others.
    Source: P and T are those of neurokit2's ``ecg_delineate``, method ``"prominence"``; the rest is our choice.
    Taught in chapter ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> record = MITBIH().read("100")  # doctest: +SKIP
    >>> signal = bandpass(record.lead("MLII"), record.rate)  # doctest: +SKIP
    >>> len(delineate(signal, record.beats.samples, record.rate).of("QRS"))  # doctest: +SKIP
    2273
    """
    import neurokit2  # two seconds that no other module need wait for

    lead, peaks = np.asarray(signal, dtype=np.float64), np.asarray(beats, dtype=np.int64)
    if len(peaks) < 3:
        raise RecordTooShortError(
            "too few beats to find waves between",
            expected="three or more beats",
            found=str(len(peaks)),
            remedy="give a longer stretch",
        )
    if not np.isfinite(lead).all():
        raise SignalQualityError(
            "samples that are no numbers",
            expected="finite millivolts",
            found=f"{int((~np.isfinite(lead)).sum()):,} NaN or infinite",
            remedy="leave this record out",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # neurokit2 drops boundaries at samples below 1, and with them the order of the beats: a second more keeps all.
        ahead = round(rate)
        longer = np.pad(lead, (ahead, 0), mode="edge")
        _, found = neurokit2.ecg_delineate(longer, peaks + ahead, sampling_rate=rate, method="prominence")
    wanted = np.ones(len(peaks), bool) if has_p is None else np.asarray(has_p, dtype=bool)
    begin, end = _steep(lead, peaks, rate)
    kinds, onsets, middles, offsets = [np.full(len(peaks), "QRS")], [begin], [peaks], [end]
    for kind, (early, late) in WIDEN.items():
        onset, middle, offset = (
            _samples(found[f"ECG_{kind}_{part}"], ahead) for part in ("Onsets", "Peaks", "Offsets")
        )
        complete = (onset != NOT_MARKED) & (offset != NOT_MARKED) & (middle != NOT_MARKED)
        complete &= wanted if kind == "P" else True
        kinds.append(np.full(int(complete.sum()), kind))
        onsets.append(np.maximum(onset[complete] - round(early * rate), 0))
        middles.append(middle[complete])
        offsets.append(np.minimum(offset[complete] + round(late * rate), len(lead) - 1))
    order = np.argsort(np.concatenate(middles), kind="stable")
    return Waves(*(np.concatenate(column)[order] for column in (kinds, onsets, middles, offsets)))


def may_have_p(record: Record) -> NDArray[np.bool_]:
    """Say which beats of a record can have a P wave, by what its annotators say of beat and rhythm.

    Parameters
    ----------
    record : Record
        One of MIT-BIH.

    Returns
    -------
    bool array, shape (beats,)
        False for ventricular, paced and junctional beats, and in fibrillation, flutter and rhythms without atria.

    Raises
    ------
    AnnotationError
        If no beats are annotated.

    Notes
    -----
    Source: our choice. Taught in chapter ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> from ecglib.databases.record import Beats, RhythmSpan
    >>> beats, spans = Beats(np.array([50, 300, 700]), np.array(["N", "V", "N"])), (RhythmSpan(600, 900, "AFIB"),)
    >>> may_have_p(Record("demo", "1", "1", np.zeros((1, 900), np.float32), ("MLII",), 360.0, beats, spans))
    array([ True, False, False])
    """
    if record.beats is None:
        raise AnnotationError(
            "no beats are annotated", record=record.title, expected="beats", found="none", remedy="take MIT-BIH"
        )
    allowed = ~np.isin(record.beats.symbols, sorted(WITHOUT_P["symbols"]))
    for span in record.rhythms:
        if span.name in WITHOUT_P["rhythms"]:
            allowed &= (record.beats.samples < span.start) | (record.beats.samples >= span.stop)
    return allowed


def boundary_errors(found: Waves, marked: Waves, rate: float) -> dict[str, dict[str, Any]]:
    """Compare boundaries with the ones that a cardiologist drew.

    Parameters
    ----------
    found, marked : Waves
        Of the same lead at the same rate.
    rate : float
        Samples a second.

    Returns
    -------
    dict of str to dict
        For P, QRS and T: ``onset`` and ``offset``, errors in seconds, later is positive; ``overlap``, for each
        marked wave the samples in both over the samples in either, zero where none was found; ``missed`` and
        ``invented``, numbers of waves that overlap no wave of the other. Only marked waves with both boundaries
        count, and only found waves inside the marked span.

    Notes
    -----
    Source: our choice. Taught in chapter ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> marked = Waves(np.array(["QRS"]), np.array([10]), np.array([15]), np.array([19]))
    >>> found = Waves(np.array(["QRS"]), np.array([12]), np.array([15]), np.array([19]))
    >>> errors = boundary_errors(found, marked, rate=100)["QRS"]
    >>> errors["onset"], errors["overlap"]
    (array([0.02]), array([0.8]))
    """
    ends = np.concatenate([marked.onsets, marked.peaks, marked.offsets])
    span = (ends[ends != NOT_MARKED].min(), ends.max())
    report = {}
    for kind in _KINDS:
        true, ours = marked.of(kind), found.of(kind)
        whole = (true.onsets != NOT_MARKED) & (true.offsets != NOT_MARKED)
        inside = (ours.onsets >= span[0]) & (ours.offsets <= span[1])
        both = np.minimum(true.offsets[:, None], ours.offsets) - np.maximum(true.onsets[:, None], ours.onsets) + 1
        either = np.maximum(true.offsets[:, None], ours.offsets) - np.minimum(true.onsets[:, None], ours.onsets) + 1
        overlap = np.maximum(both, 0) / either
        best = overlap.argmax(axis=1) if overlap.size else np.zeros(len(true), np.int64)
        height = overlap.max(axis=1, initial=0.0)
        hit = whole & (height > 0)
        touched = (overlap > 0).any(axis=0) | ~inside
        # A wave with one boundary is there, though its errors are unknown: what lies on its peak is not invented.
        for peak in true.peaks[~whole]:
            touched |= (ours.onsets <= peak) & (ours.offsets >= peak)
        report[kind] = {
            "onset": (ours.onsets[best[hit]] - true.onsets[hit]) / rate if hit.any() else np.zeros(0),
            "offset": (ours.offsets[best[hit]] - true.offsets[hit]) / rate if hit.any() else np.zeros(0),
            "overlap": height[whole],
            "missed": int((whole & ~hit).sum()),
            "invented": int((~touched).sum()),
        }
    return report


def at_rate(waves: Waves, old: float, new: float) -> Waves:
    """Give the same waves in samples of another rate; boundaries that are not marked stay so.

    Parameters
    ----------
    waves : Waves
    old, new : float
        Samples a second.

    Returns
    -------
    Waves

    Notes
    -----
    Source: our choice. Taught in chapter ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> at_rate(Waves(np.array(["T"]), np.array([500]), np.array([510]), np.array([-1])), 500, 360).onsets
    array([360])
    """

    def moved(samples: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(samples == NOT_MARKED, NOT_MARKED, np.rint(samples * (new / old))).astype(np.int64)

    return Waves(waves.kinds, moved(waves.onsets), moved(waves.peaks), moved(waves.offsets))


def _steep(
    lead: NDArray[np.float64], peaks: NDArray[np.int64], rate: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the first and last sample of the steep stretch around each beat."""
    from scipy.ndimage import uniform_filter1d

    core, before, after, flat = (round(span * rate) for span in (_QRS_CORE, _QRS_BEFORE, _QRS_AFTER, _QRS_FLAT))
    slope = np.sqrt(uniform_filter1d(np.gradient(lead) ** 2, round(QRS_SMOOTHING * rate)))
    around = slope[np.clip(peaks[:, None] + np.arange(-before, after + 1), 0, len(lead) - 1)]
    middle = around[:, before - core : before + core + 1]
    steepest = middle.argmax(axis=1)[:, None] + before - core
    low = around < QRS_STEEPNESS * middle.max(axis=1, keepdims=True)
    width = low.shape[1]
    stays = sliding_window_view(low, flat, axis=1).all(axis=2)
    start, stop = np.arange(stays.shape[1]), np.arange(stays.shape[1]) + flat - 1
    onset = np.where(stays & (stop < steepest), stop + 1, 0).max(axis=1)
    offset = np.where(stays & (start > steepest), start - 1, width - 1).min(axis=1)
    shift = peaks - before
    return np.maximum(onset + shift, 0), np.minimum(offset + shift, len(lead) - 1)


def _samples(values: ArrayLike, ahead: int) -> NDArray[np.int64]:
    numbers = np.asarray(values, dtype=np.float64) - ahead
    return np.where(numbers >= 0, numbers, NOT_MARKED).astype(np.int64)
