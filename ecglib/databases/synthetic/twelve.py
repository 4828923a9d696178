"""Ten seconds of twelve leads, as three of the four databases hold."""

from __future__ import annotations

import numpy as np

from ecglib.databases.leads import TWELVE_LEADS
from ecglib.databases.synthetic.diseases import make_ill
from ecglib.databases.synthetic.heart import Heart, make_heart
from ecglib.databases.synthetic.recording import Recording, generator, make_recording
from ecglib.databases.synthetic.rhythms import Habits, run_course

RATE = 500
SECONDS = 10.0


def make_patient(seed: int, *who: str, diseases: tuple[str, ...] = (), origin: str = "right outflow") -> Heart:
    """Make the heart of a patient, with what ails it."""
    rng = generator(seed, *who, "heart")
    heart = make_heart(rng, origins=(origin,))
    for disease in diseases:
        heart = make_ill(heart, disease, rng)
    return heart


def record_twelve(seed: int, *who: str, heart: Heart, record: str, rhythm: str, habits: Habits) -> Recording:
    """Record ten seconds of a patient's twelve leads; the torso is the patient's, rhythm and noise the record's."""
    rng = generator(seed, *who, record)
    start = float(rng.uniform(0.1, 0.7))
    return make_recording(
        heart,
        run_course(rng, habits, [(rhythm, SECONDS)], start),
        TWELVE_LEADS,
        RATE,
        round(RATE * SECONDS),
        rng,
        torso_rng=generator(seed, *who, "torso"),
        flutter_period=habits.flutter_period,
        level=0.7,
    )


def age_and_sex(rng: np.random.Generator) -> tuple[int, str]:
    """Draw an age and a sex."""
    return int(rng.integers(25, 88)), str(rng.choice(("F", "M")))
