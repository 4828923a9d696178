"""The CNN-LSTM against its own maths in NumPy, and what training and readers may rely on."""

import math

import numpy as np
import pytest
import torch

from ecglib.learning import Examples, fit, predict
from ecglib.models import CNNLSTM


@pytest.mark.parametrize("hidden", [8, 64])
def test_logits_are_those_of_convolutions_and_gates_written_out(plain, hidden):
    model = plain.shaken(CNNLSTM(leads=2, hidden=hidden))
    windows = torch.randn(3, 2, 260, dtype=torch.float64)
    steps = plain.chain(model.features, windows.numpy()).swapaxes(1, 2)
    assert steps.shape == (3, 17, 64)
    held = plain.remember(model.memory, steps)
    expected = plain.linear(model.classifier[-1], held.reshape(3, -1))
    np.testing.assert_allclose(model(windows).detach().numpy(), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("leads", "classes", "samples"), [(1, 5, 260), (2, 4, 260), (12, 2, 256), (1, 5, 600)])
@pytest.mark.parametrize("batch", [1, 7])
def test_shapes(leads, classes, samples, batch):
    model = CNNLSTM(leads, classes, samples).eval()
    logits = model(torch.randn(batch, leads, samples))
    assert logits.shape == (batch, classes)
    assert logits.dtype == torch.float32
    assert model.classifier[-1].in_features == math.ceil(samples / 16) * 128


@pytest.mark.parametrize("shape", [(4, 2, 260), (4, 1, 200), (4, 1, 300)])
def test_windows_that_do_not_fit_are_refused(shape):
    with pytest.raises(RuntimeError):
        CNNLSTM().eval()(torch.randn(shape))


def test_every_parameter_learns(learns):
    learns.everywhere(CNNLSTM(leads=2), torch.randn(16, 2, 260))


def test_the_gradient_is_the_slope(plain, learns):
    learns.slope(plain.shaken(CNNLSTM(hidden=8)), torch.randn(2, 1, 260))


def test_beats_of_a_batch_do_not_see_each_other_in_evaluation():
    model = CNNLSTM().eval()
    windows = torch.randn(8, 1, 260)
    torch.testing.assert_close(model(windows)[3:4], model(windows[3:4]))


def test_the_memory_reads_in_both_directions(plain):
    """A change at one end of the window reaches what is held at the other end, past the convolutions' reach."""
    model = plain.shaken(CNNLSTM())
    windows = torch.zeros(3, 1, 260, dtype=torch.float64)
    windows[1, 0, 0], windows[2, 0, -1] = 1, 1
    steps = model.features(windows.unsqueeze(2)).squeeze(2).transpose(1, 2)
    held = model.memory(steps)[0]
    forwards, backwards = (held[1] - held[0]).abs()[-1], (held[2] - held[0]).abs()[0]
    torch.testing.assert_close(steps[1, -1], steps[0, -1])
    torch.testing.assert_close(steps[2, 0], steps[0, 0])
    assert forwards[:64].max() > 0
    assert backwards[64:].max() > 0
    assert forwards[64:].max() == backwards[:64].max() == 0


def test_it_learns_an_order_that_the_mean_over_time_does_not_show():
    """Two bumps, the higher one first or last, anywhere in the window."""
    rng = np.random.default_rng(0)
    rising = np.arange(256) % 2
    x = np.zeros((256, 1, 260), np.float32)
    for beat, start in enumerate(rng.integers(20, 100, 256)):
        x[beat, 0, start : start + 10] = 2 - rising[beat]
        x[beat, 0, start + 100 : start + 110] = 1 + rising[beat]
    train, validation, test = (Examples(x[part], rising[part]) for part in np.split(np.arange(256), [128, 192]))
    torch.manual_seed(0)
    model = CNNLSTM(classes=2, hidden=16)
    fit(model, train, validation, epochs=10, seed=0, batch_size=32, device="cpu", progress=False)
    assert (predict(model, test, device="cpu").argmax(1) == test.targets).mean() > 0.95
