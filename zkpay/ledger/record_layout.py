"""Where the slots of a record's fields stand in its leaf (SPEC §5.11).

A leaf is one block of 24 field elements, or several where the policy's fields need them; all blocks but the first
start with a tag and the digest of the block before. Every element has at most 30 bits, salts and digests aside.

Block 0                                            Block k >= 1
  0       tag + 2^4 reason + 2^10 first symbol       0       tag
          + 2^16 slot
  1..5    salt                                       1..8    digest of block k - 1
  6..11   account                                    9..23   two slots each
  12..19  fingerprint key
  20..23  two slots each

Slots follow one another in the order of the fields, without the first symbol field, which has a place of its own;
the intake index of the replaced record, plus one, comes last under the rule of corrections. They fill elements 20
to 23, the upper half of element 0, and then further blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from zkpay.ledger.fields import SLOT_BITS
from zkpay.ledger.rules import Rules

BLOCK_ELEMENTS: Final = 24
CONTINUED_PAYLOAD: Final = 9
"""The first element of a further block that holds slots."""
MAX_BLOCKS: Final = 4

REASON_SHIFT: Final = 4
FIRST_SYMBOL_SHIFT: Final = 10
HEAD_SLOT_SHIFT: Final = 16
FIRST_SLOT_ELEMENT: Final = 20

REPLACES: Final = "replaces"
REPLACES_SLOTS: Final = 2


@dataclass(frozen=True)
class Place:
    """Slot number `slot` of field `name` stands in element `element` of block `block`, times 2^shift."""

    name: str
    slot: int
    block: int
    element: int
    shift: int


@dataclass(frozen=True)
class RecordLayout:
    """The layout of all records under some rules."""

    rules: Rules

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """The place of every slot, in the order of the fields.

        ValueError if the fields need more than MAX_BLOCKS blocks.
        """
        found: list[Place] = []
        free = _free_places()
        symbols = self.rules.symbols
        for field in self.rules.fields:
            if symbols and field is symbols[0]:
                found.append(Place(field.name, 0, 0, 0, FIRST_SYMBOL_SHIFT))
                continue
            for slot in range(field.slots):
                found.append(Place(field.name, slot, *_taken(free)))
        if self.rules.corrections:
            found += [Place(REPLACES, slot, *_taken(free)) for slot in range(REPLACES_SLOTS)]
        return tuple(found)

    @property
    def blocks(self) -> int:
        """Blocks of a leaf, at least one."""
        return 1 + max((place.block for place in self.places), default=0)


def _free_places() -> list[tuple[int, int, int]]:
    """(block, element, shift) of all slots that fields can take, first one first."""
    shifts = (0, SLOT_BITS)
    first = [(0, element, shift) for element in range(FIRST_SLOT_ELEMENT, BLOCK_ELEMENTS) for shift in shifts]
    further = [
        (block, element, shift)
        for block in range(1, MAX_BLOCKS)
        for element in range(CONTINUED_PAYLOAD, BLOCK_ELEMENTS)
        for shift in shifts
    ]
    return [*first, (0, 0, HEAD_SLOT_SHIFT), *further]


def _taken(free: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    if not free:
        raise ValueError(f"the fields need more than {MAX_BLOCKS} blocks of a leaf")
    return free.pop(0)
