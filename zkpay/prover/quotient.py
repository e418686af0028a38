"""The constraint quotient (SPEC §4.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from zkpay.kernels.deep import combine
from zkpay.kernels.extension import invert_elements, powers
from zkpay.kernels.ntt import evaluate_coset, interpolate_coset
from zkpay.kernels.program import Program, fold_constraints
from zkpay.prover.columns import add_lifted, add_to
from zkpay.prover.groups import coset_shift
from zkpay.stark.air import Circuit, PlacedTable
from zkpay.stark.field import EXTENSION_DEGREE, Extension, P, ext, ext_neg, ext_scale, inverse
from zkpay.stark.parameters import Parameters
from zkpay.stark.protocol import root_of_unity

Columns = NDArray[np.uint32]
CosetValues = Callable[[int, int], tuple[Columns, Columns]]


def quotient_coefficients(
    circuit: Circuit,
    parameters: Parameters,
    programs: Sequence[Program],
    values: CosetValues,
    accumulator: Callable[[int], Columns],
    accumulator_weight: Extension,
    target: Extension,
) -> Columns:
    """uint32[5, cosets * N]: coefficients of (folded constraints) / (X^N - 1).

    values(position, coset): main and auxiliary values uint32[w, N_t] of a table; accumulator(coset): uint32[5, N]. On
    coset j X^N is the constant c_j, so each coset gives the quotient modulo X^N - c_j, and a Vandermonde system in the
    c_j gives its parts of N coefficients.
    """
    height, count = parameters.height, parameters.quotient_cosets
    parts = np.empty((EXTENSION_DEGREE, count, height), dtype=np.uint32)
    constants = []
    for coset in range(count):
        first = coset_shift(height, 1, parameters.blowup, coset)
        constants.append(pow(first, height, P))
        folded = _accumulator_part(accumulator(coset), accumulator_weight, target, height)
        for own_height in sorted({item.height for item in circuit.placed}):
            ratio = height // own_height
            shift = coset_shift(own_height, ratio, parameters.blowup, coset)
            selectors = selector_values(own_height, shift)
            for position, item in enumerate(circuit.placed):
                if item.height == own_height:
                    main, auxiliary = values(position, coset)
                    preprocessed = preprocessed_on_coset(item, shift)
                    own = fold_constraints(programs[position], main, preprocessed, auxiliary, selectors)
                    add_lifted(folded, own)
        parts[:, coset] = interpolate_coset(folded, first)
    return _solve(parts, constants)


def _solve(parts: Columns, constants: Sequence[int]) -> Columns:
    """The quotient's coefficients from (quotient * (c_j - 1)) mod X^N - c_j in parts[:, j]."""
    degree, count, height = parts.shape
    rows = np.array(_inverse_vandermonde(constants), dtype=np.int64)
    scales = np.array([inverse(constant - 1) for constant in constants], dtype=np.int64)
    weights = (rows * scales % P).astype(np.uint32)
    solved = np.empty((degree, count, height), dtype=np.uint32)
    for first in range(0, count, EXTENSION_DEGREE):
        # `combine` makes five sums at a time: here five rows of the inverse matrix.
        some = np.zeros((EXTENSION_DEGREE, count), dtype=np.uint32)
        some[: len(weights[first : first + EXTENSION_DEGREE])] = weights[first : first + EXTENSION_DEGREE]
        for k in range(degree):
            last = min(first + EXTENSION_DEGREE, count)
            solved[k, first:last] = combine(parts[k], some)[: last - first]
    return solved.reshape(degree, count * height)


def selector_values(height: int, shift: int) -> Columns:
    """uint32[4, height] on shift * <g>: 1; Y - 1/g; (Y^n - 1)/(Y - 1); (Y^n - 1)/(Y - 1/g)."""
    generator = root_of_unity(height)
    last = inverse(generator)
    points = powers(ext(generator), height)[0].astype(np.int64) * shift % P
    vanishing = (pow(shift, height, P) - 1) % P
    # 1/(Y - 1/g) is g/(g Y - 1): the inverses of Y - 1 on the next row, times g.
    inverse_first = invert_elements(((points - 1) % P).astype(np.uint32)).astype(np.int64)
    inverse_last = np.roll(inverse_first, -1) * (generator * vanishing % P) % P
    selectors = np.empty((4, height), dtype=np.uint32)
    selectors[0] = 1
    selectors[1] = (points - last) % P
    selectors[2] = vanishing * inverse_first % P
    selectors[3] = inverse_last
    return selectors


def _accumulator_part(values: Columns, weight: Extension, target: Extension, height: int) -> Columns:
    """weight * (accumulator(g X) - accumulator(X) + target / N) on one coset, uint32[5, N]."""
    by_power = [_times_power(weight, k) for k in range(EXTENSION_DEGREE)]
    weights = np.array([*by_power, *(ext_neg(power) for power in by_power)], dtype=np.uint32).T.copy()
    result = combine(np.concatenate([np.roll(values, -1, axis=1), values]), weights)
    share = ext_scale(target, inverse(height))
    constant = np.zeros(EXTENSION_DEGREE, dtype=np.int64)
    for entry, power in zip(share, by_power, strict=True):
        constant = (constant + entry * np.array(power, dtype=np.int64)) % P
    add_to(result, constant.astype(np.uint32)[:, None])
    return result


def _times_power(value: Extension, k: int) -> Extension:
    """value * X^k."""
    for _ in range(k):
        a, b, c, d, e = value
        value = (e, a, (b - e) % P, c, d)
    return value


def preprocessed_on_coset(item: PlacedTable, shift: int) -> list[Columns]:
    """The preprocessed columns' polynomials on shift * <g>: for each as many values as it has a period.

    A column of a period is q(Y^r), r = height / period: its values there are those of q on shift^r * <g^r>, repeated.
    """
    by_period: dict[int, list[int]] = {}
    for number, column in enumerate(item.table.preprocessed_values):
        by_period.setdefault(len(column), []).append(number)
    found: dict[int, Columns] = {}
    for period, numbers in by_period.items():
        columns = np.stack([item.table.preprocessed_values[number] for number in numbers]).astype(np.uint32)
        values = np.empty_like(columns)
        evaluate_coset(interpolate_coset(columns, 1), period, pow(shift, item.height // period, P), values)
        found |= dict(zip(numbers, values, strict=True))
    return [found[number] for number in range(len(found))]


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
