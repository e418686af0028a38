"""What a limb without its look-up can hold: all field elements that the lines which read it let through.

A line with a coefficient c lets through those x for which c * x mod P lies where the line's other terms and carries can
meet it. Most such x are the same number in other limbs, which no line reads as another. Those for which some line wraps
around P are what a lie needs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.campaigns.deletion.implied import Plans
from zkpay.circuits.gadgets.arithmetic import Defined
from zkpay.circuits.gadgets.carry import Plan
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
            ends = sorted((0, held * maximum))
            low, high = line.low - ends[0], line.high - ends[1]
            if k:
                low, high = low + plan.carries[k - 1].low, high + plan.carries[k - 1].high
            if k < len(plan.carries):
                out = plan.carries[k]
                low, high = low - (out.high << plan.radix), high - (out.low << plan.radix)
            found.append(Reading(held, -high, -low))
    return found, complete


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
    back = inverse(first.coefficient % P)
    kept: list[NDArray[np.int64]] = []
    for start in range(first.low, first.high + 1, CHUNK):
        seen = np.arange(start, min(start + CHUNK, first.high + 1), dtype=np.int64)
        elements = seen % P * back % P
        nearest = np.where(elements > P // 2, elements - P, elements)
        passes = (nearest < 0) | (nearest > maximum)
        plain = np.ones(len(seen), dtype=np.bool_)
        for reading in asked:
            value = elements * (reading.coefficient % P) % P
            passes &= (value - reading.low) % P <= reading.high - reading.low
            # Below 2^31 * 2^30: exact.
            whole = nearest * reading.coefficient
            plain &= (whole >= reading.low) & (whole <= reading.high)
        found = elements[passes & ~plain]
        kept.append(found[:: 1 + len(found) // KEPT].copy())
    return np.concatenate(kept), complete


REASON: Final = (
    "Whatever this limb is, the lines that read it hold over the integers, so that only the same number in other limbs "
    "is left, worked out for all elements; and nothing else tells these from one another."
)


def why_closed(plans: Plans, table: Table, name: str) -> str | None:
    """Why a limb's look-up follows from the lines that read the limb; None if it isn't one or may not follow."""
    found = re.fullmatch(LOOK_UP, name)
    columns = [column for column in table.columns if found and column.name == found[1]]
    if not found or not columns or table.name != "payouts" or not _is_defined(table, columns[0]):
        return None
    if _is_told_apart(plans, table, columns[0]):
        return None
    opened = wraps(plans, table, columns[0], (1 << int(found[2])) - 1)
    return REASON if opened is not None and opened[1] and not len(opened[0]) else None


def _is_defined(table: Table, column: Column) -> bool:
    """Whether the column is a limb of a sum that is never negative: then lines that hold leave the number no choice. A
    slack is proved not to be negative by its limbs alone, and quotients and roots are chosen.
    """
    sums = [gadget.result.columns for gadget in table.gadgets if isinstance(gadget, Defined)]
    return any(column in columns for columns in sums) and " slack[" not in column.name


def _is_told_apart(plans: Plans, table: Table, column: Column) -> bool:
    """Whether anything but lines and sums reads a column by itself: a comparison, a product, an element of a leaf."""
    lines = {f"{name}/{title} line {k}" for (name, title), plan in plans.items() for k in range(len(plan.lines))}
    for constraint in table.constraints:
        if constraint.name not in lines and coefficient_of(constraint.expression, column) != 0:
            return True
    payout = re.fullmatch(r"payout\[(\d+)\]", column.name)
    # Three limbs make an element of the leaf: the last one of them is told from the first of the next.
    return payout is not None and int(payout[1]) % 3 == 2
