"""Lies by a limb that holds what its lines read as another number, on one row, or on two rows that make up for each
other in a total.
"""

from __future__ import annotations

import functools
import random
import re
from dataclasses import replace

from tests.campaigns.deletion.ground import TALL_HEIGHT, Ground, Records, Story
from tests.campaigns.deletion.lies.arithmetic import outputs
from tests.campaigns.deletion.lies.choices import owner_of
from tests.campaigns.deletion.lies.sums import left_out
from tests.campaigns.deletion.names import LIMB, TOTAL_LIMB, place_of, row_in
from tests.campaigns.deletion.tailored.drawn import accepted, alike, any_row, row_of
from tests.campaigns.deletion.tailored.fitted import EPOCHS
from tests.campaigns.deletion.tailored.measured import Worth, adding_up, sized
from tests.campaigns.deletion.tailored.refilled import total_as_seen
from tests.campaigns.deletion.tailored.room import RoomLie, room, room_for_two, total_of
from zkpay.circuits.bounds import TOTAL_WIDTH
from zkpay.circuits.gadgets.arithmetic import Defined, Divided
from zkpay.circuits.gadgets.carry import PublicDigits
from zkpay.stark.air import Table


def aim_at_room(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    table_name, _, rest = name.partition("/")
    found = re.fullmatch(TOTAL_LIMB, rest)
    if found and found[3] == "added up":
        return _left_out(ground, dice, found[1], int(found[2]))
    found = re.fullmatch(LIMB, rest)
    if found and found[2] and table_name in ("payouts", "contributions"):
        return _opened(ground, ground.tables[table_name], dice, found)
    return None


def _left_out(ground: Ground, dice: random.Random, title: str, limb: int) -> Story | None:
    """A total without one limb, of accounts that have as much as there is room for below it: it is too small by so
    little that the pool is not overdrawn.
    """
    table = ground.tables["payouts"]
    added = [row_sum.expression for row_sum in table.sums if row_sum.target.startswith(f"{title}_limb[")]
    worth = Worth(ground, "payouts", added, TOTAL_WIDTH)
    records: Records = ()
    for account in range(1, dice.choice([2, 3, 4])):
        wanted = (dice.choice([1, 1, 2, 3]) << (TOTAL_WIDTH * limb)) - 1
        records += sized(adding_up(ground, worth, wanted, dice), account, first=1000 * account)
    return left_out(ground, records, title, limb)


def _opened(ground: Ground, table: Table, dice: random.Random, found: re.Match[str]) -> Story | None:
    """A limb that holds what its lines read as another number, where the other limbs leave room for it."""
    column = f"{found[1]}[{found[2]}]"
    owner = owner_of(table, column)
    gadget = table.gadgets[owner]
    if owner < 0 or not isinstance(gadget, Defined | Divided):
        return None
    (limb,) = [(p, place_of(part, column)) for p, part in enumerate(outputs(gadget)) if place_of(part, column) >= 0]
    held_by = outputs(gadget)[limb[0]].columns[limb[1]]
    if limb[0] or (isinstance(gadget, Divided) and isinstance(gadget.divisor, PublicDigits)):
        return None
    # Some argument's lowest limb is what sums begin with.
    argument = f"{ground.circuit.bounds.arguments[0].name}[0]"
    if table.name == "payouts" and isinstance(gadget, Defined) and dice.random() < 0.5:
        return _for_two(ground, table, dice, owner, limb[1])
    for _ in range(EPOCHS):
        records = _one_account(ground, dice, argument)
        row = row_in(table, records, dice) if table.name == "contributions" else 0
        if row is None:
            continue
        trace = ground.truth(records).traces[table.name]
        fitting = room(ground, table, owner, limb, trace, row, dice)
        if len(fitting):
            # Those come first that the last line sees as little.
            element = int(fitting[dice.randrange(min(5, len(fitting)) if dice.random() < 0.7 else len(fitting))])
            lie = RoomLie(table.name, owner + 1, limb, {row: element - int(trace.values[held_by.index, row])})
            title = total_of(ground, table, held_by)
            if title is None:
                return Story(records, lie)
            return Story(records, lie, excess={title: 0}, post=functools.partial(total_as_seen, title))
    return None


def _for_two(ground: Ground, table: Table, dice: random.Random, owner: int, k: int) -> Story | None:
    """Two accounts that earn as much, with limbs that make up for each other."""
    gadget = table.gadgets[owner]
    if not isinstance(gadget, Defined):
        return None
    part = gadget.result
    for _ in range(EPOCHS):
        like = any_row(ground, dice)
        if dice.random() < 0.4:
            like = row_of(ground, dice, 1, {number.name: number.maximum for number in ground.policy.rules.numbers})
        count = dice.choice([1, 1, 2, 3, dice.randrange(1, 30)])
        records = accepted(ground, [replace(like, account=7 + n % 2, fingerprint=1 + n) for n in range(2 * count)])
        trace = ground.truth(records).traces[table.name]
        pairs = room_for_two(ground, table, owner, k, trace, dice)
        if pairs:
            pair = dice.choice(pairs)
            held = trace.values[part.columns[k].index]
            steps = {row: element - int(held[row]) for row, element in enumerate(pair)}
            title = total_of(ground, table, part.columns[k])
            lie = RoomLie(table.name, owner + 1, (0, k), steps)
            if title is None:
                return Story(records, lie)
            return Story(records, lie, excess={title: 0}, post=functools.partial(total_as_seen, title))
    return None


def _one_account(ground: Ground, dice: random.Random, argument: str) -> Records:
    """Records of one account, all but the last alike, and perhaps one of another account."""
    few = [0, 0, 1, 2, 3]
    counts = [*few, dice.randrange(300, ground.height - 10)] if ground.height == TALL_HEIGHT else few
    count = dice.choice(counts)
    like = alike(ground, dice, argument) if count else any_row(ground, dice)
    if dice.random() < 0.4:
        like, count = (
            row_of(ground, dice, 7, {n.name: n.maximum for n in ground.policy.rules.numbers}),
            dice.randrange(40),
        )
    last = alike(ground, dice, argument) if dice.random() < 0.3 else any_row(ground, dice)
    rows = [replace(like, account=7, fingerprint=1 + n) for n in range(count)]
    rows.append(replace(last, account=7, fingerprint=1 + count))
    if dice.random() < 0.5:
        rows.append(replace(any_row(ground, dice), account=9, fingerprint=2 + count))
    return accepted(ground, rows)
