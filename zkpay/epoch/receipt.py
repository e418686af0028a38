"""A receipt: what one contributor gets to check own records and payout against the public files (SPEC §8.6).

One JSON file (RFC 8785) with the openings of the account's leaves in both trees. It holds no value that the roots
don't bind, so nothing in it can be changed unnoticed; that is why it names records by their index and fingerprint
key, and not by the operator's own identifiers. Of other people's records it holds salted digests only.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from zkpay.epoch.commitment import checked_label
from zkpay.epoch.files import check_canonical, decode_json
from zkpay.errors import InputError, Rejected
from zkpay.ledger.accounts import checksum_address
from zkpay.ledger.contributions import MAX_CONTRIBUTIONS
from zkpay.ledger.encoding import CONTINUED_ELEMENTS, LEAF_ELEMENTS
from zkpay.ledger.record_layout import MAX_BLOCKS
from zkpay.stark.field import P
from zkpay.stark.statement import Digest, digest_hex, parse_digest

FORMAT: Final = "zkpay/receipt/v1"
MAX_BYTES: Final = 1 << 28
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
_AMOUNT: Final = re.compile(r"0|[1-9][0-9]{0,79}")
_LEAF_LENGTHS: Final = tuple(LEAF_ELEMENTS + CONTINUED_ELEMENTS * further for further in range(MAX_BLOCKS))

_BYTES_A_CONTAINER: Final = 32
"""A record has five lists and objects, and 24 elements and 64 digits at least."""
_MORE_CONTAINERS: Final = 1024
"""For the whole, and for labels, which may hold brackets."""

LineValue = str | bool
"""What a line of the formula came to: a natural in decimal digits, or for a condition whether it holds."""


@dataclass(frozen=True)
class Opening:
    """A leaf and its way to the root: index, elements, sibling digests from the leaf up.

    A payout's leaf has 24 elements; a contribution's has 15 more for each further block (SPEC §5.11).
    """

    index: int
    leaf: tuple[int, ...]
    path: tuple[Digest, ...]


@dataclass(frozen=True)
class ReceiptContribution:
    """One record as the receipt tells it.

    fields: each field's value by name: a natural in decimal digits, a declared symbol, or None for a symbol that isn't
    declared. replaces: intake index of the record that it corrects, or None. lines: what each line of the formula that
    is about one contribution came to; none if the record was rejected, which earns nothing.
    """

    opening: Opening
    fields: dict[str, str | None]
    fingerprint_key: str
    reason: str
    replaces: int | None
    lines: dict[str, LineValue]

    def to_json(self) -> dict[str, Any]:
        """What the record says, without its opening."""
        return {
            "fields": self.fields,
            "fingerprint_key": self.fingerprint_key,
            "reason": self.reason,
            "replaces": self.replaces,
            "lines": self.lines,
        }


@dataclass(frozen=True)
class ReceiptPayout:
    """The account's payout as the receipt tells it, in base units, and how the formula leads to it.

    lines: what each line that is about one account came to, `payout` left out: that is the amount.
    """

    opening: Opening
    amount: int
    accepted: int
    rejected: int
    lines: dict[str, LineValue]

    def to_json(self) -> dict[str, Any]:
        """What the payout says, without its opening."""
        return {
            "amount": str(self.amount),
            "accepted": self.accepted,
            "rejected": self.rejected,
            "lines": self.lines,
        }


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
        return _encoded(
            {
                "format": FORMAT,
                "origin": self.origin,
                "epoch": self.epoch,
                "contribution_root": digest_hex(self.contribution_root),
                "payout_root": digest_hex(self.payout_root),
                "policy_digest": self.policy_digest.hex(),
                "statement_digest": self.statement_digest.hex(),
                "account": checksum_address(self.account),
                "contributions": [{**_opening_json(entry.opening), **entry.to_json()} for entry in self.contributions],
                "payout": None
                if self.payout is None
                else {**_opening_json(self.payout.opening), **self.payout.to_json()},
            }
        )

    @staticmethod
    def from_bytes(data: bytes, source: str) -> Receipt:
        """Read a receipt; InputError for what is malformed, Rejected for an element of P or another encoding."""
        # Before a decoder makes an object of each: empty lists take twenty times their bytes.
        if data.count(b"[") + data.count(b"{") > _MORE_CONTAINERS + len(data) // _BYTES_A_CONTAINER:
            raise InputError(f"{source}: not a receipt: it has more lists and objects than records")
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


def _encoded(content: dict[str, Any]) -> bytes:
    """RFC 8785 bytes.

    Where all keys are ASCII and all numbers integers below 2^53, Python's own encoder writes the same, many times
    faster: an epoch has a hundred digests for each of a million records.
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"receipt: a text in it has no UTF-8 form: {error!a}") from None


def _opening_json(opening: Opening) -> dict[str, Any]:
    return {
        "index": opening.index,
        "leaf": list(opening.leaf),
        "path": [digest_hex(sibling) for sibling in opening.path],
    }


def _contribution(content: Any) -> ReceiptContribution:
    fields: dict[str, Any] = _typed(content, "fields", dict)
    _check_names(fields, "fields")
    if any(value is not None and type(value) is not str for value in fields.values()):
        raise InputError("receipt: fields: expected a text or null for each field")
    return ReceiptContribution(
        opening=_opening(content),
        fields=fields,
        fingerprint_key=_typed(content, "fingerprint_key", str),
        reason=_typed(content, "reason", str),
        replaces=None if content.get("replaces") is None else _natural(content, "replaces"),
        lines=_lines(content),
    )


def _payout(content: Any) -> ReceiptPayout:
    return ReceiptPayout(
        opening=_opening(content),
        amount=_amount(content, "amount"),
        accepted=_natural(content, "accepted"),
        rejected=_natural(content, "rejected"),
        lines=_lines(content),
    )


def _lines(content: Any) -> dict[str, LineValue]:
    lines: dict[str, Any] = _typed(content, "lines", dict)
    _check_names(lines, "lines")
    if any(type(value) not in (str, bool) for value in lines.values()):
        raise InputError("receipt: lines: expected a text, true or false for each line")
    return lines


def _check_names(named: dict[str, Any], what: str) -> None:
    """A policy has no other names; ASCII, so that their order is the same in code points and in RFC 8785."""
    if not all(_NAME.fullmatch(name) for name in named):
        raise InputError(f"receipt: {what}: expected names of a policy")


def _opening(content: Any) -> Opening:
    leaf = _typed(content, "leaf", list)
    path = _typed(content, "path", list)
    if len(leaf) not in _LEAF_LENGTHS or any(type(element) is not int for element in leaf):
        raise InputError(f"receipt: leaf: expected {' or '.join(map(str, _LEAF_LENGTHS))} integers")
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
