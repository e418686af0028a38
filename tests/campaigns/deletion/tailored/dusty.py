"""Lies about a limb of what an account's share is worked out from, in epochs of many accounts: the share comes out a
little larger, and what is left of the pool by rounding pays for it.

By a limb of the share itself an account gets less.
"""

from __future__ import annotations

import random
import re

import numpy as np

from tests.attacks.forgery import centred, evaluate_at, put_carry
from tests.campaigns.deletion.ground import Ground, Records, Story
from tests.campaigns.deletion.lies.arithmetic import divisor_at, exact_sum, read_number
from tests.campaigns.deletion.lies.choices import owner_of
from tests.campaigns.deletion.names import LIMB
from tests.campaigns.deletion.tailored.drawn import accepted
from tests.campaigns.deletion.tailored.rich import SPARE, rich
from tests.campaigns.deletion.tailored.room import RoomLie
from tests.campaigns.differential.records import Row
from zkpay.circuits.gadgets.arithmetic import Defined, Divided
from zkpay.circuits.gadgets.carry import Balance, PublicDigits
from zkpay.circuits.trace import Trace
from zkpay.stark.expression import Column
from zkpay.stark.field import P, inverse

ROWS, STEPS, SMALL = 60, 48, 9
MOST, CHECKED, NEAR = 1 << 21, 400, 1e-12


class DustLie(RoomLie):
    """The same, with carries as the field sees their lines, also where that isn't the number nearest to 0."""

    def __call__(self, trace: Trace, number: int) -> None:
        super().__call__(trace, number)
        if trace.table.name != self.table or number < self.balance:
            return
        balance = trace.table.gadgets[number]
        if not isinstance(balance, Balance):
            return
        for row in self.steps:
            for carry, carried in zip(balance.carries, _carried(trace, balance, row), strict=False):
                put_carry(trace, carry, row, carry.range.low + (carried - carry.range.low) % P)


def aim_at_dust(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found = re.fullmatch(LIMB, name.removeprefix("payouts/"))
    table = ground.tables["payouts"]
    shared = next((n for n, gadget in enumerate(table.gadgets) if _is_share(gadget)), -1)
    if not found or not found[2] or shared < 0:
        return None
    owner, k = owner_of(table, f"{found[1]}[{found[2]}]"), int(found[2])
    gadget = table.gadgets[owner] if owner >= 0 else None
    if owner == shared:
        return _smaller(ground, dice, owner, k)
    if not isinstance(gadget, Defined) or k + 1 == len(gadget.result.columns):
        return None
    records = _large_and_small(ground, dice)
    trace = ground.truth(records).traces["payouts"]
    rows = int(trace["is_real"].sum())
    for row in dice.sample(range(rows), min(ROWS, rows)):
        # What the limb is short of is in the next one.
        for part in range(1, STEPS):
            lie = DustLie("payouts", owner + 1, (0, k), {row: -(part << gadget.result.widths[k])})
            if 0 < (gained(trace, lie, row, shared) or 0) < rows // 4:
                return Story(records, lie)
    return None


def _large_and_small(ground: Ground, dice: random.Random) -> Records:
    """Records of a few accounts that come to more than the pool, and of many that get next to nothing: of so little
    that lines of the share have room.
    """
    rules, many = ground.policy.rules, ground.height - SPARE
    few = {number.name for number in rules.numbers if dice.random() < 0.5}
    rows = []
    for index in range(many // 2):
        values = {symbol.name: dice.randrange(len(symbol.values)) for symbol in rules.symbols}
        for number in rules.numbers:
            size = 0 if number.name in few else dice.getrandbits(dice.randrange(1, SMALL))
            values[number.name] = min(number.maximum, number.minimum + size)
        rows.append(Row(100 + index, values, 5000 + index))
    return rich(ground, dice, dice.choice([1, 5, 20]), many - len(rows)) + accepted(ground, rows)


def _smaller(ground: Ground, dice: random.Random, owner: int, k: int) -> Story | None:
    """A limb of an account's share for which products with some digits of the total come round the field, so that the
    account gets less. Of all elements that the payout reads as no more than the share those are looked for that leave
    a number without that limb.
    """
    records = rich(ground, dice, dice.choice([1, 2, 3, 5]))
    trace = ground.truth(records).traces["payouts"]
    row, table = dice.randrange(int(trace["is_real"].sum())), trace.table
    gadget = table.gadgets[owner]
    if not isinstance(gadget, Divided) or k >= len(gadget.quotient.columns):
        return None
    column, width = gadget.quotient.columns[k], gadget.quotient.widths[k]
    position = sum(gadget.quotient.widths[:k])
    share, divisor = read_number(trace, gadget.quotient, row), divisor_at(trace, gadget, row)
    readers = {
        number: [(j, factor) for j, factor in enumerate(_factors(trace, entry, column, row)) if factor]
        for number, entry in enumerate(table.gadgets)
        if isinstance(entry, Balance)
    }
    own, others = readers.pop(owner + 1), [entry for entry in readers.items() if entry[1]]
    if len(others) != 1 or len(others[0][1]) != 1:
        return None
    reader, ((line, unit),) = table.gadgets[others[0][0]], others[0][1]
    balance = table.gadgets[owner + 1]
    if not isinstance(reader, Balance) or not isinstance(balance, Balance):
        return None
    foot = reader.radix * line
    amounts = np.arange(-MOST, min(MOST, share >> foot), dtype=np.int64)
    elements = amounts % P * inverse(unit % P) % P
    # In units of the limb above this one: what is left for the others is a whole number, and less than a limb.
    scale = divisor << (position + width)
    left = np.full(len(elements), np.longdouble(exact_sum(trace, gadget.source, row)) / np.longdouble(scale))
    for j, factor in own:
        seen = elements * (factor % P) % P
        seen = np.where(seen > P // 2, seen - P, seen)
        left += seen * (np.longdouble(1 << (balance.radix * j)) / np.longdouble(scale))
    whole = np.longdouble(1 << (position + width))
    less = np.longdouble(share) / whole - left - amounts * (np.longdouble(1 << foot) / whole)
    fits = (left >= 0) & (left < 1 << (sum(gadget.quotient.widths) - position - width))
    fits &= (left % 1 < np.longdouble(1) / (1 << width)) & (less > NEAR * (1 + left))
    held = int(trace.values[column.index, row])
    for element in np.random.default_rng(dice.getrandbits(64)).permutation(elements[fits])[:CHECKED].tolist():
        lie = DustLie("payouts", owner + 1, (0, k), {row: element - held})
        if gained(trace, lie, row, owner) is not None:
            return Story(records, lie)
    return None


def _factors(trace: Trace, balance: Balance, column: Column, row: int) -> list[int]:
    """What each line makes of a column on one row."""
    cells, found = trace.values[:, row], []
    held = int(cells[column.index])
    for line in balance.lines:
        ends = []
        for value in (0, 1):
            cells[column.index] = value
            ends.append(evaluate_at(trace, row, line))
        found.append(centred((ends[1] - ends[0]) % P))
    cells[column.index] = held
    return found


def _is_share(gadget: object) -> bool:
    return isinstance(gadget, Divided) and isinstance(gadget.divisor, PublicDigits)


def gained(trace: Trace, lie: DustLie, row: int, shared: int) -> int | None:
    """By how much a lie makes the account's share larger; None where some line can't hold."""
    table = trace.table
    gadget = table.gadgets[shared]
    if not isinstance(gadget, Divided):
        return None
    kept, before = trace.values[:, row].copy(), read_number(trace, gadget.quotient, row)
    try:
        for number in range(lie.balance - 1, len(table.gadgets)):
            lie(trace, number)
            entry = table.gadgets[number]
            if isinstance(entry, Balance) and not _in_range(trace, entry, row):
                return None
        return read_number(trace, gadget.quotient, row) - before
    except ValueError:
        return None
    finally:
        trace.values[:, row] = kept


def _carried(trace: Trace, balance: Balance, row: int) -> list[int]:
    """The carries that the lines ask for, modulo P, and 0 for the last line where it holds."""
    found, carried = [], 0
    for line in balance.lines:
        carried = (evaluate_at(trace, row, line) + carried) * inverse((1 << balance.radix) % P) % P
        found.append(carried)
    return found


def _in_range(trace: Trace, balance: Balance, row: int) -> bool:
    found = _carried(trace, balance, row)
    return not found[-1] and all(
        (carried - carry.range.low) % P < 1 << carry.range.bits
        for carry, carried in zip(balance.carries, found, strict=False)
    )
