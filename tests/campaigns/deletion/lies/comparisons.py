"""Lies about which of two numbers is larger, told where they are near each other."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from tests.attacks.forgery import evaluate_at
from tests.campaigns.deletion.ground import SPREAD, TALL_HEIGHT, Ground, Records, Story, accepted_rows, paid_accounts
from tests.campaigns.deletion.lies.arithmetic import (
    divisor_at,
    read_number,
)
from tests.campaigns.deletion.lies.choices import (
    ABOVE,
    BITS,
    FLAG,
    LEAST,
    PICK,
    SIGN,
    ComparisonLie,
    RemainderLie,
    comparison_called,
    comparison_width,
)
from tests.campaigns.deletion.names import (
    VALUE_FLAG,
    row_in,
)
from zkpay.circuits.gadgets.arithmetic import Columns, Divided
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.ledger.rules import ACCEPTED, BELOW_MINIMUM, OUT_OF_RANGE
from zkpay.stark.air import Table

TRIES = 9


def aim_at_comparison(ground: Ground, table: Table, dice: random.Random, found: re.Match[str]) -> Story | None:
    title = found[1]
    less = found[2] or found[4] or found[6] or found[7]
    place = int(found[3] or found[5] or 0)
    number = comparison_called(table, title)
    gadget = table.gadgets[number]
    if not isinstance(gadget, Comparison) or less not in (PICK, ABOVE, SIGN, LEAST, BITS, FLAG):
        return None
    width = comparison_width(table, gadget)
    value = re.fullmatch(VALUE_FLAG, title)
    if value and table.name == "contributions" and value[1] in {field.name for field in ground.policy.rules.numbers}:
        return _judged(ground, dice, value[1], value[2], number, less, place, width)
    records = ground.draw(dice, SPREAD if gadget.flag is None else None)
    row = row_in(table, records, dice)
    if row is None:
        return None
    if gadget.flag is not None and dice.random() < 0.7:
        records = approach(ground, table, dice, records, row, gadget)
    lie = ComparisonLie(table.name, number, row, less, place, width, dice)
    if gadget.flag is not None:
        return Story(records, lie)
    divided = next(
        (
            n
            for n, before in enumerate(table.gadgets)
            if isinstance(before, Divided) and title == f"{_title(before.remainder)} below"
        ),
        None,
    )
    if divided is None:
        return None
    units = dice.choice([1, 1, 1, 2, 3, _units(ground, table, divided, records, row, dice), dice.getrandbits(30)])
    if not units:
        return None
    return Story(records, RemainderLie(table.name, divided + 1, row, units, lie, None))


def _units(ground: Ground, table: Table, divided: int, records: Records, row: int, dice: random.Random) -> int:
    """So many that the remainder comes to just beyond a multiple of a power of a limb; 0 if there are none."""
    gadget, trace = table.gadgets[divided], ground.truth(records).traces[table.name]
    if not isinstance(gadget, Divided):
        return 0
    divisor, rest = divisor_at(trace, gadget, row), read_number(trace, gadget.remainder, row)
    bits = 15 * dice.randrange(len(gadget.remainder.widths))
    aimed = ((divisor >> bits) + dice.choice([0, 1, 1, 2])) << bits
    return max(0, -(-(aimed - rest) // divisor))


def approach(
    ground: Ground, table: Table, dice: random.Random, records: Records, row: int, gadget: Comparison
) -> Records:
    """The records with one number changed so that both sides of a comparison are near each other on a row."""
    if table.name == "contributions":
        place = row
    else:
        account = paid_accounts(records)[row]
        place = dice.choice([k for k in accepted_rows(records) if records[k].account == account])
    number = dice.choice([field for field in ground.policy.rules.numbers])
    low, high = number.minimum, number.maximum

    def changed(value: int) -> Records:
        values = dict(records[place].values) | {number.name: value}
        return (*records[:place], replace(records[place], values=tuple(values.items())), *records[place + 1 :])

    def over(value: int) -> int:
        """How much the left side is larger."""
        trace = ground.truth(changed(value)).traces[table.name]
        left, right = (
            sum(evaluate_at(trace, row, entry) << (width * k) for k, entry in enumerate(side))
            for side in (gadget.left, gadget.right)
        )
        return left - right

    width = comparison_width(table, gadget)
    limb = 1 << (width * dice.randrange(len(gadget.left)))
    wanted = dice.choice([0, 1, -1, limb, limb - dice.randrange(limb), 2 * limb - dice.randrange(limb)]) * dice.choice(
        [1, -1]
    )
    if ground.height == TALL_HEIGHT:
        # A sum with a limb of its own, and below that less than a small constant.
        top = 1 << (width * (len(gadget.left) - 1))
        wanted = top * dice.choice([1, 1, 2]) - dice.randrange(dice.choice([100, 10_000, top]))
    ends = (over(low) - wanted, over(high) - wanted)
    for step in range(TRIES):
        if ends[0] * ends[1] >= 0 or high - low < 2:
            break
        # By a straight line, and halfway where that is slow.
        part = (high - low) * ends[0] // (ends[0] - ends[1]) if step % 3 < 2 else (high - low) // 2
        middle = low + min(max(part, 1), high - low - 1)
        found = over(middle) - wanted
        if found * ends[0] > 0:
            low, ends = middle, (found, ends[1])
        else:
            high, ends = middle, (ends[0], found)
    return changed(low if abs(ends[0]) < abs(ends[1]) else high)


def _title(part: Columns) -> str:
    return part.columns[0].name.removesuffix("[0]")


def _judged(
    ground: Ground, dice: random.Random, field: str, kind: str, number: int, less: str, place: int, width: int
) -> Story | None:
    """A record over a maximum or below a minimum that is accepted, or one within both that is rejected for it."""
    (declared,) = (entry for entry in ground.policy.rules.numbers if entry.name == field)
    records = list(ground.draw(dice))
    row = row_in(ground.tables["contributions"], tuple(records), dice)
    if row is None:
        return None
    reason = OUT_OF_RANGE if kind == "within" else BELOW_MINIMUM
    edge = declared.maximum if kind == "within" else declared.minimum - 1
    outside = range(edge + 1, declared.recordable + 1) if kind == "within" else range(0, edge + 1)
    inside = range(declared.minimum, edge + 1) if kind == "within" else range(edge + 1, declared.maximum + 1)
    accept = dice.random() < 0.7
    value = _near(dice, outside if accept else inside, edge)
    if value is None:
        return None
    # What else the record says is as little as can be, so that the formula holds.
    small = {other.name: other.minimum for other in ground.policy.rules.numbers}
    values = dict(records[row].values) | (small if dice.random() < 0.7 else {}) | {field: value}
    honest, claimed = (reason, ACCEPTED) if accept else (ACCEPTED, reason)
    records[row] = replace(records[row], values=tuple(values.items()), reason=honest, fingerprint=None, replaces=-1)
    told = list(records)
    told[row] = replace(records[row], reason=claimed)
    edit = ComparisonLie("contributions", number, row, less, place, width, dice)
    return Story(tuple(records), edit, tuple(told))


def _near(dice: random.Random, values: range, edge: int) -> int | None:
    # Not len(), which numbers of more than 63 bits don't fit.
    size = values.stop - values.start
    if size <= 0:
        return None
    near = [
        edge,
        edge + 1,
        edge - 1,
        values.start,
        values.stop - 1,
        dice.choice(values) if size < 2**60 else edge,
    ]
    for _ in range(3):
        bit = 1 << dice.randrange(max(1, values.stop.bit_length()))
        near += [edge + bit, edge ^ bit, (edge ^ bit) + dice.randrange(100)]
    fitting = [value for value in near if value in values]
    return dice.choice(fitting) if fitting else None
