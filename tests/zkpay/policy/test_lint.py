"""Warnings: each for what it is meant for, and none for a policy that is as it should be."""

import pytest

from zkpay.policy.policy import Policy, parse_policy
from zkpay.policy.tools.lint import lint
from zkpay.policy.tools.pool_bound import largest_sum
from zkpay.policy.tools.probes import Bounds

RECORDS = 1 << 21
SOUND = """\
[policy]
name = "Sound"
pool = "1000"
token = { symbol = "T", decimals = 0 }
[fields]
kind = { values = ["data", "model"] }
x = { max = "1000" }
time = { max = "4000000000" }
[tables]
weight = { data = 3, model = 5 }
[constants]
cap = 12_000
[amounts]
most = "100"
[rules]
unique = ["fingerprint"]
limit = { account = 50, window = { time = "time", length = 3600, count = 5 } }
[formula]
points = "weight[kind] * x"
score = "min(sum(points), cap)"
payout = "min(pool * score // total(score), most)"
"""


def policy_of(text: str) -> Policy:
    return parse_policy(text.encode(), "lint.toml")


def cautions(text: str) -> list[tuple[str, str]]:
    return [(caution.code, caution.where) for caution in lint(policy_of(text), RECORDS)]


# What is replaced, by what, and the warning that must be the only one.
CASES = {
    "unused field": ("time = {", 'spare = { max = "9" }\ntime = {', ("unused-field", "fields.spare")),
    "unused symbol": ("x = {", 'lang = { values = ["a"] }\nx = {', ("unused-field", "fields.lang")),
    "unused table": ("[constants]", "share = [1, 2]\n[constants]", ("unused-table", "tables.share")),
    "unused constant": ("[amounts]", "spare = 3\n[amounts]", ("unused-name", "constants.spare")),
    "unused amount": ("[rules]", 'spare = "1"\n[rules]', ("unused-name", "amounts.spare")),
    "unused line": ("score =", 'spare = "sum(x)"\nscore =', ("unused-line", "formula.spare")),
    "too dear": ("pool * score // total(score)", "score * 2", ("may-exceed-pool", "formula.payout")),
    "nothing":
        ("min(pool * score // total(score), most)", "min(score, 0) + 0 * most", ("pays-nothing", "formula.payout")),
    "tiers stop": ("sum(points), cap", "tiers(sum(points), [(10_000, 2)]), cap", ("tiers-stop", "formula.score")),
    "idle cap": ('sum(points), cap)"', 'sum(min(points, 9_000)), cap)"', ("idle-cap", "formula.score")),
    "crossed clamp": ("min(sum(points), cap)", "clamp(sum(points), cap, 7_000)", ("crossed-clamp", "formula.score")),
    "early division": ("min(sum(points), cap)", "min(sum(points) // 7 * 5, cap)", ("early-division", "formula.score")),
    "narrow total": ("sum(points), cap", "sum(points if kind == model), cap", ("narrow-total", "formula.payout")),
    "no unique": ('unique = ["fingerprint"]', "", ("no-unique", "rules.unique")),
    "implied unique":
        ('["fingerprint"]', '["fingerprint", ["fingerprint", "x"]]', ("implied-unique", "rules.unique[1]")),
    "coarse unique": ('["fingerprint"]', '["fingerprint", ["account", "kind"]]', ("coarse-unique", "rules.unique[1]")),
    "idle account limit": ("account = 50", "account = 2_097_152", ("idle-limit", "rules.limit.account")),
    "idle window": (", count = 5", ", count = 50", ("idle-limit", "rules.limit.window")),
    "single window": ("length = 3600", "length = 5000000000", ("single-window", "rules.limit.window")),
}  # fmt: skip


def test_a_sound_policy_raises_none() -> None:
    assert cautions(SOUND) == []


@pytest.mark.parametrize("name", CASES)
def test_each_warning_for_what_it_is_meant_for(name: str) -> None:
    old, new, expected = CASES[name]
    assert SOUND.count(old) == 1
    found = cautions(SOUND.replace(old, new))
    assert expected in found
    # A payout that pays nothing, or by price, leaves other things unused; nothing else is said.
    allowed = {"pays-nothing": {"unused-name", "idle-cap"}, "may-exceed-pool": {"unused-name"}}
    assert {code for code, _ in found} - {expected[0]} <= allowed.get(expected[0], set())


def test_the_same_for_all_is_told() -> None:
    assert ("same-for-all", "formula.payout") in cautions(
        SOUND.replace("min(pool * score // total(score), most)", "min(most, pool // max(total(score), 1))")
    )


def test_a_clamp_is_crossed_only_where_it_always_is() -> None:
    for bounds, crossed in {"cap, cap": False, "count(), 7": False, "10 + count(), 9": True, "7, cap": False}.items():
        found = cautions(SOUND.replace("min(sum(points), cap)", f"clamp(sum(points), {bounds})"))
        assert (("crossed-clamp", "formula.score") in found) == crossed


def test_every_warning_says_what_to_do() -> None:
    for old, new, _ in CASES.values():
        for caution in lint(policy_of(SOUND.replace(old, new)), RECORDS):
            assert caution.why
            assert caution.remedy
            assert caution.why[-1] not in ".;"


# Formula of the payout, with a = sum(x) and b = count(): what all payouts add up to at most.
ACCOUNTS = 100
SUMS = {
    "pool * a // total(a)": 1000,
    "a * pool // total(a)": 1000,
    "pool * (2 * a) // total(2 * a)": 1000,
    "pool * a // t": 1000,
    "pool * a * b // total(b * a)": 1000,
    # a is at most its total, b at most 100.
    "pool * a * b // total(a)": 1000 * 100 * ACCOUNTS,
    "600 * a // total(a) + 300 * b // total(b)": 900,
    "min(pool * a // total(a), 3)": 300,
    "pool * a // total(a) // 2": 1000,
    "2 * (pool * a // total(a))": 2000,
    "a if total(a) <= pool else pool * a // total(a)": 1000,
    "a if total(a) < 500 else 0": 500,
    "pool * a // total(a) if a > 3 else 200 * b // total(b)": 1200,
    "pool * a // total(a) - min(5, pool * a // total(a))": 1000,
    "3": 300,
    # No share: bounds of one payout, times the number of accounts.
    # a is at most 1,000 times b.
    "pool * a // total(b)": 1000 * 1000 * ACCOUNTS,
    "min(a, 7)": 700,
    "round_div(pool * a, total(a))": 1000 * ACCOUNTS,
}


@pytest.mark.parametrize("text", SUMS)
def test_sums_of_payouts_are_bounded_by_their_form(text: str) -> None:
    policy = policy_of(f"""\
[policy]
name = "Sums"
pool = "1000"
token = {{ symbol = "T", decimals = 0 }}
[fields]
x = {{ max = "1000" }}
[formula]
a = "sum(x)"
b = "count()"
t = "total(a)"
payout = "{text}"
""")
    assert largest_sum(policy.formula, Bounds(policy.formula, ACCOUNTS), ACCOUNTS) == SUMS[text]
