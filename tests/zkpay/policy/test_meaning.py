"""What an epoch pays: the formula on whole columns against its definition, with all counts."""

from random import Random

import numpy as np
import pytest

from tests.zkpay.policy.language.formulas import random_records
from zkpay.errors import InputError
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.fields import SLOT_BITS, UNDECLARED, NumberField
from zkpay.policy.language.definition import Record
from zkpay.policy.language.definition import evaluate as define
from zkpay.policy.meaning import Distribution, evaluate
from zkpay.policy.policy import Policy, parse_policy

TEXT = """
[policy]
name = "Test"
pool = "1000"
token = {{ symbol = "T", decimals = 3 }}
[fields]
kind = {{ values = ["data", "compute", "model"] }}
quantity = {{ max = 1000 }}
quality = {{ min = 3, max = 12 }}
wide = {{ max = "170141183460469231731687303715884105733" }}
[tables]
weight = {{ data = 3, compute = 5, model = 40 }}
[rules]
unique = ["quantity"]
reasons = ["spam"]
[formula]
{lines}
"""
SCORE = """
points = "weight[kind] * quantity * quality // 10 + wide // 18446744073709551616"
good = "quality > 5"
score = "isqrt(sum(points)) + count(good)"
best = "max(points) > 100"
fund = "pool // 3 + total(count())"
payout = "fund * score // total(score)"
"""


def policy_of(lines: str = SCORE) -> Policy:
    return parse_policy(TEXT.format(lines=lines).encode(), "policy.toml")


def contributions_of(policy: Policy, records: list[Record], reasons: list[int]) -> Contributions:
    count = len(records)
    numbers = {
        field.name: np.array(
            [
                [record.values[field.name] >> SLOT_BITS * slot & (1 << SLOT_BITS) - 1 for record in records]
                for slot in range(field.slots)
            ],
            dtype=np.uint16,
        )
        for field in policy.rules.fields
        if isinstance(field, NumberField)
    }
    return Contributions(
        ids=[str(index) for index in range(count)],
        accounts=np.frombuffer(b"".join(record.account for record in records), dtype=np.uint8).reshape(-1, 20),
        symbols={"kind": np.array([record.values["kind"] for record in records], dtype=np.uint8)},
        numbers=numbers,
        fingerprint_keys=np.zeros((8, count), dtype=np.uint32),
        reason=np.array(reasons, dtype=np.uint8),
        replaces=np.full(count, -1, dtype=np.int64),
        account_names=["x"] * count,
    )


def accepted(records: list[Record], reasons: list[int]) -> list[Record]:
    return [record for record, reason in zip(records, reasons, strict=True) if reason == 0]


def check(policy: Policy, records: list[Record], reasons: list[int]) -> Distribution:
    found = evaluate(policy, contributions_of(policy, records, reasons))
    expected = define(policy.formula, accepted(records, reasons))
    assert [bytes(row) for row in found.accounts] == expected.accounts
    assert found.payouts == expected.payouts
    assert list(found.totals.items()) == list(expected.totals.items())
    for name, values in expected.lines.items():
        lines = (found.lines, found.record_lines, found.epoch_lines)
        (mine,) = [level[name] for level in lines if name in level]
        assert (mine.tolist() if isinstance(mine, np.ndarray) else mine) == values
    assert (found.paid, found.paid + found.dust) == (sum(expected.payouts), policy.pool)
    for place, account in enumerate(expected.accounts):
        mine = [reason for record, reason in zip(records, reasons, strict=True) if record.account == account]
        assert (found.accepted[place], found.rejected[place]) == (mine.count(0), len(mine) - mine.count(0))
    assert found.reasons == {name: reasons.count(code) for code, name in policy.rules.usable_reasons.items()}
    return found


@pytest.mark.parametrize("seed", range(25))
def test_epoch_equals_the_definition(seed: int) -> None:
    dice = Random(seed)
    policy = policy_of()
    records = random_records(dice, dice.randrange(12))
    check(policy, records, [dice.choice([0, 0, 0, 1, 2, 8]) for _ in records])


def test_empty_epoch_pays_nothing() -> None:
    found = check(policy_of(), [], [])
    assert found.accounts.shape == (0, 20)
    assert (found.payouts, found.paid, found.dust) == ([], 0, 1_000_000)
    assert found.epoch_lines == {"fund": 333_333}


def test_epoch_without_an_accepted_record_pays_nothing() -> None:
    records = random_records(Random(1), 5)
    found = check(policy_of(), records, [8, 1, 2, 8, 8])
    assert (len(found.accounts), found.paid) == (0, 0)


def test_zero_total_keeps_accounts_at_zero() -> None:
    policy = policy_of('score = "sum(quantity)"\npayout = "pool * score // total(score)"')
    zero = {"kind": 0, "quantity": 0, "quality": 3, "wide": 0}
    found = check(policy, [Record(bytes([account]) * 20, zero) for account in (9, 4, 4)], [0, 0, 0])
    assert (found.payouts, found.paid, found.dust) == ([0, 0], 0, 1_000_000)


def test_constant_payout_goes_to_every_account_and_may_exceed_the_pool() -> None:
    policy = policy_of('payout = "400_000"')
    found = check(policy, random_records(Random(2), 12), [0] * 12)
    assert found.payouts == [400_000] * 3
    assert found.dust == -200_000


def test_rejected_records_may_hold_anything() -> None:
    values = {"kind": UNDECLARED, "quantity": 2000, "quality": 0, "wide": 2**127 + 6}
    found = check(policy_of(), [Record(b"\x01" * 20, values), *random_records(Random(3), 3)], [2, 0, 0, 0])
    assert found.reasons["out_of_range"] == 1


@pytest.mark.parametrize(
    ("field", "value"), [("kind", UNDECLARED), ("kind", 3), ("quantity", 1001), ("quality", 2), ("wide", 2**127 + 6)]
)
def test_accepted_records_outside_the_policy_are_refused(field: str, value: int) -> None:
    policy = policy_of()
    records = random_records(Random(4), 3)
    records[1] = Record(records[1].account, {**records[1].values, field: value})
    with pytest.raises(InputError, match=f"record 1 is accepted, but its {field} is not one that the policy allows"):
        evaluate(policy, contributions_of(policy, records, [0, 0, 0]))


def test_reasons_that_no_policy_gives_are_refused() -> None:
    policy = policy_of()
    with pytest.raises(InputError, match="reason code 9"):
        evaluate(policy, contributions_of(policy, random_records(Random(5), 2), [0, 9]))
