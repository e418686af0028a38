"""Lies about the window that a record is in, which decide whether it is over the limit."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from tests.campaigns.deletion.ground import Ground, Records, Story, record_of
from tests.campaigns.deletion.lies.arithmetic import (
    LimbLie,
    SumLie,
    balance_called,
    divisor_at,
    exact_sum,
    misses,
    outputs,
    put,
    settle_balance,
    steps,
    widths_of,
)
from tests.campaigns.deletion.lies.choices import (
    ComparisonLie,
    RemainderLie,
    comparison_called,
    comparison_width,
)
from tests.campaigns.deletion.names import (
    CARRY,
    COMPARISON,
    LIMB,
    LINE,
    WRAPS,
    is_comparison,
    place_of,
)
from tests.campaigns.differential.epochs import Edit
from tests.campaigns.differential.records import Row
from tests.campaigns.differential.verdicts import forced
from zkpay.circuits.contributions.columns import WINDOW
from zkpay.circuits.gadgets.arithmetic import Divided
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.trace import Trace
from zkpay.ledger.rules import ACCEPTED, OVER_WINDOW_LIMIT
from zkpay.stark.field import P, inverse

Verdict = tuple[Records, Records, int]
"""Records honestly judged, as they are told, and the row of the one that is told otherwise."""


def held_up(ground: Ground, dice: random.Random) -> Verdict | None:
    """A record that is over the window limit told as accepted, or the other way round."""
    records = ground.draw(dice)
    reasons = (ACCEPTED, OVER_WINDOW_LIMIT)
    rows = [row for row, record in enumerate(records) if record.reason in reasons]
    over = [row for row in rows if records[row].reason == OVER_WINDOW_LIMIT]
    if not rows:
        return None
    row = dice.choice(over if over and dice.random() < 0.7 else rows)
    other = reasons[records[row].reason == ACCEPTED]
    return records, (*records[:row], replace(records[row], reason=other), *records[row + 1 :]), row


def crowded(ground: Ground, dice: random.Random) -> Verdict | None:
    """A full window with a record too many, which is told as accepted, as it would be in any other."""
    rules = ground.policy.rules
    if rules.window_limit is None:
        return None
    limit, account = rules.window_limit, dice.getrandbits(160)
    (time,) = (number for number in rules.numbers if number.name == limit.time)
    start = dice.randrange(1, time.maximum // limit.length) * limit.length
    least = {symbol.name: 0 for symbol in rules.symbols} | {number.name: number.minimum for number in rules.numbers}
    rows = [
        Row(account, least | {limit.time: start + dice.randrange(limit.length)}, 1000 + index)
        for index in range(limit.count + 1)
    ]
    reasons = forced(rows, rules, [None] * len(rows))
    records = tuple(record_of(row, reason) for row, reason in zip(rows, reasons, strict=True))
    return records, (*records[:-1], replace(records[-1], reason=ACCEPTED)), limit.count


class HalfWindow:
    """Claims a window that is half one more than the record's own, or half one less: a fraction of the field, which
    every digit of an even length makes whole. The limb that isn't looked up takes it.
    """

    def __init__(self, balance: int, row: int, limb: int) -> None:
        self.balance, self.row, self.limb = balance, row, limb

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != "contributions" or number not in (self.balance - 1, self.balance):
            return
        gadget = trace.table.gadgets[number]
        if isinstance(gadget, Divided):
            whole, rest = divmod(exact_sum(trace, gadget.source, self.row), divisor_at(trace, gadget, self.row))
            half, left = divmod(divisor_at(trace, gadget, self.row), 2)
            step = 1 if rest >= half else -1
            if left:
                raise ValueError("an odd length has no half")
            put(trace, gadget.quotient, self.row, (whole + step * inverse(2)) % P, self.limb)
            put(trace, gadget.remainder, self.row, rest - step * half)
        elif isinstance(gadget, Balance):
            settle_balance(trace, gadget, self.row, {}, exact=False)


def about_windows(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A record that claims another window than its own, and with it another verdict."""
    found = crowded(ground, dice) if dice.random() < 0.7 else held_up(ground, dice)
    if found is None:
        return None
    records, told, row = found
    table = ground.tables["contributions"]
    rest = name.partition("/")[2]
    balance = balance_called(table, WINDOW)
    gadget, producer = table.gadgets[balance], table.gadgets[balance - 1]
    if not isinstance(gadget, Balance) or not isinstance(producer, Divided):
        return None
    divisor = divisor_at(ground.truth(records).traces["contributions"], producer, row)
    line, carry = re.fullmatch(LINE, rest), re.fullmatch(CARRY, rest)
    comparison, limb = re.fullmatch(COMPARISON, rest), re.fullmatch(LIMB, rest)
    edit: Edit | None = None
    if line:
        edit = SumLie("contributions", balance, row, int(line[2]), misses(dice, divisor, gadget.radix, int(line[2])))
    elif carry:
        edit = SumLie("contributions", balance, row, int(carry[2]), dice.choice(WRAPS) * dice.choice([P, -P]))
    elif comparison and is_comparison(table, comparison[1]):
        number = comparison_called(table, comparison[1])
        below = table.gadgets[number]
        less = comparison[2] or comparison[4] or comparison[6] or comparison[7]
        place = int(comparison[3] or comparison[5] or 0)
        if isinstance(below, Comparison):
            width = comparison_width(table, below)
            lie = ComparisonLie("contributions", number, row, less, place, width, dice)
            edit = RemainderLie("contributions", balance, row, dice.choice([1, 1, 2, 3]), lie, None)
    elif limb:
        column = limb[1] if limb[2] is None else f"{limb[1]}[{limb[2]}]"
        parts = outputs(producer)
        found_place = [(p, place_of(part, column)) for p, part in enumerate(parts) if place_of(part, column) >= 0]
        if found_place:
            place_ = found_place[0]
            kind = dice.randrange(4)
            if kind == 3 and place_[0] == 0:
                edit = HalfWindow(balance, row, place_[1])
            elif kind == 0 and place_[0] == 1:
                edit = RemainderLie("contributions", balance, row, dice.choice([-1, -1, 1, -2]), None, place_[1])
            elif kind == 1:
                at = dice.randrange(len(gadget.lines))
                edit = SumLie("contributions", balance, row, at, dice.choice([P, -P, 2 * P]), place_)
            else:
                edit = LimbLie("contributions", balance, place_, {row: steps(dice, widths_of(parts, place_))})
    return Story(records, edit, told)
