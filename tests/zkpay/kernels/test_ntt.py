"""Transforms against their definition, a recursive twin and galois."""

import galois
import numpy as np
import pytest

from tests.reference import ntt as reference
from zkpay.kernels.ntt import evaluate_coset, interpolate, interpolate_coset
from zkpay.stark.field import P, ntt_inverse, two_adic_generator


def columns_of(width: int, size: int) -> np.ndarray:
    values = np.random.default_rng(size + width).integers(0, P, (width, size)).astype(np.uint32)
    values[0] = P - 1
    return values


def evaluated(coefficients: np.ndarray, size: int, shift: int) -> np.ndarray:
    out = np.full((len(coefficients), size), 2**32 - 1, dtype=np.uint32)
    evaluate_coset(coefficients, size, shift, out)
    return out


@pytest.mark.parametrize("log_size", range(9))
@pytest.mark.parametrize("shift", [1, 3, P - 5])
def test_evaluate_equals_definition(log_size: int, shift: int) -> None:
    size = 1 << log_size
    for length in sorted({1, size // 2 + 1, size, size + 1, size + size // 4, 2 * size}):
        coefficients = columns_of(3, length)
        if length > 2 * size:
            continue
        values = evaluated(coefficients, size, shift)
        for column, expected in zip(values.tolist(), coefficients.tolist(), strict=True):
            assert column == reference.evaluate_coset(expected, size, shift)


@pytest.mark.parametrize("log_size", [10, 11, 13, 14])
def test_evaluate_equals_the_recursive_twin(log_size: int) -> None:
    coefficients = columns_of(2, 1 << log_size)
    values = evaluated(coefficients, 1 << log_size, 1)
    for column, expected in zip(values.tolist(), coefficients.tolist(), strict=True):
        assert column == reference.recursive(expected)


@pytest.mark.parametrize("log_size", [4, 8, 12])
def test_evaluate_equals_galois(log_size: int) -> None:
    size = 1 << log_size
    coefficients = columns_of(2, size)
    field = galois.GF(P, primitive_element=3, verify=False)
    points = field(reference.domain(size, 3))
    values = evaluated(coefficients, size, 3)
    for column, expected in zip(values, coefficients, strict=True):
        sample = slice(None, None, max(size // 64, 1))
        assert np.array_equal(field(column[sample]), galois.Poly(field(expected[::-1]))(points[sample]))


@pytest.mark.parametrize("log_size", [*range(10), 15, 17])
def test_interpolate_inverts(log_size: int) -> None:
    values = columns_of(3, 1 << log_size)
    assert np.array_equal(evaluated(interpolate(values), 1 << log_size, 1), values)
    assert np.array_equal(evaluated(interpolate_coset(values, 7), 1 << log_size, 7), values)
    assert np.array_equal(interpolate(values)[1], ntt_inverse(values[1]))


def test_large_columns_at_sampled_points() -> None:
    log_size, shift = 20, 3
    size = 1 << log_size
    coefficients = columns_of(1, size + size // 32)
    values = evaluated(coefficients, size, shift)
    omega = two_adic_generator(log_size)
    for index in (0, 1, 777_777, size - 1):
        point = shift * pow(omega, index, P) % P
        assert values[0, index] == reference.evaluate(coefficients[0].tolist(), point)


def test_rows_of_a_wider_array() -> None:
    wide = np.zeros((3, 100), dtype=np.uint32)
    coefficients = columns_of(3, 64)
    evaluate_coset(coefficients, 64, 3, wide[:, 10:74])
    assert np.array_equal(wide[:, 10:74], evaluated(coefficients, 64, 3))
    assert not wide[:, :10].any()
    assert not wide[:, 74:].any()
    assert np.array_equal(evaluated(np.asfortranarray(coefficients), 64, 3), wide[:, 10:74])


def test_refusals() -> None:
    with pytest.raises(ValueError, match="power of two"):
        interpolate(np.zeros((1, 12), dtype=np.uint32))
    with pytest.raises(ValueError, match="twice the size"):
        evaluated(columns_of(1, 9), 4, 3)
    with pytest.raises(ValueError, match="must not be 0"):
        evaluated(columns_of(1, 4), 4, P)
    with pytest.raises(ValueError, match="out must be"):
        evaluate_coset(columns_of(2, 4), 4, 3, np.zeros((2, 8), dtype=np.uint32))
