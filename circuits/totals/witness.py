"""Filling the totals table from the payouts table (SPEC §5.8)."""

from __future__ import annotations

from zkpay.circuits.bounds import TOTAL_WIDTH, Bounds
from zkpay.circuits.gadgets.range import MAXIMUM_RANGE_BITS
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.totals.air import limb_name
from zkpay.circuits.totals.folded import CARRY, SUM, lines_of
from zkpay.circuits.trace import Trace
from zkpay.stark.field import P


def fill_totals(trace: Trace, bounds: Bounds, payouts: Trace) -> None:
    """Fill all columns: what the payouts add to each circuit-wide sum, so that both cancel, and what is carried."""
    added = {row_sum.target: row_sum.expression for row_sum in payouts.table.sums}
    sums = {name: int(payouts.in_field(expression)[0].sum() % P) for name, expression in added.items()}
    if SUM in trace.places:
        _fill_folded(trace, bounds, sums)
        return
    for total in bounds.totals:
        for k in range(len(total.widths)):
            name = limb_name(total, k)
            if name in sums:
                trace[name][0] = sums[name]
    fill_gadgets(trace)


def _fill_folded(trace: Trace, bounds: Bounds, sums: dict[str, int]) -> None:
    carries, carried = trace.group(CARRY), 0
    for row, line in enumerate(lines_of(bounds)):
        carried = carried if line.k else 0
        amount = sums.get(line.name, 0) if line.has_limb else 0
        trace[SUM][row] = amount
        for column in carries[:-1]:
            column[row], carried = carried & ((1 << MAXIMUM_RANGE_BITS) - 1), carried >> MAXIMUM_RANGE_BITS
        carries[-1, row] = carried
        whole = sum(int(column[row]) << (MAXIMUM_RANGE_BITS * k) for k, column in enumerate(carries))
        carried = (whole + amount) >> TOTAL_WIDTH
