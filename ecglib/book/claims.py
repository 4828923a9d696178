"""The papers' claims, as ``claims.yml`` holds them.

An entry has one part or two, a *value* and *effects*, each answered by itself (``ecglib.book.judge``)::

    questions:
      song2026-single: Is CNN-LSTM the best of the four networks?
    claims:
    - id: song2026-cnn-lstm-f1
      paper: song2026
      statement: CNN-LSTM is the best single model, with an F1 of 0.951.
      regime: random split by beat, macro average over five classes
      where: abstract
      mark: P                           # P the authors · S a summary · T a third party · I arithmetic or inference
      chapter: 11_cnn_lstm
      metric: cnn_lstm.intra.macro_f1
      value: {reported: 0.951, margin: 0.0123, guard: lookup.intra.macro_f1}
      effects:                          # one for each comparator that the paper names
      - {over: cnn.intra.macro_f1}      # its size isn't known
      - {over: resnet1d.intra.macro_f1, size: 0.02}
      question: song2026-single         # Holm's correction runs over the claims of one question
      requires: {mitbih: 48}            # records without which something else would be claimed
      expected: {cpu: {value: 0.95, low: 0.94, high: 0.96}}     # written by `ecgbook expect`
      why: One sentence on the difference.

``margin`` follows from the reported value v: a quarter of the smaller of v and 1 − v; half the distance to the paper's
next method, where ``next:`` gives one that is nearer; at least 0.005 and at most 0.05. ``sense: at least`` or
``at most`` says that only one side counts. ``guard`` is the best honest baseline on the same test.
``size`` is in the metric's units. A relative gain in percent is ``gain``, of ``base``, the paper's own value of the
comparator; without ``base``, of ours. ``significant: false`` is the paper's own mark that a difference is none; its
``guard`` is a baseline that the method has to be ahead of, or such a mark would say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from ecglib.book.headers import SCALES
from ecglib.book.results import check_name, difference_name
from ecglib.errors import ChapterError

PAPERS: Mapping[str, str] = MappingProxyType(
    {
        "song2026": "Song et al. 2026, four architectures",
        "jeong2024": "Jeong, Lee and Shin 2024, beat-score maps",
        "rizqyawan2026": "Rizqyawan et al. 2026, Beat-SSL",
    }
)
"""The three papers with their titles; jeong2024 covers its predecessor."""

MARKS: Mapping[str, str] = MappingProxyType(
    {
        "P": "the authors' own words or figures",
        "S": "somebody's summary",
        "T": "a third party's one line",
        "I": "arithmetic or inference",
    }
)
"""How surely a claim is known to be the paper's."""

LEAST_MARGIN, LARGEST_MARGIN = 0.005, 0.05

EQUIVALENCE = 0.01
"""Differences below this are none, where the paper gives no size."""

_SENSES = ("equal", "at least", "at most")


def margin(reported: float, nearest: float | None = None) -> float:
    """Give the distance within which a measured value counts as the reported one.

    Parameters
    ----------
    reported : float
        A share between 0 and 1.
    nearest : float, optional
        What the paper reports of its next method.

    Examples
    --------
    >>> margin(0.951)
    0.0123
    >>> margin(0.894, nearest=0.869)
    0.0125
    """
    quarter = min(reported, 1 - reported) / 4
    half = quarter if nearest is None else min(quarter, abs(reported - nearest) / 2)
    return round(min(max(half, LEAST_MARGIN), LARGEST_MARGIN), 4)


@dataclass(frozen=True)
class Value:
    """What a paper reports of one metric.

    Attributes
    ----------
    reported : float
        A share between 0 and 1.
    margin : float
        Ours matches within it.
    sense : {"equal", "at least", "at most"}
    next : float or None
        The paper's value of its next method.
    guard : str or None
        Metric of the best honest baseline on the same test.
    """

    reported: float
    margin: float
    sense: str = "equal"
    next: float | None = None
    guard: str | None = None


@dataclass(frozen=True)
class Effect:
    """That a paper's method is better than another, and by how much.

    Attributes
    ----------
    over : str
        Metric of the other.
    size : float or None
        The paper's difference, in the metric's units.
    gain, base : float or None
        The paper's gain in percent, and of what: its own value of the other.
    significant : bool
        False where the paper marks the difference as not significant.
    guard : str or None
        For such a mark: a baseline that the method has to be ahead of, since two useless methods don't differ either.
    """

    over: str
    size: float | None = None
    gain: float | None = None
    base: float | None = None
    significant: bool = True
    guard: str | None = None

    def paper_size(self, ours: float) -> float | None:
        """Give the paper's difference in the metric's units; a gain without a base is of our value of the other."""
        if self.gain is None:
            return self.size
        return self.gain / 100 * (ours if self.base is None else self.base)


@dataclass(frozen=True)
class Expected:
    """Range in which a rerun of the same chapter at the same scale has to fall.

    Attributes
    ----------
    value, low, high : float
    ahead : mapping of str to tuple of float
        Range of the difference to each baseline that the range tells it from, by the baseline's metric.
    """

    value: float
    low: float
    high: float
    ahead: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """One statement of a paper, and how the book checks it.

    Attributes
    ----------
    id, paper, statement, where : str
    mark : {"P", "S", "T", "I"}
    chapter, metric : str
        Where it is measured, and under which name.
    value : Value or None
    effects : tuple of Effect
    question : str
        Claims with effects that answer one question share a correction for many tests.
    regime : str
        Under which conditions it is measured here: labels, steps, frozen or tuned.
    requires : mapping of str to int
        Records without which something else would be claimed.
    out_of_scope : str
        Why nobody can rerun it; empty where somebody can.
    rival : bool
        True where it tells of a method that the paper argues against.
    headline : bool
        True for the ten that open the page of claims.
    expected : mapping of str to Expected
        By scale.
    why : str
        One sentence on the difference.

    Raises
    ------
    ChapterError
        If a part is missing or the fields contradict each other.
    """

    id: str
    paper: str
    statement: str
    where: str
    mark: str
    chapter: str
    metric: str
    value: Value | None = None
    effects: tuple[Effect, ...] = ()
    question: str = ""
    regime: str = ""
    requires: Mapping[str, int] = field(default_factory=dict)
    out_of_scope: str = ""
    rival: bool = False
    headline: bool = False
    expected: Mapping[str, Expected] = field(default_factory=dict)
    why: str = ""

    def __post_init__(self) -> None:
        for wrong, remedy in self._faults():
            raise ChapterError(f"claim {self.id}: {wrong}", remedy=remedy)
        for name in (self.metric, *self.comparators):
            check_name(name)

    def _faults(self) -> Iterable[tuple[str, str]]:
        """Name what is wrong and what to write instead, first things first."""
        if self.paper not in PAPERS:
            yield f"{self.paper!r} is no paper", f"write one of {', '.join(PAPERS)}"
        if self.mark not in MARKS:
            yield f"{self.mark!r} is no mark", f"write one of {', '.join(MARKS)}"
        if self.value is None and not self.effects:
            yield "it has neither a value nor effects", "write value: {reported: …, margin: …} or effects: [{over: …}]"
        if self.effects and not self.question:
            yield "it has effects and no question", "write question: and declare it under questions: at the top"
        if self.value is not None:
            yield from _value_faults(self.value)
        for effect in self.effects:
            yield from _effect_faults(effect, self.metric)
        if not set(self.expected) <= set(SCALES):
            yield f"expected names {', '.join(self.expected)}", f"give it by scale: {', '.join(SCALES)}"
        for scale, expected in self.expected.items():
            if not expected.low <= expected.value <= expected.high:
                yield (
                    f"the range expected at {scale} doesn't hold its value",
                    f"write it anew: ecgbook expect --scale {scale}",
                )

    @property
    def comparators(self) -> tuple[str, ...]:
        """Metrics that it is compared with, the guard among them."""
        guards = [self.value.guard if self.value else None, *(effect.guard for effect in self.effects)]
        return tuple(dict.fromkeys((*(effect.over for effect in self.effects), *filter(None, guards))))

    @property
    def reported(self) -> float | None:
        """The one number of the paper: its value, its gain in percent or its difference; None where it gives none."""
        if self.value is not None:
            return self.value.reported
        return next((e.gain if e.size is None else e.size for e in self.effects if e.gain or e.size), None)


def _value_faults(value: Value) -> Iterable[tuple[str, str]]:
    if value.sense not in _SENSES:
        yield f"{value.sense!r} is no sense", f"write one of {', '.join(_SENSES)}"
    if not 0 < value.reported < 1:
        yield f"{value.reported} is reported", "write a share between 0 and 1, such as 0.951 for 95.1 %"
        return
    rule = margin(value.reported, value.next)
    if value.margin != rule:
        yield f"its margin is {value.margin}, by the rule {rule}", f"write margin: {rule}, or correct next:"
    if value.guard is not None:
        check_name(value.guard)


def _effect_faults(effect: Effect, metric: str) -> Iterable[tuple[str, str]]:
    check_name(effect.over)
    try:
        difference_name(metric, effect.over)
    except ChapterError:
        last = metric.rpartition(".")[2]
        yield f"its effect over {effect.over} is one of another metric", f"name a metric that ends in .{last}"
    if effect.size is not None and effect.gain is not None:
        yield f"its effect over {effect.over} has a size and a gain", "keep one of the two"
    if effect.size is not None and not 0 < effect.size < 1:
        yield (
            f"its effect over {effect.over} has the size {effect.size}",
            "write it in the metric's units, or as gain: in percent",
        )
    if effect.base is not None and (effect.gain is None or not 0 < effect.base < 1):
        yield f"its effect over {effect.over} has the base {effect.base}", "write a base between 0 and 1 beside a gain"
    if effect.significant != (effect.guard is None):
        yield (
            f"its effect over {effect.over} has significant: {str(effect.significant).lower()}, guard: {effect.guard}",
            "write guard: beside significant: false, and only there",
        )
    if effect.gain is not None and effect.gain <= 0:
        yield (
            f"its effect over {effect.over} has the gain {effect.gain}",
            "turn the comparison round, so that it is positive",
        )


@dataclass(frozen=True)
class Claims:
    """All claims, in the file's order, and the questions that they answer."""

    claims: tuple[Claim, ...]
    questions: Mapping[str, str]

    def __iter__(self) -> Any:
        return iter(self.claims)

    def __len__(self) -> int:
        return len(self.claims)


def read_claims(file: Path | str) -> Claims:
    """Read ``claims.yml``.

    Parameters
    ----------
    file : path-like

    Raises
    ------
    ChapterError
        If it is missing, is no YAML, repeats an id, or has an entry that is not well formed.

    Examples
    --------
    >>> import tempfile
    >>> entry = "id: a, paper: song2026, statement: s, where: abstract, mark: P, chapter: 10_cnn, metric: cnn.intra.f1"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "claims.yml"
    ...     _ = path.write_text(f"claims: [{{{entry}, value: {{reported: 0.9, margin: 0.025}}}}]")
    ...     [claim.reported for claim in read_claims(path)]
    [0.9]
    """
    try:
        content = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
        questions = {str(key): str(text) for key, text in (content.get("questions") or {}).items()}
        claims = tuple(_claim(entry, questions) for entry in content.get("claims") or [])
    except ChapterError as problem:
        raise ChapterError(
            problem.problem, file=file, expected=problem.expected, found=problem.found, remedy=problem.remedy
        ) from problem
    except (OSError, yaml.YAMLError, TypeError, ValueError, KeyError, AttributeError) as problem:
        raise ChapterError(
            "the claims cannot be read",
            file=file,
            expected="YAML with questions: and claims:, as the documentation of ecglib.book.claims shows",
            found=f"{type(problem).__name__}: {problem}",
            remedy="correct the entry",
        ) from problem
    names = [claim.id for claim in claims]
    for name in names:
        if names.count(name) > 1:
            raise ChapterError(f"claim {name} stands there twice", file=file, remedy="give one of them another id")
    return Claims(claims, questions)


def _claim(entry: dict[str, Any], questions: Mapping[str, str]) -> Claim:
    name = f"claim {entry.get('id', '(without id)')}"
    known = [item.name for item in fields(Claim)]
    needed = ("id", "paper", "statement", "where", "mark", "chapter", "metric")
    for wrong, remedy in (
        (sorted(set(entry) - set(known)), f"write one of {', '.join(known)}"),
        ([key for key in needed if not entry.get(key)], "write every one of them"),
    ):
        if wrong:
            what = "has the unknown field" if wrong[0] in entry else "has no"
            raise ChapterError(f"{name} {what} {', '.join(map(str, wrong))}", remedy=remedy)
    if entry.get("question") and entry["question"] not in questions:
        raise ChapterError(
            f"{name}: there is no question {entry['question']}",
            expected=f"one of {', '.join(questions) or 'those under questions:'}",
            remedy="declare it under questions: at the top, or correct the name",
        )
    return Claim(
        **{
            **entry,
            "value": _part(Value, entry.get("value"), name, "value"),
            "effects": tuple(_part(Effect, effect, name, "effects") for effect in entry.get("effects") or ()),
            "requires": {str(key): int(count) for key, count in (entry.get("requires") or {}).items()},
            "expected": {scale: _expected(bounds) for scale, bounds in (entry.get("expected") or {}).items()},
            "why": entry.get("why") or "",
        }
    )


def _part(kind: type[Any], entry: Any, name: str, key: str) -> Any:
    """Make one part of a claim, and say which of its fields is missing or unknown."""
    if entry is None:
        return None
    known = {item.name for item in fields(kind)}
    needed = {Value: {"reported", "margin"}, Effect: {"over"}}[kind]
    if not isinstance(entry, dict) or not needed <= set(entry) <= known:
        raise ChapterError(
            f"{name}: {key} is {entry!r}",
            expected=f"{', '.join(sorted(needed))}, and none but {', '.join(sorted(known))}",
            remedy="correct it; the documentation of ecglib.book.claims shows an entry",
        )
    return kind(**entry)


def _expected(bounds: Mapping[str, Any]) -> Expected:
    ahead = {str(over): (float(low), float(high)) for over, (low, high) in (bounds.get("ahead") or {}).items()}
    return Expected(float(bounds["value"]), float(bounds["low"]), float(bounds["high"]), ahead)
