"""Folding by Lagrange interpolation through each fibre, on Python integers."""

from tests.reference.extension import multiply, power
from tests.reference.ntt import P, domain

Value = list[int]


def fold(codeword: list[Value], arity: int, challenge: Value, shift: int) -> list[Value]:
    """codeword[i] is the value at shift * omega^i.

    Through a fibre goes one polynomial g(X) = sum_t X^t f_t(y) of degree below the arity, whose value at the
    challenge is the fold: sum_t challenge^t f_t(y).
    """
    size = len(codeword)
    points = domain(size, shift)
    step = size // arity
    folded = []
    for i in range(step):
        total = [0] * 5
        for k in range(arity):
            basis, denominator = [1, 0, 0, 0, 0], 1
            for other in range(arity):
                if other != k:
                    x = points[i + other * step]
                    basis = multiply(basis, [(challenge[0] - x) % P, *challenge[1:]])
                    denominator = denominator * (points[i + k * step] - x) % P
            scaled = [c * pow(denominator, -1, P) % P for c in multiply(basis, codeword[i + k * step])]
            total = [(a + b) % P for a, b in zip(total, scaled, strict=True)]
        folded.append(total)
    return folded


def fold_coefficients(coefficients: list[Value], arity: int, challenge: Value) -> list[Value]:
    """Coefficients of sum_t challenge^t f_t, where f_t has every arity-th coefficient of f from t on."""
    folded = [[0] * 5 for _ in range(-(-len(coefficients) // arity))]
    for j, coefficient in enumerate(coefficients):
        term = multiply(power(challenge, j % arity), coefficient)
        folded[j // arity] = [(a + b) % P for a, b in zip(folded[j // arity], term, strict=True)]
    return folded
