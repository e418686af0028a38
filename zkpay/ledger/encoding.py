"""Records as field elements: the leaves of both trees and their inverse (SPEC §5.11, §5.3).

Elements have at most 30 bits, salts and digests aside (those are field elements of 31 bits that stand for
nothing else). Since 2^30 < P, no element has a second reading as e + P. Encoding is injective; the
decoders, which read receipts from strangers, reject everything that the encoders can't have written.

A record's leaf is laid out by `RecordLayout`: 24 elements, and 15 more for each further block that the policy's
fields need. A payout's leaf has 24:

  0       tag
  1..5    salt
  6..11   account, most significant element first
  12..15  payout, least significant element first
  16, 17  accepted and rejected records of the account
  18..23  zero
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from zkpay.errors import Rejected
from zkpay.ledger.accounts import ACCOUNT_BYTES
from zkpay.ledger.contributions import MAX_CONTRIBUTIONS, NOT_REPLACING, Contributions
from zkpay.ledger.fields import SLOT_BITS, SYMBOL_BITS, UNDECLARED, NumberField, SymbolField
from zkpay.ledger.record_layout import (
    BLOCK_ELEMENTS,
    CONTINUED_PAYLOAD,
    FIRST_SLOT_ELEMENT,
    FIRST_SYMBOL_SHIFT,
    REASON_SHIFT,
    REPLACES,
    REPLACES_SLOTS,
    Place,
    RecordLayout,
)
from zkpay.ledger.rules import REASON_BITS
from zkpay.stark.field import P

LEAF_ELEMENTS: Final = BLOCK_ELEMENTS
"""Of a payout's leaf, and of a record's first block."""
CONTINUED_ELEMENTS: Final = BLOCK_ELEMENTS - CONTINUED_PAYLOAD
"""Of a further block, its tag and the digest before left out."""
ELEMENT_BITS: Final = 30
SALT_ELEMENTS: Final = 5
ACCOUNT_ELEMENTS: Final = 6
FINGERPRINT_ELEMENTS: Final = 8
PAYOUT_ELEMENTS: Final = 4
PAYOUT_BITS: Final = 112

TAG_CONTRIBUTION: Final = 1
TAG_PAYOUT: Final = 2
TAG_EMPTY: Final = 3
TAG_CONTINUED: Final = 4

SALT: Final = slice(1, 6)
ACCOUNT: Final = slice(6, 12)
FINGERPRINT: Final = slice(12, 20)
PAYOUT: Final = slice(12, 16)
ACCEPTED_COUNT: Final = 16
REJECTED_COUNT: Final = 17
FIRST_UNUSED: Final = 18

_TAG_MASK: Final = (1 << REASON_SHIFT) - 1
_REASON_MASK: Final = (1 << REASON_BITS) - 1
_SLOT_MASK: Final = (1 << SLOT_BITS) - 1
_ELEMENT_MASK: Final = (1 << ELEMENT_BITS) - 1
TOP_ACCOUNT_BITS: Final = 8 * ACCOUNT_BYTES - (ACCOUNT_ELEMENTS - 1) * ELEMENT_BITS
_TOP_PAYOUT_BITS: Final = PAYOUT_BITS - (PAYOUT_ELEMENTS - 1) * ELEMENT_BITS

ALL_ROWS: Final = slice(None)

Elements = npt.NDArray[np.uint32]
HashLeaves = Callable[[Elements], Elements]
"""The leaf hash, uint32[24, n] -> uint32[8, n], in any implementation."""


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
    # Different accounts are rarely alike in 64 bits; numpy sorts by one key several times faster than by three.
    first = top << np.uint64(32) | middle >> np.uint64(32)
    order = np.argsort(first)
    ordered = first[order]
    alike = np.zeros(len(order), dtype=bool)
    alike[1:] = ordered[1:] == ordered[:-1]
    run = np.cumsum(~alike)
    middle, low = middle[order], low[order]
    undecided = np.zeros(len(order), dtype=bool)
    undecided[1:] = alike[1:] & ((middle[1:] != middle[:-1]) | (low[1:] != low[:-1]))
    if undecided.any():
        places = np.flatnonzero(np.isin(run, run[undecided]))
        sorted_places = places[np.lexsort((low[places], middle[places], run[places]))]
        order[places], middle[places], low[places] = order[sorted_places], middle[sorted_places], low[sorted_places]
    starts = ~alike
    starts[1:] |= (middle[1:] != middle[:-1]) | (low[1:] != low[:-1])
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.cumsum(starts) - 1
    return accounts[order[starts]], place


def _account_words(accounts: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint64], ...]:
    """Accounts as numbers in three words, most significant first."""
    padded = np.zeros((len(accounts), 24), dtype=np.uint8)
    padded[:, 4:] = accounts
    words = padded.view(">u8").astype(np.uint64)
    return words[:, 0], words[:, 1], words[:, 2]


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


def leaf_elements(
    contributions: Contributions, salts: Elements, layout: RecordLayout, rows: slice = ALL_ROWS
) -> Elements:
    """The leaves of contributions in intake order, uint32[24 + 15 (blocks - 1), n], from the salts uint32[5, N] of all.

    Elements 0..23 are block 0, and each further block adds its elements 9..23. ValueError for values beyond what the
    layout's slots hold, and for columns that aren't the layout's.
    """
    _check_salts(salts, len(contributions), rows)
    reason = contributions.reason[rows]
    if (reason >> REASON_BITS).any():
        raise ValueError(f"a reason code of more than {REASON_BITS} bits")
    slots = _slot_columns(contributions, layout, rows)
    leaves = np.zeros((record_elements(layout), len(reason)), dtype=np.uint32)
    leaves[0] = TAG_CONTRIBUTION + (reason.astype(np.uint32) << REASON_SHIFT)
    leaves[SALT] = salts[:, rows]
    leaves[ACCOUNT] = account_elements(contributions.accounts[rows])
    leaves[FINGERPRINT] = contributions.fingerprint_keys[:, rows]
    for place in layout.places:
        leaves[element_of(place)] += slots[place.name][place.slot].astype(np.uint32) << place.shift
    return leaves


def leaf_blocks(elements: Elements) -> list[Elements]:
    """Flattened leaves, uint32[24 + 15 k, N], by block: uint32[24, N], then k times uint32[15, N]."""
    further = range(LEAF_ELEMENTS, len(elements), CONTINUED_ELEMENTS)
    return [elements[:LEAF_ELEMENTS], *[elements[start : start + CONTINUED_ELEMENTS] for start in further]]


def continued_block(digests: Elements, payload: Elements) -> Elements:
    """A further block as it is hashed, uint32[24, N], from the digests of the blocks before and its own elements."""
    tags = np.full((1, digests.shape[1]), TAG_CONTINUED, dtype=np.uint32)
    return np.concatenate([tags, digests, payload])


def hash_record_leaves(elements: Elements, hash_leaves: HashLeaves) -> Elements:
    """The digests of flattened leaves, uint32[24 + 15 k, N] -> uint32[8, N]: the last block's."""
    first, *further = leaf_blocks(elements)
    digests = hash_leaves(first)
    for payload in further:
        digests = hash_leaves(continued_block(digests, payload))
    return digests


def record_elements(layout: RecordLayout) -> int:
    """How many elements a flattened leaf has."""
    return LEAF_ELEMENTS + CONTINUED_ELEMENTS * (layout.blocks - 1)


def element_of(place: Place) -> int:
    """The element of a flattened leaf in which a slot stands."""
    if place.block == 0:
        return place.element
    return LEAF_ELEMENTS + CONTINUED_ELEMENTS * (place.block - 1) + place.element - CONTINUED_PAYLOAD


def _slot_columns(contributions: Contributions, layout: RecordLayout, rows: slice) -> dict[str, npt.NDArray[Any]]:
    """The slots of every field and of `replaces`, [slots, N] each, known to fit their places."""
    columns: dict[str, npt.NDArray[Any]] = {}
    for field in layout.rules.fields:
        by_name: Mapping[str, npt.NDArray[Any]]
        by_name = contributions.numbers if isinstance(field, NumberField) else contributions.symbols
        if field.name not in by_name:
            raise ValueError(f"the records have no field {field.name} of the policy's type")
        column = by_name[field.name][..., rows]
        column = column[None] if column.ndim == 1 else column
        bits = SLOT_BITS if isinstance(field, NumberField) else SYMBOL_BITS
        if len(column) != field.slots or (column >> bits).any():
            raise ValueError(f"{field.name} has values beyond what a leaf records")
        columns[field.name] = column
    replaces = contributions.replaces[rows] - NOT_REPLACING
    if ((replaces < 0) | (replaces > MAX_CONTRIBUTIONS)).any():
        raise ValueError("a replaced record beyond what an epoch has")
    if layout.rules.corrections:
        columns[REPLACES] = np.stack([replaces >> SLOT_BITS * slot & _SLOT_MASK for slot in range(REPLACES_SLOTS)])
    elif replaces.any():
        raise ValueError("a record replaces another, and the policy takes no corrections")
    return columns


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
    """What a contribution's leaf says.

    `reason` is a code. values: field name -> number, or code of a symbol. replaces: the intake index of the record that
    this one corrects.
    """

    reason: int
    values: Mapping[str, int]
    replaces: int | None
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


def decode_contribution_leaf(elements: Sequence[int], layout: RecordLayout) -> ContributionLeaf:
    """The one record that encodes to these elements of a flattened leaf; Rejected if there is none."""
    salt = _check_frame(elements, TAG_CONTRIBUTION, record_elements(layout))
    account = account_from_elements(elements[ACCOUNT])
    for index in range(FINGERPRINT.start, FINGERPRINT.stop):
        _check_bits(f"element {index}", elements[index], ELEMENT_BITS)
    for index in range(FIRST_SLOT_ELEMENT, len(elements)):
        _check_bits(f"element {index}", elements[index], 2 * SLOT_BITS)
    # What no place has taken out in the end was never put in.
    left = {0: elements[0] >> FIRST_SYMBOL_SHIFT << FIRST_SYMBOL_SHIFT}
    left |= {index: elements[index] for index in range(FIRST_SLOT_ELEMENT, len(elements))}
    values = {place.name: 0 for place in layout.places}
    for place in layout.places:
        index = element_of(place)
        mask = (1 << (SYMBOL_BITS if (index, place.shift) == (0, FIRST_SYMBOL_SHIFT) else SLOT_BITS)) - 1
        slot = elements[index] >> place.shift & mask
        left[index] -= slot << place.shift
        values[place.name] |= slot << SLOT_BITS * place.slot
    for index, rest in left.items():
        if rest:
            raise Rejected("unused-element-not-zero", f"element {index} holds more than the policy's fields")
    replaces = values.pop(REPLACES, 0) - 1
    if replaces >= MAX_CONTRIBUTIONS:
        raise Rejected("non-canonical-element", f"the replaced record's index {replaces} is beyond an epoch's records")
    reason = elements[0] >> REASON_SHIFT & _REASON_MASK
    _check_codes(reason, values, layout)
    return ContributionLeaf(
        reason=reason,
        values={field.name: values[field.name] for field in layout.rules.fields},
        replaces=None if replaces == NOT_REPLACING else replaces,
        account=account,
        fingerprint_key=tuple(elements[FINGERPRINT]),
        salt=salt,
    )


def _check_codes(reason: int, values: Mapping[str, int], layout: RecordLayout) -> None:
    """Every code stands for something under the policy."""
    if reason not in layout.rules.usable_reasons:
        raise Rejected("unknown-code", f"the record has reason code {reason}, not in the policy")
    for field in layout.rules.fields:
        if isinstance(field, SymbolField):
            code = values[field.name]
            if code >= len(field.values) and code != UNDECLARED:
                raise Rejected("unknown-code", f"the record has {field.name} code {code}, not in the policy")


def decode_payout_leaf(elements: Sequence[int]) -> PayoutLeaf:
    """The one payout that encodes to these 24 elements; Rejected if there is none."""
    salt = _check_frame(elements, TAG_PAYOUT, LEAF_ELEMENTS)
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


def _check_frame(elements: Sequence[int], tag: int, length: int) -> tuple[int, ...]:
    """What all leaves share: integers in [0, P), the tag, an element 0 of at most 30 bits. Returns the salt."""
    _check_length(elements, length)
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


def _check_salts(salts: Elements, count: int, rows: slice = ALL_ROWS) -> None:
    if salts.shape != (SALT_ELEMENTS, count) or (salts[:, rows] >= P).any():
        raise ValueError(f"salts must be uint32[{SALT_ELEMENTS}, {count}] below P")
