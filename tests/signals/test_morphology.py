"""Shape features against NumPy and SciPy, and on beats whose shape is known."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from ecglib.errors import RecordTooShortError, SignalQualityError
from ecglib.signals.morphology import MORPHOLOGY_FEATURES, PARTS, morphology

RATE, BEFORE = 360.0, 100
TIME = np.arange(-100, 160) / RATE


def beat(width=0.02, height=1.0, p=0.15):
    return (
        height * np.exp(-((TIME / width) ** 2))
        + p * np.exp(-(((TIME + 0.16) / 0.03) ** 2))
        + 0.3 * np.exp(-(((TIME - 0.27) / 0.05) ** 2))
    )


def column(found, name):
    return found[:, MORPHOLOGY_FEATURES.index(name)]


@pytest.fixture
def windows():
    rng = np.random.default_rng(0)
    normal = [beat() + 0.01 * rng.standard_normal(260) for _ in range(20)]
    return np.array([*normal, beat(width=0.07), beat(p=0), beat(height=-1.0)])[:, None].astype(np.float32)


def test_each_class_of_shape_stands_out(windows):
    found = morphology(windows, ["100"] * 23, RATE, BEFORE)
    assert column(found, "width_half").argmax() == 20
    assert column(found, "width_half_to_typical")[20] == pytest.approx(0.083, abs=0.01)
    assert column(found, "likeness_p").argmin() == 21
    assert column(found, "highest_p").argmin() == 21
    assert column(found, "likeness_qrs").argmin() == 22
    assert np.abs(column(found, "width_half_to_typical")[:20]).max() <= 1.01 / RATE


def test_against_numpy_and_scipy(windows):
    found = morphology(windows, ["100"] * 23, RATE, BEFORE)
    typical = np.median(windows[:, 0], axis=0)
    height = np.ptp(typical)
    start, stop = (BEFORE + round(at * RATE) for at in PARTS["t"])
    for row in (0, 7, 21):
        own, usual = windows[row, 0, start:stop], typical[start:stop]
        assert column(found, "likeness_t")[row] == pytest.approx(pearsonr(own, usual)[0], abs=1e-4)
        assert column(found, "difference_t")[row] == pytest.approx(
            np.sqrt(np.mean((own - usual) ** 2)) / height, rel=1e-3
        )
        assert column(found, "spread_t")[row] == pytest.approx(own.std() / height, rel=1e-3)
        assert column(found, "highest_t")[row] == pytest.approx(own.max() / height, rel=1e-4)
    assert column(found, "height") == pytest.approx(height)


def test_likeness_to_neighbours(windows):
    found = morphology(windows, ["100"] * 23, RATE, BEFORE)
    start, stop = (BEFORE + round(at * RATE) for at in PARTS["qrs"])
    qrs = windows[:, 0, start:stop]
    assert column(found, "likeness_qrs_to_next")[19] == pytest.approx(pearsonr(qrs[19], qrs[20])[0], abs=1e-4)
    assert column(found, "likeness_qrs_to_previous")[21] == pytest.approx(pearsonr(qrs[21], qrs[20])[0], abs=1e-4)


def test_an_amplifier_changes_the_height_alone(windows):
    one, three = (morphology(gain * windows, ["100"] * 23, RATE, BEFORE) for gain in (1, 3))
    np.testing.assert_allclose(one[:, :-1], three[:, :-1], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(3 * one[:, -1], three[:, -1], rtol=1e-5)


def test_records_do_not_see_each_other(windows):
    both = morphology(np.concatenate([windows, 2 * windows[::-1]]), ["100"] * 23 + ["101"] * 23, RATE, BEFORE)
    np.testing.assert_array_equal(both[:23], morphology(windows, ["100"] * 23, RATE, BEFORE))


@pytest.mark.parametrize(("before", "after"), [(80, 160), (100, 140)])
def test_windows_too_short(windows, before, after):
    with pytest.raises(RecordTooShortError, match="P wave"):
        morphology(windows[:, :, BEFORE - before : BEFORE + after], ["100"] * 23, RATE, before)


def test_two_leads(windows):
    with pytest.raises(SignalQualityError, match="one lead"):
        morphology(np.concatenate([windows, windows], axis=1), ["100"] * 23, RATE, BEFORE)


def test_a_flat_record():
    with pytest.raises(SignalQualityError, match="flat"):
        morphology(np.ones((3, 1, 260)), ["100"] * 3, RATE, BEFORE)
