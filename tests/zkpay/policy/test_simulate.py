"""Trial runs: the numbers of `simulate`, by hand and against the evaluator that proofs use."""

from fractions import Fraction
from pathlib import Path

import pytest

from tests.zkpay.policy.preset_pages import preset_policy, read_page
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.reader import read_contributions
from zkpay.policy.language.tree import Level
from zkpay.policy.meaning import evaluate
from zkpay.policy.policy import Policy, parse_policy
from zkpay.policy.tools.gini import decimal_text, gini
from zkpay.policy.tools.presets import PRESETS
from zkpay.policy.tools.simulate import simulate

POLICY = """\
[policy]
name = "Trial"
pool = "100"
token = {{ symbol = "T", decimals = 0 }}
[fields]
x = {{ max = "1000" }}
[rules]
unique = ["x"]
[formula]
{formula}
"""
HEADER = "contribution_id,account,x"


def policy_of(formula: str) -> Policy:
    return parse_policy(POLICY.format(formula=formula).encode(), "trial.toml")


def records_of(policy: Policy, csv: str, folder: Path) -> Contributions:
    path = folder / "records.csv"
    path.write_text(csv, encoding="utf-8")
    return read_contributions(path, policy.rules)


def csv_of(*rows: tuple[str, int]) -> str:
    return "\n".join([HEADER, *(f"c{index},{account},{x}" for index, (account, x) in enumerate(rows))])


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ([1, 2, 3, 4], Fraction(1, 4)),
        ([4, 1, 3, 2], Fraction(1, 4)),
        ([5, 5, 5], Fraction(0)),
        ([7], Fraction(0)),
        ([0, 0, 0, 9], Fraction(3, 4)),
        ([0, 10**30], Fraction(1, 2)),
        ([], None),
        ([0, 0], None),
    ],
)
def test_gini_is_exact(amounts: list[int], expected: Fraction | None) -> None:
    assert gini(amounts) == expected
    if expected is not None:
        # By its definition: the mean difference of all pairs, over twice the mean.
        pairs = sum(abs(a - b) for a in amounts for b in amounts)
        assert expected == Fraction(pairs, 2 * len(amounts) * sum(amounts))


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (Fraction(1, 3), 4, "0.3333"),
        (Fraction(2, 3), 4, "0.6667"),
        (Fraction(1, 20000), 4, "0.0001"),
        (Fraction(1, 20001), 4, "0.0000"),
        (Fraction(-1, 20001), 4, "0.0000"),
        (Fraction(-5, 4), 1, "-1.3"),
        (Fraction(7), 0, "7"),
        (Fraction(19999, 20000), 4, "1.0000"),
    ],
)
def test_decimals_are_rounded_half_away_from_zero(value: Fraction, decimals: int, text: str) -> None:
    assert decimal_text(value, decimals) == text


def test_caps_are_counted_where_they_cut_something_off(tmp_path: Path) -> None:
    policy = policy_of(
        'points = "min(x, 100)"\nscore = "clamp(sum(points), 50, 150)"\nextra = "tiers(sum(x), [(10, 2), (20, 1)])"\n'
        'payout = "min(pool * score // total(score), 30)"'
    )
    csv = csv_of(("alice", 99), ("alice", 100), ("alice", 101), ("bob", 3), ("carol", 10), ("dave", 500), ("dave", 500))
    found = simulate(policy, records_of(policy, csv, tmp_path))
    # Points: 99, 100, 100; 3; 10; 100 and a duplicate. Scores: 150 of 299, 50, 50, 100: 350 in all.
    assert [(cap.line, cap.level, cap.binding, cap.of) for cap in found.caps] == [
        ("points", Level.CONTRIBUTION, 2, 6),
        ("score", Level.ACCOUNT, 1, 4),
        ("extra", Level.ACCOUNT, 2, 4),
        ("payout", Level.ACCOUNT, 1, 4),
    ]
    payouts = dict(zip(found.names, found.distribution.payouts, strict=True))
    assert payouts == {"alice": 30, "bob": 14, "carol": 14, "dave": 28}
    capped = {name for name, flag in zip(found.names, found.capped, strict=True) if flag}
    # Carol has exactly the 10 of the first tier; nothing of hers is cut off.
    assert capped == {"alice", "dave"}
    assert (found.distribution.paid, found.distribution.dust, found.excess) == (86, 14, 0)
    assert found.distribution.reasons == {"accepted": 6, "duplicate": 1, "out_of_range": 0}
    assert found.distribution.totals == {"total(score)": 350}
    assert [found.names[index] for index in found.largest_first()][:2] == ["alice", "dave"]
    assert list(found.distribution.lines) == ["score", "extra", "payout"]


def test_an_excess_is_told_to_the_unit(tmp_path: Path) -> None:
    policy = policy_of('payout = "sum(x)"')
    found = simulate(policy, records_of(policy, csv_of(("alice", 60), ("bob", 41)), tmp_path))
    assert (found.distribution.paid, found.distribution.dust, found.excess) == (101, -1, 1)


def test_a_cap_that_only_a_condition_makes_safe_is_left_out(tmp_path: Path) -> None:
    policy = policy_of('a = "sum(x)"\npayout = "min(a - 5, 3) if a >= 5 else min(a, 4)"')
    found = simulate(policy, records_of(policy, csv_of(("alice", 60), ("bob", 1), ("carol", 9)), tmp_path))
    assert [(cap.text, cap.binding) for cap in found.caps] == [("min(a, 4)", 2)]
    assert dict(zip(found.names, found.distribution.payouts, strict=True)) == {"alice": 3, "bob": 1, "carol": 3}


def test_no_records_pay_nothing(tmp_path: Path) -> None:
    policy = policy_of('score = "min(sum(x), 9)"\npayout = "pool * score // total(score)"')
    found = simulate(policy, records_of(policy, HEADER + "\n", tmp_path))
    assert found.distribution.payouts == []
    assert found.gini is None
    assert [(cap.binding, cap.of) for cap in found.caps] == [(0, 0)]


@pytest.mark.parametrize("name", PRESETS)
def test_payouts_are_those_that_are_proved(name: str, tmp_path: Path) -> None:
    policy = preset_policy(name)
    records = records_of(policy, read_page(name).csv, tmp_path)
    found, proved = simulate(policy, records), evaluate(policy, records)
    assert found.distribution.payouts == proved.payouts
    assert found.distribution.lines == proved.lines
    assert found.distribution.totals == proved.totals
    assert found.distribution.reasons == proved.reasons
    assert (found.distribution.accounts == proved.accounts).all()
