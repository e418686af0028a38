"""Helper columns and the global accumulator (SPEC §4.3).

Only columns leave this module: no table's own sum is ever sent, for it would tell about the witness.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from zkpay.kernels.program import evaluate_rows
from zkpay.prover.program import bus_program
from zkpay.stark.air import Circuit, PlacedTable
from zkpay.stark.field import EXTENSION_DEGREE, Extension, P, ext_scale, inverse
from zkpay.stark.protocol import BusChallenges

Columns = NDArray[np.uint32]


class UnbalancedBusError(ValueError):
    """The witness does not balance the buses or sums; the proof would be rejected."""


def helper_columns(
    circuit: Circuit, item: PlacedTable, challenges: BusChallenges, main: Columns, out: Columns | None = None
) -> tuple[Columns, Columns]:
    """(uint32[5 * helpers, height] helper columns, uint32[5, height] row sums) of one table; the columns are written to
    `out` if it is given.

    A zero denominator, ZeroDivisionError, has probability 2^-124 or so for honest data.
    """
    program = bus_program(circuit, item.table, challenges)
    helpers = np.empty((program.outputs, item.height), dtype=np.uint32) if out is None else out
    return helpers, evaluate_rows(program, main, item.table.preprocessed_values, helpers)


def accumulator_column(circuit: Circuit, row_sums: Mapping[int, Columns], target: Extension, *, check: bool) -> Columns:
    """uint32[5, N]: running sum, over the rows of the tallest table, of all tables' lifted row sums minus target / N.

    Raises UnbalancedBusError if the last step does not return to the start (unless `check` is off, for
    experiments with false witnesses).
    """
    height = max(item.height for item in circuit.placed)
    column = np.zeros((EXTENSION_DEGREE, height), dtype=np.uint32)
    share = ext_scale(target, inverse(height))
    # Fewer than 2^10 tables of values below 2^31 and 2^22 rows: sums stay below 2^63.
    for k in range(EXTENSION_DEGREE):
        steps = np.full(height, P - share[k], dtype=np.int64)
        for position, item in enumerate(circuit.placed):
            ratio = height // item.height
            own = row_sums[position][k].astype(np.int64)
            steps.reshape(ratio, item.height)[:] += own if ratio == 1 else own * inverse(ratio) % P
        running = np.cumsum(steps, out=steps)
        if check and running[-1] % P:
            raise UnbalancedBusError("buses or sums don't balance for this witness")
        column[k, 1:] = running[:-1] % P
    return column
