"""Vectorcardiograms: the heart's electric vector in space, made from twelve leads, and the leads made from it."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ecglib.databases.leads import TWELVE_LEADS
from ecglib.errors import LeadError

INVERSE_DOWER = np.array(
    [  # V1      V2      V3      V4      V5      V6      I       II
        [-0.172, -0.074, 0.122, 0.231, 0.239, 0.194, 0.156, -0.010],
        [0.057, -0.019, -0.106, -0.022, 0.041, 0.048, -0.227, 0.887],
        [-0.229, -0.310, -0.246, -0.063, 0.055, 0.108, 0.022, 0.102],
    ]
)
"""What each lead gives to X (towards the left arm), Y (towards the feet) and Z (towards the back).

Source: Edenbrandt and Pahlm, J Electrocardiol 21:361 (1988): the pseudo-inverse of the matrix with which Dower and
colleagues, Clin Cardiol 3:87 (1980), made eight leads from Frank's three. Taught in chapter ``30_loops``.
"""

DOWER = np.linalg.pinv(INVERSE_DOWER)
"""What X, Y and Z give to V1–V6, I and II: the pseudo-inverse of ``INVERSE_DOWER``.

Dower's own table is the same within 0.004, since both are printed with three decimals. Taught in chapter ``30_loops``.
"""

LIMB_LEADS = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0], [-0.5, -0.5], [1.0, -0.5], [-0.5, 1.0]])
"""What I and II give to I, II, III, aVR, aVL and aVF: the laws of Einthoven and Goldberger.

Taught in chapter ``30_loops``.
"""

COMPONENTS = ("X", "Y", "Z")
"""Names of a vectorcardiogram's rows."""

_CHEST = TWELVE_LEADS.index("V1")

Signal = TypeVar("Signal", np.ndarray, Tensor)


class KeptVariance(NamedTuple):
    """Share of an ECG's variance that a vectorcardiogram can hold: of the whole recording, and of each lead."""

    whole: NDArray[np.float64]
    leads: NDArray[np.float64]


def vectorcardiogram(ecg: Signal) -> Signal:
    """Give the heart's vector at each moment from the twelve leads.

    Parameters
    ----------
    ecg : array or tensor, shape (..., 12, samples)
        Millivolts, leads in the order of ``TWELVE_LEADS``. III, aVR, aVL and aVF are not looked at, since I and II
        say all that they say.

    Returns
    -------
    array or tensor, shape (..., 3, samples)
        Millivolts of X, Y and Z; of the kind and, where that is a floating point one, the type that came in.

    Raises
    ------
    LeadError
        If there are not twelve leads.

    Notes
    -----
    Source: the matrix is ``INVERSE_DOWER``; that Beat-SSL goes through the vectorcardiogram is in its figure, the
    matrix it uses we could not read. Taught in chapter ``30_loops``.

    Examples
    --------
    >>> vectorcardiogram(np.zeros((5, 12, 1000), np.float32)).shape
    (5, 3, 1000)
    """
    _check_rows(ecg, len(TWELVE_LEADS), "twelve leads")
    chest, first_two = ecg[..., _CHEST:, :], ecg[..., :2, :]
    return _times(INVERSE_DOWER[:, :6], chest) + _times(INVERSE_DOWER[:, 6:], first_two)


def twelve_leads(vcg: Signal) -> Signal:
    """Give the twelve leads that would see a vectorcardiogram.

    Parameters
    ----------
    vcg : array or tensor, shape (..., 3, samples)
        Millivolts of X, Y and Z.

    Returns
    -------
    array or tensor, shape (..., 12, samples)
        Millivolts, leads in the order of ``TWELVE_LEADS``. III, aVR, aVL and aVF are made from I and II, so Einthoven's
        and Goldberger's laws hold as exactly as the numbers can.

    Raises
    ------
    LeadError
        If there are not three components.

    Notes
    -----
    ``vectorcardiogram`` gives back the same loop. The other way round something is lost: a vector has three
    components, eight leads are independent; ``kept_variance`` says how much.
    Source: pseudo-inverse as in public implementations of 3KG. Taught in chapter ``30_loops``.

    Examples
    --------
    >>> to_the_left = np.array([[1.0], [0.0], [0.0]])
    >>> seen = twelve_leads(to_the_left)
    >>> [lead for lead, volts in zip(TWELVE_LEADS, seen[:, 0]) if volts > 0.5]
    ['I', 'aVL', 'V3', 'V4', 'V5', 'V6']
    """
    _check_rows(vcg, len(COMPONENTS), "three components, X, Y and Z")
    limbs = complete_limb_leads(_times(DOWER[6:], vcg))
    return _stack(limbs, _times(DOWER[:6], vcg))


def complete_limb_leads(first_two: Signal) -> Signal:
    """Give all six limb leads from I and II.

    Parameters
    ----------
    first_two : array or tensor, shape (..., 2, samples)
        Millivolts of leads I and II.

    Returns
    -------
    array or tensor, shape (..., 6, samples)
        I, II, III, aVR, aVL, aVF.

    Raises
    ------
    LeadError
        If there are not two leads.

    Notes
    -----
    Three electrodes make six leads, so two of the six say everything: III = II − I, aVR = −(I + II) / 2,
    aVL = I − II / 2, aVF = II − I / 2.
    Source: Einthoven and Goldberger. Taught in chapter ``30_loops``.

    Examples
    --------
    >>> complete_limb_leads(np.array([[0.5], [1.25]])).ravel()
    array([ 0.5  ,  1.25 ,  0.75 , -0.875, -0.125,  1.   ])
    """
    _check_rows(first_two, 2, "leads I and II")
    return _times(LIMB_LEADS, first_two)


def kept_variance(ecg: ArrayLike) -> KeptVariance:
    """Say how much of an ECG is left after the way to the vectorcardiogram and back.

    Parameters
    ----------
    ecg : array, shape (..., 12, samples)
        Millivolts.

    Returns
    -------
    KeptVariance
        ``whole``, shape (...): share from 0 to 1 of the variance of the eight independent leads together.
        ``leads``, shape (..., 12): one minus the share of each lead's variance that the way changes; below 0 where a
        lead comes back more wrong than if it had not come back. NaN where there is no variance.

    Raises
    ------
    LeadError
        If there are not twelve leads.

    Notes
    -----
    Of eight independent leads the way keeps what lies in the three-dimensional space that the loop spans: an
    orthogonal projection. Source: our choice. Taught in chapter ``30_loops``.

    Examples
    --------
    >>> noise = np.random.default_rng(0).standard_normal((12, 100_000))
    >>> abs(float(kept_variance(noise).whole) - 3 / 8) < 0.01  # three of eight dimensions
    True
    """
    before = np.asarray(ecg, dtype=np.float64)
    lost = (before - twelve_leads(vectorcardiogram(before))).var(axis=-1)
    there = before.var(axis=-1)
    independent = np.array([lead in ("I", "II") or lead.startswith("V") for lead in TWELVE_LEADS])
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = 1 - lost[..., independent].sum(axis=-1) / there[..., independent].sum(axis=-1)
        return KeptVariance(whole, np.where(there > 0, 1 - lost / there, np.nan))


def _times(matrix: NDArray[np.float64], signal: Signal) -> Signal:
    """Multiply by a matrix in the signal's own type, on its own device; whole numbers become 32-bit floats or finer."""
    if isinstance(signal, Tensor):
        kind = torch.promote_types(signal.dtype, torch.float32)
        return torch.as_tensor(matrix, dtype=kind, device=signal.device) @ signal.to(kind)
    return matrix.astype(np.result_type(signal, np.float32)) @ signal


def _stack(above: Signal, below: Signal) -> Signal:
    if isinstance(above, Tensor):
        return torch.cat([above, below], dim=-2)
    return np.concatenate([above, below], axis=-2)


def _check_rows(signal: np.ndarray | Tensor, rows: int, words: str) -> None:
    if signal.ndim < 2 or signal.shape[-2] != rows:
        raise LeadError(
            "these are not the rows that were asked for",
            expected=f"{words}, shape (..., {rows}, samples)",
            found=f"shape {tuple(signal.shape)}",
            remedy="pass the leads as rows, and time along the last axis",
        )
