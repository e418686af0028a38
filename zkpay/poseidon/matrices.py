"""Small dense matrices over KoalaBear: what the sparse form of Poseidon's partial rounds needs (SPEC §2.3)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from zkpay.stark.field import P, inverse

Matrix = npt.NDArray[np.int64]


def circulant(first_row: Sequence[int]) -> Matrix:
    """The square matrix with entry first_row[(j - i) mod width] at row i, column j."""
    width = len(first_row)
    return np.array([[first_row[(j - i) % width] for j in range(width)] for i in range(width)], dtype=np.int64)


def matrix_product(a: Matrix, b: Matrix) -> Matrix:
    """a @ b mod P, entries in [0, P). With b in 16-bit halves a sum of 24 products stays below 2^52."""
    low = a @ (b & 0xFFFF) % P
    high = a @ (b >> 16) % P
    product: Matrix = (low + (high << 16)) % P
    return product


def inverse_matrix(matrix: Matrix) -> Matrix:
    """The inverse mod P by Gauss-Jordan elimination; ZeroDivisionError if the matrix is singular."""
    size = len(matrix)
    work = np.concatenate([matrix % P, np.eye(size, dtype=np.int64)], axis=1)
    for column in range(size):
        candidates = np.flatnonzero(work[column:, column])
        if not len(candidates):
            raise ZeroDivisionError("the matrix is singular")
        pivot = column + int(candidates[0])
        work[[column, pivot]] = work[[pivot, column]]
        work[column] = work[column] * inverse(int(work[column, column])) % P
        factors = work[:, column].copy()
        factors[column] = 0
        # Products are below P^2 < 2^62; the difference stays in (-2^62, 2^31) and numpy's % is never
        # negative.
        work = (work - factors[:, None] * work[column]) % P
    return work[:, size:]
