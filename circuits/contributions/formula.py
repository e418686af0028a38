"""What the formula reads in the contributions table (SPEC §5.13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zkpay.circuits.bounds import Argument, Bounds
from zkpay.circuits.buses import Buses
from zkpay.circuits.contributions.columns import RecordColumns
from zkpay.circuits.formula.compiler import FormulaCompiler
from zkpay.circuits.gadgets.choice import look_up
from zkpay.circuits.gadgets.range import Natural, natural_of
from zkpay.circuits.lookups.contents import Contents, TableLimbs
from zkpay.ledger.fields import SLOT_BITS, NumberField
from zkpay.policy.language.program import Node, Operation
from zkpay.stark.air import Bus, Table
from zkpay.stark.expression import Column, Expression, constant


def numbered_entry(
    table: Table, name: str, bus: Bus, contents: Contents, number: str, index: Expression, active: Expression
) -> Natural:
    """The entry of a numbered table, in new columns `name`, on the rows where `active` is 1."""
    entries = contents.numbered[number]
    key = (entries.identifier, index)
    return look_up(table, name, bus, key, index, entries.table.table.values, SLOT_BITS, active)


class RecordSource:
    """Fields, and tables by symbol; they are as the policy bounds them on accepted rows."""

    def __init__(
        self,
        table: Table,
        contents: Contents,
        buses: Buses,
        accepted: Column,
        fields: Mapping[str, NumberField],
        record: RecordColumns,
        entries: Mapping[str, tuple[TableLimbs, Sequence[Column]]],
    ) -> None:
        self.table = table
        self.contents = contents
        self.bus = buses.tables
        self.accepted = accepted
        self.fields = fields
        self.record = record
        self.entries = entries

    def number(self, node: Node) -> Natural:
        """A field of the record, or a table's entry for one of its symbols."""
        if node.operation is Operation.FIELD and isinstance(node.value, str):
            field = self.fields[node.value]
            return natural_of(self.record.slots[field.name], field.maximum, SLOT_BITS)
        if node.operation is Operation.TABLE_OF_SYMBOL and isinstance(node.value, tuple):
            limbs, columns = self.entries[node.value[0]]
            return limbs.natural(list(columns))
        raise ValueError(f"{node.text}: no number of a contribution")

    def symbol(self, field: str) -> Expression:
        """The code of a symbol field."""
        return self.record.slots[field][0]

    def look_up(self, node: Node, index: Expression) -> Natural:
        """An entry of a numbered table."""
        name = f"{node.text} entry {self.table.width}"
        return numbered_entry(self.table, name, self.bus, self.contents, str(node.value), index, self.accepted)


def argument_limbs(compiler: FormulaCompiler, argument: Argument, bounds: Bounds) -> list[Expression]:
    """The limbs of what accounts aggregate, as they go to the tally: canonical on accepted rows, 0 on others."""
    number = compiler.output(argument.node, width=bounds.amount_width)
    return limbs_of(number, argument.widths, bounds.amount_width, argument.node)


def limbs_of(number: Natural, widths: Sequence[int], width: int, node: Node) -> list[Expression]:
    """A limb of at most widths[k] bits at each position width * k; 0 where the number has none.

    ValueError if it has others, or wider ones: whoever adds the limbs up reckons with these widths, and a sum beyond
    them could wrap around the field.
    """
    found = {limb.position: limb for limb in number}
    wanted = {width * k: bits for k, bits in enumerate(widths)}
    fits = all(limb.position in wanted and not limb.maximum >> wanted[limb.position] for limb in number)
    if not fits or len(found) != len(number):
        raise ValueError(f"{node.text}: not in limbs of {list(widths)} bits at every {width}th")
    return [found[position].expression if position in found else constant(0) for position in wanted]
