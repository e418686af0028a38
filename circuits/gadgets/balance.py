"""Cutting an identity over the integers into lines, and requiring it (SPEC §5.2).

What each line can reach, for all values that the look-ups let through, decides where its carry may lie, whether a
radix will do at all, and how many of the last lines can be one: then nothing is carried between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from zkpay.circuits.gadgets.carry import CarryRange, Line, Plan, PublicDigits, PublicNumber, Term, add_lines
from zkpay.circuits.gadgets.range import MAXIMUM_RANGE_BITS
from zkpay.stark.air import Table, Where
from zkpay.stark.expression import Expression, Public, linear
from zkpay.stark.field import P

MAX_TRIED_PLANS: Final = 4


@dataclass(frozen=True)
class _Part:
    """coefficient * expression on one line, and the interval that it lies in."""

    coefficient: int | Public
    expression: Expression
    low: int
    high: int


def _cut(terms: Iterable[Term], radix: int) -> tuple[list[list[_Part]], tuple[PublicDigits, ...]]:
    """The parts of each line, and the public digits among the coefficients; at least one line."""
    lines: dict[int, list[_Part]] = {}
    digits: dict[PublicDigits, None] = {}
    for term in terms:
        offset, shift = divmod(term.position, radix)
        if isinstance(term.multiplier, PublicNumber):
            number = PublicDigits(term.multiplier, radix, shift)
            digits[number] = None
            for k in range(number.count):
                ends = [term.low * number.maximum(k), term.high * number.maximum(k), 0]
                lines.setdefault(offset + k, []).append(_Part(number.digit(k), term.expression, min(ends), max(ends)))
        else:
            sign, left = (1, term.multiplier) if term.multiplier >= 0 else (-1, -term.multiplier)
            left <<= shift
            for k in count():
                if not left:
                    break
                digit, left = sign * (left & ((1 << radix) - 1)), left >> radix
                if digit:
                    ends = [digit * term.low, digit * term.high]
                    lines.setdefault(offset + k, []).append(_Part(digit, term.expression, min(ends), max(ends)))
    return [lines.get(k, []) for k in range(max(lines, default=0) + 1)], tuple(digits)


def lines_of(terms: Iterable[Term], radix: int) -> tuple[Expression, ...]:
    """The sum of the terms as one expression for each line: sum over k of line_k * 2^(radix * k)."""
    lines, _ = _cut(terms, radix)
    return tuple(linear((part.coefficient, part.expression) for part in parts) for parts in lines)


def plan(terms: Iterable[Term], radix: int) -> Plan:
    """Cut the identity into lines; ValueError with the numbers if some line does not fit below P."""
    lines, digits = _cut(terms, radix)
    planned = [
        Line(
            tuple((part.coefficient, part.expression) for part in parts),
            sum(part.low for part in parts),
            sum(part.high for part in parts),
        )
        for parts in lines
    ]
    return Plan(radix, tuple(planned), _carry_ranges(planned, radix), digits)


def joined(chosen: Plan) -> Plan:
    """The plan with as many of its last lines in one as stay below P together: no carry is needed between them."""
    while len(chosen.lines) > 1:
        *others, lower, upper = chosen.lines
        scale = 1 << chosen.radix
        raised = tuple(
            (coefficient, scale * part) if isinstance(coefficient, Public) else (scale * coefficient, part)
            for coefficient, part in upper.terms
        )
        last = Line((*lower.terms, *raised), lower.low + scale * upper.low, lower.high + scale * upper.high)
        lines = (*others, last)
        try:
            chosen = replace(chosen, lines=lines, carries=_carry_ranges(lines, chosen.radix))
        except ValueError:
            break
    return chosen


def _carry_ranges(lines: Sequence[Line], radix: int) -> tuple[CarryRange, ...]:
    """Ranges of the carries out of all lines but the last, each line checked to stay below P."""
    ranges: list[CarryRange] = []
    honest_low = honest_high = 0  # of the carry that comes in, for honest witnesses
    allowed_low = allowed_high = 0  # of the carry that comes in, for all that the look-ups let through
    for k, line in enumerate(lines):
        low, high = line.low + allowed_low, line.high + allowed_high
        if k == len(lines) - 1:
            _must_fit(k, radix, max(high, -low))
            break
        # An honest carry is an exact quotient: round the interval inwards, but keep it from turning empty.
        honest_low = -(-(line.low + honest_low) >> radix)
        honest_high = max(honest_low, (line.high + honest_high) >> radix)
        bits = (honest_high - honest_low).bit_length()
        if bits > 2 * MAXIMUM_RANGE_BITS:
            raise ValueError(f"line {k} of radix 2^{radix}: a carry of {bits} bits is over {2 * MAXIMUM_RANGE_BITS}")
        # What look-ups let through beyond honest carries lies above them, as far as the line stays below P, and below.
        most = ((P - 1 + low) >> radix) + 1 - (1 << bits)
        carry = CarryRange(max(honest_high + 1 - (1 << bits), min(honest_low, most)), bits)
        _must_fit(k, radix, _largest(low, high, carry, radix))
        ranges.append(carry)
        allowed_low, allowed_high = carry.low, carry.high
    return tuple(ranges)


def _largest(low: int, high: int, carry: CarryRange, radix: int) -> int:
    """Largest |line + carry in - 2^radix * carry out|."""
    return max(high - (carry.low << radix), (carry.high << radix) - low)


def _must_fit(k: int, radix: int, largest: int) -> None:
    if largest >= P:
        raise ValueError(f"line {k} of radix 2^{radix} reaches {largest}, which is not below P = {P}")


def cheapest_plan(terms: Sequence[Term]) -> Plan:
    """The plan with the widest lines (so the fewest carries) that fits with a column for each carry, or one of the
    widest few that fit at all; ValueError if none does.
    """
    best: Plan | None = None
    tried = 0
    for radix in range(MAXIMUM_RANGE_BITS, 1, -1):
        try:
            found = joined(plan(terms, radix))
        except ValueError as error:
            refusal = error
            continue
        if best is None or found.cost < best.cost:
            best = found
        tried += 1
        if found.is_narrow or tried == MAX_TRIED_PLANS:
            break
    if best is None:
        raise ValueError(f"no radix fits; the narrowest: {refusal}")
    return best


def balance(
    table: Table, name: str, terms: Sequence[Term], where: Where = Where.EVERY, active: Expression | None = None
) -> None:
    """Require sum of terms = 0 over the integers on the rows `where` (EVERY or FIRST), if `active` is 1 there.

    ValueError if the terms are too wide for any radix.
    """
    add_lines(table, name, cheapest_plan(terms), where, active)
