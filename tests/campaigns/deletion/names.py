"""How names are read, and rows on which a formula counts."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.campaigns.deletion.ground import Ground, Records, accepted_rows, paid_accounts
from tests.campaigns.deletion.lies.arithmetic import outputs
from tests.campaigns.deletion.lies.choices import owner_of
from zkpay.circuits.gadgets.arithmetic import Columns, Defined, Divided, Rooted
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.stark.air import Table

LINE = re.compile(r"(.+) line (\d+)")
CARRY = re.compile(r"(?:\d+ - )?(.+) carry\[(\d+)\]( top)? has \d+ bits")
LIMB = re.compile(r"(?:\d+ - )?(.+?)(?:\[(\d+)\])? has \d+ bits")
COMPARISON = re.compile(
    r"(.+?) (?:(pick)\[(\d+)\] is a bit|(equal above the pick)\[(\d+)\]|(difference has the sign"
    r"|difference is at least one|difference has) ?(?:\d+ bits)?|(is a bit))"
)
TOTAL_LIMB = re.compile(r"(.+)_limb\[(\d+)\] is (0 below the first row|the sum|added up)")
VALUE_FLAG = re.compile(r"(\w+?)(?: field)? (within|below)")
WRAPS = (1, 1, 1, 1, 2, 3, 5, 100)


def is_comparison(table: Table, title: str) -> bool:
    return any(isinstance(g, Comparison) and g.difference.name == f"{title} difference" for g in table.gadgets)


def row_in(table: Table, records: Records, dice: random.Random) -> int | None:
    """A row on which the formula counts; None if there is none."""
    rows = accepted_rows(records) if table.name == "contributions" else list(range(len(paid_accounts(records))))
    return dice.choice(rows) if rows else None


def place_of(part: Columns, column: str) -> int:
    return next((k for k, held in enumerate(part.columns) if held.name == column), -1)


@dataclass(frozen=True)
class Limb:
    """A limb whose look-up is asked about: the gadget that fills it, and its place in that gadget's result."""

    table: Table
    title: str
    owner: int
    gadget: Defined | Divided | Rooted
    part: Columns
    place: int


def limb_called(ground: Ground, name: str, tables: Sequence[str] = ("payouts",)) -> Limb | None:
    """The limb of a result that a name is the look-up of, in one of these tables; None if it is something else."""
    table_name, _, rest = name.partition("/")
    found = re.fullmatch(LIMB, rest)
    if found is None or not found[2] or table_name not in tables:
        return None
    table, column = ground.tables[table_name], f"{found[1]}[{found[2]}]"
    owner = owner_of(table, column)
    gadget = table.gadgets[owner]
    if owner < 0 or not isinstance(gadget, Defined | Divided | Rooted):
        return None
    part = outputs(gadget)[0]
    place = place_of(part, column)
    return Limb(table, found[1], owner, gadget, part, place) if place >= 0 else None
