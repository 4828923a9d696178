"""The arithmetic of the papers: what is computed, what rounding explains, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ecglib.book.arithmetic import Reported, agreement, arithmetic_page, evaluate, read_checks
from ecglib.book.claims import read_claims
from ecglib.book.pages import write_pages
from ecglib.errors import ChapterError

ROOT = Path(__file__).parents[2]
TITLES = {"song2026": "A paper"}


def book(folder, numbers=None, **row):
    """Write a file with one row: a gain of 10.0 % from 50.0 to 55.0."""
    entries = {
        "old": {"is": "old F1", "value": "50.0", "unit": "%", "where": "abstract", "mark": "P"},
        "new": {"is": "new F1", "value": "55.0", "unit": "%", "where": "a plot", "mark": "S", "within": 0.2},
        "gain": {"is": "gain", "value": "10", "unit": "%", "where": "abstract", "mark": "P"},
    }
    for name, fields in (numbers or {}).items():
        entries[name] |= fields
    plain = {
        "paper": "song2026",
        "reported": "gain",
        "formula": "100 * (new - old) / old",
        "means": "Points: {new - old:.1f}.",
    }
    file = folder / "arithmetic.yml"
    file.write_text(yaml.safe_dump({"numbers": entries, "rows": [plain | row]}), encoding="utf-8")
    return file


def test_a_row_is_computed_with_the_range_that_its_inputs_allow(tmp_path):
    (check,) = read_checks(book(tmp_path))
    assert (check.value, check.agreement) == (10, "agrees")
    assert check.low == pytest.approx(100 * (54.8 - 50.05) / 50.05)
    assert check.high == pytest.approx(100 * (55.2 - 49.95) / 49.95)
    assert check.formula == "100 × (55.0 − 50.0) / 50.0"
    assert [number.what for number in check.inputs] == ["new F1", "old F1"]
    assert check.means == "Points: 5.0."


@pytest.mark.parametrize(
    ("printed", "within"), [("61.0", 0.05), ("0.958", 0.0005), ("4", 0.5), ("7e5", 50_000), ("1.5e6", 50_000)]
)
def test_the_last_printed_digit_says_how_surely_a_number_is_known(tmp_path, printed, within):
    (check,) = read_checks(book(tmp_path, {"gain": {"value": printed}}))
    assert check.reported.within == pytest.approx(within)


@pytest.mark.parametrize(
    ("value", "low", "high", "limit", "word"),
    [
        (4.4, 4.4, 4.4, False, "agrees"),
        (4.5, 4.5, 4.5, False, "agrees"),
        (3.4, 2.9, 3.6, False, "agrees within rounding"),
        (4.7, 4.4, 5.0, False, "agrees within rounding"),
        (2.9, 2.4, 3.4, False, "doesn't follow"),
        (4.9, 4.6, 5.2, False, "doesn't follow"),
        (9.0, 8.9, 9.1, True, "agrees"),
        (3.4, 2.9, 3.6, True, "agrees within rounding"),
        (2.9, 2.4, 3.4, True, "doesn't follow"),
    ],
)
def test_the_verdict_follows_from_the_ranges(value, low, high, limit, word):
    assert agreement(Reported("lead", "4", "abstract", "P", 0.5), value, low, high, limit=limit) == word


@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os').getcwd()",
        "new ** 2",
        "new if old else 1",
        "'a' + 'b'",
        "True + 1",
        "new +",
        "new / (old - old)",
    ],
)
def test_only_arithmetic_is_computed(formula):
    with pytest.raises(ChapterError, match=re.escape(f"the formula '{formula}' cannot be computed")):
        evaluate(formula, {"new": 2.0, "old": 1.0})


def test_minus_and_parentheses():
    assert evaluate("-(new - 3) / 4", {"new": 1.0}) == 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"formula": "new - younger"}, "no number is called 'younger'; expected one of gain, new, old"),
        ({"reported": "loss"}, "no number is called 'loss'"),
        ({"means": "{younger:.1f}"}, "no number is called 'younger'"),
        ({"numbers": {"old": {"mark": None}}}, "'old' is not well formed; expected a mark, one of P, S, T, I"),
        ({"numbers": {"old": {"mark": "X"}}}, "expected a mark"),
        ({"numbers": {"old": {"where": ""}}}, "expected is and where"),
        ({"numbers": {"old": {"value": 50.0}}}, "expected a value in quotes"),
        ({"numbers": {"old": {"value": "fifty"}}}, "expected a value in quotes"),
        ({"numbers": {"old": {"within": -1}}}, "expected a within of 0 or more"),
        ({"numbers": {"old": {"witin": 1}}}, "expected no field but"),
        ({"paper": "nobody2026"}, "the paper nobody2026 is none of song2026"),
    ],
)
def test_bad_input_is_one_message(tmp_path, change, message):
    with pytest.raises(ChapterError, match=re.escape(message)) as told:
        read_checks(book(tmp_path, **change))
    assert "What to do" in str(told.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ChapterError, match=r"nothing\.yml: the arithmetic of the papers cannot be read"):
        read_checks(tmp_path / "nothing.yml")


def test_the_page_counts_and_cannot_be_broken_by_words(tmp_path):
    page = arithmetic_page(read_checks(book(tmp_path, means="<script> & {new - old:.2f}")), TITLES)
    assert "Comparisons: 1. Agree: 1; agree within rounding: 0; don't follow: 0." in page
    assert "## A paper" in page
    assert "<strong>agrees</strong>. &lt;script&gt; &amp; 5.00</td>" in page
    assert "<strong>10.0 %</strong><br><small>9.5 to 10.5</small>" in page
    assert page.count("data-label=") == 4, "each cell says its column where the table becomes cards"
    (table,) = [line for line in page.splitlines() if "<table" in line]
    assert table.endswith("</table>"), "Markdown ends raw HTML at an empty line"


def test_the_books_own_page(tmp_path):
    """What the contract says of the papers' numbers, by other code than the page's."""
    words = {(check.reported.what, check.formula): check.agreement for check in read_checks(ROOT / "arithmetic.yml")}
    assert words["gain in the F1 of AFIB on MIT-BIH", "100 × (77.9 − 61.0) / 61.0"] == "agrees"
    assert words["Beat-SSL as a share of ECG-FM on PTB-XL", "100 × 0.608 / 0.649"] == "agrees within rounding"
    assert words["accuracy on MIT-BIH with BSM", "87.36 / (1 + 4.97 / 100)"] == "agrees"
    assert words["lead over all others on LUDB", "100 × (0.894 − 0.869) / 0.869"] == "doesn't follow"
    (tmp_path / "claims.yml").write_bytes((ROOT / "claims.yml").read_bytes())
    (tmp_path / "arithmetic.yml").write_bytes((ROOT / "arithmetic.yml").read_bytes())
    write_pages(tmp_path, tmp_path / "site")
    page = (tmp_path / "site" / "arithmetic.md").read_text(encoding="utf-8")
    assert page.count("<tr><td") == len(words)
    assert "{" not in page


def test_numbers_that_are_claims_too_have_the_claims_values():
    """One number of a paper stands in two files: they must not part."""
    claims = {claim.id: claim.reported for claim in read_claims(ROOT / "claims.yml")}
    numbers = yaml.safe_load((ROOT / "arithmetic.yml").read_text(encoding="utf-8"))["numbers"]
    shared = {
        "top2_f1": "song2026-top2-f1",
        "top2_precision": "song2026-top2-precision",
        "top2_recall": "song2026-top2-recall",
        "bsm_afib": "jeong2024-bsm-afib-f1",
        "pi_bsm_afib": "jeong2024-pi-bsm-afib-f1",
        "afib_gain": "jeong2024-afib-gain",
        "mitbih_gain": "jeong2024-mitbih-gain",
        "chapman_gain": "jeong2024-chapman-gain",
        "chapman_f1": "jeong2024-chapman-f1",
        "bsm_accuracy": "jeong2024-bsm-accuracy",
        "pi_bsm_accuracy": "jeong2024-pi-bsm-accuracy",
        "flutter_f1": "jeong2024-predecessor-flutter",
        "share_of_ecg_fm": "rizqyawan2026-share-of-ecg-fm",
        "ptbxl_beat_ssl": "rizqyawan2026-ptbxl-f1",
        "ptbxl_ecg_fm": "rizqyawan2026-ecg-fm-ptbxl-f1",
        "ptbxl_ablation": "rizqyawan2026-ablation-soft1-hard-50-ptbxl-f1",
        "ludb_lead": "rizqyawan2026-ludb-gain",
        "ludb_f1": "rizqyawan2026-ludb-f1",
        "ludb_f1_ts2vec": "rizqyawan2026-ts2vec-ludb-f1",
        "ludb_dice": "rizqyawan2026-ludb-dice",
        "ludb_dice_ts2vec": "rizqyawan2026-ts2vec-ludb-dice",
        "ludb_ablation": "rizqyawan2026-ablation-soft1-hard-50-ludb-f1",
    }
    for name, claim in shared.items():
        share = 100 if numbers[name].get("unit") == "%" and claims[claim] < 1 else 1
        assert float(numbers[name]["value"]) == pytest.approx(share * claims[claim]), name
