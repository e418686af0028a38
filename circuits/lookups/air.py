"""The fixed tables, which other tables look values up in (SPEC §5.9).

Their contents are preprocessed: the verifier computes them. Only how often each row is looked up is witness,
and that needs no constraint: a row that is offered can be true however often it is taken, and the bus
balances only if every tuple is taken as often as it is offered.
"""

from __future__ import annotations

import numpy as np

from zkpay.circuits.buses import RANGE, Buses
from zkpay.circuits.gadgets.range import MAXIMUM_RANGE_BITS
from zkpay.circuits.lookups.contents import Contents
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


def tables_table(contents: Contents, buses: Buses, height: int) -> Table:
    """The policy's tables and symbols: all tuples of `contents`."""
    table = Table("tables")
    columns = [table.preprocessed_column(f"element[{k}]", values) for k, values in enumerate(contents.rows(height))]
    table.send(buses.tables, "entries on offer", columns, table.column("multiplicity"))
    return table
