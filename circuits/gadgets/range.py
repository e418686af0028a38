"""Range checks and naturals: numbers as limbs, each known to lie in a range (SPEC §5.2).

A field element says nothing of its size: every number that is compared, multiplied or divided is a natural
made of limbs, and every limb is looked up in the range table. A limb without its look-up may be any of P
values, and with it any number congruent to the honest one, which is money out of nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from zkpay.circuits.buses import RANGE
from zkpay.stark.air import Table
from zkpay.stark.expression import Expression

MAXIMUM_RANGE_BITS: Final = 15
"""Widest range of one look-up: the range table holds all widths up to it in 2^16 rows."""


def range_check(table: Table, name: str, expression: Expression, bits: int) -> None:
    """Require 0 <= expression < 2^bits on every row, padding included; 0 <= bits <= 15, else ValueError."""
    if not 0 <= bits <= MAXIMUM_RANGE_BITS:
        raise ValueError(f"{table.name}/{name}: a look-up holds 0 to {MAXIMUM_RANGE_BITS} bits, not {bits}")
    table.receive(RANGE, f"{name} has {bits} bits", (bits, expression))


@dataclass(frozen=True)
class Limb:
    """`expression` * 2^position, where 0 <= expression <= maximum on every row that counts."""

    expression: Expression
    position: int
    maximum: int


Natural = tuple[Limb, ...]
"""The sum of its limbs; little-endian."""


def limb_widths(maximum: int, width: int) -> tuple[int, ...]:
    """Bits of each limb of a number up to `maximum` in limbs of `width` bits, little-endian; at least one
    limb.

    The top limb takes only the bits that are left (none for maximum 0), so the limbs hold less than 2 *
    maximum.
    """
    bits = maximum.bit_length()
    count = max(1, -(-bits // width))
    return (*(width for _ in range(count - 1)), bits - width * (count - 1))


def natural_of(limbs: Sequence[Expression], maximum: int, width: int) -> Natural:
    """Limbs of `width` bits that hold a number known to be at most `maximum`; limbs that must be 0 are left
    out.
    """
    full = (1 << width) - 1
    return tuple(
        Limb(expression, width * position, min(full, maximum >> (width * position)))
        for position, expression in enumerate(limbs)
        if maximum >> (width * position)
    )


def natural(table: Table, name: str, maximum: int, width: int) -> Natural:
    """New columns name[0], name[1], ... that hold a number below 2^(bits of `maximum`), all range-checked."""
    widths = limb_widths(maximum, width)
    columns = table.column_group(name, len(widths))
    for column, bits in zip(columns, widths, strict=True):
        range_check(table, column.name, column, bits)
    return tuple(
        Limb(column, width * position, (1 << bits) - 1)
        for position, (column, bits) in enumerate(zip(columns, widths, strict=True))
    )
