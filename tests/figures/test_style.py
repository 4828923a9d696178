"""Colours that the colour-blind can tell apart, and that stand out from paper."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.figures.style import CLASS_COLOURS, CLASS_NAMES, PAPER, WAVE_COLOURS

VISION = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
"""Machado, Oliveira and Fernandes (IEEE TVCG 15:1291, 2009), severity 1, on linear RGB."""

TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    values = np.array(to_rgb(colour))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(colour, background):
    light, dark = sorted((float(TO_XYZ[1] @ linear(one)) for one in (colour, background)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("colours", [CLASS_COLOURS, WAVE_COLOURS], ids=["classes", "waves"])
def test_colours_differ_for_every_kind_of_vision(vision, colours):
    seen = [lab(np.array(VISION[vision]) @ linear(colour)) for colour in colours.values()]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 15


def test_the_measure_finds_red_and_green_alike():
    red, green = (lab(np.array(VISION["deuteranopia"]) @ linear(colour)) for colour in ("#B05040", "#6F7A30"))
    assert np.linalg.norm(red - green) < 15


@pytest.mark.parametrize("background", ["white", PAPER])
def test_class_colours_stand_out(background):
    assert min(contrast(colour, background) for colour in CLASS_COLOURS.values()) > 3


def test_every_class_has_a_colour_and_a_name():
    assert tuple(CLASS_COLOURS) == tuple(CLASS_NAMES) == AAMI_CLASSES
    assert not set(CLASS_COLOURS.values()) & set(WAVE_COLOURS.values())
