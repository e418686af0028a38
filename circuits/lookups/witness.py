"""Counting how often each row of the fixed tables is looked up, last of all (SPEC §5.11)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zkpay.circuits.gadgets.range import MAXIMUM_RANGE_BITS
from zkpay.circuits.lookups.air import range_row
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Interaction


def fill_range_multiplicities(tables: dict[str, Trace]) -> None:
    """Fill the range table's multiplicities; values out of range are counted nowhere, so the bus shows them."""
    counts = np.zeros(tables["range"].height, dtype=np.int64)
    for trace in tables.values():
        lookups = _lookups(trace, "range")
        for interaction, values in zip(
            lookups, trace.in_field(*(lookup.payload[1] for lookup in lookups)), strict=True
        ):
            bits = int(trace.in_field(interaction.payload[0])[0][0])
            offered = values[values < 1 << min(bits, MAXIMUM_RANGE_BITS)]
            start = range_row(bits, 0)
            found = np.bincount(offered, minlength=1)
            counts[start : start + len(found)] += found
    tables["range"]["multiplicity"][:] = counts


def fill_kind_multiplicities(tables: dict[str, Trace]) -> None:
    """Fill the kinds table's multiplicities, at the first row of each tuple; other tuples are counted
    nowhere.
    """
    kinds = tables["kinds"]
    rows: dict[tuple[int, ...], int] = {}
    for row, values in enumerate(np.stack(kinds.table.preprocessed_values, axis=1)[:64].tolist()):
        rows.setdefault(tuple(values), row)
    counts = np.zeros(kinds.height, dtype=np.int64)
    for trace in tables.values():
        for lookup in _lookups(trace, "kinds"):
            *payload, multiplicity = trace.in_field(*lookup.payload, lookup.multiplicity)
            taken: NDArray[np.int64] = np.stack(payload, axis=1)[multiplicity == 1]
            tuples, found = np.unique(taken, axis=0, return_counts=True)
            for values, count in zip(tuples.tolist(), found.tolist(), strict=True):
                if tuple(values) in rows:
                    counts[rows[tuple(values)]] += count
    kinds["multiplicity"][:] = counts


def _lookups(trace: Trace, bus: str) -> list[Interaction]:
    return [item for item in trace.table.interactions if item.bus.name == bus and item.sign < 0]
