"""What a disease does to a heart's waves: the five superclasses of PTB-XL, each where a cardiologist looks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from ecglib.databases.synthetic.bumps import Bumps, bumps, join
from ecglib.databases.synthetic.heart import Heart

DOME = (("ST", 0.105, 0.042), ("ST", 0.175, 0.045))
"""Two bumps that lift or lower the dipole from the J point to the T wave."""


def _st(direction: tuple[float, float, float]) -> Bumps:
    return bumps([(kind, centre, width, direction) for kind, centre, width in DOME])


def _turned_t(ventricles: Bumps, direction: tuple[float, float, float]) -> Bumps:
    """Let the T wave point another way, as tall as it was but at least visible."""
    waves = ventricles.of("T")
    now = np.linalg.norm(waves.vectors.sum(axis=0))
    aim = np.array(direction) / np.linalg.norm(direction) * max(now, 0.35)
    share = np.linalg.norm(waves.vectors, axis=1) / np.linalg.norm(waves.vectors, axis=1).sum()
    return join([ventricles.of("QRS", "ST"), replace(waves, vectors=share[:, None] * aim)])


def _inferior_infarction(ventricles: Bumps, rng: np.random.Generator) -> Bumps:
    """Dead tissue below: deep broad Q, raised ST and inverted T in II, III and aVF."""
    scar = bumps([("QRS", -0.030, 0.014, (0.05, -0.75 * rng.uniform(0.9, 1.3), 0.0))])
    rest = replace(ventricles, vectors=ventricles.vectors * np.array([1.0, 0.75, 1.0]))
    rest = _turned_t(rest, (0.5, -0.8, -0.3))
    return join([scar, rest, _st((-0.03, 0.16 * rng.uniform(0.8, 1.3), 0.0))])


def _anterior_infarction(ventricles: Bumps, rng: np.random.Generator) -> Bumps:
    """Dead tissue in front: no R in V1 to V3, raised ST and inverted T there."""
    scar = bumps([("QRS", -0.026, 0.014, (-0.15, 0.0, 0.65 * rng.uniform(0.9, 1.2)))])
    waves = ventricles.of("QRS")
    behind = replace(waves, vectors=np.where([False, False, True], np.maximum(waves.vectors, 0.15), waves.vectors))
    rest = _turned_t(join([behind, ventricles.of("ST", "T")]), (-0.2, 0.5, 0.8))
    return join([scar, rest, _st((0.05, 0.02, -0.15 * rng.uniform(0.8, 1.3)))])


def _inverted_t(ventricles: Bumps, rng: np.random.Generator) -> Bumps:
    """T waves that point away from the QRS."""
    return _turned_t(ventricles, (-0.7, -0.5, rng.uniform(0.2, 0.5)))


def _lowered_st(ventricles: Bumps, rng: np.random.Generator) -> Bumps:
    """ST depression with inverted T, most in V4 to V6."""
    return join([_inverted_t(ventricles, rng), _st((-0.12 * rng.uniform(0.8, 1.3), -0.08, 0.06))])


def _left_hypertrophy(ventricles: Bumps, rng: np.random.Generator) -> Bumps:
    """Tall voltages: a thick left ventricle pulls the QRS to the left and back."""
    taller = np.where(ventricles.kinds == "QRS", rng.uniform(1.9, 2.3), 1.0)
    grown = ventricles.scaled(taller)
    return replace(grown, vectors=grown.vectors + (taller > 1)[:, None] * np.array([0.1, 0.0, 0.15]))


def _left_hypertrophy_with_strain(ventricles: Bumps, rng: np.random.Generator) -> Bumps:
    """Tall voltages, and ST and T pointing the other way."""
    return _lowered_st(_left_hypertrophy(ventricles, rng), rng)


DISEASES: Mapping[str, Callable[[Bumps, np.random.Generator], Bumps]] = {
    "IMI": _inferior_infarction,
    "AMI": _anterior_infarction,
    "NDT": _inverted_t,
    "ISC_": _lowered_st,
    "LVH": _left_hypertrophy,
    "LVH+ISC_": _left_hypertrophy_with_strain,
}
"""SCP statements, each with what it does to QRS, ST and T of a normally conducted beat."""


def make_ill(heart: Heart, disease: str, rng: np.random.Generator) -> Heart:
    """Give a heart with a disease.

    Parameters
    ----------
    heart : Heart
    disease : str
        A key of ``DISEASES``; ``"CLBBB"`` or ``"CRBBB"`` for a complete bundle branch block.
    rng : numpy Generator
        Chooses how severe it is.

    Notes
    -----
    Source: textbook signs (pathological Q and ST elevation, T inversion and ST depression, wide QRS, tall voltages),
    our construction. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> from ecglib.databases.synthetic.heart import make_heart
    >>> rng = np.random.default_rng(0)
    >>> "ST" in make_ill(make_heart(rng), "AMI", rng).conducted["N"].kinds
    True
    """
    if disease in ("CLBBB", "CRBBB"):
        return replace(heart, conduction=disease[1])
    return replace(heart, conducted={**heart.conducted, "N": DISEASES[disease](heart.conducted["N"], rng)})
