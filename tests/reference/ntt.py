"""The transforms by their definition: sums of powers, on Python integers."""

P = 2**31 - 2**24 + 1
TWO_ADIC_ROOT = pow(3, 127, P)


def domain(size: int, shift: int = 1) -> list[int]:
    """shift * omega^i for i < size, omega of order `size`."""
    omega = pow(TWO_ADIC_ROOT, 2**24 // size, P)
    return [shift * pow(omega, i, P) % P for i in range(size)]


def evaluate(coefficients: list[int], point: int) -> int:
    """Horner's rule."""
    result = 0
    for coefficient in reversed(coefficients):
        result = (result * point + coefficient) % P
    return result


def evaluate_coset(coefficients: list[int], size: int, shift: int) -> list[int]:
    return [evaluate(coefficients, point) for point in domain(size, shift)]


def recursive(coefficients: list[int]) -> list[int]:
    """Values on the subgroup of as many points: even and odd coefficients apart (Cooley and Tukey)."""
    size = len(coefficients)
    if size == 1:
        return coefficients
    even, odd = recursive(coefficients[::2]), recursive(coefficients[1::2])
    twisted = [point * value % P for point, value in zip(domain(size), odd, strict=False)]
    low = [(e + t) % P for e, t in zip(even, twisted, strict=True)]
    return low + [(e - t) % P for e, t in zip(even, twisted, strict=True)]
