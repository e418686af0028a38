"""For each name a lie that is aimed at it: what would have to be so if nothing but this stood against it.

One call is one attempt, all of whose chance comes from the dice; most fail, and are tried again with other records.
"""

from __future__ import annotations

import random
import re

from tests.campaigns.deletion.ground import Ground, Story
from tests.campaigns.deletion.lies.cells import CELLS
from tests.campaigns.deletion.lies.comparisons import aim_at_comparison
from tests.campaigns.deletion.lies.ledger import aim_at_ledger
from tests.campaigns.deletion.lies.limbs import aim_at_limb
from tests.campaigns.deletion.lies.sums import aim_at_carry, aim_at_line, aim_at_total_limb
from tests.campaigns.deletion.lies.windows import about_windows
from tests.campaigns.deletion.names import (
    CARRY,
    COMPARISON,
    LIMB,
    LINE,
    TOTAL_LIMB,
    is_comparison,
)
from zkpay.circuits.contributions.columns import WINDOW


def aim(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    table_name, _, rest = name.partition("/")
    table = ground.tables[table_name]
    if table_name == "contributions" and rest.startswith((f"{WINDOW} ", f"{WINDOW}[")):
        return about_windows(ground, name, dice)
    found = re.fullmatch(TOTAL_LIMB, rest)
    if found:
        return aim_at_total_limb(ground, dice, found[1], int(found[2]), found[3])
    for pattern, attempt in ((LINE, aim_at_line), (CARRY, aim_at_carry)):
        found = re.fullmatch(pattern, rest)
        if found:
            return attempt(ground, table, dice, found)
    found = re.fullmatch(COMPARISON, rest)
    if found and is_comparison(table, found[1]):
        return aim_at_comparison(ground, table, dice, found)
    found = re.fullmatch(LIMB, rest)
    if found and table_name in ("contributions", "payouts"):
        return aim_at_limb(ground, table, dice, found)
    for ending, attempt_cell in CELLS.items():
        if rest.endswith(ending):
            return attempt_cell(ground, table, dice, rest.removesuffix(ending))
    return aim_at_ledger(ground, name, dice)
