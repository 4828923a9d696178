"""The same report for each split: how beats or patients are drawn again, and over which classes a mean is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.databases.splits import Split
from ecglib.evaluation.intervals import Interval
from ecglib.evaluation.report import classification_report

BETWEEN_PATIENTS = ("N", "S", "V", "F")
"""Classes of the macro means under ``inter``: its test patients have almost no Q."""

ROWS = ("accuracy", "macro_f1", "macro_precision", "macro_recall", "auroc", *(f"f1_{name}" for name in AAMI_CLASSES))
"""Metrics that a table of splits shows."""


def reports_by_split(
    classes: NDArray[np.int64],
    patients: NDArray[np.str_],
    cuts: Mapping[str, Split],
    scores: Mapping[str, NDArray[np.floating]],
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, dict[str, Interval]]:
    """Compute every metric on the test beats of each split, each with the interval that the split calls for.

    Parameters
    ----------
    classes, patients : arrays, shape (beats,)
        True class and patient of every beat.
    cuts : mapping of str to Split
        By name. ``inter`` draws whole patients again, and takes macro means over N, S, V and F; the others draw beats
        and take them over all five.
    scores : mapping of str to float array, shape (seeds, test beats, classes)
        For the test beats of each split.
    resamples, seed : int
        As in ``classification_report``.

    Returns
    -------
    dict of str to dict of str to Interval
        For each split, what ``classification_report`` gives.

    Raises
    ------
    AnnotationError, ECGError
        As in ``classification_report``.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> classes, cut = np.arange(100) % 5, Split("intra", np.arange(0), np.arange(0), np.arange(100))
    >>> reports = reports_by_split(classes, classes, {"intra": cut}, {"intra": np.eye(5)[None, classes]})
    >>> reports["intra"]["macro_f1"].value
    1.0
    """
    return {
        name: classification_report(
            classes[cut.test],
            scores[name].argmax(-1),
            scores=scores[name],
            patients=patients[cut.test] if name == "inter" else None,
            macro_over=BETWEEN_PATIENTS if name == "inter" else None,
            resamples=resamples,
            seed=seed,
        )
        for name, cut in cuts.items()
    }


def interval_table(reports: Mapping[str, Mapping[str, Interval]], rows: Sequence[str] = ROWS) -> pd.DataFrame:
    """Lay reports side by side, each number with its interval.

    Parameters
    ----------
    reports : mapping of str to mapping of str to Interval
        A column for each.
    rows : sequence of str
        Metrics, a row for each.

    Returns
    -------
    DataFrame
        Of text, such as ``0.950 (0.940–0.960)``.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> interval = Interval(0.95, 0.94, 0.96)
    >>> interval_table({"intra": {"accuracy": interval}}, ["accuracy"]).loc["accuracy", "intra"]
    '0.950 (0.940–0.960)'
    """
    return pd.DataFrame(
        {
            name: {row: f"{report[row].value:.3f} ({report[row].low:.3f}–{report[row].high:.3f})" for row in rows}
            for name, report in reports.items()
        }
    )
