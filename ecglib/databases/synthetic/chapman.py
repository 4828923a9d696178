"""The twin of Chapman-Shaoxing-Ningbo: four groups of rhythms, conditions as SNOMED codes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecglib.databases.leads import TWELVE_LEADS
from ecglib.databases.synthetic.recording import Recording, generator
from ecglib.databases.synthetic.rhythms import Habits
from ecglib.databases.synthetic.twelve import RATE, age_and_sex, make_patient, record_twelve
from ecglib.databases.synthetic.write import write_signal

FOLDER = "WFDBRecords/01/010"
CONDITIONS = (
    ("APB", "atrial premature beats", "284470004"),
    ("AQW", "abnormal Q wave", "164917005"),
    ("LBBB", "left bundle branch block", "164909002"),
    ("LVH", "left ventricle hypertrophy", "164873001"),
    ("RBBB", "right bundle branch block", "59118001"),
    ("STDD", "ST drop down", "429622005"),
    ("TWO", "T wave opposite", "59931005"),
    ("VPB", "ventricular premature beat", "17338001"),
    ("SB", "Sinus Bradycardia", "426177001"),
    ("SR", "Sinus Rhythm", "426783006"),
    ("AFIB", "Atrial Fibrillation", "164889003"),
    ("ST", "Sinus Tachycardia", "427084000"),
    ("AF", "Atrial Flutter", "164890007"),
    ("SA", "Sinus Irregularity", "427393009"),
    ("SVT", "Supraventricular Tachycardia", "426761007"),
    ("AT", "Atrial Tachycardia", "713422000"),
)
CODES = {acronym: code for acronym, _, code in CONDITIONS}
UNLISTED_CODE = "55827005"
"""A code that the published list of conditions lacks, as some real records have."""


@dataclass(frozen=True)
class Rhythm:
    """How one of the authors' rhythms is made."""

    rhythm: str
    rr: tuple[float, float]
    breathing: float = 0.03
    flutter_period: float = 0.2


RHYTHMS = {
    "SB": Rhythm("N", (1.08, 1.35)),
    "SR": Rhythm("N", (0.68, 0.95)),
    "SA": Rhythm("N", (0.75, 0.95), breathing=0.14),
    "ST": Rhythm("N", (0.46, 0.57)),
    "SVT": Rhythm("SVT", (0.4, 0.4)),
    "AT": Rhythm("SVTA", (0.45, 0.45)),
    "AFIB": Rhythm("AFIB", (0.6, 0.85)),
    "AF": Rhythm("AFL", (0.8, 0.8), flutter_period=0.21),
}
GROUPS = (
    ("SB",) * 8,
    ("AFIB", "AFIB", "AF", "AFIB", "AF", "AFIB", "AF", "AFIB"),
    ("ST", "ST", "SVT", "ST", "AT", "ST", "SVT", "ST"),
    ("SR", "SR", "SA", "SR", "SR", "SA", "SR", "SR"),
)
CONDITIONS_BY_TURN = ("", "TWO", "RBBB", "", "LVH", "LBBB", "STDD", "AQW")
DISEASE_OF = {"TWO": "NDT", "RBBB": "CRBBB", "LVH": "LVH", "LBBB": "CLBBB", "STDD": "ISC_", "AQW": "IMI"}


@dataclass(frozen=True)
class Subject:
    """One record of the twin."""

    name: str
    rhythm: str
    condition: str
    ectopic: str = ""

    @property
    def codes(self) -> list[str]:
        """SNOMED codes of the header."""
        codes = [CODES[label] for label in (self.rhythm, self.condition) if label]
        codes += [{"A": CODES["APB"], "V": CODES["VPB"]}[self.ectopic]] if self.ectopic else []
        return [*codes, UNLISTED_CODE] if self.name == "JS00004" else codes


def _subjects() -> list[Subject]:
    """Let the four groups take turns, so that any stretch of the list holds all of them."""
    found: list[Subject] = []
    for turn, condition in enumerate(CONDITIONS_BY_TURN):
        for group in GROUPS:
            rhythm = group[turn]
            ectopic = {("SR", 1): "V", ("SR", 4): "A", ("SB", 3): "V"}.get((rhythm, turn), "")
            found.append(Subject(f"JS{len(found) + 1:05d}", rhythm, condition, ectopic))
    return found


SUBJECTS = _subjects()
"""All records of the twin, one for each subject."""


def make_chapman(subject: Subject, seed: int) -> Recording:
    """Make one record of the twin, before it is written."""
    diseases = (DISEASE_OF[subject.condition],) if subject.condition else ()
    heart = make_patient(seed, "chapman", subject.name, diseases=diseases)
    kind = RHYTHMS[subject.rhythm]
    rr = float(generator(seed, "chapman", subject.name, "rate").uniform(*kind.rr))
    habits = Habits(
        rr=rr,
        conduction=heart.conduction,
        planned={3: subject.ectopic} if subject.ectopic else {},
        flutter_period=kind.flutter_period,
        breathing=kind.breathing,
    )
    return record_twelve(
        seed, "chapman", subject.name, heart=heart, record=subject.name, rhythm=kind.rhythm, habits=habits
    )


def write_chapman(folder: Path, seed: int) -> None:
    """Write the twin of Chapman-Shaoxing-Ningbo into a folder, in the layout of ecg-arrhythmia/1.0.0."""
    place = folder / FOLDER
    place.mkdir(parents=True)
    for subject in SUBJECTS:
        age, sex = age_and_sex(generator(seed, "chapman", subject.name, "table"))
        write_signal(
            place,
            subject.name,
            make_chapman(subject, seed).signal,
            TWELVE_LEADS,
            RATE,
            gains=[1000] * 12,
            baselines=[0] * 12,
            gain_format="{gain}/mV",
            comments=(
                f"Age: {age}",
                f"Sex: {'Female' if sex == 'F' else 'Male'}",
                f"Dx: {','.join(subject.codes)}",
                "Rx: Unknown",
                "Hx: Unknown",
                "Sx: Unknown",
            ),
            matlab=True,
        )
    (place / "RECORDS").write_text("".join(f"{subject.name}\n" for subject in SUBJECTS))
    (folder / "RECORDS").write_text(f"{FOLDER}/\n")
    rows = ["AcronymName,FullName,Snomed_CT", *(",".join(row) for row in CONDITIONS)]
    (folder / "ConditionNames_SNOMED-CT.csv").write_text("\n".join(rows) + "\n", encoding="utf-8-sig")
