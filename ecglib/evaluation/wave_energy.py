"""How much of a heat map lies on the P wave, the QRS complex and the T wave, against how much of the time they take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.record import NOT_MARKED, Waves
from ecglib.errors import ECGError
from ecglib.evaluation.checks import as_patients, as_resamples
from ecglib.evaluation.intervals import LEVEL, Interval, draw, percentiles

PARTS = ("P", "QRS", "T", "rest")
"""Parts of a window: the beat's own three waves, and all else, the neighbours' waves among it."""

UNKNOWN = -1
"""Part of a sample where nobody marked anything."""

_REST = PARTS.index("rest")


def beat_parts(waves: Waves, beats: ArrayLike, before: int, after: int, tolerance: int = 54) -> NDArray[np.int8]:
    """Say for every sample of each beat's window to which part of the beat it belongs.

    Parameters
    ----------
    waves : Waves
        Of one lead, in order of time, at the rate of the windows.
    beats : int array, shape (beats,)
        Sample of each beat.
    before, after : int
        Samples of the window before the beat's sample, and from it on.
    tolerance : int
        Samples by which a beat's QRS peak may lie beside the beat's sample; 54 are 0.15 s at 360 Hz.

    Returns
    -------
    int8 array, shape (beats, before + after)
        Index into ``PARTS``; ``UNKNOWN`` in the whole window where the beat's QRS, or a boundary of one of its waves,
        is not marked, and at samples outside the span from the first mark to the last.

    Raises
    ------
    ECGError
        If no QRS complex is marked.

    Notes
    -----
    A beat's P wave is the last one between the QRS before and its own, its T wave the first one between its own QRS
    and the next. Source: our choice. Taught in chapter ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> marks = Waves(np.array(["P", "QRS", "T"]), np.array([1, 4, 8]), np.array([2, 5, 9]), np.array([2, 6, 9]))
    >>> beat_parts(marks, [5], before=4, after=5)
    array([[0, 0, 3, 1, 1, 1, 3, 2, 2]], dtype=int8)
    """
    centres = np.asarray(beats, dtype=np.int64)
    qrs, p_waves, t_waves = (waves.of(kind) for kind in ("QRS", "P", "T"))
    if not len(qrs):
        raise ECGError(
            "no QRS complex is marked", expected="marks of kind QRS", found="none", remedy="choose a marked lead"
        )
    window = centres[:, None] + np.arange(-before, after)
    marked = np.concatenate([waves.onsets, waves.peaks, waves.offsets])
    marked = marked[marked != NOT_MARKED]
    parts = np.full(window.shape, _REST, dtype=np.int8)

    edges = np.concatenate([[-(2**62)], qrs.peaks, [2**62]])
    right = np.searchsorted(qrs.peaks, centres)
    left_is_nearer = (centres - edges[right]) < (edges[right + 1] - centres)
    own = np.clip(right - left_is_nearer, 0, len(qrs) - 1)
    unknown = np.abs(qrs.peaks[own] - centres) > tolerance
    peak, previous, following = qrs.peaks[own], edges[own], edges[own + 2]
    found = [
        (0, p_waves, np.searchsorted(p_waves.peaks, peak) - 1, previous, peak),
        (2, t_waves, np.searchsorted(t_waves.peaks, peak, side="right"), peak, following),
        (1, qrs, own, peak - 1, peak + 1),
    ]
    for part, kind, index, first, last in found:
        if not len(kind):
            continue
        at = np.clip(index, 0, len(kind) - 1)
        present = (index == at) & (kind.peaks[at] > first) & (kind.peaks[at] < last)
        onset, offset = kind.onsets[at], kind.offsets[at]
        unknown |= present & ((onset == NOT_MARKED) | (offset == NOT_MARKED))
        inside = (window >= onset[:, None]) & (window <= offset[:, None]) & present[:, None]
        parts[inside] = part
    parts[(window < marked.min()) | (window > marked.max())] = UNKNOWN
    parts[unknown] = UNKNOWN
    return parts


def part_shares(energy: ArrayLike, parts: NDArray[np.int8]) -> NDArray[np.float64]:
    """Split each beat's map over the parts of the beat.

    Parameters
    ----------
    energy : float array, shape (..., samples)
        Not negative: a map spread over samples, shape (beats, samples) or (seeds, beats, samples). Ones give the
        share of time.
    parts : int8 array, shape (beats, samples)
        From ``beat_parts``.

    Returns
    -------
    float64 array, shape (..., 4)
        Share of P, QRS, T and rest, which add up to one; NaN for a beat with an unknown sample, and for an empty map.

    Raises
    ------
    ECGError
        If map and parts differ in shape, or the map has negative values.

    Notes
    -----
    Source: the energy-based pointing game of Wang and colleagues (Score-CAM, 2020, section 4.3), with waves in place
    of boxes. Taught in chapter ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> part_shares([[0.0, 3.0, 1.0, 0.0]], np.array([[0, 1, 1, 2]], np.int8))
    array([[0., 1., 0., 0.]])
    """
    values, marked = np.asarray(energy, dtype=np.float64), np.asarray(parts)
    if values.shape[-2:] != marked.shape or (values < 0).any():
        raise ECGError(
            "this map can't be split",
            expected=f"values not below zero, shape (..., {', '.join(map(str, marked.shape))})",
            found=f"shape {values.shape}, least {values.min():.3g}" if values.size else f"shape {values.shape}",
            remedy="spread the map over samples with over_samples, of the same beats as the parts",
        )
    sums = np.stack([np.where(marked == part, values, 0.0).sum(axis=-1) for part in range(len(PARTS))], axis=-1)
    total = sums.sum(axis=-1, keepdims=True)
    known = (total > 0) & (marked != UNKNOWN).all(axis=-1)[..., None]
    return np.divide(sums, total, out=np.full(sums.shape, np.nan), where=np.broadcast_to(known, sums.shape))


@dataclass(frozen=True)
class PartEnergy:
    """How much of the maps lies on one part of the beat.

    Attributes
    ----------
    energy : Interval
        Mean share of the map.
    duration : Interval
        Mean share of the window that the part takes up: what a map without preference would give.
    ratio : Interval or None
        The first over the second; 1 is chance. None where the part never occurs.

    Notes
    -----
    Source: our choice. Taught in chapter ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> interval = Interval(0.4, 0.3, 0.5)
    >>> PartEnergy(interval, Interval(0.2, 0.2, 0.2), Interval(2.0, 1.5, 2.5)).ratio.value
    2.0
    """

    energy: Interval
    duration: Interval
    ratio: Interval | None


def energy_report(
    shares: ArrayLike, durations: ArrayLike, patients: ArrayLike, *, resamples: int = 2000, seed: int = 0
) -> dict[str, PartEnergy]:
    """Give the mean share of each part with a 95 % interval from drawing patients again.

    Parameters
    ----------
    shares : float array, shape (beats, 4) or (seeds, beats, 4)
        From ``part_shares`` of maps; rows of NaN are left out.
    durations : float array, shape (beats, 4)
        From ``part_shares`` of ones.
    patients : array, shape (beats,)
        Patient of each beat.
    resamples : int
        How many times the patients are drawn again.
    seed : int
        Same seed, same numbers.

    Returns
    -------
    dict of str to PartEnergy
        One for each of ``PARTS``. All seeds see the same resample, and a number is the mean over the seeds.

    Raises
    ------
    ECGError
        If shapes differ, no beat has a share, or there are fewer than two patients.

    Notes
    -----
    The ratio is that of the two means, drawn together. A resample in which a seed has no beat left is left out,
    and so is, for the ratio, one in which no beat has the part.
    Source: the percentile bootstrap; the rest is our choice. Taught in chapter ``18_what_the_model_looks_at``.

    Examples
    --------
    >>> shares = np.tile([0.1, 0.6, 0.2, 0.1], (8, 1))
    >>> durations = np.tile([0.1, 0.2, 0.2, 0.5], (8, 1))
    >>> report = energy_report(shares, durations, np.arange(8) % 4)
    >>> round(report["QRS"].ratio.value, 3)
    3.0
    """
    models = np.asarray(shares, dtype=np.float64)
    models = models[None] if models.ndim == 2 else models
    lengths, named = np.asarray(durations, dtype=np.float64), np.asarray(patients)
    if models.ndim != 3 or models.shape[1:] != lengths.shape or lengths.shape != (len(named), len(PARTS)):
        raise ECGError(
            "shares, durations and patients differ",
            expected="shapes (seeds, beats, 4), (beats, 4) and (beats,)",
            found=f"{models.shape}, {lengths.shape} and {named.shape}",
            remedy="split maps and durations with the same parts",
        )
    defined: NDArray[np.bool_] = np.isfinite(models.sum(axis=2) + lengths.sum(axis=1))
    per_seed = defined.sum(axis=1)
    if not (per_seed > 0).all():
        raise ECGError(
            "no map to speak of",
            expected="at least one beat whose parts are known and whose map is not empty, for each seed",
            found=f"{int((per_seed > 0).sum())} of {len(models)} seeds with one",
            remedy="give more beats, or leave this class out",
        )
    used = np.flatnonzero(defined.sum(axis=0))
    owners = as_patients(named[used], len(used))
    as_resamples(resamples)
    units = int(owners.max()) + 1
    both = np.concatenate([models, np.broadcast_to(lengths, models.shape)], axis=2)
    whole = np.where(defined[..., None], 1.0, 0.0)
    counted = np.concatenate([np.where(defined[..., None], both, 0.0), whole], axis=2)[:, used]
    sums = np.zeros((units, len(models), counted.shape[2]))
    np.add.at(sums, owners, counted.swapaxes(0, 1))

    weights = np.concatenate([np.ones((1, units)), draw(units, resamples, np.random.default_rng(seed))])
    drawn = np.tensordot(weights, sums, axes=1)
    drawn = drawn[np.flatnonzero(drawn[..., -1].min(axis=1))]
    means = drawn[..., :-1] / drawn[..., -1:]
    energy, duration = means[..., : len(PARTS)], means[..., len(PARTS) :]

    def interval(values: NDArray[np.float64]) -> Interval:
        kept = values[1:].mean(axis=1)
        kept = kept[np.isfinite(kept)]
        by_seed = tuple(values[0].tolist())
        return Interval(
            float(values[0].mean()), *percentiles(kept), LEVEL, "patient bootstrap", units, by_seed, len(kept)
        )

    report = {}
    for index, name in enumerate(PARTS):
        occurs = bool((duration[0, :, index] > 0).all())
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = interval(energy[..., index] / duration[..., index]) if occurs else None
        report[name] = PartEnergy(interval(energy[..., index]), interval(duration[..., index]), ratio)
    return report
