"""The field and its extension against galois, an independent library, and against the definitions."""

from typing import Any

import galois
import numpy as np
import pytest

from zkpay.stark.field import (
    EXT_ONE,
    EXT_ZERO,
    GENERATOR,
    TWO_ADICITY,
    Extension,
    P,
    evaluate_polynomial,
    ext,
    ext_add,
    ext_frobenius,
    ext_inverse,
    ext_mul,
    ext_neg,
    ext_pow,
    ext_scale,
    ext_sub,
    inverse,
    is_base,
    ntt_inverse,
    two_adic_generator,
)

BASE = galois.GF(P, primitive_element=GENERATOR, verify=False)
MODULUS = galois.Poly([1, 0, 0, 1, 0, P - 1], field=BASE)


def random_extension(generator: np.random.Generator) -> Extension:
    a, b, c, d, e = (int(x) for x in generator.integers(0, P, 5))
    return (a, b, c, d, e)


def as_polynomial(a: Extension) -> galois.Poly:
    return galois.Poly(list(reversed(a)), field=BASE)


def from_polynomial(polynomial: galois.Poly) -> Extension:
    a, b, c, d, e = [*(int(x) for x in reversed(polynomial.coeffs)), 0, 0, 0, 0][:5]
    return (a, b, c, d, e)


EDGES: list[Extension] = [EXT_ZERO, EXT_ONE, (P - 1,) * 5, (0, 0, 0, 0, P - 1), (0, 1, 0, 0, 0)]


def test_constants() -> None:
    assert P == 2130706433
    assert galois.is_prime(P)
    # 3 generates the whole group: 3^((P-1)/q) is not 1 for either prime factor q of P - 1 = 127 * 2^24.
    assert all(pow(GENERATOR, (P - 1) // q, P) != 1 for q in (2, 127))
    assert two_adic_generator(TWO_ADICITY) == 1791270792 == pow(GENERATOR, 127, P)
    for log_size in range(TWO_ADICITY):
        assert two_adic_generator(log_size) == pow(two_adic_generator(log_size + 1), 2, P)
    assert [two_adic_generator(k) for k in (0, 1)] == [1, P - 1]
    with pytest.raises(ValueError, match="two-adicity"):
        two_adic_generator(25)


def test_modulus_is_irreducible() -> None:
    # Rabin's test for the prime degree 5: X^(p^5) = X, and X^p - X shares no factor with the modulus.
    x = (0, 1, 0, 0, 0)
    assert ext_pow(x, P**5) == x
    difference = ext_sub(ext_pow(x, P), x)
    shared: Any = galois.gcd(as_polynomial(difference), MODULUS)  # type: ignore[arg-type]
    assert shared.degree == 0


def test_arithmetic_equals_galois() -> None:
    generator = np.random.default_rng(1)
    values = EDGES + [random_extension(generator) for _ in range(12)]
    for a in values:
        for b in values[::2]:
            pa, pb = as_polynomial(a), as_polynomial(b)
            assert ext_mul(a, b) == from_polynomial(pa * pb % MODULUS)
            assert ext_add(a, b) == from_polynomial(pa + pb)
            assert ext_sub(a, b) == from_polynomial(pa - pb)
        assert ext_neg(a) == from_polynomial(-as_polynomial(a))
        assert ext_scale(a, P - 2) == ext_mul(a, ext(-2))


def test_inverse_power_and_frobenius() -> None:
    generator = np.random.default_rng(2)
    for a in [*EDGES[1:], *(random_extension(generator) for _ in range(20))]:
        assert ext_mul(a, ext_inverse(a)) == EXT_ONE
        assert ext_pow(a, -3) == ext_inverse(ext_mul(a, ext_mul(a, a)))
        assert ext_frobenius(a) == ext_pow(a, P)
        assert ext_frobenius(a, 3) == ext_pow(a, P**3)
    assert ext_pow((5, 6, 7, 8, 9), 0) == EXT_ONE
    assert inverse(7) == int(BASE(1) / BASE(7))
    assert is_base(ext(5))
    assert not is_base((5, 0, 0, 1, 0))
    with pytest.raises(ZeroDivisionError):
        ext_inverse(EXT_ZERO)
    with pytest.raises(ZeroDivisionError):
        inverse(P)


@pytest.mark.parametrize("log_size", range(11))
def test_ntt_inverse_equals_galois(log_size: int) -> None:
    size = 1 << log_size
    values = np.random.default_rng(log_size).integers(0, P, size)
    values[0] = P - 1
    coefficients = ntt_inverse(values)
    assert coefficients.dtype == np.int64
    omega = two_adic_generator(log_size)
    points = BASE([pow(omega, i, P) for i in range(size)])
    polynomial = galois.Poly(BASE(coefficients[::-1]))
    assert np.array_equal(polynomial(points), BASE(values))


def test_ntt_inverse_refuses_other_sizes() -> None:
    for size in (0, 3, 12):
        with pytest.raises(ValueError, match="power of two"):
            ntt_inverse(np.zeros(size, dtype=np.uint32))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 33, 255, 256, 257, 1000])
def test_evaluate_polynomial_equals_horner(count: int) -> None:
    generator = np.random.default_rng(count)
    coefficients = generator.integers(0, P, count)
    coefficients[::7] = P - 1
    point = random_extension(generator)
    expected = EXT_ZERO
    for c in reversed(coefficients.tolist()):
        expected = ext_add(ext_mul(expected, point), ext(c))
    assert evaluate_polynomial(coefficients, point) == expected


def test_evaluate_polynomial_at_the_bound() -> None:
    # All coefficients and coordinates maximal: the sums stay exact.
    count = 1 << 13
    coefficients = np.full(count, P - 1, dtype=np.int64)
    point = (P - 1, P - 1, P - 1, P - 1, P - 1)
    geometric = ext_mul(ext_sub(ext_pow(point, count), EXT_ONE), ext_inverse(ext_sub(point, EXT_ONE)))
    assert evaluate_polynomial(coefficients, point) == ext_neg(geometric)


def test_more_coefficients_than_any_domain_has_are_refused() -> None:
    """Beyond 2^24 the 16-bit halves would no longer be added up exactly."""
    with pytest.raises(ValueError, match="at most 2\\^24"):
        evaluate_polynomial(np.broadcast_to(np.int64(1), ((1 << 24) + 1,)), (0, 1, 0, 0, 0))
