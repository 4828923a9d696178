"""The arithmetic of the papers: each reported number that follows from others is computed and compared.

The numbers and formulas stand in ``arithmetic.yml``, whose first lines explain the form.
"""

from __future__ import annotations

import ast
import itertools
import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from html import escape
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from ecglib.book.claims import MARKS, PAPERS
from ecglib.errors import ChapterError

Agreement = Literal["agrees", "agrees within rounding", "doesn't follow"]

_OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_NAME = re.compile(r"[A-Za-z_]\w*")
_COMPUTED = re.compile(r"\{([^{}:]+):([^{}]+)\}")
_FILE = "arithmetic.yml"


@dataclass(frozen=True)
class Reported:
    """A number as a text prints it.

    Attributes
    ----------
    what, printed, unit, where : str
        ``printed`` keeps its digits; ``7e5`` is known to a hundred thousand.
    mark : {"P", "S", "T", "I"}
    within : float
        How far the true value can be from the printed one.
    """

    what: str
    printed: str
    where: str
    mark: str
    within: float
    unit: str = ""

    @property
    def value(self) -> float:
        """The number itself."""
        return float(self.printed)

    @property
    def decimals(self) -> int:
        """How many digits are printed behind the point."""
        return max(0, -int(Decimal(self.printed).as_tuple().exponent))

    @property
    def digits(self) -> str:
        """The number as a reader wants to see it, without its unit."""
        return f"{self.value:,.{self.decimals}f}"

    def __str__(self) -> str:
        return f"{self.digits} {self.unit}".rstrip()


@dataclass(frozen=True)
class Check:
    """A reported number beside the one that follows from others, and the range that rounding allows.

    Attributes
    ----------
    paper : str
    reported : Reported
    formula : str
        With the numbers put in.
    inputs : tuple of Reported
        In the order of the formula.
    value, low, high : float
    limit : bool
        The formula gives the most that the number can be.
    agreement : {"agrees", "agrees within rounding", "doesn't follow"}
    means : str
        One or two sentences for the reader.
    """

    paper: str
    reported: Reported
    formula: str
    inputs: tuple[Reported, ...]
    value: float
    low: float
    high: float
    limit: bool
    agreement: Agreement
    means: str


def evaluate(formula: str, numbers: Mapping[str, float]) -> float:
    """Compute a formula of named numbers, plain numbers, ``+ - * /`` and parentheses; nothing else is run.

    Raises
    ------
    ChapterError
        If it names an unknown number, is not such a formula, or divides by zero.

    Examples
    --------
    >>> evaluate("100 * (new - old) / old", {"new": 77.0, "old": 70.0})
    10.0
    """
    try:
        return _value(ast.parse(formula.strip(), mode="eval").body, numbers)
    except (SyntaxError, TypeError, ZeroDivisionError) as problem:
        raise ChapterError(
            f"the formula '{formula}' cannot be computed",
            file=_FILE,
            expected="names of numbers, plain numbers, + - * / and parentheses, and no division by zero",
            found=str(problem),
            remedy="correct the formula",
        ) from problem


def _value(node: ast.expr, numbers: Mapping[str, float]) -> float:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_value(node.left, numbers), _value(node.right, numbers))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, numbers)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return float(node.value)
    if isinstance(node, ast.Name):
        if node.id not in numbers:
            raise ChapterError(
                f"no number is called '{node.id}'",
                file=_FILE,
                expected=f"one of {', '.join(numbers)}",
                remedy="correct the name, or add the number",
            )
        return numbers[node.id]
    raise TypeError(f"{type(node).__name__} is no arithmetic")


def read_checks(file: Path | str) -> list[Check]:
    """Read ``arithmetic.yml`` and compute each row.

    Raises
    ------
    ChapterError
        If it is missing or no YAML, a number lacks its mark or its place, or a formula can't be computed.
    """
    try:
        entries = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
        numbers = {name: _reported(name, entry) for name, entry in entries["numbers"].items()}
        return [_check(row, numbers) for row in entries["rows"]]
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ChapterError(
            "the arithmetic of the papers cannot be read",
            file=file,
            expected="numbers and rows, as its first lines explain",
            found=f"{type(problem).__name__}: {problem}",
            remedy="correct the file",
        ) from problem


def _reported(name: str, entry: Mapping[str, Any]) -> Reported:
    rules = {
        f"a mark, one of {', '.join(MARKS)}": entry.get("mark") in MARKS,
        "is and where, each with a few words": all(entry.get(key) for key in ("is", "where")),
        "a value in quotes, so that its digits are kept": _is_number(entry.get("value")),
        "a within of 0 or more": float(entry.get("within", 0)) >= 0,
        "no field but is, value, unit, where, mark, within": set(entry) <= _FIELDS,
    }
    for rule, kept in rules.items():
        if not kept:
            raise ChapterError(
                f"the number '{name}' is not well formed", file=_FILE, expected=rule, remedy="correct the entry"
            )
    half_a_unit = Decimal(1).scaleb(int(Decimal(entry["value"]).as_tuple().exponent)) / 2
    within = float(entry.get("within", half_a_unit))
    return Reported(entry["is"], entry["value"], entry["where"], entry["mark"], within, entry.get("unit", ""))


_FIELDS = {"is", "value", "unit", "where", "mark", "within"}


def _is_number(value: object) -> bool:
    try:
        return isinstance(value, str) and Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _check(row: Mapping[str, Any], numbers: Mapping[str, Reported]) -> Check:
    values = {name: number.value for name, number in numbers.items()}
    if row["paper"] not in PAPERS:
        raise ValueError(f"the paper {row['paper']} is none of {', '.join(PAPERS)}")
    evaluate(row["reported"], values)
    reported, formula, limit = numbers[row["reported"]], row["formula"], bool(row.get("limit", False))
    value = evaluate(formula, values)
    used = list(dict.fromkeys(_NAME.findall(formula)))
    ends = [(values[name] - numbers[name].within, values[name] + numbers[name].within) for name in used]
    corners = [evaluate(formula, dict(zip(used, corner, strict=True))) for corner in itertools.product(*ends)]
    low, high = min(corners), max(corners)
    shown = _NAME.sub(lambda name: numbers[name[0]].digits, formula).replace("*", "×").replace("-", "−")
    return Check(
        row["paper"],
        reported,
        shown,
        tuple(numbers[name] for name in used),
        value,
        low,
        high,
        limit,
        agreement(reported, value, low, high, limit=limit),
        _COMPUTED.sub(lambda found: format(evaluate(found[1], values), found[2]), row["means"]),
    )


def agreement(reported: Reported, value: float, low: float, high: float, *, limit: bool = False) -> Agreement:
    """Say whether a computed number is the reported one: by itself, only with the rounding of the inputs, or not.

    Parameters
    ----------
    reported : Reported
    value, low, high : float
        What was computed, and its range.
    limit : bool
        What was computed is the most that the reported number can be.

    Examples
    --------
    >>> ninety_three = Reported("share", "93", "abstract", "P", 0.5, "%")
    >>> agreement(ninety_three, 93.7, 93.1, 94.3)
    'agrees within rounding'
    """
    tiny = 1e-9 * max(1.0, abs(value))  # 0.0005 and its like have no exact binary form
    least, most = reported.value - reported.within - tiny, reported.value + reported.within + tiny
    if least <= value and (limit or value <= most):
        return "agrees"
    if least <= high and (limit or low <= most):
        return "agrees within rounding"
    return "doesn't follow"


def arithmetic_page(checks: Sequence[Check], titles: Mapping[str, str]) -> str:
    """Give the page, in MyST Markdown.

    Parameters
    ----------
    checks : sequence of Check
    titles : mapping of str to str
        A heading for each paper.
    """
    found = [check.agreement for check in checks]
    agree, nearly, fail = (found.count(word) for word in get_args(Agreement))
    parts = [
        "# The arithmetic of the papers\n",
        "Before you run anything, check whether a paper's numbers fit each other. It takes a pocket calculator, and it "
        "finds a number copied from the wrong table, a percentage of something else, or an average that isn't the one "
        "you thought of. Here is every reported number "
        "that we could compare with others; some rows only try out where a number may come from.\n",
        "Printed numbers are rounded: 61.0 stands for anything from 60.95 to 61.05. So a computed number has a "
        "**range**: the smallest and the largest result that the rounding of its inputs allows. What was read off a "
        "plot may be 0.002 off, and a count is exact. Then the verdict follows:\n",
        "- **agrees**: what we compute rounds to what is reported;\n"
        "- **agrees within rounding**: only with inputs that are a little above or below what is printed;\n"
        "- **doesn't follow**: rounding can't explain it. Either the number comes from other inputs than these, or one "
        "of them is wrong. That is a question for the authors, not proof of an error.\n",
        f"Comparisons: {len(checks)}. Agree: {agree}; agree within rounding: {nearly}; don't follow: {fail}. "
        "The letter in parentheses says where a number comes from: "
        + ", ".join(f"**{mark}** {meaning}" for mark, meaning in MARKS.items())
        + ".\n",
    ]
    for paper in PAPERS:
        chosen = [check for check in checks if check.paper == paper]
        if chosen:
            parts += [f"## {titles[paper]}\n", _table(chosen, titles[paper]) + "\n"]
    return "\n".join(parts)


def _table(checks: Sequence[Check], label: str) -> str:
    """Lay out one line of HTML: a table where the page is wide, a card for each row where it is narrow."""
    head = ("Reported", "Follows from", "Computed", "Verdict, and what it means")
    rows = []
    for check in checks:
        decimals = check.reported.decimals + (check.value < 1000)
        at_most = "at most " if check.limit else ""
        value, low, high = (f"{number:,.{decimals}f}" for number in (check.value, check.low, check.high))
        cells = (
            f"<strong>{escape(str(check.reported))}</strong>: {_words(check.reported)}, {escape(check.reported.where)}",
            f"<code>{escape(check.formula)}</code><br><small>"
            + "; ".join(f"{escape(str(number))}: {_words(number)}" for number in check.inputs)
            + "</small>",
            f"{at_most}<strong>{f'{value} {check.reported.unit}'.rstrip()}</strong>"
            + (f"<br><small>{low} to {high}</small>" if check.low < check.high else ""),
            f"<strong>{escape(check.agreement)}</strong>. {escape(check.means)}",
        )
        rows.append("".join(f'<td data-label="{name}">{cell}</td>' for name, cell in zip(head, cells, strict=True)))
    first = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f'<table class="table ecg-cards" aria-label="{escape(label)}"><thead><tr>{first}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _words(number: Reported) -> str:
    title = f"{MARKS[number.mark]}: {number.where}"
    return f'{escape(number.what)} (<abbr title="{escape(title)}">{number.mark}</abbr>)'
