"""The tables of the limits: records that come as far as a limit, by (account, window, intake index) (SPEC §5.14).

Of an account's records in one window, or of all that it has, the first `limit` pass; all later ones don't. Both are
forced. The count of those that passed stops at the limit, so a row is open exactly while the count differs from it.
"""

from __future__ import annotations

from zkpay.circuits.gadgets.difference import increasing
from zkpay.ledger.encoding import ACCOUNT_ELEMENTS
from zkpay.stark.air import Bus, Table


def in_reach(limit: int, records: int) -> int:
    """The limit, or a smaller number that `records` records can't pass either."""
    return min(limit, records)


def limit_table(name: str, bus: Bus, limit: int, records: int) -> Table:
    """The table of a limit for up to `records` records; its bus carries (index, account, window, passes).

    The limit is cut to a field element where so many records don't reach it.
    """
    reached = in_reach(limit, records)
    table = Table(name)
    is_real = table.column("is_real")
    table.boolean("is_real is a bit", is_real)
    # A row of padding between two records of one group would start its count anew.
    table.transition("padding comes last", (1 - is_real) * is_real.next)
    index = table.column("index")
    account = table.column_group("account", ACCOUNT_ELEMENTS)
    window = table.column_group("window", bus.width - 1 - ACCOUNT_ELEMENTS - 1)
    passes = table.column("passes")
    table.receive(bus, "record is a contribution", (index, *account, *window, passes), is_real)

    place = [*account, *window, index]
    picks = increasing(table, "order", place, [element.next for element in place], is_real.next)
    same_group = picks[-1]
    count = table.column("count")
    table.first("count starts at 0", count)
    table.transition("count of those that passed", same_group * (count + passes) - count.next)
    left = reached - count
    inverse = table.column("inverse")
    # left = 0: the first demands 0; left != 0: the second demands 1.
    table.every("none passes where the limit is reached", passes - left * inverse)
    table.every("all pass until the limit is reached", left * (1 - passes))
    return table
