"""One folding step of FRI on a codeword over a coset (SPEC §4.7).

With f(X) = sum_t X^t f_t(X^arity), the fold with challenge c is the codeword of sum_t c^t f_t (Ben-Sasson et
al., "Fast Reed-Solomon Interactive Oracle Proofs of Proximity", ICALP 2018, for arity 2).
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import kernel
from zkpay.kernels.extension import LANES, VALUES, multiply_rows
from zkpay.kernels.montgomery import MODULUS, add, multiply, power_table, to_montgomery
from zkpay.kernels.parallel import parallel_ranges
from zkpay.stark.field import EXTENSION_DEGREE, Extension, P, inverse, two_adic_generator

Columns = npt.NDArray[np.uint32]

ARITIES: Final = (2, 4, 8)


@kernel
def _fold_range(
    values: Columns,
    output: Columns,
    roots: Columns,
    order: npt.NDArray[np.int64],
    challenge: Columns,
    row_points: Columns,
    lane_points: Columns,
    scale: np.uint32,
    start: int,
    stop: int,
) -> None:
    """Units start..stop of output uint32[5, B, Q]; a unit is 64 lanes of one of the B rows.

    All constants are in Montgomery form: roots of the inverse transform, their bit-reversed order, challenge,
    1 / x as row_points[j] * lane_points[m], scale = 1 / arity.
    All words are in [0, P); a difference a + P - b is below 2 P < 2^32, and times a root below 2^32 P.
    The arity values of a fibre stand in a block one after the other; an inverse transform over them gives x^t
    f_t, Horner's rule in challenge / x the sum.
    """
    arity = len(order)
    quotient = output.shape[2]
    units = (quotient + LANES - 1) // LANES
    block = np.zeros((arity + 3) * VALUES, dtype=np.uint32)
    ratio = arity * VALUES
    for unit in range(start, stop):
        j, first = unit // units, unit % units * LANES
        lanes = min(LANES, quotient - first)
        for i in range(5):
            target = block[ratio + i * LANES : ratio + (i + 1) * LANES]
            points = lane_points[first : first + lanes]
            factor = multiply(challenge[i], row_points[j])
            for lane in range(lanes):
                target[lane] = multiply(points[lane], factor)
            for k in range(arity):
                begin = k * quotient + first
                source = values[i, j, begin : begin + lanes]
                entry = block[k * VALUES + i * LANES : k * VALUES + (i + 1) * LANES]
                for lane in range(lanes):
                    entry[lane] = multiply(source[lane], scale)
        size = arity
        while size > 1:
            half = size // 2
            for base in range(0, arity, size):
                for k in range(half):
                    low = block[(base + k) * VALUES : (base + k + 1) * VALUES]
                    high = block[(base + k + half) * VALUES : (base + k + half + 1) * VALUES]
                    root = roots[k * (arity // size)]
                    for word in range(VALUES):
                        a, b = low[word], high[word]
                        low[word] = add(a, b)
                        high[word] = multiply(np.uint32(a + MODULUS - b), root)
            size = half
        current, spare = ratio + VALUES, ratio + 2 * VALUES
        top = order[arity - 1] * VALUES
        for word in range(VALUES):
            block[current + word] = block[top + word]
        for t in range(arity - 2, -1, -1):
            multiply_rows(block, current, ratio, spare)
            total, term = block[spare : spare + VALUES], block[order[t] * VALUES : (order[t] + 1) * VALUES]
            for word in range(VALUES):
                total[word] = add(total[word], term[word])
            current, spare = spare, current
        for i in range(5):
            folded = block[current + i * LANES : current + (i + 1) * LANES]
            destination = output[i, j, first : first + lanes]
            for lane in range(lanes):
                destination[lane] = folded[lane]


def fold(values: Columns, arity: int, challenge: Extension, shift: int, size: int) -> Columns:
    """The codeword of sum_t challenge^t f_t on shift^arity * <omega^arity>, from that of f on shift *
    <omega>.

    values: uint32[5, B, M] in [0, P) with B * M = size = order of omega; the value at shift * omega^i, i = j
    + B * m, stands at [:, j, m].  arity: 2, 4 or 8, a divisor of M.  Returns uint32[5, B, M // arity] in the
    same arrangement. The fibre of index i is {i + k * size / arity}: the same j, and m + k * M / arity.
    """
    if arity not in ARITIES:
        raise ValueError(f"the arity must be one of {ARITIES}, not {arity}")
    if values.ndim != 3 or len(values) != EXTENSION_DEGREE or values.shape[1] * values.shape[2] != size:
        raise ValueError(f"a codeword of {size} values is uint32[5, B, M], B * M = {size}, not {values.shape}")
    _, rows, length = values.shape
    if length % arity:
        raise ValueError(f"the arity {arity} does not divide the {length} values of a row")
    if size & (size - 1) or shift % P == 0:
        raise ValueError(f"the domain must be a coset of a power-of-two order, not {shift} and {size}")
    quotient = length // arity
    log_arity = arity.bit_length() - 1
    omega_inverse = inverse(two_adic_generator(size.bit_length() - 1))
    roots = power_table(inverse(two_adic_generator(log_arity)), arity // 2)
    order = np.array([int(f"{t:0{log_arity}b}"[::-1], 2) for t in range(arity)], dtype=np.int64)
    starts = power_table(omega_inverse, rows).astype(np.uint64) * np.uint64(inverse(shift)) % np.uint64(P)
    row_points = starts.astype(np.uint32)
    lane_points = power_table(pow(omega_inverse, rows, P), quotient)
    challenge_factors, scale = to_montgomery(challenge), np.uint32(to_montgomery(inverse(arity)))
    table = np.ascontiguousarray(values)
    output = np.empty((EXTENSION_DEGREE, rows, quotient), dtype=np.uint32)

    def run(start: int, stop: int) -> None:
        _fold_range(
            table,
            output,
            roots,
            order,
            challenge_factors,
            row_points,
            lane_points,
            scale,
            start,
            stop,
        )

    parallel_ranges(run, rows * -(-quotient // LANES), grain=8)
    return output
