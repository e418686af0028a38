"""The constraint quotient, its randomised split and the FRI mask (SPEC §4.5, §7)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkpay.kernels.extension import powers
from zkpay.kernels.ntt import evaluate_coset, interpolate_coset
from zkpay.kernels.program import Program, fold_constraints
from zkpay.prover.commit import coset_shift
from zkpay.prover.randomness import MaskSource
from zkpay.stark.air import Circuit, PlacedTable
from zkpay.stark.field import EXTENSION_DEGREE, Extension, P, ext, ext_scale, inverse
from zkpay.stark.parameters import Parameters
from zkpay.stark.protocol import root_of_unity

Columns = NDArray[np.uint32]


def quotient_coefficients(
    circuit: Circuit,
    parameters: Parameters,
    programs: Sequence[Program],
    main: Sequence[Columns],
    auxiliary: Sequence[Columns],
    accumulator: Columns,
    accumulator_weight: Extension,
    target: Extension,
) -> Columns:
    """uint32[5, cosets * N]: coefficients of (folded constraints) / (X^N - 1).

    main and auxiliary: values uint32[blowup, w, N_t] of each table; accumulator uint32[blowup, 5, N]. On coset j
    X^N is the constant c_j, so each coset gives the quotient modulo X^N - c_j, and a Vandermonde system in the c_j
    gives its parts of N coefficients.
    """
    height, count = parameters.height, parameters.quotient_cosets
    parts = np.empty((count, EXTENSION_DEGREE, height), dtype=np.int64)
    constants = []
    for coset in range(count):
        first = coset_shift(height, 1, parameters.blowup, coset)
        constants.append(pow(first, height, P))
        folded = _accumulator_part(accumulator[coset], accumulator_weight, target, height)
        for position, item in enumerate(circuit.placed):
            ratio = height // item.height
            shift = coset_shift(item.height, ratio, parameters.blowup, coset)
            own = fold_constraints(
                programs[position],
                main[position][coset],
                preprocessed_on_coset(item, shift),
                auxiliary[position][coset],
                selector_values(item.height, shift),
            )
            folded += np.tile(own.astype(np.int64), (1, ratio))
        folded = folded % P * inverse(constants[-1] - 1) % P
        parts[coset] = interpolate_coset(folded.astype(np.uint32), first)
    solved = np.zeros_like(parts)
    for row, entries in enumerate(_inverse_vandermonde(constants)):
        for coset, entry in enumerate(entries):
            solved[row] = (solved[row] + parts[coset] * entry) % P
    return np.ascontiguousarray(solved.transpose(1, 0, 2)).reshape(EXTENSION_DEGREE, count * height).astype(np.uint32)


def split_quotient(quotient: Columns, parameters: Parameters, masks: MaskSource, *, check: bool) -> Columns:
    """uint32[15, K]: q_0 + X^s t, q_1 - t, and the FRI mask R of degree below K - 1.

    Raises ValueError if the quotient does not fit (constraints unsatisfied), unless `check` is off.
    """
    dimension, split, length = parameters.dimension, parameters.split, parameters.mask_length
    columns = np.zeros((3 * EXTENSION_DEGREE, dimension), dtype=np.int64)
    low, high = columns[:EXTENSION_DEGREE], columns[EXTENSION_DEGREE : 2 * EXTENSION_DEGREE]
    low[:, :split] = quotient[:, :split]
    rest = quotient[:, split:]
    if check and bool(rest[:, dimension:].any()):
        raise ValueError("the quotient is longer than its two chunks: constraints are not satisfied")
    high[:, : min(rest.shape[1], dimension)] = rest[:, :dimension]
    mask = masks.elements("quotient", (EXTENSION_DEGREE, length)).astype(np.int64)
    low[:, split:] += mask
    high[:, :length] = (high[:, :length] - mask) % P
    columns[2 * EXTENSION_DEGREE :, : dimension - 1] = masks.elements("fri", (EXTENSION_DEGREE, dimension - 1))
    return columns.astype(np.uint32)


def selector_values(height: int, shift: int) -> Columns:
    """uint32[4, height] on shift * <g>: 1; Y - 1/g; (Y^n - 1)/(Y - 1); (Y^n - 1)/(Y - 1/g)."""
    generator = root_of_unity(height)
    last = inverse(generator)
    points = _geometric(shift, generator, height)
    vanishing = (pow(shift, height, P) - 1) % P
    from_first, from_last = (points - 1) % P, (points - last) % P
    # 1/(Y - 1/g) is g/(g Y - 1): the inverses of Y - 1 on the next row, times g.
    inverse_first = _batch_inverse(from_first)
    inverse_last = np.roll(inverse_first, -1) * generator % P
    selectors = np.stack(
        [np.ones(height, dtype=np.int64), from_last, vanishing * inverse_first % P, vanishing * inverse_last % P]
    )
    return selectors.astype(np.uint32)


def _accumulator_part(values: Columns, weight: Extension, target: Extension, height: int) -> NDArray[np.int64]:
    """weight * (accumulator(g X) - accumulator(X) + target / N) on one coset, int64[5, N] in [0, P)."""
    share = np.array(ext_scale(target, inverse(height)), dtype=np.int64)[:, None]
    step = (np.roll(values, -1, axis=1).astype(np.int64) - values + share) % P
    result = np.zeros_like(step)
    for k in range(EXTENSION_DEGREE):
        for power, entry in enumerate(_times_power(weight, k)):
            result[power] = (result[power] + step[k] * entry) % P
    return result


def _times_power(value: Extension, k: int) -> Extension:
    """value * X^k."""
    for _ in range(k):
        a, b, c, d, e = value
        value = (e, a, (b - e) % P, c, d)
    return value


def preprocessed_on_coset(item: PlacedTable, shift: int) -> Columns:
    """uint32[p, height]: the preprocessed columns' polynomials on shift * <g>.

    A column of a period is q(Y^r), r = height / period: its values there are those of q on shift^r * <g^r>, repeated.
    """
    rows = np.empty((len(item.table.preprocessed_values), item.height), dtype=np.uint32)
    for row, column in zip(rows, item.table.preprocessed_values, strict=True):
        period = len(column)
        coefficients = interpolate_coset(column[None, :].astype(np.uint32), 1)
        values = np.empty((1, period), dtype=np.uint32)
        evaluate_coset(coefficients, period, pow(shift, item.height // period, P), values)
        row.reshape(-1, period)[:] = values
    return rows


def _geometric(first: int, ratio: int, count: int) -> NDArray[np.int64]:
    """first * ratio^k, int64[count]."""
    row: NDArray[np.int64] = powers(ext(ratio), count)[0].astype(np.int64)
    return row * first % P


def _batch_inverse(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Elementwise inverses mod P by Fermat's theorem: 31 squarings over the array."""
    result = np.ones_like(values)
    base, exponent = values.copy(), P - 2
    while exponent:
        if exponent & 1:
            result = result * base % P
        base = base * base % P
        exponent >>= 1
    return result


def _inverse_vandermonde(constants: Sequence[int]) -> list[list[int]]:
    """Rows m of the inverse of the matrix (c_j^m): part_m = sum_j row[m][j] * value_j."""
    count = len(constants)
    rows = [[0] * count for _ in range(count)]
    for j, own in enumerate(constants):
        # Lagrange basis polynomial of c_j, coefficients ascending.
        basis = [1]
        scale = 1
        for i, other in enumerate(constants):
            if i == j:
                continue
            basis = [
                ((basis[k - 1] if k else 0) - other * (basis[k] if k < len(basis) else 0)) % P
                for k in range(len(basis) + 1)
            ]
            scale = scale * (own - other) % P
        for m in range(count):
            rows[m][j] = basis[m] * inverse(scale) % P
    return rows
