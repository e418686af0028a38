"""Values of many polynomials at a few points of a coset, for less than a whole transform (SPEC §4.2).

With n = R M, the value at x is sum_j x^j u_c[j], j < M, where u_c[j] = sum_r (x^M)^r a[r M + j] depends on the class
of x alone: x^M is one of R numbers. So the first log2 R of the transform's stages, over rows of M lanes, and a dot
product for each point do; the other stages would make n values of which a few are wanted.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import kernel
from zkpay.kernels.montgomery import MODULUS, add, multiply, power_table, to_montgomery
from zkpay.kernels.parallel import parallel_ranges
from zkpay.stark.field import P, two_adic_generator

Columns = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]

_CLASSES: Final = 64
_LANES: Final = 1024
"""Lanes of a panel: 64 rows of them fit the second-level cache, and calls cost little beside so many lanes."""


@kernel
def _stage(low: Columns, high: Columns, root: np.uint32, lanes: int) -> None:
    """a + b and (a - b) * root; a + P - b < 2 P < 2^32."""
    for lane in range(lanes):
        a, b = low[lane], high[lane]
        low[lane] = add(a, b)
        high[lane] = multiply(np.uint32(a + MODULUS - b), root)


@kernel
def _load(source: Columns, factor: np.uint32, target: Columns, lanes: int) -> None:
    for lane in range(lanes):
        target[lane] = multiply(source[lane], factor)


@kernel
def _dot(left: Columns, right: Columns, lanes: int) -> np.uint64:
    """Reduced products below 2^31: 2^10 of them stay below 2^41."""
    total = np.uint64(0)
    for lane in range(lanes):
        total += np.uint64(multiply(left[lane], right[lane]))
    return total


@kernel
def _evaluate_columns(
    coefficients: Columns,
    size: int,
    wrap: np.uint32,
    factors: Columns,
    roots: Columns,
    rows: Places,
    powers: Columns,
    values: npt.NDArray[np.uint64],
    start: int,
    stop: int,
) -> None:
    """Columns start..stop. factors: (shift^M)^r; roots: of order R; rows: where in the panel a point's class stands;
    powers: x^j for each point; wrap: shift^n; all in Montgomery form. values: sums below 2^24 * 2^31."""
    classes, lanes_of_row = len(factors), powers.shape[1]
    panel = np.empty((classes, _LANES), dtype=np.uint32)
    for column in range(start, stop):
        own = coefficients[column]
        beyond = len(own) - size
        for first in range(0, lanes_of_row, _LANES):
            lanes = min(_LANES, lanes_of_row - first)
            for row in range(classes):
                begin = row * lanes_of_row + first
                _load(own[begin : begin + lanes], factors[row], panel[row], lanes)
                # Coefficient n + i joins coefficient i, times shift^n.
                for lane in range(min(beyond - begin, lanes)):
                    joined = multiply(multiply(own[size + begin + lane], wrap), factors[row])
                    panel[row, lane] = add(panel[row, lane], joined)
            half = classes // 2
            while half > 0:
                step = classes // (2 * half)
                for base in range(0, classes, 2 * half):
                    for k in range(half):
                        _stage(panel[base + k], panel[base + k + half], roots[k * step], lanes)
                half //= 2
            for point in range(len(rows)):
                values[column, point] += _dot(panel[rows[point]], powers[point, first : first + lanes], lanes)


def evaluate_points(coefficients: Columns, size: int, shift: int, places: Places) -> Columns:
    """uint32[w, k]: values at shift * omega^place, omega of order `size`, for k places below `size`.

    coefficients: uint32[w, L] in [0, P), C-contiguous, L at most 2 * size; size a power of two.
    """
    if size < 1 or size & (size - 1) or not size <= coefficients.shape[1] <= 2 * size:
        raise ValueError(f"{coefficients.shape[1]} coefficients don't fit a domain of {size} points")
    classes = min(_CLASSES, size)
    lanes = size // classes
    omega = two_adic_generator(size.bit_length() - 1)
    log_classes = classes.bit_length() - 1
    reversed_bits = np.array([int(f"{k:0{log_classes}b}"[::-1], 2) if log_classes else 0 for k in range(classes)])
    points = [shift * pow(omega, int(place), P) % P for place in places]
    powers = np.stack([power_table(point, lanes) for point in points]) if points else np.empty((0, lanes), np.uint32)
    factors = power_table(pow(shift, lanes, P), classes)
    roots = power_table(pow(omega, lanes, P), max(classes // 2, 1))
    rows = reversed_bits[np.asarray(places, dtype=np.int64) % classes].astype(np.int64)
    values = np.zeros((len(coefficients), len(points)), dtype=np.uint64)
    wrap = np.uint32(to_montgomery(pow(shift, size, P)))

    def run(start: int, stop: int) -> None:
        _evaluate_columns(coefficients, size, wrap, factors, roots, rows, powers, values, start, stop)

    parallel_ranges(run, len(coefficients))
    return (values % np.uint64(P)).astype(np.uint32)
