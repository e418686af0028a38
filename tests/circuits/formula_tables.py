"""A formula's line in a table of its own, its leaves as inputs, and what the definition says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pytest

from tests.circuits.gadget_tables import all_witnesses, passing_rows, trace_of
from zkpay.circuits.formula import compiler, division
from zkpay.circuits.formula.compiler import FormulaCompiler
from zkpay.circuits.gadgets import arithmetic, balance, carry
from zkpay.circuits.gadgets.choice import look_up
from zkpay.circuits.gadgets.range import Limb, Natural, limb_widths, natural_of
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.trace import Trace
from zkpay.ledger.fields import SLOT_BITS, Field, NumberField, SymbolField
from zkpay.policy.language.columns import public_values
from zkpay.policy.language.definition import Outcome, Record, evaluate
from zkpay.policy.language.formula import parse_formula
from zkpay.policy.language.lowering import lower
from zkpay.policy.language.program import Node, Operation
from zkpay.policy.language.tree import Table as PolicyTable
from zkpay.stark.air import Bus, Table
from zkpay.stark.expression import Column, Expression

TABLES: Final = Bus("tables", 40, 14)


class LineTable:
    """Compiles one line, whose value on row r is what the definition says of record r alone.

    A line about accounts sees them as accounts of one record each: `sum(x)` and `max(x)` of a field are then inputs,
    sums in limbs that could hold as much as `records` of them make.
    """

    def __init__(
        self,
        lines: Mapping[str, str],
        line: str,
        fields: Sequence[Field],
        tables: Mapping[str, PolicyTable],
        constants: Mapping[str, int],
        *,
        width: int = SLOT_BITS,
        output_width: int | None = None,
        records: int = 1 << 14,
    ) -> None:
        self.fields = {field.name: field for field in fields}
        self.tables = tables
        self.formula = parse_formula({**lines, "payout": "0"}, fields, tables, constants)
        self.program = lower(self.formula, records, records)
        self.line = line
        self.table = Table("t")
        self.active = self.table.column("active")
        self.entries: dict[Node, Natural] = {}
        self.leaves: dict[str, list[Column]] = {}
        self.offered: list[tuple[int, ...]] = []
        self._add_leaves(self.program.lines[line])
        self.compiler = FormulaCompiler(self.table, self.active, self, width, self.program.lines)
        self.result = self.compiler.output(self.program.lines[line], width=output_width or width)

    def _add_leaves(self, root: Node) -> None:
        pending, seen = [root], set[Node]()
        while pending:
            node = pending.pop()
            if node in seen or node.operation is Operation.TOTAL:
                continue
            seen.add(node)
            if node.operation in (Operation.SUM, Operation.LARGEST, Operation.FIELD, Operation.TABLE_OF_SYMBOL):
                largest = node.arguments[0].high if node.operation is Operation.SUM else node.high
                self._column(leaf_name(node), len(limb_widths(largest, SLOT_BITS)))
            elif node.operation is Operation.IS_SYMBOL and isinstance(node.value, tuple):
                self._column(node.value[0], 1)
            else:
                pending += node.arguments

    def _column(self, name: str, count: int) -> None:
        if name not in self.leaves:
            self.leaves[name] = self.table.column_group(f"leaf {name}", count)

    # What the compiler asks for.

    def number(self, node: Node) -> Natural:
        columns = self.leaves[leaf_name(node)]
        if node.operation is not Operation.SUM:
            return natural_of(columns, node.high, SLOT_BITS)
        largest = node.arguments[0].high
        return tuple(
            Limb(column, SLOT_BITS * k, min(largest >> (SLOT_BITS * k), (1 << SLOT_BITS) - 1) * self.program.records)
            for k, column in enumerate(columns)
        )

    def symbol(self, field: str) -> Expression:
        return self.leaves[field][0]

    def look_up(self, node: Node, index: Expression) -> Natural:
        number = len(self.entries)
        values = self.tables[str(node.value)].values
        found = look_up(self.table, f"entry {number}", TABLES, (number, index), index, values, SLOT_BITS, self.active)
        self.entries[node] = found
        for n, value in enumerate(values):
            limbs = [(value >> limb.position) & ((1 << SLOT_BITS) - 1) for limb in found]
            self.offered.append((number, n, *limbs, *([0] * (TABLES.width - 2 - len(found)))))
        return found

    # What rows hold.

    def outcome(self, records: Sequence[Mapping[str, int]]) -> Outcome:
        """The definition's values, each record in an account of its own."""
        return evaluate(self.formula, [Record(k.to_bytes(20, "big"), record) for k, record in enumerate(records)])

    def expected(self, records: Sequence[Mapping[str, int]]) -> list[int]:
        """The line's value for each record."""
        found = self.outcome(records).lines[self.line]
        return found if isinstance(found, list) else [found] * len(records)

    def inputs(self, records: Sequence[Mapping[str, int]], active: Sequence[int]) -> dict[str, np.ndarray]:
        """The columns of the leaves."""
        columns = {"active": np.array(active)}
        for name, group in self.leaves.items():
            values = [self._leaf(name, record) for record in records]
            for k, column in enumerate(group):
                columns[column.name] = np.array([value >> (SLOT_BITS * k) & ((1 << SLOT_BITS) - 1) for value in values])
        return columns

    def _leaf(self, name: str, record: Mapping[str, int]) -> int:
        field, _, table = name.partition("/")
        if field.isdigit():
            return int(field)  # a constant, summed up over one record
        return self.tables[table].values[record[field]] if table else record[field]

    def publics(self, records: Sequence[Mapping[str, int]]) -> dict[str, int]:
        """Digits of all public numbers, for the totals of these records."""
        values = public_values(self.program, self.outcome(records).totals)
        numbers = {name: values[node] for name, node in self.compiler.public_numbers.items()}
        found: dict[str, int] = {}
        for gadget in self.table.gadgets:
            for digits in getattr(gadget, "digits", ()):
                found |= digits.values(numbers)
        return found

    def filled(self, records: Sequence[Mapping[str, int]], active: Sequence[int]) -> Trace:
        """A trace of these records, as many as a power of two."""
        trace = trace_of(self.table, len(records), self.publics(records))
        for name, values in self.inputs(records, active).items():
            trace[name][:] = values
        fill_gadgets(trace)
        return trace

    def passing(self, trace: Trace) -> np.ndarray:
        """Which rows pass."""
        return passing_rows(trace, self.offered)

    def values(self, trace: Trace) -> list[int]:
        """What the line's limbs hold on every row."""
        limbs = trace.in_field(*(limb.expression for limb in self.result))
        return [
            sum(int(limb[row]) << part.position for limb, part in zip(limbs, self.result, strict=True))
            for row in range(trace.height)
        ]

    def all_values(self, records: Sequence[Mapping[str, int]], active: Sequence[int]) -> list[set[int]]:
        """Of each record, all values that any witness at all gives the line."""
        inputs, publics = self.inputs(records, active), self.publics(records)
        entries = {
            limb.expression.name: sorted({entry[2 + k] for entry in self.offered if entry[0] == number})
            for number, group in enumerate(self.entries.values())
            for k, limb in enumerate(group)
            if isinstance(limb.expression, Column)
        }
        found = all_witnesses(self.table, inputs, publics, self.offered, entries)
        trace = trace_of(self.table, len(found["active"]), publics)
        for name, values in found.items():
            trace[name][:] = values
        rows = [tuple(row) for row in np.stack(list(inputs.values())).T.tolist()]
        passing: dict[tuple[int, ...], set[int]] = {row: set() for row in rows}
        keys = np.stack([found[name] for name in inputs]).T.tolist()
        for key, value in zip(keys, self.values(trace), strict=True):
            passing[tuple(key)].add(value)
        return [passing[row] for row in rows]


def narrow_look_ups(monkeypatch: pytest.MonkeyPatch, bits: int) -> None:
    """Let gadgets know of look-ups of at most so many bits, and of short lines: small numbers then have several limbs
    and carries.
    """
    for module in (arithmetic, balance, carry, compiler):
        monkeypatch.setattr(module, "MAXIMUM_RANGE_BITS", bits)
    monkeypatch.setattr(balance, "P", 1 << (2 * bits + 2))
    for module in (compiler, division):
        monkeypatch.setattr(module, "NARROWEST", 1)


def leaf_name(node: Node) -> str:
    """The field that a leaf reads, with the table where it is an entry for the field's symbol."""
    if node.operation is Operation.TABLE_OF_SYMBOL and isinstance(node.value, tuple):
        return f"{node.value[1]}/{node.value[0]}"
    if node.operation in (Operation.SUM, Operation.LARGEST):
        return leaf_name(node.arguments[0])
    return str(node.value)


def small_fields(*numbers: tuple[str, int], symbols: Mapping[str, int] | None = None) -> list[Field]:
    """Number fields with their maxima, and symbol fields with so many values a, b, c, ..."""
    return [
        *(SymbolField(name, tuple("abcdefgh"[:count])) for name, count in (symbols or {}).items()),
        *(NumberField(name, maximum) for name, maximum in numbers),
    ]
