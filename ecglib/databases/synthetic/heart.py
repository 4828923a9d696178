"""A person's heart: how its beats of every kind look, as bumps of the dipole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecglib.databases.synthetic.bumps import Bumps, bumps, join

SINUS_P = bumps([("P", -0.168, 0.017, (0.05, 0.09, -0.05)), ("P", -0.142, 0.018, (0.07, 0.075, 0.045))])
NARROW_QRS = bumps(
    [
        ("QRS", -0.026, 0.0065, (-0.14, -0.06, -0.16)),
        ("QRS", 0.0, 0.0105, (0.95, 0.75, 0.15)),
        ("QRS", 0.018, 0.0105, (0.30, 0.10, 0.70)),
        ("QRS", 0.034, 0.0085, (-0.20, -0.14, 0.12)),
    ]
)
T_WAVE = bumps([("T", 0.235, 0.036, (0.14, 0.11, -0.10)), ("T", 0.278, 0.027, (0.20, 0.17, -0.14))])
LEFT_BUNDLE_QRS = bumps(
    [
        ("QRS", -0.024, 0.020, (0.45, 0.25, 0.25)),
        ("QRS", 0.004, 0.021, (0.50, 0.25, 0.45)),
        ("QRS", 0.040, 0.024, (0.65, 0.20, 0.55)),
    ]
)
LEFT_BUNDLE_T = bumps([("T", 0.255, 0.040, (-0.20, -0.07, -0.22)), ("T", 0.300, 0.030, (-0.22, -0.08, -0.22))])
RIGHT_BUNDLE_END = bumps([("QRS", 0.060, 0.017, (-0.60, -0.05, -0.55)), ("QRS", 0.080, 0.014, (-0.25, 0.0, -0.30))])
RIGHT_BUNDLE_T = bumps([("T", 0.245, 0.036, (0.14, 0.10, 0.10)), ("T", 0.288, 0.028, (0.20, 0.15, 0.14))])
PACED_QRS = bumps(
    [
        ("QRS", -0.030, 0.018, (0.30, -0.45, 0.20)),
        ("QRS", 0.005, 0.022, (0.60, -0.85, 0.45)),
        ("QRS", 0.050, 0.024, (0.40, -0.60, 0.50)),
    ]
)
PACED_T = bumps([("T", 0.275, 0.042, (-0.15, 0.25, -0.15)), ("T", 0.325, 0.032, (-0.17, 0.28, -0.17))])
SPIKE = bumps([("spike", -0.088, 0.0016, (0.9, -1.1, 0.5))])

VENTRICULAR_ORIGINS = {
    "right outflow": (0.35, 1.00, 0.45),
    "right apex": (0.60, -0.75, 0.55),
    "left base": (-0.55, 0.85, -0.65),
    "left posterior wall": (-0.30, -0.80, -0.90),
}
"""Main direction of activation of a beat that begins there."""


def rotation(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the matrix that turns by these angles (radians) around x, y and z, shape (3, 3)."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    around_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    around_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    around_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return around_z @ around_y @ around_x


def _personal(parts: Bumps, rng: np.random.Generator, spread: float = 0.16) -> Bumps:
    """Change each bump a little, as it differs from one person to the next."""
    size = np.linalg.norm(parts.vectors, axis=1, keepdims=True)
    return Bumps(
        parts.kinds,
        parts.centres,
        parts.widths * np.exp(rng.normal(0, spread / 4, len(parts))),
        parts.vectors * np.exp(rng.normal(0, spread, (len(parts), 1)))
        + size * rng.normal(0, spread / 2, parts.vectors.shape),
        parts.beats,
    )


def _ventricular(origin: str, rng: np.random.Generator) -> Bumps:
    """Make a wide beat without P that begins in the ventricles, its T pointing the other way."""
    way = np.array(VENTRICULAR_ORIGINS[origin]) * rng.uniform(0.9, 1.3)
    aside = np.cross(way, rng.normal(size=3)) * 0.35
    width, slow = rng.uniform(0.024, 0.032), rng.uniform(0.9, 1.1)
    return bumps(
        [
            ("QRS", -0.045, width, 0.45 * way + aside),
            ("QRS", 0.000, width, 1.00 * way),
            ("QRS", 0.052, width * 1.1, 0.40 * way - aside),
            ("T", 0.305 * slow, 0.042, -0.28 * way),
            ("T", 0.353 * slow, 0.032, -0.30 * way),
        ]
    )


@dataclass(frozen=True)
class Heart:
    """One person's beats.

    Attributes
    ----------
    p_wave, ectopic_p : Bumps
        P wave of the sinus node, and of the person's ectopic focus.
    conducted : mapping of str to Bumps
        QRS, ST and T of a beat conducted normally (``N``), or with left (``L``) or right (``R``) bundle branch block.
    foci : tuple of Bumps
        Ventricular ectopic beats, QRS and T, one for each focus.
    right_block : Bumps
        What a right bundle branch block adds to the QRS.
    paced : Bumps
        QRS and T of a beat that a pacemaker drives.
    conduction : {"N", "L", "R"}
        How this heart usually conducts.

    Notes
    -----
    Source: our construction after textbook shapes; the directions are those of the activation front. Taught in chapter
    ``00_reading_an_ecg``.

    Examples
    --------
    >>> heart = make_heart(np.random.default_rng(0))
    >>> sorted(set(heart.beat("N", np.random.default_rng(0)).kinds.tolist()))
    ['P', 'QRS', 'T']
    >>> sorted(set(heart.beat("V", np.random.default_rng(0)).kinds.tolist()))
    ['QRS', 'T']
    """

    p_wave: Bumps
    ectopic_p: Bumps
    conducted: Mapping[str, Bumps]
    foci: tuple[Bumps, ...]
    right_block: Bumps
    paced: Bumps
    conduction: str = "N"

    def beat(self, symbol: str, rng: np.random.Generator, p_wave: bool = True, focus: int = 0) -> Bumps:
        """Give the bumps of one beat around its own time.

        Parameters
        ----------
        symbol : str
            MIT-BIH's symbol of the beat.
        rng : numpy Generator
            Chooses how a fusion or unclassifiable beat comes out.
        p_wave : bool
            False leaves the sinus P wave out, as in atrial fibrillation.
        focus : int
            Which ventricular focus a ``V``, ``E`` or ``F`` comes from.
        """
        sinus = [self.p_wave] if p_wave else []
        conducted = self.conducted[symbol if symbol in self.conducted else self.conduction]
        ectopic = self.foci[focus % len(self.foci)]
        if symbol in "NLR":
            return join([*sinus, conducted])
        if symbol in "ASe":
            return join([self.ectopic_p, conducted])
        if symbol == "a":
            return join([self.ectopic_p, conducted, self.right_block])
        if symbol in "Jj":
            return conducted
        if symbol in "VE":
            return ectopic
        if symbol == "F":
            share = rng.uniform(0.35, 0.65)
            return join([*sinus, conducted.scaled(1 - share), ectopic.scaled(share)])
        if symbol == "/":
            return join([SPIKE, self.paced])
        if symbol == "f":
            share = rng.uniform(0.35, 0.65)
            return join([self.p_wave, SPIKE, conducted.scaled(1 - share), self.paced.scaled(share)])
        if symbol == "Q":
            strange = conducted.stretched(rng.uniform(1.2, 1.7)).scaled(rng.uniform(0.5, 0.8))
            return strange.turned(rotation(rng.normal(0, 0.7, 3)))
        raise ValueError(f"no beat with symbol {symbol!r}")


def make_heart(
    rng: np.random.Generator,
    conduction: str = "N",
    origins: tuple[str, ...] = ("right outflow",),
) -> Heart:
    """Make a person's heart, with shapes of its own.

    Parameters
    ----------
    rng : numpy Generator
        Chooses axis, amplitudes, widths and the PR interval.
    conduction : {"N", "L", "R"}
        Normal, left or right bundle branch block.
    origins : tuple of str
        Where ventricular ectopic beats begin, keys of ``VENTRICULAR_ORIGINS``.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> len(make_heart(np.random.default_rng(1), origins=("right apex", "left base")).foci)
    2
    """
    axis = rotation(np.clip(rng.normal(0, 1, 3), -1.5, 1.5) * (0.12, 0.2, 0.2))
    gain = float(np.exp(rng.normal(0, 0.2)))
    width = rng.uniform(0.92, 1.1)
    p_wave = _personal(SINUS_P, rng).scaled(rng.uniform(0.8, 1.3)).shifted(rng.uniform(-0.03, 0.01))
    ectopic = rotation(rng.normal(0, (0.5, 0.5, 0.9)))
    ectopic_p = p_wave.turned(ectopic).stretched(rng.uniform(0.75, 0.85)).scaled(rng.uniform(0.8, 1.2))
    narrow = _personal(NARROW_QRS, rng).stretched(width).turned(axis).scaled(gain)
    t_wave = _personal(T_WAVE, rng).turned(rotation(rng.normal(0, 0.2, 3))).scaled(gain * rng.uniform(0.5, 1.3))
    right_block = _personal(RIGHT_BUNDLE_END, rng).scaled(gain)
    conducted = {
        "N": join([narrow, t_wave]),
        "L": join([_personal(LEFT_BUNDLE_QRS, rng), _personal(LEFT_BUNDLE_T, rng)]).turned(axis).scaled(gain),
        "R": join([narrow, right_block, _personal(RIGHT_BUNDLE_T, rng).scaled(gain)]),
    }
    return Heart(
        p_wave=p_wave,
        ectopic_p=ectopic_p,
        conducted=conducted,
        foci=tuple(_ventricular(origin, rng) for origin in origins),
        right_block=right_block,
        paced=join([_personal(PACED_QRS, rng), _personal(PACED_T, rng)]).scaled(gain),
        conduction=conduction,
    )
