"""Integer identities over naturals, proved line by line with carries (SPEC §5.2).

`balance` proves sum of terms = 0 over the integers. The sum is cut into lines of R bits:

    line_k + carry_{k-1} = 2^R * carry_k,    carry_{-1} = carry_{last} = 0.

A field only proves such a line mod P. So from the bounds of the terms the gadget works out where each carry
can lie, range-checks it there, and refuses unless both sides differ by less than P for all values that the
checks let through: then equal mod P is equal. One bit more in a carry or a limb and the cheat gets P for
free.

With `active`, an expression that is 0 or 1 on every row, lines are multiplied by it: bounds have to hold and
lines do hold on the rows where it is 1, and nothing is said about the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from zkpay.circuits.gadgets.range import MAXIMUM_RANGE_BITS, Natural, range_check
from zkpay.stark.air import Table, Where
from zkpay.stark.expression import Column, Expression, Public, constant, linear, total
from zkpay.stark.field import P

MAX_TRIED_PLANS: Final = 4


@dataclass(frozen=True)
class PublicNumber:
    """A natural that the verifier takes from the statement; `maximum` follows from policy and heights alone."""

    name: str
    maximum: int


@dataclass(frozen=True)
class PublicDigits:
    """The digits of number * 2^shift in radix 2^radix, as public scalars, little-endian."""

    number: PublicNumber
    radix: int
    shift: int = 0

    @property
    def count(self) -> int:
        """How many digits the largest value takes; at least one."""
        return max(1, -(-(self.number.maximum << self.shift).bit_length() // self.radix))

    def digit(self, position: int) -> Public:
        """The public scalar of one digit."""
        return Public(f"{self.number.name}*2^{self.shift} radix 2^{self.radix} digit {position}")

    def maximum(self, position: int) -> int:
        """The largest value that digit can take."""
        return min((1 << self.radix) - 1, (self.number.maximum << self.shift) >> (self.radix * position))

    def values(self, numbers: Mapping[str, int]) -> dict[str, int]:
        """Values of all digits by name; a number over its maximum is a ValueError."""
        value = numbers[self.number.name]
        if not 0 <= value <= self.number.maximum:
            raise ValueError(f"{self.number.name} is {value}, over its maximum of {self.number.maximum}")
        mask = (1 << self.radix) - 1
        return {self.digit(k).name: ((value << self.shift) >> (self.radix * k)) & mask for k in range(self.count)}


@dataclass(frozen=True)
class Term:
    """expression * multiplier * 2^position, where low <= expression <= high on every row that counts."""

    expression: Expression
    low: int
    high: int
    position: int = 0
    multiplier: int | PublicNumber = 1


def plus(number: Natural, multiplier: int | PublicNumber = 1) -> list[Term]:
    """The terms of number * multiplier."""
    return [Term(limb.expression, 0, limb.maximum, limb.position, multiplier) for limb in number]


def minus(number: Natural, multiplier: int | PublicNumber = 1) -> list[Term]:
    """The terms of -number * multiplier."""
    return [Term(-limb.expression, -limb.maximum, 0, limb.position, multiplier) for limb in number]


def product(left: Natural, right: Natural) -> list[Term]:
    """The terms of left * right, one for each position."""
    parts: dict[int, list[tuple[Expression, int]]] = {}
    for a in left:
        for b in right:
            part = (a.expression * b.expression, a.maximum * b.maximum)
            parts.setdefault(a.position + b.position, []).append(part)
    return [
        Term(total(part for part, _ in found), 0, sum(maximum for _, maximum in found), position)
        for position, found in sorted(parts.items())
    ]


def minus_public(number: PublicNumber) -> list[Term]:
    """The term of -number."""
    return [Term(constant(-1), -1, -1, 0, number)]


@dataclass(frozen=True)
class CarryRange:
    """Where a carry may lie: low + stored, 0 <= stored < 2^bits, kept as `low_bits` and the bits above them.

    With `top_maximum` the upper part is held at or below it, by a second look-up of the difference.
    """

    low: int
    bits: int
    top_maximum: int | None = None

    @property
    def low_bits(self) -> int:
        """Bits in the first column; 0 if one column is enough."""
        return MAXIMUM_RANGE_BITS if self.bits > MAXIMUM_RANGE_BITS else 0

    @property
    def high(self) -> int:
        """The largest carry that the look-ups let through."""
        if self.top_maximum is None:
            return self.low + (1 << self.bits) - 1
        return self.low + ((self.top_maximum + 1) << self.low_bits) - 1


@dataclass(frozen=True)
class _Line:
    """One line of a plan: weighted expressions, and the interval of their sum."""

    terms: tuple[tuple[int | Public, Expression], ...]
    low: int
    high: int


@dataclass(frozen=True)
class Plan:
    """Lines and carries of one identity at one radix, before any column exists."""

    radix: int
    lines: tuple[_Line, ...]
    carries: tuple[CarryRange, ...]
    digits: tuple[PublicDigits, ...]

    @property
    def cost(self) -> int:
        """What the carries cost in columns, a look-up counted as two of them."""
        return sum(
            (1 + 2) * (2 if carry.low_bits else 1) + 2 * (carry.top_maximum is not None) for carry in self.carries
        )

    @property
    def is_narrow(self) -> bool:
        """Whether each carry is one column with one look-up."""
        return all(not carry.low_bits and carry.top_maximum is None for carry in self.carries)


@dataclass(frozen=True)
class Carry:
    """Columns of one carry, least significant part first."""

    range: CarryRange
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Balance:
    """What witness generation needs: carry_k = (line_k + carry_{k-1}) / 2^radix on the rows `where`, if active."""

    where: Where
    active: Expression | None
    radix: int
    lines: tuple[Expression, ...]
    carries: tuple[Carry, ...]
    digits: tuple[PublicDigits, ...]


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
        _Line(
            tuple((part.coefficient, part.expression) for part in parts),
            sum(part.low for part in parts),
            sum(part.high for part in parts),
        )
        for parts in lines
    ]
    return Plan(radix, tuple(planned), _carry_ranges(planned, radix), digits)


def _carry_ranges(lines: Sequence[_Line], radix: int) -> tuple[CarryRange, ...]:
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
        span = honest_high - honest_low
        bits = span.bit_length()
        if bits > 2 * MAXIMUM_RANGE_BITS:
            raise ValueError(f"line {k} of radix 2^{radix}: a carry of {bits} bits is over {2 * MAXIMUM_RANGE_BITS}")
        carry = CarryRange(honest_low, bits)
        if _largest(low, high, carry, radix) >= P:
            carry = CarryRange(honest_low, bits, span >> carry.low_bits)
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
            found = plan(terms, radix)
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


def add_lines(table: Table, name: str, chosen: Plan, where: Where, active: Expression | None = None) -> Balance:
    """Add the constraints and carries of a plan on the rows `where` (EVERY or FIRST), if `active` is 1 there.

    Carries are columns `name carry[k]` (and `name carry[k] top`), looked up on every row.
    """
    if where not in (Where.EVERY, Where.FIRST):
        raise ValueError(f"{table.name}/{name}: a balance holds on every or on the first row, not on {where}")
    expressions: list[Expression] = []
    carries: list[Carry] = []
    carried: Expression | None = None
    for k, line in enumerate(chosen.lines):
        expressions.append(linear(line.terms))
        parts: list[tuple[int | Public, Expression]] = list(line.terms)
        if carried is not None:
            parts.append((1, carried))
        if k < len(chosen.carries):
            carry = _carry_columns(table, f"{name} carry[{k}]", chosen.carries[k])
            carries.append(carry)
            carried = _carry_value(carry)
            parts.append((-(1 << chosen.radix), carried))
        line_holds = linear(parts) if active is None else active * linear(parts)
        if where is Where.EVERY:
            table.every(f"{name} line {k}", line_holds)
        else:
            table.first(f"{name} line {k}", line_holds)
    gadget = Balance(where, active, chosen.radix, tuple(expressions), tuple(carries), chosen.digits)
    table.gadgets.append(gadget)
    return gadget


def _carry_columns(table: Table, name: str, carry: CarryRange) -> Carry:
    columns = [table.column(name)]
    if carry.low_bits:
        range_check(table, name, columns[0], carry.low_bits)
        columns.append(table.column(f"{name} top"))
    top = columns[-1]
    range_check(table, top.name, top, carry.bits - carry.low_bits)
    if carry.top_maximum is not None:
        range_check(table, f"{carry.top_maximum} - {top.name}", carry.top_maximum - top, carry.bits - carry.low_bits)
    return Carry(carry, tuple(columns))


def _carry_value(carry: Carry) -> Expression:
    low_bits = carry.range.low_bits
    if not low_bits:
        return linear([(1, carry.columns[0])], carry.range.low)
    return linear([(1, carry.columns[0]), (1 << low_bits, carry.columns[1])], carry.range.low)
