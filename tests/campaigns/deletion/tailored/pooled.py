"""Lies by a limb of a square root of three limbs, under a pool that is made for them: an element whose square comes
round P, so that it is the root of a small number, and that every digit of the pool makes a small number as well.
"""

from __future__ import annotations

import functools
import random

import numpy as np

from tests.campaigns.deletion.ground import Ground, Story, amounts_of, with_amounts
from tests.campaigns.deletion.names import limb_called
from tests.campaigns.deletion.tailored.measured import Worth, adding_up, kinds, sized
from tests.campaigns.deletion.tailored.refilled import total_as_seen
from tests.campaigns.deletion.tailored.room import readings_of, total_of
from tests.campaigns.deletion.tailored.roots import Root, RootLie
from zkpay.circuits.gadgets.arithmetic import Divided, Rooted
from zkpay.circuits.gadgets.carry import Balance
from zkpay.stark.field import P, inverse

ROOM, SQUARES, TRIES = 22, 1 << 22, 20
"""Bits of what a line of the slack can hold, and how large squares may come out."""


def aim_pooled(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found = limb_called(ground, name)
    if found is None or not isinstance(found.gadget, Rooted) or "pool" not in amounts_of(ground):
        return None
    table, owner, gadget, limb = found.table, found.owner, found.gadget, found.place
    balance = table.gadgets[owner + 1]
    if not isinstance(balance, Balance) or len(balance.lines) != 4 or len(gadget.rest.widths) != 3:
        return None
    title = total_of(ground, table, gadget.root.columns[limb])
    if set(gadget.root.widths) != {balance.radix} or title is None:
        return None
    return _told(ground, Root(table, owner, gadget, balance), limb, title, dice)


def _told(ground: Ground, root: Root, limb: int, title: str, dice: random.Random) -> Story | None:
    position, foot = limb * root.radix, limb * root.radix // root.foot * root.foot
    # What a line of the slack and of the total reads, and what the square of the limb is on its own line.
    whole = np.arange(1, 1 << (ROOM - 1 if not foot else root.foot + 1), dtype=np.int64)
    elements = whole * inverse(1 << (position - foot)) % P
    line = min(2 * limb, len(root.balance.lines) - 1)
    squares = elements * elements % P * (1 << (2 * position - root.radix * line)) % P
    fits = np.flatnonzero((squares < SQUARES) & (squares != whole * whole))
    if not len(fits):
        return None
    for _ in range(TRIES):
        chosen = int(dice.choice(fits))
        number, element, square = int(whole[chosen]) << foot, int(elements[chosen]), int(squares[chosen])
        pool = _pool(ground, root, limb, element, dice)
        if pool is not None:
            break
    else:
        return None
    low = square << (root.radix * line)
    high = low + min(2 * number, (1 << sum(root.gadget.rest.widths)) - 1)
    source = root.gadget.source
    worth = Worth(ground, root.table.name, source.lines, source.radix)
    values = adding_up(ground, worth, dice.randint(low, high), dice)
    rest = (worth(*values) if values else 0) - low
    if rest < 0:
        return None
    kind = dice.choice(list(kinds(ground)))
    records = sized(values, 1) + sized([kind] * dice.choice([0, 1, 3]), 2, first=10_000)
    on = with_amounts(ground, {"pool": pool})
    if on is None:
        return None
    cells = {column.index: 0 for column in root.gadget.root.columns}
    cells[root.gadget.root.columns[limb].index] = element
    for column, width in zip(root.gadget.rest.columns, root.gadget.rest.widths, strict=True):
        cells[column.index], rest = rest & ((1 << width) - 1), rest >> width
    trace = ground.truth(records).traces[root.table.name]
    honest = sum(
        int(trace.values[column.index, 0]) << (root.radix * k) for k, column in enumerate(root.gadget.root.columns)
    )
    lie = RootLie(root, 0, limb, cells)
    return Story(records, lie, excess={title: number - honest}, post=functools.partial(total_as_seen, title), on=on)


def _pool(ground: Ground, root: Root, limb: int, element: int, dice: random.Random) -> int | None:
    """Another pool of as many bits, whose digits all make a small number of an element that stands at a limb."""
    share = next((n for n, g in enumerate(root.table.gadgets) if isinstance(g, Divided) and n > root.owner), None)
    balance = None if share is None else root.table.gadgets[share + 1]
    if not isinstance(balance, Balance):
        return None
    shift = limb * root.radix
    held = amounts_of(ground)["pool"] << shift
    # Lines keep their ranges where the lowest digits are 0 as they were.
    zeros = (held & -held).bit_length() - 1
    column, maximum = root.gadget.root.columns[limb], (1 << root.gadget.root.widths[limb]) - 1
    asked = {reading.coefficient: reading for reading in readings_of(ground, root.table, column, maximum)}
    digits = np.arange(1 << balance.radix, dtype=np.int64)
    seen = digits * element % P
    seen = np.where(seen > P // 2, seen - P, seen)
    found = 0
    for foot in range(0, held.bit_length(), balance.radix):
        digit, bits = (held >> foot) % (1 << balance.radix), held.bit_length() - foot
        if not digit:
            continue
        low, high = asked[digit].low, asked[digit].high
        is_top = bits <= balance.radix
        # The carries take some of it, and nobody is paid less than nothing.
        fitting = (seen <= high // 2) & (seen >= (0 if is_top else low // 2))
        fitting &= digits % (1 << max(0, zeros - foot)) == 0
        if is_top:
            fitting &= digits >> (bits - 1) == 1
        choices = np.flatnonzero(fitting)
        if not len(choices):
            return None
        found |= int(dice.choice(choices)) << foot
    return found >> shift
