"""Lies by a limb of a share which no single product brings round the field: only the sum of a line, where digits of the
total and limbs of the account are as large as can be, and the carry has room on its other side.

The total is chosen first, then accounts that brim over with it, then others that make up the rest.
"""

from __future__ import annotations

import random
import re

import numpy as np
from numpy.typing import NDArray

from tests.campaigns.deletion.ground import Ground, Records, Story
from tests.campaigns.deletion.lies.arithmetic import divisor_at, put, put_around, read_number
from tests.campaigns.deletion.lies.choices import owner_of
from tests.campaigns.deletion.names import LIMB
from tests.campaigns.deletion.tailored.drawn import accepted
from tests.campaigns.deletion.tailored.dusty import DustLie, gained
from tests.campaigns.deletion.tailored.rich import SPARE
from tests.campaigns.differential.records import Row
from zkpay.circuits.gadgets.arithmetic import Divided
from zkpay.circuits.gadgets.carry import Balance, PublicDigits
from zkpay.circuits.trace import Trace
from zkpay.stark.field import P

TOTALS, SAMPLES, MEMBERS = 1 << 21, 1 << 17, 250
PART, RADIX = 26, 13
"""Numbers are multiplied in two parts, so that each fits 64 bits; the digits of a total that shares are of."""
Numbers = NDArray[np.int64]


class BrimmingLie(DustLie):
    """The same, where a line of the share goes round the field: as much is divided on top of what there is."""

    def __init__(self, balance: int, k: int, row: int, step: int, more: int) -> None:
        super().__init__("payouts", balance, (0, k), {row: step})
        self.more = more

    def __call__(self, trace: Trace, number: int) -> None:
        super().__call__(trace, number)
        gadget = trace.table.gadgets[number] if number >= 0 else None
        if trace.table.name != self.table or number != self.balance - 1 or not isinstance(gadget, Divided):
            return
        for row in self.steps:
            column = gadget.quotient.columns[self.limb[1]].index
            pinned = int(trace.values[column, row])
            trace.values[column, row] = 0
            divisor = divisor_at(trace, gadget, row)
            left = read_number(trace, gadget.quotient, row) * divisor + read_number(trace, gadget.remainder, row)
            quotient, rest = divmod(left + self.more, divisor)
            put_around(trace, gadget.quotient, row, quotient, self.limb[1], pinned)
            put(trace, gadget.remainder, row, rest)


def aim_brimming(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found = re.fullmatch(LIMB, name.removeprefix("payouts/"))
    table = ground.tables["payouts"]
    if not found or not found[2] or len(ground.policy.rules.symbols) != 1:
        return None
    owner, k = owner_of(table, f"{found[1]}[{found[2]}]"), int(found[2])
    gadget = table.gadgets[owner] if owner >= 0 else None
    balance = table.gadgets[owner + 1]
    if not isinstance(gadget, Divided) or not isinstance(gadget.divisor, PublicDigits) or owner < 0:
        return None
    if k >= len(gadget.quotient.columns) or not isinstance(balance, Balance):
        return None
    prices = _prices(ground)
    if balance.radix != RADIX or min(prices) <= 0 or min(prices) >> 2 * PART + 2:
        return None
    width, numbers = gadget.quotient.widths[k], np.random.default_rng(dice.getrandbits(64))
    lows = [-(carry.range.low << balance.radix) for carry in balance.carries]
    # The first line of which the sum may go round: what it adds to a share rounding can pay for.
    line = next((j for j, carry in enumerate(balance.carries) if carry.range.bits + balance.radix > 30), 0)
    # Totals whose digits make that line as large as can be, and keep the others within their ranges.
    several = numbers.integers(_most(ground, prices) // 2, _most(ground, prices) * 3 // 4, TOTALS)
    full = [(1 << width) - 500] * len(gadget.quotient.columns)
    full[k] = 6 * (1 << width) - 800
    full[-2:] = [(1 << width) // 8, 0]
    sums = [
        sum(limb * _digit(several, min(prices), RADIX * j - width * i) for i, limb in enumerate(full))
        for j in range(len(lows))
    ]
    room = np.ones(TOTALS, dtype=np.bool_)
    for j, low in enumerate(lows):
        room &= (j == line) | (sums[j] < low)
    total = int(several[int(np.argmax(np.where(room, sums[line], 0)))])
    # The limb takes most of what is in the one above it, which the carry of the payout's line has room for.
    records = _summing(ground, prices, total, line, width, k, numbers)
    trace = ground.truth(records).traces["payouts"]
    for row in range(int(trace["is_real"].sum())):
        for part in (5, 4):
            lie = BrimmingLie(owner + 1, k, row, part << width, P << (balance.radix * line))
            if gained(trace, lie, row, owner) is not None:
                return Story(records, lie)
    return None


def _digit(several: Numbers, unit: int, at: int) -> Numbers:
    """RADIX bits of each number times the unit, beginning with bit `at`."""
    low, high = several * (unit & ((1 << PART) - 1)), several * (unit >> PART)
    middle, low = high + (low >> PART), low & ((1 << PART) - 1)
    if at >= PART:
        return (middle >> min(at - PART, 62)) & ((1 << RADIX) - 1)
    joined = low | (middle & ((1 << (62 - PART)) - 1)) << PART
    return (joined >> at if at >= 0 else joined << -at) & ((1 << RADIX) - 1)


def _record(ground: Ground, account: int, code: int, amounts: dict[str, int]) -> Row:
    rules = ground.policy.rules
    values = {number.name: number.minimum for number in rules.numbers} | {rules.symbols[0].name: code}
    return Row(account, values | amounts, 1000 + account)


def _due(ground: Ground, code: int, amounts: dict[str, int]) -> int:
    return sum(ground.truth(accepted(ground, [_record(ground, 1, code, amounts)])).totals.values())


def _prices(ground: Ground) -> list[int]:
    """What each kind brings for one unit of the first number."""
    rules = ground.policy.rules
    first = rules.numbers[0]
    return [
        _due(ground, code, {first.name: first.maximum}) // first.maximum for code in range(len(rules.symbols[0].values))
    ]


def _most(ground: Ground, prices: list[int]) -> int:
    return (ground.height - SPARE) * ground.policy.rules.numbers[0].maximum * max(prices) // min(prices)


def _summing(
    ground: Ground, prices: list[int], total: int, line: int, width: int, k: int, numbers: np.random.Generator
) -> Records:
    """Records that come to a total, some of them of accounts whose shares have as large limbs as can be."""
    rules, dearest, divisor = ground.policy.rules, prices.index(max(prices)), total * min(prices)
    first = rules.numbers[0]
    whole = {first.name: first.maximum}
    fines = {
        number: _due(ground, dearest, whole) - _due(ground, dearest, whole | {number.name: number.minimum + 1})
        for number in rules.numbers[1:]
    }
    fined = max(fines, key=lambda number: fines[number])
    sizes = numbers.integers(1, first.maximum + 1, SAMPLES)
    less = numbers.integers(0, fined.maximum - fined.minimum + 1, SAMPLES)
    dues = sizes.astype(object) * max(prices) - less.astype(object) * fines[fined]
    shares = np.maximum(dues, 0) * ground.policy.pool // divisor
    mask, score = (1 << width) - 1, np.zeros(SAMPLES, dtype=np.int64)
    for i in range(line + 1):
        digit = int(_digit(np.array([total]), min(prices), RADIX * line - width * i)[0])
        if i != k:
            score += ((shares >> (width * i)) & mask).astype(np.int64) * digit
    # The limb is so much larger only if what the payout takes from the next one is full.
    score[((shares >> (width * (k + 1))) & 3).astype(np.int64) != 3] = 0
    chosen = np.argsort(score)[-MEMBERS:]
    rows = [
        _record(ground, 10 + n, dearest, {first.name: int(sizes[at]), fined.name: fined.minimum + int(less[at])})
        for n, at in enumerate(chosen)
    ]
    left = divisor - sum(int(dues[at]) for at in chosen)
    for price, code in sorted(((price, code) for code, price in enumerate(prices)), reverse=True):
        while left >= price:
            size = min(first.maximum, left // price)
            rows.append(_record(ground, 1000 + len(rows), code, {first.name: size}))
            left -= size * price
    if left or len(rows) > ground.height - SPARE:
        raise ValueError("no such total")
    return accepted(ground, rows)
