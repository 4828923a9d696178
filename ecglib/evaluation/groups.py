"""How well a model does for women and for men, for the young and the old, and what so few patients can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.errors import ECGError
from ecglib.evaluation.checks import as_macro_over, as_predicted, as_resamples, as_true
from ecglib.evaluation.comparison import Difference, two_sided
from ecglib.evaluation.intervals import LEVEL, Interval, keep_defined, percentiles, resample_confusions
from ecglib.evaluation.metrics import metrics_of_confusion
from ecglib.evaluation.report import classes_needed, classification_report

UNKNOWN = "unknown"
"""Group of patients whose sex or age the database doesn't give."""


@dataclass(frozen=True)
class GroupReport:
    """One group of patients: who it is, and how well the model does for it.

    Attributes
    ----------
    group : str
        Its name, such as ``"women"`` or ``"60 to 74 years"``.
    patients, beats : int
        How many.
    patients_by_class, beats_by_class : dict of str to int
        How many patients have beats of each class, and how many beats those are.
    macro_over : tuple of str
        Classes that the macro means are taken over: those that every compared group has.
    metrics : dict of str to Interval
        As ``classification_report`` gives them, by drawing this group's patients, but only for classes that the group
        has. Empty for a group of one patient, who cannot be drawn again.

    Notes
    -----
    Source: our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> report = GroupReport("women", 2, 90, {"N": 2}, {"N": 90}, ("N",), {"f1_N": Interval(0.9, 0.8, 1.0, n=2)})
    >>> report.label
    'women (2 patients)'
    """

    group: str
    patients: int
    beats: int
    patients_by_class: dict[str, int]
    beats_by_class: dict[str, int]
    macro_over: tuple[str, ...]
    metrics: dict[str, Interval]

    @property
    def label(self) -> str:
        """The group's name with its number of patients."""
        return f"{self.group} ({self.patients} patient{'' if self.patients == 1 else 's'})"


def sex_group(sex: str | None) -> str:
    """Name the group of a patient's sex, as a record gives it.

    Parameters
    ----------
    sex : {"F", "M"} or None

    Returns
    -------
    str
        ``"women"``, ``"men"`` or ``"unknown"``.

    Raises
    ------
    ECGError
        If it is neither.

    Notes
    -----
    Source: our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> sex_group("F"), sex_group(None)
    ('women', 'unknown')
    """
    if sex is None:
        return UNKNOWN
    if sex not in ("F", "M"):
        raise ECGError("a sex that no record gives", expected="F, M or None", found=repr(sex), remedy="pass record.sex")
    return "women" if sex == "F" else "men"


def age_group(age: float | None, edges: Sequence[int] = (60, 75)) -> str:
    """Name the group of a patient's age.

    Parameters
    ----------
    age : float or None
        Years, as a record gives it.
    edges : sequence of int
        Years at which a new group begins, rising.

    Returns
    -------
    str
        Such as ``"60 to 74 years"``, or ``"unknown"``.

    Raises
    ------
    ECGError
        If the edges don't rise.

    Notes
    -----
    With 60 and 75 the test patients of MIT-BIH whose age is known fall into three groups of six or seven.
    Source: our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> [age_group(age) for age in (59.5, 60, 74, 75, None)]
    ['under 60 years', '60 to 74 years', '60 to 74 years', '75 years or more', 'unknown']
    """
    if not edges or list(edges) != sorted(set(edges)):
        raise ECGError("no age groups", expected="edges that rise", found=str(list(edges)), remedy="sort the edges")
    if age is None or np.isnan(age):
        return UNKNOWN
    index = int(np.searchsorted(edges, age, side="right"))
    if index == 0:
        return f"under {edges[0]} years"
    if index == len(edges):
        return f"{edges[-1]} years or more"
    return f"{edges[index - 1]} to {edges[index] - 1} years"


def report_by_group(
    true: ArrayLike,
    predicted: ArrayLike,
    groups: ArrayLike,
    patients: ArrayLike,
    classes: Sequence[str] = AAMI_CLASSES,
    *,
    scores: ArrayLike | None = None,
    macro_over: Sequence[str] | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, GroupReport]:
    """Compute every metric for each group of patients, with intervals by drawing that group's patients.

    Parameters
    ----------
    true : int array, shape (beats,)
        Index of each beat's true class.
    predicted : int array, shape (beats,) or (seeds, beats)
        Index of each beat's predicted class; with several seeds every number is their mean.
    groups : str array, shape (beats,)
        Group of each beat's patient, as ``sex_group`` or ``age_group`` names it.
    patients : array, shape (beats,)
        Patient of each beat.
    classes : sequence of str
        Names of the classes.
    scores : float array, shape (beats, classes) or (seeds, beats, classes), optional
        Adds the areas under the ROC curves.
    macro_over : sequence of str, optional
        Classes that macro means may be taken over; all when left out. Those that some group of two patients or more
        lacks are dropped from the macro means of all groups: else a group without fusion beats would count a 0 for
        them, and its macro F1 could not be compared with the others'.
    resamples, seed : int
        As in ``classification_report``.

    Returns
    -------
    dict of str to GroupReport
        In alphabetical order, but ages from the youngest on, and ``"unknown"`` last.

    Raises
    ------
    AnnotationError
        If an index or ``macro_over`` names no class.
    ECGError
        If lengths differ, a patient is in two groups, a score is NaN, or no class is left for the macro means.

    Notes
    -----
    A handful of patients is a handful whatever their number of beats, so the intervals are wide. They are what the
    data can say. Where a class comes from a single patient, its interval says how that patient's beats weigh among the
    others, and nothing about a second patient with such beats: look at ``patients_by_class`` before at the F1.
    Source: the patient bootstrap; the rest is our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> true = np.tile([0, 1], 50)
    >>> patients = np.repeat(["a", "b", "c", "d"], 25)
    >>> groups = np.repeat(["men", "women"], 50)
    >>> predicted = np.where(groups == "men", true, 0)
    >>> reports = report_by_group(true, predicted, groups, patients, classes=("N", "V"))
    >>> {name: (report.patients, round(report.metrics["macro_f1"].value, 2)) for name, report in reports.items()}
    {'men': (2, 1.0), 'women': (2, 0.33)}
    """
    checked = as_true(true, classes)
    models = as_predicted(predicted, classes, len(checked))
    named, owners = _as_groups(groups, patients, len(checked))
    allowed = as_macro_over(macro_over, classes)
    order = sorted(set(named.tolist()), key=lambda name: (name == UNKNOWN, not name.startswith("under"), name))
    rows = {name: np.flatnonzero(named == name) for name in order}
    compared = [name for name in order if len(set(owners[rows[name]].tolist())) > 1]
    shared = [classes[c] for c in allowed.tolist() if all((checked[rows[name]] == c).any() for name in compared)]
    if not shared or not compared:
        raise ECGError(
            "groups that can't be compared",
            expected="at least one group of two patients, and one class that all such groups have",
            found=f"{len(compared)} groups of two patients or more, {len(shared)} shared classes",
            remedy="make larger groups",
        )
    reports = {}
    for name in order:
        mine = rows[name]
        occurring = np.bincount(checked[mine], minlength=len(classes))
        metrics: dict[str, Interval] = {}
        if name in compared:
            found = classification_report(
                checked[mine],
                models[:, mine],
                classes,
                patients=owners[mine],
                scores=None if scores is None else np.asarray(scores)[..., mine, :],
                macro_over=shared,
                resamples=resamples,
                seed=seed,
            )
            lacking = {classes[c] for c in np.flatnonzero(occurring == 0).tolist()}
            metrics = {key: value for key, value in found.items() if key.rsplit("_", 1)[-1] not in lacking}
        reports[name] = GroupReport(
            group=name,
            patients=len(np.unique(owners[mine])),
            beats=len(mine),
            patients_by_class={c: len(np.unique(owners[mine][checked[mine] == i])) for i, c in enumerate(classes)},
            beats_by_class={c: int(occurring[i]) for i, c in enumerate(classes)},
            macro_over=tuple(shared),
            metrics=metrics,
        )
    return reports


def group_difference(
    true: ArrayLike,
    predicted: ArrayLike,
    groups: ArrayLike,
    patients: ArrayLike,
    first: str,
    second: str,
    metric: str = "macro_f1",
    classes: Sequence[str] = AAMI_CLASSES,
    *,
    macro_over: Sequence[str] | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> Difference:
    """Say how much better a model does for one group of patients than for another.

    Parameters
    ----------
    true, predicted, groups, patients, classes, resamples, seed
        As in ``report_by_group``.
    first, second : str
        Names of the groups.
    metric : str
        A name that ``metrics_of_confusion`` gives, such as ``"macro_f1"`` or ``"recall_V"``.
    macro_over : sequence of str, optional
        Classes that the macro means are taken over; pass the ``macro_over`` of a ``GroupReport``.

    Returns
    -------
    Difference
        First group minus second. ``n`` counts the patients of both; the p-value is that of one question asked, so
        correct it with ``holm`` where there are several.

    Raises
    ------
    AnnotationError
        If an index or ``macro_over`` names no class.
    ECGError
        If a group is unknown or has fewer than two patients, or lacks a class that the metric needs, or there is no
        such metric.

    Notes
    -----
    The groups are of different people, so nothing is paired: each is drawn by itself, and the draws are subtracted.
    Source: the two-sample bootstrap of Efron and Tibshirani (1993), by patients. Taught in chapter
    ``19_new_patients``.

    Examples
    --------
    >>> true = np.tile([0, 1], 50)
    >>> patients = np.repeat(["a", "b", "c", "d"], 25)
    >>> groups = np.repeat(["men", "women"], 50)
    >>> predicted = np.where(groups == "men", true, 0)
    >>> round(group_difference(true, predicted, groups, patients, "men", "women", "recall_V", ("N", "V")).value, 2)
    1.0
    """
    checked = as_true(true, classes)
    models = as_predicted(predicted, classes, len(checked))
    named, owners = _as_groups(groups, patients, len(checked))
    averaged = as_macro_over(macro_over, classes)
    as_resamples(resamples)
    values, draws, kept, people = [], [], [], 0
    for index, name in enumerate((first, second)):
        mine = np.flatnonzero(named == name)
        who, unit = np.unique(owners[mine], return_inverse=True)
        if len(who) < 2:
            raise ECGError(
                f"group {name} cannot be drawn again",
                expected="at least two patients",
                found=f"{len(who)}",
                remedy=f"choose among {', '.join(sorted(set(named.tolist())))}, or make larger groups",
            )
        rng = np.random.default_rng([seed, index])
        drawn = resample_confusions(checked[mine], models[:, mine], len(classes), unit, resamples, rng)
        observed = metrics_of_confusion(drawn.observed, classes, macro_over=macro_over)
        if metric not in observed:
            raise ECGError(
                f"unknown metric {metric}", expected=f"one of {', '.join(observed)}", remedy="choose one of these"
            )
        needed = classes_needed(metric, classes, averaged)
        lacking = [classes[c] for c in needed if not (checked[mine] == c).any()]
        if lacking:
            raise ECGError(
                f"group {name} has no beat of class {', '.join(lacking)}",
                expected=f"every class that {metric} is about",
                remedy="take the macro mean over the classes that both groups have",
            )
        values.append(observed[metric].mean())
        draws.append(metrics_of_confusion(drawn.resampled, classes, macro_over=macro_over)[metric].mean(axis=1))
        kept.append(drawn.keeps(needed))
        people += len(who)
    differences = keep_defined(draws[0] - draws[1], kept[0] & kept[1], metric)
    low, high = percentiles(differences)
    return Difference(
        float(values[0] - values[1]),
        low,
        high,
        two_sided(differences),
        LEVEL,
        "two-sample patient bootstrap",
        people,
        len(differences),
    )


def group_table(reports: dict[str, GroupReport], metrics: Sequence[str] = ("macro_f1",)) -> pd.DataFrame:
    """Set groups side by side: their patients and beats, the patients behind each class, and metrics with intervals.

    Parameters
    ----------
    reports : dict of str to GroupReport
        As ``report_by_group`` gives them.
    metrics : sequence of str
        Names such as ``"macro_f1"`` or ``"f1_V"``.

    Returns
    -------
    DataFrame
        One row a group. An empty cell says that the group has no such beats, or a single patient.

    Notes
    -----
    Source: our choice. Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> report = GroupReport("women", 2, 90, {"N": 2}, {"N": 90}, ("N",), {"f1_N": Interval(0.9, 0.8, 1.0, n=2)})
    >>> print(group_table({"women": report}, ["f1_N"]).to_string(index=False))
    group  patients  beats patients with N                f1_N
    women         2     90    2 (90 beats) 0.900 (0.800–1.000)
    """
    rows = []
    for report in reports.values():
        row: dict[str, object] = {"group": report.group, "patients": report.patients, "beats": report.beats}
        for name, people in report.patients_by_class.items():
            row[f"patients with {name}"] = f"{people} ({report.beats_by_class[name]:,} beats)"
        for metric in metrics:
            found = report.metrics.get(metric)
            row[metric] = "" if found is None else f"{found.value:.3f} ({found.low:.3f}–{found.high:.3f})"
        rows.append(row)
    return pd.DataFrame(rows)


def _as_groups(groups: ArrayLike, patients: ArrayLike, beats: int) -> tuple[NDArray[np.str_], NDArray]:
    named, owners = np.asarray(groups), np.asarray(patients)
    if named.shape != (beats,) or owners.shape != (beats,):
        raise ECGError(
            "groups, patients and true classes differ in length",
            expected=f"shape ({beats},)",
            found=f"groups of shape {named.shape}, patients of shape {owners.shape}",
            remedy="pass group and patient of every beat",
        )
    named = named.astype(str)
    pairs = pd.DataFrame({"patient": owners, "group": named}).drop_duplicates()
    twice = pairs["patient"][pairs["patient"].duplicated()].tolist()
    if twice:
        raise ECGError(
            "a patient stands in two groups",
            expected="one group a patient",
            found=", ".join(str(name) for name in twice[:5]),
            remedy="decide the group by patient, not by record",
        )
    return named, owners
