"""RR statistics by hand."""

import numpy as np
import pytest

from ecglib.errors import AnnotationError, RecordTooShortError
from ecglib.signals.rr_statistics import RR_STATISTICS, rr_statistics


def test_statistics_by_hand():
    found = dict(zip(RR_STATISTICS, rr_statistics([0, 100, 250, 350, 600], rate=100), strict=True))
    # intervals 1, 1.5, 1, 2.5 s; changes 0.5, -0.5, 1.5
    spread = np.sqrt((0.5**2 + 0 + 0.5**2 + 1**2) / 4)
    assert found == pytest.approx(
        {
            "mean": 1.5,
            "sd": spread,
            "rmssd": np.sqrt((0.25 + 0.25 + 2.25) / 3),
            "relative_change": 0.5 / 1.5,
            "coefficient_of_variation": spread / 1.5,
        }
    )


def test_a_clock_twice_as_fast_changes_no_statistic():
    beats = np.cumsum(np.random.default_rng(0).integers(200, 400, 12))
    np.testing.assert_allclose(rr_statistics(beats, 360), rr_statistics(2 * beats + 7, 720))


def test_beats_that_have_no_statistics():
    with pytest.raises(RecordTooShortError, match="at least three, found 2"):
        rr_statistics([0, 360], 360)
    with pytest.raises(AnnotationError, match="found 1 that don't"):
        rr_statistics([0, 360, 360, 720], 360)
