"""Mean, maximum and a linear layer; a copied encoder that may be frozen; scaling as everywhere else."""

import numpy as np
import torch
from torch import nn

from ecglib.models.ecg_encoder import ECGEncoder
from ecglib.models.recording_classifier import RecordingClassifier
from ecglib.models.with_encoder import WithEncoder, scale_recordings


def test_it_is_a_linear_layer_on_mean_and_maximum(plain):
    encoder = ECGEncoder(leads=3, width=8).double()
    model = plain.shaken(RecordingClassifier(encoder, classes=5).double())
    x = np.random.default_rng(0).standard_normal((4, 3, 120))
    with torch.no_grad():
        local = model.encoder(torch.from_numpy(x / x.std(axis=(1, 2), keepdims=True))).numpy()
        found = model(torch.from_numpy(x)).numpy()
    expected = plain.linear(model.classifier, np.concatenate([local.mean(axis=2), local.max(axis=2)], axis=1))
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_recordings_are_scaled_as_a_whole():
    x = np.random.default_rng(0).standard_normal((5, 12, 300)).astype(np.float32) * np.geomspace(0.01, 100, 5)[
        :, None, None
    ].astype(np.float32)
    x[4] = 0
    found = scale_recordings(torch.from_numpy(x)).numpy()
    for scaled, recording in zip(found[:4], x[:4].astype(np.float64), strict=True):
        np.testing.assert_allclose(scaled, recording / recording.ravel().std(), atol=1e-5)
    assert (found[4] == 0).all()
    np.testing.assert_allclose(scale_recordings(torch.from_numpy(found)).numpy(), found, atol=1e-5)
    x[0, 3, 7] = np.nan
    assert np.isnan(scale_recordings(torch.from_numpy(x)).numpy()).all(axis=(1, 2)).tolist() == [True] + [False] * 4


def test_a_constant_recording_becomes_zeros_though_its_deviation_is_not_quite_zero():
    flat = torch.full((1, 12, 1000), 0.1)
    rounded = flat.clone()
    rounded[..., ::2] = torch.nextafter(flat[..., ::2], torch.tensor(1.0))
    assert rounded.std(dim=(1, 2), correction=0) > 0
    for same in (flat, rounded, -1000 * flat, 0 * flat):
        assert (scale_recordings(same) == 0).all()
    almost = flat + 1e-5 * torch.randn(1, 12, 1000)
    torch.testing.assert_close(scale_recordings(almost).std(), torch.tensor(1.0), rtol=1e-3, atol=0)
    flat[0, 3, 7] = torch.nan
    assert scale_recordings(flat).isnan().all()


def test_the_encoder_is_copied():
    encoder = ECGEncoder(width=8)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    models = [RecordingClassifier(encoder, 5, frozen=frozen) for frozen in (False, True)]
    with torch.no_grad():
        for parameter in models[0].parameters():
            parameter.zero_()
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    assert all(torch.equal(value, before[name]) for name, value in models[1].encoder.state_dict().items())
    assert all(parameter.requires_grad for parameter in encoder.parameters())


def test_a_frozen_encoder_stays_in_evaluation_mode_and_has_no_gradient():
    class Dropping(nn.Module):
        channels, step = 3, 1

        def __init__(self):
            super().__init__()
            self.drop, self.weight = nn.Dropout(0.5), nn.Parameter(torch.ones(1))

        def forward(self, x):
            return self.drop(x) * self.weight

    x = torch.randn(2, 3, 50)
    frozen, learning = RecordingClassifier(Dropping(), 2, frozen=True), RecordingClassifier(Dropping(), 2)
    assert torch.equal(frozen.train()(x), frozen(x))
    assert not torch.equal(learning.train()(x), learning(x))
    frozen(x).sum().backward()
    learning(x).sum().backward()
    assert frozen.encoder.weight.grad is None
    assert learning.encoder.weight.grad.abs() > 0
    assert frozen.classifier.weight.grad.abs().sum() > 0
    assert not frozen.eval().training
    assert isinstance(frozen, WithEncoder)


def test_the_gradient_is_the_slope(learns):
    learns.slope(RecordingClassifier(ECGEncoder(leads=2, width=8), 3).double(), torch.randn(2, 2, 40))
