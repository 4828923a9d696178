"""The two networks of the GAN of song2026: one makes beats of a class that is asked for, the other judges them."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ecglib.models.layers import as_image, convolution


class BeatGenerator(nn.Module):
    """Make beats of a class from random numbers.

    Parameters
    ----------
    classes : int
        Beat classes; five in the order N, S, V, F, Q.
    samples : int
        Length of a window.
    latent : int
        Random numbers that a beat is made from.
    width : int
        Channels of the first layers; the last ones have a quarter.

    Attributes
    ----------
    scale : tensor, shape ()
        Millivolts of one unit of the last layer; the standard deviation of the training beats.
    learned : bool tensor, shape (classes,)
        Classes that it was trained on. Both are saved with the weights.

    Notes
    -----
    Takes noise (batch, latent), standard normal, and classes (batch,); gives windows (batch, 1, samples) in
    millivolts. A linear layer makes a sketch, a sixteenth as long as the beat; convolutions refine it, and between
    them it is twice stretched to double length. Each layer adds noise of its own, as strong as it learns to be, for
    the texture (Karras et al. 2019): the same noise at the input gives another beat each time. The class scales and
    shifts every channel of every layer (FiLM, Perez et al. 2018). A beat below 40 Hz needs no more than 90 numbers a
    second, so the last layer draws every fourth sample, and the smooth curve through them, a sum of cosines, gives
    the others.
    Source: song2026 names a GAN; **all its layers are our choice**. Taught in chapter ``14_gan``.

    Examples
    --------
    >>> BeatGenerator()(torch.zeros(8, 32), torch.full((8,), 3)).shape
    torch.Size([8, 1, 260])
    """

    scale: Tensor
    learned: Tensor
    waves: Tensor

    def __init__(self, classes: int = 5, samples: int = 260, latent: int = 32, width: int = 64) -> None:
        super().__init__()
        self.classes, self.samples, self.latent = classes, samples, latent
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("learned", torch.zeros(classes, dtype=torch.bool))
        self.lengths = [math.ceil(samples / shorter) for shorter in (16, 8, 4)]
        widths = [width, width, width, width // 2]
        self.sketch = nn.Linear(latent, width * self.lengths[0])
        self.refine = nn.ModuleList(convolution(*pair, 5) for pair in itertools.pairwise(widths))
        self.style = nn.ModuleList(_style(classes, 2 * outputs) for outputs in widths[1:])
        self.grain = nn.ParameterList(torch.full((1, outputs, 1, 1), 0.05) for outputs in widths[1:])
        self.draw = convolution(widths[-1], 1, 5)
        self.register_buffer("waves", _cosines(self.lengths[-1], samples), persistent=False)

    def forward(self, noise: Tensor, classes: Tensor) -> Tensor:
        """Give windows, shape (batch, 1, samples), in millivolts."""
        hidden = self.sketch(noise).view(len(noise), -1, 1, self.lengths[0])
        for length, refine, grain, style in zip(self.lengths, self.refine, self.grain, self.style, strict=True):
            hidden = nn.functional.interpolate(hidden, size=(1, length), mode="bilinear", align_corners=False)
            gain, shift = style(classes)[:, :, None, None].chunk(2, dim=1)
            hidden = refine(hidden) + grain * torch.randn(len(noise), 1, 1, length, device=noise.device)
            hidden = nn.functional.leaky_relu(hidden * (1 + gain) + shift, 0.2)
        return (self.draw(hidden).flatten(1) @ self.waves * self.scale).unsqueeze(1)


class BeatCritic(nn.Module):
    """Score how real a window looks as a beat of a class.

    Parameters
    ----------
    classes : int
        Beat classes.
    samples : int
        Length of a window.
    width : int
        Channels of the first layer.

    Notes
    -----
    Takes windows (batch, 1, samples), best with a standard deviation near one, and classes (batch,); gives scores
    (batch,), the higher the more real. It sees each window and, eight times enlarged, the steps from one sample to
    the next, so that it notices a wrong texture beside the tall R wave. The convolutions have the widths and strides
    of ``CNN``. Every layer is divided by its largest singular value (spectral normalisation, Miyato et al. 2018), so
    that a small change of a window changes the score little: that keeps the contest stable. The class enters as a
    product with the features (projection, Miyato and Koyama 2018). Source: song2026 names a GAN; **all its layers
    are our choice**. Taught in chapter ``14_gan``.

    Examples
    --------
    >>> BeatCritic()(torch.zeros(8, 1, 260), torch.full((8,), 3)).shape
    torch.Size([8])
    """

    def __init__(self, classes: int = 5, samples: int = 260, width: int = 32) -> None:
        super().__init__()
        self.features = nn.Sequential(
            spectral_norm(convolution(2, width, 7, 4)),
            nn.LeakyReLU(0.2),
            spectral_norm(convolution(width, 2 * width, 5, 2)),
            nn.LeakyReLU(0.2),
            spectral_norm(convolution(2 * width, 2 * width, 5, 2)),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            spectral_norm(nn.Linear(2 * width * math.ceil(samples / 16), 128)),
            nn.LeakyReLU(0.2),
        )
        self.real = spectral_norm(nn.Linear(128, 1))
        self.of_class = spectral_norm(nn.Embedding(classes, 128))

    def forward(self, windows: Tensor, classes: Tensor) -> Tensor:
        """Give scores, shape (batch,)."""
        steps = 8 * nn.functional.pad(windows.diff(dim=2), (1, 0))
        features = self.features(as_image(torch.cat([windows, steps], dim=1)))
        return self.real(features).squeeze(1) + (features * self.of_class(classes)).sum(dim=1)


def _style(classes: int, outputs: int) -> nn.Embedding:
    """Make a table of one row a class that begins near zero, so that all classes begin alike."""
    table = nn.Embedding(classes, outputs)
    nn.init.normal_(table.weight, std=0.1)
    return table


def _cosines(few: int, many: int) -> Tensor:
    """Give the matrix that takes few samples to many, along the smooth curve of the cosine transform through them."""
    at = [(torch.arange(count, dtype=torch.float64) + 0.5) * math.pi / count for count in (few, many)]
    order = torch.arange(few, dtype=torch.float64)
    analysis, synthesis = (torch.cos(order[:, None] * places) for places in at)
    analysis[1:] *= 2
    return (analysis.T / few @ synthesis).float()
