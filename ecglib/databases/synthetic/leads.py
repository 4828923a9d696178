"""From the heart's dipole to leads, and from electrodes to leads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ecglib.errors import LeadError

DOWER = {
    "I": (0.632, -0.235, 0.059),
    "II": (0.235, 1.066, -0.132),
    "V1": (-0.515, 0.157, -0.917),
    "V2": (0.044, 0.164, -1.387),
    "V3": (0.882, 0.098, -1.277),
    "V4": (1.213, 0.127, -0.601),
    "V5": (1.125, 0.127, -0.086),
    "V6": (0.831, 0.076, 0.230),
}
"""What each lead sees of a dipole (x to the left, y to the feet, z to the back), after Dower et al. 1980."""


def _limb_leads(one: NDArray[np.float64], two: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    return {
        "I": one,
        "II": two,
        "III": two - one,
        "aVR": -(one + two) / 2,
        "aVL": one - two / 2,
        "aVF": two - one / 2,
        "MLII": two,
    }


def _rows(table: dict[str, NDArray[np.float64]], leads: Sequence[str]) -> NDArray[np.float64]:
    unknown = [lead for lead in leads if lead not in table]
    if unknown:
        raise LeadError(
            f"no lead {', '.join(unknown)} on this torso",
            expected=f"leads among {', '.join(table)}",
            remedy="ask for leads of the standard twelve, or MLII",
        )
    return np.stack([table[lead] for lead in leads])


def dipole_to_leads(
    leads: Sequence[str], rng: np.random.Generator | None = None, spread: float = 0.1
) -> NDArray[np.float64]:
    """Give the matrix that turns a dipole into leads.

    Parameters
    ----------
    leads : sequence of str
        Lead names; MLII counts as II.
    rng : numpy Generator, optional
        With it the torso is somebody's own: each coefficient of I, II and V1–V6 varies by ``spread`` of its row's
        length. Limb leads stay Einthoven's and Goldberger's combinations of I and II.
    spread : float
        Standard deviation of that variation.

    Returns
    -------
    float64 array, shape (leads, 3)
        Millivolts a lead sees of one millivolt of dipole along x (left), y (feet), z (back).

    Raises
    ------
    LeadError
        A lead is not one of the twelve or MLII.

    Notes
    -----
    Source: Dower, Machado and Osborne, "On deriving the electrocardiogram from vectorcardiographic leads", Clin.
    Cardiol. 3 (1980) 87–95, for the coefficients; a torso of one's own is our choice. Taught in chapter
    ``00_reading_an_ecg``.

    Examples
    --------
    >>> one, two, three = dipole_to_leads(["I", "II", "III"])
    >>> bool(np.allclose(one + three, two))
    True
    """
    seen = {lead: np.array(row) for lead, row in DOWER.items()}
    if rng is not None:
        seen = {lead: row + spread * np.linalg.norm(row) * rng.normal(size=3) for lead, row in seen.items()}
    return _rows({**_limb_leads(seen["I"], seen["II"]), **{f"V{i}": seen[f"V{i}"] for i in range(1, 7)}}, leads)


def electrodes_to_leads(leads: Sequence[str]) -> NDArray[np.float64]:
    """Give the matrix that turns potentials of RA, LA, LL and C1–C6 into leads, shape (leads, 9).

    Noise enters at electrodes, so Einthoven's law holds for it too.

    Raises
    ------
    LeadError
        A lead is not one of the twelve or MLII.

    Notes
    -----
    Source: the definitions of Einthoven's, Goldberger's and Wilson's leads. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> electrodes_to_leads(["I"])[0, :3]
    array([-1.,  1.,  0.])
    """
    right, left, foot, *chest = np.eye(9)
    centre = (right + left + foot) / 3
    table = _limb_leads(left - right, foot - right)
    return _rows({**table, **{f"V{i}": electrode - centre for i, electrode in enumerate(chest, start=1)}}, leads)
