"""What a formula means: its exact values, straight from its tree (SPEC §8.1.3).

This is the definition. Python's own integers, one value at a time, nothing lowered, bounded or shared; columns and
circuits must agree with it on every input. An ArithmeticError says that a difference is negative, a divisor 0 or an
index beyond its table: lowering refuses every formula for which that could happen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from zkpay.policy.language.tree import REST, Expression, Form, Formula, Level


@dataclass(frozen=True)
class Record:
    """An accepted contribution: its account, and each field's number or symbol code."""

    account: bytes
    values: Mapping[str, int]


@dataclass(frozen=True)
class Outcome:
    """All values of a formula. accounts: increasing, those with a record. lines: of each line one value for the epoch
    (a formula's constants and totals), a list over the records, or a list over the accounts; conditions are 0 or 1.
    totals: by text, in the formula's order. payouts: over the accounts.
    """

    accounts: list[bytes]
    lines: dict[str, int | list[int]]
    totals: dict[str, int]
    payouts: list[int]


def evaluate(formula: Formula, records: Sequence[Record], totals: Mapping[str, int] | None = None) -> Outcome:
    """Every value of the formula over the accepted records, in intake order.

    totals: the epoch's, by text, where `records` are those of some accounts only, as in a receipt; else they are
    summed up over the accounts.
    """
    return _Evaluation(formula, records, totals or {}).outcome()


class _Evaluation:
    """Where an expression is asked for, `index` is a record's or an account's, by the expression's level."""

    def __init__(self, formula: Formula, records: Sequence[Record], totals: Mapping[str, int]) -> None:
        self._formula = formula
        self._records = records
        members: dict[bytes, list[int]] = {}
        for index, record in enumerate(records):
            members.setdefault(record.account, []).append(index)
        self._accounts = sorted(members)
        self._members = [members[account] for account in self._accounts]
        self._lines: dict[tuple[str, int], int] = {}
        self._totals = dict(totals)

    def outcome(self) -> Outcome:
        lines = {name: self._whole_line(name) for name in self._formula.lines}
        payouts = lines["payout"]
        if isinstance(payouts, int):
            payouts = [payouts] * len(self._accounts)
        totals = {text: self._total(text) for text in self._formula.totals}
        return Outcome(self._accounts, lines, totals, payouts)

    def _whole_line(self, name: str) -> int | list[int]:
        match self._formula.lines[name].expression.level:
            case Level.CONTRIBUTION:
                return [self._line(name, index) for index in range(len(self._records))]
            case Level.ACCOUNT:
                return [self._line(name, index) for index in range(len(self._accounts))]
        return self._line(name, 0)

    def _line(self, name: str, index: int) -> int:
        expression = self._formula.lines[name].expression
        key = (name, index if expression.level > Level.TOTAL else 0)
        if key not in self._lines:
            self._lines[key] = self._value(expression, index)
        return self._lines[key]

    def _total(self, text: str) -> int:
        if text not in self._totals:
            argument = self._formula.totals[text]
            self._totals[text] = sum(self._value(argument, account) for account in range(len(self._accounts)))
        return self._totals[text]

    def _value(self, expression: Expression, index: int) -> int:
        """The value of a number or symbol; of a condition 1 where it holds, else 0."""
        arguments, value = expression.arguments, expression.value

        def of(position: int) -> int:
            return self._value(arguments[position], index)

        match expression.form:
            case Form.CONSTANT:
                return int(value or 0)
            case Form.FIELD:
                return self._records[index].values[str(value)]
            case Form.LINE:
                return self._line(str(value), index)
            case Form.TABLE:
                return _entry(self._formula.tables[str(value)].values, of(0), expression)
            case Form.ADD:
                return of(0) + of(1)
            case Form.SUBTRACT:
                return _difference(of(0), of(1), expression)
            case Form.MULTIPLY:
                return of(0) * of(1)
            case Form.DIVIDE | Form.REMAINDER | Form.ROUND_DIVIDE | Form.CEIL_DIVIDE:
                return self._divided(expression, of(0), of(1))
            case Form.MINIMUM:
                return min(of(position) for position in range(len(arguments)))
            case Form.MAXIMUM:
                return max(of(position) for position in range(len(arguments)))
            case Form.CLAMP:
                return min(max(of(0), of(1)), of(2))
            case Form.ROOT:
                return math.isqrt(of(0))
            case Form.TIERS:
                return self._tiers(expression, index)
            case Form.CONDITIONAL:
                return of(1) if of(0) else of(2)
            case Form.EQUAL:
                return int(of(0) == of(1))
            case Form.LESS:
                return int(of(0) < of(1))
            case Form.AT_MOST:
                return int(of(0) <= of(1))
            case Form.IS_SYMBOL:
                return int(of(0) == value)
            case Form.AND:
                return int(all(of(position) for position in range(len(arguments))))
            case Form.OR:
                return int(any(of(position) for position in range(len(arguments))))
            case Form.NOT:
                return 1 - of(0)
            case Form.SUM:
                return sum(self._over_records(expression, index))
            case Form.COUNT:
                return sum(1 for record in self._members[index] if not arguments or self._value(arguments[0], record))
            case Form.SMALLEST:
                return min(self._over_records(expression, index), default=0)
            case Form.LARGEST:
                return max(self._over_records(expression, index), default=0)
            case Form.TOTAL:
                return self._total(str(value))

    def _over_records(self, expression: Expression, account: int) -> Iterator[int]:
        """The aggregate's first argument over the account's records, those on which its second one holds."""
        x, *condition = expression.arguments
        for record in self._members[account]:
            if not condition or self._value(condition[0], record):
                yield self._value(x, record)

    def _divided(self, expression: Expression, a: int, b: int) -> int:
        if b == 0:
            if is_total(expression.arguments[1], self._formula):
                return 0
            raise ArithmeticError(f"{expression.text} divides by 0")
        match expression.form:
            case Form.DIVIDE:
                return a // b
            case Form.REMAINDER:
                return a % b
            case Form.ROUND_DIVIDE:
                return (2 * a + b) // (2 * b)
            case _:
                return (a + b - 1) // b

    def _tiers(self, expression: Expression, index: int) -> int:
        x, *bounds_and_rates = (self._value(argument, index) for argument in expression.arguments)
        earned, below = 0, 0
        for upto, rate in zip(bounds_and_rates[::2], bounds_and_rates[1::2], strict=True):
            reached = x if upto == REST else min(x, upto)
            earned += rate * _difference(reached, below, expression)
            below = reached
        return earned


def is_total(expression: Expression, formula: Formula) -> bool:
    """Whether a divisor is `total(...)`, or a line that is nothing but that: then dividing by 0 gives 0."""
    while expression.form is Form.LINE:
        expression = formula.lines[str(expression.value)].expression
    return expression.form is Form.TOTAL


def _difference(a: int, b: int, expression: Expression) -> int:
    if a < b:
        raise ArithmeticError(f"{expression.text} is {a} - {b}, which is negative")
    return a - b


def _entry(values: Sequence[int], index: int, expression: Expression) -> int:
    if index >= len(values):
        raise ArithmeticError(f"{expression.text} reads entry {index} of {len(values)}")
    return values[index]
