"""Lies by the lower limb of a square root: an element whose square, and whose double product with the other limb, are
such numbers of the field as the lines of the root let through.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from tests.campaigns.deletion.ground import Ground, Story
from tests.campaigns.deletion.lies.arithmetic import outputs, put
from tests.campaigns.deletion.names import limb_called
from tests.campaigns.deletion.tailored.drawn import random_records
from tests.campaigns.deletion.tailored.refilled import fill_carries, refill_by_lines, shared
from tests.campaigns.deletion.tailored.room import passing, readings_of
from zkpay.circuits.gadgets.arithmetic import Defined, Divided, Rooted
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table
from zkpay.stark.field import P, inverse

SAMPLES, ROUNDS, NEAR = 1 << 21, 8, 64
Elements = NDArray[np.int64]


@dataclass(frozen=True)
class Root:
    """A root of two limbs whose three lines are as wide as the lower one. foot: bits of the rest's lower limb."""

    table: Table
    owner: int
    gadget: Rooted
    balance: Balance

    @property
    def radix(self) -> int:
        return self.balance.radix

    @property
    def foot(self) -> int:
        return self.gadget.rest.widths[0]


class RootLie:
    """A root and a rest that are those elements, and all that follows."""

    def __init__(self, root: Root, row: int, limb: int, cells: dict[int, int]) -> None:
        self.table, self.owner, self.row, self.cells = root.table.name, root.owner, row, cells
        self.column = root.gadget.root.columns[limb].index

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != self.table or number < self.owner:
            return
        gadget = trace.table.gadgets[number]
        if number == self.owner:
            for index, value in self.cells.items():
                trace.values[index, self.row] = value
        elif isinstance(gadget, Divided):
            found = shared(trace, number, self.column, self.cells[self.column], self.row)
            if found is not None:
                put(trace, gadget.quotient, self.row, found[0])
                put(trace, gadget.remainder, self.row, found[1])
        elif isinstance(gadget, Balance):
            fill_carries(trace, gadget, self.row)
        else:
            refill_by_lines(trace, number, self.row)


def aim_at_root(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found = limb_called(ground, name)
    if found is None or not isinstance(found.gadget, Rooted):
        return None
    table, owner, gadget = found.table, found.owner, found.gadget
    balance = table.gadgets[owner + 1]
    if not isinstance(balance, Balance) or len(balance.lines) != 3 or len(gadget.rest.widths) != 2:
        return None
    if len(gadget.root.widths) != 2 or gadget.root.widths[0] != balance.radix:
        return None
    return _lower(ground, Root(table, owner, gadget, balance), dice) if found.place == 0 else None


def _lines(root: Root, trace: Trace, row: int) -> list[int]:
    """What the lines are without the root and the rest."""
    kept = trace.values[:, row].copy()
    for part in outputs(root.gadget):
        for column in part.columns:
            trace.values[column.index, row] = 0
    found = [int(trace.part(row, row + 1).in_integers(line)[0]) for line in root.balance.lines]
    trace.values[:, row] = kept
    return found


def _chosen(
    ground: Ground, root: Root, limb: int, parts: Sequence[Elements], dice: random.Random
) -> dict[int, int] | None:
    """Cells of one solution, of those that the slack and all that reads the limb let through: (root, rest) limbs."""
    lower, upper, low, high = parts
    slack = (2 * lower + ((upper % P) << root.radix + 1) - low - (high << root.foot)) % P
    (end,) = (
        sum(gadget.result.widths)
        for gadget in root.table.gadgets[root.owner + 2 : root.owner + 3]
        if isinstance(gadget, Defined)
    )
    column = root.gadget.root.columns[limb]
    asked = readings_of(ground, root.table, column, (1 << root.gadget.root.widths[limb]) - 1)
    fits = (slack >> end == 0) & passing(asked, parts[limb])
    if not fits.any():
        return None
    place = dice.choice(np.flatnonzero(fits).tolist())
    columns = (*root.gadget.root.columns, *root.gadget.rest.columns)
    return {held.index: int(part[place]) for held, part in zip(columns, parts, strict=True)}


def _lower(ground: Ground, root: Root, dice: random.Random) -> Story | None:
    """The lower limb is any element: what the double product needs, if its square happens to be near."""
    records = random_records(ground, dice)
    trace = ground.truth(records).traces[root.table.name]
    first, second, third = _lines(root, trace, 0)
    ranges = [carry.range for carry in root.balance.carries]
    uppers = [
        upper
        for upper in range(max(1, isqrt(third) - NEAR), isqrt(third) + NEAR)
        if ranges[1].low <= upper * upper - third <= ranges[1].high and upper >> root.gadget.root.widths[1] == 0
    ]
    if not uppers:
        return None
    numbers = np.random.default_rng(dice.getrandbits(64))
    for _ in range(ROUNDS):
        upper = dice.choice(uppers)
        carried = upper * upper - third
        carry = numbers.integers(ranges[0].low, ranges[0].high + 1, SAMPLES)
        high = numbers.integers(0, 1 << root.gadget.rest.widths[1], SAMPLES)
        left = (second + carry - (carried << root.radix) - (high << root.foot - root.radix)) % P
        lower = left * inverse(2 * upper % P) % P
        low = (first - lower * lower % P - (carry << root.radix)) % P
        fits = (low >> root.foot == 0) & (lower >> root.gadget.root.widths[0] != 0)
        parts = (lower[fits], np.full(int(fits.sum()), upper), low[fits], high[fits])
        cells = _chosen(ground, root, 0, parts, dice)
        if cells is not None:
            return Story(records, RootLie(root, 0, 0, cells))
    return None
