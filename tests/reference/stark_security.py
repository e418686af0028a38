"""Proven bits from the theorems as they are stated, in exact rationals; twin of `zkpay.stark.security`.

A theorem is about one code and one radius, and its multiplicity m follows from both. So m is computed here for each
round from the radius, where the program chooses m and computes the radius. Square roots are taken to 2^-200.
"""

from fractions import Fraction
from math import ceil, isqrt, log2, prod

FIELD = (2**31 - 2**24 + 1) ** 5
HALF = Fraction(1, 2)


def root(value: Fraction) -> Fraction:
    """Square root, from below."""
    return Fraction(isqrt(value.numerator * value.denominator << 400), value.denominator << 200)


def bits_of(error: float | Fraction) -> float:
    error = Fraction(error)
    return log2(error.denominator) - log2(error.numerator)


def multiplicity(rate: Fraction, theta: Fraction, share: int) -> int:
    """BCHKS25: max(ceil(sqrt(rate) / (share * eta)), 3); share is 2 in Theorem 1.5, lines, 1 in Theorem 4.2, curves."""
    eta = 1 - root(rate) - theta
    assert eta > 0, "beyond the Johnson radius"
    # Roots are a little too small: a quotient that is a whole number must not become the next one.
    return max(ceil(root(rate) / (share * eta) - Fraction(1, 2**100)), 3)


def johnson_exceptions(rate: Fraction, theta: Fraction, points: int, m: int) -> Fraction:
    """Challenges of a line, or of a curve for each of its degrees, that BCHKS25 (eprint 2025/2055) can't exclude."""
    half = m + HALF
    power = rate * root(rate)
    return (2 * half**5 + 3 * half * theta * rate) * points / (3 * power) + half / root(rate)


def johnson_list(rate: Fraction, theta: Fraction) -> Fraction:
    """Codewords within theta, by counting: words that agree pairwise in less than rate, and with one word in a = 1 -
    theta, are at most (a - rate) / (a^2 - rate). Any alphabet: rows of a whole matrix, too."""
    agreement = 1 - theta
    return (agreement - rate) / (agreement**2 - rate)


def rounds(
    *,
    regime: str,
    m: int,
    height: int,
    dimension: int,
    domain: int,
    constraints: int,
    fractions: int,
    tuple_width: int,
    sums: int,
    arities: tuple[int, ...],
    queries: int,
    grinding: int,
) -> dict[str, float]:
    """Bits of each round."""
    # Lifting binds numerators of degree K + 1: dimension K + 2. Lines and folds are in the code of dimension K.
    rate, own = Fraction(dimension + 2, domain), Fraction(dimension, domain)
    if regime == "johnson":
        theta = 1 - root(rate) * (1 + Fraction(1, 2 * m))
        size = (m + HALF) / root(rate)
        assert johnson_list(rate, theta) <= size

        def exceptions(arity: int, points: int) -> Fraction:
            # The code of dimension K is smaller and asks for a smaller m at this radius: the larger one is taken.
            share = 2 if arity == 2 else 1
            own_m, larger = multiplicity(own, theta, share), multiplicity(rate, theta, share)
            assert own_m <= larger
            return (arity - 1) * johnson_exceptions(own, theta, points, larger)

    else:
        theta, size = (1 - rate) / 2, Fraction(1)

        def exceptions(arity: int, points: int) -> Fraction:
            return Fraction((arity - 1) * points)

    result = {
        # Terms: a tuple's numerator and denominator roots, then each sum's weight.
        "buses": bits_of(size * (fractions * (tuple_width + 2) + sums) / FIELD),
        "constraints": bits_of(size * constraints / FIELD),
        # Degree d (K + 1) + N of the quotient identity, K + K + 1 of claims and lifting check.
        "out-of-domain": bits_of(size * (4 * (dimension + 1) + height + 2 * dimension + 1) / FIELD),
        "batching": bits_of((exceptions(2, domain) + 1) / FIELD),
    }
    for number, arity in enumerate(arities, 1):
        result[f"folding {number}"] = bits_of(exceptions(arity, domain // prod(arities[:number])) / FIELD)
    result["queries"] = queries * bits_of(1 - theta) + grinding
    return result


def union(bits: dict[str, float]) -> float:
    return -log2(sum(2.0**-value for value in bits.values()))


def best(regime: str, **figures: object) -> float:
    """Union over the rounds at the best proximity parameter."""
    ms = range(3, 81) if regime == "johnson" else (0,)
    return max(union(rounds(regime=regime, m=m, **figures)) for m in ms)  # type: ignore[arg-type]
