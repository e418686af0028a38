"""Single tables around one gadget: which of their rows pass, and all rows that could."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from zkpay.circuits.buses import RANGE
from zkpay.circuits.evaluation import FieldReader, Integers, Rows, evaluate
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Interaction, PlacedTable, Table, Where
from zkpay.stark.expression import Column, Expression, Linear, Product, linear
from zkpay.stark.field import P, inverse

STRANGE = (0, 1, 2, P - 1)
"""Bits and values that are none."""

INVERSES = tuple(sorted({0, 1, 2, P - 1, *(inverse(d % P) for d in range(-8, 9) if d)}))
"""All that can be the inverse of a difference of small numbers, and a few others."""

COPIES = (*range(16), P - 1)
"""What a column that holds a small value again can be."""


def every_combination(*domains: Sequence[int]) -> np.ndarray:
    """All tuples of the domains as int64[len(domains), n], padded with the first to a power of two."""
    rows = np.array(list(itertools.product(*domains)), dtype=np.int64).T
    height = 1 << (rows.shape[1] - 1).bit_length()
    return np.concatenate([rows, np.repeat(rows[:, :1], height - rows.shape[1], axis=1)], axis=1)


def trace_of(table: Table, height: int, publics: Mapping[str, int] | None = None) -> Trace:
    """A trace of the table, all zero."""
    return Trace(PlacedTable(table, height), publics or {})


def passing_rows(trace: Trace, offered: Collection[tuple[int, ...]] = ()) -> np.ndarray:
    """bool[height]: no constraint is violated on the row, and all that it looks up is there.

    offered: the tuples that may be taken off buses other than the range bus.
    """
    rows = Rows(trace.values, trace.table.preprocessed_values, trace.publics, 0, trace.height)
    reader, memory = FieldReader(rows), dict[Expression, Integers]()
    passes = np.ones(trace.height, dtype=bool)
    for constraint in trace.table.constraints:
        holds = evaluate(constraint.expression, reader, trace.height, memory) == 0
        exempt = {
            Where.EVERY: slice(0, 0),
            Where.TRANSITION: slice(-1, None),
            Where.FIRST: slice(1, None),
            Where.LAST: slice(0, -1),
        }[constraint.where]
        holds[exempt] = True
        passes &= holds
    for interaction in trace.table.interactions:
        passes &= _is_there(interaction, reader, trace.height, memory, offered)
    return passes


def _is_there(
    interaction: Interaction,
    reader: FieldReader,
    count: int,
    memory: dict[Expression, Integers],
    offered: Collection[tuple[int, ...]],
) -> np.ndarray:
    if interaction.sign > 0:
        return np.ones(count, dtype=bool)
    payload = [evaluate(entry, reader, count, memory) for entry in interaction.payload]
    taken = evaluate(interaction.multiplicity, reader, count, memory) != 0
    if interaction.bus == RANGE:
        return ~taken | (payload[1] < 1 << payload[0])
    known = set(offered)
    found = np.array([tuple(entry) in known for entry in np.stack(payload).T.tolist()], dtype=bool)
    return ~taken | found


def all_witnesses(
    table: Table,
    inputs: Mapping[str, np.ndarray],
    publics: Mapping[str, int] | None = None,
    offered: Collection[tuple[int, ...]] = (),
    domains: Mapping[str, Sequence[int]] | None = None,
) -> dict[str, np.ndarray]:
    """Every row that passes, by column: all assignments are tried of the columns that aren't among the inputs.

    A column that is looked up takes every value in its range, inverses take `INVERSES`, copies of small values take
    `COPIES`, and all others, which are meant to be bits, take `STRANGE`; unless `domains` says otherwise. Columns are
    assigned one after the other; what violates a constraint on assigned columns is dropped at once. Rows are
    independent of one another.
    """
    columns = {column.index: column for column in table.columns}
    count = len(next(iter(inputs.values())))
    values = np.zeros((table.width, count), dtype=np.uint32)
    for column in table.columns:
        if column.name in inputs:
            values[column.index] = inputs[column.name]
    assigned = {column.index for column in table.columns if column.name in inputs}
    todo = [(set(_indices(c.expression)), Table("", columns=table.columns, constraints=[c])) for c in table.constraints]
    for interaction in table.interactions:
        read = set(_indices(linear([(1, entry) for entry in (*interaction.payload, interaction.multiplicity)])))
        todo.append((read, Table("", columns=table.columns, interactions=[interaction])))

    def filtered(values: np.ndarray) -> np.ndarray:
        for read, part in [item for item in todo if item[0] <= assigned]:
            todo.remove((read, part))
            trace = Trace(PlacedTable(part, values.shape[1]), publics or {}, values)
            values = values[:, passing_rows(trace, offered)]
        return values

    values = filtered(values)
    while len(assigned) < len(columns):
        # Next a column of the constraint that lacks fewest.
        open_constraints = [read - assigned for read, part in todo if part.constraints]
        lacking = min(open_constraints, key=len, default=set(columns) - assigned)
        index = min(lacking)
        domain = np.array(_domain(table, columns[index], domains or {}), dtype=np.uint32)
        repeated = np.repeat(values, len(domain), axis=1)
        repeated[index] = np.tile(domain, values.shape[1])
        assigned.add(index)
        values = filtered(repeated)
    return {column.name: values[column.index].astype(np.int64) for column in table.columns}


def _domain(table: Table, column: Column, domains: Mapping[str, Sequence[int]]) -> Sequence[int]:
    if column.name in domains:
        return domains[column.name]
    for interaction in table.interactions:
        if interaction.bus == RANGE and interaction.payload[1] is column:
            trace = trace_of(Table(""), 1)
            return range(1 << int(trace.in_field(interaction.payload[0])[0][0]))
    if column.name.endswith(" inverse"):
        return INVERSES
    return COPIES if column.name.endswith(" if active") else STRANGE


def _indices(expression: Expression) -> list[int]:
    """The main columns that an expression reads."""
    found: list[int] = []
    pending = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, Column):
            found.append(node.index)
        elif isinstance(node, Linear):
            pending += [term for _, term in node.terms]
        elif isinstance(node, Product):
            pending += [node.left, node.right]
    return found
