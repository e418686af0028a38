"""The list of cells that are free by design (free.json), and which cells of a table its entries are about.

An entry names tables (as preset/form/table) and columns, by regular expressions for the whole name, and rows: a value
for each of some columns, preprocessed ones among them; `next:` and `previous:` before a name look at the row after and
before, and `row` is one of PLACES. Names may hold parts that the columns' expression has named. A column that a table
doesn't have is 0 everywhere; `is in a sum` is 1 on rows of which a cell is in some sum, whatever the cells hold, and
`picked below NAME[k]` on rows where a comparison picks a limb below its limb k.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.campaigns.cells.mutation import CellTable, Flags
from zkpay.circuits.evaluation import FieldReader, Rows, evaluate

FILE = Path(__file__).parent / "free.json"
PLACES: Mapping[str, Callable[[np.ndarray], Flags]] = {
    "last": lambda rows: np.asarray(rows == len(rows) - 1),
    "not the first": lambda rows: np.asarray(rows != 0),
}
SUMMED = "is in a sum"
PICKED = re.compile(r"picked below (.+)\[(\d+)\]")
TURNS = {"next:": -1, "previous:": 1}


@dataclass(frozen=True)
class FreeCells:
    """One entry. example: preset/form/table/column that has such cells; of pairs, both columns."""

    name: str
    tables: str
    columns: str
    rows: Mapping[str, int | str]
    reason: str
    example: str

    def cells(self, epoch: str, place: CellTable, column: int) -> Flags | None:
        """Which rows of the part the entry is about, in the epoch of that preset/form; None if it isn't about that
        column.
        """
        name = place.table.columns[column].name
        parts = re.fullmatch(self.columns, name)
        if parts is None or not re.fullmatch(self.tables, f"{epoch}/{place.table.name}"):
            return None
        found = np.ones(place.height, dtype=np.bool_)
        for key, value in self.rows.items():
            found &= (
                PLACES[str(value)](np.arange(place.height))
                if key == "row"
                else _column(place, key.format(**parts.groupdict())) == value
            )
        return found[place.part.start : place.part.stop]


def _summed(place: CellTable) -> np.ndarray:
    """1 on rows of which a cell is in some sum, whatever the cells hold."""
    ones = np.ones_like(place.main)
    rows = Rows(ones, place.table.preprocessed_values, place.publics, 0, place.height)
    found = np.zeros(place.height, dtype=np.int64)
    for row_sum in place.table.sums:
        found |= evaluate(row_sum.expression, FieldReader(rows), place.height, {}) != 0
    return found


def _column(place: CellTable, key: str) -> np.ndarray:
    if key == SUMMED:
        return _summed(place)
    if picked := re.fullmatch(PICKED, key):
        lower = [_column(place, f"{picked[1]} pick[{k}]") for k in range(int(picked[2]))]
        return np.any(lower, axis=0).astype(np.int64) if lower else np.zeros(place.height, dtype=np.int64)
    turn = next((turn for turn in TURNS if key.startswith(turn)), "")
    name = key.removeprefix(turn)
    values = np.zeros(place.height, dtype=np.int64)
    for column in place.table.columns:
        if column.name == name:
            values = place.main[column.index].astype(np.int64)
    for preprocessed, period in zip(place.table.preprocessed, place.table.preprocessed_values, strict=True):
        if preprocessed.name == name:
            values = np.resize(period, place.height)
    return np.roll(values, TURNS[turn]) if turn else values


def load(kind: str) -> tuple[FreeCells, ...]:
    """All entries of a kind: `cells` are free by themselves, `pairs` only where two of them change together."""
    return tuple(FreeCells(**entry) for entry in json.loads(FILE.read_text(encoding="utf-8"))[kind])


FREE, FREE_PAIRS = load("cells"), load("pairs")
