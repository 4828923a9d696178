"""Does an embedding tell whose beat it is? A fresh classifier tries to name the patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ecglib.errors import ECGError
from ecglib.evaluation.intervals import LEVEL, Interval, percentiles

MOST = 200
"""More beats of a patient than these the probe leaves out."""

RESAMPLES = 2000
"""How often the interval draws the beats again."""


@dataclass(frozen=True)
class PatientProbe:
    """How well a fresh classifier names the patient.

    Attributes
    ----------
    accuracy : Interval
        Share of held-out beats that it gives to the right patient: each patient's share, then their mean.
    chance : float
        What guessing gives, and what naming always the same patient gives: one over the number of patients.
    share_right : float
        Share of all held-out beats that it gives to the right patient.
    majority : float
        What naming always the patient with most beats gives in ``share_right``.
    by_patient : dict
        Share of right beats of each patient, by the names that were passed.

    Notes
    -----
    Source: our choice. Taught in chapter ``21_beat_classifier_and_its_patients``.
    """

    accuracy: Interval
    chance: float
    share_right: float
    majority: float
    by_patient: dict[Any, float]


def patient_probe(features: ArrayLike, patients: ArrayLike, *, seed: int, folds: int = 5) -> PatientProbe:
    """Train a classifier to name the patient from frozen features, and see how often it can.

    Parameters
    ----------
    features : float array, shape (beats, features)
        Embeddings of beats **of one class**, such as N, in order of time within each patient: with several classes,
        who has which beats would tell the patients apart, and that is nothing an embedding should hide.
    patients : array, shape (beats,)
        Whose each beat is.
    seed : int
        Decides which beats are left out, and the interval.
    folds : int
        Parts that each patient's beats are cut into; each part is judged once, by a classifier that the other parts
        trained.

    Returns
    -------
    PatientProbe

    Raises
    ------
    ECGError
        If features and patients don't fit together or hold NaN, there are fewer than two patients or folds, or a
        patient has fewer beats than folds.

    Notes
    -----
    A logistic regression on standardised features; scales come from the parts that train. Of each patient at most
    200 beats take part, drawn at random and kept in their order. The parts are stretches of time, not single beats:
    neighbouring segments overlap, and a random fold would be named by what it shares with its neighbour. What a
    linear classifier can't find may still be there; a low accuracy says that the identity isn't easy to read, not that
    it is gone.
    The interval draws each patient's beats again, which gives a binomial number of right ones. Beats of one patient
    resemble each other, and other patients may be easier to tell apart: it is too narrow for what other beats, or other
    patients, would give, and has no width where every beat is right.
    Source: linear probes are those of Alain and Bengio (2017); this one is our choice. Taught in chapter
    ``21_beat_classifier_and_its_patients``.

    Examples
    --------
    >>> patients = np.repeat(["100", "101", "103"], 40)
    >>> noise = np.random.default_rng(0).normal(size=(120, 8))
    >>> found = patient_probe(noise + (patients == "100")[:, None], patients, seed=0)
    >>> round(found.chance, 3), found.accuracy.low > found.chance, max(found.by_patient, key=found.by_patient.get)
    (0.333, True, '100')
    """
    x, names, owner = _checked(features, patients, folds)
    random = np.random.default_rng(seed)
    places = [np.flatnonzero(owner == index) for index in range(len(names))]
    kept = [np.sort(random.choice(place, min(len(place), MOST), replace=False)) for place in places]
    rows, counts = np.concatenate(kept), np.array([len(place) for place in kept])
    x, owner = x[rows], owner[rows]
    part = np.concatenate([np.arange(count) * folds // count for count in counts])

    right = np.zeros(len(owner), dtype=bool)
    for fold in range(folds):
        held_out = part == fold
        probe = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000))
        probe.fit(x[~held_out], owner[~held_out])
        right[held_out] = probe.predict(x[held_out]) == owner[held_out]

    shares = np.bincount(owner, right) / counts
    low, high = percentiles((random.binomial(counts, shares, (RESAMPLES, len(counts))) / counts).mean(axis=1))
    return PatientProbe(
        accuracy=Interval(float(shares.mean()), low, high, LEVEL, "beat bootstrap", len(owner), (), RESAMPLES),
        chance=1 / len(names),
        share_right=float(right.mean()),
        majority=float(counts.max() / counts.sum()),
        by_patient=dict(zip(names.tolist(), shares.tolist(), strict=True)),
    )


def _checked(
    features: ArrayLike, patients: ArrayLike, folds: int
) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[np.int64]]:
    """Give features, the names of the patients and the index of each beat's patient; raises ECGError."""
    x, named = np.asarray(features, dtype=np.float64), np.asarray(patients)
    if x.ndim != 2 or named.shape != x.shape[:1] or not np.isfinite(x).all():
        raise ECGError(
            "a probe can't read these features",
            expected="finite numbers of shape (beats, features), and the patient of each beat",
            found=f"shape {x.shape} with {int((~np.isfinite(x)).sum())} that are not finite, patients {named.shape}",
            remedy="pass the embeddings of exactly the beats whose patients are given, in the same order",
        )
    names, owner, counts = np.unique(named, return_inverse=True, return_counts=True)
    if len(names) < 2 or folds < 2 or counts.min() < folds:
        raise ECGError(
            "a probe can't tell these patients apart",
            expected=f"at least two patients and two folds, and {folds} beats of each patient",
            found=f"{len(names)} patients with {counts.min() if len(counts) else 0} beats or more, {folds} folds",
            remedy="leave out patients with so few beats of this class",
        )
    return x, names, owner.astype(np.int64)
