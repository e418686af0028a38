"""Filling the totals table from the payouts table (SPEC §5.8)."""

from __future__ import annotations

from zkpay.circuits.bounds import Bounds
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.totals.air import limb_name
from zkpay.circuits.trace import Trace
from zkpay.stark.field import P


def fill_totals(trace: Trace, bounds: Bounds, payouts: Trace) -> None:
    """Fill all columns: on the first row what the payouts add to each circuit-wide sum, so that both cancel."""
    added = {row_sum.target: row_sum.expression for row_sum in payouts.table.sums}
    for total in bounds.totals:
        for k in range(len(total.widths)):
            name = limb_name(total, k)
            if name in added:
                (values,) = payouts.in_field(added[name])
                trace[name][0] = values.sum() % P
    fill_gadgets(trace)
