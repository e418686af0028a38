"""Lies about a limb of what an account's share is worked out from, in epochs of many accounts: the share comes out a
little larger, and what is left of the pool by rounding pays for it.

The seed of such a lie begins with DUST_SEED, which are all told in tables for many records.
"""

from __future__ import annotations

import random
import re

from tests.attacks.forgery import evaluate_at, put_carry
from tests.campaigns.deletion.arithmetic import read_number
from tests.campaigns.deletion.choices import owner_of
from tests.campaigns.deletion.fitted import accepted
from tests.campaigns.deletion.ground import Ground, Records, Story
from tests.campaigns.deletion.names import LIMB
from tests.campaigns.deletion.rich import SPARE, rich
from tests.campaigns.deletion.room import RoomLie
from tests.campaigns.differential.records import Row
from zkpay.circuits.gadgets.arithmetic import Defined, Divided
from zkpay.circuits.gadgets.carry import Balance, PublicDigits
from zkpay.circuits.trace import Trace
from zkpay.stark.field import P, inverse

DUST_SEED = "yt"
ROWS, STEPS, SMALL = 60, 48, 9


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
            for carry, carried in zip(balance.carries, _carried(trace, balance, row), strict=True):
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
    if not isinstance(gadget, Defined) or k + 1 == len(gadget.result.columns):
        return None
    records = _large_and_small(ground, dice)
    trace = ground.truth(records).traces["payouts"]
    rows = int(trace["is_real"].sum())
    for row in dice.sample(range(rows), min(ROWS, rows)):
        # What the limb is short of is in the next one.
        for part in range(1, STEPS):
            lie = DustLie("payouts", owner + 1, (0, k), {row: -(part << gadget.result.widths[k])})
            if 0 < _gained(trace, lie, row, shared) < rows // 4:
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


def _is_share(gadget: object) -> bool:
    return isinstance(gadget, Divided) and isinstance(gadget.divisor, PublicDigits)


def _gained(trace: Trace, lie: DustLie, row: int, shared: int) -> int:
    """By how much a lie makes the account's share larger; 0 where some carry is out of its range."""
    table = trace.table
    gadget = table.gadgets[shared]
    if not isinstance(gadget, Divided):
        return 0
    kept, before = trace.values[:, row].copy(), read_number(trace, gadget.quotient, row)
    try:
        for number in range(lie.balance - 1, len(table.gadgets)):
            lie(trace, number)
            entry = table.gadgets[number]
            if isinstance(entry, Balance) and not _in_range(trace, entry, row):
                return 0
        return read_number(trace, gadget.quotient, row) - before
    except ValueError:
        return 0
    finally:
        trace.values[:, row] = kept


def _carried(trace: Trace, balance: Balance, row: int) -> list[int]:
    """The carries that the lines ask for, modulo P."""
    found, carried = [], 0
    for line in balance.lines[: len(balance.carries)]:
        carried = (evaluate_at(trace, row, line) + carried) * inverse((1 << balance.radix) % P) % P
        found.append(carried)
    return found


def _in_range(trace: Trace, balance: Balance, row: int) -> bool:
    return all(
        (carried - carry.range.low) % P < 1 << carry.range.bits
        for carry, carried in zip(balance.carries, _carried(trace, balance, row), strict=True)
    )
