"""Tallies filled by hand: what follows from accounts, records and the order of rows, and a lie here and there."""

from __future__ import annotations

from collections.abc import Mapping

from zkpay.circuits.trace import Trace
from zkpay.stark.expression import Column, Expression, Linear, Product
from zkpay.stark.field import P

Forced = Mapping[tuple[str, int], int]


def settle(table: Trace, count: int, forced: Forced | None = None) -> None:
    """Sums, counts, ends and ordinals of the first rows as their constraints demand; `forced` cells are given."""
    forced = forced or {}
    same, real, accepted = table["order same"], table["is_real"], table["accepted"]
    added = added_up(table)
    last = min(count + 1, table.height - 1)
    for row in range(last + 1):

        def put(name: str, value: int, row: int = row) -> None:
            table[name][row] = forced.get((name, row), value) % P

        def carried(name: str, row: int = row) -> int:
            return int(same[row - 1]) * int(table[name][row - 1]) if row else 0

        for total, amount in added.items():
            put(total, int(table[amount][row]) + carried(total))
        put("accepted_count", int(accepted[row]) + carried("accepted_count"))
        put("rejected_count", int(real[row]) - int(accepted[row]) + carried("rejected_count"))
        put("seen", int(accepted[row]) + carried("seen") * (1 - int(accepted[row])))
        put("ends", int(real[row]) - (int(same[row]) if row < table.height - 1 else 0))
        before = (
            int(table["ordinal"][row - 1]) + int(table["ends"][row - 1]) * int(table["seen"][row - 1]) if row else 0
        )
        put("ordinal", before)
    table["ordinal"][last + 1 :] = table["ordinal"][last]


def added_up(table: Trace) -> dict[str, str]:
    """The running sums of a tally, each with the column that it adds up; the two counts are none of them."""
    found: dict[str, str] = {}
    names = {column.index: column.name for column in table.table.columns}
    for constraint in table.table.constraints:
        total, _, rest = constraint.name.removeprefix("tally/").partition(" adds up")
        if constraint.name.endswith(" adds up") and not rest and not total.endswith("_count"):
            # It reads the next amount, the next sum, and what is carried.
            (amount,) = next_columns(constraint.expression) - {table.places[total]}
            found[total] = names[amount]
    return found


def next_columns(expression: Expression) -> set[int]:
    """The columns that an expression reads on the next row."""
    if isinstance(expression, Column):
        return {expression.index} if expression.rotation else set()
    if isinstance(expression, Linear):
        return set().union(*(next_columns(part) for _, part in expression.terms))
    if isinstance(expression, Product):
        return next_columns(expression.left) | next_columns(expression.right)
    return set()
