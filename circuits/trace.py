"""The witness of one table while it is filled, addressed by column names (SPEC §5).

A table of a million rows is filled in parts, by several threads: a part is small enough for its 64-bit temporaries to
stay in a core's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zkpay.circuits.evaluation import Elements, FieldReader, IntegerReader, Integers, Rows, evaluate
from zkpay.kernels.parallel import parallel_ranges
from zkpay.stark.air import Circuit, PlacedTable
from zkpay.stark.expression import Column, Expression, Phase
from zkpay.stark.field import P

PART_ROWS: Final = 1 << 14
"""Rows of a part: a column of int64 takes 128 KiB."""

Witness = dict[str, Elements]
"""uint32[width, height] of each table, canonical, by table name."""


class Trace:
    """Columns of one table; `trace[name]` is a view of a column, uint32[height], that may be written to.

    A part of a trace is a trace of some of its rows, from `start` on, and shares its values; columns on the next row
    are read beyond its end.
    """

    def __init__(self, placed: PlacedTable, publics: Mapping[str, int], values: Elements | None = None) -> None:
        shape = (placed.table.width, placed.height)
        if values is None:
            values = np.zeros(shape, dtype=np.uint32)
        elif values.shape != shape:
            raise ValueError(f"table {placed.table.name} is {shape}, not {values.shape}")
        self.table = placed.table
        self.publics = publics
        self.places = {column.name: column.index for column in self.table.columns}
        self.whole: Elements = values
        """The values of all rows of the table, of which this may be a part."""
        self.start, self.stop = 0, placed.height

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.stop - self.start

    @property
    def values(self) -> Elements:
        """The columns as views, uint32[width, height]."""
        return self.whole[:, self.start : self.stop]

    @property
    def ends_table(self) -> bool:
        """Whether the last row is the table's last."""
        return self.stop == len(self.whole[0])

    def part(self, start: int, stop: int) -> Trace:
        """The rows start..stop."""
        found = copy(self)
        found.start, found.stop = self.start + start, self.start + stop
        return found

    def in_parts(self, work: Callable[[Trace], object]) -> None:
        """Call `work` on parts that make up the trace, on all cores."""

        def run(start: int, stop: int) -> None:
            for first in range(start, stop, PART_ROWS):
                work(self.part(first, min(first + PART_ROWS, stop)))

        parallel_ranges(run, self.height, grain=PART_ROWS)

    def __getitem__(self, name: str) -> Elements:
        column: Elements = self.whole[self.places[name], self.start : self.stop]
        return column

    def group(self, name: str) -> Elements:
        """The columns name[0], name[1], ... as a view uint32[count, height]."""
        first = self.places[f"{name}[0]"]
        count = 1
        while self.places.get(f"{name}[{count}]") == first + count:
            count += 1
        return self.whole[first : first + count, self.start : self.stop]

    def put(self, column: Column, values: NDArray[np.int64]) -> None:
        """Write int64[height]; integers that are no elements are taken modulo P."""
        if values.size and (int(values.min()) < 0 or int(values.max()) >= P):
            values = np.mod(values, P)
        self.whole[column.index, self.start : self.stop] = values

    def in_field(self, *expressions: Expression) -> list[Integers]:
        """The expressions on every row, canonical int64[height] each."""
        reader, memory = FieldReader(self._rows()), dict[Expression, Integers]()
        return [evaluate(expression, reader, self.height, memory) for expression in expressions]

    def elements(self, expressions: Sequence[Expression]) -> Elements:
        """The expressions on every row, uint32[count, height], by all cores."""
        found = np.empty((len(expressions), self.height), dtype=np.uint32)
        self.in_parts(lambda part: part.read_into(expressions, found[:, part.start - self.start :]))
        return found

    def read_into(self, expressions: Sequence[Expression], target: Elements) -> None:
        """Write the expressions on every row to the first columns of uint32[count, height or more]."""
        reader, memory = FieldReader(self._rows()), dict[Expression, Integers]()
        for row, expression in zip(target, expressions, strict=True):
            if isinstance(expression, Column) and expression.phase is Phase.MAIN and not expression.rotation:
                row[: self.height] = self.whole[expression.index, self.start : self.stop]
            else:
                row[: self.height] = evaluate(expression, reader, self.height, memory)

    def in_integers(self, expression: Expression) -> Integers:
        """The expression on every row over the integers, int64[height]; it must stay below 2^63 in size."""
        return evaluate(expression, IntegerReader(self._rows()), self.height, {})

    def sent(self, bus: str) -> Elements:
        """The tuples that the table sends on a bus, uint32[width, n], in the order of its rows."""
        (interaction,) = (item for item in self.table.interactions if item.bus.name == bus and item.sign > 0)
        payload = self.elements(interaction.payload)
        rows = np.flatnonzero(self.elements([interaction.multiplicity])[0])
        if not len(rows) or rows[-1] == len(rows) - 1:
            return payload[:, : len(rows)]
        return payload[:, rows]

    def _rows(self) -> Rows:
        return Rows(self.whole, self.table.preprocessed_values, self.publics, self.start, self.stop)


def traces(circuit: Circuit, witness: Witness | None = None) -> dict[str, Trace]:
    """A trace of every table, by name: all zero, or views of `witness`."""
    return {
        item.table.name: Trace(item, circuit.publics, None if witness is None else witness[item.table.name])
        for item in circuit.placed
    }


def columns(witness: Witness, circuit: Circuit, table: str) -> dict[str, Elements]:
    """The columns of one table of a witness, as views uint32[height] that may be written to, by column name."""
    trace = traces(circuit, witness)[table]
    return {name: trace[name] for name in trace.places}
