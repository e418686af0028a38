"""Records as field elements: the leaves of both trees and their inverse (SPEC §5.11, §5.3).

A leaf has 24 elements of at most 30 bits, salts aside (those are field elements of 31 bits that stand for
nothing else). Since 2^30 < P, no element has a second reading as e + P. Encoding is injective; the
decoders, which read receipts from strangers, reject everything that the encoders can't have written.

Layout of a contribution's leaf                       Layout of a payout's leaf
  0       tag + 2^4 reason + 2^10 kind                   0       tag
          + 2^16 quality slot 1
  1..5    salt                                           1..5    salt
  6..11   account, most significant element first        6..11   account
  12..19  fingerprint key, likewise                      12..15  payout, least significant element first
  20..22  quantity slots 2i + 2^14 (2i + 1)              16, 17  accepted and rejected records of the account
  23      quantity slot 6 + 2^14 quality slot 0          18..23  zero
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.errors import Rejected
from zkpay.ledger.accounts import ACCOUNT_BYTES
from zkpay.ledger.codes import QUALITY_BITS
from zkpay.ledger.contributions import Contributions
from zkpay.stark.field import P

LEAF_ELEMENTS: Final = 24
ELEMENT_BITS: Final = 30
SLOT_BITS: Final = 14
SALT_ELEMENTS: Final = 5
ACCOUNT_ELEMENTS: Final = 6
FINGERPRINT_ELEMENTS: Final = 8
QUANTITY_SLOTS: Final = 7
PAYOUT_ELEMENTS: Final = 4
PAYOUT_BITS: Final = 112

TAG_CONTRIBUTION: Final = 1
TAG_PAYOUT: Final = 2
TAG_EMPTY: Final = 3

REASON_SHIFT: Final = 4
KIND_SHIFT: Final = 10
QUALITY_HIGH_SHIFT: Final = 16
CODE_BITS: Final = 6

SALT: Final = slice(1, 6)
ACCOUNT: Final = slice(6, 12)
FINGERPRINT: Final = slice(12, 20)
PAYOUT: Final = slice(12, 16)
ACCEPTED_COUNT: Final = 16
REJECTED_COUNT: Final = 17
FIRST_UNUSED: Final = 18

_TAG_MASK: Final = (1 << REASON_SHIFT) - 1
_CODE_MASK: Final = (1 << CODE_BITS) - 1
_SLOT_MASK: Final = (1 << SLOT_BITS) - 1
_ELEMENT_MASK: Final = (1 << ELEMENT_BITS) - 1
TOP_ACCOUNT_BITS: Final = 8 * ACCOUNT_BYTES - (ACCOUNT_ELEMENTS - 1) * ELEMENT_BITS
_TOP_PAYOUT_BITS: Final = PAYOUT_BITS - (PAYOUT_ELEMENTS - 1) * ELEMENT_BITS

Elements = npt.NDArray[np.uint32]


def big_endian_elements(values: npt.NDArray[np.uint8], first_bit: int, count: int) -> Elements:
    """`count` elements of 30 bits from rows of bytes, most significant first: uint8[N, width] ->
    uint32[count, N].

    Element i holds the bits first_bit + 30 i and on, counted from the top; a negative first_bit pads with
    zeros.
    """
    length, width = values.shape
    padded = np.zeros((length, -(-width // 4) * 4 + 4), dtype=np.uint8)
    padded[:, :width] = values
    words = padded.view(">u4").astype(np.uint64)
    elements = np.empty((count, length), dtype=np.uint32)
    for index in range(count):
        start = first_bit + ELEMENT_BITS * index
        taken = ELEMENT_BITS + min(start, 0)
        word, offset = divmod(max(start, 0), 32)
        pair = words[:, word] << np.uint64(32) | words[:, word + 1]
        elements[index] = pair >> np.uint64(64 - offset - taken) & np.uint64((1 << taken) - 1)
    return elements


def account_elements(accounts: npt.NDArray[np.uint8]) -> Elements:
    """Accounts as elements, uint8[N, 20] -> uint32[6, N]; element 0 has the top 10 bits.

    Elements compared in order compare as the 160-bit numbers do.
    """
    return big_endian_elements(accounts, TOP_ACCOUNT_BITS - ELEMENT_BITS, ACCOUNT_ELEMENTS)


def account_from_elements(elements: Sequence[int]) -> bytes:
    """The account of 6 elements; Rejected `non-canonical-element` if one has more bits than it may."""
    _check_length(elements, ACCOUNT_ELEMENTS)
    _check_bits("account element 0", elements[0], TOP_ACCOUNT_BITS)
    value = elements[0]
    for index, element in enumerate(elements[1:], start=1):
        _check_bits(f"account element {index}", element, ELEMENT_BITS)
        value = value << ELEMENT_BITS | element
    return value.to_bytes(ACCOUNT_BYTES, "big")


def account_order(accounts: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The distinct accounts, increasing, uint8[D, 20], and each record's place among them, int64[N]."""
    if not len(accounts):
        return np.empty((0, ACCOUNT_BYTES), dtype=np.uint8), np.empty(0, dtype=np.int64)
    top, middle, low = _account_words(accounts)
    order = np.lexsort((low, middle, top))
    top, middle, low = top[order], middle[order], low[order]
    starts = np.ones(len(order), dtype=bool)
    starts[1:] = (top[1:] != top[:-1]) | (middle[1:] != middle[:-1]) | (low[1:] != low[:-1])
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.cumsum(starts) - 1
    return accounts[order[starts]], place


def _account_words(accounts: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint64], ...]:
    """Accounts as numbers in three words, most significant first."""
    padded = np.zeros((len(accounts), 24), dtype=np.uint8)
    padded[:, 4:] = accounts
    words = padded.view(">u8").astype(np.uint64)
    return words[:, 0], words[:, 1], words[:, 2]


def quantity_slots(low: npt.NDArray[np.uint64], high: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint16]:
    """Quantities low + 2^64 high < 2^98 as slots of 14 bits, least significant first: uint16[N, 7]."""
    slots = np.empty((low.size, QUANTITY_SLOTS), dtype=np.uint16)
    for index in range(QUANTITY_SLOTS):
        start = SLOT_BITS * index
        if start + SLOT_BITS <= 64:
            slot = low >> np.uint64(start)
        elif start < 64:
            slot = low >> np.uint64(start) | high << np.uint64(64 - start)
        else:
            slot = high >> np.uint64(start - 64)
        slots[:, index] = slot & np.uint64(_SLOT_MASK)
    return slots


def quantity_values(slots: npt.NDArray[np.uint16]) -> list[int]:
    """The inverse of `quantity_slots`, as Python integers."""
    wide = slots.astype(np.uint64)
    low = wide[:, 0] | wide[:, 1] << np.uint64(14) | wide[:, 2] << np.uint64(28) | wide[:, 3] << np.uint64(42)
    high = wide[:, 4] | wide[:, 5] << np.uint64(14) | wide[:, 6] << np.uint64(28)
    if not high.any():
        return [int(value) for value in low.tolist()]
    return [bottom | top << 56 for bottom, top in zip(low.tolist(), high.tolist(), strict=True)]


def payout_elements(payouts: Sequence[int]) -> Elements:
    """Payouts in base units, below 2^112, as uint32[4, A], least significant element first."""
    if payouts and not (min(payouts) >= 0 and max(payouts) < 1 << PAYOUT_BITS):
        raise ValueError(f"a payout outside [0, 2^{PAYOUT_BITS})")
    raw = b"".join([payout.to_bytes(16, "little") for payout in payouts])
    low, high = np.frombuffer(raw, dtype="<u8").reshape(-1, 2).T
    mask = np.uint64(_ELEMENT_MASK)
    return np.stack(
        [
            low & mask,
            low >> np.uint64(30) & mask,
            (low >> np.uint64(60) | high << np.uint64(4)) & mask,
            high >> np.uint64(26),
        ]
    ).astype(np.uint32)


def contribution_leaves(contributions: Contributions, salts: Elements) -> Elements:
    """The leaves of all contributions in intake order, uint32[24, N], from salts uint32[5, N]."""
    count = len(contributions)
    _check_salts(salts, count)
    slots = contributions.quantity.astype(np.uint32)
    quality = contributions.quality.astype(np.uint32)
    if (quality >> QUALITY_BITS).any() or (slots >> SLOT_BITS).any():
        raise ValueError("a quantity slot or a quality beyond what a leaf records")
    if ((contributions.kind | contributions.reason) >> CODE_BITS).any():
        raise ValueError(f"a code of more than {CODE_BITS} bits")
    leaves = np.empty((LEAF_ELEMENTS, count), dtype=np.uint32)
    leaves[0] = (
        TAG_CONTRIBUTION
        + (contributions.reason.astype(np.uint32) << REASON_SHIFT)
        + (contributions.kind.astype(np.uint32) << KIND_SHIFT)
        + (quality >> SLOT_BITS << QUALITY_HIGH_SHIFT)
    )
    leaves[SALT] = salts
    leaves[ACCOUNT] = account_elements(contributions.accounts)
    leaves[FINGERPRINT] = contributions.fingerprint_keys
    for index in range(3):
        leaves[20 + index] = slots[:, 2 * index] + (slots[:, 2 * index + 1] << SLOT_BITS)
    leaves[23] = slots[:, 6] + ((quality & _SLOT_MASK) << SLOT_BITS)
    return leaves


def payout_leaves(
    accounts: npt.NDArray[np.uint8],
    payouts: Sequence[int],
    accepted: npt.NDArray[np.int64],
    rejected: npt.NDArray[np.int64],
    salts: Elements,
) -> Elements:
    """The leaves of all payouts in account order, uint32[24, A].

    accounts uint8[A, 20]; payouts A integers below 2^112; accepted and rejected int64[A], the account's
    records.
    """
    count = len(payouts)
    _check_salts(salts, count)
    if ((accepted | rejected) >> ELEMENT_BITS).any():
        raise ValueError(f"a count outside [0, 2^{ELEMENT_BITS})")
    leaves = np.zeros((LEAF_ELEMENTS, count), dtype=np.uint32)
    leaves[0] = TAG_PAYOUT
    leaves[SALT] = salts
    leaves[ACCOUNT] = account_elements(accounts)
    leaves[PAYOUT] = payout_elements(payouts)
    leaves[ACCEPTED_COUNT] = accepted
    leaves[REJECTED_COUNT] = rejected
    return leaves


def empty_leaf() -> Elements:
    """The leaf at every position after the last one: its tag alone, uint32[24, 1]."""
    leaf = np.zeros((LEAF_ELEMENTS, 1), dtype=np.uint32)
    leaf[0] = TAG_EMPTY
    return leaf


@dataclass(frozen=True)
class ContributionLeaf:
    """What a contribution's leaf says.  `reason` and `kind` are codes (a policy names them)."""

    reason: int
    kind: int
    quantity: int
    quality: int
    account: bytes
    fingerprint_key: tuple[int, ...]
    salt: tuple[int, ...]


@dataclass(frozen=True)
class PayoutLeaf:
    """What a payout's leaf says; `payout` in base units."""

    account: bytes
    payout: int
    accepted: int
    rejected: int
    salt: tuple[int, ...]


def decode_contribution_leaf(elements: Sequence[int]) -> ContributionLeaf:
    """The one record that encodes to these 24 elements; Rejected if there is none."""
    salt = _check_frame(elements, TAG_CONTRIBUTION)
    account = account_from_elements(elements[ACCOUNT])
    for index in range(FINGERPRINT.start, FINGERPRINT.stop):
        _check_bits(f"element {index}", elements[index], ELEMENT_BITS)
    quantity = 0
    for index in range(4):
        packed = elements[20 + index]
        _check_bits(f"element {20 + index}", packed, 2 * SLOT_BITS)
        quantity |= (packed if index < 3 else packed & _SLOT_MASK) << 2 * SLOT_BITS * index
    quality_high = elements[0] >> QUALITY_HIGH_SHIFT
    return ContributionLeaf(
        reason=elements[0] >> REASON_SHIFT & _CODE_MASK,
        kind=elements[0] >> KIND_SHIFT & _CODE_MASK,
        quantity=quantity,
        quality=quality_high << SLOT_BITS | elements[23] >> SLOT_BITS,
        account=account,
        fingerprint_key=tuple(elements[FINGERPRINT]),
        salt=salt,
    )


def decode_payout_leaf(elements: Sequence[int]) -> PayoutLeaf:
    """The one payout that encodes to these 24 elements; Rejected if there is none."""
    salt = _check_frame(elements, TAG_PAYOUT)
    if elements[0] != TAG_PAYOUT:
        raise Rejected("unused-element-not-zero", "element 0 of a payout's leaf holds more than its tag")
    account = account_from_elements(elements[ACCOUNT])
    payout = 0
    for index in range(PAYOUT_ELEMENTS):
        bits = ELEMENT_BITS if index < PAYOUT_ELEMENTS - 1 else _TOP_PAYOUT_BITS
        _check_bits(f"element {PAYOUT.start + index}", elements[PAYOUT.start + index], bits)
        payout |= elements[PAYOUT.start + index] << ELEMENT_BITS * index
    for index in (ACCEPTED_COUNT, REJECTED_COUNT):
        _check_bits(f"element {index}", elements[index], ELEMENT_BITS)
    if any(elements[FIRST_UNUSED:]):
        raise Rejected("unused-element-not-zero", f"elements {FIRST_UNUSED} to 23 of a payout's leaf must be 0")
    return PayoutLeaf(account, payout, elements[ACCEPTED_COUNT], elements[REJECTED_COUNT], salt)


def _check_frame(elements: Sequence[int], tag: int) -> tuple[int, ...]:
    """What all leaves share: 24 integers in [0, P), the tag, an element 0 of at most 30 bits. Returns the
    salt.
    """
    _check_length(elements, LEAF_ELEMENTS)
    for index, element in enumerate(elements):
        # type() and not isinstance: a JSON true is an int to Python, and must not pass for 1.
        if type(element) is not int or not 0 <= element < P:
            raise Rejected("non-canonical-element", f"element {index} is not an integer in [0, {P})")
    if elements[0] & _TAG_MASK != tag:
        raise Rejected("wrong-tag", f"the leaf has tag {elements[0] & _TAG_MASK}, not {tag}")
    _check_bits("element 0", elements[0], ELEMENT_BITS)
    return tuple(elements[SALT])


def _check_length(elements: Sequence[int], count: int) -> None:
    if len(elements) != count:
        raise Rejected("wrong-length", f"{len(elements)} elements instead of {count}")


def _check_bits(name: str, element: int, bits: int) -> None:
    if type(element) is not int or not 0 <= element < 1 << bits:
        raise Rejected("non-canonical-element", f"{name} is not an integer of at most {bits} bits")


def _check_salts(salts: Elements, count: int) -> None:
    if salts.shape != (SALT_ELEMENTS, count) or (salts >= P).any():
        raise ValueError(f"salts must be uint32[{SALT_ELEMENTS}, {count}] below P")
