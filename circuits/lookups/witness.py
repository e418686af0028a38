"""Counting how often each row of the fixed tables is looked up, last of all (SPEC §5.9)."""

from __future__ import annotations

from functools import partial
from threading import Lock

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
    lock = Lock()

    def count(part: Trace, lookups: list[Interaction]) -> None:
        found = _values_by_width(part, lookups)
        occurrences = {bits: _occurrences(found[bits], 1 << min(bits, MAXIMUM_RANGE_BITS)) for bits in found}
        with lock:
            for bits, often in occurrences.items():
                start = range_row(bits, 0)
                counts[start : start + len(often)] += often

    for trace in tables.values():
        lookups = _lookups(trace, "range")
        if lookups:
            trace.in_parts(partial(count, lookups=lookups))
    tables["range"]["multiplicity"][:] = counts


def _values_by_width(trace: Trace, lookups: list[Interaction]) -> dict[int, list[Integers]]:
    """What is looked up on the rows of a trace, by the width in bits that it is claimed to have."""
    found: dict[int, list[Integers]] = {}
    values = trace.in_field(*(lookup.payload[1] for lookup in lookups))
    for lookup, looked_up in zip(lookups, values, strict=True):
        width = lookup.payload[0]
        if isinstance(width, Constant):
            found.setdefault(width.value, []).append(looked_up)
            continue
        # Folded look-ups have a width for each row of a period.
        (widths,) = trace.in_field(width)
        for bits in np.unique(widths).tolist():
            found.setdefault(bits, []).append(looked_up[widths == bits])
    return found


def _occurrences(columns: list[Integers], bound: int) -> Integers:
    """How often each value below the bound occurs in columns of naturals; int64 of any length up to the bound."""
    total = np.zeros(bound, dtype=np.int64)
    for values in columns:
        found = np.bincount(values if int(values.max()) < bound else values[values < bound])
        total[: len(found)] += found
    return total


def fill_table_multiplicities(tables: dict[str, Trace]) -> None:
    """Fill the multiplicities of the policy's tables; tuples that aren't on offer are counted nowhere."""
    if "tables" not in tables:
        return
    on_offer = tables["tables"]
    offered = np.stack(on_offer.table.preprocessed_values)
    places = _keys(offered)
    order = np.argsort(places, kind="stable")
    places = places[order]
    counts = np.zeros(on_offer.height, dtype=np.int64)
    lock = Lock()

    def count(part: Trace, lookup: Interaction) -> None:
        *payload, multiplicity = part.in_field(*lookup.payload, lookup.multiplicity)
        taken = np.stack(payload)[:, multiplicity == 1]
        found = np.searchsorted(places, _keys(taken))
        rows = order[np.minimum(found, len(order) - 1)]
        rows = rows[(taken == offered[:, rows]).all(axis=0)]
        occurrences = np.bincount(rows, minlength=on_offer.height)
        with lock:
            counts[:] += occurrences

    for trace in tables.values():
        for lookup in _lookups(trace, "tables"):
            trace.in_parts(partial(count, lookup=lookup))
    on_offer["multiplicity"][:] = counts


def _keys(tuples: Integers) -> Integers:
    """One number for each tuple by identifier and symbol or number, which tell entries apart."""
    found: Integers = tuples[0] << 32 | tuples[1]
    return found


def _lookups(trace: Trace, bus: str) -> list[Interaction]:
    return [item for item in trace.table.interactions if item.bus.name == bus and item.sign < 0]
