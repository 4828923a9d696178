"""The twin of MIT-BIH: half an hour becomes three minutes, record names and their clinical stories stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ecglib.databases.synthetic.heart import Heart, make_heart
from ecglib.databases.synthetic.recording import Recording, generator, make_recording
from ecglib.databases.synthetic.rhythms import Habits, run_course
from ecglib.databases.synthetic.write import write_annotation, write_signal

RATE = 360
SECONDS = 180.0


@dataclass(frozen=True)
class Person:
    """What a record of the twin shows."""

    story: str
    programme: tuple[tuple[str, float], ...] = (("N", 1.0),)
    rr: float = 0.85
    ectopy: Mapping[str, float] = field(default_factory=dict)
    conduction: str = "N"
    other_conduction: str | None = None
    origins: tuple[str, ...] = ("right outflow",)
    leads: tuple[str, str] = ("MLII", "V1")
    level: float = 1.0
    same_as: str | None = None


UNIFORM, MULTIFORM = "The PVCs are uniform.", "The PVCs are multiform."
RECORDS: dict[str, Person] = {
    "100": Person("Atrial premature beats.", rr=0.80, ectopy={"A": 0.10, "V": 0.02, "F": 0.01}, leads=("MLII", "V5")),
    "101": Person("Some beats can't be classified.", rr=0.92, ectopy={"A": 0.05, "Q": 0.03, "F": 0.015, "V": 0.03}),
    "102": Person(
        "The rhythm is paced with a demand pacemaker.", (("P", 0.7), ("N", 0.3)), ectopy={"V": 0.03}, leads=("V5", "V2")
    ),
    "104": Person("The rhythm is paced, with fusions.", (("P", 1.0),), leads=("V5", "V2"), level=1.8),
    "105": Person("High-grade noise.", rr=0.72, ectopy={"V": 0.06, "Q": 0.03}, origins=("left base",), level=2.2),
    "106": Person(
        MULTIFORM,
        (("N", 0.3), ("B", 0.15), ("N", 0.2), ("T", 0.15), ("N", 0.2)),
        rr=0.95,
        ectopy={"V": 0.08, "F": 0.02},
        origins=("right outflow", "left posterior wall"),
    ),
    "109": Person("Left bundle branch block. " + UNIFORM, conduction="L", rr=0.72, ectopy={"V": 0.07, "F": 0.03}),
    "114": Person(
        UNIFORM,
        (("N", 0.6), ("SVTA", 0.06), ("N", 0.34)),
        rr=1.0,
        ectopy={"V": 0.08, "A": 0.07, "J": 0.02, "F": 0.04},
        origins=("left base",),
        leads=("V5", "MLII"),
    ),
    "118": Person("Atrial premature beats.", conduction="R", rr=0.80, ectopy={"A": 0.08, "V": 0.04}),
    "124": Person(
        "Junctional and ventricular escape.",
        (("N", 0.4), ("NOD", 0.1), ("N", 0.2), ("IVR", 0.08), ("N", 0.22)),
        conduction="R",
        rr=1.1,
        ectopy={"J": 0.06, "V": 0.06, "F": 0.03, "j": 0.02},
        origins=("right apex",),
    ),
    "200": Person(
        MULTIFORM,
        (("N", 0.25), ("B", 0.2), ("N", 0.2), ("VT", 0.03), ("N", 0.2), ("B", 0.12)),
        rr=0.75,
        ectopy={"A": 0.06, "V": 0.05, "F": 0.03},
        origins=("left base", "right apex"),
        level=1.5,
    ),
    "201": Person(
        "The PVCs are uniform and late-cycle.",
        (("AFIB", 0.35), ("N", 0.25), ("T", 0.15), ("NOD", 0.05), ("AFIB", 0.2)),
        rr=0.80,
        ectopy={"a": 0.06, "A": 0.04, "V": 0.05},
        origins=("left posterior wall",),
    ),
    "202": Person(
        "This record was taken from the same analog tape as record 201.",
        (("N", 0.4), ("AFIB", 0.25), ("N", 0.15), ("AFIB", 0.2)),
        rr=1.0,
        ectopy={"A": 0.05, "a": 0.03, "V": 0.03},
        same_as="201",
    ),
    "203": Person(
        MULTIFORM,
        (("AFIB", 0.4), ("VT", 0.03), ("AFIB", 0.3), ("AFL", 0.1), ("AFIB", 0.17)),
        rr=0.68,
        ectopy={"V": 0.10, "Q": 0.03},
        origins=("right apex", "left base"),
        level=1.8,
    ),
    "205": Person(
        UNIFORM,
        (("N", 0.5), ("VT", 0.02), ("N", 0.48)),
        rr=0.7,
        ectopy={"V": 0.07, "F": 0.05, "A": 0.02},
        origins=("right outflow",),
    ),
    "207": Person(
        "Bundle branch block that changes sides, ventricular flutter.",
        (
            ("N", 0.25),
            ("VFL", 0.08),
            ("IVR", 0.08),
            ("N", 0.2),
            ("B", 0.12),
            ("VFL", 0.07),
            ("N", 0.12),
            ("SVTA", 0.08),
        ),
        conduction="L",
        other_conduction="R",
        rr=0.95,
        ectopy={"V": 0.05},
        origins=("left posterior wall", "right apex"),
    ),
    "208": Person(
        "Couplets with fusion beats.",
        (("N", 0.3), ("T", 0.2), ("N", 0.2), ("T", 0.15), ("N", 0.15)),
        rr=0.62,
        ectopy={"F": 0.16, "V": 0.10, "S": 0.01, "Q": 0.01},
    ),
    "209": Person(
        "Atrial premature beats in runs.",
        (("N", 0.3), ("SVTA", 0.06), ("N", 0.3), ("SVTA", 0.06), ("N", 0.28)),
        rr=0.66,
        ectopy={"A": 0.12},
    ),
    "210": Person(
        MULTIFORM,
        (("AFIB", 0.75), ("B", 0.1), ("AFIB", 0.15)),
        rr=0.70,
        ectopy={"V": 0.08, "F": 0.02, "a": 0.03},
        origins=("right outflow", "left posterior wall"),
        level=1.4,
    ),
    "213": Person(
        "Fusion beats.",
        (("N", 0.5), ("B", 0.1), ("N", 0.4)),
        rr=0.56,
        ectopy={"F": 0.13, "V": 0.07, "A": 0.03},
        origins=("left base",),
    ),
    "214": Person(
        UNIFORM,
        (("N", 0.5), ("T", 0.15), ("N", 0.35)),
        conduction="L",
        rr=0.80,
        ectopy={"V": 0.08, "Q": 0.02, "F": 0.02},
        origins=("right apex",),
    ),
    "217": Person(UNIFORM, (("P", 0.6), ("AFIB", 0.25), ("P", 0.15)), ectopy={"V": 0.08}, origins=("left base",)),
    "219": Person(UNIFORM, (("AFIB", 0.6), ("N", 0.2), ("AFIB", 0.2)), rr=0.82, ectopy={"V": 0.04, "A": 0.04}),
    "221": Person(
        MULTIFORM,
        (("AFIB", 0.8), ("T", 0.1), ("AFIB", 0.1)),
        rr=0.74,
        ectopy={"V": 0.12},
        origins=("right apex", "right outflow"),
    ),
    "222": Person(
        "Atrial flutter, fibrillation and nodal rhythm.",
        (("N", 0.25), ("AFL", 0.15), ("AFIB", 0.2), ("NOD", 0.1), ("N", 0.15), ("AFL", 0.15)),
        rr=0.78,
        ectopy={"A": 0.12, "j": 0.02},
        level=1.4,
    ),
    "223": Person(
        MULTIFORM,
        (("N", 0.4), ("B", 0.12), ("N", 0.25), ("VT", 0.03), ("N", 0.2)),
        rr=0.74,
        ectopy={"V": 0.09, "A": 0.06, "F": 0.04, "e": 0.01},
        origins=("left base", "left posterior wall"),
    ),
    "231": Person(
        "Right bundle branch block that comes and goes.",
        conduction="R",
        other_conduction="N",
        rr=1.05,
        ectopy={"V": 0.02, "A": 0.02},
    ),
    "232": Person(
        "Sick sinus, many atrial premature beats.",
        (("SBR", 1.0),),
        conduction="R",
        rr=1.2,
        ectopy={"A": 0.35, "j": 0.02},
    ),
    "233": Person(
        MULTIFORM,
        (("N", 0.4), ("B", 0.12), ("N", 0.2), ("T", 0.08), ("N", 0.2)),
        rr=0.60,
        ectopy={"V": 0.10, "A": 0.03, "F": 0.03},
        origins=("right outflow", "left posterior wall"),
    ),
}
"""A subset of the real records, with their rhythms, ectopic beats and leads."""


def make_mitbih(name: str, seed: int, seconds: float = SECONDS) -> tuple[Heart, Recording]:
    """Make one record of the twin, before it is written."""
    person = RECORDS[name]
    who = person.same_as or name
    body = RECORDS[who]
    heart = make_heart(generator(seed, "mitbih", who, "heart"), body.conduction, body.origins)
    rng = generator(seed, "mitbih", name)
    habits = Habits(
        rr=person.rr,
        conduction=person.conduction,
        ectopy=person.ectopy,
        flutter_period=0.21,
        other_conduction=person.other_conduction,
    )
    programme = [(rhythm, share * seconds) for rhythm, share in person.programme]
    recording = make_recording(
        heart,
        run_course(rng, habits, programme),
        person.leads,
        RATE,
        round(seconds * RATE),
        rng,
        torso_rng=generator(seed, "mitbih", who, "torso"),
        flutter_period=habits.flutter_period,
        level=person.level,
        mains=60.0,
    )
    return heart, recording


def _marks(recording: Recording) -> tuple[list[int], list[str], list[str]]:
    """Give beats, rhythm changes and flutter brackets in order of time, as samples, symbols and aux strings."""
    rows: list[tuple[int, int, str, str]] = []
    for span in recording.course.spans:
        rows.append((round(span.start * recording.rate) + 5, 0, "+", f"({span.rhythm}\0"))
    for number, (sample, symbol) in enumerate(zip(recording.fiducials, recording.course.symbols, strict=True)):
        before = recording.course.symbols[number - 1] if number else ""
        if symbol == "!" != before:
            rows.append((int(sample) - 20, 1, "[", ""))
        if before == "!" != symbol:
            rows.append((int(recording.fiducials[number - 1]) + 20, 3, "]", ""))
        if symbol == "Q":
            rows.append((int(sample) - 30, 1, "~", ""))
        rows.append((int(sample), 2, symbol, ""))
    rows.sort()
    return [row[0] for row in rows], [row[2] for row in rows], [row[3] for row in rows]


def write_mitbih(folder: Path, seed: int) -> None:
    """Write the twin of MIT-BIH into a folder, in the layout of mitdb/1.0.0."""
    ages = generator(seed, "mitbih", "ages")
    about = {name: f"{ages.integers(32, 89)} {ages.choice(('F', 'M'))} 0 0 x1" for name in RECORDS}
    for name, person in RECORDS.items():
        _, recording = make_mitbih(name, seed)
        write_signal(
            folder,
            name,
            recording.signal,
            recording.leads,
            RATE,
            storage="212",
            gains=(200, 200),
            baselines=(1024, 1024),
            converter="11 1024",
            gain_format="{gain}",
            comments=(f" {about[person.same_as or name]}", " None", f" {person.story} Synthetic: no such person."),
        )
        write_annotation(folder / f"{name}.atr", *_marks(recording))
    (folder / "RECORDS").write_text("\n".join(RECORDS) + "\n")
