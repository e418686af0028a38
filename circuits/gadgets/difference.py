"""Strict lexicographic order of rows by their first difference (SPEC §5.2).

For vectors `low` and `high` of field elements, one-hot columns pick the first place where they differ; all
places before it are equal. At that place both elements must be integers below 2^30 and the one of `high` the
larger.

All three are range-checked: the two elements and their difference. The difference alone proves nothing: steps
of 2^29 go round the field in four rows and come back to the element where they started, each of them "larger"
than the one before, so a sorted list could hold one account twice. The subtraction itself runs over halves of
15 bits with a borrow, so that it holds in the integers and not only modulo P.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkpay.circuits.gadgets.range import range_check
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Expression, Public, linear, total

HALF_BITS = 15


@dataclass(frozen=True)
class Halves:
    """Two columns of 15 bits: an integer below 2^30."""

    low: Column
    high: Column

    @property
    def value(self) -> Expression:
        """low + 2^15 * high."""
        return linear([(1, self.low), (1 << HALF_BITS, self.high)])


@dataclass(frozen=True)
class Difference:
    """What witness generation needs. `same` is None where equality is ruled out."""

    low: tuple[Expression, ...]
    high: tuple[Expression, ...]
    active: Expression
    picks: tuple[Column, ...]
    same: Column | None
    low_halves: Halves
    high_halves: Halves
    gap_halves: Halves
    borrow: Column


def increasing(
    table: Table, name: str, low: Sequence[Expression], high: Sequence[Expression], active: Expression
) -> list[Column]:
    """Require low < high on every row but the last where `active` (boolean) is 1; `high` may read the next
    row.

    Returns the picks: picks[k] = 1 exactly where the vectors first differ at place k; all 0 where not active.
    """
    return list(_difference(table, name, low, high, active, None).picks)


def non_decreasing(
    table: Table, name: str, low: Sequence[Expression], high: Sequence[Expression], active: Expression
) -> Column:
    """As `increasing`, with low = high allowed. Returns the boolean column `name same`: active and all equal.

    On the last row the column is any boolean and must not be used.
    """
    same = table.column(f"{name} same")
    table.boolean(f"{name} same is a bit", same)
    _difference(table, name, low, high, active, same)
    return same


def _difference(
    table: Table,
    name: str,
    low: Sequence[Expression],
    high: Sequence[Expression],
    active: Expression,
    same: Column | None,
) -> Difference:
    picks = table.column_group(f"{name} pick", len(low))
    for pick in picks:
        table.boolean(f"{pick.name} is a bit", pick)
    picked = total(picks)
    chosen: Expression = picked if same is None else picked + same
    table.transition(f"{name} picks one place", chosen - active)
    # Where equality is ruled out, one place is picked: nothing is left to say of the last one.
    before = len(low) if same is not None else len(low) - 1
    for k, (small, large) in enumerate(zip(low[:before], high[:before], strict=True)):
        undecided: list[tuple[int | Public, Expression]] = [
            (1, active),
            *((-1, pick) for pick in picks[: k + 1]),
        ]
        table.transition(f"{name} equal before the pick[{k}]", linear(undecided) * (large - small))
    low_halves = _halves(table, f"{name} low")
    high_halves = _halves(table, f"{name} high")
    gap_halves = _halves(table, f"{name} gap")
    for end, values, halves in (("low", low, low_halves), ("high", high, high_halves)):
        selected = total([pick * value for pick, value in zip(picks, values, strict=True)])
        table.transition(f"{name} {end} is the picked element", selected - halves.value)
    # gap = high - low - picked, half by half: every side is below 2^17 < P, so both lines hold in the integers. One
    # line over whole elements would not: low + gap + 1 - high reaches 2^31 - 1 > P, and a fall by P - 2^30 would pass.
    borrow = table.column(f"{name} borrow")
    table.boolean(f"{name} borrow is a bit", borrow)
    ends = ((1, high_halves.low), (-1, low_halves.low), (-1, picked), (1 << HALF_BITS, borrow), (-1, gap_halves.low))
    table.transition(f"{name} gap of the low halves", linear(ends))
    tops = ((1, high_halves.high), (-1, low_halves.high), (-1, borrow), (-1, gap_halves.high))
    table.transition(f"{name} gap of the high halves", linear(tops))
    gadget = Difference(
        tuple(low), tuple(high), active, tuple(picks), same, low_halves, high_halves, gap_halves, borrow
    )
    table.gadgets.append(gadget)
    return gadget


def _halves(table: Table, name: str) -> Halves:
    low, high = table.column(f"{name} bits 0-14"), table.column(f"{name} bits 15-29")
    for half in (low, high):
        range_check(table, half.name, half, HALF_BITS)
    return Halves(low, high)
