"""An upper bound of what a formula pays to all accounts together, from its form (SPEC §3.4).

Bounds of single payouts times the number of accounts tell nothing of a formula that shares a pool; these rules do:
all accounts' `c * x // total(x)` add up to at most c, a sum of shares to at most the sum of their pools.
"""

from __future__ import annotations

from collections.abc import Callable

from zkpay.policy.language.tree import Expression, Form, Formula, Level


def largest_sum(formula: Formula, highest: Callable[[Expression], int], accounts: int) -> int:
    """What all accounts' `payout` add up to, at most; `highest` bounds a single value, for any account."""
    return _Sums(formula, highest, accounts).bound(formula.payout.expression)


class _Sums:
    def __init__(self, formula: Formula, highest: Callable[[Expression], int], accounts: int) -> None:
        self._formula = formula
        self._highest = highest
        self._accounts = accounts

    def bound(self, expression: Expression) -> int:
        """The sum of the expression over all accounts is at most this."""
        return min(self._by_form(expression), self._highest(expression) * self._accounts)

    def _by_form(self, written: Expression) -> int:
        expression = self._resolved(written)
        arguments = expression.arguments
        match expression.form:
            case Form.ADD:
                return sum(map(self.bound, arguments))
            case Form.SUBTRACT | Form.REMAINDER:
                return self.bound(arguments[0])
            case Form.MINIMUM:
                return min(map(self.bound, arguments))
            case Form.CLAMP:
                return self._highest(expression) * self._accounts
            case Form.DIVIDE:
                share = self._share(expression)
                return self.bound(arguments[0]) if share is None else share
            case Form.MULTIPLY:
                return self._product(arguments)
            case Form.CONDITIONAL:
                return self._conditional(expression)
            case _:
                return self._highest(expression) * self._accounts

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
        shared = self._resolved(divisor.arguments[0])
        factors = self._factors(numerator)
        for index, factor in enumerate(factors):
            rest = [*factors[:index], *factors[index + 1 :]]
            if self._same(factor, shared) and all(other.level <= Level.TOTAL for other in rest):
                largest = 1
                for other in rest:
                    largest *= self._highest(other)
                return largest
        return None

    def _factors(self, expression: Expression) -> list[Expression]:
        """The factors of a product, those of products in it included."""
        resolved = self._resolved(expression)
        if resolved.form is not Form.MULTIPLY:
            return [expression]
        return [factor for argument in resolved.arguments for factor in self._factors(argument)]

    def _product(self, arguments: tuple[Expression, ...]) -> int:
        """One factor that varies from account to account, times the bounds of all others."""
        varying = max(range(len(arguments)), key=lambda index: arguments[index].level)
        bound = self.bound(arguments[varying])
        for index, argument in enumerate(arguments):
            if index != varying:
                bound *= self._highest(argument)
        return bound

    def _conditional(self, expression: Expression) -> int:
        condition, holds, fails = expression.arguments
        if condition.level > Level.TOTAL:
            # Each account takes one of the two.
            return self.bound(holds) + self.bound(fails)
        known = self._highest_total(condition, holds)
        held = self.bound(holds)
        return max(held if known is None else min(held, known), self.bound(fails))

    def _highest_total(self, condition: Expression, value: Expression) -> int | None:
        """What `total(value) <= c` says of the sum of `value`."""
        condition = self._resolved(condition)
        if condition.form not in (Form.AT_MOST, Form.LESS):
            return None
        total, bound = map(self._resolved, condition.arguments)
        if total.form is Form.TOTAL and self._same(total.arguments[0], value):
            return self._highest(bound)
        return None

    def _same(self, one: Expression, other: Expression) -> bool:
        return self._resolved(one).text == self._resolved(other).text
