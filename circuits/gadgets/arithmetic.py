"""New naturals from old ones: sums, products, quotients with remainder, square roots (SPEC §5.2).

Each gadget adds range-checked columns and says by balances over the integers what they hold on the rows where
`active` is 1, so that exactly one value passes there. Nothing is said about other rows; they are filled with
zeros. Whoever calls vouches that terms lie within their bounds on active rows and that no sum is negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isqrt

from zkpay.circuits.gadgets.balance import cheapest_plan, joined, lines_of, plan
from zkpay.circuits.gadgets.carry import (
    Plan,
    PublicDigits,
    PublicNumber,
    Term,
    add_lines,
    minus,
    plus,
    product,
)
from zkpay.circuits.gadgets.compare import below
from zkpay.circuits.gadgets.range import (
    MAXIMUM_RANGE_BITS,
    Limb,
    Natural,
    limb_widths,
    natural,
    range_check,
)
from zkpay.stark.air import Table, Where
from zkpay.stark.expression import Column, Expression, constant


@dataclass(frozen=True)
class LineSum:
    """What witness generation needs to know the sum of some terms: sum of line_k * 2^(radix * k), at most `maximum`."""

    lines: tuple[Expression, ...]
    radix: int
    maximum: int


@dataclass(frozen=True)
class Columns:
    """What witness generation needs to write a natural down."""

    columns: tuple[Column, ...]
    widths: tuple[int, ...]


@dataclass(frozen=True)
class Defined:
    """`result` is `source`."""

    source: LineSum
    result: Columns
    active: Expression | None


@dataclass(frozen=True)
class Divided:
    """`quotient` and `remainder` of `source` by `divisor`."""

    source: LineSum
    divisor: int | PublicDigits | Natural
    quotient: Columns
    remainder: Columns
    active: Expression | None


@dataclass(frozen=True)
class Rooted:
    """`root` is the largest number whose square is at most `source`, `rest` is what is left."""

    source: LineSum
    root: Columns
    rest: Columns
    active: Expression | None


def degree(terms: Sequence[Term]) -> int:
    """The largest degree of an expression among the terms."""
    return max((term.expression.degree for term in terms), default=0)


def negated(terms: Sequence[Term]) -> list[Term]:
    """The terms of minus their sum."""
    return [replace(term, expression=-term.expression, low=-term.high, high=-term.low) for term in terms]


def shape(maximum: int, width: int) -> Natural:
    """A natural as `natural` makes it, for planning: same limbs, no columns."""
    widths = limb_widths(maximum, width)
    return tuple(Limb(constant(0), width * k, (1 << bits) - 1) for k, bits in enumerate(widths))


def plan_definition(terms: Sequence[Term], maximum: int, width: int) -> Plan:
    """How `define` would prove the sum; ValueError if it can't. Adds nothing."""
    return cheapest_plan([*terms, *minus(shape(maximum, width))])


def define(
    table: Table, name: str, terms: Sequence[Term], maximum: int, width: int, active: Expression | None = None
) -> Natural:
    """New columns name[k], limbs of `width` bits, that hold the sum of the terms where `active` is 1.

    `maximum`: a bound of the sum; it is proved below 2^(bits of maximum). Terms have degree at most 2, or 3 where
    `active` is None. ValueError if the terms are too wide for any radix; then nothing was added.
    """
    chosen = plan_definition(terms, maximum, width)
    fresh = natural(table, name, maximum, width)
    table.gadgets.append(Defined(_line_sum(terms, chosen.radix), _columns(fresh, maximum, width), active))
    add_lines(table, name, joined(plan([*terms, *minus(fresh)], chosen.radix)), Where.EVERY, active)
    return fresh


@dataclass(frozen=True)
class QuotientShape:
    """How large quotient and remainder can be, and the widths of their limbs."""

    quotient: int
    remainder: int
    width: int
    remainder_width: int = MAXIMUM_RANGE_BITS


def plan_quotient(numerator: Sequence[Term], divisor: int | PublicNumber | Natural, sizes: QuotientShape) -> Plan:
    """How `quotient` would prove the division; ValueError if it can't. Adds nothing."""
    parts = (shape(sizes.quotient, sizes.width), shape(_largest_remainder(divisor, sizes), sizes.remainder_width))
    return cheapest_plan(_division(numerator, divisor, *parts))


def quotient(
    table: Table,
    name: str,
    numerator: Sequence[Term],
    divisor: int | PublicNumber | Natural,
    sizes: QuotientShape,
    active: Expression | None = None,
) -> tuple[Natural, Natural]:
    """New naturals `name` and `name remainder`: numerator = divisor * name + remainder, remainder < divisor.

    The divisor is at least 1 where `active`; as a Natural it has limbs of `remainder_width` bits. Where it is a
    constant of at most 2^15, the remainder is one column, looked up twice. ValueError if the terms are too wide for any
    radix; then nothing was added.
    """
    chosen = plan_quotient(numerator, divisor, sizes)
    result = natural(table, name, sizes.quotient, sizes.width)
    rest_name, largest = f"{name} remainder", _largest_remainder(divisor, sizes)
    small = isinstance(divisor, int) and divisor <= 1 << MAXIMUM_RANGE_BITS
    if small:
        column = table.column(rest_name)
        bits = largest.bit_length()
        range_check(table, rest_name, column, bits)
        if largest + 1 != 1 << bits:
            range_check(table, f"{largest} - {rest_name}", largest - column, bits)
        rest: Natural = (Limb(column, 0, largest),)
        rest_columns = Columns((column,), (bits,))
    else:
        rest = natural(table, rest_name, largest, sizes.remainder_width)
        rest_columns = _columns(rest, largest, sizes.remainder_width)
    known: int | PublicDigits | Natural = (
        PublicDigits(divisor, sizes.remainder_width) if isinstance(divisor, PublicNumber) else divisor
    )
    source = _line_sum(numerator, chosen.radix)
    table.gadgets.append(Divided(source, known, _columns(result, sizes.quotient, sizes.width), rest_columns, active))
    add_lines(table, name, joined(plan(_division(numerator, divisor, result, rest), chosen.radix)), Where.EVERY, active)
    power_of_two = isinstance(divisor, int) and divisor & (divisor - 1) == 0
    # The widths of the limbs alone keep a remainder below a power of two.
    if not small and not power_of_two:
        limbs = [limb.expression for limb in rest]
        _require_below(table, f"{rest_name} below", limbs, known, sizes.remainder_width, active)
    return result, rest


def plan_root(terms: Sequence[Term], maximum: int, width: int) -> Plan:
    """How `root` would prove s * s + rest = sum; ValueError if it can't. Adds nothing."""
    largest = isqrt(maximum)
    result, rest = shape(largest, width), shape(2 * largest, MAXIMUM_RANGE_BITS)
    return cheapest_plan([*terms, *negated(product(result, result)), *minus(rest)])


def root(
    table: Table, name: str, terms: Sequence[Term], maximum: int, width: int, active: Expression | None = None
) -> Natural:
    """The new natural `name`, the largest s with s * s <= sum of terms <= maximum.

    s * s + rest = sum and rest <= 2 s, the latter by a natural `name slack` = 2 s - rest. ValueError if the terms
    are too wide for any radix; then nothing was added.
    """
    chosen = plan_root(terms, maximum, width)
    largest = isqrt(maximum)
    rest_maximum = 2 * largest
    result = natural(table, name, largest, width)
    rest = natural(table, f"{name} rest", rest_maximum, MAXIMUM_RANGE_BITS)
    table.gadgets.append(
        Rooted(
            _line_sum(terms, chosen.radix),
            _columns(result, largest, width),
            _columns(rest, rest_maximum, MAXIMUM_RANGE_BITS),
            active,
        )
    )
    identity = [*terms, *negated(product(result, result)), *minus(rest)]
    add_lines(table, name, joined(plan(identity, chosen.radix)), Where.EVERY, active)
    define(table, f"{name} slack", [*plus(result, 2), *minus(rest)], rest_maximum, MAXIMUM_RANGE_BITS, active)
    return result


def _division(
    numerator: Sequence[Term], divisor: int | PublicNumber | Natural, result: Natural, rest: Natural
) -> list[Term]:
    taken = negated(product(divisor, result)) if isinstance(divisor, tuple) else minus(result, divisor)
    return [*numerator, *taken, *minus(rest)]


def _largest_remainder(divisor: int | PublicNumber | Natural, sizes: QuotientShape) -> int:
    """A bound of the remainder; of a small constant divisor the exact one, as two look-ups rely on it."""
    if isinstance(divisor, int) and divisor <= 1 << MAXIMUM_RANGE_BITS:
        return divisor - 1
    return sizes.remainder


def _require_below(
    table: Table,
    name: str,
    limbs: Sequence[Expression],
    divisor: int | PublicDigits | Natural,
    width: int,
    active: Expression | None,
) -> None:
    if isinstance(divisor, int):
        digits = [(divisor >> (width * k)) & ((1 << width) - 1) for k in range(-(-divisor.bit_length() // width))]
        below(table, name, limbs, digits, width, active)
    elif isinstance(divisor, PublicDigits):
        below(table, name, limbs, divisor, width, active)
    else:
        if any(limb.position != width * k or limb.maximum >> width for k, limb in enumerate(divisor)):
            raise ValueError(f"{table.name}/{name}: the divisor has not limbs of {width} bits")
        below(table, name, limbs, [limb.expression for limb in divisor], width, active)


def _line_sum(terms: Sequence[Term], radix: int) -> LineSum:
    maximum = 0
    for term in terms:
        factor = term.multiplier.maximum if isinstance(term.multiplier, PublicNumber) else term.multiplier
        maximum += max(term.low * factor, term.high * factor, 0) << term.position
    return LineSum(lines_of(terms, radix), radix, maximum)


def _columns(number: Natural, maximum: int, width: int) -> Columns:
    columns = tuple(limb.expression for limb in number if isinstance(limb.expression, Column))
    return Columns(columns, limb_widths(maximum, width))
