"""Columns that gadgets added, filled from the columns that they read (SPEC §5.2).

Filling never fails: where the columns it reads make an honest value impossible, the value is the nearest that
can be written down, and the checker names what is broken. So attacks are written by changing columns and
filling again.
"""

from __future__ import annotations

import numpy as np

from zkpay.circuits.evaluation import Elements, Integers
from zkpay.circuits.gadgets.arithmetic import Defined, Divided, Rooted
from zkpay.circuits.gadgets.arithmetic_witness import fill_defined, fill_divided, fill_rooted
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.gadgets.choice import Masked, PublicInputs, SymbolTest, TableEntry
from zkpay.circuits.gadgets.choice_witness import fill_comparison, fill_symbol_test, fill_table_entry
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.gadgets.difference import HALF_BITS, Difference, Halves
from zkpay.circuits.gadgets.poseidon import Hash
from zkpay.circuits.trace import Trace
from zkpay.kernels.poseidon import fill_permutation_trace
from zkpay.poseidon.permutation import DIGEST_SIZE
from zkpay.stark.air import Where


def fill_gadgets(trace: Trace) -> None:
    """Fill the columns of all gadgets of the table, in the order in which they were added."""
    for gadget in trace.table.gadgets:
        fill_gadget(trace, gadget)


def fill_gadget(trace: Trace, gadget: object) -> None:
    """Fill the columns of one gadget. What it reads is there already, on the next row too: so parts can be filled in
    any order.
    """
    trace.in_parts(lambda part: _fill(part, gadget))


def _fill(trace: Trace, gadget: object) -> None:
    if isinstance(gadget, Balance):
        _fill_balance(trace, gadget)
    elif isinstance(gadget, Difference):
        _fill_difference(trace, gadget)
    elif isinstance(gadget, Comparison):
        fill_comparison(trace, gadget)
    elif isinstance(gadget, Defined):
        fill_defined(trace, gadget)
    elif isinstance(gadget, Divided):
        fill_divided(trace, gadget)
    elif isinstance(gadget, Rooted):
        fill_rooted(trace, gadget)
    elif isinstance(gadget, SymbolTest):
        fill_symbol_test(trace, gadget)
    elif isinstance(gadget, TableEntry):
        fill_table_entry(trace, gadget)
    elif isinstance(gadget, Masked):
        trace.put(gadget.column, trace.in_field(gadget.value)[0])
    elif isinstance(gadget, PublicInputs):
        return  # it has no columns
    elif isinstance(gadget, Hash):
        _fill_hash(trace, gadget)
    else:
        raise TypeError(f"no filler for {type(gadget).__name__}")


def leaf_digests(trace: Trace) -> Elements:
    """Outputs of the table's last hash, uint32[8, height]: last committed columns plus first inputs."""
    gadget = [gadget for gadget in trace.table.gadgets if isinstance(gadget, Hash)][-1]
    outputs = gadget.columns[-DIGEST_SIZE:]
    return trace.elements([column + given for column, given in zip(outputs, gadget.inputs[:DIGEST_SIZE], strict=True)])


def _fill_balance(trace: Trace, gadget: Balance) -> None:
    idle: Integers = np.zeros(0, dtype=np.int64)
    if gadget.active is not None:
        idle = np.flatnonzero(trace.in_field(gadget.active)[0] != 1)
    carried = np.zeros(trace.height, dtype=np.int64)
    for line, carry in zip(gadget.lines, gadget.carries, strict=False):
        carried = (trace.in_integers(line) + carried) >> gadget.radix
        stored = carried - carry.range.low
        if gadget.where is Where.FIRST:
            stored[0 if trace.start else 1 :] = 0  # look-ups cover these rows as well
        stored[idle] = 0  # and these
        if carry.range.low_bits:
            trace.put(carry.columns[0], stored & ((1 << carry.range.low_bits) - 1))
            trace.put(carry.columns[1], stored >> carry.range.low_bits)
        else:
            trace.put(carry.columns[0], stored)


def _fill_difference(trace: Trace, gadget: Difference) -> None:
    size = len(gadget.picks)
    low, high = np.stack(trace.in_field(*gadget.low)), np.stack(trace.in_field(*gadget.high))
    active = trace.in_field(gadget.active)[0] == 1
    if trace.ends_table:
        active[-1] = False  # no constraint there
    differs = low != high
    place = np.where(differs.any(axis=0), differs.argmax(axis=0), size)
    if gadget.same is None:
        # Equal vectors have no honest pick; the last place shows it.
        place = np.minimum(place, size - 1)
    else:
        trace.put(gadget.same, (active & (place == size)).astype(np.int64))
    picked = np.zeros((2, trace.height), dtype=np.int64)
    for k, pick in enumerate(gadget.picks):
        here = active & (place == k)
        trace.put(pick, here.astype(np.int64))
        picked += here * np.stack([low[k], high[k]])
    steps = active & (place < size)
    _put_halves(trace, gadget.low_halves, picked[0])
    _put_halves(trace, gadget.high_halves, picked[1])
    _put_halves(trace, gadget.gap_halves, picked[1] - picked[0] - steps)
    mask = (1 << HALF_BITS) - 1
    trace.put(gadget.borrow, ((picked[1] & mask) - (picked[0] & mask) - steps < 0).astype(np.int64))


def _put_halves(trace: Trace, halves: Halves, values: Integers) -> None:
    trace.put(halves.low, values & ((1 << HALF_BITS) - 1))
    trace.put(halves.high, values >> HALF_BITS)


def _fill_hash(trace: Trace, gadget: Hash) -> None:
    inputs = np.empty((len(gadget.inputs), trace.height), dtype=np.uint32)
    trace.read_into(gadget.inputs, inputs)
    fill_permutation_trace(inputs, trace.whole, gadget.columns[0].index, trace.start)
