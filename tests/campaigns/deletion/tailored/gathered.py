"""Lies by a limb of the contributions table that is out of its range, where what reads it comes round the field: the
sum over an account's records, or the product with a number of the record.
"""

from __future__ import annotations

import random

from tests.attacks.tallies import added_up
from tests.campaigns.deletion.ground import Ground, Records, Story
from tests.campaigns.deletion.lies.arithmetic import LimbLie, Several
from tests.campaigns.deletion.names import limb_called
from tests.campaigns.deletion.tailored.drawn import accepted
from tests.campaigns.differential.records import Row
from zkpay.circuits.gadgets.arithmetic import Defined
from zkpay.circuits.trace import Trace
from zkpay.stark.field import P, inverse

FEWEST, MOST = 5, 16


def aim_gathered(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found = limb_called(ground, name, ("contributions",))
    if found is None or not isinstance(found.gadget, Defined):
        return None
    table, owner, part, k = found.table, found.owner, found.part, found.place
    width = part.widths[k]
    # A number that a line aggregates is called after both.
    if found.title.rpartition(": ")[2] in {argument.name for argument in ground.circuit.bounds.arguments}:
        records = _small(ground, dice, dice.randint(FEWEST, MOST))
        lie = LimbLie(table.name, owner + 1, (0, k), _round(dice, len(records), width))
        return Story(records, Several(lie, _in_the_field))
    records = _small(ground, dice, dice.choice([1, 1, 2]))
    size = dice.randrange(1, 1 << dice.randrange(1, 15))
    step = size << width if dice.random() < 0.5 else size * inverse(1 << dice.randrange(1, width)) % P
    return Story(records, LimbLie(table.name, owner + 1, (0, k), {0: dice.choice([1, -1]) * step}))


def _small(ground: Ground, dice: random.Random, count: int) -> Records:
    """Records of one account, of numbers so small that all carries have room; some are the least that there are."""
    rows = []
    least = {number.name: dice.random() < 0.5 for number in ground.policy.rules.numbers}
    for index in range(count):
        values = {symbol.name: dice.randrange(len(symbol.values)) for symbol in ground.policy.rules.symbols}
        for number in ground.policy.rules.numbers:
            size = 0 if least[number.name] else dice.getrandbits(dice.randrange(1, 15))
            values[number.name] = min(number.minimum + size, number.maximum)
        rows.append(Row(7, values, 1000 + index))
    return accepted(ground, rows)


def _round(dice: random.Random, count: int, width: int) -> dict[int, int]:
    """What to add to a limb in each of so many records, in multiples that the next limb takes: P in all, or nearly."""
    sign, whole = dice.choice([1, -1, -1]), (P >> width) - dice.choice([0, 0, 0, 1, 2, 5])
    parts = [whole // count + (index < whole % count) for index in range(count)]
    return {index: (sign * part) << width for index, part in enumerate(parts)}


def _in_the_field(trace: Trace, number: int) -> None:
    """Running sums of the tally modulo P, where its filler has those modulo 2^32."""
    if trace.table.name != "tally" or number != -1:
        return
    accounts = trace.group("account")
    for total, amount in added_up(trace).items():
        held = 0
        for row in range(int(trace["is_real"].sum())):
            if row and (accounts[:, row] != accounts[:, row - 1]).any():
                held = 0
            held = (held + int(trace[amount][row])) % P
            trace[total][row] = held
