"""Lies by a limb of the accounts' numbers that is out of its range, where the total that adds it up comes round the
field: each account's limbs stand for its number, and together they stand for another total.
"""

from __future__ import annotations

import functools
import random

from tests.campaigns.deletion.ground import Ground, Records, Story, paid_accounts
from tests.campaigns.deletion.lies.arithmetic import LimbLie
from tests.campaigns.deletion.names import limb_called
from tests.campaigns.deletion.tailored.drawn import accepted, any_row
from tests.campaigns.deletion.tailored.refilled import total_as_seen
from tests.campaigns.deletion.tailored.room import total_of
from zkpay.circuits.gadgets.arithmetic import Defined, Divided
from zkpay.stark.expression import Column
from zkpay.stark.field import P

FEWEST, MOST = 2, 16


def aim_at_total(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found = limb_called(ground, name)
    if found is None or not isinstance(found.gadget, Defined | Divided):
        return None
    table, owner, part, k = found.table, found.owner, found.part, found.place
    title = total_of(ground, table, part.columns[k])
    if title is None or k + 1 == len(part.widths):
        return None
    records = _few(ground, dice)
    scale = _scale(ground, title, f"{title}_limb[{k}]")
    # The next limb takes what this one gives, and the total's line is P off, or as little more as that line holds.
    whole = (P >> part.widths[k]) // scale - dice.choice([0, 0, 1, 2, dice.randrange(1 << 10)])
    count = len(paid_accounts(records))
    sign = dice.choice([1, -1, -1, -1])
    shares = [whole // count + (row < whole % count) for row in range(count)]
    lie = LimbLie(
        table.name, owner + 1, (0, k), {row: (sign * part_) << part.widths[k] for row, part_ in enumerate(shares)}
    )
    wrapped = -sign * P * _unit(ground, title, f"{title}_limb[{k}]")
    return Story(records, lie, excess={title: wrapped}, post=functools.partial(total_as_seen, title))


def _few(ground: Ground, dice: random.Random) -> Records:
    """Records of a few accounts."""
    count = dice.randint(FEWEST, MOST)
    return accepted(ground, [any_row(ground, dice, 1 + account) for account in range(count)])


def _scale(ground: Ground, title: str, limb: str) -> int:
    """What the sum of a limb is multiplied with on the total's line."""
    for line in ground.plans["totals", title].lines:
        for factor, part in line.terms:
            if isinstance(part, Column) and part.name == limb and isinstance(factor, int):
                return factor
    return 1


def _unit(ground: Ground, title: str, limb: str) -> int:
    """What the line of the total counts that reads a limb's sum."""
    plan = ground.plans["totals", title]
    for k, line in enumerate(plan.lines):
        if any(isinstance(part, Column) and part.name == limb for _, part in line.terms):
            return 1 << (plan.radix * k)
    return 1
