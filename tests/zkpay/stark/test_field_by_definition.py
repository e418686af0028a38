"""The field against schoolbook twins in plain Python, which run where galois can't: in forked processes.

What test_field.py holds against an independent library, these hold against the definitions, coordinate by coordinate.
"""

import numpy as np
import pytest

from tests.reference import extension, ntt
from zkpay.stark import field
from zkpay.stark.field import Extension, evaluate_polynomial, ntt_inverse, two_adic_generator

P = extension.P
GENERATOR = np.random.default_rng(11)
VALUES: list[Extension] = [
    (0, 0, 0, 0, 0),
    (P - 1, P - 1, P - 1, P - 1, P - 1),
    *((int(k == 0), int(k == 1), int(k == 2), int(k == 3), int(k == 4)) for k in range(5)),
    *((a, b, c, d, e) for a, b, c, d, e in GENERATOR.integers(0, P, (6, 5)).tolist()),
]


def test_constants_are_those_of_the_specification() -> None:
    """SPEC §2: every other number follows from these, and another one is another protocol."""
    assert field.P == 2**31 - 2**24 + 1
    assert (field.GENERATOR, field.TWO_ADICITY, field.EXTENSION_DEGREE) == (3, 24, 5)
    assert field.TWO_ADIC_ROOT == pow(3, 127, P)
    assert field.EXT_ZERO == (0, 0, 0, 0, 0)
    assert field.EXT_ONE == (1, 0, 0, 0, 0)


def test_two_adic_generators_there_are() -> None:
    """One for each order from 2^0 to 2^24; a negative order would be taken for a larger subgroup."""
    for log_size in (0, 1, 5, 23, 24):
        assert two_adic_generator(log_size) == pow(3, 127 << (24 - log_size), P)
    for log_size in (-1, 25):
        with pytest.raises(ValueError, match="two-adicity"):
            two_adic_generator(log_size)


@pytest.mark.parametrize("a", VALUES)
def test_sums_and_multiples_are_those_of_each_coordinate(a: Extension) -> None:
    """And canonical: what is compared or hashed later has one form."""
    for b in VALUES:
        assert field.ext_add(a, b) == tuple((x + y) % P for x, y in zip(a, b, strict=True))
        assert field.ext_sub(a, b) == tuple((x - y) % P for x, y in zip(a, b, strict=True))
    assert field.ext_neg(a) == tuple(-x % P for x in a)
    for factor in (0, 1, 2, P - 1, 3**19, -1):
        assert field.ext_scale(a, factor) == tuple(x * factor % P for x in a)


@pytest.mark.parametrize("a", VALUES)
def test_products_and_powers_are_those_of_polynomials(a: Extension) -> None:
    for b in VALUES:
        assert field.ext_mul(a, b) == tuple(extension.multiply(list(a), list(b)))
    for exponent in (0, 1, 2, 3, 10, P):
        assert field.ext_pow(a, exponent) == tuple(extension.power(list(a), exponent))
    for power in range(7):
        assert field.ext_frobenius(a, power) == tuple(extension.power(list(a), P ** (power % 5)))
    assert field.ext_frobenius(a) == field.ext_frobenius(a, 1)


@pytest.mark.parametrize("a", VALUES[1:])
def test_inverses_are_powers(a: Extension) -> None:
    """a^(p^5 - 2), as in any finite field."""
    inverted = tuple(extension.invert(list(a)))
    assert field.ext_inverse(a) == inverted
    assert field.ext_pow(a, -1) == inverted
    assert field.ext_pow(a, -2) == tuple(extension.multiply(list(inverted), list(inverted)))


@pytest.mark.parametrize("value", [0, P, -P, 2 * P])
def test_nothing_that_is_zero_has_an_inverse(value: int) -> None:
    with pytest.raises(ZeroDivisionError, match="no inverse in the field"):
        field.inverse(value)


def test_inverses_in_the_base_field() -> None:
    for value in (1, 2, 3, P - 1, P + 2, -5):
        assert field.inverse(value) == pow(value, P - 2, P)


def test_the_base_field_within_the_extension() -> None:
    assert field.ext(P + 7) == (7, 0, 0, 0, 0)
    assert field.ext(-1) == (P - 1, 0, 0, 0, 0)
    assert all(field.is_base((x, 0, 0, 0, 0)) for x in (0, 1, P - 1))
    for coordinate in range(1, 5):
        one = tuple(int(k == coordinate) for k in range(5))
        assert not field.is_base((5, one[1], one[2], one[3], one[4]))


@pytest.mark.parametrize("log_size", range(8))
def test_ntt_inverse_is_interpolation(log_size: int) -> None:
    """The polynomial that it gives has the values at the powers of omega; edges included, so that sums are widest."""
    size = 1 << log_size
    for values in (GENERATOR.integers(0, P, size), np.full(size, P - 1), np.arange(size) % 2 * (P - 1)):
        coefficients = ntt_inverse(values)
        assert coefficients.dtype == np.int64
        assert ((coefficients >= 0) & (coefficients < P)).all()
        assert ntt.evaluate_coset(coefficients.tolist(), size, 1) == values.tolist()


@pytest.mark.parametrize("size", [0, 3, 6, 12])
def test_ntt_inverse_of_another_number_of_values(size: int) -> None:
    with pytest.raises(ValueError, match=f"power of two, not {size}"):
        ntt_inverse(np.zeros(size, dtype=np.int64))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 17, 64, 65])
def test_polynomials_at_a_point(count: int) -> None:
    coefficients = GENERATOR.integers(0, P, count)
    for point in VALUES[1:4]:
        expected = [0] * 5
        for coefficient in reversed(coefficients.tolist()):
            expected = extension.multiply(expected, list(point))
            expected[0] = (expected[0] + coefficient) % P
        assert evaluate_polynomial(coefficients, point) == tuple(expected)


@pytest.mark.parametrize("log_count", [12, 18])
def test_inner_sums_stay_exact(log_count: int) -> None:
    """All coefficients and coordinates at their largest, against the sum of a geometric series: an inner sum over 2^18
    terms would no longer fit 64 bits, so the width of the inner sums matters."""
    count, point = 1 << log_count, [P - 1] * 5
    numerator = extension.power(point, count)
    numerator[0] -= 1
    geometric = extension.multiply(numerator, extension.invert([P - 2, *point[1:]]))
    found = evaluate_polynomial(np.full(count, P - 1, dtype=np.int64), (P - 1, P - 1, P - 1, P - 1, P - 1))
    assert found == tuple(-x % P for x in geometric)


def test_as_many_coefficients_as_the_largest_domain() -> None:
    """2^24 are read, one more is refused: it would be a polynomial that no domain determines."""
    for count, refused in ((1 << 24, False), ((1 << 24) + 1, True)):
        coefficients = np.broadcast_to(np.int64(P - 1), (count,))
        if refused:
            with pytest.raises(ValueError, match="at most 2\\^24"):
                evaluate_polynomial(coefficients, (1, 0, 0, 0, 0))
        else:
            assert evaluate_polynomial(coefficients, (1, 0, 0, 0, 0)) == (-count % P, 0, 0, 0, 0)
