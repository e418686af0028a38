"""The fields of a record that a policy declares: symbols and numbers (SPEC §3.2).

A symbol field has one of a few declared values, kept as a code: its position in the list. A number field has a
natural number; a record may state more than the policy's maximum, and is then rejected for it and proved so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SLOT_BITS: Final = 14
"""Numbers stand in a leaf, and in the circuit, in slots of this many bits, least significant first."""

UNDECLARED: Final = 63
"""The code of a symbol that the policy doesn't declare; declared ones are 0..61."""
MAX_SYMBOLS: Final = 62
SYMBOL_BITS: Final = 6

MAX_NUMBER_BITS: Final = 128


@dataclass(frozen=True)
class SymbolField:
    """`values[code]` is the symbol with that code; 1 to 62 of them."""

    name: str
    values: tuple[str, ...]

    @property
    def slots(self) -> int:
        """One slot holds the code."""
        return 1


@dataclass(frozen=True)
class NumberField:
    """An accepted record has minimum <= number <= maximum < 2^128; beyond are reasons to reject it."""

    name: str
    maximum: int
    minimum: int = 0

    @property
    def slots(self) -> int:
        """Slots that a record takes: at least twice the maximum can be recorded, so that it can be rejected."""
        return -(-(self.maximum.bit_length() + 1) // SLOT_BITS)

    @property
    def recordable(self) -> int:
        """The largest number that a record can hold."""
        return (1 << (SLOT_BITS * self.slots)) - 1


Field = SymbolField | NumberField
