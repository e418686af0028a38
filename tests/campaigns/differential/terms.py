"""Expressions of a formula as the campaign writes them: text, bounds, and a meaning of their own.

A term is made together with what it means, so its value needs no parser: it is a third opinion beside the
definition and the columns, and it also holds the parser to the precedence of operators.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from zkpay.policy.language.tree import Level


class Strength(IntEnum):
    """How tightly an expression binds; weaker ones stand in parentheses."""

    CONDITIONAL = 0
    OR = 1
    AND = 2
    NOT = 3
    COMPARISON = 4
    SUM = 5
    PRODUCT = 6
    CALL = 7


@dataclass
class World:
    """The accepted records of an epoch, by account: what terms are about. Each record is a value for each field, a
    code where the field has symbols.
    """

    accounts: Sequence[Sequence[dict[str, int]]]
    memory: dict[Any, int] = field(default_factory=dict)


Meaning = Callable[[World, int, int], int]
"""The value for one account and one of its records, by their positions; -1 where the level has none."""


@dataclass(frozen=True)
class Term:
    """low <= value <= high always; `high` is 1 for a condition."""

    text: str
    strength: Strength
    low: int
    high: int
    level: Level
    meaning: Meaning

    def within(self, strength: Strength) -> str:
        """The text as an operand that must bind at least that tightly."""
        return self.text if self.strength >= strength else f"({self.text})"


def remembered(term: Term, key: object) -> Term:
    """The same term, each value worked out once in a world."""

    def meaning(world: World, account: int, record: int) -> int:
        place = (key, account, record)
        if place not in world.memory:
            world.memory[place] = term.meaning(world, account, record)
        return world.memory[place]

    return replace(term, meaning=meaning)


def call(name: str, arguments: Sequence[Term], low: int, high: int, value: Callable[..., int]) -> Term:
    """A function of terms, all of which are always evaluated."""
    return Term(
        f"{name}({', '.join(argument.text for argument in arguments)})",
        Strength.CALL,
        low,
        high,
        max(argument.level for argument in arguments),
        lambda world, a, r: value(*(argument.meaning(world, a, r) for argument in arguments)),
    )


_RIGHT = {"+": Strength.PRODUCT, "-": Strength.PRODUCT, "*": Strength.CALL, "//": Strength.CALL, "%": Strength.CALL}
_LEFT = {
    "+": Strength.SUM,
    "-": Strength.SUM,
    "*": Strength.PRODUCT,
    "//": Strength.PRODUCT,
    "%": Strength.PRODUCT,
}


def operation(left: Term, sign: str, right: Term, low: int, high: int, value: Callable[[int, int], int]) -> Term:
    """left + - * // % right; these group from the left."""
    return Term(
        f"{left.within(_LEFT[sign])} {sign} {right.within(_RIGHT[sign])}",
        _LEFT[sign],
        low,
        high,
        max(left.level, right.level),
        lambda world, a, r: value(left.meaning(world, a, r), right.meaning(world, a, r)),
    )


def add(left: Term, right: Term) -> Term:
    return operation(left, "+", right, left.low + right.low, left.high + right.high, lambda x, y: x + y)


def subtract(left: Term, right: Term, high: int | None = None) -> Term:
    """left - right, which whoever writes it knows not to be negative."""
    return operation(
        left,
        "-",
        right,
        max(0, left.low - right.high),
        left.high - right.low if high is None else high,
        lambda x, y: x - y,
    )


def multiply(left: Term, right: Term) -> Term:
    return operation(left, "*", right, left.low * right.low, left.high * right.high, lambda x, y: x * y)


def divide(left: Term, right: Term) -> Term:
    """left // right, right at least 1 wherever it is evaluated."""
    return operation(left, "//", right, left.low // max(right.high, 1), left.high // max(right.low, 1), _quotient)


def remainder(left: Term, right: Term) -> Term:
    """left % right, likewise."""
    return operation(left, "%", right, 0, min(left.high, max(right.high, 1) - 1), _remainder)


def round_div(left: Term, right: Term) -> Term:
    high = (2 * left.high + max(right.low, 1)) // (2 * max(right.low, 1))
    return call("round_div", [left, right], 0, high, lambda x, y: _quotient(2 * x + y, 2 * y))


def ceil_div(left: Term, right: Term) -> Term:
    high = -(-left.high // max(right.low, 1))
    return call("ceil_div", [left, right], 0, high, lambda x, y: -_quotient(-x, y))


def minimum(*terms: Term) -> Term:
    return call("min", terms, min(term.low for term in terms), min(term.high for term in terms), min)


def maximum(*terms: Term) -> Term:
    return call("max", terms, max(term.low for term in terms), max(term.high for term in terms), max)


def clamp(value: Term, low: Term, high: Term) -> Term:
    return call(
        "clamp",
        [value, low, high],
        min(max(value.low, low.low), high.low),
        min(max(value.high, low.high), high.high),
        lambda x, y, z: min(max(x, y), z),
    )


def root(value: Term) -> Term:
    return call("isqrt", [value], math.isqrt(value.low), math.isqrt(value.high), math.isqrt)


def conditional(condition: Term, yes: Term, no: Term) -> Term:
    return Term(
        f"{yes.within(Strength.OR)} if {condition.within(Strength.OR)} else {no.text}",
        Strength.CONDITIONAL,
        min(yes.low, no.low),
        max(yes.high, no.high),
        max(condition.level, yes.level, no.level),
        lambda world, a, r: (yes if condition.meaning(world, a, r) else no).meaning(world, a, r),
    )


def compare(left: Term, sign: str, right: Term) -> Term:
    value: Callable[[int, int], bool] = {
        "==": lambda x, y: x == y,
        "!=": lambda x, y: x != y,
        "<": lambda x, y: x < y,
        "<=": lambda x, y: x <= y,
        ">": lambda x, y: x > y,
        ">=": lambda x, y: x >= y,
    }[sign]
    return Term(
        f"{left.within(Strength.SUM)} {sign} {right.within(Strength.SUM)}",
        Strength.COMPARISON,
        0,
        1,
        max(left.level, right.level),
        lambda world, a, r: int(value(left.meaning(world, a, r), right.meaning(world, a, r))),
    )


def both(left: Term, right: Term) -> Term:
    return Term(
        f"{left.within(Strength.AND)} and {right.within(Strength.NOT)}",
        Strength.AND,
        0,
        1,
        max(left.level, right.level),
        lambda world, a, r: left.meaning(world, a, r) and right.meaning(world, a, r),
    )


def either(left: Term, right: Term) -> Term:
    return Term(
        f"{left.within(Strength.OR)} or {right.within(Strength.AND)}",
        Strength.OR,
        0,
        1,
        max(left.level, right.level),
        lambda world, a, r: left.meaning(world, a, r) or right.meaning(world, a, r),
    )


def negation(term: Term) -> Term:
    return Term(
        f"not {term.within(Strength.NOT)}",
        Strength.NOT,
        0,
        1,
        term.level,
        lambda world, a, r: 1 - term.meaning(world, a, r),
    )


def tiers(value: Term, slices: Sequence[tuple[int, str, int, str]], rest: tuple[int, str] | None) -> Term:
    """Slices: bound, its text, rate, its text; `rest` is the rate of all above, with its text."""

    def marginal(x: int) -> int:
        paid = below = 0
        for bound, _, rate, _ in slices:
            paid += rate * (min(x, bound) - min(x, below))
            below = bound
        return paid + (rest[0] * (x - min(x, below)) if rest else 0)

    listed = [f"({bound}, {rate})" for _, bound, _, rate in slices] + ([f"(rest, {rest[1]})"] if rest else [])
    return Term(
        f"tiers({value.text}, [{', '.join(listed)}])",
        Strength.CALL,
        marginal(value.low),
        marginal(value.high),
        value.level,
        lambda world, a, r: marginal(value.meaning(world, a, r)),
    )


def by_number(name: str, values: Sequence[int], index: Term) -> Term:
    """An entry of a numbered table; the index must be below its length wherever it is evaluated."""
    return Term(
        f"{name}[{index.text}]",
        Strength.CALL,
        min(values),
        max(values),
        index.level,
        lambda world, a, r: values[index.meaning(world, a, r)],
    )


def aggregate(name: str, value: Term, condition: Term | None, records: int) -> Term:
    """sum, min or max over an account's records, of those where the condition holds; 0 over nothing."""
    combine: Callable[[list[int]], int] = {
        "sum": sum,
        "min": lambda values: min(values, default=0),
        "max": lambda values: max(values, default=0),
    }[name]

    def meaning(world: World, account: int, _: int) -> int:
        rows = range(len(world.accounts[account]))
        chosen = [r for r in rows if condition is None or condition.meaning(world, account, r)]
        return combine([value.meaning(world, account, r) for r in chosen])

    inside = value.text
    if condition is not None:
        inside = f"{value.within(Strength.OR)} if {condition.within(Strength.OR)}"
    return Term(
        f"{name}({inside})",
        Strength.CALL,
        0 if condition is not None else value.low,
        value.high * records if name == "sum" else value.high,
        Level.ACCOUNT,
        meaning,
    )


def count(condition: Term | None, records: int) -> Term:
    """count() or count(condition)."""

    def meaning(world: World, account: int, _: int) -> int:
        rows = range(len(world.accounts[account]))
        return sum(1 for r in rows if condition is None or condition.meaning(world, account, r))

    text = "count()" if condition is None else f"count({condition.text})"
    return Term(text, Strength.CALL, int(condition is None), records, Level.ACCOUNT, meaning)


def total(value: Term, accounts: int) -> Term:
    """total(value), over all accounts; 0 where there is none."""

    def meaning(world: World, _account: int, _record: int) -> int:
        return sum(value.meaning(world, account, -1) for account in range(len(world.accounts)))

    made = Term(f"total({value.text})", Strength.CALL, 0, value.high * accounts, Level.TOTAL, meaning)
    return remembered(made, object())


def share(name: str, value: Term, divisor: Term) -> Term:
    """value divided by a total, 0 where that is 0; `name`: "//", "%", "round_div" or "ceil_div"."""
    of_one = {"//": divide, "%": remainder, "round_div": round_div, "ceil_div": ceil_div}[name](value, divisor)

    def meaning(world: World, account: int, record: int) -> int:
        return of_one.meaning(world, account, record) if divisor.meaning(world, account, record) else 0

    return replace(of_one, low=0, meaning=meaning)


def _quotient(x: int, y: int) -> int:
    if y < 1:
        raise ZeroDivisionError(f"{x} // {y}: the campaign wrote a division that isn't guarded")
    return x // y


def _remainder(x: int, y: int) -> int:
    if y < 1:
        raise ZeroDivisionError(f"{x} % {y}: the campaign wrote a division that isn't guarded")
    return x % y
