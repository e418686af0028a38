"""The uniqueness tables, one for each unique rule: all contributions by (key, intake index) (SPEC §5.5).

Among the valid records with one key the first comes first and no later one does; both are forced, so the operator can
neither pay twice nor prefer a copy to its original. What follows for the records' reasons is said where they are.
"""

from __future__ import annotations

from zkpay.circuits.buses import unique_bus
from zkpay.circuits.gadgets.difference import increasing
from zkpay.circuits.heights import uniqueness_name
from zkpay.stark.air import Table


def uniqueness_table(rule: int, key_elements: int) -> Table:
    """The table of a unique rule, the first being 0, with keys of so many elements."""
    table = Table(uniqueness_name(rule))
    is_real = table.column("is_real")
    table.boolean("is_real is a bit", is_real)
    # A row of padding between two records would hide the first from the second.
    table.transition("padding comes last", (1 - is_real) * is_real.next)
    index = table.column("index")
    key = table.column_group("key", key_elements)
    valid, first = table.column("valid"), table.column("first")
    table.receive(unique_bus(rule, key_elements), "record is a contribution", (index, *key, valid, first), is_real)

    place = [*key, index]
    picks = increasing(table, "order", place, [element.next for element in place], is_real.next)
    same_key = picks[key_elements]
    earlier = table.column("earlier")
    table.first("nothing is earlier than the first", earlier)
    table.transition("earlier valid record", same_key * (earlier + valid - earlier * valid) - earlier.next)
    table.every("the first valid record comes first", valid * (1 - earlier) - first)
    return table
