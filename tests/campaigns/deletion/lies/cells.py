"""Lies about single cells: symbols, masked values, amounts of rejected records, entries of tables."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.campaigns.deletion.ground import Ground, Story
from tests.campaigns.deletion.lies.choices import (
    CellLie,
    SymbolLie,
    owner_of,
)
from tests.campaigns.deletion.names import (
    row_in,
)
from zkpay.circuits.gadgets.choice import SymbolTest
from zkpay.ledger.rules import ACCEPTED
from zkpay.stark.air import Table
from zkpay.stark.expression import Column


def _symbol(ground: Ground, table: Table, dice: random.Random, title: str, *, equal: bool) -> Story | None:
    records = ground.draw(dice)
    row = row_in(table, records, dice)
    number = next((n for n, g in enumerate(table.gadgets) if isinstance(g, SymbolTest) and g.flag.name == title), None)
    if row is None or number is None:
        return None
    return Story(records, SymbolLie(table.name, number, row, equal=equal))


def _masked(ground: Ground, table: Table, dice: random.Random, title: str) -> Story | None:
    records = ground.draw(dice)
    number = owner_of(table, title)
    if number < 0 or not records:
        return None
    row = row_in(table, records, dice) if dice.random() < 0.6 else dice.randrange(len(records))
    if row is None:
        return None
    held = int(ground.truth(records).traces[table.name][title][row])
    value = dice.choice([held + 1, held - 1, 0, 1 - held, dice.getrandbits(14)])
    return Story(records, CellLie(table.name, number, {(title, row): value}))


def _idle(ground: Ground, table: Table, dice: random.Random, title: str) -> Story | None:
    """An amount where nothing is accepted."""
    records = ground.draw(dice)
    rows = [row for row, record in enumerate(records) if record.reason != ACCEPTED]
    number = owner_of(table, title)
    if not rows or number < 0:
        return None
    return Story(records, CellLie(table.name, number, {(title, dice.choice(rows)): dice.choice([1, 2, 100])}))


def _entry(ground: Ground, table: Table, dice: random.Random, title: str) -> Story | None:
    """Another entry of a table than the one that the index or the symbol picks."""
    records = ground.draw(dice)
    row = row_in(table, records, dice)
    (item,) = (entry for entry in table.interactions if entry.name == f"{table.name}/{title} is in the table")
    columns = [entry.name for entry in item.payload if isinstance(entry, Column)]
    column = dice.choice(columns)
    if row is None:
        return None
    held = int(ground.truth(records).traces[table.name][column][row])
    return Story(records, CellLie(table.name, owner_of(table, column), {(column, row): held + dice.choice([1, -1, 5])}))


CELLS: dict[str, Callable[[Ground, Table, random.Random, str], Story | None]] = {
    " only if equal": lambda g, t, d, title: _symbol(g, t, d, title, equal=True),
    " if equal": lambda g, t, d, title: _symbol(g, t, d, title, equal=False),
    " is right": _masked,
    " is 0 where idle": _idle,
    " is in the table": _entry,
}
"""By the end of a name."""
