"""3KG: another view of the same heart, made by turning and stretching its loop and hiding half of each lead."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from ecglib.databases.leads import TWELVE_LEADS
from ecglib.errors import ECGError, LeadError
from ecglib.signals.vcg import twelve_leads, vectorcardiogram


class View(NamedTuple):
    """Twelve leads as another observer would see them, and where they are hidden; both (batch, 12, samples)."""

    ecg: Tensor
    hidden: Tensor


@dataclass(frozen=True)
class ThreeKG:
    """Make random views of recordings, each by its own rotation, scaling and mask.

    Parameters
    ----------
    rotation : float
        Degrees that the loop is turned at most about each of X, Y and Z, either way.
    scaling : float
        Factor by which it is stretched at most along each of the three.
    masked : float
        Share of each lead that is hidden, in one piece whose place is each lead's own.

    Raises
    ------
    ECGError
        If a rotation is below 0° or above 180°, a scaling below 1, or a masked share not between 0 and 1.

    Notes
    -----
    Angles, factors and places are uniform. Electrodes never lie at the same place twice and hearts lie differently
    in their chests, so a turned loop is still a possible ECG of this heart; half of it must then be told from the
    other half.
    Source: 3KG (Gopal and colleagues, 2021), with the values of a public implementation; rizqyawan2026 draws 3KG's
    views and doesn't say with which values. Rotation before scaling, about X, then Y, then Z, is our choice. Taught
    in chapter ``30_loops``.

    Examples
    --------
    >>> recordings = torch.randn(4, 12, 1000)
    >>> view = ThreeKG()(recordings, torch.Generator().manual_seed(0))
    >>> view.ecg.shape, float(view.hidden.float().mean())
    (torch.Size([4, 12, 1000]), 0.5)
    """

    rotation: float = 45.0
    scaling: float = 1.5
    masked: float = 0.5

    def __post_init__(self) -> None:
        if not (0 <= self.rotation <= 180 and 1 <= self.scaling < math.inf and 0 <= self.masked < 1):
            raise ECGError(
                "no such views",
                expected="a rotation from 0° to 180°, a scaling of 1 or more, and a masked share from 0 to below 1",
                found=f"{self.rotation}°, {self.scaling} and {self.masked}",
                remedy="choose others; 0°, 1 and 0 change nothing but what the loop can't hold",
            )

    @torch.no_grad()
    def __call__(self, ecg: Tensor, generator: torch.Generator) -> View:
        """Give one view of each recording.

        Parameters
        ----------
        ecg : tensor, shape (batch, 12, samples)
            Millivolts, or scaled as a whole; on any device, in 32- or 64-bit floats.
        generator : torch.Generator
            Decides the view, and nothing else does. One on the processor gives the same views on every device.

        Returns
        -------
        View
            ``ecg``: leads that are 0 where hidden, not scaled anew. ``hidden``: True there.

        Raises
        ------
        LeadError
            If this is no batch of twelve leads.
        """
        if ecg.ndim != 3 or ecg.shape[1] != len(TWELVE_LEADS):
            raise LeadError(
                "no recordings to make views of",
                expected=f"shape (batch, {len(TWELVE_LEADS)}, samples)",
                found=f"shape {tuple(ecg.shape)}",
                remedy="pass a batch of twelve leads",
            )
        batch, leads, samples = ecg.shape
        chance = torch.rand(batch, 3 + 3 + leads, generator=generator, device=generator.device).to(ecg)
        angle, factor, place = chance.split([3, 3, leads], dim=1)

        with torch.autocast(ecg.device.type, enabled=False):
            loop = vectorcardiogram(ecg)
            turned = rotation_matrices(math.radians(self.rotation) * (2 * angle - 1)) @ loop
            stretched = (1 + (self.scaling - 1) * factor)[:, :, None] * turned
            seen = twelve_leads(stretched)

        length = round(self.masked * samples)
        start = (place * (samples - length + 1)).floor()[:, :, None]
        time = torch.arange(samples, device=ecg.device)
        hidden = (start <= time) & (time < start + length)
        return View(seen.masked_fill(hidden, 0), hidden)


def rotation_matrices(angles: Tensor) -> Tensor:
    """Give the matrices that turn about X, then about Y, then about Z.

    Parameters
    ----------
    angles : tensor, shape (batch, 3)
        Radians about X, Y and Z, by the right-hand rule.

    Returns
    -------
    tensor, shape (batch, 3, 3)
        Orthonormal, of determinant 1.

    Notes
    -----
    Source: our choice. Taught in chapter ``30_loops``.

    Examples
    --------
    >>> quarter = rotation_matrices(torch.tensor([[0, 0, torch.pi / 2]]))[0]
    >>> (quarter @ torch.tensor([1.0, 0.0, 0.0])).round().int()  # X comes to lie on Y
    tensor([0, 1, 0], dtype=torch.int32)
    """
    sine, cosine = angles.sin(), angles.cos()
    unturned = torch.eye(3, dtype=angles.dtype, device=angles.device).repeat(len(angles), 1, 1)
    turned = unturned
    for axis in range(3):
        one, other = (axis + 1) % 3, (axis + 2) % 3
        turn = unturned.clone()
        turn[:, one, one] = turn[:, other, other] = cosine[:, axis]
        turn[:, one, other], turn[:, other, one] = -sine[:, axis], sine[:, axis]
        turned = turn @ turned
    return turned
