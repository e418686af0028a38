"""Lies by a limb that is out of its range."""

from __future__ import annotations

import random
import re

import numpy as np
from numpy.typing import NDArray

from tests.attacks.forgery import centred
from tests.campaigns.deletion.ground import ALIKE, LARGE, SPREAD, Ground, Records, Story, accepted_rows
from tests.campaigns.deletion.lies.arithmetic import (
    LimbLie,
    Several,
    SumLie,
    TwistedRoot,
    divisor_at,
    outputs,
    read_number,
    steps,
    widths_of,
)
from tests.campaigns.deletion.lies.choices import (
    RemainderLie,
    owner_of,
)
from tests.campaigns.deletion.lies.ledger import aim_at_ledger
from tests.campaigns.deletion.names import (
    place_of,
    row_in,
)
from zkpay.circuits.gadgets.arithmetic import Columns, Defined, Divided, Rooted
from zkpay.circuits.gadgets.carry import Balance, PublicDigits
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table
from zkpay.stark.field import P

TRIED = 200


def aim_at_limb(ground: Ground, table: Table, dice: random.Random, found: re.Match[str]) -> Story | None:
    title, limb = found[1], int(found[2] or 0)
    column = title if found[2] is None else f"{title}[{limb}]"
    owner = owner_of(table, column)
    if owner < 0 or not isinstance(table.gadgets[owner], Defined | Divided | Rooted):
        return aim_at_ledger(ground, found.string if "/" in found.string else f"{table.name}/{found.string}", dice)
    producer = table.gadgets[owner]
    if not isinstance(producer, Defined | Divided | Rooted):
        return None
    parts = outputs(producer)
    place = next((p, place_of(part, column)) for p, part in enumerate(parts) if place_of(part, column) >= 0)
    public = isinstance(producer, Divided) and isinstance(producer.divisor, PublicDigits)
    style = dice.choice([ALIKE, ALIKE, LARGE, None]) if public else dice.choice([LARGE, SPREAD, None])
    records = ground.draw(dice, style)
    row = row_in(table, records, dice)
    if row is None:
        return None
    width = widths_of(parts, place)
    # Just below 0, which a comparison of limbs takes for large, or anything else.
    step = -(1 << width) if dice.random() < 0.3 else steps(dice, width)
    if isinstance(producer, Divided) and public and place[0] == 0:
        # A fraction that all digits of the divisor, as this limb meets them, make whole.
        divisor = divisor_at(ground.truth(records).traces[table.name], producer, row)
        whole = _common_zeros(divisor << sum(parts[0].widths[: place[1]]), table, owner + 1)
        if not whole and dice.random() < 0.5:
            return None
        whole = whole or 10
        step = dice.choice([1, 1, -1, 3]) * pow(2, -dice.randrange(1, whole + 1), P) % P
    opened = ground.openings(table.name, column, (1 << widths_of(parts, place)) - 1)
    if len(opened) and dice.random() < 0.4:
        chosen = _opening(ground, table, owner, place, row, records, dice)
        if chosen is None:
            return None
        return Story(records, LimbLie(table.name, owner + 1, place, {row: chosen}))
    shifts = {row: step}
    if table.name == "payouts" and (public or dice.random() < 0.6):
        # Another account has as much less, so that totals stay near to what they are.
        other = row_in(table, records, dice)
        if other is not None and other != row:
            shifts[other] = -step
    pinned = Story(records, LimbLie(table.name, owner + 1, place, shifts))
    kind = 3 if public and place[0] == 0 else dice.randrange(4)
    if isinstance(producer, Rooted):
        if place[0] == 1:
            return Story(
                records, TwistedRoot(table.name, owner + 1, row, dice.choice([1, 1, 2]), (TwistedRoot.REST, place[1]))
            )
        return pinned
    rooted = root_of_slack(table, owner)
    if rooted is not None and kind:
        step = -dice.choice([1, 1, 1, 2, 3])
        return Story(records, TwistedRoot(table.name, rooted + 1, row, step, (TwistedRoot.SLACK, place[1])))
    if isinstance(producer, Divided) and place[0] == 1 and kind:
        units = dice.choice([-1, -1, 1, -2, 2])
        return Story(records, RemainderLie(table.name, owner + 1, row, units, None, place[1] if found[2] else 0))
    balance = table.gadgets[owner + 1]
    if kind < 2 and isinstance(balance, Balance):
        own = sum(parts[place[0]].widths[: place[1]]) // balance.radix
        line = min(max(own + dice.choice([0, 0, 0, 1, -1]), 0), len(balance.lines) - 1)
        miss = dice.choice([1, 1, 2, 3]) * dice.choice([P, -P])
        lies = [SumLie(table.name, owner + 1, row, line, miss, place)]
        if table.name == "contributions" and dice.random() < 0.5:
            # Another record of the account has as much less: what is left of both is rounding.
            others = [k for k in accepted_rows(records) if k != row and records[k].account == records[row].account]
            lies += [SumLie(table.name, owner + 1, other, line, -miss, place) for other in others[:1]]
        return Story(records, Several(*lies))
    return pinned


def _opening(
    ground: Ground, table: Table, owner: int, place: tuple[int, int], row: int, records: Records, dice: random.Random
) -> int | None:
    """By how much to change a limb to have an element that all lines let through, where the other limbs can hold what
    is left and carries stay in their ranges.
    """
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if not isinstance(gadget, Defined | Divided | Rooted) or not isinstance(balance, Balance):
        return None
    part, k = outputs(gadget)[place[0]], place[1]
    trace = ground.truth(records).traces[table.name]
    held = int(trace.values[part.columns[k].index, row])
    candidates = ground.openings(table.name, part.columns[k].name, (1 << part.widths[k]) - 1)
    if not isinstance(gadget, Defined):
        return int(dice.choice(candidates)) - held
    whole, position = read_number(trace, part, row), sum(part.widths[:k])
    line, shift = divmod(position, balance.radix)
    seen = (candidates << shift) % P
    seen = np.where(seen > P // 2, seen - P, seen)
    # What a limb at the foot of its line leaves must have nothing at that limb; of others that is seen below.
    fitting = (seen - held) % (1 << part.widths[k]) == 0 if not shift else np.ones(len(seen), dtype=np.bool_)
    # Totals add the limbs up, and take no sum below 0.
    positive = fitting & (seen >= 0) & (seen <= whole >> min(balance.radix * line, whole.bit_length()))
    candidates = candidates[positive] if positive.any() else candidates[fitting]
    for _ in range(min(TRIED, len(candidates))):
        element = int(dice.choice(candidates))
        left = whole - (centred((element << shift) % P) << (balance.radix * line))
        if left < 0 or left >> sum(part.widths) or (left >> position) & ((1 << part.widths[k]) - 1):
            continue
        if settles(trace, balance, part, row, left, k, element):
            return element - held
    return None


def settling(
    balance: Balance, trace: Trace, part: Columns, row: int, k: int, candidates: NDArray[np.int64]
) -> list[int]:
    """Of the elements those which limb k can hold while the other limbs take what is left, and carries stay in their
    ranges.
    """
    whole, position = read_number(trace, part, row), sum(part.widths[:k])
    line, shift = divmod(position, balance.radix)
    seen = (candidates << shift) % P
    seen = np.where(seen > P // 2, seen - P, seen)
    found = []
    for element, amount in zip(candidates.tolist(), seen.tolist(), strict=True):
        left = whole - (amount << (balance.radix * line))
        if left < 0 or left >> sum(part.widths) or (left >> position) & ((1 << part.widths[k]) - 1):
            continue
        if settles(trace, balance, part, row, left, k, element):
            found.append(element)
    return found


def settles(trace: Trace, balance: Balance, part: Columns, row: int, left: int, k: int, element: int) -> bool:
    """Whether carries stay in their ranges if limb k is that element and the others hold `left`."""
    lines = [int(trace.part(row, row + 1).in_integers(line)[0]) for line in balance.lines]
    position = 0
    for at, (column, width) in enumerate(zip(part.columns, part.widths, strict=True)):
        line, shift = divmod(position, balance.radix)
        before = int(trace.values[column.index, row])
        if line >= len(lines):
            line, shift = len(lines) - 1, shift + balance.radix * (line - len(lines) + 1)
        if at == k:
            lines[line] -= centred(((element - before) << shift) % P)
        else:
            lines[line] -= (((left >> position) & ((1 << width) - 1)) - before) << shift
        position += width
    carried = 0
    for line_value, carry in zip(lines, balance.carries, strict=False):
        carried, rest = divmod(line_value + carried, 1 << balance.radix)
        if rest or not carry.range.low <= carried <= carry.range.high:
            return False
    return True


def _common_zeros(number: int, table: Table, balance: int) -> int:
    """How many times 2 divides every digit of a number, in the digits of a balance's lines."""
    gadget = table.gadgets[balance]
    radix = gadget.radix if isinstance(gadget, Balance) else 1
    joined = 0
    while number:
        joined, number = joined | (number & ((1 << radix) - 1)), number >> radix
    return (joined & -joined).bit_length() - 1 if joined else 0


def root_of_slack(table: Table, owner: int) -> int | None:
    """The root whose slack a gadget defines."""
    before = table.gadgets[owner - 2] if owner >= 2 else None
    gadget = table.gadgets[owner]
    if isinstance(before, Rooted) and isinstance(gadget, Defined) and " slack[" in gadget.result.columns[0].name:
        return owner - 2
    return None
