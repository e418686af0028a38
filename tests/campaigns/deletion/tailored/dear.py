"""Lies by the carry into the highest line of a share, under a pool that is made for them: an account that earns nearly
as much as one can is due P at the foot of the line before it, and more; it is paid so much less.
"""

from __future__ import annotations

import random
import re

from tests.campaigns.deletion.ground import Ground, Records, Story, amounts_of, ground, with_amounts
from tests.campaigns.deletion.lies.arithmetic import SumLie, balance_called, exact_sum
from tests.campaigns.deletion.names import CARRY
from tests.campaigns.deletion.tailored.measured import kinds, sized
from tests.campaigns.deletion.tailored.rich import SPARE
from zkpay.circuits.gadgets.arithmetic import Divided
from zkpay.circuits.gadgets.carry import Balance
from zkpay.stark.field import P

POOLS = 40
SHARES = (9, 25, 4)
"""By these parts the records of the three kinds, whose weights are the roots of them and count roots, earn the most."""


def aim_dearly(place: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found, held = re.fullmatch(CARRY, name.removeprefix("payouts/")), amounts_of(place)
    if not found or found[3] or not name.startswith("payouts/") or held.keys() != {"pool"}:
        return None
    several, count = list(kinds(place)), place.height - SPARE
    if len(several) != len(SHARES):
        return None
    # Lines keep their ranges where the lowest digits are 0 as they were; and nobody may be paid more than fits.
    zeros, bits = (held["pool"] & -held["pool"]).bit_length() - 1, held["pool"].bit_length()
    records = _records(several, count)
    for _ in range(POOLS):
        pool = dice.randrange((1 << bits) * 15 // 16, 1 << bits) >> zeros << zeros
        on = with_amounts(place, {"pool": pool})
        if on is None:
            continue
        table = ground(on).tables["payouts"]
        number, line = balance_called(table, found[1]), int(found[2])
        gadget, balance = table.gadgets[number - 1], table.gadgets[number]
        if not isinstance(gadget, Divided) or not isinstance(balance, Balance) or line + 1 != len(balance.carries):
            return None
        if exact_sum(ground(on).truth(records).traces["payouts"], gadget.source, 0) >= P << (balance.radix * line):
            return Story(records, SumLie("payouts", number, 0, line, -P), on=on)
    return None


def _records(several: list[tuple[tuple[str, int], ...]], count: int) -> Records:
    values = [kind for kind, part in zip(several, SHARES, strict=True) for _ in range(count * part // sum(SHARES))]
    return sized(values, 1)
