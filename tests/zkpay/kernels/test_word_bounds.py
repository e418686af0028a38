"""The bounds that compiled arithmetic states, at their ends: single words, vector code, the largest domain.

What kernels do with many words is at its ends in their own tests; here is what they are made of, and what is too large
to be compared with a definition value by value.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numba import njit

from tests.campaigns.kernels import plain
from zkpay.kernels import extension, montgomery, ntt, vector
from zkpay.kernels.folding import fold
from zkpay.kernels.ntt import evaluate_coset
from zkpay.kernels.opening import evaluate_at
from zkpay.kernels.points import evaluate_points
from zkpay.stark.field import GENERATOR, TWO_ADICITY, P, inverse, two_adic_generator

RADIX = 1 << 32
UNREDUCED = RADIX * P
R_INVERSE = pow(RADIX, -1, P)
ENDS = (0, 1, 2, P // 2, P // 2 + 1, P - 2, P - 1)
WORDS = (*ENDS, P, P + 1, 2 * P - 1, 2 * P, 2**31, 2**31 - 1, RADIX - 2, RADIX - 1)
LANES = vector.LANES


def edges(*shape: int, seed: int = 1, ends: tuple[int, ...] = ENDS) -> np.ndarray:
    return np.random.default_rng(seed).choice(np.array(ends, dtype=np.uint64), shape).astype(np.uint32)


def test_sums_and_differences_of_canonical_words() -> None:
    for a, b in itertools.product(ENDS, ENDS):
        assert int(montgomery.add(np.uint32(a), np.uint32(b))) == (a + b) % P
        assert int(montgomery.subtract(np.uint32(a), np.uint32(b))) == (a - b) % P


def test_products_of_any_word_with_a_canonical_one() -> None:
    for a, b in itertools.product(WORDS, ENDS):
        assert int(montgomery.multiply(np.uint32(a), np.uint32(b))) == a * b * R_INVERSE % P


def test_reductions_up_to_the_bound() -> None:
    """2^32 P - 1 is the last; multiples of P and of 2^32 are where the halves of a word cancel."""
    near = [0, 1, P - 1, P, P + 1, RADIX - 1, RADIX, RADIX + 1, UNREDUCED // 2, UNREDUCED - RADIX, UNREDUCED - P]
    for t in [*near, *(UNREDUCED - k for k in range(1, 50)), (P - 1) ** 2, 2 * (P - 1) ** 2]:
        assert int(montgomery.reduce_product(np.uint64(t))) == t * R_INVERSE % P


def test_totals_are_wrapped_below_twice_the_bound() -> None:
    """Four products at their largest, and a wrapped total with two more, stay where one subtraction is enough."""
    largest = max(4 * (P - 1) ** 2, UNREDUCED - 1 + 2 * (P - 1) ** 2)
    assert largest < 2 * UNREDUCED < 1 << 64
    for total in (0, 1, UNREDUCED - 1, UNREDUCED, UNREDUCED + 1, largest, 2 * UNREDUCED - 1):
        assert int(extension._wrap(np.uint64(total))) == total % UNREDUCED


@njit
def _butterflies(source: Any, target: Any, radix: int, step: int, twiddles: Any) -> None:
    if radix == 2:
        vector.butterflies(2, source, 0, step, target, 0, step, twiddles, 0)
    elif radix == 4:
        vector.butterflies(4, source, 0, step, target, 0, step, twiddles, 0)
    elif radix == 8:
        vector.butterflies(8, source, 0, step, target, 0, step, twiddles, 0)
    else:
        vector.butterflies(16, source, 0, step, target, 0, step, twiddles, 0)


@njit
def _transposition(source: Any, order: Any, factors: Any, target: Any, step: int) -> None:
    vector.transpose_products(source, 0, order, 0, factors, 0, step, target, 0, step)


@pytest.mark.parametrize("radix", [2, 4, 8, 16])
@pytest.mark.parametrize("words", [(P - 1,), (0, P - 1), ENDS])
def test_butterflies_of_extreme_words(radix: int, words: tuple[int, ...]) -> None:
    """The vector code against exact arithmetic, which also sees that no word beside the rows is written to."""
    step = LANES + 3
    for constants in ((P - 1,), (0,), ENDS):
        factors = edges(radix - 1, seed=radix, ends=constants).astype(np.uint64)
        twiddles = np.stack([(factors << np.uint64(32)) // np.uint64(P), factors], axis=1).reshape(-1).astype(np.uint32)
        source = edges(radix * step, seed=radix + 1, ends=words)
        found, expected = np.full_like(source, 7), np.full_like(source, 7)
        _butterflies(source, found, radix, step, twiddles)
        plain.butterflies(radix, source, 0, step, expected, 0, step, twiddles, 0)
        assert np.array_equal(found, expected)
        _butterflies(source, source, radix, step, twiddles)
        rows = source.reshape(radix, step)[:, :LANES]
        assert np.array_equal(rows, expected.reshape(radix, step)[:, :LANES])


@pytest.mark.parametrize("words", [(P - 1,), (0, P - 1), ENDS])
def test_transposed_products_of_extreme_words(words: tuple[int, ...]) -> None:
    step = LANES + 1
    source, factors = edges(LANES * step, ends=words), edges(LANES * step, seed=2, ends=words)
    order = np.arange(LANES, dtype=np.int64)[::-1] * step
    found, expected = np.full_like(source, 7), np.full_like(source, 7)
    _transposition(source, order, factors, found, step)
    plain.transpose_products(source, 0, order, 0, factors, 0, step, expected, 0, step)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("arity", [2, 4, 8])
@pytest.mark.parametrize("rows", [1, 4])
def test_folds_of_constant_codewords(arity: int, rows: int) -> None:
    """A constant folds to itself, whatever the challenge; the smallest domains are one fibre a row."""
    challenge = (P - 1,) * 5
    for size in (arity * rows, 64 * arity * rows, 65 * arity * rows * 64):
        size = 1 << (size.bit_length() - 1)
        folded = fold(np.full((5, rows, size // rows), P - 1, np.uint32), arity, challenge, P - 1, size)
        assert folded.shape == (5, rows, size // rows // arity)
        assert (folded == P - 1).all()


def test_the_largest_domain() -> None:
    """2^24 coefficients P - 1: -(x^n - 1) / (x - 1) at every point."""
    size, shift = 1 << TWO_ADICITY, GENERATOR
    coefficients = np.full((1, size), P - 1, dtype=np.uint32)
    values = np.empty_like(coefficients)
    evaluate_coset(coefficients, size, shift, values)
    omega, top = two_adic_generator(TWO_ADICITY), (1 - pow(shift, size, P)) % P
    places = np.array([0, 1, 12_345_678, size // 2, size - 1])
    points = [shift * pow(omega, place, P) % P for place in places.tolist()]
    expected = [top * inverse(point - 1) % P for point in points]
    assert values[0, places].tolist() == expected
    assert evaluate_points(coefficients, size, shift, places)[0].tolist() == expected
    # Tables for this size take more memory than all other tests.
    ntt._twiddles.cache_clear()
    ntt._powers.cache_clear()


def test_openings_of_the_longest_columns() -> None:
    """Coefficients of the tallest tables, and powers, all P - 1: a product is 1, and there are as many."""
    length = (1 << 22) - 3
    ends = np.broadcast_to(np.uint32(P - 1), (5, length))
    assert (evaluate_at(np.full((1, length), P - 1, np.uint32), ends) == length).all()
