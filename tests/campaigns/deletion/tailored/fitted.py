"""Lies about epochs that fit them, where chance alone seldom falls: sums whose limbs leave room, totals of next to
nothing.
"""

from __future__ import annotations

import functools
import random
import re
from dataclasses import replace

from tests.campaigns.deletion.ground import TALL_HEIGHT, Ground, Records, Story
from tests.campaigns.deletion.lies.arithmetic import LimbLie, outputs
from tests.campaigns.deletion.lies.choices import owner_of
from tests.campaigns.deletion.lies.limbs import settling
from tests.campaigns.deletion.lies.sums import left_out
from tests.campaigns.deletion.names import LIMB, TOTAL_LIMB, place_of
from tests.campaigns.deletion.tailored.drawn import accepted, alike, any_row, row_of
from tests.campaigns.deletion.tailored.refilled import total_as_seen
from tests.campaigns.deletion.tailored.room import total_of
from zkpay.circuits.gadgets.arithmetic import Defined
from zkpay.circuits.gadgets.carry import Balance
from zkpay.stark.air import Table

EPOCHS = 12


def aim_fitted(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie about an epoch that is made for it; None where there is none this time."""
    table_name, _, rest = name.partition("/")
    table = ground.tables[table_name]
    found = re.fullmatch(TOTAL_LIMB, rest)
    if found and found[3] == "added up":
        return left_out(ground, _of_next_to_nothing(ground, dice), found[1], int(found[2]))
    found = re.fullmatch(LIMB, rest)
    if found and found[2] and table_name == "payouts":
        return _opened(ground, table, dice, found)
    return None


def _of_next_to_nothing(ground: Ground, dice: random.Random) -> Records:
    """One record of which every number is the least that counts, or the largest."""
    numbers = {
        number.name: dice.choice([max(1, number.minimum), number.maximum]) for number in ground.policy.rules.numbers
    }
    return accepted(ground, [row_of(ground, dice, 1, numbers)])


def _opened(ground: Ground, table: Table, dice: random.Random, found: re.Match[str]) -> Story | None:
    """A limb that holds what its lines read as another number, of a sum that leaves room for it."""
    column = f"{found[1]}[{found[2]}]"
    owner = owner_of(table, column)
    gadget = table.gadgets[owner]
    if owner < 0 or not isinstance(gadget, Defined):
        return None
    (part,) = outputs(gadget)
    k = place_of(part, column)
    candidates = ground.openings(table.name, column, (1 << part.widths[k]) - 1)
    if not len(candidates):
        return None
    # Some argument's lowest limb is what sums begin with.
    argument = f"{ground.circuit.bounds.arguments[0].name}[0]"
    for _ in range(EPOCHS):
        count = dice.choice(
            [0, 0, 1, 2, dice.randrange(300, ground.height - 10)] if ground.height == TALL_HEIGHT else [0, 1, 3]
        )
        like = alike(ground, dice, argument)
        last = alike(ground, dice, argument) if dice.random() < 0.3 else any_row(ground, dice)
        rows = [replace(like, account=7, fingerprint=1 + n) for n in range(count)]
        rows.append(replace(last, account=7, fingerprint=1 + count))
        if dice.random() < 0.5:
            rows.append(replace(any_row(ground, dice), account=9, fingerprint=2 + count))
        records = accepted(ground, rows)
        trace = ground.truth(records).traces[table.name]
        held = int(trace.values[part.columns[k].index, 0])
        balance = table.gadgets[owner + 1]
        if not isinstance(balance, Balance):
            return None
        fitting = settling(balance, trace, part, 0, k, candidates)
        if len(fitting):
            lie = LimbLie(table.name, owner + 1, (0, k), {0: int(dice.choice(fitting)) - held})
            title = total_of(ground, table, part.columns[k])
            if title is None:
                return Story(records, lie)
            return Story(records, lie, excess={title: 0}, post=functools.partial(total_as_seen, title))
    return None
