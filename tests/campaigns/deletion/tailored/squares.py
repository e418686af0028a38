"""Lies about roots of one record, about prices, and about squares that come to a power of two."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tests.attacks.forgery import evaluate_at
from tests.campaigns.deletion.ground import Ground, Records, Story
from tests.campaigns.deletion.lies.arithmetic import LimbLie, Several, SumLie, divisor_at, read_number
from tests.campaigns.deletion.lies.choices import (
    ABOVE,
    PICK,
    ComparisonLie,
    claims,
    comparison_called,
    comparison_width,
    owner_of,
)
from tests.campaigns.deletion.names import COMPARISON, LIMB, is_comparison, place_of
from tests.campaigns.deletion.tailored.drawn import accepted
from tests.campaigns.deletion.tailored.room import RoomLie
from tests.campaigns.deletion.tailored.rooted import by_lower_limb, by_upper_limb, large, row_of
from tests.campaigns.deletion.tailored.roots import Root
from zkpay.circuits.gadgets.arithmetic import Defined, Divided, Rooted
from zkpay.circuits.gadgets.carry import Balance, PublicDigits
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table
from zkpay.stark.field import P, inverse

SAMPLES, ROUNDS, NEAR = 1 << 21, 12, 64
LITTLE, ACCOUNTS = 100, 2
Elements = NDArray[np.int64]


def aim_at_square(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    table_name, _, rest = name.partition("/")
    table = ground.tables[table_name]
    found = re.fullmatch(COMPARISON, rest)
    if found and table_name == "payouts" and is_comparison(table, found[1]):
        less, place = found[2] or found[4] or found[7], int(found[3] or found[5] or 0)
        return _compared(ground, table, dice, comparison_called(table, found[1]), less, place)
    found = re.fullmatch(LIMB, rest)
    owner = owner_of(table, f"{found[1]}[{found[2]}]") if found and found[2] else -1
    if not found or owner < 0:
        return None
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if table_name == "contributions" and isinstance(gadget, Rooted) and isinstance(balance, Balance):
        limb = place_of(gadget.root, f"{found[1]}[{found[2]}]")
        if limb in (0, 1) and len(balance.lines) == 3 and len(gadget.root.widths) == len(gadget.rest.widths) == 2:
            return (by_upper_limb if limb else by_lower_limb)(ground, Root(table, owner, gadget, balance), dice)
    if table_name == "contributions" and isinstance(gadget, Defined):
        return _priced(ground, table, dice, owner, int(found[2]))
    if table_name == "payouts" and isinstance(gadget, Divided) and isinstance(gadget.divisor, int):
        return _divided(ground, table, dice, owner, int(found[2]))
    if table_name == "payouts" and isinstance(gadget, Divided) and isinstance(balance, Balance):
        return _of_little(ground, table, dice, owner, int(found[2]))
    if table_name == "payouts" and isinstance(gadget, Defined):
        return _halved(ground, table, dice, owner, int(found[2]))
    return None


def _priced(ground: Ground, table: Table, dice: random.Random, owner: int, k: int) -> Story | None:
    """A limb of a price that takes units of the next one, of a record with units enough to bring the product round the
    field, and no more than one limb of them.
    """
    gadget = table.gadgets[owner]
    if not isinstance(gadget, Defined) or k + 1 == len(gadget.result.columns):
        return None
    numbers = {number.name: dice.randrange(1, 1 << dice.randrange(1, 15)) for number in ground.policy.rules.numbers}
    numbers = {
        number.name: min(max(numbers[number.name], number.minimum), number.maximum)
        for number in ground.policy.rules.numbers
    }
    records = accepted(ground, [row_of(ground, dice, 0, numbers)])
    trace = ground.truth(records).traces[table.name]
    above, width = int(trace.values[gadget.result.columns[k + 1].index, 0]), gadget.result.widths[k]
    most = (1 << gadget.result.widths[k + 1]) - 1
    units = dice.randint(above - most, above)
    return Story(records, LimbLie(table.name, owner + 1, (0, k), {0: units << width})) if units else None


def _divided(ground: Ground, table: Table, dice: random.Random, owner: int, k: int) -> Story | None:
    """A limb of a quotient by a constant that is off by a fraction, which the remainder takes; or the highest one, of a
    quotient that is negative and seems small.
    """
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if not isinstance(gadget, Divided) or not isinstance(gadget.divisor, int) or not isinstance(balance, Balance):
        return None
    rows, count = [], dice.choice([2, 3, 5, 30, ground.height - 4])
    near = dice.random() < 0.7
    for index in range(ground.height - 4 - dice.randrange(50) if near else count):
        size = {number.name: min(number.maximum, number.minimum + dice.getrandbits(36)) for number in large(ground)}
        largest = {number.name: number.maximum - (dice.getrandbits(20) if index < 9 else 0) for number in large(ground)}
        rows.append(row_of(ground, dice, index, largest if near else size))
    records = accepted(ground, rows)
    if k + 1 == len(gadget.quotient.columns):
        lie = SumLie(table.name, owner + 1, 0, len(balance.lines) - 1, dice.choice([-P, -P, -2 * P]), (0, k))
        return Story(records, Several(lie, _Negative(table, owner, k)))
    trace, bits = ground.truth(records).traces[table.name], sum(gadget.quotient.widths[:k])
    below = read_number(trace, gadget.quotient, 0) & ((1 << bits) - 1)
    rest = (gadget.divisor * below + int(trace.values[gadget.remainder.columns[0].index, 0])) >> bits
    part = dice.randint(rest - gadget.divisor + 1, rest)
    if dice.random() < 0.7:
        # A part that is a half, or less: few of all that read it are no whole numbers then.
        zeros = (gadget.divisor & -gadget.divisor).bit_length() - 1
        part = dice.choice([1, 1, -1, 3, -3]) * (gadget.divisor >> dice.choice([1, 1, 1, dice.randint(1, zeros or 1)]))
        part = part if rest - gadget.divisor < part <= rest else 0
    if not part:
        return None
    whole = dice.choice([0, 0, 1, -1, 2]) << gadget.quotient.widths[k]
    return Story(records, RoomLie(table.name, owner + 1, (0, k), {0: part * inverse(gadget.divisor) % P + whole}))


def _of_little(ground: Ground, table: Table, dice: random.Random, owner: int, k: int) -> Story | None:
    """A limb of a share of so small a total that one digit of it meets the limb: a part of the total more, and as much
    less for another account.
    """
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if not isinstance(gadget, Divided) or not isinstance(gadget.divisor, PublicDigits):
        return None
    if not isinstance(balance, Balance):
        return None
    for _ in range(LITTLE):
        numbers = [
            {field.name: field.minimum + dice.getrandbits(6) for field in large(ground)} for _ in range(2 * ACCOUNTS)
        ]
        rows = [replace(row_of(ground, dice, n, held), account=7 + n // ACCOUNTS) for n, held in enumerate(numbers)]
        records = accepted(ground, rows)
        trace = ground.truth(records).traces[table.name]
        met = divisor_at(trace, gadget, 0) << (sum(gadget.quotient.widths[:k]) % balance.radix)
        digits = [met >> (balance.radix * j) & ((1 << balance.radix) - 1) for j in range(4)]
        if sum(digit > 0 for digit in digits) == 1 and max(digits) > 1 and int(trace["is_real"].sum()) == 2:
            step = dice.randrange(1, max(digits)) * inverse(max(digits)) % P
            return Story(records, LimbLie(table.name, owner + 1, (0, k), {0: step, 1: -step}))
    return None


def _halved(ground: Ground, table: Table, dice: random.Random, owner: int, k: int) -> Story | None:
    """A limb of a large sum that is off by a half, or a smaller part, which the limb below it makes up for."""
    gadget = table.gadgets[owner]
    if not isinstance(gadget, Defined) or not k:
        return None
    near = dice.getrandbits(dice.randrange(1, 33))
    count = ground.height - dice.randrange(4, ground.height // 6)
    largest = {number.name: number.maximum for number in large(ground)}
    smaller = {name: max(most - near, most // 2) for name, most in largest.items()}
    records = accepted(
        ground, [row_of(ground, dice, index, largest if index % 7 else smaller) for index in range(count)]
    )
    trace = ground.truth(records).traces[table.name]
    parts = dice.choice([1, 1, 1, 2, 3])
    below, width = int(trace.values[gadget.result.columns[k - 1].index, 0]), gadget.result.widths[k - 1]
    odd = dice.choice([held for held in range(1 - (1 << parts), 1 << parts) if held % 2])
    if not 0 <= below - (odd << (width - parts)) < 1 << width:
        return None
    return Story(records, RoomLie(table.name, owner + 1, (0, k), {0: odd * inverse(1 << parts) % P}))


class _Negative:
    """Comparisons of a number on the first row whose highest limb stands for a negative one, as if it were small."""

    def __init__(self, table: Table, owner: int, k: int) -> None:
        gadget = table.gadgets[owner]
        if not isinstance(gadget, Divided):
            raise TypeError("no quotient")
        self.table, self.column = table.name, gadget.quotient.columns[k]

    def __call__(self, trace: Trace, number: int) -> None:
        gadget = trace.table.gadgets[number] if trace.table.name == self.table and number >= 0 else None
        if not isinstance(gadget, Comparison) or gadget.flag is None or self.column not in gadget.left:
            return
        place = gadget.left.index(self.column)
        for k, pick in enumerate(gadget.picks):
            trace.values[pick.index, 0] = k == place
        gap = (evaluate_at(trace, 0, gadget.right[place]) - evaluate_at(trace, 0, gadget.left[place])) % P
        trace.values[gadget.flag.index, 0], trace.values[gadget.difference.index, 0] = 1, (gap - 1) % P


def _compared(ground: Ground, table: Table, dice: random.Random, number: int, less: str, place: int) -> Story | None:
    """Many records of one account, the last of which brings its larger number just over a power of two."""
    gadget = table.gadgets[number]
    if not isinstance(gadget, Comparison) or gadget.flag is None or less not in (PICK, ABOVE):
        return None
    width = comparison_width(table, gadget)
    fields = [field for field in large(ground)]
    if not fields:
        return None
    field = dice.choice(fields)
    top = 1 << (width * (len(gadget.left) - 1))

    def records(count: int, last: int) -> Records:
        rows = [row_of(ground, random.Random(0), index, {f.name: f.maximum for f in fields}) for index in range(count)]
        rows[-1] = row_of(ground, random.Random(0), count - 1, {f.name: f.maximum for f in fields} | {field.name: last})
        return accepted(ground, rows)

    def sides(count: int, last: int) -> tuple[list[int], list[int]]:
        trace = ground.truth(records(count, last)).traces[table.name]
        left, right = ([evaluate_at(trace, 0, entry) for entry in side] for side in (gadget.left, gadget.right))
        return left, right

    def over(count: int, last: int) -> int:
        left, right = sides(count, last)
        return sum((a - b) << (width * k) for k, (a, b) in enumerate(zip(left, right, strict=True)))

    low, high = 1, ground.height - 2
    if over(high, field.maximum) < top:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if over(middle, field.maximum) < top else (low, middle)
    count, wanted = high, top - dice.getrandbits(dice.randrange(1, width * (len(gadget.left) - 2) + 3))
    low, high = field.minimum, field.maximum
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if over(count, middle) < wanted else (low, middle)
    left, right = sides(count, high)
    if next(claims(left, right, 1, width, less, place), None) is None or over(count, high) <= 0:
        return None
    return Story(records(count, high), ComparisonLie(table.name, number, 0, less, place, width, dice))
