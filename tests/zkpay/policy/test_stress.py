"""Splitting an account: gains by hand, rule by rule, and what is dealt to whom."""

from math import isqrt
from pathlib import Path

import numpy as np
import pytest

from tests.zkpay.policy.preset_pages import preset_policy
from tests.zkpay.policy.test_simulate import csv_of, records_of
from zkpay.ledger.accounts import parse_account
from zkpay.policy.policy import Policy, parse_policy
from zkpay.policy.tools.simulate import simulate
from zkpay.policy.tools.stress import WHOLE, Row, chosen_accounts, deal, stress, variants

POOL = 1_000_000
HEAD = f"""\
[policy]
name = "Stress"
pool = "{POOL}"
token = {{ symbol = "T", decimals = 0 }}
[fields]
x = {{ max = "100000" }}
time = {{ max = "100000" }}
[rules]
"""
SHARE = 'score = "sum(x)"\npayout = "pool * score // total(score)"'


def policy_of(formula: str, rules: str = "") -> Policy:
    return parse_policy(f"{HEAD}{rules}\n[formula]\n{formula}".encode(), "stress.toml")


def rows_of(policy: Policy, csv: str, account: str, folder: Path) -> dict[str, Row]:
    records = records_of(policy, csv, folder)
    found = stress(policy, records, parse_account(account), account, "asked for")
    return {row.what: row for row in found.rows}


def with_times(csv: str) -> str:
    header, *rows = csv.split("\n")
    return "\n".join([f"{header},time", *(f"{row},{index}" for index, row in enumerate(rows))])


def share(part: int, others: int) -> int:
    return POOL * part // (part + others)


def test_a_root_rewards_splitting_and_a_share_does_not(tmp_path: Path) -> None:
    policy = policy_of('score = "isqrt(sum(x))"\npayout = "pool * score // total(score)"')
    csv = with_times(csv_of(*[("alice", 2500)] * 4, ("bob", 10_000)))
    rows = rows_of(policy, csv, "alice", tmp_path)
    cap = "without isqrt(sum(x)) (score)"
    assert set(rows) == {WHOLE, cap}
    assert rows[WHOLE].payout == share(100, 100)
    # Four records make four accounts at most.
    halves, quarters = isqrt(5000), isqrt(2500)
    assert [(split.parts, split.payout) for split in rows[WHOLE].splits] == [
        (2, 2 * (POOL * halves // (2 * halves + 100))),
        (10, 4 * (POOL * quarters // (4 * quarters + 100))),
        (100, 4 * (POOL * quarters // (4 * quarters + 100))),
    ]
    assert [split.payout for split in rows[cap].splits] == [rows[cap].payout] * 3 == [share(10_000, 10_000)] * 3


def test_limits_and_caps_are_told_apart(tmp_path: Path) -> None:
    rules = 'limit = { account = 2, window = { time = "time", length = 1000, count = 3 } }'
    policy = policy_of('score = "min(sum(x), 25)"\npayout = "pool * score // total(score)"', rules)
    csv = with_times(csv_of(*[("alice", 10)] * 6, ("bob", 100)))
    rows = rows_of(policy, csv, "alice", tmp_path)
    expected = {
        # 2 of 6 records count; as two accounts 4, as more all 6. Bob is capped at 25.
        WHOLE: (20, 40, 60),
        # The account's limit of 2 stays below the window's of 3.
        "without the window's limit": (20, 40, 60),
        # 3 count and are capped; then 25 twice; all 60.
        "without the account's limit": (25, 50, 60),
        "without min(sum(x), 25) (score)": (20, 40, 60),
    }
    assert set(rows) == set(expected)
    for what, (alone, as_two, as_ten) in expected.items():
        others = 100 if "min" in what else 25
        assert rows[what].payout == share(alone, others)
        assert abs(rows[what].splits[0].payout - share(as_two, others)) <= 1
        assert abs(rows[what].splits[1].payout - share(as_ten, others)) <= 5


def test_what_is_unique_for_an_account_is_not_for_two(tmp_path: Path) -> None:
    policy = policy_of(SHARE, 'unique = [["account", "x"], "time"]')
    csv = with_times(csv_of(*[("alice", 10)] * 4, ("bob", 10)))
    rows = rows_of(policy, csv, "alice", tmp_path)
    assert rows[WHOLE].payout == POOL // 2
    assert abs(rows[WHOLE].splits[0].payout - share(20, 10)) <= 1
    assert abs(rows[WHOLE].splits[1].payout - share(40, 10)) <= 3
    assert rows["without unique account and x"].payout == share(40, 10)
    assert rows["without unique time"].payout == POOL // 2


def test_a_threshold_makes_splitting_lose(tmp_path: Path) -> None:
    policy = policy_of('base = "sum(x)"\nscore = "0 if base < 30 else base"\npayout = "pool * score // total(score)"')
    rows = rows_of(policy, with_times(csv_of(*[("alice", 10)] * 4, ("bob", 40))), "alice", tmp_path)
    assert rows[WHOLE].payout == POOL // 2
    assert [split.payout for split in rows[WHOLE].splits] == [0, 0, 0]


def test_a_cap_that_the_formula_rests_on_is_said_so(tmp_path: Path) -> None:
    policy = policy_of('score = "100 - min(sum(x), 100)"\npayout = "pool * score // total(score)"')
    rows = rows_of(policy, with_times(csv_of(("alice", 10), ("bob", 40))), "alice", tmp_path)
    row = rows["without min(sum(x), 100) (score)"]
    assert (row.note, row.splits) == ("the formula has no meaning without it", ())


def test_corrections_stay_with_what_they_correct(tmp_path: Path) -> None:
    policy = preset_policy("fixed-price")
    header = "contribution_id,account,kind,units,quality,failures,submitted,fingerprint,replaces"
    replaced = {2: "c0", 4: "c2", 5: "c1"}
    rows = [f"c{index},alice,data,10,90,0,{index},{index:02x},{replaced.get(index, '')}" for index in range(7)]
    records = records_of(policy, "\n".join([header, *rows]), tmp_path)
    own = np.arange(7)
    accounts = [bytes([number] * 20) for number in range(3)]
    dealt = deal(records, own, accounts)
    # 0, 2 and 4 are one chain; 1 and 5 another; 3 and 6 stand alone.
    assert [row.tobytes()[0] for row in dealt.accounts] == [0, 1, 0, 2, 0, 1, 0]
    assert records.accounts.tobytes() == parse_account("alice") * 7
    found = stress(policy, records, parse_account("alice"), "alice", "asked for")
    assert all(split.payout == found.rows[0].payout for split in found.rows[0].splits)


def test_accounts_are_chosen_for_a_reason(tmp_path: Path) -> None:
    policy = policy_of('score = "min(sum(x), 500)"\npayout = "pool * score // total(score)"', "limit = { account = 1 }")
    csv = with_times(csv_of(("a", 10), ("b", 20), ("c", 30), ("d", 400), ("e", 500), ("f", 800), ("b", 1), ("z", 0)))
    records = records_of(policy, csv, tmp_path)
    found = simulate(policy, records)
    chosen = {found.names[index]: why for index, why in chosen_accounts(found, records)}
    first = min("ef", key=parse_account)
    expected = {first: "the largest payout", "c": "the median payout", "f": "at a cap", "b": "over a limit"}
    if first == "f":
        expected["f"] = "the largest payout, at a cap"
    # Of the six that are paid the fourth largest is the median.
    assert chosen == expected
    empty = simulate(policy, records_of(policy, with_times(csv_of()), tmp_path))
    assert chosen_accounts(empty, records) == []


@pytest.mark.parametrize("name", ["capped-pro-rata", "fixed-price", "quadratic-match"])
def test_each_rule_and_cap_is_taken_out_once(name: str) -> None:
    policy = preset_policy(name)
    whole, *others = variants(policy)
    assert whole.policy is policy
    assert len({variant.what for variant in others}) == len(others)
    for variant in others:
        assert (variant.policy.rules, variant.policy.formula) != (policy.rules, policy.formula)
        assert variant.policy.rules == policy.rules or variant.policy.formula == policy.formula
    rules = [variant for variant in others if variant.policy.rules != policy.rules]
    limits = sum(limit is not None for limit in (policy.rules.account_limit, policy.rules.window_limit))
    assert len(rules) == len(policy.rules.unique) + limits
