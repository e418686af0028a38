"""Lies about numbers that are worked out: a line that misses, a carry or a limb out of range.

A gadget is filled for another sum than its terms have, or with one limb that is any field element; all that reads it
is filled for what the field makes of it. With R bits a line, P * 2^(R k) is what line k can miss without the field
seeing it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import isqrt

from tests.attacks.forgery import centred, evaluate_at, put_carry
from tests.campaigns.differential.epochs import Edit
from zkpay.circuits.gadgets.arithmetic import Columns, Defined, Divided, LineSum, Rooted
from zkpay.circuits.gadgets.carry import Balance, PublicDigits
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table
from zkpay.stark.field import P

Producer = Defined | Divided | Rooted


def title_of(table: Table, number: int) -> str:
    """What the lines of a balance are called before `line k`: each balance has a line 0, in the order of gadgets."""
    titles = [c.name.partition("/")[2].removesuffix(" line 0") for c in table.constraints if c.name.endswith(" line 0")]
    return titles[sum(isinstance(gadget, Balance) for gadget in table.gadgets[:number])]


def outputs(producer: Producer) -> tuple[Columns, ...]:
    """The naturals that a gadget makes."""
    if isinstance(producer, Defined):
        return (producer.result,)
    if isinstance(producer, Divided):
        return producer.quotient, producer.remainder
    return producer.root, producer.rest


def producer_of(table: Table, number: int) -> Producer | None:
    """The gadget before a balance that fills what it defines."""
    before = table.gadgets[number - 1] if number else None
    return before if isinstance(before, Defined | Divided | Rooted) else None


def balance_called(table: Table, title: str) -> int:
    """The number of a balance among its table's gadgets; ValueError if there is none."""
    for number, gadget in enumerate(table.gadgets):
        if isinstance(gadget, Balance) and title_of(table, number) == title:
            return number
    raise ValueError(f"{table.name} has no balance {title}")


def seen_sum(trace: Trace, source: LineSum, row: int) -> int:
    """The sum of the terms as the field sees its lines, each nearest to 0."""
    return sum(centred(evaluate_at(trace, row, line)) << (source.radix * k) for k, line in enumerate(source.lines))


def exact_sum(trace: Trace, source: LineSum, row: int) -> int:
    """The sum of the terms over the integers."""
    part = trace.part(row, row + 1)
    return sum(int(part.in_integers(line)[0]) << (source.radix * k) for k, line in enumerate(source.lines))


def put(trace: Trace, target: Columns, row: int, value: int, free: int | None = None) -> None:
    """Write a natural; `free` takes what the limbs above it, which stay, and those below it leave, whatever that is.

    ValueError if it doesn't fit.
    """
    position, above = 0, 0
    if free is not None:
        above = sum(
            int(trace.values[column.index, row]) << sum(target.widths[:k])
            for k, column in enumerate(target.columns)
            if k > free
        )
    for k, (column, width) in enumerate(zip(target.columns, target.widths, strict=True)):
        if k == free:
            trace.values[column.index, row] = ((value - above) >> position) % P
            return
        trace.values[column.index, row] = (value >> position) & ((1 << width) - 1)
        position += width
    if value < 0 or value >> position:
        raise ValueError(f"{value} does not fit {list(target.widths)}")


def read_number(trace: Trace, target: Columns, row: int) -> int:
    """The integer that limbs in range hold."""
    return sum(int(trace.values[c.index, row]) << sum(target.widths[:k]) for k, c in enumerate(target.columns))


def divisor_at(trace: Trace, gadget: Divided, row: int) -> int:
    """The divisor, at least 1."""
    divisor = gadget.divisor
    if isinstance(divisor, PublicDigits):
        found = sum(trace.publics[divisor.digit(k).name] << (divisor.radix * k) for k in range(divisor.count))
    elif isinstance(divisor, int):
        found = divisor
    else:
        found = sum(evaluate_at(trace, row, limb.expression) << limb.position for limb in divisor)
    return max(found, 1)


def fill_for(trace: Trace, gadget: Producer, row: int, value: int, free: tuple[int, int] | None = None) -> None:
    """Write what a gadget makes of `value`. free: of which output which limb may be anything.

    ValueError if it doesn't fit.
    """

    def limb(part: int) -> int | None:
        return free[1] if free is not None and free[0] == part else None

    if isinstance(gadget, Defined):
        put(trace, gadget.result, row, value, limb(0))
        return
    if value < 0 and (free is None or free[0] or isinstance(gadget, Rooted)):
        raise ValueError("a negative number has no quotient and no root")
    if isinstance(gadget, Divided):
        found, rest = divmod(value, divisor_at(trace, gadget, row))
    else:
        found = isqrt(value)
        rest = value - found * found
    first, second = outputs(gadget)
    put(trace, first, row, found, limb(0))
    put(trace, second, row, rest, limb(1))


def settle_balance(trace: Trace, gadget: Balance, row: int, miss: dict[int, int], *, exact: bool) -> None:
    """Fill the carries at a row, where line k may miss by miss[k]. exact: lines over the integers, not as the field
    sees them. A line that doesn't come out is left to its constraint.
    """
    part, carried = trace.part(row, row + 1), 0
    for k, carry in enumerate(gadget.carries):
        line = gadget.lines[k]
        amount = int(part.in_integers(line)[0]) if exact else centred(evaluate_at(trace, row, line))
        carried = (amount + carried - miss.get(k, 0)) >> gadget.radix
        put_carry(trace, carry, row, carried)


def refill_as_seen(trace: Trace, number: int, row: int) -> None:
    """Fill one gadget at a row for what the field makes of the cells that it reads, as far as that can be written."""
    gadget = trace.table.gadgets[number]
    if isinstance(gadget, Balance):
        settle_balance(trace, gadget, row, {}, exact=False)
    elif isinstance(gadget, Defined | Divided | Rooted):
        kept = trace.values[:, row].copy()
        try:
            fill_for(trace, gadget, row, seen_sum(trace, gadget.source, row))
        except ValueError:
            trace.values[:, row] = kept


class SumLie:
    """Fills a gadget of one row for a sum that is `miss` * 2^(R * line) more, and its balance so that only that line
    misses. free: a limb that takes what is over. low: the carry of that line is all in its first column.
    """

    def __init__(
        self,
        table: str,
        balance: int,
        row: int,
        line: int,
        miss: int,
        free: tuple[int, int] | None = None,
        *,
        low: bool = False,
    ) -> None:
        self.table, self.balance, self.row, self.line, self.miss = table, balance, row, line, miss
        self.free, self.low = free, low

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != self.table or number < self.balance - 1:
            return
        gadget = trace.table.gadgets[number]
        if number == self.balance - 1 and isinstance(gadget, Defined | Divided | Rooted):
            radix = gadget.source.radix
            value = exact_sum(trace, gadget.source, self.row) + (self.miss << (radix * self.line))
            fill_for(trace, gadget, self.row, value, self.free)
        elif number == self.balance and isinstance(gadget, Balance):
            miss = {} if self.free is not None else {self.line: -self.miss}
            settle_balance(trace, gadget, self.row, miss, exact=self.free is None)
            if self.low and self.line < len(gadget.carries):
                low, top = (column.index for column in gadget.carries[self.line].columns)
                cells = trace.values[:, self.row]
                cells[low], cells[top] = (int(cells[low]) + (int(cells[top]) << 15)) % P, 0
        elif self.free is not None:
            refill_as_seen(trace, number, self.row)


class Several:
    """Lies one after the other."""

    def __init__(self, *parts: Edit) -> None:
        self.parts = parts

    def __call__(self, trace: Trace, number: int) -> None:
        for part in self.parts:
            part(trace, number)


class LimbLie:
    """Sets one limb that a gadget makes to other field elements, and the other limbs so that its balance holds. steps:
    by how much it is changed, by row.
    """

    def __init__(self, table: str, balance: int, limb: tuple[int, int], steps: dict[int, int]) -> None:
        self.table, self.balance, self.limb, self.steps = table, balance, limb, steps

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != self.table or number < self.balance - 1:
            return
        gadget = trace.table.gadgets[number]
        for row, step in self.steps.items():
            if number == self.balance - 1 and isinstance(gadget, Defined | Divided | Rooted):
                self._pin(trace, gadget, row, step)
            elif number >= self.balance:
                refill_as_seen(trace, number, row)

    def _pin(self, trace: Trace, gadget: Producer, row: int, step: int) -> None:
        part, k = self.limb
        parts = outputs(gadget)
        column = parts[part].columns[k].index
        pinned = (int(trace.values[column, row]) + step) % P
        for target in parts:
            for other in target.columns:
                trace.values[other.index, row] = 0
        balance = trace.table.gadgets[self.balance]
        if not isinstance(balance, Balance):
            raise TypeError("no balance follows")
        trace.values[column, row] = 0
        exact = [int(trace.part(row, row + 1).in_integers(line)[0]) for line in balance.lines]
        trace.values[column, row] = pinned
        left = 0
        for j, (line, before) in enumerate(zip(balance.lines, exact, strict=True)):
            left += (before + centred((evaluate_at(trace, row, line) - before) % P)) << (balance.radix * j)
        if isinstance(gadget, Rooted):
            # Only what is left is linear.
            put_around(trace, gadget.rest, row, left, k if part else None, pinned)
        elif isinstance(gadget, Defined):
            put_around(trace, gadget.result, row, left, k, pinned)
        else:
            quotient, rest = divmod(left, divisor_at(trace, gadget, row))
            put_around(trace, gadget.quotient, row, quotient, None if part else k, pinned)
            put_around(trace, gadget.remainder, row, rest, k if part else None, pinned)


def put_around(trace: Trace, target: Columns, row: int, value: int, pinned: int | None, held: int) -> None:
    """Write a natural into all limbs but one, which holds something already; ValueError if it needs that one."""
    put(trace, target, row, value)
    if pinned is not None:
        index = target.columns[pinned].index
        if trace.values[index, row]:
            raise ValueError("the limb is needed")
        trace.values[index, row] = held


class TwistedRoot:
    """A root that is off by `step`, with what is left and the slack as they follow. What hides it is one limb of the
    rest or of the slack (REST or SLACK, limb) that may be anything, or a line or carry of its balance (LINE or
    CARRY, line): then the slack is as much larger as to be written down.
    """

    REST, SLACK, LINE, CARRY = range(4)

    def __init__(self, table: str, balance: int, row: int, step: int, hidden: tuple[int, int]) -> None:
        self.table, self.balance, self.row, self.step, self.hidden = table, balance, row, step, hidden

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != self.table or number < self.balance - 1:
            return
        gadget = trace.table.gadgets[number]
        where, k = self.hidden
        if number == self.balance - 1 and isinstance(gadget, Rooted):
            value = exact_sum(trace, gadget.source, self.row)
            found = max(0, isqrt(value) + self.step)
            put(trace, gadget.root, self.row, found)
            put(trace, gadget.rest, self.row, value - found * found, k if where == self.REST else None)
        elif number == self.balance + 1 and isinstance(gadget, Defined):
            slack = seen_sum(trace, gadget.source, self.row)
            put(trace, gadget.result, self.row, slack + self._more(slack, gadget), k if where == self.SLACK else None)
        elif number == self.balance + 2 and isinstance(gadget, Balance) and where in (self.LINE, self.CARRY):
            before = trace.table.gadgets[number - 1]
            if isinstance(before, Defined):
                slack = seen_sum(trace, before.source, self.row)
                miss = self._more(slack, before) >> (before.source.radix * k)
                settle_balance(trace, gadget, self.row, {k: -miss}, exact=True)
        else:
            refill_as_seen(trace, number, self.row)

    def _more(self, slack: int, gadget: Defined) -> int:
        """What must be added to a negative slack, on the line that may miss."""
        where, k = self.hidden
        if where not in (self.LINE, self.CARRY) or slack >= 0:
            return 0
        unit = (P if where == self.CARRY else 1) << (gadget.source.radix * k)
        return -(slack // unit) * unit


def steps(dice: random.Random, width: int) -> int:
    """What to add to a limb of that many bits to have it out of range: just so, by a fraction, or round the field."""
    sign, few = dice.choice([1, -1]), dice.choice([1, 1, 2, 3])
    kind = dice.randrange(5)
    if kind == 0:
        return sign * few << width
    if kind == 1:
        return sign * few * (P >> dice.randrange(1, 25))
    if kind == 2:
        return sign * few * pow(2, -dice.randrange(1, 25), P) % P
    if kind == 3:
        return sign * few << dice.randrange(max(width - 2, 0), 30)
    return sign * dice.getrandbits(dice.randrange(1, 31))


def misses(dice: random.Random, divisor: int, radix: int, line: int) -> int:
    """By how much to miss a line: by a little, or by what changes a quotient."""
    sign = dice.choice([1, -1])
    near = -(-divisor * dice.choice([1, 1, 2, 5]) // (1 << (radix * line))) if radix * line < 200 else 1
    return sign * dice.choice(
        [1, 1, 2, 3, 1 << dice.randrange(radix), near, near, max(1, divisor), dice.getrandbits(20) + 1]
    )


def widths_of(parts: Sequence[Columns], limb: tuple[int, int]) -> int:
    """Bits of a limb."""
    return parts[limb[0]].widths[limb[1]]
