"""Constraint expressions: one definition of each circuit, read three ways (SPEC §4.1).

An expression is a node of a directed acyclic graph over the columns of one table. The prover lowers it to a
flat program, the verifier evaluates it at one point of the challenge field, the checker evaluates it on every
row. All three go through `read`, so that no reading can differ from another in more than its arithmetic.

Integer constants stay signed and unreduced in the graph: a reader over the integers (witness generation) and a
reader over the field see the same formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Protocol, TypeVar


class Phase(StrEnum):
    """Where a column's values come from."""

    MAIN = "main"  # witness, committed before the bus challenges
    PREPROCESSED = "preprocessed"  # fixed by the circuit; every verifier computes it for itself


class Expression:
    """A node. `degree` counts columns multiplied together; it is derived, never typed in."""

    __slots__ = ("degree",)
    degree: int

    def __add__(self, other: Expression | int) -> Expression:
        return Linear(((1, self), (1, other))) if isinstance(other, Expression) else Linear(((1, self),), other)

    def __radd__(self, other: int) -> Expression:
        return Linear(((1, self),), other)

    def __sub__(self, other: Expression | int) -> Expression:
        return Linear(((1, self), (-1, other))) if isinstance(other, Expression) else Linear(((1, self),), -other)

    def __rsub__(self, other: int) -> Expression:
        return Linear(((-1, self),), other)

    def __mul__(self, other: Expression | int) -> Expression:
        return Product(self, other) if isinstance(other, Expression) else Linear(((other, self),))

    def __rmul__(self, other: int) -> Expression:
        return Linear(((other, self),))

    def __neg__(self) -> Expression:
        return Linear(((-1, self),))


class Constant(Expression):
    """A signed integer known from the circuit alone."""

    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value
        self.degree = 0


class Public(Expression):
    """A scalar that the verifier computes from the statement, by name; its value is an integer in [0, P)."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name
        self.degree = 0


class Column(Expression):
    """A column of the table, on this row (`rotation` 0) or the next one (1, cyclic)."""

    __slots__ = ("index", "name", "next_row", "phase", "rotation")

    def __init__(self, phase: Phase, index: int, name: str, rotation: int = 0) -> None:
        self.phase = phase
        self.index = index
        self.name = name
        self.rotation = rotation
        self.degree = 1
        # One object per (column, rotation), so that readers that remember by identity meet it once.
        self.next_row: Column | None = Column(phase, index, name, 1) if rotation == 0 else None

    @property
    def next(self) -> Column:
        """The same column on the next row."""
        if self.next_row is None:
            raise ValueError(f"column {self.name}: a window has two rows only")
        return self.next_row


class Linear(Expression):
    """constant + sum of coefficient * expression; coefficients are integers or public scalars."""

    __slots__ = ("constant", "terms")

    def __init__(self, terms: Sequence[tuple[int | Public, Expression]], constant: int = 0) -> None:
        self.terms = tuple(terms)
        self.constant = constant
        self.degree = max((term.degree for _, term in self.terms), default=0)


class Product(Expression):
    """left * right."""

    __slots__ = ("left", "right")

    def __init__(self, left: Expression, right: Expression) -> None:
        self.left = left
        self.right = right
        self.degree = left.degree + right.degree


def constant(value: int) -> Expression:
    """`value` as an expression."""
    return Constant(value)


def linear(terms: Iterable[tuple[int | Public, Expression]], offset: int = 0) -> Expression:
    """offset + sum of coefficient * expression, as one node."""
    return Linear(tuple(terms), offset)


def total(expressions: Iterable[Expression]) -> Expression:
    """The sum of the expressions."""
    return Linear(tuple((1, expression) for expression in expressions))


Value = TypeVar("Value")


class Reader(Protocol[Value]):
    """What a reading of an expression must offer."""

    def constant(self, value: int) -> Value: ...

    def public(self, name: str) -> Value: ...

    def column(self, column: Column) -> Value: ...

    def linear(self, terms: list[tuple[int | str, Value]], constant: int) -> Value:
        """constant + sum; a coefficient is an integer or the name of a public scalar."""
        ...

    def product(self, left: Value, right: Value) -> Value: ...


def read(expression: Expression, reader: Reader[Value], memory: dict[Expression, Value]) -> Value:
    """Evaluate with `reader`; `memory` (nodes compare by identity) is shared between calls on one graph."""
    known = memory.get(expression)
    if known is not None:
        return known
    value: Value
    if isinstance(expression, Column):
        value = reader.column(expression)
    elif isinstance(expression, Linear):
        value = reader.linear(
            [
                (coefficient.name if isinstance(coefficient, Public) else coefficient, read(term, reader, memory))
                for coefficient, term in expression.terms
            ],
            expression.constant,
        )
    elif isinstance(expression, Product):
        value = reader.product(read(expression.left, reader, memory), read(expression.right, reader, memory))
    elif isinstance(expression, Constant):
        value = reader.constant(expression.value)
    elif isinstance(expression, Public):
        value = reader.public(expression.name)
    else:
        raise TypeError(f"not an expression node: {type(expression).__name__}")
    memory[expression] = value
    return value
