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

from tests.campaigns.deletion.ground import TALL_HEIGHT, Ground, Records, Story, record_of
from tests.campaigns.deletion.lies.arithmetic import LimbLie, balance_called, outputs, settle_balance
from tests.campaigns.deletion.lies.choices import owner_of
from tests.campaigns.deletion.lies.limbs import settling
from tests.campaigns.deletion.lies.sums import left_out
from tests.campaigns.deletion.names import LIMB, TOTAL_LIMB, place_of
from tests.campaigns.deletion.tailored.room import added_up
from tests.campaigns.differential.records import Row
from tests.campaigns.differential.verdicts import forced
from zkpay.circuits.gadgets.arithmetic import Defined
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table

VALUES, EPOCHS, LIKES = 3000, 12, 40


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


def row_of(ground: Ground, dice: random.Random, account: int, numbers: dict[str, int]) -> Row:
    values = {symbol.name: dice.randrange(len(symbol.values)) for symbol in ground.policy.rules.symbols}
    return Row(account, values | numbers, dice.getrandbits(60))


def _of_next_to_nothing(ground: Ground, dice: random.Random) -> Records:
    """One record of which every number is the least that counts, or the largest."""
    numbers = {
        number.name: dice.choice([max(1, number.minimum), number.maximum]) for number in ground.policy.rules.numbers
    }
    return accepted(ground, [row_of(ground, dice, 1, numbers)])


def any_row(ground: Ground, dice: random.Random, account: int = 1) -> Row:
    """A record of any size."""
    numbers = {}
    for number in ground.policy.rules.numbers:
        size = min(
            number.maximum, number.minimum + dice.getrandbits(dice.randrange(1, number.maximum.bit_length() + 1))
        )
        numbers[number.name] = size if dice.random() < 0.7 else number.maximum
    return row_of(ground, dice, account, numbers)


def accepted(ground: Ground, rows: Sequence[Row]) -> Records:
    """The records with the reasons that the rules give them."""
    reasons = forced(rows, ground.policy.rules, [None] * len(rows))
    return tuple(record_of(row, reason) for row, reason in zip(rows, reasons, strict=True))


def alike(ground: Ground, dice: random.Random, name: str) -> Row:
    """Of some records the one whose amount has the largest lowest limb: many of it add up to much there."""
    rows = [any_row(ground, dice, 1 + place) for place in range(LIKES)]
    held = ground.truth(accepted(ground, rows)).traces["tally"][name]
    return rows[int(np.argmax(held[:LIKES]))]


def total_as_seen(title: str, trace: Trace) -> None:
    """Carries of a total as the field sees its lines."""
    gadget = trace.table.gadgets[balance_called(trace.table, title)]
    if isinstance(gadget, Balance):
        settle_balance(trace, gadget, 0, {}, exact=False)


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
            title = added_up(ground, table, part.columns[k])
            if title is None:
                return Story(records, lie)
            return Story(records, lie, excess={title: 0}, post=functools.partial(total_as_seen, title))
    return None
