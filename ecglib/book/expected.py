"""Where a rerun has to fall: ranges from the spread of seeds, written into ``claims.yml``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import yaml

from ecglib.book.claims import Claim, Expected, read_claims
from ecglib.book.headers import SCALES
from ecglib.book.judge import is_share, lacks_data, seed_differences
from ecglib.book.results import Metric, Results, write_text
from ecglib.errors import ChapterError

LEVEL = 0.99
"""Share of honest reruns that a range is made for."""

FLOOR = 1e-3
"""Least distance between a value and the ends of its range, relative to the value: other processors round otherwise."""

MOST_FREEDOM = 100.0
"""Degrees of freedom that a group of metrics may lend to one of them."""


class Spreads:
    """Standard deviations of metrics over seeds, each drawn towards those of its group.

    Three seeds say little about their own spread. Metrics with the same task and last name part (all macro F1 of
    ``intra``) spread alike, so the logarithm of a metric's variance is drawn towards the group's mean, by as much as
    the group is alike: the empirical Bayes estimate of Smyth, Stat. Appl. Genet. Mol. Biol. 3:3 (2004).

    Parameters
    ----------
    results : iterable of Results
        All chapters of one scale.
    """

    def __init__(self, results: Iterable[Results]) -> None:
        groups: dict[str, list[Metric]] = {}
        for chapter in results:
            for name, metric in chapter.metrics.items():
                if "_minus_" not in name:
                    groups.setdefault(_group(name), []).append(metric)
        self._priors = {group: _prior([m.by_seed for m in metrics]) for group, metrics in groups.items()}

    def of(self, name: str, by_seed: tuple[float, ...], trained: int = 1) -> tuple[float, float]:
        """Give standard deviation and degrees of freedom of a metric, or of the difference of two that were trained."""
        own, freedom = float(np.var(by_seed, ddof=1)), len(by_seed) - 1
        variance, lent = self._priors.get(_group(name), (0.0, 0.0))
        shrunk = (lent * trained * variance + freedom * own) / (lent + freedom)
        return math.sqrt(shrunk), freedom + lent

    def half_width(self, name: str, by_seed: tuple[float, ...], again: int, trained: int = 1) -> float:
        """Give half the 99 % prediction interval for the mean of ``again`` new seeds."""
        from scipy.stats import t

        deviation, freedom = self.of(name, by_seed, trained)
        quantile = float(t.ppf((1 + LEVEL) / 2, freedom))
        return quantile * deviation * math.sqrt(1 / len(by_seed) + 1 / again)


def expected_range(name: str, metric: Metric, spreads: Spreads, baselines: Mapping[str, Metric]) -> Expected:
    """Give the range in which a rerun with as many other seeds, or on another machine, has to fall.

    Parameters
    ----------
    name : str
        The metric's name: its group lends it a spread, and a share stays between 0 and 1.
    metric : Metric
        As measured. A value that no seed changes may move by ``FLOOR`` of itself.
    spreads : Spreads
    baselines : mapping of str to Metric
        What the metric is compared with. Where the range of the difference excludes 0, it is noted as ``ahead``: then
        a model that collapses onto that baseline is caught.

    Returns
    -------
    Expected
        The mean plus and minus t · s · √(1/n + 1/n): the prediction interval for the mean of n new seeds. The
        bootstrap interval has no part in it: it says how another test set would differ, and a rerun has the same one.

    Raises
    ------
    ChapterError
        If there are one or two seeds: their spread says nothing.
    """
    seeds = len(metric.by_seed)
    if seeds in (1, 2):
        raise ChapterError(
            f"the range of reruns of {name} cannot be computed",
            expected="at least three seeds, or a number that no seed changes",
            found=str(seeds),
            remedy="run the chapter at a scale that has three seeds",
        )
    half = max(FLOOR * abs(metric.value), spreads.half_width(name, metric.by_seed, seeds) if seeds else 0.0)
    low, high = metric.value - half, metric.value + half
    share = is_share(name) and 0 <= metric.value <= 1
    if share:
        low, high = max(low, 0.0), min(high, 1.0)
    ahead = {}
    for other, baseline in baselines.items():
        differences = seed_differences(metric, baseline)
        if len(differences) > 2:
            middle = sum(differences) / len(differences)
            trained = 2 if len(set(baseline.by_seed)) > 1 else 1
            around = spreads.half_width(name, differences, len(differences), trained)
            ends = (middle - around, middle + around)
            if ends[0] > 0 or ends[1] < 0:
                ahead[other] = (
                    _down(max(ends[0], -1.0) if share else ends[0]),
                    _up(min(ends[1], 1.0) if share else ends[1]),
                )
    return Expected(round(metric.value, 6), _down(low), _up(high), ahead)


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
    """
    lookup = {name: metric for result in results.values() for name, metric in result.metrics.items()}
    spreads, chosen = Spreads(results.values()), set(results if chapters is None else chapters)
    ranges = {}
    for claim in claims:
        own = results.get(claim.chapter)
        if own is None or claim.chapter not in chosen or claim.metric not in own.metrics:
            continue
        if claim.out_of_scope or lacks_data(claim, own):
            continue
        baselines = {name: lookup[name] for name in claim.comparators if name in lookup}
        ranges[claim.id] = expected_range(claim.metric, own.metrics[claim.metric], spreads, baselines)
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
    """
    file = Path(file)
    before = {claim.id: claim for claim in read_claims(file)}
    unknown = sorted(set(ranges) - set(before))
    if unknown:
        raise ChapterError("there is no such claim", file=file, found=", ".join(unknown), remedy="correct the id")
    changed = [name for name, new in ranges.items() if before[name].expected.get(scale) != new]
    blocks = re.split(r"(?m)^(?=- id:)", file.read_text(encoding="utf-8"))
    for k, block in enumerate(blocks):
        name = yaml.safe_load(block)[0]["id"] if block.startswith("- id:") else None
        if name in changed:
            both = {**before[name].expected, scale: ranges[name]}
            blocks[k] = _with_line(
                block, f"  expected: {{{', '.join(_text(both, key) for key in SCALES if key in both)}}}\n"
            )
    text = "".join(blocks)
    if not _reads_back(text, file, scale, ranges):
        raise ChapterError(
            "the ranges cannot be written",
            file=file,
            expected="entries that begin with '- id:' at the start of a line",
            remedy="write the file in the form that the documentation of ecglib.book.claims shows",
        )
    write_text(file, text)
    return changed


def _with_line(block: str, line: str) -> str:
    """Put the line ``expected`` into an entry, before ``why`` or at its end, in place of a former one."""
    bare = re.sub(r"(?m)^  expected:.*\n?(?:^   .*\n?)*", "", block).rstrip("\n") + "\n"
    # What follows the entry, comments on the next ones and blank lines, isn't part of it.
    following = re.search(r"(?m)^  why:|(?:^(?:#.*)?\n)*\Z", bare)
    end = following.start() if following else len(bare)
    return bare[:end] + line + bare[end:] + block[len(block.rstrip("\n")) + 1 :]


def _text(both: Mapping[str, Expected], scale: str) -> str:
    entry = both[scale]
    ahead = ", ".join(f"{over}: [{low}, {high}]" for over, (low, high) in entry.ahead.items())
    more = f", ahead: {{{ahead}}}" if ahead else ""
    return f"{scale}: {{value: {entry.value}, low: {entry.low}, high: {entry.high}{more}}}"


def _reads_back(text: str, file: Path, scale: str, ranges: Mapping[str, Expected]) -> bool:
    """Say whether a text, read as ``claims.yml``, holds these ranges."""
    scratch = file.with_name(f".{file.name}.check")
    write_text(scratch, text)
    try:
        written = {claim.id: claim.expected.get(scale) for claim in read_claims(scratch)}
    except ChapterError:
        return False
    finally:
        scratch.unlink()
    return all(written.get(name) == new for name, new in ranges.items())


def _group(name: str) -> str:
    """Metrics that spread alike: the same task and the same last part of the name."""
    _, task, kind = name.split(".")
    return f"{task}.{kind}"


def _prior(seeds: Iterable[tuple[float, ...]]) -> tuple[float, float]:
    """Give the variance that a group of metrics shares, and how many degrees of freedom it is worth."""
    from scipy.special import digamma, polygamma

    spread = [(float(np.var(values, ddof=1)), (len(values) - 1) / 2) for values in seeds if len(values) > 2]
    logs = np.array([math.log(variance) - digamma(k) + math.log(k) for variance, k in spread if variance > 0])
    if len(logs) < 2:
        return 0.0, 0.0
    chance = float(np.mean([polygamma(1, k) for variance, k in spread if variance > 0]))
    excess = float(np.var(logs, ddof=1)) - chance
    half = MOST_FREEDOM / 2 if excess <= polygamma(1, MOST_FREEDOM / 2) else _inverse_trigamma(excess)
    return float(np.exp(logs.mean() + digamma(half) - math.log(half))), 2 * half


def _inverse_trigamma(y: float) -> float:
    """Solve trigamma(x) = y by Newton's method on 1/trigamma, which is nearly linear."""
    from scipy.special import polygamma

    x = 0.5 + 1 / y
    for _ in range(50):
        value = float(polygamma(1, x))
        x += value * (1 - value / y) / float(polygamma(2, x))
    return x


def _down(value: float) -> float:
    return math.floor(value * 1e5 + 1e-6) / 1e5


def _up(value: float) -> float:
    return math.ceil(value * 1e5 - 1e-6) / 1e5
