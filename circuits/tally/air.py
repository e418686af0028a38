"""The tally: all contributions by account; sums and counts over each account's records (SPEC §5.6).

Accounts strictly increase from group to group, so an account has one group. At the end of a group with an
accepted record, its sums go to the payouts, numbered in order. Limbs of sums stay below height * 2^width <=
2^30 < P.
"""

from __future__ import annotations

from zkpay.circuits.bounds import Bounds
from zkpay.circuits.buses import Buses
from zkpay.circuits.gadgets.difference import non_decreasing
from zkpay.ledger.encoding import ACCOUNT_ELEMENTS
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Expression


def tally_table(bounds: Bounds, buses: Buses) -> Table:
    """The table for points of that many limbs."""
    table = Table("tally")
    is_real = table.column("is_real")
    table.boolean("is_real is a bit", is_real)
    # A row of padding between two records of one account would split it, and pay it twice.
    table.transition("padding comes last", (1 - is_real) * is_real.next)
    account = table.column_group("account", ACCOUNT_ELEMENTS)
    accepted = table.column("accepted")
    points = table.column_group("points", len(bounds.points_widths))
    table.receive(buses.records, "record is a contribution", (*account, accepted, *points), is_real)

    same = non_decreasing(table, "order", account, [element.next for element in account], is_real.next)
    ends = table.column("ends")
    table.transition("group ends where the account changes", is_real - same - ends)
    table.last("group ends with the table", is_real - ends)

    def running(name: str, amount: Expression, next_amount: Expression) -> Column:
        """The sum of `amount` over the group's rows so far."""
        column = table.column(name)
        table.first(f"{name} starts", amount - column)
        table.transition(f"{name} adds up", next_amount + same * column - column.next)
        return column

    sums = [running(f"sum[{k}]", limb, limb.next) for k, limb in enumerate(points)]
    accepted_count = running("accepted_count", accepted, accepted.next)
    rejected_count = running("rejected_count", is_real - accepted, is_real.next - accepted.next)
    seen = table.column("seen")
    table.first("seen starts", accepted - seen)
    # Once an accepted record of the account was seen, it stays seen to the end of the group.
    table.transition("seen goes on", accepted.next + same * seen * (1 - accepted.next) - seen.next)
    ordinal = table.column("ordinal")
    table.first("ordinal starts at 0", ordinal)
    table.transition("ordinal counts", ordinal + ends * seen - ordinal.next)
    table.send(
        buses.accounts,
        "account goes to the payouts",
        (ordinal, *account, *sums, accepted_count, rejected_count),
        ends * seen,
    )
    return table
