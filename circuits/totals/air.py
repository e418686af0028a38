"""The totals table: its first row holds, limb by limb, the sums of all scores and payouts (SPEC §5.8).

Each limb joins a circuit-wide sum with the payouts table's: sum over accounts - this = 0. Sums of limbs stay
below accounts * 2^10 < P, so they are the integers, and carries turn them into the public totals. The limbs
are witness: made public they would tell more than the totals do.
"""

from __future__ import annotations

from zkpay.circuits.bounds import SCORE_WIDTH, Bounds
from zkpay.circuits.gadgets.carry import PublicNumber, balance, minus_public, plus
from zkpay.circuits.gadgets.range import Limb
from zkpay.stark.air import Table, Where


def totals_table(bounds: Bounds) -> Table:
    """The table for these bounds."""
    table = Table("totals")
    _total(table, "score", bounds.score_widths, bounds.public_total_score, bounds)
    _total(table, "payout", bounds.payout_widths, bounds.public_paid, bounds)
    return table


def _total(table: Table, name: str, widths: tuple[int, ...], public: PublicNumber, bounds: Bounds) -> None:
    columns = table.column_group(f"{name}_limb", len(widths))
    for column in columns:
        table.transition(f"{column.name} is 0 below the first row", column.next)
        table.sum(column.name, f"{column.name} is the sum", -column)
    limbs = tuple(
        Limb(column, SCORE_WIDTH * k, ((1 << bits) - 1) * bounds.accounts)
        for k, (column, bits) in enumerate(zip(columns, widths, strict=True))
    )
    balance(table, name, [*plus(limbs), *minus_public(public)], Where.FIRST)
