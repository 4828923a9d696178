"""Scalograms against PyWavelets, the definition that they promise."""

import contextlib
import tracemalloc

import numpy as np
import pytest
import pywt
import torch

from ecglib.errors import ECGError, SamplingRateError
from ecglib.signals.scalogram import FREQUENCIES, WAVELETS, Scalogram, _full_precision, scalograms
from ecglib.signals.segments import RATE

torch.set_num_threads(1)

SEGMENTS = np.random.default_rng(0).standard_normal((6, 128))
DEFAULT = Scalogram()


def by_pywt(segments, module, wavelet, every, rate=RATE):
    """(segments, scales, times) and the frequencies, from PyWavelets in float64."""
    found, frequencies = pywt.cwt(segments, module.scales, wavelet, 1 / rate, method="conv", axis=-1)
    return np.abs(found).swapaxes(0, 1)[..., ::every], frequencies


@pytest.mark.parametrize("wavelet", WAVELETS)
@pytest.mark.parametrize("every", [1, 4])
def test_equal_to_pywt(wavelet, every):
    module = Scalogram(wavelet=wavelet, every=every)
    wanted, frequencies = by_pywt(SEGMENTS, module, wavelet, every)
    found = module(torch.from_numpy(SEGMENTS.astype(np.float32))).numpy()
    assert found.shape == wanted.shape == (6, 32, 128 // every)
    assert found.dtype == np.float32
    assert np.abs(found - wanted).max() < 1e-5 * wanted.max()
    np.testing.assert_allclose(frequencies, module.frequencies)
    np.testing.assert_allclose(module.frequencies, FREQUENCIES)


@pytest.mark.parametrize("wavelet", WAVELETS)
@pytest.mark.parametrize("samples", [1, 97, 250])
def test_equal_to_pywt_in_double_precision_at_other_sizes(wavelet, samples):
    """Odd lengths and odd kernels: the middle of the convolution must be the same sample."""
    segments = np.random.default_rng(1).standard_normal((3, samples))
    module = Scalogram(samples, 250.0, [0.5, 3.3, 17.0, 61.8, 125.0], wavelet, every=1)
    wanted, _ = by_pywt(segments, module, wavelet, 1, rate=250.0)
    found = module.double()(torch.from_numpy(segments)).numpy()
    assert np.abs(found - wanted).max() < 1e-6 * wanted.max()


def test_one_matrix_is_all_there_is():
    assert list(dict(DEFAULT.named_buffers())) == ["matrix"]
    assert not list(DEFAULT.parameters())
    assert not DEFAULT.state_dict()
    assert DEFAULT.matrix.shape == (128, 2 * 32 * 32)


def test_a_tone_is_brightest_in_its_row_and_a_click_at_its_moment():
    tone = np.sin(2 * np.pi * 12 * np.arange(128) / RATE).astype(np.float32)
    strength = DEFAULT(torch.from_numpy(tone)[None])[0].numpy()
    assert np.abs(np.log(DEFAULT.frequencies[strength[:, 8:24].mean(axis=1).argmax()] / 12)) < 0.1
    click = torch.zeros(1, 128)
    click[0, 76] = 1
    fine = DEFAULT(click)[0, -8:].mean(dim=0)
    assert DEFAULT.times[int(fine.argmax())] == pytest.approx(76 / RATE, abs=0.016)


def test_the_magnitude_of_the_complex_wavelet_does_not_swing():
    tone = torch.sin(2 * torch.pi * 12 * torch.arange(128) / RATE)[None]
    row = int(np.abs(DEFAULT.frequencies - 12).argmin())
    steady, swinging = (Scalogram(wavelet=name, every=1)(tone)[0, row, 40:88] for name in ("cmor1.5-1.0", "morl"))
    assert steady.min() > 0.95 * steady.max()
    assert swinging.min() < 0.2 * swinging.max()


@pytest.mark.parametrize("batch", [1, 4, 6, 100])
def test_batches_change_nothing(batch):
    segments = SEGMENTS.astype(np.float32)
    found = scalograms(segments, DEFAULT, batch=batch, progress=False)
    assert found.dtype == np.float32
    assert found.flags.writeable
    np.testing.assert_allclose(found, DEFAULT(torch.from_numpy(segments)).numpy(), rtol=1e-5, atol=1e-5)


def test_on_disk_memory_holds_one_batch(tmp_path):
    signal = np.random.default_rng(0).standard_normal(128 + 2999).astype(np.float32)
    segments = np.lib.stride_tricks.sliding_window_view(signal, 128)
    tracemalloc.start()
    found = scalograms(segments, DEFAULT, batch=100, file=tmp_path / "scalograms.npy", progress=False)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(found, np.memmap)
    assert peak < 0.2 * found.nbytes
    np.testing.assert_array_equal(np.load(tmp_path / "scalograms.npy"), found)
    np.testing.assert_allclose(found[-1], DEFAULT(torch.from_numpy(segments[-1:].copy()))[0], rtol=1e-4, atol=1e-4)


def test_no_segments():
    assert scalograms(np.empty((0, 128), np.float32), DEFAULT, progress=False).shape == (0, 32, 32)


def test_moves_between_devices():
    moved = Scalogram().to("meta")
    assert moved.matrix.device.type == "meta"
    assert moved(torch.zeros(2, 128, device="meta")).device.type == "meta"
    device = "cuda" if torch.cuda.is_available() else "cpu"
    there = scalograms(SEGMENTS.astype(np.float32), Scalogram().to(device), progress=False)
    np.testing.assert_allclose(there, scalograms(SEGMENTS.astype(np.float32), DEFAULT, progress=False), atol=1e-3)


def test_mixed_precision_does_not_round_the_transform():
    segments = torch.from_numpy(SEGMENTS.astype(np.float32))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (segments @ segments.T).dtype == torch.bfloat16
        mixed = DEFAULT(segments)
    torch.testing.assert_close(mixed, DEFAULT(segments), rtol=0, atol=0)


def test_on_a_gpu_the_transform_leaves_mixed_precision_too(monkeypatch):
    class Autocast(contextlib.nullcontext):
        def __init__(self, kind, **options):
            super().__init__()
            asked.append((kind, options))

    asked = []
    monkeypatch.setattr(torch.amp, "is_autocast_available", lambda kind: kind == "cuda")
    monkeypatch.setattr(torch, "autocast", Autocast)
    with _full_precision("cuda"), _full_precision("meta"):
        assert asked == [("cuda", {"enabled": False})]


def test_silence_has_a_gradient():
    silence = torch.zeros(1, 128, requires_grad=True)
    DEFAULT(silence).sum().backward()
    assert torch.isfinite(silence.grad).all()


@pytest.mark.parametrize("shape", [(2, 127), (128,), (2, 1, 128)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ECGError, match=r"expected shape \(batch, 128\), found"):
        DEFAULT(torch.zeros(shape))


@pytest.mark.parametrize("frequency", [0.0, -1.0, 64.5, float("nan")])
def test_frequencies_that_the_signal_cannot_hold(frequency):
    with pytest.raises(SamplingRateError, match="up to 64 Hz"):
        Scalogram(frequencies=[10.0, frequency])


def test_an_unknown_wavelet():
    with pytest.raises(ECGError, match=r"one of morl, cmor1\.5-1\.0"):
        Scalogram(wavelet="mexh")
