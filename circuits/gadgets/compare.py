"""Comparing naturals limb by limb, from the top down (SPEC §5.2).

Picks, which are bits, name a limb in which the two differ while all limbs above it are equal; the top limb counts where
no other is picked, so that it needs no pick. The sign of the one difference decides, and one look-up proves the sign,
however many limbs there are. Limbs are columns, constants or digits of public numbers; whoever made them has
range-checked them, as a limb of any size could be both more and less than another.

Nothing says that one limb is picked at most: with two or more, all picked limbs but the lowest are equal and add
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from zkpay.circuits.gadgets.carry import PublicDigits
from zkpay.circuits.gadgets.range import MAXIMUM_RANGE_BITS, range_check
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Constant, Expression, constant, linear, total

Side = Sequence[Expression | int] | PublicDigits
"""One side of a comparison: limbs, little-endian, as expressions of degree at most 1 or as constants; or the
digits of a public number. The shorter side is filled up with zeros."""


@dataclass(frozen=True)
class Comparison:
    """What witness generation needs. `flag` is None where left < right is required. `picks`: of all limbs but the top
    one, from the lowest up.
    """

    left: tuple[Expression, ...]
    right: tuple[Expression, ...]
    active: Expression | None
    picks: tuple[Column, ...]
    difference: Column
    flag: Column | None
    digits: tuple[PublicDigits, ...]


def at_most(table: Table, name: str, left: Side, right: Side, bits: int, active: Expression | None = None) -> Column:
    """The column `name`: 1 where left <= right, else 0, on the rows where `active` is 1; 0 on all others.

    All limbs are below 2^bits where active, bits <= 15; ValueError if a constant or a digit is not. `active`
    (None: every row) is 0 or 1 on every row, of degree at most 1.
    """
    lefts, rights, digits = _sides(table, name, left, right, bits)
    present = constant(1) if active is None else active
    flag = table.column(name)
    # Boolean, and 0 where not active.
    table.every(f"{name} is a bit", flag * (flag - present))
    picks, gap = _picked(table, name, lefts, rights, present)
    difference = table.column(f"{name} difference")
    # flag = 0: left - right >= 1. flag = 1: right - left >= 1, or 0 at the lowest limb, below which nothing is left.
    lowest = picks[0] if picks else present
    table.every(f"{name} difference has the sign", (2 * flag - 1) * gap - present + flag * lowest - difference)
    range_check(table, difference.name, difference, bits)
    table.gadgets.append(Comparison(lefts, rights, active, picks, difference, flag, digits))
    return flag


def below(table: Table, name: str, left: Side, right: Side, bits: int, active: Expression | None = None) -> None:
    """Require left < right on the rows where `active` is 1. Limbs, bits and `active` as for `at_most`."""
    lefts, rights, digits = _sides(table, name, left, right, bits)
    present = constant(1) if active is None else active
    picks, gap = _picked(table, name, lefts, rights, present)
    difference = table.column(f"{name} difference")
    table.every(f"{name} difference is at least one", gap - present - difference)
    range_check(table, difference.name, difference, bits)
    table.gadgets.append(Comparison(lefts, rights, active, picks, difference, None, digits))


def _sides(
    table: Table, name: str, left: Side, right: Side, bits: int
) -> tuple[tuple[Expression, ...], tuple[Expression, ...], tuple[PublicDigits, ...]]:
    """Both sides at one length, and the public numbers among them."""
    if not 0 <= bits <= MAXIMUM_RANGE_BITS:
        raise ValueError(f"{table.name}/{name}: limbs of 0 to {MAXIMUM_RANGE_BITS} bits are compared, not {bits}")
    digits = tuple(side for side in (left, right) if isinstance(side, PublicDigits))
    for number in digits:
        if number.shift or number.radix > bits:
            raise ValueError(f"{table.name}/{name}: digits of {number.radix} bits, shift {number.shift}")
    zero = constant(0)
    pairs = list(zip_longest(_entries(left), _entries(right), fillvalue=zero)) or [(zero, zero)]
    for entry in (entry for pair in pairs for entry in pair):
        if isinstance(entry, Constant) and not 0 <= entry.value < 1 << bits:
            raise ValueError(f"{table.name}/{name}: {entry.value} does not fit a limb of {bits} bits")
    return tuple(small for small, _ in pairs), tuple(large for _, large in pairs), digits


def _entries(side: Side) -> list[Expression]:
    if isinstance(side, PublicDigits):
        return [side.digit(k) for k in range(side.count)]
    return [constant(entry) if isinstance(entry, int) else entry for entry in side]


def _picked(
    table: Table, name: str, lefts: Sequence[Expression], rights: Sequence[Expression], present: Expression
) -> tuple[tuple[Column, ...], Expression]:
    """Picks for all limbs but the top one, and right - left at the picked limbs: at the top where there are none."""
    picks = table.column_group(f"{name} pick", len(lefts) - 1)
    for pick in picks:
        table.boolean(f"{pick.name} is a bit", pick)
    for k in range(1, len(lefts)):
        table.every(f"{name} equal above the pick[{k}]", total(picks[:k]) * (lefts[k] - rights[k]))
    top = linear([(1, present), *((-1, pick) for pick in picks)])
    parts = zip((*picks, top), lefts, rights, strict=True)
    return tuple(picks), total([pick * (large - small) for pick, small, large in parts])
