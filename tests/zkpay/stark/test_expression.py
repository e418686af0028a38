"""Expressions as they are written: every way to write one is the number that it should be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from zkpay.stark.expression import Column, Expression, Phase, Public, constant, linear, read, total
from zkpay.stark.field import P


class Numbers:
    """Reads x as 7 and y as 11, on the next row as 8 and 12, the public scalar a as 5."""

    def constant(self, value: int) -> int:
        return value

    def public(self, name: str) -> int:
        return {"a": 5}[name]

    def column(self, column: Column) -> int:
        return {"x": 7, "y": 11}[column.name] + column.rotation

    def linear(self, terms: list[tuple[int | str, int]], constant: int) -> int:
        return constant + sum((self.public(c) if isinstance(c, str) else c) * value for c, value in terms)

    def product(self, left: int, right: int) -> int:
        return left * right


X, Y = Column(Phase.MAIN, 0, "x"), Column(Phase.MAIN, 1, "y")


# Written when they are read, not when this file is loaded: a test is to run what it is about.
WRITTEN: list[tuple[Callable[[], Expression], int, int]] = [
    (lambda: X + Y, 18, 1),
    (lambda: X + 3, 10, 1),
    (lambda: 3 + X, 10, 1),
    (lambda: X - Y, -4, 1),
    (lambda: X - 3, 4, 1),
    (lambda: 3 - X, -4, 1),
    (lambda: -X, -7, 1),
    (lambda: X * Y, 77, 2),
    (lambda: X * 3, 21, 1),
    (lambda: 3 * X, 21, 1),
    (lambda: X.next * Y.next * X, 8 * 12 * 7, 3),
    (lambda: X + Public("a"), 12, 1),
    (lambda: Public("a") * X, 35, 1),
    (lambda: constant(P + 1) * X * X, (P + 1) * 49, 2),
    (lambda: linear([(Public("a"), X), (-2, Y)], 9), 5 * 7 - 22 + 9, 1),
    (lambda: linear([(3, X)]), 21, 1),
    (lambda: total([X, Y, X]), 25, 1),
    (lambda: total([]), 0, 0),
]


@pytest.mark.parametrize(("written", "value", "degree"), WRITTEN)
def test_expressions_are_the_numbers_that_they_look_like(
    written: Callable[[], Expression], value: int, degree: int
) -> None:
    expression = written()
    assert read(expression, Numbers(), {}) == value
    assert expression.degree == degree


def test_what_is_no_node_is_not_read() -> None:
    """A kind of node that a reading doesn't know must not be passed over: its constraint would be gone."""

    class Other(Expression):
        degree = 1

    with pytest.raises(TypeError, match="not an expression node: Other"):
        read(X * Other(), Numbers(), {})
