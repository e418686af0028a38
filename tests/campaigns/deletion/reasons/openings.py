"""What a limb without its look-up can hold: all field elements that the lines which read it let through.

A line with a coefficient c lets through those x for which c * x mod P lies where the line's other terms and carries can
meet it. Most such x are the same number in other limbs, which no line reads as another. Those for which some line wraps
around P are what a lie needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.campaigns.deletion.reasons.implied import Plans, with_carries
from zkpay.circuits.bounds import TOTAL_WIDTH, AccountTotal, Bounds
from zkpay.circuits.gadgets.arithmetic import Columns, Defined
from zkpay.circuits.gadgets.carry import Plan
from zkpay.circuits.totals.air import limb_name
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Constant, Expression, Linear, Product, Public
from zkpay.stark.field import P, inverse

MOST: Final = 1 << 28
CHUNK: Final = 1 << 21
KEPT: Final = 256
"""Elements that are kept of a chunk, at most twice as many."""
LOOK_UP: Final = re.compile(r"\w+/(.+\[\d+\]) has (\d+) bits")


@dataclass(frozen=True)
class Reading:
    """coefficient * x lies between low and high on one line, modulo P."""

    coefficient: int
    low: int
    high: int


def coefficient_of(expression: Expression, column: Column) -> int | None:
    """The integer that a column is multiplied with in an expression; None if it isn't read linearly."""
    if isinstance(expression, Column):
        return int(expression == column)
    if isinstance(expression, Constant | Public):
        return 0
    if isinstance(expression, Linear):
        parts = [(factor, coefficient_of(part, column)) for factor, part in expression.terms]
        if any(part is None or (part and not isinstance(factor, int)) for factor, part in parts):
            return None
        return sum(factor * part for factor, part in parts if isinstance(factor, int) and part)
    if isinstance(expression, Product):
        sides = (coefficient_of(expression.left, column), coefficient_of(expression.right, column))
        return 0 if sides == (0, 0) else None
    raise TypeError(f"{expression} is of no known kind")


def readings(plan: Plan, column: Column, maximum: int) -> tuple[list[Reading], bool]:
    """What the lines of a plan ask of a column that is at most `maximum` with its look-up; and whether all lines that
    read it are among them.
    """
    found: list[Reading] = []
    complete = True
    for k, line in enumerate(plan.lines):
        held = coefficient_of(Linear(line.terms, 0), column)
        if held is None:
            complete = False
        elif held:
            found.append(read_by(plan, k, held, maximum))
    return found, complete


def read_by(plan: Plan, k: int, held: int, maximum: int) -> Reading:
    """What line k asks of a column that it reads `held` times, and that is at most `maximum` with its look-up."""
    ends = sorted((0, held * maximum))
    low, high = with_carries(plan, k, plan.lines[k].low - ends[0], plan.lines[k].high - ends[1])
    return Reading(held, -high, -low)


def wraps(plans: Plans, table: Table, column: Column, maximum: int) -> tuple[NDArray[np.int64], bool] | None:
    """Elements outside 0..maximum that all lines let through and some line reads as another number (some, if there are
    many), and whether all lines were looked at. None if it would take too long.
    """
    known = [readings(plan, column, maximum) for (name, _), plan in plans.items() if name == table.name]
    asked = [reading for found, _ in known for reading in found]
    complete = all(whole for _, whole in known)
    if not asked:
        return None
    first = min(asked, key=lambda reading: reading.high - reading.low)
    if first.high - first.low >= MOST:
        return None
    kept: list[NDArray[np.int64]] = []
    for elements in let_through(asked, first):
        nearest = np.where(elements > P // 2, elements - P, elements)
        plain = (nearest >= 0) & (nearest <= maximum)
        whole = np.ones(len(elements), dtype=np.bool_)
        for reading in asked:
            # Below 2^31 * 2^30: exact.
            value = nearest * reading.coefficient
            whole &= (value >= reading.low) & (value <= reading.high)
        found = elements[~plain & ~whole]
        kept.append(found[:: 1 + len(found) // KEPT].copy())
    return np.concatenate(kept), complete


def let_through(asked: Sequence[Reading], first: Reading) -> Iterator[NDArray[np.int64]]:
    """All elements that some readings let through, one of which is `first`."""
    back = inverse(first.coefficient % P)
    for start in range(first.low, first.high + 1, CHUNK):
        seen = np.arange(start, min(start + CHUNK, first.high + 1), dtype=np.int64)
        elements = seen % P * back % P
        passes = np.ones(len(seen), dtype=np.bool_)
        for reading in asked:
            value = elements * (reading.coefficient % P) % P
            passes &= (value - reading.low) % P <= reading.high - reading.low
        yield elements[passes]


REASON: Final = (
    "Whatever this limb is, the lines that read it hold over the integers, so that only the same number in other limbs "
    "is left, worked out for all elements. Nothing else tells these from one another: where the limb is added up over "
    "all accounts, of which this circuit has at most {accounts}, what they can add stays below P."
)


def why_closed(bounds: Bounds, plans: Plans, table: Table, name: str) -> str | None:
    """Why a limb's look-up follows from the lines that read the limb; None if it isn't one or may not follow."""
    found = re.fullmatch(LOOK_UP, name)
    columns = [column for column in table.columns if found and column.name == found[1]]
    gadget = _defined_by(table, columns[0]) if columns else None
    if not found or table.name != "payouts" or gadget is None or _is_told_apart(plans, table, columns[0]):
        return None
    maximum = (1 << int(found[2])) - 1
    opened = wraps(plans, table, columns[0], maximum)
    if opened is None or not opened[1] or len(opened[0]):
        return None
    asked = [
        r for (held, _), plan in plans.items() if held == table.name for r in readings(plan, columns[0], maximum)[0]
    ]
    ends = _ends(asked, gadget.result, gadget.result.columns.index(columns[0]))
    for row_sum in table.sums:
        if coefficient_of(row_sum.expression, columns[0]) != 0 and not _adds_up(bounds, plans, row_sum.target, ends):
            return None
    return REASON.format(accounts=f"{bounds.accounts:,}")


def _ends(asked: Sequence[Reading], part: Columns, k: int) -> tuple[int, int]:
    """The least and the largest that limb k can be, where lines hold over the integers, and with them the number in its
    limbs: by the lines, and by what the other limbs can hold.
    """
    first = min(asked, key=lambda reading: reading.high - reading.low)
    low = high = 0
    for elements in let_through(asked, first):
        nearest = np.where(elements > P // 2, elements - P, elements)
        low, high = min(low, int(nearest.min(initial=0))), max(high, int(nearest.max(initial=0)))
    position, bits = sum(part.widths[:k]), sum(part.widths)
    # The number is at least 0, those above hold less than 2^bits, those below less than 2^position.
    return max(low, -(1 << (bits - position))), min(high, 1 << (bits - position))


def _adds_up(bounds: Bounds, plans: Plans, target: str, ends: tuple[int, int]) -> bool:
    """Whether a total is what the numbers add up to where all accounts have anything between these ends in the limb of
    which `target` is the sum: no line of the total reaches P, or only lines so high that the total would be off by more
    than it can be.
    """
    for total in bounds.totals:
        names = [limb_name(total, k) for k in range(len(total.widths))]
        if target in names:
            plan, k = plans["totals", total.name], names.index(target)
            reach = (n for n in range(len(plan.lines)) if not _stays_below(bounds, plan, n, total, k, ends))
            lowest = next(reach, None)
            return lowest is None or total.public.maximum < P << (plan.radix * lowest)
    return False


def _stays_below(bounds: Bounds, plan: Plan, number: int, total: AccountTotal, k: int, ends: tuple[int, int]) -> bool:
    line, names = plan.lines[number], [limb_name(total, place) for place in range(len(total.widths))]
    held = {names.index(part.name): c for c, part in line.terms if isinstance(part, Column) and isinstance(c, int)}
    if k not in held:
        return True
    low, high = line.low, line.high
    for place, factor in held.items():
        high -= factor * ((1 << total.widths[place]) - 1) * bounds.accounts
    least, most = min(held), max(held)
    joint = all(held.get(place) == held[least] << (TOTAL_WIDTH * (place - least)) for place in range(least, most + 1))
    beside_low, beside_high = (
        held[k] * ends[0],
        sum(factor * (ends[1] if place == k else (1 << total.widths[place]) - 1) for place, factor in held.items()),
    )
    if joint:
        # Together they are what the number is, less what the limbs above them hold.
        above = (1 << sum(total.widths[most + 1 :])) - 1 << TOTAL_WIDTH * (most + 1 - least)
        beside_low = max(beside_low, -held[least] * above)
        beside_high = min(beside_high, held[least] * (total.node.high >> (TOTAL_WIDTH * least)))
    low, high = low + bounds.accounts * beside_low, high + bounds.accounts * beside_high
    low, high = with_carries(plan, number, low, high)
    return max(high, -low) < P


def _defined_by(table: Table, column: Column) -> Defined | None:
    """The gadget of which the column is a limb, if that is a sum that is never negative: then lines that hold leave the
    number no choice. A slack is proved not to be negative by its limbs alone, and quotients and roots are chosen.
    """
    if " slack[" in column.name:
        return None
    sums = (gadget for gadget in table.gadgets if isinstance(gadget, Defined))
    return next((gadget for gadget in sums if column in gadget.result.columns), None)


def _is_told_apart(plans: Plans, table: Table, column: Column) -> bool:
    """Whether anything but lines and sums reads a column by itself: a comparison, a product, an element of a leaf."""
    lines = {f"{name}/{title} line {k}" for (name, title), plan in plans.items() for k in range(len(plan.lines))}
    for constraint in table.constraints:
        if constraint.name not in lines and coefficient_of(constraint.expression, column) != 0:
            return True
    # Three limbs make an element of the leaf.
    return column.name.startswith("payout[")
