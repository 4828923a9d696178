import numpy as np
import pytest
import pywt
import torch

from ecglib.errors import ECGError
from ecglib.figures.scalogram import ScalogramExample, plot_scalograms, plot_transform, plot_wavelets
from ecglib.signals.scalogram import WAVELETS, Scalogram

ROWS = np.geomspace(1, 40, 32)


@pytest.fixture(scope="module")
def transform():
    return Scalogram()


@pytest.fixture
def segment():
    return np.random.default_rng(0).normal(size=128).astype(np.float32)


def test_wavelets_are_those_of_pywt_stretched_to_their_frequency():
    _, data = plot_wavelets(WAVELETS["cmor1.5-1.0"], [2.0, 8.0])
    shape, time = pywt.ContinuousWavelet("cmor1.5-1.0").wavefun(12)
    for frequency in (2.0, 8.0):
        table = data[data["frequency_Hz"] == frequency]
        expected = np.interp(table["time_s"] * frequency, time, shape.real, left=0, right=0)
        np.testing.assert_allclose(table["real"], expected, atol=1e-4)
        expected = np.interp(table["time_s"] * frequency, time, shape.imag, left=0, right=0)
        np.testing.assert_allclose(table["imaginary"], expected, atol=1e-4)
    np.testing.assert_allclose(np.hypot(data["real"], data["imaginary"]), data["size"])


def test_wavelets_are_readable_and_told_apart_by_their_lines(looks):
    figure, _ = plot_wavelets(WAVELETS["cmor1.5-1.0"], [2.0, 8.0, 32.0])
    looks.readable(figure)
    assert len({line.get_linestyle() for line in figure.axes[0].lines}) == 3
    assert [axes.get_title(loc="left")[:4] for axes in figure.axes] == ["2 Hz", "8 Hz", "32 H"]


@pytest.mark.parametrize(("name", "frequencies"), [("morl", [2.0]), ("cmor1.5-1.0", [])])
def test_a_wavelet_without_imaginary_part_or_frequencies_is_refused(name, frequencies):
    with pytest.raises(ECGError, match="a wavelet that can't be drawn"):
        plot_wavelets(WAVELETS[name], frequencies)


def test_the_drawn_sums_are_the_product_and_the_strengths_those_of_pywt(transform, segment, looks):
    figure, data = plot_transform(transform, segment, [8.0])
    row = int(np.abs(ROWS - 8.0).argmin())
    expected = np.abs(pywt.cwt(segment, [128 / ROWS[row]], "cmor1.5-1.0", method="conv")[0][0, ::4])
    np.testing.assert_allclose(data["strength"][::128], expected, atol=1e-4 * expected.max())
    entries = data["entry"].to_numpy().reshape(32, 128)
    np.testing.assert_allclose(entries @ segment, data["sum"][::128], atol=1e-5)
    (image,) = looks.named(figure.axes[1], "matrix")
    np.testing.assert_array_equal(image.get_array(), entries)
    low, high = image.get_clim()
    assert low == -high, "grey in the middle is zero"


def test_the_matrix_lies_below_the_segment(transform, segment, looks):
    figure, _ = plot_transform(transform, segment, [2.0, 8.0, 32.0])
    looks.readable(figure)
    above, block = figure.axes[0], figure.axes[1]
    assert above.get_xlim() == block.get_xlim() == (-0.5 / 128, 127.5 / 128)
    (image,) = looks.named(block, "matrix")
    left, right, bottom, top = image.get_extent()
    rows, columns = image.get_array().shape
    np.testing.assert_allclose(left + (np.arange(columns) + 0.5) * (right - left) / columns, np.arange(128) / 128)
    np.testing.assert_allclose(top + (np.arange(rows) + 0.5) * (bottom - top) / rows, transform.times)
    assert above.get_position().x0 == block.get_position().x0
    assert above.get_position().x1 == block.get_position().x1


def test_a_transform_of_another_length_or_of_a_real_wavelet_is_refused(transform, segment):
    for given, x in ((transform, segment[:64]), (Scalogram(wavelet="morl"), segment)):
        with pytest.raises(ECGError, match="a transform that can't be drawn"):
            plot_transform(given, x, [8.0])


def test_a_tone_is_drawn_at_its_frequency_and_moment(transform, looks):
    time = np.arange(128) / 128
    bump = np.sin(2 * np.pi * 16 * time) * np.exp(-(((time - 0.7) / 0.05) ** 2))
    image = transform(torch.from_numpy(bump.astype(np.float32))[None])[0].numpy()
    figure, data = plot_scalograms([("tone", bump, image)] * 2, ROWS, 1.2 / ROWS)
    strongest = data.loc[data["strength"].idxmax()]
    assert strongest["frequency_Hz"] == pytest.approx(16, rel=0.1)
    assert strongest["time_s"] == pytest.approx(0.2, abs=0.04)
    below = figure.axes[0]
    assert below.get_yscale() == "log"
    (mesh,) = looks.named(below, "scalogram")
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(32, 32), image.astype(float))
    corners = mesh.get_coordinates()
    assert (corners[:-1, 0, 1] < ROWS).all()
    assert (corners[1:, 0, 1] > ROWS).all()


def test_all_panels_share_one_grey_and_one_height(looks):
    strong, weak = np.full((32, 32), 4.0), np.ones((32, 32))
    figure, _ = plot_scalograms([("a", np.ones(128), strong), ("b", np.zeros(128), weak)], ROWS, 1.2 / ROWS)
    meshes = [mesh for axes in figure.axes for mesh in looks.named(axes, "scalogram")]
    assert [mesh.get_clim() for mesh in meshes] == [(0, 4.0)] * 2
    assert {mesh.get_cmap().name for mesh in meshes} == {"Greys"}


def test_dashes_stand_as_far_from_the_ends_as_the_wavelet_reaches(looks):
    figure, _ = plot_scalograms([("a", np.zeros(128), np.ones((32, 32)))], ROWS, 1.2 / ROWS)
    left, right = looks.named(figure.axes[0], "reach")
    for x, y in left.get_xydata():
        assert x + 0.5 == pytest.approx(1.2 / y)
    np.testing.assert_allclose(left.get_xdata(), -right.get_xdata())
    assert (left.get_xdata() <= 0).all()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_scalograms_are_readable(looks, count):
    examples = [
        ScalogramExample(f"{name}: 199,036\n43 patients", np.zeros(128), np.ones((32, 32)), name)
        for name in ("N", "S", "V", "F", "Q", "no beat")[:count]
    ]
    looks.readable(plot_scalograms(examples, ROWS, 1.2 / ROWS)[0])


@pytest.mark.parametrize(
    "examples",
    [
        [],
        [("a", np.zeros(128), np.ones((32, 32))), ("b", np.zeros(128), np.ones((32, 16)))],
        [("a", np.zeros(128), np.ones((31, 32)))],
        [("a", np.zeros(100), np.ones((32, 32)))],
    ],
)
def test_sizes_that_do_not_fit_are_refused(examples):
    with pytest.raises(ECGError, match="can't be drawn together"):
        plot_scalograms(examples, ROWS, 1.2 / ROWS)
