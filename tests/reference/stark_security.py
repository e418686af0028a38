"""Proven bits from the printed formulas, in exact rationals where they are rational; twin of `zkpay.stark.security`.

Johnson radius and unique decoding after BCHKS25 (eprint 2025/2055) as evaluated by ethereum/soundcalc; algebraic rounds
by Schwartz and Zippel, each times the list size.
"""

from fractions import Fraction
from math import log2, prod, sqrt

FIELD = (2**31 - 2**24 + 1) ** 5


def bits_of(error: float | Fraction) -> float:
    error = Fraction(error)
    return log2(error.denominator) - log2(error.numerator)


def rounds(
    *,
    regime: str,
    m: int,
    height: int,
    dimension: int,
    domain: int,
    openings: int = 2,
    constraints: int,
    fractions: int,
    tuple_width: int,
    sums: int,
    arities: tuple[int, ...],
    queries: int,
    grinding: int,
) -> dict[str, float]:
    """Bits of each round. `openings` batched with powers of one challenge; 2 stands for weights of their own."""
    # Lifting binds numerators of degree K + 1: dimension K + 2.
    rate = Fraction(dimension + 2, domain)
    if regime == "johnson":
        root = Fraction(sqrt(rate))
        theta = 1 - root * (1 + Fraction(1, 2 * m))
        size = (m + Fraction(1, 2)) / root
        half = m + Fraction(1, 2)
        # Lines and folds are in the code of dimension K, at this radius.
        own = Fraction(dimension, domain)
        own_root = Fraction(sqrt(own))
        line = (2 * half**5 + 3 * half * theta * own) * domain / (3 * own * own_root) + half / own_root
    else:
        theta, size = (1 - rate) / 2, Fraction(1)
        line = theta * domain + 1
    # Terms: a tuple's numerator and denominator roots, then each sum's weight.
    buses = size * (fractions * (tuple_width + 2) + sums)
    # Degree d (K + 1) + N of the quotient identity, K + K + 1 of claims and lifting check.
    outside = size * (4 * (dimension + 1) + height + 2 * dimension + 1)
    return {
        "buses": bits_of(buses / FIELD),
        "constraints": bits_of(size * constraints / FIELD),
        "out-of-domain": bits_of(outside / FIELD),
        # Powers of one challenge make a curve, weights of their own an affine space with the error of a line.
        "batching": bits_of((openings - 1) * (line + 1) / FIELD),
        "folding": bits_of(sum(arity - 1 for arity in arities) * line / FIELD),
        "queries": queries * bits_of(1 - theta) + grinding,
    }


def union(bits: dict[str, float]) -> float:
    return -log2(sum(2.0**-value for value in bits.values()))


def best(regime: str, **figures: object) -> float:
    """Union over the rounds at the best proximity parameter."""
    ms = range(3, 81) if regime == "johnson" else (0,)
    return max(union(rounds(regime=regime, m=m, **figures)) for m in ms)  # type: ignore[arg-type]


def folded_length(dimension: int, arities: tuple[int, ...]) -> Fraction:
    return Fraction(dimension, prod(arities))
