"""The statement: the public values that a payout proof is about (SPEC §3).

It travels as RFC 8785 JSON; the verifier re-encodes what it read and compares bytes, so one statement has one
byte string, and that byte string is what the transcript absorbs. Amounts and totals are decimal strings, amounts of
base units.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import rfc8785

from zkpay.errors import InputError
from zkpay.stark.field import P

FORMAT = "zkpay/statement/v1"
MAXIMUM_COUNT = 1 << 21
"""Contributions of an epoch."""
MAXIMUM_ACCOUNTS = 1 << 20
"""Accounts that an epoch pays: limbs of 10 bits of so many add up to less than P (SPEC §5.8)."""
MAXIMUM_BYTES = 1 << 16
MAXIMUM_TOTALS = 16
MAXIMUM_TOTAL_CHARACTERS = 512

Digest = tuple[int, ...]


@dataclass(frozen=True)
class Statement:
    """All public values. Roots are 8 field elements; counts and amounts are naturals.

    `commitment_digest` is the Keccak-256 of the published commitment, so that a proof is for one commitment.
    `counts` has one entry for each reason that the policy's rules can give, "accepted" first, in code order.
    `totals` has text and value of each `total(...)` of the formula, in the order in which they first stand in it.
    """

    circuit_digest: bytes
    policy_digest: bytes
    origin: str
    epoch: str
    commitment_digest: bytes
    contribution_root: Digest
    contribution_count: int
    counts: tuple[tuple[str, int], ...]
    payout_root: Digest
    account_count: int
    pool: int
    paid: int
    dust: int
    totals: tuple[tuple[str, int], ...]

    def to_bytes(self) -> bytes:
        """The canonical JSON bytes."""
        return rfc8785.dumps(
            {
                "format": FORMAT,
                "circuit_digest": self.circuit_digest.hex(),
                "policy_digest": self.policy_digest.hex(),
                "origin": self.origin,
                "epoch": self.epoch,
                "commitment_digest": self.commitment_digest.hex(),
                "contribution_root": digest_hex(self.contribution_root),
                "contribution_count": self.contribution_count,
                "counts": [[name, count] for name, count in self.counts],
                "payout_root": digest_hex(self.payout_root),
                "account_count": self.account_count,
                "pool": str(self.pool),
                "paid": str(self.paid),
                "dust": str(self.dust),
                "totals": [[text, str(value)] for text, value in self.totals],
            }
        )

    @staticmethod
    def from_bytes(data: bytes) -> Statement:
        """Read canonical bytes; anything else is an InputError that names the field."""
        if len(data) > MAXIMUM_BYTES:
            raise InputError(f"statement: {len(data)} bytes is over the limit of {MAXIMUM_BYTES}")
        try:
            fields = json.loads(data.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise InputError(f"statement: not JSON: {error}") from None
        if not isinstance(fields, dict) or fields.get("format") != FORMAT:
            raise InputError(f"statement: expected an object with format {FORMAT!r}")
        statement = Statement(
            circuit_digest=_bytes32(fields, "circuit_digest"),
            policy_digest=_bytes32(fields, "policy_digest"),
            origin=_text(fields.get("origin"), "origin"),
            epoch=_text(fields.get("epoch"), "epoch"),
            commitment_digest=_bytes32(fields, "commitment_digest"),
            contribution_root=parse_digest(fields.get("contribution_root"), "contribution_root"),
            contribution_count=_count(fields.get("contribution_count"), "contribution_count"),
            counts=_counts(fields.get("counts")),
            payout_root=parse_digest(fields.get("payout_root"), "payout_root"),
            account_count=_count(fields.get("account_count"), "account_count", MAXIMUM_ACCOUNTS),
            pool=_amount(fields.get("pool"), "pool"),
            paid=_amount(fields.get("paid"), "paid"),
            dust=_amount(fields.get("dust"), "dust"),
            totals=_totals(fields.get("totals")),
        )
        if statement.to_bytes() != data:
            raise InputError("statement: not in canonical form (RFC 8785, known fields only, no spaces)")
        return statement


def digest_hex(digest: Digest) -> str:
    """A digest of 8 elements as 64 hex digits, each element 8 digits, first element first."""
    return b"".join([element.to_bytes(4, "big") for element in digest]).hex()


def parse_digest(value: Any, name: str) -> Digest:
    """Inverse of `digest_hex`; elements of P or more are refused (InputError)."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise InputError(f"{name}: expected 64 lower-case hex digits")
    digest = tuple(int(value[start : start + 8], 16) for start in range(0, 64, 8))
    if any(element >= P for element in digest):
        raise InputError(f"{name}: an element is not below the field's modulus")
    return digest


def _bytes32(fields: dict[str, Any], name: str) -> bytes:
    value = fields.get(name)
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise InputError(f"statement: {name}: expected 64 lower-case hex digits")
    return bytes.fromhex(value)


def _text(value: Any, name: str, maximum: int = 256) -> str:
    # Control characters could rewrite the terminal of somebody who reads a verdict; lone surrogates have no UTF-8.
    if not isinstance(value, str) or not 1 <= len(value) <= maximum or not value.isprintable():
        raise InputError(f"statement: {name}: expected 1 to {maximum} printable characters")
    return value


def _count(value: Any, name: str, maximum: int = MAXIMUM_COUNT) -> int:
    if type(value) is not int or not 0 <= value <= maximum:
        raise InputError(f"statement: {name}: expected an integer from 0 to {maximum}")
    return value


def _amount(value: Any, name: str) -> int:
    # 80 digits hold every amount and total of the protocol; the cap keeps integer parsing cheap.
    if not isinstance(value, str) or not re.fullmatch(r"0|[1-9][0-9]{0,79}", value):
        raise InputError(f"statement: {name}: expected a decimal integer string without leading zeros")
    return int(value)


def _counts(value: Any) -> tuple[tuple[str, int], ...]:
    counts = []
    for name, count in _pairs(value, "counts", "[reason, count]", 64):
        _text(name, "counts")
        counts.append((name, _count(count, f"counts: {name!r}")))
    return tuple(counts)


def _totals(value: Any) -> tuple[tuple[str, int], ...]:
    totals: dict[str, int] = {}
    for text, total in _pairs(value, "totals", "[text, value]", MAXIMUM_TOTALS):
        _text(text, "totals", MAXIMUM_TOTAL_CHARACTERS)
        if text in totals:
            raise InputError(f"statement: totals: {text!r} stands there twice")
        totals[text] = _amount(total, f"totals: {text!r}")
    return tuple(totals.items())


def _pairs(value: Any, name: str, form: str, maximum: int) -> list[tuple[Any, Any]]:
    if not isinstance(value, list) or len(value) > maximum:
        raise InputError(f"statement: {name}: expected a list of at most {maximum} {form}")
    if any(not isinstance(entry, list) or len(entry) != 2 for entry in value):
        raise InputError(f"statement: {name}: expected a list of {form}")
    return [(entry[0], entry[1]) for entry in value]
