"""An expression in words, from its tree (SPEC §8.1.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from zkpay.ledger.fields import SymbolField
from zkpay.policy.language.tree import REST, Expression, Form, Formula, Level, Type

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")

# Forms whose words can stand inside others as they are, and those that can where nothing follows.
_SINGLE: Final = frozenset({Form.CONSTANT, Form.FIELD, Form.LINE, Form.TABLE})
_SINGLE_AT_END: Final = frozenset({Form.TOTAL, Form.SUM, Form.COUNT, Form.SMALLEST, Form.LARGEST})
_ROUNDING: Final = {
    Form.DIVIDE: "rounded down",
    Form.ROUND_DIVIDE: "rounded to the nearest, halves up",
    Form.CEIL_DIVIDE: "rounded up",
}
_SIGNS: Final = {Form.ADD: " + ", Form.MULTIPLY: " × "}
_COMPARED: Final = {Form.EQUAL: "equals", Form.LESS: "is less than", Form.AT_MOST: "is at most"}
_TURNED: Final = {Form.EQUAL: "equals", Form.LESS: "is more than", Form.AT_MOST: "is at least"}
"""With the second operand first."""
_DENIED: Final = {Form.EQUAL: "is not", Form.LESS: "is at least", Form.AT_MOST: "is more than"}
_DENIED_TURNED: Final = {Form.EQUAL: "is not", Form.LESS: "is at most", Form.AT_MOST: "is less than"}


def in_words(expression: Expression, formula: Formula) -> str:
    """What an expression is, as a phrase without a full stop."""
    return _Speaker(formula).phrase(expression)


class _Speaker:
    """Knows the names of symbols."""

    def __init__(self, formula: Formula) -> None:
        self._symbols: Mapping[str, SymbolField] = {
            field.name: field for field in formula.fields if isinstance(field, SymbolField)
        }
        self._formula = formula

    def phrase(self, expression: Expression) -> str:
        """Compound phrases may contain commas; `_part` puts them into brackets inside others."""
        form, arguments = expression.form, expression.arguments
        match form:
            case Form.CONSTANT:
                return self._constant(expression)
            case Form.FIELD | Form.LINE:
                return str(expression.value)
            case Form.TABLE:
                return self._entry(expression)
            case Form.ADD | Form.MULTIPLY:
                return self._chain(expression)
            case Form.SUBTRACT:
                first = arguments[0]
                less = self._chain(first, ends=False) if first.form in _SIGNS else self._part(first, ends=False)
                return f"{less} - {self._part(arguments[1])}"
            case Form.DIVIDE | Form.ROUND_DIVIDE | Form.CEIL_DIVIDE:
                first = arguments[0]
                product = first.form is Form.MULTIPLY
                divided = self._chain(first, ends=False) if product else self._part(first, ends=False)
                quotient = f"{divided} ÷ {self._part(arguments[1])}, {_ROUNDING[form]}"
                return quotient + self._where_total_is_nothing(arguments[1])
            case Form.REMAINDER:
                remainder = f"what is left of {self._part(arguments[0])} divided by {self._part(arguments[1])}"
                return remainder + self._where_total_is_nothing(arguments[1])
            case Form.MINIMUM | Form.MAXIMUM:
                return self._extreme(form, arguments)
            case Form.CLAMP:
                value, low, high = map(self._part, arguments)
                return f"{value}, but at least {low} and at most {high}"
            case Form.ROOT:
                return f"the square root of {self._part(arguments[0])}, rounded down"
            case Form.TIERS:
                return self._tiers(arguments)
            case Form.CONDITIONAL:
                condition, holds, fails = arguments
                return f"{self._part(holds)} if {self.phrase(condition)}, otherwise {self.phrase(fails)}"
            case Form.SUM:
                return f"the sum of {self._part(arguments[0])} over its accepted contributions{self._where(arguments)}"
            case Form.COUNT:
                where = f" where {self.phrase(arguments[0])}" if arguments else ""
                return f"the number of its accepted contributions{where}"
            case Form.SMALLEST | Form.LARGEST:
                extreme = "smallest" if form is Form.SMALLEST else "largest"
                of = f"the {extreme} {self._part(arguments[0])} of its accepted contributions{self._where(arguments)}"
                return f"{of} (0 if there is none)" if len(arguments) > 1 else of
            case Form.TOTAL:
                return f"the total of {self._part(arguments[0])} over all accounts"
            case _:
                return self._condition(expression)

    def _condition(self, expression: Expression) -> str:
        form, arguments = expression.form, expression.arguments
        if form is Form.NOT:
            return self._denied(arguments[0])
        if form in (Form.AND, Form.OR):
            return f" {form} ".join(
                self.phrase(part) if _is_comparison(part) else self._part(part) for part in _joined(expression)
            )
        if form is Form.IS_SYMBOL:
            return f"{self.phrase(arguments[0])} is {self._symbol(arguments[0], expression.value)}"
        return self._comparison(expression, _COMPARED, _TURNED)

    def _denied(self, expression: Expression) -> str:
        if expression.form is Form.IS_SYMBOL:
            symbol = expression.arguments[0]
            return f"{self.phrase(symbol)} is not {self._symbol(symbol, expression.value)}"
        if expression.form in _DENIED:
            return self._comparison(expression, _DENIED, _DENIED_TURNED)
        return f"not {self._part(expression)}"

    def _comparison(self, expression: Expression, straight: Mapping[Form, str], turned: Mapping[Form, str]) -> str:
        """What varies most comes first: `limit < x` is "x is more than limit"."""
        left, right = expression.arguments
        words = straight
        if left.level < right.level:
            left, right, words = right, left, turned
        return f"{self._part(left)} {words[expression.form]} {self._part(right)}"

    def _part(self, expression: Expression, *, ends: bool = True) -> str:
        """A phrase inside another, in brackets unless it is clear without; `ends`: nothing follows it directly."""
        plain = expression.form in _SINGLE or (
            ends and expression.form in _SINGLE_AT_END and not _has_condition(expression)
        )
        text = self.phrase(expression)
        return text if plain else f"({text})"

    def _chain(self, expression: Expression, *, ends: bool = True) -> str:
        """A sum or a product of several; products stand in sums without brackets."""
        parts = _joined(expression)
        words = []
        for index, part in enumerate(parts):
            last = ends and index == len(parts) - 1
            product = expression.form is Form.ADD and part.form is Form.MULTIPLY
            words.append(self._chain(part, ends=last) if product else self._part(part, ends=last))
        return _SIGNS[expression.form].join(words)

    def _constant(self, expression: Expression) -> str:
        if expression.type is Type.SYMBOL or not isinstance(expression.value, int):
            return expression.text
        if _NAME.fullmatch(expression.text):
            return expression.text
        digits = f"{expression.value:,}"
        return digits if expression.text.isdigit() else f"{digits} ({expression.text})"

    def _symbol(self, field: Expression, code: int | str | None) -> str:
        symbols = self._symbols.get(str(field.value))
        return symbols.values[code] if symbols is not None and isinstance(code, int) else str(code)

    def _entry(self, expression: Expression) -> str:
        (key,) = expression.arguments
        if key.type is not Type.SYMBOL:
            return f"entry {self._part(key)} of {expression.value}"
        if key.form is Form.CONSTANT and isinstance(key.value, int):
            field = self._formula.tables[str(expression.value)].field
            return f"the {expression.value} of {self._symbols[str(field)].values[key.value]}"
        return f"the {expression.value} of its {self.phrase(key)}"

    def _extreme(self, form: Form, arguments: Sequence[Expression]) -> str:
        limits = [argument for argument in arguments if argument.level <= Level.TOTAL]
        others = [argument for argument in arguments if argument.level > Level.TOTAL]
        if len(limits) == 1 and len(others) == 1:
            bound = "at most" if form is Form.MINIMUM else "at least"
            return f"{self._part(others[0])}, but {bound} {self._part(limits[0])}"
        ends = {(Form.MINIMUM, 2): "smaller", (Form.MAXIMUM, 2): "larger"}
        extreme = ends.get((form, len(arguments)), "smallest" if form is Form.MINIMUM else "largest")
        return f"the {extreme} of {' and '.join(map(self._part, arguments))}"

    def _tiers(self, arguments: Sequence[Expression]) -> str:
        slices, last = [], None
        for upto, rate in zip(arguments[1::2], arguments[2::2], strict=True):
            if upto.value == REST:
                slices.append(f"{self._part(rate)} for each above")
                break
            start = "up to" if last is None else "from there to"
            slices.append(f"{self._part(rate)} for each {start} {self._part(upto)}")
            last = upto
        else:
            slices.append("nothing for those above")
        return f"for the units of {self._part(arguments[0])}: {', '.join(slices)}"

    def _where(self, arguments: Sequence[Expression]) -> str:
        return f" where {self.phrase(arguments[1])}" if len(arguments) > 1 else ""

    def _where_total_is_nothing(self, divisor: Expression) -> str:
        """The rule that `x // total(...)` is 0 where the total is 0."""
        while divisor.form is Form.LINE:
            divisor = self._formula.lines[str(divisor.value)].expression
        return ", or 0 if that total is 0" if divisor.form is Form.TOTAL else ""


def _joined(expression: Expression) -> list[Expression]:
    """The parts of a sum of sums, a product of products, a condition of conditions of the same form."""
    parts: list[Expression] = []
    for argument in expression.arguments:
        parts += _joined(argument) if argument.form is expression.form else [argument]
    return parts


def _is_comparison(expression: Expression) -> bool:
    """Whether a condition, or what it denies, compares two things."""
    if expression.form is Form.NOT:
        return _is_comparison(expression.arguments[0])
    return expression.form in _COMPARED or expression.form is Form.IS_SYMBOL


def _has_condition(expression: Expression) -> bool:
    """Whether an aggregate's words end with a condition."""
    return len(expression.arguments) > (0 if expression.form is Form.COUNT else 1)
