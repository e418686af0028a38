"""Lies by a limb of a quotient by a total: an element that what comes after reads as one number, and the quotient's own
lines, by the digits of the total, as another.
"""

from __future__ import annotations

import random

import numpy as np

from tests.campaigns.deletion.ground import Ground, Story
from tests.campaigns.deletion.lies.arithmetic import divisor_at, exact_sum, put
from tests.campaigns.deletion.names import limb_called, row_in
from tests.campaigns.deletion.tailored.drawn import random_records
from tests.campaigns.deletion.tailored.refilled import copied, factors, fill_carries, refill_by_lines
from tests.campaigns.deletion.tailored.room import Elements, readings_of
from zkpay.circuits.gadgets.arithmetic import Divided
from zkpay.circuits.gadgets.carry import Balance, PublicDigits
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table
from zkpay.stark.field import P, inverse

SAMPLES, EPOCHS, TRIED = 1 << 20, 4, 400


class QuotientLie:
    """A quotient of which one limb is that element, with the other limbs, the remainder and carries as they follow."""

    def __init__(self, table: str, balance: int, row: int, limb: int, element: int, quotient: int, rest: int) -> None:
        self.table, self.balance, self.row, self.limb = table, balance, row, limb
        self.element, self.quotient, self.rest = element, quotient, rest

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != self.table or number < self.balance - 1:
            return
        gadget = trace.table.gadgets[number]
        if number == self.balance - 1 and isinstance(gadget, Divided):
            put(trace, gadget.quotient, self.row, self.quotient)
            put(trace, gadget.remainder, self.row, self.rest)
            trace.values[gadget.quotient.columns[self.limb].index, self.row] = self.element
        elif number == self.balance and isinstance(gadget, Balance):
            fill_carries(trace, gadget, self.row)
        elif number > self.balance:
            refill_by_lines(trace, number, self.row)


def aim_at_quotient(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found = limb_called(ground, name)
    if found is None or not isinstance(found.gadget, Divided):
        return None
    table, owner, gadget, limb = found.table, found.owner, found.gadget, found.place
    if not isinstance(gadget.divisor, PublicDigits):
        return None
    for _ in range(EPOCHS):
        records = random_records(ground, dice)
        row = row_in(table, records, dice)
        if row is None:
            continue
        trace = ground.truth(records).traces[table.name]
        lie = _told(ground, table, owner, limb, trace, row, dice)
        if lie is not None:
            return Story(records, lie)
    return None


def _told(
    ground: Ground, table: Table, owner: int, limb: int, trace: Trace, row: int, dice: random.Random
) -> QuotientLie | None:
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if not isinstance(gadget, Divided) or not isinstance(balance, Balance):
        return None
    part = gadget.quotient
    column, position, width = part.columns[limb], sum(part.widths[:limb]), part.widths[limb]
    elements = _sampled(ground, table, owner, limb, dice)
    divisor, numerator = divisor_at(trace, gadget, row), exact_sum(trace, gadget.source, row)
    taken = np.zeros(len(elements), dtype=object)
    for k, factor in enumerate(factors(trace, balance, column.index, row)):
        seen = elements * factor % P
        taken += np.where(seen > P // 2, seen - P, seen).astype(object) << (balance.radix * k)
    quotients, bits = (numerator + taken) // divisor, sum(part.widths)
    fitting = [
        (int(element), int(quotient))
        for element, quotient in zip(elements.tolist(), quotients.tolist(), strict=True)
        if 0 <= quotient < 1 << bits and not (quotient >> position) & ((1 << width) - 1)
    ]
    scratch = copied(trace)
    for element, quotient in dice.sample(fitting, min(TRIED, len(fitting))):
        (more,) = taken[elements == element][:1]
        lie = QuotientLie(table.name, owner + 1, row, limb, element, quotient, numerator + more - quotient * divisor)
        lie(scratch, owner)
        if fill_carries(scratch, balance, row):
            return lie
    return None


def _sampled(ground: Ground, table: Table, owner: int, limb: int, dice: random.Random) -> Elements:
    """Elements that what comes after the quotient reads as a number that it can hold."""
    gadget = table.gadgets[owner]
    if not isinstance(gadget, Divided):
        raise TypeError("no quotient")
    part = gadget.quotient
    asked = readings_of(ground, table, part.columns[limb], (1 << part.widths[limb]) - 1)
    first = min(asked, key=lambda reading: reading.high - reading.low)
    numbers = np.random.default_rng(dice.getrandbits(64))
    low = max(first.low, -(1 << 8)) if first.coefficient > 0 else first.low
    found = numbers.integers(low, first.high + 1, SAMPLES) % P * inverse(first.coefficient % P) % P
    passes = np.ones(len(found), dtype=np.bool_)
    for reading in asked:
        passes &= (found * (reading.coefficient % P) % P - reading.low) % P <= reading.high - reading.low
    return np.unique(found[passes])
