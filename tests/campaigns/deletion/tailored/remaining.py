"""Remainders to measure: a share that is one too small, where remainder and total differ by what picks can hide.

Two accounts share the pool. Units are moved from one to the other, which leaves the total what it is; and where that
is too coarse, the pool is another.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from tests.campaigns.deletion.ground import Ground, Records, Story, amounts_of, ground, with_amounts
from tests.campaigns.deletion.lies.choices import ABOVE, ComparisonLie, RemainderLie, claims
from tests.campaigns.deletion.tailored.measured import Values, kinds, sized
from zkpay.circuits.gadgets.arithmetic import Divided
from zkpay.stark.air import Table

RECORDS, FULL, MOVED, POOLS, REFUSED = 30, 93, 200_000, 20_000, 12
POOL_STEP, POOL_BITS = 13, 36
"""What is added to a pool are multiples of 2^13 below 2^49: of higher digits the ranges of carries depend."""


@dataclass(frozen=True)
class _Halves:
    """Two accounts' records, all alike but for units of `field`, each of which is worth `slope`; and one record of the
    second account that is worth another amount.
    """

    kind: Values
    other: Values
    field: str
    slope: int
    part: int
    total: int

    def records(self, moved: int) -> Records:
        """The records with so many units moved to the first account."""
        found: Records = ()
        for account, change in ((7, moved), (8, -moved)):
            few = [change // RECORDS + (index < change % RECORDS) for index in range(RECORDS)]
            values = [
                tuple((name, held + step if name == self.field else held) for name, held in self.kind) for step in few
            ]
            found += sized(values, account, first=1000 * account)
        return found + (sized([self.other], 8, first=1) if self.other else ())


def aim_at_remaining(
    place: Ground, table: Table, dice: random.Random, lie: ComparisonLie, divided: int
) -> Story | None:
    """A lie that only a part of the comparison of a remainder with a total may stand against."""
    odd = with_amounts(place, odd_amounts(place))
    halves = _halves(ground(odd), dice) if odd is not None else None
    if odd is None or halves is None or not isinstance(table.gadgets[divided], Divided):
        return None
    told = _by_units(ground(odd), halves, lie, dice)
    if told is not None:
        return Story(halves.records(told), RemainderLie(table.name, divided + 1, 0, 1, lie, None), on=odd)
    if lie.less != ABOVE:
        return None
    refused = 0
    for _ in range(POOLS):
        moved = dice.randrange(-MOVED, MOVED)
        pool = _pool(place.policy.pool, halves, moved, lie)
        if pool is not None:
            on = with_amounts(place, odd_amounts(place) | {"pool": pool})
            if on is not None:
                return Story(halves.records(moved), RemainderLie(table.name, divided + 1, 0, 1, lie, None), on=on)
            refused += 1
            if refused > REFUSED:
                break
    return None


def odd_amounts(place: Ground) -> dict[str, int]:
    """One base unit more of each amount but the pool, as far as the circuit has the same names."""
    found: dict[str, int] = {}
    for name, held in amounts_of(place).items():
        if name != "pool" and with_amounts(place, found | {name: held + 1}) is not None:
            found[name] = held + 1
    return found


def _halves(place: Ground, dice: random.Random) -> _Halves | None:
    """The records that come to the most, a little less of one field, and any other one; None if that isn't more than
    the pool.
    """
    rules = place.policy.rules
    best: _Halves | None = None
    for kind in kinds(place):
        for number in rules.numbers:
            # Of the other numbers as much as there can be, or as little.
            for least in (set[str](), {other.name for other in rules.numbers} - {number.name}):
                ends = {other.name: other.minimum if other.name in least else other.maximum for other in rules.numbers}
                ends[number.name] = number.maximum * FULL // 100
                found = _measured(place, tuple((name, ends.get(name, held)) for name, held in kind), number.name)
                if found is not None and (best is None or found.total > best.total):
                    best = found
    if best is None:
        return None
    told = {number.name: dice.randint(number.minimum, number.maximum) for number in rules.numbers}
    told |= {symbol.name: dice.randrange(len(symbol.values)) for symbol in rules.symbols}
    best = replace(best, other=tuple((name, told[name]) for name, _ in best.kind))
    (total,) = place.truth(best.records(0)).totals.values()
    return replace(best, total=total) if total > place.policy.pool and best.part * 2 < total else None


def _measured(place: Ground, kind: Values, field: str) -> _Halves | None:
    totals = place.truth(_Halves(kind, (), field, 0, 0, 0).records(0)).totals
    # All are alike, so that the slope is that of the total.
    more = tuple((name, held + (name == field)) for name, held in kind)
    above = place.truth(_Halves(more, (), field, 0, 0, 0).records(0)).totals
    if len(totals) != 1:
        return None
    (total,), (other,) = totals.values(), above.values()
    slope, left = divmod(other - total, 2 * RECORDS)
    if slope <= 0 or left or total % 2:
        return None
    return _Halves(kind, (), field, slope, total // 2, total)


def _by_units(place: Ground, halves: _Halves, lie: ComparisonLie, dice: random.Random) -> int | None:
    """How many units to move."""
    total, pool = halves.total, place.policy.pool
    step, begin = pool * halves.slope % total, dice.randrange(-MOVED, MOVED)
    rest = (pool * halves.part + begin * step) % total
    foot, mask = lie.bits * (lie.place + 1), (1 << lie.bits) - 1
    for moved in range(begin, MOVED):
        above = ((rest + total) ^ total) >> foot
        if (not above if lie.less == ABOVE else not above & mask) and _hides(rest, total, lie):
            return moved
        rest = (rest + step) % total
    return None


def _hides(rest: int, total: int, lie: ComparisonLie) -> bool:
    """Whether picks can say that remainder and total together are less than the total."""
    count = -(-total.bit_length() // lie.bits)
    sides = [
        [(value >> (lie.bits * k)) & ((1 << lie.bits) - 1) for k in range(count)] for value in (rest + total, total)
    ]
    return rest > 0 and next(claims(sides[0], sides[1], None, lie.bits, lie.less, lie.place), None) is not None


def _pool(pool: int, halves: _Halves, moved: int, lie: ComparisonLie) -> int | None:
    """A pool that leaves a remainder so small that it only tells in one limb of the total."""
    part, total = halves.part + moved * halves.slope, halves.total
    most = (1 << (lie.bits * (lie.place + 1))) - 1
    rest = pool * part % total
    low, high = (1 - rest) % total, (most - rest) % total
    steps = 0 if low > high else first_within((part << POOL_STEP) % total, total, low, high)
    if steps is None or steps >> POOL_BITS:
        return None
    found = pool + (steps << POOL_STEP)
    return found if _hides(found * part % total, total, lie) else None


def first_within(factor: int, modulus: int, low: int, high: int) -> int | None:
    """The least n for which low <= n * factor mod modulus <= high; None if there is none."""
    if low == 0:
        return 0
    if factor == 0:
        return None
    if 2 * factor > modulus:
        return first_within(modulus - factor, modulus, modulus - high, modulus - low)
    found = -(-low // factor)
    if found * factor <= high:
        return found
    rounds = first_within(-modulus % factor, factor, low % factor, high % factor)
    return None if rounds is None else -(-(low + modulus * rounds) // factor)
