"""The projector against its own maths in NumPy."""

import numpy as np
import torch

from ecglib.models.projector import Projector


def test_it_is_its_maths_written_out_for_vectors_and_for_steps(plain):
    projector = plain.shaken(Projector(10, 7, 4))
    for shape in ((3, 10), (3, 5, 10), (0, 10)):
        features = torch.randn(shape, dtype=torch.float64)
        hidden = np.maximum(plain.linear(projector.layers[0], features.numpy()), 0)
        expected = plain.linear(projector.layers[2], hidden)
        np.testing.assert_allclose(projector(features).detach().numpy(), expected, rtol=1e-9, atol=1e-9)


def test_every_parameter_learns(learns):
    learns.everywhere(Projector(10, 8, 5), torch.randn(16, 10))
