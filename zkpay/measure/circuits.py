"""Circuits to measure with: any policy at any size, without records."""

from __future__ import annotations

from zkpay.circuits.payout_circuit import build_circuit
from zkpay.ledger.rules import ACCEPTED
from zkpay.ledger.tree import DIGEST_ELEMENTS
from zkpay.policy.policy import Policy
from zkpay.stark.air import Circuit
from zkpay.stark.statement import Statement


def placeholder_statement(policy: Policy, records: int, accounts: int) -> Statement:
    """A statement of accepted contributions that nobody could prove; a circuit's size depends on the counts alone."""
    totals = policy.program(records, accounts).totals
    return Statement(
        circuit_digest=bytes(32),
        policy_digest=policy.digest,
        origin="bench.example",
        epoch="bench",
        commitment_digest=bytes(32),
        contribution_root=(0,) * DIGEST_ELEMENTS,
        contribution_count=records,
        counts=tuple((name, records if code == ACCEPTED else 0) for code, name in policy.rules.usable_reasons.items()),
        payout_root=(0,) * DIGEST_ELEMENTS,
        account_count=accounts,
        pool=policy.pool,
        paid=0,
        dust=policy.pool,
        totals=tuple((text, node.high) for text, node in totals.items()),
    )


def circuit_for(policy: Policy, records: int, accounts: int) -> Circuit:
    """The circuit of such a statement."""
    return build_circuit(policy, placeholder_statement(policy, records, accounts))
