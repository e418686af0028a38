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

from collections.abc import Mapping
from dataclasses import dataclass

from zkpay.circuits.gadgets.range import MAXIMUM_RANGE_BITS, Natural, range_check
from zkpay.stark.air import Table, Where
from zkpay.stark.expression import Column, Expression, Public, constant, linear, total


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
    """Where a carry may lie: low + stored, 0 <= stored < 2^bits, kept as `low_bits` and the bits above them."""

    low: int
    bits: int

    @property
    def low_bits(self) -> int:
        """Bits in the first column; 0 if one column is enough."""
        return MAXIMUM_RANGE_BITS if self.bits > MAXIMUM_RANGE_BITS else 0

    @property
    def high(self) -> int:
        """The largest carry that the look-ups let through."""
        return self.low + (1 << self.bits) - 1


@dataclass(frozen=True)
class Line:
    """One line of a plan: weighted expressions, and the interval of their sum."""

    terms: tuple[tuple[int | Public, Expression], ...]
    low: int
    high: int


@dataclass(frozen=True)
class Plan:
    """Lines and carries of one identity at one radix, before any column exists."""

    radix: int
    lines: tuple[Line, ...]
    carries: tuple[CarryRange, ...]
    digits: tuple[PublicDigits, ...]

    @property
    def cost(self) -> int:
        """What the carries cost in columns, a look-up counted as two of them."""
        return sum((1 + 2) * (2 if carry.low_bits else 1) for carry in self.carries)

    @property
    def is_narrow(self) -> bool:
        """Whether each carry is one column."""
        return not any(carry.low_bits for carry in self.carries)


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
    return Carry(carry, tuple(columns))


def _carry_value(carry: Carry) -> Expression:
    low_bits = carry.range.low_bits
    if not low_bits:
        return linear([(1, carry.columns[0])], carry.range.low)
    return linear([(1, carry.columns[0]), (1 << low_bits, carry.columns[1])], carry.range.low)
