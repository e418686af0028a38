"""Lies about comparisons whose two sides are made to differ just so: records and amounts of the policy to measure."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from tests.attacks.forgery import evaluate_at
from tests.campaigns.deletion.ground import Ground, Records, Story, amounts_of, ground, with_amounts
from tests.campaigns.deletion.lies.choices import (
    ABOVE,
    PICK,
    ComparisonLie,
    claims,
    comparison_called,
    comparison_width,
)
from tests.campaigns.deletion.lies.sums import left_out
from tests.campaigns.deletion.names import COMPARISON, TOTAL_LIMB, VALUE_FLAG, is_comparison
from tests.campaigns.deletion.reasons.unreachable import claims_about, constants
from tests.campaigns.deletion.tailored.drawn import accepted
from tests.campaigns.deletion.tailored.exact import number_told
from tests.campaigns.deletion.tailored.measured import Values, sized
from tests.campaigns.deletion.tailored.remaining import aim_at_remaining, odd_amounts
from tests.campaigns.differential.records import Row
from zkpay.circuits.gadgets.arithmetic import Divided
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.ledger.rules import ACCEPTED, BELOW_MINIMUM, OUT_OF_RANGE
from zkpay.stark.air import Table
from zkpay.stark.expression import Expression

TRIES, DIFFERENCES = 5, 3000


def aim_moved(place: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    table_name, _, rest = name.partition("/")
    table = place.tables[table_name]
    found = re.fullmatch(TOTAL_LIMB, rest)
    if found and found[3] == "added up":
        return _unrounded(place, dice, found[1], int(found[2]))
    found = re.fullmatch(COMPARISON, rest)
    if not found or not is_comparison(table, found[1]):
        return None
    less, limb = found[2] or found[4] or found[7], int(found[3] or found[5] or 0)
    number = comparison_called(table, found[1])
    gadget = table.gadgets[number]
    if less not in (PICK, ABOVE) or not isinstance(gadget, Comparison):
        return None
    lie = ComparisonLie(table_name, number, 0, less, limb, comparison_width(table, gadget), dice)
    if gadget.flag is None:
        return _remaining(place, table, dice, lie, found[1])
    if table_name == "contributions":
        return _judged(place, dice, gadget, lie, found[1])
    return _opposed(place, table, dice, gadget, lie)


def _judged(place: Ground, dice: random.Random, gadget: Comparison, lie: ComparisonLie, title: str) -> Story | None:
    """A record whose number picks can claim a false order of to a bound, if one part is not demanded."""
    value, fixed = re.fullmatch(VALUE_FLAG, title), constants(gadget.right)
    fields = {field.name: field for field in place.policy.rules.numbers}
    if not value or fixed is None or value[1] not in fields:
        return None
    possible = list(claims_about(fixed, lie.bits, lie.less, lie.place, is_right=True))
    if not possible:
        return None
    told, field = dice.choice(possible), fields[value[1]]
    wanted = number_told(fixed, lie.bits, told, dice, is_right=True)
    if wanted is None or wanted > field.recordable:
        return None
    reason = OUT_OF_RANGE if value[2] == "within" else BELOW_MINIMUM
    is_right = bool(told.flag) == (value[2] == "within")
    values = {other.name: other.minimum for other in fields.values()} | {field.name: wanted}
    values |= {symbol.name: 0 for symbol in place.policy.rules.symbols}
    (record,) = sized([tuple(values.items())], 7)
    honest, claimed = (reason, ACCEPTED) if is_right else (ACCEPTED, reason)
    return Story((replace(record, reason=honest),), lie, (replace(record, reason=claimed),))


def _opposed(place: Ground, table: Table, dice: random.Random, gadget: Comparison, lie: ComparisonLie) -> Story | None:
    """One number is as many times one amount as another is times a second one; that one is moved, so that both differ
    by what picks can hide.
    """
    slopes = [_slopes(place, table, lie.bits, side) for side in (gadget.left, gadget.right)]
    ones = [(unit, kind, field) for unit, kind, field in slopes[0] if not _has(slopes[1], field)]
    others = [(unit, field) for unit, _, field in slopes[1] if not _has(slopes[0], field)]
    amounts = amounts_of(place)
    if not ones or not others:
        return None
    unit, kind, field = dice.choice(ones)
    other, opposed = dice.choice(others)
    on_left = dice.random() < 0.7
    moved = next((name for name, amount in amounts.items() if amount == (unit if on_left else other)), None)
    if moved is None:
        return None
    refused = 0
    for _ in range(DIFFERENCES):
        count = dice.choice([1, 1, 2, 3, 7, 100, 1000])
        apart = _difference(dice, lie.bits, len(gadget.left))
        units = max(1, (count * other + apart) // unit)
        amount = (count * other + apart) // units if on_left else (units * unit - apart) // count
        ends = (units * amount, count * other) if on_left else (units * unit, count * amount)
        if abs(amount - amounts[moved]) > amounts[moved] // 50 or units > 10**6:
            continue
        sides = [_limbs(value, lie.bits, len(gadget.left)) for value in ends]
        truth = int(ends[0] <= ends[1])
        if next(claims(sides[0], sides[1], 1 - truth, lie.bits, lie.less, lie.place), None) is not None:
            title = with_amounts(place, {moved: amount})
            if title is not None:
                return Story(_opposing(place, kind, field, units, opposed, count), lie, on=title)
            refused += 1
            if refused > TRIES:
                return None
    return None


def _has(slopes: list[tuple[int, Values, str]], field: str) -> bool:
    return any(field == name for _, _, name in slopes)


def _slopes(place: Ground, table: Table, bits: int, side: Sequence[Expression]) -> list[tuple[int, Values, str]]:
    """What one unit of a number field adds to a side, for each first symbol's value: with the other fields' values."""
    found = []
    for kind in _least(place):
        for field in place.policy.rules.numbers:
            ends = []
            for value in (field.minimum, field.minimum + 1):
                told = tuple((name, value if name == field.name else held) for name, held in kind)
                trace = place.truth(sized([told], 1)).traces[table.name]
                ends.append(sum(evaluate_at(trace, 0, limb) << (bits * k) for k, limb in enumerate(side)))
            if ends[1] > ends[0]:
                found.append((ends[1] - ends[0], kind, field.name))
    return found


def _least(place: Ground) -> list[Values]:
    """A record of each value of the first symbol field, as small as it can be."""
    rules = place.policy.rules
    least = tuple((number.name, number.minimum) for number in rules.numbers)
    rest = tuple((symbol.name, 0) for symbol in rules.symbols[1:])
    if not rules.symbols:
        return [least]
    first = rules.symbols[0]
    return [(*least, (first.name, code), *rest) for code in range(len(first.values))]


def _difference(dice: random.Random, bits: int, count: int) -> int:
    """A few units of one limb, and a few more or less of one below."""
    upper = dice.randrange(count)
    lower = dice.randrange(upper + 1)
    size = dice.randrange(1 << dice.randrange(1, bits + 1))
    low = dice.randrange(1 << dice.randrange(1, bits * lower + 2))
    return (dice.choice([1, 1, 2, size]) << (bits * upper)) + dice.choice([1, -1]) * ((size << (bits * lower)) + low)


def _limbs(value: int, bits: int, count: int) -> list[int]:
    return [(value >> (bits * k)) & ((1 << bits) - 1) for k in range(count)]


def _opposing(place: Ground, kind: Values, field: str, units: int, opposed: str, count: int) -> Records:
    """Records of one account with so many units of one field and of the other in all."""
    numbers = {number.name: number for number in place.policy.rules.numbers}
    values = []
    while units or count:
        parts = {field: min(units, numbers[field].maximum), opposed: min(count, numbers[opposed].maximum)}
        units, count = units - parts[field], count - parts[opposed]
        values.append(tuple((name, parts.get(name, held)) for name, held in kind))
    return sized(values, 7)


def _remaining(place: Ground, table: Table, dice: random.Random, lie: ComparisonLie, title: str) -> Story | None:
    """A remainder that passes for less than the total by which the pool is shared."""
    for number, entry in enumerate(table.gadgets):
        if isinstance(entry, Divided) and title == entry.remainder.columns[0].name.removesuffix("[0]") + " below":
            return aim_at_remaining(place, table, dice, lie, number)
    return None


def _unrounded(place: Ground, dice: random.Random, title: str, limb: int) -> Story | None:
    """A total that leaves out a limb of everybody's number, of amounts that are no round numbers."""
    odd = with_amounts(place, odd_amounts(place))
    if odd is None:
        return None
    rows = []
    for index in range(dice.choice([1, 1, 2, 3])):
        values = {symbol.name: dice.randrange(len(symbol.values)) for symbol in place.policy.rules.symbols}
        for number in place.policy.rules.numbers:
            values[number.name] = min(number.maximum, number.minimum + dice.getrandbits(dice.randrange(1, 12)))
        rows.append(Row(7 + index, values, 1000 + index))
    story = left_out(ground(odd), accepted(ground(odd), rows), title, limb)
    return story and replace(story, on=odd)
