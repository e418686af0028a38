"""Why the highest limb of a root needs no look-up where the whole pool is shared out by a sum of roots: whatever else
it is, its account would be paid more of the pool than the total has of its score, and all together more than the pool.

An element is read three times: by the line of the root that squares it, by the line of the score, and by the lines of
the payout's quotient. All elements that these lines let through are gone through, and of each all numbers that they can
be read as. Everything else is looked up: so a payout is the numerator as its lines read it over the total of the scores
as their lines read them, rounded down.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

import numpy as np

from tests.campaigns.deletion.reasons.implied import Plans
from tests.campaigns.deletion.reasons.openings import Reading, coefficient_of, let_through, readings
from tests.campaigns.deletion.reasons.overdrawn import is_shared_by
from zkpay.circuits.bounds import PAYOUT, AccountTotal, Bounds
from zkpay.circuits.gadgets.arithmetic import Defined, Rooted
from zkpay.circuits.gadgets.carry import Plan
from zkpay.stark.air import Table
from zkpay.stark.expression import Column
from zkpay.stark.field import P

LOOK_UP = re.compile(r"payouts/((.+)\[(\d+)\]) has (\d+) bits")
REASON = (
    "Whatever else this limb is, what the payout's lines read is over the pool's share by what the score's line reads, "
    "or below 0: worked out for all elements whose squares and multiples these lines let through. So everybody is paid "
    "their share of the total at least, somebody more than all roundings, and together they come to more than the pool."
)


def why_overpaid(bounds: Bounds, plans: Plans, table: Table, name: str) -> str | None:
    """Why nothing can use the absence of a highest limb's look-up; None if something may."""
    found = re.fullmatch(LOOK_UP, name)
    total = next(
        (total for total in bounds.totals[:-1] if is_shared_by(bounds, bounds.program.payout, total.node)), None
    )
    if found is None or total is None:
        return None
    column = next((column for column in table.columns if column.name == found[1]), None)
    if column is None:
        return None
    root = next((g.root for g in table.gadgets if isinstance(g, Rooted) and g.root.columns[-1] == column), None)
    scored = [
        title for title, held in _linear(plans, table, column).items() if title not in (PAYOUT, f"{found[2]} slack")
    ]
    if root is None or len(root.columns) != 2 or len(scored) != 1 or not _is_summed(bounds, table, total, scored[0]):
        return None
    titles = (found[2], f"{found[2]} slack", PAYOUT, scored[0])
    if not _is_read_by_lines_alone(plans, table, column, titles) or len(plans["payouts", scored[0]].lines) != 1:
        return None
    shape = _Shape(bounds, total, {title: plans["payouts", title] for title in titles}, titles, column, int(found[4]))
    return REASON if shape.is_small_exact() and shape.overpays() else None


class _Shape:
    """The plans that read a limb of so many bits: the root's, its slack's, the payout's, and the score's."""

    def __init__(
        self,
        bounds: Bounds,
        total: AccountTotal,
        plans: Mapping[str, Plan],
        titles: tuple[str, str, str, str],
        column: Column,
        bits: int,
    ) -> None:
        self.bounds, self.total, self.maximum = bounds, total, (1 << bits) - 1
        self.root, self.slack, self.payout, self.score = (plans[title] for title in titles)
        self.column = column

    def is_small_exact(self) -> bool:
        """Whether the root's lines hold over the integers for a limb of one bit more, which the slack asks for; and the
        last one is what the square is read by.
        """
        (slack,) = self._asked(self.slack)
        *others, last = self.root.lines
        carried = max(abs(carry.low) + (1 << carry.bits) for carry in self.root.carries) * ((1 << self.root.radix) + 1)
        within = all(4 * max(-line.low, line.high) + carried < P for line in others)
        twice = 2 * self.maximum + 1
        return (
            within
            and last.low == -(self.maximum**2)
            and twice**2 + last.high + carried < P
            and slack.coefficient > 0
            and slack.low > -slack.coefficient
            and slack.high < slack.coefficient * (twice + 1)
        )

    def overpays(self) -> bool:
        """Whether each element that isn't a number of that size is paid too much, or nothing that a payout can be."""
        asked = [entry for plan in (self.slack, self.payout, self.score) for entry in self._asked(plan)]
        first = min(asked, key=lambda reading: reading.high - reading.low)
        carried, last = self.root.carries[-1], self.root.lines[-1]
        for elements in let_through(asked, first):
            squares = elements * elements % P
            read = (squares - carried.low) % P <= last.high + carried.high - carried.low
            if not all(self._is_overpaid(int(element)) for element in elements[np.asarray(read)]):
                return False
        return True

    def _asked(self, plan: Plan) -> list[Reading]:
        return readings(plan, self.column, self.maximum)[0]

    def _is_overpaid(self, element: int) -> bool:
        (told,) = self._asked(self.score)
        places = [k for k, line in enumerate(self.payout.lines) if _reads(line.terms, self.column)]
        paid = self._asked(self.payout)
        highest = self.total.node.high.bit_length()
        # Each payout is rounded down, after a division by the total, or by 1 where all scores are read as 0.
        roundings = max(self.bounds.accounts * self.total.public.maximum, self.bounds.pool)
        for score, *parts in itertools.product(*(_numbers(entry, element) for entry in (told, *paid))):
            if element <= 2 * self.maximum + 1 and all(
                number == entry.coefficient * element
                for number, entry in zip((score, *parts), (told, *paid), strict=True)
            ):
                continue
            whole = sum(part << (self.payout.radix * k) for k, part in zip(places, parts, strict=True))
            over = whole - self.bounds.pool * score
            if -(self.bounds.pool << highest) <= over <= roundings:
                return False
        return True


def _numbers(reading: Reading, element: int) -> list[int]:
    """The numbers that an element can be read as."""
    value = element * reading.coefficient % P
    return [number for number in (value - 2 * P, value - P, value, value + P) if reading.low <= number <= reading.high]


def _reads(terms: tuple[tuple[object, object], ...], column: Column) -> bool:
    return any(part == column for _, part in terms)


def _linear(plans: Plans, table: Table, column: Column) -> dict[str, Plan]:
    """The plans whose lines read a column linearly, by title."""
    return {
        title: plan
        for (name, title), plan in plans.items()
        if name == table.name and any(_reads(line.terms, column) for line in plan.lines)
    }


def _is_summed(bounds: Bounds, table: Table, total: AccountTotal, title: str) -> bool:
    """Whether a sum of that title is what the total adds up."""
    for gadget in table.gadgets:
        if isinstance(gadget, Defined) and gadget.result.columns[0].name == f"{title}[0]":
            targets = [s.target for s in table.sums if coefficient_of(s.expression, gadget.result.columns[0]) != 0]
            return len(targets) == 1 and targets[0].startswith(f"{total.name}_limb[")
    return False


def _is_read_by_lines_alone(plans: Plans, table: Table, column: Column, titles: tuple[str, ...]) -> bool:
    lines = {f"payouts/{title} line {k}" for title in titles for k in range(len(plans["payouts", title].lines))}
    for constraint in table.constraints:
        if constraint.name not in lines and coefficient_of(constraint.expression, column) != 0:
            return False
    for item in table.interactions:
        if any(coefficient_of(entry, column) != 0 for entry in (*item.payload, item.multiplicity)):
            if not item.name.startswith(f"payouts/{column.name} has "):
                return False
    return all(coefficient_of(row_sum.expression, column) == 0 for row_sum in table.sums)
