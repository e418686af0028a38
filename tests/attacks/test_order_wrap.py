"""An order that goes round the field: the fall that a gap over whole elements would let through (SPEC §5.2).

With low, high and gap each below 2^30, low + gap + 1 - high reaches 2^31 - 1, which is more than P: a fall of
P - 2^30 or more would look like a rise, and a sorted list could come back to an account that it had passed. Found in
review of the first version of the gadget, which compared whole elements.
"""

import numpy as np
import pytest

from zkpay.circuits.checker import violations
from zkpay.circuits.gadgets.difference import increasing
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.lookups.air import range_table
from zkpay.circuits.lookups.witness import fill_range_multiplicities
from zkpay.circuits.trace import Trace, traces
from zkpay.stark.air import Circuit, PlacedTable, Table
from zkpay.stark.expression import constant
from zkpay.stark.field import P

HALF = 1 << 15
FALLS = [(2**30 - 1, 0), (2**30 - 1, 2**24 - 1), (P - 2**30, 0), (2**30 - 1, 2**30 - 1), (5, 4)]


def order_circuit() -> Circuit:
    table = Table("order")
    value = table.column("value")
    increasing(table, "rise", [value], [value.next], constant(1))
    return Circuit((PlacedTable(table, 2), PlacedTable(range_table(), 1 << 16)), {}, (), {})


def filled(circuit: Circuit, low: int, high: int) -> dict[str, Trace]:
    tables = traces(circuit)
    tables["order"]["value"][:] = (low, high)
    return tables


def found(circuit: Circuit, tables: dict[str, Trace]) -> set[str]:
    fill_range_multiplicities(tables)
    return {violation.name for violation in violations(circuit, {name: trace.values for name, trace in tables.items()})}


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 2**30 - 1), (2**15, 2**15 + 1), (2**15 - 1, 2**15)])
def test_a_rise_passes(low: int, high: int) -> None:
    circuit = order_circuit()
    tables = filled(circuit, low, high)
    fill_gadgets(tables["order"])
    assert found(circuit, tables) == set()


@pytest.mark.parametrize(("low", "high"), FALLS)
@pytest.mark.parametrize("borrow", [0, 1])
@pytest.mark.parametrize("whole", [True, False])
def test_a_fall_fails_for_every_gap(low: int, high: int, borrow: int, whole: bool) -> None:
    circuit = order_circuit()
    tables = filled(circuit, low, high)
    order = tables["order"]
    order["rise pick[0]"][0] = 1
    for end, value in (("low", low), ("high", high)):
        order[f"rise {end} bits 0-14"][0] = value % HALF
        order[f"rise {end} bits 15-29"][0] = value // HALF
    if whole:
        # What passed one line over whole elements: the gap modulo P.
        gap = (high - low - 1) % P
        halves = (gap % HALF, gap // HALF)
    else:
        # What the two lines ask for, taken modulo P: out of the range of a look-up.
        halves = ((high % HALF - low % HALF - 1 + HALF * borrow) % P, (high // HALF - low // HALF - borrow) % P)
    order["rise gap bits 0-14"][0], order["rise gap bits 15-29"][0] = np.array(halves, dtype=np.uint32)
    order["rise borrow"][0] = borrow
    assert found(circuit, tables)
