"""The uniqueness table: all contributions by (fingerprint, intake index) (SPEC §5.5).

Among the valid records with one fingerprint the first is accepted and all later ones are duplicates; both are
forced, so the operator can neither pay twice nor prefer a copy to its original.
"""

from __future__ import annotations

from zkpay.circuits.buses import UNIQUE
from zkpay.circuits.gadgets.difference import increasing
from zkpay.ledger.encoding import FINGERPRINT_ELEMENTS
from zkpay.stark.air import Table


def uniqueness_table() -> Table:
    """The table; it is the same for every policy with the rule."""
    table = Table("uniqueness")
    is_real = table.column("is_real")
    table.boolean("is_real is a bit", is_real)
    # A row of padding between two records would hide the first from the second.
    table.transition("padding comes last", (1 - is_real) * is_real.next)
    index = table.column("index")
    key = table.column_group("fingerprint", FINGERPRINT_ELEMENTS)
    valid, accepted = table.column("valid"), table.column("accepted")
    table.receive(UNIQUE, "record is a contribution", (index, *key, valid, accepted), is_real)

    place = [*key, index]
    picks = increasing(table, "order", place, [element.next for element in place], is_real.next)
    same_key = picks[FINGERPRINT_ELEMENTS]
    earlier = table.column("earlier")
    table.first("nothing is earlier than the first", earlier)
    table.transition("earlier valid record", same_key * (earlier + valid - earlier * valid) - earlier.next)
    table.every("the first valid record is accepted", valid * (1 - earlier) - accepted)
    return table
