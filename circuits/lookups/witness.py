"""Counting how often each row of the fixed tables is looked up, last of all (SPEC §5.9)."""

from __future__ import annotations

import numpy as np

from zkpay.circuits.evaluation import Integers
from zkpay.circuits.gadgets.range import MAXIMUM_RANGE_BITS
from zkpay.circuits.lookups.air import range_row
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Interaction
from zkpay.stark.expression import Constant


def fill_range_multiplicities(tables: dict[str, Trace]) -> None:
    """Fill the range table's multiplicities; values out of range are counted nowhere, so the bus shows them."""
    counts = np.zeros(tables["range"].height, dtype=np.int64)
    for trace in tables.values():
        lookups = _lookups(trace, "range")
        for interaction, values in zip(
            lookups, trace.in_field(*(lookup.payload[1] for lookup in lookups)), strict=True
        ):
            width = interaction.payload[0]
            # Folded look-ups have a width for each row of a period.
            (widths,) = [np.array([width.value])] if isinstance(width, Constant) else trace.in_field(width)
            for bits in np.unique(widths).tolist():
                looked_up = values if len(widths) == 1 else values[widths == bits]
                offered = looked_up[looked_up < 1 << min(bits, MAXIMUM_RANGE_BITS)]
                start = range_row(bits, 0)
                found = np.bincount(offered, minlength=1)
                counts[start : start + len(found)] += found
    tables["range"]["multiplicity"][:] = counts


def fill_table_multiplicities(tables: dict[str, Trace]) -> None:
    """Fill the multiplicities of the policy's tables; tuples that aren't on offer are counted nowhere."""
    if "tables" not in tables:
        return
    on_offer = tables["tables"]
    offered = np.stack(on_offer.table.preprocessed_values)
    places = _keys(offered)
    order = np.argsort(places, kind="stable")
    counts = np.zeros(on_offer.height, dtype=np.int64)
    for trace in tables.values():
        for lookup in _lookups(trace, "tables"):
            *payload, multiplicity = trace.in_field(*lookup.payload, lookup.multiplicity)
            taken = np.stack(payload)[:, multiplicity == 1]
            found = np.searchsorted(places, _keys(taken), sorter=order)
            rows = order[np.minimum(found, len(order) - 1)]
            rows = rows[(taken == offered[:, rows]).all(axis=0)]
            counts += np.bincount(rows, minlength=on_offer.height)
    on_offer["multiplicity"][:] = counts


def _keys(tuples: Integers) -> Integers:
    """One number for each tuple by identifier and symbol or number, which tell entries apart."""
    found: Integers = tuples[0] << 32 | tuples[1]
    return found


def _lookups(trace: Trace, bus: str) -> list[Interaction]:
    return [item for item in trace.table.interactions if item.bus.name == bus and item.sign < 0]
