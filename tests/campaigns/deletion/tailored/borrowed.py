"""Lies by a limb that is below 0, or too large, by what the limb above it has more, or less: a comparison with a
constant sees that limb first, and takes the number for another than the lines do.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.campaigns.deletion.ground import Ground, Story, with_amount
from tests.campaigns.deletion.lies.arithmetic import LimbLie
from tests.campaigns.deletion.names import limb_called, row_in
from tests.campaigns.deletion.reasons.unreachable import constants
from tests.campaigns.deletion.tailored.drawn import random_records
from tests.campaigns.deletion.tailored.shares import few_accounts
from zkpay.circuits.gadgets.arithmetic import Columns, Defined, Divided
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.stark.air import Table


def aim_at_borrowed(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found = limb_called(ground, name, ("contributions", "payouts"))
    if found is None or not isinstance(found.gadget, Defined | Divided):
        return None
    table, owner, part, k = found.table, found.owner, found.part, found.place
    fixed = _compared_with(table, part)
    if k + 1 == len(part.columns) or fixed is None:
        return None
    records = few_accounts(ground, dice) if dice.random() < 0.5 else random_records(ground, dice)
    row = row_in(table, records, dice)
    if row is None:
        return None
    trace = ground.truth(records).traces[table.name]
    held = [int(trace.values[limb.index, row]) for limb in part.columns]
    whole, on = sum(limb << sum(part.widths[:at]) for at, limb in enumerate(held)), ""
    if held[k + 2 :] != fixed[k + 2 :] or dice.random() < 0.5:
        # The constant is an amount of the policy, which is made to be nearly the number.
        constant = sum(limb << sum(part.widths[:at]) for at, limb in enumerate(fixed))
        near = whole + dice.choice([1, -1]) * dice.getrandbits(dice.randrange(1, sum(part.widths[: k + 1]) + 1))
        moved = with_amount(ground, constant, near) if near > 0 else None
        if moved is None:
            return None
        on, constant = moved, near
        fixed = [(near >> sum(part.widths[:at])) & ((1 << width) - 1) for at, width in enumerate(part.widths)]
    is_more = held[::-1] > list(fixed)[::-1]
    # The limb above is to say the contrary, and those above it nothing.
    more = fixed[k + 1] - held[k + 1] + (-1 if is_more else 1)
    if held[k + 2 :] != list(fixed[k + 2 :]) or not 0 <= held[k + 1] + more < 1 << part.widths[k + 1]:
        return None
    return Story(records, LimbLie(table.name, owner + 1, (0, k), {row: -more << part.widths[k]}), on=on)


def _compared_with(table: Table, part: Columns) -> Sequence[int] | None:
    """The limbs of the constant that a number is compared with."""
    for gadget in table.gadgets:
        if isinstance(gadget, Comparison) and gadget.flag is not None:
            for side, other in ((gadget.left, gadget.right), (gadget.right, gadget.left)):
                if list(side) == list(part.columns) and constants(other) is not None:
                    return constants(other)
    return None
