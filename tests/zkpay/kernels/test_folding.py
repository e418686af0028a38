"""Folding against Lagrange interpolation through each fibre, and against the definition on coefficients."""

import numpy as np
import pytest

from tests.reference import folding as reference
from zkpay.kernels.folding import fold
from zkpay.kernels.ntt import evaluate_coset
from zkpay.stark.field import Extension, P

CHALLENGE: Extension = (P - 1, 12345, 0, P - 7, 2**30)


def codeword_of(size: int) -> np.ndarray:
    values = np.random.default_rng(size).integers(0, P, (5, size)).astype(np.uint32)
    values[:, 0] = P - 1
    return values


def arranged(codeword: np.ndarray, rows: int) -> np.ndarray:
    """[:, i] to [:, j, m] with i = j + rows * m."""
    return np.ascontiguousarray(codeword.reshape(5, -1, rows).transpose(0, 2, 1))


def natural(values: np.ndarray) -> np.ndarray:
    return values.transpose(0, 2, 1).reshape(5, -1)


@pytest.mark.parametrize("arity", [2, 4, 8])
@pytest.mark.parametrize(("size", "rows"), [(8, 1), (32, 1), (32, 4), (256, 4), (1024, 8), (2048, 2)])
@pytest.mark.parametrize("shift", [1, 3])
def test_fold_equals_interpolation(size: int, rows: int, arity: int, shift: int) -> None:
    codeword = codeword_of(size)
    folded = natural(fold(arranged(codeword, rows), arity, CHALLENGE, shift, size))
    expected = reference.fold(codeword.T.tolist(), arity, list(CHALLENGE), shift)
    assert folded.T.tolist() == expected


@pytest.mark.parametrize("arity", [2, 4, 8])
def test_fold_of_a_polynomial_is_the_folded_polynomial(arity: int) -> None:
    size, rows, shift = 4096, 4, 3
    coefficients = codeword_of(300)
    codeword = np.empty((5, size), dtype=np.uint32)
    evaluate_coset(coefficients, size, shift, codeword)
    folded = np.array(reference.fold_coefficients(coefficients.T.tolist(), arity, list(CHALLENGE)), dtype=np.uint32).T
    expected = np.empty((5, size // arity), dtype=np.uint32)
    evaluate_coset(np.ascontiguousarray(folded), size // arity, pow(shift, arity, P), expected)
    assert np.array_equal(natural(fold(arranged(codeword, rows), arity, CHALLENGE, shift, size)), expected)


def test_refusals() -> None:
    values = arranged(codeword_of(32), 4)
    with pytest.raises(ValueError, match="arity must be"):
        fold(values, 3, CHALLENGE, 3, 32)
    with pytest.raises(ValueError, match="codeword of 64"):
        fold(values, 2, CHALLENGE, 3, 64)
    with pytest.raises(ValueError, match="does not divide"):
        fold(arranged(codeword_of(32), 8), 8, CHALLENGE, 3, 32)
    with pytest.raises(ValueError, match="coset"):
        fold(values, 2, CHALLENGE, P, 32)
