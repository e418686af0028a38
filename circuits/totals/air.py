"""The totals table: its first row holds, limb by limb, the sums over all accounts (SPEC §5.8).

Each limb joins a circuit-wide sum with the payouts table's: sum over accounts - this = 0. Sums of limbs stay
below accounts * 2^10 < P, so they are the integers, and carries turn them into the public totals. The limbs
are witness: made public they would tell more than the totals do.
"""

from __future__ import annotations

from zkpay.circuits.bounds import TOTAL_WIDTH, AccountTotal, Bounds
from zkpay.circuits.gadgets.balance import balance
from zkpay.circuits.gadgets.carry import minus_public, plus
from zkpay.circuits.gadgets.range import Limb
from zkpay.stark.air import Table, Where


def limb_name(total: AccountTotal, k: int) -> str:
    """The sum of one limb of a total: a column here, and the name of a circuit-wide sum."""
    return f"{total.name}_limb[{k}]"


def totals_table(bounds: Bounds) -> Table:
    """The table for these bounds."""
    table = Table("totals")
    for total in bounds.totals:
        _total(table, total, bounds.accounts)
    return table


def _total(table: Table, total: AccountTotal, accounts: int) -> None:
    columns = table.column_group(f"{total.name}_limb", len(total.widths))
    for column in columns:
        table.transition(f"{column.name} is 0 below the first row", column.next)
        table.sum(column.name, f"{column.name} is the sum", -column)
    limbs = tuple(
        Limb(column, TOTAL_WIDTH * k, ((1 << bits) - 1) * accounts)
        for k, (column, bits) in enumerate(zip(columns, total.widths, strict=True))
    )
    balance(table, total.name, [*plus(limbs), *minus_public(total.public)], Where.FIRST)
