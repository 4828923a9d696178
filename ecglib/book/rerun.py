"""A run beside the published one: what held, what moved, what is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ecglib.book.claims import Claim, Expected, read_claims
from ecglib.book.headers import SCALES
from ecglib.book.judge import Runs, lacks_data
from ecglib.book.results import Metric, Results, read_folder

STATES = ("failed", "moved", "new", "held")
"""Outside its range for a reason that counts · outside without one · without anything to compare · inside."""


@dataclass(frozen=True)
class Comparison:
    """One claim's number in a run, beside the published one.

    Attributes
    ----------
    claim : Claim
    scale : str
        Of the run.
    ours : Metric
    published : Metric or None
        At the largest scale that has a range, where the run's own has none.
    expected : Expected or None
        The range that it is held against.
    state : str
        One of ``STATES``.
    what : str
        Which number lies where, for one that failed or moved.
    too_good : bool
        True where it failed on the good side.
    """

    claim: Claim
    scale: str
    ours: Metric
    published: Metric | None
    expected: Expected | None
    state: str
    what: str = ""
    too_good: bool = False


def compare(claims: Iterable[Claim], run: Mapping[str, Results], published: Runs) -> list[Comparison]:
    """Hold the numbers of a run against the ranges that ``claims.yml`` expects.

    A run whose scale has ranges fails outside them, on either side, and where a difference to a baseline that was told
    from it leaves its own range. A scale without ranges of its own, such as a first run at ``gpu``, fails only where
    its data are those of the published run and a value lies below both the range and the interval published.

    Parameters
    ----------
    claims : iterable of Claim
    run : mapping of str to Results
        By chapter, of one scale.
    published : mapping of scale to mapping of chapter to Results

    Returns
    -------
    list of Comparison
        Of the claims that the run measured on real data.
    """
    lookup = {name: metric for results in run.values() for name, metric in results.metrics.items()}
    found = []
    for claim in claims:
        own = run.get(claim.chapter)
        if own is not None and claim.metric in own.metrics and not claim.out_of_scope and not lacks_data(claim, own):
            found.append(_compare(claim, own, lookup | own.metrics, published))
    return found


def summary(root: Path | str, scale: str) -> str:
    """Give one Markdown table of a run below ``_build/<scale>``: what failed, moved, is new, held.

    Parameters
    ----------
    root : path-like
        The book's folder.
    scale : str

    Raises
    ------
    ChapterError
        If claims or results can't be read.
    """
    root = Path(root)
    published = {name: read_folder(root / "results" / name) for name in SCALES}
    run = read_folder(root / "_build" / scale / "results")
    found = compare(read_claims(root / "claims.yml"), run, published)
    found.sort(key=lambda entry: STATES.index(entry.state))
    counts = ", ".join(f"{sum(entry.state == state for entry in found)} {state}" for state in STATES)
    rows = [
        f"| **{entry.state}** | {entry.claim.id} | `{entry.claim.metric}` | {entry.ours} | {entry.published or '–'} "
        f"| {_range(entry.expected)} |"
        for entry in found
    ]
    head = ["| | claim | metric | this run | published | expected |", "|---|---|---|---|---|---|"]
    return "\n".join(
        [
            f"## The {scale} run beside the published numbers",
            "",
            f"{len(found)} numbers of claims: {counts}.",
            "",
            *head,
            *rows,
            "",
        ]
    )


def _compare(claim: Claim, own: Results, lookup: Mapping[str, Metric], published: Runs) -> Comparison:
    ours = own.metrics[claim.metric]
    if own.scale in claim.expected:
        expected = claim.expected[own.scale]
        before = published.get(own.scale, {}).get(claim.chapter)
        shown = before.metrics.get(claim.metric) if before else None
        known = {
            name: metric
            for results in published.get(own.scale, {}).values()
            for name, metric in results.metrics.items()
        }
        what, too_good = _outside(claim, expected, ours, {**known, **lookup})
        return Comparison(claim, own.scale, ours, shown, expected, "failed" if what else "held", what, too_good)
    for scale in reversed(SCALES):
        before = published.get(scale, {}).get(claim.chapter)
        if before is not None and scale in claim.expected and claim.metric in before.metrics:
            return _beside(claim, own, before, claim.expected[scale])
    return Comparison(claim, own.scale, ours, None, None, "new")


def _outside(claim: Claim, expected: Expected, ours: Metric, lookup: Mapping[str, Metric]) -> tuple[str, bool]:
    """Say which number lies outside the ranges of its own scale, and whether on the good side."""
    absent = [over for over in expected.ahead if over not in lookup]
    if absent:
        return f"no chapter recorded {absent[0]}, from which {claim.metric} was told", False
    numbers = [(claim.metric, ours.value, expected.low, expected.high)]
    numbers += [
        (f"{claim.metric} minus {over}", ours.value - lookup[over].value, *ends)
        for over, ends in expected.ahead.items()
    ]
    for name, value, low, high in numbers:
        if not low <= value <= high:
            side = "above" if value > high else "below"
            what = f"{name} is {value:.6g}, {side} the expected {low:g} to {high:g}"
            return what, value > high
    return "", False


def _beside(claim: Claim, own: Results, before: Results, expected: Expected) -> Comparison:
    """Hold a number against the range and the interval of another scale."""
    ours, published = own.metrics[claim.metric], before.metrics[claim.metric]
    if expected.low <= ours.value <= expected.high:
        return Comparison(claim, own.scale, ours, published, expected, "held")
    side = "below" if ours.value < expected.low else "above"
    what = (
        f"{claim.metric} is {ours.value:.6g}, {side} the {expected.low:g} to {expected.high:g} of scale {before.scale}"
    )
    least = expected.low if published.low is None else min(expected.low, published.low)
    if ours.value < least and _digests(own) == _digests(before):
        what = f"{what}, and below {least:.6g}, where its interval begins, on the same data"
        return Comparison(claim, own.scale, ours, published, expected, "failed", what)
    return Comparison(claim, own.scale, ours, published, expected, "moved", what)


def _digests(results: Results) -> dict[str, str]:
    return {key: str(entry.get("sha256")) for key, entry in results.provenance.get("data", {}).items()}


def _range(expected: Expected | None) -> str:
    return "–" if expected is None else f"{expected.low:g} to {expected.high:g}"
