"""The CNN-LSTM-Attention against its own maths in NumPy; its weights are weights, and the ones that it uses."""

import numpy as np
import pytest
import torch
from scipy.special import softmax

from ecglib.models import CNNLSTM, CNNLSTMAttention


@pytest.mark.parametrize("hidden", [8, 64])
def test_logits_and_weights_are_those_of_the_maths_written_out(plain, hidden):
    model = plain.shaken(CNNLSTMAttention(leads=2, hidden=hidden))
    with torch.no_grad():
        model.context.weight.mul_(20)
    windows = torch.randn(3, 2, 260, dtype=torch.float64)
    held = plain.remember(model.memory, plain.chain(model.features, windows.numpy()).swapaxes(1, 2))
    keys = np.tanh(plain.linear(model.key[0], held))
    weights = softmax(keys @ model.context.weight.detach().numpy()[0], axis=1)
    attended = np.einsum("bt,btf->bf", weights, held)
    assert weights.std() > 0.01
    np.testing.assert_allclose(model.attention(windows).detach().numpy(), weights, rtol=1e-9, atol=1e-12)
    expected = plain.linear(model.classifier[-1], attended)
    np.testing.assert_allclose(model(windows).detach().numpy(), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("samples", "steps"), [(1, 1), (100, 7), (256, 16), (260, 17), (600, 38)])
@pytest.mark.parametrize("batch", [1, 7])
def test_weights_are_positive_and_sum_to_one(samples, steps, batch):
    weights = CNNLSTMAttention().eval().attention(torch.randn(batch, 1, samples))
    assert weights.shape == (batch, steps)
    assert weights.min() > 0
    torch.testing.assert_close(weights.sum(1), torch.ones(batch))


def test_no_context_means_the_plain_mean_over_time(plain):
    model = plain.shaken(CNNLSTMAttention())
    torch.nn.init.zeros_(model.context.weight)
    windows = torch.randn(3, 1, 260, dtype=torch.float64)
    torch.testing.assert_close(model.attention(windows), torch.full((3, 17), 1 / 17, dtype=torch.float64))
    held = plain.remember(model.memory, plain.chain(model.features, windows.numpy()).swapaxes(1, 2))
    expected = plain.linear(model.classifier[-1], held.mean(axis=1))
    np.testing.assert_allclose(model(windows).detach().numpy(), expected, rtol=1e-9, atol=1e-9)


def test_a_strong_context_picks_the_step_whose_key_it_likes_best(plain):
    model = plain.shaken(CNNLSTMAttention())
    windows = torch.randn(3, 1, 260, dtype=torch.float64)
    liked = model.context(model.key(model.memory(model.features(windows.unsqueeze(2)).squeeze(2).transpose(1, 2))[0]))
    with torch.no_grad():
        model.context.weight.mul_(1e6)
    weights = model.attention(windows)
    assert weights.argmax(1).tolist() == liked[:, :, 0].argmax(1).tolist()
    assert weights.max(1).values.min() > 0.999


def test_dropout_hides_features_and_no_attention(learns):
    model = CNNLSTMAttention(dropout=0.9)
    windows = torch.randn(4, 1, 260)
    with torch.no_grad():
        model.train().features.eval()
        torch.testing.assert_close(model.attention(windows), model.attention(windows))
        assert not torch.equal(model(windows), model(windows))


@pytest.mark.parametrize(("leads", "classes", "batch"), [(1, 5, 1), (2, 4, 7), (12, 2, 7)])
def test_shapes(leads, classes, batch):
    logits = CNNLSTMAttention(leads, classes).eval()(torch.randn(batch, leads, 260))
    assert logits.shape == (batch, classes)
    assert logits.dtype == torch.float32


@pytest.mark.parametrize("shape", [(4, 2, 260), (4, 1, 0)])
def test_windows_that_do_not_fit_are_refused(shape):
    with pytest.raises(RuntimeError):
        CNNLSTMAttention().eval()(torch.randn(shape))


def test_every_parameter_learns(learns):
    learns.everywhere(CNNLSTMAttention(leads=2), torch.randn(16, 2, 260))


def test_the_gradient_is_the_slope(plain, learns):
    learns.slope(plain.shaken(CNNLSTMAttention(hidden=8)), torch.randn(2, 1, 260))


def test_beats_of_a_batch_do_not_see_each_other_in_evaluation():
    model = CNNLSTMAttention().eval()
    windows = torch.randn(8, 1, 260)
    torch.testing.assert_close(model(windows)[3:4], model(windows[3:4]))
    torch.testing.assert_close(model.attention(windows)[3:4], model.attention(windows[3:4]))


def test_up_to_the_memory_it_is_the_cnn_lstm():
    base, attending = CNNLSTM(), CNNLSTMAttention()
    attending.features.load_state_dict(base.features.state_dict())
    attending.memory.load_state_dict(base.memory.state_dict())
