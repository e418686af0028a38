"""Policies in words: each form of the language, the rules, the example, and the bounds of every value."""

import pytest

from tests.zkpay.policy.preset_pages import preset_policy
from zkpay.policy.language.tree import Level
from zkpay.policy.policy import Policy, parse_policy
from zkpay.policy.tools.explain import explain
from zkpay.policy.tools.presets import PRESETS
from zkpay.policy.tools.rule_words import open_risks, rules_in_words
from zkpay.policy.tools.words import in_words

RECORDS = 1 << 20
HEAD = """\
[policy]
name = "Words"
pool = "1000"
token = { symbol = "T", decimals = 2 }
[fields]
kind = { values = ["data", "model-v2"] }
x = { min = "1", max = "1000" }
y = { max = "1000" }
time = { max = "4000000000" }
[tables]
weight = { data = 3, model-v2 = 5 }
share = [3, 2, 1]
[constants]
cap = 12_000
[amounts]
price = "0.25"
"""


def policy_of(formula: str, rules: str = 'unique = ["fingerprint"]') -> Policy:
    return parse_policy(f"{HEAD}[rules]\n{rules}\n[formula]\n{formula}".encode(), "words.toml")


SUM_X = "the sum of x over its accepted contributions"
# Text of a line about accounts: its words.
WORDS = {
    "sum(x)": SUM_X,
    "sum(x if kind == data)": f"{SUM_X} where kind is data",
    "sum(x if kind != 'model-v2' and not y > 3)": f"{SUM_X} where kind is not model-v2 and y is at most 3",
    "sum(weight[kind] * x)": "the sum of (the weight of its kind × x) over its accepted contributions",
    "sum(share[min(y, 2)])": "the sum of entry (y, but at most 2) of share over its accepted contributions",
    "weight[data] * count()": "3 (weight[data]) × the number of its accepted contributions",
    "count(x < 5 and (x > 1 or y == 2) and y != 3)": "the number of its accepted contributions where x is less than 5"
        " and (x is more than 1 or y equals 2) and y is not 3",
    "count(x < 5 or x >= 7)": "the number of its accepted contributions where x is less than 5 or x is at least 7",
    "min(x)": "the smallest x of its accepted contributions",
    "max(y if x == 4)": "the largest y of its accepted contributions where x equals 4 (0 if there is none)",
    "sum(x) + 2 * sum(y) + 1": f"({SUM_X}) + 2 × (the sum of y over its accepted contributions) + 1",
    "sum(x) - min(sum(x), cap)": f"({SUM_X}) - ({SUM_X}, but at most cap)",
    "sum(x) // 7": f"({SUM_X}) ÷ 7, rounded down",
    "round_div(sum(x), 7)": f"({SUM_X}) ÷ 7, rounded to the nearest, halves up",
    "ceil_div(sum(x), count())": f"({SUM_X}) ÷ the number of its accepted contributions, rounded up",
    "sum(x) % 7": f"what is left of {SUM_X} divided by 7",
    "pool * sum(x) // total(sum(x))":
        f"pool × ({SUM_X}) ÷ the total of {SUM_X} over all accounts, rounded down, or 0 if that total is 0",
    "min(sum(x), sum(y), cap)": f"the smallest of {SUM_X} and the sum of y over its accepted contributions and cap",
    "max(sum(x), 10)": f"{SUM_X}, but at least 10",
    "clamp(sum(x), 2, cap)": f"{SUM_X}, but at least 2 and at most cap",
    "isqrt(sum(x) * 100)": f"the square root of (({SUM_X}) × 100), rounded down",
    "tiers(sum(x), [(10, 3), (100, 2), (rest, 1)])":
        f"for the units of {SUM_X}: 3 for each up to 10, 2 for each from there to 100, 1 for each above",
    "tiers(sum(x), [(10, 3)])": f"for the units of {SUM_X}: 3 for each up to 10, nothing for those above",
    "price if sum(x) > cap else 0": f"price if {SUM_X} is more than cap, otherwise 0",
}  # fmt: skip


@pytest.mark.parametrize("text", WORDS)
def test_every_form_has_its_words(text: str) -> None:
    policy = policy_of(f'a = "{text}"\npayout = "min(a, pool)"')
    assert in_words(policy.formula.lines["a"].expression, policy.formula) == WORDS[text]


def test_division_by_a_line_that_is_a_total_tells_of_nothing() -> None:
    policy = policy_of('a = "sum(x)"\nt = "total(a)"\nu = "t"\npayout = "pool * a // u"')
    words = in_words(policy.formula.payout.expression, policy.formula)
    assert words == "pool × a ÷ u, rounded down, or 0 if that total is 0"


def test_rules_are_told_in_their_order() -> None:
    rules = """\
unique = ["fingerprint", ["account", "x"]]
limit = { account = 100, window = { time = "time", length = 86_400, count = 10 } }
corrections = true
reasons = ["spam", "fraud"]"""
    policy = policy_of('payout = "min(sum(x), pool)"', rules)
    told = rules_in_words(policy.rules)
    starts = [
        "A record may name an earlier one of the same account that it replaces",
        "x is 1 to 1,000; a record with less is rejected as below_minimum",
        "y is at most 1,000; a record with more is rejected as out_of_range.",
        "time is at most 4,000,000,000;",
        "kind is one of data, model-v2; a record with another value is rejected as undeclared.",
        "The operator may reject a record as spam or fraud, at discretion;",
        "Of records with the same fingerprint the first in intake order counts;",
        "Of records with the same account and x the first in intake order counts;",
        "Of an account's records within one span of 86,400 of time",
        "The first 100 records of an account that pass all this are accepted;",
    ]
    assert len(told) == len(starts)
    assert [sentence[: len(start)] for sentence, start in zip(told, starts, strict=True)] == starts
    plain = policy_of('payout = "min(sum(x), pool)"', "")
    assert len(rules_in_words(plain.rules)) == 4


@pytest.mark.parametrize(
    ("formula", "rules", "expected", "absent"),
    [
        ('payout = "min(sum(x), cap)"', "", ["Copies: nothing is unique", "goes under", "Volume:"], ["Discretion"]),
        ('payout = "sum(x)"', 'unique = [["account", "x"]]', ["Copies by others", "nothing in the formula caps"],
         ["Near-copies", "Copies: nothing"]),
        ('payout = "pool * sum(x) // total(sum(x))"', 'unique = ["fingerprint"]\nreasons = ["spam"]',
         ["Near-copies", "Discretion: nothing is proved about records rejected as spam", "Privacy:"], ["goes under"]),
        ('payout = "pool // 7"', "", ["each further account is paid as much again"], ["goes under", "caps or damps"]),
        ('payout = "isqrt(sum(x))"', 'limit = { window = { time = "time", length = 60, count = 1 } }',
         ["isqrt(sum(x)) in payout", "Times: time is what the record says", "Limits for each account"], ["Volume:"]),
    ],
)  # fmt: skip
def test_open_risks_follow_from_the_form(formula: str, rules: str, expected: list[str], absent: list[str]) -> None:
    policy = policy_of(formula, rules)
    told = "\n".join(open_risks(policy.rules, policy.formula))
    assert "accounts are different people" in told
    assert [words for words in expected if words not in told] == []
    assert [words for words in absent if words in told] == []


@pytest.mark.parametrize("name", PRESETS)
def test_the_example_pays_something_by_the_definition_and_keeps_the_bounds(name: str) -> None:
    policy = preset_policy(name)
    found = explain(policy, RECORDS)
    example = found.example
    assert len(example.records) == 3
    assert 0 < example.payout <= policy.pool
    assert example.lines["payout"] == example.payout
    highest = {width.line: width.high for width in found.widths if width.text == policy.texts.get(width.line)}
    for line, value in example.lines.items():
        assert value <= highest.get(line, value)
    for field in policy.rules.numbers:
        assert all(field.minimum <= int(record.values[field.name]) <= field.maximum for record in example.records)


def test_the_example_is_computed_as_by_hand() -> None:
    policy = policy_of('points = "x * weight[kind]"\nbase = "sum(points)"\npayout = "base + price"')
    example = explain(policy, RECORDS).example
    values = [(int(record.values["x"]), record.values["kind"]) for record in example.records]
    points = [x * {"data": 3, "model-v2": 5}[str(kind)] for x, kind in values]
    assert [record.lines["points"] for record in example.records] == points
    # The amount of 0.25 is 25 base units.
    assert example.lines == {"base": sum(points), "payout": sum(points) + 25}


def test_widths_are_the_bits_of_the_largest_values() -> None:
    policy = policy_of('points = "weight[kind] * x"\nscore = "sum(points)"\npayout = "pool * score // total(score)"')
    found = {width.text: width for width in explain(policy, 1000).widths}
    # At most 5 * 1,000 points, 1,000 records, 1,000 accounts; a pool of 100,000 units.
    assert (found["weight[kind] * x"].low, found["weight[kind] * x"].high) == (3, 5000)
    assert (found["sum(points)"].high, found["sum(points)"].bits) == (5_000_000, 23)
    assert found["pool * score"].high == 100_000 * 5_000_000
    assert found["pool * score"].bits == (100_000 * 5_000_000).bit_length()
    assert found["pool * score // total(score)"].line == "payout"
    # A total is not taken for what it adds up: 1,000 records at most, of whatever accounts.
    assert (found["total(score)"].high, found["total(score)"].level) == (5_000_000, Level.TOTAL)
    assert "score" not in found
    for width in found.values():
        assert width.high < 1 << width.bits


def test_money_is_told_from_numbers() -> None:
    policy = policy_of(
        'worth = "price * x"\nearned = "sum(worth)"\nratio = "earned // price"\nplain = "sum(x) + ratio"\n'
        'payout = "min(earned + plain // 1000, pool)"'
    )
    money = {line.name: line.money for line in explain(policy, RECORDS).lines}
    assert money == {"worth": True, "earned": True, "ratio": False, "plain": False, "payout": True}
