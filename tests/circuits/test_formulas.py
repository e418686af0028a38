"""Honest epochs of many formulas: the definition's payouts and totals are what the circuit proves.

The statement's payout root, totals and counts come from the definition, the leaves from the ledger: so a witness
without a violation holds the same values.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import pytest

from tests.circuits.folding import folding
from tests.circuits.scenarios import SPAM, Record, policy_of, scenario
from zkpay.circuits.checker import violations
from zkpay.circuits.heights import FOLDED_TREE
from zkpay.epoch.sample import POLICY_TEXT
from zkpay.ledger.fields import UNDECLARED
from zkpay.ledger.rules import (
    BELOW_MINIMUM,
    DUPLICATE,
    OUT_OF_RANGE,
    OVER_ACCOUNT_LIMIT,
    OVER_WINDOW_LIMIT,
    SUPERSEDED,
    UNDECLARED_VALUE,
)
from zkpay.policy.policy import Policy, parse_policy
from zkpay.prover.prove import prove_circuit
from zkpay.stark.parameters import PROFILES
from zkpay.verifier.verify import verify_proof

KIND = 'kind = { values = ["data", "compute", "model-v2"] }'
TASK = 'task = { values = ["train", "test"] }'
QUANTITY = 'quantity = { max = "1000000" }'
WIDE = 'wide = { max = "340282366920938463463374607431768211455" }'
TIME = 'time = { max = "4102444799" }'
WEIGHT = "weight = { data = 3, compute = 50000, model-v2 = 7 }"
WIDE_RATE = 'rate = { train = "340282366920938463463374607431768211455", test = "1" }'
LADDER = "ladder = [0, 1, 16383, 16384, 99999]"
SPAM_RULE = 'reasons = ["spam"]'

POLICIES: dict[str, Policy] = {
    "constant": policy_of({"payout": "7"}, fields=(QUANTITY,)),
    "nothing": policy_of({"payout": "0"}, fields=(QUANTITY,)),
    "number of records": policy_of({"payout": "count()"}, fields=(QUANTITY,)),
    "one field": policy_of({"payout": "sum(quantity)"}, fields=(QUANTITY,)),
    "largest and smallest": policy_of({"payout": "max(quantity) * 3 + min(quantity)"}, fields=(QUANTITY,)),
    "wide largest": policy_of({"payout": "max(wide) % 1_000_003"}, fields=(WIDE,)),
    "by kind": policy_of(
        {
            "points": "weight[kind] * quantity",
            "of_data": "sum(points if kind == data)",
            "best": "max(points if kind == 'model-v2')",
            "payout": "of_data // 1_000 + best + count(kind != data)",
        },
        fields=(KIND, QUANTITY),
        tables=(WEIGHT,),
    ),
    "two symbols": policy_of(
        {"payout": "sum(weight[kind] if task == train and kind != compute else rate[task] % 1000)"},
        fields=(KIND, TASK),
        tables=(WEIGHT, WIDE_RATE),
    ),
    "numbered tables": policy_of(
        {"bonus": "ladder[quantity % 5]", "payout": "sum(bonus) + ladder[min(count(), 4)]"},
        fields=(QUANTITY,),
        tables=(LADDER,),
    ),
    "two pools": policy_of(
        {
            "a": "sum(quantity if kind == data)",
            "b": "isqrt(sum(quantity if kind == compute))",
            "payout": "first_pool * a // total(a) + second_pool * b // total(b)",
        },
        fields=(KIND, QUANTITY),
        pools={"first_pool": 10**20, "second_pool": 7},
    ),
    "totals in lines": policy_of(
        {
            "all": "total(count())",
            "share": "sum(quantity * 2 if all > 3 else quantity)",
            "capped": "min(share, total(share) // 4)",
            "payout": "round_div(pool * capped, total(capped)) // 2",
            "paid": "total(payout)",
        },
        fields=(QUANTITY,),
    ),
    "equal shares": policy_of({"payout": "pool // total(min(count(), 1))"}, fields=(QUANTITY,)),
    "tiers": policy_of(
        {"x": "sum(quantity)", "payout": "tiers(x, [(10, 5), (1_000, 3), (rest, 1)])"}, fields=(QUANTITY,)
    ),
    "nasty names": policy_of(
        {
            "reason": "quantity + index + salt",
            "leaf": "sum(reason)",
            "is_real": "leaf + sum(known[kind])",
            "payout_limb": "is_real + max(corrects)",
            "payout": "payout_limb // (total(payout_limb) + 1) + accepted_count[0]",
        },
        fields=(
            KIND,
            QUANTITY,
            'index = { max = "10" }',
            'salt = { max = "20000", min = "0" }',
            'quantity_within = { values = ["x"] }',
            'corrects = { max = "5" }',
            'window = { max = "5" }',
            'first = { max = "5" }',
        ),
        tables=("known = { data = 1, compute = 2, model-v2 = 3 }", "accepted_count = [5]"),
        rules=(
            "corrections = true",
            'limit = { window = { time = "window", length = 2, count = 100 } }',
            'unique = ["fingerprint", ["fingerprint", "first"]]',
        ),
    ),
    "several blocks": policy_of(
        {"payout": "sum(one % 10 + two % 10 + three % 10) + max(two % 100)"},
        fields=tuple(f'{name} = {{ max = "{2**127}" }}' for name in ("one", "two", "three")),
        rules=(SPAM_RULE,),
    ),
}
VALUES: dict[str, Sequence[int]] = {
    "kind": (0, 1, 2),
    "task": (0, 1),
    "quantity": (0, 1, 2, 4, 16_383, 16_384, 1_000_000, 999_999),
    "wide": (0, 2**14, 2**127, 2**128 - 1),
    "index": (0, 10),
    "salt": (0, 16_384, 20_000),
    "corrects": (0, 5),
    "window": (0, 1, 5),
    "first": (0, 1, 5),
    "quantity_within": (0,),
    "one": (0, 2**127, 2**127 - 1),
    "two": (1, 2**127, 2**126 + 12_345),
    "three": (5, 2**14 - 1),
}


def records_of(policy: Policy, count: int, generator: random.Random) -> list[Record]:
    """Random valid records of a few accounts; some are rejected by hand."""
    reasons = [0, 0, 0, SPAM] if policy.rules.reasons else [0]
    return [
        Record(
            generator.choice((1, 5, 2**160 - 1)),
            reason=generator.choice(reasons),
            values=tuple((field.name, generator.choice(VALUES[field.name])) for field in policy.rules.fields),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("count", [0, 1, 9])
@pytest.mark.parametrize("name", POLICIES)
def test_formula_is_proved(name: str, count: int) -> None:
    policy = POLICIES[name]
    epoch = scenario(records_of(policy, count, random.Random(f"{name} {count}")), policy)
    epoch.circuit.check()
    assert violations(epoch.circuit, epoch.witness()) == []


@pytest.mark.parametrize("name", POLICIES)
def test_formula_is_proved_where_hashes_and_totals_are_folded(name: str) -> None:
    policy = POLICIES[name]
    with folding():
        epoch = scenario(records_of(policy, 9, random.Random(name)), policy)
        witness = epoch.witness()
    assert FOLDED_TREE in witness
    epoch.circuit.check()
    assert violations(epoch.circuit, witness) == []


EVERYTHING = policy_of(
    {
        "points": "weight[kind] * quantity",
        "best": "max(points)",
        "a": "sum(points if task == train)",
        "payout": "first_pool * a // total(a) + second_pool * best // total(best)",
    },
    fields=(KIND, TASK, 'quantity = { max = "1000000", min = "2" }', TIME, WIDE),
    tables=(WEIGHT, LADDER),
    pools={"first_pool": 10**21, "second_pool": 10**6},
    rules=(
        'unique = ["fingerprint", ["account", "task", "time"]]',
        'limit = { account = 3, window = { time = "time", length = 86400, count = 2 } }',
        "corrections = true",
        SPAM_RULE,
    ),
)
"""Every kind of rule, and more fields than one block of a leaf holds."""


def record(
    account: int,
    quantity: int,
    time: int,
    reason: int = 0,
    *,
    fingerprint: int | None = None,
    replaces: int = -1,
    **more: int,
) -> Record:
    """A record for `EVERYTHING`."""
    fields = {"time": time, "wide": 2**128 - 1, "task": 0, "kind": 0, "quantity": quantity} | more
    return Record(account, fingerprint=fingerprint, reason=reason, replaces=replaces, values=tuple(fields.items()))


FULL_EPOCH = [
    record(1, 100, 0, SUPERSEDED),
    record(1, 200, 0, replaces=0, fingerprint=5),
    record(2, 300, 10, DUPLICATE, fingerprint=5),
    record(1, 50, 86_399, kind=1, task=1),
    record(1, 60, 86_398, OVER_WINDOW_LIMIT),
    record(1, 70, 86_400),
    record(1, 80, 4_102_444_799, OVER_ACCOUNT_LIMIT),
    record(2, 1_000_001, 0, OUT_OF_RANGE),
    record(2, 1, 0, BELOW_MINIMUM),
    record(2, 5, 0, UNDECLARED_VALUE, kind=UNDECLARED),
    record(2, 5, 0, SPAM),
    record(2, 5, 0, kind=2),
    record(2, 6, 0, DUPLICATE),
    record(3, 5, 0, SUPERSEDED),
    record(3, 5, 0, SUPERSEDED, replaces=13),
    record(3, 5, 0, SPAM, replaces=14),
]


@pytest.mark.parametrize("tables", [nullcontext, folding])
def test_every_rule_at_once(tables: Callable[[], AbstractContextManager[None]]) -> None:
    with tables():
        epoch = scenario(FULL_EPOCH, EVERYTHING)
        assert violations(epoch.circuit, epoch.witness()) == []


@pytest.mark.parametrize(
    ("policy", "records"),
    [
        (EVERYTHING, FULL_EPOCH),
        (POLICIES["totals in lines"], records_of(POLICIES["totals in lines"], 9, random.Random(1))),
        (POLICIES["two pools"], []),
        (parse_policy(POLICY_TEXT.encode(), "sample"), [Record(1, 5), Record(2, 7)]),
    ],
    ids=["every rule", "totals in lines", "empty", "sample"],
)
def test_proof_verifies(policy: Policy, records: Sequence[Record]) -> None:
    epoch = scenario(records, policy)
    statement = replace(epoch.statement, circuit_digest=epoch.circuit.digest).to_bytes()
    proof = prove_circuit(epoch.circuit, epoch.witness(), statement, PROFILES["default"])
    verify_proof(epoch.circuit, statement, proof)
