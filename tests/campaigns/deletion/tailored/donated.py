"""Lies about donations of so many donors that their match and what they donated differ by one unit of the highest limb.

Of two sums that come to that by chance there are next to none. But amounts with the same root are free in what they
add up to, while the square of the roots' sum stays.
"""

from __future__ import annotations

import random
import re
from math import isqrt

from tests.campaigns.deletion.ground import Ground, Story, paid_accounts
from tests.campaigns.deletion.lies.choices import ABOVE, PICK, ComparisonLie, comparison_called, comparison_width
from tests.campaigns.deletion.names import COMPARISON, is_comparison
from tests.campaigns.deletion.tailored.drawn import accepted
from tests.campaigns.deletion.tailored.picked import PickLie
from tests.campaigns.differential.records import Row
from zkpay.circuits.gadgets.compare import Comparison

PRESET, AMOUNT, DONOR = "quadratic-match", "amount", "donor"
FACTOR = 10_000
"""Roots are of so many times the amount, and so often is the square of their sum what is matched."""
TRIES, MOST = 20, 1000


def aim_donated(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    table_name, _, rest = name.partition("/")
    found = re.fullmatch(COMPARISON, rest)
    if not ground.title.startswith(PRESET) or table_name != "payouts" or found is None:
        return None
    table, less, place = ground.tables[table_name], found[2] or found[4], int(found[3] or found[5] or 0)
    if less not in (PICK, ABOVE) or not is_comparison(table, found[1]):
        return None
    number = comparison_called(table, found[1])
    gadget = table.gadgets[number]
    if not isinstance(gadget, Comparison) or gadget.flag is None:
        return None
    width = comparison_width(table, gadget)
    (declared,) = (field for field in ground.policy.rules.numbers if field.name == AMOUNT)
    amounts = _donations(1 << (width * (len(gadget.left) - 1)), declared.maximum, dice)
    account, other = dice.sample(range(1, 1000), 2)
    rows = [Row(account, {DONOR: donor, AMOUNT: amount}, 1000 + donor) for donor, amount in enumerate(amounts)]
    rows += [
        Row(other, {DONOR: donor, AMOUNT: declared.minimum + dice.randrange(1000)}, 9000 + donor) for donor in (1, 2)
    ]
    records = accepted(ground, rows)
    row = paid_accounts(records).index(account)
    if less == PICK:
        return Story(records, PickLie(table_name, number, row, place, width, dice))
    return Story(records, ComparisonLie(table_name, number, row, less, place, width, dice))


def _donations(wanted: int, largest: int, dice: random.Random) -> list[int]:
    """Amounts that add up to `wanted` less than what their roots' sum gives by its square. ValueError if none do."""
    for _ in range(TRIES):
        count = dice.randint(MOST * 4 // 5, MOST)
        root = isqrt(wanted * FACTOR // (count * count - count))
        if _ends(root + 1)[1] > largest:
            continue
        for larger in range(count):
            roots = [root + 1] * larger + [root] * (count - larger)
            ends = [_ends(held) for held in roots]
            left = sum(roots) ** 2 // FACTOR - wanted - sum(low for low, _ in ends)
            if 0 <= left <= sum(high - low for low, high in ends):
                amounts = []
                for low, high in ends:
                    amounts.append(low + min(left, high - low))
                    left -= amounts[-1] - low
                return amounts
    raise ValueError("no amounts come to that")


def _ends(root: int) -> tuple[int, int]:
    """The least and the largest amount with that root."""
    return -(-root * root // FACTOR), ((root + 1) ** 2 - 1) // FACTOR
