"""Filling comparisons, symbol tests and table entries (SPEC §5.2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zkpay.circuits.evaluation import Integers
from zkpay.circuits.gadgets.choice import SymbolTest, TableEntry
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.trace import Trace
from zkpay.stark.expression import Expression
from zkpay.stark.field import inverse


def fill_comparison(trace: Trace, gadget: Comparison) -> None:
    """Write flag, picks and difference. Where both sides are equal, the lowest limb is picked."""
    lefts, rights = np.stack(trace.in_field(*gadget.left)), np.stack(trace.in_field(*gadget.right))
    active = _active(trace, gadget.active)
    place, gap = np.zeros((2, trace.height), dtype=np.int64)
    for k in range(len(lefts)):
        differs = lefts[k] != rights[k]
        place[differs] = k
        gap[differs] = (rights[k] - lefts[k])[differs]
    if gadget.flag is None:
        difference = gap - 1
    else:
        holds = gap >= 0
        trace.put(gadget.flag, (active & holds).astype(np.int64))
        difference = np.abs(gap) - ~(holds & (place == 0))
    for k, pick in enumerate(gadget.picks):
        trace.put(pick, (active & (place == k)).astype(np.int64))
    trace.put(gadget.difference, difference * active)


def fill_symbol_test(trace: Trace, gadget: SymbolTest) -> None:
    """Write the flag, and the inverse of the difference where there is one."""
    (difference,) = trace.in_field(gadget.difference)
    active = _active(trace, gadget.active)
    trace.put(gadget.flag, (active & (difference == 0)).astype(np.int64))
    different, place = np.unique(difference, return_inverse=True)
    inverses = np.array([inverse(int(value)) if value else 0 for value in different], dtype=np.int64)
    trace.put(gadget.inverse, inverses[place] * active)


def fill_table_entry(trace: Trace, gadget: TableEntry) -> None:
    """Write the limbs of the entry; zeros where the index is beyond the table."""
    (index,) = trace.in_field(gadget.index)
    found = _active(trace, gadget.active) & (index < len(gadget.values))
    mask = (1 << gadget.width) - 1
    for k, column in enumerate(gadget.columns):
        limbs = np.array([value >> (gadget.width * k) & mask for value in gadget.values], dtype=np.int64)
        trace.put(column, np.where(found, limbs[np.where(found, index, 0)], 0))


def _active(trace: Trace, active: Expression | None) -> NDArray[np.bool_]:
    if active is None:
        return np.ones(trace.height, dtype=bool)
    values: Integers = trace.in_field(active)[0]
    return np.asarray(values == 1, dtype=np.bool_)
