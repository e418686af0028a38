"""Lies about roots of one record, about prices, and about squares that come to a power of two.

The seed of such a lie begins with SQUARE_SEED, in tables for many records with SQUARE_TALL_SEED.
"""

from __future__ import annotations

import random
import re
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from tests.attacks.forgery import evaluate_at
from tests.campaigns.deletion.arithmetic import LimbLie, Several, SumLie, read_number
from tests.campaigns.deletion.choices import (
    ABOVE,
    PICK,
    ComparisonLie,
    claims,
    comparison_called,
    comparison_width,
    owner_of,
)
from tests.campaigns.deletion.fitted import accepted
from tests.campaigns.deletion.ground import Ground, Records, Story
from tests.campaigns.deletion.names import COMPARISON, LIMB, is_comparison, place_of
from tests.campaigns.deletion.room import RoomLie
from tests.campaigns.deletion.roots import Root, RootLie
from tests.campaigns.differential.records import Row
from zkpay.circuits.gadgets.arithmetic import Defined, Divided, Rooted
from zkpay.circuits.gadgets.carry import Balance, CarryRange
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.trace import Trace
from zkpay.ledger.fields import NumberField
from zkpay.stark.air import Table
from zkpay.stark.field import P, inverse

SQUARE_SEED, SQUARE_TALL_SEED = "o", "ot"
SAMPLES, ROUNDS, NEAR = 1 << 21, 12, 64
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
            return (_upper if limb else _lower)(ground, Root(table, owner, gadget, balance), dice)
    if table_name == "contributions" and isinstance(gadget, Defined):
        return _priced(ground, table, dice, owner, int(found[2]))
    if table_name == "payouts" and isinstance(gadget, Divided) and isinstance(gadget.divisor, int):
        return _divided(ground, table, dice, owner, int(found[2]))
    if table_name == "payouts" and isinstance(gadget, Defined):
        return _halved(ground, table, dice, owner, int(found[2]))
    return None


def _row(ground: Ground, dice: random.Random, index: int, numbers: dict[str, int]) -> Row:
    values = {symbol.name: dice.randrange(len(symbol.values)) for symbol in ground.policy.rules.symbols}
    for number in ground.policy.rules.numbers:
        values[number.name] = numbers.get(number.name, number.minimum + index)
    return Row(7, values, 1000 + index)


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
    records = accepted(ground, [_row(ground, dice, 0, numbers)])
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
        size = {number.name: min(number.maximum, number.minimum + dice.getrandbits(36)) for number in _large(ground)}
        largest = {
            number.name: number.maximum - (dice.getrandbits(20) if index < 9 else 0) for number in _large(ground)
        }
        rows.append(_row(ground, dice, index, largest if near else size))
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


def _halved(ground: Ground, table: Table, dice: random.Random, owner: int, k: int) -> Story | None:
    """A limb of a large sum that is off by a half, or a smaller part, which the limb below it makes up for."""
    gadget = table.gadgets[owner]
    if not isinstance(gadget, Defined) or not k:
        return None
    near = dice.getrandbits(dice.randrange(1, 33))
    count = ground.height - dice.randrange(4, ground.height // 6)
    largest = {number.name: number.maximum for number in _large(ground)}
    smaller = {name: max(most - near, most // 2) for name, most in largest.items()}
    records = accepted(ground, [_row(ground, dice, index, largest if index % 7 else smaller) for index in range(count)])
    trace = ground.truth(records).traces[table.name]
    parts = dice.choice([1, 1, 1, 2, 3])
    below, width = int(trace.values[gadget.result.columns[k - 1].index, 0]), gadget.result.widths[k - 1]
    odd = dice.choice([held for held in range(1 - (1 << parts), 1 << parts) if held % 2])
    if not 0 <= below - (odd << (width - parts)) < 1 << width:
        return None
    return Story(records, RoomLie(table.name, owner + 1, (0, k), {0: odd * inverse(1 << parts) % P}))


def _large(ground: Ground) -> list[NumberField]:
    keys = {name for combination in ground.policy.rules.unique for name in combination}
    return [number for number in ground.policy.rules.numbers if number.name not in keys]


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
    fields = [field for field in _large(ground)]
    if not fields:
        return None
    field = dice.choice(fields)
    top = 1 << (width * (len(gadget.left) - 1))

    def records(count: int, last: int) -> Records:
        rows = [_row(ground, random.Random(0), index, {f.name: f.maximum for f in fields}) for index in range(count)]
        rows[-1] = _row(ground, random.Random(0), count - 1, {f.name: f.maximum for f in fields} | {field.name: last})
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


def _lines(root: Root, trace: Trace, row: int) -> list[int]:
    kept = trace.values[:, row].copy()
    for column in (*root.gadget.root.columns, *root.gadget.rest.columns):
        trace.values[column.index, row] = 0
    found = [int(trace.part(row, row + 1).in_integers(line)[0]) for line in root.balance.lines]
    trace.values[:, row] = kept
    return found


def _slack(root: Root, lower: Elements, upper: Elements | int, low: Elements, high: Elements) -> Elements:
    slack: Elements = (2 * lower + (upper << (root.radix + 1)) - low - (high << root.foot)) % P
    return slack


def _cells(root: Root, parts: list[int]) -> dict[int, int]:
    columns = (*root.gadget.root.columns, *root.gadget.rest.columns)
    return {held.index: part for held, part in zip(columns, parts, strict=True)}


def _lower(ground: Ground, root: Root, dice: random.Random) -> Story | None:
    """A lower limb of which the square and the double product with the upper one come round the field."""
    size = {number.name: min(number.maximum, number.minimum + dice.getrandbits(37)) for number in _large(ground)}
    records = accepted(ground, [_row(ground, dice, index, size if not index else {}) for index in range(3)])
    first, second, third = _lines(root, ground.truth(records).traces[root.table.name], 0)
    ranges, bits = [carry.range for carry in root.balance.carries], root.gadget.root.widths
    slack_bits = sum(bits) + 1
    uppers = [
        upper
        for upper in range(max(1, isqrt(third) - NEAR), isqrt(third) + NEAR)
        if ranges[1].low <= upper * upper - third <= ranges[1].high and not upper >> bits[1]
    ]
    numbers = np.random.default_rng(dice.getrandbits(64))
    for _ in range(ROUNDS if uppers else 0):
        upper = dice.choice(uppers)
        carried = upper * upper - third
        carry = numbers.integers(ranges[0].low, ranges[0].high + 1, SAMPLES)
        high = numbers.integers(0, 1 << root.gadget.rest.widths[1], SAMPLES)
        left = (second + carry - (carried << root.radix) - (high << (root.foot - root.radix))) % P
        lower = left * inverse(2 * upper % P) % P
        low = (first - lower * lower % P - (carry << root.radix)) % P
        # Sums of the account's roots are natural numbers of a few bits more.
        fits = (low >> root.foot == 0) & (lower >> bits[0] != 0) & (lower >> (bits[0] + 9) == 0)
        fits &= _slack(root, lower, upper, low, high) >> slack_bits == 0
        for place in np.flatnonzero(fits).tolist()[:1]:
            cells = _cells(root, [int(lower[place]), upper, int(low[place]), int(high[place])])
            return Story(records, RootLie(root, 0, 0, cells))
    return None


def _upper(ground: Ground, root: Root, dice: random.Random) -> Story | None:
    """Upper limbs of two records that are no small numbers, and come to a small one together."""
    fields, trace = _large(ground), None
    if len(fields) != 1:
        return None
    (field,), ranges = fields, [carry.range for carry in root.balance.carries]
    base = accepted(ground, [_row(ground, dice, 0, {field.name: field.minimum})])
    trace = ground.truth(base).traces[root.table.name]
    factor, left = divmod(_lines(root, trace, 0)[0], field.minimum)
    if left or root.gadget.root.widths[0] != root.radix:
        return None
    numbers = np.random.default_rng(dice.getrandbits(64))
    seen = numbers.integers(1 << (root.radix + 2), 1 << (sum(root.gadget.root.widths) + 1), SAMPLES)
    uppers = np.unique(seen * inverse(1 << (root.radix + 1)) % P)
    uppers = uppers[uppers * uppers % P <= (field.maximum >> (2 * root.radix)) * factor]
    # Pairs that come to less than what two roots can.
    near = np.searchsorted(uppers, (P - uppers) % P)
    fitting = near < len(uppers)
    pairs = np.stack([uppers[fitting], uppers[near[fitting]]])
    pairs = pairs[:, pairs.sum(axis=0) % P <= 2 << root.gadget.root.widths[1]]
    for index in numbers.permutation(pairs.shape[1])[:ROUNDS].tolist():
        made = [_made(root, int(upper), factor, field.maximum, ranges, numbers) for upper in pairs[:, index]]
        if all(made):
            rows = [_row(ground, dice, k, {field.name: part[0]}) for k, part in enumerate(made) if part]
            lies = [RootLie(root, k, 1, part[1]) for k, part in enumerate(made) if part]
            return Story(accepted(ground, rows), Several(*lies))
    return None


def _made(
    root: Root, upper: int, factor: int, most: int, ranges: list[CarryRange], numbers: np.random.Generator
) -> tuple[int, dict[int, int]] | None:
    """An amount of which that upper limb can be a root's, and the cells."""
    square = upper * upper % P
    for third in range(max(0, (square - ranges[1].high) // factor), (square - ranges[1].low) // factor + 1):
        carried = square - factor * third
        if not ranges[1].low <= carried <= ranges[1].high or third > most >> (2 * root.radix):
            continue
        for _ in range(4):
            lower, first, second = (numbers.integers(0, 1 << root.radix, SAMPLES) for _ in range(3))
            over = factor * first - lower * lower
            carry = over >> root.radix
            low = over - (carry << root.radix)
            left = (factor * second + carry - (carried << root.radix) - 2 * (lower * upper % P)) % P
            high = left * inverse(1 << (root.foot - root.radix)) % P
            fits = (high >> root.gadget.rest.widths[1] == 0) & (carry >= ranges[0].low) & (carry <= ranges[0].high)
            fits &= _slack(root, lower, upper, low, high) >> (sum(root.gadget.root.widths) + 1) == 0
            for place in np.flatnonzero(fits).tolist()[:1]:
                amount = int(first[place]) + (int(second[place]) << root.radix) + (third << (2 * root.radix))
                if amount <= most:
                    return amount, _cells(root, [int(lower[place]), upper, int(low[place]), int(high[place])])
    return None
