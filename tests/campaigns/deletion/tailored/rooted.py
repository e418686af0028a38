"""Lies by a limb of a record's root: squares and double products that come round the field, in sums that stay small."""

from __future__ import annotations

import random
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from tests.campaigns.deletion.ground import Ground, Story
from tests.campaigns.deletion.lies.arithmetic import Several
from tests.campaigns.deletion.tailored.drawn import accepted
from tests.campaigns.deletion.tailored.roots import Root, RootLie
from tests.campaigns.differential.records import Row
from zkpay.circuits.gadgets.carry import CarryRange
from zkpay.circuits.trace import Trace
from zkpay.ledger.fields import NumberField
from zkpay.stark.field import P, inverse

SAMPLES, ROUNDS, NEAR = 1 << 21, 12, 64
Elements = NDArray[np.int64]


def row_of(ground: Ground, dice: random.Random, index: int, numbers: dict[str, int]) -> Row:
    """A record of account 7 that says these numbers, and the least of others."""
    values = {symbol.name: dice.randrange(len(symbol.values)) for symbol in ground.policy.rules.symbols}
    for number in ground.policy.rules.numbers:
        values[number.name] = numbers.get(number.name, number.minimum + index)
    return Row(7, values, 1000 + index)


def large(ground: Ground) -> list[NumberField]:
    """The number fields by which no rule tells records apart."""
    keys = {name for combination in ground.policy.rules.unique for name in combination}
    return [number for number in ground.policy.rules.numbers if number.name not in keys]


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


def by_lower_limb(ground: Ground, root: Root, dice: random.Random) -> Story | None:
    """A lower limb of which the square and the double product with the upper one come round the field."""
    size = {number.name: min(number.maximum, number.minimum + dice.getrandbits(37)) for number in large(ground)}
    records = accepted(ground, [row_of(ground, dice, index, size if not index else {}) for index in range(3)])
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


def by_upper_limb(ground: Ground, root: Root, dice: random.Random) -> Story | None:
    """Upper limbs of two records that are no small numbers, and come to a small one together."""
    fields, trace = large(ground), None
    if len(fields) != 1:
        return None
    (field,), ranges = fields, [carry.range for carry in root.balance.carries]
    base = accepted(ground, [row_of(ground, dice, 0, {field.name: field.minimum})])
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
            rows = [row_of(ground, dice, k, {field.name: part[0]}) for k, part in enumerate(made) if part]
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
