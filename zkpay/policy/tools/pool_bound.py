"""An upper bound of what a formula pays to all accounts together, from its form (SPEC §3.4).

Bounds of single payouts times the number of accounts tell nothing of a formula that shares a pool; these rules do:
all accounts' `c * x // total(x)` add up to at most c, a sum of shares to at most the sum of their pools.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from zkpay.policy.language.tree import Expression, Form, Formula, Level
from zkpay.policy.tools.probes import Bounds

_MAX_FACTORS: Final = 64
"""Products of more factors, through the names of lines, are taken as they are."""


def largest_sum(formula: Formula, bounds: Bounds, accounts: int) -> int | None:
    """What the payouts of so many accounts add up to, at most; None if nothing is known."""
    return _Sums(formula, bounds, accounts).bound(formula.payout.expression)


class _Sums:
    """None stands for no bound at all."""

    def __init__(self, formula: Formula, bounds: Bounds, accounts: int) -> None:
        self._formula = formula
        self._bounds = bounds
        self._accounts = accounts
        self._known: dict[str, int | None] = {}

    def bound(self, expression: Expression) -> int | None:
        """The sum of the expression over all accounts is at most this."""
        if expression.text not in self._known:
            single = self._bounds.highest(expression)
            by_size = None if single is None else single * self._accounts
            self._known[expression.text] = _least(self._by_form(self._resolved(expression)), by_size)
        return self._known[expression.text]

    def _by_form(self, expression: Expression) -> int | None:
        arguments = expression.arguments
        match expression.form:
            case Form.ADD:
                return _sum(self.bound(argument) for argument in arguments)
            case Form.SUBTRACT | Form.REMAINDER:
                return self.bound(arguments[0])
            case Form.MINIMUM:
                return _least(*map(self.bound, arguments))
            case Form.DIVIDE:
                share = self._share(expression)
                return self.bound(arguments[0]) if share is None else share
            case Form.MULTIPLY:
                return self._product(arguments)
            case Form.CONDITIONAL:
                return self._conditional(expression)
            case _:
                return None

    def _resolved(self, expression: Expression) -> Expression:
        """The expression behind the names of lines."""
        while expression.form is Form.LINE:
            expression = self._formula.lines[str(expression.value)].expression
        return expression

    def _share(self, quotient: Expression) -> int | None:
        """`c * x // total(x)` with c the same for all accounts: c."""
        numerator, divisor = map(self._resolved, quotient.arguments)
        if divisor.form is not Form.TOTAL:
            return None
        rest = self._factors(numerator)
        for shared in self._factors(divisor.arguments[0]):
            place = next((index for index, factor in enumerate(rest) if self._same(factor, shared)), None)
            if place is None:
                return None
            del rest[place]
        if any(factor.level > Level.TOTAL for factor in rest):
            return None
        largest = [self._bounds.highest(factor) for factor in rest]
        return None if None in largest else math.prod(high for high in largest if high is not None)

    def _factors(self, expression: Expression) -> list[Expression]:
        """The factors of a product, those of products in it included."""
        factors = [expression]
        while len(factors) < _MAX_FACTORS:
            products = [self._resolved(factor).form is Form.MULTIPLY for factor in factors]
            if True not in products:
                break
            place = products.index(True)
            factors[place : place + 1] = self._resolved(factors[place]).arguments
        return factors

    def _product(self, arguments: tuple[Expression, ...]) -> int | None:
        """One factor that varies from account to account, times the bounds of all others."""
        varying = max(range(len(arguments)), key=lambda index: arguments[index].level)
        others = [argument for index, argument in enumerate(arguments) if index != varying]
        bounds = [self.bound(arguments[varying]), *map(self._bounds.highest, others)]
        return None if None in bounds else math.prod(bound for bound in bounds if bound is not None)

    def _conditional(self, expression: Expression) -> int | None:
        condition, holds, fails = expression.arguments
        if condition.level > Level.TOTAL:
            # Each account takes one of the two.
            return _sum(map(self.bound, (holds, fails)))
        held = _least(self.bound(holds), self._known_total(condition, holds))
        failed = self.bound(fails)
        return None if held is None or failed is None else max(held, failed)

    def _known_total(self, condition: Expression, value: Expression) -> int | None:
        """What `total(value) <= c` says of the sum of `value`."""
        condition = self._resolved(condition)
        if condition.form not in (Form.AT_MOST, Form.LESS):
            return None
        total, bound = map(self._resolved, condition.arguments)
        if total.form is Form.TOTAL and self._same(total.arguments[0], value):
            return self._bounds.highest(bound)
        return None

    def _same(self, one: Expression, other: Expression) -> bool:
        return self._resolved(one).text == self._resolved(other).text


def _least(*bounds: int | None) -> int | None:
    return min((bound for bound in bounds if bound is not None), default=None)


def _sum(bounds: Iterable[int | None]) -> int | None:
    found = list(bounds)
    return None if None in found else sum(bound for bound in found if bound is not None)
