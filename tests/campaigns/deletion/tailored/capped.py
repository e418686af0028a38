"""Lies by the highest limb of a share that a cap takes the place of, under a pool and a cap that are made for them.

So many accounts reach the cap that much of the pool is left; to another account a share is told that comes round the
field in the highest line alone, by a limb that is far above the cap's, so that the account is paid the cap as well.
"""

from __future__ import annotations

import random
import re

from tests.campaigns.deletion.ground import Ground, Records, Story, amounts_of, ground, paid_accounts, with_amounts
from tests.campaigns.deletion.lies.arithmetic import divisor_at, exact_sum
from tests.campaigns.deletion.lies.choices import owner_of
from tests.campaigns.deletion.names import LIMB
from tests.campaigns.deletion.tailored.measured import Values, sized
from tests.campaigns.deletion.tailored.quotients import QuotientLie
from tests.campaigns.deletion.tailored.refilled import copied, fill_carries
from zkpay.circuits.gadgets.arithmetic import Divided
from zkpay.circuits.gadgets.carry import Balance, PublicDigits
from zkpay.stark.field import P

PAID, POOL, CAP = "payout_cap", 140_000, 18_900
"""Tokens. An account can have 600,000 of 4,200,000 points: 20,000 tokens, of which the cap leaves 1,100."""
RECORD, OF_A_KIND, ACCOUNT = 50_000, 8, 600_000
"""The most points of a record and of an account, and how many such records of the first kinds count."""
RICH, LIAR, EPOCHS = 6, 10, 60


def aim_at_cap(place: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found = re.fullmatch(LIMB, name.removeprefix("payouts/"))
    if not found or not found[2] or not name.startswith("payouts/") or amounts_of(place).keys() != {"pool", PAID}:
        return None
    unit = 10**place.policy.decimals
    on = with_amounts(place, {"pool": POOL * unit, PAID: CAP * unit})
    if on is None:
        return None
    # The pool's digits are the circuit's.
    table, limb = ground(on).tables["payouts"], int(found[2])
    owner = owner_of(table, f"{found[1]}[{limb}]")
    gadget, balance = table.gadgets[owner], table.gadgets[owner + 1]
    if owner < 0 or not isinstance(gadget, Divided) or not isinstance(gadget.divisor, PublicDigits):
        return None
    if not isinstance(balance, Balance) or limb + 1 != len(gadget.quotient.columns):
        return None
    # What is off by P in the last line.
    more, foot = P << (balance.radix * (len(balance.lines) - 1)), sum(gadget.quotient.widths[:limb])
    for _ in range(EPOCHS):
        records = _records(dice)
        trace = ground(on).truth(records).traces["payouts"]
        row = paid_accounts(records).index(LIAR)
        share, rest = divmod(exact_sum(trace, gadget.source, row) + more, divisor_at(trace, gadget, row))
        element = share >> foot
        lie = QuotientLie("payouts", owner + 1, row, limb, element, share - (element << foot), rest)
        scratch = copied(trace)
        lie(scratch, owner)
        if fill_carries(scratch, balance, row):
            return Story(records, lie, on=on)
    return None


def _records(dice: random.Random) -> Records:
    """Of some accounts with as many points as count, of one with less, and of one with next to nothing."""
    found: Records = ()
    for account in range(1, RICH + 1):
        found += sized(_points(ACCOUNT), account, 1000 * account)
    found += sized(_points(dice.randrange(470_000, 540_000)), LIAR, 1000 * LIAR)
    return found + sized(_points(dice.randrange(80_000, 160_000)), LIAR + 1, 1000 * (LIAR + 1))


def _points(wanted: int) -> list[Values]:
    """Records that come to so many points: of the first two kinds as many as count of each, and the rest of the third,
    whose weight is 1.
    """
    whole, rest = divmod(wanted, RECORD)
    kinds = [0] * min(whole, OF_A_KIND) + [1] * (whole - OF_A_KIND)
    sizes = [*((kind, RECORD) for kind in kinds), *([(2, rest)] if rest else [])]
    return [(("quantity", size), ("quality", 10_000), ("kind", kind)) for kind, size in sizes]
