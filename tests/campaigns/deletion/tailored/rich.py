"""Lies about rich epochs: so much is earned that the pool is shared out, by one account or by many."""

from __future__ import annotations

import random
import re
from functools import partial

import numpy as np

from tests.campaigns.deletion.ground import Ground, Records, Story
from tests.campaigns.deletion.lies.arithmetic import LimbLie, SumLie, balance_called, divisor_at, read_number
from tests.campaigns.deletion.lies.choices import owner_of
from tests.campaigns.deletion.names import CARRY, LIMB, place_of
from tests.campaigns.deletion.reasons.openings import coefficient_of
from tests.campaigns.deletion.tailored.digits import shares
from tests.campaigns.deletion.tailored.drawn import accepted
from tests.campaigns.deletion.tailored.refilled import total_as_seen
from tests.campaigns.deletion.tailored.remainders import BorrowedRemainder
from tests.campaigns.deletion.tailored.room import RoomLie, passing, readings_of, total_of
from tests.campaigns.differential.records import Row
from zkpay.circuits.gadgets.arithmetic import Defined, Divided
from zkpay.circuits.gadgets.carry import Balance, PublicDigits
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table
from zkpay.stark.expression import Column
from zkpay.stark.field import P, inverse

SPARE = 4
SAMPLES, REACH = 1 << 17, 15
DRAWS = 6


def aim_at_riches(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    table_name, _, rest = name.partition("/")
    table = ground.tables[table_name]
    if table_name != "payouts":
        return None
    found = re.fullmatch(CARRY, rest)
    if found:
        return _carried(ground, table, dice, balance_called(table, found[1]), int(found[2]))
    found = re.fullmatch(LIMB, rest)
    if not found or not found[2]:
        return None
    column = f"{found[1]}[{found[2]}]"
    owner = owner_of(table, column)
    gadget = table.gadgets[owner] if owner >= 0 else None
    if isinstance(gadget, Divided):
        return _divided(ground, table, dice, owner, column)
    if isinstance(gadget, Defined):
        held = gadget.result.columns[int(found[2])]
        if total_of(ground, table, held) is not None:
            return _by_many(ground, table, dice, owner, held)
        return _by_one(ground, table, dice, owner, held)
    return None


def rich(ground: Ground, dice: random.Random, accounts: int, count: int | None = None) -> Records:
    """As many records as there is room for, as large as can be but for some of their numbers, of so many accounts; of
    some drawings those that come to the most.
    """
    count = ground.height - SPARE if count is None else count
    rules = ground.policy.rules
    keys = {name for combination in rules.unique for name in combination}
    best: Records = ()
    for _ in range(DRAWS):
        small = {number.name for number in rules.numbers if dice.random() < 0.3}
        codes = {symbol.name: dice.randrange(len(symbol.values)) for symbol in rules.symbols}
        rows = []
        for index in range(count):
            values = dict(codes)
            for number in rules.numbers:
                near = dice.getrandbits(dice.randrange(1, 12))
                ends = (min(number.minimum + near, number.maximum), number.maximum - min(near, number.maximum // 50))
                values[number.name] = ends[0] if number.name in small else ends[1]
                if number.name in keys:
                    values[number.name] = number.maximum - index
            if rules.window_limit is not None:
                values[rules.window_limit.time] = rules.window_limit.length * index
            rows.append(Row(7 + index % accounts, values, 1000 + index))
        found = accepted(ground, rows)
        if not best or _worth(ground, found) > _worth(ground, best):
            best = found
    return best


def _worth(ground: Ground, records: Records) -> int:
    return sum(ground.truth(records).totals.values())


def _by_one(ground: Ground, table: Table, dice: random.Random, owner: int, held: Column) -> Story | None:
    """A limb of one account's number that its lines read as another number."""
    gadget = table.gadgets[owner]
    if not isinstance(gadget, Defined):
        return None
    records = rich(ground, dice, dice.choice([1, 2, 3]))
    trace = ground.truth(records).traces[table.name]
    k = gadget.result.columns.index(held)
    found = _near(ground, table, owner, k, trace, dice)
    if not found:
        return None
    element = dice.choice(found)
    return Story(records, RoomLie(table.name, owner + 1, (0, k), {0: element - int(trace.values[held.index, 0])}))


def _near(ground: Ground, table: Table, owner: int, k: int, trace: Trace, dice: random.Random) -> list[int]:
    """Elements for limb k of a large sum on the first row that is near what it holds, as its own line sees them: the
    other limbs take what is left.
    """
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if not isinstance(gadget, Defined) or not isinstance(balance, Balance):
        return []
    part = gadget.result
    whole, width, position = read_number(trace, part, 0), part.widths[k], sum(part.widths[:k])
    line = min(position // balance.radix, len(balance.lines) - 1)
    foot, shift = balance.radix * line, position - balance.radix * line
    numbers, reach = np.random.default_rng(dice.getrandbits(64)), dice.randrange(1, REACH)
    amount = (int(trace.values[part.columns[k].index, 0]) << shift) + (
        numbers.integers(-(1 << reach), 1 << reach, SAMPLES) << (width + shift)
        if k + 1 < len(part.columns)
        else np.zeros(SAMPLES, dtype=np.int64)
    )
    if shift:
        amount = amount + numbers.integers(-(1 << shift), 1 << shift, SAMPLES)
    amount = np.unique(amount[np.abs(amount) <= P // 2])
    elements = amount % P * inverse((1 << shift) % P) % P
    asked = readings_of(ground, table, part.columns[k], (1 << width) - 1)
    # Where only its own line reads it as it stands, others read it in products.
    fits = passing(asked, elements) if len(asked) > 1 else elements > 1 << width
    found = []
    for element, taken in zip(elements[fits].tolist(), amount[fits].tolist(), strict=True):
        left = whole - (taken << foot)
        if left >= 0 and not left >> sum(part.widths) and not (left >> position) & ((1 << width) - 1):
            found.append(element)
    return found


def _by_many(ground: Ground, table: Table, dice: random.Random, owner: int, held: Column) -> Story | None:
    """A limb of every account's number that is as much larger, or smaller, as together comes round the field: a total
    that is off by P at the foot of the limb's line.
    """
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if not isinstance(gadget, Defined) or not isinstance(balance, Balance):
        return None
    accounts = dice.choice([5, 6, 8, 12, 16, 20, 40, ground.height - SPARE])
    records = rich(ground, dice, accounts)
    count = int(ground.truth(records).traces[table.name]["is_real"].sum())
    line = next(k for k, entry in enumerate(balance.lines) if coefficient_of(entry, held))
    unit = abs(coefficient_of(balance.lines[line], held) or 1)
    if unit >> balance.radix:
        return None
    # In steps that the next line takes, and the next limb.
    place = gadget.result.columns.index(held)
    step = max(balance.radix, gadget.result.widths[place] + unit.bit_length() - 1)
    whole = (P >> step) - dice.choice([0, 0, 0, 1, 2])
    parts = [whole // count + (index < whole % count) for index in range(count)]
    sign = dice.choice([1, -1])
    steps = {row: sign * (part << step) // unit for row, part in enumerate(parts)}
    lie = RoomLie(table.name, owner + 1, (0, place), steps)
    title = total_of(ground, table, held)
    if title is None:
        return None
    off = -sign * (P << (balance.radix * line))
    return Story(records, lie, excess={title: off}, post=partial(total_as_seen, title))


def _divided(ground: Ground, table: Table, dice: random.Random, owner: int, column: str) -> Story | None:
    """A limb of a remainder that takes what the next one is short of, so that the quotient is one too small."""
    gadget = table.gadgets[owner]
    if not isinstance(gadget, Divided):
        return None
    place = place_of(gadget.remainder, column)
    if place < 0:
        return _shared(ground, table, dice, owner, place_of(gadget.quotient, column))
    records = rich(ground, dice, dice.choice([1, 1, 2]))
    return Story(records, BorrowedRemainder(table.name, owner + 1, 0, place))


def _shared(ground: Ground, table: Table, dice: random.Random, owner: int, k: int) -> Story | None:
    """A limb of a share that is a fraction, which all digits of the total make whole, or so large that the products
    with some digits come round the field.
    """
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if not isinstance(gadget, Divided) or not isinstance(gadget.divisor, PublicDigits):
        return None
    if not isinstance(balance, Balance):
        return None
    if dice.random() < 0.7:
        records = rich(ground, dice, dice.choice([1, 2, 3, 5]))
        trace = ground.truth(records).traces[table.name]
        row = dice.randrange(int(trace["is_real"].sum()))
        found = shares(ground, table, owner, k, trace, row, dice)
        if not found:
            return None
        held = int(trace.values[gadget.quotient.columns[k].index, row])
        return Story(records, LimbLie(table.name, owner + 1, (0, k), {row: dice.choice(found) - held}))
    records, zeros = _even(ground, table, dice, owner, k, balance.radix)
    if not zeros:
        return None
    step = dice.choice([1, 1, -1, 3, -3, 5]) * pow(2, -dice.randrange(1, zeros + 1), P) % P
    rows = dice.sample(range(int(ground.truth(records).traces[table.name]["is_real"].sum())), 2)
    return Story(records, LimbLie(table.name, owner + 1, (0, k), dict(zip(rows, (step, -step), strict=True))))


def _even(ground: Ground, table: Table, dice: random.Random, owner: int, k: int, radix: int) -> tuple[Records, int]:
    """Records of two accounts or more, of which all digits of the total are even where limb k meets them, and how many
    times 2 divides them.
    """
    gadget = table.gadgets[owner]
    best: tuple[Records, int] = ((), 0)
    for _ in range(40):
        records = ground.draw(dice)
        trace = ground.truth(records).traces[table.name]
        if not isinstance(gadget, Divided) or int(trace["is_real"].sum()) < 2:
            continue
        digits, joined = divisor_at(trace, gadget, 0) << sum(gadget.quotient.widths[:k]), 0
        while digits:
            joined, digits = joined | (digits & ((1 << radix) - 1)), digits >> radix
        zeros = (joined & -joined).bit_length() - 1 if joined else 0
        if zeros > best[1]:
            best = (records, zeros)
    return best


def _carried(ground: Ground, table: Table, dice: random.Random, balance: int, line: int) -> Story | None:
    """A number that is off by P at the foot of a line, which its carry takes."""
    gadget = table.gadgets[balance]
    if not isinstance(gadget, Balance) or line >= len(gadget.carries):
        return None
    records = rich(ground, dice, dice.choice([1, 1, 2]))
    return Story(records, SumLie(table.name, balance, 0, line, dice.choice([1, 1, 2, 3]) * dice.choice([P, -P])))
