"""The quintic extension by schoolbook: polynomials over the integers, reduced by division."""

P = 2**31 - 2**24 + 1
MODULUS = [P - 1, 0, 1, 0, 0, 1]
"""X^5 + X^2 - 1, lowest coefficient first."""


def multiply(a: list[int], b: list[int]) -> list[int]:
    product = [0] * 9
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            product[i + j] += x * y
    for degree in (8, 7, 6, 5):
        lead = product[degree]
        for i, m in enumerate(MODULUS):
            product[degree - 5 + i] -= lead * m
    return [c % P for c in product[:5]]


def power(a: list[int], exponent: int) -> list[int]:
    result = [1, 0, 0, 0, 0]
    for bit in bin(exponent)[2:]:
        result = multiply(result, result)
        if bit == "1":
            result = multiply(result, a)
    return result


def invert(a: list[int]) -> list[int]:
    """a^(p^5 - 2), as in any finite field."""
    return power(a, P**5 - 2)
