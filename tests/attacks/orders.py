"""Sorted tables with a lie in their order: the cells of one step of the first-difference gadget, set by hand.

`FALLS` are the ways to let a step down pass for a step up, one for each constraint and look-up that stands against
it. A table of records K, X, K in which the second step is such a fall holds K in two groups.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.attacks.forgery import evaluate_at
from zkpay.circuits.gadgets.difference import HALF_BITS, Difference, Halves
from zkpay.circuits.trace import Trace
from zkpay.stark.field import P

MASK = (1 << HALF_BITS) - 1


@dataclass(frozen=True)
class Step:
    """What a row claims of the step to the next one; None stands for what the gadget's constraints make of the rest.

    low, high: integers to be cut into halves, negative or over 30 bits where the halves are to be out of range.
    """

    low: int | None = None
    high: int | None = None
    borrow: int | None = None
    gap: tuple[int, int] | None = None


@dataclass(frozen=True)
class Fall:
    """A step from element `x` down to element `k` at one place, and how it is hidden."""

    x: int
    k: int
    step: Step


# With low and high halves in range, only a fall by P - 2^30 or more can hide behind the modulus.
TOP = 2**30 - 1
FALLS = {
    "low is the picked element": Fall(2, 1, Step(low=0)),
    "high is the picked element": Fall(2, 1, Step(high=3)),
    "borrow is a bit": Fall(TOP, 0, Step(borrow=-65023)),
    "gap of the low halves": Fall(2, 1, Step(borrow=0, gap=(0, 0))),
    "gap of the high halves": Fall(1 << HALF_BITS, 1, Step(borrow=0, gap=(0, 0))),
    "low bits 15-29 has 15 bits": Fall(TOP, 0, Step(low=TOP - P)),
    "high bits 15-29 has 15 bits": Fall(TOP, 0, Step(high=P)),
    "gap bits 0-14 has 15 bits": Fall(2, 1, Step(borrow=0)),
    "gap bits 15-29 has 15 bits": Fall(1 << HALF_BITS, 1, Step(borrow=0)),
}
FALL_PATTERN = "order (" + "|".join(re.escape(name) for name in FALLS) + ")"


def fall_of(name: str) -> Fall:
    """The fall that only `name` stands against."""
    return FALLS[name.partition("/order ")[2]]


@dataclass(frozen=True)
class Shift:
    """A step from vector `x` down to vector `k`, both by their elements that aren't 0, and picks that hide it.

    Elements of places that are picked beside the one that falls are equal, and shift both of its ends alike: so far
    that the larger one passes P.
    """

    x: Mapping[str, int]
    k: Mapping[str, int]
    picks: Mapping[int, int]


SHIFTED = Shift({"e1": TOP, "e2": TOP}, {"e1": TOP}, {0: -1, 1: 1, 2: 1})
"""The picks add up to 1."""
TWICE = Shift(SHIFTED.x, SHIFTED.k, {1: 1, 2: 1})
"""All picks are bits, for a row that counts twice."""


def order_of(trace: Trace) -> Difference:
    """The table's order gadget."""
    return next(gadget for gadget in trace.table.gadgets if isinstance(gadget, Difference))


def claim(trace: Trace, row: int, picks: Mapping[int, int], same: int = 0, step: Step | None = None) -> None:
    """Fill the gadget's cells at a row: these picks (by place, any field elements), and the rest from them."""
    gadget, step = order_of(trace), step or Step()

    def put(column: int, value: int) -> None:
        trace.values[column, row] = value % P

    def put_halves(halves: Halves, low: int, high: int) -> None:
        put(halves.low.index, low)
        put(halves.high.index, high)

    for place, pick in enumerate(gadget.picks):
        put(pick.index, picks.get(place, 0))
    if gadget.same is not None:
        put(gadget.same.index, same)
    low, high = (
        claimed
        if claimed is not None
        else sum(weight * evaluate_at(trace, row, values[place]) for place, weight in picks.items()) % P
        for claimed, values in ((step.low, gadget.low), (step.high, gadget.high))
    )
    put_halves(gadget.low_halves, low & MASK, low >> HALF_BITS)
    put_halves(gadget.high_halves, high & MASK, high >> HALF_BITS)
    bottom = (high & MASK) - (low & MASK) - sum(picks.values())
    borrow = step.borrow if step.borrow is not None else int(bottom < 0)
    put(gadget.borrow.index, borrow)
    gap = step.gap or (bottom + (borrow << HALF_BITS), (high >> HALF_BITS) - (low >> HALF_BITS) - borrow)
    put_halves(gadget.gap_halves, *gap)
