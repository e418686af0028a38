"""Lies by a limb of a payout that is a sum: fractions that two accounts share, and elements of a leaf that wrap."""

from __future__ import annotations

import random
import re
from functools import partial

import numpy as np

from tests.campaigns.deletion.ground import Ground, Records, Story
from tests.campaigns.deletion.lies.arithmetic import LimbLie
from tests.campaigns.deletion.lies.choices import owner_of
from tests.campaigns.deletion.names import LIMB
from tests.campaigns.deletion.reasons.openings import coefficient_of
from tests.campaigns.deletion.tailored.drawn import accepted
from tests.campaigns.deletion.tailored.refilled import total_as_seen
from tests.campaigns.differential.records import Row
from zkpay.circuits.bounds import PAYOUT, TOTAL_WIDTH
from zkpay.circuits.gadgets.arithmetic import Defined
from zkpay.circuits.gadgets.carry import Balance
from zkpay.stark.field import P, inverse

PARTS, LIMBS, EPOCHS = 15, 3, 30


def aim_at_leaf(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found = re.fullmatch(LIMB, name.removeprefix("payouts/"))
    if not found or found[1] != PAYOUT or not found[2]:
        return None
    table, k = ground.tables["payouts"], int(found[2])
    owner = owner_of(table, f"{PAYOUT}[{k}]")
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if not isinstance(gadget, Defined) or not isinstance(balance, Balance):
        return None
    line = next(n for n, entry in enumerate(balance.lines) if coefficient_of(entry, gadget.result.columns[k]))
    unit = abs(coefficient_of(balance.lines[line], gadget.result.columns[k]) or 1)
    whole = k - k % LIMBS + LIMBS <= len(gadget.result.columns)
    if whole and k % LIMBS + 1 < LIMBS and (unit == 1 or dice.random() < 0.3):
        return _borrowed(ground, dice, owner, k)
    records = _accounts(ground, dice, dice.choice([2, 3, 5]))
    step = dice.choice([1, -1]) * dice.randrange(1, PARTS + 1)
    if dice.random() < 0.6 and unit > 1:
        step = step * inverse(unit) % P
        return Story(records, LimbLie("payouts", owner + 1, (0, k), {0: step, 1: -step}))
    step = dice.choice([1, 1, -1, 2]) << gadget.result.widths[k]
    return Story(
        records, LimbLie("payouts", owner + 1, (0, k), {0: -step, 1: step} if dice.random() < 0.5 else {0: -step})
    )


def _accounts(ground: Ground, dice: random.Random, count: int) -> Records:
    """As many accounts, each with one record."""
    rows = []
    rules = ground.policy.rules
    small = {number.name for number in rules.numbers if dice.random() < 0.5}
    for index in range(count):
        values = {symbol.name: dice.randrange(len(symbol.values)) for symbol in rules.symbols}
        for number in rules.numbers:
            size = 0 if number.name in small else dice.getrandbits(dice.randrange(1, number.maximum.bit_length() + 1))
            values[number.name] = min(number.maximum, number.minimum + size)
        rows.append(Row(7 + index, values, 1000 + index))
    return accepted(ground, rows)


def _borrowed(ground: Ground, dice: random.Random, owner: int, k: int) -> Story | None:
    """A limb so far below 0 that its element of the leaf is: the element's highest limb is full, so that what this one
    is short of is added to the next element.
    """
    last = k - k % LIMBS + LIMBS - 1
    for _ in range(EPOCHS):
        records = _accounts(ground, dice, ground.height - 4)
        trace = ground.truth(records).traces["payouts"]
        full = np.flatnonzero(trace[f"{PAYOUT}[{last}]"] == (1 << TOTAL_WIDTH) - 1)
        if len(full):
            step = -(1 << (TOTAL_WIDTH * (last - k)))
            lie = LimbLie("payouts", owner + 1, (0, k), {int(dice.choice(full.tolist())): step})
            if int(trace[f"{PAYOUT}[{k}]"].sum()) + step >= 0:
                return Story(records, lie)
            # The sum of the limb is below 0, and P more in the field: what is said to be paid stays what it is.
            return Story(records, lie, post=partial(total_as_seen, PAYOUT), paid=-P << (TOTAL_WIDTH * k))
    return None
