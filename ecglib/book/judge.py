"""The verdict on each claim, computed part by part from what the chapters measured.

*Value*, the paper's v with margin m against our interval [l, h]: **matches** where [l, h] lies within v ± m (at least:
l ≥ v − m; at most: h ≤ v + m), **higher** where l > v + m, **lower** where h < v − m, **undecided** otherwise. A value
that matches while its paired difference to the guard, the best honest baseline, has l ≤ 0 is **reached by the baseline
too**; where no chapter paired the two, the interval is that of independent numbers, and it is **not distinguished from
the baseline**.

*Effect*, a paired difference with interval [l, h] against the paper's size D, with e = D/4, or 0.01 where D isn't
known. The first that applies: **absent** (−e < l and h < e), **reversed** (h < 0), **holds** (l > 0, corrected p <
0.05, and D unknown or h ≥ D), **smaller** (l > 0, h < D), **smaller, if any** (l ≤ 0, h < D), **undecided**. Where the
paper marks a difference as not significant: **differs** where ours has p < 0.05, uncorrected, **holds** where [l, h]
lies within ± D/4, **undecided** otherwise; it counts half where the method is not ahead of the guard, since a useless
method would pass too.

All intervals are over seeds and units. The claim is **reproduced** if every part matches or holds; **contradicted** if
none does and one is absent, reversed, smaller if any, lower or differs; **partly reproduced** with good and bad parts,
or with one that is smaller, higher, reached by the baseline too or not told from it; **undecided** otherwise.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ecglib.book.claims import EQUIVALENCE, Claim, Claims, Value
from ecglib.book.headers import SCALES
from ecglib.book.results import Metric, Results, difference_name
from ecglib.evaluation.comparison import holm
from ecglib.evaluation.seeds_and_units import SeedsAndUnits, seeds_and_units

Verdict = Literal["reproduced", "partly reproduced", "contradicted", "undecided", "not testable here", "out of scope"]

Runs = Mapping[str, Mapping[str, Results]]
"""Results by scale, then by chapter."""

GOOD = frozenset({"matches", "holds"})
REACHED = frozenset({"reached by the baseline too", "not distinguished from the baseline"})
HALF = REACHED | {"smaller", "higher"}
BAD = frozenset({"absent", "reversed", "smaller, if any", "lower", "differs"})

SIGNIFICANCE = 0.05
"""Holm-corrected p-values below this count."""

_SHARE = re.compile(r"(accuracy|f1|precision|recall|sensitivity|specificity|auroc|dice|index)(_[A-Za-z0-9]+)*$")


@dataclass(frozen=True)
class Part:
    """One part of a claim with its answer.

    Attributes
    ----------
    over : str
        Metric that it is compared with; empty for a value.
    answer : str
        One of ``GOOD``, ``HALF``, ``BAD`` or ``"undecided"``.
    ours : SeedsAndUnits
        Our value or difference.
    paper, margin : float or None
        The reported value or size, and within what ours counts as that.
    p_corrected : float or None
        Of an effect, after Holm's correction within the question.
    guard : SeedsAndUnits or None
        Difference to the guard, where a value has one.
    paired : bool
        False where the guard's difference was not measured on the same resamples, so that its interval is too wide.
    """

    over: str
    answer: str
    ours: SeedsAndUnits
    paper: float | None
    margin: float
    p_corrected: float | None = None
    guard: SeedsAndUnits | None = None
    paired: bool = True


@dataclass(frozen=True)
class Judgement:
    """A claim with its verdict.

    Attributes
    ----------
    claim : Claim
    verdict : str
    parts : tuple of Part
        Empty where nothing was tested.
    missing : str
        What a claim that isn't testable here lacks.
    scale : str
        Of the run that was judged.
    beside : Metric or None
        What was measured of a claim that isn't testable.
    """

    claim: Claim
    verdict: Verdict
    parts: tuple[Part, ...]
    missing: str
    scale: str
    beside: Metric | None = None


def judge(claims: Claims, runs: Runs, chapter: str | None = None) -> list[Judgement]:
    """Judge claims, each by the largest scale at which its chapter has results.

    Parameters
    ----------
    claims : Claims
    runs : mapping of scale to mapping of chapter to Results
    chapter : str, optional
        Only the claims of one chapter.

    Returns
    -------
    list of Judgement
        In the order of the claims. Holm's correction runs over all claims of a question that could be tested; those
        that make the same comparison count once.
    """
    questions = {claim.question for claim in claims if claim.chapter == chapter} - {""}
    measured = [
        _measure(claim, runs)
        for claim in claims
        if chapter is None or claim.chapter == chapter or claim.question in questions
    ]
    tests = {
        _test(entry.claim): max(part.ours.p_value for part in entry.parts if part.over)
        for entry in measured
        if entry.claim.effects and all(e.significant for e in entry.claim.effects) and entry.parts
    }
    return [
        _answer(entry, tests) if entry.parts else entry
        for entry in measured
        if chapter is None or entry.claim.chapter == chapter
    ]


def answer_value(low: float, high: float, value: Value) -> str:
    """Answer the part *value* by an interval.

    Examples
    --------
    >>> answer_value(0.940, 0.960, Value(0.951, margin=0.0123))
    'matches'
    >>> answer_value(0.940, 0.970, Value(0.951, margin=0.0123, sense="at least"))
    'matches'
    """
    least, most = value.reported - value.margin, value.reported + value.margin
    if (value.sense == "at most" or low >= least) and (value.sense == "at least" or high <= most):
        return "matches"
    if low > most and value.sense != "at least":
        return "higher"
    if high < least and value.sense != "at most":
        return "lower"
    return "undecided"


def answer_effect(low: float, high: float, p_corrected: float, size: float | None, equivalence: float) -> str:
    """Answer the part *effect* by the interval and the corrected p-value of a difference.

    Examples
    --------
    >>> answer_effect(0.011, 0.025, 0.001, size=None, equivalence=0.01)
    'holds'
    >>> answer_effect(-0.001, 0.001, 0.6, size=0.127, equivalence=0.127 / 4)
    'absent'
    """
    if -equivalence < low and high < equivalence:
        return "absent"
    if high < 0:
        return "reversed"
    reaches = size is None or high >= size
    if low > 0 and p_corrected < SIGNIFICANCE and reaches:
        return "holds"
    if not reaches:
        return "smaller" if low > 0 else "smaller, if any"
    return "undecided"


def answer_none(low: float, high: float, p_value: float, size: float | None) -> str:
    """Answer an effect that the paper marks as not significant.

    Examples
    --------
    >>> answer_none(-0.003, 0.001, 0.3, size=0.025)
    'holds'
    """
    if p_value < SIGNIFICANCE:
        return "differs"
    precise = size is not None and -size / 4 < low and high < size / 4
    return "holds" if precise else "undecided"


def claim_verdict(answers: Iterable[str]) -> Verdict:
    """Give the verdict that follows from the answers of a claim's parts.

    Examples
    --------
    >>> claim_verdict(["holds", "absent", "undecided"])
    'partly reproduced'
    """
    found = set(answers)
    reached = found & (GOOD | REACHED)
    if found <= GOOD:
        return "reproduced"
    if found & BAD and not reached:
        return "contradicted"
    if found & BAD or found & HALF:
        return "partly reproduced"
    return "undecided"


def with_seeds(metric: Metric, name: str, by_seed: Sequence[float] | None = None) -> SeedsAndUnits:
    """Widen a metric's bootstrap interval by what its seeds add; shares are cut at 0 and 1."""
    assert metric.low is not None
    assert metric.high is not None
    assert metric.n is not None
    bounds = (0.0, 1.0) if is_share(name) and 0 <= metric.value <= 1 else (-math.inf, math.inf)
    seeds = metric.by_seed if by_seed is None else by_seed
    return seeds_and_units(metric.value, (metric.low, metric.high), metric.n, seeds, bounds)


def is_share(name: str) -> bool:
    """Say whether a metric lies between 0 and 1, by the last part of its name.

    Examples
    --------
    >>> is_share("cnn.intra.f1_S"), is_share("cnn.intra.macro_f1_minus_cnn"), is_share("cnn.intra.imbalance_effect")
    (True, False, False)
    """
    return "_minus_" not in name and bool(_SHARE.search(name.rpartition(".")[2]))


def seed_differences(one: Metric, other: Metric) -> tuple[float, ...]:
    """Subtract two metrics seed by seed, as far as both have seeds; a number that no seed changes counts for each."""
    first, second = one.by_seed or (one.value,), other.by_seed or (other.value,)
    if min(len(first), len(second)) == 1:
        return tuple(a - b for a in first for b in second)
    return tuple(a - b for a, b in zip(first, second, strict=False))


def _measure(claim: Claim, runs: Runs) -> Judgement:
    """Find what a claim's parts are judged by; effects get their answers later, once all p-values are known."""
    if claim.out_of_scope:
        return Judgement(claim, "out of scope", (), claim.out_of_scope, "")
    scale = next((scale for scale in reversed(SCALES) if claim.chapter in runs.get(scale, {})), "")
    if not scale:
        return Judgement(claim, "not testable here", (), f"chapter {claim.chapter} has not been run", "")
    own = runs[scale][claim.chapter]
    beside = own.metrics.get(claim.metric)
    missing = lacks_data(claim, own) or _lacks_numbers(claim, own)
    if missing:
        return Judgement(claim, "not testable here", (), missing, scale, beside)
    lookup = {name: metric for results in runs[scale].values() for name, metric in results.metrics.items()}
    lookup |= own.metrics
    parts: list[Part] = []
    for name in claim.comparators:
        if name not in lookup:
            return Judgement(claim, "not testable here", (), f"no chapter recorded {name}", scale, beside)
        if lookup[name].low is None and difference_name(claim.metric, name) not in lookup:
            return Judgement(claim, "not testable here", (), f"{name} has no interval", scale, beside)
    if claim.value is not None:
        guard, paired = _guard(claim, claim.value.guard, lookup)
        ours = with_seeds(lookup[claim.metric], claim.metric)
        parts.append(Part("", "undecided", ours, claim.value.reported, claim.value.margin, guard=guard, paired=paired))
    for effect in claim.effects:
        size = effect.paper_size(lookup[effect.over].value)
        equivalence = EQUIVALENCE if size is None else size / 4
        guard, paired = _guard(claim, effect.guard, lookup)
        ours = _difference(claim, effect.over, lookup)
        parts.append(Part(effect.over, "undecided", ours, size, equivalence, guard=guard, paired=paired))
    return Judgement(claim, "undecided", tuple(parts), "", scale)


def lacks_data(claim: Claim, own: Results) -> str:
    """Say which data a run lacks to test a claim; empty where nothing is missing."""
    data = own.provenance.get("data", {})
    if own.scale == "smoke" or any(entry.get("synthetic") for entry in data.values()):
        return "needs real data: this ran on synthetic twins"
    lacking = []
    for key, needed in claim.requires.items():
        here = int(data.get(key, {}).get("records", 0))
        if here < needed:
            lacking.append(f"{needed:,} records of {key}, of which this ran on {here:,}")
    return f"needs {' and '.join(lacking)}" if lacking else ""


def _lacks_numbers(claim: Claim, own: Results) -> str:
    """Say which number with an interval the chapter did not record; empty where it has all."""
    names = [claim.metric] if claim.value else []
    for name in names + [difference_name(claim.metric, effect.over) for effect in claim.effects]:
        if name not in own.metrics:
            return f"chapter {claim.chapter} did not record {name}"
        if own.metrics[name].low is None or own.metrics[name].n is None:
            return f"{name} has no interval"
    return ""


def _difference(claim: Claim, over: str, lookup: Mapping[str, Metric]) -> SeedsAndUnits:
    recorded = lookup[difference_name(claim.metric, over)]
    by_seed = recorded.by_seed or seed_differences(lookup.get(claim.metric, recorded), lookup[over])
    return with_seeds(recorded, difference_name(claim.metric, over), by_seed)


def _guard(claim: Claim, guard: str | None, lookup: Mapping[str, Metric]) -> tuple[SeedsAndUnits | None, bool]:
    """Give the difference to the guard; where no chapter paired the two, as if they were independent."""
    if guard is None:
        return None, True
    recorded = lookup.get(difference_name(claim.metric, guard))
    if recorded is not None and recorded.low is not None and recorded.n is not None:
        return _difference(claim, guard, lookup), True
    one, other = lookup[claim.metric], lookup[guard]
    widths = [0.0 if m.low is None or m.high is None else m.high - m.low for m in (one, other)]
    value, half = one.value - other.value, math.hypot(*widths) / 2
    unpaired = replace(one, value=value, low=value - half, high=value + half)
    return with_seeds(unpaired, difference_name(claim.metric, guard), seed_differences(one, other)), False


def _test(claim: Claim) -> tuple[str, ...]:
    """What a claim tests: its question, its metric, and what that is compared with."""
    return claim.question, claim.metric, *sorted(effect.over for effect in claim.effects)


def _answer(entry: Judgement, tests: Mapping[tuple[str, ...], float]) -> Judgement:
    """Answer every part, now that the p-values of all tests of the question are known."""
    own = _test(entry.claim)
    others = [p for test, p in tests.items() if test != own and test[0] == own[0]]
    parts = []
    effects = {effect.over: effect for effect in entry.claim.effects}
    for part in entry.parts:
        if not part.over:
            parts.append(replace(part, answer=_value_answer(entry.claim, part)))
        elif effects[part.over].significant:
            corrected = float(holm([part.ours.p_value, *others])[0])
            answer = answer_effect(part.ours.low, part.ours.high, corrected, part.paper, part.margin)
            parts.append(replace(part, answer=answer, p_corrected=corrected))
        else:
            parts.append(replace(part, answer=_none_answer(part), p_corrected=part.ours.p_value))
    return replace(entry, parts=tuple(parts), verdict=claim_verdict(part.answer for part in parts))


def _none_answer(part: Part) -> str:
    answer = answer_none(part.ours.low, part.ours.high, part.ours.p_value, part.paper)
    if answer == "holds" and part.guard is not None and part.guard.low <= 0:
        return "reached by the baseline too" if part.paired else "not distinguished from the baseline"
    return answer


def _value_answer(claim: Claim, part: Part) -> str:
    assert claim.value is not None
    answer = answer_value(part.ours.low, part.ours.high, claim.value)
    if answer == "matches" and part.guard is not None and part.guard.low <= 0:
        return "reached by the baseline too" if part.paired else "not distinguished from the baseline"
    return answer
