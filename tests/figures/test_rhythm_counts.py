"""A dot for each patient of each rhythm, at the number of his windows."""

from __future__ import annotations

import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.figures.rhythm_counts import plot_rhythm_counts


def test_dots_and_data() -> None:
    rhythms = np.array(["N", "AFIB", "N", "N", "VFL", "AFIB"])
    patients = np.array(["100", "201", "100", "207", "207", "201"])
    figure, data = plot_rhythm_counts(rhythms, patients, ("VFL", "N", "B"))
    assert data.to_numpy().tolist() == [["VFL", "207", 1], ["N", "100", 2], ["N", "207", 1]]
    (axes,) = figure.axes
    dots = {line.get_gid(): line.get_xydata().tolist() for line in axes.lines}
    assert dots == {"VFL": [[1, 0]], "N": [[2, 1], [1, 1]], "B": []}
    assert [text.get_text() for text in axes.texts] == ["1 of 1 patient", "3 of 2 patients", "0 of 0 patients"]
    assert axes.get_xscale() == "log"


def test_nothing_to_draw() -> None:
    with pytest.raises(ECGError, match="2 windows, none of VFL, VT"):
        plot_rhythm_counts(["N", "N"], ["100", "100"], ("VFL", "VT"))
