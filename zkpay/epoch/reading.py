"""What a contribution's leaf means under a policy, for those who issue receipts and those who check (SPEC §8.6)."""

from __future__ import annotations

from zkpay.epoch.receipt import Opening, ReceiptContribution
from zkpay.errors import Rejected
from zkpay.ledger.codes import ACCEPTED, UNKNOWN_KIND, reason_names
from zkpay.ledger.encoding import decode_contribution_leaf
from zkpay.policy.meaning import points
from zkpay.policy.policy import Policy


def read_contribution(policy: Policy, opening: Opening) -> tuple[bytes, ReceiptContribution]:
    """The account and the record that a leaf says; Rejected for a leaf that no record has."""
    leaf = decode_contribution_leaf(opening.leaf)
    reasons = reason_names(policy)
    if leaf.reason >= len(reasons):
        raise Rejected("unknown-code", f"record {opening.index} has reason code {leaf.reason}, not in the policy")
    if leaf.kind >= len(policy.kinds) and (leaf.kind != UNKNOWN_KIND or leaf.reason == ACCEPTED):
        raise Rejected("unknown-code", f"record {opening.index} has kind code {leaf.kind}, not in the policy")
    accepted = leaf.reason == ACCEPTED
    return leaf.account, ReceiptContribution(
        opening=opening,
        kind=None if leaf.kind == UNKNOWN_KIND else policy.kinds[leaf.kind],
        quantity=leaf.quantity,
        quality=leaf.quality,
        fingerprint_key="".join(f"{element:08x}" for element in leaf.fingerprint_key),
        reason=reasons[leaf.reason],
        points=points(policy, leaf.kind, leaf.quantity, leaf.quality) if accepted else 0,
    )
