"""The papers' claims, and the verdict on each, computed from what the chapters measured.

An entry of ``claims.yml``::

    - id: song2026-cnn-lstm-f1
      paper: song2026
      statement: CNN-LSTM is the best single model, with an F1 of 0.951.
      where: abstract
      mark: P                           # P the authors · S a summary · T a third party · I arithmetic or inference
      kind: absolute                    # absolute · relative_gain · ordering
      value: 0.951
      chapter: 11_cnn_lstm
      metric: cnn_lstm.intra.macro_f1
      baseline: cnn.intra.macro_f1      # absolute: a metric, or a number, that the claim has to be told from
      requires: {mitbih: 48}
      expected: {cpu: {value: 0.947, low: 0.938, high: 0.956}}    # written by `ecgbook expect`
      why: One sentence on the difference.

``relative_gain`` has ``versus: <metric>`` and a ``value`` in percent; ``ordering`` has ``versus: [<metric>, …]`` and no
``value``. Both are judged by paired differences, which the claim's chapter records with ``chapter.record_difference``.
``sense`` says which way an absolute claim points, where it is not the usual ``at least``: ``at most`` for a number that
the paper gives as worse than the baseline, ``below`` for a ceiling, which needs no baseline.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml

from ecglib.book.headers import SCALES
from ecglib.book.results import Metric, Results, check_name, difference_name, write_text
from ecglib.errors import ChapterError

Verdict = Literal["reproduced", "direction holds", "inconclusive", "not reproduced", "not testable here"]

PAPERS = ("song2026", "jeong2024", "rizqyawan2026")
"""Keys of the three papers; jeong2024 covers its predecessor."""

MARKS: Mapping[str, str] = MappingProxyType(
    {
        "P": "the authors' own words or figures",
        "S": "somebody's summary",
        "T": "a third party's one line",
        "I": "arithmetic or inference",
    }
)
"""How surely a claim is known to be the paper's."""

SIGNIFICANCE = 0.05
"""Holm-corrected p-values below this count."""

RERUN_LEVEL = 0.99
"""Share of honest reruns that stay within ``expected``."""

RERUN_FLOOR = 1e-3
"""Least relative distance between a value and the ends of ``expected``: other processors round otherwise."""

_KINDS = ("absolute", "relative_gain", "ordering")
_SENSES = ("at least", "at most", "below")


@dataclass(frozen=True)
class Expected:
    """Range in which a rerun of the same chapter at the same scale has to fall."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Claim:
    """One number, or one order, that a paper reports, and how the book checks it.

    Attributes
    ----------
    id, paper, statement, where : str
    mark : {"P", "S", "T", "I"}
    kind : {"absolute", "relative_gain", "ordering"}
    value : float or None
        In the metric's unit; percent for a relative gain; None for an ordering.
    chapter, metric : str
        Where it is measured, and under which name.
    versus : tuple of str
        The metrics that it is compared with.
    baseline : str, float or None
        For an absolute claim: a metric or a number that it has to be told from.
    sense : {"at least", "at most", "below"}
    requires : mapping of str to int
        Records of each database without which the claim can't be tested.
    expected : mapping of str to Expected
        By scale.
    why : str
        One sentence on the difference.

    Raises
    ------
    ChapterError
        If the fields contradict each other.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """

    id: str
    paper: str
    statement: str
    where: str
    mark: str
    kind: str
    chapter: str
    metric: str
    value: float | None = None
    versus: tuple[str, ...] = ()
    baseline: str | float | None = None
    sense: str = "at least"
    requires: Mapping[str, int] = field(default_factory=dict)
    expected: Mapping[str, Expected] = field(default_factory=dict)
    why: str = ""

    def __post_init__(self) -> None:
        absolute, ordering = self.kind == "absolute", self.kind == "ordering"
        rules = {
            f"paper is one of {', '.join(PAPERS)}": self.paper in PAPERS,
            f"mark is one of {', '.join(MARKS)}": self.mark in MARKS,
            f"kind is one of {', '.join(_KINDS)}": self.kind in _KINDS,
            f"sense is one of {', '.join(_SENSES)}": self.sense in _SENSES,
            "only an absolute claim has a sense or a baseline": absolute
            or (self.sense == "at least" and self.baseline is None),
            "an absolute claim has a baseline, unless it is a ceiling": not absolute
            or (self.baseline is None) == (self.sense == "below"),
            "an ordering has no value, the other kinds have one": (self.value is None) == ordering,
            "a relative gain has one metric in versus, an ordering at least one, an absolute claim none": {
                "absolute": not self.versus,
                "relative_gain": len(self.versus) == 1,
                "ordering": bool(self.versus),
            }.get(self.kind, True),
            "expected is given by scale": set(self.expected) <= set(SCALES),
            "expected holds its own value": all(e.low <= e.value <= e.high for e in self.expected.values()),
        }
        broken = [rule for rule, kept in rules.items() if not kept]
        if broken:
            raise ChapterError(
                f"claim {self.id} is not well formed",
                expected="; ".join(broken),
                remedy="correct the entry; the documentation of ecglib.book.claims shows one",
            )
        for name in (self.metric, *self.versus, *([self.baseline] if isinstance(self.baseline, str) else [])):
            check_name(name)
        for name in self.versus:
            difference_name(self.metric, name)

    @property
    def differences(self) -> tuple[str, ...]:
        """Names of the paired differences by which it is judged."""
        return tuple(difference_name(self.metric, other) for other in self.versus)


@dataclass(frozen=True)
class Judgement:
    """A claim with its verdict.

    Attributes
    ----------
    claim : Claim
    verdict : str
        One of the five.
    reason : str
        What the verdict follows from, in one clause.
    ours : tuple of Metric
        The metric; for a relative gain the gain in percent; for an ordering one difference for each of ``versus``.
    scale : str
        Of the run that was judged.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """

    claim: Claim
    verdict: Verdict
    reason: str
    ours: tuple[Metric, ...]
    scale: str


def read_claims(file: Path | str) -> list[Claim]:
    """Read ``claims.yml``.

    Parameters
    ----------
    file : path-like

    Returns
    -------
    list of Claim
        In the file's order.

    Raises
    ------
    ChapterError
        If it is missing, is no YAML, repeats an id, or has an entry that is not well formed.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> import tempfile
    >>> entry = "id: a, paper: song2026, statement: s, where: abstract, mark: P, kind: absolute, value: 0.9"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "claims.yml"
    ...     _ = path.write_text(f"- {{{entry}, chapter: 10_cnn, metric: cnn.intra.accuracy, baseline: 0.8}}")
    ...     read_claims(path)[0].value
    0.9
    """
    try:
        entries = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
        claims = [_claim(entry) for entry in entries]
    except (OSError, yaml.YAMLError, TypeError, ValueError, KeyError, AttributeError) as problem:
        raise ChapterError(
            "the claims cannot be read",
            file=file,
            expected="a list of entries, each with the fields that the documentation of ecglib.book.claims names",
            found=f"{type(problem).__name__}: {problem}",
            remedy="correct the file",
        ) from problem
    ids = [claim.id for claim in claims]
    repeated = sorted({name for name in ids if ids.count(name) > 1})
    if repeated:
        raise ChapterError(
            "claims share an id",
            file=file,
            expected="each id once",
            found=", ".join(repeated),
            remedy="give each its own",
        )
    return claims


def judge(claim: Claim, results: Mapping[str, Results], scale: str) -> Judgement:
    """Compute the verdict on one claim.

    Parameters
    ----------
    claim : Claim
    results : mapping of str to Results
        By chapter, all of this scale. Metrics of other chapters serve as ``baseline`` and ``versus``.
    scale : str

    Returns
    -------
    Judgement
        - ``reproduced``: the interval reaches the paper's value or passes it, and lies beyond the baseline's value;
          for an ordering, every difference is positive with a corrected p-value below 0.05.
        - ``direction holds``: the interval lies beyond the baseline's value but does not reach the paper's; for an
          ordering, every difference is positive and some, not all, are significant.
        - ``inconclusive``: the interval holds both the paper's value and the baseline's, or all that lies between;
          for an ordering, no difference is significant, or one points the other way without being so.
        - ``not reproduced``: the interval does not reach the paper's value and does not lie beyond the baseline's, or
          lies wholly on its wrong side; for an ordering, a difference is significant the other way.
        - ``not testable here``: results, data, or the interval are missing, or the data are synthetic.

        The baseline of a relative gain is a gain of 0 %. A ceiling (``sense: below``) is reproduced where the whole
        interval lies below it, not reproduced where it lies wholly at or above it, and inconclusive between.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> claim = Claim("a", "song2026", "s", "abstract", "P", "absolute", "10_cnn", "cnn.intra.macro_f1", 0.95,
    ...               baseline=0.2)
    >>> measured = Results("10_cnn", "cpu", {"data": {}}, {"cnn.intra.macro_f1": Metric(0.94, 0.93, 0.955)})
    >>> judge(claim, {"10_cnn": measured}, "cpu").verdict
    'reproduced'
    """
    own = results.get(claim.chapter)
    if own is None:
        return _not_testable(claim, scale, f"chapter {claim.chapter} has no results at scale {scale}")
    ours = (own.metrics[claim.metric],) if claim.metric in own.metrics else ()
    missing = _missing(claim, own)
    if missing:
        return _not_testable(claim, scale, missing, ours)
    if claim.kind == "ordering":
        return _judge_ordering(claim, own, scale)
    lookup = {name: metric for result in results.values() for name, metric in result.metrics.items()} | own.metrics
    if claim.kind == "relative_gain":
        return _judge_gain(claim, own, lookup, scale)
    return _judge_absolute(claim, own.metrics[claim.metric], lookup, scale)


def expected_range(metric: Metric, baseline: float | None = None) -> Expected:
    """Give the range in which a rerun with other seeds, or on another machine, has to fall.

    Parameters
    ----------
    metric : Metric
        As measured. A value that no seed changes may move by ``RERUN_FLOOR`` of itself.
    baseline : float, optional
        The range never reaches it, so that a model that collapses onto its baseline is caught however wide the
        seeds spread.

    Returns
    -------
    Expected
        With k seeds of standard deviation s: the mean plus and minus ``t · s · √(2/k)``, where t is the two-sided
        99 % point of Student's t with k − 1 degrees of freedom. This is the prediction interval for the mean of k
        new seeds. The bootstrap interval has no part in it: it says how another *test set* would differ, and a rerun
        has the same one.

    Raises
    ------
    ChapterError
        If there are one or two seeds: their spread says nothing.

    Notes
    -----
    Source: Student's prediction interval, as in Hahn and Meeker (1991), section 4.8. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> expected_range(Metric(0.95, by_seed=(0.948, 0.950, 0.952)))
    Expected(value=0.95, low=0.93379, high=0.96621)
    """
    seeds = len(metric.by_seed)
    if seeds in (1, 2):
        raise ChapterError(
            "the range of reruns cannot be computed",
            expected="at least three seeds, or a number that no seed changes",
            found=str(seeds),
            remedy="run the chapter at a scale that has three seeds",
        )
    half = RERUN_FLOOR * abs(metric.value)
    if seeds:
        from scipy.stats import t

        quantile = float(t.ppf((1 + RERUN_LEVEL) / 2, seeds - 1))
        half = max(half, quantile * statistics.stdev(metric.by_seed) * math.sqrt(2 / seeds))
    low, high = metric.value - half, metric.value + half
    if baseline is not None and baseline < metric.value:
        low = max(low, baseline)
    elif baseline is not None and baseline > metric.value:
        high = min(high, baseline)
    digits = max(4, 3 - math.floor(math.log10(half))) if half > 0 else 4
    step = 10.0**-digits
    return Expected(
        round(metric.value, digits + 2),
        round(math.floor(low / step + 1e-6) * step, digits),
        round(math.ceil(high / step - 1e-6) * step, digits),
    )


def expected_ranges(
    claims: Iterable[Claim], results: Mapping[str, Results], chapters: Iterable[str] | None = None
) -> dict[str, Expected]:
    """Compute the range of reruns for every claim whose metric was measured on real data.

    Parameters
    ----------
    claims : iterable of Claim
    results : mapping of str to Results
        Of one scale, by chapter.
    chapters : iterable of str, optional
        Only claims of these chapters.

    Returns
    -------
    dict of str to Expected
        By the claim's id.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """
    lookup = {name: metric for result in results.values() for name, metric in result.metrics.items()}
    chosen = set(results if chapters is None else chapters)
    ranges = {}
    for claim in claims:
        own = results.get(claim.chapter)
        if own is not None and claim.chapter in chosen and claim.metric in own.metrics and not _missing(claim, own):
            ranges[claim.id] = expected_range(own.metrics[claim.metric], _baseline(claim, lookup))
    return ranges


def write_expected(file: Path | str, scale: str, ranges: Mapping[str, Expected]) -> list[str]:
    """Write ranges of reruns into ``claims.yml``; comments and everything else stay as they are.

    Parameters
    ----------
    file : path-like
    scale : str
        Ranges of other scales are kept.
    ranges : mapping of str to Expected
        By the claim's id.

    Returns
    -------
    list of str
        The claims whose entry changed.

    Raises
    ------
    ChapterError
        If a claim is not in the file, or the result would not read back.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.
    """
    file = Path(file)
    before = {claim.id: claim for claim in read_claims(file)}
    unknown = sorted(set(ranges) - set(before))
    if unknown:
        raise ChapterError("there is no such claim", file=file, found=", ".join(unknown), remedy="correct the id")
    changed = [name for name, new in ranges.items() if before[name].expected.get(scale) != new]
    blocks = re.split(r"(?m)^(?=- )", file.read_text(encoding="utf-8"))
    for k, block in enumerate(blocks):
        entries = yaml.safe_load(block) if block.startswith("- ") else None
        name = entries[0]["id"] if entries else None
        if name in changed:
            both = {**before[name].expected, scale: ranges[name]}
            parts = (
                f"{key}: {{value: {both[key].value}, low: {both[key].low}, high: {both[key].high}}}"
                for key in SCALES
                if key in both
            )
            line = f"  expected: {{{', '.join(parts)}}}\n"
            bare = re.sub(r"(?m)^  expected:.*\n?(?:^   .*\n?)*", "", block).rstrip("\n") + "\n"
            # What follows the entry, comments on the next ones and blank lines, isn't part of it.
            following = re.search(r"(?m)^  why:|(?:^(?:#.*)?\n)*\Z", bare)
            end = following.start() if following else len(bare)
            blank = block[len(block.rstrip("\n")) + 1 :]
            blocks[k] = bare[:end] + line + bare[end:] + blank
    text = "".join(blocks)
    try:
        written = {claim.id: claim.expected.get(scale) for claim in (_claim(entry) for entry in yaml.safe_load(text))}
    except yaml.YAMLError:
        written = {}
    if any(written.get(name) != new for name, new in ranges.items()):
        raise ChapterError(
            "the ranges cannot be written",
            file=file,
            expected="entries that begin with '- id:' at the start of a line",
            remedy="write the file in the form that the documentation of ecglib.book.claims shows",
        )
    write_text(file, text)
    return changed


def _claim(entry: dict[str, Any]) -> Claim:
    known = {item.name for item in fields(Claim)}
    unknown = sorted(set(entry) - known)
    if unknown:
        raise ValueError(f"claim {entry.get('id')}: unknown field {', '.join(unknown)}")
    versus = entry.get("versus") or ()
    values = {
        **entry,
        "versus": (versus,) if isinstance(versus, str) else tuple(versus),
        "requires": {str(key): int(count) for key, count in (entry.get("requires") or {}).items()},
        "expected": {key: Expected(**bounds) for key, bounds in (entry.get("expected") or {}).items()},
        "why": entry.get("why") or "",
    }
    return Claim(**values)


def _not_testable(claim: Claim, scale: str, reason: str, ours: tuple[Metric, ...] = ()) -> Judgement:
    return Judgement(claim, "not testable here", reason, ours, scale)


def _missing(claim: Claim, own: Results) -> str:
    """Say what a run lacks to test a claim; empty where nothing does."""
    data = own.provenance.get("data", {})
    synthetic = [key for key, entry in data.items() if entry.get("synthetic")]
    if own.scale == "smoke" or synthetic:
        return "needs real data: this ran on synthetic twins"
    lacking = []
    for key, needed in claim.requires.items():
        here = int(data.get(key, {}).get("records", 0))
        if here < needed:
            lacking.append(f"{needed:,} records of {key}, of which this ran on {here:,}")
    if lacking:
        return f"needs {' and '.join(lacking)}"
    if claim.metric not in own.metrics:
        return f"chapter {claim.chapter} did not record {claim.metric}"
    return ""


def _baseline(claim: Claim, lookup: Mapping[str, Metric]) -> float | None:
    if isinstance(claim.baseline, str):
        return lookup[claim.baseline].value if claim.baseline in lookup else None
    return claim.baseline


def _judge_absolute(claim: Claim, ours: Metric, lookup: Mapping[str, Metric], scale: str) -> Judgement:
    if ours.low is None or ours.high is None:
        return _not_testable(claim, scale, f"{claim.metric} has no interval", (ours,))
    assert claim.value is not None
    if claim.sense == "below":
        return Judgement(claim, *_beside_ceiling(ours.low, ours.high, claim.value), (ours,), scale)
    baseline = _baseline(claim, lookup)
    if baseline is None:
        return _not_testable(claim, scale, f"no chapter recorded the baseline {claim.baseline}", (ours,))
    sign = 1 if claim.sense == "at least" else -1
    verdict, reason = _place(ours.low, ours.high, claim.value, baseline, sign, f"{claim.value:g}", f"{baseline:.3f}")
    return Judgement(claim, verdict, reason, (ours,), scale)


def _judge_gain(claim: Claim, own: Results, lookup: Mapping[str, Metric], scale: str) -> Judgement:
    name, versus = claim.differences[0], claim.versus[0]
    if name not in own.metrics or versus not in lookup:
        lacking = name if name not in own.metrics else versus
        return _not_testable(claim, scale, f"chapter {claim.chapter} did not record {lacking}")
    difference, base = own.metrics[name], lookup[versus].value
    if difference.low is None or difference.high is None or base <= 0:
        return _not_testable(claim, scale, f"{name} has no interval, or {versus} is not positive")
    assert claim.value is not None
    scaled = (100 * difference.value / base, 100 * difference.low / base, 100 * difference.high / base)
    gain = Metric(*scaled, level=difference.level, method=difference.method, n=difference.n)
    verdict, reason = _place(scaled[1], scaled[2], claim.value, 0.0, 1, f"{claim.value:g} %", "0 %")
    return Judgement(claim, verdict, reason, (gain,), scale)


def _judge_ordering(claim: Claim, own: Results, scale: str) -> Judgement:
    from ecglib.evaluation.comparison import holm

    family = {name: metric.p_value for name, metric in own.metrics.items() if metric.p_value is not None}
    lacking = [name for name in claim.differences if name not in family]
    if lacking:
        return _not_testable(
            claim, scale, f"chapter {claim.chapter} did not record {', '.join(lacking)} with a p-value"
        )
    corrected = dict(zip(family, holm(list(family.values())), strict=True))
    ours = tuple(own.metrics[name] for name in claim.differences)
    significant = [bool(corrected[name] < SIGNIFICANCE) for name in claim.differences]
    positive = [metric.value > 0 for metric in ours]
    wrong = [other for other, up, sure in zip(claim.versus, positive, significant, strict=True) if sure and not up]
    if wrong:
        verdict, reason = "not reproduced", f"{' and '.join(wrong)} is significantly above {claim.metric}"
    elif not all(positive):
        other = claim.versus[positive.index(False)]
        verdict, reason = "inconclusive", f"{other} is not below, and the difference is not significant"
    elif all(significant):
        verdict, reason = "reproduced", "every difference is positive and significant after Holm's correction"
    elif any(significant):
        other = claim.versus[significant.index(False)]
        verdict, reason = "direction holds", f"every difference is positive, the one to {other} not significantly"
    else:
        verdict, reason = "inconclusive", "every difference is positive, none significantly"
    return Judgement(claim, verdict, reason, ours, scale)  # type: ignore[arg-type]


def _place(
    low: float, high: float, paper: float, baseline: float, sign: int, paper_text: str, baseline_text: str
) -> tuple[Verdict, str]:
    """Place an interval by the paper's value and the baseline's; ``sign`` -1 turns the axis round."""
    side = "above" if sign > 0 else "below"
    if sign < 0:
        low, high, paper, baseline = -high, -low, -paper, -baseline
    reaches, beyond, behind = high >= paper, low > baseline, high < baseline
    if reaches and beyond:
        return "reproduced", f"the interval reaches {paper_text} and lies {side} the baseline's {baseline_text}"
    if beyond:
        return (
            "direction holds",
            f"the interval lies {side} the baseline's {baseline_text} but does not reach {paper_text}",
        )
    if behind:
        return "not reproduced", f"the whole interval lies on the wrong side of the baseline's {baseline_text}"
    if reaches:
        return "inconclusive", f"the interval reaches {paper_text} and holds the baseline's {baseline_text} too"
    return "not reproduced", f"the interval holds the baseline's {baseline_text} and does not reach {paper_text}"


def _beside_ceiling(low: float, high: float, ceiling: float) -> tuple[Verdict, str]:
    if high < ceiling:
        return "reproduced", f"the whole interval lies below {ceiling:g}"
    if low >= ceiling:
        return "not reproduced", f"the whole interval lies at or above {ceiling:g}"
    return "inconclusive", f"the interval holds {ceiling:g}"
