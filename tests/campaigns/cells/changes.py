"""What is written into cells: other values of one column, or of two columns at once, on every row of a part."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from tests.campaigns.cells.mutation import CellTable, Changes
from zkpay.circuits.buses import RANGE
from zkpay.circuits.evaluation import Integers
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Constant
from zkpay.stark.field import P

Names = tuple[str, ...]
BY_PAIRS = 8
"""Columns that stand closer together than this are changed in pairs: those of one number, digest or gadget."""


def widths(table: Table) -> dict[int, set[int]]:
    """The widths in bits that columns are looked up with, by column."""
    found: dict[int, set[int]] = {}
    for interaction in table.interactions:
        if interaction.bus == RANGE and interaction.sign < 0:
            bits, looked_up = interaction.payload
            if isinstance(bits, Constant) and isinstance(looked_up, Column):
                found.setdefault(looked_up.index, set()).add(bits.value)
    return found


def single(place: CellTable, column: int, dice: random.Random) -> tuple[Names, Changes]:
    """Every kind of change of one column: their names and the new values int64[kinds, rows]."""
    here, following = _values(place, column, 0), _values(place, column, 1)
    edges = {1 << 14: "2^14", 1 << 15: "2^15"}
    for bits in sorted(widths(place.table).get(column, set()) | {int(here.max()).bit_length()}):
        edges |= {((1 << bits) - 1) % P: f"2^{bits} - 1", (1 << bits) % P: f"2^{bits}"}
    kinds: list[tuple[str, Integers]] = [
        ("+1", (here + 1) % P),
        ("-1", (here - 1) % P),
        ("0", np.zeros_like(here)),
        ("p-1", np.full_like(here, P - 1)),
        ("negated", -here % P),
        *((name, np.full_like(here, edge)) for edge, name in edges.items()),
        ("next row's", following),
        ("random", np.array([dice.randrange(P) for _ in range(len(here))], dtype=np.int64)),
    ]
    return tuple(name for name, _ in kinds), {column: np.stack([values for _, values in kinds])}


def pairs(place: CellTable, column: int, dice: random.Random) -> Iterator[tuple[Names, Changes]]:
    """Changes of a column together with one that stands near it, on one row."""
    other = _neighbour(place, column, dice)
    if other == column:
        return
    low, high = _values(place, column, 0), _values(place, other, 0)
    # A unit of a limb above is worth 2^width of a limb below.
    known = widths(place.table)
    unit = 1 << min(known.get(column, {dice.choice((1, 10, 14, 15))}))
    amount = np.array([dice.randrange(1, P) for _ in range(len(low))], dtype=np.int64)
    kinds: list[tuple[str, Integers, Integers]] = [
        ("+1, -1", low + 1, high - 1),
        ("-1, +1", low - 1, high + 1),
        ("+1, +1", low + 1, high + 1),
        ("both negated", -low, -high),
        ("swapped", high, low),
        ("carried", low + unit, high - 1),
        ("borrowed", low - unit, high + 1),
        ("moved", low + amount, high - amount),
        ("0, 0", np.zeros_like(low), np.zeros_like(high)),
    ]
    yield (
        tuple(name for name, _, _ in kinds),
        {column: np.stack([first for _, first, _ in kinds]) % P, other: np.stack([last for _, _, last in kinds]) % P},
    )


def _neighbour(place: CellTable, column: int, dice: random.Random) -> int:
    nearest = [
        other
        for other in range(column - BY_PAIRS, column + BY_PAIRS + 1)
        if 0 <= other < place.table.width and other != column
    ]
    return dice.choice(nearest) if nearest else column


def _values(place: CellTable, column: int, rotation: int) -> Integers:
    rows = (np.arange(place.part.start, place.part.stop) + rotation) % place.height
    return place.main[column, rows].astype(np.int64)
