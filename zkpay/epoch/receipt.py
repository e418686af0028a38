"""A receipt: what one contributor gets to check own records and payout against the public files (SPEC §8.6).

One JSON file (RFC 8785) with the openings of the account's leaves in both trees. It holds no value that the roots
don't bind, so nothing in it can be changed unnoticed; that is why it names records by their index and fingerprint
key, and not by the operator's own identifiers. Of other people's records it holds salted digests only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from zkpay.epoch.commitment import checked_label
from zkpay.epoch.files import check_canonical, decode_json, encode_json
from zkpay.errors import InputError, Rejected
from zkpay.ledger.accounts import checksum_address
from zkpay.ledger.contributions import MAX_CONTRIBUTIONS
from zkpay.ledger.encoding import LEAF_ELEMENTS
from zkpay.stark.field import P
from zkpay.stark.statement import Digest, digest_hex, parse_digest

FORMAT: Final = "zkpay/receipt/v1"
MAX_BYTES: Final = 1 << 28
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_AMOUNT: Final = re.compile(r"0|[1-9][0-9]{0,79}")


@dataclass(frozen=True)
class Opening:
    """A leaf and its way to the root: index, 24 elements, sibling digests from the leaf up."""

    index: int
    leaf: tuple[int, ...]
    path: tuple[Digest, ...]


@dataclass(frozen=True)
class ReceiptContribution:
    """One record as the receipt tells it. kind: None if the policy doesn't know it. quantity, points: naturals."""

    opening: Opening
    kind: str | None
    quantity: int
    quality: int
    fingerprint_key: str
    reason: str
    points: int


@dataclass(frozen=True)
class ReceiptPayout:
    """The account's payout as the receipt tells it, in base units."""

    opening: Opening
    score: int
    amount: int
    accepted: int
    rejected: int


@dataclass(frozen=True)
class Receipt:
    """All records of one account in an epoch, and its payout (None if no record was accepted).

    account: 20 bytes. statement_digest: Keccak-256 of statement.json, so that a receipt belongs to one epoch.
    """

    origin: str
    epoch: str
    contribution_root: Digest
    payout_root: Digest
    policy_digest: bytes
    statement_digest: bytes
    account: bytes
    contributions: tuple[ReceiptContribution, ...]
    payout: ReceiptPayout | None

    def to_bytes(self) -> bytes:
        """The file's bytes."""
        return encode_json(
            {
                "format": FORMAT,
                "origin": self.origin,
                "epoch": self.epoch,
                "contribution_root": digest_hex(self.contribution_root),
                "payout_root": digest_hex(self.payout_root),
                "policy_digest": self.policy_digest.hex(),
                "statement_digest": self.statement_digest.hex(),
                "account": checksum_address(self.account),
                "contributions": [
                    {
                        **_opening_json(entry.opening),
                        "kind": entry.kind,
                        "quantity": str(entry.quantity),
                        "quality": entry.quality,
                        "fingerprint_key": entry.fingerprint_key,
                        "reason": entry.reason,
                        "points": str(entry.points),
                    }
                    for entry in self.contributions
                ],
                "payout": None
                if self.payout is None
                else {
                    **_opening_json(self.payout.opening),
                    "score": str(self.payout.score),
                    "amount": str(self.payout.amount),
                    "accepted": self.payout.accepted,
                    "rejected": self.payout.rejected,
                },
            }
        )

    @staticmethod
    def from_bytes(data: bytes, source: str) -> Receipt:
        """Read a receipt; InputError for what is malformed, Rejected for an element of P or another encoding."""
        content = decode_json(data, source, FORMAT)
        contributions = _typed(content, "contributions", list)
        payout = content.get("payout")
        receipt = Receipt(
            origin=checked_label(content.get("origin"), f"{source}: origin"),
            epoch=checked_label(content.get("epoch"), f"{source}: epoch"),
            contribution_root=parse_digest(content.get("contribution_root"), f"{source}: contribution_root"),
            payout_root=parse_digest(content.get("payout_root"), f"{source}: payout_root"),
            policy_digest=_bytes32(content, "policy_digest"),
            statement_digest=_bytes32(content, "statement_digest"),
            account=_account(content),
            contributions=tuple(_contribution(entry) for entry in contributions),
            payout=None if payout is None else _payout(payout),
        )
        check_canonical(data, receipt.to_bytes(), source)
        return receipt


def _opening_json(opening: Opening) -> dict[str, Any]:
    return {
        "index": opening.index,
        "leaf": list(opening.leaf),
        "path": [digest_hex(sibling) for sibling in opening.path],
    }


def _contribution(content: Any) -> ReceiptContribution:
    kind = None if isinstance(content, dict) and content.get("kind") is None else _typed(content, "kind", str)
    return ReceiptContribution(
        opening=_opening(content),
        kind=kind,
        quantity=_amount(content, "quantity"),
        quality=_natural(content, "quality"),
        fingerprint_key=_typed(content, "fingerprint_key", str),
        reason=_typed(content, "reason", str),
        points=_amount(content, "points"),
    )


def _payout(content: Any) -> ReceiptPayout:
    return ReceiptPayout(
        opening=_opening(content),
        score=_amount(content, "score"),
        amount=_amount(content, "amount"),
        accepted=_natural(content, "accepted"),
        rejected=_natural(content, "rejected"),
    )


def _opening(content: Any) -> Opening:
    leaf = _typed(content, "leaf", list)
    path = _typed(content, "path", list)
    if len(leaf) != LEAF_ELEMENTS or any(type(element) is not int for element in leaf):
        raise InputError(f"receipt: leaf: expected {LEAF_ELEMENTS} integers")
    if any(not 0 <= element < P for element in leaf):
        raise Rejected("non-canonical-element", "receipt: an element of a leaf is not below the field's modulus")
    # No tree is deeper than the one of the most contributions that an epoch can have.
    if len(path) > MAX_CONTRIBUTIONS.bit_length():
        raise InputError("receipt: path: too many siblings")
    return Opening(
        index=_natural(content, "index"),
        leaf=tuple(leaf),
        path=tuple(parse_digest(sibling, "receipt: path") for sibling in path),
    )


def _typed(content: Any, name: str, kind: type) -> Any:
    value = content.get(name) if isinstance(content, dict) else None
    if type(value) is not kind:
        raise InputError(f"receipt: {name}: expected {kind.__name__}")
    return value


def _natural(content: Any, name: str) -> int:
    value: int = _typed(content, name, int)
    if not 0 <= value < 1 << 53:
        raise InputError(f"receipt: {name}: expected an integer from 0 to 2^53 - 1")
    return value


def _amount(content: Any, name: str) -> int:
    value: str = _typed(content, name, str)
    if not _AMOUNT.fullmatch(value):
        raise InputError(f"receipt: {name}: expected a decimal integer string")
    return int(value)


def _bytes32(content: dict[str, Any], name: str) -> bytes:
    value: str = _typed(content, name, str)
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise InputError(f"receipt: {name}: expected 64 lower-case hex digits")
    return bytes.fromhex(value)


def _account(content: dict[str, Any]) -> bytes:
    value: str = _typed(content, "account", str)
    if not _ADDRESS.fullmatch(value):
        raise InputError("receipt: account: expected an address")
    # Its checksum is checked with the canonical form of the whole.
    return bytes.fromhex(value[2:])
