"""The fixed tables, which other tables look values up in (SPEC §5.9).

Their contents are preprocessed: the verifier computes them. Only how often each row is looked up is witness,
and that needs no constraint: a row that is offered can be true however often it is taken, and the bus
balances only if every tuple is taken as often as it is offered.
"""

from __future__ import annotations

import numpy as np

from zkpay.circuits.buses import RANGE, Buses
from zkpay.circuits.gadgets.range import MAXIMUM_RANGE_BITS
from zkpay.ledger.codes import UNKNOWN_KIND
from zkpay.ledger.encoding import SLOT_BITS
from zkpay.policy.policy import Policy
from zkpay.stark.air import Table


def range_row(bits: int, value: int) -> int:
    """The row of the range table that holds (bits, value), 0 <= value < 2^bits."""
    return (1 << bits) + value if bits else 0


def range_table() -> Table:
    """Row r >= 2 is (floor(log2 r), r - 2^floor(log2 r)); rows 0 and 1 are (0, 0)."""
    table = Table("range")
    rows = np.arange(1 << (MAXIMUM_RANGE_BITS + 1), dtype=np.int64)
    widths = np.zeros_like(rows)
    for bits in range(1, MAXIMUM_RANGE_BITS + 1):
        widths[rows >= 1 << bits] = bits
    values = np.where(rows > 0, rows - (1 << widths), 0)
    width = table.preprocessed_column("width", widths)
    value = table.preprocessed_column("value", values)
    table.send(RANGE, "ranges on offer", (width, value), table.column("multiplicity"))
    return table


def kinds_table(policy: Policy, weight_limbs: int, buses: Buses, height: int) -> Table:
    """Declared kinds in the order of their codes, then (UNKNOWN_KIND, 0, 0), which also fills the rest."""
    table = Table("kinds")
    rows = np.zeros((2 + weight_limbs, height), dtype=np.int64)
    rows[0] = UNKNOWN_KIND
    for code, weight in enumerate(policy.weights):
        rows[:2, code] = code, 1
        rows[2:, code] = [(weight >> (SLOT_BITS * k)) & ((1 << SLOT_BITS) - 1) for k in range(weight_limbs)]
    names = ["kind", "known", *(f"weight[{k}]" for k in range(weight_limbs))]
    columns = [table.preprocessed_column(name, values) for name, values in zip(names, rows, strict=True)]
    table.send(buses.kinds, "kinds on offer", columns, table.column("multiplicity"))
    return table
