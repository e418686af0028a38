"""Lies by a limb of a number that is shared out: an element that its own line and the total read as one number, and the
lines of the quotient as another.
"""

from __future__ import annotations

import functools
import random

import numpy as np

from tests.campaigns.deletion.ground import Ground, Story, paid_accounts
from tests.campaigns.deletion.lies.arithmetic import put
from tests.campaigns.deletion.names import limb_called
from tests.campaigns.deletion.tailored.drawn import random_records
from tests.campaigns.deletion.tailored.refilled import copied, fill_carries, refill_by_lines, shared, total_as_seen
from tests.campaigns.deletion.tailored.room import passing, readings_of, total_of
from zkpay.circuits.gadgets.arithmetic import Defined, Divided
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table
from zkpay.stark.field import P

EPOCHS, TRIED, VALUES = 4, 200, 1 << 14


class DividendLie:
    """A number in limbs of which one is an element, and the quotient that its lines read."""

    def __init__(self, table: str, row: int, number: int, cells: dict[int, int], share: tuple[int, int, int]) -> None:
        self.table, self.row, self.number, self.cells = table, row, number, cells
        self.share, self.quotient, self.rest = share

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != self.table or number < self.number:
            return
        gadget = trace.table.gadgets[number]
        if number == self.number:
            for index, value in self.cells.items():
                trace.values[index, self.row] = value
        elif number in (self.number + 1, self.share + 1) and isinstance(gadget, Balance):
            fill_carries(trace, gadget, self.row)
        elif number == self.share and isinstance(gadget, Divided):
            put(trace, gadget.quotient, self.row, self.quotient)
            put(trace, gadget.remainder, self.row, self.rest)
        else:
            refill_by_lines(trace, number, self.row)


def aim_at_dividend(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found = limb_called(ground, name)
    if found is None or not isinstance(found.gadget, Defined):
        return None
    table, owner, gadget, limb = found.table, found.owner, found.gadget, found.place
    title = total_of(ground, table, gadget.result.columns[limb])
    if limb + 1 == len(gadget.result.widths) or title is None:
        return None
    for _ in range(EPOCHS):
        records = random_records(ground, dice)
        trace = ground.truth(records).traces[table.name]
        row = dice.randrange(max(1, len(paid_accounts(records))))
        lie = _told(ground, table, owner, limb, trace, row, dice)
        if lie is not None:
            return Story(records, lie, excess={title: 0}, post=functools.partial(total_as_seen, title))
    return None


def _told(
    ground: Ground, table: Table, owner: int, limb: int, trace: Trace, row: int, dice: random.Random
) -> DividendLie | None:
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if not isinstance(gadget, Defined) or not isinstance(balance, Balance):
        return None
    part = gadget.result
    column = part.columns[limb]
    share = next((n for n, g in enumerate(table.gadgets) if isinstance(g, Divided) and n > owner), None)
    radix = dice.choice([balance.radix, balance.radix + 1])
    others = _others(trace, gadget, limb, radix, row, dice)
    if share is None or not others:
        return None
    asked = readings_of(ground, table, column, (1 << part.widths[limb]) - 1)
    elements = np.array([element for element, _ in others], dtype=np.int64)
    fitting = [others[k] for k in np.flatnonzero(passing(asked, elements))]
    scratch = copied(trace)
    for element, cells in dice.sample(fitting, min(TRIED, len(fitting))):
        for index, value in cells.items():
            scratch.values[index, row] = value
        if not fill_carries(scratch, balance, row):
            continue
        found = shared(scratch, share, column.index, element, row)
        if found is not None:
            return DividendLie(table.name, row, owner, cells, (share, *found))
    return None


def _others(
    trace: Trace, gadget: Defined, limb: int, radix: int, row: int, dice: random.Random
) -> list[tuple[int, dict[int, int]]]:
    """Elements for a limb, with all limbs of the number: the one above it gives, those below it take as much as lines
    of so many bits let them, and the limb makes up for it by a fraction of the field.
    """
    part, found = gadget.result, []
    held = [int(trace.values[column.index, row]) for column in part.columns]
    above, position = held[limb + 1], sum(part.widths[:limb])
    low = sum(value << sum(part.widths[:k]) for k, value in enumerate(held[:limb]))
    unit = 1 << (position // radix * radix)
    for _ in range(VALUES):
        given, taken = dice.randint(0, above), low % unit + unit * dice.randrange((1 << position) // unit)
        left = low + (held[limb] << position) + (given << (position + part.widths[limb])) - taken
        element = left % P * pow(2, -position, P) % P
        limbs = [(taken >> sum(part.widths[:k])) & ((1 << part.widths[k]) - 1) for k in range(limb)]
        cells = dict(zip((column.index for column in part.columns), [*limbs, element, above - given], strict=False))
        found.append((element, cells))
    return found
