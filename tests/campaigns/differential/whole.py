"""Epochs by the whole circuit: hashes, trees, look-up tables and real heights, as `prove` builds it."""

from __future__ import annotations

from zkpay.circuits.checker import violated_names
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.circuits.witness import build_witness
from zkpay.kernels.poseidon import compress_nodes, hash_leaves
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.encoding import hash_record_leaves, leaf_elements, payout_leaves
from zkpay.ledger.salts import expand_salts
from zkpay.ledger.tree import MerkleTree
from zkpay.policy.meaning import Distribution
from zkpay.policy.policy import Policy
from zkpay.stark.statement import Statement


def violated_by(policy: Policy, contributions: Contributions, due: Distribution) -> set[str]:
    """What the checker objects to in the honest witness of records that are due this."""
    record_salts = expand_salts(bytes(32), b"contributions", len(contributions))
    payout_salts = expand_salts(bytes(32), b"payouts", len(due.payouts))
    records = hash_record_leaves(leaf_elements(contributions, record_salts, policy.layout), hash_leaves)
    payouts = hash_leaves(payout_leaves(due.accounts, due.payouts, due.accepted, due.rejected, payout_salts))
    statement = Statement(
        circuit_digest=bytes(32),
        policy_digest=policy.digest,
        origin="campaign",
        epoch="1",
        commitment_digest=bytes(32),
        contribution_root=MerkleTree.build(records, compress_nodes).root,
        contribution_count=len(contributions),
        counts=tuple(due.reasons.items()),
        payout_root=MerkleTree.build(payouts, compress_nodes).root,
        account_count=len(due.payouts),
        pool=policy.pool,
        paid=due.paid,
        dust=due.dust,
        totals=tuple(due.totals.items()),
    )
    circuit = build_circuit(policy, statement)
    return violated_names(circuit, build_witness(policy, statement, circuit, contributions, record_salts, payout_salts))
