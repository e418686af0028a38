"""Small epochs to prove: records in plain numbers, with everything that follows from them.

What is right comes from the formula's definition, which shares nothing with the circuit but the policy's tree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from zkpay.circuits.payout_circuit import build_circuit
from zkpay.circuits.trace import Witness
from zkpay.circuits.witness import build_witness
from zkpay.kernels.poseidon import compress_nodes, hash_leaves
from zkpay.ledger.contributions import Contributions, count_by_reason
from zkpay.ledger.encoding import hash_record_leaves, leaf_elements, payout_leaves
from zkpay.ledger.fields import UNDECLARED
from zkpay.ledger.number_slots import slots_of_values
from zkpay.ledger.rules import (
    ACCEPTED,
    BUILT_IN_REASONS,
    DUPLICATE,
    OUT_OF_RANGE,
    UNDECLARED_VALUE,
)
from zkpay.ledger.salts import expand_salts
from zkpay.ledger.tree import MerkleTree
from zkpay.policy.language.definition import Outcome, evaluate
from zkpay.policy.language.definition import Record as DefinedRecord
from zkpay.policy.policy import Policy, parse_policy
from zkpay.stark.air import Circuit
from zkpay.stark.statement import Statement

SPAM = len(BUILT_IN_REASONS)
"""The code of a policy's first reason of its own."""

PRO_RATA = {
    "points": "weight[kind] * quantity * quality // 10_000",
    "score": "sum(points)",
    "payout": "pool * score // total(score)",
}


@cache
def _parsed(text: str) -> Policy:
    return parse_policy(text.encode(), "test.toml")


def policy_of(
    formula: Mapping[str, str],
    *,
    fields: Sequence[str] = ('kind = { values = ["data", "compute"] }', 'quantity = { max = "1000000" }'),
    tables: Sequence[str] = (),
    constants: Sequence[str] = (),
    rules: Sequence[str] = (),
    pool: int = 10**9,
    pools: Mapping[str, int] | None = None,
) -> Policy:
    """A policy of these lines of its file; amounts in base units. Equal calls give one object."""
    parts = ["[policy]", 'name = "test"', 'token = { symbol = "T", decimals = 0 }']
    parts += [f'pool = "{pool}"'] if pools is None else []
    for title, lines in (
        ("pools", [f'{name} = "{amount}"' for name, amount in (pools or {}).items()]),
        ("fields", fields),
        ("tables", tables),
        ("constants", constants),
        ("rules", rules),
        ("formula", [f'{name} = "{text}"' for name, text in formula.items()]),
    ):
        parts += [f"[{title}]", *lines] if lines else []
    return _parsed("\n".join(parts) + "\n")


def pro_rata(
    *,
    pool: int = 250_000 * 10**18,
    kinds: Sequence[str] = ("data", "compute", "model", "evaluation"),
    weights: Sequence[int] = (3, 5, 40, 1),
    quantity_max: int = 10**9,
    quality_max: int = 10_000,
    unique: bool = True,
) -> Policy:
    """A share of the pool by weight, quantity and quality."""
    names = ", ".join(f'"{kind}"' for kind in kinds)
    entries = ", ".join(f'{kind} = "{weight}"' for kind, weight in zip(kinds, weights, strict=True))
    return policy_of(
        PRO_RATA,
        pool=pool,
        fields=(
            f"kind = {{ values = [{names}] }}",
            f'quantity = {{ max = "{quantity_max}" }}',
            f'quality = {{ max = "{quality_max}" }}',
        ),
        tables=(f"weight = {{ {entries} }}",),
        rules=(*(('unique = ["fingerprint"]',) if unique else ()), 'reasons = ["spam"]'),
    )


POLICY = pro_rata()


def widest(
    *,
    pool: int = 2**112 - 1,
    weights: Sequence[int] = (2**28 - 1, 2**14 - 1, 2**14, 0),
    quantity_max: int = 2**96,
) -> Policy:
    """A share of the pool by numbers that take many limbs; a leaf has two blocks."""
    return pro_rata(pool=pool, weights=weights, quantity_max=quantity_max, quality_max=2**28 - 1)


WIDEST = widest()


RULES = policy_of(
    {"best": "max(quantity)", "payout": "best + count()"},
    fields=(
        'kind = { values = ["data", "compute"] }',
        'task = { values = ["train", "test"] }',
        'region = { values = ["here"] }',
        'quantity = { min = "2", max = "1000" }',
        'time = { max = "1000000" }',
    ),
    rules=(
        'unique = ["fingerprint", ["account", "time"]]',
        'limit = { account = 2, window = { time = "time", length = 10, count = 1 } }',
        "corrections = true",
        'reasons = ["spam"]',
    ),
)
"""Every rule at once."""


def maximum_of(policy: Policy, field: str) -> int:
    """The largest number that a field may have."""
    (number,) = (declared for declared in policy.rules.numbers if declared.name == field)
    return number.maximum


def pro_rata_like(
    policy: Policy,
    *,
    pool: int | None = None,
    kinds: Sequence[str] | None = None,
    weights: Sequence[int] | None = None,
    quantity_max: int | None = None,
    quality_max: int | None = None,
) -> Policy:
    """A policy of `pro_rata` with other numbers."""
    return pro_rata(
        kinds=policy.rules.symbols[0].values if kinds is None else kinds,
        pool=policy.pool if pool is None else pool,
        weights=policy.tables["weight"].values if weights is None else weights,
        quantity_max=maximum_of(policy, "quantity") if quantity_max is None else quantity_max,
        quality_max=maximum_of(policy, "quality") if quality_max is None else quality_max,
        unique=bool(policy.rules.unique),
    )


@dataclass(frozen=True)
class Record:
    """One contribution; `fingerprint` None stands for one of its own, `values` for fields of other names."""

    account: int
    quantity: int = 1
    kind: int = 0
    quality: int = 10_000
    fingerprint: int | None = None
    reason: int = ACCEPTED
    replaces: int = -1
    values: tuple[tuple[str, int], ...] = ()

    def value(self, field: str) -> int:
        """A number or a symbol's code."""
        known = {"quantity": self.quantity, "kind": self.kind, "quality": self.quality, **dict(self.values)}
        return known[field]


@dataclass(frozen=True)
class Scenario:
    """An epoch, its statement and its circuit."""

    policy: Policy
    contributions: Contributions
    outcome: Outcome
    contribution_salts: np.ndarray
    payout_salts: np.ndarray
    statement: Statement
    circuit: Circuit

    def witness(self) -> Witness:
        """A fresh honest witness."""
        return build_witness(
            self.policy,
            self.statement,
            self.circuit,
            self.contributions,
            self.contribution_salts,
            self.payout_salts,
        )


def contributions_of(records: Sequence[Record], policy: Policy) -> Contributions:
    """The records by column."""
    count = len(records)
    keys = np.zeros((8, count), dtype=np.uint32)
    for index, record in enumerate(records):
        fingerprint = 10**6 + index if record.fingerprint is None else record.fingerprint
        keys[:, index] = [(fingerprint >> (30 * k)) & (2**30 - 1) for k in reversed(range(8))]
    return Contributions(
        ids=[str(index) for index in range(count)],
        accounts=np.array([list(record.account.to_bytes(20, "big")) for record in records], dtype=np.uint8).reshape(
            count, 20
        ),
        symbols={
            field.name: np.array([record.value(field.name) for record in records], dtype=np.uint8)
            for field in policy.rules.symbols
        },
        numbers={
            field.name: slots_of_values([record.value(field.name) for record in records], field.slots)
            for field in policy.rules.numbers
        },
        fingerprint_keys=keys,
        reason=np.array([record.reason for record in records], dtype=np.uint8),
        replaces=np.array([record.replaces for record in records], dtype=np.int64),
        account_names=[""] * count,
    )


def outcome_of(records: Sequence[Record], policy: Policy) -> Outcome:
    """What the policy's formula means for the accepted ones among the records."""
    names = [field.name for field in policy.rules.fields]
    accepted = [
        DefinedRecord(record.account.to_bytes(20, "big"), {name: record.value(name) for name in names})
        for record in records
        if record.reason == ACCEPTED
    ]
    return evaluate(policy.formula, accepted)


def scenario(records: Sequence[Record], policy: Policy = POLICY) -> Scenario:
    """The epoch of these records, in intake order."""
    contributions = contributions_of(records, policy)
    outcome = outcome_of(records, policy)
    contribution_salts = expand_salts(bytes(32), b"contributions", len(records))
    payout_salts = expand_salts(bytes(32), b"payouts", len(outcome.accounts))
    contribution_digests = hash_record_leaves(
        leaf_elements(contributions, contribution_salts, policy.layout), hash_leaves
    )
    verdicts = {
        account: [record.reason == ACCEPTED for record in records if record.account.to_bytes(20, "big") == account]
        for account in outcome.accounts
    }
    payout_digests = hash_leaves(
        payout_leaves(
            np.array([list(account) for account in outcome.accounts], dtype=np.uint8).reshape(-1, 20),
            outcome.payouts,
            np.array([sum(verdicts[account]) for account in outcome.accounts], dtype=np.int64),
            np.array([len(verdicts[account]) - sum(verdicts[account]) for account in outcome.accounts], dtype=np.int64),
            payout_salts,
        )
    )
    paid = sum(outcome.payouts)
    statement = Statement(
        circuit_digest=bytes(32),
        policy_digest=policy.digest,
        origin="tests",
        epoch="1",
        commitment_digest=bytes(32),
        contribution_root=MerkleTree.build(contribution_digests, compress_nodes).root,
        contribution_count=len(records),
        counts=tuple(count_by_reason(contributions, policy.rules).items()),
        payout_root=MerkleTree.build(payout_digests, compress_nodes).root,
        account_count=len(outcome.payouts),
        pool=policy.pool,
        paid=paid,
        dust=policy.pool - paid,
        totals=tuple(outcome.totals.items()),
    )
    circuit = build_circuit(policy, statement)
    return Scenario(policy, contributions, outcome, contribution_salts, payout_salts, statement, circuit)


MIXED = (
    Record(account=7, quantity=1000, fingerprint=1),
    Record(account=2**160 - 1, quantity=10**9, kind=2, fingerprint=2),
    Record(account=7, quantity=5, kind=1, quality=1, fingerprint=3),
    Record(account=3, quantity=999, fingerprint=1, reason=DUPLICATE),
    Record(account=3, quantity=10**9 + 1, reason=OUT_OF_RANGE),
    Record(account=3, quality=10_001, reason=OUT_OF_RANGE),
    Record(account=7, kind=UNDECLARED, reason=UNDECLARED_VALUE),
    Record(account=2**90, quantity=77, reason=SPAM),
    Record(account=2**90, quantity=123_456, kind=3, quality=9_999),
    Record(account=2**90 + 1, quantity=0),
    Record(account=7, quantity=31, fingerprint=1, reason=SPAM),
    Record(account=7, quantity=31, fingerprint=1, reason=DUPLICATE),
)
"""Four paid accounts (one with nothing), one without an accepted record, and every reason."""
