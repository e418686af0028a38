"""Lies about epochs that fit them, where chance alone seldom falls: sums whose limbs leave room, totals of next to
nothing.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tests.campaigns.deletion.arithmetic import balance_called, outputs, settle_balance
from tests.campaigns.deletion.choices import owner_of
from tests.campaigns.deletion.ground import TALL_HEIGHT, Ground, Records, Story, record_of
from tests.campaigns.deletion.names import LIMB, TOTAL_LIMB, place_of, row_in
from tests.campaigns.deletion.room import RoomLie, added_up, room, room_for_two
from tests.campaigns.deletion.sums import left_out
from tests.campaigns.differential.records import Row
from tests.campaigns.differential.verdicts import forced
from zkpay.circuits.gadgets.arithmetic import Defined, Divided
from zkpay.circuits.gadgets.carry import Balance, PublicDigits
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table

EPOCHS, LIKES = 12, 40


def aim_fitted(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie about an epoch that is made for it; None where there is none this time."""
    table_name, _, rest = name.partition("/")
    table = ground.tables[table_name]
    found = re.fullmatch(TOTAL_LIMB, rest)
    if found and found[3] == "added up":
        return left_out(ground, _of_next_to_nothing(ground, dice), found[1], int(found[2]))
    found = re.fullmatch(LIMB, rest)
    if found and found[2] and table_name in ("payouts", "contributions"):
        return _opened(ground, table, dice, found)
    return None


def _row(ground: Ground, dice: random.Random, account: int, numbers: dict[str, int]) -> Row:
    values = {symbol.name: dice.randrange(len(symbol.values)) for symbol in ground.policy.rules.symbols}
    return Row(account, values | numbers, dice.getrandbits(60))


def _of_next_to_nothing(ground: Ground, dice: random.Random) -> Records:
    """One record of which every number is the least that counts, or the largest."""
    numbers = {
        number.name: dice.choice([max(1, number.minimum), number.maximum]) for number in ground.policy.rules.numbers
    }
    return accepted(ground, [_row(ground, dice, 1, numbers)])


def _any(ground: Ground, dice: random.Random, account: int = 1) -> Row:
    """A record of any size."""
    numbers = {}
    for number in ground.policy.rules.numbers:
        size = min(
            number.maximum, number.minimum + dice.getrandbits(dice.randrange(1, number.maximum.bit_length() + 1))
        )
        numbers[number.name] = size if dice.random() < 0.7 else number.maximum
    return _row(ground, dice, account, numbers)


def accepted(ground: Ground, rows: Sequence[Row]) -> Records:
    """The records with the reasons that the rules give them."""
    reasons = forced(rows, ground.policy.rules, [None] * len(rows))
    return tuple(record_of(row, reason) for row, reason in zip(rows, reasons, strict=True))


def _alike(ground: Ground, dice: random.Random, name: str) -> Row:
    """Of some records the one whose amount has the largest lowest limb: many of it add up to much there."""
    rows = [_any(ground, dice, 1 + place) for place in range(LIKES)]
    held = ground.truth(accepted(ground, rows)).traces["tally"][name]
    return rows[int(np.argmax(held[:LIKES]))]


def _total_as_seen(title: str, trace: Trace) -> None:
    """Carries of a total as the field sees its lines."""
    gadget = trace.table.gadgets[balance_called(trace.table, title)]
    if isinstance(gadget, Balance):
        settle_balance(trace, gadget, 0, {}, exact=False)


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
            title = added_up(ground, table, held_by)
            if title is None:
                return Story(records, lie)
            return Story(records, lie, excess={title: 0}, post=functools.partial(_total_as_seen, title))
    return None


def _for_two(ground: Ground, table: Table, dice: random.Random, owner: int, k: int) -> Story | None:
    """Two accounts that earn as much, with limbs that make up for each other."""
    part = outputs(table.gadgets[owner])[0]
    for _ in range(EPOCHS):
        like = _any(ground, dice)
        if dice.random() < 0.4:
            like = _row(ground, dice, 1, {number.name: number.maximum for number in ground.policy.rules.numbers})
        count = dice.choice([1, 1, 2, 3, dice.randrange(1, 30)])
        records = accepted(ground, [replace(like, account=7 + n % 2, fingerprint=1 + n) for n in range(2 * count)])
        trace = ground.truth(records).traces[table.name]
        pairs = room_for_two(ground, table, owner, k, trace, dice)
        if pairs:
            pair = dice.choice(pairs)
            held = trace.values[part.columns[k].index]
            steps = {row: element - int(held[row]) for row, element in enumerate(pair)}
            title = added_up(ground, table, part.columns[k])
            lie = RoomLie(table.name, owner + 1, (0, k), steps)
            if title is None:
                return Story(records, lie)
            return Story(records, lie, excess={title: 0}, post=functools.partial(_total_as_seen, title))
    return None


def _one_account(ground: Ground, dice: random.Random, argument: str) -> Records:
    """Records of one account, all but the last alike, and perhaps one of another account."""
    few = [0, 0, 1, 2, 3]
    counts = [*few, dice.randrange(300, ground.height - 10)] if ground.height == TALL_HEIGHT else few
    count = dice.choice(counts)
    like = _alike(ground, dice, argument) if count else _any(ground, dice)
    if dice.random() < 0.4:
        like, count = (
            _row(ground, dice, 7, {n.name: n.maximum for n in ground.policy.rules.numbers}),
            dice.randrange(40),
        )
    last = _alike(ground, dice, argument) if dice.random() < 0.3 else _any(ground, dice)
    rows = [replace(like, account=7, fingerprint=1 + n) for n in range(count)]
    rows.append(replace(last, account=7, fingerprint=1 + count))
    if dice.random() < 0.5:
        rows.append(replace(_any(ground, dice), account=9, fingerprint=2 + count))
    return accepted(ground, rows)
