"""Lies by a limb of a number that is paid for, where something else is added up, under a pool that is made for them: a
fraction that the number's own lines and those of what is added up read as what there is, and the pool's digits as
another number.
"""

from __future__ import annotations

import random

import numpy as np

from tests.campaigns.deletion.ground import Ground, Story, amounts_of, paid_accounts, with_amounts
from tests.campaigns.deletion.ground import ground as ground_of
from tests.campaigns.deletion.lies.arithmetic import divisor_at, read_number
from tests.campaigns.deletion.names import limb_called
from tests.campaigns.deletion.tailored.dividends import DividendLie
from tests.campaigns.deletion.tailored.drawn import random_records
from tests.campaigns.deletion.tailored.refilled import copied, factors, fill_carries, shared
from tests.campaigns.deletion.tailored.room import total_of
from zkpay.circuits.gadgets.arithmetic import Defined, Divided
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table
from zkpay.stark.field import P

TRIES, NEAR = 200, 16


def aim_chosen(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found = limb_called(ground, name)
    if found is None or not isinstance(found.gadget, Defined) or "pool" not in amounts_of(ground):
        return None
    table, owner, gadget, limb = found.table, found.owner, found.gadget, found.place
    share = next((n for n, g in enumerate(table.gadgets) if isinstance(g, Divided) and n > owner), None)
    if not limb or share is None or total_of(ground, table, gadget.result.columns[limb]) is not None:
        return None
    records = random_records(ground, dice)
    row = dice.randrange(max(1, len(paid_accounts(records))))
    trace = ground.truth(records).traces[table.name]
    balance = table.gadgets[share + 1]
    if not isinstance(balance, Balance) or not any(factors(trace, balance, gadget.result.columns[limb].index, row)):
        # Nothing is paid for it.
        return None
    for _ in range(TRIES):
        cells = _cells(trace, table, owner, limb, row, dice)
        pool = None if cells is None else _pool(ground, trace, (owner, limb, share), cells, row, dice)
        if cells is None or pool is None:
            continue
        on = with_amounts(ground, {"pool": pool})
        if on is None:
            return None
        scratch = copied(ground_of(on).truth(records).traces[table.name])
        for index, value in cells.items():
            scratch.values[index, row] = value
        column_index = gadget.result.columns[limb].index
        found_share = shared(scratch, share, column_index, cells[column_index], row)
        if found_share is None:
            return None
        return Story(records, DividendLie(table.name, row, owner, cells, (share, *found_share)), on=on)
    return None


def _cells(trace: Trace, table: Table, owner: int, limb: int, row: int, dice: random.Random) -> dict[int, int] | None:
    """Limbs of the same number on its own lines, of which one is a fraction."""
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if not isinstance(gadget, Defined) or not isinstance(balance, Balance):
        return None
    part = gadget.result
    number, position = read_number(trace, part, row), sum(part.widths[:limb])
    foot = position // balance.radix * balance.radix
    shift = position - foot
    odd = (dice.choice([1, 1, 3, dice.getrandbits(shift)]) << dice.randrange(shift)) % (1 << shift)
    if not foot and dice.random() < 0.8:
        # The pool's highest digit is 1 there: it has to be less that is paid for, as nothing more is left.
        odd = -dice.choice([1, 2, 3, 5, 16, 100]) % (1 << shift)
    line = (number % (1 << (position + part.widths[limb]))) >> foot
    # Those below take what makes the rest that fraction of the limb's unit.
    taken = (line + odd) % (1 << shift)
    low = (taken << foot) + number % (1 << foot)
    element = (line - taken) % P * pow(2, -shift, P) % P
    held = [(low >> sum(part.widths[:k])) & ((1 << part.widths[k]) - 1) for k in range(limb)]
    cells = dict(zip((column.index for column in part.columns), [*held, element], strict=False))
    scratch = copied(trace)
    for index, value in cells.items():
        scratch.values[index, row] = value
    return cells if odd and fill_carries(scratch, balance, row) else None


def _pool(
    ground: Ground,
    trace: Trace,
    where: tuple[int, int, int],
    cells: dict[int, int],
    row: int,
    dice: random.Random,
) -> int | None:
    """Another pool of as many bits, of which every digit makes something of the element that its line can hold, and the
    highest no more than all accounts together are paid for.
    """
    owner, limb, share = where
    gadget, balance, divided = (trace.table.gadgets[number] for number in (owner, share + 1, share))
    if not isinstance(gadget, Defined) or not isinstance(balance, Balance) or not isinstance(divided, Divided):
        return None
    most = divisor_at(trace, divided, row) * amounts_of(ground)["pool"]
    part = gadget.result
    element, shift = cells[part.columns[limb].index], sum(part.widths[:limb])
    held = amounts_of(ground)["pool"] << shift
    # Lines keep their ranges where the lowest digits are 0 as they were.
    zeros = (held & -held).bit_length() - 1
    digits = np.arange(1 << balance.radix, dtype=np.int64)
    seen = digits * element % P
    seen = np.where(seen > P // 2, seen - P, seen)
    # What the number's own line makes of it; some digit has to make something else.
    own = shift % balance.radix
    said = element * (1 << own) % P
    plain = seen << own == digits * (said - P if said > P // 2 else said)
    lines = [foot for foot in range(0, held.bit_length(), balance.radix) if (held >> foot) % (1 << balance.radix)]
    odd, found = dice.choice(lines[:-1]), 0
    for line, foot in enumerate(range(0, held.bit_length(), balance.radix)):
        digit, bits = (held >> foot) % (1 << balance.radix), held.bit_length() - foot
        if not digit:
            continue
        fitting = digits % (1 << max(0, zeros - foot)) == 0
        if line < len(balance.carries):
            ends = balance.carries[line].range
            fitting &= (seen >= ends.low << balance.radix) & (seen <= ends.high << balance.radix)
        else:
            fitting &= np.abs(seen) < digits << part.widths[limb]
        if bits <= balance.radix:
            fitting &= (digits >> (bits - 1) == 1) & (np.abs(seen) <= most >> foot)
        if foot == odd:
            fitting &= ~plain
        choices = np.flatnonzero(fitting)
        if not len(choices):
            return None
        # Near to what it was, so that all carries keep their ranges.
        nearest = choices[np.argsort(np.abs(choices - digit), kind="stable")][: dice.choice([1, NEAR])]
        found |= int(dice.choice(nearest)) << foot
    return found >> shift
