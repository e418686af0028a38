"""Many polynomials at one point of the challenge field (SPEC §4.6)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import inlined, kernel
from zkpay.kernels.memory import contiguous_rows, memory_of
from zkpay.kernels.montgomery import SHIFT
from zkpay.kernels.parallel import parallel_ranges
from zkpay.stark.field import EXTENSION_DEGREE, P

Columns = npt.NDArray[np.uint32]
Sums = npt.NDArray[np.uint64]

_QUARTER: Final = 256
LANES: Final = 4 * _QUARTER
"""Coefficients of a block: with five rows of powers, all as 64-bit words, they fill the first-level cache."""
_LOW: Final = np.uint64(2**32 - 1)


@inlined
def _product(a: np.uint64, b: np.uint64) -> np.uint64:
    """a * b for words below 2^32; the masks tell the compiler, which has a faster instruction for such words."""
    return (a & _LOW) * (b & _LOW)


@kernel
def _evaluate(coefficients: Columns, step: int, powers: Columns, sums: Sums, start: int, stop: int) -> None:
    """sums[0] + 2^32 sums[1] += sum_i coefficients[c, i] * powers[:, i] for i in start..stop; sums uint64[2, w, 5].

    Coefficients are flat, row c begins at c times the step. Four products of canonical values make at most 4 P^2 <
    2^64; the halves of such words are added up apart, which 2^32 of them would not fill.
    """
    factors = np.empty(EXTENSION_DEGREE * LANES, dtype=np.uint64)
    row = np.empty(LANES, dtype=np.uint64)
    for begin in range(start, stop, LANES):
        lanes = min(LANES, stop - begin)
        for k in range(EXTENSION_DEGREE):
            source, factor = powers[k, begin : begin + lanes], factors[k * LANES : (k + 1) * LANES]
            for lane in range(lanes):
                factor[lane] = source[lane]
        # Past the last coefficient a row is zero, whatever stands in the factors.
        for lane in range(lanes, LANES):
            row[lane] = np.uint64(0)
        for c in range(sums.shape[1]):
            entries = coefficients[c * step + begin :]
            for lane in range(lanes):
                row[lane] = entries[lane]
            for k in range(EXTENSION_DEGREE):
                factor = factors[k * LANES : (k + 1) * LANES]
                low, high = np.uint64(0), np.uint64(0)
                for i in range(_QUARTER):
                    total = _product(row[i], factor[i])
                    total += _product(row[i + _QUARTER], factor[i + _QUARTER])
                    total += _product(row[i + 2 * _QUARTER], factor[i + 2 * _QUARTER])
                    total += _product(row[i + 3 * _QUARTER], factor[i + 3 * _QUARTER])
                    low += total & _LOW
                    high += total >> SHIFT
                sums[0, c, k] += low
                sums[1, c, k] += high


def evaluate_at(coefficients: Columns, powers: Columns) -> Columns:
    """uint32[w, 5]: sum_i coefficients[c, i] * point^i for uint32[w, L] and powers uint32[5, >= L] of the point.

    All in [0, P). Coefficients with contiguous rows are not copied, so these may be some columns of a table.
    """
    width, length = coefficients.shape
    if len(powers) != EXTENSION_DEGREE or powers.shape[1] < length:
        raise ValueError(f"{length} coefficients need powers uint32[5, {length}], not of shape {powers.shape}")
    flat, (step,) = memory_of(contiguous_rows(coefficients))
    factors = np.ascontiguousarray(powers)
    parts: list[Sums] = []

    def run(start: int, stop: int) -> None:
        sums = np.zeros((2, width, EXTENSION_DEGREE), dtype=np.uint64)
        _evaluate(flat, step, factors, sums, start, stop)
        parts.append(sums % np.uint64(P))

    parallel_ranges(run, length, grain=LANES)
    total = np.zeros((2, width, EXTENSION_DEGREE), dtype=np.uint64)
    for part in parts:
        total += part
    # Each part is reduced, and 2^32 mod P times a reduced sum is below 2^62.
    low, high = total % np.uint64(P)
    values: Columns = ((low + high * np.uint64(2**32 % P)) % np.uint64(P)).astype(np.uint32)
    return values
