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


@pytest.mark.parametrize("log_size", range(14))
@pytest.mark.parametrize("shift", [1, 3])
def test_extremes_of_every_size(log_size: int, shift: int) -> None:
    """Columns of 0, of P - 1, of both: every lane and every stage meets the ends of the bounds of lazy reduction."""
    size = 1 << log_size
    rng = np.random.default_rng(log_size)
    columns = np.stack(
        [
            np.zeros(size),
            np.full(size, P - 1),
            np.where(np.arange(size) % 2, P - 1, 0),
            np.where(np.arange(size) < size // 2, P - 1, 0),
            rng.choice([0, 1, P - 2, P - 1], size),
        ]
    ).astype(np.uint32)
    values = evaluated(columns, size, shift)
    for column, expected in zip(values.tolist(), columns.tolist(), strict=True):
        assert column == reference.recursive([c * pow(shift, k, P) % P for k, c in enumerate(expected)])
    assert np.array_equal(interpolate_coset(values, shift), columns)
    # An overhang as long as the column, and one of the size and a word.
    for length in (size + 1, 2 * size):
        long = np.concatenate([columns, columns[:, ::-1]], axis=1)[:, :length]
        folded = columns.astype(np.uint64)
        folded[:, : length - size] += long[:, size:].astype(np.uint64) * np.uint64(pow(shift, size, P)) % np.uint64(P)
        assert np.array_equal(evaluated(long, size, shift), evaluated((folded % P).astype(np.uint32), size, shift))


@pytest.mark.parametrize("log_size", [10, 11, 12])
def test_columns_of_any_length(log_size: int) -> None:
    """Ends of a column, and of its overhang, at, before and behind the bounds of rows and panels."""
    size = 1 << log_size
    width = 1 << (log_size - log_size // 2)
    columns = columns_of(2, 2 * size)
    for end in (1, width // 2, width - 1, width, width + 1, 3 * width + 5, size // 2, size - width + 1, size - 1, size):
        full = np.zeros((2, size), dtype=np.uint32)
        full[:, :end] = columns[:, :end]
        assert np.array_equal(evaluated(columns[:, :end], size, 3), evaluated(full, size, 3))
        folded = columns[:, :size].astype(np.uint64)
        folded[:, :end] += columns[:, size : size + end].astype(np.uint64) * np.uint64(pow(3, size, P)) % np.uint64(P)
        expected = evaluated((folded % P).astype(np.uint32), size, 3)
        assert np.array_equal(evaluated(columns[:, : size + end], size, 3), expected)


@pytest.mark.parametrize("log_size", [3, 10, 13])
@pytest.mark.parametrize("shift", [1, 7])
def test_interpolate_into_given_rows(log_size: int, shift: int) -> None:
    size = 1 << log_size
    values = columns_of(3, size)
    expected = interpolate_coset(values, shift)
    wide = np.full((3, size + 40), 5, dtype=np.uint32)
    assert interpolate_coset(values, shift, wide[:, 8 : size + 8]) is not wide
    assert np.array_equal(wide[:, 8 : size + 8], expected)
    assert (wide[:, :8] == 5).all()
    assert (wide[:, size + 8 :] == 5).all()
    assert np.array_equal(interpolate_coset(np.concatenate([values, values], axis=1)[:, size:], shift), expected)
    assert np.array_equal(interpolate_coset(values[::-1], shift), expected[::-1])
    assert np.array_equal(interpolate_coset(np.repeat(values, 2, axis=1)[:, ::2], shift), expected)
    assert np.array_equal(interpolate_coset(np.broadcast_to(values[1], (4, size)), shift), expected[[1] * 4])
    backwards = np.zeros((6, size), dtype=np.uint32)
    interpolate_coset(values, shift, backwards[::-2])
    assert np.array_equal(backwards[::-2], expected)
    assert not backwards[::2].any()
    in_place = values.copy()
    assert interpolate_coset(in_place, shift, in_place) is in_place
    assert np.array_equal(in_place, expected)


def test_many_columns_and_none() -> None:
    for log_size in (2, 10):
        size = 1 << log_size
        values = columns_of(37, size)
        one_by_one = np.concatenate([interpolate(row[None]) for row in values])
        assert np.array_equal(interpolate(values), one_by_one)
        assert interpolate(values[:0]).shape == (0, size)
        assert evaluated(values[:0], size, 3).shape == (0, size)


def test_values_that_cannot_be_written_to() -> None:
    values = columns_of(2, 1024)
    expected = interpolate(values)
    values.flags.writeable = False
    assert np.array_equal(interpolate(values), expected)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="power of two"):
        interpolate(np.zeros((1, 12), dtype=np.uint32))
    with pytest.raises(ValueError, match="twice the size"):
        evaluated(columns_of(1, 9), 4, 3)
    with pytest.raises(ValueError, match="must not be 0"):
        evaluated(columns_of(1, 4), 4, P)
    with pytest.raises(ValueError, match="must not be 0"):
        interpolate_coset(columns_of(1, 4), 0)
    with pytest.raises(ValueError, match="must be uint32"):
        interpolate(np.zeros((1, 2048), dtype=np.int64))
    with pytest.raises(ValueError, match="out must be"):
        interpolate(columns_of(1, 4), np.zeros((1, 5), dtype=np.uint32))
    with pytest.raises(ValueError, match="out must be"):
        evaluate_coset(columns_of(2, 4), 4, 3, np.zeros((2, 8), dtype=np.uint32))
