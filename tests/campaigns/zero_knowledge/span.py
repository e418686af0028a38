"""Linear algebra and polynomials modulo P, as far as an observer needs them."""

from __future__ import annotations

import numpy as np

from tests.reference import stark
from tests.reference.stark import Extension, P

Array = np.ndarray


def eliminate(matrix: Array, columns: int) -> tuple[Array, int]:
    """Echelon form in the first `columns` columns, and their rank; the rows below are 0 there."""
    work = matrix % P
    found = 0
    for column in range(columns):
        pivots = np.flatnonzero(work[found:, column])
        if not len(pivots):
            continue
        pivot = found + int(pivots[0])
        work[[found, pivot]] = work[[pivot, found]]
        work[found] = work[found] * pow(int(work[found, column]), -1, P) % P
        below = found + 1 + np.flatnonzero(work[found + 1 :, column])
        work[below, column:] = (work[below, column:] - work[below, column, None] * work[found, column:]) % P
        found += 1
        if found == len(work):
            break
    return work, found


def in_span(matrix: Array, *values: Array) -> tuple[bool, ...]:
    """For each column of values, whether some combination of the matrix's columns is equal to it."""
    columns = matrix.shape[1]
    work, rank = eliminate(np.concatenate([matrix, np.stack(values, axis=1)], axis=1), columns)
    return tuple(not work[rank:, columns + k].any() for k in range(len(values)))


def solve(matrix: Array, values: Array) -> tuple[Array, Array]:
    """One solution, and the direction of all others: the matrix has full rank and one column more than rows."""
    rows, columns = matrix.shape
    assert columns == rows + 1
    work, rank = eliminate(np.concatenate([matrix, values[:, None]], axis=1), rows)
    assert rank == rows, "the rows depend on one another"
    one, direction = np.zeros(columns, dtype=np.int64), np.zeros(columns, dtype=np.int64)
    direction[-1] = 1
    for row in reversed(range(rows)):
        one[row] = (work[row, -1] - (work[row, row + 1 : rows] * one[row + 1 : rows] % P).sum()) % P
        direction[row] = -(work[row, row + 1 : columns] * direction[row + 1 :] % P).sum() % P
    return one, direction


def powers(point: int, count: int) -> Array:
    """1, x, x^2, ..."""
    known = [1]
    for _ in range(count - 1):
        known.append(known[-1] * point % P)
    return np.array(known, dtype=np.int64)


def extension_powers(point: Extension, count: int) -> Array:
    """int64[5, count]: the coordinates of 1, x, x^2, ..."""
    known: list[Extension] = [(1, 0, 0, 0, 0)]
    for _ in range(count - 1):
        known.append(stark.mul(known[-1], point))
    return np.array(known, dtype=np.int64).T


def have_common_root(polynomials: list[list[int]]) -> bool:
    """Whether polynomials in one unknown, lowest coefficient first, share a factor; 0 shares all."""
    common: list[int] = []
    for polynomial in polynomials:
        common = _greatest_divisor(common, _trimmed(polynomial))
    return len(common) != 1


def _trimmed(polynomial: list[int]) -> list[int]:
    work = [value % P for value in polynomial]
    while work and not work[-1]:
        work.pop()
    return work


def _greatest_divisor(one: list[int], two: list[int]) -> list[int]:
    while two:
        factor = pow(two[-1], -1, P)
        rest = one
        while len(rest) >= len(two):
            top, shift = rest[-1] * factor % P, len(rest) - len(two)
            rest = _trimmed([value - (top * two[k - shift] if k >= shift else 0) for k, value in enumerate(rest)])
        one, two = two, rest
    return one
