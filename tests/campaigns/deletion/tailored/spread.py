"""Lies by a limb of a share that is a fraction, under a total with bits in several of its digits.

Each line multiplies the limb by one digit of the total. A fraction goes through where all of these digits are multiples
of its denominator: a total of one digit can't be that where only few bits of a digit are left and all that is added up
is a multiple of, say, 5, but one with a bit or two in each of several digits can.
"""

from __future__ import annotations

import random

from tests.campaigns.deletion.ground import Ground, Story
from tests.campaigns.deletion.lies.arithmetic import LimbLie
from tests.campaigns.deletion.names import limb_called
from tests.campaigns.deletion.tailored.shares import adding_up_to, divides
from zkpay.circuits.bounds import PAYOUT
from zkpay.circuits.gadgets.arithmetic import Divided
from zkpay.circuits.gadgets.carry import Balance
from zkpay.ledger.encoding import ELEMENT_BITS
from zkpay.stark.field import P, inverse

DRAWS, LEAST_BITS = 400, 20
"""Totals that are drawn, and how many bits the least of them may have: less than that few records make."""


def aim_spread(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    found = limb_called(ground, name)
    if found is None or not isinstance(found.gadget, Divided):
        return None
    table, owner, gadget, limb = found.table, found.owner, found.gadget, found.place
    balance, title = table.gadgets[owner + 1], divides(ground, gadget)
    if not isinstance(balance, Balance) or title is None:
        return None
    position = sum(gadget.quotient.widths[:limb])
    # Up to so many zeros the fraction is of one element: then it is the same in other limbs.
    inside = position % ELEMENT_BITS if found.title == PAYOUT else 0
    if inside + 1 >= balance.radix:
        return None
    zeros = dice.randrange(inside + 1, balance.radix)
    wanted = _total(ground.circuit.bounds.program.totals[title].high, position, zeros, balance.radix, dice)
    records = None if wanted is None else adding_up_to(ground, title, wanted, dice)
    if records is None:
        return None
    step = dice.choice([1, 1, 3]) * dice.choice([1, -1]) * inverse(1 << dice.randint(inside + 1, zeros)) % P
    return Story(records, LimbLie(table.name, owner + 1, (0, limb), {0: step, 1: -step}))


def _total(largest: int, position: int, zeros: int, radix: int, dice: random.Random) -> int | None:
    """A total of which all digits are multiples of 2^zeros, as a limb at that position meets them."""
    bits = dice.randrange(min(LEAST_BITS, largest.bit_length()), largest.bit_length() + 1)
    places = [place for place in range(bits) if (place + position) % radix >= zeros]
    # Where all numbers are multiples of 5 totals are.
    factor = dice.choice([1, 5])
    for _ in range(DRAWS):
        wanted = sum(1 << place for place in places if dice.random() < 0.4)
        if 0 < wanted <= largest and wanted % factor == 0:
            return wanted
    return None
