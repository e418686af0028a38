"""Results move as they must when records, names and amounts change in ways whose effect is known beforehand.

No expected payout stands here: each test computes an epoch twice and compares. Random policies come from the campaign.
"""

from __future__ import annotations

import random
import re
from dataclasses import replace

import numpy as np
import pytest

from tests.campaigns.differential.case import Case, case_of, policy_of
from tests.campaigns.differential.records import Row, in_columns
from tests.campaigns.differential.verdicts import forced
from zkpay.errors import InputError
from zkpay.policy.meaning import Distribution, evaluate
from zkpay.policy.policy import Policy, parse_policy

SEEDS = range(60)
LINEAR = """
[policy]
name = "linear"
pool = "{pool}"
token = {{ symbol = "T", decimals = 2 }}
[fields]
kind = {{ values = ["data", "compute"] }}
quantity = {{ max = "1000000" }}
[tables]
weight = {{ data = {data}, compute = {compute} }}
[formula]
score = "sum(weight[kind] * quantity)"
payout = "pool * score // total(score)"
"""


def linear(pool: int = 12345, data: int = 3, compute: int = 7) -> Policy:
    return parse_policy(LINEAR.format(pool=pool, data=data, compute=compute).encode(), "linear")


def linear_rows(dice: random.Random) -> list[Row]:
    return [
        Row(dice.randrange(5), {"kind": dice.randrange(2), "quantity": dice.randrange(2, 10**6)}, None)
        for _ in range(dice.randrange(1, 20))
    ]


def random_case(seed: int) -> Case:
    """A case in which some record is accepted."""
    for attempt in range(100):
        try:
            made, policy = policy_of(f"metamorphic {seed} {attempt}")
        except InputError:
            continue
        case = case_of(made, policy, f"{seed} {attempt}")
        if case.accepted:
            return case
    raise ValueError(f"no case of seed {seed} has an accepted record")


def paid(policy: Policy, rows: list[Row], reasons: list[int] | None = None) -> dict[int, int]:
    """Payouts by account."""
    found = evaluated(policy, rows, reasons)
    return dict(zip(accounts(found), found.payouts, strict=True))


def evaluated(policy: Policy, rows: list[Row], reasons: list[int] | None = None) -> Distribution:
    return evaluate(policy, in_columns(rows, reasons or [0] * len(rows), policy.rules))


def accounts(found: Distribution) -> list[int]:
    return [int.from_bytes(bytes(account), "big") for account in found.accounts]


def without_corrections(rows: list[Row]) -> list[Row]:
    """The records as if each were the first: an accepted correction stands for itself."""
    return [replace(row, replaces=None) for row in rows]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_records_does_not_matter(seed: int) -> None:
    case = random_case(seed)
    rows = without_corrections(case.accepted)
    shuffled = random.Random(seed).sample(rows, len(rows))
    # Records that pass all rules together pass them in any order.
    for order in (rows, shuffled):
        assert forced(order, case.made.rules, [None] * len(order)) == [0] * len(order)
    before, after = evaluated(case.policy, rows), evaluated(case.policy, shuffled)
    assert after.payouts == before.payouts == case.exact.payouts
    assert dict(after.totals) == dict(before.totals)
    assert (after.paid, after.dust) == (before.paid, before.dust)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_an_account_is_called_does_not_matter(seed: int) -> None:
    case = random_case(seed)
    dice = random.Random(seed)
    old = sorted({row.account for row in case.rows})
    new = dict(zip(old, dice.sample([dice.getrandbits(160) for _ in old], len(old)), strict=True))
    renamed = [replace(row, account=new[row.account]) for row in case.rows]
    # The same records break the same rules.
    assert forced(renamed, case.made.rules, chosen(case)) == case.reasons
    assert paid(case.policy, renamed, case.reasons) == {
        new[account]: payout for account, payout in paid(case.policy, case.rows, case.reasons).items()
    }


def chosen(case: Case) -> list[int | None]:
    """The reasons that no rule forces."""
    return [reason if reason in (2, 3, 4) or reason > 7 else None for reason in case.reasons]


@pytest.mark.parametrize("seed", SEEDS)
def test_rejected_records_earn_nothing(seed: int) -> None:
    case = random_case(seed)
    without = paid(case.policy, without_corrections(case.accepted))
    assert without == paid(case.policy, case.rows, case.reasons)


@pytest.mark.parametrize("seed", SEEDS)
def test_names_do_not_matter(seed: int) -> None:
    case = random_case(seed)
    rules = case.made.rules
    symbols = {value for field in rules.symbols for value in field.values if re.fullmatch(r"[a-z][a-z0-9]*", value)}
    names = {field.name for field in rules.fields} | set(case.made.lines) - {"payout"} | symbols
    text = case.made.text
    for number, name in enumerate(sorted(names)):
        text = re.sub(rf"\b{name}\b(?!-)", f"renamed_{number}", text)
    policy = parse_policy(text.encode(), "renamed")
    new = dict(zip(rules.fields, policy.rules.fields, strict=True))
    rows = [
        replace(row, values={new[field].name: row.values[field.name] for field in rules.fields}) for row in case.rows
    ]
    assert policy.digest != case.policy.digest
    assert paid(policy, rows, case.reasons) == paid(case.policy, case.rows, case.reasons)


@pytest.mark.parametrize("seed", SEEDS)
def test_white_space_does_not_matter(seed: int) -> None:
    case = random_case(seed)
    head, formula = case.made.text.split("[formula]")
    spaced = re.sub(r"([-+*,()\[\]])", r"  \1  ", formula.replace("model-v2", "\0")).replace("\0", "model-v2")
    policy = parse_policy(f"{head}[formula]{spaced}".encode(), "spaced")
    assert policy.digest == case.policy.digest


@pytest.mark.parametrize("seed", SEEDS)
def test_splitting_a_record_splits_its_sum(seed: int) -> None:
    dice = random.Random(seed)
    rows = linear_rows(dice)
    split = []
    for row in rows:
        part = dice.randrange(1, row.values["quantity"])
        split.append(replace(row, values=row.values | {"quantity": part}))
        split.append(replace(row, values=row.values | {"quantity": row.values["quantity"] - part}))
    before, after = evaluated(linear(), rows), evaluated(linear(), split)
    assert after.payouts == before.payouts
    assert dict(after.totals) == dict(before.totals)
    assert np.array_equal(after.accepted, 2 * before.accepted)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("factor", [2, 10, 1001])
def test_scaling_all_weights_changes_no_payout(seed: int, factor: int) -> None:
    rows = linear_rows(random.Random(seed))
    before, after = evaluated(linear(), rows), evaluated(linear(data=3 * factor, compute=7 * factor), rows)
    assert after.payouts == before.payouts
    assert list(after.totals.values()) == [factor * total for total in before.totals.values()]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("factor", [2, 10, 1001])
def test_scaling_the_pool_scales_payouts_to_within_their_rounding(seed: int, factor: int) -> None:
    rows = linear_rows(random.Random(seed))
    before, after = paid(linear(), rows), paid(linear(pool=12345 * factor), rows)
    assert before.keys() == after.keys()
    for account, payout in before.items():
        assert factor * payout <= after[account] < factor * (payout + 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_more_record_raises_its_account_alone(seed: int) -> None:
    rows = linear_rows(random.Random(seed))
    more = [*rows, replace(rows[0], values={"kind": 1, "quantity": 10**6})]
    before, after = paid(linear(), rows), paid(linear(), more)
    for account, payout in before.items():
        assert after[account] >= payout if account == rows[0].account else after[account] <= payout
