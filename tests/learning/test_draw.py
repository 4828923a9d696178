"""Drawing beats by class and patient, against the shares that the powers promise."""

import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.learning.draw import draw_by_patient

CLASSES = np.repeat([0, 0, 1, 1], [6400, 1600, 90, 10])
PATIENTS = np.repeat(["a", "b", "a", "c"], [6400, 1600, 90, 10])


def shares(**powers):
    drawn = draw_by_patient(np.arange(8100), CLASSES, PATIENTS, 40_000, seed=0, **powers)
    return {
        (c, p): np.mean((CLASSES[drawn] == c) & (PATIENTS[drawn] == p))
        for c, p in ((0, "a"), (0, "b"), (1, "a"), (1, "c"))
    }


@pytest.mark.parametrize("class_power", [0, 0.5, 1])
@pytest.mark.parametrize("patient_power", [0, 0.5, 1])
def test_shares(class_power, patient_power):
    found = shares(class_power=class_power, patient_power=patient_power)
    beats = {(0, "a"): 6400, (0, "b"): 1600, (1, "a"): 90, (1, "c"): 10}
    total = {0: 8000, 1: 100}
    for (of, patient), share in found.items():
        among = sum(n ** (1 - patient_power) for (c, _), n in beats.items() if c == of)
        expected = total[of] ** (1 - class_power) / sum(n ** (1 - class_power) for n in total.values())
        expected *= beats[of, patient] ** (1 - patient_power) / among
        assert share == pytest.approx(expected, abs=4 * np.sqrt(expected / 40_000) + 1e-4)


def test_only_the_given_positions_are_drawn():
    positions = np.arange(1000, 8100, 7)
    drawn = draw_by_patient(positions, CLASSES, PATIENTS, 5000, seed=0)
    assert set(drawn) <= set(positions)
    assert len(drawn) == 5000


def test_the_seed_decides():
    one, same, other = (draw_by_patient(np.arange(8100), CLASSES, PATIENTS, 50, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize(
    ("positions", "size", "powers"),
    [([], 5, {}), ([1], 0, {}), ([1], 5, {"class_power": 1.1}), ([1], 5, {"patient_power": -1})],
)
def test_what_cannot_be_drawn(positions, size, powers):
    with pytest.raises(ECGError, match="draw"):
        draw_by_patient(positions, CLASSES, PATIENTS, size, seed=0, **powers)
