"""commitment.json and leaves.bin: what an operator publishes before anything about payouts exists (SPEC §8.2).

The commitment fixes the records: their root, their number, the policy, and the digest of the file of all leaf
digests. Leaf digests are salted, so they show nothing of the records.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zkpay.epoch.files import check_canonical, decode_json, encode_json
from zkpay.epoch.layout import COMMITMENT, LEAF_BYTES, LEAVES
from zkpay.errors import InputError, Rejected
from zkpay.ledger.contributions import MAX_CONTRIBUTIONS
from zkpay.stark.field import P
from zkpay.stark.keccak import keccak256
from zkpay.stark.statement import Digest, digest_hex, parse_digest

FORMAT: Final = "zkpay/commitment/v1"
MAX_LABEL_CHARACTERS: Final = 256


@dataclass(frozen=True)
class Commitment:
    """What is committed to.

    origin, epoch: labels that the statement repeats. contribution_root: R_c, 8 field elements; contribution_count: N.
    policy_digest, leaves_digest: 32 bytes. private_payouts: whether the list of payouts is left out of public/.
    """

    origin: str
    epoch: str
    contribution_root: Digest
    contribution_count: int
    policy_digest: bytes
    leaves_digest: bytes
    private_payouts: bool

    def to_bytes(self) -> bytes:
        """The file's bytes."""
        return encode_json(
            {
                "format": FORMAT,
                "origin": self.origin,
                "epoch": self.epoch,
                "contribution_root": digest_hex(self.contribution_root),
                "contribution_count": self.contribution_count,
                "policy_digest": self.policy_digest.hex(),
                "leaves_digest": self.leaves_digest.hex(),
                "private_payouts": self.private_payouts,
            }
        )

    @property
    def digest(self) -> bytes:
        """Keccak-256 of the file's bytes; the statement has it."""
        return keccak256(self.to_bytes())

    @staticmethod
    def from_bytes(data: bytes) -> Commitment:
        """Read the file: InputError names the field that is malformed, Rejected tells of another encoding."""
        content = decode_json(data, COMMITMENT, FORMAT)
        count = content.get("contribution_count")
        if type(count) is not int or not 0 <= count <= MAX_CONTRIBUTIONS:
            raise InputError(f"{COMMITMENT}: contribution_count: expected an integer from 0 to {MAX_CONTRIBUTIONS}")
        private_payouts = content.get("private_payouts")
        if type(private_payouts) is not bool:
            raise InputError(f"{COMMITMENT}: private_payouts: expected true or false")
        commitment = Commitment(
            origin=checked_label(content.get("origin"), f"{COMMITMENT}: origin"),
            epoch=checked_label(content.get("epoch"), f"{COMMITMENT}: epoch"),
            contribution_root=parse_digest(content.get("contribution_root"), f"{COMMITMENT}: contribution_root"),
            contribution_count=count,
            policy_digest=_bytes32(content, "policy_digest"),
            leaves_digest=_bytes32(content, "leaves_digest"),
            private_payouts=private_payouts,
        )
        check_canonical(data, commitment.to_bytes(), COMMITMENT)
        return commitment


def checked_label(value: Any, name: str) -> str:
    """An origin or epoch label: 1 to 256 printable characters, no white space around; InputError otherwise."""
    if (
        not isinstance(value, str)
        or not 1 <= len(value) <= MAX_LABEL_CHARACTERS
        or not value.isprintable()
        or value != value.strip()
    ):
        raise InputError(
            f"{name}: expected 1 to {MAX_LABEL_CHARACTERS} printable characters without spaces at the ends"
        )
    return value


def leaves_to_bytes(digests: NDArray[np.uint32]) -> bytes:
    """leaves.bin: 32 bytes a leaf in intake order, its 8 elements as big-endian words of 4 bytes.

    So the hexadecimal digits of a leaf are those in which statement and receipts write digests.
    """
    return np.ascontiguousarray(digests.T, dtype=">u4").tobytes()


def leaves_from_bytes(data: bytes, count: int) -> NDArray[np.uint32]:
    """The leaf digests uint32[8, count] of leaves.bin; Rejected on another length or an element of P or more."""
    if len(data) != LEAF_BYTES * count:
        raise Rejected("wrong-length", f"{LEAVES}: {len(data):,} bytes where {LEAF_BYTES * count:,} belong")
    words = np.frombuffer(data, dtype=">u4").reshape(count, 8)
    if bool((words >= P).any()):
        raise Rejected("non-canonical-element", f"{LEAVES}: an element is not below the field's modulus")
    return np.ascontiguousarray(words.T, dtype=np.uint32)


def _bytes32(content: dict[str, Any], name: str) -> bytes:
    value = content.get(name)
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise InputError(f"{COMMITMENT}: {name}: expected 64 lower-case hex digits")
    return bytes.fromhex(value)
