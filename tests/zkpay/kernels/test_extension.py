"""Extension columns against schoolbook arithmetic, the scalar functions and galois."""

import galois
import numpy as np
import pytest

from tests.reference import extension as reference
from zkpay.kernels.extension import batch_inverse, invert_elements, mul, powers
from zkpay.stark.field import Extension, P, ext_inverse, ext_mul


def column_of(count: int, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed + count).integers(0, P, (5, count)).astype(np.uint32)
    values[:, :1] = P - 1
    values[1:, 1:2] = 0
    values[:4, 2:3] = 0
    return values


def at(column: np.ndarray, index: int) -> Extension:
    a, b, c, d, e = (int(x) for x in column[:, index])
    return (a, b, c, d, e)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 200, 9000])
def test_mul(count: int) -> None:
    a, b = column_of(count), column_of(count, 1)
    product = mul(a, b)
    for index in range(0, count, max(count // 150, 1)):
        assert product[:, index].tolist() == reference.multiply(a[:, index].tolist(), b[:, index].tolist())
        assert at(product, index) == ext_mul(at(a, index), at(b, index))


def test_mul_equals_galois() -> None:
    field = galois.GF(P, primitive_element=3, verify=False)
    modulus = galois.Poly([1, 0, 0, 1, 0, P - 1], field=field)
    a, b = column_of(20), column_of(20, 1)
    product = mul(a, b)
    for index in range(20):
        x, y = (galois.Poly(field(column[::-1, index])) for column in (a, b))
        assert x * y % modulus == galois.Poly(field(product[::-1, index]))


@pytest.mark.parametrize("count", [0, 1, 2, 64, 65, 2047, 2048, 2049, 9000])
def test_batch_inverse(count: int) -> None:
    a = column_of(count)
    inverses = batch_inverse(a)
    one = np.zeros((5, count), dtype=np.uint32)
    one[0] = 1
    assert np.array_equal(mul(a, inverses), one)
    for index in range(min(count, 4)):
        assert inverses[:, index].tolist() == reference.invert(a[:, index].tolist())
        assert at(inverses, index) == ext_inverse(at(a, index))


@pytest.mark.parametrize("index", [0, 63, 64, 2500, 8999])
def test_batch_inverse_names_a_zero(index: int) -> None:
    a = column_of(9000)
    a[:, index] = 0
    with pytest.raises(ZeroDivisionError, match=f"index {index} "):
        batch_inverse(a)


@pytest.mark.parametrize("count", [0, 1, 2, 64, 65, 2047, 2048, 2049, 9000])
def test_invert_elements(count: int) -> None:
    values = np.random.default_rng(count).integers(1, P, count).astype(np.uint32)
    values[:2] = [P - 1, 1][:count]
    inverses = invert_elements(values)
    assert inverses.dtype == np.uint32
    assert inverses.tolist() == [pow(value, -1, P) for value in values.tolist()]
    assert np.array_equal(invert_elements(values[::-1]), inverses[::-1])


@pytest.mark.parametrize("value", [1, 2, P - 1])
def test_inverses_of_equal_elements(value: int) -> None:
    assert np.all(invert_elements(np.full(5000, value, dtype=np.uint32)) == pow(value, -1, P))


@pytest.mark.parametrize("index", [0, 63, 4096, 8999])
def test_invert_elements_names_a_zero(index: int) -> None:
    values = np.ones(9000, dtype=np.uint32)
    values[[index, 8999]] = 0
    with pytest.raises(ZeroDivisionError, match=f"index {index} "):
        invert_elements(values)


@pytest.mark.parametrize("count", [1, 65, 5000])
def test_columns_with_gaps(count: int) -> None:
    table = np.stack([column_of(count + 7), column_of(count + 7, 1)], axis=1)
    a, b = table[:, 0, 5 : count + 5], table[:, 1, :count]
    assert np.array_equal(mul(a, b), mul(a.copy(), b.copy()))
    assert np.array_equal(mul(a[:, ::-1], b), mul(a[:, ::-1].copy(), b))
    assert np.array_equal(batch_inverse(a), batch_inverse(a.copy()))


@pytest.mark.parametrize("words", [(P - 1,) * 5, (0, 0, 0, 0, P - 1), (P - 1, 0, 0, 0, 0), (0, P - 1, 0, 0, P - 1)])
def test_products_at_the_ends_of_the_range(words: Extension) -> None:
    a = np.repeat(np.array(words, dtype=np.uint32)[:, None], 70, axis=1)
    b = np.full((5, 70), P - 1, dtype=np.uint32)
    for x, y in ((a, a), (a, b), (b, a), (b, b)):
        product = mul(x, y)
        assert at(product, 0) == ext_mul(at(x, 0), at(y, 0))
        assert np.all(product == product[:, :1])
    assert np.all(batch_inverse(a) == np.array(ext_inverse(words), dtype=np.uint32)[:, None])


@pytest.mark.parametrize("count", [0, 1, 64, 65, 9000])
def test_powers(count: int) -> None:
    base = at(column_of(5), 4)
    result = powers(base, count)
    assert result.shape == (5, count)
    for index in {0, 1, 63, 64, 4095, 4096, count - 1}:
        if 0 <= index < count:
            assert result[:, index].tolist() == reference.power(list(base), index)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="can't be multiplied"):
        mul(column_of(3), column_of(4))
    with pytest.raises(ValueError, match="extension column"):
        batch_inverse(np.ones((4, 3), dtype=np.uint32))
    with pytest.raises(ValueError, match="elements are"):
        invert_elements(np.ones((4, 3), dtype=np.uint32))
