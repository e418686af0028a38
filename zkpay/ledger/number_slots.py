"""Numbers of a record as slots of 14 bits, a column at a time (SPEC §5.11).

In between stand words of 64 bits, least significant first: numpy compares and shifts those.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.ledger.fields import SLOT_BITS

WORD_BITS: Final = 64
_LOW_SLOTS: Final = 4
"""Slots that make one int64: 56 bits."""
_LOW_BITS: Final = SLOT_BITS * _LOW_SLOTS
_SMALL: Final = 1 << 62
_SLOT_MASK: Final = np.uint64((1 << SLOT_BITS) - 1)

Words = npt.NDArray[np.uint64]
"""uint64[words, N]."""
Slots = npt.NDArray[np.uint16]
"""uint16[slots, N]."""
Values = npt.NDArray[np.int64] | npt.NDArray[np.object_]


def words_of_slots(slots: int) -> int:
    """How many words hold a number of so many slots."""
    return -(-SLOT_BITS * slots // WORD_BITS)


def words_of_values(values: Sequence[int], words: int) -> Words:
    """Numbers below 2^(64 words) as uint64[words, N]; OverflowError for any other."""
    raw = b"".join([value.to_bytes(8 * words, "little") for value in values])
    found: Words = np.frombuffer(raw, dtype="<u8").reshape(len(values), words).T.astype(np.uint64)
    return found


def slots_of_words(words: Words, slots: int) -> Slots:
    """Numbers below 2^(14 slots), uint64[words, N] -> uint16[slots, N]."""
    found = np.empty((slots, words.shape[1]), dtype=np.uint16)
    for index in range(slots):
        word, offset = divmod(SLOT_BITS * index, WORD_BITS)
        slot = words[word] >> np.uint64(offset)
        if offset + SLOT_BITS > WORD_BITS and word + 1 < len(words):
            slot = slot | words[word + 1] << np.uint64(WORD_BITS - offset)
        found[index] = slot & _SLOT_MASK
    return found


def slots_of_values(values: Sequence[int], slots: int) -> Slots:
    """Numbers as uint16[slots, N]; ValueError for one outside [0, 2^(14 slots))."""
    if values and not (min(values) >= 0 and max(values) < 1 << SLOT_BITS * slots):
        raise ValueError(f"a number outside [0, 2^{SLOT_BITS * slots})")
    return slots_of_words(words_of_values(values, words_of_slots(slots)), slots)


def values_of_slots(slots: Slots) -> Values:
    """The numbers of uint16[slots, N]: int64[N] if all are below 2^62, Python integers in object[N] otherwise."""
    count = len(slots)
    low = _int64(slots[:_LOW_SLOTS])
    if not slots[_LOW_SLOTS:].any():
        return low
    middle = _int64(slots[_LOW_SLOTS : 2 * _LOW_SLOTS])
    if not slots[2 * _LOW_SLOTS :].any() and int(middle.max()) < _SMALL >> _LOW_BITS:
        small: npt.NDArray[np.int64] = low | middle << _LOW_BITS
        return small
    values = low.astype(object) + (middle.astype(object) << _LOW_BITS)
    if count > 2 * _LOW_SLOTS:
        values += _int64(slots[2 * _LOW_SLOTS :]).astype(object) << 2 * _LOW_BITS
    found: npt.NDArray[np.object_] = values
    return found


def _int64(slots: Slots) -> npt.NDArray[np.int64]:
    """At most 4 slots as numbers below 2^56."""
    value = np.zeros(slots.shape[1], dtype=np.int64)
    for index, slot in enumerate(slots):
        value |= slot.astype(np.int64) << SLOT_BITS * index
    return value
