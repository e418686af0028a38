"""Lies by a limb of a payout, or of what totals add up, that is out of its range, about epochs that are made for it.

A leaf holds three limbs of a payout in one element, so a lie needs more than the same number in other limbs: what one
element has too much the next has too little; or a fraction of a payout, where all digits of the divisor make it whole;
or limbs whose sum over the accounts comes round the field.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence

from tests.campaigns.deletion.ground import TALL_HEIGHT, Ground, Records, Story, paid_accounts
from tests.campaigns.deletion.lies.arithmetic import LimbLie, read_number
from tests.campaigns.deletion.lies.limbs import settles
from tests.campaigns.deletion.names import limb_called
from tests.campaigns.deletion.tailored.measured import Values, kinds, sized
from tests.campaigns.deletion.tailored.refilled import total_as_seen
from tests.campaigns.deletion.tailored.room import total_of
from tests.circuits.scenarios import contributions_of
from zkpay.circuits.bounds import PAYOUT
from zkpay.circuits.gadgets.arithmetic import Columns, Defined, Divided
from zkpay.circuits.gadgets.carry import Balance, PublicDigits
from zkpay.ledger.encoding import ELEMENT_BITS
from zkpay.policy.meaning import evaluate
from zkpay.stark.air import Table
from zkpay.stark.field import P, inverse

TRIES, MOST_ACCOUNTS, MOST_RECORDS = 5, 3, 12


def aim_shared(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found = limb_called(ground, name)
    if found is None or not isinstance(found.gadget, Defined | Divided):
        return None
    table, owner, gadget, part, k = found.table, found.owner, found.gadget, found.part, found.place
    if isinstance(gadget, Divided) and isinstance(gadget.divisor, PublicDigits) and dice.random() < 0.6:
        told = _fraction(ground, table, owner, part, k, dice)
    elif dice.random() < 0.3:
        told = _moved(ground, part, k, dice)
    else:
        return _round(ground, table, part, k, owner, dice)
    return None if told is None else Story(told[0], LimbLie(table.name, owner + 1, (0, k), told[1]))


def few_accounts(ground: Ground, dice: random.Random) -> Records:
    """Records of accounts that earn about as much, no more than the tables hold."""
    if ground.height == TALL_HEIGHT:
        count = dice.choice([100, 300, 700, 1000])
    else:
        count = dice.choice([2, 3, 5, 8, 12, 20, 30, 40])
    number, kind = dice.choice(ground.policy.rules.numbers), dice.choice(list(kinds(ground)))
    spread = dice.choice([0.001, 0.1, 1])
    found: Records = ()
    for account in range(count):
        part = 1 - dice.random() * spread
        values = [(name, max(number.minimum, int(held * part)) if name == number.name else held) for name, held in kind]
        # Where donors are told apart, several of them give.
        several = dice.choice([2, 2, 3]) if any(name in _keys(ground) for name, _ in values) else 1
        if len(found) + several > ground.height:
            break
        found += sized(_apart(ground, [tuple(values)] * several), 1 + account, first=1000 * (1 + account))
    return found


def _keys(ground: Ground) -> set[str]:
    return {name for combination in ground.policy.rules.unique for name in combination}


def _apart(ground: Ground, values: Sequence[Values]) -> list[Values]:
    """The values, with other numbers where a rule asks an account's records to differ by them."""
    keys = _keys(ground)
    return [
        tuple((name, place if name in keys else held) for name, held in record) for place, record in enumerate(values)
    ]


def _moved(ground: Ground, part: Columns, k: int, dice: random.Random) -> tuple[Records, dict[int, int]] | None:
    """Of two accounts one has more than it may in a limb, and less in the next one, and the other the contrary."""
    records = few_accounts(ground, dice)
    rows = list(range(len(paid_accounts(records))))
    if len(rows) < 2:
        return None
    one, other = dice.sample(rows, 2)
    step = dice.randrange(1, 1 << dice.randrange(1, part.widths[k] + 1)) << part.widths[k]
    return records, {one: step, other: -step}


def _round(ground: Ground, table: Table, part: Columns, k: int, owner: int, dice: random.Random) -> Story | None:
    """Limbs that come to about P more in all, by themselves or as a line of the total reads them, in multiples that
    some limb above takes.
    """
    records = few_accounts(ground, dice)
    trace = ground.truth(records).traces["payouts"]
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    above = [j for j in range(k + 1, len(part.columns)) if sum(part.widths[k:j]) < 31]
    if not above:
        return None
    taker, position = dice.choice(above), sum(part.widths[:k])
    unit, foot = sum(part.widths[k:taker]), dice.choice([0, position % ELEMENT_BITS])
    top, left = (1 << part.widths[taker]) - 1, P >> (unit + foot)
    if dice.random() < 0.1:
        left += 1
    sign = dice.choice([1, -1])
    found: dict[int, int] = {}
    rows = list(range(len(paid_accounts(records))))
    dice.shuffle(rows)
    most = dice.choice([top, top >> 1, top >> 2, top >> 3, top >> 4, dice.randint(1, top)])
    for row in rows:
        held = int(trace.values[part.columns[taker].index, row])
        amount = min(held if sign > 0 else top - held, left, most)
        if isinstance(gadget, Defined) and isinstance(balance, Balance):
            # No more than carries have room for.
            whole, own = read_number(trace, part, row), int(trace.values[part.columns[k].index, row])
            while amount and not settles(
                trace,
                balance,
                part,
                row,
                whole - ((own + (sign * amount << unit)) << position),
                k,
                (own + (sign * amount << unit)) % P,
            ):
                amount >>= 1
        if amount:
            found[row], left = sign * amount << unit, left - amount
    if left:
        return None
    lie = LimbLie("payouts", owner + 1, (0, k), found)
    title = total_of(ground, table, part.columns[k], with_paid=True)
    if not foot or title is None:
        return Story(records, lie)
    excess = -sign * P << (position - foot)
    seen = functools.partial(total_as_seen, title)
    if title == PAYOUT:
        return Story(records, lie, paid=excess, post=seen)
    return Story(records, lie, excess={title: excess}, post=seen)


def _fraction(
    ground: Ground, table: Table, owner: int, part: Columns, k: int, dice: random.Random
) -> tuple[Records, dict[int, int]] | None:
    """Of two accounts one is paid a fraction of a limb's unit more, and the other less: the divisor's one digit that
    meets this limb makes both whole.
    """
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if not isinstance(gadget, Divided) or not isinstance(balance, Balance):
        return None
    position, title = sum(part.widths[:k]), divides(ground, gadget)
    # Up to so many zeros the fraction is of one element: then it is the same in other limbs.
    inside = position % ELEMENT_BITS if part.columns[k].name.startswith(f"{PAYOUT}[") else 0
    if title is None or inside + 1 >= balance.radix:
        return None
    zeros = dice.randrange(inside + 1, balance.radix)
    largest = ground.circuit.bounds.program.totals[title].high
    shifts = [s for s in range(largest.bit_length()) if (s + position) % balance.radix == zeros]
    if not shifts:
        return None
    # Where all numbers are multiples of 5 totals are.
    size = dice.choice([1, 1, 5]) * dice.randrange(1, 1 << dice.randrange(1, balance.radix - zeros + 1))
    wanted = size << dice.choice(shifts)
    records = adding_up_to(ground, title, wanted, dice)
    if records is None:
        return None
    step = dice.choice([1, 1, 3]) * dice.choice([1, -1]) * inverse(1 << dice.randint(inside + 1, zeros)) % P
    return records, {0: step, 1: -step}


def divides(ground: Ground, gadget: Divided) -> str | None:
    """The total that is the divisor of a quotient."""
    if not isinstance(gadget.divisor, PublicDigits):
        return None
    found = gadget.divisor.digit(0).name
    return next((text for text in ground.circuit.bounds.program.totals if text in found), None)


def _size(ground: Ground, title: str, values: Sequence[Values]) -> int:
    """What an account with such records adds to a total."""
    contributions = contributions_of(sized(values, 1), ground.policy)
    return evaluate(ground.policy, contributions).totals[title]


def _closest(ground: Ground, title: str, before: Sequence[Values], wanted: int, dice: random.Random) -> list[Values]:
    """`before` and a record with which an account adds the most up to `wanted` to a total, by one number of it."""
    kind, number = dice.choice(list(kinds(ground))), dice.choice(ground.policy.rules.numbers)

    def having(value: int) -> list[Values]:
        return [*before, tuple((name, value if name == number.name else held) for name, held in kind)]

    low, high = number.minimum, number.maximum
    while low < high:
        middle = (low + high + 1) // 2
        if _size(ground, title, having(middle)) <= wanted:
            low = middle
        else:
            high = middle - 1
    return having(low)


def adding_up_to(ground: Ground, title: str, wanted: int, dice: random.Random) -> Records | None:
    """Records of two accounts or three whose numbers add up to `wanted`; None if none are found."""
    for _ in range(TRIES):
        count, left = dice.randint(2, MOST_ACCOUNTS), wanted
        records: Records = ()
        for place in range(count):
            is_last = place == count - 1
            share = left if is_last else int(left * dice.random())
            close = 0 if is_last else share >> 10
            values: list[Values] = []
            size = 0
            while not values or (share - size > close and len(values) < MOST_RECORDS):
                values = _closest(ground, title, values, share, dice)
                size = _size(ground, title, values)
            left -= size
            records += sized(_apart(ground, values), 1 + place, first=1000 * (1 + place))
        if not left:
            return records
    return None
