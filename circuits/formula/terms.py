"""Values as terms: scaled, chosen between, and read as one element, all without columns (SPEC §5.13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from zkpay.circuits.gadgets.carry import PublicNumber, Term
from zkpay.circuits.gadgets.range import Natural
from zkpay.policy.language.program import Node
from zkpay.stark.expression import Constant, Expression, constant, linear

FREE_BITS: Final = 18
"""Expressions of at most this many bits may be multiplied by constants of any size: digits of 10 bits still fit."""
LINE_BITS: Final = 29
"""Bits of a constant multiple that leave room on a line for others."""
ELEMENT_BITS: Final = 40


def fixed(value: int | PublicNumber) -> list[Term]:
    """The terms of a constant or of a public number."""
    return [] if value == 0 else [Term(constant(1), 1, 1, 0, value)]


def scaled(terms: Sequence[Term], factor: int | PublicNumber) -> list[Term] | None:
    """The terms of factor * their sum; None if their expressions are too large for it."""
    found = [_scaled(term, factor) for term in terms]
    kept = [term for term in found if term is not None]
    return kept if len(kept) == len(found) else None


def _scaled(term: Term, factor: int | PublicNumber) -> Term | None:
    size = max(abs(term.low), abs(term.high)).bit_length()
    if isinstance(term.multiplier, PublicNumber) and isinstance(factor, PublicNumber):
        return None
    if isinstance(term.multiplier, int) and isinstance(factor, int):
        total = term.multiplier * factor
        fits = size <= FREE_BITS or size + total.bit_length() <= LINE_BITS
        return replace(term, multiplier=total) if fits else None
    small, number = (factor, term.multiplier) if isinstance(factor, int) else (term.multiplier, factor)
    if not isinstance(small, int) or size + abs(small).bit_length() > FREE_BITS:
        return None
    ends = sorted((term.low * small, term.high * small))
    return replace(term, expression=_times(term.expression, small), low=ends[0], high=ends[1], multiplier=number)


def where(condition: Expression, terms: Sequence[Term]) -> list[Term]:
    """The terms of condition * their sum; the condition is 0 or 1."""
    return [
        replace(
            term,
            expression=_times(condition, term.expression),
            low=min(0, term.low),
            high=max(0, term.high),
        )
        for term in terms
    ]


def _times(left: Expression, right: Expression | int) -> Expression:
    if isinstance(right, Constant):
        right = right.value
    return left if isinstance(right, int) and right == 1 else left * right


def element(terms: Sequence[Term]) -> Expression | None:
    """The sum as one expression of degree at most 1, equal to it modulo P; None if it isn't one that can be used.

    Coefficients stay so small that it can be read over the integers too.
    """
    parts: list[tuple[int, Expression]] = []
    for term in terms:
        if isinstance(term.multiplier, PublicNumber) or term.expression.degree > 1:
            return None
        coefficient = term.multiplier << term.position
        if (max(abs(term.low), abs(term.high)) * abs(coefficient)).bit_length() > ELEMENT_BITS:
            return None
        parts.append((coefficient, term.expression))
    if len(parts) == 1 and parts[0][0] == 1:
        return parts[0][1]
    return linear(parts)


def is_canonical(number: Natural, width: int) -> bool:
    """Whether limb k stands at width * k and is below 2^width."""
    return all(limb.position == width * k and limb.maximum >> width == 0 for k, limb in enumerate(number))


def fits_limbs(number: Natural, bits: int) -> bool:
    """Whether all limbs are below 2^bits."""
    return all(limb.maximum >> bits == 0 for limb in number)


def integer(node: Node) -> int:
    """The value of a CONSTANT."""
    if not isinstance(node.value, int):
        raise TypeError(f"{node.text} is no constant")
    return node.value


def digits_of(value: int, width: int) -> list[int]:
    """Digits of `width` bits, little-endian, at least one."""
    count = max(1, -(-value.bit_length() // width))
    return [(value >> (width * k)) & ((1 << width) - 1) for k in range(count)]
