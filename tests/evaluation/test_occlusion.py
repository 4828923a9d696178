"""Replacing a wave changes that wave, joins at both ends, and is felt by who needs it."""

import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.evaluation.occlusion import replace_part


@pytest.fixture
def beats():
    rng = np.random.default_rng(0)
    parts = np.full((6, 50), 3, np.int8)
    for row, start in enumerate([0, 5, 20, 35, 44, 10]):
        parts[row, start : start + 6] = 1
    parts[5, 30:33] = 1
    return rng.standard_normal((6, 2, 50)).astype(np.float32), parts


@pytest.mark.parametrize("with_another", [False, True])
def test_the_same_as_numpy_interp_lead_by_lead(beats, with_another):
    windows, parts = beats
    by = np.random.default_rng(1).standard_normal(windows.shape) if with_another else np.zeros(windows.shape)
    expected = windows.astype(float)
    for row in range(6):
        keep = parts[row] != 1
        at = np.arange(50)
        for lead in range(2):
            above = windows[row, lead] - by[row, lead]
            expected[row, lead, ~keep] = (by[row, lead] + np.interp(at, at[keep], above[keep]))[~keep]
    found = replace_part(windows, parts, 1, by if with_another else None)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.dtype == np.float32


def test_only_that_part_changes_and_the_input_stays(beats):
    windows, parts = beats
    before = windows.copy()
    found = replace_part(windows, parts, 1)
    np.testing.assert_array_equal(windows, before)
    same = np.broadcast_to((parts != 1)[:, None], windows.shape)
    np.testing.assert_array_equal(found[same], windows[same])
    np.testing.assert_array_equal(replace_part(windows, parts, 0), windows)


def test_a_beat_put_in_its_own_place_is_the_same_beat(beats):
    windows, parts = beats
    np.testing.assert_allclose(replace_part(windows, parts, 1, windows + 3), windows, atol=1e-6)


def test_who_judges_by_the_qrs_misses_the_qrs_alone():
    time = np.arange(100)
    beat = 2 * np.exp(-(((time - 40) / 3) ** 2)) + 0.3 * np.exp(-(((time - 70) / 8) ** 2))
    parts = np.full((1, 100), 3, np.int8)
    parts[0, 32:49], parts[0, 55:86] = 1, 2
    height = {part: replace_part(beat[None, None], parts, part).max() for part in (1, 2, 3)}
    assert height[1] < 0.5
    assert height[2] == pytest.approx(2)
    assert height[3] == pytest.approx(2)


def test_bad_input_is_refused(beats):
    windows, parts = beats
    with pytest.raises(ECGError, match="differ"):
        replace_part(windows, parts[:3], 1)
    with pytest.raises(ECGError, match="differ"):
        replace_part(windows, parts, 1, windows[:, :1])
    with pytest.raises(ECGError, match="nothing of the beat"):
        replace_part(windows, np.ones_like(parts), 1)
