"""The tally: all contributions by account; sums, largest values and counts over each account's records (SPEC §5.6).

Accounts strictly increase from group to group, so an account has one group. At the end of a group with an
accepted record, its aggregates go to the payouts, numbered in order. Limbs of sums stay below height * 2^width <=
2^30 < P. The amounts of a record that isn't accepted are 0, which changes no sum and no largest value.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkpay.circuits.bounds import Bounds
from zkpay.circuits.buses import Buses
from zkpay.circuits.gadgets.compare import at_most
from zkpay.circuits.gadgets.difference import non_decreasing
from zkpay.ledger.encoding import ACCOUNT_ELEMENTS
from zkpay.policy.language.program import Operation
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Expression


def tally_table(bounds: Bounds, buses: Buses) -> Table:
    """The table for these aggregates."""
    table = Table("tally")
    is_real = table.column("is_real")
    table.boolean("is_real is a bit", is_real)
    # A row of padding between two records of one account would split it, and pay it twice.
    table.transition("padding comes last", (1 - is_real) * is_real.next)
    account = table.column_group("account", ACCOUNT_ELEMENTS)
    accepted = table.column("accepted")
    amounts = {argument: table.column_group(argument.name, len(argument.widths)) for argument in bounds.arguments}
    limbs = [limb for group in amounts.values() for limb in group]
    table.receive(buses.records, "record is a contribution", (*account, accepted, *limbs), is_real)

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

    accepted_count = running("accepted_count", accepted, accepted.next)
    rejected_count = running("rejected_count", is_real - accepted, is_real.next - accepted.next)
    seen = table.column("seen")
    table.first("seen starts", accepted - seen)
    # Once an accepted record of the account was seen, it stays seen to the end of the group.
    table.transition("seen goes on", accepted.next + same * seen * (1 - accepted.next) - seen.next)
    aggregates: list[Column] = []
    for aggregate in bounds.aggregates:
        if aggregate.argument is None:
            continue
        amount = amounts[aggregate.argument]
        if aggregate.node.operation is Operation.SUM:
            aggregates += [running(f"{aggregate.name}[{k}]", limb, limb.next) for k, limb in enumerate(amount)]
        else:
            largest, attained = _largest(table, bounds, aggregate.name, amount, is_real, same)
            table.every(f"{aggregate.name} is attained", ends * seen * (1 - attained))
            aggregates += largest
    ordinal = table.column("ordinal")
    table.first("ordinal starts at 0", ordinal)
    table.transition("ordinal counts", ordinal + ends * seen - ordinal.next)
    table.send(
        buses.accounts,
        "account goes to the payouts",
        (ordinal, *account, *aggregates, accepted_count, rejected_count),
        ends * seen,
    )
    return table


def _largest(
    table: Table, bounds: Bounds, name: str, amount: Sequence[Column], is_real: Column, same: Column
) -> tuple[list[Column], Column]:
    """Limbs that are the same on all rows of a group, and at least the amount of each; and the number of rows so far
    that were shown to have just these limbs, each with any weight.

    At the end of a group that number must be 1: so at least one row has them, which also puts the limbs into their
    range.
    """
    largest = table.column_group(name, len(amount))
    for limb in largest:
        table.transition(f"{limb.name} is one for the account", same * (limb.next - limb))
    covers = at_most(table, f"{name} covers the record", amount, largest, bounds.amount_width, is_real)
    table.every(f"{name} covers every record", is_real - covers)
    attained = table.column(f"{name} attained")
    shown = attained.next - same * attained
    for k, (limb, own) in enumerate(zip(largest, amount, strict=True)):
        table.first(f"{name} attained first in limb {k}", attained * (limb - own))
        table.transition(f"{name} attained in limb {k}", shown * (limb.next - own.next))
    return largest, attained
