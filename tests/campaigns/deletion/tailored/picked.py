"""Lies by a pick that is any field element, in a comparison that tells which of two numbers is larger.

Where the limbs up to it are equal, such a pick adds nothing to the difference that is looked up, but is subtracted with
the other picks: it brings any difference into range, whatever a limb above it says.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

from tests.attacks.forgery import evaluate_at
from tests.campaigns.deletion.ground import TALL_HEIGHT, Ground, Records, Story, paid_accounts, record_of
from tests.campaigns.deletion.lies.choices import (
    MOST_PICKS,
    comparison_called,
    comparison_width,
    difference_told,
    undecided,
)
from tests.campaigns.deletion.names import VALUE_FLAG, is_comparison
from tests.campaigns.deletion.reasons.unreachable import constants
from tests.campaigns.deletion.tailored.drawn import accepted
from tests.campaigns.deletion.tailored.measured import MOST, Worth, adding_up, kinds, sized
from tests.campaigns.differential.records import Row
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.trace import Trace
from zkpay.ledger.rules import ACCEPTED, BELOW_MINIMUM, OUT_OF_RANGE
from zkpay.stark.air import Table
from zkpay.stark.field import P

PATTERN = re.compile(r"(.+) pick\[(\d+)\] is a bit")
TRIES, MOST_BITS = 8, 34
"""Numbers that are tried, and of which power of two a sum may be a multiple."""


def aim_at_pick(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    table_name, _, rest = name.partition("/")
    table, found = ground.tables[table_name], re.fullmatch(PATTERN, rest)
    if found is None or not is_comparison(table, found[1]):
        return None
    title, place = found[1], int(found[2])
    number = comparison_called(table, title)
    gadget = table.gadgets[number]
    if not isinstance(gadget, Comparison) or gadget.flag is None or len(gadget.picks) > MOST_PICKS:
        return None
    width = comparison_width(table, gadget)
    value = re.fullmatch(VALUE_FLAG, title)
    if table.name == "contributions" and value and value[1] in {field.name for field in ground.policy.rules.numbers}:
        lie = PickLie(table.name, number, 0, place, width, dice)
        return _judged(ground, gadget, dice, value[1], value[2], lie)
    account, other = dice.sample(range(1, 1000), 2)
    if constants(gadget.left) is None and constants(gadget.right) is None:
        records = _even(ground, dice, account)
    else:
        records = _measured(ground, table, gadget, dice, account, place)
    records += sized([dice.choice(list(kinds(ground))) for _ in range(dice.choice([0, 1, 1, 3]))], other, first=5000)
    row = 0 if table.name == "contributions" else paid_accounts(records).index(account)
    return Story(records, PickLie(table.name, number, row, place, width, dice))


def _judged(
    ground: Ground, gadget: Comparison, dice: random.Random, field: str, kind: str, lie: PickLie
) -> Story | None:
    """A record over a maximum that is accepted, or one that is rejected for a minimum which it has."""
    (declared,) = (entry for entry in ground.policy.rules.numbers if entry.name == field)
    fixed = constants(gadget.right)
    value = None if fixed is None else _number(fixed, lie.width, lie.place, dice, is_right=True)
    if value is None or value > (declared.recordable if kind == "within" else declared.maximum):
        return None
    values = {number.name: number.minimum for number in ground.policy.rules.numbers}
    values |= {symbol.name: dice.randrange(len(symbol.values)) for symbol in ground.policy.rules.symbols}
    honest, claimed = (OUT_OF_RANGE, ACCEPTED) if kind == "within" else (ACCEPTED, BELOW_MINIMUM)
    account, other = dice.sample(range(1, 1000), 2)
    rest = sized([dice.choice(list(kinds(ground))) for _ in range(dice.choice([0, 1, 1, 3]))], other, first=5000)
    record = record_of(Row(account, values | {field: value}, 1000), honest)
    return Story((record, *rest), lie, (replace(record, reason=claimed), *rest))


def _measured(
    ground: Ground, table: Table, gadget: Comparison, dice: random.Random, account: int, place: int
) -> Records:
    """Records of one account that come to just such a number as can be taken for one beyond a constant. ValueError if
    there are none this time.
    """
    width, is_right = comparison_width(table, gadget), constants(gadget.right) is not None
    fixed = constants(gadget.right if is_right else gadget.left) or []
    worth = Worth(ground, table.name, gadget.left if is_right else gadget.right, width)
    most = MOST * max(worth(kind) for kind in kinds(ground))
    for _ in range(TRIES):
        wanted = _number(fixed, width, place, dice, is_right=is_right)
        if wanted is not None and wanted <= most:
            values = adding_up(ground, worth, wanted, dice)
            if values and worth(*values) == wanted:
                return sized(values, account)
    raise ValueError("no records come to such a number")


def _number(fixed: Sequence[int], bits: int, place: int, dice: random.Random, *, is_right: bool) -> int | None:
    """A number that is beyond a constant by the pick's limb or by one above; None if there is none."""
    limbs, top = list(fixed), (1 << bits) - 1
    decisive = dice.choice([place, dice.randrange(place, len(limbs))])
    low, high = (fixed[decisive] + 1, top) if is_right else (0, fixed[decisive] - 1)
    if low > high:
        return None
    near = low + dice.randrange(1 << dice.randint(1, (high - low + 1).bit_length()))
    limbs[decisive] = min(high, dice.choice([low, near, near]))
    for k in range(place) if decisive == place else range(place + 1, decisive):
        limbs[k] = dice.choice([0, fixed[k], top, dice.randint(0, top)])
    return sum(limb << (bits * k) for k, limb in enumerate(limbs))


def _even(ground: Ground, dice: random.Random, account: int) -> Records:
    """Records of one account of which one number comes to a multiple of a large power of two, the others are little:
    what they earn and what it is compared with differ in high limbs only.
    """
    rules = ground.policy.rules
    number = dice.choice(rules.numbers)
    bits = dice.randrange(1, MOST_BITS)
    left = dice.choice([1, 1, 1, 3, 5, dice.randrange(1, 64)]) << bits
    count = -(-left // number.maximum)
    if count > ground.height // 2 or (count > 8 and ground.height != TALL_HEIGHT):
        raise ValueError("too many records")
    symbols = {symbol.name: dice.randrange(len(symbol.values)) for symbol in rules.symbols}
    rows = []
    for index in range(count):
        values = {other.name: other.minimum for other in rules.numbers} | symbols
        values[number.name] = min(left, number.maximum)
        left -= values[number.name]
        if rules.window_limit is not None and rules.window_limit.time != number.name:
            # Windows are full of so many.
            values[rules.window_limit.time] = index // rules.window_limit.count * rules.window_limit.length
        rows.append(Row(account, values, 1000 + index))
    return accepted(ground, rows)


def odd_claims(
    left: Sequence[int], right: Sequence[int], flag: int, bits: int, place: int
) -> Iterator[tuple[tuple[int, ...], range]]:
    """All that says `flag` of two numbers by picks of which the one at `place` is no bit: the picks with 0 for it, and
    the integers that it can be (0 and 1 are bits).
    """
    for chosen in itertools.product((0, 1), repeat=len(left) - 1):
        if chosen[place]:
            continue
        above = range(place + 1, len(left))
        differing = [undecided(chosen, k) for k in above if left[k] != right[k]]
        if any(undecided(chosen, k) * (left[k] - right[k]) for k in range(place + 1)) or len(set(differing)) > 1:
            continue
        if differing:
            # Limbs above its own are freed by one value each.
            picks = (*chosen[:place], -differing[0], *chosen[place + 1 :])
            if differing[0] and difference_told(picks, left, right, flag) in range(1 << bits):
                yield chosen, range(-differing[0], 1 - differing[0])
            continue
        told = [difference_told((*chosen[:place], value, *chosen[place + 1 :]), left, right, flag) for value in (0, 1)]
        step = told[1] - told[0]
        if step:
            ends = sorted((-told[0] / Fraction(step), ((1 << bits) - 1 - told[0]) / Fraction(step)))
            yield chosen, range(ceil(ends[0]), floor(ends[1]) + 1)


class PickLie:
    """Says the contrary of a comparison on one row, by a pick that is no bit."""

    def __init__(self, table: str, number: int, row: int, place: int, width: int, dice: random.Random) -> None:
        self.table, self.number, self.row, self.place, self.width = table, number, row, place, width
        self.seed = dice.getrandbits(60)

    def __call__(self, trace: Trace, number: int) -> None:
        gadget = trace.table.gadgets[number] if trace.table.name == self.table and number == self.number else None
        if not isinstance(gadget, Comparison) or gadget.flag is None:
            return
        left, right = ([evaluate_at(trace, self.row, entry) for entry in side] for side in (gadget.left, gadget.right))
        claimed = 1 - int(trace.values[gadget.flag.index, self.row])
        found = list(odd_claims(left, right, claimed, self.width, self.place))
        if not found:
            raise ValueError("no picks say so")
        dice = random.Random(self.seed)
        chosen, values = dice.choice(found)
        value = dice.choice([values[0], values[-1], dice.choice(values)])
        if value in (0, 1):
            raise ValueError("that is a bit")
        picks = (*chosen[: self.place], value, *chosen[self.place + 1 :])
        for column, pick in zip(gadget.picks, picks, strict=True):
            trace.values[column.index, self.row] = pick % P
        trace.values[gadget.flag.index, self.row] = claimed
        trace.values[gadget.difference.index, self.row] = difference_told(picks, left, right, claimed)
