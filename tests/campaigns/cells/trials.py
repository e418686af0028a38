"""Cells of a part of a table changed in every way, and what becomes of each change.

A change that nothing objects to must be of a cell that free.json says is free, and every cell that it says is free must
have such a change: then the list is neither too short nor too long.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import numpy as np

from tests.campaigns.campaign import Tally
from tests.campaigns.cells.changes import pairs, single
from tests.campaigns.cells.free import FREE, FREE_PAIRS, FreeCells
from tests.campaigns.cells.mutation import CellTable, Changes, Flags, Part

MUTATIONS = "mutations"
BY_CONSTRAINT = "caught by a constraint"
BY_BUS = "caught by a bus alone"
BY_SUM = "caught by a sum alone"
BY_DESIGN = "free by design"
CELLS = "cells"
PAIRS = "pairs of cells changed"
BLOCK = 2048
"""Rows that are changed at a time."""
SHOWN = 3
"""Cells that a finding names."""


def parts_of(height: int) -> list[Part]:
    """A table's rows, some at a time."""
    return [Part(start, min(start + BLOCK, height)) for start in range(0, height, BLOCK)]


def try_columns(
    tally: Tally, unit: str, epoch: str, place: CellTable, columns: Sequence[int], free: Sequence[FreeCells] = FREE
) -> None:
    """Change every cell of these columns in every way."""
    for part in parts_of(place.height):
        place.move_to(part)
        for column in columns:
            dice = random.Random(f"{unit}/{part.start}/{column}")
            _try_column(tally, unit, epoch, place, column, dice, free)
            tally.counts[CELLS] += part.rows


def _try_column(
    tally: Tally,
    unit: str,
    epoch: str,
    place: CellTable,
    column: int,
    dice: random.Random,
    free: Sequence[FreeCells],
) -> None:
    names, changes = single(place, column, dice)
    changed = differences(place, changes)
    unnoticed = changed & ~_sort(tally, MUTATIONS, changed, place.objections(changes))
    lawful = np.zeros(place.part.rows, dtype=np.bool_)
    for entry in free:
        cells = entry.cells(epoch, place, column)
        if cells is None:
            continue
        lawful |= cells
        tally.count("Free by design", {entry.name: int((unnoticed & cells).sum())})
        fixed = np.flatnonzero(cells & ~unnoticed.any(axis=0))
        if len(fixed):
            where = _where(place, column, fixed)
            tally.find(f"{unit} {where}", f"the list says that it is free ({entry.name}), but no change goes unnoticed")
    tally.counts[BY_DESIGN] += int((unnoticed & lawful).sum())
    report(tally, unit, place, (column,), names, unnoticed & ~lawful)


def try_pairs(
    tally: Tally, unit: str, epoch: str, place: CellTable, columns: Sequence[int], free: Sequence[FreeCells] = FREE
) -> None:
    """Change cells of these columns together with a cell near them, on every row. What goes unnoticed must be free cell
    by cell, or on the list of pairs.
    """
    for part in parts_of(place.height):
        place.move_to(part)
        for column in columns:
            dice = random.Random(f"{unit}/{part.start}/{column}")
            for names, changes in pairs(place, column, dice):
                changed = differences(place, changes)
                unnoticed = changed & ~_sort(tally, PAIRS, changed, place.objections(changes))
                lawful = np.ones(changed.shape, dtype=np.bool_)
                for one, values in changes.items():
                    lawful &= _free(epoch, place, one, free) | ~differences(place, {one: values})
                for entry in FREE_PAIRS:
                    lawful |= np.logical_and.reduce([_free(epoch, place, one, [entry]) for one in changes])
                tally.counts["pairs free by design"] += int((unnoticed & lawful).sum())
                report(tally, unit, place, tuple(changes), names, unnoticed & ~lawful)


def _free(epoch: str, place: CellTable, column: int, free: Sequence[FreeCells]) -> Flags:
    """Where the list says that a column is free."""
    found = np.zeros(place.part.rows, dtype=np.bool_)
    for entry in free:
        cells = entry.cells(epoch, place, column)
        if cells is not None:
            found |= cells
    return found


def differences(place: CellTable, changes: Changes) -> Flags:
    """Where a change says something else than the table: bool[kinds, rows]."""
    return np.logical_or.reduce(
        [
            values != place.main[column, place.part.start : place.part.stop].astype(np.int64)
            for column, values in changes.items()
        ]
    )


def _sort(tally: Tally, what: str, changed: Flags, objections: Mapping[str, Flags]) -> Flags:
    """Count what objects to the changes; where anything does."""
    caught = {sort: np.zeros(changed.shape, dtype=np.bool_) for sort in (BY_CONSTRAINT, BY_BUS, BY_SUM)}
    for name, flags in objections.items():
        sort = BY_BUS if name.startswith("bus/") else BY_SUM if name.startswith("sum/") else BY_CONSTRAINT
        caught[sort] |= flags
    tally.counts[what] += int(changed.sum())
    noticed = np.zeros(changed.shape, dtype=np.bool_)
    for sort, flags in caught.items():
        tally.counts[sort] += int((changed & flags & ~noticed).sum())
        noticed |= flags
    return noticed


def report(
    tally: Tally, unit: str, place: CellTable, columns: Sequence[int], names: Sequence[str], unnoticed: Flags
) -> None:
    """A finding for each kind of change that goes unnoticed where it must not."""
    for name, flags in zip(names, unnoticed, strict=True):
        rows = np.flatnonzero(flags)
        if len(rows):
            where = " and ".join(_where(place, column, rows) for column in columns)
            tally.find(f"{unit} {where}", f"{name}: nothing objects")


def _where(place: CellTable, column: int, rows: Sequence[int] | np.ndarray) -> str:
    shown = [place.part.start + int(row) for row in rows[:SHOWN]]
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return f"{place.table.columns[column].name!r} row {', '.join(map(str, shown))}{more}"
