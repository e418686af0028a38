"""Single tables around one gadget, and which of their rows pass every constraint and look-up."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from zkpay.circuits.checker import violations
from zkpay.circuits.evaluation import FieldReader, Rows, evaluate
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Circuit, PlacedTable, Table
from zkpay.stark.field import P


def every_combination(*domains: Sequence[int]) -> np.ndarray:
    """All tuples of the domains as int64[len(domains), n], padded with the first to a power of two."""
    rows = np.array(list(itertools.product(*domains)), dtype=np.int64).T
    height = 1 << (rows.shape[1] - 1).bit_length()
    return np.concatenate([rows, np.repeat(rows[:, :1], height - rows.shape[1], axis=1)], axis=1)


def trace_of(table: Table, height: int, publics: Mapping[str, int] | None = None) -> Trace:
    """A trace of the table, all zero."""
    return Trace(PlacedTable(table, height), publics or {})


def passing_rows(trace: Trace) -> np.ndarray:
    """bool[height]: no constraint is violated on the row, and all that it looks up is in range."""
    circuit = Circuit((PlacedTable(trace.table, trace.height),), trace.publics, (), {})
    passes = np.ones(trace.height, dtype=bool)
    for violation in violations(circuit, {trace.table.name: trace.values}):
        if violation.row >= 0:
            passes[violation.row] = False
    rows = Rows(trace.values, [], trace.publics, 0, trace.height)
    for interaction in trace.table.interactions:
        bits, value = (evaluate(entry, FieldReader(rows), trace.height, {}) for entry in interaction.payload)
        passes &= value < 1 << int(bits[0])
    return passes


STRANGE = (0, 1, 2, P - 1)
"""Bits and values that are none."""
