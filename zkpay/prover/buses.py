"""Helper columns and the global accumulator (SPEC §4.3).

Only columns leave this module: no table's own sum is ever sent, for it would tell about the witness.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from zkpay.kernels.extension import batch_inverse, mul
from zkpay.kernels.program import evaluate_rows
from zkpay.prover.program import bus_program
from zkpay.stark.air import Circuit, PlacedTable
from zkpay.stark.field import EXTENSION_DEGREE, Extension, P, ext_scale, inverse
from zkpay.stark.protocol import BusChallenges

Columns = NDArray[np.uint32]


class UnbalancedBusError(ValueError):
    """The witness does not balance the buses or sums; the proof would be rejected."""


def helper_columns(
    circuit: Circuit, item: PlacedTable, challenges: BusChallenges, main: Columns
) -> tuple[Columns, NDArray[np.int64]]:
    """(uint32[5 * helpers, height] helper columns, int64[5, height] row sums below 2^63) of one table."""
    table = item.table
    preprocessed = preprocessed_columns(item)
    outputs = evaluate_rows(bus_program(circuit, table, challenges), main, preprocessed)
    count = len(table.helpers)
    width = EXTENSION_DEGREE
    helpers = np.empty((width * count, item.height), dtype=np.uint32)
    sums = outputs[2 * width * count :].astype(np.int64)
    for number in range(count):
        start = 2 * width * number
        top, bottom = outputs[start : start + width], outputs[start + width : start + 2 * width]
        # A zero denominator has probability 2^-124 or so for honest data; batch_inverse names the row.
        helper = mul(np.ascontiguousarray(top), batch_inverse(np.ascontiguousarray(bottom)))
        helpers[width * number : width * (number + 1)] = helper
        sums += helper
    return helpers, sums


def accumulator_column(
    circuit: Circuit, row_sums: Mapping[int, NDArray[np.int64]], target: Extension, *, check: bool
) -> Columns:
    """uint32[5, N]: running sum, over the rows of the tallest table, of all tables' lifted row sums minus target / N.

    Raises UnbalancedBusError if the last step does not return to the start (unless `check` is off, for
    experiments with false witnesses).
    """
    height = max(item.height for item in circuit.placed)
    steps = np.zeros((EXTENSION_DEGREE, height), dtype=np.int64)
    for position, item in enumerate(circuit.placed):
        ratio = height // item.height
        steps += np.tile(row_sums[position] % P * inverse(ratio) % P, (1, ratio))
    share = np.array(ext_scale(target, inverse(height)), dtype=np.int64)[:, None]
    # Fewer than 2^10 tables of values below 2^31 and 2^22 rows: sums stay below 2^63.
    running = np.cumsum((steps - share) % P, axis=1)
    if check and bool((running[:, -1] % P).any()):
        raise UnbalancedBusError("buses or sums don't balance for this witness")
    column = np.zeros((EXTENSION_DEGREE, height), dtype=np.uint32)
    column[:, 1:] = (running[:, :-1] % P).astype(np.uint32)
    return column


def preprocessed_columns(item: PlacedTable) -> Columns:
    """uint32[p, height] of a table's preprocessed columns, periodic ones repeated."""
    return item.preprocessed_rows().astype(np.uint32)
