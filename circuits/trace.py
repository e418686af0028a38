"""The witness of one table while it is filled, addressed by column names (SPEC §5)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from zkpay.circuits.evaluation import Elements, FieldReader, IntegerReader, Integers, Rows, evaluate
from zkpay.stark.air import Circuit, PlacedTable
from zkpay.stark.expression import Column, Expression
from zkpay.stark.field import P

Witness = dict[str, Elements]
"""uint32[width, height] of each table, canonical, by table name."""


class Trace:
    """Columns of one table; `trace[name]` is a view of a column, uint32[height], that may be written to."""

    def __init__(self, placed: PlacedTable, publics: Mapping[str, int], values: Elements | None = None) -> None:
        self.table = placed.table
        self.height = placed.height
        self.publics = publics
        shape = (self.table.width, placed.height)
        self.values: Elements = np.zeros(shape, dtype=np.uint32) if values is None else values
        if self.values.shape != shape:
            raise ValueError(f"table {self.table.name} is {shape}, not {self.values.shape}")
        self.places = {column.name: column.index for column in self.table.columns}

    def __getitem__(self, name: str) -> Elements:
        column: Elements = self.values[self.places[name]]
        return column

    def group(self, name: str) -> Elements:
        """The columns name[0], name[1], ... as a view uint32[count, height]."""
        first = self.places[f"{name}[0]"]
        count = 1
        while self.places.get(f"{name}[{count}]") == first + count:
            count += 1
        return self.values[first : first + count]

    def put(self, column: Column, values: NDArray[np.int64]) -> None:
        """Write int64[height]; integers that are no elements are taken modulo P."""
        self.values[column.index] = np.mod(values, P)

    def in_field(self, *expressions: Expression) -> list[Integers]:
        """The expressions on every row, canonical int64[height] each."""
        reader, memory = FieldReader(self._rows()), dict[Expression, Integers]()
        return [evaluate(expression, reader, self.height, memory) for expression in expressions]

    def in_integers(self, expression: Expression) -> Integers:
        """The expression on every row over the integers, int64[height]; it must stay below 2^63 in size."""
        return evaluate(expression, IntegerReader(self._rows()), self.height, {})

    def sent(self, bus: str) -> Integers:
        """The tuples that the table sends on a bus, int64[width, n], in the order of its rows."""
        (interaction,) = (item for item in self.table.interactions if item.bus.name == bus and item.sign > 0)
        multiplicity, *payload = self.in_field(interaction.multiplicity, *interaction.payload)
        return np.stack(payload)[:, multiplicity != 0]

    def _rows(self) -> Rows:
        return Rows(self.values, self.table.preprocessed_values, self.publics, 0, self.height)


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
