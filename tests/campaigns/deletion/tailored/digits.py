"""Elements for a limb of a share of the pool: so many, and so chosen, that the products with some digits of the total
come round the field.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.attacks.forgery import centred, evaluate_at
from tests.campaigns.deletion.ground import Ground
from tests.campaigns.deletion.lies.arithmetic import divisor_at, exact_sum, put
from zkpay.circuits.gadgets.arithmetic import Divided
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table
from zkpay.stark.expression import Column
from zkpay.stark.field import P, inverse

SAMPLES, CHECKED = 1 << 21, 40_000
Elements = NDArray[np.int64]


@dataclass(frozen=True)
class _Line:
    """What one line of a balance makes of a column on one row: `factor` times it, between `low` and `high`."""

    factor: int
    low: int
    high: int


def shares(ground: Ground, table: Table, owner: int, k: int, trace: Trace, row: int, dice: random.Random) -> list[int]:
    """Elements that limb k of a quotient can hold on a row, where the other limbs take what is left and another number
    is read.
    """
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if not isinstance(gadget, Divided) or not isinstance(balance, Balance):
        return []
    column, width = gadget.quotient.columns[k], gadget.quotient.widths[k]
    readers = {
        number: _lines(entry, trace, column, row, (1 << width) - 1)
        for number, entry in enumerate(table.gadgets)
        if isinstance(entry, Balance)
    }
    every = [line for lines in readers.values() for line in lines if line.factor]
    elements = _passing(every, np.random.default_rng(dice.getrandbits(64)))
    divisor, whole = divisor_at(trace, gadget, row), exact_sum(trace, gadget.source, row)
    position, mask, bits = sum(gadget.quotient.widths[:k]), (1 << width) - 1, sum(gadget.quotient.widths)
    seen = np.zeros(len(elements), dtype=object)
    for j, line in enumerate(readers[owner + 1]):
        seen += _nearest(elements * (line.factor % P) % P).astype(object) << (balance.radix * j)
    left = (whole + seen) // divisor
    found = []
    for element, quotient, taken in zip(elements.tolist(), left, seen, strict=True):
        if quotient < 0 or quotient >> bits or (quotient >> position) & mask:
            continue
        plain = taken == -(centred(element) * divisor << position)
        if not plain and _settles(
            trace, gadget, balance, k, row, element, quotient, whole + taken - quotient * divisor
        ):
            found.append(element)
    return found


def _lines(balance: Balance, trace: Trace, column: Column, row: int, maximum: int) -> list[_Line]:
    cells = trace.values[:, row]
    held, found, before = int(cells[column.index]), [], None
    for k, line in enumerate(balance.lines):
        ends = []
        for value in (0, 1):
            cells[column.index] = value
            ends.append(evaluate_at(trace, row, line))
        cells[column.index] = held
        factor = centred((ends[1] - ends[0]) % P)
        rest = centred((evaluate_at(trace, row, line) - factor * held) % P)
        # Other limbs change as well: some lines' worth of room on both sides.
        room = abs(factor) * maximum + (1 << balance.radix)
        out = balance.carries[k].range if k < len(balance.carries) else None
        low, high = (out.low << balance.radix, out.high << balance.radix) if out else (0, 0)
        low, high = low - rest - room, high - rest + room
        if before is not None:
            low, high = low - before.high, high - before.low
        before = out
        found.append(_Line(factor, low, high))
    return found


def _passing(lines: list[_Line], numbers: np.random.Generator) -> Elements:
    first = min(lines, key=lambda line: line.high - line.low)
    width = first.high - first.low + 1
    seen = np.arange(width) if width <= SAMPLES else numbers.integers(0, width, SAMPLES)
    elements = (seen + first.low) % P * inverse(first.factor % P) % P
    for line in lines:
        if line.high - line.low < P:
            value = elements * (line.factor % P) % P
            elements = elements[(value - line.low) % P <= line.high - line.low]
    return numbers.permutation(elements)[:CHECKED]


def _nearest(elements: Elements) -> Elements:
    return np.where(elements > P // 2, elements - P, elements)


def _settles(
    trace: Trace, gadget: Divided, balance: Balance, k: int, row: int, element: int, quotient: int, rest: int
) -> bool:
    """Whether carries are in their ranges with that element, the rest of the quotient, and the remainder."""
    kept = trace.values[:, row].copy()
    try:
        put(trace, gadget.quotient, row, quotient)
        put(trace, gadget.remainder, row, rest)
        trace.values[gadget.quotient.columns[k].index, row] = element
        carried = 0
        for line, carry in zip(balance.lines, balance.carries, strict=False):
            carried = centred((evaluate_at(trace, row, line) + carried) * inverse((1 << balance.radix) % P) % P)
            if not carry.range.low <= carried <= carry.range.high:
                return False
        return (evaluate_at(trace, row, balance.lines[-1]) + carried) % P == 0
    finally:
        trace.values[:, row] = kept
