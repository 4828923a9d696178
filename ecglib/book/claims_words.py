"""Words and numbers for what the claims' entries name: methods, metrics, units, answers and verdicts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from ecglib.book.claims import MARKS, Claim
from ecglib.book.judge import Judgement, Part
from ecglib.book.results import METRIC_NAME
from ecglib.evaluation.seeds_and_units import SeedsAndUnits

METHODS: Mapping[str, str] = MappingProxyType(
    {
        "adversarial": "the classifier with an adversary",
        "ablation_supervised": "the network without pretraining",
        "beat_ssl": "Beat-SSL",
        "bsm": "plain beat-score maps",
        "cnn": "CNN",
        "cnn_lstm": "CNN-LSTM",
        "cnn_lstm_attention": "CNN-LSTM-Attention",
        "cross_entropy": "training without GAN beats",
        "domain_ssl": "Domain-SSL",
        "dynamic": "the dynamic ensemble",
        "ecg_fm_style": "ECG-FM",
        "gan": "training with GAN beats",
        "known_heart": "the patient's own most frequent rhythm",
        "lookup": "copying the most similar training beat",
        "majority": "the most frequent rhythm",
        "mean": "the mean of all networks",
        "n_bsm": "beat-score maps",
        "pi_bsm": "patient-independent beat-score maps",
        "plain": "the classifier without an adversary",
        "resnet1d": "ResNet-1D",
        "rr_forest": "the forest on RR intervals",
        "stacking": "stacking",
        "supervised": "the network without pretraining",
        "threekg": "3KG",
        "top2_weighted": "Top2-Weighted",
        "ts2vec": "TS2Vec",
        "validation_weighted": "the validation-weighted ensemble",
    }
)
"""Names of methods, the first part of a metric's name."""

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "accuracy": "accuracy",
        "afib_f1": "F1 of atrial fibrillation",
        "auroc": "AUROC",
        "imbalance_effect": "mean F1 of S and F, natural minus even mix",
        "macro_f1": "macro F1",
        "macro_precision": "macro precision",
        "macro_recall": "macro recall",
        "minority_f1": "mean F1 of S and F",
        "patient_accuracy": "accuracy of naming the patient",
        "share_of_ecg_fm": "share of ECG-FM's F1",
        "vfl_f1": "F1 of ventricular flutter",
        "wave_dice": "mean Dice score of P, QRS and T",
        "wave_f1": "mean F1 of P, QRS and T",
    }
)
"""What is measured, the last part of a metric's name."""

DATABASES: Mapping[str, str] = MappingProxyType(
    {"chapman": "Chapman-Shaoxing", "ludb": "LUDB", "mitbih": "MIT-BIH", "ptbxl": "PTB-XL", "vfdb": "VFDB"}
)

UNITS: Mapping[str, str] = MappingProxyType(
    {
        "chapman": "patients",
        "intra": "beats",
        "ludb": "patients",
        "mitbih": "patients",
        "probe": "patients",
        "ptbxl": "patients",
        "rhythms": "windows",
    }
)
"""What the interval of a task, the middle part of a metric's name, is drawn over."""

ICONS: Mapping[str, str] = MappingProxyType(
    {
        "reproduced": "✓",
        "partly reproduced": "◐",
        "contradicted": "✕",
        "undecided": "?",
        "not testable here": "–",
        "out of scope": "∅",
    }
)
"""A sign for each verdict, always beside its word."""

_ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "matches": "matches",
        "higher": "higher than the paper's",
        "lower": "lower than the paper's",
        "reached by the baseline too": "matches, but is reached by the baseline too",
        "not distinguished from the baseline": "matches, but is not distinguished from the baseline",
        "holds": "holds",
        "absent": "absent",
        "reversed": "reversed",
        "smaller": "smaller than the paper's",
        "smaller, if any": "smaller than the paper's, if any",
        "differs": "differs",
        "undecided": "undecided",
    }
)

_CONTRASTS = {"none": "no", "soft1": "soft_1", "soft2": "soft_2"}


def paper_name(key: str) -> str:
    """Give a paper's name from its key.

    Examples
    --------
    >>> paper_name("song2026")
    'Song 2026'
    """
    return f"{key[:-4].capitalize()} {key[-4:]}"


def method_words(metric: str) -> str:
    """Name the method that a metric measures.

    Examples
    --------
    >>> method_words("pi_bsm.chapman.macro_f1")
    'patient-independent beat-score maps'
    >>> method_words("ssl_soft1_none_50.ludb.wave_f1")
    'soft_1 rhythm and no beat contrast, exponent 50'
    """
    method = metric.split(".")[0]
    row = re.fullmatch(r"ssl_(\w+)_(\w+)_(\d+)", method)
    if row:
        rhythm, beat = (_CONTRASTS.get(name, name) for name in row.groups()[:2])
        return f"{rhythm} rhythm and {beat} beat contrast, exponent {row[3]}"
    return METHODS.get(method, method.replace("_", " "))


def metric_words(metric: str) -> str:
    """Name what a metric measures.

    Examples
    --------
    >>> metric_words("pi_bsm.mitbih.afib_f1")
    'F1 of atrial fibrillation'
    """
    kind = metric.rpartition(".")[2]
    return KINDS.get(kind, kind.replace("_", " "))


def signed(value: float, digits: int = 3) -> str:
    """Write a difference with its sign.

    Examples
    --------
    >>> signed(-0.0128)
    '−0.013'
    """
    return f"{value:+.{digits}f}".replace("-", "−")


def with_interval(ours: SeedsAndUnits, difference: bool) -> str:
    """Write a number with its interval; a small or narrow difference gets a fourth digit."""
    if not difference:
        return f"{ours.value:.3f} ({ours.low:.3f} to {ours.high:.3f})"
    digits = 4 if ours.high - ours.low < 0.01 or abs(ours.value) < 0.0005 else 3
    return f"{signed(ours.value, digits)} ({signed(ours.low, digits)} to {signed(ours.high, digits)})"


def rests_on(claim: Claim, part: Part) -> str:
    """Say how many units and seeds an interval rests on.

    One seed is called that, since its interval knows nothing of other seeds.
    """
    units = f"{part.ours.units:,} {UNITS.get(claim.metric.split('.')[1], 'units')}"
    seeds = part.ours.seeds
    return units if seeds == 0 else f"{units}, {'one seed' if seeds == 1 else f'{seeds} seeds'}"


def paper_parts(claim: Claim, parts: tuple[Part, ...] = ()) -> list[str]:
    """Write what the paper reports, a line for each part that has a number."""
    lines = []
    if claim.value is not None:
        sense = "" if claim.value.sense == "equal" else f"{claim.value.sense} "
        lines.append(
            f"{sense}{number(claim.value.reported)}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{claim.value.margin:.3f}"
        )
    sizes = {part.over: part.paper for part in parts}
    for effect in claim.effects:
        size = sizes.get(effect.over) or effect.size
        told = "" if size is None else signed(size)
        if effect.gain is not None:
            told = f"{told} ({signed(effect.gain, 2).rstrip('0').rstrip('.')} %)" if told else f"{effect.gain:+g} %"
        if not effect.significant:
            told = f"{told}, not significant" if told else "not significant"
        if told:
            lines.append(told if len(claim.effects) == 1 else f"over {method_words(effect.over)} {told}")
    return lines or ["size not stated"]


def number(value: float) -> str:
    """Write a share with three digits, and a fourth where it has one.

    Examples
    --------
    >>> number(0.95), number(0.8736)
    ('0.950', '0.8736')
    """
    return f"{value:.4f}" if round(value, 3) != round(value, 4) else f"{value:.3f}"


def our_part(claim: Claim, part: Part) -> str:
    """Write our number for one part: a value, or a difference to another method."""
    if not part.over:
        return f"{metric_words(claim.metric)} {with_interval(part.ours, difference=False)}"
    return f"{with_interval(part.ours, difference=True)} over {method_words(part.over)}"


def answer_words(part: Part) -> str:
    """Write the answer of one part, with its corrected p-value where it has one."""
    answer = _ANSWERS[part.answer]
    if part.p_corrected is None:
        return answer
    return f"{answer}, {p_words(part.p_corrected)}"


def p_words(p: float) -> str:
    """Write a p-value.

    Examples
    --------
    >>> print(p_words(1e-7), p_words(0.0446), p_words(0.285))
    p < 0.001 p = 0.045 p = 0.28
    """
    told = "p < 0.001" if p < 0.001 else f"p = {p:.{3 if p < 0.1 else 2}f}"
    return told.replace(" ", "\N{NO-BREAK SPACE}")


def guard_words(claim: Claim, part: Part) -> str:
    """Compare a value with the best honest baseline; empty where there is none."""
    if part.guard is None or claim.value is None or claim.value.guard is None:
        return ""
    paired = "" if part.paired else ", not paired"
    return f"{with_interval(part.guard, difference=True)} over {method_words(claim.value.guard)}{paired}"


def rerun_words(entry: Judgement) -> str:
    """Say where a rerun has to fall, and whether that would catch a model that is no better than a baseline."""
    claim = entry.claim
    expected = claim.expected.get(entry.scale)
    if expected is None:
        return ""
    text = f"{number(expected.low)} to {number(expected.high)}"
    noticed = [method_words(name) for name in claim.comparators if name in expected.ahead]
    missed = [method_words(name) for name in claim.comparators if name not in expected.ahead]
    if noticed:
        text += f"; a model no better than {_either(noticed)} would be noticed"
    if missed:
        text += f"; a model no better than {_either(missed)} would not be noticed here"
    return text


def mark_words(claim: Claim) -> str:
    """Say how surely the statement is known to be the paper's."""
    return f"{claim.mark}, {MARKS[claim.mark]}"


def missing_words(text: str, chapters: Mapping[str, str]) -> str:
    """Put words for identifiers into what a claim lacks; ``chapters`` gives the name of each chapter's page."""
    text = METRIC_NAME.sub(lambda match: _named(match[0]), text)
    text = re.sub(r"records of (\w+)", lambda match: f"records of {DATABASES.get(match[1], match[1])}", text)
    return re.sub(r"chapter (\d\d_\w+)", lambda match: chapters.get(match[1], f"chapter {int(match[1][:2])}"), text)


def _named(metric: str) -> str:
    metric, minus, other = metric.partition("_minus_")
    if minus:
        return f"the difference in {metric_words(metric)} between {method_words(metric)} and {method_words(other)}"
    return f"the {metric_words(metric)} of {method_words(metric)}"


def _either(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
