"""Random linear combinations of many base columns: the heart of the DEEP codeword (SPEC §4.6)."""

from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import kernel
from zkpay.kernels.montgomery import reduce_product, to_montgomery
from zkpay.kernels.parallel import parallel_ranges
from zkpay.stark.field import EXTENSION_DEGREE, P

Columns = npt.NDArray[np.uint32]

LANES: Final = 512
"""Rows of a block: its five 64-bit totals take 20 KiB of the first-level cache."""
_BOUND: Final = np.uint64(P << 32)
_AT_ONCE: Final = 4


@kernel
def _accumulate(
    totals: npt.NDArray[np.uint64],
    factors: npt.NDArray[np.uint64],
    first: Columns,
    second: Columns,
    third: Columns,
    fourth: Columns,
    lanes: int,
) -> None:
    """totals[i, lane] += four columns times factors[:, i], modulo 2^32 P; totals is flat, five rows of LANES.

    Totals stay below 2^32 P: two products more make at most 2^32 P + 2 P^2 < 2^33 P, because 2 P < 2^32.
    """
    for i in range(5):
        total = totals[i * LANES : (i + 1) * LANES]
        f0, f1, f2, f3 = factors[0, i], factors[1, i], factors[2, i], factors[3, i]
        for lane in range(lanes):
            t = total[lane] + f0 * np.uint64(first[lane]) + f1 * np.uint64(second[lane])
            t = min(t, t - _BOUND)
            t = t + f2 * np.uint64(third[lane]) + f3 * np.uint64(fourth[lane])
            total[lane] = min(t, t - _BOUND)


@kernel
def _combine_range(columns: Columns, factors: npt.NDArray[np.uint64], output: Columns, start: int, stop: int) -> None:
    """Rows start..stop; factors uint64[w rounded up to 4, 5] in Montgomery form, zeros in the rows that are
    added."""
    totals = np.empty(5 * LANES, dtype=np.uint64)
    last = len(columns) - 1
    for begin in range(start, stop, LANES):
        lanes = min(LANES, stop - begin)
        for i in range(5 * LANES):
            totals[i] = np.uint64(0)
        for c in range(0, last + 1, _AT_ONCE):
            _accumulate(
                totals,
                factors[c : c + _AT_ONCE],
                columns[c, begin : begin + lanes],
                columns[min(c + 1, last), begin : begin + lanes],
                columns[min(c + 2, last), begin : begin + lanes],
                columns[min(c + 3, last), begin : begin + lanes],
                lanes,
            )
        for i in range(5):
            total, target = totals[i * LANES : (i + 1) * LANES], output[i, begin : begin + lanes]
            for lane in range(lanes):
                target[lane] = reduce_product(total[lane])


def combine(columns: Columns, weights: Columns) -> Columns:
    """sum_c weights[:, c] * columns[c] over the extension.

    columns: uint32[w, n], C-contiguous if it isn't to be copied; weights: uint32[5, w]; all in [0, P).
    Returns uint32[5, n] in [0, P).  One pass over the columns; its speed is that of memory.
    """
    width, count = columns.shape
    if weights.shape != (EXTENSION_DEGREE, width):
        raise ValueError(f"{width} columns need weights uint32[5, {width}], not of shape {weights.shape}")
    factors = np.zeros((-(-width // _AT_ONCE) * _AT_ONCE, EXTENSION_DEGREE), dtype=np.uint64)
    factors[:width] = to_montgomery(weights).T
    table = np.ascontiguousarray(columns)
    output = np.empty((EXTENSION_DEGREE, count), dtype=np.uint32)
    parallel_ranges(lambda start, stop: _combine_range(table, factors, output, start, stop), count, grain=LANES)
    return output
