"""Small epochs to prove: records in plain numbers, with everything that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from zkpay.circuits.payout_circuit import build_circuit
from zkpay.circuits.trace import Witness
from zkpay.circuits.witness import build_witness
from zkpay.kernels.poseidon import compress_nodes, hash_leaves
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.encoding import contribution_leaves, payout_leaves
from zkpay.ledger.salts import expand_salts
from zkpay.ledger.tree import MerkleTree
from zkpay.policy.meaning import Distribution, evaluate
from zkpay.policy.policy import Policy
from zkpay.stark.air import Circuit
from zkpay.stark.statement import Statement

ACCEPTED, DUPLICATE, OUT_OF_RANGE, UNKNOWN_KIND, SPAM = range(5)

POLICY = Policy(
    name="test",
    pool=250_000 * 10**18,
    symbol="T",
    decimals=18,
    kinds=("data", "compute", "model", "evaluation"),
    weights=(3, 5, 40, 1),
    quantity_max=10**9,
    quality_max=10_000,
    unique=True,
    reasons=("spam",),
)
WIDEST = replace(
    POLICY,
    pool=2**112 - 1,
    weights=(2**28 - 1, 2**14 - 1, 2**14, 0),
    quantity_max=2**96,
    quality_max=2**28 - 1,
)


@dataclass(frozen=True)
class Record:
    """One contribution; `fingerprint` None stands for one of its own."""

    account: int
    quantity: int = 1
    kind: int = 0
    quality: int = 10_000
    fingerprint: int | None = None
    reason: int = ACCEPTED


@dataclass(frozen=True)
class Scenario:
    """An epoch, its statement and its circuit."""

    policy: Policy
    contributions: Contributions
    distribution: Distribution
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
            self.distribution,
        )


def contributions_of(records: Sequence[Record]) -> Contributions:
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
        kind=np.array([record.kind for record in records], dtype=np.uint8),
        quantity=np.array(
            [[(record.quantity >> (14 * k)) & 0x3FFF for k in range(7)] for record in records], dtype=np.uint16
        ).reshape(count, 7),
        quality=np.array([record.quality for record in records], dtype=np.uint32),
        fingerprint_keys=keys,
        reason=np.array([record.reason for record in records], dtype=np.uint8),
        account_names=[""] * count,
    )


def scenario(records: Sequence[Record], policy: Policy = POLICY) -> Scenario:
    """The epoch of these records, in intake order."""
    contributions = contributions_of(records)
    distribution = evaluate(policy, contributions)
    contribution_salts = expand_salts(bytes(32), b"contributions", len(records))
    payout_salts = expand_salts(bytes(32), b"payouts", len(distribution.payouts))
    contribution_digests = hash_leaves(contribution_leaves(contributions, contribution_salts))
    payout_digests = hash_leaves(
        payout_leaves(
            distribution.accounts,
            distribution.payouts,
            distribution.accepted,
            distribution.rejected,
            payout_salts,
        )
    )
    statement = Statement(
        circuit_digest=bytes(32),
        policy_digest=policy.digest,
        origin="tests",
        epoch="1",
        commitment_digest=bytes(32),
        contribution_root=MerkleTree.build(contribution_digests, compress_nodes).root,
        contribution_count=len(records),
        counts=tuple(distribution.reasons.items()),
        payout_root=MerkleTree.build(payout_digests, compress_nodes).root,
        account_count=len(distribution.payouts),
        pool=policy.pool,
        paid=distribution.paid,
        dust=distribution.dust,
        total_score=distribution.total_score,
    )
    circuit = build_circuit(policy, statement)
    return Scenario(policy, contributions, distribution, contribution_salts, payout_salts, statement, circuit)


MIXED = (
    Record(account=7, quantity=1000, fingerprint=1),
    Record(account=2**160 - 1, quantity=10**9, kind=2, fingerprint=2),
    Record(account=7, quantity=5, kind=1, quality=1, fingerprint=3),
    Record(account=3, quantity=999, fingerprint=1, reason=DUPLICATE),
    Record(account=3, quantity=10**9 + 1, reason=OUT_OF_RANGE),
    Record(account=3, quality=10_001, reason=OUT_OF_RANGE),
    Record(account=7, kind=63, reason=UNKNOWN_KIND),
    Record(account=2**90, quantity=77, reason=SPAM),
    Record(account=2**90, quantity=123_456, kind=3, quality=9_999),
    Record(account=2**90 + 1, quantity=0),
    Record(account=7, quantity=31, fingerprint=1, reason=SPAM),
    Record(account=7, quantity=31, fingerprint=1, reason=DUPLICATE),
)
"""Four paid accounts (one with nothing), one without an accepted record, and every reason."""
