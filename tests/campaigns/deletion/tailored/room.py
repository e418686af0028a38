"""Elements that a limb can hold on one row, if it isn't looked up: those which all lines that read it let through, for
the number that the row has, where the other limbs take what is left.

Unlike openings.py, which goes through all elements for all rows, this looks at some for one row, so that nothing is too
wide for it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tests.campaigns.deletion.ground import Ground
from tests.campaigns.deletion.lies.arithmetic import (
    LimbLie,
    divisor_at,
    exact_sum,
    outputs,
    read_number,
)
from tests.campaigns.deletion.reasons.openings import Reading, coefficient_of, read_by
from tests.campaigns.deletion.tailored.refilled import refill_by_lines
from zkpay.circuits.gadgets.arithmetic import Defined, Divided
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.gadgets.choice import SymbolTest
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Expression, Linear, Product
from zkpay.stark.field import P, inverse

SAMPLES = 1 << 18
TOGETHER = 40
Elements = NDArray[np.int64]


class RoomLie(LimbLie):
    """The same, where what comes after is filled for the sums that the field sees on the balances' own lines: their
    last ones are joined, and what is one number on such a line may be another on two.
    """

    def __call__(self, trace: Trace, number: int) -> None:
        if number <= self.balance:
            super().__call__(trace, number)
        elif trace.table.name == self.table:
            for row in self.steps:
                refill_by_lines(trace, number, row)


def total_of(ground: Ground, table: Table, column: Column, *, with_paid: bool = False) -> str | None:
    """The total that a column is a limb of. with_paid: also what is paid in all, the last of them."""
    titles = [total.name for total in ground.circuit.bounds.totals]
    if not with_paid:
        titles.pop()
    for row_sum in table.sums:
        read = row_sum.expression
        if isinstance(read, Product) and column in (read.left, read.right):
            return next((title for title in titles if row_sum.target.startswith(f"{title}_limb[")), None)
    return None


def readings_of(ground: Ground, table: Table, column: Column, maximum: int) -> list[Reading]:
    """What all lines of a table ask of a column; of one that counts where a symbol is, as if it were there."""
    flags = {gadget.flag for gadget in table.gadgets if isinstance(gadget, SymbolTest)}
    found = []
    for (name, _), plan in ground.plans.items():
        if name == table.name:
            for k in range(len(plan.lines)):
                held = _coefficient(Linear(plan.lines[k].terms, 0), column, flags)
                if held:
                    found.append(read_by(plan, k, held, maximum))
    return found


def _coefficient(expression: Expression, column: Column, flags: set[Column]) -> int:
    if isinstance(expression, Linear):
        return sum(
            factor * _coefficient(part, column, flags) for factor, part in expression.terms if isinstance(factor, int)
        )
    if isinstance(expression, Product):
        sides = (expression.left, expression.right)
        other = [side for side in sides if side not in flags]
        return _coefficient(other[0], column, flags) if len(other) == 1 else 0
    return coefficient_of(expression, column) or 0


def passing(asked: Sequence[Reading], elements: Elements) -> NDArray[np.bool_]:
    """Which elements all lines let through, while they don't all read the same number."""
    passes, plain = np.ones(len(elements), dtype=np.bool_), np.ones(len(elements), dtype=np.bool_)
    first = asked[0]
    base = _seen(elements * (first.coefficient % P) % P)
    for reading in asked:
        value = elements * (reading.coefficient % P) % P
        passes &= (value - reading.low) % P <= reading.high - reading.low
        # Below 2^30 * 2^28: exact.
        plain &= _seen(value) * first.coefficient == base * reading.coefficient
    return passes & ~plain


def _seen(elements: Elements) -> Elements:
    return np.where(elements > P // 2, elements - P, elements)


def room(
    ground: Ground, table: Table, owner: int, limb: tuple[int, int], trace: Trace, row: int, dice: random.Random
) -> Elements:
    """Some elements for that limb of a sum, or of a quotient by a constant."""
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if not isinstance(gadget, Defined | Divided) or not isinstance(balance, Balance):
        return np.zeros(0, dtype=np.int64)
    part = outputs(gadget)[limb[0]]
    column, maximum = part.columns[limb[1]], (1 << part.widths[limb[1]]) - 1
    asked = readings_of(ground, table, column, maximum)
    numbers = np.random.default_rng(dice.getrandbits(64))
    if isinstance(gadget, Defined):
        found = _beside(balance, trace, gadget, limb[1], row, numbers)
    else:
        found = _quotients(asked, balance, trace, gadget, limb[1], row, numbers)
    found = found[passing(asked, found)]
    return found[np.argsort(np.abs(_seen(found * (asked[-1].coefficient % P) % P)), kind="stable")]


def _beside(
    balance: Balance, trace: Trace, gadget: Defined, k: int, row: int, numbers: np.random.Generator
) -> Elements:
    """What is left of a sum for a limb, for any values of the others."""
    part = gadget.result
    whole, width = read_number(trace, part, row), part.widths[k]
    position = sum(part.widths[:k])
    line = min(position // balance.radix, len(balance.lines) - 1)
    shift = position - balance.radix * line
    foot, free = balance.radix * line, sum(part.widths) - position - width
    high = numbers.integers(0, 1 << free, SAMPLES) if free else np.zeros(SAMPLES, dtype=np.int64)
    if free:
        # Near what there is as well.
        high[::2] = np.minimum(high[::2] >> numbers.integers(0, free + 1, len(high[::2])), (1 << free) - 1)
    low = numbers.integers(0, 1 << (position - foot), SAMPLES) if position > foot else np.zeros(SAMPLES, dtype=np.int64)
    amount = (whole >> foot) - low - (high << (position + width - foot))
    amount = amount[np.abs(amount) <= P // 2]
    return np.unique(amount % P * inverse((1 << shift) % P) % P)


def _quotients(
    asked: Sequence[Reading],
    balance: Balance,
    trace: Trace,
    gadget: Divided,
    k: int,
    row: int,
    numbers: np.random.Generator,
) -> Elements:
    """Elements that leave a numerator of which the quotient does without that limb."""
    part = gadget.quotient
    column = part.columns[k]
    first = min(asked, key=lambda reading: reading.high - reading.low)
    found = numbers.integers(first.low, first.high + 1, SAMPLES) % P * inverse(first.coefficient % P) % P
    found = found[passing(asked, found)]
    divisor, whole = divisor_at(trace, gadget, row), exact_sum(trace, gadget.source, row)
    taken = np.zeros(len(found), dtype=object)
    for j, line in enumerate(balance.lines):
        held = _coefficient(line, column, set())
        taken += _seen(found * (held % P) % P).astype(object) << (balance.radix * j)
    quotients = (whole + taken) // divisor
    position, mask = sum(part.widths[:k]), (1 << part.widths[k]) - 1
    fits = [q >= 0 and not q >> sum(part.widths) and not (q >> position) & mask for q in quotients]
    return found[np.array(fits, dtype=np.bool_)]


def room_for_two(
    ground: Ground, table: Table, owner: int, k: int, trace: Trace, dice: random.Random
) -> list[tuple[int, int]]:
    """Elements for a limb of a sum on the first two rows that come to a small number together, so that what adds them
    up sees nothing.
    """
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if not isinstance(gadget, Defined) or not isinstance(balance, Balance):
        return []
    part = gadget.result
    asked = readings_of(ground, table, part.columns[k], (1 << part.widths[k]) - 1)
    first = room(ground, table, owner, (0, k), trace, 0, dice)
    whole, position = read_number(trace, part, 1), sum(part.widths[:k])
    line = min(position // balance.radix, len(balance.lines) - 1)
    foot, shift = balance.radix * line, position - balance.radix * line
    found: list[tuple[int, int]] = []
    for together in range(-TOGETHER, TOGETHER):
        second = (together - first) % P
        left = whole - (_seen(second * ((1 << shift) % P) % P) << foot)
        fits = passing(asked, second) & (left >= 0) & (left >> sum(part.widths) == 0)
        fits &= (left >> position) & ((1 << part.widths[k]) - 1) == 0
        found += zip(first[fits].tolist(), second[fits].tolist(), strict=True)
    return found
