"""The twin of LUDB: every boundary in every lead known exactly, marked as its cardiologists do."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglib.databases.leads import TWELVE_LEADS
from ecglib.databases.synthetic.bumps import render
from ecglib.databases.synthetic.recording import Recording, Wave, generator
from ecglib.databases.synthetic.rhythms import Habits
from ecglib.databases.synthetic.twelve import RATE, age_and_sex, make_patient, record_twelve
from ecglib.databases.synthetic.write import write_annotation, write_signal

SYMBOLS = {"P": "p", "QRS": "N", "T": "t"}
WITHOUT_BRACKET = 0.0023
"""Share of waves that lack a bracket, as in the published database."""
AXES = ((-90, "left axis deviation"), (0, "horizontal"), (30, "normal"), (70, "vertical"), (90, "right axis deviation"))
"""From how many degrees on the QRS axis has which name."""
COLUMNS = (
    "ID",
    "Sex",
    "Age",
    "Rhythms",
    "Electric axis of the heart",
    "Conduction abnormalities",
    "Extrasystolies",
    "Hypertrophies",
    "Cardiac pacing",
    "Ischemia",
    "Non-specific repolarization abnormalities",
    "Other states",
)


@dataclass(frozen=True)
class Subject:
    """What a record of the twin shows, with the column of ``ludb.csv`` that says so."""

    words: str = "Sinus rhythm"
    rhythm: str = "N"
    rr: float = 0.85
    diseases: tuple[str, ...] = ()
    column: str = ""
    finding: str = ""
    ectopic: str = ""
    breathing: float = 0.03


SUBJECTS = (
    Subject(),
    Subject(rr=0.75),
    Subject(diseases=("LVH",), column="Hypertrophies", finding="Left ventricular hypertrophy"),
    Subject(
        rr=0.95, diseases=("CRBBB",), column="Conduction abnormalities", finding="Complete right bundle branch block"
    ),
    Subject("Sinus bradycardia", rr=1.15),
    Subject("Atrial fibrillation", "AFIB", rr=0.75),
    Subject(diseases=("IMI",), column="Ischemia", finding="Scar formation: inferior wall"),
    Subject(
        rr=0.8, diseases=("CLBBB",), column="Conduction abnormalities", finding="Complete left bundle branch block"
    ),
    Subject("Sinus tachycardia", rr=0.56),
    Subject("Sinus arrhythmia", rr=0.9, breathing=0.12),
    Subject(rr=0.9, diseases=("AMI",), column="Ischemia", finding="STEMI: anterior wall"),
    Subject(
        diseases=("NDT",),
        column="Non-specific repolarization abnormalities",
        finding="Non-specific repolarization abnormalities: lateral wall",
    ),
    Subject("Atrial flutter, typical", "AFL", rr=0.8),
    Subject(rr=1.0, column="Extrasystolies", finding="Ventricular extrasystole, type: single PVC", ectopic="V"),
    Subject(rr=1.05, column="Extrasystolies", finding="Atrial extrasystole, type: single PAC", ectopic="A"),
    Subject(
        "Sinus bradycardia",
        rr=1.25,
        diseases=("LVH+ISC_",),
        column="Hypertrophies",
        finding="Left ventricular overload",
    ),
    Subject(rr=0.7),
    Subject(rr=0.8, diseases=("ISC_",), column="Ischemia", finding="Ischemia: lateral wall"),
    Subject("Atrial fibrillation", "AFIB", rr=0.9),
    Subject(rr=0.9),
)
"""Twenty people, one record each, in the order of their numbers."""


def electric_axis(recording: Recording) -> str:
    """Name the mean electric axis of the QRS, from the areas under leads I and aVF."""
    qrs = render(recording.parts.of("QRS"), recording.rate, recording.clean.shape[1]).sum(axis=1)
    one, foot = (recording.torso[recording.leads.index(lead)] @ qrs for lead in ("I", "aVF"))
    degrees = np.degrees(np.arctan2(2 / np.sqrt(3) * foot, one))
    return "Electric axis of the heart: " + ([name for least, name in AXES if degrees >= least] or [AXES[-1][1]])[-1]


def make_ludb(name: str, seed: int) -> Recording:
    """Make one record of the twin, before it is written."""
    subject = SUBJECTS[int(name) - 1]
    heart = make_patient(seed, "ludb", name, diseases=subject.diseases)
    habits = Habits(
        rr=subject.rr,
        conduction=heart.conduction,
        planned={3: subject.ectopic} if subject.ectopic else {},
        breathing=subject.breathing,
    )
    return record_twelve(seed, "ludb", name, heart=heart, record=name, rhythm=subject.rhythm, habits=habits)


def marked_waves(recording: Recording, lead: str) -> list[Wave]:
    """Give the waves that a cardiologist marks: not those of the first and last beat, nor one hidden in another."""
    last = len(recording.course.times) - 1
    inner = [wave for wave in recording.waves(lead) if 0 < wave.beat < last]
    return [
        wave for before, wave in zip([None, *inner], inner, strict=False) if not before or wave.onset > before.offset
    ]


def _marks(waves: list[Wave], rng: np.random.Generator) -> tuple[list[int], list[str]]:
    rows: list[tuple[int, str]] = []
    for wave in waves:
        marks = [(wave.onset, "("), (wave.peak, SYMBOLS[wave.kind]), (wave.offset, ")")]
        if rng.random() < WITHOUT_BRACKET:
            del marks[rng.choice((0, 2))]
        rows += marks
    return [sample for sample, _ in rows], [symbol for _, symbol in rows]


def write_ludb(folder: Path, seed: int) -> None:
    """Write the twin of LUDB into a folder, in the layout of ludb/1.0.1."""
    data = folder / "data"
    data.mkdir()
    names = [str(number) for number in range(1, len(SUBJECTS) + 1)]
    rows = []
    for name, subject in zip(names, SUBJECTS, strict=True):
        rng = generator(seed, "ludb", name, "file")
        recording = make_ludb(name, seed)
        age, sex = age_and_sex(rng)
        axis = electric_axis(recording)
        write_signal(
            data,
            name,
            recording.signal,
            [lead.lower() for lead in recording.leads],
            RATE,
            gains=rng.integers(700, 2400, 12).tolist(),
            baselines=rng.integers(-5, 6, 12).tolist(),
            converter="0 0",
            gain_format="{gain}({baseline})/mV",
            comments=(
                f"<age>: {age}",
                f"<sex>: {sex}",
                "<diagnoses>:",
                f"Rhythm: {subject.words}.",
                f"{axis}.",
                *([f"{subject.finding}."] if subject.finding else []),
            ),
        )
        for lead in TWELVE_LEADS:
            write_annotation(data / f"{name}.{lead.lower()}", *_marks(marked_waves(recording, lead), rng))
        row = dict.fromkeys(COLUMNS, "") | {"ID": name, "Sex": f"{sex}\n", "Age": f"{age}\n", "Rhythms": subject.words}
        row["Electric axis of the heart"] = axis
        rows.append(row | ({subject.column: subject.finding} if subject.column else {}))
    with (folder / "ludb.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    (folder / "RECORDS").write_text("".join(f"data/{name}\n" for name in names))
    (folder / "ANNOTATORS").write_text(
        "".join(f"{lead.lower()}\tboundaries and peaks known from the construction\n" for lead in TWELVE_LEADS)
    )
